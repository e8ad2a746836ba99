/// Commands of callers, each brought to whoever carries it out; accounts' trading state, reloads, and what there is to see of accounts.
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

    // MARK: Trading state

    func setState(_ state: TradingState, of desk: Desk, reason: String, actor: Actor) {
        guard desk.trading.state != state || desk.trading.reason != reason else { return }
        desk.trading = TradingStateRow(account: desk.id, state: state, reason: reason, actor: actor, at: now.wall)
        notice(.tradingState(desk.trading), of: desk.id)
        record(.tradingState(desk.trading, event(.tradingState, actor: actor, note: "\(desk.id) \(state.rawValue): \(reason)")))
        if state != .halted { desk.kill = nil }
        if state == .active { desk.cancelAll = .notAsked }
        recordKill(of: desk, by: actor)
        // No place leaves any more that a cancel could wait for.
        if state != .active { releaseHeldCancels(of: desk) }
    }

    private func setState(
        _ account: AccountID?, _ state: TradingState, reason: String, cancelOpen: Bool, everything: Bool, from caller: Caller, ticket: Ticket
    ) {
        let actor = caller.actor
        let chosen: [Desk]
        var absentRows: [TradingStateRow] = []
        if let account {
            guard let desk = desk(account) else {
                guard let row = setState(state, ofAbsent: account, reason: reason, actor: actor) else {
                    return fail(.unknownAccount(account), to: ticket)
                }
                return reply(.tradingState([row], cancels: 0), to: ticket)
            }
            chosen = [desk]
        } else {
            chosen = desks(caller.rights, allowing: .operate)
            if caller.rights.areWhole { absentRows = setStateOfAbsent(state, reason: reason, actor: actor) }
        }
        for desk in chosen {
            // On record with this turn, however long the cancels take to be written.
            setState(state, of: desk, reason: reason, actor: actor)
            // Whoever is at the desk wants it tried now, the key as well; what is resumed tries everything anew.
            settle(desk.access.tryAgain(isOpened: state == .active, in: turn), on: desk)
            if state == .halted, cancelOpen { beginKill(desk) }
            if everything { wishCancelAll(desk) }
            recordKill(of: desk, by: actor)
            if cancelOpen { for intent in admission.halfWritten(on: desk.index) { intents.withdraw(intent) } }
        }
        let purpose = CancelRound.Purpose.state(chosen.map(\.index), absent: absentRows)
        cancelRound(of: cancelOpen ? chosen : [], purpose: purpose, actor: actor, ticket: ticket)
    }

    func reload(_ setups: [AccountSetup], changes: [String], by actor: Actor) {
        takeOver(setups)
        let words = changes.isEmpty ? "read again, nothing differs" : changes.joined(separator: "; ")
        record(.note(account: nil, nil, event(.reload, actor: actor, note: words)))
    }

    /// What of another configuration holds for accounts that run.
    func takeOver(_ setups: [AccountSetup]) {
        reloaded = setups
        for setup in setups {
            guard let desk = desk(setup.id) else { continue }
            (desk.setup.limits, desk.setup.risk) = (setup.limits, setup.risk)
            desk.access.accept(setup.acceptedAssumptions)
            desk.listing.use(setup.risk.symbols ?? [])
        }
        weighWhereAsked()
        beginPositions()
        limiter.agree(on: desks.map { (BudgetOwner($0.setup), $0.setup.limits) })
        for desk in desks {
            let owner = BudgetOwner(desk.setup)
            for rule in owner.profile.budgets {
                for (_, index) in desk.budgets.filter({ rule.covers($0.key) }).sorted(by: { $0.value < $1.value }) {
                    let setting = desk.setup.limits.first { $0.budget == rule.name }
                    limiter.adjust(index, of: owner, to: setting, rule: rule, in: turn)
                }
            }
        }
        tellRulesPassed()
        for desk in desks { tellRulesWithoutMarket(desk) }
    }

    // MARK: Snapshots

    package func snapshot(for rights: Rights = .all) -> [AccountSnapshot] { desks(rights).map(snapshot) }

    private func snapshot(_ desk: Desk) -> AccountSnapshot {
        let trouble = trouble(of: desk)
        let left = desk.book.left.compactMap { desk.book[$0]?.order }.filter { $0.state == .inDoubt }
        return AccountSnapshot(
            account: desk.id, venue: desk.profile.venue, product: desk.profile.product, uid: desk.setup.uid, trading: desk.trading,
            isReady: trouble == nil, reason: trouble?.1, lastAnswerAt: desk.access.reach.lastAnswerAt, queueCancel: desk.lanes.cancelsWaiting,
            queueLookup: desk.lookUps.waiting, queueModify: desk.lanes.modifiesWaiting, queuePlace: desk.lanes.placesWaiting,
            inFlight: desk.inFlightCount, requests: desk.access.reach.asked, counts: desk.book.counts, open: desk.openCount,
            inDoubt: desk.book.doubts.count + left.count,
            clockOffsetMs: desk.access.clock?.offsetMs(at: now), lastReconcileAt: desk.listing.lastAt,
            lastError: desk.access.problem ?? desk.access.contradiction ?? desk.access.lastError.words,
            lastErrorAt: desk.access.lastError.words == nil ? nil : desk.access.lastError.at ?? now.wall,
            parked: desk.book.parked.count + left.count { $0.parkedAt != nil },
            oldestDoubtAt: (left.map(\.intendedAt) + [desk.book.oldestDoubt().flatMap { desk.book[$0]?.order.intendedAt }].compactMap { $0 }).min(),
            openBreaks: desk.breaks.unacknowledged.values.reduce(0, +), stream: desk.stream.figures, rehearsal: desk.access.rehearsed.row)
    }

    package var journalSeq: Int64 { turn.seq }

    /// No line up to this number appears later: the last one, or the one in front of the first intent that is still being written.
    package var completeSeq: Int64 { min(turn.seq, admission.firstHalfWritten.map { $0.number - 1 } ?? .max) }

    /// Requests that have left and are not answered.
    package var requestsOut: Int { inFlight.count }

    /// Every account's budgets: one that they share stands there for each.
    package func budgetSnapshots(_ rights: Rights = .all) -> [BudgetSnapshot] {
        desks(rights).flatMap { desk in
            desk.budgets.sorted { $0.key < $1.key }.map { _, index in
                let inUse = limiter.inUse(index, at: now.monotonic)
                let budget = limiter.budgets[index]
                let isFree = limiter.available(index, at: now.monotonic, usesReserve: true) > 0
                let next = isFree ? nil : budget.nextChance(at: now.monotonic).map { now.wall + $0 - now.monotonic }
                return BudgetSnapshot(
                    account: desk.id, row: budget.row, inUse: inUse, share: budget.usableShare, reserve: budget.reserve, nextFreeAt: next,
                    busiestWindow: budget.busiestWindow)
            }
        }
    }

    private func listInstruments(account: AccountID?, symbol: Symbol?, after: Int64?, limit: Int, _ rights: Rights, ticket: Ticket) {
        if let account, desk(account) == nil { return fail(.unknownAccount(account), to: ticket) }
        if let symbol, let problem = problem(with: symbol, of: account, rights) { return fail(problem, to: ticket) }
        let all = desks(rights).filter { account == nil || $0.id == account }.flatMap { desk in
            desk.access.markets.instruments.values.filter { symbol == nil || $0.symbol == symbol }.sorted { $0.symbol < $1.symbol }.map {
                (desk.id, $0)
            }
        }
        let (page, next) = Self.page(of: all, after: after, limit: limit)
        reply(.instruments(page, next: next), to: ticket)
    }
}

extension Engine {
    /// How many orders one place request of the account holds at most.
    package func placeMax(of account: AccountID) -> Int? { desk(account)?.placeMax }

    /// Whether a request that may use the reserve could take all of these in this turn.
    package func hasPermits(_ charges: [Charge], of account: AccountID) -> Bool {
        guard let desk = desk(account) else { return false }
        return limiter.canTake(self.charges(charges, on: desk), at: now.monotonic, usesReserve: true)
    }
}
