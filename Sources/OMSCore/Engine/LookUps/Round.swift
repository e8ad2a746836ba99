/// When a round of look-ups was asked, and how well the venue's clock was known then.
struct Round {
    /// Its first step, by our clock.
    let askedAt: Int64
    /// When the last measurement of the venue's clock before that was read; nil: none was.
    let measuredAt: Int64?
    /// Which clock that was: rounds by different ones prove nothing together.
    let clockEpoch: Int
    /// Asked for this one order, step by step; false: a listing that does not hold it.
    let isSingle: Bool
}

/// What is known besides of an order in doubt that a round did not show.
struct RoundFacts {
    /// The venue's clock now, at the lowest, microseconds; nil: it is not known.
    let venueNow: Int64?
    /// Which clock that is.
    let clockEpoch: Int
    /// The venue's clock when no request with the order can be taken any more, microseconds.
    let fence: Int64
    /// A measurement from before the round was asked shows the fence passed.
    let isPastFence: Bool
    /// When the last listing began that would show the order under another id than those computed for it; nil: none is needed.
    let endsListedAt: Int64?
    /// The look-up that found nothing.
    let request: RequestID?
}

/// What a round that did not show an order in doubt comes to.
enum RoundEnd: Equatable {
    /// Nothing yet: asked about again, so much later, microseconds.
    case again(after: Int64)
    /// The same, where the next question is worth something only behind a new measurement of the clock.
    case clock(after: Int64)
    /// The first that counts: the second is asked so much later.
    case first(after: Int64)
    /// Only a listing that would show the order under another id stands before its end.
    case ends
    /// The last that was needed. What bars the order, and a measurement of the clock, stand before its proof.
    case second
}

/// An order whose absence only a last measurement of the venue's clock stands before.
struct Verdict: Equatable {
    let order: OrderKey
    /// The look-up that found nothing last.
    let request: RequestID?
}
