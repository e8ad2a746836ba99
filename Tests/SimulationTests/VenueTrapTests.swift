import OMSCore
import Simulator
import Testing

/// What venues do that a straightforward daemon would take for something else. The pages: docs/venues/, "Traps" and "Open questions".
@Suite struct `Traps of venues` {
    private static func placed(_ venue: String, orders: Int, switches: [(String, String)] = []) throws -> VirtualDaemon {
        let daemon = try House.ready(venue) { $0.world.switches += switches.map { ("\(venue)/\($0.0)", $0.1) } }
        daemon.submit(try House.intent(venue, orders: orders, id: "old"))
        #expect(House.settled(daemon, "old"))
        return daemon
    }

    private static func cancelAll(_ venue: String, _ id: IntentID) -> Intent {
        var intent = Intent(account: AccountID(venue), id: id)
        intent.cancel = [.matching(symbol: nil, side: nil)]
        return intent
    }

    @Test func `a batch of cancels refused without a culprit is cut until it passes`() throws {
        let daemon = try Self.placed("ascendex", orders: 9, switches: [("cancel_max", "2")])
        daemon.submit(Self.cancelAll("ascendex", "gone"))
        #expect(House.settled(daemon, "gone", withinUs: .seconds(60)))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `cancels that share a batch with a closed order go again at once`() throws {
        let daemon = try Self.placed("ascendex", orders: 4)
        let exchange = try #require(daemon.world.venue(named: "ascendex")?.exchange)
        let closed = try #require(exchange.orders.first)
        #expect(exchange.cancel(closed, at: daemon.world.now))
        let start = daemon.world.ledger.requests.count
        daemon.submit(Self.cancelAll("ascendex", "gone"))
        #expect(House.settled(daemon, "gone", withinUs: .seconds(60)))
        let times = daemon.world.ledger.requests.dropFirst(start).filter { $0.kind == .cancel }.map(\.at)
        #expect(times.count == 2 && times[1] - times[0] < 500_000, "\(times)")
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled })
    }

    @Test(arguments: ["status", "before"]) func `a refused cancel's row under the order's id hides not how the order ended`(rows: String) throws {
        let daemon = try Self.placed("ascendex", orders: 1, switches: [("failed_attempts", rows), ("engine_delay_ms", "60")])
        let exchange = try #require(daemon.world.venue(named: "ascendex")?.exchange)
        daemon.run(forUs: .seconds(1)) { exchange.orders.first?.state == .open }
        daemon.submit(Self.cancelAll("ascendex", "late"))
        daemon.run(forUs: .seconds(1)) { daemon.world.ledger.requests.last?.kind == .cancel }
        // Somebody else is faster.
        #expect(exchange.cancel(try #require(exchange.orders.first), at: daemon.world.now))
        #expect(House.settled(daemon, "late", withinUs: .seconds(60)))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled && $0.evidence == .query })
    }

    @Test func `a stale stamp refused without a word has the clock measured again`() throws {
        let daemon = try House.ready("az-futures") { $0.world.switches.append(("az-futures/gate_body", "none")) }
        var rule = FaultRule(.clock(offsetMs: 60_000, driftPpm: 0))
        rule.venue = "az-futures"
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent("az-futures", orders: 2, id: "clock"))
        #expect(House.settled(daemon, "clock"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive && $0.rejectCode == nil })
    }

    @Test(arguments: ["id", "number"]) func `executions are read to the last, however they are paged`(pages: String) throws {
        let daemon = try Self.placed("az-futures", orders: 1, switches: [("trade_pages", pages)])
        let exchange = try #require(daemon.world.venue(named: "az-futures")?.exchange)
        var intent = try House.intent("az-futures", orders: 1, id: "many")
        intent.place[0].terms.quantity = Decimal(230)
        daemon.submit(intent)
        #expect(House.settled(daemon, "many"))
        let order = try #require(exchange.orders.last)
        for _ in 0..<230 { _ = exchange.fill(order, quantity: .one, at: daemon.world.now) }
        let isListed = daemon.run(forUs: .seconds(60)) { daemon.journal.fills.values.reduce(0) { $0 + $1.count } == 230 }
        #expect(isListed, "\(daemon.journal.fills.values.map(\.count))")
    }
}
