import OMSCore
import Simulator
import Testing
import Wire

@Suite struct `Breaks say what happened, end with their reason, and can be taken note of` {
    private static func external(_ daemon: VirtualDaemon, id: String = "other1") throws -> SimOrder {
        let exchange = try #require(daemon.world.venue(named: "xt-spot")?.exchange)
        let account = try #require(daemon.world.accounts(of: "xt-spot").first { $0.products.contains("spot") })
        var ticket = Simulator.Ticket(symbol: "btc_usdt", side: .buy, quantity: Decimal("0.01") ?? .one, clientID: id, product: "spot")
        ticket.price = Decimal(39_000)
        return exchange.placeExternally(ticket, uid: account.uid, at: daemon.world.now)
    }

    @Test func `an order proven absent after every attempt is a break of its own kind, with the reason as the order's words`() throws {
        let daemon = try House.ready("xt-spot")
        var rule = FaultRule(.loseReplyBeforeExecution(.reset))
        rule.kind = .place
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "lost"))
        #expect(House.settled(daemon, "lost", withinUs: .seconds(600)))
        let order = try #require(daemon.journal.orders.values.first)
        #expect(order.state == .abandoned && order.rejectText?.contains("attempts") == true, "\(order)")
        let broken = try #require(daemon.journal.breaks.values.first)
        #expect(daemon.journal.breaks.count == 1 && broken.kind == .abandoned)
        // Nothing at the venue will ever end it: a person does.
        let answer = daemon.command(.breakAcknowledge(broken.id, reason: "told the desk"))
        #expect(try House.error(answer, daemon) == nil)
        #expect(daemon.journal.breaks.isEmpty)
    }

    @Test func `one that a person took note of stands until its reason is gone, and is found no second time`() throws {
        let daemon = try House.ready("xt-spot")
        let order = try Self.external(daemon)
        _ = try House.hear(daemon.command(.reconcile("xt-spot")), daemon)
        let broken = try #require(daemon.journal.breaks.values.first)
        _ = try House.hear(daemon.command(.breakAcknowledge(broken.id, reason: "by hand")), daemon)
        daemon.crash()
        try daemon.start()
        let answer = try House.hear(daemon.command(.reconcile("xt-spot")), daemon).get()
        #expect(answer["breaks"]?.array?.count == 1 && answer["breaks"]?.array?[0]["acknowledged_at"]?.integer != nil, "\(answer)")
        #expect(daemon.journal.breaks.keys.sorted() == [broken.id])
        daemon.world.venue(named: "xt-spot")?.exchange.cancel(order, at: daemon.world.now)
        _ = try House.hear(daemon.command(.reconcile("xt-spot")), daemon)
        #expect(daemon.journal.breaks.isEmpty)
    }

    @Test func `what rests at the venue unknown to the record comes first in the answer of a reconciliation`() throws {
        let daemon = try House.ready("xt-spot")
        var rule = FaultRule(.loseReplyBeforeExecution(.reset))
        rule.kind = .place
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent("xt-spot", orders: 3, id: "lost"))
        #expect(House.settled(daemon, "lost", withinUs: .seconds(600)))
        _ = try Self.external(daemon)
        let answer = try House.hear(daemon.command(.reconcile("xt-spot")), daemon).get()
        #expect(answer["breaks"]?.array?.compactMap { $0["kind"]?.string } == ["external_order", "abandoned", "abandoned", "abandoned"], "\(answer)")
    }

    @Test func `a break that nobody ever found is told so`() throws {
        let daemon = try House.ready("xt-spot")
        let ticket = daemon.command(.breakAcknowledge(4_711, reason: "what?"))
        _ = try House.hear(ticket, daemon)
        #expect(daemon.journal.events.allSatisfy { $0.event.kind != .breakAcknowledged })
    }
}
