import OMSCore
import Wire

/// What is asked again and again while somebody follows the record. Prepared once: for a view of many parts that takes SQLite longer than to read the few rows
/// that a commit added.
final class FollowerStatements {
    private let lines: Statement
    private let linesOfAccount: Statement
    private let linesVisible: Statement
    private let newestEvent: Statement
    private let newestOrder: Statement
    private let firstHalf: Statement
    private let lastArchived: Statement

    /// - Parameter columns: Of `v_timeline`.
    init(columns: String, on connection: Connection) throws(JournalError) {
        var failure: JournalError?
        func prepare(_ sql: String) -> Statement { Statement(sql, on: connection.handle, failure: &failure) }
        let range = "seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
        lines = prepare("SELECT \(columns) FROM v_timeline WHERE \(range)")
        // The plus keeps SQLite from starting at the account: the rows must come by number.
        linesOfAccount = prepare("SELECT \(columns) FROM v_timeline WHERE +account = ? AND \(range)")
        // What is of no account: a start gives none away, and a guard only those that it names. Of one that names none its orders say whose it is.
        linesVisible = prepare(
            """
            WITH given (names, user) AS (VALUES (?, ?)), seen AS (SELECT n.value AS name FROM given, json_each(given.names) n)
            SELECT \(columns) FROM v_timeline t WHERE (+account IN (SELECT name FROM seen)
                OR account IS NULL AND (kind = 'start' OR kind = 'guard' AND EXISTS (SELECT 1 FROM guards k, given
                    WHERE k.guard_id = json_extract(t.detail, '$.guard_id') AND iif(k.accounts IS NULL, k.user = given.user,
                        NOT EXISTS (SELECT 1 FROM json_each(k.accounts) n WHERE n.value NOT IN (SELECT name FROM seen))))))
                AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?
            """)
        newestEvent = prepare("SELECT max(seq) FROM events")
        newestOrder = prepare("SELECT max(order_key) FROM orders")
        firstHalf = prepare("SELECT min(intent_key) FROM intents WHERE complete = 0")
        lastArchived = prepare("SELECT last_seq FROM archived ORDER BY first_seq DESC LIMIT 1")
        if let failure { throw failure }
    }

    /// As `Connection.completeEnd()` has it.
    func completeEnd() throws(JournalError) -> Int64 {
        let newest = max(try Self.integer(newestEvent) ?? 0, try Self.integer(newestOrder) ?? 0)
        return min(newest, (try Self.integer(firstHalf) ?? .max) - 1)
    }

    /// The last number that lies in a file of the archive; 0: none does.
    func archivedTo() throws(JournalError) -> Int64 { try Self.integer(lastArchived) ?? 0 }

    private static func integer(_ statement: borrowing Statement) throws(JournalError) -> Int64? {
        defer { statement.reset() }
        return try statement.step() ? try statement.next(Int64?.self) : nil
    }

    /// Lines of the record behind a number and up to another, in order.
    func read(
        after seq: Int64, to last: Int64, _ scope: EventScope, limit: Int, _ body: (borrowing Statement) throws(JournalError) -> Void
    ) throws(JournalError) {
        switch scope {
        case .account(let account):
            defer { linesOfAccount.reset() }
            try linesOfAccount.bind(account.text, seq, last, Int64(limit))
            try body(linesOfAccount)
        case .visible(let accounts, let user):
            defer { linesVisible.reset() }
            let names = JSON.array(accounts.sorted().map { .string($0.text) }).serialized()
            try linesVisible.bind(String(decoding: names, as: UTF8.self), user.map { Int64($0) }, seq, last, Int64(limit))
            try body(linesVisible)
        case .all:
            defer { lines.reset() }
            try lines.bind(seq, last, Int64(limit))
            try body(lines)
        }
    }
}
