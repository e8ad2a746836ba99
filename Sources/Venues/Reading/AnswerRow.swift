import OMSCore
import Wire

/// What keeps an answer from being read. It never means absence or refusal.
struct Unreadable: Error, Equatable {
    let what: String
    init(_ what: String) { self.what = what }
}

/// One object of a venue's answer, read strictly: what is there must be readable, what may be missing says so.
///
/// Venues send ids and amounts as strings or numbers, and leave out what they do not know as `null`, as `""` or altogether.
struct AnswerRow {
    let json: JSON

    init(_ json: JSON) throws(Unreadable) {
        guard json.object != nil else { throw Unreadable("an object should stand here") }
        self.json = json
    }

    /// Text of a string or number under the first of `keys` that has one; nil where all are missing, null or empty.
    func text(_ keys: String...) throws(Unreadable) -> String? {
        for key in keys {
            guard let value = json[key], !value.isNull else { continue }
            guard let text = value.text else { throw Unreadable("\(key) is no text") }
            if !text.isEmpty { return text }
        }
        return nil
    }

    func requiredText(_ key: String) throws(Unreadable) -> String {
        guard let text = try text(key) else { throw Unreadable("\(key) is missing") }
        return text
    }

    /// An exact amount; nil where missing, null or empty.
    func decimal(_ keys: String...) throws(Unreadable) -> Decimal? {
        for key in keys {
            guard let text = try text(key) else { continue }
            switch WireNumber(text) {
            case .exact(let value): return value
            case .cut: throw Unreadable("\(key) has more than 18 decimal places: \(text.prefix(40).escapedForLog)")
            case .beyond: throw Unreadable("\(key) is beyond the range: \(text.prefix(40).escapedForLog)")
            case nil: throw Unreadable("\(key) is no amount: \(text.prefix(40).escapedForLog)")
            }
        }
        return nil
    }

    func requiredDecimal(_ key: String) throws(Unreadable) -> Decimal {
        guard let value = try decimal(key) else { throw Unreadable("\(key) is missing") }
        return value
    }

    /// A price, quantity or step: never negative, and nil for 0 too, which venues print for "none".
    func amount(_ keys: String...) throws(Unreadable) -> Decimal? {
        for key in keys {
            guard let value = try decimal(key) else { continue }
            guard !value.isNegative else { throw Unreadable("\(key) is negative") }
            return value.isZero ? nil : value
        }
        return nil
    }

    /// A filled quantity: 0 is one, too, and it is never negative. nil where it is not said.
    func filled(_ keys: String...) throws(Unreadable) -> Decimal? {
        for key in keys {
            guard let value = try decimal(key) else { continue }
            guard !value.isNegative else { throw Unreadable("\(key) is negative") }
            return value
        }
        return nil
    }

    func requiredAmount(_ key: String) throws(Unreadable) -> Decimal {
        guard let value = try amount(key) else { throw Unreadable("\(key) is missing or 0") }
        return value
    }

    /// A figure that nothing hangs on (a fee, an average), cut to 18 places: nil where it cannot be read, for it takes nothing else with it.
    func figure(_ keys: String...) -> Decimal? {
        for key in keys {
            guard let text = json[key]?.text, !text.isEmpty else { continue }
            switch WireNumber(text) {
            case .exact(let value), .cut(let value): return value
            case .beyond, nil: return nil
            }
        }
        return nil
    }

    /// As `figure`, and nil for 0 or less: an average price, or a bound of a market. One that is not said, cannot be read or lies beyond our range is none.
    func bound(_ keys: String...) -> Decimal? {
        for key in keys {
            if let value = figure(key) { return value.isPositive ? value : nil }
        }
        return nil
    }

    /// A whole number of 64 bits; nil where missing, null or empty.
    func integer(_ key: String) throws(Unreadable) -> Int64? {
        guard let text = try text(key) else { return nil }
        if let value = Int64(text) { return value }
        guard case .exact(let number) = WireNumber(text), number.units % Decimal.unitsPerOne == 0,
            let value = Int64(exactly: number.units / Decimal.unitsPerOne)
        else { throw Unreadable("\(key) is no whole number: \(text.prefix(40).escapedForLog)") }
        return value
    }

    func requiredInteger(_ key: String) throws(Unreadable) -> Int64 {
        guard let value = try integer(key) else { throw Unreadable("\(key) is missing") }
        return value
    }

    /// The grid of prices or quantities that a number of decimal places means; nil where it is not said.
    func step(places key: String) throws(Unreadable) -> Decimal? {
        guard let count = try integer(key) else { return nil }
        guard let places = Int(exactly: count), let step = Decimal(decimalPlaces: places) else {
            throw Unreadable("\(key) is out of range: \(count)")
        }
        return step
    }

    /// Milliseconds since 1970; nil where missing, null or empty.
    func time(_ key: String) throws(Unreadable) -> Int64? {
        guard let value = try integer(key) else { return nil }
        guard value >= 0 else { throw Unreadable("\(key) is no time: \(value)") }
        return value
    }

    /// Milliseconds since 1970, as microseconds.
    func requiredMicroseconds(_ key: String) throws(Unreadable) -> Int64 {
        guard let time = try time(key) else { throw Unreadable("\(key) is missing") }
        let (value, overflow) = time.multipliedReportingOverflow(by: 1_000)
        guard !overflow else { throw Unreadable("\(key) is out of range") }
        return value
    }

    /// A boolean, also as the text `"true"` or `"false"` in any case; nil where missing, null or empty.
    func bool(_ keys: String...) throws(Unreadable) -> Bool? {
        for key in keys {
            guard let value = json[key], !value.isNull else { continue }
            if let bool = value.bool { return bool }
            switch value.string?.lowercased() {
            case "true": return true
            case "false": return false
            case "": continue
            default: throw Unreadable("\(key) is neither true nor false")
            }
        }
        return nil
    }

    func array(_ key: String) throws(Unreadable) -> [JSON] {
        guard let items = json[key]?.array else { throw Unreadable("\(key) is no list") }
        return items
    }

    /// As `array`, and none for an explicit `null`: only where the venue's page says that it prints one for an empty list.
    func rows(_ key: String) throws(Unreadable) -> [JSON] { json[key]?.isNull == true ? [] : try array(key) }

    func side(_ key: String) throws(Unreadable) -> Side? {
        guard let text = try text(key) else { return nil }
        guard let side = Side(rawValue: text.lowercased()) else { throw Unreadable("\(key) is neither buy nor sell") }
        return side
    }
}

extension JSON {
    /// The rows of a listing that is nothing but its list; none for `null`.
    func rows() throws(Unreadable) -> [JSON] {
        if isNull { return [] }
        guard let rows = array else { throw Unreadable("no list") }
        return rows
    }
}

extension VenueAnswer {
    /// An answer that says the same of every item, and of a query only that it failed.
    init(httpStatus: Int, disposition: Disposition, to content: RequestPlan.Content, every outcome: ItemOutcome, query why: String) {
        self.init(httpStatus: httpStatus, disposition: disposition)
        switch content {
        case .place(let tickets, _): places = tickets.map { _ in outcome }
        case .cancel(let tickets): cancels = tickets.map { _ in outcome }
        case .modify(let tickets): modifies = tickets.map { _ in outcome }
        case .mixed(let creates, let withdrawals, _):
            places = creates.map { _ in outcome }
            cancels = withdrawals.map { _ in outcome }
        case .query: query = .failed(why)
        }
    }
}

extension HTTPResponse {
    /// The body as JSON; nil for anything else, pages of an edge among it.
    var json: JSON? { try? JSONParser.parse(body) }
}

extension OrderTerms {
    /// The first field that is set and stands in none of these: for venues that do not know it.
    func firstSet(of fields: [Field], at venue: String) -> OrderProblem? {
        for field in fields where field.isSet(in: self) { return OrderProblem(field.rawValue, "not known to \(venue)") }
        return nil
    }

    /// Optional fields of an order that not every venue has.
    enum Field: String {
        case quoteQuantity = "quote_quantity"
        case reduceOnly = "reduce_only"
        case positionSide = "position_side"
        case marginAction = "margin_action"
        case stp
        case takeProfit = "take_profit"
        case stopLoss = "stop_loss"

        func isSet(in terms: OrderTerms) -> Bool {
            switch self {
            case .quoteQuantity: terms.quoteQuantity != nil
            case .reduceOnly: terms.reduceOnly
            case .positionSide: terms.positionSide != nil
            case .marginAction: terms.marginAction != nil
            case .stp: terms.stp != nil
            case .takeProfit: terms.takeProfit != nil
            case .stopLoss: terms.stopLoss != nil
            }
        }
    }

    /// What is wrong with a change where only limit orders can be changed.
    ///
    /// - Parameter venue: what a person calls it.
    func problemOfLimitOnly(price: Decimal?, quantity: Decimal?, at venue: String) -> OrderProblem? {
        guard type == .limit else { return OrderProblem("client_order_id", "\(venue) modifies limit orders only") }
        if let price, !price.isPositive { return OrderProblem("price", "must be positive") }
        if let quantity, !quantity.isPositive { return OrderProblem("quantity", "must be positive") }
        return nil
    }

    /// What is wrong with price, quantity, time in force and post-only taken together, at any venue; quote quantities are the venue's matter.
    var commonProblem: OrderProblem? {
        switch type {
        case .limit:
            guard let price, price.isPositive else { return OrderProblem("price", "a limit order needs a positive price") }
            guard let quantity, quantity.isPositive else { return OrderProblem("quantity", "a limit order needs a positive quantity") }
            if quoteQuantity != nil { return OrderProblem("quote_quantity", "only for market buys") }
            if postOnly, let timeInForce, timeInForce != .gtc {
                return OrderProblem("post_only", "goes with time_in_force gtc only, not \(timeInForce.rawValue)")
            }
        case .market:
            if price != nil { return OrderProblem("price", "a market order has none") }
            if postOnly { return OrderProblem("post_only", "a market order always takes") }
            if timeInForce != nil { return OrderProblem("time_in_force", "a market order has none") }
            if let quantity, !quantity.isPositive { return OrderProblem("quantity", "must be positive") }
            if let quoteQuantity, !quoteQuantity.isPositive { return OrderProblem("quote_quantity", "must be positive") }
        }
        return nil
    }
}
