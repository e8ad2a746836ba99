import OMSCore
import Wire

/// Cancelling: a receipt, then the engine (section 4.4, 12.7).
extension AscendEXDialect {
    /// What a cancel means; `isOpen` is the gateway's view, which includes what the engine has not taken yet.
    private struct Target {
        let id: String
        let orderID: String
        let symbol: String
        let order: SimOrder?
        var isOpen: Bool { order.map { !$0.state.isClosed } ?? false }
    }

    private func target(_ body: JSON, _ call: Call, _ place: Place, _ exchange: Exchange) throws(AscendEXProblem) -> Target {
        try AscendEXProblem.heed(call)
        let id = try checkID(body)
        guard let orderID = body["orderId"]?.string, !orderID.isEmpty else { throw AscendEXProblem(.invalidOrderID, "orderId is required.") }
        guard let symbol = body["symbol"]?.string, exchange.instruments[symbol] != nil else {
            throw AscendEXProblem(.invalidProduct, "Invalid symbol.")
        }
        _ = try checkTime(body, call, exchange)
        let order = exchange.order(id: orderID, uid: call.account?.uid ?? "", at: nil).flatMap { $0.ticket.product == place.category ? $0 : nil }
        if let order, order.symbol != symbol { throw AscendEXProblem(.symbolError, "The order is of another symbol.") }
        return Target(id: id, orderID: orderID, symbol: symbol, order: order)
    }

    /// The engine cancels after its delay, or finds nothing open any more.
    private func handOver(_ target: Target, _ call: Call, _ place: Place, _ exchange: Exchange) {
        cancelling.insert(target.orderID)
        exchange.schedule(afterUs: drawDelayUs(exchange) + call.effectDelayUs) { [self] at in
            cancelling.remove(target.orderID)
            if let order = target.order, exchange.cancel(order, at: at) { return }
            let error = target.order == nil || !target.isOpen ? "NoOpenForCancel" : "TooLateToCancel"
            failedAttempts[target.orderID, default: []].append(FailedAttempt(error: error, at: at))
            exchange.tellFailure(
                of: target.orderID, uid: call.account?.uid ?? "", product: place.category ?? "cash", symbol: target.symbol, error: error, at: at)
        }
    }

    func cancelOne(_ call: Call, _ place: Place, _ exchange: Exchange) -> HTTPResponse {
        (call.items, call.refused) = (1, 1)
        let action = "cancel-order"
        do throws(AscendEXProblem) {
            let target = try target(try body(call), call, place, exchange)
            if cancelling.contains(target.orderID) { throw AscendEXProblem(.cancelNotOpen, "Duplicated order cancel request.") }
            if gatewayChecksCancels, !target.isOpen { throw AscendEXProblem(.cancelNotOpen, "Trying to cancel non-open order") }
            (call.accepted, call.refused) = (1, 0)
            handOver(target, call, place, exchange)
            return acknowledged(call, place, action: action) {
                receipt(id: target.id, orderID: target.orderID, type: "NULL_VAL", symbol: target.symbol, call, &$0)
            }
        } catch {
            let body = call.json ?? .null
            return refused(error, call, place, action: action) { writer in
                writer.beginObject()
                namesOf(body, &writer)
                writer.member("orderId", body["orderId"]?.string ?? "")
                writer.endObject()
            }
        }
    }

    /// All or nothing as well: one finished order among them, and none is cancelled (4.4).
    func cancelBatch(_ call: Call, _ place: Place, _ exchange: Exchange) -> HTTPResponse {
        let action = "batch-cancel-order"
        let bodies: [JSON]
        do throws(AscendEXProblem) {
            bodies = try list(call, most: cancelMax)
        } catch {
            return refused(error, call, place, action: action) { $0.raw("[]") }
        }
        let outcomes = bodies.map { body -> Result<Target, AscendEXProblem> in
            do throws(AscendEXProblem) {
                let target = try target(body, call, place, exchange)
                guard target.isOpen else { throw AscendEXProblem(.invalidOrderID, "The order is already filled or canceled.") }
                return .success(target)
            } catch {
                return .failure(error)
            }
        }
        let targets = outcomes.compactMap { try? $0.get() }
        guard targets.count == bodies.count else {
            call.refused = bodies.count
            return batchRefused(call, place, action: action, zip(bodies, outcomes).map { ($0, $1.failure) }) { body, writer in
                namesOf(body, &writer)
                writer.member("orderId", body["orderId"]?.string ?? "")
            }
        }
        call.accepted = targets.count
        for target in targets { handOver(target, call, place, exchange) }
        return acknowledged(call, place, action: action) { writer in
            writer.beginArray()
            for target in targets { receipt(id: target.id, orderID: target.orderID, type: "NULL_VAL", symbol: target.symbol, call, &writer) }
            writer.endArray()
        }
    }

    /// Best effort: what the engine has not taken yet is not covered (4.4).
    func cancelAll(_ call: Call, _ place: Place, _ exchange: Exchange) -> HTTPResponse {
        let action = "cancel-all"
        let symbol: String?
        do throws(AscendEXProblem) {
            symbol = try body(call)["symbol"]?.string
            guard symbol.map({ exchange.instruments[$0] != nil }) ?? true else { throw AscendEXProblem(.invalidProduct, "Invalid symbol.") }
        } catch {
            return refused(error, call, place, action: action) { $0.raw("{}") }
        }
        let open = exchange.page(uid: call.account?.uid ?? "", open: true, limit: .max, at: call.at) {
            $0.ticket.product == place.category && (symbol == nil || $0.symbol == symbol)
        }
        (call.items, call.accepted) = (open.count, open.count)
        for order in open where !cancelling.contains(order.id) {
            handOver(Target(id: "", orderID: order.id, symbol: order.symbol, order: order), call, place, exchange)
        }
        return acknowledged(call, place, action: action) { receipt(id: "", orderID: "", type: "NULL_VAL", symbol: symbol ?? "", call, &$0) }
    }
}
