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

    @Test(arguments: ["same", "new", "foreign"], [false, true])
    func `a changed order is followed under the id that the venue gives it, and can be canceled`(id: String, isLost: Bool) throws {
        let daemon = try Self.placed("az-futures", orders: 1, switches: [("amend_id", id)])
        let order = try #require(daemon.journal.orders.values.first)
        if isLost {
            var rule = FaultRule(.loseReplyAfterExecution(.reset))
            (rule.kind, rule.count) = (.modify, 1)
            daemon.world.setFaults([rule])
        }
        var change = Intent(account: "az-futures", id: "change")
        change.modify = [ModifyItem(clientOrderID: order.clientOrderID, price: Decimal(38_000), quantity: nil, onFailure: .keep)]
        daemon.submit(change)
        #expect(House.settled(daemon, "change"))
        #expect(daemon.journal.commands.values.contains { $0.kind == .modify && $0.state == .done })
        let resting = try #require(daemon.world.venue(named: "az-futures")?.exchange.orders.last)
        #expect(daemon.journal.orders.values.first?.venueOrderID?.text == resting.id)

        daemon.submit(Self.cancelAll("az-futures", "gone"))
        #expect(House.settled(daemon, "gone"))
        #expect(resting.state.isClosed && daemon.journal.orders.values.allSatisfy { $0.state == .canceled })
        #expect(daemon.journal.breaks.values.isEmpty, "\(daemon.journal.breaks.values.map(\.detail))")
    }

    @Test func `an unspecific refusal is final once the venue is seen not to have the order`() throws {
        let daemon = try House.ready("xt-spot")
        var rule = FaultRule(.venueError(code: "ORDER_001", message: "", status: 200, executes: false))
        (rule.kind, rule.count) = (.place, 1)
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "no"))
        #expect(House.settled(daemon, "no"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .rejected && $0.rejectCode == "ORDER_001" && $0.attempts == 1 })
    }

    @Test func `an unspecific refusal of an order that is there is none`() throws {
        let daemon = try House.ready("xt-spot")
        var rule = FaultRule(.venueError(code: "ORDER_001", message: "", status: 200, executes: true))
        (rule.kind, rule.count) = (.place, 1)
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "yes"))
        #expect(House.settled(daemon, "yes"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .working && $0.rejectCode == nil && $0.attempts == 1 })
        #expect(daemon.world.duplicates.isEmpty)
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
