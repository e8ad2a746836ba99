import OMSCore
import Wire

/// Looking up (venue page 4, 4.3 to 4.5).
extension AZFuturesDialect {
    func detail(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try fields(call, knowing: ["orderId"])
        guard let id = fields.text("orderId") else { throw XTProblem("invalid_params", "orderId is required") }
        let order = exchange.order(id: id, uid: call.account?.uid ?? "", at: call.at)
        return success { writer in
            if let order { write(order, &writer, exchange) } else { writer.null() }
        }
    }

    /// Open states, or done ones: words that only queries know (section 8).
    private static func matches(_ order: SimOrder, _ state: String?) -> Bool {
        switch state {
        case nil: true
        case "UNFINISHED": !order.state.isClosed
        case "HISTORY": order.state.isClosed
        case let word: Self.state(of: order) == word
        }
    }

    private static let states: Set<String> = [
        "NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "PARTIALLY_CANCELED", "REJECTED", "EXPIRED", "UNFINISHED", "HISTORY",
    ]

    private func wanted(_ fields: XTFields) throws(XTProblem) -> (SimOrder) -> Bool {
        let symbol = fields.text("symbol")?.lowercased()
        let state = fields.text("state") ?? (listsOnlyNewByDefault && fields["state"] == nil ? "NEW" : nil)
        guard state.map({ Self.states.contains($0) }) ?? true else { throw XTProblem("invalid_params", "invalid state") }
        let times = try fields.times()
        return { (symbol == nil || $0.symbol == symbol) && Self.matches($0, state) && times.contains($0.createdAt / 1000) }
    }

    /// Pages by number, newest first: rows can slip between two requests.
    func list(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try fields(call, knowing: ["clientOrderId", "symbol", "state", "startTime", "endTime", "page", "size"])
        let (page, size) = try fields.numberedPage()
        let isWanted = try wanted(fields)
        let uid = call.account?.uid ?? ""
        var rows: [SimOrder] = []
        if let clientID = fields.text("clientOrderId") {
            call.clientIDs = [clientID]
            var order = exchange.order(clientID: clientID, uid: uid, at: call.at)
            while let found = order {
                if isWanted(found), found.visibleAt <= call.at { rows.append(found) }
                order = found.earlier
            }
        } else {
            let isOpen = ["UNFINISHED", "NEW", "PARTIALLY_FILLED"].contains(fields.text("state") ?? "")
            rows = exchange.page(uid: uid, open: isOpen, limit: .max, at: call.at, where: isWanted)
        }
        return success { writer in
            writer.numbered(rows, page, size) { order, writer in write(order, &writer, exchange) }
        }
    }

    /// All at once, without pages; POST only (section 4).
    func listOpen(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try fields(call, knowing: ["symbol"])
        let symbol = fields.text("symbol")?.lowercased()
        let found = exchange.page(uid: call.account?.uid ?? "", open: true, limit: .max, at: call.at) { symbol == nil || $0.symbol == symbol }
        return success { writer in
            writer.beginArray()
            for order in found { write(order, &writer, exchange) }
            writer.endArray()
        }
    }

    /// A cursor's place out of `name` and `direction`.
    private func cursor(_ fields: XTFields, _ name: String, anchor: (id: String, sequence: Int)?) throws(XTProblem) -> (at: Int?, isNext: Bool) {
        let isNext = try fields.isNext()
        guard let text = fields.text(name) else { return (nil, isNext) }
        guard let id = Int64(text) else { throw XTProblem("invalid_params", "invalid \(name)") }
        let found = sequence(ofID: id, anchor: anchor)
        return (cursorIsInclusive ? found.map { isNext ? $0 + 1 : $0 - 1 } : found, isNext)
    }

    /// Done orders behind a cursor `id`.
    func history(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try fields(call, knowing: ["symbol", "id", "direction", "limit", "startTime", "endTime", "forceClose"])
        let symbol = fields.text("symbol")?.lowercased()
        let times = try fields.times()
        _ = try fields.bool("forceClose", orElse: XTProblem("invalid_params", "invalid forceClose"))
        let limit = Int(try fields.integer("limit", in: 1...100, otherwise: 10, orElse: XTProblem("invalid_params", "invalid limit")))
        let (place, isNext) = try cursor(fields, "id", anchor: exchange.orders.first.map { ($0.id, $0.sequence) })
        let page = XTPage(behind: place, isNext: isNext, limit: limit) { newestFirst, beyond, limit in
            exchange.page(uid: call.account?.uid ?? "", open: false, newestFirst: newestFirst, beyond: beyond, limit: limit, at: call.at) {
                $0.state.isClosed && (symbol == nil || $0.symbol == symbol) && times.contains($0.createdAt / 1000)
            }
        }
        return success { writer in writer.cursored(page) { order, writer in write(order, &writer, exchange) } }
    }

    /// Pages by number (XT) or by cursor `fromId` (AZ).
    func trades(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let paging = pagesTradesByNumber ? ["page"] : ["fromId", "direction"]
        let fields = try fields(call, knowing: Set(["orderId", "symbol", "startTime", "endTime", "size"] + paging))
        let (page, size) = try fields.numberedPage()
        let symbol = fields.text("symbol")?.lowercased()
        let times = try fields.times()
        let orderID = fields.text("orderId")
        let uid = call.account?.uid ?? ""
        func isWanted(_ fill: SimFill) -> Bool {
            (orderID == nil || fill.order.id == orderID) && (symbol == nil || fill.order.symbol == symbol) && times.contains(fill.at / 1000)
        }
        if pagesTradesByNumber {
            let rows = exchange.fillsPage(uid: uid, limit: .max, at: call.at, where: isWanted)
            return success { writer in writer.numbered(rows, page, size) { fill, writer in write(fill, &writer, exchange) } }
        }
        let (place, isNext) = try cursor(fields, "fromId", anchor: exchange.fills.first.map { ($0.id, $0.sequence) })
        let cut = XTPage(behind: place, isNext: isNext, limit: size) { newestFirst, beyond, limit in
            exchange.fillsPage(uid: uid, newestFirst: newestFirst, beyond: beyond, limit: limit, at: call.at, where: isWanted)
        }
        return success { writer in writer.cursored(cut) { fill, writer in write(fill, &writer, exchange) } }
    }

    /// The market makers' listing: a cursor `fromId`, newest first, fresh orders as NEW or PLACED (4.3).
    func cachedOpenOrders(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try fields(call, knowing: ["symbol", "size", "fromId"])
        let symbol = fields.text("symbol")?.lowercased()
        let size = Int(try fields.integer("size", in: 1...100, otherwise: 20, orElse: XTProblem("invalid_size", "invalid size")))
        let (place, _) = try cursor(fields, "fromId", anchor: exchange.orders.first.map { ($0.id, $0.sequence) })
        let uid = call.account?.uid ?? ""
        func isWanted(_ order: SimOrder) -> Bool { symbol == nil || order.symbol == symbol }
        let rows = exchange.page(uid: uid, open: true, beyond: place, limit: size, at: call.at, where: isWanted)
        let total = exchange.page(uid: uid, open: true, limit: .max, at: call.at, where: isWanted).count
        return success { writer in
            writer.beginObject()
            writer.member("total", total)
            writer.member("size", size)
            writer.key("content")
            writer.beginArray()
            for order in rows { write(order, &writer, exchange, isCached: true) }
            writer.endArray()
            writer.endObject()
        }
    }

    // MARK: Shapes

    static func state(of order: SimOrder) -> String {
        switch order.state {
        case .accepted, .open: "NEW"
        case .partiallyFilled: "PARTIALLY_FILLED"
        case .filled: "FILLED"
        case .canceled where ["ioc", "fok", "post_only", "trade_count_too_small"].contains(order.reason): "EXPIRED"
        case .canceled: order.filled.isZero ? "CANCELED" : "PARTIALLY_CANCELED"
        case .expired: "EXPIRED"
        case .rejected: "REJECTED"
        }
    }

    private func write(_ order: SimOrder, _ writer: inout JSONWriter, _ exchange: Exchange, isCached: Bool = false) {
        let instrument = exchange.instruments[order.symbol]
        let size = instrument?.contractSize ?? .one
        var state = Self.state(of: order)
        if isCached, state == "NEW", order.sequence % 2 == 0 { state = "PLACED" }
        let notional = instrument.flatMap { self.notional(of: order.quantity, at: order.price ?? .zero, $0) } ?? .zero
        writer.beginObject()
        write(id: order.id, as: "orderId", &writer)
        writer.member("clientOrderId", order.clientID.isEmpty ? nil : order.clientID)
        writer.member("symbol", order.symbol)
        writer.key("contractSize")
        writer.raw(size.description)
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
        writer.member("marginFrozen", order.state.isLive ? (notional.dividedRoundingDown(by: Decimal(20)) ?? .zero).description : "0")
        writer.member("remark", String?.none)
        writer.member("sourceId", String?.none)
        writer.member("sourceType", "DEFAULT")
        writer.member("forceClose", false)
        writer.member("leverage", 20)
        writer.member("openPrice", String?.none)
        writer.member("closeProfit", String?.none)
        writer.member("state", state)
        writer.member("createdTime", order.createdAt / 1000)
        writer.member("updatedTime", order.updatedAt / 1000)
        writer.member("triggerProfitPrice", order.tag("triggerProfitPrice"))
        writer.member("triggerStopPrice", order.tag("triggerStopPrice"))
        writer.member("markPrice", instrument?.reference.description)
        writer.member("systemCancel", false)
        writer.member("profit", false)
        writer.endObject()
    }

    private func write(_ fill: SimFill, _ writer: inout JSONWriter, _ exchange: Exchange) {
        let instrument = exchange.instruments[fill.order.symbol]
        let size = instrument?.contractSize ?? .one
        writer.beginObject()
        write(id: fill.order.id, as: "orderId", &writer)
        write(id: fill.id, as: "execId", &writer)
        writer.member("symbol", fill.order.symbol)
        // The pages that count base coins have no contract in these rows.
        if !countsBase { writer.member("contractSize", size.description) }
        writer.member("quantity", fill.quantity.description)
        writer.member("price", fill.price.description)
        writer.member("fee", fee(of: fill, on: exchange).description)
        writer.member("feeCoin", instrument?.quote)
        writer.member("timestamp", fill.at / 1000)
        writer.member("takerMaker", fill.isMaker ? "MAKER" : "TAKER")
        writer.member("orderSide", fill.order.side.rawValue.uppercased())
        writer.member("positionSide", fill.order.tag("positionSide") ?? "LONG")
        writer.endObject()
    }

    /// The exchange reckons it on price times quantity, which may count contracts.
    package func fee(of fill: SimFill, on exchange: Exchange) -> Decimal {
        // By the page's own list: a market that ended costs what it cost.
        guard !countsBase, let size = instruments.first(where: { $0.symbol == fill.order.symbol })?.contractSize else { return fill.fee }
        return fill.fee.multiplied(by: size, roundingDown: true) ?? .zero
    }

    // MARK: Symbols and balances

    func symbolList(_ call: Call, _ exchange: Exchange) -> HTTPResponse {
        success { writer in
            if !symbolListIsBare {
                writer.beginObject()
                writer.member("time", call.atMs)
                writer.member("version", "1.0")
                writer.key("symbols")
            }
            writer.beginArray()
            for instrument in exchange.current(instruments) { write(instrument, &writer) }
            writer.endArray()
            if !symbolListIsBare { writer.endObject() }
        }
    }

    func symbolDetail(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try fields(call, knowing: ["symbol"])
        guard let instrument = fields.text("symbol").flatMap({ exchange.instruments[$0.lowercased()] }) else {
            throw XTProblem("invalid_symbol", "invalid symbol")
        }
        return success { write(instrument, &$0) }
    }

    private func write(_ instrument: SimInstrument, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("symbol", instrument.symbol)
        writer.member("contractType", "PERPETUAL")
        writer.member("productType", "perpetual")
        writer.member("underlyingType", instrument.quote == "usd" ? "COIN_BASED" : "U_BASED")
        writer.member("baseCoin", instrument.base)
        writer.member("quoteCoin", instrument.quote)
        writer.member("contractSize", instrument.contractSize.description)
        writer.member("minQty", instrument.minQuantity.description)
        writer.member("minNotional", instrument.minNotional.description)
        writer.member("maxNotional", "100000000")
        writer.member("minStepPrice", instrument.tick.description)
        writer.member("pricePrecision", instrument.pricePlaces)
        writer.member("quantityPrecision", instrument.quantityPlaces)
        writer.member("minPrice", String?.none)
        writer.member("maxPrice", String?.none)
        writer.member("multiplierUp", "0.05")
        writer.member("multiplierDown", "0.05")
        writer.member("maxOpenOrders", openOrdersMax ?? 200)
        writer.member("supportOrderType", "LIMIT,MARKET")
        writer.member("supportTimeInForce", "GTC,FOK,IOC,GTX")
        writer.member("tradeSwitch", true)
        writer.member("openSwitch", true)
        writer.member("isOpenApi", true)
        writer.member("state", 0)
        writer.member("makerFee", "0.001")
        writer.member("takerFee", "0.001")
        writer.endObject()
    }

    func balances(_ writer: inout JSONWriter) {
        writer.beginArray()
        writer.beginObject()
        writer.member("coin", "usdt")
        writer.member("walletBalance", balance.description)
        writer.member("availableBalance", balance.description)
        writer.member("openOrderMarginFrozen", "0")
        writer.endObject()
        writer.endArray()
    }
}
