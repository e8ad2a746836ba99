import OMSCore
import Wire

/// OKX, REST v5: spot, margin, perpetual contracts (`swap`) and dated ones (`futures`) of one trading account.
///
/// Batches throughout: an order costs the same in one, and a batch of one order is charged to the limits of single orders. Facts, sources and how sure they
/// are: docs/venues/okx.md.
package struct OKX: VenueAdapter {
    /// What the venue calls the product.
    enum Kind: String, Sendable {
        case spot = "SPOT"
        case margin = "MARGIN"
        case swap = "SWAP"
        case futures = "FUTURES"

        /// Counted in coins, not in contracts.
        var isOfCoins: Bool { self == .spot || self == .margin }
    }

    package let profile: VenueProfile
    let kind: Kind

    /// Places and changes bear a moment of their own behind which the venue does not process them (`expTime`): so long behind their stamp.
    static let deadlineMs: Int64 = 5_000
    /// Cancels know no such moment: what bounds them is how old a stamp may be.
    static let stampMs: Int64 = 30_000
    static let hourMs: Int64 = 3_600_000
    static let dayMs = 24 * hourMs

    /// nil for a product that this venue does not have.
    package init?(product: String) {
        guard product == product.lowercased(), let kind = Kind(rawValue: product.uppercased()) else { return nil }
        self.kind = kind
        var profile = VenueProfile(
            venue: "okx", product: product, baseURL: "https://www.okx.com", budgets: Self.budgets, placeMax: 20, cancelMax: 20, modifyMax: 20,
            cancelsByClientID: true, clientIDs: ClientIDRule(lengths: 1...32, alsoAllowed: ""), freshnessMs: Self.deadlineMs,
            // Whether a stamp may be ahead of the venue's clock is not said.
            stampMarginMs: 500,
            // No page has a figure: 5 s, and 10 for what passed the gate in time and is worked off order by order.
            visibilityDelayMs: 15_000,
            // By id; the pending of the market, then its history; its executions.
            findSteps: 3, listsFills: true)
        profile.freshnessMsByKind = [.cancel: Self.stampMs]
        profile.unfinishedModifiesMax = 3
        profile.accountTellsUID = true
        // Up to 120, says the page: more than a minute without omsd nobody asks for.
        profile.countdownSeconds = 10...60
        profile.needsPassphrase = true
        // What never traded is gone after two hours: less what a clock and a slow round may cost.
        (profile.memoryMs, profile.unfilledMemoryMs) = (7 * Self.dayMs, 2 * Self.hourMs - 300_000)
        profile.signatureMs = Self.stampMs
        // Keys of the demo go to the live host.
        profile.demo = .at(baseURL: "https://www.okx.com", header: .init("x-simulated-trading", "1"))
        self.profile = profile
    }

    package func predictedID(clientOrderID: ClientOrderID, timeMs: Int64, facts: AccountFacts?) -> VenueOrderID? { nil }

    /// Markets are mixed in one request.
    package func group(of terms: OrderTerms) -> PlaceGroup { PlaceGroup() }

    // MARK: What it does not take

    package func problem(with terms: OrderTerms) -> OrderProblem? {
        guard terms.symbol.isNameable, terms.symbol.text.utf8.allSatisfy(Self.isOfSymbols) else {
            return OrderProblem("symbol", "OKX calls markets by letters, digits and -, like BTC-USDT")
        }
        if let problem = terms.firstSet(of: [.takeProfit, .stopLoss], at: "okx") ?? terms.commonProblem { return problem }
        if terms.marginAction != nil { return OrderProblem("margin_action", "whether OKX's orders borrow is a setting of the account") }
        switch terms.stp {
        case OMSCore.SelfTradePrevention.none?:
            return OrderProblem("stp", "OKX prevents self-trades always: cancel_maker, cancel_taker or cancel_both")
        case .cancelBoth where terms.timeInForce == .fok: return OrderProblem("stp", "cancel_both does not go with fok")
        case nil, .cancelTaker, .cancelMaker, .cancelBoth: break
        }
        return kind.isOfCoins ? problem(withCoinsOf: terms) : problem(withContractsOf: terms)
    }

    private func problem(withCoinsOf terms: OrderTerms) -> OrderProblem? {
        if terms.positionSide != nil { return OrderProblem("position_side", "only contracts have two sides of a position") }
        if kind == .spot, terms.reduceOnly { return OrderProblem("reduce_only", "spot has no reduce-only orders") }
        if kind == .margin, Self.quote(of: terms.symbol) == nil { return OrderProblem("symbol", "a margin pair is named like BTC-USDT") }
        guard terms.type == .market else { return nil }
        if terms.quoteQuantity != nil, terms.side == .sell { return OrderProblem("quote_quantity", "only for market buys") }
        if kind == .margin, terms.side == .buy, terms.quoteQuantity == nil {
            return OrderProblem("quote_quantity", "OKX counts market buys on margin in quote currency")
        }
        return (terms.quantity == nil) == (terms.quoteQuantity == nil)
            ? OrderProblem("quantity", "a market order needs a quantity, or a market buy a quote_quantity, and not both") : nil
    }

    private func problem(withContractsOf terms: OrderTerms) -> OrderProblem? {
        if terms.quoteQuantity != nil { return OrderProblem("quote_quantity", "contracts are counted by quantity") }
        if terms.quantity == nil { return OrderProblem("quantity", "an order needs a quantity") }
        if terms.reduceOnly, let side = terms.positionSide, (side == .long) == (terms.side == .buy) {
            return OrderProblem("reduce_only", "a \(terms.side.rawValue) opens a \(side.rawValue) position")
        }
        return nil
    }

    package func problem(modifying terms: OrderTerms, price: Decimal?, quantity: Decimal?) -> OrderProblem? {
        terms.problemOfLimitOnly(price: price, quantity: quantity, at: "okx")
    }

    /// `USDT` of `BTC-USDT`; nil: it is no pair.
    static func quote(of symbol: Symbol) -> String? {
        let parts = symbol.text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty ? String(parts[1]) : nil
    }

    /// `[A-Za-z0-9_-]`
    private static func isOfSymbols(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
