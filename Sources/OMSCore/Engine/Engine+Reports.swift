/// What the venue's own row of an order changes in it, and its executions.
extension Engine {
    /// Merges what a look-up or listing says of an order. Filled quantity never falls, an older report moves nothing.
    ///
    /// - Returns: whether anything changed.
    @discardableResult
    func apply(_ report: OrderReport, to live: LiveOrder, _ flight: InFlight?, on desk: Desk, evidence: Evidence = .query) -> Bool {
        let request = flight?.plan.id
        live.seenAt = now.monotonic
        // Of an order in doubt any report tells that it is there.
        if let version = report.version, let known = live.version, version < known, live.state != .inDoubt { return false }
        live.version = report.version ?? live.version
        var fields = liftBars(of: live, on: desk)
        if let id = report.venueOrderID, live.order.venueOrderID != id {
            let isOurs = report.clientOrderID == live.order.clientOrderID
            if live.mayBeRenamed, isOurs {
                learn(id, of: live, on: desk)
                fields.insert(.venueOrderID)
            } else if let known = live.order.venueOrderID, isOurs || live.order.predictedIDs.contains(id) {
                let words = "known as \(known), the venue also shows \(id) under this id"
                if found(.duplicateID, of: live, on: desk, venueOrderID: id, detail: words) != nil { lookupsErred(words, by: live, on: desk) }
            }
            if live.order.venueOrderID == nil {
                learn(id, of: live, on: desk)
                fields.insert(.venueOrderID)
            }
        }
        let filledBefore = live.order.filledQuantity
        fields.formUnion(desk.book.merge(report, into: live))
        var next = state(by: report, of: live)
        if live.state.isTerminal, live.order.evidence.isVenues, next != live.state {
            // A late fill of a canceled order counts; another end than the one stated is on record as a contradiction.
            if next.isTerminal {
                found(.contradiction, of: live, on: desk, detail: "\(live.state.rawValue) by the venue's word, now it says \(report.venueState)")
            }
            next = live.state
        }
        guard next != live.state || !fields.isEmpty else { return false }
        let kind: EventKind = next.isTerminal && next != live.state ? .closed : .reported
        change(live, to: next, kind: kind, evidence: evidence, fields: fields, request: request)
        if live.order.filledQuantity > filledBefore { wantFills(live, on: desk) }
        return true
    }

    /// Where the venue's word takes an order.
    private func state(by report: OrderReport, of live: LiveOrder) -> OrderState {
        let hasFill = live.order.filledQuantity.isPositive
        switch report.status {
        case .filled: return .filled
        case .canceled: return .canceled
        case .expired: return .expired
        case .rejected: return .rejected
        case .open: return hasFill ? .partiallyFilled : .working
        case .partiallyFilled: return .partiallyFilled
        case .accepted, .unknown:
            // Found, whatever its word means: no doubt any more.
            if live.state.isLive { return hasFill ? .partiallyFilled : live.state }
            return live.state.isUnsettled || live.order.isGivenUp ? .acknowledged : live.state
        }
    }

    /// It is there: what barred it from being sent again has no meaning any more. Which fields that changes.
    private func liftBars(of live: LiveOrder, on desk: Desk) -> OrderFields {
        let isInferred = live.state.isTerminal && !live.order.evidence.isVenues
        // Whose words they are that it was not there (a proof's, a person's), they were wrong.
        let isGivenUp = (live.state == .abandoned || live.order.evidence == .operator) && live.state.isTerminal && live.order.rejectText != nil
        // Or it counts as placed by a person's word, and comes to light.
        let isHidden = live.state.isLive && !live.order.bars.isDisjoint(with: [.duplicate, .among])
        guard !live.order.bars.isEmpty || isGivenUp, live.state == .inDoubt || isInferred || isHidden else { return [] }
        var fields: OrderFields = []
        if live.order.bars.contains(.refusal) || isGivenUp { fields.formUnion(desk.book.refuse(live, nil, nil)) }
        if desk.breaks[.duplicateID, live.order.clientOrderID]?.detail == Self.duplicateUnseen {
            mended(.duplicateID, of: live, on: desk)
        }
        return fields.union(desk.book.lift(live, live.order.bars))
    }

    // MARK: Fills

    /// Wants an order's executions listed: its filled quantity grew.
    func wantFills(_ live: LiveOrder, on desk: Desk) {
        guard desk.profile.listsFills, live.order.venueOrderID != nil, !isLeft(live.order, on: desk) else { return }
        if live.state.isTerminal, !live.isUnlisted {
            live.isUnlisted = true
            record(.unlisted(live.key, true))
        }
        desk.lookUps.fills.want(live.key)
    }

    /// Not all could be listed: later again, ever more slowly. A venue that goes on answering without them is left alone in the end.
    func wantFillsAgain(_ live: LiveOrder, isAnswered: Bool, on desk: Desk) {
        guard let tries = desk.lookUps.fills.missed(live.key) else { return }
        if isAnswered, tries == patience.turnsMax {
            let words = "the venue lists fewer executions of \(live.order.clientOrderID) than \(live.order.filledQuantity) in all"
            desk.access.say(words)
            found(.loop, of: live, on: desk, detail: words)
        }
        if isAnswered, tries >= patience.fillTriesMax { return restFills(live, on: desk) }
        desk.lanes.putOff(.fills(live.key), until: now.monotonic + patience.fillPauses.pause(after: tries))
    }

    private func restFills(_ live: LiveOrder, on desk: Desk) {
        desk.lookUps.fills.end(live.key)
        // What was given up is looked for on, also by the next process (``endLooks``).
        if live.isUnlisted, !desk.lookUps.isGivenUp(live.key) {
            live.isUnlisted = false
            record(.unlisted(live.key, false))
        }
        if live.state.isTerminal { closed.append(live) }
    }

    func launchFills(_ desk: Desk) -> Bool {
        while let key = desk.lookUps.fills.next() {
            guard let live = desk.book[key] else {
                desk.lookUps.fills.end(key)
                continue
            }
            guard launch(.query(.fills(subject(live, on: desk), page: nil)), on: desk, usesReserve: !waitsToSend(desk)) else { return false }
            desk.lookUps.fills.asked(key)
            return true
        }
        return false
    }

    func filled(_ subject: FindSubject, page: String?, _ fills: [Fill], next: String?, _ flight: InFlight, on desk: Desk) {
        ended(.executions, on: desk)
        guard let live = desk.book[subject.order] else { return }
        guard var known = try? journal.tradeIDs(of: live.key) else { return wantFillsAgain(live, isAnswered: false, on: desk) }
        let own = fills.filter { $0.venueOrderID == live.order.venueOrderID }
        let sum = desk.lookUps.fills.listed(own, of: live.key, isFirst: page == nil)
        for fill in own {
            // Pages may name an execution twice; it happened once.
            guard known.insert(fill.tradeID).inserted else { continue }
            matters(flight)
            record(
                .fill(
                    live.key, desk.id, live.order.clientOrderID, fill,
                    event(
                        .filled, evidence: .query, request: flight.plan.id, actor: .venue,
                        note: "\(fill.quantity) at \(fill.price), trade \(fill.tradeID)")))
        }
        // All of it is here: what a further page could hold would show in the order's own figure first, and be asked for then.
        let isWhole = sum == live.order.filledQuantity
        if sum > live.order.filledQuantity {
            let fields = desk.book.execute(live, sum)
            // A late fill of a canceled order counts; the state stands.
            change(live, to: live.state, kind: .reported, evidence: .query, fields: fields, request: flight.plan.id)
        }
        if let next, !isWhole {
            if !launch(.query(.fills(subject, page: next)), on: desk, usesReserve: true) { wantFillsAgain(live, isAnswered: false, on: desk) }
        } else if sum < live.order.filledQuantity {
            wantFillsAgain(live, isAnswered: true, on: desk)
        } else {
            mended(.loop, of: live, on: desk)
            restFills(live, on: desk)
        }
    }
}
