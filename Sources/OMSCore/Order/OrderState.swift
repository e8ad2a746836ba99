/// Where one order stands, as far as the journal can prove. The table of moves is `OrderLifecycle.swift`.
package enum OrderState: String, Sendable, CaseIterable {
    /// Durable here, never sent or surely not executed.
    case intended
    /// In a request that may have left; no answer yet.
    case submitted
    /// A request carried it and nobody knows what became of it.
    case inDoubt = "in_doubt"
    /// The venue took it; only a receipt.
    case acknowledged
    /// The venue says that it rests in the book.
    case working
    case partiallyFilled = "partially_filled"
    case filled
    case canceled
    case expired
    /// Refused by the venue.
    case rejected
    /// Refused here.
    case denied
    /// Proven absent, or given up by an operator, and not to be resent.
    case abandoned

    package var isTerminal: Bool {
        switch self {
        case .intended, .submitted, .inDoubt, .acknowledged, .working, .partiallyFilled: false
        case .filled, .canceled, .expired, .rejected, .denied, .abandoned: true
        }
    }

    /// Not yet decided: an intent with such an order is not settled.
    package var isUnsettled: Bool { self == .intended || self == .submitted || self == .inDoubt }

    /// The venue has it and it may still trade.
    package var isLive: Bool { self == .acknowledged || self == .working || self == .partiallyFilled }
}

/// How we know a state.
package enum Evidence: String, Sendable, CaseIterable {
    /// The answer to the request that carried the order.
    case response
    /// A look-up or listing.
    case query
    /// A private stream (later work; the place is kept).
    case stream
    /// Decided here, of something that never left.
    case local
    /// Concluded here from what the venue did not say.
    case inferred
    /// A person's word.
    case `operator`

    /// The venue's own word, however it reached us.
    package var isVenues: Bool {
        switch self {
        case .response, .query, .stream: true
        case .local, .inferred, .operator: false
        }
    }
}
