import OMSCore
import Wire

// AscendEX' public pages beyond what omsd asks, and its fees: what bots and client libraries load before they trade. Shapes: the venue's documents, as the
// last ccxt that had the venue reads them.
extension AscendEXDialect {
    /// The endpoint of a path taken apart, where this is one of these pages.
    func marketRoute(_ method: String, _ place: Place) -> Route? {
        func page(_ endpoint: String, _ lists: [[String]]) -> Route { Route(endpoint, .public, budgets: ["public"], itemLists: lists) }
        let data = [["data"]]
        return switch (method, place.endpoint, place.group != nil, place.category != nil) {
        case ("GET", "v1/products", false, false): page("all-products", data)
        case ("GET", "v2/assets", false, false): page("assets", data)
        case ("GET", "v2/futures/contract", false, false): page("contracts", data)
        case ("GET", "v1/ticker", false, false): page("ticker", data)
        case ("GET", "v1/depth", false, false): page("depth", [])
        case ("GET", "v1/trades", false, false): page("trades", [["data", "data"]])
        case ("GET", "v1/barhist", false, false): page("barhist", data)
        case ("GET", "v1/spot/fee", true, false): Route("fee", .lookup, budgets: ["fee", "overall"], itemLists: [["data", "fees"]])
        default: nil
        }
    }

    /// The answer of one of these pages; nil where the endpoint is none of them.
    func marketPage(_ call: Call, _ exchange: Exchange) throws(AscendEXProblem) -> HTTPResponse? {
        switch call.route.endpoint {
        case "all-products": allProducts(exchange)
        case "assets": assets()
        // Futures have gone before the venue did.
        case "contracts": success { $0.raw("[]") }
        case "ticker": try tickers(call, exchange)
        case "depth": try depth(call, exchange)
        case "trades": try recentTrades(call, exchange)
        case "barhist": try candles(call, exchange)
        case "fee": fees(call, exchange)
        default: nil
        }
    }

    private func market(_ call: Call, _ exchange: Exchange) throws(AscendEXProblem) -> SimInstrument {
        let symbol = call.parameter("symbol")
        guard let found = exchange.current(instruments).first(where: { $0.symbol == symbol }) else {
            throw AscendEXProblem(.invalidInput, "unknown symbol")
        }
        return found
    }

    private func count(_ call: Call, _ bounds: ClosedRange<Int>, otherwise: Int) throws(AscendEXProblem) -> Int {
        guard let count = call.count("n", in: bounds, otherwise: otherwise) else { throw AscendEXProblem(.invalidInput, "n") }
        return count
    }

    private func allProducts(_ exchange: Exchange) -> HTTPResponse {
        success { writer in
            writer.beginArray()
            for instrument in exchange.current(instruments) {
                writer.beginObject()
                writer.members([
                    ("symbol", instrument.symbol), ("baseAsset", instrument.base), ("quoteAsset", instrument.quote), ("status", "Normal"),
                    ("minNotional", instrument.minNotional.description), ("maxNotional", maxNotional.description), ("commissionType", "Quote"),
                    ("commissionReserveRate", "0.001"), ("tickSize", instrument.tick.description), ("lotSize", instrument.lot.description),
                ])
                writer.member("marginTradable", true)
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private func assets() -> HTTPResponse {
        success { writer in
            writer.beginArray()
            for coin in coins(of: instruments) {
                writer.beginObject()
                writer.members([("assetCode", coin), ("assetName", coin)])
                writer.member("precisionScale", 9)
                writer.member("nativeScale", 8)
                writer.key("blockChain")
                writer.beginArray()
                writer.endArray()
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private func tickers(_ call: Call, _ exchange: Exchange) throws(AscendEXProblem) -> HTTPResponse {
        let named = call.parameter("symbol")?.split(separator: ",").map(String.init)
        let all = exchange.current(instruments)
        let found = named.map { names in names.compactMap { name in all.first { $0.symbol == name } } } ?? all
        guard !found.isEmpty, found.count == named?.count ?? found.count else { throw AscendEXProblem(.invalidInput, "unknown symbol") }
        return success { writer in
            // One symbol asked for: an object; else a list.
            if named?.count != 1 { writer.beginArray() }
            for instrument in found {
                let day = exchange.market.day(of: instrument, nowMs: call.atMs)
                let (bids, asks) = exchange.market.book(of: instrument, atMs: call.atMs, depth: 1)
                writer.beginObject()
                writer.members([
                    ("symbol", instrument.symbol), ("open", day.open.description), ("close", day.close.description), ("high", day.high.description),
                    ("low", day.low.description), ("volume", day.volume.description), ("type", "spot"),
                ])
                for (name, levels) in [("ask", asks), ("bid", bids)] {
                    writer.key(name)
                    writer.texts(levels.flatMap { [$0.price.description, $0.quantity.description] })
                }
                writer.endObject()
            }
            if named?.count != 1 { writer.endArray() }
        }
    }

    private func depth(_ call: Call, _ exchange: Exchange) throws(AscendEXProblem) -> HTTPResponse {
        let instrument = try market(call, exchange)
        let (bids, asks) = exchange.market.book(of: instrument, atMs: call.atMs, depth: 500)
        return success { writer in
            writer.beginObject()
            writer.members([("m", "depth-snapshot"), ("symbol", instrument.symbol)])
            writer.key("data")
            writer.beginObject()
            writer.member("seqnum", call.atMs)
            writer.member("ts", call.atMs)
            writer.key("asks")
            writer.levels(asks)
            writer.key("bids")
            writer.levels(bids)
            writer.endObject()
            writer.endObject()
        }
    }

    private func recentTrades(_ call: Call, _ exchange: Exchange) throws(AscendEXProblem) -> HTTPResponse {
        let instrument = try market(call, exchange)
        let found = exchange.market.trades(of: instrument, toMs: call.atMs, count: try count(call, 1...100, otherwise: 100))
        return success { writer in
            writer.beginObject()
            writer.members([("m", "trades"), ("symbol", instrument.symbol)])
            writer.key("data")
            writer.beginArray()
            for trade in found.reversed() {
                writer.beginObject()
                writer.member("seqnum", trade.id)
                writer.members([("p", trade.price.description), ("q", trade.quantity.description)])
                writer.member("ts", trade.atMs)
                writer.member("bm", !trade.isBuy)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    private func candles(_ call: Call, _ exchange: Exchange) throws(AscendEXProblem) -> HTTPResponse {
        let instrument = try market(call, exchange)
        // A bare number counts minutes; `1m` would be a month here.
        let interval = call.parameter("interval") ?? "1"
        guard interval != "1m", let minutes = minutes(ofInterval: interval) else { throw AscendEXProblem(.invalidInput, "interval") }
        let from = call.moment("from")
        let found = exchange.market.candles(
            of: instrument, minutes: minutes, fromMs: from, toMs: call.moment("to"),
            limit: try count(call, 1...500, otherwise: from == nil ? 10 : 500),
            nowMs: call.atMs, keepsOldest: from != nil)
        return success { writer in
            writer.beginArray()
            for candle in found {
                writer.beginObject()
                writer.members([("m", "bar"), ("s", instrument.symbol)])
                writer.key("data")
                writer.beginObject()
                writer.member("i", interval)
                writer.member("ts", candle.openMs)
                writer.members([
                    ("o", candle.open.description), ("c", candle.close.description), ("h", candle.high.description), ("l", candle.low.description),
                    ("v", candle.volume.description),
                ])
                writer.endObject()
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private func fees(_ call: Call, _ exchange: Exchange) -> HTTPResponse {
        success { writer in
            writer.beginObject()
            writer.members([("domain", "spot"), ("userUID", call.account?.uid ?? ""), ("vipLevel", "0")])
            writer.key("fees")
            writer.beginArray()
            for instrument in exchange.current(instruments) {
                writer.beginObject()
                writer.member("symbol", instrument.symbol)
                writer.key("fee")
                writer.beginObject()
                writer.members([("maker", "0.001"), ("taker", "0.001")])
                writer.endObject()
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }
}
