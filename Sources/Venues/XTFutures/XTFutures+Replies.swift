import OMSCore
import Wire

extension XTFutures {
    package func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer {
        let reply = XTReply(futures: response).meaning(XTFuturesCodes.own)
        if let answer = reply.whole(response.status, to: plan.content) { return qualified(answer, reply) }
        guard case .result(let result) = reply else { preconditionFailure("what is no result was answered above") }
        var answer = VenueAnswer(httpStatus: response.status, disposition: .answered)
        switch plan.content {
        case .place(let tickets, _):
            // A batch's yes names no order, and that one rests its page does not promise: what a look-up shows is there.
            answer.places =
                tickets.count == 1 ? [created(result)] : tickets.map { _ in .inDoubt("the batch was taken, which says nothing of each order") }
        // Receipts: the orders' states will tell.
        case .cancel(let tickets): answer.cancels = tickets.map { .acknowledged($0.venueOrderID, venueState: nil) }
        case .modify(let tickets): answer.modifies = tickets.map { modified($0, result) }
        case .mixed: preconditionFailure("xt-futures has no request that mixes creates and cancels")
        case .query(let query): answer.query = told(query, result, &answer)
        }
        return answer
    }

    // MARK: Writes

    /// A refusal, for what of the request it holds.
    private func qualified(_ answer: VenueAnswer, _ reply: XTReply) -> VenueAnswer {
        guard case .failure(let code, let text, let meaning) = reply else { return answer }
        var answer = answer
        // Which of a batch is to blame is not said, nor whether the others were taken: each is looked up, and if it is absent goes on by itself.
        if answer.places.count > 1, [.final, .unspecific, .notFound].contains(meaning) {
            answer.places = answer.places.map { _ in .inDoubt(code: code, text: text) }
        }
        let (cancels, isRefused) = (answer.cancels.count, [.final, .unspecific, .notFound, .unknown].contains(meaning))
        if cancels > 1, isRefused {
            // It may be one id that is wrong, or more of them than the venue takes, which no page tells: a cancel is safe to repeat, and goes in smaller company.
            answer.cancels = answer.cancels.map { _ in .notExecuted(.sibling(offenderNamed: false), said: VenueWords(code: code, text: text)) }
        } else if XTFuturesCodes.vague.contains(code) {
            // A wrong parameter, or an order that is unknown or has ended: its state tells which.
            answer.cancels = answer.cancels.map { _ in .gone(code: code, text: text) }
            answer.modifies = answer.modifies.map { _ in .gone(code: code, text: text) }
        }
        return answer
    }

    /// `result` is the order's id. It was received, no more.
    private func created(_ result: JSON) -> ItemOutcome {
        guard let id = orderID(result) else { return .inDoubt("success without an order id") }
        return .acknowledged(id, venueState: nil)
    }

    /// `{}` by the page, an order's id elsewhere, by one client's log a new one.
    private func modified(_ ticket: ModifyTicket, _ result: JSON) -> ItemOutcome {
        if let id = orderID(result) { return .acknowledged(id, venueState: nil) }
        guard let members = result.object, members.isEmpty else { return .inDoubt("success without an order id") }
        return .acknowledged(ticket.venueOrderID, venueState: nil)
    }

    /// An id of digits; nil for anything else.
    private func orderID(_ result: JSON) -> VenueOrderID? {
        guard let id = (result.text ?? result["orderId"]?.text), (1...32).contains(id.utf8.count), id != "0",
            id.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return VenueOrderID(id)
    }

    // MARK: Queries

    private func told(_ query: Query, _ result: JSON, _ answer: inout VenueAnswer) -> QueryAnswer {
        do throws(Unreadable) {
            switch query {
            case .serverTime:
                guard let time = result.integer ?? result["serverTime"]?.integer else { throw Unreadable("no time") }
                return .time(time)
            case .account: return .account(try account(AnswerRow(result)))
            case .instruments:
                guard let rows = result.array ?? result["symbols"]?.array else { throw Unreadable("no list of symbols") }
                // Contracts of the other host's are not this account's to trade.
                let ours = rows.filter { [nil, "", isCoin ? "COIN_BASED" : "U_BASED"].contains($0["underlyingType"]?.text) }
                return .instruments(try Instrument.listed(ours, skipped: &answer.skipped, instrument))
            case .find(let subjects, _): return .orders(try found(result, subjects, &answer), next: nil)
            case .openOrders:
                // All at once, without a sign of its own: what is no list, null too, is none without rows.
                guard let rows = result.array else { throw Unreadable("no list of open orders") }
                return orders(rows).answer(next: nil)
            case .history(_, _, let page):
                let listing = try AnswerRow(result)
                let next = try listing.xtNext(after: page.flatMap { CursorPage($0) }, id: "orderId")
                return orders(try listing.array("items")).answer(next: next)
            case .fills(let subject, let page):
                let listing = try AnswerRow(result)
                let fills = try listing.array("items").map { row throws(Unreadable) in
                    try AnswerRow(row).xtFill(of: subject, id: "execId", at: "timestamp", feeAsset: "feeCoin", foreign: &answer.foreignIDs)
                }
                return .fills(fills, next: try listing.xtNumbered(Self.number(page), of: Self.pageMax, count: fills.count))
            case .cancelAll: return .canceledAll
            case .countdown: throw Unreadable("XT has no countdown")
            }
        } catch {
            return .failed(error.what)
        }
    }

    private func account(_ row: AnswerRow) throws(Unreadable) -> AccountFacts {
        var facts = AccountFacts()
        if try row.bool("allowTrade") == false { facts.problem = "XT says that this account may not trade futures (allowTrade)" }
        return facts
    }

    /// One page of `order/list` filtered by our client id: it holds our order, or nothing, and says that it is the whole list. Whether the filter takes parts of
    /// ids for the whole is not said: rows that it would let through are passed over, others show that it was no filter.
    private func found(_ result: JSON, _ subjects: [FindSubject], _ answer: inout VenueAnswer) throws(Unreadable) -> [OrderReport] {
        guard let subject = subjects.first, subjects.count == 1 else { throw Unreadable("one order is asked for at a time") }
        let listing = try AnswerRow(result)
        let items = try listing.array("items")
        guard try listing.xtNumbered(1, of: Self.pageMax, count: items.count) == nil else {
            throw Unreadable("a page of \(items.count) rows that is not the last")
        }
        let rows = orders(items)
        try rows.mustNotHide(subject)
        let foreign = rows.reports.filter { $0.clientOrderID?.text.contains(subject.clientOrderID.text) != true }
        guard foreign.isEmpty else {
            answer.foreignIDs += foreign.map { $0.clientOrderID?.text ?? $0.venueOrderID?.text ?? "" }
            throw Unreadable("other orders than the one asked for")
        }
        return rows.reports.filter { $0.clientOrderID == subject.clientOrderID }
    }

    private func orders(_ rows: [JSON]) -> OrderRows {
        OrderRows(rows, clientID: ["clientOrderId"], venueID: ["orderId"]) { row throws(Unreadable) in
            try row.xtOrder(side: "orderSide", placedAt: "createdTime")
        }
    }

    private func instrument(_ symbol: Symbol, _ row: AnswerRow) throws(Unreadable) -> Instrument {
        try symbol.xtMustBeSignable()
        // `state` was 0 of each market. One that is not open (`openSwitch`) still lets positions be closed: the venue judges that.
        let (trades, isForAPI) = (try row.bool("tradeSwitch"), try row.bool("isOpenApi"))
        var instrument = Instrument(symbol: symbol, tradable: trades == true && isForAPI == true)
        instrument.tick = try row.xtTick()
        instrument.lot = .one
        guard let size = try row.amount("contractSize") else { throw Unreadable("contractSize is missing") }
        if isCoin { instrument.contractValue = size } else { instrument.contractSize = size }
        instrument.minQuantity = row.bound("minQty")
        (instrument.minNotional, instrument.maxNotional) = (row.bound("minNotional"), row.bound("maxNotional"))
        return instrument
    }
}
