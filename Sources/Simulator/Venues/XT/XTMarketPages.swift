import OMSCore
import Wire

// XT's public pages beyond what omsd asks: what bots and client libraries load before they trade. Shapes: docs/venues/xt.md 3.6 and the official pages,
// as ccxt reads them.
extension XTSpotDialect {
    /// The list of contracts, which ccxt loads beside the spot markets. Contracts are listed here and not traded.
    static let contractList: Substring = "/future/market/v1/public/symbol/list"

    /// The endpoint of a path, where this is one of these pages.
    func marketRoute(_ request: HTTPRequest) -> Route? {
        guard request.method == "GET" else { return nil }
        func route(_ endpoint: String, _ lists: [[String]] = [["result"]]) -> Route {
            Route(endpoint, .public, budgets: ["market"], itemLists: lists)
        }
        return switch request.path {
        case "/v4/public/currencies": route("currencies", [["result", "currencies"]])
        case "/v4/public/wallet/support/currency": route("wallet-currencies")
        case "/v4/public/ticker/24h": route("ticker-24h")
        case "/v4/public/depth": route("depth", [])
        case "/v4/public/kline": route("kline")
        case "/v4/public/trade/recent": route("trade-recent")
        case Self.contractList: route("contract-list")
        default: nil
        }
    }

    /// The answer of one of these pages; nil where the endpoint is none of them.
    func marketPage(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse? {
        switch call.route.endpoint {
        case "currencies": currencies()
        case "wallet-currencies": success { $0.raw("[]") }
        case "ticker-24h": try tickers(call, exchange)
        case "depth": try depth(call, exchange)
        case "kline": try candles(call, exchange)
        case "trade-recent": try recentTrades(call, exchange)
        case "contract-list": contracts()
        default: nil
        }
    }

    private func market(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> SimInstrument {
        guard let symbol = call.parameter("symbol")?.lowercased(), let found = exchange.current(instruments).first(where: { $0.symbol == symbol })
        else {
            throw XTProblem("SYMBOL_001", "unknown symbol")
        }
        return found
    }

    private func limit(_ call: Call, _ bounds: ClosedRange<Int>, otherwise: Int) throws(XTProblem) -> Int {
        guard let limit = call.count("limit", in: bounds, otherwise: otherwise) else { throw XTProblem("ORDER_001", "invalid limit") }
        return limit
    }

    private func currencies() -> HTTPResponse {
        success { writer in
            writer.beginObject()
            writer.member("version", "3e9a4b1c")
            writer.key("currencies")
            writer.beginArray()
            for (index, coin) in coins(of: instruments).enumerated() {
                writer.beginObject()
                writer.member("id", index + 1)
                writer.members([("currency", coin), ("fullName", coin), ("type", "FT"), ("nominalTickSize", "")])
                writer.member("maxPrecision", 8)
                writer.member("depositStatus", 1)
                writer.member("withdrawStatus", 1)
                writer.member("convertEnabled", 0)
                writer.member("transferEnabled", 1)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    private func tickers(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let named = (call.parameter("symbols") ?? call.parameter("symbol")).map { Set($0.lowercased().split(separator: ",").map(String.init)) }
        let found = exchange.current(instruments).filter { named?.contains($0.symbol) ?? true }
        guard named.map({ $0.count == found.count }) ?? true else { throw XTProblem("SYMBOL_001", "unknown symbol") }
        return success { writer in
            writer.beginArray()
            for instrument in found {
                let day = exchange.market.day(of: instrument, nowMs: call.atMs)
                let (bids, asks) = exchange.market.book(of: instrument, atMs: call.atMs, depth: 1)
                writer.beginObject()
                writer.member("s", instrument.symbol)
                writer.member("t", call.atMs)
                writer.members([
                    ("cv", day.close.subtracting(day.open)?.description ?? "0"), ("cr", changeFraction(day)), ("o", day.open.description),
                    ("l", day.low.description), ("h", day.high.description), ("c", day.close.description), ("q", day.volume.description),
                    ("v", day.turnover.description), ("ap", asks.first?.price.description ?? "0"), ("aq", asks.first?.quantity.description ?? "0"),
                    ("bp", bids.first?.price.description ?? "0"), ("bq", bids.first?.quantity.description ?? "0"),
                ])
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private func depth(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let instrument = try market(call, exchange)
        let (bids, asks) = exchange.market.book(of: instrument, atMs: call.atMs, depth: try limit(call, 1...500, otherwise: 50))
        return success { writer in
            writer.beginObject()
            writer.member("timestamp", call.atMs)
            writer.member("lastUpdateId", call.atMs)
            writer.key("bids")
            writer.levels(bids)
            writer.key("asks")
            writer.levels(asks)
            writer.endObject()
        }
    }

    private func candles(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let instrument = try market(call, exchange)
        guard let minutes = call.parameter("interval").flatMap({ minutes(ofInterval: $0) }) else { throw XTProblem("ORDER_001", "invalid interval") }
        let from = call.moment("startTime")
        let found = exchange.market.candles(
            of: instrument, minutes: minutes, fromMs: from, toMs: call.moment("endTime"), limit: try limit(call, 1...1_000, otherwise: 100),
            nowMs: call.atMs, keepsOldest: from != nil)
        return success { writer in
            writer.beginArray()
            for candle in found {
                writer.beginObject()
                writer.member("t", candle.openMs)
                writer.members([
                    ("o", candle.open.description), ("c", candle.close.description), ("h", candle.high.description), ("l", candle.low.description),
                    ("q", candle.volume.description), ("v", candle.turnover.description),
                ])
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private func recentTrades(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let instrument = try market(call, exchange)
        let found = exchange.market.trades(of: instrument, toMs: call.atMs, count: try limit(call, 1...1_000, otherwise: 200))
        return success { writer in
            writer.beginArray()
            for trade in found {
                writer.beginObject()
                writer.member("i", trade.id)
                writer.member("t", trade.atMs)
                writer.members([
                    ("p", trade.price.description), ("q", trade.quantity.description),
                    ("v", trade.price.multiplied(by: trade.quantity, roundingDown: true)?.description ?? "0"),
                ])
                writer.member("b", !trade.isBuy)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private func contracts() -> HTTPResponse {
        success { writer in
            writer.beginArray()
            writer.beginObject()
            writer.member("id", 1)
            writer.members([
                ("symbol", "btc_usdt"), ("contractType", "PERPETUAL"), ("underlyingType", "U_BASED"), ("productType", "perpetual"),
                ("contractSize", "0.0001"),
                ("baseCoin", "btc"), ("quoteCoin", "usdt"), ("minQty", "1"), ("minNotional", "5"), ("maxNotional", "20000000"), ("minPrice", "0.01"),
                ("maxPrice", "10000000"), ("makerFee", "0.0004"), ("takerFee", "0.0006"), ("minStepPrice", "0.1"),
            ])
            for (name, places) in [
                ("baseCoinPrecision", 8), ("quoteCoinPrecision", 8), ("quantityPrecision", 0), ("pricePrecision", 1), ("state", 0),
            ] {
                writer.member(name, places)
            }
            writer.member("isOpenApi", true)
            writer.member("tradeSwitch", true)
            writer.endObject()
            writer.endArray()
        }
    }
}
