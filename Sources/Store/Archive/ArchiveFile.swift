import CLinux
import OMSCore
import Wire

/// Files in an archive's folder: names, of which journal they are, and what is in one that is complete.
package enum ArchiveFile {
    /// "omsa": a part of a journal, which no daemon opens.
    static let applicationID: Int64 = 0x6F6D_7361
    /// Of one that is being filled. It proves nothing, whatever it holds.
    static let draftSuffix = ".part"
    /// Of one that was found under its name and is not what it should be.
    static let tornSuffix = ".torn"

    /// Where a journal's archive lies if nothing else was ever said.
    package static func folder(besideJournal path: String) -> String {
        let folder = JournalFile.folder(of: path)
        return folder == "/" ? "/archive" : folder + "/archive"
    }

    static let folderKey = "archive_folder"

    /// Where the archive of a journal lies, as its daemon last had it.
    static func folder(of journal: Connection, at path: String) throws(JournalError) -> String {
        try journal.text("SELECT value FROM meta WHERE key = '\(folderKey)'") ?? folder(besideJournal: path)
    }

    /// What says of which journal a file is a part.
    struct Origin: Equatable, CustomStringConvertible {
        let tag: String
        let createdAt: Int64
        var description: String { "\(tag), made at \(createdAt)" }
    }

    static func origin(of connection: Connection) throws(JournalError) -> Origin {
        Origin(
            tag: try connection.text("SELECT value FROM meta WHERE key = 'id_tag'") ?? "",
            createdAt: try connection.integer("SELECT value FROM meta WHERE key = 'created_at'") ?? 0)
    }

    /// A file of the archive, to be read.
    ///
    /// - Throws: `.damaged` for what is no file of this journal's archive, `.busy` for what cannot be opened: the archive is not there now. Neither is said of the
    ///   journal's own disk: a daemon that reads an old order in vain goes on.
    static func open(_ path: String, of origin: Origin) throws(JournalError) -> Connection {
        guard JournalFile.identity(of: path) != nil else { throw JournalError(.busy, "archived in \(path), which is not there") }
        do throws(JournalError) {
            let connection = try Connection(path: path, .readOnly)
            guard try connection.integer("PRAGMA application_id") == applicationID else {
                throw JournalError(.damaged, "it is no file of an archive")
            }
            let theirs = try self.origin(of: connection)
            guard theirs == origin else { throw JournalError(.damaged, "it is of another journal (\(theirs)) than this one (\(origin))") }
            guard try Migrator.version(of: connection) <= Migrator.newest else {
                throw JournalError(.damaged, "it is of a newer omsd")
            }
            return connection
        } catch { throw JournalError(error.kind == .damaged ? .damaged : .busy, "archived in \(path): \(error.description)") }
    }

    // MARK: The folder

    /// Whether files can be made there, in words for whoever has set it; nil: they can. Makes the folder where its parent is there.
    ///
    /// - Parameter inUse: files that the journal says are there.
    package static func problem(ofFolder folder: String, journal path: String) -> String? {
        var status = stat()
        if stat(folder, &status) != 0 {
            guard omsd_errno() == ENOENT else { return "\(folder): \(systemError())" }
            guard mkdir(folder, 0o750) == 0 else { return "\(folder) is not there and cannot be made: \(systemError())" }
            guard stat(folder, &status) == 0 else { return "\(folder): \(systemError())" }
        }
        guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR) else { return "\(folder) is no folder" }
        guard access(folder, R_OK | W_OK | X_OK) == 0 else { return "\(folder) cannot be written: \(systemError())" }
        return nil
    }

    /// What is wrong with the files that an archive's folder should hold, and with others that lie there; changes nothing.
    static func problem(ofFilesIn folder: String, of journal: Connection) throws(JournalError) -> String? {
        let origin = try origin(of: journal)
        let inUse = try journal.archivesInUse()
        for archive in inUse {
            do throws(JournalError) { _ = try open("\(folder)/\(archive.name)", of: origin) } catch {
                return "\(error.description). The journal has \(inUse.count) files of its archive; the folder is \(folder) (archive.folder)"
            }
        }
        let known = Set(inUse.map(\.name))
        for name in names(in: folder) where !known.contains(name) {
            do throws(JournalError) { _ = try open("\(folder)/\(name)", of: origin) } catch {
                return "\(error.description). Each journal has a folder of its own (archive.folder)"
            }
        }
        return nil
    }

    /// Of complete files, in order.
    static func names(in folder: String) -> [String] {
        guard let handle = opendir(folder) else { return [] }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let parts = name.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2 || parts.count == 3, parts.last == "db", ArchiveMonth(String(parts[0])) != nil else { continue }
            names.append(name)
        }
        return names.sorted()
    }

    // MARK: The head

    /// What it holds, read from the file alone, behind SQLite's own check of it.
    ///
    /// - Throws: `.damaged` for what is no file of this journal's archive, or one that SQLite finds fault with.
    static func head(of path: String, of origin: Origin) throws(JournalError) -> ArchiveHead {
        let file = try open(path, of: origin)
        do throws(JournalError) {
            let verdict = try file.text("PRAGMA integrity_check(1)") ?? "no answer"
            guard verdict == "ok" else { throw JournalError(.damaged, verdict) }
            return try head(of: file)
        } catch { throw JournalError(error.kind == .damaged ? .damaged : .busy, "\(path): \(error.description)") }
    }

    static func head(of file: Connection) throws(JournalError) -> ArchiveHead {
        let tables = try ArchiveTables(on: file)
        return ArchiveHead(
            orders: try file.integer("SELECT count(*) FROM orders") ?? 0,
            lines: try file.integer("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM events)") ?? 0,
            first: try file.integer("SELECT min(order_key) FROM orders") ?? 0, last: try file.integer("SELECT max(order_key) FROM orders") ?? 0,
            digest: try tables.digest())
    }
}
