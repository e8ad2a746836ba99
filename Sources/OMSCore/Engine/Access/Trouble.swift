/// Why an account is not ready. The raw value orders them: the first is the one to mend.
enum Trouble: Int, CaseIterable {
    case clockUnset, facts, assumption, shutOut, keyRefused, unreachable, clockUnknown, markets, countdown, firstReconciliation, listing

    /// In words, where the machine's own clock is the trouble.
    static let unsetClock = "this machine's clock shows a time before 2020: nothing is sent before it is set"
}

/// What others know that keeps an account from being ready.
struct Circumstances {
    let isClockSet: Bool
    let hasReconciled: Bool
    /// Why its open orders cannot be listed; nil: they can, or it is too soon to say.
    let listing: String?
    /// Why the venue's countdown does not run though it should; nil: it does, or none is wanted.
    var countdown: String?
}

extension Access {
    /// Why the account is not ready; nil: it is.
    func trouble(_ others: Circumstances, in turn: Turn) -> (kind: Trouble, words: String)? {
        for trouble in Trouble.allCases { if let words = words(of: trouble, others, in: turn) { return (trouble, words) } }
        return nil
    }

    private func words(of trouble: Trouble, _ others: Circumstances, in turn: Turn) -> String? {
        switch trouble {
        case .clockUnset: return others.isClockSet ? nil : Trouble.unsetClock
        case .facts: return problem
        case .assumption: return contradiction ?? rehearsed.trouble
        case .shutOut:
            let left = standing.shutOutUntil > turn.now.monotonic ? standing.shutOutUntil - turn.now.monotonic : 0
            return left > 0 ? "shut out by the venue for \(left / 1_000_000 + 1) s" : nil
        case .keyRefused: return standing.refusals > 1 ? "the venue refuses the key, \(standing.refusals) times in a row" : nil
        case .unreachable: return unreachable(in: turn)
        case .clockUnknown: return time.clock == nil ? "the venue's clock is not measured" : nil
        case .markets:
            if markets.readAt == nil { return "the venue's markets are not read yet" }
            return facts == nil && profile.quantityUnit != nil ? "the unit of the venue's quantities is not checked yet" : nil
        case .countdown: return others.countdown
        case .firstReconciliation: return others.hasReconciled ? nil : "the first reconciliation is not done"
        case .listing: return others.listing
        }
    }
}
