import OMSCore
import Wire

// Lists and tables. Source: docs/venues/bitget.md, 3.2 and 3.3.
extension BitgetMarginDialect {
    func list(_ call: Call, _ account: SimAccount, _ product: String, _ exchange: Exchange, open: Bool) throws(BitgetProblem) -> HTTPResponse {
        var known: Set = ["symbol", "startTime", "endTime", "orderId", "clientOid", "limit", "idLessThan"]
        if !open { known.insert("enterPointSource") }
        let filter = try ListFilter(call, known: known)
        try check(filter.symbol, exchange)
        func isWanted(_ order: SimOrder) -> Bool {
            order.symbol == filter.symbol && exchange.shows(order, in: product) && (open ? order.state.isLive : order.state.isClosed)
        }
        let found: [SimOrder]
        // An id beats the time window, which beats idLessThan.
        if let id = call.parameter("orderId") {
            found = exchange.order(id: id, uid: account.uid, at: call.at).map { [$0] } ?? []
        } else if let id = call.parameter("clientOid") {
            found =
                exchange.order(clientID: id, uid: account.uid, at: call.at).map { newest in sequence(first: newest, next: \.earlier).map { $0 } }
                ?? []
        } else {
            let beyond = filter.idLessThan.map { exchange.order(id: $0, uid: account.uid, at: nil)?.sequence ?? 0 }
            found = exchange.page(uid: account.uid, open: open, beyond: beyond, limit: filter.limit, at: call.at) { order in
                isWanted(order) && filter.holds(order.createdAt)
            }
        }
        let rows = found.filter { isWanted($0) && $0.visibleAt <= call.at }
        return edge.success(call) { writer in
            writer.beginObject()
            writer.key("orderList")
            writer.beginArray()
            for order in rows { write(order, open: open, to: &writer) }
            writer.endArray()
            writer.member("maxId", rows.first?.id ?? "")
            writer.member("minId", rows.last?.id ?? "")
            writer.endObject()
        }
    }

    private func check(_ symbol: String, _ exchange: Exchange) throws(BitgetProblem) {
        guard !refusesUnknownSymbols || exchange.instruments[symbol] != nil else {
            throw BitgetProblem("40034", "Parameter \(symbol.escapedForLog) does not exist")
        }
    }

    func fills(_ call: Call, _ account: SimAccount, _ product: String, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let filter = try ListFilter(call, known: ["symbol", "startTime", "endTime", "orderId", "limit", "idLessThan"])
        try check(filter.symbol, exchange)
        let orderID = call.parameter("orderId")
        let beyond = filter.idLessThan.map { id in exchange.fills.last { $0.id == id }?.sequence ?? 0 }
        let rows = exchange.fillsPage(uid: account.uid, beyond: beyond, limit: filter.limit, at: call.at) { fill in
            fill.order.symbol == filter.symbol && exchange.shows(fill.order, in: product) && (orderID == nil || fill.order.id == orderID)
                && (orderID != nil || filter.holds(fill.at))
        }
        return edge.success(call) { writer in
            writer.beginObject()
            writer.key("fills")
            writer.beginArray()
            for fill in rows { write(fill, exchange, to: &writer) }
            writer.endArray()
            writer.member("maxId", rows.first?.id ?? "")
            writer.member("minId", rows.last?.id ?? "")
            writer.endObject()
        }
    }

    func assets(_ call: Call, _ product: String) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginArray()
            for coin in ["USDT", "BTC", "ETH", "SOL"] {
                writer.beginObject()
                if product == "isolated" { writer.member("symbol", "BTCUSDT") }
                writer.member("coin", coin)
                for (name, value) in [
                    ("totalAmount", "1000000"), ("available", "1000000"), ("frozen", "0"), ("borrow", "0"), ("interest", "0"), ("net", "1000000"),
                    ("coupon", "0"),
                    ("cTime", String(call.atMs)), ("uTime", String(call.atMs)),
                ] {
                    writer.member(name, value)
                }
                writer.endObject()
            }
            writer.endArray()
        }
    }

    func info(_ call: Call, _ account: SimAccount) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginObject()
            writer.member("userId", account.uid)
            writer.member("inviterId", "0")
            writer.member("ips", "")
            writer.key("authorities")
            writer.beginArray()
            for right in ["coow", "cpow", "mgow"] { writer.string(right) }
            writer.endArray()
            writer.member("parentId", account.uid)
            writer.member("traderType", "not_trader")
            writer.member("channel", "")
            writer.member("regisTime", "1700000000000")
            writer.endObject()
        }
    }

    func currencies(_ call: Call, _ exchange: Exchange) -> HTTPResponse {
        edge.success(call) { writer in
            writer.beginArray()
            for instrument in exchange.current(instruments) {
                writer.beginObject()
                for (name, value) in [
                    ("symbol", instrument.symbol), ("baseCoin", instrument.base), ("quoteCoin", instrument.quote), ("maxCrossedLeverage", "3"),
                    ("maxIsolatedLeverage", "10"), ("warningRiskRatio", "0.8"), ("liquidationRiskRatio", "1"),
                    ("minTradeAmount", String(describing: instrument.minQuantity)), ("maxTradeAmount", "100000"), ("takerFeeRate", "0.001"),
                    ("makerFeeRate", "0.001"), ("pricePrecision", String(instrument.pricePlaces)),
                    ("quantityPrecision", String(instrument.quantityPlaces)),
                    ("minTradeUSDT", String(describing: instrument.minNotional)), ("userMinBorrow", "0.01"), ("status", "1"),
                ] {
                    writer.member(name, value)
                }
                for name in ["isBorrowable", "isIsolatedBaseBorrowable", "isIsolatedQuoteBorrowable", "isCrossBorrowable"] {
                    writer.member(name, true)
                }
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private func write(_ order: SimOrder, open: Bool, to writer: inout JSONWriter) {
        let quote = order.ticket.quoteQuantity ?? order.price?.multiplied(by: order.quantity, roundingDown: true)
        let status =
            switch order.state {
            case .accepted, .open: "live"
            // The two lists spell it differently (docs/venues/bitget.md, 7).
            case .partiallyFilled: open ? "partial_fill" : "partially_fill"
            case .filled: "filled"
            case .canceled, .expired: "cancelled"
            case .rejected: "reject"
            }
        writer.beginObject()
        writer.member("orderId", order.id)
        writer.member("clientOid", order.clientID)
        writer.member("symbol", order.symbol)
        writer.member("side", order.side.rawValue)
        writer.member("orderType", order.ticket.isMarket ? "market" : "limit")
        writer.member("force", order.tag("force") ?? "gtc")
        writer.member("loanType", order.tag("loanType") ?? "normal")
        writer.member("price", order.price.map { String(describing: $0) } ?? "")
        writer.member("baseSize", String(describing: order.quantity))
        writer.member("quoteSize", quote.map { String(describing: $0) } ?? "")
        writer.member("size", String(describing: order.filled))
        writer.member("amount", String(describing: order.filledQuote))
        writer.member("priceAvg", order.averagePrice.map { String(describing: $0) } ?? "")
        writer.member("status", status)
        writer.member("enterPointSource", order.requestNumber == 0 ? "WEB" : "API")
        writer.member("cTime", String(order.createdAt / 1000))
        writer.member("uTime", String(order.updatedAt / 1000))
        writer.endObject()
    }

    private func write(_ fill: SimFill, _ exchange: Exchange, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("orderId", fill.order.id)
        writer.member("tradeId", fill.id)
        writer.member("orderType", fill.order.ticket.isMarket ? "market" : "limit")
        writer.member("side", fill.order.side.rawValue)
        writer.member("priceAvg", String(describing: fill.price))
        writer.member("size", String(describing: fill.quantity))
        writer.member("amount", String(describing: fill.quote))
        writer.member("tradeScope", fill.isMaker ? "maker" : "taker")
        writer.member("cTime", String(fill.at / 1000))
        writer.member("uTime", String(fill.at / 1000))
        writer.key("feeDetail")
        writer.beginObject()
        writer.member("deduction", "no")
        writer.member("feeCoin", exchange.instruments[fill.order.symbol]?.quote ?? "USDT")
        writer.member("totalDeductionFee", "0")
        // Negative: paid (docs/venues/bitget.md, 3.2).
        writer.member("totalFee", String(describing: Decimal(units: -fill.fee.units)))
        writer.endObject()
        writer.endObject()
    }
}

/// The query of a v2 list, checked.
private struct ListFilter {
    let symbol: String
    let startMs: Int64
    let endMs: Int64?
    let limit: Int
    let idLessThan: String?

    init(_ call: Call, known: Set<String>) throws(BitgetProblem) {
        if let stranger = call.query.first(where: { !known.contains($0.name) }) { throw .parameter(stranger.name.escapedForLog) }
        guard let symbol = call.parameter("symbol"), !symbol.isEmpty else { throw .parameter("symbol") }
        guard let start = call.parameter("startTime").flatMap({ Int64($0) }), start >= 0 else { throw .parameter("startTime") }
        (self.symbol, startMs) = (symbol, start)
        if let text = call.parameter("endTime") {
            guard let end = Int64(text), end >= start else { throw .parameter("endTime") }
            endMs = end
        } else {
            endMs = nil
        }
        // 90 days (docs/venues/bitget.md, 3.2), with a day to spare for a start computed before the request travelled.
        guard call.route.endpoint == "open-orders" || (endMs ?? call.atMs) - start <= 91 * 86_400_000 else {
            throw BitgetProblem("00001", "startTime and endTime interval cannot be greater than 90 days")
        }
        if let text = call.parameter("limit") {
            guard let number = Int(text), (1...500).contains(number) else { throw .parameter("limit") }
            limit = number
        } else {
            limit = 100
        }
        idLessThan = call.parameter("idLessThan")
    }

    /// Whether a moment, in microseconds, lies in the window.
    func holds(_ at: Int64) -> Bool { at / 1000 >= startMs && (endMs.map { at / 1000 <= $0 } ?? true) }
}
