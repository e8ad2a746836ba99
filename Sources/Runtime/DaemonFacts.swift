/// What `daemon.status` tells beside the engine's own.
package struct DaemonFacts: Sendable {
    package let version: String
    package let sqliteVersion: String
    /// Wall clock, microseconds.
    package let startedAt: Int64
    /// Absolute; nil: it lies in no file.
    package let journalPath: String?
    /// nil: the journal's disk cannot be looked at.
    package let journalSpace: @Sendable () -> JournalSpace?
    /// nil: nothing is archived, and nothing was.
    package let archive: @Sendable () -> ArchiveFigures?
    /// nil: this host is alone.
    package let group: @Sendable () -> LeaseKeeper.Standing?
    package init(
        version: String, sqliteVersion: String, startedAt: Int64, journalPath: String? = nil,
        journalSpace: @escaping @Sendable () -> JournalSpace? = { nil }, archive: @escaping @Sendable () -> ArchiveFigures? = { nil },
        group: @escaping @Sendable () -> LeaseKeeper.Standing? = { nil }
    ) {
        self.group = group
        (self.version, self.sqliteVersion, self.startedAt, self.journalSpace) = (version, sqliteVersion, startedAt, journalSpace)
        (self.journalPath, self.archive) = (journalPath, archive)
    }
}

/// How the archive stands, as whoever fills it saw it last.
package struct ArchiveFigures: Sendable, Equatable {
    package var folder: String
    /// That are whole, and the orders in them.
    package var files: Int64 = 0
    package var orders: Int64 = 0
    /// Why nothing is moved; nil: it is, where anything is due.
    package var problem: String?
    package init(folder: String) { self.folder = folder }
}
