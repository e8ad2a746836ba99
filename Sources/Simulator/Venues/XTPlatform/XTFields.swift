import OMSCore
import Wire

/// Why XT or AZ refuses an order or a request: its code and its words for it.
struct XTProblem: Error, Equatable {
    /// A spot `mc`, or a futures `error.code`.
    let code: String
    let text: String
    init(_ code: String, _ text: String) { (self.code, self.text) = (code, text) }

    /// Refuses an item where a fault asks for it.
    static func heed(_ call: Call) throws(XTProblem) {
        if let refusal = call.refusesItem?() { throw XTProblem(refusal.code, refusal.message) }
    }
}

/// The named values of one order or request, from JSON, form or query alike. An explicit `null` counts as absent (venue page 2).
struct XTFields {
    let members: [(key: String, value: JSON)]

    /// nil for anything but an object.
    init?(_ json: JSON) {
        guard let members = json.object else { return nil }
        self.members = members
    }

    /// The first name that the endpoint does not know.
    func unknown(besides known: Set<String>) -> String? { members.first { !known.contains($0.key) }?.key }

    /// Whether both say the same, whatever the order of the names and whether amounts are text or numbers.
    func isEqual(to other: XTFields) -> Bool {
        func said(_ fields: XTFields) -> [String] { fields.members.filter { !$0.value.isNull }.map { $0.key + "=" + ($0.value.text ?? "") }.sorted() }
        return said(self) == said(other)
    }

    subscript(_ name: String) -> JSON? {
        guard let value = members.first(where: { $0.key == name })?.value, !value.isNull else { return nil }
        return value
    }

    /// The text of a string or number; nil when absent, empty or of another kind.
    func text(_ name: String) -> String? {
        guard let text = self[name]?.text, !text.isEmpty else { return nil }
        return text
    }

    /// Reads a decimal; nil when absent. Strings and numbers are both taken (2), exponents are not.
    func decimal(_ name: String, orElse problem: XTProblem) throws(XTProblem) -> Decimal? {
        guard let value = self[name] else { return nil }
        guard let text = value.text, let decimal = Decimal(text) else { throw problem }
        return decimal
    }

    /// Reads `true`, `false` or the same as text; nil when absent.
    func bool(_ name: String, orElse problem: XTProblem) throws(XTProblem) -> Bool? {
        guard let value = self[name] else { return nil }
        switch value {
        case .bool(let flag): return flag
        case .string("true"): return true
        case .string("false"): return false
        default: throw problem
        }
    }

    /// Reads a whole number in `range`; `otherwise` when absent.
    func integer(_ name: String, in range: ClosedRange<Int64>, otherwise: Int64, orElse problem: XTProblem) throws(XTProblem) -> Int64 {
        guard let value = self[name] else { return otherwise }
        guard let number = value.integer, range.contains(number) else { throw problem }
        return number
    }
}

extension SimSide {
    /// Reads XT's `BUY` or `SELL`; nil for anything else.
    init?(xt word: String?) {
        switch word {
        case "BUY": self = .buy
        case "SELL": self = .sell
        default: return nil
        }
    }
}

extension Ticket.TimeInForce {
    /// Reads XT's words; GTX is post-only (venue page 2). nil for anything else.
    init?(xt word: String?) {
        switch word {
        case "GTC": self = .gtc
        case "IOC": self = .ioc
        case "FOK": self = .fok
        case "GTX": self = .postOnly
        default: return nil
        }
    }
}

/// Client ids: 4 to 22 of `A-Za-z0-9_`, the narrowest of the family's documents (venue page 6).
func isXTClientID(_ id: String) -> Bool {
    (4...22).contains(id.utf8.count)
        && id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
}

/// The decimal with at least `places` places: XT pads with zeros (`39000.50`, venue page 3.4).
func padded(_ value: Decimal, _ places: Int) -> String {
    var text = value.description
    let point = text.firstIndex(of: ".")
    let has = point.map { text.distance(from: $0, to: text.endIndex) - 1 } ?? 0
    guard has < places else { return text }
    if point == nil { text += "." }
    return text + String(repeating: "0", count: places - has)
}

/// A cursor's page (venue page 3.5): `next` goes towards older rows, `prev` towards newer ones.
struct XTPage<Row> {
    let hasPrev: Bool
    let hasNext: Bool
    /// Newest first.
    let rows: [Row]

    /// - Parameters:
    ///   - cursor: The sequence of the row to go on behind, exclusive; nil: from the newest.
    ///   - limit: Rows on a page, from 1.
    ///   - fetch: At most so many rows beyond a sequence, exclusive, newest or oldest first.
    init(behind cursor: Int?, isNext: Bool, limit: Int, fetch: (_ newestFirst: Bool, _ beyond: Int?, _ limit: Int) -> [Row]) {
        if isNext || cursor == nil {
            let found = fetch(true, cursor, limit + 1)
            rows = Array(found.prefix(limit))
            hasNext = found.count > limit
            hasPrev = cursor.map { !fetch(false, $0 - 1, 1).isEmpty } ?? false
        } else {
            let found = fetch(false, cursor, limit + 1)
            rows = found.prefix(limit).reversed()
            hasPrev = found.count > limit
            hasNext = cursor.map { !fetch(true, $0 + 1, 1).isEmpty } ?? false
        }
    }
}

/// The sequence behind an id that is a base plus a running number; nil as long as nothing was numbered. Ids nobody gave out work too.
func sequence(ofID id: Int64, anchor: (id: String, sequence: Int)?) -> Int? {
    guard let anchor, let first = Int64(anchor.id) else { return nil }
    let (distance, overflow) = id.subtractingReportingOverflow(first)
    // Bounded, so that neighbours of the result cannot overflow.
    return overflow ? nil : anchor.sequence + Int(min(max(distance, -1_000_000_000_000), 1_000_000_000_000))
}
