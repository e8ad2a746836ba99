@testable import OMSCore

/// A venue without a rule of its own: each request takes a permit of `all`.
struct PlainRules: VenueRules {
    var profile = VenueProfile(
        venue: "plain-spot", product: "spot", baseURL: "", budgets: [BudgetRule("all", 10, perMs: 1_000, scope: .uid)], placeMax: 10, cancelMax: 10,
        modifyMax: 0, cancelsByClientID: true, clientIDs: ClientIDRule(lengths: 1...36, alsoAllowed: ""), freshnessMs: 3_000, stampMarginMs: 0,
        visibilityDelayMs: 1_000, findSteps: 1, listsFills: false)

    func problem(with terms: OrderTerms) -> OrderProblem? { nil }
    func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem? { nil }
    func group(of terms: OrderTerms) -> PlaceGroup { PlaceGroup() }
    func charges(of content: RequestPlan.Content) -> [Charge] { ["all"] }
    func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID? { nil }

    /// The account `a` of user 7 at this venue, which signs with key `k`.
    func setup(_ change: (inout VenueProfile) -> Void = { _ in }) -> AccountSetup {
        var rules = self
        change(&rules.profile)
        var setup = AccountSetup(id: "a", uid: "7", keyFingerprint: "k", rules: rules)
        setup.origin = "https://plain.example:443"
        return setup
    }
}

extension RequestPlan {
    init(_ number: Int64, _ content: Content) {
        self.init(
            id: RequestID(number), account: "a", content: content, timeMs: 0, facts: nil, freshnessMs: 3_000, staleAt: .max, timeoutMs: 5_000)
    }

    /// A signed question.
    static func question(_ number: Int64) -> RequestPlan { RequestPlan(number, .query(.openOrders(symbol: nil, page: nil))) }
    /// A write.
    static func write(_ number: Int64) -> RequestPlan { RequestPlan(number, .cancel([])) }
}

extension VenueAnswer {
    static let good = VenueAnswer(httpStatus: 200, disposition: .answered)
}

extension Instrument {
    static func market(_ symbol: Symbol, tradable: Bool = true) -> Instrument { Instrument(symbol: symbol, tradable: tradable) }
}
