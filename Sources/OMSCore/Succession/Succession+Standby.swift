/// A standby: watches the lease, claims it, drains the log.
extension Succession {
    mutating func follow(_ watch: Watch, _ event: Event, at now: Int64) -> [Action] {
        var watch = watch
        switch event {
        case .tick:
            guard !watch.isAsking, now >= watch.asksAt else { return [] }
            watch.isAsking = true
            role = .following(watch)
            return [.ask]
        case .unreadable(let why):
            (watch.isAsking, watch.trouble, watch.asksAt) = (false, why, now + settings.beatUs / 2)
        case .read(let state, let askedAt):
            watch.isAsking = false
            guard state.canWrite else {
                // A node that cannot write may be behind: that a lease stands still there means nothing.
                (watch.trouble, watch.asksAt) = ("the engine's node is read-only", now + settings.beatUs / 2)
                break
            }
            watch.see(state.lease, askedAt: askedAt, at: now, settings)
            watch.trouble = obstacle(to: state)
            if watch.trouble == nil, let bump = bump(for: watch, at: now) { return claim(bump, of: state.lease, watch) }
            watch.asksAt = watch.nextLook(at: now, settings)
        case .foundRelease(let epoch, let turn, let to):
            guard to == settings.host || to == nil && settings.takeover == .auto else { return [] }
            watch.release = Watch.Release(epoch: epoch, turn: turn)
            watch.asksAt = now
        case .promote(let immediately):
            watch.promotion = immediately ? .now : .afterLease
            watch.asksAt = now
        case .applied, .stuck, .bumped, .beaten, .confirmed, .lost, .behind, .broken, .handover, .quiet, .keep, .releaseConfirmed: return []
        }
        role = .following(watch)
        return []
    }

    /// Why this host cannot own the group, however long the lease stands still.
    private func obstacle(to state: LogState) -> String? {
        if let stuck { return stuck }
        if state.lease.versionMin > LogRow.version { return "the log asks for version \(state.lease.versionMin), this omsd reads \(LogRow.version)" }
        // The owner, if it lives, appends anew what the log lacks; nobody else has the right to.
        if applied > state.lease.seq { return "turn \(applied) is in this host's journal, the log ends at \(state.lease.seq): it went back in time" }
        return nil
    }

    private func bump(for watch: Watch, at now: Int64) -> LogBump? {
        guard let lease = watch.lease else { return nil }
        let still = LogBump.Still(beat: lease.beat, seq: lease.seq)
        func bump(_ still: LogBump.Still?) -> LogBump {
            LogBump(epoch: lease.epoch, still: still, holder: settings.host, instance: settings.instance, beat: now, leaseUs: settings.leaseUs)
        }
        // Nobody ever owned it.
        if lease.epoch == 0 { return bump(still) }
        if watch.promotion == .now { return bump(nil) }
        if let release = watch.release, release.epoch == lease.epoch, release.turn == lease.seq { return bump(still) }
        guard watch.secondLook, settings.takeover == .auto || watch.promotion == .afterLease else { return nil }
        return bump(still)
    }

    private mutating func claim(_ bump: LogBump, of former: Lease, _ watch: Watch) -> [Action] {
        role = .claiming(Claim(bump: bump, former: former, promotion: watch.promotion, release: watch.release))
        return [.bump(bump)]
    }

    mutating func pursue(_ claim: Claim, _ event: Event, at now: Int64) -> [Action] {
        var claim = claim
        switch event {
        case .bumped(.durable(let lease), let sentAt):
            guard claim.bump.isMade(lease) else {
                return leave(.stopped("epoch \(claim.bump.epoch + 1) was written, yet the lease is \(lease.holder)'s of epoch \(lease.epoch)"))
            }
            // By the time this was written the former owner's last write had been: its lease ends before one begun now.
            let sendsFrom = claim.bump.still == nil ? now + settings.patienceUs(claim.former.leaseUs) : now
            let tenure = Tenure(
                epoch: lease.epoch, leaseEnds: sentAt + settings.leaseUs, sendsFrom: sendsFrom, confirmed: lease.seq,
                beatsAt: sentAt + settings.beatUs)
            return drainOrOwn(tenure, to: lease.seq, claim.former, at: now)
        case .bumped(.refused(.fenced(let lease)), _):
            // Somebody was faster, or the owner is there again. This lease is new to us, also where it looks like the old one.
            var watch = Watch()
            watch.see(lease, askedAt: now, at: now, settings)
            watch.promotion = claim.promotion == .now ? .none : claim.promotion
            watch.release = claim.release
            // A last beat of the owner that released: it came behind the reading, and nothing comes behind it.
            let isReleased = claim.release.map { $0.epoch == lease.epoch && $0.turn == lease.seq } ?? false
            watch.asksAt = isReleased ? now : watch.nextLook(at: now, settings)
            role = .following(watch)
            return []
        case .bumped(.refused(let refusal), _):
            (claim.isOut, claim.trouble, claim.againAt) = (false, refusal.words, now + Settings.againUs)
        case .bumped(.inDoubt(let words), _):
            (claim.isOut, claim.trouble, claim.againAt) = (false, words, now + Settings.againUs)
        case .tick:
            // Also while another seems to live: the bump may have been made, and then the group is ours and nobody else's.
            guard !claim.isOut, now >= claim.againAt else { return [] }
            claim.isOut = true
            // Ours to tell when it was sent: whoever saw the first sending, which may have been made, must see this one move, since the lease counts from it.
            claim.bump.beat = now
            role = .claiming(claim)
            return [.bump(claim.bump)]
        case .read, .unreadable, .applied, .stuck, .foundRelease, .beaten, .confirmed, .lost, .behind, .broken, .promote, .handover, .quiet, .keep,
            .releaseConfirmed:
            return []
        }
        role = .claiming(claim)
        return []
    }

    // MARK: Draining

    private mutating func drainOrOwn(_ tenure: Tenure, to end: Int64, _ former: Lease, at now: Int64) -> [Action] {
        if let stuck { return leave(.stopped(stuck)) }
        let isNew = if case .draining = role { false } else { true }
        // Later it is another owner's turn that was read, as a beat will tell.
        guard applied <= end || !isNew else {
            return leave(.stopped("turn \(applied) is in this host's journal, the log ends at \(end): it went back in time"))
        }
        var tenure = tenure
        tenure.isWaited = now >= tenure.sendsFrom
        // Before a lease that was not waited for is over its owner may still send: neither could an order be seen to be absent, nor would permits count in
        // full from here. Once our own is over another may have the group: a clean beat tells.
        guard applied == end, tenure.isWaited, now < tenure.leaseEnds else {
            role = .draining(tenure, to: end, former: former)
            return isNew && applied < end ? [.drain(to: end)] : []
        }
        role = .owning(tenure)
        return [.own(epoch: tenure.epoch, from: former, at: now)]
    }

    mutating func drain(_ tenure: Tenure, to end: Int64, _ former: Lease, _ event: Event, at now: Int64) -> [Action] {
        var tenure = tenure
        switch event {
        case .applied, .stuck: return drainOrOwn(tenure, to: end, former, at: now)
        case .tick, .beaten:
            // Another standby watches, and a long log takes longer than a lease.
            let actions = beat(&tenure, event, at: now)
            if case .left = role { return actions }
            return actions + drainOrOwn(tenure, to: end, former, at: now)
        case .lost(let lease): return leave(.fenced(by: lease))
        case .broken(let why): return leave(.stopped(why))
        case .read, .unreadable, .foundRelease, .bumped, .confirmed, .behind, .promote, .handover, .quiet, .keep, .releaseConfirmed: return []
        }
    }

    /// For the next beat, or because nothing but time is lacking.
    func drainWakesAt(_ tenure: Tenure, to end: Int64) -> Int64? {
        guard applied == end, !tenure.isWaited else { return tenure.beatDueAt }
        return min(tenure.sendsFrom, tenure.beatDueAt ?? .max)
    }
}

extension Succession.Watch {
    mutating func see(_ lease: Lease, askedAt: Int64, at now: Int64, _ settings: Succession.Settings) {
        guard let known = self.lease, known.epoch == lease.epoch, known.beat == lease.beat, known.seq == lease.seq else {
            // From when it was heard: the owner sent it before. Also where an engine went back to an older one: it is news.
            (self.lease, since, stillAt, secondLook) = (lease, now, nil, false)
            return
        }
        self.lease = lease
        // It was so when it was asked for; what is between asking and hearing proves nothing.
        guard askedAt >= since + settings.patienceUs(lease.leaseUs) else { return }
        guard let first = stillAt else {
            stillAt = now
            return
        }
        if askedAt >= first + Succession.Settings.secondLookUs { secondLook = true }
    }

    func nextLook(at now: Int64, _ settings: Succession.Settings) -> Int64 {
        let usual = now + settings.beatUs / 2
        if let first = stillAt { return secondLook ? usual : max(now, first + Succession.Settings.secondLookUs) }
        // At once where the time is over already: the last reading was asked for too early.
        return min(usual, max(now, since + settings.patienceUs(lease?.leaseUs ?? 0)))
    }
}
