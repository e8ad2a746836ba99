import OMSCore
import Testing
import Venues

@testable import Simulator

/// What of Bybit stretches the engine: batches refused in part, receipts that come to nothing, a door that closes without a word, an account that moves prices.
@Suite struct `Bybit and the engine` {
    private static let venue = "bybit"

    private func orders(_ daemon: VirtualDaemon) -> [Order] { daemon.journal.orders.values.sorted { $0.key < $1.key } }

    @Test(arguments: [(4, 7), (10, 10), (3, 40)])
    func `what a batch holds beyond the limit goes out later, once each, and nothing of it is in doubt`(permits: Int, count: Int) throws {
        // The venue allows fewer than its page says, so that batches are half done.
        let daemon = try House.ready(Self.venue) { $0.world.limits.append(("bybit/batch-place", permits)) }
        daemon.auditor.lowered = ["bybit/batch-place"]
        daemon.submit(try House.intent(Self.venue, orders: count, id: "many"))
        #expect(House.settled(daemon, "many", withinUs: .seconds(300)))
        #expect(orders(daemon).count == count && orders(daemon).allSatisfy { $0.state.isLive }, "\(orders(daemon).map(\.state))")
        let exchange = try #require(daemon.world.venue(named: Self.venue)?.exchange)
        #expect(exchange.orders.count == count && daemon.world.duplicates.isEmpty)
        let places = daemon.world.ledger.requests.filter { $0.kind == .place }
        #expect(count <= permits || places.contains { $0.outcome == .partial }, "\(places.map(\.outcome))")
        // What the venue counted as too much went back at once: no doubt, no look-up, and the limit rests before the next try.
        #expect(daemon.journal.ends.values.allSatisfy { $0.outcome != .inDoubt })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a good receipt whose order the engine refuses ends as rejected, in the venue's word`() throws {
        let daemon = try House.ready(Self.venue) {
            $0.world.switches += [("bybit/open_cap", "2"), ("bybit/cap_at", "engine")]
        }
        daemon.submit(try House.intent(Self.venue, orders: 5, id: "five"))
        let isOver = daemon.run(forUs: .seconds(60)) { orders(daemon).count { $0.state == .rejected } == 3 }
        #expect(isOver, "\(orders(daemon).map(\.state))")
        #expect(orders(daemon).count { $0.state.isLive } == 2 && orders(daemon).allSatisfy { $0.attempts == 1 })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `an answer that is lost among many look-ups costs its doubt a second, not the longest pause`() throws {
        let daemon = try House.ready(Self.venue)
        var (lost, garbage, refused) = (FaultRule(.loseReplyAfterExecution(.silence)), FaultRule(.garbage(isHTTP: true)), FaultRule(.maintenance))
        (lost.kind, lost.every, garbage.kind, garbage.every, refused.kind, refused.every) = (.place, 5, .lookup, 7, .place, 3)
        daemon.world.setFaults([lost, garbage, refused])
        daemon.submit(try House.intent(Self.venue, orders: 45, id: "many"))
        // Each proof takes the 15 s that the venue may show an order late; by the pauses of what was asked before it took 270 s.
        #expect(House.settled(daemon, "many", withinUs: .seconds(130)))
        #expect(orders(daemon).allSatisfy { $0.state.isLive } && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `an address that is shut out without a word of when is silent for ten minutes`() throws {
        let daemon = try House.ready(Self.venue) { $0.setups[0].reconcileIntervalMs = 1_000 }
        daemon.auditor.lowered = ["bybit/overall"]
        try daemon.world.setLimit("bybit/overall", permits: 5)
        let isShut = daemon.run(forUs: .seconds(60)) { daemon.world.ledger.requests.contains { $0.status == 403 } }
        #expect(isShut)
        let first = try #require(daemon.world.ledger.requests.first { $0.status == 403 })
        try daemon.world.setLimit("bybit/overall", permits: 600)
        daemon.run(forUs: .seconds(700))
        let behind = daemon.world.ledger.requests.filter { $0.at > first.at + 2_000_000 }
        #expect(behind.allSatisfy { $0.at >= first.at + .seconds(600) }, "\(behind.map { ($0.at - first.at) / 1_000_000 })")
        #expect(behind.contains { $0.status == 200 })
        #expect(daemon.engine?.snapshot()[0].isReady == true)
    }

    enum Kept: String, CaseIterable { case pricesMayMove, settingsSilent }

    @Test(arguments: Kept.allCases)
    func `what keeps a Bybit account from trading keeps nothing from being cancelled`(kept: Kept) throws {
        let daemon = try EngineCancelTests.placed(Self.venue, orders: 3)
        daemon.crash()
        switch kept {
        case .pricesMayMove: #expect(daemon.world.venue(named: Self.venue)?.dialect.set("lpa", to: "off") == true)
        case .settingsSilent:
            var silent = FaultRule(.serverError(status: 503, body: .html, executes: false))
            silent.endpoint = "settings"
            daemon.world.setFaults([silent])
        }
        try daemon.start()
        let known = daemon.world.ledger.requests.count
        daemon.run(forUs: .seconds(5))
        daemon.submit(try House.intent(Self.venue, orders: 1, id: "new"))
        daemon.run(forUs: .seconds(5))
        daemon.command(.setState(AccountID(Self.venue), .halted, reason: "out", cancelOpen: true, everything: false))
        let isOut = daemon.run(forUs: .seconds(60)) { orders(daemon).count { $0.state == .canceled && $0.attempts > 0 } == 3 }
        #expect(isOut, "\(orders(daemon).map(\.state)) \(daemon.engine?.snapshot().first?.lastError ?? "-")")
        #expect(daemon.world.ledger.requests.dropFirst(known).allSatisfy { $0.kind != .place && $0.kind != .modify })
        #expect(daemon.engine?.snapshot().first?.isReady == false && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `an order that neither realtime nor history shows and that traded is never called absent`() throws {
        let daemon = try House.ready(Self.venue) {
            $0.world.switches += [("bybit/recent_closed", "0"), ("bybit/history_lag_ms", "60000")]
        }
        // Until it has traded nothing is told of it.
        daemon.world.setFaults([
            ProofTests.fault(.loseReplyAfterExecution(.reset), .place, count: 1),
            ProofTests.fault(.serverError(status: 503, body: .html, executes: false), .lookup),
        ])
        daemon.submit(try House.intent(Self.venue, orders: 1, id: "one"))
        let exchange = try #require(daemon.world.venue(named: Self.venue)?.exchange)
        #expect(daemon.run(forUs: .seconds(5)) { exchange.orders.first?.state.isLive ?? false })
        for order in exchange.orders { exchange.fill(order, at: daemon.venueTime) }
        #expect(exchange.orders.map(\.state) == [.filled])
        daemon.world.setFaults([])
        daemon.run(forUs: .seconds(50))
        let early = try #require(orders(daemon).first)
        #expect(early.absences == 0 && early.attempts == 1 && early.venueOrderID != nil, "\(early.state) \(early.absences)")
        #expect(daemon.world.ledger.requests.contains { $0.endpoint == "execution" })
        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).first?.state == .filled }, "\(orders(daemon).map(\.state))")
        #expect(exchange.orders.count == 1 && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `an account whose prices the venue may move is not ready, and says why`() throws {
        let daemon = try House.daemon([Self.venue]) { $0.world.switches.append(("bybit/lpa", "off")) }
        try daemon.start()
        daemon.run(forUs: .seconds(60))
        let account = try #require(daemon.engine?.snapshot().first)
        #expect(!account.isReady && account.lastError?.contains("lpaSpot") == true, "\(account.lastError ?? "-")")
        #expect(daemon.world.ledger.requests.allSatisfy { $0.kind != .place })
    }

    @Test func `a lost order of which the venue knows nothing after a day is parked, not sent again`() throws {
        let daemon = try House.ready(Self.venue) {
            $0.world.switches.append(("bybit/recent_closed", "0"))
            $0.turnsMax = 2_000_000
            $0.setups[0].reconcileIntervalMs = 600_000
        }
        var (lost, blind) = (FaultRule(.loseReplyAfterExecution(.reset)), FaultRule(.serverError(status: 503, body: .html, executes: false)))
        (lost.kind, lost.count, blind.kind) = (.place, 1, .lookup)
        daemon.world.setFaults([lost, blind])
        daemon.submit(try House.intent(Self.venue, orders: 1, id: "one"))
        daemon.run(forUs: .seconds(30))
        let exchange = try #require(daemon.world.venue(named: Self.venue)?.exchange)
        for order in exchange.orders { exchange.cancel(order, at: daemon.world.now) }
        // A day on, on which no look-up was answered.
        daemon.run(forUs: .seconds(86_500))
        daemon.world.setFaults([])
        daemon.run(forUs: .seconds(600))
        let order = try #require(orders(daemon).first)
        #expect(order.state == .inDoubt && order.parkedAt != nil && order.attempts == 1, "\(order.state) \(order.attempts)")
        #expect(exchange.orders.count == 1)
    }
}
