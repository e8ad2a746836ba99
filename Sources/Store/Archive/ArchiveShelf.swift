import OMSCore

/// The files of a journal's archive, opened when something in one of them is asked for. Used by one thread, beside the connection to the journal that it belongs to.
final class ArchiveShelf {
    private let path: String
    private let folder: String?
    private var open: [Int64: (path: String, connection: Connection, tables: ArchiveTables?)] = [:]
    /// More than years have months.
    private static let openMax = 64

    /// - Parameters:
    ///   - journal: its path.
    ///   - folder: where they lie; nil: where the journal's daemon has them.
    init(journal path: String, folder: String? = nil) { (self.path, self.folder) = (path, folder) }

    /// A file, to be read.
    ///
    /// - Throws: `.busy` where it is not there now, `.damaged` where it is another one.
    func file(_ archive: ArchiveRow, of journal: Connection) throws(JournalError) -> Connection {
        let folder = if let folder { folder } else { try ArchiveFile.folder(of: journal, at: path) }
        let path = "\(folder)/\(archive.name)"
        if let known = open[archive.id], known.path == path { return known.connection }
        if open.count >= Self.openMax { open.removeAll() }
        let connection = try ArchiveFile.open(path, of: ArchiveFile.origin(of: journal))
        try connection.execute("PRAGMA cache_size = -256")
        open[archive.id] = (path, connection, nil)
        return connection
    }

    func tables(_ archive: ArchiveRow, of journal: Connection) throws(JournalError) -> ArchiveTables {
        let connection = try file(archive, of: journal)
        if let tables = open[archive.id]?.tables { return tables }
        let tables = try ArchiveTables(on: connection)
        open[archive.id]?.tables = tables
        return tables
    }

    /// The file in which a number of the record lies; nil: it is in none.
    func file(of number: Int64, in journal: Connection) throws(JournalError) -> (archive: ArchiveRow, file: Connection)? {
        guard let id = try journal.archive(of: number) else { return nil }
        guard let archive = try journal.archives().first(where: { $0.id == id }) else {
            throw JournalError(.damaged, "number \(number) lies in archive \(id), which has no row")
        }
        return (archive, try file(archive, of: journal))
    }

    /// All in which something may lie, newest first.
    func files(of journal: Connection) throws(JournalError) -> [(archive: ArchiveRow, file: Connection)] {
        var all: [(ArchiveRow, Connection)] = []
        for archive in try journal.archivesInUse().reversed() { all.append((archive, try file(archive, of: journal))) }
        return all
    }

    /// Nothing is kept open: the folder may be another one from here on.
    func close() { open.removeAll() }
}
