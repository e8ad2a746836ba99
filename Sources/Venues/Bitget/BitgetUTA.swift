import OMSCore
import Wire

/// Bitget's unified trading account, REST v3: spot, margin and three kinds of futures, one category a product.
///
/// Source: https://www.bitget.com/api-doc/uta/ (mirrors of December 2025 and mid-2026, changelog to March 2026, placement page read again in
/// October 2026); docs/venues/bitget.md.
package struct BitgetUTA: VenueAdapter {
    /// What the venue calls the product.
    enum Category: String, Sendable {
        case spot = "SPOT"
        case margin = "MARGIN"
        case usdtFutures = "USDT-FUTURES"
        case coinFutures = "COIN-FUTURES"
        case usdcFutures = "USDC-FUTURES"

        var isFutures: Bool {
            switch self {
            case .spot, .margin: false
            case .usdtFutures, .coinFutures, .usdcFutures: true
            }
        }
    }

    package let profile: VenueProfile
    let category: Category

    static let instrumentsPath = "/api/v3/market/instruments"
    /// Rows a page may have.
    static let pageMax = 100

    /// nil for a product that this line does not have.
    package init?(product: String) {
        guard product == product.lowercased(), let category = Category(rawValue: product.uppercased()) else { return nil }
        self.category = category
        // Each endpoint on its own, counted by uid; instruments and time by address.
        var profile = VenueProfile(
            venue: "bitget-uta", product: product, baseURL: Bitget.baseURL,
            budgets: [
                BudgetRule("batch-place", 5, perMs: 1_000, scope: .uid),
                BudgetRule("batch-cancel", 5, perMs: 1_000, scope: .uid),
                BudgetRule("batch-modify", 10, perMs: 1_000, scope: .uid),
                BudgetRule("modify", 10, perMs: 1_000, scope: .uid),
                BudgetRule("place", 10, perMs: 1_000, scope: .uid),
                BudgetRule("cancel-all", 5, perMs: 1_000, scope: .uid),
                BudgetRule("countdown", 1, perMs: 1_000, scope: .uid, reserve: 0),
                BudgetRule("lookup:order-info", 20, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:unfilled-orders", 20, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:history-orders", 20, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:fills", 20, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:settings", 20, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:instruments", 20, perMs: 1_000, scope: .ip),
                BudgetRule("lookup:time", 20, perMs: 1_000, scope: .ip),
                Bitget.overall,
            ],
            placeMax: 20, cancelMax: 20, modifyMax: 20, cancelsByClientID: true, clientIDs: Bitget.clientIDs, freshnessMs: Bitget.freshnessMs,
            stampMarginMs: 500, visibilityDelayMs: Bitget.visibilityDelayMs, findSteps: 2, listsFills: true)
        profile.unfinishedModifiesMax = 5
        // Code 25204 of order-info; `uid` of the account's settings.
        profile.saysUnknown = true
        profile.accountTellsUID = true
        profile.cancelsAll = true
        // By arrangement with the venue.
        profile.countdownSeconds = 5...60
        profile.listingProvesAbsence = true
        profile.memoryMs = Bitget.memoryMs
        profile.needsPassphrase = true
        // Keys of the demo go to the live host.
        profile.demo = .at(baseURL: Bitget.baseURL, header: .init("paptrading", "1"))
        self.profile = profile
    }

    package func problem(with terms: OrderTerms) -> OrderProblem? {
        if let problem = Bitget.problem(withShapeOf: terms) { return problem }
        if category.isFutures {
            if terms.quoteQuantity != nil { return OrderProblem("quote_quantity", "futures are counted by quantity") }
            if terms.quantity == nil { return OrderProblem("quantity", "an order needs a quantity") }
        } else {
            if let problem = Bitget.problem(withSpotAmountOf: terms) { return problem }
            if terms.reduceOnly { return OrderProblem("reduce_only", "only futures have reduce-only orders") }
            if terms.positionSide != nil { return OrderProblem("position_side", "only futures have positions") }
            if terms.takeProfit != nil { return OrderProblem("take_profit", "only futures orders carry a take profit") }
            if terms.stopLoss != nil { return OrderProblem("stop_loss", "only futures orders carry a stop loss") }
        }
        return problem(withLoansOf: terms)
    }

    /// A MARGIN order borrows by itself what the account lacks, and nothing else can be asked for; elsewhere there are no loans.
    private func problem(withLoansOf terms: OrderTerms) -> OrderProblem? {
        switch (category, terms.marginAction) {
        case (_, nil), (.margin, .autoBorrow): nil
        case (.margin, .normal):
            OrderProblem("margin_action", "unified margin orders borrow by themselves; normal cannot be had (product spot does not borrow)")
        case (.margin, .autoRepay), (.margin, .autoBorrowRepay): OrderProblem("margin_action", "unified margin orders do not repay by themselves")
        case (.spot, .normal), (.usdtFutures, .normal), (.coinFutures, .normal), (.usdcFutures, .normal): nil
        case (.spot, _), (.usdtFutures, _), (.coinFutures, _), (.usdcFutures, _):
            OrderProblem("margin_action", "only product margin borrows")
        }
    }

    package func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem? {
        if terms.type == .market { return OrderProblem("type", "a market order cannot be modified") }
        if terms.reduceOnly { return OrderProblem("reduce_only", "a reduce-only order cannot be modified: cancel and place") }
        // The newer coin-margined contracts.
        if category == .coinFutures, terms.symbol.text.hasSuffix("_CM") {
            return OrderProblem("symbol", "orders of this contract cannot be modified")
        }
        return nil
    }

    /// The batch endpoint knows neither reduceOnly nor take profit and stop loss.
    package func group(of terms: OrderTerms) -> PlaceGroup {
        PlaceGroup(isSingle: terms.reduceOnly || terms.takeProfit != nil || terms.stopLoss != nil)
    }

    package func charges(of content: RequestPlan.Content) -> [Charge] {
        switch content {
        case .place(_, let isSingle): [isSingle ? "place" : "batch-place", "overall"]
        case .cancel: ["batch-cancel", "overall"]
        case .modify: ["batch-modify", "overall"]
        case .mixed: preconditionFailure("bitget-uta has no mixed request")
        case .query(let query): [Self.charge(of: query), "overall"]
        }
    }

    private static func charge(of query: Query) -> Charge {
        switch query {
        case .serverTime: "lookup:time"
        case .account: "lookup:settings"
        case .instruments: "lookup:instruments"
        case .find(_, let step): step == 0 ? "lookup:order-info" : "lookup:fills"
        case .openOrders: "lookup:unfilled-orders"
        case .history: "lookup:history-orders"
        case .fills: "lookup:fills"
        case .cancelAll: "cancel-all"
        case .countdown: "countdown"
        }
    }

    package func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID? { nil }

    package func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey) { Bitget.sign(&request, timeMs: timeMs, with: key) }
}
