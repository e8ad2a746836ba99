/// What of an account may leave for the venue: less than all of it in a rehearsal's daemon.
package enum Leaving: Sendable {
    case everything
    /// Nothing that changes anything there, whatever is on record or handed in.
    case questions
    /// Questions, and what callers handed in since this process took the journal up: orders, and changes and cancels that name them one by one. Nothing that
    /// was on record before, and nothing that the daemon would want by itself: no cancel-all, no guard's trip, no halt that is under way.
    case handedIn
}

extension Engine {
    /// - Parameter intent: who asked for it; nil: nobody did, the daemon wants it.
    func isLetOut(of desk: Desk, _ intent: IntentKey?) -> Bool {
        switch desk.setup.leaving {
        case .everything: true
        case .questions: false
        case .handedIn: intent.map { $0.number > inheritedSeq } ?? false
        }
    }
}
