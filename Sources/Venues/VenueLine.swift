import OMSCore

/// One venue as its folder registers it: how its adapters are made, and what can be tried there.
///
/// Whatever goes from venue to venue (the configuration, the simulator's accounts, explored histories, the demo, the suites "every venue …") goes along
/// ``VenueCatalog/all`` and takes what it needs from here.
package struct VenueLine: Sendable {
    /// The name in configurations, the journal and the file names of its tests: `bitget-uta`.
    package let venue: String
    /// Where its facts stand: `docs/venues/<page>.md`. Venues that run one software may share a page.
    package let page: String
    /// One for each product, by the product's name in configurations. Demonstrations and tests use the first.
    package let samples: [Sample]
    /// By whose word its profiles are what they are: for each fact one.
    package let sources: [Source]
    private let make: @Sendable (_ product: String, _ unit: QuantityUnit) -> (any VenueAdapter)?
    private let listen: (@Sendable (_ product: String, _ generation: StreamGeneration) -> (any StreamDialect)?)?
    /// Which of its streams a venue serves is a setting of the account.
    package let hasOlderStream: Bool
    /// What omsd takes a result code of the venue for, by the adapter's own table; nil: it is in no table.
    package let meaning: @Sendable (_ code: String) -> CodeMeaning?

    /// - Parameters:
    ///   - sources: For each name of ``assumptions(_:quantityUnit:generation:)`` one, of itself or of its family.
    ///   - stream: The dialect of a product's private stream; nil where the venue has none that is spoken here.
    ///   - make: The adapter of a product; nil for one that is not among the samples. `unit` is what the venue counts, where that is a setting.
    package init(
        _ venue: String, page: String, sources: [Source] = [],
        samples: [Sample], meaning: @escaping @Sendable (_ code: String) -> CodeMeaning? = { _ in nil },
        hasOlderStream: Bool = false,
        stream: (@Sendable (_ product: String, _ generation: StreamGeneration) -> (any StreamDialect)?)? = nil,
        make: @escaping @Sendable (_ product: String, _ unit: QuantityUnit) -> (any VenueAdapter)?
    ) {
        precondition(!samples.isEmpty, "\(venue) has no product")
        (self.hasOlderStream, listen) = (hasOlderStream, stream)
        (self.venue, self.page, self.sources, self.samples, self.meaning, self.make) = (venue, page, sources, samples, meaning, make)
    }

    package var products: [String] { samples.map(\.product) }

    /// nil for a product that the venue does not have, and in the demo for one that it does not have there.
    package func adapter(_ product: String, quantityUnit: QuantityUnit = .contracts, isDemo: Bool = false) -> (any VenueAdapter)? {
        let adapter = make(product, quantityUnit)
        return isDemo ? adapter.flatMap { DemoAdapter($0) } : adapter
    }

    /// Which streams of the venue are spoken here, the one that is spoken by default first; none: it has none.
    package var streams: [StreamGeneration] { listen == nil ? [] : hasOlderStream ? [.newer, .older] : [.newer] }

    /// nil for a product that has no private stream spoken here.
    package func stream(_ product: String, generation: StreamGeneration = .newer) -> (any StreamDialect)? { listen?(product, generation) }
}

/// What can be tried at one product of a venue, without asking anybody.
package struct Sample: Sendable {
    package let product: String
    /// What generated configurations call the account: `mm-az`.
    package let account: String
    /// At least one; the first is the one that single orders use.
    package let markets: [Market]
    /// What is bought opens a position, so that nothing can be sold out of the blue.
    package let isFutures: Bool
    /// What an order that opens must say beside its side; nil: nothing.
    package let positionSide: PositionSide?
    /// How many orders make a large intent here: some seconds of work within the venue's limits.
    package let largeIntent: Int

    package struct Market: Sendable {
        /// In the venue's own form.
        package let symbol: Symbol
        /// Below the market: a buy at it rests.
        package let price: Decimal
        /// Above every minimum; whole where the venue counts contracts.
        package let quantity: Decimal

        package init(_ symbol: Symbol, _ price: Int, _ quantity: String) {
            guard let quantity = Decimal(quantity) else { preconditionFailure("\(symbol): no quantity: \(quantity)") }
            (self.symbol, self.price, self.quantity) = (symbol, Decimal(price), quantity)
        }
    }

    package init(
        _ product: String, account: String, markets: [Market], isFutures: Bool = false, positionSide: PositionSide? = nil, largeIntent: Int = 500
    ) {
        precondition(!markets.isEmpty, "nothing can be traded at \(account)")
        (self.product, self.account, self.markets) = (product, account, markets)
        (self.isFutures, self.positionSide, self.largeIntent) = (isFutures, positionSide, largeIntent)
    }

    /// A limit order that the venue takes and that rests: a buy in the first market.
    package var order: OrderTerms {
        let market = markets[0]
        var terms = OrderTerms(
            symbol: market.symbol, side: .buy, type: .limit, timeInForce: .gtc, price: market.price, quantity: market.quantity)
        terms.positionSide = positionSide
        return terms
    }
}
