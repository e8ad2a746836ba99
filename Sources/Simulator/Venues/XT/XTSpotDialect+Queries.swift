import OMSCore
import Wire

/// Looking up (venue page 3.4 to 3.7).
extension XTSpotDialect {
    /// The query's fields; anything the endpoint does not know fails the request.
    private func query(_ call: Call, knowing known: Set<String>) throws(XTProblem) -> XTFields {
        guard let pairs = XTPairs(call.request.query ?? ""), let fields = XTFields(pairs.object) else { throw XTProblem("ORDER_001", "broken query") }
        if let name = fields.unknown(besides: known) { throw XTProblem("ORDER_001", "unknown parameter \(name)") }
        return fields
    }

    /// A value that must be one of these where it is given.
    private func choice(_ fields: XTFields, _ name: String, of values: Set<String>) throws(XTProblem) -> String? {
        guard let value = fields.text(name) else { return nil }
        guard values.contains(value) else { throw XTProblem("ORDER_001", "invalid \(name)") }
        return value
    }

    func order(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let uid = call.account?.uid ?? ""
        let order: SimOrder?
        if call.route.endpoint == "order-by-id" {
            order = exchange.order(id: Self.orderID(in: call.request.path) ?? "", uid: uid, at: call.at)
        } else {
            let fields = try query(call, knowing: ["orderId", "clientOrderId"])
            if let id = fields.text("orderId") {
                order = exchange.order(id: id, uid: uid, at: call.at)
            } else if let clientID = fields.text("clientOrderId") {
                call.clientIDs = [clientID]
                order = exchange.order(clientID: clientID, uid: uid, at: call.at)
            } else {
                throw XTProblem("ORDER_001", "orderId or clientOrderId is required")
            }
        }
        guard let order else {
            guard unknownIsNull else { throw XTProblem("ORDER_005", "order does not exist") }
            return success { $0.null() }
        }
        return success { write(order, &$0, exchange) }
    }

    /// About 150 ids fit the URL (3); unknown ones are left out.
    func orders(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try query(call, knowing: ["orderIds"])
        let ids = (fields.text("orderIds") ?? "").split(separator: ",", omittingEmptySubsequences: false)
        guard ids.allSatisfy({ Int64($0) != nil }) else { throw XTProblem("ORDER_001", "invalid orderIds") }
        guard ids.count <= 150 else { return HTTPResponse(status: 414) }
        let found = ids.compactMap { exchange.order(id: String($0), uid: call.account?.uid ?? "", at: call.at) }
        return success { list(found, &$0, exchange) }
    }

    func openOrders(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try query(call, knowing: ["symbol", "bizType", "side"])
        let symbol = fields.text("symbol")?.lowercased()
        let product = try choice(fields, "bizType", of: ["SPOT", "LEVER"]).flatMap { Self.product(ofBizType: $0) }
        let side = try choice(fields, "side", of: ["BUY", "SELL"])?.lowercased()
        let found = exchange.page(uid: call.account?.uid ?? "", open: true, limit: .max, at: call.at) {
            (symbol == nil || $0.symbol == symbol) && (product == nil || exchange.shows($0, in: product)) && (side == nil || $0.side.rawValue == side)
        }
        return success { list(found, &$0, exchange) }
    }

    private func list(_ orders: [SimOrder], _ writer: inout JSONWriter, _ exchange: Exchange) {
        writer.beginArray()
        for order in orders { write(order, &writer, exchange) }
        writer.endArray()
    }

    /// Where a page starts, how it goes on and how long it is.
    private func paging(_ fields: XTFields, anchor: (id: String, sequence: Int)?) throws(XTProblem) -> (cursor: Int?, isNext: Bool, limit: Int) {
        let limit = try fields.integer("limit", in: 1...100, otherwise: 20, orElse: XTProblem("ORDER_001", "invalid limit"))
        let isNext = try choice(fields, "direction", of: ["PREV", "NEXT"]) != "PREV"
        var cursor: Int?
        if let text = fields.text("fromId") {
            guard let id = Int64(text) else { throw XTProblem("ORDER_001", "invalid fromId") }
            cursor = sequence(ofID: id, anchor: anchor)
            if cursorIsInclusive { cursor = cursor.map { isNext ? $0 + 1 : $0 - 1 } }
        }
        return (cursor, isNext, Int(limit))
    }

    /// The bounds `startTime` and `endTime`, milliseconds, both inclusive.
    private func times(_ fields: XTFields) throws(XTProblem) -> ClosedRange<Int64> {
        let problem = XTProblem("ORDER_001", "invalid time")
        let start = try fields.integer("startTime", in: 0...Int64.max, otherwise: 0, orElse: problem)
        let end = try fields.integer("endTime", in: 0...Int64.max, otherwise: .max, orElse: problem)
        guard start <= end else { throw problem }
        return start...end
    }

    /// Everything but untouched orders: NEW is no state of the history (3.5).
    func history(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let known: Set<String> = [
            "symbol", "bizType", "side", "type", "state", "fromId", "direction", "limit", "startTime", "endTime", "hiddenCanceled",
        ]
        let fields = try query(call, knowing: known)
        let symbol = fields.text("symbol")?.lowercased()
        let product = try choice(fields, "bizType", of: ["SPOT", "LEVER"]).flatMap { Self.product(ofBizType: $0) }
        let side = try choice(fields, "side", of: ["BUY", "SELL"])?.lowercased()
        let type = try choice(fields, "type", of: ["LIMIT", "MARKET"])
        let state = try choice(fields, "state", of: ["PARTIALLY_FILLED", "FILLED", "CANCELED", "REJECTED", "EXPIRED"])
        let hidesCanceled = try fields.bool("hiddenCanceled", orElse: XTProblem("ORDER_001", "invalid hiddenCanceled")) ?? false
        let times = try times(fields)
        let (cursor, isNext, limit) = try paging(fields, anchor: exchange.orders.first.map { ($0.id, $0.sequence) })
        let page = XTPage(behind: cursor, isNext: isNext, limit: limit) { newestFirst, beyond, limit in
            exchange.page(uid: call.account?.uid ?? "", open: false, newestFirst: newestFirst, beyond: beyond, limit: limit, at: call.at) { order in
                let word = Self.state(of: order)
                return word != "NEW" && (state == nil || word == state) && !(hidesCanceled && word == "CANCELED")
                    && (symbol == nil || order.symbol == symbol) && (product == nil || exchange.shows(order, in: product))
                    && (side == nil || order.side.rawValue == side) && (type == nil || (type == "MARKET") == order.ticket.isMarket)
                    && times.contains(order.createdAt / 1000)
            }
        }
        return success { writer in
            pageHead(page, &writer)
            list(page.rows, &writer, exchange)
            writer.endObject()
        }
    }

    private func pageHead<Row>(_ page: XTPage<Row>, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("hasPrev", page.hasPrev)
        writer.member("hasNext", page.hasNext)
        writer.key("items")
    }

    func trades(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let known: Set<String> = ["symbol", "bizType", "orderSide", "orderType", "orderId", "fromId", "direction", "limit", "startTime", "endTime"]
        let fields = try query(call, knowing: known)
        let symbol = fields.text("symbol")?.lowercased()
        let product = try choice(fields, "bizType", of: ["SPOT", "LEVER"]).flatMap { Self.product(ofBizType: $0) }
        let side = try choice(fields, "orderSide", of: ["BUY", "SELL"])?.lowercased()
        let type = try choice(fields, "orderType", of: ["LIMIT", "MARKET"])
        let orderID = fields.text("orderId")
        let times = try times(fields)
        let (cursor, isNext, limit) = try paging(fields, anchor: exchange.fills.first.map { ($0.id, $0.sequence) })
        let page = XTPage(behind: cursor, isNext: isNext, limit: limit) { newestFirst, beyond, limit in
            exchange.fillsPage(uid: call.account?.uid ?? "", newestFirst: newestFirst, beyond: beyond, limit: limit, at: call.at) { fill in
                let order = fill.order
                return (symbol == nil || order.symbol == symbol) && (product == nil || exchange.shows(order, in: product))
                    && (side == nil || order.side.rawValue == side) && (type == nil || (type == "MARKET") == order.ticket.isMarket)
                    && (orderID == nil || order.id == orderID) && times.contains(fill.at / 1000)
            }
        }
        return success { writer in
            pageHead(page, &writer)
            writer.beginArray()
            for fill in page.rows { write(fill, &writer, exchange) }
            writer.endArray()
            writer.endObject()
        }
    }

    // MARK: Shapes

    /// Time in force and price protection end an order as EXPIRED, a user as CANCELED (8).
    static func state(of order: SimOrder) -> String {
        switch order.state {
        case .accepted, .open: "NEW"
        case .partiallyFilled: "PARTIALLY_FILLED"
        case .filled: "FILLED"
        case .canceled: ["ioc", "fok", "post_only", "trade_count_too_small"].contains(order.reason) ? "EXPIRED" : "CANCELED"
        case .expired: "EXPIRED"
        case .rejected: "REJECTED"
        }
    }

    private func write(_ order: SimOrder, _ writer: inout JSONWriter, _ exchange: Exchange) {
        let state = Self.state(of: order)
        // A fresh order carries null where nothing has happened yet (capture, section 2).
        let isFresh = state == "NEW"
        let instrument = exchange.instruments[order.symbol]
        let (pricePlaces, quantityPlaces) = (instrument?.pricePlaces ?? 0, instrument?.quantityPlaces ?? 0)
        writer.beginObject()
        writer.member("symbol", order.symbol)
        writer.member("orderId", order.id)
        writer.member("clientOrderId", order.clientID.isEmpty ? nil : order.clientID)
        writer.member("baseCurrency", instrument?.base)
        writer.member("quoteCurrency", instrument?.quote)
        writer.member("side", order.side.rawValue.uppercased())
        writer.member("type", order.ticket.isMarket ? "MARKET" : "LIMIT")
        writer.member("timeInForce", order.tag("timeInForce") ?? "GTC")
        writer.member("price", order.price.map { padded($0, pricePlaces) })
        writer.member("origQty", order.quantity.isZero ? nil : padded(order.quantity, quantityPlaces))
        let quote = order.ticket.quoteQuantity ?? order.price?.multiplied(by: order.quantity, roundingDown: true)
        writer.member("origQuoteQty", quote?.description)
        writer.member("executedQty", isFresh ? nil : padded(order.filled, quantityPlaces))
        // Zero once nothing rests any more, whatever was left then (3.4).
        writer.member("leavingQty", isFresh ? nil : padded(order.state.isLive ? order.leavesQuantity : .zero, quantityPlaces))
        writer.member("tradeBase", isFresh ? nil : padded(order.filled, quantityPlaces))
        writer.member("tradeQuote", isFresh ? nil : order.filledQuote.description)
        writer.member("avgPrice", order.averagePrice.map { padded($0, pricePlaces) })
        writer.member("fee", isFresh ? nil : order.fee.description)
        writer.member("feeCurrency", instrument?.quote)
        writer.key("deductServices")
        writer.beginArray()
        writer.endArray()
        writer.member("closed", order.state.isClosed)
        writer.member("state", state)
        writer.member("nftId", String?.none)
        writer.member("symbolType", "normal")
        writer.member("time", order.createdAt / 1000)
        writer.member("updatedTime", isFresh ? nil : order.updatedAt / 1000)
        writer.member("ip", "203.0.113.7")
        writer.endObject()
    }

    private func write(_ fill: SimFill, _ writer: inout JSONWriter, _ exchange: Exchange) {
        let order = fill.order
        let instrument = exchange.instruments[order.symbol]
        writer.beginObject()
        writer.member("symbol", order.symbol)
        writer.member("tradeId", fill.id)
        writer.member("orderId", order.id)
        writer.member("orderSide", order.side.rawValue.uppercased())
        writer.member("orderType", order.ticket.isMarket ? "MARKET" : "LIMIT")
        writer.member("bizType", Self.bizType(ofProduct: order.ticket.product))
        writer.member("time", fill.at / 1000)
        writer.member("price", padded(fill.price, instrument?.pricePlaces ?? 0))
        writer.member("quantity", padded(fill.quantity, instrument?.quantityPlaces ?? 0))
        writer.member("quoteQty", fill.quote.description)
        writer.member("baseCurrency", instrument?.base)
        writer.member("quoteCurrency", instrument?.quote)
        writer.member("fee", fill.fee.description)
        writer.member("feeCurrency", instrument?.quote)
        writer.member("takerMaker", fill.isMaker ? "MAKER" : "TAKER")
        writer.endObject()
    }

    // MARK: Symbols and balances

    func symbols(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try query(call, knowing: ["symbol", "symbols", "version"])
        let names = (fields.text("symbols") ?? fields.text("symbol")).map { Set($0.lowercased().split(separator: ",").map(String.init)) }
        let version = "3e9a4b1c"
        return success { writer in
            writer.beginObject()
            writer.member("time", call.atMs)
            writer.member("version", version)
            writer.key("symbols")
            writer.beginArray()
            // The version the caller knows already brings no list (3.6).
            if fields.text("version") != version {
                for instrument in exchange.current(instruments) where names.map({ $0.contains(instrument.symbol) }) ?? true {
                    write(instrument, &writer)
                }
            }
            writer.endArray()
            writer.endObject()
        }
    }

    private func write(_ instrument: SimInstrument, _ writer: inout JSONWriter) {
        let isPlain = instrument.symbol == "btc_usdt"
        writer.beginObject()
        writer.member("symbol", instrument.symbol)
        writer.member("state", "ONLINE")
        writer.member("tradingEnabled", true)
        writer.member("openapiEnabled", true)
        writer.member("baseCurrency", instrument.base)
        writer.member("baseCurrencyPrecision", instrument.quantityPlaces)
        writer.member("quoteCurrency", instrument.quote)
        writer.member("quoteCurrencyPrecision", 8)
        writer.member("pricePrecision", instrument.pricePlaces)
        writer.member("quantityPrecision", instrument.quantityPlaces)
        writer.member("takerFeeRate", "0.001")
        writer.member("makerFeeRate", "0.001")
        for (name, values) in [("orderTypes", ["LIMIT", "MARKET"]), ("timeInForces", ["GTC", "FOK", "IOC", "GTX"])] {
            writer.key(name)
            writer.beginArray()
            for value in values { writer.string(value) }
            writer.endArray()
        }
        writer.key("filters")
        writer.beginArray()
        filter("PRICE", [("min", nil), ("max", nil), ("tickSize", isPlain ? nil : instrument.tick.description)], &writer)
        let minimum = instrument.minQuantity.isZero ? nil : instrument.minQuantity.description
        filter("QUANTITY", [("min", minimum), ("max", nil), ("tickSize", isPlain ? nil : instrument.lot.description)], &writer)
        filter("QUOTE_QTY", [("min", instrument.minNotional.description)], &writer)
        writer.endArray()
        writer.endObject()
    }

    private func filter(_ name: String, _ values: [(String, String?)], _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("filter", name)
        for (key, value) in values { writer.member(key, value) }
        writer.endObject()
    }

    func balances(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try query(call, knowing: ["currencies"])
        let names = fields.text("currencies").map { Set($0.lowercased().split(separator: ",").map(String.init)) }
        let coins = Set(instruments.flatMap { [$0.base, $0.quote] }).sorted().filter { names?.contains($0) ?? true }
        return success { writer in
            writer.beginObject()
            writer.member("totalBtcAmount", "0")
            writer.member("totalUsdtAmount", "0")
            writer.key("assets")
            writer.beginArray()
            for (number, coin) in coins.enumerated() {
                writer.beginObject()
                writer.member("currency", coin)
                writer.member("currencyId", number + 1)
                writer.member("frozenAmount", "0")
                writer.member("availableAmount", balance.description)
                writer.member("totalAmount", balance.description)
                writer.member("convertBtcAmount", "0")
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }
}
