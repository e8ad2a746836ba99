import OMSCore

/// Counts what turns do, where they do it: from what came in, what is durable and what leaves. Nothing of it steers anything.
///
/// Owned by the runner. Kept small: it is passed through for every order several times.
package final class Meter {
    package private(set) var readings = Readings()
    /// Requests without an answer yet.
    private var out: [RequestID: Outgoing] = [:]

    private struct Outgoing {
        let account: AccountID
        let endpoint: Endpoint
        let budgets: [Int64]
    }

    package init() {}

    /// An engine begins, in the place of another: whoever was out is not waited for any more.
    func begin() { out = [:] }

    // MARK: Requests

    func leaves(_ plan: RequestPlan) { out[plan.id] = Outgoing(account: plan.account, endpoint: Endpoint(plan), budgets: plan.permits.map(\.budget)) }

    /// Ends of requests among what came in.
    ///
    /// - Parameters:
    ///   - records: of the turn that took it in: they tell what became of a request that has a row.
    ///   - budget: which budget's name a refusal for the rate concerns, of those whose permits the request took.
    func came(_ inputs: [Input], _ records: [JournalRecord], budget: ([Int64]) -> String?) {
        var outcomes: [RequestID: RequestOutcome]?
        func outcome(of id: RequestID) -> RequestOutcome? {
            if let outcomes { return outcomes[id] }
            var found: [RequestID: RequestOutcome] = [:]
            for case .requestEnded(let end) in records { found[end.id] = end.outcome }
            outcomes = found
            return found[id]
        }
        for input in inputs {
            switch input {
            case .answered(let id, let answer, let sentAt, let lastByteAt):
                guard let request = out.removeValue(forKey: id) else { continue }
                end(request, outcome(of: id) ?? Self.outcome(of: answer), tookUs: lastByteAt.monotonic - sentAt.monotonic)
                if answer.refusesForRate {
                    let name = budget(request.budgets) ?? "none"
                    readings.accounts[request.account, default: AccountReadings()].refusals[name, default: 0] += 1
                }
            case .lost(let id, _, let sentAt, let resetAt):
                guard let request = out.removeValue(forKey: id) else { continue }
                end(request, outcome(of: id) ?? .inDoubt, tookUs: resetAt.monotonic - sentAt.monotonic)
            case .notSent(let id, _):
                guard let request = out.removeValue(forKey: id) else { continue }
                end(request, .notSent, tookUs: nil)
            case .command, .heard, .disconnected, .rights, .spoke, .reload, .remark, .wake: continue
            }
        }
    }

    /// Of a question without a row.
    private static func outcome(of answer: VenueAnswer) -> RequestOutcome {
        if case .failed = answer.query { .inDoubt } else { .acknowledged }
    }

    private func end(_ request: Outgoing, _ outcome: RequestOutcome, tookUs: Int64?) {
        let ending = AccountReadings.RequestEnding(endpoint: request.endpoint, outcome: outcome)
        readings.accounts[request.account, default: AccountReadings()].requests[ending, default: 0] += 1
        guard let tookUs else { return }
        readings.accounts[request.account, default: AccountReadings()]
            .requestTimes[request.endpoint, default: Histogram(Histogram.waits)].observe(tookUs)
    }

    // MARK: Records

    /// What is durable now.
    ///
    /// - Parameter offsetUs: how far a venue's clock is ahead of ours, by account.
    package func durable(_ records: [JournalRecord], at now: Moment, offsetUs: (AccountID) -> Int64) {
        var counted: AccountID?
        var figures = AccountReadings()
        // One account's figures are taken out while its records last: most turns are one account's.
        func take(_ account: AccountID) {
            guard counted != account else { return }
            if let counted { readings.accounts[counted] = figures }
            figures = readings.accounts.removeValue(forKey: account) ?? AccountReadings()
            counted = account
        }
        // By index: a record in a variable of its own is a copy of its whole order.
        for index in records.indices {
            switch records[index] {
            case .orderBorn(let order, _):
                take(order.account)
                figures.entered[AccountReadings.place(of: .intended, .local)] += 1
            case .orderChanged(let order, let from, _, let event):
                guard order.state != from else { continue }
                take(order.account)
                figures.entered[AccountReadings.place(of: order.state, event.evidence ?? order.evidence)] += 1
                if order.state == .submitted, order.attempts == 1 { readings.permitWait.observe(now.wall - order.intendedAt) }
                if from.isUnsettled, !order.state.isUnsettled, order.evidence.isVenues { readings.acknowledge.observe(now.wall - order.intendedAt) }
            case .fill(_, let account, _, let fill, _):
                take(account)
                figures.fills += 1
                readings.fillSeen.observe(now.wall + offsetUs(account) - fill.at)
            case .commandBorn(let command, _), .commandChanged(let command, _, _):
                guard !command.state.isOpen else { continue }
                take(command.account)
                figures.commands[.init(kind: command.kind, outcome: command.state), default: 0] += 1
            case .intent, .intentComplete, .intentSettled, .request, .requestEnded, .breakFound, .breakResolved, .breakAcknowledged, .tradingState,
                .kill, .sessionGuard, .rehearsal, .position, .budget, .permit, .unlisted, .idHighWater, .boot, .formulaBroken, .lookupLag, .identity,
                .budgetRest,
                .ban,
                .banEnded, .note, .account, .intentDiscarded:
                continue
            }
        }
        if let counted { readings.accounts[counted] = figures }
    }

    // MARK: Times

    package func committed(inUs: Int64) { readings.commit.observe(inUs) }
    package func turned(inUs: Int64) { readings.turn.observe(inUs) }

    /// An intent is durable, and may be answered.
    func accepted(_ ticket: Ticket, at now: Int64) {
        if ticket.readAt > 0 { readings.accept.observe(now - ticket.readAt) }
    }
}

extension VenueAnswer {
    /// The venue had enough of us, as a whole or item by item.
    fileprivate var refusesForRate: Bool {
        switch disposition {
        case .rateLimited, .shutOut: true
        case .answered, .busy, .clockRefused, .maintenance, .halted, .inDoubt:
            [places, cancels, modifies].contains { $0.contains { $0.isNotExecuted(.rateLimited) } }
        }
    }
}
