import OMSCore
import Wire

/// Turns as rows of the log, and back: ``LogHead`` with SHA-256.
package enum RecordCodec {
    package static func row(_ turn: LogTurn, after head: LogHead) -> LogRow { head.row(turn, hash: digest) }

    /// - Throws: why the row is not what follows.
    package static func read(_ row: LogRow, after head: LogHead, epoch: Int64) throws(LogFault) -> (head: LogHead, turn: LogTurn) {
        try head.reading(row, after: epoch, hash: digest)
    }

    /// Of the former row's digest and a body.
    package static func digest(_ former: Digest256, _ body: [UInt8]) -> Digest256 {
        let running = RunningDigest()
        running.add(former.bytes)
        running.add(body)
        return Digest256(running.finish())
    }
}
