import OMSCore
import Wire

/// What Bitget's two lines share: v2 margin (`BitgetMargin`) and the v3 unified account (`BitgetUTA`).
///
/// Facts, sources and dates: docs/venues/bitget.md.
enum Bitget {
    /// Codes of the two lines need not mean the same.
    enum Line: Sendable { case margin, uta }

    /// What a write asks for: the same code answers different questions.
    enum Operation: Sendable { case place, cancel, modify }

    static let baseURL = "https://api.bitget.com"

    /// Valid under each of the conflicting rules in the documentation, and safe in a query without encoding.
    static let clientIDs = ClientIDRule(lengths: 1...32, alsoAllowed: "_-")

    /// A request is refused once the venue's clock is 30 s away from its timestamp (code 40008).
    static let freshnessMs: Int64 = 30_000

    /// Not measured by anybody; a detail look-up right behind a placement was seen to miss it.
    static let visibilityDelayMs: Int64 = 2_000
    /// History goes back 90 days.
    static let memoryMs: Int64 = 90 * 86_400_000

    static let dayMs: Int64 = 86_400_000

    /// History and fills reach 90 days back; a minute less, so that a request under way does not fall out.
    static let historyMs = 90 * dayMs - 60_000

    /// 6000 requests a minute from one address; tripping it costs five minutes.
    static let overall = BudgetRule("overall", 6_000, perMs: 60_000, scope: .ip)

    static let timePath = "/api/v2/public/time"

    /// English texts: without it refusals come in Chinese.
    static let headers = [HTTPHeader("Content-Type", "application/json"), HTTPHeader("locale", "en-US")]

    /// A GET with its query keys in ascending order, as the signature wants them.
    static func get(_ path: String, _ query: [(key: String, value: String)] = []) -> HTTPRequest {
        let sorted = query.sorted { $0.key < $1.key }
        let text = sorted.map { "\($0.key)=\(percentEncoded($0.value))" }.joined(separator: "&")
        return HTTPRequest("GET", text.isEmpty ? path : path + "?" + text, headers: headers)
    }

    static func post(_ path: String, _ writer: JSONWriter) -> HTTPRequest {
        HTTPRequest("POST", path, headers: headers, body: writer.bytes)
    }

    /// Letters of any script, which queries carry percent-encoded and signatures decoded.
    static func problem(withSymbol symbol: Symbol) -> OrderProblem? {
        let fits = symbol.isNameable && symbol.text.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "$") || $0 >= 0x80 }
        return fits ? nil : OrderProblem("symbol", "Bitget symbols are letters, digits, $, - and _, like BTCUSDT")
    }

    /// `[A-Za-z0-9_-]`
    static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// What no line of Bitget takes, whatever the product: combinations of type, price and time in force.
    static func problem(withShapeOf terms: OrderTerms) -> OrderProblem? {
        if let problem = problem(withSymbol: terms.symbol) { return problem }
        switch terms.type {
        case .limit:
            if terms.price == nil { return OrderProblem("price", "a limit order needs a price") }
            if terms.quantity == nil { return OrderProblem("quantity", "a limit order needs a quantity") }
            if terms.quoteQuantity != nil { return OrderProblem("quote_quantity", "only market buys are counted in quote currency") }
            if terms.postOnly, let time = terms.timeInForce, time != .gtc {
                return OrderProblem("post_only", "cannot be combined with time_in_force \(time.rawValue)")
            }
        case .market:
            if terms.price != nil { return OrderProblem("price", "a market order has no price") }
            if terms.timeInForce != nil { return OrderProblem("time_in_force", "a market order has none") }
            if terms.postOnly { return OrderProblem("post_only", "a market order cannot be post only") }
        }
        return nil
    }

    /// Spot and margin count a market buy in quote currency, everything else in base.
    static func problem(withSpotAmountOf terms: OrderTerms) -> OrderProblem? {
        guard terms.type == .market else { return nil }
        switch terms.side {
        case .buy:
            if terms.quantity != nil { return OrderProblem("quantity", "Bitget counts market buys in quote currency: use quote_quantity") }
            if terms.quoteQuantity == nil { return OrderProblem("quote_quantity", "Bitget counts market buys in quote currency") }
        case .sell:
            if terms.quoteQuantity != nil { return OrderProblem("quote_quantity", "Bitget counts market sells in base currency: use quantity") }
            if terms.quantity == nil { return OrderProblem("quantity", "a market sell needs a quantity") }
        }
        return nil
    }

    /// `force` on margin, `timeInForce` on the unified account.
    static func timeInForce(of terms: OrderTerms) -> String { terms.postOnly ? "post_only" : (terms.timeInForce ?? .gtc).rawValue }
}
