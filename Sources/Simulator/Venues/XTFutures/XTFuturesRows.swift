import OMSCore
import Wire

/// The venue's rows as REST shows them (docs/venues/xt-futures.md).
struct XTFuturesRows {
    let settings: XTFuturesSettings
    let exchange: Exchange
    /// The venue's own list: a market that ended is what it was.
    let markets: [SimInstrument]

    private func market(_ symbol: String) -> SimInstrument? { exchange.instruments[symbol] ?? markets.first { $0.symbol == symbol } }

    /// The venue's word for a state; whether a time in force ends in EXPIRED or CANCELED nobody says.
    static func state(of state: SimState, _ reason: String, isUnfilled: Bool, _ settings: XTFuturesSettings) -> String {
        let isExpiry = ["ioc", "fok", "post_only", "trade_count_too_small"].contains(reason)
        return switch state {
        case .accepted, .open: "NEW"
        case .partiallyFilled: "PARTIALLY_FILLED"
        case .filled: "FILLED"
        case .canceled where isExpiry && !settings.callsExpiredCanceled: "EXPIRED"
        case .canceled: isUnfilled ? "CANCELED" : "PARTIALLY_CANCELED"
        case .expired: "EXPIRED"
        case .rejected: "REJECTED"
        }
    }

    func order(_ order: SimOrder, tellsCanceled: Bool = false, _ writer: inout JSONWriter) {
        let market = market(order.symbol)
        let notional = market.flatMap {
            XTFuturesMarkets.worth(of: order.leavesQuantity, at: order.price ?? $0.reference, $0, countsBase: settings.countsBase)
        }
        writer.beginObject()
        writer.member("orderId", order.id)
        writer.member("clientOrderId", order.clientID.isEmpty ? nil : order.clientID)
        writer.member("symbol", order.symbol)
        writer.key("contractSize")
        writer.raw((market?.contractSize ?? .one).description)
        writer.member("orderType", order.ticket.isMarket ? "MARKET" : "LIMIT")
        writer.member("orderSide", order.side.rawValue.uppercased())
        writer.member("positionSide", order.tag("positionSide") ?? "LONG")
        writer.member("positionType", "CROSSED")
        writer.member("timeInForce", order.tag("timeInForce") ?? "GTC")
        writer.member("closePosition", false)
        writer.member("price", order.price?.description ?? "0")
        writer.member("origQty", order.quantity.description)
        writer.member("avgPrice", order.averagePrice?.description ?? "0")
        writer.member("executedQty", order.filled.description)
        if tellsCanceled { writer.member("canceledQty", order.leavesQuantity.description) }
        // Twenty times the margin is what an order is worth.
        writer.member("marginFrozen", order.state.isLive ? (notional?.dividedRoundingDown(by: Decimal(20)) ?? .zero).description : "0")
        writer.member("remark", String?.none)
        writer.member("sourceId", String?.none)
        writer.member("sourceType", "DEFAULT")
        writer.member("forceClose", false)
        writer.member("leverage", 20)
        writer.member("openPrice", String?.none)
        writer.member("closeProfit", String?.none)
        writer.member("state", Self.state(of: order.state, order.reason, isUnfilled: order.filled.isZero, settings))
        writer.member("createdTime", order.createdAt / 1_000)
        writer.member("updatedTime", order.updatedAt / 1_000)
        writer.member("triggerProfitPrice", order.tag("triggerProfitPrice"))
        writer.member("triggerStopPrice", order.tag("triggerStopPrice"))
        writer.member("markPrice", market?.reference.description)
        // Of an order that the venue ended by itself.
        writer.member("systemCancel", order.reason == "delisted")
        writer.member("profit", false)
        writer.endObject()
    }

    func execution(_ fill: SimFill, fee: Decimal, _ writer: inout JSONWriter) {
        let market = market(fill.order.symbol)
        writer.beginObject()
        writer.members([
            ("orderId", fill.order.id), ("execId", fill.id), ("symbol", fill.order.symbol), ("quantity", fill.quantity.description),
            ("price", fill.price.description), ("fee", fee.description),
        ])
        writer.member("feeCoin", market.map { XTFuturesMarkets.isCoinMargined($0) ? $0.base : $0.quote })
        writer.member("timestamp", fill.at / 1_000)
        writer.member("takerMaker", fill.isMaker ? "MAKER" : "TAKER")
        writer.member("orderSide", fill.order.side.rawValue.uppercased())
        writer.member("positionSide", fill.order.tag("positionSide") ?? "LONG")
        writer.member("contractSize", market?.contractSize.description)
        writer.endObject()
    }

    func symbol(_ market: SimInstrument, _ writer: inout JSONWriter) {
        let standing = XTFuturesMarkets.standing(of: market.symbol)
        writer.beginObject()
        writer.members([
            ("symbol", market.symbol), ("contractType", "PERPETUAL"), ("productType", "perpetual"),
            ("underlyingType", XTFuturesMarkets.isCoinMargined(market) ? "COIN_BASED" : "U_BASED"), ("baseCoin", market.base),
            ("quoteCoin", market.quote), ("contractSize", market.contractSize.description), ("minQty", market.minQuantity.description),
            ("minNotional", market.minNotional.description), ("maxNotional", "100000000"), ("minStepPrice", market.tick.description),
        ])
        writer.member("pricePrecision", market.pricePlaces)
        writer.member("quantityPrecision", market.quantityPlaces)
        writer.member("minPrice", String?.none)
        writer.member("maxPrice", String?.none)
        writer.members([("multiplierUp", "0.05"), ("multiplierDown", "0.05"), ("marketTakeBound", "0.05")])
        writer.member("maxOpenOrders", settings.openOrdersMax ?? 200)
        writer.member("maxEntrusts", 120)
        writer.member("initLeverage", 20)
        writer.members([("supportOrderType", "LIMIT,MARKET"), ("supportTimeInForce", "GTC,FOK,IOC,GTX")])
        writer.member("tradeSwitch", standing != .suspended)
        writer.member("openSwitch", standing != .suspended && standing != .closing)
        writer.member("isOpenApi", standing != .notByAPI)
        // The same in every row: it says nothing.
        writer.member("state", 0)
        writer.members([("makerFee", "0.001"), ("takerFee", "0.001")])
        writer.endObject()
    }
}
