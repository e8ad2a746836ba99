import OMSCore
import Wire

/// AZ futures for market makers: one request carries up to 100 creates and 100 cancels, each with an outcome of its own, in no promised order.
///
/// Sources: AZ futures documentation (state 2025-11-03 to 2026-01, read 2026-11), which follows XT's; docs/venues/xt.md.
package struct AZFutures: VenueAdapter {
    package let profile: VenueProfile
    /// What `underlyingType` says of the product's contracts.
    let underlyingType: String
    let unit: AZUnit

    /// nil for a product that AZ does not have.
    package init?(product: String, quantityUnit: QuantityUnit = .contracts) {
        switch product {
        case "usdt": underlyingType = "U_BASED"
        case "coin": underlyingType = "COIN_BASED"
        default: return nil
        }
        unit = AZUnit(configured: quantityUnit, isCoin: product == "coin")
        var profile = VenueProfile(
            venue: "az-futures", product: product, baseURL: "https://f-api.azverse.xyz",
            budgets: [
                // Cancels ride in it, so nothing is kept back for them.
                BudgetRule("batch-place", 200, perMs: 1_000, scope: .apikey, reserve: 0),
                BudgetRule("modify", 200, perMs: 1_000, scope: .apikey), BudgetRule("cancel-all", 200, perMs: 1_000, scope: .apikey),
                BudgetRule("lookup:order-list", 200, perMs: 1_000, scope: .apikey),
                BudgetRule("lookup:order-detail", 200, perMs: 1_000, scope: .apikey),
                BudgetRule("lookup:list-history", 200, perMs: 1_000, scope: .apikey),
                BudgetRule("lookup:trade-list", 200, perMs: 1_000, scope: .apikey),
                BudgetRule("lookup:list-open-order", 10, perMs: 1_000, scope: .apikey),
                // Asset endpoints, by the general page: nothing is asked there now; kept for configurations that name it.
                BudgetRule("lookup:balance", 3, perMs: 1_000, scope: .apikey),
                BudgetRule("lookup:symbol", 10, perMs: 1_000, scope: .ip), BudgetRule("lookup:time", 10, perMs: 1_000, scope: .ip),
                // The general page's cap, from which market makers are exempt.
                BudgetRule("overall", 1_000, perMs: 60_000, scope: .ip, isOffByDefault: true),
            ],
            placeMax: 100, cancelMax: 100, modifyMax: 1, cancelsByClientID: false,
            // No pattern is documented: the rule of the spot side.
            clientIDs: ClientIDRule(lengths: 4...22, alsoAllowed: "_"),
            // The widest window that is not discouraged, and the venue's own without a header; stamps more than 1 s ahead are refused.
            freshnessMs: 5_000, stampMarginMs: 300,
            // As XTSpot. Absence needs both lists, UNFINISHED and HISTORY.
            visibilityDelayMs: 5_000, findSteps: 2, listsFills: true)
        profile.mixesPlaceAndCancel = true
        profile.recvwindowFloorMs = XTWindow.floorMs
        profile.modifyMayRename = true
        // How long orders are kept is nowhere said: `memoryMs` stays an hour.
        profile.cancelsAll = true
        profile.quantityUnit = quantityUnit
        profile.demo = .none("AZ's pages name two sandboxes and no keys for them: who has an account of one names it by base_url and stream_url")
        self.profile = profile
    }

    package func problem(with terms: OrderTerms) -> OrderProblem? {
        terms.xtContractProblem(at: "az-futures", countedIn: unit.words, unit.problem(with:))
    }

    package func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem? {
        terms.problemOfLimitOnly(price: price, quantity: quantity, at: "az-futures") ?? quantity.flatMap { unit.problem(with: $0) }
    }

    package func group(of terms: OrderTerms) -> PlaceGroup { PlaceGroup() }

    package func charges(of content: RequestPlan.Content) -> [Charge] {
        let own: Charge =
            switch content {
            case .place, .cancel, .mixed: "batch-place"
            case .modify: "modify"
            case .query(.serverTime), .query(.countdown): "lookup:time"
            case .query(.account): "lookup:list-history"
            case .query(.instruments): "lookup:symbol"
            case .query(.find), .query(.openOrders): "lookup:order-list"
            case .query(.history): "lookup:list-history"
            case .query(.fills): "lookup:trade-list"
            case .query(.cancelAll): "cancel-all"
            }
        return [own, "overall"]
    }

    package func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID? { nil }

    package func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey) {
        XTSigning.sign(&request, timeMs: timeMs, with: key, as: .futures)
    }
}
