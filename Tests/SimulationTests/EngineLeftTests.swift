import OMSCore
import Simulator
import Testing
import Wire

/// Orders that a rebinding left at another place. In these scenes the new place shows orders with all of their ids: nothing may ever touch those.
@Suite struct EngineLeftTests {
    private static func orders(_ daemon: VirtualDaemon) -> [Order] { daemon.journal.orders.values.sorted { $0.key < $1.key } }

    private static func restart(_ daemon: VirtualDaemon) throws {
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false })
    }

    /// As `omsd rebind` does, between two processes.
    @discardableResult
    private static func rebind(_ daemon: VirtualDaemon, _ venue: String, to origin: String?, isSame: Bool) throws -> Rebinding.Outcome {
        let account = AccountID(venue)
        let known = try #require(daemon.journal.identities[account])
        let rebinding = Rebinding(account: account, uid: nil, origin: origin, reason: "it moved", isSame: isSame, actor: .daemon)
        let outcome = rebinding.outcome(of: try daemon.journal.load(), known: known, at: daemon.now.wall)
        try daemon.journal.commit(outcome.records, at: daemon.now.wall)
        if let origin { daemon.setups[0].origin = origin }
        return outcome
    }

    /// Three orders rest at a first place, one of them partly filled; then the account is said to be elsewhere.
    private static func moved(_ venue: String) throws -> (daemon: VirtualDaemon, outcome: Rebinding.Outcome) {
        let daemon = try House.ready(venue)
        daemon.submit(try House.intent(venue, orders: 3, id: "left"))
        #expect(House.settled(daemon, "left"))
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        // What a venue has accepted and not opened yet cannot trade.
        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).allSatisfy { $0.state == .working } })
        let part = try #require(Decimal(try House.profile(venue).mixesPlaceAndCancel ? "1" : "0.0001"))
        exchange.fill(exchange.orders[0], quantity: part, at: daemon.venueTime)
        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).map(\.state) == [.partiallyFilled, .working, .working] })
        daemon.crash()
        daemon.run(forUs: .seconds(10))
        let outcome = try rebind(daemon, venue, to: "https://elsewhere", isSame: false)
        try restart(daemon)
        return (daemon, outcome)
    }

    @Test(arguments: House.venues)
    func `nothing of an order that was left behind is asked, changed, cancelled or adopted where the account is now`(venue: String) throws {
        let (daemon, outcome) = try Self.moved(venue)
        let held = "what was held before still counts for max_position: give it a new opening and since"
        #expect(outcome.words == "3 live orders are left behind, \(held)")
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        let before = Self.orders(daemon)
        #expect(before.allSatisfy { $0.bars == .elsewhere && $0.state.isLive })
        let requests = daemon.world.ledger.requests.count

        let id = before[1].clientOrderID
        var change = Intent(account: AccountID(venue), id: "change")
        change.cancel = [.order(id)]
        daemon.submit(change)
        #expect(House.settled(daemon, "change"))
        var all = Intent(account: AccountID(venue), id: "all")
        all.cancel = [.matching(symbol: before[0].terms.symbol, side: nil)]
        daemon.submit(all)
        #expect(House.settled(daemon, "all"))
        _ = try House.hear(daemon.command(.reconcile(AccountID(venue))), daemon)
        _ = try House.hear(daemon.command(.setState(nil, .halted, reason: "kill", cancelOpen: true, everything: false)), daemon)
        // More than an order trades there, and ends.
        exchange.fill(exchange.orders[2], at: daemon.venueTime)
        daemon.run(forUs: .seconds(60))

        let after = Self.orders(daemon)
        #expect(after.map(\.state) == before.map(\.state) && after.map(\.filledQuantity) == before.map(\.filledQuantity), "\(after.map(\.state))")
        #expect(exchange.orders.filter { $0.state.isLive }.count == 2)
        let names = before.flatMap { [$0.clientOrderID.text, $0.venueOrderID?.text ?? "?"] }
        for request in daemon.world.ledger.requests[requests...] {
            #expect(request.kind == .lookup || request.kind == .public, "\(request.endpoint)")
            #expect(request.clientIDs.allSatisfy { !names.contains($0) }, "\(request.endpoint)")
        }
        #expect(daemon.journal.commands.values.allSatisfy { $0.state == .refused && $0.rejectText?.contains("was left at uid") == true })
        #expect(daemon.journal.commands.count == 4)
        let kinds = Set(daemon.journal.breaks.values.map(\.kind))
        #expect(kinds == [.identity], "\(daemon.journal.breaks.values.map(\.detail))")
        #expect(daemon.journal.breaks.values.contains { $0.detail.contains("3 live and 0 in doubt") && $0.detail.contains("order.resolve") })
        let killed = try House.hear(daemon.command(.killStatus(nil)), daemon).get()
        #expect(killed["accounts"]?.array?.first?["live_or_unknown"]?.integer == 3, "\(killed)")
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a person says of an order left behind that it lives no more, and it counts no more`() throws {
        let (daemon, _) = try Self.moved("xt-spot")
        let id = Self.orders(daemon)[1].clientOrderID
        #expect(try House.error(daemon.command(.orderResolve(id, isPlaced: true, reason: "there")), daemon) != nil, "it is known to be placed")
        #expect(try House.error(daemon.command(.orderResolve(id, isPlaced: false, reason: "cancelled by hand")), daemon) == nil)
        let order = Self.orders(daemon)[1]
        #expect(order.state == .canceled && order.evidence == .operator && order.rejectText == "cancelled by hand")
        #expect(daemon.journal.breaks.values.contains { $0.detail.contains("2 live and 0 in doubt") })
        // And what is open here under its id is still not it.
        daemon.run(forUs: .seconds(30))
        #expect(Self.orders(daemon)[1].state == .canceled && daemon.journal.commands.isEmpty)
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: House.venues)
    func `orders left behind are the account's again once it is back with nothing moved`(venue: String) throws {
        let daemon = try House.ready(venue) { $0.setups[0].origin = "https://first" }
        daemon.submit(try House.intent(venue, orders: 2, id: "left"))
        #expect(House.settled(daemon, "left"))
        daemon.crash()
        daemon.run(forUs: .seconds(10))
        try Self.rebind(daemon, venue, to: "https://second", isSame: false)
        #expect(try Self.rebind(daemon, venue, to: "https://third", isSame: true).words == "2 orders left behind before stay there")
        #expect(try Self.rebind(daemon, venue, to: "https://first", isSame: false).words == "2 orders left behind before stay there")
        #expect(Self.orders(daemon).allSatisfy { $0.bars == .elsewhere })
        #expect(try Self.rebind(daemon, venue, to: nil, isSame: true).words == "2 live orders are the account's again")
        try Self.restart(daemon)
        daemon.command(.intentCancel("left"))
        #expect(daemon.run(forUs: .seconds(60)) { Self.orders(daemon).allSatisfy { $0.state == .canceled && $0.bars == [] } })
        #expect(daemon.journal.breaks.isEmpty && daemon.violations.isEmpty, "\(daemon.journal.breaks.values.map(\.detail))")
    }

    @Test func `an order called absent is looked for to the end, also once all that was known to be executed of it is listed`() throws {
        let daemon = try House.ready("xt-spot") { $0.setups[0].origin = "https://first" }
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "left"))
        #expect(House.settled(daemon, "left"))
        let exchange = try #require(daemon.world.venue(named: "xt-spot")?.exchange)
        #expect(daemon.run(forUs: .seconds(60)) { Self.orders(daemon)[0].state == .working })
        exchange.fill(exchange.orders[0], quantity: Decimal("0.0001"), at: daemon.venueTime)
        #expect(daemon.run(forUs: .seconds(60)) { Self.orders(daemon)[0].state == .partiallyFilled })
        daemon.crash()
        daemon.run(forUs: .seconds(10))
        try Self.rebind(daemon, "xt-spot", to: "https://second", isSame: false)
        try Self.restart(daemon)
        let (id, key) = (Self.orders(daemon)[0].clientOrderID, Self.orders(daemon)[0].key)
        #expect(try House.error(daemon.command(.orderResolve(id, isPlaced: false, reason: "not there")), daemon) == nil)
        daemon.run(forUs: .seconds(60))
        exchange.fill(exchange.orders[0], at: daemon.venueTime)
        daemon.crash()
        daemon.run(forUs: .seconds(10))
        try Self.rebind(daemon, "xt-spot", to: "https://first", isSame: true)
        // The venue lists its executions as of before, and says nothing of orders until the next process.
        var executions = FaultRule(.staleReplica(.init(40_000)))
        executions.endpoint = "trade"
        daemon.world.setFaults([executions, ProofTests.fault(.serverError(status: 503, body: .empty, executes: false), .lookup)])
        try daemon.start()
        daemon.run(forUs: .seconds(5))
        #expect(daemon.world.ledger.requests.contains { $0.endpoint == "trade" && $0.status == 200 })
        #expect(try daemon.journal.load().unlisted.map(\.key) == [key])
        daemon.crash()
        daemon.world.setFaults([])
        try Self.restart(daemon)
        #expect(daemon.run(forUs: .seconds(60)) { Self.orders(daemon)[0].state == .filled })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `each order stays where it was left, whatever places the account comes through`() throws {
        let daemon = try House.ready("xt-spot") { $0.setups[0].origin = "https://a" }
        func place(_ id: String, orders: Int) throws {
            try Self.restart(daemon)
            daemon.submit(try House.intent("xt-spot", orders: orders, id: id))
            #expect(House.settled(daemon, IntentID(id)))
            daemon.crash()
            daemon.run(forUs: .seconds(10))
        }
        daemon.crash()
        daemon.run(forUs: .seconds(10))
        try place("at-a", orders: 2)
        #expect(try Self.rebind(daemon, "xt-spot", to: "https://b", isSame: false).words == "2 live orders are left behind")
        try place("at-b", orders: 1)
        let third = try Self.rebind(daemon, "xt-spot", to: "https://c", isSame: false).words
        #expect(third == "1 live order is left behind, 2 orders left behind before stay there")
        let back = try Self.rebind(daemon, "xt-spot", to: "https://a", isSame: true).words
        #expect(back == "2 live orders are the account's again, 1 order left behind before stays there")
        let again = try Self.rebind(daemon, "xt-spot", to: "https://b", isSame: false).words
        #expect(again == "2 live orders are left behind, 1 order left behind before stays there")
        let last = try Self.rebind(daemon, "xt-spot", to: nil, isSame: true).words
        #expect(last == "1 live order is the account's again, 2 orders left behind before stay there")
        #expect(Self.orders(daemon).map(\.bars) == [.elsewhere, .elsewhere, []])
    }
}
