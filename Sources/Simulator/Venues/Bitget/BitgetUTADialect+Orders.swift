import OMSCore
import Wire

// Places and cancels. Source: docs/venues/bitget.md, 4.1, 4.3 and 11.4 to 11.10.
extension BitgetUTADialect {
    private static let batchFields: Set = [
        "category", "symbol", "qty", "side", "orderType", "price", "timeInForce", "posSide", "clientOid", "stpMode", "marginMode", "pxAmendType",
        "autoBorrow",
    ]
    /// Only by the single endpoint (docs/venues/bitget.md, 4.1).
    private static let singleFields = batchFields.union([
        "reduceOnly", "takeProfit", "stopLoss", "tpTriggerBy", "slTriggerBy", "tpOrderType", "slOrderType", "tpLimitPrice", "slLimitPrice",
    ])

    func placeOne(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let fields = try BitgetFields(call.json, known: Self.singleFields)
        call.items = 1
        if let id = fields["clientOid"] { call.clientIDs = [id] }
        try BitgetEdge.heed(call)
        let order = exchange.place(try ticket(fields, account, exchange), in: call)
        call.accepted = 1
        return edge.success(call) { write(ItemResult(orderID: order.id, clientID: order.clientID), to: &$0) }
    }

    func placeBatch(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let items = try batch(call)
        call.clientIDs = items.compactMap { $0["clientOid"]?.string }
        try requireOneCategory(items)
        return results(
            call,
            items.map { item in
                do throws(BitgetProblem) {
                    try BitgetEdge.heed(call)
                    let order = exchange.place(try ticket(BitgetFields(item, known: Self.batchFields), account, exchange), in: call)
                    return ItemResult(orderID: order.id, clientID: order.clientID)
                } catch {
                    return ItemResult(orderID: "", clientID: item["clientOid"]?.text ?? "", problem: error)
                }
            })
    }

    func cancelOne(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let fields = try BitgetFields(call.json, known: ["orderId", "clientOid", "category", "symbol"])
        call.items = 1
        if let id = fields["clientOid"] { call.clientIDs = [id] }
        let order = try cancel(fields, account, exchange, call)
        call.accepted = 1
        return edge.success(call) { write(ItemResult(orderID: order.id, clientID: order.clientID), to: &$0) }
    }

    func cancelBatch(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let items = try batch(call)
        try requireOneCategory(items)
        return results(
            call,
            items.map { item in
                do throws(BitgetProblem) {
                    let fields = try BitgetFields(item, known: ["orderId", "clientOid", "category", "symbol"])
                    guard (fields["orderId"] == nil) != (fields["clientOid"] == nil) else { throw .parameter("orderId") }
                    let symbol = try fields.required("symbol")
                    let order = try cancel(fields, account, exchange, call) { $0.symbol == symbol }
                    return ItemResult(orderID: order.id, clientID: order.clientID)
                } catch {
                    return ItemResult(orderID: item["orderId"]?.text ?? "", clientID: item["clientOid"]?.text ?? "", problem: error)
                }
            })
    }

    /// Without a symbol: everything of the category.
    func cancelSymbol(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let fields = try BitgetFields(call.json, known: ["category", "symbol"])
        let category = try fields.word("category", Self.categories)
        let symbol = fields["symbol"]
        let open = exchange.page(uid: account.uid, open: true, newestFirst: false, limit: .max, at: .max) { order in
            order.ticket.product == category.lowercased() && (symbol == nil || order.symbol == symbol)
        }
        call.items = open.count
        for order in open where exchange.cancel(order, in: call) { call.accepted += 1 }
        return edge.success(call) { writer in
            writer.beginObject()
            writer.key("list")
            writer.beginArray()
            for order in open {
                writer.beginObject()
                writer.member("orderId", order.id)
                writer.member("clientOid", order.clientID)
                writer.member("code", "00000")
                writer.member("msg", "success")
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    /// All of the user's orders go, of every category, unless it is asked for again in time.
    func countdown(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let fields = try BitgetFields(call.json, known: ["countdown"])
        // What the venue answers to somebody who has no arrangement with it is not described.
        guard hasCountdown else { throw BitgetProblem("40026", "No permission for this function") }
        guard let seconds = fields["countdown"].flatMap({ Int64($0) }), seconds == 0 || (5...60).contains(seconds) else {
            throw .parameter("countdown")
        }
        let uid = account.uid
        countdowns[uid, default: 0] += 1
        let turn = countdowns[uid]
        call.accepted = 1
        if seconds > 0 {
            exchange.schedule(afterUs: .seconds(seconds)) { [unowned self, unowned exchange] at in
                guard self.countdowns[uid] == turn else { return }
                for order in exchange.unfinished(uid: uid, where: { _ in true }) { exchange.cancel(order, reason: "countdown", at: at) }
            }
        }
        return edge.success(call) { $0.raw("\"success\"") }
    }

    private func requireOneCategory(_ items: [JSON]) throws(BitgetProblem) {
        for item in items {
            guard let category = item["category"]?.string, Self.categories.contains(category) else { throw .parameter("category") }
            guard category == items.first?["category"]?.string else { throw BitgetProblem("25200", "Orders of one batch must share one category") }
        }
    }

    private func ticket(_ fields: BitgetFields, _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) -> Ticket {
        let category = try fields.word("category", Self.categories)
        let symbol = try fields.required("symbol")
        guard symbols(of: category).contains(where: { $0.symbol == symbol }), let instrument = exchange.instruments[symbol] else {
            throw BitgetProblem("25100", "Symbol \(symbol.escapedForLog) does not exist")
        }
        let isFutures = category.hasSuffix("FUTURES")
        let side = try fields.word("side", ["buy", "sell"])
        let isMarket = try fields.word("orderType", ["limit", "market"]) == "market"
        let force = try fields.word(
            "timeInForce", isMarket ? ["ioc", "gtc"] : ["gtc", "ioc", "fok", "post_only", "rpi"], standing: isMarket ? "ioc" : "gtc")
        let stp = try fields.word("stpMode", ["none", "cancel_taker", "cancel_maker", "cancel_both"], standing: "none")
        if fields["posSide"] != nil {
            guard isFutures else { throw .parameter("posSide") }
            _ = try fields.word("posSide", ["long", "short"])
        }
        if fields["reduceOnly"] != nil { _ = try fields.word("reduceOnly", isFutures ? ["yes", "no"] : ["no"]) }
        if fields["marginMode"] != nil { _ = try fields.word("marginMode", isFutures ? ["crossed", "isolated"] : ["crossed"]) }
        for name in ["takeProfit", "stopLoss", "tpLimitPrice", "slLimitPrice"] where try fields.amount(name) != nil {
            guard isFutures else { throw .parameter(name) }
        }
        guard let quantity = try fields.amount("qty") else { throw .parameter("qty") }
        if let id = fields["clientOid"] {
            guard BitgetEdge.isClientID(id) else { throw BitgetProblem("25200", "clientOid is malformed") }
            // By state alone since 9 October 2025: free again once filled or cancelled.
            guard exchange.pendingOrder(clientID: id, uid: account.uid) == nil else { throw BitgetProblem("25212", "Duplicate clientOid") }
        }
        var ticket = Ticket(
            symbol: symbol, side: side == "buy" ? .buy : .sell, quantity: quantity, clientID: fields["clientOid"] ?? "",
            product: category.lowercased())
        ticket.isMarket = isMarket
        ticket.timeInForce = Ticket.TimeInForce(rawValue: force) ?? .gtc
        ticket.tags = [("timeInForce", isMarket ? "ioc" : force), ("stpMode", stp)]
        for name in ["posSide", "reduceOnly", "marginMode", "takeProfit", "stopLoss"] {
            if let value = fields[name] { ticket.tags.append((name, value)) }
        }
        let notional: Decimal?
        if isMarket, side == "buy", !isFutures {
            // A market buy counts in quote coins (docs/venues/bitget.md, 4.1).
            (ticket.quoteQuantity, ticket.quantity, notional) = (quantity, .zero, quantity)
        } else {
            if !isMarket { ticket.price = try checkedPrice(fields, instrument) }
            try check(quantity: quantity, instrument)
            notional = (ticket.price ?? instrument.reference).multiplied(by: quantity, roundingDown: true)
        }
        guard let notional, notional >= instrument.minNotional else {
            throw BitgetProblem("25206", "\(symbol) trading amount cannot be less than \(instrument.minNotional) \(instrument.quote)")
        }
        if openCap > 0 {
            let open = exchange.page(uid: account.uid, open: true, limit: openCap, at: .max) { $0.ticket.product.hasSuffix("futures") == isFutures }
            guard open.count < openCap else { throw BitgetProblem("25211", "The number of pending orders is at its limit") }
        }
        if ticket.clientID.isEmpty { ticket.clientID = "sys" + String(exchange.orders.count + 1) }
        return ticket
    }

    private func checkedPrice(_ fields: BitgetFields, _ instrument: SimInstrument) throws(BitgetProblem) -> Decimal {
        guard let price = try fields.amount("price") else { throw .parameter("price") }
        try check(price: price, instrument)
        return price
    }

    func check(price: Decimal, _ instrument: SimInstrument) throws(BitgetProblem) {
        guard price.isMultiple(of: instrument.tick) else {
            throw BitgetProblem("25244", "The price has more than \(instrument.pricePlaces) decimals")
        }
    }

    func check(quantity: Decimal, _ instrument: SimInstrument) throws(BitgetProblem) {
        guard quantity >= instrument.minQuantity else {
            throw BitgetProblem("25207", "\(instrument.symbol) trading quantity cannot be less than \(instrument.minQuantity) units")
        }
        guard quantity.isMultiple(of: instrument.lot) else {
            throw BitgetProblem(
                "40808", "Parameter verification exception value checkBDScale error value=\(quantity) checkScale=\(instrument.quantityPlaces)")
        }
    }

    private func cancel(
        _ fields: BitgetFields, _ account: SimAccount, _ exchange: Exchange, _ call: Call, where isMeant: (SimOrder) -> Bool = { _ in true }
    ) throws(BitgetProblem) -> SimOrder {
        try BitgetEdge.heed(call)
        let order = try target(fields, account, exchange)
        if let category = fields["category"] {
            guard order.ticket.product == category.lowercased() else { throw BitgetProblem("25204", "Order does not exist") }
        }
        let notes = BitgetNotes.of(order)
        if let last = notes.canceledAtMs, call.atMs - last < 1000 {
            throw BitgetProblem("45129", "Cancel order is too frequent: the same order once a second")
        }
        guard isMeant(order), exchange.cancel(order, in: call) else { throw BitgetProblem("25204", "Order does not exist") }
        notes.canceledAtMs = call.atMs
        return order
    }
}
