/// Orders that were closed without the venue's word, on what look-ups did not show: given up, rejected for want of a sign of them, or withdrawn behind a proof;
/// and on a person's word.
///
/// Look-ups may lag further behind than any assumption allows. So such an order is looked for again, a few times and ever more rarely
/// (``Patience/givenUpPauses``), within the venue's memory, over a restart too, and at once where somebody asks for a reconciliation. What the venue shows then
/// holds: the order stands up again with all that was executed of it, and with a break. Nothing is sent for it but questions, and a cancel where it rests: whoever
/// asked for it was told that it is not there.
extension Engine {
    /// An order was closed; without the venue's word it is looked for again. One that was left behind is not here: once the account is back where it is.
    func lookAfter(_ live: LiveOrder, on desk: Desk) {
        guard live.order.isGivenUp, !desk.lookUps.isGivenUp(live.key) else { return }
        if !live.isUnlisted {
            live.isUnlisted = true
            record(.unlisted(live.key, true))
        }
        guard !isLeft(live.order, on: desk) else { return }
        desk.lookUps.lookAfter(live.key)
        lookLater(live, on: desk)
    }

    /// As above, at a start: once soon, then at whatever times are still ahead.
    func lookAfterAgain(_ live: LiveOrder, on desk: Desk) {
        guard !isLeft(live.order, on: desk) else { return }
        let age = max(0, now.wall - (live.order.closedAt ?? now.wall))
        var at: Int64 = 0
        let passed = patience.givenUpPauses.count { pause in
            at += pause
            return at <= age
        }
        // This one comes on top.
        desk.lookUps.lookAfter(live.key, looks: passed - 1)
        ask(live, .givenUp, on: desk, after: .seconds(1))
    }

    private func lookLater(_ live: LiveOrder, on desk: Desk) {
        let isForgotten = desk.access.clock != nil && tooOld(live, on: desk) != nil
        guard let pause = desk.lookUps.nextLook(for: live.key), !isForgotten else { return endLooks(live, on: desk) }
        ask(live, .givenUp, on: desk, after: pause)
    }

    /// It was not found this time either.
    func missedAgain(_ live: LiveOrder, in round: Round, on desk: Desk) {
        desk.lookUps.end(live.key)
        guard desk.lookUps.isGivenUp(live.key) else { return }
        // A round that never began says nothing of when.
        if round.isSingle, round.askedAt > -.farthest, let first = live.firstStampMs, let clock = desk.access.clock {
            live.unseenUs = max(live.unseenUs, clock.middle(at: round.askedAt) - .milliseconds(first))
        }
        desk.lookUps.missedAgain(live.key)
        lookLater(live, on: desk)
    }

    private func endLooks(_ live: LiveOrder, on desk: Desk) {
        guard desk.lookUps.endLooks(for: live.key) else { return }
        if live.isUnlisted, !live.state.isTerminal || !desk.lookUps.fills.isWanted(live.key) {
            live.isUnlisted = false
            record(.unlisted(live.key, false))
        }
        if live.state.isTerminal { closed.append(live) }
    }

    /// The venue shows it after all.
    func standUp(_ live: LiveOrder, by report: OrderReport, _ flight: InFlight, on desk: Desk) {
        standUp(live, by: report, .asked(at: flight.launchedAt), flight, on: desk)
    }

    func standUp(_ live: LiveOrder, by report: OrderReport, _ sight: Sight, _ flight: InFlight?, on desk: Desk) {
        let filled = report.filledQuantity ?? (report.status == .filled ? live.order.quantity : nil) ?? .zero
        if !isConfirmed(live, by: report, filled: filled) {
            if let flight { matters(flight) }
            let word =
                switch report.status {
                case .open, .accepted, .unknown: "open"
                case .partiallyFilled: "partially filled"
                case .filled, .canceled, .expired, .rejected: report.status.rawValue
                }
            let executed = filled.isPositive ? ", with \(filled) executed" : ""
            found(
                .state, of: live, on: desk, venueOrderID: report.venueOrderID,
                detail: "closed here as \(live.state.rawValue) by \(live.order.evidence.rawValue), \(word) at the venue\(executed)")
        }
        rememberUnseen(live, on: desk)
        desk.lookUps.end(live.key)
        if let flight {
            if apply(report, to: live, flight, on: desk) { matters(flight) }
        } else {
            _ = apply(report, to: live, sight, on: desk, evidence: .stream)
        }
        desk.listing.cameToLight(live.key)
        endLooks(live, on: desk)
        if live.state.isLive { cancel([live], actor: .daemon) }
    }

    /// Whether the venue says what the record says.
    private func isConfirmed(_ live: LiveOrder, by report: OrderReport, filled: Decimal) -> Bool {
        guard filled <= live.order.filledQuantity else { return false }
        switch report.status {
        case .rejected: return live.state == .rejected
        case .canceled, .expired: return live.state == .canceled || live.state == .expired
        case .accepted, .open, .partiallyFilled, .filled, .unknown: return false
        }
    }

    // MARK: Reconciliations

    /// Somebody asks for a reconciliation: the newest of them are looked for now.
    ///
    /// - Returns: which.
    func seekGivenUp(on desk: Desk) -> [OrderKey] {
        let sought = Array(desk.lookUps.givenUp.sorted().suffix(patience.soughtMax))
        for key in sought { if let live = desk.book[key] { ask(live, .givenUp, on: desk, after: 0) } }
        return sought
    }

    /// Whether a question for it is due or out.
    func isSought(_ inquiry: Inquiry) -> Bool {
        guard inquiry.reasons.contains(.givenUp) else { return false }
        return inquiry.isAsked || inquiry.isDue || inquiry.nextAt <= now.monotonic
    }

    // MARK: Refusals of what was sent again

    /// The venue refused a further attempt of an order that had been proven absent. That says nothing of the earlier ones: should it be found, look-ups were
    /// wrong about them, for as long as they had not shown it when it was proven absent.
    func mistrustProof(of live: LiveOrder, on desk: Desk) {
        guard live.state == .inDoubt, live.order.absences > 0 else { return }
        live.isOverdue = true
        guard let clock = desk.access.clock, let first = live.firstStampMs, live.provenAt > -.farthest else { return }
        live.unseenUs = max(live.unseenUs, clock.middle(at: live.provenAt) - .milliseconds(first))
    }
}

extension Order {
    /// Closed without the venue's word (by look-ups' silence, or by a person), though a request that carried it may have left.
    package var isGivenUp: Bool {
        guard !evidence.isVenues, attempts > 0 else { return false }
        switch state {
        case .abandoned, .rejected: return true
        case .canceled, .expired: return absences > 0 || evidence == .operator
        case .intended, .submitted, .inDoubt, .acknowledged, .working, .partiallyFilled, .filled, .denied: return false
        }
    }
}
