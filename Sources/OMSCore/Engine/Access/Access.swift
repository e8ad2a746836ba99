/// One account's way to its venue: whether a request may leave at all, and what must be known before one can be made (the venue's clock, who the account is,
/// its markets). What orders do is no business of it.
///
/// An owner: its state is written here and in its parts alone, by what its venue answered or did not. It knows no order and no break; what others must do
/// about its news it returns (``Consequence``), and ``Engine/settle(_:on:)`` hands it on.
final class Access {
    let account: AccountID
    let profile: VenueProfile
    private let patience: Patience
    /// When this process took the account up, by the runner's clock.
    let startedAt: Int64
    private let identity: VenueIdentity

    // Parts that do more than assign are changed beside themselves and put back in one step: their readers are many, and need no check against a change
    // under way.
    private(set) var time = VenueTime()
    private(set) var markets = Markets()
    private(set) var standing = Standing()
    private(set) var reach = Reach()
    private(set) var lastError = LastError()
    private(set) var rehearsed: Rehearsed
    private var told = Told()

    /// What watchers of the daemon were told last.
    private struct Told {
        var trouble: Trouble?
        /// It was told to be ready, or not to be.
        var hasSpoken = false
        var isUnreachable = false
    }

    /// Preparations (clock, account, markets) are not asked for before then, nor while one is out.
    private var prepareAt: Int64 = .min
    private var isPreparing = false

    init(_ setup: AccountSetup, patience: Patience, at now: Int64) {
        (account, profile, self.patience, startedAt) = (setup.id, setup.rules.profile, patience, now)
        identity = VenueIdentity(setup)
        rehearsed = Rehearsed(accepted: setup.acceptedAssumptions, known: setup.assumptions)
    }

    var clock: VenueClock? { time.clock }
    // What others read of who the account is (see ``VenueIdentity``).
    var facts: AccountFacts? { identity.facts }
    var pinned: PinnedIdentity? { identity.pinned }
    var formerly: (bar: Bars, words: String)? { identity.formerly }
    var isUntold: Bool { identity.isUntold }
    var awaitsUID: Bool { identity.awaitsUID }
    var problem: String? { identity.problem }
    var contradiction: String? { identity.contradiction }

    /// All is known that new orders need, and nothing speaks against what is taken for granted.
    var isPrepared: Bool { markets.readAt != nil && identity.isChecked && rehearsed.standing.isEmpty }

    /// A signed request can be stamped, and made out for the account.
    var isSignable: Bool { time.clock != nil && (!profile.needsAccountFacts || identity.facts != nil) && !identity.awaitsUID }

    /// Its markets are not read yet, and nothing went wrong so far: a start.
    var isUnheard: Bool { markets.readAt == nil && lastError.words == nil }

    // MARK: Whether requests may leave

    /// Whether requests of the account may leave at all, for all that its venue says; else asks to be called when they may.
    func mayLeave(in turn: Turn) -> Bool {
        guard turn.now.monotonic >= standing.shutOutUntil else {
            turn.wake(at: standing.shutOutUntil)
            return false
        }
        return true
    }

    /// Whether signed questions (or writes) may leave: while the venue refuses them, one at a time, after ever longer pauses.
    func mayTry(_ kind: Standing.Kind, in turn: Turn) -> Bool {
        guard standing[kind].count > 0 else { return true }
        guard turn.now.monotonic >= standing[kind].until else {
            turn.wake(at: standing[kind].until)
            return false
        }
        return standing[kind].out == 0
    }

    /// Whether the venue can be reached, as far as is known; else asks to be called when it is to be tried again.
    func isReachable(in turn: Turn) -> Bool {
        guard turn.now.monotonic >= reach.backoffUntil else {
            turn.wake(at: reach.backoffUntil)
            return false
        }
        return true
    }

    /// Whether the venue is open for places and modifies; else asks to be called when it may be.
    func isOpen(in turn: Turn) -> Bool {
        guard turn.now.monotonic >= reach.closedUntil else {
            turn.wake(at: reach.closedUntil)
            return false
        }
        return true
    }

    // MARK: Requests

    /// A request leaves.
    func asked(_ plan: RequestPlan, in turn: Turn) {
        reach.asked(at: turn.now.monotonic)
        if let kind = Standing.Kind(plan) { standing.asked(kind) }
    }

    /// One that left came to its end; of which sort it was, ``say(_:)`` speaks from here on.
    func landed(_ plan: RequestPlan) {
        reach.landed()
        if let kind = Standing.Kind(plan) { standing.landed(kind) }
        lastError.speak(of: plan.sort)
    }

    /// An answer came. One from something in front of the venue is none.
    ///
    /// - Parameter otherwise: what still goes wrong, where this answer ends what went wrong last.
    func heard(_ answer: VenueAnswer, isClockSet: Bool, in turn: Turn, otherwise: () -> String?) {
        let isVenues = answer.disposition != .inDoubt || (answer.venueCode != nil && answer.httpStatus < 500)
        guard isVenues else { return unheard("HTTP \(answer.httpStatus) without the venue's own words") }
        reach.heard(at: turn.now)
        guard answer.disposition == .answered else { return }
        if case .failed = answer.query { return }
        reach.progressed(at: turn.now.monotonic)
        // What was wrong is over with the next good answer of its kind.
        if isClockSet, lastError.isEndedByAnswer { lastError.say(otherwise()) }
    }

    /// No answer came, and none will.
    func unheard(_ reason: String) {
        reach.unheard(reason)
        // Of no kind of request: any answer ends it.
        lastError.speakOfAll()
    }

    /// A request was answered, whatever the answer: the venue can be reached.
    func answered() { reach.answered() }

    /// A request did not leave, for the venue could not be reached: nothing leaves for a while.
    func unsent(_ reason: String, using random: inout some RandomNumberGenerator, in turn: Turn) {
        unheard(reason)
        lastError.say(reason)
        // With full jitter: the venue cannot be reached, and nobody gains from a stampede.
        let ceiling = patience.unreachablePauses.pause(after: reach.unsentInARow + 1)
        let pause = Int64.random(in: ceiling / 4...ceiling, using: &random)
        reach.backOff(until: turn.now.monotonic + pause)
    }

    /// The venue is closed for maintenance.
    func closed(_ words: String, in turn: Turn) {
        reach.close(until: turn.now.monotonic + patience.maintenanceUs)
        lastError.say("maintenance: \(words)")
    }

    // MARK: Refusals

    /// The venue refuses the key. The first refusal costs no time, since it may concern one endpoint alone: any other of its kind that is answered well ends
    /// the matter.
    func refused(_ plan: RequestPlan, sentAt: Int64, in turn: Turn) {
        if let kind = Standing.Kind(plan) { standing.refused(kind, sentAt: sentAt, pauseMax: patience.refusedUs, at: turn.now.monotonic) }
    }

    /// A signed request was answered well.
    func trusted(_ plan: RequestPlan) { if let kind = Standing.Kind(plan) { standing.trusted(kind) } }

    /// The venue shuts us out. Whom it means is not said, key or address, so nothing leaves for any account of the venue, not even a question: many make the
    /// time longer for whoever asks. On record, for a restart is no reason to knock.
    func shutOut(forMs: Int64, words: String, request: RequestID, in turn: Turn) -> [Consequence] {
        // Beyond its word: time is counted from the answer's arrival here, and in whole seconds there.
        let rest = Rest(for: min(.milliseconds(max(0, forMs)), .seconds(86_400)) + .seconds(1), at: turn.now)
        let isNew = standing.shutOutUntil <= turn.now.monotonic
        var consequences: [Consequence] = []
        if rest.until > standing.shutOutUntil {
            let ban = VenueBan(
                family: family, rest: rest,
                words: "shut out by the venue for \(forMs / 1_000) s (\(words)): nothing is sent to it before that is over")
            turn.record(.ban(ban))
            impose(ban)
            consequences.append(.ban(ban))
        }
        guard isNew else { return consequences }
        turn.notice(.shutOut(forMs: forMs, words), of: account)
        let event = turn.event(.note, evidence: .response, request: request, actor: .venue, note: lastError.words)
        turn.record(.note(account: account, nil, event))
        consequences.append(.found(.limit, detail: "shut out for \(forMs / 1_000) s, though within the limits (\(words))"))
        return consequences
    }

    /// The venue's family of hosts, which shuts out all or none.
    var family: String { profile.addressFamily }

    /// A venue of this family shuts us out.
    func impose(_ ban: VenueBan) {
        standing.shutOut(ban)
        lastError.say(ban.words)
    }

    /// It is over.
    func lift(_ ban: VenueBan) {
        standing.shutOut(nil)
        forget(ban.words)
    }

    // MARK: Preparations

    /// What is to be asked before anything else, and again when it ages: the clock, the account's facts, its markets. nil: nothing now; it asks to be called.
    func nextPreparation(in turn: Turn) -> Query? {
        guard !isPreparing else { return nil }
        let now = turn.now.monotonic
        guard now >= prepareAt else {
            turn.wake(at: prepareAt)
            return nil
        }
        if time.isToBeMeasured(gapUs: patience.clockGapUs, in: turn) { return .serverTime }
        if identity.facts == nil { return mayTry(.asking, in: turn) ? .account : nil }
        if markets.areToBeRead(at: now) { return .instruments }
        if isSilent(in: turn) { return .serverTime }
        turn.wake(at: markets.nextReadAt)
        return nil
    }

    /// Whether nothing was heard for so long that the venue should be asked how late it is.
    private func isSilent(in turn: Turn) -> Bool {
        guard reach.out == 0, time.clock != nil else { return false }
        let at = max(reach.heardAt, startedAt) + (reach.failedInARow > 0 ? patience.lostUs : patience.silenceUs)
        if turn.now.monotonic < at { turn.wake(at: at) }
        return turn.now.monotonic >= at
    }

    /// A preparation left.
    func preparing(_ query: Query, in turn: Turn) {
        if case .serverTime = query { time.asked(at: turn.now.monotonic) }
        isPreparing = true
    }

    /// A preparation was answered well.
    func prepared() { isPreparing = false }

    /// It was not: it is asked again behind a pause, microseconds.
    func preparationFailed(pause: Int64, in turn: Turn) {
        isPreparing = false
        prepareAt = turn.now.monotonic + pause
    }

    /// None is asked for within a pause, microseconds.
    func prepareLater(pause: Int64, in turn: Turn) { prepareAt = max(prepareAt, turn.now.monotonic + pause) }

    // MARK: The clock

    /// The venue told the time.
    func measured(_ clock: VenueClock, sentAt: Int64, in turn: Turn) {
        var time = time
        time.measured(clock, sentAt: sentAt, at: turn.now.monotonic)
        self.time = time
    }

    /// The venue refused a stamp: its clock is measured again.
    func clockRefused(_ words: String) {
        time.doubt()
        lastError.say("timestamp refused (\(words)): the venue's clock is measured again")
    }

    /// A proof needs to know what the venue's clock shows now. One question serves all of an account that wait for it.
    func wantClock(in turn: Turn) { time.want(at: turn.now.monotonic) }

    // MARK: Who the account is

    /// At a start: what the record has of it.
    func identify(_ pinned: PinnedIdentity?, in turn: Turn) { identity.restore(pinned, in: turn) }

    /// A signed request is about to leave. The first one pins who the account is; where the venue tells, its word comes first.
    func pinFirst(in turn: Turn) { if identity.isToBePinned { pin("", in: turn) } }

    /// Puts on record who the account is, as the configuration has it.
    func pin(_ why: String, in turn: Turn) { identity.pin(why, in: turn) }

    /// The venue told about the account.
    func learn(_ facts: AccountFacts, in turn: Turn) -> [Consequence] {
        prepared()
        let consequences = identity.learn(facts)
        if let problem = identity.problem {
            lastError.say(problem)
            // Its owner may set it right at the venue: asked again now and then.
            prepareAt = turn.now.monotonic + patience.factsProblemUs
        }
        return consequences
    }

    /// An answer shows something against what the configuration takes for granted: what is sent on may mean something else than was asked.
    ///
    /// Nothing new leaves until a person has looked: a start with another setting, or `resume`, asks the venue again. Cancels and look-ups go on.
    func contradicted(_ why: String) -> [Consequence] { identity.contradicted(why) ? [.found(.assumption, detail: why)] : [] }

    /// At a start: what was shown against the setting that still stands is not forgotten, though the row that showed it may not come again.
    func remember(_ broken: Break) {
        guard broken.kind == .assumption, let unit = profile.quantityUnit else { return }
        if broken.detail.contains("quantity_unit says \(unit.rawValue)") { _ = identity.contradicted(broken.detail) }
    }

    /// What a rehearsal saw of what is taken for granted of the venue.
    func learn(_ row: RehearsalRow) { rehearsed.learn(row) }

    /// What the configuration accepts of that.
    func accept(_ names: Set<String>) { rehearsed.accept(names) }

    /// A person changed whether the account trades: whoever is at the desk wants what failed tried now, the key as well. What is opened tries everything
    /// anew: the venue is asked again for whatever may speak against it (markets, closed and open orders), and nothing new leaves before it has answered.
    func tryAgain(isOpened: Bool, in turn: Turn) -> [Consequence] {
        standing.tryAgain()
        guard isOpened else { return [] }
        var consequences: [Consequence] = []
        if identity.isContradicted {
            markets.forget()
            consequences.append(.reconcile(at: turn.now.monotonic))
        }
        if identity.isContradicted || identity.problem != nil {
            identity.forgetProblems()
            prepareAt = turn.now.monotonic
        }
        return consequences
    }

    // MARK: Markets

    /// The venue told its table of markets.
    ///
    /// - Parameter used: markets with orders of the account, which the table may lack.
    /// - Returns: Why the answer is none; nil: it was taken in.
    func learn(_ list: [Instrument], skipped: [String], used: Set<Symbol>, in turn: Turn) -> String? {
        guard !list.isEmpty else { return "the venue listed no market at all" }
        prepared()
        var markets = markets
        let news = markets.learn(list, skipped: skipped, used: used, patience, at: turn.now.monotonic)
        self.markets = markets
        for words in news { turn.notice(.market(words), of: account) }
        return nil
    }

    /// After a refusal of what the markets' rules, as read here, allow: they may have changed, or the market is gone.
    func doubtMarkets(in turn: Turn) { markets.doubt(patience, at: turn.now.monotonic) }

    // MARK: What a person should know

    /// Something went wrong with the request whose end is being taken in; or with none.
    func say(_ words: String) { lastError.say(words) }

    /// These words are true no more.
    func forget(_ words: String) { if lastError.words == words { lastError.say(nil) } }

    /// At a turn's end: gives the last error its time.
    func endTurn(at now: Moment) { lastError.endTurn(at: now.wall) }

    /// At a turn's end: tells watchers what changed in it.
    ///
    /// - Parameter trouble: why the account is not ready, by all that is known of it; nil: it is.
    func tell(_ trouble: (kind: Trouble, words: String)?, in turn: Turn) {
        tellReach(in: turn)
        if let (kind, words) = trouble {
            // A start has its time before it is worth a word.
            let isStarting = !told.hasSpoken && turn.now.monotonic - startedAt < patience.startUs
            if isStarting { turn.wake(at: startedAt + patience.startUs) }
            if !isStarting, told.trouble != kind {
                turn.notice(.notReady(words), of: account)
                (told.trouble, told.hasSpoken) = (kind, true)
            }
        } else if told.trouble != nil || !told.hasSpoken {
            turn.notice(.ready, of: account)
            (told.trouble, told.hasSpoken) = (nil, true)
        }
    }

    private func tellReach(in turn: Turn) {
        let isUnreachable = unreachable(in: turn) != nil
        guard isUnreachable != told.isUnreachable else { return }
        told.isUnreachable = isUnreachable
        turn.notice(isUnreachable ? .unreachable(reach.reason) : .reachable, of: account)
    }

    /// Why the venue cannot be reached; nil: it can, as far as is known.
    func unreachable(in turn: Turn) -> String? {
        if reach.failedInARow >= patience.failuresMax { return "\(reach.failedInARow) requests in a row without an answer: \(reach.reason)" }
        guard let since = reach.waitingSince else { return nil }
        guard turn.now.monotonic - since >= patience.unansweredUs else {
            turn.wake(at: since + patience.unansweredUs)
            return nil
        }
        return "no answer for \((turn.now.monotonic - since) / 1_000_000) s"
    }
}
