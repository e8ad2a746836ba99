/// What the venue's own row of an order changes in it, and its executions.
extension Engine {
    /// Merges what a look-up or listing says of an order. Filled quantity never falls, an older report moves nothing.
    ///
    /// - Returns: whether anything changed.
    @discardableResult
    func apply(_ report: OrderReport, to live: LiveOrder, _ flight: InFlight, on desk: Desk) -> Bool {
        let before = live.state
        guard let merged = apply(report, to: live, .asked(at: flight.launchedAt), on: desk, evidence: .query, request: flight.plan.id) else {
            return false
        }
        // A push would have told of it, sooner or later; where one did just now, this look came of it.
        let isHeard = (live.pushed?.heardAt ?? .min) > now.monotonic - patience.pushUs
        if !isHeard, merged.hasGrown || (before != live.state && live.state.isTerminal) { desk.stream.polled(live.key, at: now.monotonic) }
        return true
    }

    /// The same of any report.
    ///
    /// - Returns: what it came to, if anything changed.
    func apply(
        _ report: OrderReport, to live: LiveOrder, _ sight: Sight, on desk: Desk, evidence: Evidence, request: RequestID? = nil
    ) -> Merged? {
        live.seenAt = now.monotonic
        // What of it is on record already is no growth.
        if report.tellsMore(than: live.order) { _ = recallFills(of: live, on: desk) }
        guard let merged = desk.book.apply(report, to: live, sight) else { return nil }
        if merged.isUnbarred, desk.breaks[.duplicateID, live.order.clientOrderID]?.detail == Self.duplicateUnseen {
            mended(.duplicateID, of: live, on: desk)
        }
        if let id = merged.other, let known = live.order.venueOrderID {
            let words = "known as \(known), the venue also shows \(id) under this id"
            if found(.duplicateID, of: live, on: desk, venueOrderID: id, detail: words) != nil { lookupsErred(words, by: live, on: desk) }
        }
        if merged.isContradiction {
            // Another end than the one stated stands in the record, and moves nothing.
            found(
                .contradiction, of: live, on: desk,
                detail: "\(live.state.rawValue) by the venue's word, now it says \(report.venueState)")
        }
        guard merged.isNews(to: live.state) else { return nil }
        let kind: EventKind = merged.next.isTerminal && merged.next != live.state ? .closed : .reported
        change(live, to: merged.next, kind: kind, evidence: evidence, fields: merged.fields, request: request)
        if merged.hasGrown { wantFills(live, on: desk) }
        return merged
    }

    // MARK: Fills

    /// Has the executions on record read, where they are not in memory.
    ///
    /// - Returns: false: the journal could not be read, nothing can be booked, and this turn is never committed.
    func recallFills(of live: LiveOrder, on desk: Desk) -> Bool {
        guard live.trades == nil else { return true }
        guard let known = readOrStop({ () throws(JournalError) in try recall.fills(of: live.key) }) else { return false }
        desk.book.recall(known, of: live)
        return true
    }

    /// Puts an execution on record, once for ever, whoever tells of it; only after ``recallFills(of:on:)``.
    ///
    /// - Returns: whether anything was written.
    func book(_ fill: Fill, of live: LiveOrder, on desk: Desk, evidence: Evidence, request: RequestID?) -> Bool {
        switch desk.book.book(fill, of: live) {
        case .new:
            record(
                .fill(
                    live.key, desk.id, live.order.clientOrderID, fill,
                    event(
                        .filled, evidence: evidence, request: request, actor: .venue,
                        note: "\(fill.quantity) at \(fill.price), trade \(fill.tradeID)")))
            return true
        case .known: return false
        case .differs(let known):
            let (was, told) = ("\(known.quantity) at \(known.price)", "\(fill.quantity) at \(fill.price)")
            let words = "trade \(fill.tradeID) is on record as \(was), now the venue says \(told)"
            return found(.contradiction, of: live, on: desk, detail: words) != nil
        }
    }

    /// Wants an order's executions listed: its filled quantity grew.
    func wantFills(_ live: LiveOrder, on desk: Desk) {
        guard desk.profile.listsFills, live.order.venueOrderID != nil, !isLeft(live.order, on: desk) else { return }
        if live.pushed?.hasFills == true, live.booked == live.order.filledQuantity { return }
        if live.state.isTerminal, !live.isUnlisted {
            live.isUnlisted = true
            record(.unlisted(live.key, true))
        }
        guard desk.stream.isLive, !desk.lookUps.fills.isWanted(live.key) else { return desk.lookUps.fills.want(live.key) }
        // More of it may trade at once, and rows may be on their way by the stream.
        desk.lookUps.fills.wantLater(live.key)
        desk.lanes.putOff(.fills(live.key), until: now.monotonic + patience.fillGatheringUs)
        wake(at: now.monotonic + patience.fillGatheringUs)
    }

    /// Pushes may have told all of it by now: then nothing is left to list.
    func fillsMayBeWhole(of live: LiveOrder, on desk: Desk) {
        guard desk.lookUps.fills.isIdle(live.key), live.booked == live.order.filledQuantity else { return }
        restFills(live, on: desk)
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
            guard launch(.query(.fills(subject(live, on: desk), page: nil)), on: desk, usesReserve: !isReserveKept(desk)) else { return false }
            desk.lookUps.fills.asked(key)
            return true
        }
        return false
    }

    /// More than there can be of an order, with what is on record; nil: it is not.
    private func excess(_ rows: [Fill], of live: LiveOrder) -> String? {
        guard let asked = live.order.terms.quantity else { return nil }
        var new: [TradeID: Decimal] = [:]
        for row in rows where live.trades?[row.tradeID] == nil { new[row.tradeID] = row.quantity }
        guard let sum = new.values.reduce(live.booked as Decimal?, { sum, more in sum.flatMap { $0.adding(more) } }) else {
            return "more than can be counted"
        }
        return new.isEmpty ? nil : excess(sum, of: max(asked, live.order.quantity ?? asked), live)
    }

    func filled(_ subject: FindSubject, page: String?, _ fills: [Fill], next: String?, _ flight: InFlight, on desk: Desk) {
        ended(.executions, on: desk)
        guard let live = desk.book[subject.order] else { return }
        guard recallFills(of: live, on: desk) else { return wantFillsAgain(live, isAnswered: false, on: desk) }
        let own = fills.filter { $0.venueOrderID == live.order.venueOrderID }
        if let what = excess(own, of: live) {
            // No evidence of anything: which of the rows is wrong, nobody can say.
            found(.contradiction, of: live, on: desk, detail: "the venue lists \(what) as its executions")
            matters(flight)
            return wantFillsAgain(live, isAnswered: true, on: desk)
        }
        let sum = desk.lookUps.fills.listed(own, of: live.key, isFirst: page == nil)
        for fill in own where book(fill, of: live, on: desk, evidence: .query, request: flight.plan.id) { matters(flight) }
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
