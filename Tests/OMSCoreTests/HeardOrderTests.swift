import OMSCore
import Testing

/// Quantities of a push in the unit that REST counts.
@Suite struct `Orders heard in another unit` {
    private static func market(_ size: Decimal?) -> Instrument {
        var market = Instrument(symbol: "eth_usdt", tradable: true)
        market.contractSize = size
        return market
    }

    private static func heard(_ unit: QuantityUnit?, _ quantity: Decimal?, _ filled: Decimal?) -> HeardOrder {
        var report = OrderReport(status: .partiallyFilled, venueState: "PARTIALLY_FILLED")
        (report.quantity, report.filledQuantity, report.averagePrice) = (quantity, filled, Decimal(39_000))
        var heard = HeardOrder(report)
        heard.unit = unit
        return heard
    }

    private static func decimal(_ text: String) -> Decimal { Decimal(text)! }

    @Test func `base currency becomes whole contracts, and contracts base currency`() {
        let market = Self.market(Self.decimal("0.001"))
        let contracts = Self.heard(.base, Self.decimal("0.5"), Self.decimal("0.2")).report(at: market, countedIn: .contracts, ordered: Decimal(500))
        #expect(contracts.quantity == Decimal(500) && contracts.filledQuantity == Decimal(200) && contracts.averagePrice == Decimal(39_000))
        let base = Self.heard(.contracts, Decimal(500), Decimal(200)).report(at: market, countedIn: .base, ordered: nil)
        #expect(base.quantity == Self.decimal("0.5") && base.filledQuantity == Self.decimal("0.2"))
    }

    @Test func `nothing filled is nothing filled in every unit`() {
        let report = Self.heard(.base, nil, .zero).report(at: nil, countedIn: .contracts, ordered: nil)
        #expect(report.filledQuantity == .zero && report.quantity == nil)
    }

    @Test func `what cannot be converted exactly is not said, and the state still is`() {
        for market in [nil, Self.market(nil), Self.market(Decimal(3)), Self.market(.zero)] {
            let report = Self.heard(.base, Self.decimal("0.5"), Self.decimal("0.2")).report(at: market, countedIn: .contracts, ordered: nil)
            #expect(report.quantity == nil && report.filledQuantity == nil && report.status == .partiallyFilled)
        }
        let endless = Self.heard(.contracts, Decimal(units: .max), Decimal(units: .max)).report(
            at: Self.market(Decimal(1_000_000)), countedIn: .base, ordered: nil)
        #expect(endless.quantity == nil && endless.filledQuantity == nil)
    }

    @Test func `an order of another quantity than the one on record counts something else, and what is filled of it is not said`() {
        let market = Self.market(Self.decimal("0.001"))
        for (unit, ordered) in [(QuantityUnit.base, Decimal(501)), (.contracts, Decimal(500))] {
            let heard = Self.heard(unit, Self.decimal("0.5"), Self.decimal("0.2"))
            let report = heard.report(at: market, countedIn: .contracts, ordered: ordered)
            #expect(report.quantity == nil && report.filledQuantity == nil && report.status == .partiallyFilled)
        }
    }

    @Test func `where there is one unit, the report is told as it came`() {
        let plain = Self.heard(nil, Decimal(5), Decimal(2))
        let told = plain.report(at: nil, countedIn: .contracts, ordered: Decimal(7))
        #expect(told == plain.report)
        let free = Self.heard(.base, Decimal(5), Decimal(2))
        let freely = free.report(at: nil, countedIn: nil, ordered: Decimal(7))
        #expect(freely == free.report)
    }
}
