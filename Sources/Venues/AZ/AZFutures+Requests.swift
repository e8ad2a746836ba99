import OMSCore
import Wire

extension AZFutures {
    /// Rows a page, the documented most.
    static let pageMax: Int64 = 100
    private static let trade = "/az/future/trade/v1/order"

    package func request(for plan: RequestPlan) -> HTTPRequest {
        switch plan.content {
        case .place(let tickets, _): return write(plan, "/batch", batchBody(place: tickets, cancel: [], placeFirst: true))
        case .cancel(let tickets): return write(plan, "/batch", batchBody(place: [], cancel: tickets, placeFirst: false))
        case .mixed(let place, let cancel, let placeFirst):
            return write(plan, "/batch", batchBody(place: place, cancel: cancel, placeFirst: placeFirst))
        case .modify(let tickets):
            precondition(tickets.count == 1, "az-futures modifies one order a request")
            var writer = JSONWriter()
            writer.xtContractChange(tickets[0])
            return write(plan, "/update", writer.bytes)
        case .query(let query): return request(asking: query, plan)
        }
    }

    private func request(asking query: Query, _ plan: RequestPlan) -> HTTPRequest {
        switch query {
        // AZ has no countdown: never asked for.
        case .serverTime, .countdown: return HTTPRequest("GET", "/az/future/market/v1/public/time")
        case .instruments: return HTTPRequest("GET", "/az/future/market/v3/public/symbol/list")
        // The newest closed orders: proof that the key works, and rows that show the unit of quantities.
        case .account: return read(plan, Self.trade + "/list-history", [("direction", "NEXT"), ("limit", String(Self.pageMax))])
        case .find(let subjects, let step):
            guard let subject = subjects.first else { preconditionFailure("a look-up names an order") }
            let state = step == 0 ? "UNFINISHED" : "HISTORY"
            return list(plan, [("clientOrderId", subject.clientOrderID.text), ("state", state)], page: 1)
        case .openOrders(let symbol, let page):
            return list(plan, [("state", "UNFINISHED")] + (symbol.map { [("symbol", $0.text)] } ?? []), page: AZPage(page).number)
        case .history(_, let sinceMs, let page):
            var parameters = [("direction", "NEXT"), ("limit", String(Self.pageMax)), ("startTime", String(max(sinceMs, 0)))]
            if let page = page.flatMap({ CursorPage($0) }) { parameters.append(("id", String(page.id))) }
            return read(plan, Self.trade + "/list-history", parameters)
        case .fills(let subject, let page):
            let parameters = [("orderId", subject.venueOrderID?.text ?? ""), ("size", String(Self.pageMax))]
            switch AZPage(page) {
            // XT pages by number, AZ's later documents by id: the first page is asked for in words that both know.
            case .number(1): return read(plan, Self.trade + "/trade-list", parameters)
            case .number(let number): return read(plan, Self.trade + "/trade-list", parameters + [("page", String(number))])
            case .cursor(let cursor):
                return read(plan, Self.trade + "/trade-list", parameters + [("direction", "NEXT"), ("fromId", String(cursor.id))])
            }
        case .cancelAll(let symbol):
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("symbol", symbol?.text ?? "")  // Empty: all.
            writer.endObject()
            return write(plan, "/cancel-all", writer.bytes)
        }
    }

    private func list(_ plan: RequestPlan, _ parameters: [(String, String)], page: Int64) -> HTTPRequest {
        read(plan, Self.trade + "/list", parameters + [("page", String(page)), ("size", String(Self.pageMax))])
    }

    private func read(_ plan: RequestPlan, _ path: String, _ parameters: [(String, String)]) -> HTTPRequest {
        let headers = [HTTPHeader("Content-Type", "application/x-www-form-urlencoded"), XTWindow.header(of: plan)]
        return HTTPRequest("GET", path + queryText(parameters), headers: headers)
    }

    private func write(_ plan: RequestPlan, _ path: String, _ body: [UInt8]) -> HTTPRequest {
        let headers = [HTTPHeader("Content-Type", "application/json"), XTWindow.header(of: plan)]
        return HTTPRequest("POST", Self.trade + path, headers: headers, body: body)
    }

    /// Sets on both sides: an empty one is left out, since what the venue makes of it is not documented.
    private func batchBody(place: [PlaceTicket], cancel: [CancelTicket], placeFirst: Bool) -> [UInt8] {
        var writer = JSONWriter(reserving: 80 + 200 * place.count + 22 * cancel.count)
        writer.beginObject()
        writer.member("createOrderFirst", placeFirst)
        if !place.isEmpty {
            writer.key("createOrders")
            writer.beginArray()
            for ticket in place { writer.xtContractOrder(ticket) }
            writer.endArray()
        }
        if !cancel.isEmpty {
            writer.key("cancelOrderIds")
            writer.beginArray()
            for ticket in cancel {
                guard let id = ticket.venueOrderID else { preconditionFailure("az-futures cancels by the venue's id") }
                // The documented sample has numbers.
                if let number = Int64(id.text), String(number) == id.text { writer.integer(number) } else { writer.string(id.text) }
            }
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }
}

/// A page of AZ's listings: by number, or by id where the venue answers so. As text: `7`, or `CursorPage`'s.
enum AZPage: Equatable {
    case number(Int64)
    case cursor(CursorPage)

    init(_ text: String?) {
        if let cursor = text.flatMap({ CursorPage($0) }), text?.first?.isNumber == false {
            self = .cursor(cursor)
        } else {
            self = .number(max(text.flatMap { Int64($0) } ?? 1, 1))
        }
    }

    /// 1 for a cursor, which no numbered listing hands out.
    var number: Int64 { if case .number(let number) = self { number } else { 1 } }
}
