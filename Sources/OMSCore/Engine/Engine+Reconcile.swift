/// What a whole listing settles, and what is done where there is none.
extension Engine {
    /// Every page was had.
    func finish(_ desk: Desk) {
        guard var sweep = desk.listing.finish(intervalUs: paceUs(desk), in: turn) else { return }
        defer { closeGap(sweep, on: desk) }
        mended(.unreadable, on: desk)
        let visibility = Int64.milliseconds(desk.profile.visibilityDelayMs)
        let endsGap = desk.stream.closesGap(startedAt: sweep.startedAt)
        var pending: Set<OrderKey> = []
        for key in desk.book.keys {
            guard let live = desk.book[key] else { continue }
            if isLeft(live.order, on: desk) { continue }
            if live.state.isLive {
                sweep.summary.journalOpen += 1
                // Not listed, and known long enough to be: its fate is asked for. At once where somebody waits for it, or where it showed before.
                let isOverdue = live.seenAt < sweep.startedAt - visibility
                let isWanted = !sweep.waiters.isEmpty || live.state != .acknowledged
                if !sweep.seen.contains(key), isOverdue || (isWanted && live.seenAt <= sweep.startedAt) {
                    ask(live, .missing, on: desk, after: 0)
                    pending.insert(key)
                } else if endsGap, !sweep.seen.contains(key), live.seenAt <= sweep.startedAt {
                    // Too young to be listed, and no push will tell of what happened in the gap: asked for once it must show.
                    ask(live, .missing, on: desk, after: max(0, live.seenAt + visibility - now.monotonic))
                }
            } else if live.state == .inDoubt {
                judge(live, by: sweep, on: desk)
            }
        }
        closeWhatIsGone(sweep, on: desk)
        confirmed(by: sweep, on: desk)
        guard !sweep.waiters.isEmpty else { return }
        pending.formUnion(seekGivenUp(on: desk))
        desk.listing.awaitLookUps(of: pending, for: sweep.waiters, sweep.summary, at: now.monotonic)
    }

    /// Ends the breaks of rows that a whole listing does not show any more.
    private func closeWhatIsGone(_ sweep: Sweep, on desk: Desk) {
        let gone = desk.breaks.externals.filter { desk.listing.isGone($0.key, by: sweep) }
        for (id, broken) in gone.sorted(by: { $0.value < $1.value }) {
            mended(broken, on: desk)
            ended(.external(id), on: desk)
        }
        for (subject, broken) in desk.breaks.ofAccount.sorted(by: { $0.value < $1.value }) {
            let isGone =
                switch subject.kind {
                case .identity: !subject.name.isEmpty && subject.name != Self.leftSubject && !sweep.mixed.contains(AccountID(subject.name))
                case .unreadable: !subject.name.isEmpty && !sweep.unreadable.contains(subject.name)
                default: false
                }
            if isGone { mended(broken, on: desk) }
        }
        desk.listing.keepStrangers(of: sweep) { desk.breaks.externals[$0] != nil }
    }

    /// Answers reconciliations whose questions are all answered, or go unanswered for too long: with what was found, and every difference that stands.
    func endReconciliations(_ desk: Desk) {
        giveUpWaiting(desk)
        let ended = desk.listing.takeEnded(progressAt: desk.access.reach.progressAt, in: turn) { key in
            guard let live = desk.book[key], let inquiry = desk.lookUps[key] else { return false }
            if isSought(inquiry) { return true }
            return inquiry.reasons.contains(.missing) && inquiry.absentRounds < patience.missingRounds
                && desk.breaks[.missingThere, live.order.clientOrderID] == nil
        }
        for (reconciliation, left) in ended {
            var summary = reconciliation.summary
            if left > 0, summary.error == nil {
                let why = trouble(of: desk)?.words ?? desk.access.lastError.words ?? "they are still being asked about"
                summary.error = "\(left) orders that were not listed could not be looked up yet: \(why)"
            }
            answer(reconciliation.waiters, summary, on: desk)
        }
    }

    private func answer(_ waiters: [SweepWaiter], _ summary: ReconcileSummary, on desk: Desk) {
        var summary = summary
        summary.breaks = desk.breaks.inOrder
        for waiter in waiters { reply(.reconciled(summary), to: waiter.ticket) }
    }

    /// Who waits for a listing that goes on without any progress is told what is known.
    private func giveUpWaiting(_ desk: Desk) {
        let impatient = desk.listing.takeImpatient(progressAt: desk.access.reach.progressAt, in: turn)
        guard !impatient.isEmpty else { return }
        var summary = desk.listing.sweep?.summary ?? ReconcileSummary(account: desk.id)
        summary.journalOpen = desk.openCount
        summary.error = "the venue was not listed: \(troubles(of: desk))"
        answer(impatient, summary, on: desk)
    }

    // MARK: Listings that fail

    /// The venue did not list. Of a market that it does not know any more that is no wonder: the others are listed, and its orders looked up one by one.
    func listingFailed(_ symbol: Symbol?, _ reason: String, on desk: Desk) {
        guard desk.listing.sweep != nil, let symbol, desk.access.markets.lacks(symbol) else { return abandonSweep(desk, reason) }
        if desk.listing.skip(symbol) { finish(desk) }
    }

    /// A page that could not be had: the sweep begins anew later. What it did not list is not absent. Time and again: the account is not ready, orders are
    /// looked up one by one, and whoever waits is answered with what is known.
    func abandonSweep(_ desk: Desk, _ reason: String) {
        guard desk.listing.sweep != nil else { return }
        desk.access.say(reason)
        guard let sweep = desk.listing.abandon(reason, at: now.monotonic) else { return }
        var pending: Set<OrderKey> = []
        // Other questions are answered. (A venue that cannot be reached is another matter: nothing is asked of it in heaps.)
        if desk.access.reach.heardAt > desk.listing.failsSince {
            found(.unreadable, of: nil, on: desk, detail: "\(Self.unlistable): \(reason)")
            for key in desk.book.keys {
                guard let live = desk.book[key], live.state.isLive, !isLeft(live.order, on: desk), !sweep.seen.contains(key) else { continue }
                guard !sweep.waiters.isEmpty || now.monotonic - max(live.seenAt, startedAt) >= patience.singlesUs else { continue }
                ask(live, .missing, on: desk, after: 0)
                pending.insert(key)
            }
        }
        guard !sweep.waiters.isEmpty else { return }
        var summary = sweep.summary
        summary.journalOpen = desk.openCount
        summary.error = "the venue's open orders could not be listed: \(reason)"
        desk.listing.awaitLookUps(of: pending, for: sweep.waiters, summary, at: now.monotonic)
    }
}
