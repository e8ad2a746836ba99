import OMSCore

/// Both lines' contracts, and what may be done with each. Source: docs/venues/xt-futures.md.
enum XTFuturesMarkets {
    enum Standing {
        case open
        /// `openSwitch` is off: positions may be closed.
        case closing
        /// `tradeSwitch` is off.
        case suspended
        /// `isOpenApi` is off, as it is for hundreds of them: it trades, and not by API.
        case notByAPI
    }

    static let all = [
        contract("btc_usdt", places: 1, reference: "40000", size: "0.0001"), contract("eth_usdt", places: 2, reference: "2000", size: "0.01"),
        contract("sol_usdt", places: 3, reference: "150", size: "0.1"),
        // Names are not always ASCII.
        contract("龙虾_usdt", places: 5, reference: "0.05", size: "10"),
        contract("xrp_usdt", places: 4, reference: "2", size: "10"), contract("ltc_usdt", places: 2, reference: "100", size: "0.1"),
        contract("eos_usdt", places: 4, reference: "0.7", size: "10"),
        // Of the coin-margined line a contract is worth so many usd, whatever the price.
        contract("btc_usd", places: 1, reference: "40000", size: "100"), contract("eth_usd", places: 2, reference: "2000", size: "10"),
    ]

    static func standing(of symbol: String) -> Standing {
        switch symbol {
        case "xrp_usdt": .notByAPI
        case "ltc_usdt": .closing
        case "eos_usdt": .suspended
        default: .open
        }
    }

    private static func contract(_ symbol: String, places: Int, reference: String, size: String) -> SimInstrument {
        let coins = symbol.split(separator: "_").map(String.init)
        return SimInstrument(
            symbol, base: coins[0], quote: coins[1], pricePlaces: places, quantityPlaces: 0, minQuantity: "1", minNotional: "5", reference: reference,
            contractSize: size)
    }

    /// The same counted in base coins: one contract is the step; of the coin-margined line a round amount near it.
    static func counted(inBase: Bool) -> [SimInstrument] {
        guard inBase else { return all }
        return all.map { market in
            let step = isCoinMargined(market) ? Decimal(decimalPlaces: 4) ?? .one : powerOfTen(below: market.contractSize)
            return market.counted(inStepsOf: step)
        }
    }

    /// Steps are powers of ten here.
    private static func powerOfTen(below size: Decimal) -> Decimal {
        (0...Decimal.scale).lazy.compactMap { Decimal(decimalPlaces: $0) }.first { $0 <= size } ?? .one
    }

    static func isCoinMargined(_ market: SimInstrument) -> Bool { market.quote == "usd" }

    /// `usdt` or `coin`: each has a host and a book of its own.
    static func product(ofMarket symbol: String) -> String { symbol.hasSuffix("_usd") ? "coin" : "usdt" }

    /// What a quantity of contracts is worth in the coin that it settles in; nil beyond the range.
    static func worth(of quantity: Decimal, at price: Decimal, _ market: SimInstrument, countsBase: Bool) -> Decimal? {
        guard let notional = notional(of: quantity, at: price, market, countsBase: countsBase) else { return nil }
        guard isCoinMargined(market) else { return notional }
        return price.isPositive ? notional.dividedRoundingDown(by: price) : nil
    }

    /// The same in usdt or usd.
    static func notional(of quantity: Decimal, at price: Decimal, _ market: SimInstrument, countsBase: Bool) -> Decimal? {
        if countsBase { return quantity.multiplied(by: price, roundingDown: true) }
        let contracts = quantity.multiplied(by: market.contractSize, roundingDown: true)
        return isCoinMargined(market) ? contracts : contracts?.multiplied(by: price, roundingDown: true)
    }
}
