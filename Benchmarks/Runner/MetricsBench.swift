import CLinux
import OMSCore
import Runtime

/// What counting costs at 19,000 orders a second, and what writing a page a second does on the thread that serves it.
struct MetricsBench {
    let options: Options
    private static let ordersASecond = 19_000.0

    func run() throws -> [Figure] {
        let counting = countingUs()
        let (serving, pages) = try servingShare()
        let share = (counting * Self.ordersASecond / 1e6 + serving) * 100
        return [
            Figure(
                name: "metrics at 19,000 orders/s: CPU of one core", value: share, unit: "%", limit: nil, target: "<= 1", isMet: share <= 1,
                notes: [
                    ("counting, CPU us an order", counting.brief), ("serving a page a second, % of a core", (serving * 100).brief),
                    ("pages", "\(pages)"),
                ])
        ]
    }

    /// CPU microseconds an order for its birth, its request and the answer: turns of a hundred orders, as one batch of a venue makes them.
    private func countingUs() -> Double {
        let meter = Meter()
        let turns = Self.turns()
        let rounds = options.isQuick ? 2_000 : 20_000
        let start = threadCPU()
        for round in 0..<rounds {
            for records in turns {
                meter.durable(records, at: Moment(monotonic: Int64(round), wall: 1_000_000)) { _ in 0 }
                meter.committed(inUs: 300)
                meter.turned(inUs: 900)
            }
        }
        return (threadCPU() - start) * 1e6 / Double(rounds * 100)
    }

    private static func turns() -> [[JournalRecord]] {
        var terms = OrderTerms(
            symbol: Symbol("btc_usdt"), side: .buy, type: .limit, timeInForce: .gtc, price: Decimal("39000"), quantity: Decimal("10"))
        terms.positionSide = .long
        var orders = (0..<100).map { item in
            Order(
                key: OrderKey(Int64(item + 1)), clientOrderID: ClientOrderID("o4k2abcdefgh\(item)"), account: AccountID("mm-az"),
                intent: IntentKey(1),
                intentID: IntentID("made-1"), item: item, terms: terms, intendedAt: 1, expiresAt: nil, sequence: .cancelFirst)
        }
        func event(_ kind: EventKind, _ evidence: Evidence) -> JournalEvent {
            var event = JournalEvent(seq: 1, at: 1, kind: kind)
            event.evidence = evidence
            return event
        }
        func move(to state: OrderState, _ kind: EventKind, _ evidence: Evidence) -> [JournalRecord] {
            orders.indices.map { index in
                let from = orders[index].state
                (orders[index].state, orders[index].evidence, orders[index].attempts) = (state, evidence, 1)
                return .orderChanged(orders[index], from: from, fields: [], event(kind, evidence))
            }
        }
        let born = orders.map { JournalRecord.orderBorn($0, actor: .daemon) }
        return [born, move(to: .submitted, .submitted, .local), move(to: .acknowledged, .acknowledged, .response)]
    }

    /// How much of a core the thread that serves metrics takes, while one page a second is asked for; and how many were.
    private func servingShare() throws -> (share: Double, pages: Int) {
        let rig = try Rig(programs: options.programs, servesMetrics: true)
        let client = try rig.startDaemon().client
        try rig.awaitReady(client)
        let seconds = options.isQuick ? 3 : 10
        _ = try rig.metrics()
        let before = rig.daemon?.cpuSeconds(ofThread: "omsd-http") ?? .nan
        for _ in 0..<seconds {
            usleep(1_000_000)
            guard try rig.metrics().contains("omsd_build_info") else { throw BenchError("the page of metrics lacks its first line") }
        }
        let used = (rig.daemon?.cpuSeconds(ofThread: "omsd-http") ?? .nan) - before
        return (used / Double(seconds), seconds)
    }
}
