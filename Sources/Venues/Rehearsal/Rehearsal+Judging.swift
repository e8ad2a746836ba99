import OMSCore
import Wire

/// What answers say of what is taken for granted.
extension Rehearsal {
    mutating func judge(_ answer: VenueAnswer, sent: Int64, read: Int64) {
        let words = said(answer)
        guard answer.disposition != .inDoubt || (answer.venueCode != nil && answer.httpStatus < 500) else {
            if stage == .clock(0) { stopped = "HTTP \(answer.httpStatus) without the venue's own words" }
            return
        }
        note("base_url", .holds, "it answers, HTTP \(answer.httpStatus)")
        if subject.isTLS { note("tls", .holds, "the certificate is of the host") } else { note("tls", .notSeen, "plain HTTP, to loopback") }
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
        case .halted: refused(words)
        case .shutOut(let forMs): stopped = "shut out by the venue for \(forMs / 1_000) s: \(words)"
        case .rateLimited:
            for name in charged { note("limit:\(name)", .contradicts, "refused for its rate, within it: \(words)") }
        case .maintenance: stopped = "the venue is closed: \(words)"
        case .busy, .inDoubt: failed(words)
        }
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
        note("key", .contradicts, words)
        note("rights", .contradicts, words)
        stopped = "the venue refuses the key: \(words)"
    }

    private var charged: [String] {
        guard case .ask(let query, _, _)? = next() else { return [] }
        return adapter.charges(of: .query(query)).map(\.budget)
    }

    private mutating func judgeLimits(_ answer: VenueAnswer) {
        for word in answer.limits {
            guard let permits = word.permits, let name = word.budget ?? charged.first else { continue }
            guard let rule = profile.budgets.first(where: { $0.covers(name) }) else { continue }
            let isEnough = permits >= rule.permits
            note("limit:\(rule.name)", isEnough ? .holds : .contradicts, "the venue says \(permits)")
        }
    }

    private mutating func answered(_ answer: VenueAnswer, sent: Int64, read: Int64) {
        guard let told = answer.query else { return }
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
            note("fills", .holds, "\(rows.count) rows of one order")
            note("lists_fills", .holds, "they are listed")
        case (.unknown(let step), .orders(let rows, _, _)): unknownAnswered(rows, answer, step: step)
        case (.many, .orders(let rows, _, _)):
            note(
                "find_max", rows.isEmpty ? .holds : .contradicts,
                rows.isEmpty ? "\(profile.findMax) unknown ids are answered" : "orders for unknown ids")
        case (.shortWindow, .orders): note("recvwindow_floor", .holds, "answered with a window of \(profile.recvwindowFloorMs) ms")
        case (.stale, .orders):
            for name in ["stale_question", "signature"] { note(name, .contradicts, "answered, though stamped \(staleMs) ms ago") }
        default: break
        }
    }

    private mutating func trusted() {
        for name in ["key", "address"] { note(name, .holds, "a signed question is answered") }
        note("needs_passphrase", .holds, "a signed question is answered")
        note("stamp_margin", .holds, "no fresh stamp was refused")
        if subject.isDemo { note("demo", .holds, "the demo answers the key") } else { note("demo", .notSeen, "the account is not of the demo") }
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
        if profile.needsAccountFacts, facts.group != nil { note("needs_account_facts", .holds, "it tells") }
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
        if profile.quantityUnit != nil { note("quantity_unit", .holds, "nothing in \(rows.count) rows speaks against it") }
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
        if profile.findMax == 1 { note("find_max", .holds, "one is answered") }
    }

    /// The venue answered, and not with what was asked for.
    private mutating func failed(_ why: String) {
        switch stage {
        case .clock(0): stopped = "the venue does not tell the time: \(why)"
        case .markets: note("markets", .contradicts, why)
        case .openOrders: for name in ["open_orders"] + (profile.listsBySymbol ? ["lists_by_symbol"] : []) { note(name, .contradicts, why) }
        case .history: note("history", .contradicts, why)
        case .fills: for name in ["fills", "lists_fills"] { note(name, .contradicts, why) }
        case .unknown: for name in ["unknown_id"] + (profile.saysUnknown ? ["says_unknown"] : []) { note(name, .contradicts, why) }
        case .many: note("find_max", .contradicts, why)
        case .shortWindow: note("recvwindow_floor", .contradicts, why)
        case .stale: for name in ["stale_question", "signature"] { note(name, .notSeen, "refused, in words that do not speak of the stamp: \(why)") }
        case .account: note("account_mode", .notSeen, why)
        case .clock, .stream, .over: break
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
