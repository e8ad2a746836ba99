import OMSCore
import Wire

/// Changing and cancelling (docs/venues/xt-futures.md).
extension XTFuturesDialect {
    private static let updateFields: Set<String> = [
        "orderId", "price", "origQty", "triggerProfitPrice", "triggerStopPrice", "triggerPriceType", "profitDelegateOrderType",
        "profitDelegateTimeInForce", "profitDelegatePrice", "stopDelegateOrderType", "stopDelegateTimeInForce", "stopDelegatePrice",
        "followUpOrder",
    ]

    /// The order that is meant, on the line that is asked.
    func order(_ id: String, _ call: Call, _ exchange: Exchange, at: Int64?) -> SimOrder? {
        let line = line(of: call)
        return exchange.order(id: id, uid: call.account?.uid ?? "", at: at).flatMap { line == nil || $0.ticket.product == line ? $0 : nil }
    }

    private func known(_ fields: XTFields, _ call: Call, _ exchange: Exchange, orElse missing: XTProblem) throws(XTProblem) -> SimOrder {
        try XTProblem.heed(call)
        guard let id = fields.text("orderId"), Int64(id) != nil else { throw XTProblem("invalid_params", "invalid orderId") }
        guard let order = order(id, call, exchange, at: nil) else { throw missing }
        return order
    }

    // MARK: Changing

    func update(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        (call.items, call.refused) = (1, 1)
        let fields = try XTFields(of: call, knowing: Self.updateFields)
        let missing = XTProblem("invalid_order", "order does not exist")
        let order = try known(fields, call, exchange, orElse: missing)
        if !order.clientID.isEmpty { call.clientIDs = [order.clientID] }
        guard let price = try fields.decimal("price", orElse: XTProblem("invalid_price", "invalid price")),
            let asked = try fields.decimal("origQty", orElse: XTProblem("invalid_quantity", "invalid origQty"))
        else { throw XTProblem("invalid_params", "price and origQty are required") }
        guard order.state.isLive, !order.ticket.isMarket, order.filled.isZero || settings.updatesTakePartlyFilled else { throw missing }
        let sum = settings.updatesCountRest ? asked.adding(order.filled) : asked
        guard let total = sum, let left = total.subtracting(order.filled), left.isPositive else {
            throw XTProblem("invalid_quantity", "nothing would be left to trade")
        }
        var ticket = order.ticket
        (ticket.price, ticket.quantity) = (price, asked)
        let market = try checkForm(ticket, scale: "invalid_quantity", call, exchange)
        // One is there already: it makes room for itself.
        try checkMeans(ticket, market, waiting: -1, call, exchange)
        (call.accepted, call.refused) = (1, 0)
        var answered = order.id
        if settings.updatesRename {
            exchange.cancel(order, reason: "amended", at: call.at)
            ticket.quantity = left
            if settings.updatesLoseClientID { ticket.clientID = "" }
            answered = place(ticket, call, exchange).id
        } else {
            _ = exchange.amend(order, price: price, quantity: total, in: call)
        }
        let tellsID = settings.updatesTellID
        return success { writer in
            if tellsID { writer.string(answered) } else { writer.raw("{}") }
        }
    }

    // MARK: Cancelling

    /// `invalid_params` stands for a bad parameter, for an order that ended and for one that never was. The id in the answer is a receipt.
    func cancel(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        (call.items, call.refused) = (1, 1)
        let missing = XTProblem("invalid_params", "invalid order")
        let order = try known(try XTFields(of: call, knowing: ["orderId"]), call, exchange, orElse: missing)
        if !order.clientID.isEmpty { call.clientIDs = [order.clientID] }
        guard exchange.cancel(order, in: call) else { throw missing }
        (call.accepted, call.refused) = (1, 0)
        return success { $0.string(order.id) }
    }

    /// True, whatever became of each.
    func cancelBatch(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let known: Set<String> = settings.cancelClientIDs == .refused ? ["orderIds"] : ["orderIds", "clientOrderIds"]
        let fields = try XTFields(of: call, knowing: known)
        let ids = Self.ids(fields.text("orderIds"))
        let clientIDs = settings.cancelClientIDs == .honoured ? Self.ids(fields.text("clientOrderIds")) : []
        call.items = ids.count + clientIDs.count
        call.refused = call.items
        guard fields["orderIds"] != nil, call.items > 0, ids.allSatisfy({ Int64($0) != nil }) else {
            throw XTProblem("invalid_params", "invalid orderIds")
        }
        guard call.items <= settings.cancelMax else { throw XTProblem("invalid_params", "more than \(settings.cancelMax)") }
        let line = line(of: call)
        let named = clientIDs.map { id in
            exchange.order(clientID: id, uid: call.account?.uid ?? "", at: nil).flatMap { line == nil || $0.ticket.product == line ? $0 : nil }
        }
        let orders = ids.map { order($0, call, exchange, at: nil) } + named
        call.clientIDs = orders.compactMap { $0.map(\.clientID) }.filter { !$0.isEmpty }
        for order in orders {
            guard call.refusesItem?() == nil, let order, exchange.cancel(order, in: call) else { continue }
            (call.accepted, call.refused) = (call.accepted + 1, call.refused - 1)
        }
        return success { $0.bool(true) }
    }

    /// `1,2`, or with brackets and blanks as one SDK has it.
    private static func ids(_ text: String?) -> [String] {
        (text ?? "").filter { !"[] ".contains($0) }.split(separator: ",", omittingEmptySubsequences: true).map(String.init)
    }

    /// Of one market, or with an empty name of all.
    func cancelAll(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try XTFields(of: call, knowing: ["symbol"])
        guard let word = fields["symbol"]?.string?.lowercased(), word.isEmpty || market(word, call, exchange) != nil else {
            throw XTProblem("invalid_symbol", "invalid symbol")
        }
        let line = line(of: call)
        let wanted = exchange.page(uid: call.account?.uid ?? "", open: true, limit: .max, at: call.at) {
            (word.isEmpty || $0.symbol == word) && (line == nil || $0.ticket.product == line)
        }
        call.items = wanted.count
        for order in wanted where exchange.cancel(order, in: call) { call.accepted += 1 }
        return success { $0.bool(true) }
    }
}
