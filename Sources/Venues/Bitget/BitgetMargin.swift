import OMSCore
import Wire

/// Bitget's classic margin account, REST v2, isolated or crossed.
///
/// Batches of one symbol, no modify, no look-up of a single order: an order is found again by asking open orders, then history, with its id.
/// Source: https://www.bitget.com/api-doc/margin/ (mirrors of December 2025 and mid-2026); docs/venues/bitget.md.
package struct BitgetMargin: VenueAdapter {
    package let profile: VenueProfile
    /// `/api/v2/margin/isolated` or `/api/v2/margin/crossed`.
    let root: String

    static let instrumentsPath = "/api/v2/margin/currencies"
    /// Of the spot line, and answered to keys of all lines of a classic account: `userId`, and what the key may do.
    static let infoPath = "/api/v2/spot/account/info"
    /// Rows a page may have.
    static let pageMax = 500

    /// nil for a product that this line does not have.
    package init?(product: String) {
        guard product == "isolated" || product == "crossed" else { return nil }
        root = "/api/v2/margin/" + product
        // 10 requests a second and uid on each private endpoint, apart from each other; instruments and time are counted by address.
        var profile = VenueProfile(
            venue: "bitget-margin", product: product, baseURL: Bitget.baseURL,
            budgets: [
                BudgetRule("batch-place", 10, perMs: 1_000, scope: .uid),
                BudgetRule("batch-cancel", 10, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:open-orders", 10, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:history-orders", 10, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:fills", 10, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:info", 1, perMs: 1_000, scope: .uid),
                BudgetRule("lookup:instruments", 10, perMs: 1_000, scope: .ip),
                BudgetRule("lookup:time", 20, perMs: 1_000, scope: .ip),
                Bitget.overall,
            ],
            // Sources say 20 and 50; 20 is right under both, and whoever knows better may say 50.
            placeMax: 20, cancelMax: 20, modifyMax: 0, cancelsByClientID: true, clientIDs: Bitget.clientIDs, freshnessMs: Bitget.freshnessMs,
            stampMarginMs: 500, visibilityDelayMs: Bitget.visibilityDelayMs, findSteps: 2, listsFills: true)
        // Isolated and crossed are separate endpoints, counted apart (page 3). Whose key it is one page tells for both.
        profile.placeMaxAtMost = 50
        profile.endpoints = product
        profile.sharedBudgets = ["lookup:info"]
        profile.accountTellsUID = true
        profile.listsBySymbol = true
        // No endpoint of this line cancels everything, or says "unknown" of one order.
        profile.listingProvesAbsence = true
        profile.memoryMs = Bitget.memoryMs
        profile.needsPassphrase = true
        // Code 40081 says that spot keys of the demo reach spot orders alone; no page names margin.
        profile.demo = .none("no page says that Bitget's demo takes margin orders: bitget-uta has a demo")
        self.profile = profile
    }

    package func problem(with terms: OrderTerms) -> OrderProblem? {
        if let problem = Bitget.problem(withShapeOf: terms) ?? Bitget.problem(withSpotAmountOf: terms) { return problem }
        if terms.reduceOnly { return OrderProblem("reduce_only", "bitget-margin has no reduce-only orders") }
        if terms.positionSide != nil { return OrderProblem("position_side", "bitget-margin has no positions") }
        if terms.takeProfit != nil { return OrderProblem("take_profit", "bitget-margin orders carry no take profit") }
        if terms.stopLoss != nil { return OrderProblem("stop_loss", "bitget-margin orders carry no stop loss") }
        return nil
    }

    package func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem? {
        OrderProblem("modify", "bitget-margin cannot modify orders: cancel and place")
    }

    /// A request names one symbol.
    package func group(of terms: OrderTerms) -> PlaceGroup { PlaceGroup(key: terms.symbol.text) }

    package func charges(of content: RequestPlan.Content) -> [Charge] {
        switch content {
        case .place: ["batch-place", "overall"]
        case .cancel: ["batch-cancel", "overall"]
        case .modify, .mixed: preconditionFailure("bitget-margin has no such request")
        case .query(let query): [Self.charge(of: query), "overall"]
        }
    }

    private static func charge(of query: Query) -> Charge {
        switch query {
        // There is no cancel-all; its stand-in asks the time.
        case .serverTime, .cancelAll, .countdown: "lookup:time"
        case .account: "lookup:info"
        case .instruments: "lookup:instruments"
        case .find(_, let step): step == 0 ? "lookup:open-orders" : "lookup:history-orders"
        case .openOrders: "lookup:open-orders"
        case .history: "lookup:history-orders"
        case .fills: "lookup:fills"
        }
    }

    package func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID? { nil }

    package func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey) { Bitget.sign(&request, timeMs: timeMs, with: key) }
}
