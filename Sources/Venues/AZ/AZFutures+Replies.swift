import OMSCore
import Wire

extension AZFutures {
    package func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer {
        let reply = XTReply(futures: response)
        if let answer = reply.whole(response.status, to: plan.content) {
            // "Bad parameter or order does not exist": for what names an order, the order's state tells which.
            guard case .failure("invalid_params", let text, _) = reply else { return answer }
            return questioning(answer, text)
        }
        guard case .result(let result) = reply else { preconditionFailure("what is no result was answered above") }
        var answer = VenueAnswer(httpStatus: response.status, disposition: .answered)
        switch plan.content {
        case .place(let tickets, _): readBatch(result, tickets, [], into: &answer)
        case .cancel(let tickets): readBatch(result, [], tickets, into: &answer)
        case .mixed(let place, let cancel, _): readBatch(result, place, cancel, into: &answer)
        case .modify(let tickets): answer.modifies = tickets.map { modified($0, result) }
        case .query(let query): answer.query = told(query, result, &answer)
        }
        return answer
    }

    private func questioning(_ answer: VenueAnswer, _ text: String) -> VenueAnswer {
        var answer = answer
        func asked(_ outcome: ItemOutcome) -> ItemOutcome {
            if case .refused = outcome { .gone(code: "invalid_params", text: text) } else { outcome }
        }
        answer.cancels = answer.cancels.map(asked)
        answer.modifies = answer.modifies.map(asked)
        return answer
    }

    // MARK: Writes

    /// Both lists are sets: only the ids tell whose an outcome is.
    private func readBatch(_ result: JSON, _ place: [PlaceTicket], _ cancel: [CancelTicket], into answer: inout VenueAnswer) {
        answer.places = outcomes(
            result["createOrdersResponse"], key: "clientOrderId", of: place, ids: place.map(\.clientOrderID.text), created, &answer)
        answer.cancels = outcomes(
            result["cancelOrdersResponse"], key: "cancelOrderId", of: cancel, ids: cancel.map { $0.venueOrderID?.text ?? "" }, canceled, &answer)
        if place.count + cancel.count > 0, result["createOrdersResponse"] == nil, result["cancelOrdersResponse"] == nil {
            answer.disposition = .inDoubt
        }
    }

    private func outcomes<Ticket>(
        _ list: JSON?, key: String, of tickets: [Ticket], ids: [String], _ read: (AnswerRow, Ticket) throws(Unreadable) -> ItemOutcome,
        _ answer: inout VenueAnswer
    ) -> [ItemOutcome] {
        var outcomes = XTOutcomes(count: ids.count)
        var indexes: [String: Int] = [:]
        for (index, id) in ids.enumerated() where indexes.updateValue(index, forKey: id) != nil { indexes[id] = -1 }
        for json in list?.array ?? [] {
            guard let id = json[key]?.text, !id.isEmpty else { continue }
            guard let index = indexes[id] else {
                answer.foreignIDs.append(id)
                continue
            }
            guard index >= 0 else { continue }
            do throws(Unreadable) {
                outcomes.note(try read(AnswerRow(json), tickets[index]), at: index)
            } catch {
                outcomes.note(.inDoubt(error.what), at: index)
            }
        }
        return outcomes.all
    }

    private func created(_ row: AnswerRow, _ ticket: PlaceTicket) throws(Unreadable) -> ItemOutcome {
        let state = try row.requiredText("createState")
        if AZCodes.isSuccess(state) {
            guard let id = try row.text("orderId"), id != "0" else { return .inDoubt("success without an order id") }
            return .acknowledged(VenueOrderID(id), venueState: state)
        }
        // No document says what the numbers mean: they are told as they came.
        let said = try row.text("msg", "message", "reason") ?? "createState \(state)"
        switch AZCodes.classify(createState: state) {
        case .final:
            let refused = ItemOutcome.refused(code: state, text: state)
            return ticket.isResent && AZCodes.mayMeanRepeated.contains(state) ? refused.unlessFound : refused
        case .duplicate: return .duplicate(code: state, text: said)
        case .unknown, .unclear: return .refusedUnlessFound(code: state, text: said)
        case .inDoubt, .unspecific, .notFound, .clock, .rateLimited, .halted, .haltedInDoubt:
            return .inDoubt(code: state, text: said, said)
        }
    }

    private func canceled(_ row: AnswerRow, _ ticket: CancelTicket) throws(Unreadable) -> ItemOutcome {
        let state = try row.requiredText("cancelState")
        if AZCodes.isSuccess(state) { return .acknowledged(VenueOrderID(try row.requiredText("cancelOrderId")), venueState: state) }
        if state == AZCodes.cancelGone { return .gone(code: state, text: state) }
        return .refusedUnlessFound(code: state, text: try row.text("msg", "message", "reason") ?? "cancelState \(state)")
    }

    /// `result` is an order's id, by one client's log a new one: where it differs the order is known by it from now on.
    private func modified(_ ticket: ModifyTicket, _ result: JSON) -> ItemOutcome {
        guard let id = result.text ?? result["orderId"]?.text, !id.isEmpty else { return .inDoubt("success without an order id") }
        return .acknowledged(VenueOrderID(id), venueState: nil)
    }

    // MARK: Queries

    private func told(_ query: Query, _ result: JSON, _ answer: inout VenueAnswer) -> QueryAnswer {
        do throws(Unreadable) {
            switch query {
            case .serverTime:
                guard let time = result.integer ?? result["serverTime"]?.integer else { throw Unreadable("no time") }
                return .time(time)
            case .account:
                // The newest orders that are closed: what they show of the unit of quantities is what is asked for.
                _ = orders(try AnswerRow(result).array("items"), &answer)
                return .account(AccountFacts())
            case .instruments: return .instruments(try instruments(result, &answer))
            case .find(let subjects, _): return .orders(try found(result, subjects, &answer), next: nil)
            case .openOrders(_, let page):
                let listing = try AnswerRow(result)
                let items = try listing.array("items")
                let next = try listing.xtNumbered(AZPage(page).number, of: Self.pageMax, count: items.count)
                return orders(items, &answer).answer(next: next)
            case .history(_, _, let page):
                let listing = try AnswerRow(result)
                let next = try listing.xtNext(after: page.flatMap { CursorPage($0) }, id: "orderId")
                return orders(try listing.array("items"), &answer).answer(next: next)
            case .fills(let subject, let page): return try fills(result, subject, page, &answer)
            case .cancelAll: return .canceledAll
            case .countdown: throw Unreadable("AZ has no countdown")
            }
        } catch {
            return .failed(error.what)
        }
    }

    /// One page of `order/list` filtered by our client id: it holds our order, or nothing, and says that it is the whole list.
    private func found(_ result: JSON, _ subjects: [FindSubject], _ answer: inout VenueAnswer) throws(Unreadable) -> [OrderReport] {
        guard let subject = subjects.first, subjects.count == 1 else { throw Unreadable("one order is asked for at a time") }
        let listing = try AnswerRow(result)
        let items = try listing.array("items")
        guard try listing.xtNumbered(1, of: Self.pageMax, count: items.count) == nil else {
            throw Unreadable("a page of \(items.count) rows that is not the last")
        }
        let rows = orders(items, &answer)
        if let row = rows.unreadable.first { throw Unreadable(row.problem) }
        let foreign = rows.reports.filter { $0.clientOrderID != subject.clientOrderID }
        guard foreign.isEmpty else {
            answer.foreignIDs += foreign.map { $0.clientOrderID?.text ?? $0.venueOrderID?.text ?? "" }
            throw Unreadable("other orders than the one asked for")
        }
        return rows.reports
    }

    private func orders(_ rows: [JSON], _ answer: inout VenueAnswer) -> OrderRows {
        let rows = OrderRows(rows, clientID: ["clientOrderId"], venueID: ["orderId"]) { row throws(Unreadable) in
            if answer.contradicts == nil { answer.contradicts = unit.contradiction(ofOrder: row) }
            return try row.xtOrder(side: "orderSide", placedAt: "createdTime")
        }
        return rows
    }

    /// Pages by number (`total`) as XT has them, or by id (`hasNext`) as AZ's later pages say.
    private func fills(_ result: JSON, _ subject: FindSubject, _ page: String?, _ answer: inout VenueAnswer) throws(Unreadable) -> QueryAnswer {
        let listing = try AnswerRow(result)
        let items = try listing.array("items")
        let fills = try items.map { json throws(Unreadable) in
            let row = try AnswerRow(json)
            if answer.contradicts == nil { answer.contradicts = unit.contradiction(ofFill: row) }
            return try row.xtFill(of: subject, id: "execId", at: "timestamp", feeAsset: "feeCoin", foreign: &answer.foreignIDs)
        }
        let page = AZPage(page)
        if case .number(let number) = page, listing.json["total"] != nil {
            return .fills(fills, next: try listing.xtNumbered(number, of: Self.pageMax, count: items.count))
        }
        let from: CursorPage? = if case .cursor(let cursor) = page { cursor } else { nil }
        return .fills(fills, next: try listing.xtNext(after: from, id: "execId"))
    }

    /// `result` is the list, or an object that holds it. Contracts of the other product line are not ours to trade here.
    private func instruments(_ result: JSON, _ answer: inout VenueAnswer) throws(Unreadable) -> [Instrument] {
        guard let rows = result.array ?? result["symbols"]?.array else { throw Unreadable("no list of symbols") }
        let ours = rows.filter { [nil, "", underlyingType].contains($0["underlyingType"]?.text) }
        return try Instrument.listed(ours, skipped: &answer.skipped) { symbol, row throws(Unreadable) in
            if answer.contradicts == nil { answer.contradicts = unit.contradiction(ofMarket: row) }
            return try instrument(symbol, row)
        }
    }

    private func instrument(_ symbol: Symbol, _ row: AnswerRow) throws(Unreadable) -> Instrument {
        try symbol.xtMustBeSignable()
        // `openSwitch` false still lets positions be closed: the venue judges that.
        let (state, trades, isForAPI) = (try row.integer("state"), try row.bool("tradeSwitch"), try row.bool("isOpenApi"))
        var instrument = Instrument(symbol: symbol, tradable: (state ?? 0) == 0 && trades != false && isForAPI != false)
        instrument.tick = try row.xtTick()
        try unit.setSizes(of: &instrument, row)
        return instrument
    }
}
