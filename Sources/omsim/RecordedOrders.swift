import CSQLite
import OMSCore
import Simulator
import Wire

/// What a journal and the files of its archive say of every order, without the daemon's help: from its stable views, and from the tables that say what is still
/// to be listed and what lies in which file.
enum RecordedOrders {
    /// In one snapshot of the journal: an order that leaves meanwhile is where that says. Files never change.
    ///
    /// - Parameter archive: where its files lie; nil: where the daemon has them.
    static func read(_ path: String, archive: String?) throws -> [RecordedOrder] {
        let journal = try ReadOnly(path)
        var orders = try orders(of: journal) { _ in true }
        let homes = try Homes(journal)
        guard !homes.isEmpty else { return orders }
        let folder = try archive ?? journal.text("SELECT value FROM meta WHERE key = 'archive_folder'") ?? "archive"
        let whole = "SELECT archive_id, month || CASE part WHEN 1 THEN '' ELSE '.' || part END || '.db' FROM archives WHERE state <> 'filling'"
        try journal.each(whole) { row in
            let id = row[0].flatMap { Int64($0) }
            let file = try ReadOnly("\(folder)/\(row[1] ?? "")")
            orders += try Self.orders(of: file) { homes.archive(of: $0) == id }
        }
        return orders
    }

    private static func orders(of journal: ReadOnly, isHere: (Int64) -> Bool) throws -> [RecordedOrder] {
        var executions: [String: [RecordedExecution]] = [:]
        try journal.each("SELECT client_order_id, trade_id, venue_order_id, quantity, price, fee FROM v_fills") { row in
            guard let quantity = row[3].flatMap({ Decimal($0) }), let price = row[4].flatMap({ Decimal($0) }) else {
                throw ProgramFailure(text: "\(journal.path.escapedForLog): execution \((row[1] ?? "").escapedForLog) has no amounts", code: 65)
            }
            executions[row[0] ?? "", default: []].append(
                RecordedExecution(
                    tradeID: row[1] ?? "", venueOrderID: row[2] ?? "", quantity: quantity, price: price, fee: row[5].flatMap { Decimal($0) }))
        }
        var orders: [RecordedOrder] = []
        let query = """
            SELECT client_order_id, venue, state, venue_order_id, attempts, filled_quantity,
                EXISTS (SELECT 1 FROM unlisted u WHERE u.order_key = o.order_key), order_key FROM v_orders o
            """
        try journal.each(query) { row in
            guard row[7].flatMap({ Int64($0) }).map(isHere) ?? false else { return }
            guard let filled = Decimal(row[5] ?? "0") else {
                throw ProgramFailure(
                    text: "\(journal.path.escapedForLog): the filled quantity of \((row[0] ?? "").escapedForLog) is no amount", code: 65)
            }
            orders.append(
                RecordedOrder(
                    clientID: row[0] ?? "", venue: row[1] ?? "", state: row[2] ?? "", venueOrderID: row[3], attempts: row[4].flatMap { Int($0) } ?? 0,
                    filled: filled, executions: executions[row[0] ?? ""] ?? [], awaitsExecutions: row[6] == "1"))
        }
        return orders
    }

    /// In which file a number of the record is at home: a file may also hold what came back from it, or what never left for it.
    private struct Homes {
        private var runs: [(first: Int64, last: Int64, archive: Int64)] = []
        var isEmpty: Bool { runs.isEmpty }

        init(_ journal: ReadOnly) throws {
            var runs: [(Int64, Int64, Int64)] = []
            try journal.each("SELECT first_seq, last_seq, archive_id FROM archived ORDER BY first_seq") { row in
                let numbers = row.compactMap { $0.flatMap { Int64($0) } }
                if numbers.count == 3 { runs.append((numbers[0], numbers[1], numbers[2])) }
            }
            self.runs = runs
        }

        func archive(of number: Int64) -> Int64? {
            var (low, high) = (0, runs.count)
            while low < high {
                let middle = (low + high) / 2
                if runs[middle].first <= number { low = middle + 1 } else { high = middle }
            }
            guard low > 0, runs[low - 1].last >= number else { return nil }
            return runs[low - 1].archive
        }
    }
}

/// A journal, or a file of its archive, as any SQL reader may open it, in one snapshot.
private final class ReadOnly {
    let path: String
    private var connection: OpaquePointer?

    init(_ path: String) throws {
        self.path = path
        try check(sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, nil))
        sqlite3_busy_timeout(connection, 5_000)
        try check(sqlite3_exec(connection, "BEGIN", nil, nil, nil))
    }
    deinit { sqlite3_close(connection) }

    func text(_ query: String) throws -> String? {
        var text: String?
        try each(query) { text = $0[0] }
        return text
    }

    func each(_ query: String, _ body: ([String?]) throws -> Void) throws {
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        try check(sqlite3_prepare_v2(connection, query, -1, &statement, nil))
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return }
            try check(code)
            let columns = 0..<sqlite3_column_count(statement)
            try body(columns.map { column in sqlite3_column_text(statement, column).map { String(cString: $0) } })
        }
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE else {
            let words = connection.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            throw ProgramFailure(text: "\(path.escapedForLog): \(words)", code: 74)
        }
    }
}
