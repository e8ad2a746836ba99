import OMSCore
import Wire

extension BitgetUTA {
    package func request(for plan: RequestPlan) -> HTTPRequest {
        switch plan.content {
        case .place(let tickets, let isSingle): place(tickets, isSingle: isSingle)
        case .cancel(let tickets): cancel(tickets)
        case .modify(let tickets): modify(tickets)
        case .mixed: preconditionFailure("bitget-uta has no mixed request")
        case .query(let query): ask(query, timeMs: plan.timeMs)
        }
    }

    /// A bare array for the batch endpoint, one object for the single one.
    private func place(_ tickets: [PlaceTicket], isSingle: Bool) -> HTTPRequest {
        precondition(!tickets.isEmpty && (!isSingle || tickets.count == 1), "the single endpoint takes one order")
        var json = JSONWriter(reserving: 16 + tickets.count * 224)
        if isSingle {
            write(tickets[0], to: &json)
            return Bitget.post("/api/v3/trade/place-order", json)
        }
        json.beginArray()
        for ticket in tickets { write(ticket, to: &json) }
        json.endArray()
        return Bitget.post("/api/v3/trade/place-batch", json)
    }

    private func write(_ ticket: PlaceTicket, to json: inout JSONWriter) {
        let terms = ticket.terms
        json.beginObject()
        json.member("category", category.rawValue)
        json.member("symbol", terms.symbol.text)
        // Spot and margin market buys: quote currency.
        if let quantity = terms.quoteQuantity ?? terms.quantity { json.member("qty", quantity.description) }
        if let price = terms.price { json.member("price", price.description) }
        json.member("side", terms.side.rawValue)
        json.member("orderType", terms.type.rawValue)
        if terms.type == .limit { json.member("timeInForce", Bitget.timeInForce(of: terms)) }
        if let side = terms.positionSide { json.member("posSide", side.rawValue) }
        json.member("clientOid", ticket.clientOrderID.text)
        if terms.reduceOnly { json.member("reduceOnly", "yes") }
        if let stp = terms.stp { json.member("stpMode", stp.rawValue) }
        if let price = terms.takeProfit { json.member("takeProfit", price.description) }
        if let price = terms.stopLoss { json.member("stopLoss", price.description) }
        json.endObject()
    }

    /// Exactly one id each: the venue's where it is known.
    private static func writeID(_ venue: VenueOrderID?, _ client: ClientOrderID, to json: inout JSONWriter) {
        if let venue { json.member("orderId", venue.text) } else { json.member("clientOid", client.text) }
    }

    private func cancel(_ tickets: [CancelTicket]) -> HTTPRequest {
        var json = JSONWriter(reserving: 16 + tickets.count * 96)
        json.beginArray()
        for ticket in tickets {
            json.beginObject()
            Self.writeID(ticket.venueOrderID, ticket.clientOrderID, to: &json)
            json.member("category", category.rawValue)
            json.member("symbol", ticket.terms.symbol.text)
            json.endObject()
        }
        json.endArray()
        return Bitget.post("/api/v3/trade/cancel-batch", json)
    }

    private func modify(_ tickets: [ModifyTicket]) -> HTTPRequest {
        var json = JSONWriter(reserving: 16 + tickets.count * 160)
        json.beginArray()
        for ticket in tickets {
            json.beginObject()
            Self.writeID(ticket.venueOrderID, ticket.clientOrderID, to: &json)
            // The new total, not a difference.
            if let quantity = ticket.quantity { json.member("qty", quantity.description) }
            if let price = ticket.price { json.member("price", price.description) }
            json.member("autoCancel", ticket.onFailure == .cancel ? "yes" : "no")
            json.member("symbol", ticket.terms.symbol.text)
            json.member("category", category.rawValue)
            json.endObject()
        }
        json.endArray()
        return Bitget.post("/api/v3/trade/batch-modify-order", json)
    }

    private func ask(_ query: Query, timeMs: Int64) -> HTTPRequest {
        switch query {
        case .serverTime: return Bitget.get(Bitget.timePath)
        case .account: return Bitget.get("/api/v3/account/settings")
        case .instruments: return Bitget.get(Self.instrumentsPath, [("category", category.rawValue)])
        case .find(let subjects, let step):
            precondition(subjects.count == 1, "one order a look-up")
            if step > 0 {
                let order = subjects[0].venueOrderID.map { [("orderId", $0.text)] } ?? []
                return walk("/api/v3/trade/fills", Self.executions(of: subjects[0], timeMs: timeMs), order)
            }
            let id = subjects[0].venueOrderID.map { ("orderId", $0.text) } ?? ("clientOid", subjects[0].clientOrderID.text)
            return Bitget.get("/api/v3/trade/order-info", [id])
        case .openOrders(_, let page):
            var query = [("category", category.rawValue), ("limit", String(Self.pageMax))]
            if let page { query.append(("cursor", page)) }
            return Bitget.get("/api/v3/trade/unfilled-orders", query)
        case .history(_, let sinceMs, let page):
            return walk("/api/v3/trade/history-orders", HistoryPage(sinceMs: sinceMs, token: page, timeMs: timeMs))
        case .fills(let subject, let page):
            let order = subject.venueOrderID.map { [("orderId", $0.text)] } ?? []
            return walk("/api/v3/trade/fills", HistoryPage(sinceMs: subject.sinceMs, token: page, timeMs: timeMs), order)
        case .cancelAll(let symbol):
            var json = JSONWriter()
            json.beginObject()
            json.member("category", category.rawValue)
            // Without a symbol: the whole category.
            if let symbol { json.member("symbol", symbol.text) }
            json.endObject()
            return Bitget.post("/api/v3/trade/cancel-symbol-order", json)
        case .countdown(let seconds):
            var json = JSONWriter()
            json.beginObject()
            json.member("countdown", String(seconds))
            json.endObject()
            return Bitget.post("/api/v3/trade/countdown-cancel-all", json)
        }
    }

    /// The walk through executions that may be of an order in doubt: they bear its client id, and none is older than its latest attempt.
    static func executions(of subject: FindSubject, timeMs: Int64) -> HistoryPage {
        // A stamp is at most 30 s ahead of the venue's clock (code 40008).
        let since = subject.stampedMs.map { max(subject.sinceMs, $0 - 2 * Bitget.freshnessMs) } ?? subject.sinceMs
        return HistoryPage(sinceMs: since, token: subject.page, timeMs: timeMs)
    }

    private func walk(_ path: String, _ page: HistoryPage, _ more: [(String, String)] = []) -> HTTPRequest {
        var query = [("category", category.rawValue), ("startTime", String(page.startMs)), ("limit", String(Self.pageMax))] + more
        if let end = page.endMs { query.append(("endTime", String(end))) }
        if let cursor = page.cursor { query.append(("cursor", cursor)) }
        return Bitget.get(path, query)
    }

    /// One page of a walk back through history: the venue looks back 90 days, but at most 30 in one question.
    ///
    /// Its token is `<end of the window, 0 for now>_<cursor>`.
    struct HistoryPage: Equatable {
        /// A day short of the venue's 30.
        static let windowMs = 29 * Bitget.dayMs
        let startMs: Int64
        /// nil: now.
        let endMs: Int64?
        let cursor: String?
        /// Where the walk ends.
        let floorMs: Int64
        /// More was asked for than the venue keeps.
        let isCut: Bool

        init(sinceMs: Int64, token: String?, timeMs: Int64) {
            let oldest = timeMs - Bitget.historyMs
            isCut = sinceMs < oldest
            floorMs = max(sinceMs, oldest)
            let parts = (token ?? "").split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
            endMs = parts.first.flatMap { Int64($0) }.flatMap { $0 > 0 && $0 <= timeMs ? $0 : nil }
            cursor = parts.count == 2 && !parts[1].isEmpty ? String(parts[1]) : nil
            startMs = max(floorMs, (endMs ?? timeMs) - Self.windowMs)
        }

        /// The token of the page behind this one; nil: all is seen.
        func next(cursor: String?) -> String? {
            if let cursor { return "\(endMs ?? 0)_\(cursor)" }
            // A second of overlap, whether the venue's bounds include their ends or not.
            return startMs > floorMs ? "\(startMs + 1_000)_" : nil
        }
    }
}
