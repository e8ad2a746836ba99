/// One connection and the accounts that it serves. Part of the engine's table of streams.
struct SharedStream {
    let session: StreamSession
    /// Indexes of desks.
    var accounts: [Int]
    /// Permits of what is not answered yet, by its attempt.
    var grips: [RequestID: [PermitGrip]] = [:]
}

/// Private streams: what is due of each, and what its session says.
extension Engine {
    /// Finds each account's connection; those of one key and host share one.
    func configureStreams() {
        let served = Dictionary(grouping: desks.filter { $0.setup.stream != nil }) { $0.setup.stream?.name }
        for case (let name?, let desks) in served {
            for desk in desks { desk.stream.configured(at: now.wall) }
            guard let profile = desks[0].setup.stream?.profile else { continue }
            let rules = Dictionary(desks.compactMap { desk in desk.setup.stream.map { (desk.profile.product, $0.rules) } }) { first, _ in first }
            let session = StreamSession(name, profile, patience: patience) { rules.channels(for: $0) }
            streams[name] = SharedStream(session: session, accounts: desks.map(\.index))
        }
    }

    /// What is due of streams.
    func workStreams() {
        guard !streams.isEmpty else { return }
        for name in streams.keys.sorted() {
            guard let stream = streams[name], !isStopping else { continue }
            let served = stream.accounts.map { desks[$0] }
            for desk in served where desk.setup.stream?.profile.isBySymbol == true {
                guard stream.session.use(Set(desk.listing.symbols.map { StreamMarket(desk.profile.product, $0) })) else { continue }
                for other in served where other.stream.interrupted(at: now) { other.listing.read(by: now.monotonic) }
            }
            carryOut(stream.session.goOn(means(of: name), in: turn), of: name)
        }
        for desk in desks where desk.setup.stream != nil {
            judgeLate(desk)
            settleParked(desk)
        }
    }

    private func means(of name: StreamName) -> StreamSession.Means {
        let served = streams[name]?.accounts.map { desks[$0] } ?? []
        let desk = served.first { $0.access.isSignable && mayLeave($0) }
        func charges(_ budget: String, _ count: Int) -> [BudgetCharge] {
            guard let desk else { return [] }
            return self.charges([Charge(budget, weight: count)], on: desk)
        }
        return StreamSession.Means(
            mayTake: { [self] budget, count in
                guard let desk else { return false }
                return mayTake(charges(budget, count), as: .asking, on: desk, usesReserve: true)
            },
            take: { [self] budget, attempt, count in
                let charges = charges(budget, count)
                streams[name]?.grips[attempt, default: []] += limiter.take(charges, by: attempt, in: turn)
                return PermitList(limiter.permits(of: charges))
            },
            nextAttempt: { [self] in turn.nextRequest() }, timeMs: desk.flatMap { $0.access.clock?.middle(at: now.monotonic) }.map { $0 / 1_000 },
            facts: desk?.access.facts, chance: { [self] in $0 > 0 ? Int64(random.next() % UInt64($0)) : 0 })
    }

    /// What became of a stream, and what it told.
    func heard(_ name: StreamName, _ event: StreamEvent) {
        guard let stream = streams[name], let steps = stream.session.hear(event, means(of: name), in: turn) else { return }
        switch event.what {
        case .opened: free(name, event.attempt, isAnswered: true)
        case .tokenGranted, .tokenRefused, .closed: break
        case .told(let news):
            // What it says of itself is the session's; of orders it tells the accounts.
            for piece in news { heard(piece, of: name) }
        }
        carryOut(steps, of: name, heard: event)
    }

    private func free(_ name: StreamName, _ attempt: RequestID, isAnswered: Bool) {
        guard let grips = streams[name]?.grips.removeValue(forKey: attempt) else { return }
        if isAnswered {
            limiter.release(grips, readAt: now.monotonic, in: turn)
        } else {
            let holdMs = streams[name]?.accounts.map { desks[$0].setup.holdUnansweredMs }.max() ?? 0
            limiter.abandon(grips, resetAt: now.monotonic, holdUs: .milliseconds(holdMs), in: turn)
        }
    }

    /// - Parameter news: What they come of, if something was heard.
    private func carryOut(_ steps: [StreamSession.Step], of name: StreamName, heard news: StreamEvent? = nil) {
        guard let first = streams[name]?.accounts.first else { return }
        let served = streams[name]?.accounts.map { desks[$0] } ?? []
        for step in steps {
            switch step {
            case .wish(let what, let attempt):
                if case .connect = what { for desk in served { desk.stream.trying(at: now.wall) } }
                if case .close = what { free(name, attempt, isAnswered: false) }
                turn.wish(StreamWish(name, of: desks[first].id, attempt, what))
            case .up:
                if let attempt = streams[name]?.session.attempt { free(name, attempt, isAnswered: true) }
                for desk in served {
                    desk.stream.up(at: now)
                    record(.note(account: desk.id, nil, event(.streamUp, evidence: .stream)))
                    // What was missed until now shows in a reconciliation that begins from here on.
                    desk.listing.read(by: now.monotonic)
                }
            case .down(let words):
                for attempt in streams[name]?.grips.keys.sorted() ?? [] { free(name, attempt, isAnswered: false) }
                for desk in served {
                    let (isLoss, isNews) = desk.stream.down(words, at: now)
                    if isNews { notice(.streamDown(words), of: desk.id) }
                    guard isLoss else { continue }
                    record(.note(account: desk.id, nil, event(.streamDown, facts: [.init("reason", words)])))
                    desk.listing.read(by: now.monotonic + .milliseconds(desk.setup.reconcileIntervalMs))
                }
            case .clockRefused(let words):
                // Measured again, and until then as it was: cancels and proofs go by it, and a stream's refusal may mean anything.
                for desk in served {
                    desk.access.wantClock(in: turn)
                    desk.stream.failed(words)
                }
            case .tokenEnded(let id, let outcome):
                free(name, id, isAnswered: outcome != .inDoubt)
                let exchange = news?.attempt == id ? news?.exchange : nil
                // Without one nothing left for the venue to refuse.
                var end = RequestEnd(id: id, outcome: outcome == .refused && exchange == nil ? .notSent : outcome)
                (end.sentAt, end.answeredAt, end.httpStatus) = (exchange?.sentAt, exchange?.answeredAt, exchange?.httpStatus)
                record(.requestEnded(end))
            case .failed(let words): for desk in served { desk.stream.failed(words) }
            }
        }
    }

    // MARK: Polls beside it

    /// How soon open orders are listed again.
    func paceUs(_ desk: Desk) -> Int64 {
        let pace = desk.setup.reconcileIntervalMs
        return .milliseconds(desk.stream.isTrusted ? max(pace, desk.setup.reconcileLiveMs) : pace)
    }

    /// A whole listing is done: it may have shown all that was missed.
    func closeGap(_ sweep: Sweep, on desk: Desk) {
        guard desk.setup.stream != nil else { return }
        guard desk.stream.reconciled(startedAt: sweep.startedAt, at: now.wall) else {
            // It began before the stream was up, and may have taken long: the one that closes the gap does not wait for as long again.
            if desk.stream.awaitsReconciliation { desk.listing.read(by: now.monotonic + .milliseconds(desk.setup.reconcileIntervalMs)) }
            return
        }
        record(.note(account: desk.id, nil, event(.gapClosed, evidence: .query)))
        notice(.streamUp, of: desk.id)
    }

    /// What polls learned first and no push told of in time.
    private func judgeLate(_ desk: Desk) {
        let (late, isMute) = desk.stream.countLate(at: now.monotonic)
        if let next = desk.stream.nextLateAt { wake(at: next) }
        guard late > 0 else { return }
        desk.listing.read(by: now.monotonic)
        guard isMute, let name = desk.setup.stream?.name, let session = streams[name]?.session else { return }
        let words = "polls learned \(patience.lateMax) times within \(patience.lateUs / 60_000_000) minutes what no push told: it is open and mute"
        notice(.streamMute(words), of: desk.id)
        carryOut(session.giveUp(words, means(of: name), at: now.monotonic), of: name)
    }
}
