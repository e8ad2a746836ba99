/// Keeps the venue's own dead man's switch from running out while this process lives, and switches it off when it stops in good order.
extension Engine {
    /// One for all accounts of a user.
    func beginCountdowns() {
        for desk in desks {
            guard let ms = desk.setup.deadmanMs, desk.profile.countdownSeconds != nil, desk.setup.leaving == .everything else { continue }
            let first = desks.first { $0.sharesCountdown(with: desk) && $0.countdown != nil } ?? desk
            if first === desk { desk.countdown = Countdown(seconds: Int(ms / 1_000)) }
            desk.countdownKeeper = first.index
        }
    }

    /// The account with which its user's countdown is kept; nil: none is wanted.
    private func keeper(of desk: Desk) -> Desk? { desk.countdownKeeper.map { desks[$0] } }

    /// Of the account's user; nil: none is wanted.
    func countdown(of desk: Desk) -> Countdown? { keeper(of: desk)?.countdown }

    /// Whether an order may leave: where the venue is to pull orders when nothing is heard of omsd, none is placed that it would leave.
    func isCovered(_ desk: Desk) -> Bool {
        let onItsWayUs = Int64.milliseconds(desk.setup.requestTimeoutMs) + desk.windowUs(of: .place)
        return countdown(of: desk)?.covers(onItsWayUs: onItsWayUs, at: now.monotonic) ?? true
    }

    /// Whether the venue says that the key is the user's whose countdown it is.
    private func maySet(_ desk: Desk) -> Bool { desk.access.isSignable && desk.access.facts != nil && desk.access.problem == nil }

    /// Whether it is this account that asks now: another whose requests come to nothing costs the time in which one beside it would set it.
    private func isTurn(of desk: Desk, _ countdown: Countdown) -> Bool {
        let able = desks.filter { other in
            guard other.sharesCountdown(with: desk), maySet(other) else { return false }
            guard other !== desk else { return true }
            guard other.inFlightCount < other.maxInFlight, other.hasRoom || !other.lanes.isAskingOnLast else { return false }
            return mayLeave(other) && other.access.isReachable(in: turn) && (other.access.mayTry(.asking, in: turn) || mayWrite(other))
        }
        return countdown.isTurn(of: desk.index, among: able.map(\.index))
    }

    /// Sets it where it is due, by whichever of the user's accounts can: the trouble of one pulls no orders of others. It comes before all else: an order of the
    /// user that is not cancelled a moment sooner costs less than all of them.
    func launchCountdown(_ desk: Desk) -> Bool {
        guard let countdown = countdown(of: desk), countdown.asked == nil, maySet(desk) else { return false }
        guard now.monotonic >= countdown.nextAt else {
            wake(at: countdown.nextAt)
            return false
        }
        guard isTurn(of: desk, countdown) else { return false }
        // It may run out at any time from here on, and what it takes must not be let in again by a request that is under way.
        if !countdown.wasSet, let end = desks.filter({ $0.sharesCountdown(with: desk) }).compactMap({ resendsEnd(on: $0) }).max() {
            wake(at: end)
            return false
        }
        // Of the requests that say the same again only those have a row that came to something else.
        return ask(countdown.seconds, on: desk, isJournaled: !countdown.isRunning(at: now.monotonic))
    }

    /// Whether something must be said to a venue before this process may end.
    package var hasCountdowns: Bool { desks.contains { $0.countdown?.mayRun ?? false } }

    /// Nothing else leaves any more, but what must be known for it.
    func switchOffCountdown(_ desk: Desk) {
        guard let countdown = countdown(of: desk), countdown.mayRun, countdown.asked == nil else { return }
        // Also one that a process before this one set: whose key it is must be known first.
        guard maySet(desk) else {
            if desk.access.problem == nil { _ = prepare(desk) }
            return
        }
        guard now.monotonic >= countdown.offAgainAt else { return wake(at: countdown.offAgainAt) }
        guard isTurn(of: desk, countdown) else { return }
        if !ask(0, on: desk, isJournaled: true) { wake(at: now.monotonic + .milliseconds(50)) }
    }

    private func ask(_ seconds: Int, on desk: Desk, isJournaled: Bool) -> Bool {
        guard launch(.query(.countdown(seconds: seconds)), on: desk, as: .first, usesReserve: true, isJournaled: isJournaled) else { return false }
        keeper(of: desk)?.countdown?.asks(seconds, at: now.monotonic)
        return true
    }

    func countdownSet(_ flight: InFlight, sentAt: Int64, on desk: Desk) {
        let words: String
        switch keeper(of: desk)?.countdown?.confirmed(by: desk.index, sentAt: sentAt, at: now.monotonic) {
        case nil: return
        case .begun:
            words = "the venue cancels all orders of this user as soon as it has not heard of omsd for \(countdown(of: desk)?.seconds ?? 0) s"
            // Orders wait for it.
            wake(at: now.monotonic)
        case .off: words = "the venue's countdown is switched off"
        case .mayHaveRunOut(let since):
            words = "the venue did not hear of omsd in time \((now.monotonic - since) / 1_000_000) s ago: what rested there may be cancelled"
            matters(flight)
            for other in desks where other.sharesCountdown(with: desk) { other.listing.read(by: now.monotonic) }
        }
        record(.note(account: desk.id, nil, event(.note, evidence: .response, request: flight.plan.id, note: words)))
    }

    func countdownFailed(_ reason: String, isRefused: Bool, _ flight: InFlight, on desk: Desk) {
        matters(flight)
        keeper(of: desk)?.countdown?.failed(reason, isRefused: isRefused, by: desk.index, at: now.monotonic)
    }
}
