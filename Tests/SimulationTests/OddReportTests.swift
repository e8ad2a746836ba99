import OMSCore
import Testing

@testable import Simulator

/// Answers that cannot be so: more executed of an order than there is of it. What contradicts itself is no evidence, on every way in; `omsd verify` would call a
/// journal that believed it broken.
@Suite struct OddReportTests {
    private static func resting(_ venue: String) throws -> (VirtualDaemon, SimOrder) {
        let daemon = try House.ready(venue)
        daemon.submit(try House.intent(venue, orders: 1, id: "one"))
        #expect(House.settled(daemon, "one"))
        daemon.run(forUs: .seconds(10))
        return (daemon, try #require(daemon.world.venue(named: venue)?.exchange.orders.first))
    }

    private static func ours(_ daemon: VirtualDaemon) throws -> Order { try #require(daemon.journal.orders.values.first) }

    @Test(arguments: House.venues)
    func `a row that tells of more executed than there is of the order moves nothing, and is a break`(venue: String) throws {
        let (daemon, there) = try Self.resting(venue)
        let half = there.standing
        there.standing.filled = try #require(there.quantity.adding(there.quantity))
        (there.standing.state, there.standing.updatedAt) = (.partiallyFilled, daemon.venueTime)
        daemon.run(forUs: .seconds(60))
        let odd = try Self.ours(daemon)
        #expect(odd.filledQuantity.isZero && odd.state.isLive, "\(odd.state) \(odd.filledQuantity)")
        let breaks = daemon.journal.breaks.values.filter { $0.kind == .contradiction && $0.detail.contains("executed of") }
        #expect(breaks.count == 1, "\(daemon.journal.breaks)")

        // As soon as it makes sense again it is believed.
        there.standing = half
        daemon.world.venue(named: venue)?.exchange.fill(there, at: daemon.venueTime)
        daemon.run(forUs: .seconds(120))
        let now = try Self.ours(daemon)
        #expect(now.state == .filled && now.filledQuantity == now.quantity, "\(now.state) \(now.filledQuantity)")
        #expect(daemon.violations == [])
    }

    @Test(arguments: House.venues)
    func `an order in doubt of which a row tells too much stays in doubt, and is never sent again`(venue: String) throws {
        let daemon = try House.ready(venue)
        let isMixed = daemon.setups.first?.rules.profile.mixesPlaceAndCancel ?? false
        daemon.world.setFaults([EngineCancelTests.fault(.loseReplyAfterExecution(.reset), isMixed ? .mixed : .place, count: 1)])
        daemon.submit(try House.intent(venue, orders: 1, id: "one"))
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        #expect(daemon.run(forUs: .seconds(10)) { !exchange.orders.isEmpty })
        let there = try #require(exchange.orders.first)
        there.standing.filled = try #require(there.quantity.adding(there.quantity))
        there.standing.state = .partiallyFilled
        daemon.run(forUs: .seconds(300))
        let odd = try Self.ours(daemon)
        #expect(odd.state == .inDoubt && odd.attempts == 1 && odd.filledQuantity.isZero && exchange.orders.count == 1, "\(odd.state)")
        (there.standing.filled, there.standing.state) = (.zero, .open)
        daemon.run(forUs: .seconds(300))
        #expect(try Self.ours(daemon).state.isLive)
    }

    @Test func `rows of executions that come to more than the order are not booked, and are a break`() throws {
        let (daemon, there) = try Self.resting("bitget-uta")
        let exchange = try #require(daemon.world.venue(named: "bitget-uta")?.exchange)
        exchange.fill(there, quantity: there.quantity.dividedRoundingDown(by: Decimal(2)), at: daemon.venueTime)
        daemon.run(forUs: .seconds(30))
        let before = try Self.ours(daemon)
        #expect(before.state == .partiallyFilled && daemon.journal.fills[before.key]?.count == 1)
        // Once more the whole of it, beside the half.
        there.standing.filled = .zero
        exchange.fill(there, at: daemon.venueTime)
        daemon.run(forUs: .seconds(60))
        let now = try Self.ours(daemon)
        #expect(now.state == .filled && now.filledQuantity == now.quantity)
        #expect(daemon.journal.fills[now.key]?.count == 1)
        #expect(daemon.journal.breaks.values.contains { $0.kind == .contradiction && $0.detail.contains("executions") }, "\(daemon.journal.breaks)")
    }

    @Test func `an order that the venue itself shows as a larger one is believed, with what is executed of it`() throws {
        let (daemon, there) = try Self.resting("bitget-uta")
        let exchange = try #require(daemon.world.venue(named: "bitget-uta")?.exchange)
        let more = try #require(there.quantity.adding(there.quantity))
        exchange.amend(there, price: nil, quantity: more, at: daemon.venueTime)
        exchange.fill(there, at: daemon.venueTime)
        daemon.run(forUs: .seconds(60))
        let now = try Self.ours(daemon)
        #expect(now.state == .filled && now.filledQuantity == more && now.quantity == more, "\(now.filledQuantity) of \(now.quantity ?? .zero)")
        #expect(!daemon.journal.breaks.values.contains { $0.kind == .contradiction })
    }
}
