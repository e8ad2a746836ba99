import CSQLite
import OMSCore

/// One SQLite connection, used by one thread at a time. The only place that opens and closes them.
final class Connection {
    enum Mode { case readOnly, readWrite, create }

    let handle: OpaquePointer
    /// Frames in the WAL after the last commit, written by SQLite's hook.
    private let frames: UnsafeMutablePointer<Int32>

    /// Once in a process. MISUSE: somebody used SQLite before us, and it keeps its statistics.
    private static let isConfigured: Bool = {
        let code = omsd_without_memory_statistics()
        return code == SQLITE_OK || code == SQLITE_MISUSE
    }()

    init(path: String, _ mode: Mode) throws(JournalError) {
        precondition(Self.isConfigured, "SQLite refused a setting that every version has")
        var handle: OpaquePointer?
        let flags =
            switch mode {
            case .readOnly: SQLITE_OPEN_READONLY
            case .readWrite: SQLITE_OPEN_READWRITE
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            }
        guard GatheredWAL.isRegistered else { throw JournalError(.failed, "SQLite took no files of ours") }
        let code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX, mode == .readOnly ? nil : GatheredWAL.name)
        guard code == SQLITE_OK, let handle else {
            let error = JournalError(sqlite: code, of: handle, running: "open")
            if let handle { sqlite3_close_v2(handle) }
            throw error
        }
        self.handle = handle
        frames = .allocate(capacity: 1)
        frames.initialize(to: 0)
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, mode == .readOnly ? 3_000 : 0)
        // The file may have been edited by others: no functions from its schema, no writes to its own tables, cells checked as they are read.
        try execute("PRAGMA trusted_schema = OFF")
        try execute("PRAGMA cell_size_check = ON")
        try execute("PRAGMA mmap_size = 0")
        try execute("PRAGMA temp_store = MEMORY")
        if mode == .readOnly { try execute("PRAGMA query_only = ON") }
        guard omsd_defensive(handle) == SQLITE_OK else { throw JournalError(.failed, "SQLite refused its defensive mode") }
    }

    /// Statements that still live keep the handle open until the last of them is gone.
    deinit {
        sqlite3_close_v2(handle)
        frames.deallocate()
    }

    func prepare(_ sql: String) throws(JournalError) -> Statement { try Statement(sql, on: handle) }

    /// Runs one or more statements without parameters.
    func execute(_ sql: String) throws(JournalError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw JournalError(sqlite: code, of: handle, running: sql) }
    }

    /// The first column of the first row; nil without a row or for NULL.
    func integer(_ sql: String) throws(JournalError) -> Int64? {
        let statement = try prepare(sql)
        return try statement.step() ? try statement.next(Int64?.self) : nil
    }
    func text(_ sql: String) throws(JournalError) -> String? {
        let statement = try prepare(sql)
        return try statement.step() ? try statement.next(String?.self) : nil
    }

    /// Runs `body` in one read snapshot.
    func snapshot<Result>(_ body: () throws(JournalError) -> Result) throws(JournalError) -> Result {
        try execute("BEGIN")
        do throws(JournalError) {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            endSnapshot()
            throw error
        }
    }

    /// Ends a snapshot begun by hand, whatever became of what was read in it: there is nothing to lose.
    func endSnapshot() {
        if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    /// What a writer needs: WAL with one fsync a commit, read back, and a WAL that stays for readers after the end.
    func becomeWriter() throws(JournalError) {
        // Behind a kill whoever looks into the file first recovers its WAL: a reader that does is waited for.
        sqlite3_busy_timeout(handle, 3_000)
        defer { sqlite3_busy_timeout(handle, 0) }
        guard try text("PRAGMA journal_mode = WAL") == "wal" else { throw JournalError(.failed, "SQLite did not switch to WAL") }
        try execute("PRAGMA synchronous = FULL")
        guard try integer("PRAGMA synchronous") == 2 else { throw JournalError(.failed, "SQLite did not take synchronous = FULL") }
        // SQLite opens the WAL with the first look at the file.
        _ = try integer("SELECT count(*) FROM sqlite_schema")
        guard GatheredWAL.begin(on: handle) else { throw JournalError(.failed, "SQLite opened a WAL that is none of ours") }
        // 8 MiB: answers change rows of orders that waited for seconds. Measured with a backlog of 60,000: SQLite's 2 MB read and wrote each of them again.
        try execute("PRAGMA cache_size = -8192")
        var persist: Int32 = 1
        guard sqlite3_file_control(handle, "main", SQLITE_FCNTL_PERSIST_WAL, &persist) == SQLITE_OK else {
            throw JournalError(.failed, "SQLite did not take the persistent WAL")
        }
        // Replaces SQLite's own checkpoint inside COMMIT: an error there would hide that the commit is durable.
        sqlite3_wal_hook(
            handle,
            { context, _, _, count in
                context?.assumingMemoryBound(to: Int32.self).pointee = count
                return SQLITE_OK
            }, frames)
    }

    /// After an I/O error: closing moves nothing from the WAL to the file any more, and so syncs nothing.
    func leaveAsItIs() { omsd_no_checkpoint_on_close(handle) }

    /// The last call on it came to neither a row nor an end.
    var hasFailed: Bool { ![SQLITE_OK, SQLITE_ROW, SQLITE_DONE].contains(sqlite3_errcode(handle) & 0xFF) }

    /// Rows that the last statement changed.
    var changes: Int { Int(sqlite3_changes(handle)) }

    var walFrames: Int { Int(frames.pointee) }

    /// Moves what it can from the WAL to the file, waiting for nobody. Frames in the WAL and how many of them are in the file now.
    func checkpoint() throws(JournalError) -> (frames: Int, moved: Int) {
        var frames: Int32 = 0
        var moved: Int32 = 0
        let code = sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &moved)
        guard code == SQLITE_OK else { throw JournalError(sqlite: code, of: handle, running: "checkpoint") }
        return (Int(frames), Int(moved))
    }
}
