import OMSCore
import Wire

/// Placing and cancelling (section 4.2 to 4.4, 5).
extension AscendEXDialect {
    /// What the gateway's pre-check made of one order.
    private struct Checked {
        let ticket: Ticket
        let id: String
        let time: Int64
        let answer: Answer
        enum Answer: String { case receipt = "ACK", accepted = "ACCEPT", done = "DONE" }
        /// Base or quote, and how much of it must be there.
        let asset: String
        let need: Decimal
    }

    // MARK: The pre-check

    /// An order's `time` is its time to live: 30 s, in either direction (12.2).
    func checkTime(_ order: JSON, _ call: Call, _ exchange: Exchange) throws(AscendEXProblem) -> Int64 {
        guard case .number(let text)? = order["time"], let time = Int64(text), (0...9_999_999_999_999).contains(time) else {
            throw AscendEXProblem(.invalidRequest, "time is required.")
        }
        guard exchange.takesOldStamps || call.atMs - time <= exchange.freshnessMs ?? 30_000, time - call.atMs <= futureToleranceMs else {
            throw AscendEXProblem(.invalidTimestamp, "Invalid timestamp.")
        }
        return time
    }

    func checkID(_ order: JSON) throws(AscendEXProblem) -> String {
        guard let value = order["id"], !value.isNull else { return "" }
        guard let id = value.string, id.isEmpty || AscendEXIdentity.isValid(clientID: id) else {
            throw AscendEXProblem(.invalidOrderID, "Invalid Client Order Id.")
        }
        return id
    }

    /// A price or quantity: a string, never a number (4.2).
    private func amount(_ order: JSON, _ name: String, orElse problem: AscendEXProblem) throws(AscendEXProblem) -> Decimal? {
        guard let value = order[name], !value.isNull else { return nil }
        guard let text = value.string else { throw AscendEXProblem(.invalidString, "\(name) must be a string.") }
        guard let decimal = Decimal(text), decimal.isPositive else { throw problem }
        return decimal
    }

    private func word(_ order: JSON, _ name: String, _ problem: AscendEXProblem) throws(AscendEXProblem) -> String? {
        guard let value = order[name], !value.isNull else { return nil }
        guard let text = value.string else { throw problem }
        return text
    }

    /// Unknown fields are ignored (4.2): callers send more than the documents name.
    private func check(_ order: JSON, _ call: Call, _ place: Place, _ exchange: Exchange) throws(AscendEXProblem) -> Checked {
        try AscendEXProblem.heed(call)
        guard order.object != nil else { throw AscendEXProblem(.invalidRequest, "An order must be an object.") }
        let id = try checkID(order)
        guard let symbol = order["symbol"]?.string, let instrument = exchange.instruments[symbol] else {
            throw AscendEXProblem(.invalidProduct, "Invalid symbol.")
        }
        let time = try checkTime(order, call, exchange)
        guard let side = order["side"]?.string.flatMap({ SimSide(rawValue: $0) }) else { throw AscendEXProblem(.invalidSide, "Invalid side.") }
        guard let type = order["orderType"]?.string, type == "limit" || type == "market" else {
            throw AscendEXProblem(.invalidType, "Invalid order type.")
        }
        guard let quantity = try amount(order, "orderQty", orElse: AscendEXProblem(.invalidQuantity, "Invalid quantity.")),
            quantity >= instrument.minQuantity, quantity.isMultiple(of: instrument.lot)
        else { throw AscendEXProblem(.invalidQuantity, "Invalid quantity.") }
        let price = try amount(order, "orderPrice", orElse: AscendEXProblem(.invalidPrice, "Invalid price."))
        if type == "limit" {
            guard let price else { throw AscendEXProblem(.invalidPrice, "A limit order needs a price.") }
            guard price.isMultiple(of: instrument.tick) else { throw AscendEXProblem(.tickSize, "Price violates the tick size.") }
        }

        var ticket = Ticket(symbol: symbol, side: side, quantity: quantity, clientID: id, product: place.category ?? "cash")
        (ticket.isMarket, ticket.price) = (type == "market", type == "market" ? nil : price)
        let wrongTime = AscendEXProblem(.invalidTimeInForce, "Invalid time in force.")
        if let text = try word(order, "timeInForce", wrongTime) {
            guard let value = Ticket.TimeInForce(xt: text), value != .postOnly, type == "limit" || value == .gtc else { throw wrongTime }
            ticket.timeInForce = value
        }
        if let postOnly = order["postOnly"], !postOnly.isNull {
            guard let isPost = postOnly.bool, !isPost || (type == "limit" && ticket.timeInForce == .gtc) else {
                throw AscendEXProblem(.invalidParameter, "Invalid postOnly.")
            }
            if isPost { ticket.timeInForce = .postOnly }
        }
        let wrongAnswer = AscendEXProblem(.invalidParameter, "Invalid respInst.")
        let text = try word(order, "respInst", wrongAnswer) ?? "ACK"
        guard let answer = Checked.Answer(rawValue: text) else { throw wrongAnswer }

        guard let notional = (ticket.price ?? instrument.reference).multiplied(by: quantity, roundingDown: true) else {
            throw AscendEXProblem(.invalidNotional, "Notional is too large.")
        }
        if !ticket.isMarket {
            guard notional >= instrument.minNotional else { throw AscendEXProblem(.invalidNotional, "Notional is too small.") }
            guard notional <= maxNotional else { throw AscendEXProblem(.invalidNotional, "Notional is too large.") }
        }
        // Commission in quote: a buy must cover price * quantity * (1 + the reserve rate of 0.1 %) (4.9).
        let reserve = notional.dividedRoundingDown(by: Decimal(1000)) ?? .zero
        let need = side == .buy ? notional.adding(reserve) ?? notional : quantity
        guard need <= balance else { throw AscendEXProblem(.invalidBalance, "Not Enough Account Balance") }
        return Checked(ticket: ticket, id: id, time: time, answer: answer, asset: side == .buy ? instrument.quote : instrument.base, need: need)
    }

    /// The JSON body; POST and DELETE both carry one (section 2).
    func body(_ call: Call) throws(AscendEXProblem) -> JSON {
        guard call.request.header("Content-Type")?.hasPrefix("application/json") == true else {
            throw AscendEXProblem(.invalidInput, "Content-Type must be application/json.")
        }
        guard let body = call.json, body.object != nil else { throw AscendEXProblem(.invalidJSON, "Invalid JSON.") }
        return body
    }

    // MARK: Behind the gateway

    func drawDelayUs(_ exchange: Exchange) -> Int64 {
        .milliseconds(exchange.random.between(engineDelayMs.lowerBound, engineDelayMs.upperBound))
    }

    private func orderID(_ checked: Checked, _ call: Call, _ exchange: Exchange) -> String {
        let time = call.strangeID == nil ? checked.time : checked.time - 1 - Int64(exchange.random.below(1_000_000))
        let id = call.strangeID == .other ? "" : checked.id
        return AscendEXIdentity.orderID(time: max(0, time), uid: call.account?.uid ?? "", id: id) {
            let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8)
            return String(decoding: (0..<9).map { _ in alphabet[Int(exchange.random.below(62))] }, as: UTF8.self)
        }
    }

    /// Hands an order to the engine, which takes it after its delay. A taken id makes it a duplicate: the original stays as it is (3.3, 12.4).
    ///
    /// - Returns: nil for a duplicate.
    private func handOver(_ checked: Checked, id: String, now: Bool, _ call: Call, _ exchange: Exchange) -> SimOrder? {
        if let taken = exchange.order(id: id, uid: call.account?.uid ?? "", at: nil), !remembersLiveOnly || !taken.state.isClosed {
            failedAttempts[id, default: []].append(FailedAttempt(error: "DupNewCoid", at: call.at))
            exchange.tellFailure(
                of: id, uid: call.account?.uid ?? "", product: checked.ticket.product, symbol: checked.ticket.symbol, error: "DupNewCoid", at: call.at
            )
            return nil
        }
        var ticket = checked.ticket
        ticket.id = id
        let order = exchange.place(ticket, in: call, isAsynchronous: true)
        let isRejected = engineRejectPercent > 0 && exchange.random.below(100) < UInt64(engineRejectPercent)
        func take(at: Int64) {
            if isRejected { exchange.reject(order, reason: "NotEnoughBalance", at: at) } else { exchange.activate(order, at: at) }
        }
        if now { take(at: call.at) } else { exchange.schedule(afterUs: drawDelayUs(exchange), take) }
        return order
    }

    func acknowledged(_ call: Call, _ place: Place, action: String, status: String = "Ack", info: (inout JSONWriter) -> Void) -> HTTPResponse {
        success { writer in
            writer.beginObject()
            writer.member("ac", place.category?.uppercased())
            writer.member("accountId", Self.accountID(call.account, place.category ?? "cash"))
            writer.member("action", action)
            writer.member("status", status)
            writer.key("info")
            info(&writer)
            writer.endObject()
        }
    }

    func refused(_ problem: AscendEXProblem, _ call: Call, _ place: Place, action: String, info: (inout JSONWriter) -> Void) -> HTTPResponse {
        call.refusal = problem.code
        return failure(problem) { writer in
            writer.member("ac", place.category?.uppercased())
            writer.member("accountId", Self.accountID(call.account, place.category ?? "cash"))
            writer.member("action", action)
            writer.member("status", "Err")
            writer.key("info")
            info(&writer)
        }
    }

    func receipt(id: String, orderID: String, type: String, symbol: String, _ call: Call, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", id)
        writer.member("orderId", orderID)
        writer.member("orderType", type)
        writer.member("symbol", symbol)
        writer.member("timestamp", call.atMs)
        writer.endObject()
    }

    func namesOf(_ order: JSON, _ writer: inout JSONWriter) {
        writer.member("id", order["id"]?.string ?? "")
        writer.member("symbol", order["symbol"]?.string ?? "")
    }

    // MARK: Place

    func placeOne(_ call: Call, _ place: Place, _ exchange: Exchange) -> HTTPResponse {
        (call.items, call.refused) = (1, 1)
        let action = "place-order"
        let body = call.json ?? .null
        do throws(AscendEXProblem) {
            let body = try self.body(call)
            if let id = body["id"]?.string, !id.isEmpty { call.clientIDs = [id] }
            let checked = try check(body, call, place, exchange)
            (call.accepted, call.refused) = (1, 0)
            let id = orderID(checked, call, exchange)
            // ACCEPT and DONE wait for the engine: here it takes the order at once.
            let waits = checked.answer != .receipt
            let order = handOver(checked, id: id, now: waits, call, exchange)
            let type = checked.ticket.isMarket ? "Market" : "Limit"
            let isShown = waits && (order == nil || checked.answer == .accepted || order?.state != .open)
            guard isShown else {
                return acknowledged(call, place, action: action) {
                    receipt(id: checked.id, orderID: id, type: type, symbol: checked.ticket.symbol, call, &$0)
                }
            }
            return acknowledged(call, place, action: action, status: checked.answer.rawValue) { writer in
                if let order {
                    write(order, &writer)
                } else {
                    // The duplicate's row: the original's id, state Rejected (3.3).
                    writeFailed(FailedAttempt(error: "DupNewCoid", at: call.at), id: id, symbol: checked.ticket.symbol, &writer)
                }
            }
        } catch {
            return refused(error, call, place, action: action) { writer in
                writer.beginObject()
                namesOf(body, &writer)
                writer.endObject()
            }
        }
    }

    /// 1 to 10 orders. One that fails the pre-check fails all, and nothing happens (section 5).
    func placeBatch(_ call: Call, _ place: Place, _ exchange: Exchange) -> HTTPResponse {
        let action = "batch-place-order"
        let orders: [JSON]
        do throws(AscendEXProblem) { orders = try list(call) } catch { return refused(error, call, place, action: action) { $0.raw("[]") } }
        call.clientIDs = orders.compactMap { $0["id"]?.string }
        var held: [String: Decimal] = [:]
        let outcomes = orders.map { order -> Result<Checked, AscendEXProblem> in
            do throws(AscendEXProblem) {
                let checked = try check(order, call, place, exchange)
                let sum = (held[checked.asset] ?? .zero).adding(checked.need) ?? checked.need
                guard !sumsBatchBalance || sum <= balance else { throw AscendEXProblem(.invalidBalance, "Not Enough Account Balance") }
                held[checked.asset] = sum
                return .success(checked)
            } catch {
                return .failure(error)
            }
        }
        let checked = outcomes.compactMap { try? $0.get() }
        guard checked.count == orders.count else {
            call.refused = orders.count
            return batchRefused(call, place, action: action, zip(orders, outcomes).map { ($0, $1.failure) }) { order, writer in
                namesOf(order, &writer)
            }
        }
        call.accepted = orders.count
        let ids = checked.map { orderID($0, call, exchange) }
        for (checked, id) in zip(checked, ids) { _ = handOver(checked, id: id, now: false, call, exchange) }
        return acknowledged(call, place, action: action) { writer in
            writer.beginArray()
            for (checked, id) in zip(checked, ids) {
                receipt(id: checked.id, orderID: id, type: checked.ticket.isMarket ? "Market" : "Limit", symbol: checked.ticket.symbol, call, &writer)
            }
            writer.endArray()
        }
    }

    func list(_ call: Call, most: Int = 10) throws(AscendEXProblem) -> [JSON] {
        guard let orders = try body(call)["orders"]?.array, !orders.isEmpty else { throw AscendEXProblem(.invalidRequest, "orders is required.") }
        call.items = orders.count
        guard orders.count <= most else {
            call.refused = orders.count
            throw AscendEXProblem(.invalidBatch, "More than \(most) orders in a batch.")
        }
        return orders
    }

    /// The offenders with their own codes, the blameless with 300013 (4.3).
    func batchRefused(
        _ call: Call, _ place: Place, action: String, _ rows: [(order: JSON, problem: AscendEXProblem?)], _ names: (JSON, inout JSONWriter) -> Void
    ) -> HTTPResponse {
        let whole = AscendEXProblem(.invalidBatch, "Batch Order failed, please check each order info for detail.")
        return refused(whole, call, place, action: action) { writer in
            writer.beginArray()
            for row in rows {
                let problem = row.problem ?? AscendEXProblem(.invalidBatch, "Some invalid order in this batch.")
                writer.beginObject()
                problem.write(to: &writer)
                writer.member("reason", problem.reason)
                writer.member("message", problem.message)
                names(row.order, &writer)
                writer.endObject()
            }
            writer.endArray()
        }
    }
}

extension Result {
    /// What went wrong; nil for a success.
    var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
