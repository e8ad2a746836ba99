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

    @Test(arguments: ["bitget-uta", "az-futures"], [200, 700, 2_500] as [Int64])
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

    @Test(arguments: ["bitget-uta", "xt-spot", "az-futures"])
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
}
