/// What is known of the way to an account's venue.
struct Reach {
    /// Requests since the daemon started.
    var asked = 0
    /// Requests in a row that no answer came to.
    var failedInARow = 0
    /// Since when something is unanswered, by the runner's clock; nil: nothing is.
    var waitingSince: Int64?
    /// When the venue last answered, by the wall clock and by the runner's.
    var lastAnswerAt: Int64?
    var heardAt: Int64 = .min
    /// When it last answered what it was asked: an error is an answer and no progress.
    var progressAt: Int64 = .min
    /// Why the last request was not answered.
    var reason = ""
}

/// What watchers of the daemon were told last.
struct Told {
    var trouble: Trouble?
    /// It was told to be ready, or not to be.
    var hasSpoken = false
    var isUnreachable = false
    var hasDoubts = false
}

/// Why an account is not ready. The raw value orders them: the first is the one to mend.
enum Trouble: Int, CaseIterable {
    case clockUnset, facts, assumption, shutOut, keyRefused, unreachable, clockUnknown, markets, firstReconciliation, listing
}

extension Engine {
    // MARK: Hearing and not hearing

    /// An answer came. One from something in front of the venue is none.
    func heard(_ answer: VenueAnswer, on desk: Desk) {
        let isVenues = answer.disposition != .inDoubt || (answer.venueCode != nil && answer.httpStatus < 500)
        guard isVenues else { return unheard("HTTP \(answer.httpStatus) without the venue's own words", on: desk) }
        desk.reach.failedInARow = 0
        desk.reach.waitingSince = desk.inFlightCount > 0 ? now.monotonic : nil
        (desk.reach.lastAnswerAt, desk.reach.heardAt) = (now.wall, now.monotonic)
        guard answer.disposition == .answered else { return }
        if case .failed = answer.query { return }
        desk.reach.progressAt = now.monotonic
        // What was wrong is over with the next good answer of its kind.
        if desk.lastError != nil, !desk.isErrorNew, isClockSet, desk.errorIsOf == nil || desk.errorIsOf == desk.speaksOf {
            desk.lastError = repeatWords(of: desk)
        }
    }

    /// No answer came, and none will.
    func unheard(_ reason: String, on desk: Desk) {
        desk.reach.failedInARow += 1
        desk.reach.reason = reason
        // Of no kind of request: any answer ends it.
        desk.speaksOf = nil
    }

    /// A request leaves.
    func asked(on desk: Desk) {
        desk.reach.asked += 1
        desk.reach.waitingSince = desk.reach.waitingSince ?? now.monotonic
    }

    /// Whether nothing was heard for so long that the venue should be asked how late it is.
    func isSilent(_ desk: Desk) -> Bool {
        guard desk.inFlightCount == 0, desk.clock != nil else { return false }
        let at = max(desk.reach.heardAt, startedAt) + (desk.reach.failedInARow > 0 ? patience.lostUs : patience.silenceUs)
        if now.monotonic < at { wake(at: at) }
        return now.monotonic >= at
    }

    // MARK: Ready or not

    /// Why the account is not ready; nil: it is.
    func trouble(of desk: Desk) -> (Trouble, String)? {
        Trouble.allCases.lazy.compactMap { trouble in self.words(of: trouble, on: desk).map { (trouble, $0) } }.first
    }

    /// The same for a person who waits for something of the account: never empty.
    func troubles(of desk: Desk) -> String {
        trouble(of: desk)?.1 ?? desk.lastError ?? "the venue has not answered for \(patience.unansweredUs / 1_000_000) s"
    }

    private func words(of trouble: Trouble, on desk: Desk) -> String? {
        switch trouble {
        case .clockUnset: return isClockSet ? nil : Self.unsetClock
        case .facts: return desk.factsProblem
        case .assumption: return desk.assumptionProblem
        case .shutOut:
            let left = desk.standing.shutOutUntil > now.monotonic ? desk.standing.shutOutUntil - now.monotonic : 0
            return left > 0 ? "shut out by the venue for \(left / 1_000_000 + 1) s" : nil
        case .keyRefused:
            let count = max(desk.standing.asking.count, desk.standing.writing.count)
            return count > 1 ? "the venue refuses the key, \(count) times in a row" : nil
        case .unreachable:
            if desk.reach.failedInARow >= patience.failuresMax {
                return "\(desk.reach.failedInARow) requests in a row without an answer: \(desk.reach.reason)"
            }
            guard let since = desk.reach.waitingSince else { return nil }
            guard now.monotonic - since >= patience.unansweredUs else {
                wake(at: since + patience.unansweredUs)
                return nil
            }
            return "no answer for \((now.monotonic - since) / 1_000_000) s"
        case .clockUnknown: return desk.clock == nil ? "the venue's clock is not measured" : nil
        case .markets:
            if desk.instrumentsAt == nil { return "the venue's markets are not read yet" }
            return desk.facts == nil && desk.profile.quantityUnit != nil ? "the unit of the venue's quantities is not checked yet" : nil
        case .firstReconciliation: return desk.hasReconciled ? nil : "the first reconciliation is not done"
        case .listing:
            guard desk.sweepFailures >= patience.listingFailuresMax else { return nil }
            return "\(desk.sweepFailures) reconciliations in a row failed: \(desk.sweepProblem)"
        }
    }

    // MARK: Telling

    /// Tells what changed in this turn, and gives the last error its time.
    func watch(_ desk: Desk) {
        if desk.isErrorNew { desk.lastErrorAt = now.wall }
        if desk.lastError == nil { desk.lastErrorAt = nil }
        desk.isErrorNew = false
        desk.speaksOf = nil
        watchKill(desk)
        let trouble = trouble(of: desk)
        tellReach(trouble, of: desk)
        if let (kind, words) = trouble {
            // A start has its time before it is worth a word.
            let isStarting = !desk.told.hasSpoken && now.monotonic - startedAt < patience.startUs
            if isStarting { wake(at: startedAt + patience.startUs) }
            if !isStarting, desk.told.trouble != kind {
                notice(.notReady(words), of: desk.id)
                (desk.told.trouble, desk.told.hasSpoken) = (kind, true)
            }
        } else if desk.told.trouble != nil || !desk.told.hasSpoken {
            notice(.ready, of: desk.id)
            (desk.told.trouble, desk.told.hasSpoken) = (nil, true)
        }
        if desk.doubts.isEmpty == desk.told.hasDoubts {
            desk.told.hasDoubts.toggle()
            notice(desk.told.hasDoubts ? .doubts(desk.doubts.count) : .doubtsOver, of: desk.id)
        }
    }

    private func tellReach(_ trouble: (kind: Trouble, words: String)?, of desk: Desk) {
        let isUnreachable = words(of: .unreachable, on: desk) != nil
        guard isUnreachable != desk.told.isUnreachable else { return }
        desk.told.isUnreachable = isUnreachable
        notice(isUnreachable ? .unreachable(desk.reach.reason) : .reachable, of: desk.id)
    }
}
