import CLinux
import CSQLite
import OMSCore

package enum JournalBackup {
    /// Copies a live, stopped or killed journal. The target is complete or absent: it is written beside, synced, checked, then moved.
    ///
    /// The copy is one file without a WAL, taken in one snapshot: while it runs, the writer's WAL grows.
    package static func backup(from path: String, to target: String) throws(JournalError) {
        try JournalFile.checkForReading(path)
        let path = JournalFile.resolved(path)
        let target = JournalFile.resolved(target)
        let draft = target + ".partial"
        for file in [target, draft] {
            guard JournalFile.identity(of: file) != JournalFile.identity(of: path) || JournalFile.identity(of: file) == nil else {
                throw JournalError(.failed, "\(file) is the journal itself")
            }
            guard !JournalFile.isHeld(file) else { throw JournalError(.busy, "\(file) is the journal of a daemon that runs: it is not replaced") }
        }
        for leftover in [draft, draft + "-journal", draft + "-wal", draft + "-shm"] { unlink(leftover) }
        do throws(JournalError) {
            try copy(from: path, to: draft)
            try JournalFile.sync(draft)
            guard rename(draft, target) == 0 else { throw JournalError(.failed, "\(target): \(systemError())") }
            try JournalFile.syncFolder(of: target)
        } catch {
            unlink(draft)
            throw error
        }
    }

    /// Runs `body` on a copy that nobody else can read, in a folder of its own below `TMPDIR`, which is gone afterwards.
    ///
    /// - Throws: `.full` or `.failed` where it finds no place, `.damaged` for a journal that cannot be copied whole.
    static func withCopy<Result>(of path: String, _ body: (String) throws(JournalError) -> Result) throws(JournalError) -> Result {
        let place = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        var template = Array("\(place.isEmpty ? "/tmp" : place)/omsd-copy-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw JournalError(.failed, "a copy of \(path) needs a place below TMPDIR or /tmp: \(systemError())")
        }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let file = folder + "/journal.db"
        defer {
            for suffix in ["", "-journal", "-wal", "-shm"] { unlink(file + suffix) }
            rmdir(folder)
        }
        try copy(from: path, to: file)
        return try body(file)
    }

    private static func copy(from path: String, to draft: String) throws(JournalError) {
        let source = try Connection(path: path, .readOnly)
        let copy = try Connection(path: draft, .create)
        guard let backup = sqlite3_backup_init(copy.handle, "main", source.handle, "main") else {
            throw JournalError(sqlite: sqlite3_errcode(copy.handle), of: copy.handle, running: "backup")
        }
        let stepped = sqlite3_backup_step(backup, -1)
        let finished = sqlite3_backup_finish(backup)
        guard stepped == SQLITE_DONE, finished == SQLITE_OK else {
            throw JournalError(sqlite: stepped == SQLITE_DONE ? finished : stepped, of: copy.handle, running: "backup")
        }
        guard try copy.text("PRAGMA journal_mode = DELETE") == "delete" else { throw JournalError(.failed, "\(draft): the copy keeps a WAL") }
        let verdict = try copy.text("PRAGMA integrity_check(1)") ?? "no answer"
        guard verdict == "ok" else { throw JournalError(.damaged, "\(path): the copy is damaged: \(verdict)") }
    }
}
