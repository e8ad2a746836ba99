/// Ends of requests: answered, lost or never sent, and what the answer to a place says of each of its orders.
extension Engine {
    // MARK: Ends of requests

    func answered(_ id: RequestID, _ answer: VenueAnswer, sentAt: Moment, lastByteAt: Moment) {
        guard let flight = land(id), let desk = desk(flight.plan.account) else { return }
        limiter.release(flight.grips, readAt: lastByteAt.monotonic, in: turn)
        desk.access.answered()
        desk.access.heard(answer, isClockSet: isClockSet, in: turn, otherwise: { repeatWords(of: desk) })
        heed(answer, flight, sentAt: sentAt.monotonic, on: desk)
        if let why = answer.contradicts { settle(desk.access.contradicted(why), on: desk) }
        var tally = Tally()
        switch flight.plan.content {
        case .place(let tickets, _): placed(tickets, answer.places, in: flight, answer, on: desk, tally: &tally)
        case .mixed(let places, let cancels, _):
            placed(places, answer.places, in: flight, answer, on: desk, tally: &tally)
            canceled(cancels, answer.cancels, in: flight, on: desk, tally: &tally)
        case .cancel(let tickets): canceled(tickets, answer.cancels, in: flight, on: desk, tally: &tally)
        case .modify(let tickets): modified(tickets, answer.modifies, in: flight, on: desk, tally: &tally)
        case .query(let query):
            told(query, answer, flight, sentAt: sentAt, lastByteAt: lastByteAt, on: desk)
            if case .failed = answer.query { tally.doubts += 1 } else { tally.acknowledged += 1 }
        }
        if answer.breaksIDFormula { breakFormula(of: desk, request: id) }
        if !answer.foreignIDs.isEmpty {
            let names = answer.foreignIDs.prefix(5).joined(separator: ", ")
            let words = "an answer named orders that its request did not carry: \(names)"
            desk.access.say(words)
            record(.note(account: desk.id, nil, event(.note, request: id, note: words)))
        }
        end(id, flight, outcome: tally.outcome) { end in
            (end.sentAt, end.answeredAt) = (sentAt.wall, lastByteAt.wall)
            (end.httpStatus, end.venueCode) = (answer.httpStatus, answer.venueCode)
        }
    }

    func lost(_ id: RequestID, reason: String, sentAt: Moment, resetAt: Moment) {
        guard let flight = land(id), let desk = desk(flight.plan.account) else { return }
        limiter.abandon(flight.grips, resetAt: resetAt.monotonic, holdUs: .milliseconds(desk.setup.holdUnansweredMs), in: turn)
        desk.access.unheard(reason)
        desk.access.say(reason)
        var tally = Tally()
        let doubt = ItemOutcome.inDoubt(reason)
        spread(doubt, over: flight, on: desk, tally: &tally)
        if case .query(let query) = flight.plan.content { failed(query, reason, flight, on: desk) }
        end(id, flight, outcome: .inDoubt) { $0.sentAt = sentAt.wall }
    }

    func notSent(_ id: RequestID, reason: String) {
        guard let flight = land(id), let desk = desk(flight.plan.account) else { return }
        limiter.release(flight.grips, readAt: nil, in: turn)
        // What merely came too late to its own deadline says nothing of the venue.
        if !carriesLate(flight, on: desk) {
            desk.access.unsent(reason, using: &random, in: turn)
            desk.listing.read(by: desk.access.reach.backoffUntil)
        }
        func unsend(_ orders: [PlaceTicket]) {
            let lives = orders.compactMap { desk.book[$0.order] }
            for live in lives {
                let fields = desk.book.unsend(live)
                desk.resent.ended(live.key)
                if live.state == .submitted {
                    change(live, to: .intended, kind: .requeued, evidence: .local, fields: fields, request: id, note: "not sent: \(reason)")
                } else {
                    // An earlier attempt of it was seen meanwhile.
                    change(
                        live, to: live.state, kind: .reported, evidence: live.order.evidence, fields: fields, request: id, note: "not sent: \(reason)"
                    )
                }
                followUp(live, on: desk)
            }
            requeue(lives.filter { $0.state == .intended }, on: desk)
        }
        func unsend(_ ids: [CommandID]) {
            for command in ids where commands[command] != nil {
                commands.unsend(command)
                change(command, to: .requested, evidence: .local, request: id, note: "not sent: \(reason)")
                if let live = commands[command].flatMap({ desk.book[$0.order] }) { pursue(command, of: live, on: desk) }
            }
        }
        switch flight.plan.content {
        case .place(let tickets, _): unsend(tickets)
        case .mixed(let places, let cancels, _):
            unsend(places)
            unsend(cancels.map(\.command))
        case .cancel(let tickets): unsend(tickets.map(\.command))
        case .modify(let tickets): unsend(tickets.map(\.command))
        case .query(let query): failed(query, reason, flight, on: desk)
        }
        end(id, flight, outcome: .notSent) { _ in }
    }

    private func carriesLate(_ flight: InFlight, on desk: Desk) -> Bool {
        switch flight.plan.content {
        case .place(let tickets, _), .mixed(let tickets, _, _): tickets.contains { desk.book[$0.order].map { isLate($0, on: desk) } ?? false }
        case .modify(let tickets): tickets.contains { commands[$0.command]?.expiresAt.map { $0 <= now.wall } ?? false }
        case .cancel, .query: false
        }
    }

    private func land(_ id: RequestID) -> InFlight? {
        guard let flight = inFlight.removeValue(forKey: id) else { return nil }
        if let desk = desk(flight.plan.account) {
            desk.access.landed(flight.plan)
            desk.lanes.landedOnLast(id)
            if flight.plan.isRoutine { desk.lanes.routineLanded() }
        }
        return flight
    }

    private func end(_ id: RequestID, _ flight: InFlight, outcome: RequestOutcome, _ fill: (inout RequestEnd) -> Void) {
        let matters = flight.isJournaled || turn.isWrittenLate(id)
        guard matters else { return }
        var end = RequestEnd(id: id, outcome: outcome)
        fill(&end)
        record(.requestEnded(end))
        // The row changes in place: what it said is kept here.
        var facts = [JournalEvent.Fact("kind", flight.plan.kind.rawValue), .init("items", Int64(flight.plan.items))]
        if let status = end.httpStatus { facts.append(.init("http_status", Int64(status))) }
        if let code = end.venueCode { facts.append(.init("venue_code", code)) }
        let evidence: Evidence = end.answeredAt == nil ? .local : flight.plan.kind == .lookup ? .query : .response
        record(
            .note(
                account: flight.plan.account, nil, event(.request, evidence: evidence, request: id, state: outcome.rawValue, facts: facts)))
    }

    /// A look-up that left without a row changed something: it gets one.
    func matters(_ flight: InFlight) {
        if !flight.isJournaled { turn.writeLate(flight.plan.id) }
    }

    /// What the items of a request came to.
    struct Tally {
        var acknowledged = 0
        var refused = 0
        var doubts = 0

        var outcome: RequestOutcome {
            if doubts > 0, acknowledged == 0, refused == 0 { return .inDoubt }
            if refused == 0, doubts == 0 { return .acknowledged }
            if acknowledged == 0, doubts == 0 { return .refused }
            return .partial
        }

        mutating func count(_ outcome: ItemOutcome) {
            switch outcome {
            case .acknowledged: acknowledged += 1
            case .refused, .notExecuted, .gone: refused += 1
            case .duplicate, .oneIsDuplicate, .inDoubt, .refusedUnlessFound: doubts += 1
            }
        }
    }

    private func spread(_ outcome: ItemOutcome, over flight: InFlight, on desk: Desk, tally: inout Tally) {
        let answer = VenueAnswer(httpStatus: 0, disposition: .inDoubt)
        func same(_ count: Int) -> [ItemOutcome] { Array(repeating: outcome, count: count) }
        switch flight.plan.content {
        case .place(let tickets, _): placed(tickets, same(tickets.count), in: flight, answer, on: desk, tally: &tally)
        case .mixed(let places, let cancels, _):
            placed(places, same(places.count), in: flight, answer, on: desk, tally: &tally)
            canceled(cancels, same(cancels.count), in: flight, on: desk, tally: &tally)
        case .cancel(let tickets): canceled(tickets, same(tickets.count), in: flight, on: desk, tally: &tally)
        case .modify(let tickets): modified(tickets, same(tickets.count), in: flight, on: desk, tally: &tally)
        case .query: break
        }
    }

    // MARK: What an answer says of the account

    private func heed(_ answer: VenueAnswer, _ flight: InFlight, sentAt: Int64, on desk: Desk) {
        let words = [answer.venueCode, answer.venueText].compactMap { $0 }.joined(separator: " ")
        func inFull() -> String { "HTTP \(answer.httpStatus)" + (words.isEmpty ? "" : " " + words) }
        for word in answer.limits {
            guard let row = limiter.believe(word, of: flight.grips, in: turn) else { continue }
            let note = "the venue allows \(row.learned ?? row.permits) permits of \(row.name) in \(row.windowMs) ms, \(row.permits) are configured"
            record(.note(account: desk.id, nil, event(.note, evidence: .response, request: flight.plan.id, actor: .venue, note: note)))
        }
        switch answer.disposition {
        case .answered:
            desk.access.trusted(flight.plan)
            if flight.plan.isSigned { ended(.timestamps, on: desk) }
            let items = answer.places + answer.cancels + answer.modifies
            refusedForRate(items, in: flight, on: desk)
            if let refused = items.first(where: { $0.isNotExecuted(.halted) }) {
                let said = [words, refused.said].filter { !$0.isEmpty }.joined(separator: " ")
                desk.access.say("the venue says item by item that key, account or region may not trade \(said)")
                setState(.halted, of: desk, reason: "venue: items refused: key, account or region may not trade", actor: .venue)
            }
        case .rateLimited(let retryAfterMs):
            limiter.punish(flight.grips, retryAfterUs: retryAfterMs.map { .milliseconds($0) }, at: now)
            let told = "rate limited by the venue (\(inFull())): another program uses this limit, or it was lowered"
            desk.access.say(told)
            record(.note(account: desk.id, nil, event(.note, evidence: .response, request: flight.plan.id, actor: .venue, note: told)))
            found(.limit, of: nil, on: desk, detail: "a 429 below our own count: somebody else uses this limit")
        case .busy(let retryAfterMs):
            // No word about the rate: nobody is blamed for it, and nothing is taken from the share.
            limiter.punish(flight.grips, retryAfterUs: retryAfterMs.map { .milliseconds($0) }, keepsShare: true, at: now)
            desk.access.say("the venue says that it is busy (HTTP \(answer.httpStatus)\(words.isEmpty ? "" : " " + words))")
        case .clockRefused:
            desk.access.clockRefused(words)
            // At once the first time; a venue that refuses each new measurement, too, is asked ever later.
            let pause = turned(.timestamps, on: desk, "refused (\(words)) though newly measured")
            if desk.loops[.timestamps]?.count ?? 0 > 1 { desk.access.prepareLater(pause: pause, in: turn) }
        case .maintenance:
            desk.access.closed(words, in: turn)
        case .halted:
            desk.access.say("refused by the venue: \(words)")
            desk.access.refused(flight.plan, sentAt: sentAt, in: turn)
            // The preparations' own answer says the same; only what the account does to orders halts it.
            if flight.plan.kind != .lookup, !flight.plan.isCountdown { setState(.halted, of: desk, reason: "venue: \(words)", actor: .venue) }
        case .shutOut(let forMs):
            // Slowly back afterwards, as after any refusal for the rate.
            limiter.punish(flight.grips, retryAfterUs: nil, isShutOut: true, at: now)
            settle(desk.access.shutOut(forMs: forMs, words: inFull(), request: flight.plan.id, in: turn), on: desk)
        case .inDoubt:
            desk.access.say(inFull())
        }
    }

    /// Items of an answer that is good as a whole were refused for the rate. Where the venue counts items that is its word on that limit; elsewhere no limit
    /// of ours was passed, and the items only go back.
    private func refusedForRate(_ items: [ItemOutcome], in flight: InFlight, on desk: Desk) {
        let charges = charges(of: flight.plan.content, on: desk)
        guard charges.contains(where: { $0.perItem > 0 }), let refused = items.first(where: { $0.isNotExecuted(.rateLimited) }) else { return }
        limiter.punishItems(flight.grips, charges, at: now)
        let count = items.count { $0.isNotExecuted(.rateLimited) }
        let told = "rate limited by the venue, \(count) of \(items.count) orders (\(refused.said)): another one uses this limit, or it was lowered"
        desk.access.say(told)
        record(.note(account: desk.id, nil, event(.note, evidence: .response, request: flight.plan.id, actor: .venue, note: told)))
        found(.limit, of: nil, on: desk, detail: "orders refused for the rate below our own count: somebody else uses this limit")
    }

    // MARK: Items

    private func placed(
        _ tickets: [PlaceTicket], _ outcomes: [ItemOutcome], in flight: InFlight, _ answer: VenueAnswer, on desk: Desk, tally: inout Tally
    ) {
        let request = flight.plan.id
        var again: [LiveOrder] = []
        for (ticket, outcome) in zip(tickets, outcomes) {
            tally.count(outcome)
            if case .acknowledged(let id?, _) = outcome, let predicted = ticket.predictedID, id != predicted {
                breakFormula(of: desk, request: request)
            }
            guard let live = desk.book[ticket.order] else { continue }
            live.seenAt = now.monotonic
            if live.state != .submitted {
                overtaken(live, by: outcome, request: request, on: desk)
                if !outcome.isOpen { resendEnded(of: live, on: desk) }
                continue
            }
            if !outcome.isOpen { desk.resent.ended(live.key) }
            switch outcome {
            case .acknowledged(let venueID, let word):
                learn(venueID, of: live, on: desk)
                var fields: OrderFields = venueID == nil && word == nil ? [] : .venueOrderID
                if let word { fields.formUnion(desk.book.say(word, of: live)) }
                fields.formUnion(desk.book.forgetWords(of: live))
                change(live, to: .acknowledged, kind: .acknowledged, evidence: .response, fields: fields, request: request)
                if live.order.venueOrderID == nil, !desk.profile.cancelsByClientID { ask(live, .venueID, on: desk, after: patience.receiptUs) }
                // What trades at once is asked about now; what rests is seen by the next listing.
                awaitOutcome(of: live, forUs: .milliseconds(desk.setup.reconcileIntervalMs), on: desk)
            case .refused(let code, let text) where live.order.absences == 0:
                let fields = desk.book.refuse(live, code, text)
                change(live, to: .rejected, kind: .rejected, evidence: .response, fields: fields, request: request, note: text)
                desk.access.doubtMarkets(in: turn)
            case .notExecuted(let why, let said):
                if case .sibling(offenderNamed: false) = why { live.batchCap = max(1, tickets.count / 2) }
                if let id = ticket.predictedID { desk.book.unbear(id, of: live) }
                let fields = said.map { desk.book.refuse(live, $0.code, $0.text) } ?? []
                let words = Self.words(why, said ?? VenueWords(code: answer.venueCode ?? "", text: answer.venueText ?? ""))
                change(live, to: .intended, kind: .requeued, evidence: .response, fields: fields, request: request, note: words)
                // Refused for the request as a whole, the account waits; for the item alone, the item does.
                if answer.disposition == .answered, Self.isPutOff(why) {
                    putOff(live, on: desk, words)
                } else {
                    again.append(live)
                }
            case .duplicate(let code, let text):
                let fields = desk.book.bar(live, .duplicate)
                doubt(live, on: desk, request: request, fields: fields, note: "the venue holds or held an order of this id: \(code) \(text)")
                lookupsErred("the venue calls \(live.order.clientOrderID) a duplicate, which look-ups do not show", by: live, on: desk)
            case .oneIsDuplicate(let code, let text):
                let fields = desk.book.bar(live, .among)
                let words = "the venue holds or held an order of an id of this request, and does not say which: \(code) \(text)"
                doubt(live, on: desk, request: request, fields: fields, note: words)
                lookupsErred("the venue calls an order of request \(request) a duplicate, which look-ups do not show", by: nil, on: desk)
            case .refusedUnlessFound(let code, let text), .refused(let code, let text):
                // Whatever it is refused for, that says nothing of an earlier attempt, which only look-ups did not show.
                let fields = desk.book.bar(live, .refusal).union(desk.book.refuse(live, code, text))
                doubt(live, on: desk, request: request, fields: fields, note: "refused, unless it is there: \(code) \(text)")
                mistrustProof(of: live, on: desk)
            case .gone(let code, let text):
                doubt(live, on: desk, request: request, note: "\(code) \(text)")
            case .inDoubt(let reason, let said):
                // Silence takes no words back: the last that the venue said are kept, whatever becomes of the order.
                doubt(live, on: desk, request: request, fields: said.map { desk.book.refuse(live, $0.code, $0.text) } ?? [], note: reason)
            }
            followUp(live, on: desk)
        }
        requeue(again, on: desk)
    }

    /// A look-up or a push was faster than the answer: what it saw stands, and an answer that does not go with it is a break.
    private func overtaken(_ live: LiveOrder, by outcome: ItemOutcome, request: RequestID, on desk: Desk) {
        if case .acknowledged(let venueID?, _) = outcome, live.order.venueOrderID == nil {
            let fields = desk.book.learn(venueID, of: live)
            return change(live, to: live.state, kind: .reported, evidence: live.order.evidence, fields: fields, request: request)
        }
        if case .acknowledged(let twin?, _) = outcome, live.order.absences > 0, !live.mayBeRenamed, let known = live.order.venueOrderID, twin != known
        {
            return isTwice(live.order, known: known, twin, on: desk)
        }
        guard let words = contradiction(of: outcome, with: live) else { return }
        let who = live.order.evidence == .stream ? "a push" : "look-up"
        found(.contradiction, of: live, on: desk, detail: "\(live.state.rawValue) by \(who), the answer said \(words)")
        ask(live, .missing, on: desk, after: patience.receiptUs)
    }

    /// What an answer says that is not as the order was seen before it; nil: nothing.
    private func contradiction(of outcome: ItemOutcome, with live: LiveOrder) -> String? {
        let isSeen = live.state.isLive || live.state.isTerminal && live.order.evidence.isVenues
        switch outcome {
        case .acknowledged(let id?, _):
            // A changed order may bear another id by now.
            guard !live.mayBeRenamed, let known = live.order.venueOrderID, known != id else { return nil }
            return "order \(id), it is known as \(known)"
        case .refused(let code, let text): return isSeen && live.state != .rejected ? "refused: \(code) \(text)" : nil
        case .notExecuted(_, let said): return isSeen ? "not executed: \([said?.code, said?.text].compactMap { $0 }.joined(separator: " "))" : nil
        // A receipt without an id, and what leaves open whether it is there.
        case .acknowledged, .gone, .duplicate, .oneIsDuplicate, .inDoubt, .refusedUnlessFound: return nil
        }
    }

    private static func isPutOff(_ why: NotExecuted) -> Bool {
        switch why {
        case .rateLimited, .maintenance, .halted, .clock: true
        case .sibling: false
        }
    }

    private static func words(_ why: NotExecuted, _ said: VenueWords) -> String {
        let venue = [said.code, said.text].compactMap { $0 }.joined(separator: " ")
        return switch why {
        case .rateLimited: "not executed: rate limited \(venue)"
        case .clock: "not executed: timestamp refused \(venue)"
        case .sibling: "not executed: another order of the batch was refused"
        case .maintenance: "not executed: maintenance \(venue)"
        case .halted: "not executed: \(venue)"
        }
    }

    private func doubt(_ live: LiveOrder, on desk: Desk, request: RequestID, fields: OrderFields = [], note: String) {
        change(live, to: .inDoubt, kind: .inDoubt, evidence: .inferred, fields: fields, request: request, note: note)
        guard live.state == .inDoubt else { return }
        desk.listing.orderFellIntoDoubt(at: now.monotonic)
        ask(live, .doubt, on: desk, after: patience.firstLookUs)
    }

    /// Commands that waited for the order's fate.
    func followUp(_ live: LiveOrder, on desk: Desk) {
        for id in live.commands where commands[id]?.state == .requested { pursue(id, of: live, on: desk) }
    }

    func learn(_ venueID: VenueOrderID?, of live: LiveOrder, on desk: Desk) {
        guard let venueID, live.order.venueOrderID != venueID else { return }
        desk.book.learn(venueID, of: live)
    }
}

extension ItemOutcome {
    /// It leaves open whether the request was taken, or still will be.
    fileprivate var isOpen: Bool {
        switch self {
        // Also where the venue says that it is too busy, or that it took too long: it may come to it yet.
        case .inDoubt, .refusedUnlessFound, .gone: true
        case .acknowledged, .refused, .notExecuted, .duplicate, .oneIsDuplicate: false
        }
    }

    /// The venue's words for an item that was surely not executed; empty: it gave none.
    fileprivate var said: String {
        guard case .notExecuted(_, let said) = self else { return "" }
        return [said?.code, said?.text].compactMap { $0 }.joined(separator: " ")
    }
}
