import OMSCore
import Wire

/// XT.com futures: contracts margined in USDT at one host and in coins at another, positions with a side, nothing that merely reduces.
///
/// No batch tells what became of its orders. So they go one by one, by `create`, which answers with the order's id; who sets `batch_max` has them
/// sent together, and each of them looked up. Sources: XT API documentation (state 2025-02, pages of 2025-11 to 2025-12 and later, read 2026-11), and
/// what is marked in docs/venues/xt-futures.md.
package struct XTFutures: VenueAdapter {
    package let profile: VenueProfile
    /// Margined in coins: a contract is worth a fixed amount of USD.
    let isCoin: Bool

    /// nil for a product that XT futures does not have.
    package init?(product: String) {
        switch product {
        case "usdt": isCoin = false
        case "coin": isCoin = true
        default: return nil
        }
        func byKey(_ name: String, _ permits: Int = 10, reserve: Int? = nil) -> BudgetRule {
            BudgetRule(name, permits, perMs: 1_000, scope: .apikey, reserve: reserve)
        }
        var profile = VenueProfile(
            venue: "xt-futures", product: product, baseURL: isCoin ? "https://dapi.xt.com" : "https://fapi.xt.com",
            // The general page's, where the pages of endpoints say 200: who has those sets them by `limits`. What nobody says of the two hosts is whether they
            // count together: they do here.
            budgets: [
                // Cancels have limits of their own, so nothing is kept back for them.
                byKey("place", reserve: 0), byKey("batch-place", reserve: 0), byKey("modify", reserve: 0),
                byKey("cancel"), byKey("batch-cancel"), byKey("cancel-all"),
                byKey("lookup:order-list"), byKey("lookup:list-open-order"), byKey("lookup:list-history"), byKey("lookup:trade-list"),
                byKey("lookup:account", 3),
                BudgetRule("lookup:symbol", 10, perMs: 1_000, scope: .ip), BudgetRule("lookup:time", 10, perMs: 1_000, scope: .ip),
                BudgetRule("overall", 1_000, perMs: 60_000, scope: .ip),
            ],
            // 20 cancels are ours: no page has a figure.
            placeMax: 1, cancelMax: 20, modifyMax: 1, cancelsByClientID: false,
            // No pattern is documented: the narrowest of the spot side.
            clientIDs: ClientIDRule(lengths: 4...22, alsoAllowed: "_"),
            // The venue's own without a header, and what the header says. Stamps more than 1 s ahead are refused.
            freshnessMs: 5_000, stampMarginMs: 300,
            // Nobody has a figure. Absence needs both lists, UNFINISHED and then HISTORY: an order moves only that way.
            visibilityDelayMs: 5_000, findSteps: 2, listsFills: true)
        // `atomic-create-batch`.
        profile.placeMaxAtMost = 20
        profile.recvwindowFloorMs = XTWindow.floorMs
        profile.modifyMayRename = true
        // How long orders are kept is nowhere said: `memoryMs` stays an hour.
        profile.cancelsAll = true
        self.profile = profile
    }

    package func problem(with terms: OrderTerms) -> OrderProblem? {
        terms.xtContractProblem(at: "xt-futures", countedIn: "contracts", Self.problem(with:))
    }

    package func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem? {
        terms.problemOfLimitOnly(price: price, quantity: quantity, at: "xt-futures") ?? quantity.flatMap(Self.problem(with:))
    }

    private static func problem(with quantity: Decimal) -> OrderProblem? {
        quantity.isMultiple(of: .one) ? nil : OrderProblem("quantity", "whole contracts only")
    }

    package func group(of terms: OrderTerms) -> PlaceGroup { PlaceGroup() }

    package func charges(of content: RequestPlan.Content) -> [Charge] {
        switch content {
        // Whether single requests and batches are counted together is not said: a batch takes a permit of both.
        case .place(let tickets, _): tickets.count > 1 ? ["place", "batch-place", "overall"] : ["place", "overall"]
        case .cancel(let tickets): tickets.count > 1 ? ["cancel", "batch-cancel", "overall"] : ["cancel", "overall"]
        case .modify: ["modify", "overall"]
        case .mixed: preconditionFailure("xt-futures has no request that mixes creates and cancels")
        case .query(let query): [Self.charge(of: query), "overall"]
        }
    }

    private static func charge(of query: Query) -> Charge {
        switch query {
        case .serverTime, .countdown: "lookup:time"
        case .account: "lookup:account"
        case .instruments: "lookup:symbol"
        case .find: "lookup:order-list"
        case .openOrders: "lookup:list-open-order"
        case .history: "lookup:list-history"
        case .fills: "lookup:trade-list"
        case .cancelAll: "cancel-all"
        }
    }

    package func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID? { nil }

    package func sign(_ request: inout HTTPRequest, timeMs: Int64, with key: SigningKey) {
        XTSigning.sign(&request, timeMs: timeMs, with: key, as: .futures)
    }
}
