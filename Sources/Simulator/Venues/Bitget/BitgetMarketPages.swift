import OMSCore
import Wire

/// Bitget's public pages, v2 (spot and an empty list of contracts) and v3, and what it answers a key about coins and fees.
///
/// Beyond what omsd asks: what bots and client libraries load before they trade. Shapes: the official pages, as ccxt reads them.
enum BitgetMarketPages {
    /// The endpoint of a path, where this is one of these pages. `isPublic` false: a key is asked for.
    static func page(_ request: HTTPRequest) -> (endpoint: String, isPublic: Bool, list: [[String]])? {
        guard request.method == "GET" else { return nil }
        let list = [["data"]]
        return switch request.path {
        case "/api/v2/spot/public/symbols": ("spot-symbols", true, list)
        case "/api/v2/spot/public/coins": ("coins", true, list)
        case "/api/v2/mix/market/contracts": ("contracts", true, list)
        case "/api/v2/spot/market/tickers": ("spot-tickers", true, list)
        case "/api/v2/spot/market/orderbook": ("spot-orderbook", true, [])
        case "/api/v2/spot/market/candles", "/api/v2/spot/market/history-candles": ("spot-candles", true, list)
        case "/api/v2/spot/market/fills", "/api/v2/spot/market/fills-history": ("spot-fills", true, list)
        case "/api/v2/spot/account/assets": ("spot-assets", false, list)
        case "/api/v2/common/trade-rate": ("trade-rate", false, [])
        case "/api/v3/market/tickers": ("tickers", true, list)
        case "/api/v3/market/orderbook": ("orderbook", true, [])
        case "/api/v3/market/candles", "/api/v3/market/history-candles": ("candles", true, list)
        case "/api/v3/market/fills": ("market-fills", true, list)
        case "/api/v3/account/fee-rate": ("fee-rate", false, [])
        case "/api/v3/account/all-fee-rate": ("all-fee-rate", false, list)
        default: nil
        }
    }

    /// The page's answer; nil where the endpoint is none of these.
    static func answer(
        _ call: Call, _ edge: BitgetEdge, _ markets: @autoclosure () -> [SimInstrument], _ exchange: Exchange
    ) throws(BitgetProblem) -> HTTPResponse? {
        guard page(call.request) != nil else { return nil }
        let instruments = markets()
        switch call.route.endpoint {
        case "spot-symbols": return rows(call, edge, try named(call, instruments, needed: false)) { spotSymbol($0, &$1) }
        case "coins": return edge.success(call) { coinList(call, instruments, &$0) }
        // The v2 line sells no contracts here.
        case "contracts": return edge.success(call) { $0.raw("[]") }
        case "spot-assets": return edge.success(call) { assets(instruments, &$0) }
        case "trade-rate", "fee-rate":
            _ = try named(call, instruments, needed: true)
            return edge.success(call) { writer in
                writer.beginObject()
                writer.members(fees)
                writer.endObject()
            }
        case "all-fee-rate": return rows(call, edge, instruments) { $1.members([("symbol", $0.symbol)] + fees) }
        case "spot-tickers": return rows(call, edge, try named(call, instruments, needed: false)) { spotTicker($0, call, exchange, &$1) }
        case "tickers": return rows(call, edge, try named(call, instruments, needed: false)) { ticker($0, call, exchange, &$1) }
        case "spot-orderbook", "orderbook": return try book(call, edge, instruments, exchange)
        case "spot-candles", "candles": return try candles(call, edge, instruments, exchange)
        case "spot-fills", "market-fills": return try trades(call, edge, instruments, exchange)
        default: return nil
        }
    }

    // MARK: Parts

    /// The markets that the query's `symbol` names; all where it names none and none is needed.
    private static func named(_ call: Call, _ instruments: [SimInstrument], needed: Bool) throws(BitgetProblem) -> [SimInstrument] {
        guard let symbol = call.parameter("symbol"), !symbol.isEmpty else {
            guard !needed else { throw .parameter("symbol") }
            return instruments
        }
        guard let found = instruments.first(where: { $0.symbol == symbol }) else { throw .parameter("symbol") }
        return [found]
    }

    private static func one(_ call: Call, _ instruments: [SimInstrument]) throws(BitgetProblem) -> SimInstrument {
        guard let found = try named(call, instruments, needed: true).first else { throw .parameter("symbol") }
        return found
    }

    private static func rows(
        _ call: Call, _ edge: BitgetEdge, _ instruments: [SimInstrument], _ write: (SimInstrument, inout JSONWriter) -> Void
    ) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginArray()
            for instrument in instruments {
                writer.beginObject()
                write(instrument, &writer)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private static func spotSymbol(_ instrument: SimInstrument, _ writer: inout JSONWriter) {
        writer.members([
            ("symbol", instrument.symbol), ("baseCoin", instrument.base), ("quoteCoin", instrument.quote),
            ("minTradeAmount", instrument.minQuantity.description), ("maxTradeAmount", "900000000000000000000"), ("takerFeeRate", "0.001"),
            ("makerFeeRate", "0.001"), ("pricePrecision", String(instrument.pricePlaces)), ("quantityPrecision", String(instrument.quantityPlaces)),
            ("quotePrecision", "8"), ("status", "online"), ("minTradeUSDT", instrument.minNotional.description), ("buyLimitPriceRatio", "0.05"),
            ("sellLimitPriceRatio", "0.05"), ("areaSymbol", "no"), ("orderQuantity", "400"), ("openTime", "1600000000000"), ("offTime", ""),
        ])
    }

    private static func coinList(_ call: Call, _ instruments: [SimInstrument], _ writer: inout JSONWriter) {
        let wanted = call.parameter("coin")
        writer.beginArray()
        for (index, coin) in coins(of: instruments).enumerated() where wanted == nil || wanted == coin {
            writer.beginObject()
            writer.members([("coinId", String(index + 1)), ("coin", coin), ("transfer", "true"), ("areaCoin", "no")])
            writer.key("chains")
            writer.beginArray()
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
    }

    private static func assets(_ instruments: [SimInstrument], _ writer: inout JSONWriter) {
        writer.beginArray()
        for coin in coins(of: instruments) {
            writer.beginObject()
            writer.members([("coin", coin), ("available", "1000000"), ("frozen", "0"), ("locked", "0"), ("limitAvailable", "0"), ("uTime", "0")])
            writer.endObject()
        }
        writer.endArray()
    }

    private static let fees = [("makerFeeRate", "0.001"), ("takerFeeRate", "0.001")]

    private static func spotTicker(_ instrument: SimInstrument, _ call: Call, _ exchange: Exchange, _ writer: inout JSONWriter) {
        let day = exchange.market.day(of: instrument, nowMs: call.atMs)
        let (bids, asks) = exchange.market.book(of: instrument, atMs: call.atMs, depth: 1)
        writer.members([
            ("open", day.open.description), ("symbol", instrument.symbol), ("high24h", day.high.description), ("low24h", day.low.description),
            ("lastPr", day.close.description), ("quoteVolume", day.turnover.description), ("baseVolume", day.volume.description),
            ("usdtVolume", day.turnover.description), ("ts", String(call.atMs)), ("bidPr", bids.first?.price.description ?? "0"),
            ("askPr", asks.first?.price.description ?? "0"), ("bidSz", bids.first?.quantity.description ?? "0"),
            ("askSz", asks.first?.quantity.description ?? "0"), ("openUtc", day.open.description), ("changeUtc24h", changeFraction(day)),
            ("change24h", changeFraction(day)),
        ])
    }

    private static func ticker(_ instrument: SimInstrument, _ call: Call, _ exchange: Exchange, _ writer: inout JSONWriter) {
        let day = exchange.market.day(of: instrument, nowMs: call.atMs)
        let (bids, asks) = exchange.market.book(of: instrument, atMs: call.atMs, depth: 1)
        writer.members([
            ("category", call.parameter("category") ?? "SPOT"), ("symbol", instrument.symbol), ("ts", String(call.atMs)),
            ("lastPrice", day.close.description), ("openPrice24h", day.open.description), ("highPrice24h", day.high.description),
            ("lowPrice24h", day.low.description), ("ask1Price", asks.first?.price.description ?? "0"),
            ("bid1Price", bids.first?.price.description ?? "0"), ("bid1Size", bids.first?.quantity.description ?? "0"),
            ("ask1Size", asks.first?.quantity.description ?? "0"), ("price24hPcnt", changeFraction(day)), ("volume24h", day.volume.description),
            ("turnover24h", day.turnover.description),
        ])
        if call.parameter("category")?.hasSuffix("FUTURES") == true {
            writer.members([
                ("indexPrice", day.close.description), ("markPrice", day.close.description), ("fundingRate", "0.0001"), ("openInterest", "0"),
            ])
        }
    }

    private static func book(_ call: Call, _ edge: BitgetEdge, _ instruments: [SimInstrument], _ exchange: Exchange) throws(BitgetProblem)
        -> HTTPResponse
    {
        let instrument = try one(call, instruments)
        guard let depth = call.count("limit", in: 1...200, otherwise: call.route.endpoint == "orderbook" ? 5 : 150) else { throw .parameter("limit") }
        let (bids, asks) = exchange.market.book(of: instrument, atMs: call.atMs, depth: depth)
        let names = call.route.endpoint == "orderbook" ? (bids: "b", asks: "a") : (bids: "bids", asks: "asks")
        return edge.success(call) { writer in
            writer.beginObject()
            writer.key(names.asks)
            writer.levels(asks)
            writer.key(names.bids)
            writer.levels(bids)
            writer.member("ts", String(call.atMs))
            writer.endObject()
        }
    }

    private static func candles(
        _ call: Call, _ edge: BitgetEdge, _ instruments: [SimInstrument], _ exchange: Exchange
    ) throws(BitgetProblem) -> HTTPResponse {
        let instrument = try one(call, instruments)
        let name = call.route.endpoint == "candles" ? "interval" : "granularity"
        guard let interval = call.parameter(name), let minutes = minutes(ofInterval: interval) else { throw .parameter(name) }
        guard let limit = call.count("limit", in: 1...1_000, otherwise: 100) else { throw .parameter("limit") }
        let found = exchange.market.candles(
            of: instrument, minutes: minutes, fromMs: call.moment("startTime"), toMs: call.moment("endTime"), limit: limit, nowMs: call.atMs)
        return edge.success(call) { writer in
            writer.beginArray()
            for candle in found {
                let values = [candle.open, candle.high, candle.low, candle.close, candle.volume, candle.turnover].map(\.description)
                writer.texts([String(candle.openMs)] + values + (name == "granularity" ? [candle.turnover.description] : []))
            }
            writer.endArray()
        }
    }

    private static func trades(
        _ call: Call, _ edge: BitgetEdge, _ instruments: [SimInstrument], _ exchange: Exchange
    ) throws(BitgetProblem) -> HTTPResponse {
        let instrument = try one(call, instruments)
        guard let limit = call.count("limit", in: 1...1_000, otherwise: 100) else { throw .parameter("limit") }
        let from = call.moment("startTime") ?? 0
        let found = exchange.market.trades(of: instrument, toMs: min(call.moment("endTime") ?? call.atMs, call.atMs), count: limit)
        let isUnified = call.route.endpoint == "market-fills"
        return edge.success(call) { writer in
            writer.beginArray()
            for trade in found where trade.atMs >= from {
                writer.beginObject()
                let side = trade.isBuy ? "buy" : "sell"
                writer.members(
                    isUnified
                        ? [
                            ("execId", String(trade.id)), ("price", trade.price.description), ("size", trade.quantity.description), ("side", side),
                            ("ts", String(trade.atMs)),
                        ]
                        : [
                            ("symbol", instrument.symbol), ("tradeId", String(trade.id)), ("side", side), ("price", trade.price.description),
                            ("size", trade.quantity.description), ("ts", String(trade.atMs)),
                        ])
                writer.endObject()
            }
            writer.endArray()
        }
    }
}
