import OMSCore
import Simulator
import Testing
import Venues

/// Who goes first where requests weigh more than one: what cancels wait for, and what they leave.
extension WeighingTests {
    private static func cancel(_ venue: String, _ order: ClientOrderID, _ id: IntentID) -> Intent {
        var intent = Intent(account: AccountID(venue), id: id)
        intent.cancel = [.order(order)]
        return intent
    }

    private static func resting(_ daemon: VirtualDaemon) -> [ClientOrderID] {
        daemon.journal.orders.values.filter(\.state.isLive).sorted { $0.key < $1.key }.map(\.clientOrderID)
    }

    @Test func `heavy places that are due keep no cancel waiting for which there are permits`() throws {
        let daemon = try House.ready("xt-spot") { options in
            options.setups[0].reconcileIntervalMs = 600_000
            Self.replace(&options.setups[0]) { HeavyPlaces(base: $0) }
        }
        daemon.submit(try House.intent("xt-spot", orders: 30, id: "old"))
        #expect(House.settled(daemon, "old", withinUs: .seconds(60)))
        daemon.run(forUs: .seconds(5))
        var late: [Int] = []
        for (number, order) in Self.resting(daemon).enumerated() {
            if number == 6 { daemon.submit(try House.intent("xt-spot", orders: 10, id: "new")) }
            let known = daemon.world.ledger.requests.count { $0.kind == .cancel }
            daemon.submit(Self.cancel("xt-spot", order, IntentID("c\(number)")))
            daemon.run(forUs: .milliseconds(350))
            if daemon.world.ledger.requests.count(where: { $0.kind == .cancel }) == known { late.append(number) }
        }
        #expect(late.isEmpty, "of 30 cancels, these waited for places: \(late)")
        // Places go once no cancel comes before them.
        #expect(House.settled(daemon, "new", withinUs: .seconds(30)) && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `cancels that are refused for ever take a fifth of a limit that counts orders`() throws {
        let daemon = try Self.ready { $0.setups[0].reconcileIntervalMs = 10_000 }
        daemon.submit(try House.intent("xt-spot", orders: 50, id: "old"))
        #expect(House.settled(daemon, "old", withinUs: .seconds(60)))
        daemon.world.setFaults([EngineCancelTests.fault(.itemError(code: "98765", message: "not just now", share: 1), .cancel)])
        let known = daemon.world.ledger.requests.count
        daemon.submit(EngineCancelTests.cancelAll("xt-spot", "gone"))
        daemon.run(forUs: .seconds(60))
        let sent = daemon.world.ledger.requests.dropFirst(known).filter { $0.kind == .cancel }.map(\.items)
        let items = sent.reduce(0, +)
        // Each once, then 7 a second by five at most: the look-ups behind them take of the same fifth.
        #expect((55...50 + 60 * 7 / 5 + 7).contains(items), "\(items) of \(sent)")
        #expect(daemon.world.limitCounts.allSatisfy { $0.violations == 0 } && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `new orders that ride with cancels leave the reserve to the next cancels`() throws {
        let daemon = try House.ready("az-futures") { options in
            options.setups[0].reconcileIntervalMs = 600_000
            Self.replace(&options.setups[0]) { CountedMixes(base: $0) }
        }
        daemon.submit(try House.intent("az-futures", orders: 2, id: "old"))
        #expect(House.settled(daemon, "old", withinUs: .seconds(60)))
        daemon.run(forUs: .seconds(5))
        let orders = Self.resting(daemon)
        daemon.submit(try House.intent("az-futures", orders: 40, id: "new"))
        for (number, order) in orders.enumerated() { daemon.submit(Self.cancel("az-futures", order, IntentID("c\(number)"))) }
        daemon.run(forUs: .milliseconds(300))
        let left = daemon.journal.orders.values.count { $0.intentID == "new" && $0.state != .intended }
        // Six of ten are for orders, whoever they travel with; the other four are the cancels'.
        #expect((4...6).contains(left), "\(left)")
        #expect(daemon.journal.orders.values.filter { $0.intentID == "old" }.allSatisfy { $0.state == .canceled })
        #expect(House.settled(daemon, "new", withinUs: .seconds(60)) && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `another program takes permits of a market's own limit before any order of ours did, and of no market that there is not`() throws {
        let daemon = try WeighingTests.ready()
        let symbol = try House.sample("xt-spot").markets[1].symbol.text
        func take(_ budget: String) throws -> ControlCommand { .limitTake("xt-spot", budget: budget, permits: 6, holdMs: 1_000) }
        _ = try House.hear(daemon.command(try take("market/\(symbol)")), daemon).get()
        #expect(try House.error(daemon.command(try take("market/none_usdt")), daemon)?.code == -32602)
        #expect(try House.error(daemon.command(try take("market")), daemon)?.code == -32602)
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }
}

/// XT, but that a batch of places weighs eight of ten, whatever it holds, and all else one.
private struct HeavyPlaces: AdapterOver {
    let base: any VenueAdapter
    var profile: VenueProfile {
        var profile = base.profile
        profile.budgets = [OMSCore.BudgetRule("weight", 10, perMs: 1_000, scope: .uid, reserve: 0, heaviest: 8)]
        return profile
    }

    func charges(of content: RequestPlan.Content) -> [Charge] {
        if case .place = content { [Charge("weight", weight: 8)] } else { ["weight"] }
    }
}

/// AZ, but that orders and cancels count, not the request that carries both.
private struct CountedMixes: AdapterOver {
    let base: any VenueAdapter
    var profile: VenueProfile {
        var profile = base.profile
        profile.budgets = [
            OMSCore.BudgetRule("items", 10, perMs: 1_000, scope: .uid, reserve: 4), OMSCore.BudgetRule("requests", 50, perMs: 1_000, scope: .uid),
        ]
        return profile
    }

    func charges(of content: RequestPlan.Content) -> [Charge] {
        if case .mixed(let places, let cancels, _) = content { [Charge("items", items: places.count + cancels.count)] } else { ["requests"] }
    }
}
