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
            guard let value = Decimal(wireText: text) else { throw Unreadable("\(key) is no amount") }
            return value
        }
        return nil
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

    func requiredAmount(_ key: String) throws(Unreadable) -> Decimal {
        guard let value = try amount(key) else { throw Unreadable("\(key) is missing or 0") }
        return value
    }

    /// An average, cut to 18 places: a quotient may have more, and only people read it.
    func average(_ keys: String...) throws(Unreadable) -> Decimal? {
        for key in keys {
            guard let text = try text(key) else { continue }
            guard let value = Decimal(wireText: text, cutting: true) else { throw Unreadable("\(key) is no amount") }
            return value.isZero ? nil : value
        }
        return nil
    }

    /// A whole number of 64 bits; nil where missing, null or empty.
    func integer(_ key: String) throws(Unreadable) -> Int64? {
        guard let text = try text(key) else { return nil }
        guard let value = Int64(text) else { throw Unreadable("\(key) is no whole number") }
        return value
    }

    func requiredInteger(_ key: String) throws(Unreadable) -> Int64 {
        guard let value = try integer(key) else { throw Unreadable("\(key) is missing") }
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

    /// As `array`, and none for an explicit `null`, which venues print for an empty list too.
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

extension Instrument {
    /// The markets of a listing, each as `read` says. One whose rules cannot be read is not traded; the others are.
    static func listed(_ rows: [JSON], _ read: (AnswerRow) throws(Unreadable) -> Instrument) throws(Unreadable) -> [Instrument] {
        try rows.map { json throws(Unreadable) in
            let row = try AnswerRow(json)
            let symbol = Symbol(try row.requiredText("symbol"))
            do throws(Unreadable) { return try read(row) } catch { return Instrument(symbol: symbol, tradable: false) }
        }
    }
}

extension Decimal {
    /// Reads what venues print: plain notation, or an exponent as Java's numbers have it (`1E-8`), exactly.
    ///
    /// - Parameter cutting: Cuts plain text behind the 18th decimal place instead of refusing it.
    init?(wireText text: String, cutting: Bool = false) {
        if let plain = Decimal(text) {
            self = plain
            return
        }
        guard text.utf8.count <= 80 else { return nil }
        if let mark = text.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            var exponentText = text[text.index(after: mark)...]
            if exponentText.hasPrefix("+") { exponentText = exponentText.dropFirst() }
            guard let mantissa = Decimal(text[..<mark]), let exponent = Int(exponentText), (-36...36).contains(exponent) else { return nil }
            var units = mantissa.units
            for _ in 0..<max(exponent, 0) {
                let (scaled, overflow) = units.multipliedReportingOverflow(by: 10)
                guard !overflow else { return nil }
                units = scaled
            }
            for _ in 0..<max(-exponent, 0) {
                guard cutting || units % 10 == 0 else { return nil }
                units /= 10
            }
            self.init(units: units)
            return
        }
        guard cutting, let point = text.firstIndex(of: ".") else { return nil }
        let digits = text[text.index(after: point)...]
        guard digits.count > Self.scale, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        guard let cut = Decimal(text[..<point] + "." + digits.prefix(Self.scale)) else { return nil }
        self = cut
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
