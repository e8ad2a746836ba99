/// Questions about single orders: wanted, put in their lane, asked, and what their answers say of the order.
extension Engine {
    // MARK: Asking

    /// Wants an order looked up. Reasons add up; the earliest time holds.
    func ask(_ live: LiveOrder, _ reasons: Inquiry.Reasons, on desk: Desk, after delayUs: Int64) {
        guard !live.state.isTerminal || reasons == .givenUp, !isLeft(live.order, on: desk) else { return }
        let at = now.monotonic + delayUs
        var inquiry = live.inquiry ?? Inquiry(reasons: reasons, nextAt: at, startedAt: now.monotonic)
        let before = lane(of: live, inquiry)
        if !inquiry.reasons.isSuperset(of: reasons) { inquiry.tries = 0 }
        inquiry.reasons.formUnion(reasons)
        inquiry.nextAt = min(inquiry.nextAt, at)
        let lane = lane(of: live, inquiry)
        if inquiry.isDue, lane < before { desk.inquiries[lane.rawValue].append(live.key) }
        live.inquiry = inquiry
        if !inquiry.isAsked, !inquiry.isDue { desk.inquiryTimers.add(live.key, at: inquiry.nextAt) }
    }

    /// Moves inquiries whose time has come into their lanes.
    func ripen(_ desk: Desk) {
        while let key = desk.inquiryTimers.popDue(at: now.monotonic) {
            guard let live = desk.orders[key], var inquiry = live.inquiry, !inquiry.isAsked, !inquiry.isDue, inquiry.nextAt <= now.monotonic else {
                continue
            }
            inquiry.isDue = true
            live.inquiry = inquiry
            desk.inquiries[lane(of: live, inquiry).rawValue].append(key)
        }
        if let next = desk.inquiryTimers.nextAt { wake(at: next) }
        while let item = desk.lanes.popPutOff(at: now.monotonic) {
            switch item {
            case .order(let key): if let live = desk.orders[key] { requeue([live], on: desk) }
            case .command(let id): if let command = commands[id], let live = desk.orders[command.order] { pursue(id, of: live, on: desk) }
            case .outcome(let key): if let live = desk.orders[key] { outcomeKnown(of: live) }
            case .fills(let key): if let live = desk.orders[key], live.wantsFills, !live.isAskingFills { desk.fillsWanted.append(key) }
            }
        }
        if let next = desk.lanes.nextPutOff { wake(at: next) }
    }

    func again(_ live: LiveOrder, on desk: Desk, after delayUs: Int64) {
        guard var inquiry = live.inquiry else { return }
        (inquiry.isAsked, inquiry.isDue) = (false, false)
        inquiry.nextAt = now.monotonic + max(delayUs, 1)
        live.inquiry = inquiry
        desk.inquiryTimers.add(live.key, at: inquiry.nextAt)
    }

    /// Where many orders are in doubt: how long a single look-up for this one would be wasted, microseconds; nil: it is worth asking.
    private func leftToListings(_ live: LiveOrder, _ inquiry: Inquiry, on desk: Desk) -> Int64? {
        if isLeftToConfirmation(live, inquiry, on: desk) {
            if isRepeated(live, inquiry) { desk.listing.wantRepeats() } else { desk.listing.wantConfirming() }
            return patience.listingUs
        }
        guard inquiry.reasons == .doubt, desk.profile.findMax == 1, desk.doubts.count > patience.bulkDoubts, desk.listing.failures == 0,
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

    private func lane(of live: LiveOrder, _ inquiry: Inquiry) -> InquiryLane {
        if live.state.isTerminal { return .late }
        if isRepeated(live, inquiry) { return .repeated }
        if inquiry.reasons.contains(.cancel) { return .urgent }
        return live.state == .inDoubt || !inquiry.reasons.isDisjoint(with: [.doubt, .modify]) ? .doubt : .routine
    }

    func launchFind(_ desk: Desk, _ lane: InquiryLane) -> Bool {
        if lane != .urgent, desk.profile.findMax == 1, desk.doubts.count > patience.bulkDoubts,
            wantsHistory(desk) || desk.listing.sweep?.withHistory == true
        {
            return false
        }
        var queue = desk.inquiries[lane.rawValue]
        let usesReserve = lane != .routine && lane != .late || !waitsToSend(desk)
        guard !queue.isEmpty else { return false }
        // Steps may fall under budgets of their own: one that is used up holds back its own questions alone.
        let steps = Set((0..<desk.profile.findSteps).filter { mayAsk($0, lane, usesReserve: usesReserve, on: desk) })
        guard !steps.isEmpty else { return false }
        var subjects: [FindSubject] = []
        var step: Int?
        var later: [OrderKey] = []
        var ids = 0
        var most = desk.profile.findMax
        var concernsDoubt = false
        while subjects.count < most, let key = queue.popFirst() {
            guard let live = desk.orders[key], var inquiry = live.inquiry, inquiry.isDue, !inquiry.isAsked else { continue }
            if let delay = leftToListings(live, inquiry, on: desk) ?? (lane == .urgent ? nil : awaitsClock(live, on: desk)) {
                again(live, on: desk, after: delay)
                continue
            }
            let ownIDs = live.possibleIDs
            if desk.profile.looksUpByVenueID, ownIDs.isEmpty, live.order.venueOrderID == nil {
                // There is nothing to ask by: a person decides.
                park(live, Self.namelessThere, on: desk)
                if live.state.isLive { giveWay(of: live, because: Self.namelessThere) }
                again(live, on: desk, after: pause(live, on: desk))
                continue
            }
            let count = max(1, ownIDs.count + (live.order.venueOrderID.map { ownIDs.contains($0) ? 0 : 1 } ?? 0))
            guard steps.contains(inquiry.step), step == nil || (step == inquiry.step && ids + count <= desk.profile.findIDsMax) else {
                later.append(key)
                if later.count > 100 { break }
                continue
            }
            if step == nil { most = self.most(most, charges(of: .query(.find([], step: inquiry.step)), on: desk), usesReserve: usesReserve) }
            step = inquiry.step
            ids += count
            inquiry.isAsked = true
            inquiry.isDue = false
            inquiry.tries += 1
            if inquiry.step == 0, inquiry.page == nil { inquiry.round = desk.access.time.beginRound(isSingle: true, at: now.monotonic) }
            inquiry.provenAt = nil
            live.inquiry = inquiry
            concernsDoubt = concernsDoubt || live.state == .inDoubt
            var subject = subject(live, on: desk, byVenueID: !live.mayBeRenamed)
            subject.page = inquiry.page
            subjects.append(subject)
        }
        queue.prepend(later)
        desk.inquiries[lane.rawValue] = queue
        guard let step, !subjects.isEmpty else { return false }
        if launch(.query(.find(subjects, step: step)), on: desk, usesReserve: usesReserve, isJournaled: concernsDoubt) {
            if lane.isPaced { limiter.repeated(charges(of: .query(.find([], step: step)), on: desk), at: now.monotonic) }
            return true
        }
        for subject in subjects { if let live = desk.orders[subject.order] { again(live, on: desk, after: .milliseconds(10)) } }
        return false
    }

    /// Whether a look-up's step may be asked now; else asks to be called when it may.
    private func mayAsk(_ step: Int, _ lane: InquiryLane, usesReserve: Bool, on desk: Desk) -> Bool {
        let charges = charges(of: .query(.find([], step: step)), on: desk)
        return (!lane.isPaced || mayRepeat(charges)) && mayTake(charges, as: usesReserve ? .asking : .last, on: desk, usesReserve: usesReserve)
    }

    func subject(_ live: LiveOrder, on desk: Desk, byVenueID: Bool = true) -> FindSubject {
        let first = live.order.wireTime ?? desk.access.clock.map { $0.middle(at: now.monotonic - (now.wall - live.order.intendedAt)) / 1_000 }
        var subject = FindSubject(
            order: live.key, clientOrderID: live.order.clientOrderID, venueOrderID: byVenueID ? live.order.venueOrderID : nil,
            predictedIDs: live.possibleIDs, terms: live.order.terms, sinceMs: since(first ?? live.order.intendedAt / 1_000, on: desk))
        if !isSuspect(live) { subject.stampedMs = live.order.wireTime }
        return subject
    }

    /// The start of a history window: an hour before the first attempt, and within what venues still tell of (Bitget: 90 days).
    private func since(_ firstMs: Int64, on desk: Desk) -> Int64 {
        let oldest = (desk.access.clock?.low(at: now.monotonic) ?? now.wall) / 1_000 - 80 * 86_400_000
        return max(0, firstMs - 3_600_000, oldest)
    }

    private static let namelessThere = "no attempt of it has an id to ask by"

    // MARK: Hearing

    func unanswered(_ subject: FindSubject, on desk: Desk) {
        guard let live = desk.orders[subject.order], let inquiry = live.inquiry else { return }
        live.inquiry?.begin(step: 0)
        park(live, on: desk)
        let symbol = live.order.terms.symbol
        if live.state.isLive, inquiry.tries > 1, desk.access.markets.isGone(symbol) {
            // It may never be answered: a person should know, and nobody wait for it.
            found(
                .missingThere, of: live, on: desk,
                detail: "\(live.state.rawValue) here; its market \(symbol) is gone, and the venue does not tell its fate")
            giveWay(of: live, because: "its market \(symbol) is gone, and the venue does not tell the order's fate")
            return again(live, on: desk, after: patience.parkedUs)
        }
        if inquiry.tries >= Backoff.turnsMax { giveWay(of: live, because: "look-ups of the order go unanswered") }
        let wait = patience.unansweredPauses.pause(after: inquiry.tries)
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
            guard let live = desk.orders[subject.order] else { continue }
            let own = reports.filter { report in
                if let id = report.clientOrderID, id == subject.clientOrderID { return true }
                guard let id = report.venueOrderID else { return false }
                return id == subject.venueOrderID || subject.predictedIDs.contains(id)
            }
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
                goOn(live, at: next, on: desk)
            } else if live.inquiry != nil {
                absent(live, step: step, flight, on: desk)
            }
        }
    }

    /// The step's answer has a further page.
    private func goOn(_ live: LiveOrder, at page: String, on desk: Desk) {
        guard var inquiry = live.inquiry, inquiry.isAsked else { return }
        inquiry.pages += 1
        // A cursor that runs in circles says nothing of what it does not hold.
        guard inquiry.pages < patience.findPagesMax else { return unanswered(subject(live, on: desk), on: desk) }
        inquiry.page = page
        inquiry.isAsked = false
        inquiry.isDue = true
        live.inquiry = inquiry
        desk.inquiries[lane(of: live, inquiry).rawValue].prepend([live.key])
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
        for report in reports where report.venueOrderID != keep && (report.status == .open || report.status == .accepted) {
            guard let id = report.venueOrderID else { continue }
            wantGone(CancelTicket(unwanted: id, clientOrderID: live.order.clientOrderID, terms: live.order.terms), on: desk)
        }
        return chosen
    }

    private func present(_ live: LiveOrder, _ report: OrderReport, _ flight: InFlight, on desk: Desk) {
        if live.order.isGivenUp { return standUp(live, by: report, flight, on: desk) }
        live.inquiry?.isAsked = false
        live.inquiry?.begin(step: 0)
        live.inquiry?.absentRounds = 0
        live.inquiry?.isLeftOver = false
        if apply(report, to: live, flight, on: desk) { matters(flight) }
        mended(.missingThere, of: live, on: desk)
        guard !live.state.isTerminal else { return }
        live.inquiry?.reasons.subtract([.doubt, .missing, .venueID])
        judgeCommands(of: live, on: desk, askedAt: flight.launchedAt)
        rest(live, on: desk)
    }

    /// Ends an inquiry that has nothing more to ask, or sets its next time.
    func rest(_ live: LiveOrder, on desk: Desk) {
        guard var inquiry = live.inquiry else { return }
        let open = live.commands.compactMap { commands[$0] }
        func asks(_ kind: CommandKind) -> Bool { open.contains { $0.kind == kind && ($0.state == .acknowledged || $0.state == .inDoubt) } }
        if !asks(.cancel) { inquiry.reasons.remove(.cancel) }
        if !asks(.modify) { inquiry.reasons.remove(.modify) }
        if live.order.venueOrderID == nil, !desk.profile.cancelsByClientID { inquiry.reasons.insert(.venueID) }
        if inquiry.reasons.isEmpty {
            live.inquiry = nil
        } else {
            live.inquiry = inquiry
            again(live, on: desk, after: restPause(live, inquiry, on: desk))
        }
    }

    private func absent(_ live: LiveOrder, step: Int, _ flight: InFlight, on desk: Desk) {
        // An answer to a question of an inquiry that ended meanwhile begins no round of the one that took its place: that one did not ask it.
        guard var inquiry = live.inquiry, inquiry.isAsked else { return }
        if step + 1 < desk.profile.findSteps {
            inquiry.begin(step: step + 1)
            inquiry.isAsked = false
            inquiry.isDue = true
            live.inquiry = inquiry
            desk.inquiries[lane(of: live, inquiry).rawValue].prepend([live.key])
            return
        }
        live.inquiry?.begin(step: 0)
        live.inquiry?.isAsked = false
        absent(live, in: inquiry.round, request: flight.plan.id, on: desk)
    }

    /// Acknowledged, and neither listed nor found: never sent again; on record after two rounds.
    func missing(_ live: LiveOrder, on desk: Desk) {
        guard var inquiry = live.inquiry else { return }
        // Asked for its end alone, right behind its receipt: it may not be visible yet.
        if inquiry.reasons == .outcome { return again(live, on: desk, after: patience.outcomePauses.pause(after: inquiry.tries)) }
        inquiry.absentRounds += 1
        live.inquiry = inquiry
        if inquiry.absentRounds == patience.missingRounds {
            found(.missingThere, of: live, on: desk, detail: "\(live.state.rawValue) here; the venue lists it nowhere")
            unconfirmed(live, on: desk)
            giveWay(of: live, because: "the venue lists the order nowhere")
        }
        again(
            live, on: desk,
            after: inquiry.absentRounds < patience.missingRounds ? max(visibilityUs(desk), .milliseconds(250)) : .seconds(60))
    }
}
