/// Bounds that keep one client from hurting another. Bytes unless said otherwise.
package struct ControlLimits: Sendable {
    /// CONTRACT 4. A longer line closes its connection.
    package var lineMax = 32 << 20
    /// The same for peers without a role, who only ever read 1006.
    package var lineMaxWithoutRole = 64 << 10
    /// Requests read in part, of all connections together; above it, who has sent more than a megabyte of one is closed.
    package var inputTotalMax = 256 << 20
    /// Open connections; lowered at start where the process has few descriptors, so that venues and journal keep theirs.
    package var connectionsMax = 1_024
    /// How many of these one user may have: half, so that no user locks the others out.
    package var connectionsPerUserMax = 512
    /// Unsent answers above which no more requests of the connection are read.
    package var outputPause = 1 << 20
    /// Unsent answers above which the connection is closed: its reader has stopped.
    package var outputMax = 64 << 20
    /// Unsent output above which no notification is taken and the connection ends; the client subscribes again after the last it saw.
    package var notifyMax = 1 << 20
    /// Requests of one connection that wait for their answer, above which no more are read.
    package var pendingMax = 16_384
    /// Lines and bytes of one connection decoded before another one has its turn. A longer line is decoded in one go.
    package var turnLines = 64
    package var turnBytes = 256 << 10
    /// How long `stop` goes on sending answers that are due, in milliseconds.
    package var stopMs: Int64 = 1_000
    package init() {}
}
