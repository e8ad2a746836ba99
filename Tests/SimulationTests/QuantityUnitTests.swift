import OMSCore
import Simulator
import Testing
import Venues
import Wire

/// AZ counts contracts or base coins, and its pages have said both: what the account's owner says must agree with what the venue shows before the first
/// order leaves.
@Suite struct QuantityUnitTests {
    private static func daemon(configured: QuantityUnit, venue: QuantityUnit) throws -> VirtualDaemon {
        try House.daemon(["az-futures"]) { options in
            options.world.switches.append(("az-futures/quantity_unit", venue.rawValue))
            guard let adapter = VenueCatalog.adapter(venue: "az-futures", product: "usdt", quantityUnit: configured) else { return }
            options.setups = options.setups.map { old in
                var setup = AccountSetup(id: old.id, uid: old.uid, keyFingerprint: old.keyFingerprint, rules: adapter)
                (setup.freshnessMs, setup.holdUnansweredMs, setup.reconcileIntervalMs) = (3_000, 2_000, 2_000)
                return setup
            }
        }
    }

    private static func intent(_ quantity: String) throws -> Intent {
        var intent = try House.intent("az-futures", orders: 3, id: "first")
        for index in intent.place.indices { intent.place[index].terms.quantity = Decimal(quantity) }
        return intent
    }

    private static func isReady(_ daemon: VirtualDaemon) -> Bool { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }

    private static func expectNothingSent(_ daemon: VirtualDaemon, _ words: String) throws {
        let account = try #require(daemon.engine?.snapshot().first)
        #expect(!account.isReady && account.lastError?.contains(words) == true, "\(account.lastError ?? "-")")
        #expect(!daemon.world.ledger.requests.contains { [.place, .mixed].contains($0.kind) })
        #expect(daemon.journal.breaks.values.map(\.kind) == [.assumption])
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .intended })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: [(QuantityUnit.contracts, "10"), (.base, "0.0010")])
    func `orders rest in the unit that both sides mean`(unit: QuantityUnit, quantity: String) throws {
        let daemon = try Self.daemon(configured: unit, venue: unit)
        try daemon.start()
        daemon.run(forUs: .seconds(30)) { Self.isReady(daemon) }
        daemon.submit(try Self.intent(quantity))
        #expect(House.settled(daemon, "first"))
        let resting = try #require(daemon.world.venue(named: "az-futures")).exchange.orders
        #expect(resting.count == 3 && resting.allSatisfy { $0.quantity == Decimal(quantity) })
        daemon.run(forUs: .seconds(10))
        #expect(Self.isReady(daemon) && daemon.journal.breaks.isEmpty, "\(daemon.journal.breaks.values.map(\.detail))")
    }

    @Test func `an account whose contracts are base coins at the venue sends nothing and says why, also after a restart and a resume`() throws {
        let daemon = try Self.daemon(configured: .contracts, venue: .base)
        try daemon.start()
        daemon.run(forUs: .seconds(5)) { daemon.engine?.snapshot().first?.lastError != nil }
        daemon.submit(try Self.intent("10"))
        daemon.run(forUs: .seconds(20))
        try Self.expectNothingSent(daemon, "the venue counts quantities in base currency, quantity_unit says contracts")
        daemon.crash()
        try daemon.start()
        daemon.run(forUs: .seconds(20))
        try Self.expectNothingSent(daemon, "the venue counts quantities in base currency, quantity_unit says contracts")
        let resume = ControlCommand.setState("az-futures", .active, reason: "look again", cancelOpen: false, everything: false)
        _ = try House.hear(daemon.command(resume), daemon)
        daemon.run(forUs: .seconds(20))
        try Self.expectNothingSent(daemon, "the venue counts quantities in base currency, quantity_unit says contracts")
    }

    @Test(arguments: [false, true])
    func `one resting order of anybody's shows that the venue counts contracts, and one that is done shows nothing`(isDone: Bool) throws {
        let daemon = try Self.daemon(configured: .base, venue: .contracts)
        let account = try #require(daemon.world.accounts(of: "az-futures").first)
        let exchange = try #require(daemon.world.venue(named: "az-futures")).exchange
        var ticket = Simulator.Ticket(symbol: "btc_usdt", side: .buy, quantity: Decimal(10), clientID: "other1", product: "usdt")
        ticket.price = Decimal(39_000)
        let order = exchange.placeExternally(ticket, uid: account.uid, at: daemon.world.now)
        if isDone { exchange.fill(order, at: daemon.world.now) }
        try daemon.start()
        daemon.run(forUs: .seconds(5)) { daemon.engine?.snapshot().first?.lastError?.contains("quantity_unit") == true }
        guard !isDone else {
            // A filled order's row freezes no margin: nothing tells, and nothing is claimed.
            daemon.run(forUs: .seconds(10)) { Self.isReady(daemon) }
            return #expect(Self.isReady(daemon))
        }
        let snapshot = try #require(daemon.engine?.snapshot().first)
        #expect(!snapshot.isReady && snapshot.lastError?.contains("the venue counts quantities in contracts, quantity_unit says base") == true)
        #expect(Set(daemon.journal.breaks.values.map(\.kind)) == [.assumption, .externalOrder])
        // Cancels and look-ups go on.
        #expect(try House.error(daemon.command(.reconcile("az-futures")), daemon) == nil)
    }
}
