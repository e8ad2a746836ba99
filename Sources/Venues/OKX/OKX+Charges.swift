import OMSCore

/// What requests cost. docs/venues/okx.md, "Limits".
extension OKX {
    /// In any two seconds, by user; what counts each market apart is divided.
    static let budgets: [BudgetRule] = [
        // Counted by the order, each market by itself. Places, changes and cancels have limits of their own, so that nothing need be kept back for cancels.
        BudgetRule("batch-place", 300, perMs: 2_000, scope: .uid, reserve: 0, isDivided: true),
        BudgetRule("batch-modify", 300, perMs: 2_000, scope: .uid, reserve: 0, isDivided: true),
        BudgetRule("batch-cancel", 300, perMs: 2_000, scope: .uid, reserve: 0, isDivided: true),
        // A batch of one order is charged here.
        BudgetRule("place", 60, perMs: 2_000, scope: .uid, reserve: 0, isDivided: true),
        BudgetRule("modify", 60, perMs: 2_000, scope: .uid, reserve: 0, isDivided: true),
        BudgetRule("cancel", 60, perMs: 2_000, scope: .uid, reserve: 0, isDivided: true),
        // New and changed orders of contracts, all markets together.
        BudgetRule("account-orders", 1_000, perMs: 2_000, scope: .uid, reserve: 0),
        BudgetRule("lookup:order", 60, perMs: 2_000, scope: .uid, isDivided: true),
        BudgetRule("lookup:pending", 60, perMs: 2_000, scope: .uid),
        BudgetRule("lookup:history", 40, perMs: 2_000, scope: .uid),
        BudgetRule("lookup:archive", 20, perMs: 2_000, scope: .uid),
        BudgetRule("lookup:fills", 60, perMs: 2_000, scope: .uid),
        BudgetRule("lookup:fills-archive", 10, perMs: 2_000, scope: .uid),
        BudgetRule("lookup:config", 5, perMs: 2_000, scope: .uid),
        // Tables of each kind of market are counted apart: together here.
        BudgetRule("lookup:instruments", 20, perMs: 2_000, scope: .ip),
        BudgetRule("lookup:time", 10, perMs: 2_000, scope: .ip),
        BudgetRule("countdown", 1, perMs: 1_000, scope: .uid, reserve: 0),
    ]

    package func charges(of content: RequestPlan.Content) -> [Charge] {
        switch content {
        case .place(let tickets, _): Self.charges(of: tickets.map(\.terms.symbol), alone: "place", together: "batch-place") + ofAccount(tickets.count)
        case .modify(let tickets): Self.charges(of: tickets.map(\.terms.symbol), alone: "modify", together: "batch-modify") + ofAccount(tickets.count)
        case .cancel(let tickets): Self.charges(of: tickets.map(\.terms.symbol), alone: "cancel", together: "batch-cancel")
        case .mixed: preconditionFailure("okx has no mixed request")
        case .query(let query): [Self.charge(of: query)]
        }
    }

    /// Spot and margin are exempt.
    private func ofAccount(_ count: Int) -> [Charge] { kind.isOfCoins ? [] : [Charge("account-orders", items: count)] }

    /// Each market's orders, in the order of their names. Whether "a single order" means one in the request or one of its market is read both ways: a market's
    /// only order takes a permit of each kind.
    private static func charges(of symbols: [Symbol], alone: String, together: String) -> [Charge] {
        let counts = symbols.reduce(into: [Symbol: Int]()) { $0[$1, default: 0] += 1 }
        return counts.sorted { $0.key < $1.key }.flatMap { symbol, count in
            let batch = Charge(together, items: count, of: symbol.text)
            return count == 1 ? [Charge(alone, of: symbol.text), batch] : [batch]
        }
    }

    private static func charge(of query: Query) -> Charge {
        switch query {
        case .serverTime, .cancelAll: "lookup:time"
        case .account: "lookup:config"
        case .instruments: "lookup:instruments"
        case .find(let subjects, let step): charge(of: Walk(finding: subjects.first?.page, step: step), subjects.first?.terms.symbol)
        case .openOrders: "lookup:pending"
        case .history: "lookup:history"
        case .fills(_, let page): charge(of: Walk(page, from: .fills), nil)
        case .countdown: "countdown"
        }
    }

    /// - Parameter symbol: nil: which market's order will be asked for is not known yet.
    private static func charge(of walk: Walk, _ symbol: Symbol?) -> Charge {
        switch walk.place {
        case .order: Charge("lookup:order", of: symbol?.text ?? "")
        case .pending: "lookup:pending"
        case .history, .goneHistory: "lookup:history"
        case .goneArchive: "lookup:archive"
        case .fills: "lookup:fills"
        case .fillsArchive: "lookup:fills-archive"
        }
    }
}
