import CSQLite
import OMSCore
import TestSupport
import Wire

@testable import Store

extension Sample {
    /// Seals what is committed, as a daemon does each second.
    @discardableResult
    func seal(key: Ed25519Key? = nil, numbersMax: Int64 = JournalSealer.numbersMaxDefault) throws -> [Seal] {
        let sealer = try JournalSealer(path: path, key: key, numbersMax: numbersMax)
        var seals: [Seal] = []
        while let (seal, isLast) = try sealer.next(at: now) {
            guard try open.write(seal) else { throw SampleError(text: "the seal up to \(seal.last) was not taken") }
            seals.append(seal)
            if isLast { break }
        }
        return seals
    }

    /// How a request ended, in its row and on record, as the engine says it.
    func end(_ request: RequestID) throws {
        var end = RequestEnd(id: request, outcome: .acknowledged)
        (end.sentAt, end.answeredAt, end.httpStatus) = (now + 1, now + 20_000, 200)
        let event = event(.request) {
            $0.request = request
            $0.evidence = .response
            $0.state = RequestOutcome.acknowledged.rawValue
            $0.facts = [.init("kind", "place"), .init("items", 1), .init("http_status", 200)]
        }
        try open.commit([.requestEnded(end), .note(account: Self.az, nil, event)])
    }

    func fill(_ order: Order, trade: TradeID) throws {
        let fill = Fill(
            tradeID: trade, venueOrderID: order.venueOrderID ?? "v", quantity: Decimal("0.0005") ?? .zero, price: Decimal("39000.5") ?? .zero,
            fee: Decimal("0.01"), feeAsset: "USDT", at: now)
        try open.commit([.fill(order.key, Self.az, order.clientOrderID, fill, event(.filled))])
    }

    func cancel(_ order: Order) throws {
        let birth = event(.commandRequested) { $0.actor = .peer(uid: 1000, pid: 42) }
        let command = OrderCommand(
            id: CommandID(birth.seq), kind: .modify, order: order.key, clientOrderID: order.clientOrderID, account: Self.az, intent: order.intent,
            price: Decimal("38000"), requestedAt: now)
        try open.commit([.commandBorn(command, birth)])
    }

    func breakFound(_ order: Order) throws {
        let event = event(.breakFound)
        let row = Break(
            id: event.seq, account: Self.az, kind: .state, clientOrderID: order.clientOrderID, venueOrderID: order.venueOrderID,
            detail: "it is \"elsewhere\"", at: now)
        try open.commit([.breakFound(row, event)])
    }

    /// As somebody with care edits it: the triggers go first, and come back as they were.
    func edit(_ sql: String) throws {
        var handle: OpaquePointer?
        guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK else { throw SampleError(text: "open") }
        defer { sqlite3_close(handle) }
        func run(_ sql: String) throws {
            guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
                throw SampleError(text: "\(sql): \(String(cString: sqlite3_errmsg(handle)))")
            }
        }
        var statement: OpaquePointer?
        var triggers: [(name: String, sql: String)] = []
        guard sqlite3_prepare_v2(handle, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'", -1, &statement, nil) == SQLITE_OK else {
            throw SampleError(text: "triggers")
        }
        while sqlite3_step(statement) == SQLITE_ROW {
            triggers.append((String(cString: sqlite3_column_text(statement, 0)), String(cString: sqlite3_column_text(statement, 1))))
        }
        sqlite3_finalize(statement)
        try run("PRAGMA ignore_check_constraints = ON; PRAGMA synchronous = OFF; BEGIN")
        for trigger in triggers { try run("DROP TRIGGER \(trigger.name)") }
        try run(sql)
        for trigger in triggers { try run(trigger.sql) }
        try run("COMMIT")
    }
}
