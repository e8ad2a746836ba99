import OMSCore
import Wire

/// Placing, changing and cancelling (venue page 3.1 to 3.3).
extension XTSpotDialect {
    private static let orderFields: Set<String> = [
        "symbol", "clientOrderId", "side", "type", "timeInForce", "bizType", "price", "quantity", "quoteQty", "media",
    ]

    /// The JSON body's fields; anything the endpoint does not know fails the whole request.
    private func body(_ call: Call, knowing known: Set<String>) throws(XTProblem) -> XTFields {
        guard call.request.header("Content-Type")?.hasPrefix("application/json") == true else {
            throw XTProblem("ORDER_001", "the body must be JSON")
        }
        guard let fields = call.json.flatMap({ XTFields($0) }) else { throw XTProblem("ORDER_001", "the body must be a JSON object") }
        if let name = fields.unknown(besides: known) { throw XTProblem("ORDER_001", "unknown parameter \(name)") }
        return fields
    }

    /// What an item asks for, or why it cannot be.
    private func ticket(_ item: JSON, _ exchange: Exchange) throws(XTProblem) -> Ticket {
        guard let fields = XTFields(item) else { throw XTProblem("ORDER_001", "an order must be an object") }
        if let name = fields.unknown(besides: Self.orderFields) { throw XTProblem("ORDER_001", "unknown parameter \(name)") }
        guard let symbol = fields.text("symbol"), let instrument = exchange.instruments[symbol.lowercased()] else {
            throw XTProblem("SYMBOL_001", "symbol does not exist")
        }
        let clientID = fields.text("clientOrderId") ?? ""
        guard fields["clientOrderId"] == nil || isXTClientID(clientID) else { throw XTProblem("ORDER_001", "invalid clientOrderId") }
        guard let side = SimSide(xt: fields.text("side")) else {
            throw XTProblem("ORDER_001", "invalid side")
        }
        guard let type = fields.text("type"), type == "LIMIT" || type == "MARKET" else { throw XTProblem("ORDER_001", "invalid type") }
        guard let timeInForce = Ticket.TimeInForce(xt: fields.text("timeInForce")) else { throw XTProblem("ORDER_001", "invalid timeInForce") }
        guard let product = fields.text("bizType").flatMap({ Self.product(ofBizType: $0) }) else { throw XTProblem("ORDER_001", "invalid bizType") }

        let price = try fields.decimal("price", orElse: XTProblem("ORDER_008", "invalid price precision"))
        let quantity = try fields.decimal("quantity", orElse: XTProblem("ORDER_008", "invalid quantity precision"))
        let quote = try fields.decimal("quoteQty", orElse: XTProblem("ORDER_008", "invalid quoteQty precision"))
        var ticket = Ticket(symbol: instrument.symbol, side: side, quantity: quantity ?? .zero, clientID: clientID, product: product)
        (ticket.timeInForce, ticket.price, ticket.quoteQuantity, ticket.isMarket) = (timeInForce, price, quote, type == "MARKET")
        ticket.tags = [("timeInForce", fields.text("timeInForce") ?? "GTC")]
        try check(ticket, hasQuantity: quantity != nil, instrument)
        return ticket
    }

    /// Amounts against each other and against the symbol's filters (3.1, 3.6).
    private func check(_ ticket: Ticket, hasQuantity: Bool, _ instrument: SimInstrument) throws(XTProblem) {
        if ticket.isMarket {
            guard ticket.price == nil, ticket.timeInForce != .postOnly else { throw XTProblem("ORDER_001", "a market order has no price") }
            guard ticket.side == .sell || (ticket.quoteQuantity != nil && !hasQuantity) else {
                throw XTProblem("ORDER_001", "a market buy names quoteQty only")
            }
            guard ticket.side == .buy || (ticket.quoteQuantity == nil && hasQuantity) else {
                throw XTProblem("ORDER_001", "a market sell names quantity only")
            }
        } else {
            guard let price = ticket.price, hasQuantity, ticket.quoteQuantity == nil else {
                throw XTProblem("ORDER_001", "a limit order names price and quantity")
            }
            guard price.isPositive else { throw XTProblem("ORDER_F0101", "price below the minimum") }
            guard price.isMultiple(of: instrument.tick) else { throw XTProblem("ORDER_008", "invalid price precision") }
        }
        if hasQuantity {
            guard ticket.quantity.isPositive, ticket.quantity >= instrument.minQuantity else {
                throw XTProblem("ORDER_F0201", "quantity below the minimum")
            }
            guard ticket.quantity.isMultiple(of: instrument.lot) else { throw XTProblem("ORDER_008", "invalid quantity precision") }
        }
        let price = ticket.price ?? instrument.reference
        guard let notional = ticket.quoteQuantity ?? price.multiplied(by: ticket.quantity, roundingDown: true) else {
            throw XTProblem("ORDER_F0202", "quantity above the maximum")
        }
        guard notional.isPositive, ticket.isMarket && ticket.side == .sell || notional >= instrument.minNotional else {
            throw XTProblem("ORDER_F0301", "amount below the minimum")
        }
        guard (ticket.side == .buy ? notional : ticket.quantity) <= balance else { throw XTProblem("ORDER_002", "insufficient funds") }
    }

    static func product(ofBizType bizType: String) -> String? {
        switch bizType {
        case "SPOT": "spot"
        case "LEVER": "margin"
        default: nil
        }
    }
    static func bizType(ofProduct product: String) -> String { product == "margin" ? "LEVER" : "SPOT" }

    /// Takes one order by the rule for repeated client ids; nil: it is the existing one, and nothing was placed.
    private func take(_ ticket: Ticket, _ call: Call, _ exchange: Exchange) throws(XTProblem) -> SimOrder {
        try XTProblem.heed(call)
        guard let account = call.account else { throw XTProblem("AUTH_101", "unknown key") }
        guard account.products.contains(ticket.product) else { throw XTProblem("ORDER_004", "trading is forbidden") }
        if !ticket.clientID.isEmpty, duplicates != .accept {
            let earlier =
                duplicatesAmongOpenOnly
                ? exchange.pendingOrder(clientID: ticket.clientID, uid: account.uid)
                : exchange.order(clientID: ticket.clientID, uid: account.uid, at: nil)
            if let earlier {
                guard duplicates == .existing else { throw XTProblem("ORDER_001", "duplicate clientOrderId") }
                return earlier
            }
        }
        let order = exchange.place(ticket, in: call)
        order.visibleAt += .milliseconds(visibilityLagMs)
        return order
    }

    func place(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        _ = try body(call, knowing: Self.orderFields)
        call.items = 1
        noteClientID(of: call.json ?? .null, call)
        do throws(XTProblem) {
            let order = try take(try ticket(call.json ?? .null, exchange), call, exchange)
            call.accepted = 1
            return success {
                $0.beginObject(); $0.member("orderId", order.id); $0.member("ip", call.peer); $0.endObject()
            }
        } catch {
            call.refused = 1
            throw error
        }
    }

    private func noteClientID(of item: JSON, _ call: Call) {
        if let id = item["clientOrderId"]?.text { call.clientIDs.append(id) }
    }

    /// One row of a batch's answer.
    private struct Item {
        let index: Int
        let clientID: String?
        let outcome: Result<SimOrder, XTProblem>
    }

    /// At most 100 orders; each stands or falls alone (5).
    func placeBatch(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try body(call, knowing: ["clientBatchId", "items"])
        if fields["clientBatchId"] != nil, !isXTClientID(fields.text("clientBatchId") ?? "") { throw XTProblem("ORDER_001", "invalid clientBatchId") }
        guard let items = fields["items"]?.array, !items.isEmpty else { throw XTProblem("ORDER_001", "items must be a list") }
        guard items.count <= 100 else { throw XTProblem("ORDER_001", "more than 100 orders") }
        guard items.allSatisfy({ $0.object != nil }) else { throw XTProblem("ORDER_001", "an order must be an object") }

        call.items = items.count
        var rows: [Item] = []
        rows.reserveCapacity(items.count)
        for (index, item) in items.enumerated() {
            noteClientID(of: item, call)
            let outcome: Result<SimOrder, XTProblem>
            do throws(XTProblem) {
                outcome = .success(try take(try ticket(item, exchange), call, exchange))
                call.accepted += 1
            } catch {
                outcome = .failure(error)
                call.refused += 1
                if keepsRejected { keepRejected(item, error, call, exchange) }
            }
            rows.append(Item(index: index, clientID: item["clientOrderId"]?.text, outcome: outcome))
        }
        if shufflesItems { rows.shuffle(using: &exchange.random) }
        let batchID = String(423_100_000_000_000_000 + Int64(call.number))
        return success { writer in
            if batchShape != .bareList {
                writer.beginObject()
                if batchShape != .idsOnly { writer.member("batchId", batchID) }
                writer.key("items")
            }
            writer.beginArray()
            for row in rows { write(row, &writer) }
            writer.endArray()
            if batchShape != .bareList { writer.endObject() }
        }
    }

    private func write(_ row: Item, _ writer: inout JSONWriter) {
        var orderID: String?
        var problem: XTProblem?
        switch row.outcome {
        case .success(let order): orderID = order.id
        case .failure(let why): problem = why
        }
        let reason = problem.map { reasonsAreCodes ? $0.code : $0.text }
        writer.beginObject()
        switch batchShape {
        case .idsOnly: writer.member("orderId", orderID)
        case .fullString:
            writer.member("index", String(row.index))
            writer.member("clientOrderId", row.clientID)
            writer.member("orderId", orderID)
            writer.member("reject", problem == nil ? "false" : "true")
            writer.member("reason", reason)
        case .fullBool, .bareList:
            writer.member("index", row.index)
            writer.member("clientOrderId", row.clientID)
            writer.member("orderId", orderID)
            writer.member("rejected", problem != nil)
            writer.member("reason", reason)
        }
        writer.endObject()
    }

    /// The refused item as an order that never lived, where its fields suffice to show one.
    private func keepRejected(_ item: JSON, _ problem: XTProblem, _ call: Call, _ exchange: Exchange) {
        guard let fields = XTFields(item), let symbol = fields.text("symbol"), exchange.instruments[symbol] != nil, call.account != nil,
            let clientID = fields.text("clientOrderId"), isXTClientID(clientID)
        else { return }
        var ticket = Ticket(
            symbol: symbol, side: fields.text("side") == "SELL" ? .sell : .buy, quantity: fields.text("quantity").flatMap { Decimal($0) } ?? .zero,
            clientID: clientID, product: fields.text("bizType").flatMap { Self.product(ofBizType: $0) } ?? "spot")
        ticket.price = fields.text("price").flatMap { Decimal($0) }
        ticket.tags = [("timeInForce", fields.text("timeInForce") ?? "GTC")]
        exchange.reject(exchange.place(ticket, in: call, isAsynchronous: true), reason: problem.code, at: call.at)
    }

    // MARK: Change and cancel

    private func known(_ id: String, _ call: Call, _ exchange: Exchange) throws(XTProblem) -> SimOrder {
        try XTProblem.heed(call)
        guard let account = call.account, let order = exchange.order(id: id, uid: account.uid, at: nil) else {
            throw XTProblem("ORDER_005", "order does not exist")
        }
        return order
    }

    /// Price and quantity are both required, limit orders only (3.3).
    func modify(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try body(call, knowing: ["price", "quantity"])
        call.items = 1
        call.refused = 1
        let order = try known(Self.orderID(in: call.request.path) ?? "", call, exchange)
        guard let price = try fields.decimal("price", orElse: XTProblem("ORDER_008", "invalid price precision")),
            let quantity = try fields.decimal("quantity", orElse: XTProblem("ORDER_008", "invalid quantity precision"))
        else { throw XTProblem("ORDER_001", "price and quantity are required") }
        guard !order.ticket.isMarket, let instrument = exchange.instruments[order.symbol] else {
            throw XTProblem("ORDER_001", "only limit orders can be changed")
        }
        guard order.state.isLive else { throw XTProblem("ORDER_005", "order does not exist") }
        var ticket = order.ticket
        (ticket.price, ticket.quantity) = (price, quantity)
        try check(ticket, hasQuantity: true, instrument)
        guard quantity > order.filled, exchange.amend(order, price: price, quantity: quantity, in: call) else {
            throw XTProblem("ORDER_001", "nothing would be left to trade")
        }
        (call.accepted, call.refused) = (1, 0)
        return success { writer in
            writer.beginObject()
            writer.member("orderId", order.id)
            writer.member("modifyId", String(433_100_000_000_000_000 + Int64(call.number)))
            writer.member("clientModifyId", String?.none)
            writer.endObject()
        }
    }

    func cancel(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        call.items = 1
        let order: SimOrder
        do throws(XTProblem) {
            order = try known(Self.orderID(in: call.request.path) ?? "", call, exchange)
            guard exchange.cancel(order, in: call) else { throw XTProblem("ORDER_005", "order does not exist") }
        } catch {
            call.refused = 1
            throw error
        }
        call.accepted = 1
        return success {
            $0.beginObject(); $0.member("cancelId", order.id); $0.endObject()
        }
    }

    /// Fewer than 300 ids; no outcome of a single order is told (3.3).
    func cancelBatch(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try body(call, knowing: ["clientBatchId", "orderIds"])
        guard let list = fields["orderIds"]?.array, !list.isEmpty, list.count < 300 else {
            throw XTProblem("ORDER_001", "orderIds must be a list of fewer than 300")
        }
        let ids = list.compactMap(\.integer)
        guard ids.count == list.count else { throw XTProblem("ORDER_001", "invalid orderIds") }
        call.items = ids.count
        for id in ids {
            if call.refusesItem?() == nil, let account = call.account, let order = exchange.order(id: String(id), uid: account.uid, at: nil),
                exchange.cancel(order, in: call)
            {
                call.accepted += 1
            } else {
                call.refused += 1
            }
        }
        return success {
            $0.beginObject(); $0.endObject()
        }
    }

    func cancelAll(_ call: Call, _ exchange: Exchange) throws(XTProblem) -> HTTPResponse {
        let fields = try body(call, knowing: ["symbol", "bizType", "side"])
        guard let product = fields.text("bizType").flatMap({ Self.product(ofBizType: $0) }) else { throw XTProblem("ORDER_001", "invalid bizType") }
        let side = fields.text("side").map { $0.lowercased() }
        guard side == nil || side.flatMap({ SimSide(rawValue: $0) }) != nil else { throw XTProblem("ORDER_001", "invalid side") }
        let symbol = fields.text("symbol")?.lowercased()
        let wanted = exchange.page(uid: call.account?.uid ?? "", open: true, limit: .max, at: call.at) {
            $0.ticket.product == product && (symbol == nil || $0.symbol == symbol) && (side == nil || $0.side.rawValue == side)
        }
        call.items = wanted.count
        for order in wanted where exchange.cancel(order, in: call) { call.accepted += 1 }
        return success {
            $0.beginObject(); $0.endObject()
        }
    }
}
