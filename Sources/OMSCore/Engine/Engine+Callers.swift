/// What callers ask for: each command brought to whoever carries it out, and who waits for what comes of it.
extension Engine {
    /// Takes a command of a peer that may give it.
    func take(_ command: ControlCommand, from caller: Caller, ticket: Ticket) {
        let (actor, rights) = (caller.actor, caller.rights)
        if let account = account(of: command), !rights.sees(account) || desk(account) == nil && !everKnown.contains(account) {
            return fail(.unknownAccount(account), to: ticket)
        }
        do throws(ControlError) {
            try examine(command, by: rights)
            if let filter = filter(of: command), let problem = try problem(with: filter, rights) { return fail(problem, to: ticket) }
        } catch { return fail(error, to: ticket) }
        switch command {
        case .submit(let intent, let content): submit(intent, content: content, from: caller, ticket: ticket)
        case .intentGet(let id):
            reply(.query(.intent(id, timedOut: nil, visible: rights.visible), missing: .unknownOrder("no intent \(id) in this journal")), to: ticket)
        case .intentList(let account, let tag, let after, let limit):
            let query = JournalQuery.intents(account: account, visible: rights.visible, tag: tag, after: after, limit: limit)
            reply(.query(query, missing: unknown(tag, of: account)), to: ticket)
        case .intentWait(let id, let untilSettled, let timeoutMs): wait(id, untilSettled: untilSettled, timeoutMs: timeoutMs, ticket: ticket)
        case .intentCancel(let id): cancelIntent(id, from: actor, ticket: ticket)
        case .intentCancelTagged(let tag, let account): cancelTagged(tag, of: account, from: caller, ticket: ticket)
        case .orderGet(let filter):
            reply(.query(.order(filter.narrowed(to: rights)), missing: .unknownOrder("this journal never held that order")), to: ticket)
        case .orderList(let filter): reply(.query(.orders(filter.narrowed(to: rights)), missing: unknown(filter.tag, of: filter.account)), to: ticket)
        case .orderTimeline(let id):
            let query = JournalQuery.timeline(id, waitsFor: waits(id), visible: rights.visible)
            reply(.query(query, missing: .unknownOrder("this journal never held an order \(id)")), to: ticket)
        case .orderResolve(let id, let isPlaced, let reason): resolve(id, isPlaced: isPlaced, reason: reason, from: actor, ticket: ticket)
        case .fillList(let filter): reply(.query(.fills(filter.narrowed(to: rights)), missing: unknown(filter.tag, of: filter.account)), to: ticket)
        case .breakList(let filter): reply(.query(.breaks(filter.narrowed(to: rights)), missing: nil), to: ticket)
        case .breakAcknowledge(let id, let reason): acknowledge(id, reason: reason, from: caller, ticket: ticket)
        case .instrumentList(let account, let symbol, let after, let limit):
            listInstruments(account: account, symbol: symbol, after: after, limit: limit, rights, ticket: ticket)
        case .accountList: reply(.accounts(desks(rights).map(snapshot)), to: ticket)
        case .setState(let account, let state, let reason, let cancelOpen, let everything):
            setState(account, state, reason: reason, cancelOpen: cancelOpen, everything: everything, from: caller, ticket: ticket)
        case .killStatus(let account): tellKill(account, rights, ticket: ticket)
        case .reconcile(let account):
            guard let desk = desk(account) else { return fail(.unknownAccount(account), to: ticket) }
            desk.listing.want(SweepWaiter(ticket: ticket, askedAt: now.monotonic))
        case .positionList(let account, let symbol, let after, let limit):
            listPositions(account: account, symbol: symbol, after: after, limit: limit, rights, ticket: ticket)
        case .riskGet(let account): reply(.rules(desks(rights).filter { account == nil || $0.id == account }.flatMap(ruleStandings)), to: ticket)
        case .limitList: reply(.budgets(budgetSnapshots(rights)), to: ticket)
        case .limitTake(let account, let budget, let permits, let holdMs):
            takeGrant(account, budget: budget, permits: permits, holdMs: holdMs, ticket: ticket)
        case .limitRelease(let id): releaseGrant(id, ticket: ticket)
        case .guardBegin(let terms, let token):
            guard let token else { return fail(.notReady("no token was made for the guard"), to: ticket) }
            beginGuard(terms, token: token, from: actor, ticket: ticket)
        case .guardResume(let presented, let token):
            guard let token else { return fail(.notReady("no token was made for the guard"), to: ticket) }
            resumeGuard(presented, token: token, from: caller, ticket: ticket)
        case .guardRelease(let id): releaseGuard(id, from: caller, ticket: ticket)
        case .rehearsalRecord(let row): recordRehearsal(row, from: actor, ticket: ticket)
        case .guardList: listGuards(for: caller, ticket: ticket)
        case .stats(let query): reply(.query(.stats(query.narrowed(to: rights)), missing: nil), to: ticket)
        case .seal: reply(.query(.seal, missing: nil), to: ticket)
        case .subscribe(let after, let account): reply(.subscribe(afterSeq: after, account: account, caller), to: ticket)
        case .unsubscribe(let id): reply(.unsubscribe(id), to: ticket)
        case .status: reply(.status(rights), to: ticket)
        }
    }

    /// The account that a listing is narrowed to. One that is configured no more can still be read of.
    private func account(of command: ControlCommand) -> AccountID? {
        switch command {
        case .intentList(let account, _, _, _), .subscribe(_, let account): account
        case .stats(let query): query.account
        case .positionList(let account, _, _, _), .riskGet(let account): account
        case .orderGet(let filter), .orderList(let filter), .fillList(let filter), .breakList(let filter): filter.account
        case .submit, .intentGet, .intentWait, .intentCancel, .intentCancelTagged, .orderTimeline, .orderResolve, .breakAcknowledge, .instrumentList,
            .accountList,
            .setState, .killStatus, .reconcile,
            .limitList, .limitTake, .limitRelease, .guardBegin, .guardResume, .guardRelease, .guardList, .rehearsalRecord, .seal, .unsubscribe,
            .status:
            nil
        }
    }

    func filter(of command: ControlCommand) -> OrderFilter? {
        switch command {
        case .orderList(let filter), .fillList(let filter), .breakList(let filter): filter
        default: nil
        }
    }

    // MARK: Waiting

    private func wait(_ id: IntentID, untilSettled: Bool, timeoutMs: Int64, ticket: Ticket) {
        guard let intent = intents[id] else {
            return reply(.query(.intent(id, timedOut: false), missing: .unknownOrder("no intent \(id) in this journal")), to: ticket)
        }
        callers.wait(for: intent.row.key, ticket: ticket, untilSettled: untilSettled, until: now.monotonic + .milliseconds(timeoutMs))
        intents.touch(intent)
    }

    /// Answers waits whose time is over.
    func endWaits() {
        for (key, ticket) in callers.takeLate(at: now.monotonic) { if let intent = intents[key] { answer(ticket, of: intent, timedOut: true) } }
    }

    func disconnected(_ connection: UInt64) {
        callers.drop(connection)
        guards.drop(connection, in: turn)
        for desk in desks { desk.listing.drop(connection) }
        admission.drop(connection)
        limiter.endGrants(of: connection, in: turn)
    }

    /// Callers that wait for something of this engine: told, when it is thrown away after a commit that failed.
    package var waitingTickets: [Ticket] {
        let sweeps = desks.flatMap(\.listing.waiting)
        return callers.tickets + sweeps + cancelRounds.compactMap(\.ticket) + admission.tickets + limiter.grants.waiting
    }
}
