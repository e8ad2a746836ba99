import OMSCore
import Simulator
import Testing

/// What a caller's strategies are told apart by: cancels that mean one of them leave the others alone.
@Suite struct EngineTagTests {
    private static func place(_ daemon: VirtualDaemon, _ id: IntentID, orders: Int, tag: OMSCore.Tag?) throws {
        var intent = try House.intent("xt-spot", orders: orders, id: id.text)
        intent.tag = tag
        daemon.submit(intent)
        #expect(House.settled(daemon, id, withinUs: .seconds(120)))
    }

    private static func states(_ daemon: VirtualDaemon) -> [String: Set<OrderState>] {
        Dictionary(daemon.journal.orders.values.map { ($0.intentID.text, [$0.state]) }, uniquingKeysWith: { $0.union($1) })
    }

    private static func canceled(_ daemon: VirtualDaemon, _ tag: OMSCore.Tag, account: AccountID? = nil) throws -> [Int] {
        let answer = try House.hear(daemon.command(.intentCancelTagged(tag, account: account)), daemon).get()
        return ["intents", "withdrawn", "cancels"].map { Int(answer[$0]?.integer ?? -1) }
    }

    @Test func `a cancel by tag takes the orders of that tag alone, also those of settled intents, and each intent waits for its own`() throws {
        let daemon = try House.ready("xt-spot")
        try Self.place(daemon, "a1", orders: 3, tag: "a")
        try Self.place(daemon, "a2", orders: 2, tag: "a")
        try Self.place(daemon, "b", orders: 2, tag: "b")
        try Self.place(daemon, "none", orders: 1, tag: nil)
        // They rest, and memory is new: what bears the tag is known from the record.
        daemon.crash()
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().first?.isReady == true })
        #expect(try Self.canceled(daemon, "a") == [2, 0, 5])
        #expect(daemon.run(forUs: .seconds(60)) { Self.states(daemon)["a1"] == [.canceled] && Self.states(daemon)["a2"] == [.canceled] })
        #expect(Self.states(daemon)["b"]?.contains(.canceled) == false && Self.states(daemon)["none"]?.contains(.canceled) == false)
        let commands = daemon.journal.commands.values
        #expect(commands.count == 5 && commands.allSatisfy { $0.intent != nil })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a cancel by tag withdraws what has not left, and says of how many intents`() throws {
        // One connection for places, whose first request is not answered: the rest does not leave.
        let daemon = try House.ready("xt-spot") { $0.setups[0].maxInFlight = 2 }
        daemon.world.setFaults([EngineCancelTests.fault(.loseReplyBeforeExecution(.silence), .place)])
        for (id, tag) in [("a1", "a"), ("a2", "a"), ("b1", "b")] as [(String, OMSCore.Tag)] {
            var intent = try House.intent("xt-spot", orders: 300, id: id)
            intent.tag = tag
            daemon.submit(intent)
        }
        daemon.run(forUs: .seconds(1))
        let answer = try Self.canceled(daemon, "a")
        #expect(answer.first == 2 && answer.dropFirst().reduce(0, +) == 600 && answer[1] > 0, "\(answer)")
        daemon.world.setFaults([])
        for id in ["a1", "a2", "b1"] as [IntentID] { #expect(House.settled(daemon, id, withinUs: .seconds(120))) }
        // Of the request that was not answered nothing is sent again either.
        let ends = [Self.states(daemon)["a1"], Self.states(daemon)["a2"]]
        #expect(ends.allSatisfy { $0?.isSubset(of: [.canceled, .abandoned]) == true }, "\(ends)")
        #expect(Self.states(daemon)["b1"]?.isDisjoint(with: [.canceled, .abandoned]) == true, "\(Self.states(daemon))")
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `cancel items go by tag, alone or with symbol and side, and a tag without a live order cancels nothing and says so`() throws {
        let daemon = try House.ready("xt-spot")
        try Self.place(daemon, "a", orders: 2, tag: "a")
        try Self.place(daemon, "b", orders: 2, tag: "b")
        let terms = try House.sample("xt-spot").order
        func cancel(_ items: [CancelItem], _ id: IntentID) throws -> ControlError? {
            var intent = Intent(account: "xt-spot", id: id)
            intent.cancel = items
            return try House.error(daemon.submit(intent), daemon)
        }
        let typo = try cancel([.matching(symbol: nil, side: nil, tag: "A")], "typo")
        #expect(typo?.code == 1007 && typo?.message.contains("the tag A") == true, "\(String(describing: typo))")
        let other: Side = terms.side == .buy ? .sell : .buy
        #expect(try cancel([.matching(symbol: terms.symbol, side: other, tag: "a")], "side")?.code == 1007)
        #expect(try cancel([.matching(symbol: nil, side: nil, tag: "a"), .matching(symbol: nil, side: nil, tag: "c")], "one")?.code == 1007)
        #expect(daemon.journal.commands.isEmpty)
        #expect(try cancel([.matching(symbol: terms.symbol, side: terms.side, tag: "a")], "right") == nil)
        #expect(House.settled(daemon, "right", withinUs: .seconds(60)))
        #expect(Self.states(daemon)["a"] == [.canceled] && Self.states(daemon)["b"]?.contains(.canceled) == false)
        for (tag, account, code) in [("a", nil, 1007), ("b", "nobody", 1001), ("never", nil, 1007)] as [(OMSCore.Tag, AccountID?, Int)] {
            #expect(try House.error(daemon.command(.intentCancelTagged(tag, account: account)), daemon)?.code == code, "\(tag)")
        }
    }

    @Test func `the same id with another tag is another intent`() throws {
        let daemon = try House.ready("xt-spot")
        var intent = try House.intent("xt-spot", orders: 1, id: "once")
        intent.tag = "a"
        #expect(try House.error(daemon.submit(intent), daemon) == nil)
        #expect(try House.error(daemon.submit(intent), daemon) == nil)
        intent.tag = nil
        #expect(try House.error(daemon.submit(intent), daemon)?.code == 1002)
        #expect(daemon.journal.orders.values.map(\.tag) == ["a"])
    }

    @Test
    func `a cancel by tag is answered when all of it is on record, also of an intent that was still being written, and a death takes none back`()
        throws
    {
        let daemon = try House.ready("az-futures") { $0.sliceRows = 40 }
        var intent = try House.intent("az-futures", orders: 300, id: "large")
        intent.tag = "grid"
        daemon.submit(intent, on: 2)
        let ticket = daemon.command(.intentCancelTagged("grid", account: nil), on: 3)
        #expect(daemon.run(forUs: .seconds(60)) { daemon.answers[ticket] != nil })
        let answer = try #require(try daemon.answers[ticket]?.get())
        #expect(answer["intents"]?.integer == 1 && answer["withdrawn"]?.integer == 300 && answer["cancels"]?.integer == 0)
        daemon.crash()
        try daemon.start()
        daemon.run(forUs: .seconds(60))
        #expect(daemon.journal.orders.count == 300)
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled && $0.attempts == 0 })
    }
}
