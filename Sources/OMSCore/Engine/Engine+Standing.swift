/// Where an account stands with its venue: whether its key is taken, and whether the venue shuts us out.
struct Standing {
    /// Refusals of signed requests for key, account or address, one after the other.
    struct Streak {
        /// Since one was last answered well; those that were out together count once.
        fileprivate(set) var count = 0
        fileprivate var countedAt: Int64 = .min
        fileprivate var until: Int64 = .min
    }
    /// Keys may be allowed to ask and not to trade, so each is judged by itself.
    fileprivate(set) var asking = Streak()
    fileprivate(set) var writing = Streak()
    /// The venue's own word: nothing of ours is welcome before then.
    fileprivate(set) var shutOutUntil: Int64 = .min
}

extension Engine {
    /// Whether requests of the account may leave at all; else asks to be called when they may.
    func mayLeave(_ desk: Desk) -> Bool {
        guard isClockSet else {
            wake(at: now.monotonic + .seconds(1))
            return false
        }
        guard now.monotonic >= desk.standing.shutOutUntil else {
            wake(at: desk.standing.shutOutUntil)
            return false
        }
        return true
    }

    /// Whether signed questions (or writes) may leave: while the venue refuses them, one at a time, after ever longer pauses.
    func mayTry(_ streak: KeyPath<Standing, Standing.Streak>, on desk: Desk) -> Bool {
        guard desk.standing[keyPath: streak].count > 0 else { return true }
        guard now.monotonic >= desk.standing[keyPath: streak].until else {
            wake(at: desk.standing[keyPath: streak].until)
            return false
        }
        return !inFlight.values.contains { $0.plan.account == desk.id && Self.streak(of: $0.plan) == streak }
    }

    private static func streak(of plan: RequestPlan) -> WritableKeyPath<Standing, Standing.Streak>? {
        guard plan.isSigned else { return nil }
        return plan.kind == .lookup ? \.asking : \.writing
    }

    /// The venue refuses the key. It is tried again ever more rarely: venues count refused signatures too, and lock keys for them.
    ///
    /// The first refusal costs no time, since it may concern one endpoint alone: any other of its kind that is answered well ends the matter.
    func refused(_ plan: RequestPlan, sentAt: Int64, on desk: Desk) {
        guard let streak = Self.streak(of: plan), sentAt >= desk.standing[keyPath: streak].countedAt else { return }
        desk.standing[keyPath: streak].count += 1
        desk.standing[keyPath: streak].countedAt = now.monotonic
        let count = desk.standing[keyPath: streak].count
        guard count > 1 else { return }
        desk.standing[keyPath: streak].until = now.monotonic + min(Self.refusedPauseMax, .milliseconds(125) << Int64(min(count, 10)))
    }

    static let refusedPauseMax: Int64 = .seconds(30)

    /// A signed request was answered well.
    func trusted(_ plan: RequestPlan, on desk: Desk) {
        if let streak = Self.streak(of: plan) { desk.standing[keyPath: streak] = Standing.Streak() }
    }

    /// Somebody who is at the desk wants the next request tried at once.
    func tryKeyAgain(_ desk: Desk) { (desk.standing.asking, desk.standing.writing) = (Standing.Streak(), Standing.Streak()) }

    /// The venue shuts us out. Whom it means is not said, key or address, so nothing leaves for any account of the venue, not even a question:
    /// many make the time longer for whoever asks.
    func shutOut(_ desk: Desk, forMs: Int64, words: String, request: RequestID) {
        // Beyond its word: time is counted from the answer's arrival here, and in whole seconds there.
        let until = now.monotonic + min(.milliseconds(forMs), .seconds(86_400)) + .seconds(1)
        let isNew = desk.standing.shutOutUntil <= now.monotonic
        for other in desks where BudgetOwner.family(other.profile.venue) == BudgetOwner.family(desk.profile.venue) {
            other.standing.shutOutUntil = max(other.standing.shutOutUntil, until)
            other.lastError = "shut out by the venue for \(forMs / 1_000) s (\(words)): nothing is sent to it before that is over"
        }
        guard isNew else { return }
        notice(.shutOut(forMs: forMs, words), of: desk.id)
        record(.note(account: desk.id, nil, event(.note, evidence: .response, request: request, actor: .venue, note: desk.lastError)))
        if desk.limitBreak == nil {
            let detail = "shut out for \(forMs / 1_000) s, though within the limits (\(words))"
            desk.limitBreak = found(.limit, of: nil, on: desk, detail: detail)?.id
        }
    }
}
