import OMSCore
import Wire

/// What answers say of what is taken for granted.
extension Rehearsal {
    mutating func judge(_ answer: VenueAnswer, sent: Int64, read: Int64) {
        let words = said(answer)
        guard answer.disposition != .inDoubt || (answer.venueCode != nil && answer.httpStatus < 500) else {
            if stage == .clock(0) {
                stopped = "HTTP \(answer.httpStatus) without the venue's own words"
                if (400..<500).contains(answer.httpStatus) {
                    note("base_url", .contradicts, "the page that tells the time is not there: \(stopped ?? "")")
                }
                return
            }
            // What is not there is said by whatever stands in front of the venue.
            if answer.httpStatus == 404 { return failed(words) }
            return untold("it cannot be read, or speaks of no order and no question: \(words)")
        }
        judgePlace(answer)
        judgeLimits(answer)
        if let why = answer.contradicts { note("quantity_unit", .contradicts, why) }
        switch answer.disposition {
        case .answered: answered(answer, sent: sent, read: read)
        case .clockRefused where stage == .stale:
            let seen = "\(staleMs) ms old: \(words)"
            for name in ["stale_question", "signature"] { note(name, .holds, seen) }
        case .clockRefused:
            for name in ["stamp_margin", "clock"] { note(name, .contradicts, "a fresh stamp is refused: \(words)") }
            stopped = "the venue refuses the stamp: \(words)"
        // A page that is not there says nothing of the key, nor does one that nobody signed.
        case .halted where answer.httpStatus == 404 || stage == .clock(0): failed(words)
        case .halted: refused(words)
        case .shutOut(let forMs): stopped = "shut out by the venue for \(forMs / 1_000) s: \(words)"
        case .rateLimited(let retryAfterMs): tooFast(retryAfterMs, words)
        case .maintenance: stopped = "the venue is closed: \(words)"
        case .busy: untold("the venue is busy: \(words)")
        case .inDoubt: failed(words)
        }
    }

    private mutating func judgePlace(_ answer: VenueAnswer) {
        guard subject.isAtPagesHost else {
            note("base_url", .notSeen, "another host answers than the page's, HTTP \(answer.httpStatus)")
            return note("tls", .notSeen, subject.isTLS ? "the certificate is of another host than the page's" : "plain HTTP, to loopback")
        }
        note("base_url", .holds, "it answers, HTTP \(answer.httpStatus)")
        if subject.isTLS { note("tls", .holds, "the certificate is of the host") } else { note("tls", .notSeen, "plain HTTP, to loopback") }
    }

    /// What came told nothing of what was asked for: not seen, and said.
    mutating func untold(_ why: String) {
        for name in asked { note(name, .notSeen, why) }
        remarks.append("\(asked.first ?? "a question"): \(why)".cut)
    }

    /// Names of what the question of this stage shows.
    private var asked: [String] {
        switch stage {
        case .clock: ["clock"]
        case .account: ["account_mode", "key"]
        case .markets: ["markets"]
        case .openOrders: ["open_orders"] + (profile.listsBySymbol ? ["lists_by_symbol"] : [])
        case .history: ["history"]
        case .fills: ["fills", "lists_fills"]
        case .unknown: ["unknown_id"] + (profile.saysUnknown ? ["says_unknown"] : [])
        case .many: ["find_max", "find_ids_max"]
        case .shortWindow: ["recvwindow_floor"]
        case .stale: ["stale_question", "signature"]
        case .stream, .over: []
        }
    }

    // MARK: Limits

    /// One refusal shows nothing: the daemon counted less than the limit, and another program of the same user, key or address may have taken the rest. Three in
    /// a row, the limit's whole window apart, with one question of ours in each: so little is left that what the page says cannot be relied on here, whoever
    /// takes it. Where the configuration says that others have a share, not even that shows anything.
    private mutating func tooFast(_ retryAfterMs: Int64?, _ words: String) {
        rateRefusals += 1
        guard let rule = profile.blamed(for: charged) else {
            untold("refused for its rate: \(words)")
            return
        }
        guard rateRefusals >= Self.rateTries else {
            let pause = max(rule.windowMs, retryAfterMs ?? 0)
            // Asked again inside it, a venue may shut the key out for longer, which no daemon of ours would know of.
            guard pause <= Self.rateWaitMs else {
                note("limit:\(rule.name)", .notSeen, "refused for its rate, and to be asked again no sooner than in \(pause) ms: \(words)")
                stopped = "refused for its rate; rehearse again in \(pause / 1_000 + 1) s: \(words)"
                return
            }
            pauseMs = pause
            return
        }
        let seen = "refused \(rateRefusals) times for its rate, \(rule.windowMs) ms apart: \(words)"
        if let share = subject.limits[rule.name]?.share, share < rule.permits {
            note("limit:\(rule.name)", .notSeen, "\(seen); others have a share of it")
        } else {
            note("limit:\(rule.name)", .contradicts, "\(seen). Less is allowed, or others take it: state a share")
        }
        stopped = seen
    }

    private func said(_ answer: VenueAnswer) -> String {
        let words = answer.venueText == answer.venueCode ? [answer.venueCode] : [answer.venueCode, answer.venueText]
        let parts = words.compactMap { $0?.isEmpty == false ? $0 : nil }
        return parts.isEmpty ? "HTTP \(answer.httpStatus)" : parts.joined(separator: ": ").maskedForLog
    }

    /// The key does not pass, and everything that is signed would be refused as well.
    private mutating func refused(_ words: String) {
        let isStale = stage == .stale
        if isStale {
            for name in ["stale_question", "signature"] { note(name, .notSeen, "refused, in words that do not speak of the stamp: \(words)") }
            return
        }
        // Whichever of them it is, the venue's words say.
        for name in ["key", "rights", "address"] + (subject.isDemo ? ["demo"] : []) { note(name, .contradicts, words) }
        stopped = "the venue refuses the key: \(words)"
    }

    private var charged: [Charge] {
        guard case .ask(let query, _, _)? = next() else { return [] }
        return adapter.charges(of: .query(query))
    }

    private mutating func judgeLimits(_ answer: VenueAnswer) {
        for word in answer.limits {
            guard let permits = word.permits, let name = word.budget ?? charged.first?.budget else { continue }
            guard let rule = profile.budgets.first(where: { $0.covers(name) }) else { continue }
            let own = subject.limits[rule.name]
            let taken = min(own?.permits ?? rule.permits, own?.share ?? rule.permits)
            if permits >= rule.permits {
                note("limit:\(rule.name)", .holds, "the venue says \(permits)")
            } else if permits >= taken {
                // What the page allows is not taken: the limit that counts here is kept.
                note("limit:\(rule.name)", .holds, "the venue says \(permits), and no more than \(taken) are taken")
            } else {
                note("limit:\(rule.name)", .contradicts, "the venue says \(permits), and \(taken) may be taken")
            }
        }
    }

    private mutating func answered(_ answer: VenueAnswer, sent: Int64, read: Int64) {
        guard let told = answer.query else { return untold("it tells nothing of what was asked for") }
        if case .failed(let why) = told { return failed(why) }
        if case .ask(let query, _, _)? = next(), RequestPlan.Content.query(query).isAskedByKey, stage != .stale { trusted() }
        switch (stage, told) {
        case (.clock, .time(let serverMs)): measured(VenueClock(serverMs: serverMs, sent: sent, read: read), at: read)
        case (.account, .account(let facts)): learn(facts)
        case (.markets, .instruments(let list)): learn(list, skipped: answer.skipped)
        case (.openOrders, .orders(let rows, _, let unreadable)):
            judge("open_orders", rows, unreadable)
            if profile.listsBySymbol { note("lists_by_symbol", .holds, "a listing of \(market?.text ?? "one market") is answered") }
        case (.history, .orders(let rows, _, let unreadable)): judge("history", rows, unreadable)
        case (.fills, .fills(let rows, _)):
            let verdict = rows.isEmpty ? RehearsalRow.Verdict.notSeen : .holds
            note("fills", verdict, "\(rows.count) rows of one order that traded")
            note("lists_fills", verdict, rows.isEmpty ? "the first page is empty" : "they are listed")
        case (.unknown(let step), .orders(let rows, _, let unreadable)):
            if let bad = unreadable.first { return untold("\(unreadable.count) rows for an unknown id cannot be read: \(bad.problem)") }
            unknownAnswered(rows, answer, step: step)
        case (.many, .orders(let rows, _, let unreadable)):
            if let bad = unreadable.first { return untold("\(unreadable.count) rows for unknown ids cannot be read: \(bad.problem)") }
            let words = rows.isEmpty ? "\(profile.findMax) unknown ids are answered" : "orders for unknown ids"
            for name in ["find_max", "find_ids_max"] { note(name, rows.isEmpty ? .holds : .contradicts, words) }
        case (.shortWindow, .orders): note("recvwindow_floor", .holds, "answered with a window of \(profile.recvwindowFloorMs) ms")
        case (.stale, .orders):
            for name in ["stale_question", "signature"] { note(name, .contradicts, "answered, though stamped \(staleMs) ms ago") }
        default: untold("it is of another kind than what was asked for")
        }
    }

    private mutating func trusted() {
        for name in ["key", "address"] { note(name, .holds, "a signed question is answered") }
        note("stamp_margin", .holds, "no fresh stamp was refused")
        switch (subject.isDemo, subject.isAtPagesHost) {
        case (false, _): note("demo", .notSeen, "the account is not of the demo")
        case (true, true): note("demo", .holds, "the demo answers the key")
        case (true, false): note("demo", .notSeen, "another host answers than the page's")
        }
    }

    private mutating func measured(_ clock: VenueClock, at now: Int64) {
        if let other = clocks.first(where: { !$0.agrees(with: clock, at: now) }) {
            let apart = abs(other.middle(at: now) - clock.middle(at: now)) / 1_000
            note("clock", .contradicts, "two readings are \(apart) ms apart, more than their round trips explain")
        }
        clocks.append(clock)
        if clocks.count > 3 {
            note("clock", .holds, "\(clocks.count) readings agree, the best within \(clocks.map { $0.errorUs(at: now) }.min() ?? 0) us")
        }
    }

    private mutating func learn(_ facts: AccountFacts) {
        self.facts = facts
        if let told = facts.uid, profile.accountTellsUID {
            note("account_tells_uid", .holds, "it tells")
            note("uid", told == subject.uid ? .holds : .contradicts, "the venue says \(told)")
        }
        switch facts.silence {
        case .forbidden(let words): note("uid", .notSeen, "this key may not ask: \(words)")
        case .noPage(let words): note("account_tells_uid", .contradicts, "there is no such page: \(words)")
        case nil: break
        }
        if profile.needsAccountFacts {
            note("needs_account_facts", facts.group == nil ? .contradicts : .holds, facts.group == nil ? "it does not tell" : "it tells")
        }
        if let problem = facts.problem {
            for name in ["account_mode", "rights"] { note(name, .contradicts, problem) }
        } else {
            note("account_mode", .holds, "nothing speaks against it")
        }
    }

    private mutating func learn(_ list: [Instrument], skipped: [String]) {
        markets = list
        guard !list.isEmpty else { return note("markets", .contradicts, "no market is listed") }
        if let first = skipped.first {
            note("markets", .contradicts, "\(skipped.count) of \(list.count + skipped.count) cannot be read or used: \(first)")
        } else {
            note("markets", .holds, "all \(list.count)")
        }
    }

    private mutating func judge(_ name: String, _ rows: [OrderReport], _ unreadable: [UnreadableRow]) {
        if let traded = rows.first(where: { $0.filledQuantity.map { !$0.isZero } ?? false && $0.venueOrderID != nil }) { self.traded = traded }
        if let bad = unreadable.first { return note(name, .contradicts, "\(unreadable.count) rows cannot be read: \(bad.problem)") }
        if let odd = rows.first(where: { $0.status == .unknown }) {
            return note(name, .contradicts, "a state that the page does not name: \(odd.venueState)")
        }
        guard !rows.isEmpty else { return note(name, .notSeen, "the first page is empty") }
        note(name, .holds, "\(rows.count) rows")
        note("quantity_unit", .notSeen, "nothing in \(rows.count) rows speaks against it, and nothing for it")
    }

    private mutating func unknownAnswered(_ rows: [OrderReport], _ answer: VenueAnswer, step: Int) {
        let id = subject.unusedIDs[0]
        guard !rows.contains(where: { $0.clientOrderID == id }) else {
            return note("unknown_id", .contradicts, "an order is shown under an id that was never used: \(id)")
        }
        unknownPages += 1
        if profile.saysUnknown, step == 0 {
            note("says_unknown", .holds, answer.venueCode.map { "in the page's words: \($0)" } ?? "by an answer that holds none")
        }
        guard unknownPages == profile.findSteps else { return }
        note("unknown_id", .holds, unknownPages == 1 ? "it is answered, without an order" : "\(unknownPages) pages are answered, without an order")
    }

    /// The venue answered, and not with what was asked for.
    private mutating func failed(_ why: String) {
        switch stage {
        case .clock(0):
            stopped = "the venue does not tell the time: \(why)"
            note("base_url", .contradicts, stopped ?? why)
        case .markets: note("markets", .contradicts, why)
        case .openOrders: for name in ["open_orders"] + (profile.listsBySymbol ? ["lists_by_symbol"] : []) { note(name, .contradicts, why) }
        case .history: note("history", .contradicts, why)
        case .fills: for name in ["fills", "lists_fills"] { note(name, .contradicts, why) }
        case .unknown: for name in ["unknown_id"] + (profile.saysUnknown ? ["says_unknown"] : []) { note(name, .contradicts, why) }
        case .many: for name in ["find_max", "find_ids_max"] { note(name, .contradicts, why) }
        case .shortWindow: note("recvwindow_floor", .contradicts, why)
        case .stale: for name in ["stale_question", "signature"] { note(name, .notSeen, "refused, in words that do not speak of the stamp: \(why)") }
        case .account:
            note("account_mode", .notSeen, why)
            if profile.needsAccountFacts { note("needs_account_facts", .contradicts, why) }
            if profile.accountTellsUID { note("account_tells_uid", .contradicts, why) }
        case .clock, .stream, .over: untold(why)
        }
    }
}

extension RequestPlan.Content {
    /// It bears a signature.
    fileprivate var isAskedByKey: Bool {
        switch self {
        case .query(.serverTime), .query(.instruments): false
        case .place, .cancel, .modify, .mixed, .query: true
        }
    }
}
