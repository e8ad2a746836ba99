import OMSCore
import Venues
import Wire

/// A rule broken on purpose, from outside the daemon: the explorer must notice each of them. Nothing in production code knows of these.
package enum Mutant: String, CaseIterable, Sendable {
    /// Requests leave while the commit that carries them is not durable yet.
    case sendBeforeCommit = "send-before-commit"
    /// Absence is believed at once: neither the freshness window nor the visibility delay is waited for.
    case resendWithoutProof = "resend-without-proof"
    /// A restart knows of no permits.
    case dropPermits = "drop-permits"
    /// HTTP 5xx is read as the venue's no.
    case refuse5xx = "refuse-5xx"
    /// Permits count from when a request was sent, not from when its answer was read.
    case freePermitAtSend = "free-permit-at-send"
    /// A look-up that met an error counts as one that found nothing.
    case errorPageIsAbsence = "error-page-is-absence"
    /// Cancels wait for a scarce permit that new orders do not need, so that those pass them.
    case placesBeforeCancels = "places-before-cancels"

    func spoil(_ disk: VirtualDisk) {
        switch self {
        case .sendBeforeCommit: disk.isBehind = true
        case .dropPermits: disk.forgets = { $0.permits = [] }
        case .resendWithoutProof, .refuse5xx, .freePermitAtSend, .errorPageIsAbsence, .placesBeforeCancels: break
        }
    }

    /// The venue as this mutant sees it.
    package func spoil(_ adapter: any VenueAdapter) -> any VenueAdapter { MutantAdapter(base: adapter, mutant: self) }
}

/// An adapter with one rule broken.
private struct MutantAdapter: AdapterOver {
    let base: any VenueAdapter
    let mutant: Mutant

    var profile: VenueProfile {
        var profile = base.profile
        if mutant == .resendWithoutProof {
            (profile.freshnessMs, profile.visibilityDelayMs, profile.recvwindowFloorMs) = (1, 0, 0)
        }
        if mutant == .placesBeforeCancels { profile.budgets.append(Self.scarce) }
        return profile
    }
    private static let scarce = OMSCore.BudgetRule("mutant", 1, perMs: 3_000, scope: .apikey, reserve: 0)

    func budgets(of content: RequestPlan.Content) -> [String] {
        if mutant == .placesBeforeCancels, case .cancel = content { return base.budgets(of: content) + [Self.scarce.name] }
        return base.budgets(of: content)
    }

    func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer {
        var answer = base.answer(to: plan, from: response)
        switch mutant {
        case .refuse5xx where response.status >= 500:
            func refused(_ outcomes: [ItemOutcome]) -> [ItemOutcome] { outcomes.map { _ in .refused(code: "\(response.status)", text: "5xx") } }
            (answer.places, answer.cancels, answer.modifies) = (refused(answer.places), refused(answer.cancels), refused(answer.modifies))
        case .errorPageIsAbsence:
            if case .query(.find) = plan.content, case .failed = answer.query { answer.query = .orders([], next: nil) }
        case .sendBeforeCommit, .resendWithoutProof, .dropPermits, .refuse5xx, .freePermitAtSend, .placesBeforeCancels: break
        }
        return answer
    }
}
