import OMSCore

/// All venues that this daemon speaks: one line each.
package enum VenueCatalog {
    /// The adapter of a venue and product as the configuration names them; nil for an unknown pair.
    ///
    /// - Parameter quantityUnit: What the venue counts, where that is a setting (``asksForQuantityUnit(venue:)``).
    package static func adapter(venue: String, product: String, quantityUnit: QuantityUnit = .contracts) -> (any VenueAdapter)? {
        for make in makers {
            if let adapter = make(venue, product, quantityUnit) { return adapter }
        }
        return nil
    }

    /// Whether the unit of the venue's quantities is a setting of the account.
    package static func asksForQuantityUnit(venue: String) -> Bool { venue == "az-futures" }

    /// Every pair, for error messages and tests.
    package static let products: [(venue: String, products: [String])] = [
        ("bitget-margin", ["isolated", "crossed"]),
        ("bitget-uta", ["spot", "margin", "usdt-futures", "coin-futures", "usdc-futures"]),
        ("xt-spot", ["spot", "margin"]),
        ("az-futures", ["usdt", "coin"]),
        ("ascendex", ["cash", "margin"]),
    ]

    private static let makers: [@Sendable (_ venue: String, _ product: String, _ unit: QuantityUnit) -> (any VenueAdapter)?] = [
        { venue, product, _ in venue == "bitget-margin" ? BitgetMargin(product: product) : nil },
        { venue, product, _ in venue == "bitget-uta" ? BitgetUTA(product: product) : nil },
        { venue, product, _ in venue == "xt-spot" ? XTSpot(product: product) : nil },
        { venue, product, unit in venue == "az-futures" ? AZFutures(product: product, quantityUnit: unit) : nil },
        { venue, product, _ in venue == "ascendex" ? AscendEX(product: product) : nil },
    ]
}
