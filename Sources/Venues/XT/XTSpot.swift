import OMSCore
import Wire

/// XT.com spot v4, spot and margin (`LEVER`) orders: batches of 100 that are no transaction, cancels that answer with a mere receipt.
///
/// Sources: XT API documentation (state 2025-02, single pages to 2026, read 2026-11); what only an SDK shows is marked in docs/venues/xt.md.
package struct XTSpot: VenueAdapter {
    package let profile: VenueProfile
    /// `SPOT` or `LEVER`.
    let bizType: String

    /// nil for a product that XT spot does not have.
    package init?(product: String) {
        switch product {
        case "spot": bizType = "SPOT"
        case "margin": bizType = "LEVER"
        default: return nil
        }
        var profile = VenueProfile(
            venue: "xt-spot", product: product, baseURL: "https://sapi.xt.com",
            // Per endpoint as the pages say (2024-12 to 2025); 10/s where they say nothing.
            budgets: [
                BudgetRule("batch-place", 30, perMs: 1_000, scope: .apikey), BudgetRule("batch-cancel", 30, perMs: 1_000, scope: .apikey),
                BudgetRule("modify", 50, perMs: 1_000, scope: .apikey), BudgetRule("cancel-all", 10, perMs: 1_000, scope: .apikey),
                BudgetRule("lookup:order", 50, perMs: 1_000, scope: .apikey), BudgetRule("lookup:open-order", 10, perMs: 1_000, scope: .apikey),
                BudgetRule("lookup:history-order", 10, perMs: 1_000, scope: .apikey),
                BudgetRule("lookup:trade", 10, perMs: 1_000, scope: .apikey), BudgetRule("lookup:balances", 10, perMs: 1_000, scope: .apikey),
                BudgetRule("lookup:symbol", 10, perMs: 1_000, scope: .ip), BudgetRule("lookup:time", 10, perMs: 1_000, scope: .ip),
            ],
            // 100 items, and fewer than 300 ids a cancel, by an SDK; the documents are silent.
            placeMax: 100, cancelMax: 100, modifyMax: 1, cancelsByClientID: false,
            // 4–32 by the documents, 4–22 by a sister platform.
            clientIDs: ClientIDRule(lengths: 4...22, alsoAllowed: "_"),
            // The widest window that is not discouraged. Stamps more than 1 s ahead are refused, hence a stamp behind the venue's time.
            freshnessMs: 5_000, stampMarginMs: 300,
            // How late an order may be seen is nowhere said; the upper end of the 2–5 s that cautious clients wait.
            visibilityDelayMs: 5_000, findSteps: 1, listsFills: true)
        profile.recvwindowFloorMs = XTWindow.floorMs
        profile.modifyMayRename = true
        // How long orders are kept is nowhere said: `memoryMs` stays an hour. "Does not exist" has a code of its own.
        profile.saysUnknown = true
        profile.cancelsAll = true
        self.profile = profile
    }

    package func problem(with terms: OrderTerms) -> OrderProblem? {
        if let problem = terms.firstSet(of: [.reduceOnly, .positionSide, .marginAction, .stp, .takeProfit, .stopLoss], at: "xt-spot") {
            return problem
        }
        if let problem = terms.commonProblem { return problem }
        guard terms.type == .market else { return nil }
        switch terms.side {
        case .buy:
            if terms.quantity != nil { return OrderProblem("quantity", "a market buy is sized by quote_quantity at xt-spot") }
            if terms.quoteQuantity == nil { return OrderProblem("quote_quantity", "a market buy needs it at xt-spot") }
        case .sell:
            if terms.quoteQuantity != nil { return OrderProblem("quote_quantity", "only for market buys") }
            if terms.quantity == nil { return OrderProblem("quantity", "a market sell needs it") }
        }
        return nil
    }

    package func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem? {
        terms.problemOfLimitOnly(price: price, quantity: quantity, at: "xt-spot")
    }

    package func group(of terms: OrderTerms) -> PlaceGroup { PlaceGroup() }

    package func charges(of content: RequestPlan.Content) -> [Charge] {
        switch content {
        case .place: ["batch-place"]
        case .cancel: ["batch-cancel"]
        case .modify: ["modify"]
        case .mixed(_, let cancels, _): cancels.isEmpty ? ["batch-place"] : ["batch-cancel"]
        case .query(.serverTime), .query(.countdown): ["lookup:time"]
        case .query(.account): ["lookup:balances"]
        case .query(.instruments): ["lookup:symbol"]
        case .query(.find): ["lookup:order"]
        case .query(.openOrders): ["lookup:open-order"]
        case .query(.history): ["lookup:history-order"]
        case .query(.fills): ["lookup:trade"]
        case .query(.cancelAll): ["cancel-all"]
        }
    }

    package func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID? { nil }

    package func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey) {
        XTSigning.sign(&request, timeMs: timeMs, with: key, as: .spot)
    }
}
