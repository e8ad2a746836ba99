/// Accounts' trading state, reloads, and what there is to see of accounts.
extension Engine {
    // MARK: Trading state

    func setState(_ state: TradingState, of desk: Desk, reason: String, actor: Actor) {
        guard desk.trading.state != state || desk.trading.reason != reason else { return }
        desk.trading = TradingStateRow(account: desk.id, state: state, reason: reason, actor: actor, at: now.wall)
        notice(.tradingState(desk.trading), of: desk.id)
        record(.tradingState(desk.trading, event(.tradingState, actor: actor, note: "\(desk.id) \(state.rawValue): \(reason)")))
        desk.emptying.turned(to: state)
        recordKill(of: desk, by: actor)
        // No place leaves any more that a cancel could wait for.
        if state != .active { releaseHeldCancels(of: desk) }
    }

    func setState(
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
            if everything { wishCancelAll(desk) } else if state == .halted, cancelOpen { desk.emptying.endAnsweredWish() }
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

    func snapshot(_ desk: Desk) -> AccountSnapshot {
        let trouble = trouble(of: desk)
        let left = desk.book.left.compactMap { desk.book[$0]?.order }.filter { $0.state == .inDoubt }
        return AccountSnapshot(
            account: desk.id, venue: desk.profile.venue, product: desk.profile.product, uid: desk.setup.uid, origin: desk.setup.origin,
            keyFingerprint: desk.setup.keyFingerprint, trading: desk.trading,
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
                    account: desk.id, venue: desk.profile.venue, product: BudgetOwner.product(budget.row.venue), row: budget.row, inUse: inUse,
                    share: budget.usableShare, reserve: budget.reserve, nextFreeAt: next,
                    busiestWindow: budget.busiestWindow)
            }
        }
    }

    func listInstruments(account: AccountID?, symbol: Symbol?, after: Int64?, limit: Int, _ rights: Rights, ticket: Ticket) {
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
