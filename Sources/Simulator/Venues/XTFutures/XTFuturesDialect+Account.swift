import OMSCore
import Wire

/// Markets, and what an account is and has (docs/venues/xt-futures.md).
extension XTFuturesDialect {
    // MARK: Markets

    /// Of the host that is asked; of both where nothing tells which.
    func symbols(_ call: Call, _ exchange: Exchange, _ writer: inout JSONWriter) {
        let rows = XTFuturesRows(settings: settings, exchange: exchange, markets: instruments)
        writer.beginArray()
        for market in exchange.current(instruments) where self.market(market.symbol, call, exchange) != nil { rows.symbol(market, &writer) }
        writer.endArray()
    }

    func symbolList(_ call: Call, _ exchange: Exchange) -> HTTPResponse {
        success { writer in
            if settings.symbolListIsBare { return symbols(call, exchange, &writer) }
            writer.beginObject()
            writer.member("time", call.atMs)
            writer.member("version", "1.0")
            writer.key("symbols")
            symbols(call, exchange, &writer)
            writer.endObject()
        }
    }

    func symbolDetail(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try XTFields(of: call, knowing: ["symbol"])
        guard let market = fields.text("symbol").flatMap({ market($0.lowercased(), call, exchange) }) else {
            throw XTProblem("invalid_symbol", "invalid symbol")
        }
        return success { XTFuturesRows(settings: settings, exchange: exchange, markets: instruments).symbol(market, &$0) }
    }

    package func fee(of fill: SimFill, on exchange: Exchange) -> Decimal { cost(of: fill) }

    /// A tenth of a percent of what was traded, in the coin of settlement. The exchange reckons on price times quantity, which may count contracts.
    func cost(of fill: SimFill) -> Decimal {
        // By the venue's own list: a market that ended costs what it cost.
        guard let market = instruments.first(where: { $0.symbol == fill.order.symbol }),
            let worth = XTFuturesMarkets.worth(of: fill.quantity, at: fill.price, market, countsBase: settings.countsBase)
        else { return .zero }
        return worth.dividedRoundingDown(by: Decimal(1_000)) ?? .zero
    }

    // MARK: Account

    /// What the account may do.
    func accountInformation(_ call: Call) throws(XTProblem) -> HTTPResponse {
        guard settings.standing != .notOpened else { throw XTProblem("contract_not_open", "the contract account is not open") }
        return success { writer in
            writer.beginObject()
            writer.member("allowTrade", settings.standing != .noTrading)
            writer.member("allowOpenPosition", settings.standing == .open)
            writer.member("state", 0)
            writer.endObject()
        }
    }

    func balances(_ call: Call, _ writer: inout JSONWriter) {
        writer.beginArray()
        for coin in line(of: call) == "coin" ? ["btc", "eth"] : ["usdt"] {
            writer.beginObject()
            writer.members([
                ("coin", coin), ("walletBalance", settings.balance.description), ("availableBalance", settings.balance.description),
                ("openOrderMarginFrozen", "0"),
            ])
            writer.endObject()
        }
        writer.endArray()
    }

    /// None is kept.
    func positions(_ call: Call) throws(XTProblem) -> HTTPResponse {
        _ = try XTFields(of: call, knowing: ["symbol"])
        return success { $0.raw("[]") }
    }
}
