import CLinux
import CSQLite
import Migrations
import OMSCore

/// Brings a journal's tables to the newest form: numbered files, forward only, all that are due in one transaction.
enum Migrator {
    typealias Step = (number: Int, name: String, sql: String)

    static let shipped: [Step] = Migrations.all
    static var newest: Int { shipped.last?.number ?? 0 }

    static func version(of connection: Connection) throws(JournalError) -> Int { Int(try connection.integer("PRAGMA user_version") ?? 0) }

    /// - Parameters:
    ///   - steps: All there are, oldest first; tests hand in more than there are.
    ///   - probe: Looks at what was made of it; where this throws, the journal stays of the version that it was.
    static func migrate(
        _ connection: Connection, with steps: [Step] = shipped, probe: () throws(JournalError) -> Void = {}
    ) throws(JournalError) {
        let version = try version(of: connection)
        let due = steps.filter { $0.number > version }
        guard !due.isEmpty else { return }
        try connection.execute("BEGIN IMMEDIATE")
        do throws(JournalError) {
            for migration in due { try run(migration, on: connection) }
            try probe()
            try connection.execute("COMMIT")
        } catch {
            if sqlite3_get_autocommit(connection.handle) == 0 { sqlite3_exec(connection.handle, "ROLLBACK", nil, nil, nil) }
            throw error
        }
    }

    private static func run(_ migration: Step, on connection: Connection) throws(JournalError) {
        do throws(JournalError) {
            try connection.execute(migration.sql)
            try connection.execute("PRAGMA user_version = \(migration.number)")
        } catch {
            throw JournalError(error.kind, "migration \(migration.name): \(error.description)")
        }
    }

    /// Makes a whole journal beside `path` and moves it there: a file that bears the name is never half made.
    static func create(at path: String, now: Int64) throws(JournalError) {
        let draft = path + ".creating"
        for leftover in [draft, draft + "-journal"] { unlink(leftover) }
        do {
            let connection = try Connection(path: draft, .create)
            try connection.execute("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL")
            try connection.execute("PRAGMA application_id = \(JournalFile.applicationID)")
            try migrate(connection)
            let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
            let tag = String((0..<4).map { _ in letters[Int.random(in: 0..<letters.count)] })
            try connection.execute(
                "INSERT INTO meta VALUES ('id_tag', '\(tag)'), ('id_high_water', 0), ('request_max', 0), ('created_at', \(now))")
        }
        try JournalFile.sync(draft)
        guard rename(draft, path) == 0 else { throw JournalError(.failed, "\(path): \(systemError())") }
        try JournalFile.syncFolder(of: path)
    }
}
