import CSQLite
import Glibc
import OMSCore
import Simulator
import Synchronization
import Transport
import Wire

extension Main {
    /// `omsim audit`: exit 0 when every order is where the journal says, once, with its executions, and no limit was broken; else 1.
    static func audit(_ command: AuditCommand) throws {
        // The journal first: what it calls placed by then, the ledger must show.
        let orders = try recordedOrders(in: command.journal)
        let ledger = try fetchLedger(from: command)
        let audit = try Audit(orders: orders, ledger: ledger)
        if command.isJSON {
            try StandardStream.output.write(audit.json + [UInt8(ascii: "\n")])
        } else {
            try StandardStream.output.write(audit.table)
        }
        guard audit.holds else { exit(1) }
    }

    private static func fetchLedger(from command: AuditCommand) throws -> JSON {
        var settings = TLSTransport.Settings()
        // A million orders with their requests, at about 300 bytes each.
        settings.limits.bodyBytes = 1 << 30
        let transport = try TLSTransport(settings: settings)
        defer { transport.shutdown(graceMs: 0) }
        try transport.configure(command.origin, maxConnections: 1, caFile: command.caFile)
        let answer = Answer()
        let exchange = HTTPExchange(
            id: 1, origin: command.origin, request: HTTPRequest("GET", "/_sim/ledger"), sign: { _ in }, staleAt: .max, timeoutMs: 60_000
        ) { answer.set($0) }
        transport.send([exchange])
        switch answer.wait() {
        case .answered(let response, _, _):
            guard response.status == 200 else { throw ProgramFailure(text: "\(command.origin) answers HTTP \(response.status)", code: 74) }
            return try JSONParser.parse(response.body)
        case .notSent(let why), .lost(let why, _, _):
            throw ProgramFailure(text: "no ledger from \(command.origin): \(why.escapedForLog)", code: 74)
        }
    }

    /// Where the transport's thread puts the answer.
    private final class Answer: Sendable {
        private let end = Mutex<HTTPExchangeEnd?>(nil)
        private let pipe: (read: Int32, write: Int32)

        init() {
            var ends: [Int32] = [-1, -1]
            guard Glibc.pipe(&ends) == 0 else { preconditionFailure("the kernel gives no pipe") }
            pipe = (ends[0], ends[1])
        }
        deinit {
            close(pipe.read)
            close(pipe.write)
        }

        func set(_ value: HTTPExchangeEnd) {
            end.withLock { $0 = value }
            var byte: UInt8 = 1
            while write(pipe.write, &byte, 1) < 0, errno == EINTR {}
        }
        func wait() -> HTTPExchangeEnd {
            var byte: UInt8 = 0
            while read(pipe.read, &byte, 1) < 0, errno == EINTR {}
            guard let value = end.withLock({ $0 }) else { preconditionFailure("woken without an answer") }
            return value
        }
    }

    // MARK: The journal

    /// Every order of a journal with its executions, in one snapshot of it, without the daemon's help: from its stable views, and from the table of what is
    /// still to be listed.
    private static func recordedOrders(in path: String) throws -> [RecordedOrder] {
        let journal = try ReadOnly(path)
        var executions: [String: [RecordedExecution]] = [:]
        try journal.each("SELECT client_order_id, trade_id, venue_order_id, quantity, price, fee FROM v_fills") { row in
            guard let quantity = row[3].flatMap({ Decimal($0) }), let price = row[4].flatMap({ Decimal($0) }) else {
                throw ProgramFailure(text: "\(path.escapedForLog): execution \((row[1] ?? "").escapedForLog) has no amounts", code: 65)
            }
            executions[row[0] ?? "", default: []].append(
                RecordedExecution(
                    tradeID: row[1] ?? "", venueOrderID: row[2] ?? "", quantity: quantity, price: price, fee: row[5].flatMap { Decimal($0) }))
        }
        var orders: [RecordedOrder] = []
        let query = """
            SELECT client_order_id, venue, state, venue_order_id, attempts, filled_quantity,
                EXISTS (SELECT 1 FROM unlisted u WHERE u.order_key = o.order_key) FROM v_orders o
            """
        try journal.each(query) { row in
            guard let filled = Decimal(row[5] ?? "0") else {
                throw ProgramFailure(text: "\(path.escapedForLog): the filled quantity of \((row[0] ?? "").escapedForLog) is no amount", code: 65)
            }
            orders.append(
                RecordedOrder(
                    clientID: row[0] ?? "", venue: row[1] ?? "", state: row[2] ?? "", venueOrderID: row[3], attempts: row[4].flatMap { Int($0) } ?? 0,
                    filled: filled, executions: executions[row[0] ?? ""] ?? [], awaitsExecutions: row[6] == "1"))
        }
        return orders
    }
}

/// A journal as any SQL reader may open it, in one snapshot.
private final class ReadOnly {
    private let path: String
    private var connection: OpaquePointer?

    init(_ path: String) throws {
        self.path = path
        try check(sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, nil))
        sqlite3_busy_timeout(connection, 5_000)
        try check(sqlite3_exec(connection, "BEGIN", nil, nil, nil))
    }
    deinit { sqlite3_close(connection) }

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
