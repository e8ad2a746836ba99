import OMSCore
import Wire

extension XTSpot {
    package func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer {
        let reply = XTReply(spot: response)
        if case .query(.find(let subjects, _)) = plan.content, let absent = absence(of: subjects, reply, response.status) { return absent }
        if let answer = reply.whole(response.status, to: plan.content) { return answer }
        guard case .result(let result) = reply else { preconditionFailure("what is no result was answered above") }
        var answer = VenueAnswer(httpStatus: response.status, disposition: .answered)
        switch plan.content {
        case .place(let tickets, _): readPlaced(result, tickets, into: &answer)
        // A receipt without outcomes: the orders' states will tell.
        case .cancel(let tickets): answer.cancels = tickets.map { .acknowledged($0.venueOrderID, venueState: nil) }
        case .modify(let tickets): answer.modifies = tickets.map { modified($0, result) }
        case .mixed: preconditionFailure("xt-spot has no request that mixes creates and cancels")
        case .query(let query): answer.query = told(query, result, &answer)
        }
        return answer
    }

    /// "Does not exist" in answer to a look-up of one order by id.
    private func absence(of subjects: [FindSubject], _ reply: XTReply, _ status: Int) -> VenueAnswer? {
        guard subjects.count == 1, case .failure(let code, let text, .notFound) = reply, status == 200 else { return nil }
        var answer = VenueAnswer(httpStatus: status, disposition: .answered)
        (answer.venueCode, answer.venueText) = (code, text)
        answer.query = .orders([], next: nil)
        return answer
    }

    // MARK: Writes

    /// `{"batchId":…,"items":[…]}` or the bare list. Items are ours by client id alone: no page says that `index` is the place in the request, and what is
    /// attributed wrongly is an order refused that rests.
    private func readPlaced(_ result: JSON, _ tickets: [PlaceTicket], into answer: inout VenueAnswer) {
        guard let rows = result["items"]?.array ?? result.array else {
            answer.places = tickets.map { _ in .inDoubt("an answer without items") }
            answer.disposition = .inDoubt
            return
        }
        var places: [String: Int] = [:]
        for (index, ticket) in tickets.enumerated() { places[ticket.clientOrderID.text] = index }
        var outcomes = XTOutcomes(count: tickets.count)
        for row in rows {
            guard let clientID = row["clientOrderId"]?.text, !clientID.isEmpty else { continue }
            guard let index = places[clientID] else {
                answer.foreignIDs.append(clientID)
                continue
            }
            outcomes.note(placed(row), at: index)
        }
        answer.places = outcomes.all
    }

    private func placed(_ json: JSON) -> ItemOutcome {
        do throws(Unreadable) {
            let row = try AnswerRow(json)
            if try row.bool("rejected", "reject") ?? false {
                let reason = try row.text("reason") ?? ""
                let code = XTSpotCodes.isCode(reason) ? reason : "rejected"
                switch XTSpotCodes.classify(reason: reason) {
                case .final, .notFound: return .refused(code: code, text: reason)
                case .duplicate: return .duplicate(code: code, text: reason)
                case .unspecific, .unknown, .unclear:
                    return .refusedUnlessFound(code: code, text: reason.isEmpty ? "rejected without a reason" : reason)
                case .rateLimited: return .notExecuted(.rateLimited, said: VenueWords(code: code, text: reason))
                case .clock: return .notExecuted(.clock, said: VenueWords(code: code, text: reason))
                case .halted: return .notExecuted(.halted, said: VenueWords(code: code, text: reason))
                case .inDoubt, .haltedInDoubt: return .inDoubt(code: code, text: reason, "rejected: \(reason)")
                }
            }
            guard let id = try row.text("orderId"), id != "0" else { return .inDoubt("neither an id nor a rejection") }
            return .acknowledged(VenueOrderID(id), venueState: nil)
        } catch {
            return .inDoubt(error.what)
        }
    }

    private func modified(_ ticket: ModifyTicket, _ result: JSON) -> ItemOutcome {
        do throws(Unreadable) {
            let id = try AnswerRow(result).text("orderId")
            return .acknowledged(id.map { VenueOrderID($0) } ?? ticket.venueOrderID, venueState: nil)
        } catch {
            return .inDoubt(error.what)
        }
    }

    // MARK: Queries

    private func told(_ query: Query, _ result: JSON, _ answer: inout VenueAnswer) -> QueryAnswer {
        do throws(Unreadable) {
            switch query {
            case .serverTime: return .time(try AnswerRow(result).requiredInteger("serverTime"))
            case .account: return .account(AccountFacts())
            case .instruments:
                return .instruments(try Instrument.listed(AnswerRow(result).array("symbols"), skipped: &answer.skipped, instrument))
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
                    try AnswerRow(row).xtFill(of: subject, id: "tradeId", at: "time", feeAsset: "feeCurrency", foreign: &answer.foreignIDs)
                }
                return .fills(fills, next: try listing.xtNext(after: page.flatMap { CursorPage($0) }, id: "tradeId"))
            case .cancelAll: return .canceledAll
            case .countdown: throw Unreadable("XT has no countdown")
            }
        } catch {
            return .failed(error.what)
        }
    }

    /// One order, or null for none. Another order than the one asked for is no answer.
    private func found(_ result: JSON, _ subjects: [FindSubject], _ answer: inout VenueAnswer) throws(Unreadable) -> [OrderReport] {
        if result.isNull { return [] }
        guard let subject = subjects.first, subjects.count == 1 else { throw Unreadable("one order is asked for at a time") }
        var report = try report(AnswerRow(result))
        let isOurs = subject.venueOrderID.map { $0 == report.venueOrderID } ?? (report.clientOrderID == subject.clientOrderID)
        guard isOurs, report.clientOrderID == nil || report.clientOrderID == subject.clientOrderID else {
            answer.foreignIDs.append(report.clientOrderID?.text ?? report.venueOrderID?.text ?? "")
            throw Unreadable("another order than the one asked for")
        }
        report.clientOrderID = subject.clientOrderID
        return [report]
    }

    private func orders(_ rows: [JSON]) -> OrderRows {
        OrderRows(rows, clientID: ["clientOrderId"], venueID: ["orderId"]) { row throws(Unreadable) in try report(row) }
    }

    private func report(_ row: AnswerRow) throws(Unreadable) -> OrderReport { try row.xtOrder(side: "side", placedAt: "time") }

    private func instrument(_ symbol: Symbol, _ row: AnswerRow) throws(Unreadable) -> Instrument {
        let (state, trades, isForAPI) = (try row.requiredText("state"), try row.bool("tradingEnabled"), try row.bool("openapiEnabled"))
        var instrument = Instrument(symbol: symbol, tradable: state == "ONLINE" && trades == true && isForAPI == true)
        instrument.tick = try row.step(places: "pricePrecision")
        instrument.lot = try row.step(places: "quantityPrecision")
        for filter in row.json["filters"]?.array ?? [] {
            let filter = try AnswerRow(filter)
            switch try filter.text("filter", "filterType") {
            case "PRICE":
                if let step = try step(filter) { instrument.tick = step }
            case "QUANTITY":
                if let step = try step(filter) { instrument.lot = step }
                (instrument.minQuantity, instrument.maxQuantity) = (filter.bound("min"), filter.bound("max"))
            case "QUOTE_QTY": instrument.minNotional = filter.bound("min")
            // Price protection moves with the market: the venue judges.
            default: break
            }
        }
        return instrument
    }

    /// The filter's step. The grid starts at `min`; one that does not lie on the step's own grid leaves the decimal places as the only rule.
    private func step(_ filter: AnswerRow) throws(Unreadable) -> Decimal? {
        guard let step = try filter.amount("tickSize") else { return nil }
        let start = filter.figure("min") ?? .zero
        return start.isMultiple(of: step) ? step : nil
    }
}
