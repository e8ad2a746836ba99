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

    /// A page is complete by what its rows say, whatever stands beside them.
    case shortPageIsComplete = "short-page-is-complete"
    /// A restart forgets that the venue called an id taken.
    case duplicateForgottenAtRestart = "duplicate-forgotten-at-restart"
    /// Whoever's key it is, the venue's word on it is not heard.
    case otherAccountProvesAbsence = "other-account-proves-absence"
    /// The venue's clock is as it was measured some time ago.
    case oldClockMeasurement = "old-clock-measurement"
    /// What an account had that is configured no more is over.
    case removedAccountSettles = "removed-account-settles"
    /// Orders of other accounts are nobody's.
    case ownershipByDesk = "ownership-by-desk"
    /// The bound on open orders does not see those of intents under way.
    case boundIgnoresIntentsUnderWay = "bound-ignores-intents-under-way"
    /// A duplicate is one order's affair: what look-ups do not show of the others is absent as before.
    case duplicateHeardAlone = "duplicate-heard-alone"
    /// A live subscriber's position passes over an intent that is still being written: of its slices the last alone is told.
    case followersPassOver = "followers-pass-over"

    /// What no push told of while the stream stands is not there.
    case silenceProvesAbsence = "silence-proves-absence"
    /// A push is newer than all that is known, whenever it comes.
    case stalePushOverwrites = "stale-push-overwrites"
    /// A push of an execution without a trade id is booked under one made up here.
    case namelessPushBooked = "nameless-push-booked"
    /// A stream that was cut goes on as if nothing had been missed.
    case gapNotReconciled = "gap-not-reconciled"
    /// An end that the venue told of gives way to a push.
    case endRevivedByPush = "end-revived-by-push"

    /// The end of a connection is not heard: its guard stands for ever.
    case guardNeverTrips = "guard-never-trips"
    /// A restart forgets that a guard has tripped.
    case guardTripsTwice = "guard-trips-twice"

    /// The first seed of the version that draws what it needs.
    package var firstSeed: UInt64 {
        switch self {
        case .silenceProvesAbsence, .stalePushOverwrites, .namelessPushBooked, .gapNotReconciled, .endRevivedByPush: Scenario.fourthVersionFrom
        case .guardNeverTrips, .guardTripsTwice: Scenario.seventhVersionFrom
        default: isOfSecondVersion ? Scenario.secondVersionFrom : 1
        }
    }

    /// Those that need what only the second version draws.
    private var isOfSecondVersion: Bool {
        switch self {
        case .shortPageIsComplete, .duplicateForgottenAtRestart, .otherAccountProvesAbsence, .oldClockMeasurement, .removedAccountSettles,
            .ownershipByDesk, .boundIgnoresIntentsUnderWay, .duplicateHeardAlone, .followersPassOver:
            true
        default: false
        }
    }

    func spoil(_ disk: VirtualDisk) {
        switch self {
        case .sendBeforeCommit: disk.isBehind = true
        case .dropPermits: disk.forgets = { state, _ in state.permits = [] }
        case .duplicateForgottenAtRestart:
            disk.forgets = { state, _ in
                for index in state.orders.indices { state.orders[index].bars.remove(.duplicate) }
            }
        case .removedAccountSettles:
            disk.forgets = { state, configured in
                guard let heir = configured.sorted().first else { return }
                state.orders.removeAll { !configured.contains($0.account) }
                state.commands.removeAll { !configured.contains($0.account) }
                // Somebody has to call them settled.
                state.intents = state.intents.map { configured.contains($0.account) ? $0 : $0.inherited(by: heir) }
            }
        case .ownershipByDesk: disk.hidesOthers = true
        case .endRevivedByPush: disk.forgetsWhoEnded = true
        case .guardTripsTwice:
            disk.forgets = { [unowned disk] state, _ in
                for var row in disk.journal.guards.values.sorted(by: { $0.id.number < $1.id.number }) where row.state == .tripped {
                    row.state = .lost
                    state.guards.append(row)
                }
            }
        default: break
        }
    }

    /// The account as this mutant's engine is told of it.
    func spoil(_ setup: AccountSetup) -> AccountSetup {
        guard self == .boundIgnoresIntentsUnderWay, let bound = setup.risk.maxOpenOrders else { return setup }
        var setup = setup
        setup.risk.maxOpenOrders = bound + 4
        return setup
    }

    /// Lends a spoilt adapter a clock, an ear for what it keeps from the daemon (the orders that its venue calls duplicates), and what streams told.
    static func attach(_ adapter: any VenueAdapter, to daemon: VirtualDaemon, isSilent: @escaping (ClientOrderID) -> Bool) {
        guard let first = (adapter as? MutantAdapter)?.first else { return }
        (first.now, first.isSilent) = ({ [unowned daemon] in daemon.venueTime }, isSilent)
        first.unheard = { [unowned daemon] in daemon.onTaken($0) }
    }

    /// A push as this mutant's engine hears it; `number` rises.
    func spoil(_ news: StreamNews, number: Int64) -> StreamNews {
        switch (self, news) {
        case (.stalePushOverwrites, .order(var heard)):
            heard.report.version = 1 << 60 + number
            heard.pushedVersion = number
            return .order(heard)
        case (.namelessPushBooked, .fillsDue(let execution)):
            guard let id = execution.venueOrderID else { return news }
            let fill = Fill(tradeID: TradeID("push-\(number)"), venueOrderID: id, quantity: .one, price: .one, fee: .zero, feeAsset: nil, at: 0)
            var heard = HeardFill(fill, product: execution.product)
            (heard.clientOrderID, heard.symbol) = (execution.clientOrderID, execution.symbol)
            return .fill(heard)
        default: return news
        }
    }

    /// The venue as this mutant sees it.
    package func spoil(_ adapter: any VenueAdapter) -> any VenueAdapter { MutantAdapter(base: adapter, mutant: self, first: FirstWord()) }
}

/// An adapter with one rule broken.
private struct MutantAdapter: AdapterOver {
    let base: any VenueAdapter
    let mutant: Mutant
    let first: FirstWord

    var profile: VenueProfile {
        var profile = base.profile
        if mutant == .resendWithoutProof {
            (profile.freshnessMs, profile.visibilityDelayMs, profile.recvwindowFloorMs) = (1, 0, 0)
        }
        if mutant == .placesBeforeCancels { profile.budgets.append(Self.scarce) }
        return profile
    }
    private static let scarce = OMSCore.BudgetRule("mutant", 1, perMs: 3_000, scope: .apikey, reserve: 0)

    func charges(of content: RequestPlan.Content) -> [Charge] {
        if mutant == .placesBeforeCancels, case .cancel = content { return base.charges(of: content) + [Charge(Self.scarce.name)] }
        return base.charges(of: content)
    }

    func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer {
        var answer = base.answer(to: plan, from: response)
        switch mutant {
        case .refuse5xx where response.status >= 500:
            func refused(_ outcomes: [ItemOutcome]) -> [ItemOutcome] { outcomes.map { _ in .refused(code: "\(response.status)", text: "5xx") } }
            (answer.places, answer.cancels, answer.modifies) = (refused(answer.places), refused(answer.cancels), refused(answer.modifies))
        case .errorPageIsAbsence:
            if case .query(.find) = plan.content, case .failed = answer.query { answer.query = .orders([], next: nil) }
        case .shortPageIsComplete where response.status == 200:
            guard case .query(let query) = plan.content else { break }
            switch (query, answer.query) {
            case (.find, .failed), (.openOrders, .failed), (.history, .failed): answer.query = .orders([], next: nil)
            case (_, .orders(let rows, _?, let unreadable)): answer.query = .orders(rows, next: nil, unreadable: unreadable)
            default: break
            }
        case .otherAccountProvesAbsence:
            if case .account(var facts) = answer.query, facts.uid != nil {
                facts.uid = first.uid ?? facts.uid
                first.uid = facts.uid
                answer.query = .account(facts)
            }
        case .oldClockMeasurement:
            if case .time(let ms) = answer.query { answer.query = .time(first.time(ms)) }
        case .duplicateHeardAlone: hearAlone(&answer, plan)
        case .silenceProvesAbsence:
            guard plan.isJournaled, case .query(.find) = plan.content, case .orders(let rows, let next, let unreadable) = answer.query else { break }
            let told = rows.filter { $0.clientOrderID.map { !first.isSilent($0) } ?? true }
            answer.query = .orders(told, next: next, unreadable: unreadable)
        default: break
        }
        return answer
    }

    /// The order itself is as it should be: no look-up without it proves it absent.
    private func hearAlone(_ answer: inout VenueAnswer, _ plan: RequestPlan) {
        switch plan.content {
        case .place(let tickets, _), .mixed(let tickets, _, _):
            for (index, ticket) in zip(answer.places.indices, tickets) {
                guard case .duplicate(let code, let text) = answer.places[index] else { continue }
                answer.places[index] = .inDoubt("\(code) \(text)")
                if first.taken.insert(ticket.clientOrderID).inserted { first.unheard(ticket.clientOrderID) }
            }
        case .query(.find(let subjects, _)):
            guard case .orders(let rows, _, _) = answer.query else { return }
            let hidden = Set(subjects.map(\.clientOrderID)).intersection(first.taken).subtracting(rows.compactMap(\.clientOrderID))
            if !hidden.isEmpty { answer.query = .failed("a duplicate is not shown") }
        case .cancel, .modify, .query: break
        }
    }
}

/// What a venue said first, and says for ever where a mutant listens. One thread.
private final class FirstWord: @unchecked Sendable {
    var uid: String?
    /// A clock that nobody steps, microseconds.
    var now: () -> Int64 = { 0 }
    /// Orders that it called duplicates.
    var taken: Set<ClientOrderID> = []
    var unheard: (ClientOrderID) -> Void = { _ in }
    var isSilent: (ClientOrderID) -> Bool = { _ in false }
    private var offset: (ms: Int64, at: Int64)?

    /// What was measured in the last twenty seconds is as good as new.
    func time(_ ms: Int64) -> Int64 {
        if offset.map({ now() > $0.at + .seconds(20) }) ?? true { offset = (ms - now() / 1_000, now()) }
        return now() / 1_000 + (offset?.ms ?? 0)
    }
}

extension IntentRow {
    fileprivate func inherited(by account: AccountID) -> IntentRow {
        IntentRow(
            key: key, id: id, account: account, content: content, orders: orders, commands: commands, sequence: sequence,
            plannedRequests: plannedRequests, acceptedAt: acceptedAt, expiresAt: expiresAt, tag: tag)
    }
}
