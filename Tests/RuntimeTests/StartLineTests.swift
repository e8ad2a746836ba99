import CLinux
import OMSCore
import TestSupport
import Testing
import Venues

@testable import Store

@Suite struct StartLineTests {
    private static let began: Int64 = 1_795_183_260_000_000
    private static let account = AccountID("one")
    private let path: String
    private let scratch = ScratchDirectory()

    init() { path = scratch.file("journal.db") }

    private func open(at now: Int64) throws -> SQLiteJournal {
        try SQLiteJournal.open(
            path: path, accounts: [JournalAccount(id: Self.account, venue: "az-futures", product: "usdt")], wallClock: { now })
    }

    /// Starts a daemon's engine over the journal as it lies there, and makes durable what it records.
    private func start(at now: Int64) throws {
        let journal = try open(at: now)
        let adapter = try #require(VenueCatalog.adapter(venue: "az-futures", product: "usdt"))
        let moment = Moment(monotonic: .seconds(10), wall: now)
        let engine = Engine(
            accounts: [AccountSetup(id: Self.account, uid: "U1", keyFingerprint: "print", rules: adapter)], state: try journal.load(),
            history: journal, seed: 1, bootID: "boot", at: moment, version: "9.8.7")
        try journal.commit(engine.finishTurn(at: moment, reading: journal).records)
    }

    /// What the cook-book asks.
    private func question(_ number: Int) throws -> String {
        let root = #filePath.dropLast("Tests/RuntimeTests/StartLineTests.swift".count)
        let page = try #require(readText("\(root)docs/AUDIT.md"))
        let section = page[try #require(page.firstRange(of: "\n### \(number). ")).upperBound...]
        let sql = section[try #require(section.firstRange(of: "```sql\n")).upperBound...]
        return String(sql[..<(try #require(sql.firstRange(of: ";\n```"))).lowerBound])
    }

    @Test func `a start says how long nothing was recorded, also after a death that left orders in doubt, a guard held and an intent half written`()
        throws
    {
        try start(at: Self.began)
        let lastLine = Self.began + 7_000_000
        do {
            let journal = try open(at: lastLine)
            var seq = try journal.load().seq
            func event(_ kind: EventKind, at: Int64, _ change: (inout JournalEvent) -> Void = { _ in }) -> JournalEvent {
                seq += 1
                var event = JournalEvent(seq: seq, at: at, kind: kind)
                change(&event)
                return event
            }
            func intent(_ id: IntentID, orders: Int, at: Int64) -> (IntentRow, JournalRecord) {
                let event = event(.intentAccepted, at: at)
                let row = IntentRow(
                    key: IntentKey(event.seq), id: id, account: Self.account,
                    content: IntentContent(version: 2, digest: Digest256([UInt8](repeating: 7, count: 32))), orders: orders, commands: 0,
                    sequence: .placeFirst, plannedRequests: 1, acceptedAt: at, expiresAt: nil, tag: nil)
                return (row, .intent(row, event))
            }
            func order(_ row: IntentRow, at: Int64) -> Order {
                seq += 1
                let terms = OrderTerms(
                    symbol: "btc_usdt", side: .buy, type: .limit, timeInForce: .gtc, price: Decimal("39000.5"), quantity: Decimal("0.001"))
                return Order(
                    key: OrderKey(seq), clientOrderID: ClientOrderID("o4k2000000\(seq)"), account: Self.account, intent: row.key, intentID: row.id,
                    item: 0, terms: terms, intendedAt: at, expiresAt: nil, sequence: .placeFirst)
            }
            let opened = event(.sessionGuard, at: lastLine) { ($0.state, $0.note, $0.facts) = ("held", "began", [.init("guard_id", $0.seq)]) }
            let held = GuardRow(
                id: GuardID(opened.seq), user: 7, accounts: [Self.account], onLost: .cancel, heartbeatMs: 500, graceMs: 5_000, openedAt: opened.at,
                token: Digest256([UInt8](repeating: 9, count: 32)), reason: "began")
            let (row, accepted) = intent("sent", orders: 1, at: lastLine)
            var sent = order(row, at: lastLine)
            try journal.commit([.sessionGuard(held, opened), accepted, .orderBorn(sent, actor: .daemon), .intentComplete(row.key)])
            let request = RequestRow(
                id: RequestID(1_000), account: Self.account, endpoint: "POST /az/future/trade/v1/order/batch", kind: .place, items: 1,
                timeMs: lastLine / 1_000, signedAt: lastLine, bodySHA256: Digest256([UInt8](repeating: 0xAB, count: 32)), permits: [])
            let submitted = event(.submitted, at: lastLine) { ($0.request, $0.evidence) = (request.id, .local) }
            (sent.state, sent.attempts, sent.request, sent.wireTime, sent.submittedAt) = (.submitted, 1, request.id, request.timeMs, lastLine)
            try journal.commit([.request(request), .orderChanged(sent, from: .intended, fields: .attempts, submitted)])
            let (half, begun) = intent("half", orders: 2, at: lastLine + 1_000)
            try journal.commit([begun, .orderBorn(order(half, at: lastLine + 1_000), actor: .daemon)])
        }
        try start(at: lastLine + 90_000_000)

        let reader = try Connection(path: path, .readOnly)
        let starts = "SELECT group_concat(version || ' ' || boot || ' ' || coalesce(quiet_us, 'never'), ', ') FROM v_starts"
        #expect(try reader.text(starts) == "9.8.7 boot never, 9.8.7 boot 90000000")
        #expect(try reader.text("SELECT group_concat(coalesce(silent_us, 'never'), ', ') FROM (\(question(29)))") == "never, 90000000")
        // What the start had to record of each stands behind it.
        let begin = try #require(try reader.integer("SELECT max(seq) FROM v_starts"))
        for kind in ["in_doubt", "guard"] {
            #expect(try reader.integer("SELECT count(*) FROM events WHERE seq > \(begin) AND kind = '\(kind)'") ?? 0 > 0, "\(kind)")
        }
        #expect(try reader.integer("SELECT count(*) FROM events WHERE seq < \(begin) AND kind = 'intent_discarded'") == 1)
        #expect(try JournalVerifier.verify(path: path).problems == [])
    }
}
