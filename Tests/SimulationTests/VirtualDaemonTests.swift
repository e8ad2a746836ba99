import OMSCore
import Simulator
import Testing
import Venues
import Wire

/// The whole daemon in virtual time, one account at each venue.
struct House {
    static let venues = VenueCatalog.all.map(\.venue)

    /// What the house's account at a venue trades.
    static func sample(_ venue: String) throws -> Sample { try #require(VenueCatalog.sample(venue: venue)) }

    /// The rules of the house's account at a venue.
    static func profile(_ venue: String) throws -> VenueProfile {
        try #require(VenueCatalog.adapter(venue: venue, product: try sample(venue).product)).profile
    }

    /// What sort of request brings a venue new orders.
    static func placeKind(_ venue: String) throws -> Route.Kind { try profile(venue).mixesPlaceAndCancel ? .mixed : .place }

    static func daemon(_ venues: [String]? = nil, seed: UInt64 = 1, adjust: (inout VirtualDaemon.Options) -> Void = { _ in }) throws -> VirtualDaemon
    {
        var options = VirtualDaemon.Options()
        options.seed = seed
        options.world.seed = seed
        options.world.freshnessMs = 3_000
        for venue in Self.venues where venues?.contains(venue) ?? true {
            let product = try sample(venue).product
            let adapter = try #require(VenueCatalog.adapter(venue: venue, product: product))
            let simulated = try #require(options.world.accounts.first { $0.venue == venue && $0.products.contains(product) })
            var setup = AccountSetup(id: AccountID(venue), uid: simulated.uid, keyFingerprint: "f-\(venue)", rules: adapter)
            setup.freshnessMs = 3_000
            setup.holdUnansweredMs = 2_000
            setup.reconcileIntervalMs = 2_000
            options.setups.append(setup)
        }
        adjust(&options)
        return try VirtualDaemon(options)
    }

    static func intent(_ venue: String, orders: Int, id: String) throws -> Intent {
        let terms = try sample(venue).order
        var intent = Intent(account: AccountID(venue), id: IntentID(id))
        intent.place = Array(repeating: PlaceItem(terms: terms), count: orders)
        return intent
    }
}

@Suite struct VirtualDaemonTests {
    @Test(arguments: House.venues) func `a quiet venue acknowledges every order of an intent, in full batches`(venue: String) throws {
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
