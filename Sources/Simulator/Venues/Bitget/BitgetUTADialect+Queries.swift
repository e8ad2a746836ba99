import OMSCore
import Wire

// Look-ups and tables. Source: docs/venues/bitget.md, 4.4 and 4.5.
extension BitgetUTADialect {
    func orderInfo(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        try requireKnown(call, ["orderId", "clientOid"])
        let order: SimOrder?
        if let id = call.parameter("orderId"), !id.isEmpty {
            order = exchange.order(id: id, uid: account.uid, at: call.at)
        } else if let id = call.parameter("clientOid"), !id.isEmpty {
            order = exchange.order(clientID: id, uid: account.uid, at: call.at)
        } else {
            throw .parameter("orderId")
        }
        guard let order else { throw BitgetProblem("25204", "Order does not exist") }
        return edge.success(call) { write(order, exchange, to: &$0) }
    }

    func listOrders(_ call: Call, _ account: SimAccount, _ exchange: Exchange, open: Bool) throws(BitgetProblem) -> HTTPResponse {
        let filter = try ListFilter(call, known: ["category", "symbol", "startTime", "endTime", "limit", "cursor"], isWindowed: !open)
        if !open, filter.category == nil { throw .parameter("category") }
        let beyond = filter.cursor.map { exchange.order(id: $0, uid: account.uid, at: nil)?.sequence ?? 0 }
        let rows = exchange.page(uid: account.uid, open: open, beyond: beyond, limit: filter.limit, at: call.at) { order in
            (open || order.state.isClosed) && filter.holds(order, order.createdAt, in: exchange)
        }
        return list(call, rows, cursor: rows.last?.id) { write($0, exchange, to: &$1) }
    }

    func listFills(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let filter = try ListFilter(call, known: ["category", "symbol", "orderId", "startTime", "endTime", "limit", "cursor"], isWindowed: true)
        let orderID = call.parameter("orderId")
        let beyond = filter.cursor.map { id in exchange.fills.last { $0.id == id }?.sequence ?? 0 }
        let rows = exchange.fillsPage(uid: account.uid, beyond: beyond, limit: filter.limit, at: call.at) { fill in
            (orderID == nil || fill.order.id == orderID) && filter.holds(fill.order, fill.at, in: exchange)
        }
        return list(call, rows, cursor: rows.last?.id) { write($0, exchange, to: &$1) }
    }

    func assets(_ call: Call) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginObject()
            for name in ["accountEquity", "usdtEquity", "effEquity"] { writer.member(name, "1000000") }
            for name in ["btcEquity", "unrealisedPnl", "mmr", "imr", "mgnRatio"] { writer.member(name, "0") }
            writer.key("assets")
            writer.beginArray()
            for coin in ["USDT", "USDC", "BTC", "ETH", "SOL"] {
                writer.beginObject()
                writer.member("coin", coin)
                for name in ["equity", "usdValue", "balance", "available"] { writer.member(name, "1000000") }
                for name in ["debt", "locked"] { writer.member(name, "0") }
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    func settings(_ call: Call, _ account: SimAccount) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginObject()
            writer.member("uid", account.uid)
            writer.member("accountMode", "unified")
            writer.member("assetMode", "multi_assets")
            writer.member("accountLevel", "advanced")
            writer.member("holdMode", "one_way_mode")
            writer.member("stpMode", "none")
            writer.endObject()
        }
    }

    func listInstruments(_ call: Call, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        try requireKnown(call, ["category", "symbol"])
        guard let category = call.parameter("category"), Self.categories.contains(category) else { throw .parameter("category") }
        let symbol = call.parameter("symbol")
        return edge.success(call) { writer in
            writer.beginArray()
            for instrument in exchange.current(symbols(of: category)) where symbol == nil || symbol == instrument.symbol {
                writer.beginObject()
                for (name, value) in [
                    ("symbol", instrument.symbol), ("category", category), ("baseCoin", instrument.base), ("quoteCoin", instrument.quote),
                    ("buyLimitPriceRatio", "0.02"), ("sellLimitPriceRatio", "0.02"), ("minOrderQty", String(describing: instrument.minQuantity)),
                    ("maxOrderQty", "0"), ("minOrderAmount", String(describing: instrument.minNotional)),
                    ("pricePrecision", String(instrument.pricePlaces)), ("quantityPrecision", String(instrument.quantityPlaces)),
                    ("quotePrecision", "8"), ("maxSymbolOrderNum", ""), ("maxProductOrderNum", "400"), ("status", "online"), ("maintainTime", ""),
                ] {
                    writer.member(name, value)
                }
                writer.member("launchTime", nil as String?)
                if category.hasSuffix("FUTURES") {
                    writer.member("priceMultiplier", String(describing: instrument.tick))
                    writer.member("quantityMultiplier", String(describing: instrument.lot))
                    for (name, value) in [("maxMarketOrderQty", "0"), ("type", "perpetual"), ("makerFeeRate", "0.001"), ("takerFeeRate", "0.001")] {
                        writer.member(name, value)
                    }
                }
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private func requireKnown(_ call: Call, _ known: Set<String>) throws(BitgetProblem) {
        if let stranger = call.query.first(where: { !known.contains($0.name) }) { throw .parameter(stranger.name.escapedForLog) }
    }

    private func list<Row>(_ call: Call, _ rows: [Row], cursor: String?, _ write: (Row, inout JSONWriter) -> Void) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginObject()
            writer.key("list")
            writer.beginArray()
            for row in rows { write(row, &writer) }
            writer.endArray()
            writer.member("cursor", cursor)
            writer.endObject()
        }
    }

    private func write(_ order: SimOrder, _ exchange: Exchange, to writer: inout JSONWriter) {
        let state =
            switch order.state {
            case .accepted, .open: openState
            case .partiallyFilled: "partially_filled"
            case .filled: "filled"
            case .canceled, .expired, .rejected: "cancelled"
            }
        let reason =
            switch order.reason {
            case "ioc": "ioc_not_full_cancel"
            case "fok": "fok_not_full_cancel"
            case "post_only": "post_only_fill_cancel"
            default: order.reason
            }
        let isQuoted = order.ticket.quoteQuantity != nil
        writer.beginObject()
        for (name, value) in [
            ("orderId", order.id), ("clientOid", order.clientID), ("category", order.ticket.product.uppercased()), ("symbol", order.symbol),
            ("orderType", order.ticket.isMarket ? "market" : "limit"), ("side", order.side.rawValue),
            ("price", order.price.map { String(describing: $0) } ?? "0"), ("qty", isQuoted ? "0" : String(describing: order.quantity)),
            ("amount", order.ticket.quoteQuantity.map { String(describing: $0) } ?? "0"), ("cumExecQty", String(describing: order.filled)),
            ("cumExecValue", String(describing: order.filledQuote)), ("avgPrice", order.averagePrice.map { String(describing: $0) } ?? "0"),
            ("timeInForce", order.tag("timeInForce") ?? "gtc"), ("orderStatus", state), ("posSide", order.tag("posSide") ?? ""), ("holdMode", ""),
            ("tradeSide", ""), ("reduceOnly", order.tag("reduceOnly")?.uppercased() ?? "NO"), ("marginMode", order.tag("marginMode") ?? "crossed"),
            ("stpMode", order.tag("stpMode") ?? "none"), ("delegateType", "normal"), ("takeProfit", order.tag("takeProfit") ?? ""),
            ("stopLoss", order.tag("stopLoss") ?? ""), ("cancelReason", reason), ("execType", "normal"),
            ("createdTime", String(order.createdAt / 1000)),
            ("updatedTime", String(order.updatedAt / 1000)),
        ] {
            writer.member(name, value)
        }
        writer.key("feeDetail")
        writeFee(order.fee, order, exchange, to: &writer)
        writer.endObject()
    }

    private func write(_ fill: SimFill, _ exchange: Exchange, to writer: inout JSONWriter) {
        writer.beginObject()
        for (name, value) in [
            ("execId", fill.id), ("execLinkId", fill.id), ("orderId", fill.order.id), ("clientOid", fill.order.clientID),
            ("category", fill.order.ticket.product.uppercased()), ("symbol", fill.order.symbol),
            ("orderType", fill.order.ticket.isMarket ? "market" : "limit"), ("side", fill.order.side.rawValue),
            ("execPrice", String(describing: fill.price)),
            ("execQty", String(describing: fill.quantity)), ("execValue", String(describing: fill.quote)),
            ("tradeScope", fill.isMaker ? "maker" : "taker"),
            ("tradeSide", ""), ("createdTime", String(fill.at / 1000)), ("updatedTime", String(fill.at / 1000)), ("execPnl", "0"), ("isRPI", "no"),
        ] {
            writer.member(name, value)
        }
        writer.key("feeDetail")
        writeFee(fill.fee, fill.order, exchange, to: &writer)
        writer.endObject()
    }

    /// Above zero: paid, since 11 March 2026 (docs/venues/bitget.md, 4.4).
    private func writeFee(_ fee: Decimal, _ order: SimOrder, _ exchange: Exchange, to writer: inout JSONWriter) {
        writer.beginArray()
        writer.beginObject()
        writer.member("feeCoin", order.fills.isEmpty ? nil : exchange.instruments[order.symbol]?.quote)
        writer.member("fee", order.fills.isEmpty ? nil : String(describing: fee))
        writer.endObject()
        writer.endArray()
    }
}

/// The query of a v3 list, checked.
private struct ListFilter {
    let category: String?
    let symbol: String?
    let startMs: Int64
    let endMs: Int64
    let limit: Int
    let cursor: String?

    /// - Parameter isWindowed: At most 30 days, by default the last 30, and none older than 90.
    init(_ call: Call, known: Set<String>, isWindowed: Bool) throws(BitgetProblem) {
        if let stranger = call.query.first(where: { !known.contains($0.name) }) { throw .parameter(stranger.name.escapedForLog) }
        func moment(_ name: String) throws(BitgetProblem) -> Int64? {
            guard let text = call.parameter(name) else { return nil }
            guard let ms = Int64(text), (0...9_999_999_999_999).contains(ms) else { throw .parameter(name) }
            return ms
        }
        category = call.parameter("category")
        if let category { guard BitgetUTADialect.categories.contains(category) else { throw .parameter("category") } }
        symbol = call.parameter("symbol")
        let (start, end) = (try moment("startTime"), try moment("endTime"))
        let month: Int64 = 30 * 86_400_000
        endMs = end ?? .max
        startMs = start ?? (isWindowed ? min(endMs, call.atMs) - month : 0)
        guard startMs <= endMs else { throw .parameter("endTime") }
        if isWindowed {
            // A day to spare on either rule, for a start computed before the request travelled.
            guard min(endMs, call.atMs) - startMs <= month + 86_400_000 else {
                throw BitgetProblem("00001", "startTime and endTime interval cannot be greater than 30 days")
            }
            guard call.atMs - startMs <= 3 * month + 86_400_000 else { throw BitgetProblem("00001", "startTime cannot be more than 90 days ago") }
        }
        if let text = call.parameter("limit") {
            guard let number = Int(text), (1...100).contains(number) else { throw .parameter("limit") }
            limit = number
        } else {
            limit = 100
        }
        cursor = call.parameter("cursor")
    }

    func holds(_ order: SimOrder, _ at: Int64, in exchange: Exchange) -> Bool {
        (category == nil || exchange.shows(order, in: category?.lowercased())) && (symbol == nil || order.symbol == symbol) && at / 1000 >= startMs
            && at / 1000 <= endMs
    }
}
