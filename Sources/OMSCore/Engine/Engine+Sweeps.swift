/// Listings of what rests at the venue: begun and sent here, and each row brought to the order that it is of. When one is due and how far it is: ``Listing``.
extension Engine {
    func wantsHistory(_ desk: Desk) -> Bool {
        desk.listing.wantsHistory(doubts: desk.book.doubts.count, visibilityUs: .milliseconds(desk.profile.visibilityDelayMs), in: turn)
    }

    func launchSweepPage(_ desk: Desk) -> Bool {
        if desk.listing.sweep == nil {
            let isDue = desk.listing.isDue(at: now.monotonic) || wantsHistory(desk) || wantsConfirmation(desk)
            guard isDue || wantsRepeatListing(desk) else {
                desk.listing.awaitTime(in: turn)
                return false
            }
            begin(desk, isForRepeats: !isDue)
        }
        guard let sweep = desk.listing.sweep, !sweep.isAsked else { return false }
        // While orders wait to be sent, looking after those that rest takes a fifth of the time at most.
        if desk.listing.hasReconciled, sweep.waiters.isEmpty, desk.kill == nil, desk.lanes.hasPlaces, now.monotonic < sweep.nextPageAt {
            wake(at: sweep.nextPageAt)
            return false
        }
        let isPaced = sweep.isForRepeats && !desk.listing.isAwaited && desk.kill == nil && desk.book.doubts.count <= patience.bulkDoubts
        if isPaced, !mayRepeat(charges(of: .query(.openOrders(symbol: nil, page: nil)), on: desk)) { return false }
        // A venue that lists by symbol, and no symbol yet: there is nothing to list.
        guard !sweep.symbols.isEmpty else {
            finish(desk)
            return false
        }
        let query = sweep.query
        let isUrgent = !desk.listing.hasReconciled || !desk.book.doubts.isEmpty || desk.kill != nil || confirmsByListing(desk)
        guard launch(.query(query), on: desk, usesReserve: isUrgent || !isReserveKept(desk)) else { return false }
        if isPaced { repeated(.query(query), on: desk) }
        desk.listing.asked(at: now.monotonic)
        return true
    }

    private func begin(_ desk: Desk, isForRepeats: Bool) {
        let listing = desk.listing
        let doubts = desk.book.doubts.compactMap { desk.book[$0] }.filter { !isLeft($0.order, on: desk) }
        // A single doubt is looked up by itself; history is read where there are many, or where it is the first look after a start.
        // Where ids do not follow their formula it is what an order in doubt is found by.
        let wantsEnds = desk.lookUps.isFormulaBroken && doubts.contains { $0.order.parkedAt == nil || listing.isAwaited } || listing.wantsEnds
        let confirmsSince = confirmationStart(desk)
        let areMany = doubts.count > patience.bulkDoubts
        // Wherever we hold or ever used orders, also where the market seems to be gone: what it does not answer for is looked up one by one.
        let symbols: [Symbol?] = desk.profile.listsBySymbol ? listing.symbols.sorted() : [nil]
        var sweep = Sweep(
            withHistory: areMany || wantsEnds || (!listing.hasReconciled && !doubts.isEmpty) || confirmsSince != nil,
            sinceMs: [historyStart(doubts, on: desk), confirmsSince].compactMap { $0 }.min() ?? 0, symbols: symbols, startedAt: now.monotonic,
            round: desk.access.time.beginRound(isSingle: false, at: now.monotonic), account: desk.id)
        sweep.isForConfirmation = confirmsSince != nil && !areMany && !wantsEnds && listing.hasReconciled
        sweep.isForRepeats = isForRepeats
        listing.begin(sweep)
    }

    /// From when on a listing of history must tell: before the first request with an order in doubt, milliseconds of the venue's clock.
    private func historyStart(_ doubts: [LiveOrder], on desk: Desk) -> Int64? {
        guard let first = doubts.map({ $0.order.wireTime ?? $0.order.intendedAt / 1_000 }).min() else { return nil }
        // A stamp is of the venue's clock, as measured: the order is younger than it but for the error. Where a listing can prove absence, or the time is
        // this machine's, a minute stands between; elsewhere it would only be pages, some hundred a second of it at full rate, and a start waits for them.
        let isSure = !desk.profile.listingProvesAbsence && doubts.allSatisfy { $0.order.wireTime != nil && !isSuspect($0) }
        return max(0, first - (isSure ? 5_000 : 60_000))
    }

    func listed(_ reports: [OrderReport], next: String?, unreadable rows: [UnreadableRow], _ flight: InFlight, on desk: Desk) {
        let listing = desk.listing
        guard let phase = listing.sweep?.phase else { return }
        if let reason = listing.pageCame(at: now.monotonic) { return abandonSweep(desk, reason) }
        for report in reports {
            if phase == .open { listing.showedOpen() }
            var known = live(for: report, on: desk)
            switch known == nil ? namesake(report, on: desk) : .nobody {
            case .nobody: break
            case .surely(let live):
                // An attempt that is not on record (a restored backup) says nothing of the formula.
                if !isSuspect(live) { breakFormula(of: desk, request: flight.plan.id) }
                known = live
            case .perhaps(let live):
                listing.provesNothing()
                found(
                    .contradiction, of: live, on: desk, venueOrderID: report.venueOrderID,
                    detail: "the venue lists what was asked under an id that ends as those of several orders in doubt would")
                continue
            }
            if let live = known, live.order.isGivenUp, contradiction(of: report, with: live, on: desk) == nil {
                if phase == .open { listing.saw(live.key) }
                listing.adopted(fromDoubt: false)
                standUp(live, by: report, flight, on: desk)
            } else if let live = known {
                // Under computed ids one that was found before is not compared again: it may have been changed since.
                let isFirstSight = live.state == .inDoubt || live.order.isGivenUp
                if let what = isFirstSight ? contradiction(of: report, with: live, on: desk) : excess(report, of: live) {
                    // Under its id, and another order: neither found nor absent.
                    listing.provesNothing()
                    found(
                        .contradiction, of: live, on: desk, venueOrderID: report.venueOrderID,
                        detail: "the venue lists \(what) under an id of this order")
                    continue
                }
                let wasInDoubt = live.state == .inDoubt
                if phase == .open { listing.saw(live.key) }
                let isOurs = report.venueOrderID == nil || live.order.venueOrderID == nil || live.order.venueOrderID == report.venueOrderID
                if isOurs || phase == .open {
                    if apply(report, to: live, flight, on: desk) { matters(flight) }
                    mended(.missingThere, of: live, on: desk)
                    if wasInDoubt, live.state != .inDoubt { listing.adopted(fromDoubt: true) }
                    afterListing(live, on: desk, askedAt: flight.launchedAt)
                }
            } else if phase == .open {
                do throws(JournalError) { try stranger(report, flight, on: desk) } catch {
                    // What cannot be looked up here must not be taken for somebody else's.
                    return abandonSweep(desk, error.description)
                }
            }
        }
        do throws(JournalError) {
            // What was read stands; what was not may be anything.
            if let reason = try unreadable(rows, flight, on: desk) { return abandonSweep(desk, reason) }
        } catch { return abandonSweep(desk, error.description) }
        if listing.turn(to: next, cancelsTaken: desk.confirmations.taken.count) { finish(desk) }
    }

    /// What a listing settles of an order's questions.
    private func afterListing(_ live: LiveOrder, on desk: Desk, askedAt: Int64) {
        guard !live.state.isTerminal else { return }
        desk.lookUps.settle([.doubt, .missing, .venueID], of: live.key)
        guard !live.commands.isEmpty else { return }
        judgeCommands(of: live, on: desk, askedAt: askedAt)
        // What is sent again is not looked at before its answer.
        if desk.lookUps[live.key]?.isAsked == false, !desk.confirmations.lookedFor.contains(live.key) { rest(live, on: desk) }
    }

    /// The order in memory that a row is of.
    func live(for report: OrderReport, on desk: Desk) -> LiveOrder? {
        if let id = report.clientOrderID, let live = names[id], live.order.account == desk.id, !isLeft(live.order, on: desk) { return live }
        return report.venueOrderID.flatMap { desk.book[$0] }
    }
}
