import OMSCore
import Wire

extension OKX {
    package func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer {
        var (answer, meeting) = Self.read(response)
        switch plan.content {
        case .place(let tickets, _):
            answer.places = Self.outcomes(tickets.map { ($0.clientOrderID, nil) }, in: meeting, for: .place, foreign: &answer.foreignIDs)
            answer.disposition = Self.disposition(of: answer.places, else: answer.disposition)
        case .cancel(let tickets):
            answer.cancels = Self.outcomes(
                tickets.map { ($0.clientOrderID, $0.venueOrderID) }, in: meeting, for: .cancel, foreign: &answer.foreignIDs)
            answer.disposition = Self.disposition(of: answer.cancels, else: answer.disposition)
        case .modify(let tickets):
            answer.modifies = Self.outcomes(
                tickets.map { ($0.clientOrderID, $0.venueOrderID) }, in: meeting, for: .modify, foreign: &answer.foreignIDs)
            answer.disposition = Self.disposition(of: answer.modifies, else: answer.disposition)
        case .mixed(let places, let cancels, _):
            answer.places = places.map { _ in .inDoubt("okx has no mixed request") }
            answer.cancels = cancels.map { _ in .inDoubt("okx has no mixed request") }
        case .query(let query):
            answer.query = told(query, meeting, timeMs: plan.timeMs, skipped: &answer.skipped)
            // Nothing changed hands: an unknown code leaves no doubt behind a question.
            if case .code = meeting, answer.disposition == .inDoubt { answer.disposition = .answered }
        }
        return answer
    }

    private func told(_ query: Query, _ meeting: Meeting, timeMs: Int64, skipped: inout [String]) -> QueryAnswer {
        if case .find(let subjects, let step) = query, let subject = subjects.first, case .code(let meaning, _, _, _) = meeting {
            if let answer = notFound(meaning, at: Walk(finding: subject.page, step: step)) { return answer }
        }
        guard case .success(let envelope) = meeting else { return Self.failure(of: meeting) }
        do throws(Unreadable) {
            let rows = try AnswerRow(envelope).array("data")
            switch query {
            case .serverTime:
                guard let time = try Self.only(rows).integer("ts"), time > 0 else { throw Unreadable("no time") }
                return .time(time)
            case .account: return .account(try facts(Self.only(rows)))
            case .instruments: return .instruments(try Instrument.listed(rows, named: "instId", skipped: &skipped, instrument))
            case .find(let subjects, let step):
                guard let subject = subjects.first else { throw Unreadable("no order was asked for") }
                return try found(subject, Walk(finding: subject.page, step: step), rows, timeMs: timeMs)
            case .openOrders(_, let token):
                return Self.orders(rows).answer(next: try Walk(token, from: .pending).next(rows, by: "ordId", then: nil))
            case .history(_, _, let token):
                // Kept for seven days, two hours of what never traded: orders are found in it, and none is proven absent by it.
                return Self.orders(rows).answer(next: try Walk(token, from: .history).next(rows, by: "ordId", then: nil))
            case .fills(let subject, let token):
                let walk = Walk(token, from: .fills)
                return .fills(try Self.fills(of: subject, rows), next: try next(walk, rows, since: subject.sinceMs, timeMs))
            case .cancelAll: throw Unreadable("OKX has no cancel-all")
            case .countdown(let seconds):
                // 0 or nothing: it does not run.
                let runs = try (Self.only(rows).time("triggerTime") ?? 0) > 0
                guard runs == (seconds > 0) else { throw Unreadable("the countdown \(runs ? "runs on" : "was not set")") }
                return .countdownSet
            }
        } catch {
            return .failed(error.what)
        }
    }

    private static func only(_ rows: [JSON]) throws(Unreadable) -> AnswerRow {
        guard rows.count == 1 else { throw Unreadable("\(rows.count) rows where one should stand") }
        return try AnswerRow(rows[0])
    }

    /// What a refusal says to a question for one order; nil: nothing but that it is a refusal.
    ///
    /// Of a market that is no more, no order can be asked for by id: not there is then not absent, and the listings are gone through.
    private func notFound(_ meaning: CodeClass, at walk: Walk) -> QueryAnswer? {
        guard walk.place == .order else { return nil }
        return switch meaning {
        case .notFound: .orders([], next: nil)
        case .noMarket: .orders([], next: Walk.goneFrom)
        case .success, .ambiguous, .rateLimited, .clock, .maintenance, .refused, .duplicate, .notOpen, .changed, .sibling, .halted, .unknown: nil
        }
    }

    // MARK: The account

    /// Whether this key and this account can trade the product at all.
    private func facts(_ row: AnswerRow) throws(Unreadable) -> AccountFacts {
        let level = try row.requiredText("acctLv")
        guard ["1", "2", "3", "4"].contains(level) else { throw Unreadable("acctLv \(level.prefix(40).escapedForLog) is no mode that is known") }
        let rights = try row.text("perm")?.split(separator: ",").map { $0.filter { !$0.isWhitespace } }
        let problem: String? =
            if let rights, !rights.contains("trade") {
                "the key may not trade at OKX (perm is \(rights.joined(separator: ", ").escapedForLog)): give it the right to, then start again"
            } else {
                switch (kind, level) {
                case (.margin, "2"), (.spot, _), (.swap, "2"..."4"), (.futures, "2"..."4"): nil
                case (.margin, "1"), (.swap, _), (.futures, _):
                    "the account is in spot mode (acctLv 1), which has neither margin nor contracts: change its mode at OKX, then start again"
                case (.margin, _):
                    "in the account's mode (acctLv \(level)) spot pairs are traded on margin as spot: configure product spot"
                }
            }
        return AccountFacts(group: level, uid: try row.requiredText("uid"), problem: problem)
    }

    // MARK: Orders

    private static func orders(_ rows: [JSON]) -> OrderRows { OrderRows(rows, clientID: ["clOrdId"], venueID: ["ordId"], report) }

    /// What one answer of a look-up's step shows.
    private func found(_ subject: FindSubject, _ walk: Walk, _ rows: [JSON], timeMs: Int64) throws(Unreadable) -> QueryAnswer {
        switch walk.place {
        case .fills, .fillsArchive:
            let fills = try Self.fills(of: subject, rows)
            if let report = try OrderReport.executed(subject, fills) { return .orders([report], next: nil) }
            return .orders([], next: try next(walk, rows, since: Self.start(of: subject), timeMs))
        case .order, .pending, .history, .goneHistory, .goneArchive: break
        }
        let orders = Self.orders(rows)
        try orders.mustNotHide(subject)
        let own = orders.reports.filter {
            $0.clientOrderID == subject.clientOrderID || $0.venueOrderID == subject.venueOrderID && subject.venueOrderID != nil
        }
        guard own.isEmpty else { return .orders(own, next: nil) }
        // An order that is not there is said not to be there, by its code.
        guard walk.place != .order else {
            throw Unreadable(rows.isEmpty ? "neither an order nor the word that there is none" : "the answer is about another order")
        }
        let then: Walk.Place? =
            switch walk.place {
            case .pending: .history
            case .goneHistory where Self.reachesArchive(Self.start(of: subject), timeMs): .goneArchive
            case .order, .history, .goneHistory, .goneArchive, .fills, .fillsArchive: nil
            }
        let next = try walk.next(rows, by: "ordId", then: then)
        if next == nil, walk.place == .goneHistory || walk.place == .goneArchive {
            throw Unreadable("its market is no more at the venue, which answers nothing of single orders there, and no listing shows it")
        }
        return .orders([], next: next)
    }

    private func next(_ walk: Walk, _ rows: [JSON], since: Int64, _ timeMs: Int64) throws(Unreadable) -> String? {
        try walk.next(rows, by: "billId", then: walk.place == .fills && Self.reachesFillsArchive(since, timeMs) ? .fillsArchive : nil)
    }
}
