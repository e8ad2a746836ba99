import OMSCore
import Testing
import Venues

@testable import Simulator

/// What of OKX stretches the engine: a deadline that requests bear, limits by market and by account, batches that stand or fall as one, a 429 that says nothing,
/// a memory of two hours, no cancel-all.
@Suite struct `OKX and the engine` {
    private static let venue = "okx"

    private func orders(_ daemon: VirtualDaemon) -> [Order] { daemon.journal.orders.values.sorted { $0.key < $1.key } }
    private func exchange(_ daemon: VirtualDaemon) throws -> Exchange { try #require(daemon.world.venue(named: Self.venue)?.exchange) }

    /// An account that trades perpetual contracts, in the place of the house's.
    private static func swaps() throws -> AccountSetup {
        let adapter = try #require(VenueCatalog.adapter(venue: venue, product: "swap"))
        let account = try #require([SimAccount].standard.first { $0.venue == venue && $0.products == ["swap"] })
        var setup = AccountSetup(id: AccountID(venue), uid: account.uid, keyFingerprint: "f-\(venue)", rules: adapter)
        (setup.freshnessMs, setup.holdUnansweredMs, setup.reconcileIntervalMs) = (3_000, 2_000, 2_000)
        return setup
    }

    private static func contracts(orders: Int, id: String) throws -> Intent {
        let terms = try #require(VenueCatalog.sample(venue: venue, product: "swap")).order
        var intent = Intent(account: AccountID(venue), id: IntentID(id))
        intent.place = Array(repeating: PlaceItem(terms: terms), count: orders)
        return intent
    }

    // MARK: The deadline

    @Test func `a place that comes in behind its deadline is refused, though its stamp is good for long, and what was sent again is the only order`()
        throws
    {
        // The venue's own windows: 30 s for stamps, and the 5 s that places name.
        let daemon = try House.ready(Self.venue) {
            ($0.setups[0].freshnessMs, $0.world.freshnessMs) = (nil, nil)
            $0.setups[0].holdUnansweredMs = 20_000
        }
        daemon.world.setFaults([EngineCancelTests.fault(.executeLate(.init(10_000), .reset), .place, count: 1)])
        daemon.submit(try House.intent(Self.venue, orders: 2, id: "late"))
        #expect(House.settled(daemon, "late", withinUs: .seconds(120)))
        #expect(orders(daemon).allSatisfy { $0.state.isLive && $0.attempts == 2 }, "\(orders(daemon).map { ($0.state, $0.attempts) })")
        let places = daemon.world.ledger.requests.filter { $0.kind == .place }
        #expect(places.contains { $0.outcome == .refused && $0.refusal == "50036" }, "\(places.map { ($0.outcome, $0.refusal ?? "-") })")
        #expect(try exchange(daemon).orders.count == 2 && daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    // MARK: Answers

    @Test(arguments: [false, true]) func `a 429 of systems that are busy leaves orders in doubt, whatever became of them`(executes: Bool) throws {
        let daemon = try House.ready(Self.venue)
        daemon.world.setFaults([
            EngineCancelTests.fault(.venueError(code: "50013", message: "Systems are busy", status: 0, executes: executes), .place, count: 1)
        ])
        daemon.submit(try House.intent(Self.venue, orders: 3, id: "busy"))
        #expect(House.settled(daemon, "busy", withinUs: .seconds(120)))
        #expect(daemon.world.ledger.requests.contains { $0.kind == .place && $0.status == 429 })
        #expect(orders(daemon).allSatisfy { $0.state.isLive && $0.attempts == (executes ? 1 : 2) }, "\(orders(daemon).map(\.attempts))")
        #expect(try exchange(daemon).orders.count == 3 && daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `of a batch that stands or falls as one the blamed are rejected, and the innocent go out again`() throws {
        let daemon = try House.ready(Self.venue) { $0.world.switches.append(("okx/account_level", "4")) }
        daemon.world.setFaults([
            EngineCancelTests.fault(.itemError(code: "51008", message: "Insufficient balance", share: 0.2), .place, count: 1)
        ])
        daemon.submit(try House.intent(Self.venue, orders: 20, id: "one"))
        #expect(House.settled(daemon, "one", withinUs: .seconds(120)))
        let refused = orders(daemon).filter { $0.state == .rejected }
        #expect(!refused.isEmpty && refused.allSatisfy { $0.rejectCode == "51008" && $0.attempts == 1 }, "\(refused.map(\.rejectCode))")
        let innocent = orders(daemon).filter { $0.state != .rejected }
        #expect(!innocent.isEmpty && innocent.allSatisfy { $0.state.isLive && $0.attempts == 2 }, "\(innocent.map { ($0.state, $0.attempts) })")
        #expect(daemon.journal.ends.values.allSatisfy { $0.outcome != .inDoubt })
        #expect(try exchange(daemon).orders.count == innocent.count && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    // MARK: Limits

    @Test(arguments: [(30, 40), (7, 20)]) func `what is beyond the account's own limit goes out later, once each, and nothing of it is in doubt`(
        permits: Int, count: Int
    ) throws {
        // The venue allows fewer than its page says: who trades little may be told so from one day to the next.
        let swaps = try Self.swaps()
        let daemon = try House.ready(Self.venue) {
            $0.setups = [swaps]
            $0.world.limits.append(("okx/account-orders", permits))
        }
        daemon.auditor.lowered = ["okx/account-orders"]
        daemon.submit(try Self.contracts(orders: count, id: "many"))
        #expect(House.settled(daemon, "many", withinUs: .seconds(300)))
        #expect(orders(daemon).count == count && orders(daemon).allSatisfy { $0.state.isLive }, "\(orders(daemon).map(\.state))")
        #expect(daemon.world.ledger.requests.contains { $0.kind == .place && $0.outcome == .partial })
        #expect(try exchange(daemon).orders.count == count && daemon.world.duplicates.isEmpty)
        #expect(daemon.journal.ends.values.allSatisfy { $0.outcome != .inDoubt } && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `orders that leave one by one are held to the limit of single orders, never beyond it`() throws {
        let daemon = try House.ready(Self.venue) { $0.setups[0].batchMax = 1 }
        let start = daemon.time
        daemon.submit(try House.intent(Self.venue, orders: 150, id: "singly"))
        #expect(House.settled(daemon, "singly", withinUs: .seconds(60)))
        // Sixty in two seconds: the last of a hundred and fifty leave behind two windows.
        #expect(daemon.time - start > .seconds(4), "\(daemon.time - start) us")
        let singles = daemon.world.limitCounts.filter { $0.venue == Self.venue && $0.rule.name == "place" }
        #expect(singles.contains { $0.busiestWindow == 60 } && daemon.world.limitCounts.allSatisfy { $0.violations == 0 }, "\(singles)")
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `orders of which one would find room, and none a permit to leave alone, wait in peace`() throws {
        let daemon = try House.ready(Self.venue) {
            var (alone, together) = (LimitSetting(budget: "place"), LimitSetting(budget: "batch-place"))
            (alone.permits, together.permits) = (1, 2)
            $0.setups[0].limits = [alone, together]
            $0.setups[0].holdUnansweredMs = 20_000
        }
        daemon.world.setFaults([EngineCancelTests.fault(.loseReplyAfterExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent(Self.venue, orders: 1, id: "lost"))
        daemon.run(forUs: .seconds(1))
        daemon.submit(try House.intent(Self.venue, orders: 2, id: "waiting"))
        let turns = daemon.turns
        daemon.run(forUs: .seconds(15))
        #expect(daemon.turns - turns < 500, "\(daemon.turns - turns) turns")
        #expect(orders(daemon).filter { $0.intentID == "waiting" }.allSatisfy { $0.state == .intended && $0.attempts == 0 })
        #expect(House.settled(daemon, "waiting", withinUs: .seconds(60)) && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    // MARK: Memory, and the timer

    @Test func `a lost order of which nothing could be asked for two hours is parked, not sent again`() throws {
        let daemon = try House.ready(Self.venue) {
            $0.turnsMax = 2_000_000
            $0.setups[0].reconcileIntervalMs = 600_000
        }
        daemon.world.setFaults([
            EngineCancelTests.fault(.loseReplyAfterExecution(.reset), .place, count: 1),
            EngineCancelTests.fault(.serverError(status: 503, body: .html, executes: false), .lookup),
        ])
        daemon.submit(try House.intent(Self.venue, orders: 1, id: "one"))
        daemon.run(forUs: .seconds(30))
        let exchange = try exchange(daemon)
        for order in exchange.orders { exchange.cancel(order, at: daemon.world.now) }
        daemon.run(forUs: .seconds(7_300))
        daemon.world.setFaults([])
        daemon.run(forUs: .seconds(600))
        let order = try #require(orders(daemon).first)
        #expect(order.state == .inDoubt && order.parkedAt != nil && order.attempts == 1, "\(order.state) \(order.attempts)")
        #expect(exchange.orders.count == 1)
    }

    /// Its timer would take every product's orders of the user, also those of other accounts here and what is sent again within its ten seconds.
    @Test func `a kill of everything cancels ours by id, says that there is no cancel-all, and sets no timer`() throws {
        let daemon = try EngineCancelTests.placed(Self.venue, orders: 3)
        let exchange = try exchange(daemon)
        let uid = try #require(daemon.setups.first?.uid)
        var ticket = Ticket(symbol: "BTC-USDT", side: .buy, quantity: Decimal(1), clientID: "others", product: "spot")
        ticket.price = Decimal(50_000)
        let other = exchange.placeExternally(ticket, uid: uid, at: daemon.world.now)
        daemon.command(.setState(AccountID(Self.venue), .halted, reason: "out", cancelOpen: true, everything: true))
        #expect(daemon.run(forUs: .seconds(10)) { orders(daemon).allSatisfy { $0.state == .canceled } }, "\(orders(daemon).map(\.state))")
        daemon.run(forUs: .seconds(30))
        #expect(!daemon.world.ledger.requests.contains { $0.endpoint == "cancel-all-after" })
        #expect(other.state.isLive || other.reason != "cancel_all_after", "\(other.reason)")
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }
}
