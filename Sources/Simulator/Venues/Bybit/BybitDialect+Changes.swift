import OMSCore
import Wire

/// Amending and cancelling: receipts, too; the engine may find later that nothing is to be done (docs/venues/bybit.md, 3.2).
extension BybitDialect {
    private static let named: [String: BybitFields.Kind] = ["symbol": .text, "orderId": .text, "orderLinkId": .text]
    private static let amended = named.merging(["qty": .text, "price": .text]) { $1 }

    /// The order that is meant, whatever its state.
    private func target(_ fields: BybitFields, _ category: String, _ account: SimAccount, _ exchange: Exchange) throws(BybitProblem) -> SimOrder {
        let (id, clientID, symbol) = (fields["orderId"], fields["orderLinkId"], try fields.required("symbol"))
        guard id != nil || clientID != nil else { throw .parameter("orderId") }
        let order =
            id.map { exchange.order(id: $0, uid: account.uid, at: nil) }
            ?? clientID.flatMap { exchange.order(clientID: $0, uid: account.uid, at: nil) }
        // Both ids at once were seen to be refused, though the page lets one win.
        guard let order, order.ticket.product == category, order.symbol == symbol, id == nil || clientID == nil else { throw unknown(category) }
        return order
    }

    private func unknown(_ category: String) -> BybitProblem {
        BybitProblem(category == Self.spot ? 170_213 : 110_001, "Order does not exist.")
    }

    /// What the closed are refused with.
    private func finished(_ order: SimOrder) -> BybitProblem {
        let isSpot = order.ticket.product == Self.spot
        guard settings.namesFinished, order.state != .rejected else { return unknown(order.ticket.product) }
        return order.state == .filled
            ? BybitProblem(isSpot ? 170_139 : 110_008, "The order has been finished.")
            : BybitProblem(isSpot ? 170_142 : 110_010, "The order has been cancelled.")
    }

    /// The client's ids of orders that are named by whichever id.
    private func clientIDs(_ items: [JSON], _ account: SimAccount, _ exchange: Exchange) -> [String] {
        items.compactMap { item in
            item["orderLinkId"]?.string ?? item["orderId"]?.string.flatMap { exchange.order(id: $0, uid: account.uid, at: nil)?.clientID }
        }
    }

    // MARK: Amending

    func amendBatch(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let (category, items) = try batch(call)
        call.clientIDs = clientIDs(items, account, exchange)
        return each(call, category, items, showsCreation: false) { json, item throws(BybitProblem) in
            echo(json, &item)
            let order = try amend(try BybitFields(json, known: Self.amended), category, call, account, exchange)
            (item.orderID, item.clientID) = (order.id, order.clientID)
        }
    }

    func amendOne(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let fields = try BybitFields(call.json, known: Self.amended.merging(["category": .text]) { $1 })
        call.items = 1
        call.clientIDs = clientIDs([call.json ?? .null], account, exchange)
        try BybitProblem.heed(call)
        let order = try amend(fields, try fields.word("category", Self.categories), call, account, exchange)
        call.accepted = 1
        return receipt(order, call)
    }

    /// A refused item names what it was asked for, and leaves the other id empty.
    private func echo(_ json: JSON, _ item: inout Item) {
        (item.orderID, item.clientID) = (json["orderId"]?.string ?? "", json["orderLinkId"]?.string ?? "")
    }

    private func amend(
        _ fields: BybitFields, _ category: String, _ call: Call, _ account: SimAccount, _ exchange: Exchange
    ) throws(BybitProblem) -> SimOrder {
        let order = try target(fields, category, account, exchange)
        let (price, quantity) = (try fields.amount("price"), try fields.amount("qty"))
        guard price != nil || quantity != nil else { throw .parameter("qty") }
        guard !order.state.isClosed else { throw finished(order) }
        guard !order.ticket.isMarket else { throw .parameter("orderId") }
        let instrument = try instrument(order.symbol, category, exchange)
        if let price { try BybitRules.check(price: price, instrument, category) }
        if let quantity { try BybitRules.check(quantity: quantity, instrument, category) }
        let isSpot = category == Self.spot
        // The new total: contracts must leave something to do, on spot it must not be less than what was done.
        if let quantity, isSpot ? quantity < order.filled : quantity <= order.filled {
            throw BybitProblem(isSpot ? 170_313 : 110_064, "The quantity is below what is filled.")
        }
        let notes = BybitNotes.of(order)
        guard !notes.isChanging, !notes.isCanceling else {
            throw BybitProblem(isSpot ? 40_004 : 110_079, "The order is being processed, please try again later.")
        }
        notes.isChanging = true
        later(settings.engineUs + call.effectDelayUs, exchange, at: call.at) { [unowned exchange, unowned order] at in
            notes.isChanging = false
            // What was filled meanwhile stands: the engine drops the change, and nobody is told.
            if let quantity, quantity <= order.filled { return }
            exchange.amend(order, price: price, quantity: quantity, at: at)
        }
        return order
    }

    // MARK: Cancelling

    func cancelBatch(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let (category, items) = try batch(call)
        call.clientIDs = clientIDs(items, account, exchange)
        return each(call, category, items, showsCreation: false) { json, item throws(BybitProblem) in
            echo(json, &item)
            let order = try cancel(try BybitFields(json, known: Self.named), category, call, account, exchange)
            (item.orderID, item.clientID) = (order.id, order.clientID)
        }
    }

    func cancelOne(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let fields = try BybitFields(call.json, known: Self.named.merging(["category": .text, "orderFilter": .text]) { $1 })
        call.items = 1
        call.clientIDs = clientIDs([call.json ?? .null], account, exchange)
        try BybitProblem.heed(call)
        let order = try cancel(fields, try fields.word("category", Self.categories), call, account, exchange)
        call.accepted = 1
        return receipt(order, call)
    }

    private func cancel(
        _ fields: BybitFields, _ category: String, _ call: Call, _ account: SimAccount, _ exchange: Exchange
    ) throws(BybitProblem) -> SimOrder {
        let order = try target(fields, category, account, exchange)
        guard !order.state.isClosed else { throw finished(order) }
        guard !BybitNotes.of(order).isCanceling else {
            throw BybitProblem(category == Self.spot ? 170_212 : 110_079, "The order is being cancelled.")
        }
        receiveCancel(of: order, call, exchange)
        return order
    }

    /// The engine cancels later, or finds that the order has been filled: its stream says that in words of its own (8).
    private func receiveCancel(of order: SimOrder, _ call: Call, _ exchange: Exchange) {
        let notes = BybitNotes.of(order)
        notes.isCanceling = true
        later(settings.engineUs + call.effectDelayUs, exchange, at: call.at) { [unowned exchange, unowned order, userStream] at in
            notes.isCanceling = false
            guard !exchange.cancel(order, reason: "CancelByUser", at: at), order.state == .filled else { return }
            userStream.lateCancels[order.id] = order
            exchange.tellFailure(
                of: order.id, uid: order.uid, product: order.ticket.product, symbol: order.symbol, error: "EC_OrigClOrdIDDoesNotExist", at: at)
        }
    }

    private func later(_ us: Int64, _ exchange: Exchange, at: Int64, _ action: @escaping (Int64) -> Void) {
        if us > 0 { exchange.schedule(afterUs: us, action) } else { action(at) }
    }

    /// Everything of a symbol, a coin or, on spot, the category; of contracts at most 500, whichever.
    func cancelAll(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BybitProblem) -> HTTPResponse {
        let fields = try BybitFields(
            call.json, known: ["category": .text, "symbol": .text, "baseCoin": .text, "settleCoin": .text, "orderFilter": .text])
        let category = try fields.word("category", Self.categories)
        _ = try fields.word("orderFilter", ["Order"], standing: "Order")
        let filter = BybitScope(symbol: fields["symbol"], baseCoin: fields["baseCoin"], settleCoin: fields["settleCoin"])
        guard category == Self.spot || !filter.isEmpty else { throw .parameter("symbol") }
        var meant = exchange.unfinished(uid: account.uid) { order in
            order.ticket.product == category && filter.holds(order, exchange) && !BybitNotes.of(order).isCanceling
        }
        if category != Self.spot, meant.count > 500 {
            meant.shuffle(using: &exchange.random)
            meant = Array(meant.prefix(500))
        }
        call.items = meant.count
        call.accepted = meant.count
        for order in meant { receiveCancel(of: order, call, exchange) }
        return edge.success(call) { writer in
            writer.beginObject()
            writer.key("list")
            writer.beginArray()
            for order in meant {
                writer.beginObject()
                writer.members([("orderId", order.id), ("orderLinkId", order.clientID)])
                writer.endObject()
            }
            writer.endArray()
            writer.member("success", "1")
            writer.endObject()
        }
    }
}

/// What a request means by symbol, base coin or settlement coin: the first that it names.
struct BybitScope {
    var symbol: String?
    var baseCoin: String?
    var settleCoin: String?

    var isEmpty: Bool { symbol == nil && baseCoin == nil && settleCoin == nil }

    func holds(_ order: SimOrder, _ exchange: Exchange) -> Bool {
        if let symbol { return order.symbol == symbol }
        let instrument = exchange.instruments[order.symbol]
        if let baseCoin { return instrument?.base == baseCoin }
        guard let settleCoin, let instrument else { return settleCoin == nil }
        return BybitRules.settleCoin(of: instrument, in: order.ticket.product) == settleCoin
    }
}
