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

    @Test func `who waits for an intent that was canceled hears of it when the venue confirmed the cancels`() throws {
        let daemon = try Self.placed("xt-spot", orders: 3)
        #expect(try House.error(daemon.command(.intentCancel("old")), daemon) == nil)
        let wait = daemon.command(.intentWait("old", untilSettled: true, timeoutMs: 60_000))
        #expect(try House.error(wait, daemon) == nil)
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled }, "\(daemon.journal.orders.values.map(\.state))")
        #expect(daemon.journal.commands.values.allSatisfy { $0.state == .done && $0.intent == daemon.journal.intent("old")?.key })
    }

    @Test func `who may see an account no more is answered at once as if there were none, whatever he waits for, and nobody else is`() throws {
        let daemon = try Self.placed("xt-spot", orders: 2)
        // Nothing is answered in the meantime.
        daemon.world.setFaults([FaultRule(.delay(Fault.Milliseconds(9_000, 9_000)))])
        daemon.submit(try House.intent("xt-spot", orders: 2, id: "new"))
        let budget = try #require(try House.profile("xt-spot").budgets.first { $0.name == "batch-place" })
        func take(on connection: UInt64) -> OMSCore.Ticket {
            daemon.command(.limitTake("xt-spot", budget: budget.name, permits: budget.permits, holdMs: 30_000), on: connection)
        }
        _ = try House.hear(take(on: 3), daemon).get()
        func waiting(on connection: UInt64) -> [OMSCore.Ticket] {
            let wait = daemon.command(.intentWait("new", untilSettled: true, timeoutMs: 60_000), on: connection)
            return [daemon.command(.reconcile("xt-spot"), on: connection), take(on: connection), wait]
        }
        let (his, hers) = (waiting(on: 7), waiting(on: 8))
        daemon.run(forUs: .seconds(1))
        #expect((his + hers).map { daemon.answers[$0] == nil } == Array(repeating: true, count: 6))
        daemon.grant(Rights(visible: [], less: [:]), on: 7)
        daemon.run(forUs: .milliseconds(1))
        #expect(his.map { if case .failure(let error) = daemon.answers[$0] { error.code } else { 0 } } == [1001, 1001, 1007])
        #expect(hers.map { daemon.answers[$0] == nil } == [true, true, true])
        #expect(try hers.map { try House.hear($0, daemon, withinUs: .seconds(300)).get() }.count == 3)
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `the wait for a canceled intent goes on after a restart`() throws {
        let daemon = try Self.placed("xt-spot", orders: 3)
        #expect(try House.error(daemon.command(.intentCancel("old")), daemon) == nil)
        daemon.crash()
        try daemon.start()
        let wait = daemon.command(.intentWait("old", untilSettled: true, timeoutMs: 60_000))
        #expect(try House.error(wait, daemon) == nil)
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled }, "\(daemon.journal.orders.values.map(\.state))")
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `the cancel of an intent does not wait behind its places, whatever it was told to send first`() throws {
        let daemon = try House.ready("xt-spot")
        // The second request's answer takes its time: some orders rest, some are on their way.
        var rule = FaultRule(.delay(Fault.Milliseconds(3_000, 3_000)))
        (rule.kind, rule.after) = (.place, 1)
        daemon.world.setFaults([rule])
        var intent = try House.intent("xt-spot", orders: 150, id: "mixed")
        intent.sequence = .placeFirst
        daemon.submit(intent)
        daemon.run(forUs: .seconds(5)) { daemon.journal.orders.values.contains { $0.state == .acknowledged } }
        #expect(daemon.journal.orders.values.contains { $0.state == .submitted })
        #expect(try House.error(daemon.command(.intentCancel("mixed")), daemon) == nil)
        daemon.run(forUs: .seconds(1)) { daemon.world.ledger.requests.contains { $0.kind == .cancel } }
        #expect(daemon.journal.orders.values.contains { $0.state == .submitted })
        #expect(daemon.world.ledger.requests.contains { $0.kind == .cancel })
        let wait = daemon.command(.intentWait("mixed", untilSettled: true, timeoutMs: 60_000))
        #expect(try House.error(wait, daemon) == nil)
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled })
    }

    private static let listings: [ControlCommand] = {
        var filter = OrderFilter()
        filter.account = "nobody"
        return [
            .orderList(filter), .fillList(filter), .breakList(filter), .intentList(account: "nobody", after: nil, limit: 1),
            .subscribe(afterSeq: 0, account: "nobody"),
        ]
    }()

    @Test func `a listing of an account that neither configuration nor journal knows is refused, not empty`() throws {
        let daemon = try Self.placed("xt-spot", orders: 1)
        for command in Self.listings { #expect(try House.error(daemon.command(command), daemon)?.code == 1001, "\(command)") }
        daemon.crash()
        var filter = OrderFilter()
        filter.account = "xt-spot"
        try daemon.start()
        #expect(try House.error(daemon.command(.orderList(filter)), daemon) == nil)
    }
}
