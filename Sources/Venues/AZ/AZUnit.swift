import OMSCore
import Wire

/// The unit in which AZ counts quantities, as configured, and what the venue's own rows show of it.
///
/// No field names the unit. But an order's frozen margin, an amount that was dealt, a fee and a quantity with decimals each tell, where the contract's size
/// is far enough from one: docs/venues/xt.md, "Unit of quantity". A row that tells nothing is no evidence for either.
struct AZUnit {
    let configured: QuantityUnit
    /// Coin-margined: a contract is worth a fixed amount of quote currency.
    let isCoin: Bool

    /// What quantities are given in, in words.
    var words: String { Self.words(configured) }

    /// What is wrong with a quantity, whatever the market.
    func problem(with quantity: Decimal) -> OrderProblem? {
        guard configured == .contracts, !quantity.isMultiple(of: .one) else { return nil }
        return OrderProblem("quantity", "whole contracts only (quantity_unit)")
    }

    // MARK: Markets

    /// Fills in what quantities of the market must keep to.
    func setSizes(of market: inout Instrument, _ row: AnswerRow) throws(Unreadable) {
        let least = row.bound("minQty")
        (market.minNotional, market.maxNotional) = (row.bound("minNotional"), row.bound("maxNotional"))
        switch configured {
        case .contracts:
            guard let size = try row.amount("contractSize") else { throw Unreadable("contractSize is missing") }
            market.lot = .one
            market.minQuantity = least
            if isCoin { market.contractValue = size } else { market.contractSize = size }
        case .base:
            let size = isCoin ? nil : row.bound("contractSize")
            if let places = try row.integer("quantityPrecision"), places > 0 {
                market.lot = try row.step(places: "quantityPrecision")
            } else {
                market.lot = size
            }
            // A whole number may still count contracts: the lesser of both readings refuses nothing that the venue takes.
            if let least, !least.isMultiple(of: .one) {
                market.minQuantity = least
            } else {
                market.minQuantity = least.flatMap { least in size.flatMap { least.multiplied(by: $0, roundingDown: true) } }
            }
        }
    }

    // MARK: Evidence

    /// What a market says against the configured unit, in words; nil: nothing.
    func contradiction(ofMarket row: AnswerRow) -> String? {
        let symbol = name(row)
        if let least = row.bound("minQty"), !least.isMultiple(of: .one) {
            return contradiction(.base, "the least quantity of \(symbol) is \(least)")
        }
        if let places = row.figure("quantityPrecision"), places.isPositive {
            return contradiction(.base, "quantities of \(symbol) have \(places) decimal places")
        }
        return nil
    }

    /// What an order's row says against the configured unit, in words; nil: nothing.
    func contradiction(ofOrder row: AnswerRow) -> String? {
        for key in ["origQty", "executedQty"] {
            guard let quantity = row.figure(key), !quantity.isMultiple(of: .one) else { continue }
            return contradiction(.base, "an order of \(name(row)) has \(key) \(quantity)")
        }
        let (quantity, price) = (row.bound("origQty"), row.bound("price"))
        let (executed, average) = (row.bound("executedQty"), row.bound("avgPrice"))
        for key in Self.dealtAmounts {
            if let shown = shown(amount: row.bound(key), of: executed, at: average ?? price, row, key) { return shown }
        }
        for key in Self.orderAmounts {
            if let shown = shown(amount: row.bound(key), of: quantity, at: price, row, key) { return shown }
        }
        // Of a partly filled order it is not said whether the margin is the whole order's.
        guard executed == nil, let frozen = row.bound("marginFrozen"), let leverage = row.bound("leverage") else { return nil }
        return shown(amount: frozen.multiplied(by: leverage, roundingDown: true), of: quantity, at: price, row, "marginFrozen", isMargin: true)
    }

    /// What an execution's row says against the configured unit, in words; nil: nothing.
    func contradiction(ofFill row: AnswerRow) -> String? {
        if let quantity = row.figure("quantity"), !quantity.isMultiple(of: .one) {
            return contradiction(.base, "an execution of \(name(row)) has quantity \(quantity)")
        }
        let (quantity, price) = (row.bound("quantity"), row.bound("price"))
        for key in Self.dealtAmounts + Self.orderAmounts {
            if let shown = shown(amount: row.bound(key), of: quantity, at: price, row, key) { return shown }
        }
        return contradiction(ofFee: row, quantity, price)
    }

    /// Names under which sister platforms and older pages print what was dealt, and what an order is worth, in quote currency.
    private static let dealtAmounts = ["dealAmount", "executedQuote", "cumQuote", "cumQuoteQty", "tradeQuote", "turnover"]
    private static let orderAmounts = ["notional", "notionalValue", "orderValue", "quoteQty", "origQuoteQty"]

    /// What an amount of quote currency beside a quantity and a price says against the configured unit.
    private func shown(
        amount: Decimal?, of quantity: Decimal?, at price: Decimal?, _ row: AnswerRow, _ key: String, isMargin: Bool = false
    ) -> String? {
        // In which currency a coin-margined contract's other amounts are printed is not known.
        guard let amount, let quantity, let price, !isCoin || isMargin else { return nil }
        // Base units (coin-margined: coins) that one unit of quantity stands for.
        let whole = isCoin ? quantity : quantity.multiplied(by: price, roundingDown: true)
        guard let implied = whole.flatMap({ amount.dividedRoundingDown(by: $0) }), implied.isPositive else { return nil }
        let words = "an order of \(name(row)) with quantity \(quantity) at \(price) has \(key) \(amount)\(isMargin ? " times leverage" : "")"
        let size = row.bound("contractSize")
        let perContract = isCoin ? size.flatMap { $0.dividedRoundingDown(by: price) } : size
        guard let perContract else {
            // Without the contract's size only one thing is certain: a quantity of base currency is worth its price.
            return isMargin || Self.isNear(implied, .one, withinHundredths: 200) ? nil : contradiction(.contracts, words)
        }
        guard !Self.isNear(perContract, .one, withinHundredths: 200) else { return nil }
        if Self.isNear(implied, .one, withinHundredths: 125) { return contradiction(.base, words) }
        if Self.isNear(implied, perContract, withinHundredths: 125) { return contradiction(.contracts, words + " and contract size \(size ?? .one)") }
        return nil
    }

    /// A fee is between a hundred-thousandth and half a hundredth of what was dealt: where only one unit makes it so, that is the unit.
    private func contradiction(ofFee row: AnswerRow, _ quantity: Decimal?, _ price: Decimal?) -> String? {
        guard !isCoin, let fee = row.figure("fee")?.magnitude, fee.isPositive, let asset = row.json["feeCoin"]?.text,
            let size = row.bound("contractSize"), name(row).lowercased().hasSuffix("_" + asset.lowercased()), let quantity, let price,
            let base = quantity.multiplied(by: price, roundingDown: true), let contracts = base.multiplied(by: size, roundingDown: true)
        else { return nil }
        func isPlausible(_ dealt: Decimal) -> Bool {
            guard let share = fee.dividedRoundingDown(by: dealt) else { return false }
            return share >= Decimal(units: 10_000_000_000_000) && share <= Decimal(units: 5_000_000_000_000_000)
        }
        let words = "an execution of \(name(row)) of \(quantity) at \(price), contract size \(size), cost a fee of \(fee)"
        return switch (isPlausible(contracts), isPlausible(base)) {
        case (false, true): contradiction(.base, words)
        case (true, false): contradiction(.contracts, words)
        case (true, true), (false, false): nil
        }
    }

    private func contradiction(_ shown: QuantityUnit, _ words: String) -> String? {
        guard shown != configured else { return nil }
        return "the venue counts quantities in \(Self.words(shown)), quantity_unit says \(configured.rawValue): \(words)"
    }

    private static func words(_ unit: QuantityUnit) -> String { unit == .base ? "base currency" : "contracts" }

    private func name(_ row: AnswerRow) -> String { String((row.json["symbol"]?.text ?? "an unnamed market").prefix(40)).escapedForLog }

    /// Whether two positive amounts are at most so many hundredths times apart.
    private static func isNear(_ left: Decimal, _ right: Decimal, withinHundredths: Int) -> Bool {
        let factor = Decimal(units: Int128(withinHundredths) * (Decimal.unitsPerOne / 100))
        func reaches(_ small: Decimal, _ large: Decimal) -> Bool { small.multiplied(by: factor, roundingDown: true).map { $0 >= large } ?? true }
        return reaches(left, right) && reaches(right, left)
    }
}
