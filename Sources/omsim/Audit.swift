import CSQLite
import Glibc
import OMSCore
import Simulator
import Synchronization
import Transport
import Wire

extension Main {
    /// `omsim audit`: exit 0 when every order is where the journal says, once, and no limit was broken; else 1.
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

    /// Every order of a journal, read as any SQL reader may: from its stable view, without the daemon's help.
    private static func recordedOrders(in path: String) throws -> [RecordedOrder] {
        var connection: OpaquePointer?
        defer { sqlite3_close(connection) }
        func check(_ code: Int32) throws {
            guard code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE else {
                let words = connection.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
                throw ProgramFailure(text: "\(path.escapedForLog): \(words)", code: 74)
            }
        }
        try check(sqlite3_open_v2(path, &connection, SQLITE_OPEN_READONLY, nil))
        sqlite3_busy_timeout(connection, 5_000)
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        let query = "SELECT client_order_id, venue, state, venue_order_id, attempts, filled_quantity FROM v_orders"
        try check(sqlite3_prepare_v2(connection, query, -1, &statement, nil))
        func text(_ column: Int32) -> String? { sqlite3_column_text(statement, column).map { String(cString: $0) } }
        var orders: [RecordedOrder] = []
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return orders }
            try check(code)
            guard let filled = Decimal(text(5) ?? "0") else {
                throw ProgramFailure(text: "\(path.escapedForLog): the filled quantity of \((text(0) ?? "").escapedForLog) is no amount", code: 65)
            }
            orders.append(
                RecordedOrder(
                    clientID: text(0) ?? "", venue: text(1) ?? "", state: text(2) ?? "", venueOrderID: text(3),
                    attempts: Int(sqlite3_column_int64(statement, 4)), filled: filled))
        }
    }
}
