import CSQLite
import OMSCore
import TestSupport
import Wire

@testable import Store

/// A journal in a scratch folder, and records that follow each other as the engine's do.
final class Sample {
    let folder: ScratchDirectory
    let path: String
    private(set) var journal: SQLiteJournal?
    var seq: Int64 = 0
    var requests: Int64 = 0
    var now: Int64 = 1_795_183_260_000_000
    static let az = AccountID("mm-az")
    static let accounts = [
        JournalAccount(id: az, venue: "az-futures", product: "usdt"), JournalAccount(id: "asc", venue: "ascendex", product: "cash"),
    ]

    init(in folder: ScratchDirectory = ScratchDirectory()) throws {
        self.folder = folder
        path = folder.file("journal.db")
        try reopen()
    }

    var open: SQLiteJournal { get throws { try journal.get() } }

    func close() { journal = nil }

    @discardableResult
    func reopen() throws -> SQLiteJournal {
        journal = nil
        let now = now
        let opened = try SQLiteJournal.open(path: path, accounts: Self.accounts, wallClock: { now })
        journal = opened
        seq = opened.seq
        return opened
    }

    func next() -> Int64 {
        seq += 1
        now += 10
        return seq
    }

    func event(_ kind: EventKind, _ change: (inout JournalEvent) -> Void = { _ in }) -> JournalEvent {
        var event = JournalEvent(seq: next(), at: now, kind: kind)
        change(&event)
        return event
    }

    func intent(
        _ id: IntentID, orders: Int, expiresAt: Int64? = nil, tag: Tag? = nil, under guardID: GuardID? = nil
    ) -> (IntentRow, JournalRecord) {
        let event = event(.intentAccepted) { $0.actor = .peer(uid: 1000, pid: 42) }
        var row = IntentRow(
            key: IntentKey(event.seq), id: id, account: Self.az,
            content: IntentContent(version: 2, digest: Digest256([UInt8](repeating: 7, count: 32))), orders: orders, commands: 0,
            sequence: .placeFirst, plannedRequests: 1, acceptedAt: now, expiresAt: expiresAt, tag: tag)
        row.guardID = guardID
        return (row, .intent(row, event))
    }

    func order(_ intent: IntentRow, item: Int = 0, id: ClientOrderID? = nil, _ change: (inout OrderTerms) -> Void = { _ in }) -> Order {
        var terms = OrderTerms(
            symbol: "btc_usdt", side: .buy, type: .limit, timeInForce: .gtc, price: Decimal("39000.5"), quantity: Decimal("0.001"))
        change(&terms)
        let key = next()
        let number = String(key)
        let name = "o4k2" + String(repeating: "0", count: 8 - min(number.utf8.count, 8)) + number
        return Order(
            key: OrderKey(key), clientOrderID: id ?? ClientOrderID(name), account: Self.az, intent: intent.key, intentID: intent.id, tag: intent.tag,
            item: item, terms: terms, intendedAt: now, expiresAt: intent.expiresAt, sequence: intent.sequence)
    }

    /// - Parameter permits: taken of each budget.
    func request(items: Int = 1, budgets: [Int64] = [], permits: Int = 1) -> RequestRow {
        requests += 1
        return RequestRow(
            id: RequestID(requests), account: Self.az, endpoint: "POST /az/future/trade/v1/order/batch", kind: .place, items: items,
            timeMs: now / 1_000, signedAt: now, bodySHA256: Digest256([UInt8](repeating: 0xAB, count: 32)),
            permits: budgets.map { PermitCount(budget: $0, count: permits) })
    }

    /// Submits it in `request`, as the engine does.
    func submit(_ order: inout Order, in request: RequestRow, predicted: VenueOrderID? = nil) -> JournalRecord {
        let from = order.state
        let event = event(.submitted) {
            $0.request = request.id
            $0.evidence = .local
        }
        order.state = .submitted
        order.attempts += 1
        order.request = request.id
        order.wireTime = request.timeMs
        order.submittedAt = event.at
        if let predicted { order.predictedIDs.append(predicted) }
        return .orderChanged(order, from: from, fields: predicted == nil ? .attempts : [.attempts, .predictedID], event)
    }

    func acknowledge(_ order: inout Order) -> JournalRecord {
        let from = order.state
        let request = order.request
        let event = event(.acknowledged) {
            $0.request = request
            $0.evidence = .response
        }
        order.state = .acknowledged
        order.evidence = .response
        order.venueOrderID = VenueOrderID("59834567890123\(String(order.key.number + 10_000))")
        order.acknowledgedAt = event.at
        return .orderChanged(order, from: from, fields: [.venueOrderID], event)
    }

    /// One intent with `count` orders, placed and acknowledged.
    @discardableResult
    func place(_ id: IntentID, count: Int = 1, tag: Tag? = nil, under guardID: GuardID? = nil) throws -> [Order] {
        let (row, accepted) = intent(id, orders: count, tag: tag, under: guardID)
        var orders = (0..<count).map { order(row, item: $0) }
        try open.commit([accepted] + orders.map { .orderBorn($0, actor: .peer(uid: 1000, pid: 42)) } + [.intentComplete(row.key)])
        let request = request(items: count)
        var records: [JournalRecord] = [.request(request)]
        for index in orders.indices { records.append(submit(&orders[index], in: request)) }
        try open.commit(records)
        var end = RequestEnd(id: request.id, outcome: .acknowledged)
        (end.sentAt, end.answeredAt, end.httpStatus) = (now + 1, now + 20_000, 200)
        records = [.requestEnded(end)]
        for index in orders.indices { records.append(acknowledge(&orders[index])) }
        try open.commit(records)
        return orders
    }

    /// A journal of the version before, with the same rows.
    func former(in folder: ScratchDirectory) throws -> String {
        let path = folder.file("former.db")
        let connection = try Connection(path: path, .create)
        try connection.execute("PRAGMA application_id = \(JournalFile.applicationID)")
        try Migrator.migrate(connection, with: Migrator.shipped.dropLast())
        try connection.execute("ATTACH '\(self.path)' AS later; BEGIN")
        var tables: [String] = []
        do {
            let rows = try connection.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            while try rows.step() { tables.append(try rows.next()) }
        }
        for table in tables {
            let columns = try connection.text("SELECT group_concat(name, ', ') FROM pragma_table_info('\(table)', 'main')").get()
            try connection.execute("INSERT OR IGNORE INTO main.\(table) (\(columns)) SELECT \(columns) FROM later.\(table)")
        }
        try connection.execute("COMMIT; DETACH later")
        return path
    }

    /// SQL as another program would run it: on the closed or open file, with write access.
    func tamper(_ sql: String) throws {
        var handle: OpaquePointer?
        guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK else { throw SampleError(text: "open") }
        defer { sqlite3_close(handle) }
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw SampleError(text: String(cString: sqlite3_errmsg(handle))) }
    }
}

struct SampleError: Error { let text: String }

extension Optional {
    func get() throws -> Wrapped {
        guard let self else { throw SampleError(text: "nothing is there") }
        return self
    }
}

/// Every field of an order, as text: what differs is easy to see.
func described(_ order: Order?) -> String {
    guard let order else { return "none" }
    var text = ""
    dump(order, to: &text)
    return text
}

func described(_ command: OrderCommand?) -> String {
    guard let command else { return "none" }
    var text = ""
    dump(command, to: &text)
    return text
}

/// Lines of the record as a subscriber reads them.
func told(_ page: EventPage) throws -> [JSON] {
    try page.lines.map { try JSONParser.parse([UInt8(ascii: "{")] + $0.members + [UInt8(ascii: "}")]) }
}
