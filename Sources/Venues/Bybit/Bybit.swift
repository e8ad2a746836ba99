import OMSCore
import Wire

/// Bybit, REST v5: spot, and linear and inverse derivatives, of a unified account.
///
/// Batches throughout: they cost as many permits as they hold orders, and none of the endpoints for single orders would save any. Facts, sources and how sure
/// they are: docs/venues/bybit.md.
package struct Bybit: VenueAdapter {
    /// What the venue calls the product.
    enum Category: String, Sendable {
        case spot, linear, inverse

        var isSpot: Bool { self == .spot }
    }

    package let profile: VenueProfile
    let category: Category

    /// A request is taken as long as the venue's clock shows no more than its stamp and this. The window is the client's to choose; the venue's default.
    static let freshnessMs: Int64 = 5_000
    static let dayMs: Int64 = 86_400_000
    /// What a question for history without times looks back, and the longest that one may name.
    static let historyWindowMs = 7 * dayMs

    /// nil for a product that this venue does not have.
    package init?(product: String) {
        guard let category = Category(rawValue: product) else { return nil }
        self.category = category
        let (most, orders) = category.isSpot ? (10, 20) : (20, 10)
        var profile = VenueProfile(
            venue: "bybit", product: product, baseURL: "https://api.bybit.com",
            budgets: [
                // Counted by the order. Places, changes and cancels have limits of their own, so that nothing need be kept back for cancels.
                BudgetRule("batch-place", orders, perMs: 1_000, scope: .uid, reserve: 0),
                BudgetRule("batch-cancel", orders, perMs: 1_000, scope: .uid, reserve: 0),
                BudgetRule("batch-modify", orders, perMs: 1_000, scope: .uid, reserve: 0),
                BudgetRule("cancel-all", orders, perMs: 1_000, scope: .uid, reserve: 0),
                BudgetRule("lookup:realtime", 50, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:history", 50, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:execution", 50, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:settings", 50, perMs: 1_000, scope: .uid),
                // Tripping it costs ten minutes of everything.
                BudgetRule("overall", 600, perMs: 5_000, scope: .ip),
            ],
            placeMax: most, cancelMax: most, modifyMax: most, cancelsByClientID: true, clientIDs: ClientIDRule(lengths: 1...36, alsoAllowed: "_-"),
            // A stamp of a second ahead is refused.
            freshnessMs: Self.freshnessMs, stampMarginMs: 400,
            // Seen of the forerunner of `order/history`; not measured of this one.
            visibilityDelayMs: 15_000,
            // The open and lately closed, which a restart of the venue's empties; then history, which lags; then executions, which show what both may lack.
            findSteps: 3, listsFills: true)
        // Spot is counted apart from derivatives; whether linear and inverse are from each other is not said.
        profile.endpoints = category.isSpot ? "spot" : "derivatives"
        profile.sharedBudgets = ["lookup:realtime", "lookup:history", "lookup:execution", "lookup:settings"]
        // What never traded is gone after a day, what did is kept for years.
        (profile.memoryMs, profile.unfilledMemoryMs) = (7 * Self.dayMs, Self.dayMs)
        // Elsewhere it wants a coin, and ends 500 orders at most.
        profile.cancelsAll = category.isSpot
        // The edge speaks for the rate, and so it does to countries that are barred; neither says for how long.
        profile.shutOuts = [
            ShutOutRule(status: 403, saying: nil, forMs: 600_000), ShutOutRule(status: 403, saying: "access too frequent", forMs: 600_000),
        ]
        // Orders leave in batches here, which the demo has for linear contracts alone.
        profile.demo =
            category == .linear
            ? .at(baseURL: "https://api-demo.bybit.com") : .none("Bybit's demo takes no batches of \(product) orders, by which orders leave here")
        self.profile = profile
    }

    package func problem(with terms: OrderTerms) -> OrderProblem? {
        guard terms.symbol.isNameable, terms.symbol.text.utf8.allSatisfy(Self.isOfSymbols) else {
            return OrderProblem("symbol", "Bybit symbols are letters, digits and -, like BTCUSDT")
        }
        if let problem = terms.firstSet(of: [.takeProfit, .stopLoss], at: "bybit") ?? terms.commonProblem { return problem }
        return category.isSpot ? problem(withSpot: terms) : problem(withDerivative: terms)
    }

    private func problem(withSpot terms: OrderTerms) -> OrderProblem? {
        if terms.reduceOnly { return OrderProblem("reduce_only", "only derivatives have reduce-only orders") }
        if terms.positionSide != nil { return OrderProblem("position_side", "only derivatives have positions") }
        switch terms.marginAction {
        case nil, .normal, .autoBorrow: break
        case .autoRepay, .autoBorrowRepay: return OrderProblem("margin_action", "Bybit's orders borrow or do not; none repays")
        }
        guard terms.type == .market else { return nil }
        if terms.quoteQuantity != nil, terms.side == .sell { return OrderProblem("quote_quantity", "only for market buys") }
        return (terms.quantity == nil) == (terms.quoteQuantity == nil)
            ? OrderProblem("quantity", "a market order needs a quantity, or a market buy a quote_quantity, and not both") : nil
    }

    private func problem(withDerivative terms: OrderTerms) -> OrderProblem? {
        if let problem = terms.firstSet(of: [.quoteQuantity, .marginAction], at: "bybit \(category.rawValue)") { return problem }
        if terms.quantity == nil { return OrderProblem("quantity", "an order needs a quantity") }
        if category == .inverse, terms.positionSide != nil {
            return OrderProblem("position_side", "only USDT perpetuals have two sides of a position")
        }
        return nil
    }

    package func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem? {
        terms.problemOfLimitOnly(price: price, quantity: quantity, at: "bybit")
    }

    /// Symbols are mixed in one request.
    package func group(of terms: OrderTerms) -> PlaceGroup { PlaceGroup() }

    package func charges(of content: RequestPlan.Content) -> [Charge] {
        switch content {
        case .place(let tickets, _): [Charge("batch-place", items: tickets.count), "overall"]
        case .cancel(let tickets): [Charge("batch-cancel", items: tickets.count), "overall"]
        case .modify(let tickets): [Charge("batch-modify", items: tickets.count), "overall"]
        case .mixed: preconditionFailure("bybit has no mixed request")
        case .query(let query): (Self.budget(of: query).map { [$0] } ?? []) + ["overall"]
        }
    }

    /// nil: counted by address alone.
    private static func budget(of query: Query) -> Charge? {
        switch query {
        case .serverTime, .instruments, .countdown: nil
        case .account: "lookup:settings"
        case .find(_, step: 0): "lookup:realtime"
        case .find(_, step: 1): "lookup:history"
        case .find: "lookup:execution"
        case .openOrders: "lookup:realtime"
        case .history: "lookup:history"
        case .fills: "lookup:execution"
        case .cancelAll: "cancel-all"
        }
    }

    package func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID? { nil }

    /// `[A-Za-z0-9-]`
    private static func isOfSymbols(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
