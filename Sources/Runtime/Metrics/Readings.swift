import OMSCore

/// Which question or order a request puts to a venue: the `endpoint` of metrics. Never a path, for paths hold ids and symbols.
package enum Endpoint: String, CaseIterable, Sendable {
    case place, cancel, modify, mixed
    case serverTime = "server_time"
    case account, instruments, find
    case openOrders = "open_orders"
    case history, fills
    case cancelAll = "cancel_all"
    case countdown

    init(_ plan: RequestPlan) {
        switch plan.content {
        // As the row of the request has it: one that could mix and carries only places is a place.
        case .place, .cancel, .modify, .mixed:
            switch plan.kind {
            case .place: self = .place
            case .cancel: self = .cancel
            case .modify: self = .modify
            case .mixed, .lookup, .session: self = .mixed
            }
        case .query(.serverTime): self = .serverTime
        case .query(.account): self = .account
        case .query(.instruments): self = .instruments
        case .query(.find): self = .find
        case .query(.openOrders): self = .openOrders
        case .query(.history): self = .history
        case .query(.fills): self = .fills
        case .query(.cancelAll): self = .cancelAll
        case .query(.countdown): self = .countdown
        }
    }
}

/// What was counted of one account since the daemon started.
package struct AccountReadings: Sendable {
    /// How often an order came to be in a state, by what showed it: by ``place(of:_:)``.
    package var entered = Array(repeating: 0, count: OrderState.allCases.count * Evidence.allCases.count)
    package var fills = 0
    package var commands: [CommandEnd: Int] = [:]
    package var requests: [RequestEnding: Int] = [:]
    package var requestTimes: [Endpoint: Histogram] = [:]
    /// Answers that refused for the rate, by the budget that they concern.
    package var refusals: [String: Int] = [:]

    package struct CommandEnd: Hashable, Sendable {
        package let kind: CommandKind
        package let outcome: CommandState
    }
    package struct RequestEnding: Hashable, Sendable {
        package let endpoint: Endpoint
        package let outcome: RequestOutcome
    }

    package static func place(of state: OrderState, _ evidence: Evidence) -> Int { state.place * Evidence.allCases.count + evidence.place }
}

extension OrderState {
    /// Its place in `allCases`: counted for every order several times, so not looked for there.
    var place: Int {
        switch self {
        case .intended: 0
        case .submitted: 1
        case .inDoubt: 2
        case .acknowledged: 3
        case .working: 4
        case .partiallyFilled: 5
        case .filled: 6
        case .canceled: 7
        case .expired: 8
        case .rejected: 9
        case .denied: 10
        case .abandoned: 11
        }
    }
}

extension Evidence {
    /// As ``OrderState/place``.
    var place: Int {
        switch self {
        case .response: 0
        case .query: 1
        case .stream: 2
        case .local: 3
        case .inferred: 4
        case .operator: 5
        }
    }
}

/// Everything that is counted. A value: handed over once a second, written out by whoever has the time.
package struct Readings: Sendable {
    package var accounts: [AccountID: AccountReadings] = [:]
    /// Line read to durable, of intents.
    package var accept = Histogram(Histogram.work)
    package var commit = Histogram(Histogram.work)
    package var turn = Histogram(Histogram.work)
    /// Accepted to signed, of orders that leave for the first time.
    package var permitWait = Histogram(Histogram.waits)
    /// Accepted to the venue's word.
    package var acknowledge = Histogram(Histogram.waits)
    /// The venue's time of an execution to its row, by the venue's clock.
    package var fillSeen = Histogram(Histogram.waits)
    package init() {}
}
