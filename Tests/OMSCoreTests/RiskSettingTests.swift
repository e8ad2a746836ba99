import Testing

@testable import OMSCore

/// Rules that need nothing but one order, by values.
struct RiskSettingTests {
    private static func terms(_ price: String?, _ quantity: String?, quote: String? = nil, _ symbol: Symbol = "btc_usdt") -> OrderTerms {
        var terms = OrderTerms(
            symbol: symbol, side: .buy, type: price == nil ? .market : .limit, price: price.flatMap { Decimal($0) },
            quantity: quantity.flatMap { Decimal($0) })
        terms.quoteQuantity = quote.flatMap { Decimal($0) }
        return terms
    }

    private static func market(contractSize: String? = nil, contractValue: String? = nil) -> Instrument {
        var market = Instrument(symbol: "btc_usdt", tradable: true)
        (market.contractSize, market.contractValue) = (contractSize.flatMap { Decimal($0) }, contractValue.flatMap { Decimal($0) })
        return market
    }

    private static func refusal(_ terms: OrderTerms, in market: Instrument? = market(), _ change: (inout RiskSetting) -> Void) -> RiskSetting.Refusal?
    {
        var setting = RiskSetting()
        change(&setting)
        do throws(RiskSetting.Refusal) { try setting.examine(terms, in: market) } catch { return error }
        return nil
    }

    @Test func `an order at its limit passes, and the smallest step above it is refused with limit and figure`() {
        let most: (inout RiskSetting) -> Void = { $0.maxOrderNotional = Decimal(500) }
        #expect(Self.refusal(Self.terms("50000", "0.01"), most) == nil)
        let above = Self.refusal(Self.terms("50000.1", "0.01"), most)
        #expect(above?.key == "max_order_notional" && above?.words == "the limit is 500, it would have been 500.001")
        // Of a product with more places than a decimal has, none is lost: a bound is never passed by rounding.
        let fine = Self.refusal(Self.terms("500.000000000000000001", "1.000000000000000001")) {
            $0.maxOrderNotional = Decimal("500.000000000000000501")
        }
        #expect(fine?.key == "max_order_notional")
        let quantity: (inout RiskSetting) -> Void = { $0.maxOrderQuantity = ["btc_usdt": Decimal(2)] }
        #expect(Self.refusal(Self.terms("1", "2"), quantity) == nil)
        #expect(Self.refusal(Self.terms("1", "2.5"), quantity)?.words == "the limit is 2 of btc_usdt, it would have been 2.5")
        #expect(Self.refusal(Self.terms("1", "3", "eth_usdt"), quantity) == nil, "another market's")
        let band: (inout RiskSetting) -> Void = { $0.priceBand = ["btc_usdt": .init(low: Decimal(10), high: Decimal(20))] }
        for (price, passes) in [("9.99", false), ("10", true), ("20", true), ("20.01", false)] {
            #expect((Self.refusal(Self.terms(price, "1"), band) == nil) == passes, "\(price)")
        }
        #expect(Self.refusal(Self.terms("1", "1")) { $0.symbols = ["eth_usdt"] }?.key == "symbols")
    }

    @Test func `what cannot be judged is refused: a market order under a rule of price, notional or quantity`() {
        let rules: [(key: String, (inout RiskSetting) -> Void)] = [
            ("max_order_notional", { $0.maxOrderNotional = Decimal(1_000_000) }),
            ("max_order_quantity", { $0.maxOrderQuantity = ["btc_usdt": Decimal(1_000_000)] }),
            ("price_band", { $0.priceBand = ["btc_usdt": .init(low: .one, high: Decimal(1_000_000))] }),
        ]
        let byQuantity = Self.terms(nil, "0.001")
        let byQuote = Self.terms(nil, nil, quote: "5")
        #expect(rules.filter { Self.refusal(byQuantity, $0.1)?.key == $0.key }.map(\.key) == ["max_order_notional", "price_band"])
        #expect(rules.filter { Self.refusal(byQuote, $0.1)?.key == $0.key }.map(\.key) == ["max_order_quantity", "price_band"])
        // A limit order of a market whose rules are not known, and one that is beyond any number.
        #expect(Self.refusal(Self.terms("1", "1"), in: nil, rules[0].1)?.key == "max_order_notional")
        let most = "170000000000000000000"
        #expect(Self.refusal(Self.terms(most, most), rules[0].1)?.key == "max_order_notional")
    }

    @Test func `contracts count by what they are worth`() {
        let most: (inout RiskSetting) -> Void = { $0.maxOrderNotional = Decimal(390) }
        #expect(Self.refusal(Self.terms("39000", "10"), in: Self.market(contractSize: "0.001"), most) == nil)
        #expect(Self.refusal(Self.terms("39000", "11"), in: Self.market(contractSize: "0.001"), most)?.words.hasSuffix("429") == true)
        // Coin-margined: whatever the price.
        #expect(Self.refusal(Self.terms("39000", "3"), in: Self.market(contractValue: "100"), most) == nil)
        #expect(Self.refusal(Self.terms("1", "4"), in: Self.market(contractValue: "100"), most)?.words.hasSuffix("400") == true)
    }

    /// Against a list of all that was taken.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `the orders of the last second are those that a list of all of them shows`(seed: UInt64) {
        var state = seed
        func roll(_ sides: UInt64) -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64((state >> 33) % sides)
        }
        var (recent, all, at) = (RecentPlaces(since: 0), [(at: Int64, count: Int)](), Int64(0))
        for round in 0..<2_000 {
            at += [0, 1, 999_999, 1_000_000, roll(400_000)][Int(roll(5))]
            let expected = all.reduce(0) { $0 + (at - $1.at < 1_000_000 ? $1.count : 0) }
            #expect(recent.count(at: at) == expected, "seed \(seed), round \(round)")
            let count = Int(roll(4))
            recent.take(count, at: at)
            all.append((at, count))
        }
        let young = RecentPlaces(since: 5)
        #expect(!young.isKnown(at: 1_000_004) && young.isKnown(at: 1_000_005))
    }
}
