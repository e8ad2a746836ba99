import OMSCore
import Wire

extension AscendEX {
    package func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer {
        let isRefusal =
            response.status == 429
            && response.refusesForRate({ code in AscendEXCode.known(code).map { $0 == .rateLimited } }, isKnownPage: Self.isEdgePage)
        if !isRefusal, response.status == 429 || response.status == 408 || response.status >= 500, let json = response.json,
            let code = json["code"]?.text, !code.isEmpty, code != "0"
        {
            return shaky(plan, json, code, response)
        }
        if response.status == 429 {
            return VenueAnswer(
                httpStatus: 429, disposition: .rateLimited(retryAfterMs: response.retryAfterMs), to: plan.content,
                every: isRefusal ? .notExecuted(.rateLimited) : .inDoubt("HTTP 429 that does not say that it refuses"), query: "too many requests")
        }
        guard response.status != 408, response.status < 500, let json = response.json, json.object != nil else {
            let why = "HTTP \(response.status) without a body worth reading"
            // A 403 page of the edge follows too many requests; whether the request passed is not certain.
            let disposition: VenueAnswer.Disposition = response.status == 403 ? .rateLimited(retryAfterMs: response.retryAfterMs) : .inDoubt
            return VenueAnswer(httpStatus: response.status, disposition: disposition, to: plan.content, every: .inDoubt(why), query: why)
        }
        guard let code = json["code"]?.text else {
            let why = "an answer without a code"
            return VenueAnswer(httpStatus: response.status, disposition: .inDoubt, to: plan.content, every: .inDoubt(why), query: why)
        }
        if code == "0", response.status == 200 { return success(plan, json, response) }
        return failure(plan, json, code, response)
    }

    /// The page of the edge before the venue: a request that meets it was not passed on (docs/venues/ascendex.md, "Limits").
    static func isEdgePage(_ words: String) -> Bool {
        let words = words.lowercased()
        return words.contains("access denied") && words.contains("cloudflare")
    }

    // MARK: Success

    private func success(_ plan: RequestPlan, _ json: JSON, _ response: HTTPResponse) -> VenueAnswer {
        var answer = VenueAnswer(httpStatus: response.status, disposition: .answered)
        // Left out or null, it is neither a list nor nothing.
        let data = json["data"] ?? .null
        switch plan.content {
        case .place(let tickets, _):
            answer.places = outcomes(of: items(data["info"]), place: tickets, &answer) { row, ticket throws(Unreadable) in
                try placed(row, status: data["status"]?.text)
            }
            settleNothingByOneID(&answer.places)
            alarmOnUnpredicted(tickets, &answer)
        case .cancel(let tickets):
            answer.cancels = outcomes(of: items(data["info"]), cancel: tickets, &answer) { _, ticket throws(Unreadable) in
                // A receipt: the order's state will tell.
                .acknowledged(ticket.venueOrderID, venueState: data["status"]?.text)
            }
        case .modify, .mixed: preconditionFailure("ascendex neither modifies orders nor mixes creates and cancels")
        case .query(let query): answer.query = told(query, data, plan, &answer)
        }
        if answer.places.contains(where: \.isInDoubt) || answer.cancels.contains(where: \.isInDoubt), items(data["info"]).isEmpty {
            answer.disposition = .inDoubt
        }
        return answer
    }

    private func items(_ info: JSON?) -> [JSON] {
        guard let info, !info.isNull else { return [] }
        return info.array ?? [info]
    }

    /// An `Ack` item, or the whole order where the venue waited for the engine.
    private func placed(_ row: AnswerRow, status: String?) throws(Unreadable) -> ItemOutcome {
        guard let id = try row.text("orderId") else { return .inDoubt("no order id") }
        let state = try row.text("status")
        if state == "Rejected" {
            let reason = try row.text("errorCode") ?? "Rejected"
            if reason == "DupNewCoid" { return .duplicate(code: reason, text: "Rejected") }
            if AscendEXCode.namesNoState.contains(reason) { return .inDoubt(code: reason, text: "Rejected", reason) }
            // The engine's own word for the order; words that it is there already, or that nothing is certain, are no refusal.
            switch RefusalWords(reason) {
            case .duplicate: return .duplicate(code: reason, text: "Rejected")
            case .doubt: return .refusedUnlessFound(code: reason, text: "Rejected")
            case .rate, .other: return .refused(code: reason, text: "Rejected")
            }
        }
        return .acknowledged(VenueOrderID(id), venueState: state ?? status)
    }

    /// An order under another id than the one computed for it: taken all the same, and an alarm, for look-ups by computed ids miss its like.
    private func alarmOnUnpredicted(_ tickets: [PlaceTicket], _ answer: inout VenueAnswer) {
        for (ticket, outcome) in zip(tickets, answer.places) {
            guard let predicted = ticket.predictedID, case .acknowledged(let id?, _) = outcome, id != predicted else { continue }
            answer.foreignIDs.append(id.text)
            answer.breaksIDFormula = true
        }
    }

    /// One venue id for two orders is an answer about neither.
    private func settleNothingByOneID(_ outcomes: inout [ItemOutcome]) {
        var holders: [VenueOrderID: Int] = [:]
        for (index, outcome) in outcomes.enumerated() {
            guard case .acknowledged(let id?, _) = outcome, let other = holders.updateValue(index, forKey: id) else { continue }
            (outcomes[other], outcomes[index]) = (.inDoubt("one venue id for two orders"), .inDoubt("one venue id for two orders"))
        }
    }

    // MARK: Attribution

    /// An item is an order's by our id, else, where it has none, by the id computed for it. Never by position.
    private func outcomes(
        of rows: [JSON], place tickets: [PlaceTicket], _ answer: inout VenueAnswer,
        _ read: (AnswerRow, PlaceTicket) throws(Unreadable) -> ItemOutcome
    ) -> [ItemOutcome] {
        attributed(
            rows, tickets, ids: tickets.map(\.clientOrderID.text), venueIDs: tickets.map { $0.predictedID?.text }, idRules: true, &answer, read)
    }

    /// An item is a cancel's by the cancel's id, else by the order that it names, whatever other id stands beside.
    private func outcomes(
        of rows: [JSON], cancel tickets: [CancelTicket], _ answer: inout VenueAnswer,
        _ read: (AnswerRow, CancelTicket) throws(Unreadable) -> ItemOutcome
    ) -> [ItemOutcome] {
        attributed(
            rows, tickets, ids: tickets.map { Self.cancelID($0.command) }, venueIDs: tickets.map { $0.venueOrderID?.text }, idRules: false, &answer,
            read)
    }

    private func attributed<Ticket>(
        _ rows: [JSON], _ tickets: [Ticket], ids: [String], venueIDs: [String?], idRules: Bool, _ answer: inout VenueAnswer,
        _ read: (AnswerRow, Ticket) throws(Unreadable) -> ItemOutcome
    ) -> [ItemOutcome] {
        var outcomes = tickets.map { _ in ItemOutcome.inDoubt("missing in the answer") }
        var answered: Set<Int> = []
        for json in rows {
            let (id, venueID) = (json["id"]?.text ?? "", json["orderId"]?.text ?? "")
            var matches = id.isEmpty ? [] : ids.indices.filter { ids[$0] == id }
            if matches.isEmpty, id.isEmpty || !idRules { matches = venueIDs.indices.filter { venueIDs[$0] == venueID } }
            guard let index = matches.first, matches.count == 1 else {
                if matches.isEmpty, !(id.isEmpty && venueID.isEmpty) { answer.foreignIDs.append(id.isEmpty ? venueID : id) }
                continue
            }
            guard answered.insert(index).inserted else {
                outcomes[index] = .inDoubt("answered twice")
                continue
            }
            do throws(Unreadable) { outcomes[index] = try read(AnswerRow(json), tickets[index]) } catch { outcomes[index] = .inDoubt(error.what) }
        }
        return outcomes
    }

    // MARK: Failure

    private static func words(_ json: JSON) -> String { json["message"]?.text ?? json["reason"]?.text ?? "" }

    /// The venue's own code on a status that does not bear it out: HTTP 429 in words of no rate, 408, 5xx. What it refuses it may have executed all the same,
    /// so that only what is in no table refuses, unless the order is found; a code that blames one of several blames none of them here.
    private func shaky(_ plan: RequestPlan, _ json: JSON, _ code: String, _ response: HTTPResponse) -> VenueAnswer {
        let text = Self.words(json)
        var answer = VenueAnswer(
            httpStatus: response.status, disposition: response.status == 429 ? .rateLimited(retryAfterMs: response.retryAfterMs) : .inDoubt,
            to: plan.content, every: .inDoubt(code: code, text: text), query: "\(code): \(text)")
        (answer.venueCode, answer.venueText) = (code, text)
        let count = answer.places.count
        // A gateway's number is not the venue's.
        guard code != "\(response.status)" else { return answer }
        let outcome: ItemOutcome? =
            switch AscendEXCode.classify(code, text: text) {
            case .unlessFound: .refusedUnlessFound(code: code, text: text)
            case .final, .noData, .notOpen: count == 1 ? .refusedUnlessFound(code: code, text: text) : nil
            case .duplicate: count == 1 ? .duplicate(code: code, text: text) : .oneIsDuplicate(code: code, text: text)
            case .batch, .inDoubt, .unclear, .clock, .rateLimited, .halted: nil
            }
        if let outcome { answer.places = answer.places.map { _ in outcome } }
        return answer
    }

    private func failure(_ plan: RequestPlan, _ json: JSON, _ code: String, _ response: HTTPResponse) -> VenueAnswer {
        let text = Self.words(json)
        let meaning = AscendEXCode.classify(code, text: text)
        if case .query(let query) = plan.content, case .find(let subjects, _) = query, Self.ids(of: subjects).count == 1, isBelievable(plan),
            code == "100002" || code == "300006"
        {
            var answer = VenueAnswer(httpStatus: response.status, disposition: .answered)
            (answer.venueCode, answer.venueText, answer.query) = (code, text, .orders([], next: nil))
            return answer
        }
        let disposition: VenueAnswer.Disposition =
            switch meaning {
            case .final, .unlessFound, .duplicate, .notOpen, .batch, .noData: .answered
            case .inDoubt, .unclear: .inDoubt
            case .clock: .clockRefused
            case .rateLimited: .rateLimited(retryAfterMs: response.retryAfterMs)
            case .halted: .halted
            }
        var answer = VenueAnswer(
            httpStatus: response.status, disposition: disposition, to: plan.content, every: whole(meaning, code, text, plan.content),
            query: "\(code): \(text)")
        (answer.venueCode, answer.venueText) = (code, text)
        // Items tell more than the whole, where the pre-check of the batch made them.
        let rows = (json["info"] ?? json["data"]?["info"])?.array ?? []
        guard !rows.isEmpty, disposition == .answered else { return answer }
        switch plan.content {
        case .place(let tickets, _):
            answer.places = outcomes(of: rows, place: tickets, &answer) { row, _ throws(Unreadable) in try refused(row, isCancel: false) }
            answer.places = blaming(answer.places)
        case .cancel(let tickets):
            answer.cancels = outcomes(of: rows, cancel: tickets, &answer) { row, _ throws(Unreadable) in try refused(row, isCancel: true) }
            answer.cancels = blaming(answer.cancels)
        case .modify, .mixed, .query: break
        }
        return answer
    }

    /// What a failure without items says of each order. A pre-check that fails executes nothing, so several orders share a code that blames
    /// one of them as innocent siblings: the batch is halved until the offender stands alone.
    private func whole(_ meaning: AscendEXCode, _ code: String, _ text: String, _ content: RequestPlan.Content) -> ItemOutcome {
        let (count, isCancel) =
            switch content {
            case .place(let tickets, _): (tickets.count, false)
            case .cancel(let tickets): (tickets.count, true)
            case .modify, .mixed, .query: (1, false)
            }
        switch meaning {
        case .final, .noData, .notOpen, .batch:
            if count > 1 { return .notExecuted(.sibling(offenderNamed: false)) }
            return isCancel && meaning != .final && meaning != .batch ? .gone(code: code, text: text) : .refused(code: code, text: text)
        case .unclear where isCancel: return .inDoubt(code: code, text: text)
        case .unlessFound, .unclear: return .refusedUnlessFound(code: code, text: text)
        case .duplicate where isCancel: return .inDoubt("\(code) names no order: \(text)")
        case .duplicate: return count == 1 ? .duplicate(code: code, text: text) : .oneIsDuplicate(code: code, text: text)
        case .inDoubt: return .inDoubt(code: code, text: text)
        case .clock: return .notExecuted(.clock)
        case .rateLimited: return .notExecuted(.rateLimited)
        case .halted: return .notExecuted(.halted)
        }
    }

    /// Where every item of ours is called innocent, nobody was named: the batch would be refused again as it is.
    private func blaming(_ outcomes: [ItemOutcome]) -> [ItemOutcome] {
        let innocent = ItemOutcome.notExecuted(.sibling(offenderNamed: true))
        return outcomes.allSatisfy { $0 == innocent } ? outcomes.map { _ in .notExecuted(.sibling(offenderNamed: false)) } : outcomes
    }

    private func refused(_ row: AnswerRow, isCancel: Bool) throws(Unreadable) -> ItemOutcome {
        let code = try row.requiredText("code")
        let text = try row.text("message", "reason") ?? ""
        let said = VenueWords(code: code, text: text)
        switch AscendEXCode.classify(code, text: text) {
        case .unclear where isCancel: return .inDoubt(code: code, text: text)
        case .unlessFound, .unclear: return .refusedUnlessFound(code: code, text: text)
        case .duplicate: return .duplicate(code: code, text: text)
        case .batch: return .notExecuted(.sibling(offenderNamed: true))
        case .final: return .refused(code: code, text: text)
        case .notOpen, .noData: return isCancel ? .gone(code: code, text: text) : .refused(code: code, text: text)
        case .clock: return .notExecuted(.clock, said: said)
        case .rateLimited: return .notExecuted(.rateLimited, said: said)
        case .halted: return .notExecuted(.halted, said: said)
        case .inDoubt: return .inDoubt(code: code, text: text)
        }
    }

    /// Whether an answer under the account's path can speak for the account.
    func isBelievable(_ plan: RequestPlan) -> Bool { plan.facts?.group != nil }
}

extension ItemOutcome {
    var isInDoubt: Bool { if case .inDoubt = self { true } else { false } }
}
