import CSQLite
import TestSupport

/// Reads a journal as any SQL reader may: read-only, on a connection of its own.
struct JournalProbe: Sendable {
    let path: String

    /// All rows, texts for everything but NULL.
    func rows(_ sql: String) throws -> [[String?]] {
        var connection: OpaquePointer?
        defer { sqlite3_close(connection) }
        func check(_ code: Int32) throws {
            guard code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE else {
                throw Unexpected("\(sql): \(connection.map { String(cString: sqlite3_errmsg($0)) } ?? "no connection")")
            }
        }
        try check(sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, nil))
        sqlite3_busy_timeout(connection, 5_000)
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        try check(sqlite3_prepare_v2(connection, sql, -1, &statement, nil))
        var rows: [[String?]] = []
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return rows }
            try check(code)
            rows.append((0..<sqlite3_column_count(statement)).map { column in sqlite3_column_text(statement, column).map { String(cString: $0) } })
        }
    }

    /// The only value of the only row.
    func number(_ sql: String) throws -> Int {
        let rows = try rows(sql)
        guard rows.count == 1, rows[0].count == 1 else { throw Unexpected("\(sql): \(rows)") }
        return rows[0][0].flatMap { Int($0) } ?? 0
    }

    /// The first column of each row.
    func texts(_ sql: String) throws -> [String] { try rows(sql).map { $0.first.flatMap { $0 } ?? "NULL" } }

    /// How many orders stand in each state.
    func states(where condition: String = "1") throws -> [String: Int] {
        var counts: [String: Int] = [:]
        for row in try rows("SELECT state, count(*) FROM v_orders WHERE \(condition) GROUP BY state") {
            counts[row[0] ?? ""] = row[1].flatMap { Int($0) }
        }
        return counts
    }
}
