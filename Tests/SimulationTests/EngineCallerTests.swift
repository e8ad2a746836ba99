import OMSCore
import Simulator
import Testing

/// What callers may take an answer to mean.
@Suite struct EngineCallerTests {
    private static func placed(_ venue: String, orders: Int) throws -> VirtualDaemon {
        let daemon = try House.ready(venue)
        daemon.submit(try House.intent(venue, orders: orders, id: "old"))
        #expect(House.settled(daemon, "old"))
        return daemon
    }

    private static func fillAll(_ daemon: VirtualDaemon) throws {
        let exchange = try #require(daemon.world.venue(named: "xt-spot")).exchange
        for order in exchange.orders { _ = exchange.fill(order, quantity: nil, price: nil, at: daemon.world.now) }
    }

    @Test func `a reconciliation tells of what was filled after the last one, however short ago that was`() throws {
        let daemon = try Self.placed("xt-spot", orders: 2)
        #expect(try House.error(daemon.command(.reconcile("xt-spot")), daemon) == nil)
        try Self.fillAll(daemon)
        #expect(try House.error(daemon.command(.reconcile("xt-spot")), daemon) == nil)
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .filled }, "\(daemon.journal.orders.values.map(\.state))")
    }

    @Test func `a reconciliation tells of what was filled before any listing showed it`() throws {
        let daemon = try Self.placed("xt-spot", orders: 2)
        try Self.fillAll(daemon)
        #expect(try House.error(daemon.command(.reconcile("xt-spot")), daemon) == nil)
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .filled }, "\(daemon.journal.orders.values.map(\.state))")
        #expect(daemon.journal.breaks.isEmpty)
    }
}
