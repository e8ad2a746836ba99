import OMSCore
import Wire

extension BitgetMargin {
    package func request(for plan: RequestPlan) -> HTTPRequest {
        switch plan.content {
        case .place(let tickets, _): place(tickets)
        case .cancel(let tickets): cancel(tickets)
        case .modify, .mixed: preconditionFailure("bitget-margin has no such request")
        case .query(let query): ask(query, timeMs: plan.timeMs)
        }
    }

    /// `{"symbol":…,"orderList":[…]}`: one symbol for all.
    private func place(_ tickets: [PlaceTicket]) -> HTTPRequest {
        precondition(!tickets.isEmpty && tickets.allSatisfy { $0.terms.symbol == tickets[0].terms.symbol }, "one symbol a request")
        var json = JSONWriter(reserving: 64 + tickets.count * 192)
        json.beginObject()
        json.member("symbol", tickets[0].terms.symbol.text)
        json.key("orderList")
        json.beginArray()
        for ticket in tickets {
            let terms = ticket.terms
            json.beginObject()
            json.member("side", terms.side.rawValue)
            json.member("orderType", terms.type.rawValue)
            // Required, and ignored for market orders.
            json.member("force", Bitget.timeInForce(of: terms))
            if let price = terms.price { json.member("price", price.description) }
            if let quantity = terms.quantity { json.member("baseSize", quantity.description) }
            if let quote = terms.quoteQuantity { json.member("quoteSize", quote.description) }
            json.member("loanType", Self.loanType(terms.marginAction))
            json.member("clientOid", ticket.clientOrderID.text)
            if let stp = terms.stp { json.member("stpMode", stp.rawValue) }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return Bitget.post(root + "/batch-place-order", json)
    }

    private static func loanType(_ action: MarginAction?) -> String {
        switch action {
        case nil, .normal: "normal"
        case .autoBorrow: "autoLoan"
        case .autoRepay: "autoRepay"
        case .autoBorrowRepay: "autoLoanAndRepay"
        }
    }

    /// `{"symbol":…,"orderIdList":[…]}`: each by the venue's id where it is known.
    private func cancel(_ tickets: [CancelTicket]) -> HTTPRequest {
        precondition(!tickets.isEmpty && tickets.allSatisfy { $0.terms.symbol == tickets[0].terms.symbol }, "one symbol a request")
        var json = JSONWriter(reserving: 64 + tickets.count * 48)
        json.beginObject()
        json.member("symbol", tickets[0].terms.symbol.text)
        json.key("orderIdList")
        json.beginArray()
        for ticket in tickets {
            json.beginObject()
            if let id = ticket.venueOrderID { json.member("orderId", id.text) } else { json.member("clientOid", ticket.clientOrderID.text) }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return Bitget.post(root + "/batch-cancel-order", json)
    }

    private func ask(_ query: Query, timeMs: Int64) -> HTTPRequest {
        switch query {
        case .serverTime: Bitget.get(Bitget.timePath)
        // The venue has no cancel-all here: a question that changes nothing stands in, and its answer says so.
        case .cancelAll, .countdown: Bitget.get(Bitget.timePath)
        case .account: Bitget.get(Self.infoPath)
        case .instruments: Bitget.get(Self.instrumentsPath)
        case .find(let subjects, let step): find(subjects, step: step, timeMs: timeMs)
        case .openOrders(let symbol, let page): list("/open-orders", symbol: symbol, sinceMs: 0, page: page, timeMs: timeMs)
        case .history(let symbol, let sinceMs, let page): list("/history-orders", symbol: symbol, sinceMs: sinceMs, page: page, timeMs: timeMs)
        case .fills(let subject, let page): fills(of: subject, page: page, timeMs: timeMs)
        }
    }

    private func find(_ subjects: [FindSubject], step: Int, timeMs: Int64) -> HTTPRequest {
        precondition(subjects.count == 1 && (0..<profile.findSteps).contains(step), "one order a look-up")
        let subject = subjects[0]
        let id = subject.venueOrderID.map { ("orderId", $0.text) } ?? ("clientOid", subject.clientOrderID.text)
        return Bitget.get(
            root + (step == 0 ? "/open-orders" : "/history-orders"),
            [("symbol", subject.terms.symbol.text), ("startTime", start(subject.sinceMs, timeMs)), id, ("limit", String(Self.pageMax))])
    }

    private func list(_ path: String, symbol: Symbol?, sinceMs: Int64, page: String?, timeMs: Int64) -> HTTPRequest {
        precondition(symbol != nil, "bitget-margin lists by symbol")
        var query = [("symbol", symbol?.text ?? ""), ("startTime", start(sinceMs, timeMs)), ("limit", String(Self.pageMax))]
        if let page { query.append(("idLessThan", page)) }
        return Bitget.get(root + path, query)
    }

    private func fills(of subject: FindSubject, page: String?, timeMs: Int64) -> HTTPRequest {
        var query = [
            ("symbol", subject.terms.symbol.text), ("startTime", start(subject.sinceMs, timeMs)), ("limit", String(Self.pageMax)),
        ]
        if let id = subject.venueOrderID { query.append(("orderId", id.text)) }
        if let page { query.append(("idLessThan", page)) }
        return Bitget.get(root + "/fills", query)
    }

    /// A required field; nothing older than 90 days is kept.
    private func start(_ sinceMs: Int64, _ timeMs: Int64) -> String { String(max(sinceMs, timeMs - Bitget.historyMs)) }
}
