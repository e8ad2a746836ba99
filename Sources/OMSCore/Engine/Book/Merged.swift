/// What a report of the venue came to in an order's fields. Whether the order may move so, and what else that means, is decided by the engine.
struct Merged {
    /// What changed, ids and bars among it.
    var fields: OrderFields = []
    /// Where the venue's word takes it.
    var next: OrderState
    /// The venue tells of another end than the one that it had told of before, which stands.
    var isContradiction = false
    /// More of it is executed than was known.
    var hasGrown = false
    /// Under this id, too, the venue shows an order by our name, or by an id that was computed for it.
    var other: VenueOrderID?
    /// It is there: what barred it from being sent again has no meaning any more.
    var isUnbarred = false

    /// Whether anything is to be put on record.
    func isNews(to state: OrderState) -> Bool { next != state || !fields.isEmpty }
}

/// How the venue came to tell of an order.
enum Sight {
    /// It was asked, at the earliest then by the runner's clock.
    case asked(at: Int64)
    /// It pushed; `version`: what orders pushes among each other.
    case pushed(version: Int64?, at: Int64)
}

/// What a report is worth beside what is known.
enum Worth {
    /// All of it.
    case whole
    /// It may be the older one: only what cannot go back (what was filled, an end, ids) is taken of it.
    case growth
    /// It is older.
    case none
}

// MARK: What a report is worth

extension OrderReport {
    /// Decided before any of it is taken over. Of an order in doubt any report tells that it is there.
    ///
    /// Versions are compared only where both sides have one of the same kind. Where none can be, a push and an answer that crossed each other can be told apart
    /// by what only grows: an answer to a question from before the last push may be older than it, and so may a push that bears nothing to compare.
    func worth(beside live: LiveOrder, _ sight: Sight) -> Worth {
        let isBehind = filledQuantity.map { $0 < live.order.filledQuantity } ?? false
        let isDoubtful = live.state == .inDoubt
        let pushedAt = live.pushed?.takenAt ?? .min
        // Answers compare among each other: one of a replica that lags moves nothing.
        if let version, let known = live.version, version < known { return isDoubtful ? .whole : .none }
        switch sight {
        case .asked(let time):
            if let version, let heard = live.pushed?.heardVersion(at: time) {
                if version >= heard { return .whole }
                // Older than a push by its stamp. Asked for behind it, it may be a replica's, or the push's stamp was ahead: what only grows is so in any case.
                return time < pushedAt && !isDoubtful ? .none : .growth
            }
            guard time < pushedAt else { return .whole }
            return isBehind && !isDoubtful ? .none : .growth
        case .pushed(_, let time) where version != nil && (live.version ?? live.pushed?.heardVersion(at: time)) != nil:
            let known = max(live.version ?? .min, live.pushed?.heardVersion(at: time) ?? .min)
            if let version, version < known { return isDoubtful ? .whole : .none }
            return version == known && isBehind && !isDoubtful ? .none : .whole
        case .pushed(let pushed, _):
            if let pushed, let known = live.pushed?.pushedVersion {
                if pushed < known, !isDoubtful { return .none }
                // Newer than all that was pushed; of what was asked for in between nobody can say.
                if pushed > known, live.askedAt < pushedAt { return isBehind ? .growth : .whole }
            }
            if isBehind, !isDoubtful { return .none }
            return version != nil ? .whole : .growth
        }
    }

    /// It tells of an end.
    var isEnd: Bool {
        switch status {
        case .filled, .canceled, .expired, .rejected: true
        case .accepted, .open, .partiallyFilled, .unknown: false
        }
    }

    /// Where the venue's word takes an order.
    func state(of live: LiveOrder) -> OrderState {
        let hasFill = live.order.filledQuantity.isPositive
        switch status {
        case .filled: return .filled
        case .canceled: return .canceled
        case .expired: return .expired
        case .rejected: return .rejected
        case .open: return hasFill ? .partiallyFilled : .working
        case .partiallyFilled: return .partiallyFilled
        case .accepted, .unknown:
            // Found, whatever its word means: no doubt any more.
            if live.state.isLive { return hasFill ? .partiallyFilled : live.state }
            return live.state.isUnsettled || live.order.isGivenUp ? .acknowledged : live.state
        }
    }
}

extension LiveOrder {
    /// Whether a sight of it takes away what stood against it: it was in doubt, or closed without the venue's word, or it counts as placed by a person's.
    var isBarredUntilSeen: Bool {
        let isHidden = state.isLive && !order.bars.isDisjoint(with: [.duplicate, .among])
        return (!order.bars.isEmpty || isRefusedByWords) && (state == .inDoubt || isInferred || isHidden)
    }

    private var isInferred: Bool { state.isTerminal && !order.evidence.isVenues }

    /// It was given up with words beside it, a proof's or a person's: if it is there they were wrong.
    var isRefusedByWords: Bool { (state == .abandoned || order.evidence == .operator) && state.isTerminal && order.rejectText != nil }
}
