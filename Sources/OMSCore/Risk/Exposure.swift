/// What many orders may come to at worst, by market: running sums, exact, from which each order's ``Weight`` is taken as it was added.
struct Exposure {
    private var markets: [Symbol: OfMarket] = [:]

    /// Of one market.
    struct OfMarket {
        fileprivate(set) var orders = 0
        fileprivate var worth = ExactSum()
        fileprivate var quantity = ExactSum()
        fileprivate var quote = ExactSum()
        /// Orders whose worth hangs on a price that nobody knows.
        fileprivate(set) var unpriced = 0
        fileprivate var ways: [Way: OfWay] = [:]

        /// What all may be worth in the quote currency, not rounded down; nil: nobody can say.
        func notional(in market: Instrument) -> Decimal? {
            guard let quote = quote.value else { return nil }
            let rest: Decimal?
            if let value = market.contractValue {
                rest = quantity.value?.multipliedRoundingUp(by: value)
            } else if unpriced > 0 {
                rest = nil
            } else {
                rest = market.contractSize.map { size in worth.value?.multipliedRoundingUp(by: size) } ?? worth.value
            }
            return rest?.adding(quote)
        }

        var positionSides: Set<PositionSide?> { Set(ways.keys.map(\.positionSide)) }

        /// How far a position may move that way; nil: nobody can say.
        func most(_ way: Way) -> Decimal? {
            guard let sums = ways[way] else { return .zero }
            return sums.unknown == 0 ? sums.adds.value : nil
        }
    }

    fileprivate struct OfWay {
        var adds = ExactSum()
        /// Orders whose quantity nobody knows.
        var unknown = 0
    }

    subscript(symbol: Symbol) -> OfMarket? { markets[symbol] }

    mutating func add(_ weight: Weight) { count(weight, 1) }
    mutating func take(_ weight: Weight) { count(weight, -1) }

    private mutating func count(_ weight: Weight, _ sign: Int) {
        func put(_ amount: Decimal, into sum: inout ExactSum) { if sign > 0 { sum.add(amount) } else { sum.take(amount) } }
        var market = markets[weight.symbol] ?? OfMarket()
        market.orders += sign
        if let worth = weight.worth { put(worth, into: &market.worth) } else { market.unpriced += sign }
        put(weight.quantity, into: &market.quantity)
        put(weight.quote, into: &market.quote)
        if let way = weight.way {
            var sums = market.ways[way] ?? OfWay()
            if let adds = weight.adds { put(adds, into: &sums.adds) } else { sums.unknown += sign }
            market.ways[way] = sums
        }
        markets[weight.symbol] = market.orders == 0 ? nil : market
    }

    /// What all of it may be worth, over all markets; throws the market of which nobody can say.
    ///
    /// - Parameter market: its rules; nil: they are not known.
    func notional(_ market: (Symbol) -> Instrument?) throws(UnknownWorth) -> Decimal {
        var sum = ExactSum()
        for (symbol, exposure) in markets {
            guard let worth = market(symbol).flatMap({ exposure.notional(in: $0) }) else { throw UnknownWorth(symbol: symbol) }
            sum.add(worth)
        }
        guard let value = sum.value else { throw UnknownWorth(symbol: nil) }
        return value
    }
}

/// Why a sum of worths cannot be told.
struct UnknownWorth: Error, Equatable {
    /// nil: it is beyond any number.
    let symbol: Symbol?

    var words: String {
        guard let symbol else { return "what is open is worth more than this daemon can count" }
        return "what is open in \(symbol) has no bound on its worth: a market order by quantity, or a market whose rules are not known"
    }
}
