import OMSCore
import Wire

/// Placing, changing and cancelling (venue page 4.1 and 4.3).
extension AZFuturesDialect {
    private static let orderFields: Set<String> = [
        "clientOrderId", "symbol", "orderSide", "orderType", "origQty", "price", "timeInForce", "positionSide", "triggerProfitPrice",
        "triggerStopPrice",
    ]

    /// What must hold before the market is asked: names, kinds and the id.
    private func ticket(_ fields: XTFields, mustHaveID: Bool) throws(XTProblem) -> Ticket {
        if let name = fields.unknown(besides: Self.orderFields) { throw XTProblem("invalid_params", "unknown parameter \(name)") }
        let clientID = fields.text("clientOrderId") ?? ""
        guard fields["clientOrderId"] == nil && !mustHaveID || isXTClientID(clientID) else {
            throw XTProblem("invalid_params", "invalid clientOrderId")
        }
        guard let symbol = fields.text("symbol") else { throw XTProblem("invalid_params", "symbol is required") }
        guard let side = SimSide(xt: fields.text("orderSide")) else {
            throw XTProblem("invalid_params", "invalid orderSide")
        }
        guard let type = fields.text("orderType"), type == "LIMIT" || type == "MARKET" else { throw XTProblem("invalid_params", "invalid orderType") }
        guard let position = fields.text("positionSide"), position == "LONG" || position == "SHORT" else {
            throw XTProblem("invalid_params", "invalid positionSide")
        }
        let word = fields["timeInForce"] == nil ? "GTC" : fields.text("timeInForce")
        guard let word, let timeInForce = Ticket.TimeInForce(xt: word) else {
            throw XTProblem("invalid_time_in_force", "invalid timeInForce")
        }
        guard let quantity = try fields.decimal("origQty", orElse: XTProblem("invalid_quantity", "invalid origQty")) else {
            throw XTProblem("invalid_params", "origQty is required")
        }
        let price = try fields.decimal("price", orElse: XTProblem("invalid_price", "invalid price"))
        guard (type == "LIMIT") == (price != nil) else { throw XTProblem("invalid_price", "a limit order has a price, a market order has none") }
        let profit = try fields.decimal("triggerProfitPrice", orElse: XTProblem("invalid_price", "invalid triggerProfitPrice"))
        let stop = try fields.decimal("triggerStopPrice", orElse: XTProblem("invalid_price", "invalid triggerStopPrice"))

        let name = symbol.lowercased()
        var ticket = Ticket(symbol: name, side: side, quantity: quantity, clientID: clientID, product: name.hasSuffix("_usd") ? "coin" : "usdt")
        (ticket.price, ticket.isMarket, ticket.timeInForce) = (price, type == "MARKET", timeInForce)
        ticket.tags = [("timeInForce", type == "MARKET" ? "IOC" : word), ("positionSide", position)]
        if let profit { ticket.tags.append(("triggerProfitPrice", profit.description)) }
        if let stop { ticket.tags.append(("triggerStopPrice", stop.description)) }
        return ticket
    }

    /// The market's rules (4.5, 7.2).
    private func check(_ ticket: Ticket, _ exchange: Exchange) throws(XTProblem) {
        guard let instrument = exchange.instruments[ticket.symbol] else { throw XTProblem("invalid_symbol", "invalid symbol") }
        guard ticket.quantity.isMultiple(of: instrument.lot) else { throw XTProblem("invalid_quantity_scale", "contracts are whole") }
        guard ticket.quantity >= instrument.minQuantity, ticket.quantity.isPositive else {
            throw XTProblem("invalid_quantity", "quantity below the minimum")
        }
        if let price = ticket.price {
            guard price.isPositive, price.isMultiple(of: instrument.tick) else { throw XTProblem("invalid_price", "price off tick") }
        }
        let price = ticket.price ?? instrument.reference
        guard let notional = notional(of: ticket.quantity, at: price, instrument) else {
            throw XTProblem("invalid_quantity", "quantity above the maximum")
        }
        guard notional >= instrument.minNotional else { throw XTProblem("open_order_min_nominal_value_limit", "nominal value below the minimum") }
        guard notional <= balance else { throw XTProblem("insufficient_balance", "insufficient balance") }
    }

    /// What a quantity is worth, in usdt or usd; nil beyond the range.
    func notional(of quantity: Decimal, at price: Decimal, _ instrument: SimInstrument) -> Decimal? {
        if countsBase { return quantity.multiplied(by: price, roundingDown: true) }
        let contracts = quantity.multiplied(by: instrument.contractSize, roundingDown: true)
        // A coin-margined contract is worth a number of usd, whatever the price.
        return instrument.quote == "usd" ? contracts : contracts?.multiplied(by: price, roundingDown: true)
    }

    /// Takes one order by the rules for the account and for repeated client ids.
    private func take(_ ticket: Ticket, _ call: Call, _ exchange: Exchange) throws(XTProblem) -> SimOrder {
        try XTProblem.heed(call)
        let uid = call.account?.uid ?? ""
        try check(ticket, exchange)
        if !ticket.clientID.isEmpty, duplicates != .accept {
            let earlier =
                duplicatesAmongOpenOnly
                ? exchange.pendingOrder(clientID: ticket.clientID, uid: uid) : exchange.order(clientID: ticket.clientID, uid: uid, at: nil)
            if let earlier {
                guard duplicates == .existing else { throw XTProblem("PLATFORM_REJECT", "duplicate clientOrderId") }
                return earlier
            }
        }
        if let cap = openOrdersMax, exchange.openCount(uid: uid) >= cap {
            throw XTProblem("the_number_of_orders_has_reached_the_maximum", "too many open orders")
        }
        let order = exchange.place(ticket, in: call)
        order.visibleAt += .milliseconds(visibilityLagMs)
        return order
    }

    /// The name under which a batch tells the same failure (4.3).
    private func createState(of problem: XTProblem, _ call: Call) -> String {
        switch problem.code {
        // What a fault asks for is said as it is.
        case let code where call.refusesItem != nil: code
        case "open_order_min_nominal_value_limit": "OPEN_ORDER_MIN_NOMINAL_VALUE_LIMIT"
        case "insufficient_balance": "INSUFFICIENT_BALANCE"
        case "the_number_of_orders_has_reached_the_maximum": "ORDER_NUMBER_LIMIT"
        default: "PLATFORM_REJECT"
        }
    }

    func create(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        (call.items, call.refused) = (1, 1)
        let fields = try fields(call, knowing: Self.orderFields)
        if let id = fields.text("clientOrderId") { call.clientIDs = [id] }
        let order = try take(try ticket(fields, mustHaveID: false), call, exchange)
        (call.accepted, call.refused) = (1, 0)
        return success { $0.string(order.id) }
    }

    // MARK: The batch

    /// At most 100 creates and 100 cancels, each with a fate of its own, answered in no particular order (4.3).
    ///
    /// A request that cannot be read as a whole, a wrong name, kind or id in any element included, does nothing at all.
    func batch(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try fields(call, knowing: ["createOrderFirst", "createOrders", "cancelOrderIds"])
        let createsFirst = try fields.bool("createOrderFirst", orElse: XTProblem("invalid_params", "invalid createOrderFirst")) ?? true
        let creates = try elements(fields, "createOrders")
        let cancels = try elements(fields, "cancelOrderIds")
        guard !creates.isEmpty || !cancels.isEmpty else { throw XTProblem("invalid_params", "nothing to do") }
        guard creates.count <= 100, cancels.count <= 100 else { throw XTProblem("order_create_size_exceed", "more than 100") }

        // Both are sets: equal elements are one.
        var seen: [String: [XTFields]] = Dictionary(minimumCapacity: creates.count)
        var tickets: [Ticket] = []
        for create in creates {
            guard let item = XTFields(create) else { throw XTProblem("invalid_params", "an order must be an object") }
            let ticket = try ticket(item, mustHaveID: true)
            guard seen[ticket.clientID]?.contains(where: { $0.isEqual(to: item) }) != true else { continue }
            seen[ticket.clientID, default: []].append(item)
            tickets.append(ticket)
        }
        var ids: [Int64] = []
        var seenIDs: Set<Int64> = []
        for cancel in cancels {
            guard let id = cancel.integer else { throw XTProblem("invalid_params", "invalid cancelOrderIds") }
            if seenIDs.insert(id).inserted { ids.append(id) }
        }

        call.items = tickets.count + ids.count
        call.clientIDs = tickets.map(\.clientID)
        var created: [(clientID: String, outcome: Result<SimOrder, XTProblem>)] = []
        var cancelled: [(id: Int64, state: String?)] = []
        if createsFirst { created = createAll(tickets, call, exchange) }
        for id in ids { cancelled.append((id, cancelState(id, call, exchange))) }
        if !createsFirst { created = createAll(tickets, call, exchange) }
        created.shuffle(using: &exchange.random)
        cancelled.shuffle(using: &exchange.random)
        return success { writer in
            writer.beginObject()
            writer.key("createOrdersResponse")
            writer.beginArray()
            for row in created {
                writer.beginObject()
                writer.member("clientOrderId", row.clientID)
                switch row.outcome {
                case .success(let order):
                    write(id: order.id, as: "orderId", &writer)
                    write(state: nil, as: "createState", &writer)
                case .failure(let problem):
                    writer.member("orderId", String?.none)
                    write(state: createState(of: problem, call), as: "createState", &writer)
                }
                writer.endObject()
            }
            writer.endArray()
            writer.key("cancelOrdersResponse")
            writer.beginArray()
            for row in cancelled {
                writer.beginObject()
                write(id: String(row.id), as: "cancelOrderId", &writer)
                write(state: row.state, as: "cancelState", &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    /// A list, as JSON or as the JSON text that a form carries; empty when absent.
    private func elements(_ fields: XTFields, _ name: String) throws(XTProblem) -> [JSON] {
        guard let value = fields[name] else { return [] }
        let list = value.array ?? value.string.flatMap { text in (try? JSONParser.parse(text))?.array }
        guard let list else { throw XTProblem("invalid_params", "\(name) must be a list") }
        return list
    }

    private func createAll(_ tickets: [Ticket], _ call: Call, _ exchange: Exchange) -> [(clientID: String, outcome: Result<SimOrder, XTProblem>)] {
        tickets.map { ticket in
            do throws(XTProblem) {
                let order = try take(ticket, call, exchange)
                call.accepted += 1
                return (ticket.clientID, .success(order))
            } catch {
                call.refused += 1
                return (ticket.clientID, .failure(error))
            }
        }
    }

    /// nil: cancelled. `ORDER_CANCELED` stands for an invalid order: finished or unknown (4.3).
    private func cancelState(_ id: Int64, _ call: Call, _ exchange: Exchange) -> String? {
        if let refusal = call.refusesItem?() {
            call.refused += 1
            return refusal.code
        }
        guard let order = exchange.order(id: String(id), uid: call.account?.uid ?? "", at: nil), exchange.cancel(order, in: call) else {
            call.refused += 1
            return "ORDER_CANCELED"
        }
        call.accepted += 1
        return nil
    }

    func write(id: String, as name: String, _ writer: inout JSONWriter) {
        writer.key(name)
        if idsAreNumbers { writer.raw(id) } else { writer.string(id) }
    }

    /// nil: success.
    private func write(state: String?, as name: String, _ writer: inout JSONWriter) {
        writer.key(name)
        if let state {
            if let number = Int64(state) { writer.integer(number) } else { writer.string(state) }
        } else if statesAreNames {
            writer.string("OK")
        } else {
            writer.integer(1)
        }
    }

    // MARK: Change and cancel one

    private func known(_ fields: XTFields, _ call: Call, _ exchange: Exchange, orElse problem: XTProblem) throws(XTProblem) -> SimOrder {
        try XTProblem.heed(call)
        guard let id = fields.text("orderId"), Int64(id) != nil else { throw XTProblem("invalid_params", "invalid orderId") }
        guard let order = exchange.order(id: id, uid: call.account?.uid ?? "", at: nil) else { throw problem }
        return order
    }

    func update(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        (call.items, call.refused) = (1, 1)
        let known: Set<String> = ["orderId", "price", "origQty", "triggerProfitPrice", "triggerStopPrice", "followUpOrder"]
        let fields = try fields(call, knowing: known)
        let missing = XTProblem("invalid_order", "order does not exist")
        let order = try self.known(fields, call, exchange, orElse: missing)
        guard let price = try fields.decimal("price", orElse: XTProblem("invalid_price", "invalid price")),
            let quantity = try fields.decimal("origQty", orElse: XTProblem("invalid_quantity", "invalid origQty"))
        else { throw XTProblem("invalid_params", "price and origQty are required") }
        guard order.state.isLive, !order.ticket.isMarket else { throw missing }
        var ticket = order.ticket
        (ticket.price, ticket.quantity) = (price, quantity)
        try check(ticket, exchange)
        guard let left = quantity.subtracting(order.filled), left.isPositive else {
            throw XTProblem("invalid_quantity", "nothing would be left to trade")
        }
        (call.accepted, call.refused) = (1, 0)
        if amendID == .new {
            exchange.cancel(order, reason: "amended", at: call.at)
            ticket.quantity = left
            let successor = exchange.place(ticket, in: call)
            return success { $0.string(successor.id) }
        }
        _ = exchange.amend(order, price: price, quantity: quantity, in: call)
        return success { $0.string(amendID == .same ? order.id : String(654_000_000_000_000_000 + Int64(call.number))) }
    }

    /// `invalid_params` stands for a bad parameter and for an order that does not exist alike (4.1).
    func cancel(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        (call.items, call.refused) = (1, 1)
        let missing = XTProblem("invalid_params", "invalid order")
        let order = try known(try fields(call, knowing: ["orderId"]), call, exchange, orElse: missing)
        guard exchange.cancel(order, in: call) else { throw missing }
        (call.accepted, call.refused) = (1, 0)
        return success { $0.string(order.id) }
    }

    func cancelAll(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try fields(call, knowing: ["symbol"])
        let symbol = fields.text("symbol")?.lowercased()
        guard symbol.map({ exchange.instruments[$0] != nil }) ?? true else { throw XTProblem("invalid_symbol", "invalid symbol") }
        let wanted = exchange.page(uid: call.account?.uid ?? "", open: true, limit: .max, at: call.at) { symbol == nil || $0.symbol == symbol }
        call.items = wanted.count
        for order in wanted where exchange.cancel(order, in: call) { call.accepted += 1 }
        return success { $0.bool(true) }
    }
}
