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
    fileprivate(set) var ban: VenueBan?
    var shutOutUntil: Int64 { ban?.rest.until ?? .min }
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
        desk.standing[keyPath: streak].until = now.monotonic + min(patience.refusedUs, .milliseconds(125) << Int64(min(count, 10)))
    }

    /// A signed request was answered well.
    func trusted(_ plan: RequestPlan, on desk: Desk) {
        if let streak = Self.streak(of: plan) { desk.standing[keyPath: streak] = Standing.Streak() }
    }

    /// Somebody who is at the desk wants the next request tried at once.
    func tryKeyAgain(_ desk: Desk) { (desk.standing.asking, desk.standing.writing) = (Standing.Streak(), Standing.Streak()) }

    /// The venue shuts us out. Whom it means is not said, key or address, so nothing leaves for any account of the venue, not even a question:
    /// many make the time longer for whoever asks. On record, for a restart is no reason to knock.
    func shutOut(_ desk: Desk, forMs: Int64, words: String, request: RequestID) {
        // Beyond its word: time is counted from the answer's arrival here, and in whole seconds there.
        let rest = Rest(for: min(.milliseconds(max(0, forMs)), .seconds(86_400)) + .seconds(1), at: now)
        let isNew = desk.standing.shutOutUntil <= now.monotonic
        if rest.until > desk.standing.shutOutUntil {
            let ban = VenueBan(
                family: String(BudgetOwner.family(desk.profile.venue)), rest: rest,
                words: "shut out by the venue for \(forMs / 1_000) s (\(words)): nothing is sent to it before that is over")
            record(.ban(ban))
            impose(ban)
        }
        guard isNew else { return }
        notice(.shutOut(forMs: forMs, words), of: desk.id)
        record(.note(account: desk.id, nil, event(.note, evidence: .response, request: request, actor: .venue, note: desk.lastError)))
        found(.limit, of: nil, on: desk, detail: "shut out for \(forMs / 1_000) s, though within the limits (\(words))")
    }

    private func impose(_ ban: VenueBan) {
        for desk in desks where BudgetOwner.family(desk.profile.venue) == ban.family {
            desk.standing.ban = ban
            desk.lastError = ban.words
        }
    }

    // MARK: Refusals for the rate, over a restart

    /// What earlier runs heard of venues that had enough.
    func restoreStanding(_ rests: [BudgetRest], _ bans: [VenueBan], isOtherBoot: Bool) {
        for ban in bans {
            // By this boot's clock on record too, so that its next start does not read another boot's times as its own.
            if isOtherBoot { record(.ban(ban)) }
            if ban.rest.until > now.monotonic { impose(ban) } else { record(.banEnded(family: ban.family)) }
        }
        limiter.record(rests, ofOtherBoot: isOtherBoot, in: turn)
    }

    /// Lets cut shares grow back, and ends what is over.
    func recover(_ desk: Desk) {
        limiter.recover(at: now.monotonic)
        if let ban = desk.standing.ban, ban.rest.until <= now.monotonic {
            for other in desks where other.standing.ban?.family == ban.family {
                other.standing.ban = nil
                if other.lastError == ban.words { other.lastError = nil }
            }
            record(.banEnded(family: ban.family))
        }
        guard desk.accountBreaks[BreakSubject(kind: .limit, name: "")] != nil, desk.standing.ban == nil else { return }
        guard !limiter.isPunished(desk.budgets.values) else {
            if let next = limiter.nextRecoveryAt { wake(at: next) }
            return
        }
        mended(.limit, on: desk)
    }

    /// What another engine heard in turns that were never written: a venue's refusal counts whether the disk has space for it or not.
    package func heed(_ former: Engine) {
        limiter.heed(former.limiter)
        for desk in former.desks {
            if let ban = desk.standing.ban, ban.rest.until > self.desk(desk.id)?.standing.shutOutUntil ?? .max {
                record(.ban(ban))
                impose(ban)
            }
        }
    }
}
