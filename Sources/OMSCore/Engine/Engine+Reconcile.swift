/// What a whole listing settles, and what is done where there is none.
extension Engine {
    /// Every page was had.
    func finish(_ desk: Desk) {
        guard var sweep = desk.sweep else { return }
        desk.sweep = nil
        desk.sweepFailures = 0
        mended(.unreadable, on: desk)
        if sweep.withHistory, sweep.provesAbsence { (desk.endsListedAt, desk.wantsEnds) = (sweep.startedAt, false) }
        if sweep.withHistory {
            desk.historySweptAt = sweep.startedAt
            // Half of the time is for single look-ups.
            desk.nextHistoryAt = max(sweep.startedAt + patience.historyUs, now.monotonic + (now.monotonic - sweep.startedAt))
        }
        // A listing that takes long is not begun again at once: it may take a fifth of the time.
        desk.nextSweepAt = now.monotonic + max(.milliseconds(desk.setup.reconcileIntervalMs), 4 * (now.monotonic - sweep.startedAt))
        // One that asked nothing is no sign of life.
        if sweep.hasAsked { desk.lastReconcileAt = now.wall }
        desk.hasReconciled = true
        let visibility = Int64.milliseconds(desk.profile.visibilityDelayMs)
        var pending: Set<OrderKey> = []
        for key in desk.book.elements {
            guard let live = desk.orders[key] else { continue }
            if isLeft(live.order, on: desk) { continue }
            if live.state.isLive {
                sweep.summary.journalOpen += 1
                // Not listed, and known long enough to be: its fate is asked for. At once where somebody waits for it, or where it showed before.
                let isOverdue = live.seenAt < sweep.startedAt - visibility
                let isWanted = !sweep.waiters.isEmpty || live.state != .acknowledged
                if !sweep.seen.contains(key), isOverdue || (isWanted && live.seenAt <= sweep.startedAt) {
                    ask(live, .missing, on: desk, after: 0)
                    pending.insert(key)
                }
            } else if live.state == .inDoubt {
                judge(live, by: sweep, on: desk)
            }
        }
        closeWhatIsGone(sweep, on: desk)
        confirmed(by: sweep, on: desk)
        guard !sweep.waiters.isEmpty else { return }
        pending.formUnion(seekGivenUp(on: desk))
        desk.reconciliations.append(Reconciliation(waiters: sweep.waiters, summary: sweep.summary, pending: pending, startedAt: now.monotonic))
    }

    /// Ends the breaks of rows that a whole listing does not show any more.
    private func closeWhatIsGone(_ sweep: Sweep, on desk: Desk) {
        let gone = desk.externals.filter { id, _ in
            guard !sweep.externals.contains(id) else { return false }
            // Of a market that was not listed nothing is gone.
            return sweep.unlisted.isEmpty || desk.externalSymbols[id].map { !sweep.unlisted.contains($0) } ?? false
        }
        for (id, broken) in gone.sorted(by: { $0.value < $1.value }) {
            mended(broken)
            ended(.external(id), on: desk)
        }
        for (subject, broken) in desk.accountBreaks.sorted(by: { $0.value < $1.value }) {
            let isGone =
                switch subject.kind {
                case .identity: !subject.name.isEmpty && subject.name != Self.leftSubject && !sweep.mixed.contains(AccountID(subject.name))
                case .unreadable: !subject.name.isEmpty && !sweep.unreadable.contains(subject.name)
                default: false
                }
            if isGone { mended(broken) }
        }
        desk.strangers.formIntersection(sweep.externals)
        desk.externalSymbols = desk.externalSymbols.filter { sweep.externals.contains($0.key) || desk.externals[$0.key] != nil }
    }

    /// Answers reconciliations whose questions are all answered, or go unanswered for too long: with what was found, and every difference that stands.
    func endReconciliations(_ desk: Desk) {
        giveUpWaiting(desk)
        guard !desk.reconciliations.isEmpty else { return }
        desk.reconciliations.removeAll { reconciliation in
            let isAsking = reconciliation.pending.contains { key in
                guard let live = desk.orders[key], let inquiry = live.inquiry else { return false }
                if isSought(live) { return true }
                return inquiry.reasons.contains(.missing) && inquiry.absentRounds < patience.missingRounds
                    && desk.orderBreaks[live.order.clientOrderID]?[.missingThere] == nil
            }
            var summary = reconciliation.summary
            if isAsking {
                let since = max(reconciliation.startedAt, desk.access.reach.progressAt)
                guard now.monotonic - since >= patience.reconcileUs else {
                    wake(at: since + patience.reconcileUs)
                    return false
                }
                summary.error = summary.error ?? "orders that were not listed could not be looked up: \(troubles(of: desk))"
            }
            answer(reconciliation.waiters, summary, on: desk)
            return true
        }
    }

    private func answer(_ waiters: [SweepWaiter], _ summary: ReconcileSummary, on desk: Desk) {
        var summary = summary
        summary.breaks = standingBreaks(of: desk)
        for waiter in waiters { reply(.reconciled(summary), to: waiter.ticket) }
    }

    /// Who waits for a listing that goes on without any progress is told what is known.
    private func giveUpWaiting(_ desk: Desk) {
        guard !desk.sweepWaiters.isEmpty || !(desk.sweep?.waiters.isEmpty ?? true) else { return }
        func isPatient(_ waiter: SweepWaiter) -> Bool {
            let since = max(waiter.askedAt, desk.access.reach.progressAt)
            guard now.monotonic - since >= patience.reconcileUs else {
                wake(at: since + patience.reconcileUs)
                return true
            }
            return false
        }
        var summary = desk.sweep?.summary ?? ReconcileSummary(account: desk.id)
        summary.journalOpen = desk.openCount
        summary.error = "the venue was not listed: \(troubles(of: desk))"
        let given = (desk.sweepWaiters + (desk.sweep?.waiters ?? [])).filter { !isPatient($0) }
        guard !given.isEmpty else { return }
        let tickets = Set(given.map(\.ticket))
        desk.sweepWaiters.removeAll { tickets.contains($0.ticket) }
        desk.sweep?.waiters.removeAll { tickets.contains($0.ticket) }
        answer(given, summary, on: desk)
    }

    // MARK: Listings that fail

    /// The venue did not list. Of a market that it does not know any more that is no wonder: the others are listed, and its orders looked up one by one.
    func listingFailed(_ symbol: Symbol?, _ reason: String, on desk: Desk) {
        guard var sweep = desk.sweep, let symbol, desk.access.markets.lacks(symbol)
        else { return abandonSweep(desk, reason) }
        sweep.isAsked = false
        sweep.unlisted.insert(symbol)
        advance(&sweep, next: nil)
        desk.sweep = sweep
        if sweep.symbol >= sweep.symbols.count { finish(desk) }
    }

    /// A page that could not be had: the sweep begins anew later. What it did not list is not absent. Time and again: the account is not ready, orders are
    /// looked up one by one, and whoever waits is answered with what is known.
    func abandonSweep(_ desk: Desk, _ reason: String) {
        guard let sweep = desk.sweep else { return }
        desk.access.say(reason)
        desk.sweep = nil
        desk.sweepFailures += 1
        desk.sweepProblem = reason
        if desk.sweepFailures == 1 { desk.sweepsFailSince = now.monotonic }
        desk.nextSweepAt = now.monotonic + min(.seconds(30), .milliseconds(500) << Int64(min(desk.sweepFailures, 6)))
        let waiters = sweep.waiters + desk.sweepWaiters
        guard desk.sweepFailures >= patience.listingFailuresMax else { return desk.sweepWaiters = waiters }
        var pending: Set<OrderKey> = []
        // Other questions are answered. (A venue that cannot be reached is another matter: nothing is asked of it in heaps.)
        if desk.access.reach.heardAt > desk.sweepsFailSince {
            found(.unreadable, of: nil, on: desk, detail: "\(Self.unlistable): \(reason)")
            for key in desk.book.elements {
                guard let live = desk.orders[key], live.state.isLive, !isLeft(live.order, on: desk), !sweep.seen.contains(key) else { continue }
                guard !waiters.isEmpty || now.monotonic - max(live.seenAt, startedAt) >= patience.singlesUs else { continue }
                ask(live, .missing, on: desk, after: 0)
                pending.insert(key)
            }
        }
        desk.sweepWaiters = []
        guard !waiters.isEmpty else { return }
        var summary = sweep.summary
        summary.journalOpen = desk.openCount
        summary.error = "the venue's open orders could not be listed: \(reason)"
        desk.reconciliations.append(Reconciliation(waiters: waiters, summary: summary, pending: pending, startedAt: now.monotonic))
    }
}
