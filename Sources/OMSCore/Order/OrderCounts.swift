/// How many orders stand where, of those that are not closed: kept as they move, never counted anew.
package struct OrderCounts: Equatable, Sendable {
    /// In the order in which an order goes through them.
    package static let states = OrderState.allCases.filter { !$0.isTerminal }

    private var (intended, submitted, inDoubt, acknowledged, working, partiallyFilled) = (0, 0, 0, 0, 0, 0)

    package init() {}

    /// 0 of every state in which an order is closed.
    package private(set) subscript(state: OrderState) -> Int {
        get {
            switch state {
            case .intended: intended
            case .submitted: submitted
            case .inDoubt: inDoubt
            case .acknowledged: acknowledged
            case .working: working
            case .partiallyFilled: partiallyFilled
            case .filled, .canceled, .expired, .rejected, .denied, .abandoned: 0
            }
        }
        set {
            switch state {
            case .intended: intended = newValue
            case .submitted: submitted = newValue
            case .inDoubt: inDoubt = newValue
            case .acknowledged: acknowledged = newValue
            case .working: working = newValue
            case .partiallyFilled: partiallyFilled = newValue
            case .filled, .canceled, .expired, .rejected, .denied, .abandoned: break
            }
        }
    }

    /// Not closed.
    package var all: Int { intended + submitted + inDoubt + acknowledged + working + partiallyFilled }
    /// That the venue has and that may still trade; see ``OrderState/isLive``.
    package var live: Int { acknowledged + working + partiallyFilled }

    /// An order came, or moved.
    ///
    /// - Parameter from: nil: it came.
    package mutating func move(from: OrderState?, to next: OrderState) {
        if let from { self[from] -= 1 }
        self[next] += 1
    }
}
