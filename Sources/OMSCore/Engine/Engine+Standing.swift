/// What a venue's refusals mean for all accounts that it may concern, and how they end.
extension Engine {
    /// Whether requests of the account may leave at all; else asks to be called when they may.
    func mayLeave(_ desk: Desk) -> Bool {
        guard isClockSet else {
            wake(at: now.monotonic + .seconds(1))
            return false
        }
        return desk.access.mayLeave(in: turn)
    }

    /// No account of the venue's family of hosts is served.
    func impose(_ ban: VenueBan) {
        for desk in desks where desk.access.family == ban.family { desk.access.impose(ban) }
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

    /// Ends what of an account's refusals is over.
    func recover(_ desk: Desk) {
        if let ban = desk.access.standing.ban, ban.rest.until <= now.monotonic {
            for other in desks where other.access.standing.ban?.family == ban.family { other.access.lift(ban) }
            record(.banEnded(family: ban.family))
        }
        guard desk.breaks.isStanding(.limit), desk.access.standing.ban == nil else { return }
        guard !limiter.isPunished(desk.budgets.values) else {
            if let next = limiter.nextRecoveryAt { wake(at: next) }
            return
        }
        mended(.limit, on: desk)
    }

    /// What another engine of this process knew that is not on record: the configuration that it was told last, and what it heard in turns that were never
    /// written. A venue's refusal counts whether the disk has space for it or not.
    ///
    /// - Parameter history: read by what begins with that configuration, as at a start.
    package func heed(_ former: Engine, reading history: any History) {
        recall.open(history)
        defer { recall.close() }
        inheritedSeq = former.inheritedSeq
        if let setups = former.reloaded { takeOver(setups) }
        limiter.heed(former.limiter)
        guards.heed(former.guards, in: turn)
        for desk in former.desks {
            if let ban = desk.access.standing.ban, ban.rest.until > self.desk(desk.id)?.access.standing.shutOutUntil ?? .max {
                record(.ban(ban))
                impose(ban)
            }
            if let countdown = desk.countdown { self.desk(desk.id)?.countdown?.heed(countdown) }
        }
    }
}
