import OMSCore
import Simulator
import Testing

/// Modifies are judged by what was asked after their own answers, and a lost one is never repeated inside its window.
@Suite struct EngineModifyTests {
    private static func modify(_ venue: String, _ order: Order, price: Int, id: String) -> Intent {
        var intent = Intent(account: AccountID(venue), id: IntentID(id))
        intent.modify = [ModifyItem(clientOrderID: order.clientOrderID, price: Decimal(price), quantity: nil)]
        return intent
    }

    @Test(arguments: ["bitget-uta", "az-futures", "bybit", "okx"], [200, 700, 2_500] as [Int64])
    func `of a steady stream of modifies that the venue takes none is called refused`(venue: String, everyMs: Int64) throws {
        let daemon = try EngineCancelTests.placed(venue, orders: 1)
        let order = try #require(daemon.journal.orders.values.first)
        for round in 0..<45 {
            daemon.submit(Self.modify(venue, order, price: 38_000 + round, id: "modify-\(round)"))
            daemon.run(forUs: .milliseconds(everyMs))
        }
        daemon.run(forUs: .seconds(60))
        let states = daemon.journal.commands.values.map(\.state)
        #expect(states.allSatisfy { $0 == .done || $0 == .superseded }, "\(states.filter { $0 != .done })")
        #expect(daemon.journal.order(order.clientOrderID)?.price == Decimal(38_044))
    }

    @Test(arguments: ["bitget-uta", "xt-spot", "az-futures", "bybit", "okx"])
    func `a lost modify leaves again only when the lost request can be taken no more`(venue: String) throws {
        let daemon = try EngineCancelTests.placed(venue, orders: 1)
        let order = try #require(daemon.journal.orders.values.first)
        daemon.world.setFaults([EngineCancelTests.fault(.loseReplyBeforeExecution(.reset), .modify, count: 1)])
        daemon.submit(Self.modify(venue, order, price: 38_500, id: "lost"))
        #expect(House.settled(daemon, "lost", withinUs: .seconds(120)))
        let times = daemon.world.ledger.requests.filter { $0.kind == .modify }.map(\.at)
        let freshnessMs: Int64 = 3_000  // of this house
        // A stamp lies a little before its moment.
        #expect(times.count == 2 && times[1] - times[0] >= .milliseconds(freshnessMs - 1_000), "\(times), \(freshnessMs) ms")
        #expect(daemon.journal.order(order.clientOrderID)?.price == Decimal(38_500))
    }

    @Test func `a lost modify has not the last word where the venue's clock is set back by less than its window while it is out`() throws {
        let daemon = try House.ready("az-futures") {
            ($0.setups[0].freshnessMs, $0.world.freshnessMs) = (20_000, 20_000)
            $0.setups[0].holdUnansweredMs = 120_000
        }
        daemon.submit(try House.intent("az-futures", orders: 1, id: "placed"))
        #expect(House.settled(daemon, "placed"))
        let order = try #require(daemon.journal.orders.values.first)
        var clock = FaultRule(.clock(offsetMs: -15_000, driftPpm: 0, afterMs: 2_000))
        clock.venue = "az-futures"
        // It arrives when the old clock would have refused it, and the one that was set back takes it.
        daemon.world.setFaults([clock, EngineCancelTests.fault(.executeLate(.init(30_000), .silence), .modify, count: 1)])
        daemon.submit(Self.modify("az-futures", order, price: 38_500, id: "first"))
        daemon.run(forUs: .seconds(3))
        daemon.submit(Self.modify("az-futures", order, price: 38_600, id: "second"))
        #expect(House.settled(daemon, "first", withinUs: .seconds(120)) && House.settled(daemon, "second", withinUs: .seconds(120)))
        daemon.run(forUs: .seconds(60))
        let there = try #require(daemon.world.venue(named: "az-futures")?.exchange.orders.last)
        #expect(there.price == Decimal(38_600), "\(there.price as Any)")
        #expect(daemon.journal.order(order.clientOrderID)?.price == Decimal(38_600) && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    /// Its answer was the former process's: when it came, the next one does not know.
    @Test(arguments: ["bitget-uta", "xt-spot", "az-futures", "bybit", "okx"])
    func `a modify that the venue took and never applied ends nothing behind a restart, and is refused in the end`(venue: String) throws {
        let daemon = try EngineCancelTests.placed(venue, orders: 1)
        let order = try #require(daemon.journal.orders.values.first)
        daemon.world.setFaults([EngineCancelTests.fault(.lateEffect(.init(3_600_000)), .modify, count: 1)])
        daemon.submit(Self.modify(venue, order, price: 38_500, id: "taken"))
        #expect(daemon.run(forUs: .seconds(10)) { daemon.journal.commands.values.contains { $0.state == .acknowledged } })
        daemon.crash()
        try daemon.start()
        #expect(House.settled(daemon, "taken", withinUs: .seconds(300)))
        #expect(daemon.journal.commands.values.map(\.state) == [.refused] && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    /// What may become of a request with a modify.
    enum Fate: String, CaseIterable { case lost, lostAfterwards, late, put, failed, refused, killed }

    private static func fault(_ fate: Fate) -> Fault? {
        switch fate {
        case .lost: .loseReplyBeforeExecution(.reset)
        case .lostAfterwards: .loseReplyAfterExecution(.silence)
        case .late: .executeLate(.init(1_500), .reset)
        case .put: .rateLimited
        case .failed: .serverError(status: 503, body: .html, executes: false)
        case .refused: .itemError(code: "987654", message: "not just now", share: 1)
        case .killed: nil
        }
    }

    @Test(arguments: ["bitget-uta", "xt-spot", "az-futures", "bybit", "okx"], Fate.allCases)
    func `whatever becomes of a modify, one that is asked for behind it has the last word, and none is called refused`(venue: String, fate: Fate)
        throws
    {
        for (asksMore, delayMs) in [(false, 20), (false, 4_000), (true, 20), (true, 4_000)] as [(Bool, Int64)] {
            let daemon = try EngineCancelTests.placed(venue, orders: 1)
            let order = try #require(daemon.journal.orders.values.first)
            let more = try #require(order.quantity.flatMap { $0.adding($0) })
            if let fault = Self.fault(fate) { daemon.world.setFaults([EngineCancelTests.fault(fault, .modify, count: 1)]) }
            var first = Intent(account: AccountID(venue), id: "first")
            first.modify = [ModifyItem(clientOrderID: order.clientOrderID, price: Decimal(38_500), quantity: asksMore ? more : nil)]
            daemon.submit(first)
            if fate == .killed {
                daemon.run(forUs: .seconds(1)) { daemon.journal.commands.values.contains { $0.state == .submitted } }
                daemon.crash(delayMs < 1_000 ? .kill : .powerCut)
                try daemon.start()
            }
            daemon.run(forUs: .milliseconds(delayMs))
            daemon.submit(Self.modify(venue, order, price: 38_600, id: "second"))
            let isSettled = House.settled(daemon, "first", withinUs: .seconds(120)) && House.settled(daemon, "second", withinUs: .seconds(120))
            daemon.run(forUs: .seconds(60))
            let states = daemon.journal.commands.values.sorted { $0.id < $1.id }.map(\.state)
            let name = "\(asksMore) \(delayMs): \(states)"
            #expect(isSettled && states.allSatisfy { $0 == .done || $0 == .superseded } && states.last == .done, "\(name)")
            let there = try #require(daemon.world.venue(named: venue)?.exchange.orders.last)
            #expect(
                there.price == Decimal(38_600) && there.quantity == (asksMore ? more : order.quantity),
                "\(name) \(there.price as Any) \(there.quantity)")
            #expect(daemon.violations.isEmpty, "\(daemon.violations)")
        }
    }

    @Test func `a modify that the venue took is not called refused because its order ended as a later one had it`() throws {
        let daemon = try EngineCancelTests.placed("bitget-uta", orders: 1)
        let order = try #require(daemon.journal.orders.values.first)
        // Nobody sees the first one's price.
        daemon.world.setFaults([EngineCancelTests.fault(.serverError(status: 502, body: .html, executes: false), .lookup)])
        for (id, price) in [("first", 38_500), ("second", 38_600)] {
            daemon.submit(Self.modify("bitget-uta", order, price: price, id: id))
            daemon.run(forUs: .milliseconds(500))
        }
        #expect(daemon.journal.commands.values.map(\.state) == [.acknowledged, .acknowledged], "\(daemon.journal.commands.values.map(\.state))")
        let exchange = try #require(daemon.world.venue(named: "bitget-uta")?.exchange)
        exchange.fill(try #require(exchange.orders.first), at: daemon.world.now)
        daemon.world.setFaults([])
        #expect(House.settled(daemon, "first", withinUs: .seconds(60)) && House.settled(daemon, "second", withinUs: .seconds(60)))
        #expect(daemon.journal.order(order.clientOrderID)?.state == .filled)
        #expect(daemon.journal.commands.values.sorted { $0.id < $1.id }.map(\.state) == [.superseded, .done])
    }
}
