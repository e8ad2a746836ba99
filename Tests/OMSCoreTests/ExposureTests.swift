import Containers
import Testing

@testable import OMSCore

/// Sums of what orders may come to, by values.
struct ExposureTests {
    private static func weight(
        _ price: String?, _ quantity: String?, executed: String = "0", quote: String? = nil, side: Side = .buy, symbol: Symbol = "btc_usdt"
    ) -> Weight {
        var terms = OrderTerms(symbol: symbol, side: side, type: price == nil ? .market : .limit)
        terms.quoteQuantity = quote.flatMap { Decimal($0) }
        return Weight(
            terms, price: price.flatMap { Decimal($0) }, quantity: quantity.flatMap { Decimal($0) }, executed: Decimal(executed) ?? .zero)
    }

    private static func market(_ symbol: Symbol = "btc_usdt", size: String? = nil, value: String? = nil) -> Instrument {
        var market = Instrument(symbol: symbol, tradable: true)
        (market.contractSize, market.contractValue) = (size.flatMap { Decimal($0) }, value.flatMap { Decimal($0) })
        return market
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `a running sum is what adding all that is left anew comes to, and nothing is left of it once all is taken`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func roll(_ sides: UInt64) -> UInt64 { random.next() % sides }
        var (running, held) = (Exposure(), [Weight]())
        for round in 0..<2_000 {
            if !held.isEmpty, roll(3) == 0 {
                running.take(held.remove(at: Int(roll(UInt64(held.count)))))
            } else {
                let symbol: Symbol = roll(2) == 0 ? "btc_usdt" : "eth_usdt"
                let side: Side = roll(2) == 0 ? .buy : .sell
                let kind = roll(8)
                let weight =
                    kind == 0
                    ? Self.weight(nil, nil, quote: "\(roll(99)).5", symbol: symbol)
                    : Self.weight(
                        kind == 1 ? nil : "0.\(roll(1_000_000_000))1", "\(roll(1_000)).\(roll(1_000_000_000))", executed: "\(roll(5))", side: side,
                        symbol: symbol)
                running.add(weight)
                held.append(weight)
            }
            guard round % 100 == 99 else { continue }
            var anew = Exposure()
            for weight in held { anew.add(weight) }
            for symbol in ["btc_usdt", "eth_usdt"] as [Symbol] {
                for market in [Self.market(symbol), Self.market(symbol, value: "100")] {
                    #expect(running[symbol]?.notional(in: market) == anew[symbol]?.notional(in: market), "seed \(seed), round \(round)")
                }
                for side in Side.allCases {
                    let way = try #require(Way(OrderTerms(symbol: symbol, side: side, type: .limit)))
                    #expect(running[symbol]?.most(way) == anew[symbol]?.most(way), "seed \(seed), round \(round)")
                }
            }
        }
        for weight in held { running.take(weight) }
        #expect(running["btc_usdt"] == nil && running["eth_usdt"] == nil)
    }

    @Test func `a sum that went beyond any number comes back to the last digit`() {
        let large = Decimal("170000000000000000000") ?? .zero
        var sum = ExactSum()
        for amount in [Decimal(7), large, large, large] { sum.add(amount) }
        #expect(sum.value == nil)
        for _ in 0..<3 { sum.take(large) }
        #expect(sum.value == Decimal(7))
    }

    @Test func `what is executed counts no more, contracts by what they are worth, and one order of no bound makes the sum unknown until it is gone`()
    {
        var exposure = Exposure()
        exposure.add(Self.weight("50000", "3", executed: "1"))
        exposure.add(Self.weight(nil, nil, quote: "25"))
        #expect(exposure["btc_usdt"]?.notional(in: Self.market()) == Decimal(100_025))
        #expect(exposure["btc_usdt"]?.notional(in: Self.market(size: "0.001")) == Decimal(125))
        #expect(exposure["btc_usdt"]?.notional(in: Self.market(value: "100")) == Decimal(225))
        let unpriced = Self.weight(nil, "1")
        exposure.add(unpriced)
        #expect(exposure["btc_usdt"]?.notional(in: Self.market()) == nil)
        #expect(exposure["btc_usdt"]?.notional(in: Self.market(value: "100")) == Decimal(325), "whatever its price")
        #expect(throws: UnknownWorth(symbol: "btc_usdt")) { try exposure.notional { _ in Self.market() } }
        exposure.take(unpriced)
        #expect(exposure["btc_usdt"]?.notional(in: Self.market()) == Decimal(100_025))
        #expect(throws: UnknownWorth(symbol: "btc_usdt"), "a market that is not known") { try exposure.notional { _ in nil } }
        // More was executed than asked for: that takes nothing off others.
        exposure.add(Self.weight("1", "1", executed: "5"))
        #expect(exposure["btc_usdt"]?.notional(in: Self.market()) == Decimal(100_025))
    }
}
