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

// MARK: What a report is worth

extension OrderReport {
    /// Whether what is known is newer: decided before any of it is taken over. Of an order in doubt any report tells that it is there.
    func isOlder(than live: LiveOrder) -> Bool {
        guard let version, let known = live.version, live.state != .inDoubt else { return false }
        return version < known
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
