import OMSCore
import Simulator
import Testing

/// Orders that close at once, faster than a venue can be asked about them one by one.
@Suite struct LookupShareTests {
    /// 200 single orders a second at 200 ms there and back: forty connections, and places need 33 of them.
    private static func busy(orders: Int, faults: [FaultRule] = []) throws -> VirtualDaemon {
        let daemon = try House.ready("az-futures") {
            $0.setups[0].batchMax = 1
            $0.latencyUs = 100_000...100_000
            $0.turnsMax = 200_000
        }
        daemon.world.setFaults(faults)
        var intent = try House.intent("az-futures", orders: orders, id: "busy")
        for index in intent.place.indices { intent.place[index].terms.timeInForce = .ioc }
        daemon.submit(intent)
        return daemon
    }

    @Test func `places keep their rate while thousands of closed orders wait to be asked about, and these are asked about too`() throws {
        let daemon = try Self.busy(orders: 6_000)
        daemon.run(forUs: .seconds(12))
        let from = daemon.world.now
        let closedBefore = daemon.journal.orders.values.count { $0.state.isTerminal }
        daemon.run(forUs: .seconds(15))

        let places = daemon.world.ledger.requests.count { $0.kind == .mixed && $0.at > from }
        let most = 200.0 / (1.0 + 0.02 + 0.2) * 15
        #expect(Double(places) >= 0.9 * most, "\(places) of \(most)")
        let closed = daemon.journal.orders.values.count { $0.state.isTerminal } - closedBefore
        #expect(closed >= 15 * 20, "\(closed) were asked about in 15 s")
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `an order in doubt is asked about before thousands that only closed`() throws {
        var lost = FaultRule(.loseReplyAfterExecution(.reset))
        (lost.kind, lost.after, lost.count) = (.mixed, 2_000, 1)
        let daemon = try Self.busy(orders: 6_000, faults: [lost])
        let isLost = daemon.run(forUs: .seconds(60)) { daemon.journal.orders.values.contains { $0.state == .inDoubt } }
        #expect(isLost)
        let order = try #require(daemon.journal.orders.values.first { $0.state == .inDoubt })
        let isSettled = daemon.run(forUs: .seconds(2)) { daemon.journal.order(order.clientOrderID)?.state != .inDoubt }
        #expect(isSettled)
    }
}
