/// Where a private stream's session stands, and what is said of a phase that took too long.
extension StreamSession {
    enum Phase: Equatable {
        /// Nothing is out; the next attempt begins at its time.
        case resting
        case fetching(RequestID)
        case connecting(RequestID)
        /// The venue has the first word.
        case greeting(RequestID)
        case loggingIn(RequestID)
        /// Some channels are not acknowledged yet.
        case subscribing(RequestID)
        case live(RequestID)
    }
}

extension StreamSession.Phase {
    /// What did not come in time.
    var overdue: String {
        switch self {
        case .resting: "nothing was out"
        case .fetching: "no token in time"
        case .connecting: "no connection in time"
        case .greeting: "the venue did not greet"
        case .loggingIn: "the login was not answered"
        case .subscribing, .live: "a subscription was not acknowledged"
        }
    }
}
