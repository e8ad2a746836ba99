import OMSCore
import Wire

extension OKX {
    static let timePath = "/api/v5/public/time"
    static let instrumentsPath = "/api/v5/public/instruments"
    /// A request with it is not processed once the venue's clock is past it; not part of what is signed.
    static let deadlineHeader = "expTime"

    package func request(for plan: RequestPlan) -> HTTPRequest {
        switch plan.content {
        case .place(let tickets, _): place(tickets, in: plan)
        case .cancel(let tickets): cancel(tickets)
        case .modify(let tickets): modify(tickets, in: plan)
        case .mixed: preconditionFailure("okx has no mixed request")
        case .query(let query): ask(query, timeMs: plan.timeMs)
        }
    }

    private static func get(_ path: String, _ query: [(key: String, value: String)] = []) -> HTTPRequest {
        let text = query.map { "\($0.key)=\($0.value)" }.joined(separator: "&")
        return HTTPRequest("GET", text.isEmpty ? path : path + "?" + text)
    }

    private static func post(_ path: String, _ writer: JSONWriter) -> HTTPRequest {
        HTTPRequest("POST", path, headers: [HTTPHeader("Content-Type", "application/json")], body: writer.bytes)
    }

    /// A bare list, whatever their markets.
    private static func batch<Ticket>(
        _ path: String, of tickets: [Ticket], reserving each: Int, _ write: (Ticket, inout JSONWriter) -> Void
    ) -> HTTPRequest {
        precondition(!tickets.isEmpty, "an empty batch")
        var json = JSONWriter(reserving: 2 + tickets.count * each)
        json.beginArray()
        for ticket in tickets {
            json.beginObject()
            write(ticket, &json)
            json.endObject()
        }
        json.endArray()
        return post(path, json)
    }

    /// Bears the moment behind which the venue takes it no more: what the fence of places and changes stands on.
    private static func bounded(_ request: HTTPRequest, in plan: RequestPlan) -> HTTPRequest {
        var bounded = request
        bounded.headers.append(HTTPHeader(deadlineHeader, String(plan.timeMs + min(plan.freshnessMs, deadlineMs))))
        return bounded
    }

    // MARK: Writes

    private func place(_ tickets: [PlaceTicket], in plan: RequestPlan) -> HTTPRequest {
        let mode = tradeMode(plan.facts)
        let request = Self.batch("/api/v5/trade/batch-orders", of: tickets, reserving: 240) { ticket, json in
            let terms = ticket.terms
            json.member("instId", terms.symbol.text)
            json.member("tdMode", mode)
            // The pair's quote currency, for buys and sells alike: what is bought on it is sold out of the same position.
            if kind == .margin, let currency = Self.quote(of: terms.symbol) { json.member("ccy", currency) }
            json.member("clOrdId", ticket.clientOrderID.text)
            json.member("side", terms.side.rawValue)
            if let side = terms.positionSide { json.member("posSide", side.rawValue) }
            json.member("ordType", Self.type(of: terms))
            if let quantity = terms.quoteQuantity ?? terms.quantity { json.member("sz", quantity.description) }
            if let price = terms.price { json.member("px", price.description) }
            // Where positions have two sides, what closes one only reduces, and knows no such word.
            if terms.reduceOnly, terms.positionSide == nil { json.member("reduceOnly", true) }
            if kind == .spot, terms.type == .market {
                json.member("tgtCcy", terms.quoteQuantity != nil ? "quote_ccy" : "base_ccy")
                // Else the venue may make it smaller than was asked for.
                json.member("banAmend", true)
            }
            if let prevention = terms.stp { json.member("stpMode", prevention.rawValue) }
        }
        return Self.bounded(request, in: plan)
    }

    /// Spot pairs of accounts that hold all currencies as one margin are traded on it; contracts and margin pairs always on the whole account's.
    private func tradeMode(_ facts: AccountFacts?) -> String {
        kind == .spot && !["3", "4"].contains(facts?.group ?? "") ? "cash" : "cross"
    }

    private func cancel(_ tickets: [CancelTicket]) -> HTTPRequest {
        Self.batch("/api/v5/trade/cancel-batch-orders", of: tickets, reserving: 96) { ticket, json in
            json.member("instId", ticket.terms.symbol.text)
            Self.writeID(ticket.venueOrderID, ticket.clientOrderID, to: &json)
        }
    }

    private func modify(_ tickets: [ModifyTicket], in plan: RequestPlan) -> HTTPRequest {
        let request = Self.batch("/api/v5/trade/amend-batch-orders", of: tickets, reserving: 192) { ticket, json in
            json.member("instId", ticket.terms.symbol.text)
            Self.writeID(ticket.venueOrderID, ticket.clientOrderID, to: &json)
            // Of each attempt, so that none is taken for another.
            json.member("reqId", Self.changeID(ticket.command, in: plan.id))
            // The new total, what is filled included; what is left out stays.
            if let quantity = ticket.quantity { json.member("newSz", quantity.description) }
            if let price = ticket.price { json.member("newPx", price.description) }
            json.member("cxlOnFail", ticket.onFailure == .cancel)
        }
        return Self.bounded(request, in: plan)
    }

    /// Letters and digits, 28 at most of the venue's 32.
    private static func changeID(_ command: CommandID, in request: RequestID) -> String {
        "m\(String(command.number, radix: 36))r\(String(request.number, radix: 36))"
    }

    /// One id: the venue's where it is known.
    private static func writeID(_ venue: VenueOrderID?, _ client: ClientOrderID, to json: inout JSONWriter) {
        if let venue { json.member("ordId", venue.text) } else { json.member("clOrdId", client.text) }
    }

    /// The type says how long an order may rest.
    private static func type(of terms: OrderTerms) -> String {
        guard terms.type == .limit else { return "market" }
        if terms.postOnly { return "post_only" }
        return switch terms.timeInForce {
        case nil, .gtc: "limit"
        case .ioc: "ioc"
        case .fok: "fok"
        }
    }

    // MARK: Questions

    private func ask(_ query: Query, timeMs: Int64) -> HTTPRequest {
        switch query {
        case .serverTime: return Self.get(Self.timePath)
        case .account: return Self.get("/api/v5/account/config")
        case .instruments: return Self.get(Self.instrumentsPath, [line])
        case .find(let subjects, let step):
            precondition(subjects.count == 1, "one order a question")
            return find(subjects[0], Walk(finding: subjects[0].page, step: step), timeMs)
        case .openOrders(_, let page): return listing("/api/v5/trade/orders-pending", [], after: Walk(page, from: .pending).after)
        case .history(_, let sinceMs, let page):
            return listing("/api/v5/trade/orders-history", [("begin", String(sinceMs))], after: Walk(page, from: .history).after)
        case .fills(let subject, let page): return fills(of: subject, Walk(page, from: .fills), since: subject.sinceMs)
        // Never asked for: the venue has none (``VenueProfile/cancelsAll``).
        case .cancelAll: return Self.get(Self.timePath)
        // Without a tag: of the user's all.
        case .countdown(let seconds):
            var json = JSONWriter()
            json.beginObject()
            json.member("timeOut", String(seconds))
            json.endObject()
            return Self.post("/api/v5/trade/cancel-all-after", json)
        }
    }

    private var line: (key: String, value: String) { ("instType", kind.rawValue) }

    private func listing(_ path: String, _ more: [(key: String, value: String)], after: String?) -> HTTPRequest {
        Self.get(path, [line] + more + [("limit", String(Self.pageMax))] + (after.map { [("after", $0)] } ?? []))
    }

    private func find(_ subject: FindSubject, _ walk: Walk, _ timeMs: Int64) -> HTTPRequest {
        let market = ("instId", subject.terms.symbol.text)
        func history(_ path: String) -> HTTPRequest {
            listing(path, [market, ("begin", String(Self.start(of: subject)))], after: walk.after)
        }
        switch walk.place {
        case .order:
            let id = subject.venueOrderID.map { ("ordId", $0.text) } ?? ("clOrdId", subject.clientOrderID.text)
            return Self.get("/api/v5/trade/order", [market, id])
        case .pending: return listing("/api/v5/trade/orders-pending", [market], after: walk.after)
        case .history, .goneHistory: return history("/api/v5/trade/orders-history")
        case .goneArchive: return history("/api/v5/trade/orders-history-archive")
        case .fills, .fillsArchive: return fills(of: subject, walk, since: Self.start(of: subject))
        }
    }

    private func fills(of subject: FindSubject, _ walk: Walk, since: Int64) -> HTTPRequest {
        let order = subject.venueOrderID.map { [("ordId", $0.text)] } ?? []
        return listing(
            walk.place == .fillsArchive ? "/api/v5/trade/fills-history" : "/api/v5/trade/fills",
            [("instId", subject.terms.symbol.text)] + order + [("begin", String(since))], after: walk.after)
    }
}
