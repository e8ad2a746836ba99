import OMSCore
import Wire

extension AscendEX {
    /// Rows a page of the order history: the prose's figure, below the table's 1000.
    static let pageMax = 500

    package func request(for plan: RequestPlan) -> HTTPRequest {
        switch plan.content {
        case .place(let tickets, _): return write("POST", "order/batch", plan, placeBody(tickets, timeMs: plan.timeMs))
        case .cancel(let tickets): return write("DELETE", "order/batch", plan, cancelBody(tickets, timeMs: plan.timeMs))
        case .modify, .mixed: preconditionFailure("ascendex neither modifies orders nor mixes creates and cancels")
        case .query(let query): return request(asking: query, plan)
        }
    }

    private func request(asking query: Query, _ plan: RequestPlan) -> HTTPRequest {
        switch query {
        // AscendEX has no countdown: never asked for.
        case .serverTime, .countdown: return HTTPRequest("GET", "/api/pro/v1/exchange-info?requestTime=\(plan.timeMs)")
        case .account: return HTTPRequest("GET", "/api/pro/v1/info")
        case .instruments: return HTTPRequest("GET", "/api/pro/v1/\(category)/products")
        case .find(let subjects, _): return HTTPRequest("GET", path("order/status", plan) + status(of: subjects))
        case .fills(let subject, _): return HTTPRequest("GET", path("order/status", plan) + status(of: [subject]))
        case .openOrders(let symbol, _):
            return HTTPRequest("GET", path("order/open", plan) + (symbol.map { "?symbol=" + percentEncoded($0.text) } ?? ""))
        case .history(_, let sinceMs, let page):
            // Rows from the sequence number on, oldest first; pages by time alone were reported incomplete.
            let start = page.flatMap { Int64($0) }.map { "seqNum=\($0)" } ?? "startTime=\(max(sinceMs, 0))"
            return HTTPRequest("GET", "/api/pro/data/v2/order/hist?account=\(category)&limit=\(Self.pageMax)&\(start)")
        case .cancelAll(let symbol):
            var writer = JSONWriter()
            writer.beginObject()
            if let symbol { writer.member("symbol", symbol.text) }
            writer.endObject()
            return write("DELETE", "order/all", plan, writer.bytes)
        }
    }

    /// Every id that the orders may bear, each once.
    static func ids(of subjects: [FindSubject]) -> [VenueOrderID] {
        var seen: Set<VenueOrderID> = []
        return subjects.flatMap { ($0.venueOrderID.map { [$0] } ?? []) + $0.predictedIDs }.filter { seen.insert($0).inserted }
    }

    /// A comma behind each id, the last included: then the answer is a list even for one.
    private func status(of subjects: [FindSubject]) -> String {
        "?orderId=" + Self.ids(of: subjects).prefix(Self.lookUpMax).map { percentEncoded($0.text) + "%2C" }.joined()
    }

    /// A request without the account's group goes to a path that no account has, and its answer is not believed.
    private func path(_ endpoint: String, _ plan: RequestPlan) -> String {
        "/\(percentEncoded(plan.facts?.group ?? "-"))/api/pro/v1/\(category)/\(endpoint)"
    }

    private func write(_ method: String, _ endpoint: String, _ plan: RequestPlan, _ body: [UInt8]) -> HTTPRequest {
        HTTPRequest(method, path(endpoint, plan), headers: [HTTPHeader("Content-Type", "application/json")], body: body)
    }

    private func placeBody(_ tickets: [PlaceTicket], timeMs: Int64) -> [UInt8] {
        var writer = JSONWriter(reserving: 20 + 220 * tickets.count)
        writer.beginObject()
        writer.key("orders")
        writer.beginArray()
        for ticket in tickets {
            let terms = ticket.terms
            writer.beginObject()
            writer.member("id", ticket.clientOrderID.text)
            writer.member("time", timeMs)
            writer.member("symbol", terms.symbol.text)
            if let price = terms.price { writer.member("orderPrice", price.description) }
            if let quantity = terms.quantity { writer.member("orderQty", quantity.description) }
            writer.member("orderType", terms.type.rawValue)
            writer.member("side", terms.side.rawValue)
            if terms.type == .limit {
                writer.member("timeInForce", (terms.timeInForce ?? .gtc).rawValue.uppercased())
                if terms.postOnly { writer.member("postOnly", true) }
            }
            writer.member("respInst", "ACK")
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private func cancelBody(_ tickets: [CancelTicket], timeMs: Int64) -> [UInt8] {
        var writer = JSONWriter(reserving: 20 + 140 * tickets.count)
        writer.beginObject()
        writer.key("orders")
        writer.beginArray()
        for ticket in tickets {
            guard let id = ticket.venueOrderID else { preconditionFailure("ascendex cancels by the venue's id") }
            writer.beginObject()
            writer.member("id", Self.cancelID(ticket.command))
            writer.member("orderId", id.text)
            writer.member("symbol", ticket.terms.symbol.text)
            writer.member("time", timeMs)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// The id of a cancel itself, which the venue turns into an id as it does an order's: its last nine characters alone tell commands apart.
    static func cancelID(_ command: CommandID) -> String {
        let digits = String(command.number.magnitude, radix: 36)
        return "cancelZ" + String(repeating: "0", count: max(8 - digits.utf8.count, 0)) + digits
    }
}
