import OMSCore
import Wire

// Places and cancels. Source: docs/venues/bitget.md, 3.1 and 11.4 to 11.10.
extension BitgetMarginDialect {
    private static let itemFields: Set = [
        "side", "orderType", "loanType", "force", "price", "baseSize", "quoteSize", "clientOid", "stpMode",
    ]

    func placeOne(_ call: Call, _ account: SimAccount, _ product: String, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let fields = try BitgetFields(call.json, known: Self.itemFields.union(["symbol"]))
        call.items = 1
        if let id = fields["clientOid"] { call.clientIDs = [id] }
        try BitgetEdge.heed(call)
        let order = exchange.place(try ticket(fields, try fields.required("symbol"), account, product, exchange), in: call)
        call.accepted = 1
        return edge.success(call) { write(order, to: &$0) }
    }

    func placeBatch(_ call: Call, _ account: SimAccount, _ product: String, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let (symbol, items) = try batch(call, list: "orderList")
        call.clientIDs = items.compactMap { $0["clientOid"]?.string }
        guard exchange.instruments[symbol] != nil else { throw BitgetProblem("40034", "Parameter \(symbol.escapedForLog) does not exist") }
        var placed: [SimOrder] = []
        var failed: [(clientID: String, orderID: String, problem: BitgetProblem)] = []
        for item in items {
            do {
                try BitgetEdge.heed(call)
                placed.append(
                    exchange.place(
                        try ticket(BitgetFields(item, known: Self.itemFields.union(["symbol"])), symbol, account, product, exchange), in: call))
            } catch {
                failed.append((item["clientOid"]?.text ?? "", "", error))
            }
        }
        return lists(call, placed, failed)
    }

    func cancelOne(_ call: Call, _ account: SimAccount, _ product: String, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let fields = try BitgetFields(call.json, known: ["symbol", "orderId", "clientOid"])
        call.items = 1
        if let id = fields["clientOid"] { call.clientIDs = [id] }
        let order = try cancel(fields, try fields.required("symbol"), account, product, exchange, call)
        call.accepted = 1
        return edge.success(call) { write(order, to: &$0) }
    }

    func cancelBatch(_ call: Call, _ account: SimAccount, _ product: String, _ exchange: Exchange) throws(BitgetProblem) -> HTTPResponse {
        let (symbol, items) = try batch(call, list: "orderIdList")
        var canceled: [SimOrder] = []
        var failed: [(clientID: String, orderID: String, problem: BitgetProblem)] = []
        for item in items {
            do {
                canceled.append(try cancel(BitgetFields(item, known: ["orderId", "clientOid"]), symbol, account, product, exchange, call))
            } catch {
                failed.append((item["clientOid"]?.text ?? "", item["orderId"]?.text ?? "", error))
            }
        }
        return lists(call, canceled, failed)
    }

    /// The symbol and items of a batch body; more than the ceiling refuses the whole (40306).
    private func batch(_ call: Call, list: String) throws(BitgetProblem) -> (String, [JSON]) {
        guard let body = call.json, let members = body.object else { throw .parameter("body") }
        if let stranger = members.first(where: { $0.key != "symbol" && $0.key != list }) { throw .parameter(stranger.key.escapedForLog) }
        guard let symbol = body["symbol"]?.string, !symbol.isEmpty else { throw .parameter("symbol") }
        guard let items = body[list]?.array, !items.isEmpty else { throw .parameter(list) }
        call.items = items.count
        guard items.count <= batchMax else { throw BitgetProblem("40306", "Batch processing orders can only process up to \(batchMax)") }
        return (symbol, items)
    }

    private func ticket(
        _ fields: BitgetFields, _ symbol: String, _ account: SimAccount, _ product: String, _ exchange: Exchange
    ) throws(BitgetProblem) -> Ticket {
        guard let instrument = exchange.instruments[symbol] else { throw BitgetProblem("40034", "Parameter \(symbol.escapedForLog) does not exist") }
        let side = try fields.word("side", ["buy", "sell"])
        let isMarket = try fields.word("orderType", ["limit", "market"]) == "market"
        let loan = try fields.word("loanType", ["normal", "autoLoan", "autoRepay", "autoLoanAndRepay"])
        let force = try fields.word("force", ["gtc", "post_only", "fok", "ioc"], standing: isMarket ? "gtc" : nil)
        let stp = try fields.word("stpMode", ["none", "cancel_taker", "cancel_maker", "cancel_both"], standing: "none")
        let (price, base, quote) = (try fields.amount("price"), try fields.amount("baseSize"), try fields.amount("quoteSize"))
        if let id = fields["clientOid"] {
            guard BitgetEdge.isClientID(id) else {
                throw BitgetProblem("40305", "client_oid length is not greater than 32, and cannot be Martian characters")
            }
            // Unique among pending orders only: free again after fill or cancel, which is the trap a resend must survive.
            guard exchange.pendingOrder(clientID: id, uid: account.uid) == nil else { throw BitgetProblem("50060", "Duplicated clientOid") }
        }
        var ticket = Ticket(
            symbol: symbol, side: side == "buy" ? .buy : .sell, quantity: base ?? .zero, clientID: fields["clientOid"] ?? "", product: product)
        ticket.isMarket = isMarket
        ticket.timeInForce = Ticket.TimeInForce(rawValue: force) ?? .gtc
        ticket.tags = [("force", force), ("loanType", loan), ("stpMode", stp)]
        let notional: Decimal?
        if isMarket, side == "buy" {
            guard let quote else { throw .parameter("quoteSize") }
            (ticket.quoteQuantity, notional) = (quote, quote)
            ticket.quantity = .zero
        } else {
            guard let base else { throw .parameter("baseSize") }
            if !isMarket {
                guard let price else { throw .parameter("price") }
                guard price.isMultiple(of: instrument.tick) else { throw Self.scale(price, instrument.pricePlaces) }
                ticket.price = price
            }
            guard base.isMultiple(of: instrument.lot) else { throw Self.scale(base, instrument.quantityPlaces) }
            guard base >= instrument.minQuantity else {
                throw BitgetProblem("45111", "less than the minimum order quantity \(instrument.minQuantity)")
            }
            notional = (ticket.price ?? instrument.reference).multiplied(by: base, roundingDown: true)
        }
        guard let notional, notional >= instrument.minNotional else {
            throw BitgetProblem("45110", "less than the minimum amount \(instrument.minNotional) \(instrument.quote)")
        }
        if openCap > 0 {
            let open = exchange.page(uid: account.uid, open: true, limit: openCap, at: .max) { $0.symbol == symbol && $0.ticket.product == product }
            guard open.count < openCap else { throw BitgetProblem("50048", "The number of open orders of the symbol is at its limit") }
        }
        if ticket.clientID.isEmpty { ticket.clientID = "sys" + String(exchange.orders.count + 1) }
        return ticket
    }

    private static func scale(_ value: Decimal, _ places: Int) -> BitgetProblem {
        BitgetProblem("40808", "Parameter verification exception value checkBDScale error value=\(value) checkScale=\(places)")
    }

    private func cancel(
        _ fields: BitgetFields, _ symbol: String, _ account: SimAccount, _ product: String, _ exchange: Exchange, _ call: Call
    ) throws(BitgetProblem) -> SimOrder {
        try BitgetEdge.heed(call)
        let order: SimOrder?
        if let id = fields["orderId"] {
            order = exchange.order(id: id, uid: account.uid, at: nil)
        } else if let id = fields["clientOid"] {
            order = exchange.order(clientID: id, uid: account.uid, at: nil)
        } else {
            throw .parameter("orderId")
        }
        guard let order, order.symbol == symbol, order.ticket.product == product else { throw BitgetProblem("43001", "The order does not exist") }
        let notes = BitgetNotes.of(order)
        if let last = notes.canceledAtMs, call.atMs - last < 1000 {
            throw BitgetProblem("45129", "Cancel order is too frequent: the same order once a second")
        }
        guard exchange.cancel(order, in: call) else { throw BitgetProblem("50062", "The order is already finished") }
        notes.canceledAtMs = call.atMs
        return order
    }

    private func lists(_ call: Call, _ done: [SimOrder], _ failed: [(clientID: String, orderID: String, problem: BitgetProblem)]) -> HTTPResponse {
        (call.accepted, call.refused) = (done.count, failed.count)
        return edge.success(call) { writer in
            writer.beginObject()
            writer.key("successList")
            writer.beginArray()
            for order in done { write(order, to: &writer) }
            writer.endArray()
            writer.key("failureList")
            writer.beginArray()
            for failure in failed {
                writer.beginObject()
                if givesFailureCode || !failure.orderID.isEmpty { writer.member("orderId", failure.orderID) }
                writer.member("clientOid", failure.clientID)
                writer.member("errorMsg", failure.problem.message)
                if givesFailureCode { writer.member("errorCode", failure.problem.code) }
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
    }

    private func write(_ order: SimOrder, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("orderId", order.id)
        writer.member("clientOid", order.clientID)
        writer.endObject()
    }
}
