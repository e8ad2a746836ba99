/// What does not change while the daemon runs and `daemon.status` tells.
package struct DaemonFacts: Sendable {
    package let version: String
    package let sqliteVersion: String
    /// Wall clock, microseconds.
    package let startedAt: Int64
    package init(version: String, sqliteVersion: String, startedAt: Int64) {
        (self.version, self.sqliteVersion, self.startedAt) = (version, sqliteVersion, startedAt)
    }
}
