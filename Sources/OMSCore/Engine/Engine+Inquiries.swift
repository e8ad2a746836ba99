/// Questions about single orders: wanted, put in their lane, asked, and what their answers say of the order.
extension Engine {
    // MARK: Asking

    /// Wants an order looked up. Reasons add up; the earliest time holds.
    func ask(_ live: LiveOrder, _ reasons: Inquiry.Reasons, on desk: Desk, after delayUs: Int64) {
        guard !live.state.isTerminal || reasons == .givenUp, !isLeft(live.order, on: desk) else { return }
        desk.lookUps.want(live.key, reasons, at: now.monotonic + delayUs, situation(of: live))
    }

    /// Brings what has become due back to where it waits for its turn: look-ups, and what the venue had put off.
    func ripen(_ desk: Desk) {
        desk.lookUps.ripen(in: turn) { desk.book[$0].map { situation(of: $0) } }
        while let item = desk.lanes.popPutOff(at: now.monotonic) {
            switch item {
            case .order(let key): if let live = desk.book[key] { requeue([live], on: desk) }
            case .command(let id): if let command = commands[id], let live = desk.book[command.order] { pursue(id, of: live, on: desk) }
            case .outcome(let key): if let live = desk.book[key] { outcomeKnown(of: live, on: desk) }
            case .fills(let key): desk.lookUps.fills.wantAgain(key)
            }
        }
        if let next = desk.lanes.nextPutOff { wake(at: next) }
    }

    func again(_ live: LiveOrder, on desk: Desk, after delayUs: Int64) { desk.lookUps.again(live.key, at: now.monotonic + max(delayUs, 1)) }

    /// How an order stands, as far as it matters to who is looked up first.
    func situation(of live: LiveOrder) -> Inquiry.Situation {
        Inquiry.Situation(state: live.state, isLookedAtAgain: !live.commands.isEmpty && isLookedAtAgain(live))
    }

    /// Whether commands of it wait to be seen, and for each of them it was looked at before.
    private func isLookedAtAgain(_ live: LiveOrder) -> Bool {
        var isAsked = false
        for id in live.commands {
            guard let command = commands[id], command.state == .acknowledged || command.state == .inDoubt else { continue }
            guard commands.watch(id)?.isLookedAtAgain ?? false else { return false }
            isAsked = true
        }
        return isAsked
    }

    /// Whether an order was looked at before for the same command's sake, and stood as it stands.
    func isRepeated(_ live: LiveOrder, _ inquiry: Inquiry) -> Bool {
        inquiry.isRepeated(situation(of: live), looksAtOnce: patience.looksAtOnce)
    }

    /// Where many orders are in doubt: how long a single look-up for this one would be wasted, microseconds; nil: it is worth asking.
    private func leftToListings(_ live: LiveOrder, _ inquiry: Inquiry, on desk: Desk) -> Int64? {
        if isLeftToConfirmation(live, inquiry, on: desk) {
            if isRepeated(live, inquiry) { desk.listing.wantRepeats() } else { desk.listing.wantConfirming() }
            return patience.listingUs
        }
        guard inquiry.reasons == .doubt, desk.profile.findMax == 1, desk.book.doubts.count > patience.bulkDoubts, desk.listing.failures == 0,
            !inquiry.wantsSingle, live.order.parkedAt == nil, live.order.wireTime != nil, let venueNow = desk.access.clock?.low(at: now.monotonic)
        else { return nil }
        // What has arrived is listed; of what has not, no answer before the fence says anything.
        let fence = fence(of: live, on: desk)
        if venueNow < fence { return fence - venueNow }
        guard desk.profile.listingProvesAbsence else { return nil }
        if let delay = awaitsClock(live, on: desk) { return delay }
        desk.listing.wantHistory()
        return patience.listingUs
    }

    func launchFind(_ desk: Desk, _ lane: InquiryLane) -> Bool {
        if lane != .urgent, desk.profile.findMax == 1, desk.book.doubts.count > patience.bulkDoubts,
            wantsHistory(desk) || desk.listing.sweep?.withHistory == true
        {
            return false
        }
        let usesReserve = lane != .routine && lane != .late || !isReserveKept(desk)
        guard desk.lookUps.hasDue(lane) else { return false }
        // Steps may fall under budgets of their own: one that is used up holds back its own questions alone.
        let steps = Set((0..<desk.profile.findSteps).filter { mayAsk($0, lane, usesReserve: usesReserve, on: desk) })
        guard !steps.isEmpty else { return false }
        let taken = desk.lookUps.take(
            lane, steps: steps, mostIDs: desk.profile.findIDsMax, round: desk.access.time.beginRound(isSingle: true, at: now.monotonic),
            most: { mostAsked($0, lane, usesReserve: usesReserve, on: desk) }
        ) { key, inquiry in desk.book[key].map { offer($0, inquiry, lane, usesReserve: usesReserve, on: desk) } }
        guard let (step, orders) = taken else { return false }
        let lives = orders.compactMap { desk.book[$0] }
        let subjects = lives.map { live in
            var subject = subject(live, on: desk, byVenueID: !live.mayBeRenamed)
            subject.page = desk.lookUps[live.key]?.page
            return subject
        }
        let concernsDoubt = lives.contains { $0.state == .inDoubt }
        let question = RequestPlan.Content.query(.find(subjects, step: step))
        if launch(question, on: desk, as: urgency(of: lane, usesReserve: usesReserve), usesReserve: usesReserve, isJournaled: concernsDoubt) {
            if lane.isPaced { repeated(question, on: desk) }
            return true
        }
        let delay = awaitsPart(question, isWhole: true, usesReserve: usesReserve, on: desk) ?? .milliseconds(10)
        for live in lives { again(live, on: desk, after: delay) }
        return false
    }

    /// Whether an order whose turn has come is worth asking about now, and by how many ids.
    private func offer(_ live: LiveOrder, _ inquiry: Inquiry, _ lane: InquiryLane, usesReserve: Bool, on desk: Desk) -> LookUps.Offer {
        func later(_ delayUs: Int64) -> LookUps.Offer { .later(at: now.monotonic + max(delayUs, 1)) }
        if let delay = leftToListings(live, inquiry, on: desk) ?? (lane == .urgent ? nil : awaitsClock(live, on: desk)) { return later(delay) }
        let ownIDs = live.possibleIDs
        if desk.profile.looksUpByVenueID, ownIDs.isEmpty, live.order.venueOrderID == nil {
            // There is nothing to ask by: a person decides.
            park(live, Self.namelessThere, on: desk)
            if live.state.isLive { giveWay(of: live, because: Self.namelessThere) }
            return later(pause(live, on: desk))
        }
        // Behind those of markets that have room; and a step's later pages may lie in another listing, which has a limit of its own.
        if desk.hasDividedBudgets || inquiry.page != nil {
            var subject = subject(live, on: desk, byVenueID: !live.mayBeRenamed)
            subject.page = inquiry.page
            let question = RequestPlan.Content.query(.find([subject], step: inquiry.step))
            if let delay = awaitsPart(question, isWhole: inquiry.page != nil, usesReserve: usesReserve, on: desk) { return later(delay) }
        }
        return .ask(ids: max(1, ownIDs.count + (live.order.venueOrderID.map { ownIDs.contains($0) ? 0 : 1 } ?? 0)))
    }

    /// Whether a look-up's step may be asked now; else asks to be called when it may.
    private func mayAsk(_ step: Int, _ lane: InquiryLane, usesReserve: Bool, on desk: Desk) -> Bool {
        let charges = charges(of: .query(.find([], step: step)), on: desk)
        let urgency = urgency(of: lane, usesReserve: usesReserve)
        return (!lane.isPaced || mayRepeat(charges)) && mayTake(charges, as: urgency, on: desk, usesReserve: usesReserve)
    }

    /// What a cancel waits for does not wait for places, be they ever so due.
    private func urgency(of lane: InquiryLane, usesReserve: Bool) -> Claims.Urgency { lane == .urgent ? .first : usesReserve ? .asking : .last }

    private func mostAsked(_ step: Int, _ lane: InquiryLane, usesReserve: Bool, on desk: Desk) -> Int {
        let charges = charges(of: .query(.find([], step: step)), on: desk)
        let most = most(desk.profile.findMax, charges, usesReserve: usesReserve)
        return lane.isPaced ? min(most, limiter.mostRepeated(charges)) : most
    }

    func subject(_ live: LiveOrder, on desk: Desk, byVenueID: Bool = true) -> FindSubject {
        let first = live.order.wireTime ?? desk.access.clock.map { $0.middle(at: now.monotonic - (now.wall - live.order.intendedAt)) / 1_000 }
        var subject = FindSubject(
            order: live.key, clientOrderID: live.order.clientOrderID, venueOrderID: byVenueID ? live.order.venueOrderID : nil,
            predictedIDs: live.possibleIDs, terms: live.order.terms, sinceMs: since(first ?? live.order.intendedAt / 1_000, on: desk))
        if !isSuspect(live) { subject.stampedMs = live.order.wireTime }
        return subject
    }

    /// The start of a history window: an hour before the first attempt, less where the venue tells of nothing that old, and never behind the attempt: a window
    /// that does not hold it is the adapter's to refuse.
    private func since(_ firstMs: Int64, on desk: Desk) -> Int64 {
        let oldest = (desk.access.clock?.low(at: now.monotonic) ?? now.wall) / 1_000 - memoryMs(of: desk)
        return max(0, firstMs - 3_600_000, min(firstMs - 60_000, oldest))
    }

    private static let namelessThere = "no attempt of it has an id to ask by"

    // MARK: Hearing

    /// - Parameter isLost: no answer came, or none that says anything: else it says something of this order that says neither that it is there nor that it is not.
    func unanswered(_ subject: FindSubject, isLost: Bool = false, on desk: Desk) {
        guard let live = desk.book[subject.order], desk.lookUps[live.key] != nil else { return }
        if isLost, let count = desk.lookUps.goOnAgain(live.key) {
            park(live, on: desk)
            return again(live, on: desk, after: live.order.parkedAt == nil ? patience.unansweredPauses.pause(after: count) : pause(live, on: desk))
        }
        let silences = desk.lookUps.unanswered(live.key)
        park(live, on: desk)
        let symbol = live.order.terms.symbol
        if live.state.isLive, silences > 1, desk.access.markets.isGone(symbol) {
            // It may never be answered: a person should know, and nobody wait for it.
            found(
                .missingThere, of: live, on: desk,
                detail: "\(live.state.rawValue) here; its market \(symbol) is gone, and the venue does not tell its fate")
            giveWay(of: live, because: "its market \(symbol) is gone, and the venue does not tell the order's fate")
            return again(live, on: desk, after: patience.parkedUs)
        }
        if silences >= patience.turnsMax { giveWay(of: live, because: "look-ups of the order go unanswered") }
        // Not by how many questions were answered before: one answer that is lost among many would cost a doubt the longest pause.
        let wait = patience.unansweredPauses.pause(after: silences)
        again(live, on: desk, after: live.order.parkedAt == nil ? wait : pause(live, on: desk))
    }

    /// - Parameters:
    ///   - next: the page that follows; only behind the last one is absent what no page had.
    ///   - unreadable: rows that stood beside the reports.
    func lookedUp(
        _ subjects: [FindSubject], step: Int, _ reports: [OrderReport], next: String?, _ unreadable: [UnreadableRow], _ flight: InFlight,
        on desk: Desk
    ) {
        for subject in subjects {
            guard let live = desk.book[subject.order] else { continue }
            let own = reports.filter { $0.bearsID(of: subject) }
            let believed = own.filter { contradiction(of: $0, with: live, on: desk) == nil }
            if let report = best(of: believed, for: live, on: desk) {
                present(live, report, flight, on: desk)
            } else if let odd = own.first, let what = contradiction(of: odd, with: live, on: desk) {
                // Under its id, and another order: neither found nor absent.
                found(.contradiction, of: live, on: desk, venueOrderID: odd.venueOrderID, detail: "the venue shows \(what) under an id of this order")
                unanswered(subject, on: desk)
            } else if let row = unreadable.first(where: { mayBe($0, live, on: desk) }) {
                desk.access.say("a row of an answer that may be ours cannot be read: \(row.problem)")
                unanswered(subject, on: desk)
            } else if let next {
                if !desk.lookUps.goOn(live.key, at: next, situation(of: live)) { unanswered(self.subject(live, on: desk), on: desk) }
            } else if let round = desk.lookUps.stepEnded(live.key, step, of: desk.profile.findSteps, situation(of: live)) {
                absent(live, in: round, request: flight.plan.id, on: desk)
            }
        }
    }

    /// Of several venue orders under one id the one with fills, else the one known, else the first; more than one is a break.
    private func best(of reports: [OrderReport], for live: LiveOrder, on desk: Desk) -> OrderReport? {
        // A row that only tells of a refused request under the order's id says nothing where the order itself stands beside it.
        let telling = reports.filter { $0.status != .unknown }
        let reports = telling.isEmpty ? reports : telling
        let ids = Set(reports.compactMap(\.venueOrderID))
        // Under its former ids a changed order is canceled and unfilled.
        let present = reports.filter { $0.status != .canceled || ($0.filledQuantity ?? .zero).isPositive }
        if live.mayBeRenamed, ids.count > 1, present.count <= 1 {
            return present.first ?? reports.first { $0.venueOrderID == live.order.venueOrderID } ?? reports.first
        }
        if ids.count > 1 {
            let names = ids.map(\.text).sorted().joined(separator: ", ")
            let words = "the venue holds several orders under this id: \(names)"
            // It was sent again although it was there.
            if found(.duplicateID, of: live, on: desk, detail: words) != nil { lookupsErred(words, by: live, on: desk) }
        }
        let filled = reports.first { ($0.filledQuantity ?? .zero).isPositive }
        let chosen = filled ?? reports.first { $0.venueOrderID == live.order.venueOrderID && $0.venueOrderID != nil } ?? reports.first
        guard ids.count > 1, let keep = chosen?.venueOrderID else { return chosen }
        for report in reports where report.venueOrderID != keep && [.open, .accepted, .partiallyFilled].contains(report.status) {
            guard let id = report.venueOrderID else { continue }
            wantGone(CancelTicket(unwanted: id, clientOrderID: live.order.clientOrderID, terms: live.order.terms), on: desk)
        }
        return chosen
    }

    private func present(_ live: LiveOrder, _ report: OrderReport, _ flight: InFlight, on desk: Desk) {
        if live.order.isGivenUp { return standUp(live, by: report, flight, on: desk) }
        desk.lookUps.present(live.key)
        if apply(report, to: live, flight, on: desk) { matters(flight) }
        mended(.missingThere, of: live, on: desk)
        guard !live.state.isTerminal else { return }
        desk.lookUps.answer([.doubt, .missing, .venueID], of: live.key)
        judgeCommands(of: live, on: desk, askedAt: flight.launchedAt)
        rest(live, on: desk)
    }

    /// Ends an inquiry that has nothing more to ask, or sets its next time.
    func rest(_ live: LiveOrder, on desk: Desk) {
        guard desk.lookUps[live.key] != nil else { return }
        let open = live.commands.compactMap { commands[$0] }
        func asks(_ kind: CommandKind) -> Bool { open.contains { $0.kind == kind && ($0.state == .acknowledged || $0.state == .inDoubt) } }
        var answered: Inquiry.Reasons = []
        if !asks(.cancel) { answered.insert(.cancel) }
        if !asks(.modify) { answered.insert(.modify) }
        let lacksID = live.order.venueOrderID == nil && !desk.profile.cancelsByClientID
        guard let inquiry = desk.lookUps.rest(live.key, answered: answered, more: lacksID ? .venueID : []) else { return }
        again(live, on: desk, after: restPause(live, inquiry, on: desk))
    }

    /// Acknowledged, and neither listed nor found: never sent again; on record after two rounds.
    func missing(_ live: LiveOrder, on desk: Desk) {
        guard let inquiry = desk.lookUps[live.key] else { return }
        // Asked for its end alone, right behind its receipt: it may not be visible yet.
        if inquiry.reasons == .outcome { return again(live, on: desk, after: patience.outcomePauses.pause(after: inquiry.tries)) }
        let rounds = desk.lookUps.missed(live.key)
        if rounds == patience.missingRounds {
            found(.missingThere, of: live, on: desk, detail: "\(live.state.rawValue) here; the venue lists it nowhere")
            unconfirmed(live, on: desk)
            giveWay(of: live, because: "the venue lists the order nowhere")
        }
        again(live, on: desk, after: rounds < patience.missingRounds ? max(desk.lookUps.visibilityUs, .milliseconds(250)) : patience.missingUs)
    }
}
