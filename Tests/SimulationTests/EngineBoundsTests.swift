import OMSCore
import Simulator
import Testing

/// Bounds hold while something is still being accepted, and names that nothing bears are refused.
@Suite struct `Bounds and names` {
    private func intent(_ orders: Int, _ id: String, venue: String = "xt-spot") throws -> Intent { try House.intent(venue, orders: orders, id: id) }

    @Test func `intents that come in one turn count for max_open_orders together`() throws {
        let daemon = try House.ready("xt-spot") { $0.setups[0].risk.maxOpenOrders = 12_000 }
        let tickets = try (0..<3).map { daemon.submit(try intent(5_000, "wave-\($0)")) }
        let codes = try tickets.map { try House.error($0, daemon)?.reason }
        #expect(codes == [nil, nil, "RISK_MAX_OPEN_ORDERS"])
        daemon.run(forUs: .seconds(2))
        #expect(daemon.journal.orders.count == 10_000)
        #expect(try House.error(daemon.submit(try intent(2_001, "more")), daemon)?.code == 1005)
        #expect(try House.error(daemon.submit(try intent(2_000, "last")), daemon) == nil)
    }

    @Test func `accounts of one uid share max_open_orders`() throws {
        let daemon = try House.daemon(["xt-spot"]) { options in
            let setup = options.setups[0]
            var other = AccountSetup(id: "twin", uid: setup.uid, keyFingerprint: setup.keyFingerprint, rules: setup.rules)
            (other.freshnessMs, other.reconcileIntervalMs, other.risk.maxOpenOrders) = (3_000, 2_000, 10)
            options.setups.append(other)
        }
        try daemon.start()
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        daemon.submit(try intent(7, "one"))
        var second = try intent(4, "two")
        second.account = "twin"
        #expect(try House.error(daemon.submit(second), daemon)?.reason == "RISK_MAX_OPEN_ORDERS")
        second.place.removeLast()
        #expect(try House.error(daemon.submit(second), daemon) == nil)
    }

    /// Seven orders rest of an account that is configured no more, or was bound to another uid since. A twin, by uid or not, is configured after that.
    private func apart(
        twin uid: String?, isBoundElsewhere: Bool, staysConfigured: Bool, before end: (VirtualDaemon) throws -> Void = { _ in }
    ) throws -> VirtualDaemon {
        let daemon = try House.daemon(["xt-spot"]) { options in
            let setup = options.setups[0]
            var other = AccountSetup(id: "twin", uid: setup.uid, keyFingerprint: setup.keyFingerprint, rules: setup.rules)
            (other.freshnessMs, other.reconcileIntervalMs, other.risk.maxOpenOrders) = (3_000, 2_000, 10)
            options.setups.append(other)
        }
        daemon.configured = ["xt-spot"]
        try daemon.start()
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        daemon.submit(try intent(7, "one"))
        #expect(House.settled(daemon, "one"))
        try end(daemon)
        daemon.crash()
        if isBoundElsewhere {
            let rebinding = Rebinding(account: "xt-spot", uid: "U99", origin: nil, reason: "another", isSame: false, actor: .daemon)
            let known = try #require(daemon.journal.identities["xt-spot"])
            try daemon.journal.commit(
                rebinding.outcome(of: try daemon.journal.load(), known: known, at: daemon.now.wall).records, at: daemon.now.wall)
            let setup = daemon.setups[0]
            daemon.setups[0] = AccountSetup(id: setup.id, uid: "U99", keyFingerprint: setup.keyFingerprint, rules: setup.rules)
        }
        if let uid {
            let setup = daemon.setups[1]
            daemon.setups[1] = AccountSetup(id: setup.id, uid: uid, keyFingerprint: setup.keyFingerprint, rules: setup.rules)
            daemon.setups[1].risk = setup.risk
        }
        daemon.configured = staysConfigured ? ["xt-spot", "twin"] : ["twin"]
        try daemon.start()
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        return daemon
    }

    @Test(arguments: [(false, false), (true, false), (true, true)])
    func `orders of a uid that no configured account looks after count for its max_open_orders, and the refusal says so`(
        isBoundElsewhere: Bool, staysConfigured: Bool
    ) throws {
        let daemon = try apart(twin: nil, isBoundElsewhere: isBoundElsewhere, staysConfigured: staysConfigured)
        var second = try intent(4, "two")
        second.account = "twin"
        let refusal = try House.error(daemon.submit(second), daemon)
        #expect(refusal?.reason == "RISK_MAX_OPEN_ORDERS", "\(String(describing: refusal))")
        #expect(refusal?.message.contains("(7 of accounts of this uid") == true, "\(String(describing: refusal))")
        second.place.removeLast()
        #expect(try House.error(daemon.submit(second), daemon) == nil)
        // Another user's bound is his own.
        let stranger = try apart(twin: "U98", isBoundElsewhere: isBoundElsewhere, staysConfigured: staysConfigured)
        var third = try intent(10, "three")
        third.account = "twin"
        #expect(try House.error(stranger.submit(third), stranger) == nil)
    }

    @Test(arguments: [(false, false), (true, false), (true, true)])
    func `what open modifies ask of orders that no configured account looks after counts for max_open_notional of their uid`(
        isBoundElsewhere: Bool, staysConfigured: Bool
    ) throws {
        let terms = try House.sample("xt-spot").order
        let (price, quantity) = (try #require(terms.price), try #require(terms.quantity))
        let worth = try #require(quantity.multiplied(by: price))
        let most = try #require(worth.multiplied(by: Decimal(12)))
        let daemon = try apart(twin: nil, isBoundElsewhere: isBoundElsewhere, staysConfigured: staysConfigured) { daemon in
            daemon.world.setFaults([EngineCancelTests.fault(.loseReplyBeforeExecution(.silence), .modify)])
            var change = Intent(account: "xt-spot", id: "larger")
            let order = try #require(daemon.journal.orders.values.first)
            change.modify = [ModifyItem(clientOrderID: order.clientOrderID, price: nil, quantity: quantity.multiplied(by: Decimal(3)))]
            let refusal = try House.error(daemon.submit(change), daemon)
            #expect(refusal == nil, "\(String(describing: refusal))")
            (daemon.setups[1].risk.maxOpenOrders, daemon.setups[1].risk.maxOpenNotional) = (nil, most)
        }
        #expect(daemon.journal.commands.values.contains { $0.state.isOpen }, "\(daemon.journal.commands)")
        // Seven rest, and one of them may be three times as large.
        var second = try intent(4, "two")
        second.account = "twin"
        let refusal = try House.error(daemon.submit(second), daemon)
        #expect(refusal?.reason == "RISK_MAX_OPEN_NOTIONAL", "\(String(describing: refusal))")
        second.place.removeLast()
        #expect(try House.error(daemon.submit(second), daemon) == nil)
    }

    @Test(arguments: [(false, false), (true, true)])
    func `positions say how many orders are in doubt of accounts that are not configured, and of what a rebinding left`(
        isBoundElsewhere: Bool, staysConfigured: Bool
    ) throws {
        let daemon = try apart(twin: nil, isBoundElsewhere: isBoundElsewhere, staysConfigured: staysConfigured) { daemon in
            daemon.world.setFaults([EngineCancelTests.fault(.loseReplyBeforeExecution(.silence), .place)])
            daemon.submit(try intent(2, "lost"))
            daemon.run(forUs: .milliseconds(100))
        }
        let doubts = daemon.journal.orders.values.count { $0.state == .submitted || $0.state == .inDoubt }
        let ticket = daemon.command(.positionList(account: "xt-spot", symbol: nil, after: nil, limit: 10))
        let rows = try House.hear(ticket, daemon).get()["positions"]?.array ?? []
        #expect(doubts > 0 && rows.map { $0["in_doubt"]?.integer } == [Int64(doubts)], "\(doubts): \(rows)")
    }

    @Test func `orders count for queue_max_orders while their intent is written, behind cancels and in wait for a second chance`() throws {
        let daemon = try House.ready("xt-spot") { $0.setups[0].queueMaxOrders = 6_000 }
        let tickets = try (0..<2).map { daemon.submit(try intent(4_000, "wave-\($0)")) }
        #expect(try tickets.map { try House.error($0, daemon)?.code } == [nil, 1008])

        let gated = try House.ready("xt-spot") { $0.setups[0].queueMaxOrders = 100 }
        gated.submit(try intent(1, "old"))
        #expect(House.settled(gated, "old"))
        var rule = FaultRule(.loseReplyAfterExecution(.silence))
        rule.kind = .cancel
        gated.world.setFaults([rule])
        var swap = try intent(80, "swap")
        swap.cancel = [.matching(symbol: nil, side: .buy)]
        #expect(try House.error(gated.submit(swap), gated) == nil)
        #expect(try House.error(gated.submit(try intent(21, "more")), gated)?.code == 1008)
    }

    @Test func `changes of one order that are each within a bound are judged together`() throws {
        let daemon = try House.ready("xt-spot") { $0.setups[0].risk.maxOrderNotional = Decimal(800) }
        daemon.submit(try intent(1, "one"))
        #expect(House.settled(daemon, "one"))
        let order = try #require(daemon.journal.orders.values.first)
        // 39,000 for 0.02 is fine, 78,000 for 0.01 is fine; both together are not.
        var change = Intent(account: "xt-spot", id: "both")
        change.modify = [
            ModifyItem(clientOrderID: order.clientOrderID, price: nil, quantity: Decimal("0.02")),
            ModifyItem(clientOrderID: order.clientOrderID, price: Decimal(78_000), quantity: nil),
        ]
        #expect(try House.error(daemon.submit(change), daemon)?.reason == "RISK_MAX_ORDER_NOTIONAL")
        (change.id, change.modify) = ("first", [change.modify[0]])
        let second = Intent(account: "xt-spot", id: "second")
        let first = daemon.submit(change)
        change = second
        change.modify = [ModifyItem(clientOrderID: order.clientOrderID, price: Decimal(78_000), quantity: nil)]
        let ticket = daemon.submit(change)
        #expect(try House.error(first, daemon) == nil)
        #expect(try House.error(ticket, daemon)?.reason == "RISK_MAX_ORDER_NOTIONAL")
    }

    @Test func `slices as large as a number can be are cut, not trapped on`() throws {
        let daemon = try House.ready("ascendex")
        var intent = try House.intent("ascendex", orders: 1, id: "huge")
        let most = Decimal("170000000000000000000")
        intent.place[0].terms.price = Decimal("0.01")
        (intent.place[0].terms.quantity, intent.place[0].sliceQuantity) = (most, most)
        _ = try House.hear(daemon.submit(intent), daemon)
        intent.expiresAt = .max
        intent.id = "for-ever"
        _ = try House.hear(daemon.submit(intent), daemon)
        var late = try House.intent("ascendex", orders: 1, id: "late")
        late.expiresAt = .max
        #expect(try House.error(daemon.submit(late), daemon) == nil)
        #expect(House.settled(daemon, "late"))
    }

    @Test func `a mistyped symbol or a filter without a match cancels nothing and says so`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.submit(try intent(2, "two"))
        #expect(House.settled(daemon, "two"))
        func cancel(_ item: CancelItem, _ id: IntentID) throws -> ControlError? {
            var intent = Intent(account: "xt-spot", id: id)
            intent.cancel = [item]
            return try House.error(daemon.submit(intent), daemon)
        }
        let typo = try cancel(.matching(symbol: "BTC_USDT", side: nil), "typo")
        #expect(typo?.code == 1003 && typo?.details.first?.problem.contains("did you mean btc_usdt?") ?? false, "\(String(describing: typo))")
        #expect(try cancel(.matching(symbol: "eth_usdt", side: nil), "none")?.code == 1007)
        #expect(try cancel(.matching(symbol: nil, side: .sell), "side")?.code == 1007)
        #expect(try cancel(.venueOrder("4711"), "venue")?.code == 1007)
        #expect(daemon.journal.commands.isEmpty)
        // By the venue's own id, and all there is, be it nothing.
        let order = try #require(daemon.journal.orders.values.first)
        let known = try #require(order.venueOrderID)
        #expect(try cancel(.venueOrder(known), "by-id") == nil)
        #expect(House.settled(daemon, "by-id") && daemon.journal.orders[order.key]?.state == .canceled)
        #expect(try cancel(.matching(symbol: nil, side: nil), "all") == nil)
        #expect(House.settled(daemon, "all"))
        #expect(try cancel(.matching(symbol: nil, side: nil), "nothing") == nil)
    }

    @Test func `listings refuse names that nothing bears, and answer empty for what merely matches nothing`() throws {
        let daemon = try House.ready("xt-spot")
        func code(_ change: (inout OrderFilter) -> Void) throws -> [Int?] {
            var filter = OrderFilter()
            change(&filter)
            return try [ControlCommand.orderList(filter), .fillList(filter), .breakList(filter)].map {
                try House.error(daemon.command($0), daemon)?.code
            }
        }
        #expect(try code { $0.symbol = "BTC_USDT" } == [1003, 1003, 1003])
        #expect(try code { $0.symbol = "btc_usdt" } == [nil, nil, nil])
        #expect(try code { $0.intentID = "no-such" } == [1007, 1007, 1007])
        #expect(try code { $0.clientOrderID = "no-such" } == [1007, 1007, 1007])
        #expect(try code { $0.account = "no-such" } == [1001, 1001, 1001])
        #expect(try code { $0.states = [.filled] } == [nil, nil, nil])
        let list = daemon.command(.instrumentList(account: nil, symbol: "BTC_USDT", after: nil, limit: 10))
        #expect(try House.error(list, daemon)?.code == 1003)
    }

    @Test(arguments: [["bitget-margin", "bitget-uta"], ["bitget-uta", "bitget-margin"]])
    func `a reload that changes nothing widens no limit that accounts share`(venues: [String]) throws {
        let daemon = try House.daemon(venues) { $0.setups.sort { venues.firstIndex(of: $0.id.text) ?? 0 < venues.firstIndex(of: $1.id.text) ?? 0 } }
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false })
        func permits() -> [String: Int] {
            Dictionary((daemon.engine?.budgetSnapshots() ?? []).map { ("\($0.account) \($0.row.name)", $0.row.permits) }) { first, _ in first }
        }
        let before = permits()
        let shared = venues.compactMap { before["\($0) lookup:instruments"] }
        #expect(shared.count == 2 && Set(shared).count == 1)
        daemon.reload()
        daemon.run(forUs: .seconds(1))
        #expect(permits() == before)
    }
}
