import CLinux
import OMSCore
import Store

/// Fills a new journal with the history of a daemon that has run for long: placed, acknowledged, and canceled unless they still live.
final class JournalMaker {
    private static let account = AccountID("mm-az")
    private let journal: SQLiteJournal
    private var seq: Int64 = 0
    private var requests: Int64 = 0
    private var at = omsd_clock_us(CLOCK_REALTIME) - 86_400_000_000
    private var records: [JournalRecord] = []

    init(path: String) throws {
        journal = try SQLiteJournal.open(path: path, accounts: [JournalAccount(id: Self.account, venue: "az-futures", product: "usdt")])
    }

    private func event(_ kind: EventKind, _ evidence: Evidence? = nil, _ request: RequestID? = nil) -> JournalEvent {
        seq += 1
        at += 1
        var event = JournalEvent(seq: seq, at: at, kind: kind)
        (event.evidence, event.request) = (evidence, request)
        return event
    }

    /// Adds intents of a hundred orders each, ten to a commit.
    func add(_ count: Int, areLive: Bool) throws {
        for intent in 0..<(count / 100) {
            addIntent(areLive: areLive)
            if intent % 10 == 9 { try commit() }
        }
        try commit()
        try journal.idle()
    }

    /// Seals all of it, so many numbers at a time. CPU seconds of this thread: for making the seals, and for committing them.
    func seal(numbers: Int64) throws -> (making: Double, committing: Double, seals: Int) {
        let sealer = try JournalSealer(path: journal.path, key: nil, numbersMax: numbers)
        var (making, committing, seals) = (0.0, 0.0, 0)
        while true {
            let start = threadCPU()
            guard let (seal, isLast) = try sealer.next(at: at) else { break }
            let made = threadCPU()
            guard try journal.write(seal) else { throw BenchError("a seal was not taken") }
            (making, committing, seals) = (making + made - start, committing + threadCPU() - made, seals + 1)
            if isLast { break }
        }
        return (making, committing, seals)
    }

    private func commit() throws {
        guard !records.isEmpty else { return }
        try journal.commit(records)
        records.removeAll(keepingCapacity: true)
    }

    private func addIntent(areLive: Bool) {
        let accepted = event(.intentAccepted)
        let intent = IntentRow(
            key: IntentKey(accepted.seq), id: IntentID("made-\(accepted.seq)"), account: Self.account,
            content: IntentContent(version: 2, digest: Digest256([UInt8](repeating: 7, count: 32))), orders: 100, commands: 0, sequence: .cancelFirst,
            plannedRequests: 1,
            acceptedAt: at,
            expiresAt: nil)
        records.append(.intent(intent, accepted))
        var orders = (0..<100).map { born(intent, item: $0) }
        for order in orders { records.append(.orderBorn(order, actor: .daemon)) }
        records.append(.intentComplete(intent.key))
        requests += 1
        let request = RequestID(requests)
        records.append(
            .request(
                RequestRow(
                    id: request, account: Self.account, endpoint: "POST /az/future/trade/v1/order/batch", kind: .place, items: 100,
                    timeMs: at / 1_000,
                    signedAt: at, bodySHA256: Digest256([UInt8](repeating: 9, count: 32)), permits: [])))
        for index in orders.indices { submit(&orders[index], in: request) }
        var end = RequestEnd(id: request, outcome: .acknowledged)
        (end.sentAt, end.answeredAt, end.httpStatus) = (at, at + 5_000, 200)
        records.append(.requestEnded(end))
        for index in orders.indices { acknowledge(&orders[index], by: request) }
        records.append(.intentSettled(intent.key, at: at, event(.intentSettled)))
        if !areLive { for index in orders.indices { close(&orders[index]) } }
    }

    private func born(_ intent: IntentRow, item: Int) -> Order {
        seq += 1
        at += 1
        var terms = OrderTerms(
            symbol: "btc_usdt", side: .buy, type: .limit, timeInForce: .gtc, price: Decimal("39000"), quantity: Decimal("10"))
        terms.positionSide = .long
        let digits = String(seq)
        let name = "made" + String(repeating: "0", count: max(0, 9 - digits.utf8.count)) + digits
        return Order(
            key: OrderKey(seq), clientOrderID: ClientOrderID(name), account: Self.account, intent: intent.key, intentID: intent.id, item: item,
            terms: terms, intendedAt: at, expiresAt: nil, sequence: intent.sequence)
    }

    private func submit(_ order: inout Order, in request: RequestID) {
        let event = event(.submitted, .local, request)
        (order.state, order.attempts, order.request, order.wireTime, order.submittedAt) = (.submitted, 1, request, at / 1_000, event.at)
        records.append(.orderChanged(order, from: .intended, fields: .attempts, event))
    }

    private func acknowledge(_ order: inout Order, by request: RequestID) {
        let event = event(.acknowledged, .response, request)
        (order.state, order.evidence, order.acknowledgedAt) = (.acknowledged, .response, event.at)
        order.venueOrderID = VenueOrderID("5983456789\(order.key.number + 1_000_000_000)")
        records.append(.orderChanged(order, from: .submitted, fields: .venueOrderID, event))
    }

    private func close(_ order: inout Order) {
        let event = event(.closed, .query)
        (order.state, order.evidence, order.venueState, order.closedAt) = (.canceled, .query, "CANCELED", event.at)
        records.append(.orderChanged(order, from: .acknowledged, fields: .venueState, event))
    }
}
