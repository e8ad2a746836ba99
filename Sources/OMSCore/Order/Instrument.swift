/// A market's rules, as the venue publishes them. nil: no such rule.
package struct Instrument: Equatable, Sendable {
    package let symbol: Symbol
    /// Prices are multiples of it.
    package var tick: Decimal?
    /// Quantities are multiples of it.
    package var lot: Decimal?
    package var minQuantity: Decimal?
    package var maxQuantity: Decimal?
    /// Of market orders, where it is another.
    package var maxMarketQuantity: Decimal?
    package var minNotional: Decimal?
    package var maxNotional: Decimal?
    /// Contracts times this are base units; nil where quantities are base units already.
    package var contractSize: Decimal?
    /// Contracts times this are quote units, whatever the price (coin-margined contracts); nil elsewhere.
    package var contractValue: Decimal?
    package var tradable: Bool
    /// Why the market's rules could not be read here, in words; nil: they were.
    package var problem: String?

    package init(symbol: Symbol, tradable: Bool) { (self.symbol, self.tradable) = (symbol, tradable) }
}
