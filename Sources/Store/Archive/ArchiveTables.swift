import CSQLite
import OMSCore
import Wire

/// The rows of orders in every table that goes into a file of the archive: to be copied, compared, taken out and brought back.
final class ArchiveTables {
    private struct Table {
        let name: String
        /// By which its rows are put in order.
        let key: String
        /// Which of its rows belong to orders: `?1` is a JSON array of their numbers.
        let condition: String
        /// Its rows leave the journal with the order. Others stand in the file as well, so that it can be read by itself, and stay where they are.
        let moves: Bool
        let columns: [String]
        var list: String { columns.joined(separator: ", ") }
    }

    private static let ofOrders = "order_key IN (SELECT value FROM json_each(?1))"

    /// Parents first.
    private static let named: [(name: String, key: String, condition: String, moves: Bool)] = [
        ("accounts", "account_key", "account_key IN (SELECT account_key FROM orders WHERE \(ofOrders))", false),
        ("symbols", "account_key, symbol", "(account_key, symbol) IN (SELECT account_key, symbol FROM orders WHERE \(ofOrders))", false),
        (
            "intents", "intent_key",
            "intent_key IN (SELECT intent_key FROM orders WHERE \(ofOrders) UNION SELECT intent_key FROM commands WHERE \(ofOrders))", false
        ),
        (
            "requests", "request_id",
            """
            request_id IN (SELECT request_id FROM events WHERE \(ofOrders) UNION SELECT request_id FROM orders WHERE \(ofOrders)
                UNION SELECT request_id FROM commands WHERE \(ofOrders))
            """, false
        ),
        ("used_ids", "client_order_id", "client_order_id IN (SELECT client_order_id FROM orders WHERE \(ofOrders))", false),
        ("breaks", "break_id", "client_order_id IN (SELECT client_order_id FROM orders WHERE \(ofOrders))", false),
        (
            "seals", "last_seq",
            """
            last_seq IN (SELECT (SELECT min(s.last_seq) FROM seals s WHERE s.last_seq >= n.number) FROM
                (SELECT order_key AS number FROM orders WHERE \(ofOrders) UNION ALL SELECT seq FROM events WHERE \(ofOrders)) n)
            """, false
        ),
        ("orders", "order_key", ofOrders, true), ("predicted_ids", "order_key, attempt", ofOrders, true),
        ("commands", "command_id", ofOrders, true), ("events", "seq", ofOrders, true), ("fills", "seq", ofOrders, true),
    ]

    private let connection: Connection
    private let sink: SealSink
    private let tables: [Table]

    /// - Parameter connection: of a journal, or of a file of its archive: both have the same tables.
    init(on connection: Connection) throws(JournalError) {
        self.connection = connection
        sink = try SealSink(on: connection)
        var tables: [Table] = []
        for (name, key, condition, moves) in Self.named {
            var columns: [String] = []
            let rows = try connection.prepare("SELECT name FROM pragma_table_info('\(name)') ORDER BY cid")
            while try rows.step() { columns.append(try rows.next()) }
            tables.append(Table(name: name, key: key, condition: condition, moves: moves, columns: columns))
        }
        self.tables = tables
    }

    static func list(_ orders: [Int64]) -> String { "[" + orders.map(String.init).joined(separator: ",") + "]" }

    /// Rows that are there already are shared with other orders: they stay.
    ///
    /// - Parameter isReturn: only what left the journal, back into it.
    func copy(_ orders: [Int64], to target: Connection, isReturn: Bool = false) throws(JournalError) {
        for table in tables where !isReturn || table.moves {
            let rows = try connection.prepare("SELECT \(table.list) FROM \(table.name) WHERE \(table.condition)")
            let places = table.columns.map { _ in "?" }.joined(separator: ", ")
            let insert = try target.prepare(
                "INSERT \(isReturn ? "" : "OR IGNORE ")INTO \(table.name) (\(table.list)) VALUES (\(places))")
            try rows.bind(Self.list(orders))
            while try rows.step() { try insert.run(copying: rows) }
        }
    }

    /// Over the rows that leave the journal with these orders. A file of older tables has another one than the journal: what lies in it stays where it is.
    func digest(of orders: [Int64]) throws(JournalError) -> Digest256 {
        let bytes = SealBytes()
        sink.begin(bytes)
        defer { sink.end() }
        for (index, table) in tables.enumerated() where table.moves {
            let rows = try connection.prepare(
                """
                SELECT \(SealSink.name)(\(table.list)) FROM
                    (SELECT \(table.list) FROM \(table.name) WHERE \(table.condition) ORDER BY \(table.key))
                """)
            try rows.bind(Self.list(orders))
            sink.begin(mark: UInt8(index + 1), leadsTo: .nothing)
            _ = try rows.step()
        }
        return Digest256(bytes.finish())
    }

    /// Over all rows there are, table by table, each by its key.
    func digest() throws(JournalError) -> Digest256 {
        let bytes = SealBytes()
        sink.begin(bytes)
        defer { sink.end() }
        for (index, table) in tables.enumerated() {
            let rows = try connection.prepare(
                "SELECT \(SealSink.name)(\(table.list)) FROM (SELECT \(table.list) FROM \(table.name) ORDER BY \(table.key))")
            sink.begin(mark: UInt8(index + 1), leadsTo: .nothing)
            _ = try rows.step()
        }
        return Digest256(bytes.finish())
    }

    /// Takes out what moves with these orders, children first.
    ///
    /// - Returns: how many births and events that were.
    func delete(_ orders: [Int64]) throws(JournalError) -> Int64 {
        var lines: Int64 = 0
        for table in tables.reversed() where table.moves {
            let delete = try connection.prepare("DELETE FROM \(table.name) WHERE \(table.condition)")
            try delete.run(Self.list(orders))
            if table.name == "orders" || table.name == "events" { lines += Int64(connection.changes) }
        }
        return lines
    }

    /// Numbers of these orders' births and events, in order.
    func numbers(of orders: [Int64]) throws(JournalError) -> [Int64] {
        let rows = try connection.prepare(
            "SELECT order_key FROM orders WHERE \(Self.ofOrders) UNION ALL SELECT seq FROM events WHERE \(Self.ofOrders) ORDER BY 1")
        try rows.bind(Self.list(orders))
        var numbers: [Int64] = []
        while try rows.step() { numbers.append(try rows.next()) }
        return numbers
    }
}
