import OMSCore

/// All venues that this daemon speaks: one line each.
package enum VenueCatalog {
    /// The adapter of a venue and product as the configuration names them; nil for an unknown pair.
    package static func adapter(venue: String, product: String) -> (any VenueAdapter)? {
        for make in makers {
            if let adapter = make(venue, product) { return adapter }
        }
        return nil
    }

    /// Every pair, for error messages and tests.
    package static let products: [(venue: String, products: [String])] = [
        ("bitget-margin", ["isolated", "crossed"]),
        ("bitget-uta", ["spot", "margin", "usdt-futures", "coin-futures", "usdc-futures"]),
        ("xt-spot", ["spot", "margin"]),
        ("az-futures", ["usdt", "coin"]),
        ("ascendex", ["cash", "margin"]),
    ]

    private static let makers: [@Sendable (_ venue: String, _ product: String) -> (any VenueAdapter)?] = [
        { venue, product in venue == "bitget-margin" ? BitgetMargin(product: product) : nil },
        { venue, product in venue == "bitget-uta" ? BitgetUTA(product: product) : nil },
        { venue, product in venue == "xt-spot" ? XTSpot(product: product) : nil },
        { venue, product in venue == "az-futures" ? AZFutures(product: product) : nil },
        { venue, product in venue == "ascendex" ? AscendEX(product: product) : nil },
    ]
}
