import Containers

/// Decides what happens to every order. Values in, values out: no clock, lock, file or socket; one thread.
///
/// A turn: any number of `step`s, then `finishTurn`, whose output is made durable before anything in it leaves. After a commit that failed the engine is
/// thrown away and made anew from the journal.
package final class Engine {
    var desks: [Desk] = []
    /// The configuration that was read last while they run; nil: that of the start.
    var reloaded: [AccountSetup]?
    var deskIndex: [AccountID: Int] = [:]
    var limiter = Limiter()
    let recall = Recall()
    var random: SplitMix64

    var admission: Admission

    /// Orders in memory, of all accounts.
    let names = OrderNames()
    let commands = Commands()
    let intents = Intents()
    /// Cancels of many orders that are being written down, slice by slice.
    var cancelRounds: [CancelRound] = []
    /// Intents whose parts begin to move.
    var releases: [Release] = []
    /// Intents whose deadline passed, while what had not left of them is being ended.
    var expiries: [Expiry] = []
    var inFlight: [RequestID: InFlight] = [:]
    var closed: [LiveOrder] = []
    var callers = Callers()
    var guards = Guards()
    /// Private streams, by connection.
    var streams: [StreamName: SharedStream] = [:]
    /// Those of accounts that are not configured.
    let breaksElsewhere = Breaks()
    /// All that the journal ever held anything of, when this engine began.
    let everKnown: Set<AccountID>
    /// What the journal holds of accounts that are not configured.
    var absent: [AccountID: AbsentAccount] = [:]

    /// Positions of those.
    var positionsElsewhere: [AccountID: [PositionRow]] = [:]

    /// What this turn gathers.
    let turn: Turn
    var now: Moment { turn.now }
    let patience: Patience
    /// The journal has no space: nothing new is accepted, no place or modify leaves.
    package var isJournalFull = false
    /// See `JournalState.goneBackSeq`.
    let goneBackSeq: Int64
    /// The last number of the record when this process took it up.
    var inheritedSeq: Int64
    /// When this engine was made, on the runner's clock; and when requests of the process before it can arrive no more.
    let startedAt: Int64
    let formerEndsAt: Int64
    /// Nothing more leaves, but what switches countdowns off; answers are still taken.
    package var isStopping = false
    /// False: since this process began the wall clock showed nothing but times before 2020, and nothing leaves.
    package var isClockSet = true

    /// Rows that a turn may add before the rest of a large intent waits for the next one.
    package var sliceRows = 1_000

    /// - Parameters:
    ///   - state: what `journal.load()` said.
    ///   - history: of what `state` does not hold. Read through here; no hold is kept of it.
    ///   - seed: for back-off jitter alone.
    ///   - bootID: permits of the same boot may count elapsed time.
    ///   - patience: how long it waits for what.
    ///   - version: of the daemon that begins to work on the journal, which is the first line that it writes; nil: it wrote that before.
    package init(
        accounts: [AccountSetup], state: JournalState, history: any History, seed: UInt64, bootID: String, at now: Moment,
        patience: Patience = Patience(), version: String? = nil
    ) {
        everKnown = state.accounts
        self.patience = patience
        turn = Turn(at: now, seq: state.seq, requestMax: state.requestMax)
        random = SplitMix64(seed: seed)
        // Accounts may share a budget: the longest hold of any is right for all.
        let holdMs = accounts.map { $0.holdUnansweredMs + (state.hasOpenSockets ? $0.requestTimeoutMs : 0) }.max() ?? 0
        inheritedSeq = state.seq
        (goneBackSeq, startedAt, formerEndsAt) = (state.goneBackSeq, now.monotonic, now.monotonic + .milliseconds(holdMs))
        admission = Admission(mint: OrderIDMint(tag: state.idTag, usedBelow: state.idHighWater))
        recall.open(history)
        defer { recall.close() }
        // In front of whatever else a start records: since the line before it nothing was recorded.
        if let version {
            let facts = [JournalEvent.Fact("version", version), .init("boot", bootID)]
            record(.note(account: nil, nil, event(.start, facts: facts, note: "omsd \(version) writes")))
        }
        // No boot since the journal went back in time: what the lost part took of the limits is not known.
        let lacksPermits = goneBackSeq > 0 && state.bootID == nil
        var inherited = state.permits
        if state.bootID != bootID {
            record(.boot(id: bootID))
            // On record, so that the next start of this boot does not read times of another boot's clock as its own.
            inherited = inherited.map { $0.countedAnew(at: now.monotonic, asLost: lacksPermits) }
            for row in inherited { record(.permit(row)) }
        }
        let isOtherBoot = state.bootID != bootID
        let rests = isOtherBoot ? state.rests.map { $0.countedAnew(at: now) } : state.rests
        let former = LimitInheritance(
            budgets: state.budgets, permits: inherited, rests: rests, of: accounts.map { (BudgetOwner($0), $0.limits) })
        limiter.agree(on: accounts.map { (BudgetOwner($0), $0.limits) })
        for setup in accounts {
            let indexes = limiter.register(
                BudgetOwner(setup), settings: setup.limits, holdUnansweredUs: .milliseconds(holdMs), from: former, in: turn)
            let trading =
                state.tradingStates.first { $0.account == setup.id }
                ?? TradingStateRow(account: setup.id, state: .active, reason: "", actor: .daemon, at: now.wall)
            let access = Access(setup, patience: patience, at: now.monotonic)
            let symbols = Set(state.symbols[setup.id] ?? []).union(setup.risk.symbols ?? [])
                .union(Self.symbols(ofFormerNamesOf: setup, in: state, configured: accounts))
            let listing = Listing(of: setup.id, symbols: symbols, patience: patience)
            let desk = Desk(
                index: desks.count, setup: setup, budgets: indexes, trading: trading, access: access, listing: listing, names: names,
                patience: patience, startedAt: now.monotonic)
            desk.access.identify(state.identities[setup.id], in: turn)
            deskIndex[setup.id] = desks.count
            desks.append(desk)
        }
        restoreStanding(rests, isOtherBoot ? state.bans.map { $0.countedAnew(at: now) } : state.bans, isOtherBoot: isOtherBoot)
        if lacksPermits {
            // Held on record too, for the next start.
            limiter.holdAll(unansweredHoldUs: .milliseconds(holdMs), in: turn)
        }
        configureStreams()
        beginCountdowns()
        doubtClock()
        restorePositions(state)
        restore(state)
        weighWhereAsked()
        restoreKills(state.kills)
        restoreRehearsals(state.rehearsals)
        guards.restore(state.guards, bound: state.guarded, absent: absentAccounts(in: state), in: turn)
    }

    // MARK: Turns

    /// Takes one input. Effects gather until `finishTurn`.
    ///
    /// - Parameters:
    ///   - found: what it must know of the record (``fetch(for:from:)``). Nothing else is read.
    ///   - history: where a release looks up what should have been found and was not.
    package func step(_ input: Input, given found: Found, at moment: Moment, beyond history: (any History)? = nil) {
        turn.goOn(at: moment)
        recall.remember(found, beyond: history)
        defer { recall.close() }
        switch input {
        case .command(let command, let caller, let ticket):
            guards.heard(ticket.connection, in: turn)
            receive(command, from: caller, ticket: ticket)
        case .answered(let id, let answer, let sentAt, let lastByteAt): answered(id, answer, sentAt: sentAt, lastByteAt: lastByteAt)
        case .lost(let id, let reason, let sentAt, let resetAt): lost(id, reason: reason, sentAt: sentAt, resetAt: resetAt)
        case .notSent(let id, let reason): notSent(id, reason: reason)
        case .heard(let stream, let event): heard(stream, event)
        case .disconnected(let connection): disconnected(connection)
        case .spoke(let connection): guards.heard(connection, in: turn)
        case .reload(let setups, let changes, let actor): reload(setups, changes: changes, by: actor)
        case .remark(let words, let facts): record(.note(account: nil, nil, event(.note, facts: facts, note: words)))
        case .rights(let rights, let connection): judgeAnew(by: rights, of: connection)
        case .wake: break
        }
    }

    func isBusy(with connection: UInt64) -> Bool {
        admission.isBusy(with: connection) || cancelRounds.contains { $0.ticket?.connection == connection }
    }

    /// What a connection sent behind a large intent takes effect behind it.
    func receive(_ command: ControlCommand, from caller: Caller, ticket: Ticket) {
        if isBusy(with: ticket.connection) {
            admission.wait(Waiting(command: command, caller: caller, ticket: ticket))
        } else {
            take(command, from: caller, ticket: ticket)
        }
    }

    /// Answers a question of how things stand without ending a turn: nothing of it is to be recorded. Only where nothing else was heard since the last one.
    package func answer(_ question: Input, given found: Found, at moment: Moment) -> [(ticket: Ticket, reply: Result<Reply, ControlError>)] {
        step(question, given: found, at: moment)
        return turn.takeReplies()
    }

    /// Ends a turn: timers fire, what may leave is sent, intents that came to rest are settled.
    ///
    /// - Parameter history: read by what is gone on with from earlier turns.
    package func finishTurn(at moment: Moment, reading history: any History) -> TurnOutput {
        turn.goOn(at: moment)
        recall.open(history)
        defer { recall.close() }
        turn.beginTimers()
        lookAtClock()
        takeEarlySubmits()
        continuePlannings()
        continueAcceptances()
        continueCancels()
        continueReleases()
        expire()
        serveGrants()
        serveGuards()
        workStreams()
        workDesks()
        // Behind all of them: the work of one may book executions of another.
        for desk in desks { recordPositions(of: desk) }
        settleIntents()
        sweepClosed()
        endWaits()
        limiter.endTurn(turn)
        if let next = admission.takeReservation() { record(.idHighWater(next)) }
        return turn.take()
    }

    /// Accounts may share a limit, and the first could take all of it for ever: whose turn it is first is drawn.
    private func workDesks() {
        // Cut shares grow back.
        limiter.recover(at: now.monotonic)
        var serving = desks
        if serving.count > 1 { serving.shuffle(using: &random) }
        for desk in serving {
            work(desk)
            endReconciliations(desk)
            watch(desk)
        }
    }

    /// When to call again although nothing came: microseconds of the monotonic clock.
    package var nextWake: Int64 {
        var next = turn.wakeAt
        if !admission.isIdle || !cancelRounds.isEmpty || !releases.isEmpty || !expiries.isEmpty { return now.monotonic }
        if let at = intents.nextDeadline { next = min(next, monotonic(atWall: at)) }
        if let at = callers.nextAt { next = min(next, at) }
        return next
    }

    /// When the wall clock will show a time, by the monotonic one; at once where it is past. Times that callers name may be beyond any clock.
    func monotonic(atWall time: Int64) -> Int64 {
        let (rest, isBeyond) = time.subtractingReportingOverflow(now.wall)
        guard !isBeyond else { return time > 0 ? .max : now.monotonic }
        let (at, overflows) = now.monotonic.addingReportingOverflow(max(0, rest))
        return overflows ? .max : at
    }

    // MARK: What a turn gathers

    /// Called in `finishTurn` by whatever has a reason to be called again.
    func wake(at time: Int64) { turn.wake(at: time) }

    func record(_ record: JournalRecord) { turn.record(record) }

    func notice(_ news: Notice.Event, of account: AccountID?) { turn.notice(news, of: account) }

    func event(
        _ kind: EventKind, evidence: Evidence? = nil, request: RequestID? = nil, actor: Actor = .daemon, state: String? = nil,
        facts: [JournalEvent.Fact] = [], note: String? = nil
    ) -> JournalEvent {
        turn.event(kind, evidence: evidence, request: request, actor: actor, state: state, facts: facts, note: note)
    }

    func reply(_ reply: Reply, to ticket: Ticket) { turn.reply(.success(reply), to: ticket) }
    func fail(_ error: ControlError, to ticket: Ticket) { turn.reply(.failure(error), to: ticket) }

    func desk(_ id: AccountID) -> Desk? { deskIndex[id].map { desks[$0] } }

    // MARK: Start

    private func restore(_ state: JournalState) {
        for row in state.intents {
            // Of an account that is not configured none of its orders is in memory, and yet they are: it is not settled, whatever is counted here.
            let isAbsent = desk(row.account) == nil
            intents.restore(row, isAbsent: isAbsent, deadline: isAbsent ? nil : deadline(of: row))
        }
        noteAbsent(state)
        recallLookups(state)
        for broken in state.openBreaks { restore(broken) }
        restoreLoops(state.openBreaks)
        for order in state.orders.sorted(by: { $0.key < $1.key }) {
            // An account that is configured no more keeps its orders in the journal, untouched.
            guard let desk = desk(order.account) else { continue }
            let live = LiveOrder(order, intent: intents[order.intent])
            adopt(live, on: desk)
            // Counted before `resume` moves it into doubt.
            if let intent = live.intent { intents.own(order.key, order.state, of: intent) }
        }
        for order in state.unlisted.sorted(by: { $0.key < $1.key }) {
            guard let desk = desk(order.account) else { continue }
            let live = LiveOrder(order, intent: nil)
            adopt(live, on: desk)
            live.isUnlisted = true
            closed.append(live)
            if order.isGivenUp { lookAfterAgain(live, on: desk) }
            if !order.isGivenUp || order.filledQuantity.isPositive { wantFills(live, on: desk) }
        }
        for command in state.commands.sorted(by: { $0.id < $1.id }) {
            guard let live = desk(command.account)?.book[command.order] else {
                outlived(command)
                continue
            }
            commands.add(command)
            live.commands.append(command.id)
            restoreWatch(of: command)
            guard let key = command.intent, let intent = intents[key] else { continue }
            intents.commandBorn(in: intent)
            if command.kind == .modify { intents.modifies(command.id, in: intent) }
            if command.kind == .cancel, command.state == .requested, awaitsCancels(intent) { intents.awaitAnswer(to: command.id, in: intent) }
        }
        for desk in desks {
            for live in desk.book.all.sorted(by: { $0.key < $1.key }) { resume(live, on: desk) }
        }
        for desk in desks { tellLeft(desk) }
        endOldBreaks()
    }

    /// A command whose order closed while its request was out: the answer that would have ended it went with the former process.
    private func outlived(_ command: OrderCommand) {
        guard desk(command.account) != nil else { return }
        commands.add(command)
        if let key = command.intent, let intent = intents[key] { intents.commandBorn(in: intent) }
        // What cannot be looked up stays open, and its intent with it.
        guard let order = (try? recall.order(command.clientOrderID)) ?? nil, order.state.isTerminal else { return }
        let isDone = command.kind == .cancel ? !Self.isInVain(cancelOf: order) : isShown(command, in: order)
        change(command.id, to: isDone ? .done : .refused, evidence: order.evidence, note: "restart: the order is \(order.state.rawValue)")
    }

    /// Row by row of the restart table: what never left is queued, what may have left is in doubt, what the venue has is asked about.
    private func resume(_ live: LiveOrder, on desk: Desk) {
        if live.state == .intended, isSuspect(live) {
            change(
                live, to: .inDoubt, kind: .inDoubt, evidence: .inferred, fields: desk.book.suspect(live),
                note: "restart: the journal went back in time; the order may have been sent since")
        }
        if isDoubtedAtStart(live, on: desk) {
            change(
                live, to: .inDoubt, kind: .inDoubt, evidence: .inferred,
                note: "restart: it was proven absent, and another account of its user may have shown since that look-ups were wrong")
        }
        if let formerly = desk.access.formerly, live.state == .submitted || live.state == .inDoubt {
            bar(live, formerly.bar, words: formerly.words)
        }
        // A modify shows in what was last confirmed; one that is still open may have had its effect, too.
        live.mayBeRenamed = desk.profile.modifyMayRename && (live.order.isModified || live.commands.contains { commands[$0]?.kind == .modify })
        if live.state == .submitted {
            change(
                live, to: .inDoubt, kind: .inDoubt, evidence: .inferred, request: live.order.request, note: "restart: the answer was not journaled")
        }
        if live.order.bars.contains(.refusal) { mistrustProof(of: live, on: desk) }
        parkAtOnce(live, on: desk)
        for id in live.commands {
            guard let command = commands[id] else { continue }
            if command.state == .submitted {
                change(id, to: .inDoubt, evidence: .inferred, request: command.request, note: "restart: the answer was not journaled")
            }
        }
        switch live.state {
        case .intended: resumeUnsent(live, on: desk)
        case .inDoubt:
            if !isLeft(live.order, on: desk) { desk.listing.orderFellIntoDoubt(at: now.monotonic) }
            ask(live, .doubt, on: desk, after: 0)
        case .acknowledged, .working, .partiallyFilled: resumeOutcome(of: live, on: desk)
        case .submitted, .filled, .canceled, .expired, .rejected, .denied, .abandoned: break
        }
        desk.resent.left(live.order)
        // By the venue's word it was there before the record went back, and such a one is never sent again.
        if isSuspect(live), !live.order.evidence.isVenues { desk.resent.mayHaveLeft(live.key) }
        for id in live.commands { pursue(id, of: live, on: desk) }
        // Whether all of it was listed before is not known.
        if live.order.filledQuantity.isPositive { wantFills(live, on: desk) }
    }

    /// Takes an order into memory.
    func adopt(_ live: LiveOrder, on desk: Desk) {
        desk.book.adopt(live, isLeft: isLeft(live.order, on: desk))
        desk.listing.use(live.order.terms.symbol)
    }

    /// When an intent's unsent orders are too old: the earlier of its deadline and the account's longest age.
    func deadline(of row: IntentRow) -> Int64? {
        let byAge = desk(row.account)?.setup.maxIntentAgeMs.map { row.acceptedAt + .milliseconds($0) }
        return [row.expiresAt, byAge].compactMap { $0 }.min()
    }
}
