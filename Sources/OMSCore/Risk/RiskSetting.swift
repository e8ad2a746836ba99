/// Bounds that the owner of an account set. nil, or nothing for a symbol: none.
package struct RiskSetting: Sendable, Equatable {
    /// Of one order, in the quote currency.
    package var maxOrderNotional: Decimal?
    /// Of one order, in what the venue counts.
    package var maxOrderQuantity: [Symbol: Decimal] = [:]
    package var priceBand: [Symbol: PriceBand] = [:]
    /// Of all that is not executed of all orders that may be open, in the quote currency, of all accounts of the uid together.
    package var maxOpenNotional: Decimal?
    /// Of what is held, and what open orders may add to it.
    package var maxPosition: [Symbol: PositionLimit] = [:]
    /// Of all accounts of the uid together.
    package var maxOpenOrders: Int?
    /// Orders that are accepted within any second, of all accounts of the uid together.
    package var maxOrdersPerSecond: Int?
    package var symbols: [Symbol]?
    package init() {}

    package struct PriceBand: Sendable, Equatable {
        package let low: Decimal
        package let high: Decimal
        package init(low: Decimal, high: Decimal) { (self.low, self.high) = (low, high) }
    }

    /// A rule that an order breaks.
    package struct Refusal: Error, Equatable {
        /// As it is called in the configuration.
        package let key: String
        package let field: String
        /// The limit, and what it would have been.
        package let words: String
    }

    /// Whether any of the rules is set that ``examine(_:atMost:in:)`` knows.
    package var judgesOrders: Bool { symbols != nil || maxOrderNotional != nil || !maxOrderQuantity.isEmpty || !priceBand.isEmpty }

    /// The markets that rules name, each with its rule as the configuration calls it.
    var marketsNamed: [(rule: String, symbol: Symbol)] {
        func named(_ rule: String, _ symbols: some Sequence<Symbol>) -> [(rule: String, symbol: Symbol)] { symbols.sorted().map { (rule, $0) } }
        return named("max_order_quantity", maxOrderQuantity.keys) + named("max_position", maxPosition.keys) + named("price_band", priceBand.keys)
            + named("symbols", symbols ?? [])
    }

    /// Whether any of the rules is set that ask what positions may come to.
    var addsUpPositions: Bool { !maxPosition.isEmpty }

    /// Holds one order to the rules that need nothing but itself: as asked, or as it would stand once it is modified.
    ///
    /// A rule that cannot be judged is broken: a market order says no price, and one by `quote_quantity` no quantity.
    /// - Parameters:
    ///   - most: with the highest price and the largest quantity that it may come to, where others asked for something, too; nil: as in `terms`.
    ///   - market: nil: it is not known.
    package func examine(_ terms: OrderTerms, atMost most: OrderTerms? = nil, in market: Instrument?) throws(Refusal) {
        if let symbols, !symbols.contains(terms.symbol) {
            throw Refusal(
                key: "symbols", field: "symbol", words: "\(terms.symbol) is none of \(symbols.map(\.text).sorted().joined(separator: ", "))")
        }
        if let limit = maxOrderNotional {
            guard let notional = (most ?? terms).notionalAtMost(in: market) else {
                throw Refusal(
                    key: "max_order_notional", field: "quantity", words: "the limit is \(limit); a market order by quantity has no bound on it")
            }
            guard notional <= limit else {
                throw Refusal(key: "max_order_notional", field: "quantity", words: "the limit is \(limit), it would have been \(notional)")
            }
        }
        if let most = maxOrderQuantity[terms.symbol] {
            guard let quantity = terms.quantity else {
                throw Refusal(
                    key: "max_order_quantity", field: "quote_quantity",
                    words: "the limit is \(most) of \(terms.symbol); a market order by quote_quantity has no bound on it")
            }
            guard quantity <= most else {
                throw Refusal(
                    key: "max_order_quantity", field: "quantity", words: "the limit is \(most) of \(terms.symbol), it would have been \(quantity)")
            }
        }
        if let band = priceBand[terms.symbol] {
            guard let price = terms.price else {
                throw Refusal(
                    key: "price_band", field: "type",
                    words: "the limit is \(band.low) to \(band.high) for \(terms.symbol); a market order has no price")
            }
            guard band.low <= price, price <= band.high else {
                throw Refusal(
                    key: "price_band", field: "price",
                    words: "the limit is \(band.low) to \(band.high) for \(terms.symbol), it would have been \(price)")
            }
        }
    }
}

extension OrderTerms {
    /// What it is worth at most, in the quote currency, never rounded down below that; nil: nobody can say.
    func notionalAtMost(in market: Instrument?) -> Decimal? {
        if let quoteQuantity { return quoteQuantity }
        guard let quantity, let market else { return nil }
        if let value = market.contractValue { return quantity.multipliedRoundingUp(by: value) }
        guard let price else { return nil }
        let base = market.contractSize.map { quantity.multipliedRoundingUp(by: $0) } ?? quantity
        return base.flatMap { price.multipliedRoundingUp(by: $0) }
    }
}

extension Decimal {
    /// Of two that are not negative, never below the product; nil where it leaves the range.
    func multipliedRoundingUp(by other: Decimal) -> Decimal? {
        if let exact = multiplied(by: other) { return exact }
        return multiplied(by: other, roundingDown: true).flatMap { $0.adding(Decimal(units: 1)) }
    }
}
