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

    @Test(arguments: ["az-futures", "xt-spot", "bitget-uta"], [true, false])
    func `an account's few orders do not wait for the thousands of another that shares its limit`(venue: String, isFirst: Bool) throws {
        let daemon = try House.daemon([venue]) { options in
            let setup = options.setups[0]
            var twin = AccountSetup(id: "twin", uid: setup.uid, keyFingerprint: setup.keyFingerprint, rules: setup.rules)
            (twin.freshnessMs, twin.reconcileIntervalMs) = (setup.freshnessMs, setup.reconcileIntervalMs)
            options.setups.append(twin)
            for index in options.setups.indices { (options.setups[index].batchMax, options.setups[index].maxInFlight) = (10, 40) }
            options.turnsMax = 200_000
        }
        try daemon.start()
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        let accounts = [AccountID(venue), "twin"]
        var many = try House.intent(venue, orders: 20_000, id: "many")
        var few = try House.intent(venue, orders: 10, id: "few")
        (many.account, few.account) = isFirst ? (accounts[0], accounts[1]) : (accounts[1], accounts[0])
        daemon.submit(many)
        daemon.run(forUs: .seconds(1))

        daemon.submit(few)
        let isSent = daemon.run(forUs: .seconds(3)) {
            let orders = daemon.journal.orders.values.filter { $0.account == few.account }
            return orders.count == 10 && orders.allSatisfy { $0.state != .intended }
        }

        #expect(isSent)
        #expect(daemon.journal.orders.values.contains { $0.account == many.account && $0.state == .intended }, "the many are still under way")
    }

    @Test func `listings of an account that has nothing to send leave the reserve alone while another of its user has`() throws {
        let daemon = try House.daemon(["ascendex"]) { options in
            let setup = options.setups[0]
            let twin = AccountSetup(id: "twin", uid: setup.uid, keyFingerprint: setup.keyFingerprint, rules: setup.rules)
            options.setups.append(twin)
            var narrow = LimitSetting(budget: "overall")
            (narrow.permits, narrow.windowMs, narrow.reserve) = (2, 1_000, 1)
            for index in options.setups.indices {
                (options.setups[index].freshnessMs, options.setups[index].reconcileIntervalMs) = (3_000, 1_000)
                (options.setups[index].batchMax, options.setups[index].limits) = (1, [narrow])
            }
        }
        try daemon.start()
        daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }

        daemon.submit(try House.intent("ascendex", orders: 5, id: "few"))
        let isSeen = daemon.run(forUs: .seconds(60)) {
            daemon.journal.orders.count == 5 && daemon.journal.orders.values.allSatisfy { $0.state == .working }
        }

        #expect(isSeen, "\(daemon.journal.orders.values.map(\.state))")
        let listings = daemon.world.ledger.requests.count { $0.endpoint == "order-open" }
        #expect(listings > 2, "\(listings)")
    }
}
