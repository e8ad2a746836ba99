import OMSCore
import Simulator
import Testing

/// `max_open_notional` where intents come, trade, change and get lost.
@Suite struct EngineOpenNotionalTests {
    /// One order of the venue's sample is worth this much.
    private static func worth() throws -> Decimal {
        let sample = try House.sample("xt-spot").order
        let (price, quantity) = (try #require(sample.price), try #require(sample.quantity))
        return try #require(price.multiplied(by: quantity))
    }

    private static func times(_ count: Int) throws -> Decimal {
        let worth = try worth()
        return try #require(worth.multiplied(by: Decimal(count)))
    }

    private static func ready(_ count: Int, others: @escaping (inout RiskSetting) -> Void = { _ in }) throws -> VirtualDaemon {
        let most = try times(count)
        return try House.ready("xt-spot") {
            $0.setups[0].risk.maxOpenNotional = most
            others(&$0.setups[0].risk)
        }
    }

    private static func submit(_ orders: Int, _ id: String, to daemon: VirtualDaemon, _ change: (inout Intent) -> Void = { _ in }) throws
        -> ControlError?
    {
        var intent = try House.intent("xt-spot", orders: orders, id: id)
        change(&intent)
        return try House.error(daemon.submit(intent), daemon)
    }

    @Test
    func `orders of one intent, of intents that come in one turn, and of one still being written count together, and what is closed counts no more`()
        throws
    {
        let daemon = try Self.ready(6_000)
        let tickets = try (0..<3).map { daemon.submit(try House.intent("xt-spot", orders: 2_500, id: "wave-\($0)")) }
        let errors = try tickets.map { try House.error($0, daemon) }
        #expect(errors.map { $0?.reason } == [nil, nil, "RISK_MAX_OPEN_NOTIONAL"])
        let words = try #require(errors[2]?.message)
        let (limit, figure) = (try Self.times(6_000), try Self.times(7_500))
        #expect(words.contains("the limit is \(limit)") && words.contains("would have been \(figure)"), "\(words)")
        #expect(try Self.submit(1_001, "more", to: daemon)?.reason == "RISK_MAX_OPEN_NOTIONAL")
        #expect(try Self.submit(1_000, "plan", to: daemon) { $0.dryRun = true } == nil)
        #expect(try Self.submit(1_000, "last", to: daemon) == nil)
        #expect(try Self.submit(1, "one more", to: daemon)?.reason == "RISK_MAX_OPEN_NOTIONAL")
        #expect(try House.error(daemon.submit(EngineCancelTests.cancelAll("xt-spot", "away")), daemon) == nil)
        #expect(House.settled(daemon, "away", withinUs: .seconds(300)))
        #expect(try Self.submit(6_000, "again", to: daemon) == nil)
    }

    @Test func `orders in doubt count, also after a restart`() throws {
        let daemon = try Self.ready(5)
        daemon.world.setFaults([EngineCancelTests.fault(.loseReplyAfterExecution(.silence), .place)])
        #expect(try Self.submit(3, "lost", to: daemon) == nil)
        daemon.run(forUs: .milliseconds(200))
        #expect(try Self.submit(3, "more", to: daemon)?.reason == "RISK_MAX_OPEN_NOTIONAL")
        daemon.crash()
        try daemon.start()
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        #expect(try Self.submit(3, "later", to: daemon)?.reason == "RISK_MAX_OPEN_NOTIONAL")
        #expect(try Self.submit(2, "fits", to: daemon) == nil)
        #expect(daemon.violations.isEmpty)
    }

    @Test func `a modify counts by the most that it may come to until it is answered, and by what stands afterwards`() throws {
        let daemon = try Self.ready(3)
        #expect(try Self.submit(1, "one", to: daemon) == nil)
        #expect(House.settled(daemon, "one"))
        let order = try #require(daemon.journal.orders.values.first)
        let quantity = try #require(order.terms.quantity)
        func modify(_ id: IntentID, _ times: Int) throws -> ControlError? {
            var change = Intent(account: "xt-spot", id: id)
            change.modify = [ModifyItem(clientOrderID: order.clientOrderID, price: nil, quantity: quantity.multiplied(by: Decimal(times)))]
            return try House.error(daemon.submit(change), daemon)
        }
        let large = try modify("large", 4)
        let figure = try Self.times(4)
        #expect(large?.reason == "RISK_MAX_OPEN_NOTIONAL" && large?.message.contains("would have been \(figure)") == true)
        #expect(try modify("three", 3) == nil)
        // Not answered yet, and wanted smaller at once: until both are done the larger one counts.
        #expect(try modify("small", 1) == nil)
        #expect(try Self.submit(1, "early", to: daemon)?.reason == "RISK_MAX_OPEN_NOTIONAL")
        #expect(House.settled(daemon, "three", withinUs: .seconds(60)) && House.settled(daemon, "small", withinUs: .seconds(60)))
        #expect(try Self.submit(2, "two", to: daemon) == nil)
        #expect(daemon.violations.isEmpty)
    }

    @Test func `a modify that was answered counts no more while a later one of the same order is open`() throws {
        let daemon = try Self.ready(4)
        #expect(try Self.submit(1, "one", to: daemon) == nil)
        #expect(House.settled(daemon, "one"))
        let order = try #require(daemon.journal.orders.values.first)
        let quantity = try #require(order.terms.quantity)
        daemon.world.setFaults([
            EngineCancelTests.fault(.itemError(code: "987654", message: "not just now", share: 1), .modify, count: 1),
            EngineCancelTests.fault(.loseReplyBeforeExecution(.silence), .modify),
        ])
        for (id, times) in [("large", 3), ("small", 2)] {
            var change = Intent(account: "xt-spot", id: IntentID(id))
            change.modify = [ModifyItem(clientOrderID: order.clientOrderID, price: nil, quantity: quantity.multiplied(by: Decimal(times)))]
            #expect(try House.error(daemon.submit(change), daemon) == nil)
        }
        #expect(try Self.submit(2, "early", to: daemon)?.reason == "RISK_MAX_OPEN_NOTIONAL")
        func open() -> [OrderCommand] { daemon.journal.commands.values.filter(\.state.isOpen) }
        #expect(daemon.run(forUs: .seconds(60)) { daemon.journal.commands.count == 2 && open().count == 1 })
        #expect(open().map(\.quantity) == [quantity.multiplied(by: Decimal(2))])
        #expect(try Self.submit(2, "two", to: daemon) == nil)
        #expect(try Self.submit(1, "over", to: daemon)?.reason == "RISK_MAX_OPEN_NOTIONAL")
        #expect(open().count == 1)
    }

    @Test func `what lives above a limit that was lowered stays, is told of, may be made smaller, and keeps everything else out`() throws {
        let daemon = try House.ready("xt-spot") { _ in }
        #expect(try Self.submit(5, "five", to: daemon) == nil)
        #expect(House.settled(daemon, "five"))
        var setups = daemon.setups
        setups[0].risk.maxOpenNotional = try Self.times(3)
        daemon.step(.reload(setups, changes: [], by: .daemon))
        let refusal = try Self.submit(1, "more", to: daemon)
        #expect(refusal?.reason == "RISK_MAX_OPEN_NOTIONAL", "\(String(describing: refusal))")
        let told = daemon.journal.events.compactMap(\.event.note).filter { $0.contains("risk.max_open_notional") }
        #expect(told.contains { $0.contains("the limit is") && $0.contains("is open") }, "\(told)")
        let order = try #require(daemon.journal.orders.values.min { $0.key < $1.key })
        var smaller = Intent(account: "xt-spot", id: "smaller")
        let whole = try #require(order.terms.price)
        let price = try #require(whole.dividedRoundingDown(by: Decimal(2)))
        smaller.modify = [ModifyItem(clientOrderID: order.clientOrderID, price: price, quantity: nil)]
        #expect(try House.error(daemon.submit(smaller), daemon) == nil)
        let market = try Self.submit(1, "market", to: daemon) {
            var terms = OrderTerms(symbol: $0.place[0].terms.symbol, side: .sell, type: .market)
            terms.quantity = $0.place[0].terms.quantity
            $0.place[0] = PlaceItem(terms: terms)
        }
        #expect(market?.code == 1005 || market?.code == 1003, "\(String(describing: market))")
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive })
    }
}
