import OMSCore

/// The least that may be placed in a market: a post-only buy far below it.
package struct SmallestOrder: Sendable, Equatable {
    package let price: Decimal
    package let quantity: Decimal
    /// One tick below; nil: there is no such price.
    package let otherPrice: Decimal?

    /// - Parameter price: rounded down to the market's tick.
    /// - Returns: nil where the market's rules leave none.
    package init?(in market: Instrument, at price: Decimal) {
        let tick = market.tick ?? .one
        guard tick.isPositive, price.isPositive else { return nil }
        let rounded = Decimal(units: price.units / tick.units * tick.units)
        guard rounded.isPositive else { return nil }
        var quantity = market.minQuantity ?? market.lot ?? .one
        if let lot = market.lot, lot.isPositive {
            guard let whole = Self.up(quantity, to: lot) else { return nil }
            quantity = whole
        }
        // What a contract or a coin comes to at that price, at the least.
        let worth = rounded.multiplied(by: market.contractSize ?? .one, roundingDown: true) ?? .zero
        if let least = market.minNotional, worth.isPositive {
            // A tenth more, for what the venue reckons otherwise.
            guard let needed = least.multiplied(by: Decimal("1.1") ?? .one, roundingDown: true)?.dividedRoundingDown(by: worth),
                let whole = Self.up(needed, to: market.lot ?? .one)
            else { return nil }
            quantity = max(quantity, whole)
        }
        guard quantity.isPositive, market.maxQuantity.map({ quantity <= $0 }) ?? true else { return nil }
        // Neither more than the market lets one order be worth.
        if let most = market.maxNotional {
            guard let whole = worth.multiplied(by: quantity, roundingDown: true), whole <= most else { return nil }
        }
        (self.price, self.quantity) = (rounded, quantity)
        let below = rounded.subtracting(tick)
        otherPrice = below.flatMap { $0.isPositive ? $0 : nil }
    }

    /// nil: there is no such number.
    private static func up(_ amount: Decimal, to step: Decimal) -> Decimal? {
        guard step.isPositive else { return amount }
        let (above, isTooLarge) = amount.units.addingReportingOverflow(step.units - 1)
        return isTooLarge ? nil : Decimal(units: above / step.units * step.units)
    }
}
