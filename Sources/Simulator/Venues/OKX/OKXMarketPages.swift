import OMSCore
import Wire

/// OKX's public pages and what it tells an account of itself: what omsd asks for, and what bots and client libraries load before they trade.
extension OKXDialect {
    func publicPage(_ call: Call, _ exchange: Exchange) throws(OKXProblem) -> HTTPResponse {
        switch call.route.endpoint {
        case "time": return edge.rows(call, [0]) { $1.member("ts", String(call.atMs)) }
        case "instruments": return try listed(call, exchange, isOwn: false)
        case "tickers":
            let type = try OKXQuestion(call, known: ["instType", "uly", "instFamily"]).required("instType")
            return edge.rows(call, try markets(type, exchange)) { self.ticker($0, type, call, exchange, &$1) }
        default: break
        }
        guard let name = call.parameter("instId") else { throw OKXProblem(50_014, "Parameter instId can not be empty.") }
        let market = try market(name, exchange)
        return switch call.route.endpoint {
        case "ticker": edge.rows(call, [market]) { self.ticker($0, OKXRules.product(ofMarket: name).uppercased(), call, exchange, &$1) }
        case "books": try book(call, market, exchange)
        case "candles", "history-candles": try candles(call, market, exchange)
        default: try strangers(call, market, exchange)
        }
    }

    // MARK: Markets

    /// Pairs stand under spot and margin alike.
    private func markets(_ type: String, _ exchange: Exchange) throws(OKXProblem) -> [SimInstrument] {
        guard type != "OPTION" else { return [] }
        guard let product = OKXRules.products[type] else { throw .parameter("instType") }
        return exchange.current(instruments).filter { OKXRules.product(ofMarket: $0.symbol) == (product == "margin" ? "spot" : product) }
    }

    /// - Parameter isOwn: What this account may trade: a spot account nothing but pairs.
    func listed(_ call: Call, _ exchange: Exchange, isOwn: Bool) throws(OKXProblem) -> HTTPResponse {
        let asked = try OKXQuestion(call, known: ["instType", "uly", "instFamily", "instId"])
        let type = try asked.required("instType")
        let (name, family) = (asked.text("instId"), asked.text("instFamily") ?? asked.text("uly"))
        let rows = try markets(type, exchange).filter { market in
            (name == nil || market.symbol == name) && (family == nil || OKXRules.family(of: market.symbol) == family)
        }
        return edge.rows(call, isOwn && settings.accountLevel == 1 && type != "SPOT" ? [] : rows) { self.row($0, type, &$1) }
    }

    private func row(_ market: SimInstrument, _ type: String, _ writer: inout JSONWriter) {
        let name = market.symbol
        writer.members([("instType", type), ("instId", name), ("state", "live"), ("ruleType", "normal"), ("listTime", "1611916828000")])
        if OKXRules.isDerivative(name) {
            let (family, isInverse) = (OKXRules.family(of: name), OKXRules.isInverse(name))
            writer.members([
                ("instFamily", family), ("uly", family), ("baseCcy", ""), ("quoteCcy", ""), ("settleCcy", OKXRules.settleCoin(of: name) ?? ""),
                ("ctVal", market.contractSize.description), ("ctMult", "1"), ("ctValCcy", isInverse ? "USD" : market.base),
                ("ctType", isInverse ? "inverse" : "linear"),
            ])
        } else {
            writer.members([
                ("instFamily", ""), ("uly", ""), ("baseCcy", market.base), ("quoteCcy", market.quote), ("settleCcy", ""), ("ctVal", ""),
                ("ctMult", ""), ("ctValCcy", ""), ("ctType", ""),
            ])
        }
        writer.members([
            ("tickSz", market.tick.description), ("lotSz", market.lot.description), ("minSz", market.minQuantity.description),
            ("maxLmtSz", OKXRules.mostByLimit(of: market).description), ("maxMktSz", OKXRules.mostAtMarket(of: market).description),
        ])
        writer.member("lever", type == "SPOT" ? "" : "10")
        writer.member("expTime", Self.deliveryMs(of: name).map { String($0) } ?? "")
        writer.member("instIdCode", 10_000 + (instruments.firstIndex { $0.symbol == name } ?? 0))
    }

    /// Dated contracts end at eight in the morning, UTC.
    private static func deliveryMs(of name: String) -> Int64? {
        let parts = name.split(separator: "-")
        guard parts.count == 3, parts[2].utf8.count == 6 else { return nil }
        let day = "20\(parts[2].prefix(2))-\(parts[2].dropFirst(2).prefix(2))-\(parts[2].suffix(2))"
        return OKXEdge.milliseconds(ofISO: day + "T08:00:00.000Z")
    }

    // MARK: The account

    func accountConfig(_ call: Call, _ account: SimAccount) -> HTTPResponse {
        edge.rows(call, [account]) { account, writer in
            writer.members([
                ("uid", account.uid), ("mainUid", account.uid), ("acctLv", String(self.settings.accountLevel)),
                ("posMode", self.settings.isHedged ? "long_short_mode" : "net_mode"), ("acctStpMode", "cancel_maker"), ("ctIsoMode", "automatic"),
                ("mgnIsoMode", "automatic"), ("greeksType", "PA"), ("level", "Lv1"), ("levelTmp", ""), ("label", "simulated"), ("ip", ""),
                ("perm", self.settings.mayTrade ? "read_only,trade" : "read_only"), ("roleType", "0"), ("type", "0"),
            ])
            writer.member("autoLoan", false)
            writer.member("enableSpotBorrow", self.settings.maySpotBorrow)
            writer.member("spotBorrowAutoRepay", false)
        }
    }

    /// What is in force now, told of `--limit` as well.
    func accountLimit(_ call: Call) -> HTTPResponse {
        let permits = String(call.permitsNow("account-orders") ?? settings.accountLimit)
        return edge.rows(call, [permits]) { permits, writer in
            writer.members([
                ("fillRatio", "0"), ("mainFillRatio", "0"), ("accRateLimit", permits), ("nextAccRateLimit", permits), ("ts", String(call.atMs)),
            ])
        }
    }

    func balance(_ call: Call) -> HTTPResponse {
        let amount = settings.balance.description
        return edge.rows(call, [0]) { _, writer in
            writer.members([("adjEq", ""), ("totalEq", amount), ("uTime", String(call.atMs))])
            writer.key("details")
            writer.beginArray()
            for coin in coins(of: self.instruments) {
                writer.beginObject()
                writer.members([
                    ("ccy", coin), ("eq", amount), ("cashBal", amount), ("availBal", amount), ("availEq", amount), ("frozenBal", "0"),
                    ("ordFrozen", "0"), ("liab", ""), ("uTime", String(call.atMs)),
                ])
                writer.endObject()
            }
            writer.endArray()
        }
    }

    /// Coins that can be held, as client libraries read them before they trade; none is deposited or withdrawn here.
    func currencies(_ call: Call) throws(OKXProblem) -> HTTPResponse {
        let asked = try OKXQuestion(call, known: ["ccy"]).text("ccy").map { Set($0.split(separator: ",").map(String.init)) }
        // Dollars are what inverse contracts count, and no coin.
        return edge.rows(call, coins(of: instruments).filter { $0 != "USD" && asked?.contains($0) ?? true }) { coin, writer in
            writer.members([("ccy", coin), ("chain", "\(coin)-\(coin)"), ("name", coin)])
            for name in ["canDep", "canWd", "canInternal"] { writer.member(name, false) }
            writer.members([("minWd", "0"), ("maxWd", "0"), ("minFee", "0"), ("maxFee", "0"), ("wdTickSz", "8")])
        }
    }

    /// Costs are told as less than nothing.
    func tradeFee(_ call: Call) throws(OKXProblem) -> HTTPResponse {
        let asked = try OKXQuestion(call, known: ["instType", "instId", "instFamily", "uly", "ruleType"])
        let type = try asked.required("instType")
        _ = try asked.product()
        return edge.rows(call, [type]) { type, writer in
            writer.members([
                ("instType", type), ("level", "Lv1"), ("category", "1"), ("maker", "-0.001"), ("taker", "-0.001"), ("makerU", "-0.001"),
                ("takerU", "-0.001"), ("ts", String(call.atMs)),
            ])
        }
    }

    // MARK: Prices

    private func ticker(_ market: SimInstrument, _ type: String, _ call: Call, _ exchange: Exchange, _ writer: inout JSONWriter) {
        let day = exchange.market.day(of: market, nowMs: call.atMs)
        let (bids, asks) = exchange.market.book(of: market, atMs: call.atMs, depth: 1)
        let last = exchange.market.trades(of: market, toMs: call.atMs, count: 1).first
        writer.members([
            ("instType", type), ("instId", market.symbol), ("last", day.close.description), ("lastSz", last?.quantity.description ?? "0"),
            ("askPx", asks.first?.price.description ?? ""), ("askSz", asks.first?.quantity.description ?? ""),
            ("bidPx", bids.first?.price.description ?? ""), ("bidSz", bids.first?.quantity.description ?? ""),
        ])
        writer.members([
            ("open24h", day.open.description),
            ("high24h", day.high.description), ("low24h", day.low.description), ("volCcy24h", day.turnover.description),
            ("vol24h", day.volume.description), ("sodUtc0", day.open.description), ("sodUtc8", day.open.description), ("ts", String(call.atMs)),
        ])
    }

    /// Levels are of four texts: price, quantity, and two of which the first is nothing any more and the second counts orders.
    private func book(_ call: Call, _ market: SimInstrument, _ exchange: Exchange) throws(OKXProblem) -> HTTPResponse {
        guard let depth = call.count("sz", in: 1...400, otherwise: 1) else { throw .parameter("sz") }
        let (bids, asks) = exchange.market.book(of: market, atMs: call.atMs, depth: depth)
        return edge.rows(call, [0]) { _, writer in
            for (name, levels) in [("asks", asks), ("bids", bids)] {
                writer.key(name)
                writer.beginArray()
                for level in levels { writer.texts([level.price.description, level.quantity.description, "0", "1"]) }
                writer.endArray()
            }
            writer.member("ts", String(call.atMs))
        }
    }

    /// Newest first; `after` asks for what is older, `before` for what is newer.
    private func candles(_ call: Call, _ market: SimInstrument, _ exchange: Exchange) throws(OKXProblem) -> HTTPResponse {
        guard let minutes = minutes(ofInterval: call.parameter("bar") ?? "1m") else { throw .parameter("bar") }
        guard let limit = call.count("limit", in: 1...300, otherwise: 100) else { throw .parameter("limit") }
        let (older, newer) = (call.moment("after"), call.moment("before"))
        let found = exchange.market.candles(
            of: market, minutes: minutes, fromMs: newer.map { $0 + 1 }, toMs: older.map { $0 - 1 }, limit: limit, nowMs: call.atMs)
        let size = market.contractSize
        return edge.success(call) { writer in
            for candle in found.reversed() {
                let base = OKXRules.isDerivative(market.symbol) ? candle.volume.multiplied(by: size, roundingDown: true) ?? .zero : candle.volume
                let values = [candle.open, candle.high, candle.low, candle.close, candle.volume, base, candle.turnover].map(\.description)
                let isOver = candle.openMs + minutes * 60_000 <= call.atMs
                writer.texts([String(candle.openMs)] + values + [isOver ? "1" : "0"])
            }
        }
    }

    private func strangers(_ call: Call, _ market: SimInstrument, _ exchange: Exchange) throws(OKXProblem) -> HTTPResponse {
        guard let limit = call.count("limit", in: 1...500, otherwise: 100) else { throw .parameter("limit") }
        return edge.rows(call, exchange.market.trades(of: market, toMs: call.atMs, count: limit)) { trade, writer in
            writer.members([
                ("instId", market.symbol), ("tradeId", String(trade.id)), ("px", trade.price.description), ("sz", trade.quantity.description),
                ("side", trade.isBuy ? "buy" : "sell"), ("ts", String(trade.atMs)),
            ])
        }
    }
}
