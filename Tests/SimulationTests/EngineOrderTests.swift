import OMSCore
import Simulator
import Testing

/// What goes before what, who shares with whom, and what is done about orders of others.
@Suite struct EngineOrderTests {
    private static func fault(_ fault: Fault, _ kind: Route.Kind?, count: Int? = nil) -> FaultRule {
        var rule = FaultRule(fault)
        (rule.kind, rule.count) = (kind, count)
        return rule
    }

    private static func placed(_ venue: String, orders: Int) throws -> VirtualDaemon {
        let daemon = try House.ready(venue)
        daemon.submit(try House.intent(venue, orders: orders, id: "old"))
        #expect(House.settled(daemon, "old"))
        return daemon
    }

    @Test func `a single order leaves in the turn that accepts it`() throws {
        let daemon = try House.ready("xt-spot")
        let ticket = daemon.submit(try House.intent("xt-spot", orders: 1, id: "now"))
        let before = daemon.turns
        daemon.run(forUs: .seconds(1)) { daemon.answers[ticket] != nil }
        #expect(daemon.turns == before + 1)
        #expect(daemon.journal.requests.values.contains { $0.kind == .place })
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .submitted })
    }

    @Test(arguments: [false, true]) func `places wait until their intent's cancels are answered or timed out`(isLost: Bool) throws {
        let daemon = try Self.placed("xt-spot", orders: 2)
        if isLost { daemon.world.setFaults([Self.fault(.loseReplyAfterExecution(.silence), .cancel, count: 1)]) }
        let start = daemon.world.ledger.requests.count
        var intent = try House.intent("xt-spot", orders: 2, id: "swap")
        intent.cancel = [.matching(symbol: nil, side: nil)]
        daemon.submit(intent)
        #expect(House.settled(daemon, "swap"))
        let requests = daemon.world.ledger.requests.dropFirst(start)
        let cancel = try #require(requests.first { $0.kind == .cancel })
        let place = try #require(requests.first { $0.kind == .place })
        #expect(place.at - cancel.at >= (isLost ? 4_900_000 : 500), "\(place.at - cancel.at)")
        #expect(daemon.journal.orders.values.count { $0.state == .canceled } == 2)
    }

    @Test func `with place_first the places leave at once and the cancels after their answer`() throws {
        let daemon = try Self.placed("xt-spot", orders: 2)
        let start = daemon.world.ledger.requests.count
        var intent = try House.intent("xt-spot", orders: 2, id: "swap")
        (intent.cancel, intent.sequence) = ([.matching(symbol: nil, side: nil)], .placeFirst)
        daemon.submit(intent)
        #expect(House.settled(daemon, "swap"))
        let requests = daemon.world.ledger.requests.dropFirst(start)
        let cancel = try #require(requests.first { $0.kind == .cancel })
        let place = try #require(requests.first { $0.kind == .place })
        #expect(place.at < cancel.at)
        #expect(daemon.journal.orders.values.count { $0.state == .canceled } == 2)
        #expect(daemon.journal.orders.values.count { $0.state.isLive } == 2)
    }

    @Test func `two large intents advance side by side`() throws {
        let daemon = try House.ready("bitget-uta")
        for id in ["one", "two"] { daemon.submit(try House.intent("bitget-uta", orders: 1_000, id: id)) }
        daemon.run(forUs: .seconds(60)) { daemon.journal.orders.values.count { $0.attempts > 0 } >= 600 }
        let sent = Dictionary(grouping: daemon.journal.orders.values.filter { $0.attempts > 0 }, by: \.intentID).mapValues(\.count)
        let (one, two) = (sent["one"] ?? 0, sent["two"] ?? 0)
        #expect(one + two >= 600 && abs(one - two) <= 60, "\(one) and \(two)")
    }

    @Test func `a venue that wants one symbol a request gets one`() throws {
        let daemon = try House.ready("bitget-margin")
        var intent = try House.intent("bitget-margin", orders: 60, id: "mixed")
        for index in stride(from: 0, to: 60, by: 2) {
            intent.place[index].terms.symbol = "ETHUSDT"
            intent.place[index].terms.price = Decimal(2_000)
        }
        let ticket = daemon.submit(intent)
        #expect(try House.error(ticket, daemon) == nil)
        #expect(House.settled(daemon, "mixed"))
        for orders in daemon.journal.carried.values {
            #expect(Set(orders.compactMap { daemon.journal.orders[$0]?.terms.symbol }).count == 1)
        }
    }

    @Test func `a clock that was refused is measured again, and the orders are not rejected`() throws {
        let daemon = try House.ready("xt-spot")
        var rule = FaultRule(.clock(offsetMs: 60_000, driftPpm: 0))
        rule.venue = "xt-spot"
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent("xt-spot", orders: 2, id: "clock"))
        #expect(House.settled(daemon, "clock"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive && $0.rejectCode == nil && $0.attempts == 2 })
    }

    @Test func `maintenance makes orders wait, not fail`() throws {
        let daemon = try House.ready("bitget-uta")
        daemon.world.setFaults([Self.fault(.maintenance, .place, count: 1)])
        daemon.submit(try House.intent("bitget-uta", orders: 2, id: "night"))
        #expect(House.settled(daemon, "night"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive })
        let times = daemon.world.ledger.requests.filter { $0.kind == .place }.map(\.at)
        #expect(times.count == 2 && times[1] - times[0] >= 4_900_000, "\(times)")
    }

    @Test func `an open cancel of an order in doubt stops its resend`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "doubt"))
        daemon.run(forUs: .seconds(5)) { daemon.journal.orders.values.contains { $0.state == .inDoubt } }
        var cancel = Intent(account: "xt-spot", id: "cancel")
        cancel.cancel = [.matching(symbol: nil, side: nil)]
        daemon.submit(cancel)
        #expect(House.settled(daemon, "doubt") && House.settled(daemon, "cancel"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .abandoned && $0.attempts == 1 })
        #expect(daemon.journal.commands.values.allSatisfy { $0.state == .done && $0.attempts == 0 })
    }

    @Test func `a doubt that look-ups cannot settle is parked two minutes after the fence, not before, and no more once it is settled`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.world.setFaults([
            Self.fault(.loseReplyBeforeExecution(.reset), .place), Self.fault(.serverError(status: 502, body: .html, executes: false), .lookup),
        ])
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "parked"))
        daemon.run(forUs: .seconds(110))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .inDoubt && $0.parkedAt == nil })
        let isParked = daemon.run(forUs: .seconds(60)) { daemon.journal.orders.values.allSatisfy { $0.parkedAt != nil } }
        #expect(isParked)
        daemon.world.setFaults([])
        #expect(House.settled(daemon, "parked", withinUs: .seconds(200)), "it is still asked about now and then")
        #expect(daemon.journal.orders.values.allSatisfy { $0.parkedAt == nil })
        #expect(daemon.journal.folded.values.allSatisfy { $0["parked_at"] == .none }, "the record says so, too")
    }

    @Test(arguments: [false, true]) func `an order of somebody else is a break, and goes where policy says so`(cancels: Bool) throws {
        let daemon = try House.ready("xt-spot") { $0.setups[0].cancelsExternalOrders = cancels }
        let exchange = try #require(daemon.world.venue(named: "xt-spot")?.exchange)
        let account = try #require(daemon.world.accounts(of: "xt-spot").first { $0.products.contains("spot") })
        var ticket = Simulator.Ticket(
            symbol: "btc_usdt", side: .buy, quantity: Decimal("0.01") ?? .one, clientID: "other1", product: "spot")
        ticket.price = Decimal(39_000)
        let order = exchange.placeExternally(ticket, uid: account.uid, at: daemon.world.now)
        let answer = try House.hear(daemon.command(.reconcile("xt-spot")), daemon).get()
        #expect(answer["breaks"]?.array?.count == 1, "\(answer)")
        #expect(daemon.journal.breaks.values.map(\.kind) == [.externalOrder])
        daemon.run(forUs: .seconds(20))
        #expect(order.state.isLive == !cancels)
        #expect(daemon.journal.breaks.isEmpty == cancels)
    }

    @Test func `a wait ends in time, and says whether it waited in vain`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.silence), .place)])
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "long"))
        let wait = daemon.command(.intentWait("long", untilSettled: true, timeoutMs: 700))
        let early = daemon.run(forUs: .milliseconds(699)) { daemon.answers[wait] != nil }
        #expect(!early)
        let inTime = daemon.run(forUs: .milliseconds(2)) { daemon.answers[wait] != nil }
        #expect(inTime)
    }

    @Test func `a limit is lent up to its share, and comes back when released`() throws {
        let daemon = try House.ready("xt-spot")
        let name = "batch-place"
        #expect(try House.error(daemon.command(.limitTake("xt-spot", budget: name, permits: 100_000, holdMs: 100)), daemon)?.code == -32602)
        #expect(try House.error(daemon.command(.limitTake("xt-spot", budget: "none", permits: 1, holdMs: 100)), daemon)?.code == -32602)
        let granted = try House.hear(daemon.command(.limitTake("xt-spot", budget: name, permits: 1, holdMs: 100_000)), daemon).get()
        let id = try #require(granted["permit_id"]?.integer)
        #expect(try House.error(daemon.command(.limitRelease(permitID: id)), daemon) == nil)
        #expect(try House.error(daemon.command(.limitRelease(permitID: id)), daemon)?.code == -32602)
    }
}

@Suite struct `Executions are asked for until they are on record` {
    @Test func `a kill between an order's close and the list of its executions loses none of them`() throws {
        let daemon = try House.daemon(["xt-spot"])
        try daemon.start()
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        var intent = try House.intent("xt-spot", orders: 1, id: "sell")
        var terms = OrderTerms(symbol: "btc_usdt", side: .sell, type: .market)
        terms.quantity = Decimal("0.01")
        intent.place = [PlaceItem(terms: terms)]
        daemon.submit(intent)
        daemon.run(forUs: .seconds(60)) { daemon.journal.orders.values.first?.state == .filled }
        let order = try #require(daemon.journal.orders.values.first)
        try #require(order.state == .filled && daemon.journal.fills.isEmpty)

        daemon.crash()
        try daemon.start()
        daemon.run(forUs: .seconds(60)) { !daemon.journal.fills.isEmpty }

        let fills = try #require(daemon.journal.fills[order.key])
        #expect(fills.values.reduce(Decimal.zero) { $0.adding($1.quantity) ?? $0 } == order.filledQuantity)
    }
}
