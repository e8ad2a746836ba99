import OMSCore
import Wire

/// Modifications: an answer is a receipt; the engine applies them one after the other.
///
/// Source: docs/venues/bitget.md, 4.2 and 11.7: up to 5 unfinished ones an order through the batch endpoint, one through the single one.
extension BitgetUTADialect {
    private static let unfinishedMax = 5
    private static let fields: Set = ["orderId", "clientOid", "qty", "price", "autoCancel", "symbol", "category"]

    func modifyOne(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let fields = try BitgetFields(call.json, known: Self.fields)
        call.items = 1
        if let id = fields["clientOid"] { call.clientIDs = [id] }
        let order = try target(fields, account, exchange)
        guard BitgetNotes.of(order).modifications.isEmpty else { throw BitgetProblem("25114", "The order is being modified") }
        try modify(order, fields, exchange, call)
        call.accepted = 1
        return edge.success(call) { write(ItemResult(orderID: order.id, clientID: order.clientID), to: &$0) }
    }

    func modifyBatch(_ call: Call, _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let items = try batch(call)
        // Under their client ids in the ledger, whichever id named them here.
        call.clientIDs = items.compactMap { item in
            item["clientOid"]?.string ?? item["orderId"]?.string.flatMap { exchange.order(id: $0, uid: account.uid, at: nil)?.clientID }
        }
        try requireDistinct(items, account, exchange)
        return results(
            call,
            items.map { item in
                do throws(BitgetProblem) {
                    let fields = try BitgetFields(item, known: Self.fields)
                    let order = try target(fields, account, exchange)
                    try modify(order, fields, exchange, call)
                    return ItemResult(orderID: order.id, clientID: order.clientID)
                } catch {
                    return ItemResult(orderID: item["orderId"]?.text ?? "", clientID: item["clientOid"]?.text ?? "", problem: error)
                }
            })
    }

    /// One category a batch, and an order at most once, whichever of its ids names it.
    private func requireDistinct(_ items: [JSON], _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) {
        let categories = Set(items.compactMap { $0["category"]?.string })
        guard categories.count <= 1, categories.isSubset(of: Self.categories) else {
            throw BitgetProblem("25200", "Orders of one batch must share one category")
        }
        var seen: Set<String> = []
        for item in items {
            let order =
                item["orderId"]?.string.flatMap { exchange.order(id: $0, uid: account.uid, at: nil) }
                ?? item["clientOid"]?.string.flatMap { exchange.order(clientID: $0, uid: account.uid, at: nil) }
            guard let order else { continue }
            guard seen.insert(order.id).inserted else { throw BitgetProblem("25200", "An order may appear only once in a batch") }
        }
    }

    private func modify(_ order: SimOrder, _ fields: BitgetFields, _ exchange: Exchange, _ call: Call) throws(BitgetProblem) {
        try BitgetEdge.heed(call)
        let (price, quantity) = (try fields.amount("price"), try fields.amount("qty"))
        let cancelsOnFailure = try fields.word("autoCancel", ["yes", "no"], standing: "no") == "yes"
        if let symbol = fields["symbol"] { guard symbol == order.symbol else { throw .parameter("symbol") } }
        if let category = fields["category"] { guard category.lowercased() == order.ticket.product else { throw .parameter("category") } }
        guard price != nil || quantity != nil else { throw .parameter("qty") }
        if let instrument = exchange.instruments[order.symbol] {
            if let price { try check(price: price, instrument) }
            if let quantity { try check(quantity: quantity, instrument) }
        }
        let notes = BitgetNotes.of(order)
        switch order.state {
        case .open, .partiallyFilled: break
        case .filled: throw BitgetProblem("25568", "The order is filled and cannot be modified")
        case .accepted, .canceled, .expired, .rejected: throw BitgetProblem("25204", "Order does not exist")
        }
        guard order.tag("reduceOnly") != "yes" else { throw BitgetProblem("25568", "A reduce-only order cannot be modified") }
        guard !notes.isBarred else { throw BitgetProblem("25573", "An earlier modification failed") }
        guard notes.modifications.count < Self.unfinishedMax else { throw BitgetProblem("25572", "Too many pending modifications") }
        let standing = notes.modifications.last ?? (order.price, order.quantity)
        let wanted = (price: price ?? standing.price, quantity: quantity ?? standing.quantity)
        guard wanted.price != standing.price || wanted.quantity != standing.quantity else {
            throw BitgetProblem("25571", "The order was not changed")
        }
        if let quantity { guard quantity >= order.filled else { throw BitgetProblem("25568", "The quantity is below what is filled") } }
        notes.modifications.append(wanted)
        notes.busyUntil = max(notes.busyUntil, call.at) + modifyUs + call.effectDelayUs
        exchange.schedule(afterUs: notes.busyUntil - call.at) { [unowned exchange, unowned order] at in
            let next = notes.modifications.removeFirst()
            guard !notes.isBarred else { return }
            if let quantity = next.quantity, quantity >= order.filled, exchange.amend(order, price: next.price, quantity: quantity, at: at) { return }
            if cancelsOnFailure {
                notes.isBarred = true
                exchange.cancel(order, reason: "modify_limit_order", at: at)
            }
        }
    }
}
