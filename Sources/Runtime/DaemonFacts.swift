/// What `daemon.status` tells beside the engine's own.
package struct DaemonFacts: Sendable {
    package let version: String
    package let sqliteVersion: String
    /// Wall clock, microseconds.
    package let startedAt: Int64
    /// nil: the journal's disk cannot be looked at.
    package let journalSpace: @Sendable () -> JournalSpace?
    package init(
        version: String, sqliteVersion: String, startedAt: Int64, journalSpace: @escaping @Sendable () -> JournalSpace? = { nil }
    ) {
        (self.version, self.sqliteVersion, self.startedAt, self.journalSpace) = (version, sqliteVersion, startedAt, journalSpace)
    }
}
