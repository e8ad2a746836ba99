import OMSCore
import Simulator
import Testing
import Venues
import Wire

/// The whole daemon in virtual time, one account at each venue.
struct House {
    static let accounts: [(venue: String, product: String, symbol: String, price: String, quantity: String)] = [
        ("az-futures", "usdt", "btc_usdt", "39000", "10"), ("xt-spot", "spot", "btc_usdt", "39000", "0.01"),
        ("bitget-margin", "isolated", "BTCUSDT", "39000", "0.01"), ("bitget-uta", "spot", "BTCUSDT", "39000", "0.01"),
        ("ascendex", "cash", "BTC/USDT", "39000", "0.01"),
    ]

    static func daemon(_ venues: [String]? = nil, seed: UInt64 = 1, adjust: (inout VirtualDaemon.Options) -> Void = { _ in }) throws -> VirtualDaemon
    {
        var options = VirtualDaemon.Options()
        options.seed = seed
        options.world.seed = seed
        options.world.freshnessMs = 3_000
        for account in accounts where venues?.contains(account.venue) ?? true {
            let adapter = try #require(VenueCatalog.adapter(venue: account.venue, product: account.product))
            let simulated = try #require(options.world.accounts.first { $0.venue == account.venue && $0.products.contains(account.product) })
            var setup = AccountSetup(id: AccountID(account.venue), uid: simulated.uid, keyFingerprint: "f-\(account.venue)", rules: adapter)
            setup.freshnessMs = 3_000
            setup.holdUnansweredMs = 2_000
            setup.reconcileIntervalMs = 2_000
            options.setups.append(setup)
        }
        adjust(&options)
        return try VirtualDaemon(options)
    }

    static func intent(_ venue: String, orders: Int, id: String) throws -> Intent {
        let account = try #require(accounts.first { $0.venue == venue })
        var terms = OrderTerms(
            symbol: Symbol(account.symbol), side: .buy, type: .limit, timeInForce: .gtc, price: Decimal(account.price),
            quantity: Decimal(account.quantity))
        if venue == "az-futures" { terms.positionSide = .long }
        var intent = Intent(account: AccountID(venue), id: IntentID(id))
        intent.place = Array(repeating: PlaceItem(terms: terms), count: orders)
        return intent
    }
}

@Suite struct VirtualDaemonTests {
    @Test(arguments: House.accounts.map(\.venue)) func `a quiet venue acknowledges every order of an intent, in full batches`(venue: String) throws {
        let daemon = try House.daemon([venue])
        try daemon.start()
        let isReady = daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        #expect(isReady, "\(daemon.engine?.snapshot().map(\.lastError) ?? [])")

        let ticket = daemon.submit(try House.intent(venue, orders: 200, id: "first"))
        daemon.run(forUs: .seconds(120)) { daemon.journal.intents.values.first?.settledAt != nil }

        let answer = try #require(daemon.answers[ticket])
        #expect(throws: Never.self) { try answer.get() }
        let unplaced = daemon.journal.orders.values.filter { !$0.state.isLive || $0.venueOrderID == nil }
        #expect(unplaced.isEmpty, "\(unplaced.map(\.state))")
        #expect(daemon.journal.orders.count == 200)
        let most: Int = try #require(daemon.engine?.placeMax(of: AccountID(venue)))
        let batches = daemon.journal.requests.values.filter { $0.kind == .place }
        let sizes: [Int] = batches.map { $0.items }
        let expected: Int = (200 + most - 1) / most
        #expect(sizes.count == expected, "\(sizes)")
        #expect(daemon.world.duplicates.isEmpty)
        let overruns = daemon.world.limitCounts.filter { $0.violations > 0 }
        #expect(overruns.isEmpty)
        #expect(daemon.violations.isEmpty)
    }
}
