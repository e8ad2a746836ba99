import CLinux
import CSQLite
import OMSCore
import Wire

/// Makes a file out of a journal's rows (docs/decisions/0027-archive.md). The journal is read, and nothing in it changes.
///
/// Whatever ends it on the way leaves a `.part` at most. That proves nothing, and the next one deletes it: what bears the file's name is whole and on disk. Whether
/// it is what the journal has is looked at where rows leave that.
final class ArchiveCopy {
    enum Progress: Equatable {
        case copying(orders: Int64)
        /// It bears its name, and is on disk with its folder.
        case complete(ArchiveHead)
        /// No order of the month is due.
        case nothing
    }

    private let source: Connection
    private let tables: ArchiveTables
    private let due: ArchiveDue
    private let archive: ArchiveRow
    private let ordersMax: Int64
    private let path: String
    private var draft: String { path + ArchiveFile.draftSuffix }
    private var target: Connection?
    private var after: Int64? = .min
    private var copied: Int64 = 0

    /// More orders of a month than that are several files.
    static let ordersMaxDefault: Int64 = 4_000_000

    /// - Parameters:
    ///   - source: the journal, read-only.
    ///   - before: microseconds since 1970 UTC; what closed then or later is too young.
    init(
        of archive: ArchiveRow, from source: Connection, in folder: String, closedBefore before: Int64, ordersMax: Int64 = ordersMaxDefault
    ) throws(JournalError) {
        (self.source, self.archive, self.ordersMax) = (source, archive, ordersMax)
        tables = try ArchiveTables(on: source)
        due = try ArchiveDue(source, before: before)
        path = "\(folder)/\(archive.name)"
    }

    deinit { if target != nil { Self.remove(draft) } }

    /// What is left of a file that was being filled.
    static func remove(_ draft: String) { for suffix in ["", "-journal", "-wal", "-shm"] { unlink(draft + suffix) } }

    /// One more piece: the orders among some thousand numbers, or the end.
    func step() throws(JournalError) -> Progress {
        guard let after, copied < ordersMax else { return try finish() }
        do throws(JournalError) {
            let target = if let target { target } else { try begin() }
            self.target = target
            let page = try source.snapshot { () throws(JournalError) -> ArchiveDue.Page in
                let page = try due.next(after: after)
                let orders = page.orders.filter { $0.month == archive.month }.map(\.key)
                guard !orders.isEmpty else { return page }
                try target.execute("BEGIN")
                try tables.copy(orders, to: target)
                try target.execute("COMMIT")
                copied += Int64(orders.count)
                return page
            }
            self.after = page.after
            return .copying(orders: copied)
        } catch {
            giveUp()
            throw error
        }
    }

    private func giveUp() {
        target = nil
        Self.remove(draft)
    }

    private func begin() throws(JournalError) -> Connection {
        Self.remove(draft)
        let target = try Connection(path: draft, .create)
        // Synced as a whole, before it bears its name; until then it is worth nothing.
        try target.execute("PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        try target.execute("PRAGMA application_id = \(ArchiveFile.applicationID)")
        try Migrator.migrate(target)
        // What a new journal says of itself before its first order is not this file's.
        try target.execute("DELETE FROM meta")
        let origin = try ArchiveFile.origin(of: source)
        let meta = try target.prepare("INSERT INTO meta (key, value) VALUES (?, ?)")
        try meta.run("id_tag", origin.tag)
        try meta.run("created_at", origin.createdAt)
        try meta.run("archive_month", archive.month.description)
        try meta.run("archive_part", archive.part)
        return target
    }

    /// On disk, read back, and under its name, in this order.
    private func finish() throws(JournalError) -> Progress {
        target = nil
        do throws(JournalError) {
            guard copied > 0 else {
                Self.remove(draft)
                return .nothing
            }
            guard chmod(draft, 0o440) == 0 else { throw JournalError(.failed, "\(draft): \(systemError())") }
            try Self.sync(draft)
            let head = try ArchiveFile.head(of: draft, of: ArchiveFile.origin(of: source))
            guard head.orders == copied else {
                throw JournalError(.damaged, "\(draft) holds \(head.orders) orders where \(copied) were written to it")
            }
            KillPointOfArchive.passed("before_archive_rename")
            guard rename(draft, path) == 0 else { throw JournalError(.failed, "\(path): \(systemError())") }
            KillPointOfArchive.passed("after_archive_rename")
            try JournalFile.syncFolder(of: path)
            return .complete(head)
        } catch {
            giveUp()
            throw error
        }
    }

    /// A file that nobody writes to any more, and that nobody may.
    private static func sync(_ path: String) throws(JournalError) {
        let descriptor = omsd_open(path, O_RDONLY, 0)
        guard descriptor >= 0 else { throw JournalError(.failed, "\(path): \(systemError())") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw JournalError(.failed, "\(path): fsync: \(systemError())") }
    }
}

/// Where a debug build can be made to die as by kill -9 while it fills the archive (`OMSD_KILL_AT`).
enum KillPointOfArchive {
    @inline(__always) static func passed(_ name: String) {
        #if DEBUG
        omsd_kill_point(name)
        #endif
    }
}
