/// One execution of one order, as the venue lists it.
package struct Fill: Hashable, Sendable {
    package let tradeID: TradeID
    package let venueOrderID: VenueOrderID
    package let quantity: Decimal
    package let price: Decimal
    /// Positive is paid, negative is a rebate; nil where the venue does not say.
    package let fee: Decimal?
    package let feeAsset: String?
    /// Microseconds since 1970 UTC, by the venue.
    package let at: Int64

    package init(tradeID: TradeID, venueOrderID: VenueOrderID, quantity: Decimal, price: Decimal, fee: Decimal?, feeAsset: String?, at: Int64) {
        (self.tradeID, self.venueOrderID, self.quantity, self.price) = (tradeID, venueOrderID, quantity, price)
        (self.fee, self.feeAsset, self.at) = (fee, feeAsset, at)
    }
}
