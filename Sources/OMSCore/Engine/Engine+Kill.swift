/// Emptying an account: what it takes, how far it has come, and who is told. That it is wanted is kept by ``Emptying``.
extension Engine {
    /// Begins to empty an account, or looks at it anew.
    func beginKill(_ desk: Desk) { desk.emptying.begin(at: now.monotonic, since: turn.seq) }

    /// Wants everything of the account gone by the venue's own cancel-all, until the venue has answered it.
    func wishCancelAll(_ desk: Desk) {
        desk.emptying.wishAll(venueCan: desk.profile.cancelsAll)
        desk.loops.hurry(.cancelAll)
    }

    /// What the next process must go on with.
    func recordKill(of desk: Desk, by actor: Actor = .daemon) {
        guard let (row, former) = desk.emptying.takeNews(of: desk.id) else { return }
        var words: [String] = []
        if row.since != former.since { words.append(row.since == nil ? KillRow.over : KillRow.begun) }
        if row.cancelAll != former.cancelAll {
            switch row.cancelAll {
            case .unanswered: words.append("the venue is to cancel everything, asked until it answers")
            case .confirmed: words.append("the venue answered that it cancels everything")
            case .none: words.append("the venue has no cancel-all")
            case .notAsked: words.append("no cancel-all is wanted any more")
            }
        }
        record(.kill(row, event(.note, actor: actor, note: "\(desk.id): " + words.joined(separator: "; "))))
    }

    /// What an earlier process was about: a wish for cancel-all is asked for until it is answered, and orders that a halt had not come to are withdrawn.
    func restoreKills(_ rows: [KillRow]) {
        for row in rows {
            guard let desk = desk(row.account) else { continue }
            desk.emptying.restore(row)
            guard desk.setup.leaving == .everything else { continue }
            // Trading was opened while the account was not configured: what rests there now is wanted.
            guard desk.trading.state != .active else {
                recordKill(of: desk)
                continue
            }
            desk.emptying.resume(row, venueCan: desk.profile.cancelsAll, isHalted: desk.trading.state == .halted, at: now.monotonic)
            guard desk.kill != nil else { continue }
            cancelRound(of: [desk], actor: .daemon)
        }
    }

    /// Its places leave no more: whatever cancel waited for them goes.
    func releaseHeldCancels(of desk: Desk) {
        for intent in intents.holding(of: desk.id) { openHeldCancels(intent) }
    }

    // MARK: Cancel-all

    func launchCancelAll(_ desk: Desk) -> Bool {
        guard desk.cancelAll == .unanswered, !desk.emptying.isAskingAll, desk.setup.leaving == .everything else { return false }
        if let at = desk.loops[.cancelAll]?.nextAt, now.monotonic < at {
            wake(at: at)
            return false
        }
        if let end = resendsEnd(on: desk) {
            wake(at: end)
            return false
        }
        guard launch(.query(.cancelAll(symbol: nil)), on: desk, usesReserve: true, isJournaled: true) else { return false }
        desk.emptying.askedAll()
        return true
    }

    func canceledAll(_ desk: Desk) {
        ended(.cancelAll, on: desk)
        desk.emptying.answeredAll()
        if desk.kill != nil { beginKill(desk) }
        recordKill(of: desk)
    }

    /// No answer, or a refusal: asked for again, ever later.
    func cancelAllFailed(_ desk: Desk, _ reason: String) {
        desk.emptying.failedAll()
        turned(.cancelAll, on: desk, reason)
    }

    // MARK: Confirmation by listings

    /// Whether so many commands wait to be confirmed that listings tell sooner than questions for each.
    func confirmsByListing(_ desk: Desk) -> Bool { desk.profile.findMax == 1 && desk.confirmations.lookedFor.count > patience.bulkDoubts }

    /// Whether a listing of open orders should begin now: a kill has none since the halt, or many cancels are to be confirmed.
    func wantsConfirmation(_ desk: Desk) -> Bool {
        guard desk.listing.isIdle else { return false }
        let isForKill = desk.kill.map { !$0.isListed } ?? false
        // Taken ones that are not repeated already are confirmed as soon as may be.
        let areMany = desk.profile.findMax == 1 && desk.confirmations.taken.count > patience.bulkDoubts + desk.repeats.count
        guard isForKill || areMany || desk.listing.wantsConfirming else { return false }
        // Behind the cancels, so that it tells of all of them; but not for ever.
        let isOut = inFlight.values.contains { $0.plan.account == desk.id && $0.plan.carriesCancels }
        let isQuiet = !desk.lanes.hasNewCancels && cancelRounds.isEmpty && releases.isEmpty && !isOut
        let since = desk.kill?.listsSince ?? desk.confirmations.takenAt
        return desk.listing.mayConfirm(notBefore: isQuiet ? nil : since + patience.confirmUs, in: turn)
    }

    /// Whether a single look-up for a cancelled order would be wasted: a listing will tell.
    func isLeftToConfirmation(_ live: LiveOrder, _ inquiry: Inquiry, on desk: Desk) -> Bool {
        inquiry.reasons.isSubset(of: [.cancel, .modify, .missing]) && !inquiry.isLeftOver && desk.listing.failures < patience.confirmTries
            && (confirmsByListing(desk) || isRepeated(live, inquiry) && repeatsAreListed(on: desk)) && desk.confirmations.lookedFor.contains(live.key)
    }

    /// From when on history must tell, so that it holds the orders whose cancels are to be confirmed: milliseconds of the venue's clock; nil: none are.
    func confirmationStart(_ desk: Desk) -> Int64? {
        guard confirmsByListing(desk), desk.confirmations.taken.count > patience.bulkDoubts, let clock = desk.access.clock else { return nil }
        let first = desk.confirmations.taken.lazy.compactMap { desk.book[$0]?.order }.map { $0.wireTime ?? $0.intendedAt / 1_000 }.min()
        // Further back the venue tells of nothing, and a question for it is refused; an hour less, for its pages are read one by one.
        let memoryMs = desk.setup.memoryMs ?? desk.profile.memoryMs
        let oldest = clock.low(at: now.monotonic) / 1_000 - memoryMs + min(3_600_000, memoryMs / 100)
        return first.map { max(0, $0 - 60_000, oldest) }
    }

    /// A cancel was taken, and the venue shows its order nowhere: what became of it is not known, and why.
    func unconfirmed(_ live: LiveOrder, on desk: Desk) {
        guard desk.confirmations.drop(live.key) else { return }
        let why = tooOld(live, on: desk) ?? "the venue took its cancel and shows it nowhere"
        desk.access.say("\(live.order.clientOrderID) is not confirmed: \(why)")
    }

    /// A whole listing is read: what it did not settle of many cancels is asked for one by one, and what a kill left is wanted gone again.
    func confirmed(by sweep: Sweep, on desk: Desk) {
        if desk.profile.findMax == 1 {
            for key in desk.confirmations.lookedFor.sorted() where !sweep.seen.contains(key) {
                guard let live = desk.book[key], let inquiry = desk.lookUps[key], !inquiry.isAsked,
                    !inquiry.reasons.isDisjoint(with: [.cancel, .modify]),
                    live.commands.contains(where: { (commands.watch($0)?.answeredAt ?? .min) <= sweep.startedAt })
                else { continue }
                desk.lookUps.leaveOver(key)
                ask(live, inquiry.reasons, on: desk, after: 0)
            }
        }
        if !sweep.reopened.isEmpty {
            let wait = desk.kill == nil ? Int64.milliseconds(desk.setup.reconcileIntervalMs) : patience.confirmAgainUs
            desk.listing.read(by: now.monotonic + max(wait, .milliseconds(desk.profile.visibilityDelayMs)))
        }
        guard desk.kill != nil else { return }
        desk.emptying.listed(since: sweep.startedAt)
        guard desk.unfinished > desk.confirmations.taken.count, !cancelRounds.contains(where: { $0.held.contains(desk.index) }) else {
            return
        }
        cancelRound(of: [desk], actor: .daemon)
    }

    // MARK: Orders of others

    /// Asks for the end of an order that is not ours: as often as it is listed, since a cancel may be lost, and each time later.
    func wantGone(_ ticket: CancelTicket, on desk: Desk) {
        // Nobody handed that in.
        guard desk.setup.leaving == .everything else { return }
        guard let id = ticket.venueOrderID, desk.loops[.external(id)]?.nextAt ?? .min <= now.monotonic,
            !desk.lanes.isWantedGone(id)
        else { return }
        turned(.external(id), on: desk, "the venue still lists it as open")
        desk.lanes.wantGone(ticket)
    }

    // MARK: What is left

    func tellKill(_ account: AccountID?, _ rights: Rights, ticket: Ticket) {
        if let account, desk(account) == nil, self.absent[account] == nil { return fail(.unknownAccount(account), to: ticket) }
        // What an account still holds that is configured no more, nobody can look after: "all" tells of it, and whoever names it is told in any case.
        let known = self.absent.values.filter { rights.sees($0.account) }
        let absent = known.filter { account == nil ? $0.orders > 0 : $0.account == account }.sorted { $0.account < $1.account }
        let left = absent.map { account in
            KillSnapshot(
                account: account.account, state: account.trading?.state ?? .active, confirmedClosed: 0, cancelTaken: 0, liveOrUnknown: account.orders,
                foreign: 0, isListed: false, cancelAll: .notAsked, cancelsForeign: false, lastError: "the account is not configured")
        }
        reply(.kills(desks(rights).filter { account == nil || $0.id == account }.map(killSnapshot) + left), to: ticket)
    }

    /// Tells watchers once how the emptying of an account ended, and before, once, that it takes long.
    func watchKill(_ desk: Desk) {
        guard let kill = desk.kill, !kill.isTold else { return }
        let snapshot = killSnapshot(desk)
        if snapshot.isOver {
            desk.emptying.told()
            return notice(.killed(snapshot), of: desk.id)
        }
        guard !kill.isDelayTold else { return }
        let at = kill.startedAt + patience.killUs
        guard now.monotonic >= at else { return wake(at: at) }
        desk.emptying.toldDelay()
        notice(.killTakesLong(snapshot), of: desk.id)
    }

    private func killSnapshot(_ desk: Desk) -> KillSnapshot {
        let taken = desk.confirmations.taken.count
        return KillSnapshot(
            account: desk.id, state: desk.trading.state, confirmedClosed: desk.kill?.closed ?? 0, cancelTaken: taken,
            // What the venue calls closed and open at once is not known to be either.
            liveOrUnknown: desk.unfinished - taken + desk.listing.reopened.count, foreign: desk.breaks.externals.count,
            isListed: desk.kill?.isListed ?? false,
            cancelAll: desk.profile.cancelsAll ? desk.cancelAll : .none,
            cancelsForeign: desk.setup.cancelsExternalOrders || desk.cancelAll == .unanswered,
            lastError: desk.access.problem ?? desk.access.lastError.words)
    }
}

extension RequestPlan {
    /// It asks for the end of orders.
    package var carriesCancels: Bool {
        switch content {
        case .cancel: true
        case .mixed(_, let cancels, _): !cancels.isEmpty
        case .query(.cancelAll): true
        case .place, .modify, .query: false
        }
    }
}
