import OMSCore
import Wire

extension XTSpot {
    /// Rows a page of a cursor listing, the documented most.
    static let pageMax = 100

    package func request(for plan: RequestPlan) -> HTTPRequest {
        switch plan.content {
        case .place(let tickets, _): return write("POST", "/v4/batch-order", plan, placeBody(tickets))
        case .cancel(let tickets): return write("DELETE", "/v4/batch-order", plan, cancelBody(tickets))
        case .modify(let tickets):
            precondition(tickets.count == 1, "xt-spot modifies one order a request")
            guard let id = tickets[0].venueOrderID else { preconditionFailure("xt-spot modifies by the venue's id") }
            return write("PUT", "/v4/order/\(percentEncoded(id.text))", plan, modifyBody(tickets[0]))
        case .mixed: preconditionFailure("xt-spot has no request that mixes creates and cancels")
        case .query(let query): return request(asking: query, plan)
        }
    }

    private func request(asking query: Query, _ plan: RequestPlan) -> HTTPRequest {
        switch query {
        // XT has no countdown: never asked for.
        case .serverTime, .countdown: return HTTPRequest("GET", "/v4/public/time")
        case .instruments: return HTTPRequest("GET", "/v4/public/symbol")
        case .account: return read("/v4/balances", plan, [("currencies", "usdt")])
        case .find(let subjects, _):
            guard let subject = subjects.first else { preconditionFailure("a look-up names an order") }
            if let id = subject.venueOrderID { return read("/v4/order", plan, [("orderId", id.text)]) }
            return read("/v4/order", plan, [("clientOrderId", subject.clientOrderID.text)])
        case .openOrders(let symbol, _):
            return read("/v4/open-order", plan, [("bizType", bizType)] + (symbol.map { [("symbol", $0.text)] } ?? []))
        case .history(_, let sinceMs, let page):
            return read("/v4/history-order", plan, paged([("bizType", bizType), ("startTime", String(max(sinceMs, 0)))], page))
        case .fills(let subject, let page):
            return read("/v4/trade", plan, paged([("bizType", bizType), ("orderId", subject.venueOrderID?.text ?? "")], page))
        case .cancelAll(let symbol):
            var writer = JSONWriter()
            writer.beginObject()
            if let symbol { writer.member("symbol", symbol.text) }
            writer.member("bizType", bizType)
            writer.endObject()
            return write("DELETE", "/v4/open-order", plan, writer.bytes)
        }
    }

    private func paged(_ parameters: [(String, String)], _ page: String?) -> [(String, String)] {
        var parameters = parameters + [("direction", "NEXT"), ("limit", String(Self.pageMax))]
        if let page = page.flatMap({ CursorPage($0) }) { parameters.append(("fromId", String(page.id))) }
        return parameters
    }

    private func read(_ path: String, _ plan: RequestPlan, _ parameters: [(String, String)]) -> HTTPRequest {
        HTTPRequest("GET", path + queryText(parameters), headers: headers(plan))
    }

    private func write(_ method: String, _ path: String, _ plan: RequestPlan, _ body: [UInt8]) -> HTTPRequest {
        HTTPRequest(method, path, headers: headers(plan), body: body)
    }

    private func headers(_ plan: RequestPlan) -> [HTTPHeader] {
        [HTTPHeader("Content-Type", "application/json"), HTTPHeader("validate-algorithms", "HmacSHA256"), XTWindow.header(of: plan)]
    }

    private func placeBody(_ tickets: [PlaceTicket]) -> [UInt8] {
        var writer = JSONWriter(reserving: 40 + 200 * tickets.count)
        writer.beginObject()
        writer.key("items")
        writer.beginArray()
        for ticket in tickets { write(ticket, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private func write(_ ticket: PlaceTicket, to writer: inout JSONWriter) {
        let terms = ticket.terms
        writer.beginObject()
        writer.member("symbol", terms.symbol.text)
        writer.member("clientOrderId", ticket.clientOrderID.text)
        writer.member("side", terms.side.rawValue.uppercased())
        writer.member("type", terms.type.rawValue.uppercased())
        writer.member("timeInForce", timeInForce(of: terms))
        writer.member("bizType", bizType)
        if let price = terms.price { writer.member("price", price.description) }
        if let quantity = terms.quantity { writer.member("quantity", quantity.description) }
        if let quote = terms.quoteQuantity { writer.member("quoteQty", quote.description) }
        writer.endObject()
    }

    /// Required for market orders too, where SDKs send FOK.
    private func timeInForce(of terms: OrderTerms) -> String {
        switch (terms.type, terms.postOnly) {
        case (.market, _): "FOK"
        case (.limit, true): "GTX"
        case (.limit, false): (terms.timeInForce ?? .gtc).rawValue.uppercased()
        }
    }

    private func cancelBody(_ tickets: [CancelTicket]) -> [UInt8] {
        var writer = JSONWriter(reserving: 20 + 24 * tickets.count)
        writer.beginObject()
        writer.key("orderIds")
        writer.beginArray()
        for ticket in tickets {
            guard let id = ticket.venueOrderID else { preconditionFailure("xt-spot cancels by the venue's id") }
            writer.string(id.text)
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private func modifyBody(_ ticket: ModifyTicket) -> [UInt8] {
        guard let price = ticket.price, let quantity = ticket.quantity else { preconditionFailure("xt-spot modifies price and quantity together") }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("price", price.description)
        writer.member("quantity", quantity.description)
        writer.endObject()
        return writer.bytes
    }
}

/// `?a=1&b=2`, sorted by name as the signature wants it, values percent-encoded; empty without parameters.
func queryText(_ parameters: [(String, String)]) -> String {
    guard !parameters.isEmpty else { return "" }
    return "?" + parameters.sorted { $0.0 < $1.0 }.map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
}
