import Containers
import OMSCore
import Simulator
import Testing
import Venues

/// A venue that counts what requests weigh, by windows of any position and by its clock's; its count is a reading of its own.
@Suite struct WeighingTests {
    static func ready(_ seed: UInt64 = 1, adjust: (inout VirtualDaemon.Options) -> Void = { _ in }) throws -> VirtualDaemon {
        try House.ready("xt-spot") { options in
            options.seed = seed
            options.dialects = [WeighingDialect()]
            options.world.accounts.removeAll { $0.venue != "xt-spot" }
            Self.replace(&options.setups[0]) { WeighingAdapter(base: $0) }
            adjust(&options)
        }
    }

    /// The same account by other rules.
    static func replace(_ setup: inout AccountSetup, by rules: (any VenueAdapter) -> any VenueAdapter) {
        guard let adapter = setup.rules as? any VenueAdapter else { preconditionFailure("rules without an adapter") }
        var other = AccountSetup(id: setup.id, uid: setup.uid, keyFingerprint: setup.keyFingerprint, rules: rules(adapter))
        (other.freshnessMs, other.holdUnansweredMs) = (setup.freshnessMs, setup.holdUnansweredMs)
        (other.requestTimeoutMs, other.reconcileIntervalMs) = (setup.requestTimeoutMs, setup.reconcileIntervalMs)
        setup = other
    }

    /// Orders of two markets in turn.
    private static func intent(_ orders: Int, id: String) throws -> Intent {
        var intent = try House.intent("xt-spot", orders: orders, id: id)
        let markets = try House.sample("xt-spot").markets
        for index in intent.place.indices {
            let market = markets[index % 2]
            intent.place[index].terms.symbol = market.symbol
            (intent.place[index].terms.price, intent.place[index].terms.quantity) = (market.price, market.quantity)
        }
        return intent
    }

    private static func count(_ daemon: VirtualDaemon, _ budget: String) -> LimitCount? {
        daemon.world.limitCounts.first { $0.rule.name == budget }
    }

    @Test func `batches are filled by what the limits leave free, up to the last permit of each window and never beyond`() throws {
        let daemon = try Self.ready()
        let began = daemon.now.wall
        daemon.submit(try Self.intent(300, id: "many"))
        #expect(daemon.run(forUs: .seconds(100)) { daemon.journal.orders.values.count { $0.state.isLive } == 300 })
        let took = daemon.now.wall - began

        #expect(daemon.world.limitCounts.allSatisfy { $0.violations == 0 } && daemon.violations.isEmpty, "\(daemon.violations)")
        #expect(Self.count(daemon, "orders")?.busiestWindow == 10 && Self.count(daemon, "orders-day")?.busiestWindow == 60)
        // 60 in each ten seconds: the fifth day is the last, whenever the first began.
        #expect(took < .seconds(51), "\(took)")

        daemon.submit(EngineCancelTests.cancelAll("xt-spot", "gone"))
        #expect(daemon.run(forUs: .seconds(100)) { daemon.journal.orders.values.allSatisfy(\.state.isTerminal) })
        #expect(Self.count(daemon, "cancels")?.busiestWindow == 7)
        #expect(daemon.world.limitCounts.allSatisfy { $0.violations == 0 } && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: 1...24)
    func `no window is ever over by the venue's own count, whatever is lost and whenever the daemon dies`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let daemon = try Self.ready(seed) { options in
            options.setups[0].requestTimeoutMs = 1_500
            options.setups[0].reconcileIntervalMs = 3_000
            (options.weather.late, options.weather.resetThenLate, options.weather.connectFailure) = (0.05, 0.05, 0.05)
            (options.weather.droppedAtCrash, options.weather.lateAtCrash) = (0.3, 0.5)
            options.latencyUs = 500...200_000
            var lost = FaultRule(.loseReplyAfterExecution(.silence))
            lost.probability = 0.05
            let offsetMs = Int64.random(in: -5_000...5_000, using: &random)
            var clock = FaultRule(.clock(offsetMs: offsetMs, driftPpm: Int64.random(in: -200...200, using: &random)))
            clock.venue = "xt-spot"
            options.world.faults = [lost, clock]
        }
        for number in 0..<6 {
            daemon.submit(try Self.intent(Int.random(in: 1...90, using: &random), id: "n\(number)"))
            daemon.run(forUs: Int64.random(in: 0...8_000_000, using: &random))
            let death: VirtualDaemon.Death = [.kill, .powerCut, .reboot][Int.random(in: 0..<3, using: &random)]
            if Bool.random(using: &random) {
                daemon.crash(death)
                daemon.run(forUs: Int64.random(in: 0...2_000_000, using: &random))
                try daemon.start()
            }
        }
        daemon.run(forUs: .seconds(60))
        let over = daemon.world.limitCounts.filter { $0.violations > 0 }
        #expect(over.isEmpty, "seed \(seed): \(over)")
        #expect(daemon.violations.isEmpty, "seed \(seed): \(daemon.violations)")
        #expect(daemon.world.ledger.requests.contains { $0.kind == .place && $0.items > 1 })
    }

    @Test func `each market has its own limit, and a batch of several takes of all of them`() throws {
        let daemon = try Self.ready()
        daemon.submit(try Self.intent(40, id: "two"))
        #expect(daemon.run(forUs: .seconds(30)) { daemon.journal.orders.values.count { $0.state.isLive } == 40 })
        let markets = daemon.world.limitCounts.filter { $0.rule.name == "market" }
        #expect(markets.count == 2 && markets.allSatisfy { $0.violations == 0 && $0.arrivals == 20 }, "\(markets)")

        // Of one market alone no more than its own limit allows, whatever the others leave.
        daemon.submit(try House.intent("xt-spot", orders: 30, id: "one"))
        #expect(daemon.run(forUs: .seconds(30)) { daemon.journal.orders.values.count { $0.state.isLive } == 70 })
        let after = daemon.world.limitCounts.filter { $0.rule.name == "market" }
        #expect(after.map(\.busiestWindow).max() == 6 && daemon.world.limitCounts.allSatisfy { $0.violations == 0 })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `orders that go alone have a limit of their own, and those that wait for it leave as soon as two can go together`() throws {
        let daemon = try Self.ready { options in
            options.dialects = [WeighingDialect(countsLone: true)]
            Self.replace(&options.setups[0]) { adapter in
                WeighingAdapter(base: (adapter as? WeighingAdapter)?.base ?? adapter, countsLone: true)
            }
        }
        let began = daemon.now.wall
        for number in 1...3 {
            daemon.submit(try House.intent("xt-spot", orders: 1, id: "alone\(number)"))
            daemon.run(forUs: .seconds(1) / 2)
        }
        #expect(daemon.world.ledger.requests.filter { $0.kind == .place }.map(\.items) == [1, 1], "the third of its market waits")

        // Another market's goes past it, alone.
        var other = try House.intent("xt-spot", orders: 1, id: "other")
        let market = try House.sample("xt-spot").markets[1]
        other.place[0].terms.symbol = market.symbol
        (other.place[0].terms.price, other.place[0].terms.quantity) = (market.price, market.quantity)
        daemon.submit(other)
        daemon.run(forUs: .seconds(1) / 2)
        #expect(daemon.world.ledger.requests.filter { $0.kind == .place }.map(\.items) == [1, 1, 1])

        // A second one of the market's, and both go.
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "pair"))
        #expect(daemon.run(forUs: .seconds(1)) { daemon.journal.orders.values.count { $0.state.isLive } == 5 })
        #expect(daemon.world.ledger.requests.filter { $0.kind == .place }.map(\.items) == [1, 1, 1, 2] && daemon.now.wall - began < .seconds(4))

        // And one that stays alone has its turn when the limit frees it.
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "last"))
        #expect(daemon.run(forUs: .seconds(15)) { daemon.journal.orders.values.count { $0.state.isLive } == 6 })
        #expect(daemon.now.wall - began > .seconds(10))
        #expect(daemon.world.limitCounts.allSatisfy { $0.violations == 0 } && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a venue that takes orders for longer is sent none again sooner`() throws {
        /// When the second attempt left, by the venue's time since the first.
        func resent(_ freshnessMs: Int64?) throws -> Int64 {
            let daemon = try House.ready("xt-spot") { options in
                if let freshnessMs { Self.replace(&options.setups[0]) { LastingPlaces(base: $0, freshnessMs: freshnessMs) } }
            }
            var lost = FaultRule(.loseReplyBeforeExecution(.reset))
            (lost.kind, lost.count) = (.place, 1)
            daemon.world.setFaults([lost])
            daemon.submit(try House.intent("xt-spot", orders: 1, id: "lost"))
            #expect(daemon.run(forUs: .seconds(120)) { daemon.world.ledger.requests.count { $0.kind == .place } == 2 })
            let places = daemon.world.ledger.requests.filter { $0.kind == .place }
            return try #require(places.last).at - #require(places.first).at
        }
        let (plain, lasting) = (try resent(nil), try resent(25_000))
        #expect(plain < .seconds(25) && lasting > .seconds(25), "\(plain) and \(lasting)")
    }

    @Test func `heavy listings are not passed over for ever by lighter look-ups and places`() throws {
        // 40 of 100 each in two seconds, where every order in doubt asks for 4 at a time.
        let daemon = try Self.ready { $0.setups[0].reconcileIntervalMs = 4_000 }
        daemon.submit(try Self.intent(200, id: "many"))
        daemon.run(forUs: .seconds(10))
        var slow = FaultRule(.loseReplyAfterExecution(.reset))
        slow.kind = .place
        daemon.world.setFaults([slow])
        let before = daemon.world.ledger.requests.count { $0.endpoint == "open-order" }
        daemon.run(forUs: .seconds(60))
        let listings = daemon.world.ledger.requests.count { $0.endpoint == "open-order" } - before
        #expect(listings >= 5, "\(listings)")
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }
}

/// XT, but that a place is taken for longer than anything else.
private struct LastingPlaces: AdapterOver {
    let base: any VenueAdapter
    let freshnessMs: Int64
    var profile: VenueProfile {
        var profile = base.profile
        profile.freshnessMsByKind = [.place: freshnessMs]
        return profile
    }
}
