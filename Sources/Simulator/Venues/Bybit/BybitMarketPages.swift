import OMSCore
import Wire

/// Bybit's public pages: time and markets, which omsd asks for, and what bots and client libraries load before they trade.
extension BybitDialect {
    func publicPage(_ call: Call, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        switch call.route.endpoint {
        case "time":
            return edge.success(call) { writer in
                writer.beginObject()
                writer.members([("timeSecond", String(call.atMs / 1_000)), ("timeNano", String(call.at) + "000")])
                writer.endObject()
            }
        case "instruments": return try instrumentsInfo(call, exchange)
        default: break
        }
        guard let category = call.parameter("category"), Self.categories.contains(category) else { throw .parameter("category") }
        let symbol = call.parameter("symbol")
        if call.route.endpoint == "tickers" {
            let markets =
                try symbol.map { symbol throws(BybitProblem) in [try instrument(symbol, category, exchange)] } ?? markets(category, exchange)
            return rows(call, category, markets) { ticker($0, category, call, exchange, &$1) }
        }
        guard let symbol else { throw .parameter("symbol") }
        let market = try instrument(symbol, category, exchange)
        return switch call.route.endpoint {
        case "orderbook": try book(call, market, category, exchange)
        case "kline": try candles(call, market, category, exchange)
        default: try trades(call, market, category, exchange)
        }
    }

    private func markets(_ category: String, _ exchange: Exchange) -> [SimInstrument] {
        exchange.current(instruments).filter { BybitRules.isTraded($0, in: category) }
    }

    private func rows<Row>(
        _ call: Call, _ category: String, cursor: String? = nil, _ rows: [Row], _ write: (Row, inout JSONWriter) -> Void
    ) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginObject()
            writer.member("category", category)
            if let cursor { writer.member("nextPageCursor", cursor) }
            writer.key("list")
            writer.beginArray()
            for row in rows {
                writer.beginObject()
                write(row, &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    /// Contracts come in pages, behind the symbol that the cursor names; spot comes whole (3.3).
    private func instrumentsInfo(_ call: Call, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let known: Set = ["category", "symbol", "status", "baseCoin", "limit", "cursor"]
        if let stranger = call.query.first(where: { !known.contains($0.name) }) { throw .parameter(stranger.name.escapedForLog) }
        guard let category = call.parameter("category") else { throw .parameter("category") }
        // Options exist, and none is listed here.
        guard category != "option" else { return rows(call, category, cursor: "", [SimInstrument]()) { _, _ in } }
        guard Self.categories.contains(category) else { throw .parameter("category") }
        guard let limit = call.count("limit", in: 1...1_000, otherwise: 500) else { throw .parameter("limit") }
        var markets = markets(category, exchange)
        if let symbol = call.parameter("symbol") { markets = markets.filter { $0.symbol == symbol } }
        if let base = call.parameter("baseCoin") { markets = markets.filter { $0.base == base } }
        if let status = call.parameter("status"), status != "Trading" { markets = [] }
        guard category != Self.spot else { return rows(call, category, markets) { spotRow($0, &$1) } }
        if let cursor = call.parameter("cursor"), !cursor.isEmpty {
            guard let index = markets.firstIndex(where: { "first=\($0.symbol)" == cursor }) else { throw .parameter("cursor") }
            markets.removeFirst(index)
        }
        let cursor = markets.count > limit ? "first%3D\(markets[limit].symbol)" : ""
        return rows(call, category, cursor: cursor, Array(markets.prefix(limit))) { contractRow($0, category, &$1) }
    }

    private func spotRow(_ market: SimInstrument, _ writer: inout JSONWriter) {
        writer.members([
            ("symbol", market.symbol), ("baseCoin", market.base), ("quoteCoin", market.quote), ("innovation", "0"), ("status", "Trading"),
            ("marginTrading", "utaOnly"),
        ])
        writer.key("lotSizeFilter")
        writer.beginObject()
        let most = BybitRules.mostQuantity(of: market, isMarket: false).description
        writer.members([
            ("basePrecision", market.lot.description), ("quotePrecision", "0.00000001"), ("minOrderQty", market.minQuantity.description),
            ("maxOrderQty", most), ("minOrderAmt", market.minNotional.description), ("maxOrderAmt", "100000000"), ("maxLimitOrderQty", most),
            ("maxMarketOrderQty", BybitRules.mostQuantity(of: market, isMarket: true).description), ("postOnlyMaxLimitOrderSize", most),
        ])
        writer.endObject()
        writer.key("priceFilter")
        writer.beginObject()
        writer.member("tickSize", market.tick.description)
        writer.endObject()
    }

    private func contractRow(_ market: SimInstrument, _ category: String, _ writer: inout JSONWriter) {
        writer.members([
            ("symbol", market.symbol), ("contractType", category == "linear" ? "LinearPerpetual" : "InversePerpetual"), ("status", "Trading"),
            ("baseCoin", market.base), ("quoteCoin", market.quote), ("settleCoin", BybitRules.settleCoin(of: market, in: category) ?? ""),
            ("launchTime", "1585526400000"), ("deliveryTime", "0"), ("priceScale", String(market.pricePlaces)),
        ])
        writer.key("priceFilter")
        writer.beginObject()
        writer.members([("minPrice", market.tick.description), ("maxPrice", "1999999.8"), ("tickSize", market.tick.description)])
        writer.endObject()
        writer.key("lotSizeFilter")
        writer.beginObject()
        writer.members([
            ("maxOrderQty", BybitRules.mostQuantity(of: market, isMarket: false).description), ("minOrderQty", market.minQuantity.description),
            ("qtyStep", market.lot.description), ("maxMktOrderQty", BybitRules.mostQuantity(of: market, isMarket: true).description),
            ("minNotionalValue", market.minNotional.description),
        ])
        writer.endObject()
        writer.key("leverageFilter")
        writer.beginObject()
        writer.members([("minLeverage", "1"), ("maxLeverage", "100.00"), ("leverageStep", "0.01")])
        writer.endObject()
    }

    // MARK: Prices

    private func ticker(_ market: SimInstrument, _ category: String, _ call: Call, _ exchange: Exchange, _ writer: inout JSONWriter) {
        let day = exchange.market.day(of: market, nowMs: call.atMs)
        let (bids, asks) = exchange.market.book(of: market, atMs: call.atMs, depth: 1)
        writer.members([
            ("symbol", market.symbol), ("bid1Price", bids.first?.price.description ?? ""), ("bid1Size", bids.first?.quantity.description ?? ""),
            ("ask1Price", asks.first?.price.description ?? ""), ("ask1Size", asks.first?.quantity.description ?? ""),
            ("lastPrice", day.close.description), ("prevPrice24h", day.open.description), ("price24hPcnt", changeFraction(day)),
            ("highPrice24h", day.high.description), ("lowPrice24h", day.low.description), ("turnover24h", day.turnover.description),
            ("volume24h", day.volume.description),
        ])
        guard category != Self.spot else { return }
        writer.members([
            ("indexPrice", day.close.description), ("markPrice", day.close.description), ("fundingRate", "0.0001"),
            ("nextFundingTime", String((call.atMs / 28_800_000 + 1) * 28_800_000)), ("openInterest", "0"), ("openInterestValue", "0"),
        ])
    }

    private func book(_ call: Call, _ market: SimInstrument, _ category: String, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let isSpot = category == Self.spot
        guard let depth = call.count("limit", in: 1...(isSpot ? 200 : 500), otherwise: isSpot ? 1 : 25) else { throw .parameter("limit") }
        let (bids, asks) = exchange.market.book(of: market, atMs: call.atMs, depth: depth)
        return edge.success(call) { writer in
            writer.beginObject()
            writer.member("s", market.symbol)
            writer.key("b")
            writer.levels(bids)
            writer.key("a")
            writer.levels(asks)
            writer.member("ts", call.atMs)
            writer.member("u", call.number)
            writer.member("seq", call.number)
            writer.member("cts", call.atMs)
            writer.endObject()
        }
    }

    /// Newest first.
    private func candles(_ call: Call, _ market: SimInstrument, _ category: String, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        guard let word = call.parameter("interval"), let minutes = minutes(ofInterval: word == "D" ? "1D" : word) else {
            throw .parameter("interval")
        }
        guard let limit = call.count("limit", in: 1...1_000, otherwise: 200) else { throw .parameter("limit") }
        let (start, end) = (call.moment("start"), call.moment("end"))
        // From a start alone a page goes forward: libraries read on that way.
        let found = exchange.market.candles(
            of: market, minutes: minutes, fromMs: start, toMs: end, limit: limit, nowMs: call.atMs, keepsOldest: start != nil && end == nil)
        return edge.success(call) { writer in
            writer.beginObject()
            writer.members([("category", category), ("symbol", market.symbol)])
            writer.key("list")
            writer.beginArray()
            for candle in found.reversed() {
                let values = [candle.open, candle.high, candle.low, candle.close, candle.volume, candle.turnover].map(\.description)
                writer.texts([String(candle.openMs)] + values)
            }
            writer.endArray()
            writer.endObject()
        }
    }

    private func trades(_ call: Call, _ market: SimInstrument, _ category: String, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        guard let limit = call.count("limit", in: 1...1_000, otherwise: category == Self.spot ? 60 : 500) else { throw .parameter("limit") }
        let found = exchange.market.trades(of: market, toMs: call.atMs, count: limit)
        return rows(call, category, found) { trade, writer in
            writer.members([
                ("execId", String(trade.id)), ("symbol", market.symbol), ("price", trade.price.description), ("size", trade.quantity.description),
                ("side", trade.isBuy ? "Buy" : "Sell"), ("time", String(trade.atMs)),
            ])
            writer.member("isBlockTrade", false)
        }
    }
}
