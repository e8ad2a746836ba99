import OMSCore
import Wire

extension Bybit {
    static let timePath = "/v5/market/time"
    static let instrumentsPath = "/v5/market/instruments-info"
    /// Rows of a page of orders, of executions, of markets.
    static let (orderPageMax, fillPageMax, marketPageMax) = (50, 100, 1_000)
    /// The window in which the venue may take a request; part of what is signed.
    static let windowHeader = "X-BAPI-RECV-WINDOW"

    package func request(for plan: RequestPlan) -> HTTPRequest {
        var request =
            switch plan.content {
            case .place(let tickets, _): place(tickets)
            case .cancel(let tickets): cancel(tickets)
            case .modify(let tickets): modify(tickets)
            case .mixed: preconditionFailure("bybit has no mixed request")
            case .query(let query): ask(query, timeMs: plan.timeMs)
            }
        if plan.isSigned { request.headers.append(HTTPHeader(Self.windowHeader, String(min(plan.freshnessMs, Self.freshnessMs)))) }
        return request
    }

    private static func get(_ path: String, _ query: [(key: String, value: String)] = []) -> HTTPRequest {
        let text = query.map { "\($0.key)=\($0.value)" }.joined(separator: "&")
        return HTTPRequest("GET", text.isEmpty ? path : path + "?" + text)
    }

    private static func post(_ path: String, _ writer: JSONWriter) -> HTTPRequest {
        HTTPRequest("POST", path, headers: [HTTPHeader("Content-Type", "application/json")], body: writer.bytes)
    }

    /// One category a request, its orders under `request`.
    private func batch<Ticket>(
        _ path: String, of tickets: [Ticket], reserving each: Int, _ write: (Ticket, inout JSONWriter) -> Void
    ) -> HTTPRequest {
        precondition(!tickets.isEmpty, "an empty batch")
        var json = JSONWriter(reserving: 64 + tickets.count * each)
        json.beginObject()
        json.member("category", category.rawValue)
        json.key("request")
        json.beginArray()
        for ticket in tickets {
            json.beginObject()
            write(ticket, &json)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return Self.post(path, json)
    }

    // MARK: Writes

    private func place(_ tickets: [PlaceTicket]) -> HTTPRequest {
        batch("/v5/order/create-batch", of: tickets, reserving: 224) { ticket, json in
            let terms = ticket.terms
            json.member("symbol", terms.symbol.text)
            json.member("side", Self.word(terms.side))
            json.member("orderType", terms.type == .limit ? "Limit" : "Market")
            if let quantity = terms.quoteQuantity ?? terms.quantity { json.member("qty", quantity.description) }
            if let price = terms.price { json.member("price", price.description) }
            if terms.type == .limit { json.member("timeInForce", Self.timeInForce(of: terms)) }
            // Unsaid, a spot market buy counts quote currency, and a sell base.
            if category.isSpot, terms.type == .market { json.member("marketUnit", terms.quoteQuantity == nil ? "baseCoin" : "quoteCoin") }
            json.member("orderLinkId", ticket.clientOrderID.text)
            if terms.reduceOnly { json.member("reduceOnly", true) }
            // Of a position with one side it is 0, which need not be said.
            if let side = terms.positionSide { json.member("positionIdx", side == .long ? 1 : 2) }
            // It borrows where it is 1: never unasked.
            if terms.marginAction == .autoBorrow { json.member("isLeverage", 1) }
            if let prevention = terms.stp { json.member("smpType", Self.word(prevention)) }
        }
    }

    private func cancel(_ tickets: [CancelTicket]) -> HTTPRequest {
        batch("/v5/order/cancel-batch", of: tickets, reserving: 96) { ticket, json in
            json.member("symbol", ticket.terms.symbol.text)
            Self.writeID(ticket.venueOrderID, ticket.clientOrderID, to: &json)
        }
    }

    private func modify(_ tickets: [ModifyTicket]) -> HTTPRequest {
        batch("/v5/order/amend-batch", of: tickets, reserving: 160) { ticket, json in
            json.member("symbol", ticket.terms.symbol.text)
            Self.writeID(ticket.venueOrderID, ticket.clientOrderID, to: &json)
            // The new total, what is filled included; what is left out stays.
            if let quantity = ticket.quantity { json.member("qty", quantity.description) }
            if let price = ticket.price { json.member("price", price.description) }
        }
    }

    /// One id, the venue's where it is known: with both, of which one is wrong, the venue says that there is no such order.
    private static func writeID(_ venue: VenueOrderID?, _ client: ClientOrderID, to json: inout JSONWriter) {
        if let venue { json.member("orderId", venue.text) } else { json.member("orderLinkId", client.text) }
    }

    static func word(_ side: Side) -> String { side == .buy ? "Buy" : "Sell" }

    private static func timeInForce(of terms: OrderTerms) -> String {
        terms.postOnly ? "PostOnly" : (terms.timeInForce ?? .gtc).rawValue.uppercased()
    }

    private static func word(_ prevention: SelfTradePrevention) -> String {
        switch prevention {
        case .none: "None"
        case .cancelTaker: "CancelTaker"
        case .cancelMaker: "CancelMaker"
        case .cancelBoth: "CancelBoth"
        }
    }

    // MARK: Questions

    private func ask(_ query: Query, timeMs: Int64) -> HTTPRequest {
        let line = ("category", category.rawValue)
        switch query {
        // Its switch is for institutions, and set by no request: never asked for.
        case .serverTime, .countdown: return Self.get(Self.timePath)
        case .account: return Self.get("/v5/account/user-setting-config")
        case .instruments:
            // Spot has one page; of the others more than the usual 500.
            return Self.get(Self.instrumentsPath, category.isSpot ? [line] : [line, ("limit", String(Self.marketPageMax))])
        case .find(let subjects, let step):
            precondition(subjects.count == 1, "one order a question")
            let id = subjects[0].venueOrderID.map { ("orderId", $0.text) } ?? ("orderLinkId", subjects[0].clientOrderID.text)
            func walk(_ path: String, limit: Int) -> HTTPRequest {
                Self.get(path, [line, id] + self.walk(since: subjects[0].sinceMs, subjects[0].page, timeMs, limit: limit))
            }
            switch step {
            case 0: return Self.get("/v5/order/realtime", [line, id])
            case 1: return walk("/v5/order/history", limit: Self.orderPageMax)
            default: return walk("/v5/execution/list", limit: Self.fillPageMax)
            }
        case .openOrders(_, let page):
            let place = OpenPage(page, of: category)
            var asked = [line, ("limit", String(Self.orderPageMax)), ("orderFilter", "Order")]
            if let coin = place.coin { asked.insert(("settleCoin", coin), at: 1) }
            if let cursor = place.cursor { asked.append(("cursor", cursor)) }
            return Self.get("/v5/order/realtime", asked)
        case .history(_, let sinceMs, let page):
            return Self.get("/v5/order/history", [line, ("orderFilter", "Order")] + walk(since: sinceMs, page, timeMs, limit: Self.orderPageMax))
        case .fills(let subject, let page):
            let id = subject.venueOrderID.map { ("orderId", $0.text) } ?? ("orderLinkId", subject.clientOrderID.text)
            return Self.get("/v5/execution/list", [line, id] + walk(since: subject.sinceMs, page, timeMs, limit: Self.fillPageMax))
        case .cancelAll(let symbol):
            var json = JSONWriter()
            json.beginObject()
            json.member("category", category.rawValue)
            if let symbol { json.member("symbol", symbol.text) }
            json.endObject()
            return Self.post("/v5/order/cancel-all", json)
        }
    }

    private func walk(since sinceMs: Int64, _ token: String?, _ timeMs: Int64, limit: Int) -> [(String, String)] {
        let page = HistoryPage(sinceMs: sinceMs, token: token, timeMs: timeMs)
        var query = [("limit", String(limit))]
        if let window = page.window { query += [("startTime", String(window.lowerBound)), ("endTime", String(window.upperBound))] }
        if let cursor = page.cursor { query.append(("cursor", cursor)) }
        return query
    }

    /// A place in the listing of open orders. Linear contracts are listed by the coin that they are settled in: one behind the other.
    ///
    /// As text: the coin, `|`, the venue's cursor.
    struct OpenPage: Equatable {
        static let coins = ["USDT", "USDC"]
        /// nil: all are listed together.
        let coin: String?
        /// As the venue wrote it, percent-encoded; it goes back, and is signed, as it stands.
        let cursor: String?

        init(_ text: String?, of category: Category) {
            let parts = (text ?? "").split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
            coin = category == .linear ? parts.first.map { String($0) }.flatMap { Self.coins.contains($0) ? $0 : nil } ?? Self.coins[0] : nil
            cursor = parts.count == 2 && !parts[1].isEmpty ? String(parts[1]) : nil
        }

        /// The page behind this one; nil: all is listed.
        func next(cursor: String?) -> String? {
            if let cursor { return "\(coin ?? "")|\(cursor)" }
            guard let coin, let index = Self.coins.firstIndex(of: coin), index + 1 < Self.coins.count else { return nil }
            return Self.coins[index + 1] + "|"
        }
    }

    /// One page of a walk back through history, seven days in one question.
    ///
    /// Its token is `<end of the window, 0 for now>|<cursor>`.
    struct HistoryPage: Equatable {
        /// nil: the last seven days, which need no times.
        let window: ClosedRange<Int64>?
        let cursor: String?
        private let sinceMs: Int64
        private let startMs: Int64
        private let endMs: Int64

        init(sinceMs: Int64, token: String?, timeMs: Int64) {
            let parts = (token ?? "").split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
            let end = parts.first.flatMap { Int64($0) }.flatMap { $0 > 0 && $0 <= timeMs ? $0 : nil }
            cursor = parts.count == 2 && !parts[1].isEmpty ? String(parts[1]) : nil
            let start = max(0, (end ?? timeMs) - Bybit.historyWindowMs)
            (startMs, window) = (start, end.map { start...$0 })
            (self.sinceMs, endMs) = (sinceMs, end ?? 0)
        }

        /// The page behind this one; nil: all is seen.
        func next(cursor: String?) -> String? {
            if let cursor { return "\(endMs)|\(cursor)" }
            // A minute of overlap, for what passes while pages are read.
            return startMs > sinceMs ? "\(startMs + 60_000)|" : nil
        }
    }
}
