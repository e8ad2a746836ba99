import OMSCore

/// All venues that this daemon speaks: one line each.
package enum VenueCatalog {
    /// In the order in which they are listed, numbered and tried.
    package static let all: [VenueLine] = [AZFutures.line, XTSpot.line, BitgetMargin.line, BitgetUTA.line, AscendEX.line, Bybit.line, OKX.line]

    /// nil for a name that no venue bears.
    package static func line(_ venue: String) -> VenueLine? { all.first { $0.venue == venue } }

    /// The adapter of a venue and product as the configuration names them; nil for an unknown pair.
    ///
    /// - Parameters:
    ///   - quantityUnit: What the venue counts, where that is a setting (``asksForQuantityUnit(venue:)``).
    ///   - isDemo: In the venue's demo environment; nil where the product has none.
    package static func adapter(venue: String, product: String, quantityUnit: QuantityUnit = .contracts, isDemo: Bool = false) -> (
        any VenueAdapter
    )? {
        line(venue)?.adapter(product, quantityUnit: quantityUnit, isDemo: isDemo)
    }

    /// The private stream of a venue and product; nil for an unknown pair, and where none is spoken.
    package static func stream(venue: String, product: String, generation: StreamGeneration = .newer) -> (any StreamDialect)? {
        line(venue)?.stream(product, generation: generation)
    }

    /// What can be tried at a venue's product, its first unless one is named; nil for an unknown pair.
    package static func sample(venue: String, product: String? = nil) -> Sample? {
        guard let line = line(venue) else { return nil }
        return product.map { product in line.samples.first { $0.product == product } } ?? line.samples[0]
    }

    /// Whether the unit of the venue's quantities is a setting of the account.
    package static func asksForQuantityUnit(venue: String) -> Bool {
        guard let line = line(venue) else { return false }
        return line.adapter(line.samples[0].product)?.profile.quantityUnit != nil
    }
}
