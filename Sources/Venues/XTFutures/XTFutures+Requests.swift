import OMSCore
import Wire

extension XTFutures {
    /// Rows a page, the documented most.
    static let pageMax: Int64 = 100
    private static let orders = "/future/trade/v1/order"

    package func request(for plan: RequestPlan) -> HTTPRequest {
        switch plan.content {
        case .place(let tickets, _):
            var writer = JSONWriter(reserving: 2 + 220 * tickets.count)
            guard tickets.count > 1 else {
                guard let ticket = tickets.first else { preconditionFailure("a place request has an order") }
                writer.xtContractOrder(ticket)
                return write(plan, Self.orders + "/create", writer)
            }
            // A bare list.
            writer.beginArray()
            for ticket in tickets { writer.xtContractOrder(ticket) }
            writer.endArray()
            return write(plan, "/future/trade/v2/order/atomic-create-batch", writer)
        case .cancel(let tickets):
            let ids = tickets.map { ticket in
                guard let id = ticket.venueOrderID else { preconditionFailure("xt-futures cancels by the venue's id") }
                return id.text
            }
            guard tickets.count > 1 else { return write(plan, Self.orders + "/cancel", ("orderId", ids.joined())) }
            return write(plan, Self.orders + "/cancel-batch", ("orderIds", ids.joined(separator: ",")))
        case .modify(let tickets):
            precondition(tickets.count == 1, "xt-futures modifies one order a request")
            var writer = JSONWriter()
            writer.xtContractChange(tickets[0])
            return write(plan, Self.orders + "/update", writer)
        case .mixed: preconditionFailure("xt-futures has no request that mixes creates and cancels")
        case .query(let query): return request(asking: query, plan)
        }
    }

    private func request(asking query: Query, _ plan: RequestPlan) -> HTTPRequest {
        switch query {
        // XT has no countdown: never asked for.
        case .serverTime, .countdown: return HTTPRequest("GET", "/future/market/v1/public/time")
        case .instruments: return HTTPRequest("GET", "/future/market/v3/public/symbol/list")
        case .account: return read(plan, "/future/user/v1/account/info")
        case .find(let subjects, let step):
            guard let subject = subjects.first else { preconditionFailure("a look-up names an order") }
            // By our id whatever is known: a change may give an order another one of the venue's. Without a state the list holds what is new, and hides what is
            // partly filled.
            let state = step == 0 ? "UNFINISHED" : "HISTORY"
            return read(
                plan, Self.orders + "/list",
                [("clientOrderId", subject.clientOrderID.text), ("state", state), ("page", "1"), ("size", String(Self.pageMax))])
        case .openOrders(let symbol, _): return write(plan, Self.orders + "/list-open-order", symbol.map { ("symbol", $0.text) })
        case .history(_, let sinceMs, let page):
            var parameters = [("direction", "NEXT"), ("limit", String(Self.pageMax)), ("startTime", String(max(sinceMs, 0)))]
            if let page = page.flatMap({ CursorPage($0) }) { parameters.append(("id", String(page.id))) }
            return read(plan, Self.orders + "/list-history", parameters)
        case .fills(let subject, let page):
            return read(
                plan, Self.orders + "/trade-list",
                [("orderId", subject.venueOrderID?.text ?? ""), ("page", String(Self.number(page))), ("size", String(Self.pageMax))])
        // Empty: all.
        case .cancelAll(let symbol): return write(plan, Self.orders + "/cancel-all", ("symbol", symbol?.text ?? ""))
        }
    }

    /// Of a page of a numbered listing.
    static func number(_ page: String?) -> Int64 { max(page.flatMap { Int64($0) } ?? 1, 1) }

    private func read(_ plan: RequestPlan, _ path: String, _ parameters: [(String, String)] = []) -> HTTPRequest {
        HTTPRequest("GET", path + queryText(parameters), headers: headers(plan, "application/x-www-form-urlencoded"))
    }

    /// A body of one text, or of none.
    private func write(_ plan: RequestPlan, _ path: String, _ member: (name: String, text: String)?) -> HTTPRequest {
        var writer = JSONWriter()
        writer.beginObject()
        if let member { writer.member(member.name, member.text) }
        writer.endObject()
        return write(plan, path, writer)
    }

    private func write(_ plan: RequestPlan, _ path: String, _ body: JSONWriter) -> HTTPRequest {
        HTTPRequest("POST", path, headers: headers(plan, "application/json"), body: body.bytes)
    }

    /// Window and algorithm are not signed here.
    private func headers(_ plan: RequestPlan, _ contentType: String) -> [HTTPHeader] {
        [HTTPHeader("Content-Type", contentType), HTTPHeader("validate-algorithms", "HmacSHA256"), XTWindow.header(of: plan)]
    }
}
