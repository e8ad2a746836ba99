import OMSCore
import Wire

/// One venue's language: how it routes, authenticates, reads and answers. A second reading of the venue's page, written apart from the adapter.
///
/// Pure: time, account and request come in through ``Call``; effects go to the ``Exchange``. ``VenueWorld`` owns the rest, in this order:
/// route, account by key, limits (counted on arrival, refused requests too), faults, then ``answer(_:on:)``, then the ledger.
package protocol Dialect: AnyObject {
    /// The venue's name as configurations write it, e.g. `bitget-uta`.
    var venue: String { get }
    /// What the venue counts. Names, scopes and numbers as the adapters' budgets (the contract's table), so that ledgers compare.
    var budgets: [BudgetRule] { get }
    /// Symbols traded here, in the venue's own form.
    var instruments: [SimInstrument] { get }

    /// Whether the path is this venue's. The first dialect that says yes gets the request.
    func claims(_ path: Substring) -> Bool
    /// The endpoint meant by method and path; nil where the venue has none (answered by ``refuse(_:_:)`` with `.unknownEndpoint`, counted under no budget).
    func route(_ request: HTTPRequest) -> Route?
    /// The API key a request names, unverified: whom limits are counted against. Nil for public requests.
    func keyID(of request: HTTPRequest) -> String?

    /// Authenticates, checks and executes one request and returns the venue's answer. Notes items, client ids and outcome on the call.
    ///
    /// May run later than the request was received (fault `execute_late`): then `call.at` is the later moment, and freshness is judged by it.
    func answer(_ call: Call, on exchange: Exchange) -> HTTPResponse
    /// The venue's words for what its edge refuses before the request means anything.
    func refuse(_ why: Refusal, _ call: Call) -> HTTPResponse
    /// Sets a switch. - Returns: false for a name or value the venue does not have.
    func set(_ name: String, to value: String) -> Bool
    /// The fields beside a list by which the venue says where the list goes on, for pages that contradict themselves.
    var pageSigns: [(name: String, says: PageSign)] { get }
    /// What rows call an order's id and a market.
    var rowNames: RowNames { get }
    /// Whether callers can predict the ids of their orders.
    var derivesIDs: Bool { get }
    /// As how much a request counts under one of its budgets: once, whatever it carries, unless the venue weighs it. Where the venue counts apart (a market,
    /// a family of them), so much for each part.
    func counts(_ call: Call, under rule: BudgetRule) -> [(part: String, weight: Int)]
    /// The venue's private stream; nil: it has none.
    var stream: (any StreamGateway)? { get }
    /// What an execution cost, as the venue's pages tell it.
    func fee(of fill: SimFill, on exchange: Exchange) -> Decimal
}

/// How the rows of a venue name what they are of, for faults that look at them.
package struct RowNames: Sendable {
    package let order: String
    package let market: String
    package init(order: String = "orderId", market: String = "symbol") { (self.order, self.market) = (order, market) }
}

/// What a field beside a list tells of it.
package enum PageSign: Sendable {
    /// The id of a row at its end, from which the next page is asked for.
    case id
    /// Whether there is more.
    case more
    /// How many there are on all pages.
    case total
}

extension Dialect {
    /// What the venue may be switched to, each with its default, as `--switch venue/name=value`. Dialects that have some override ``set(_:to:)``.
    package func set(_ name: String, to value: String) -> Bool { false }
    package var pageSigns: [(name: String, says: PageSign)] { [] }
    package var rowNames: RowNames { RowNames() }
    package var derivesIDs: Bool { false }
    package func counts(_ call: Call, under rule: BudgetRule) -> [(part: String, weight: Int)] { [("", 1)] }
    package var stream: (any StreamGateway)? { nil }
    package func fee(of fill: SimFill, on exchange: Exchange) -> Decimal { fill.fee }
    /// What the venue counts, of requests and of streams.
    package var allBudgets: [BudgetRule] { budgets + (stream?.budgets ?? []) }
}

/// One limit as the venue counts it.
package struct BudgetRule: Sendable, Hashable {
    package enum Scope: String, Sendable {
        case uid, apikey, ip
        /// One stream's own.
        case connection
    }
    package enum Windows: Sendable, Hashable {
        /// A window of any position.
        case anywhere
        /// One behind the other on the venue's own clock: each whole multiple of their length since 1970 UTC, and so much later, begins one.
        case onTheClock(laterMs: Int64)
    }
    /// What becomes of a request that is beyond the limit in part.
    package enum Beyond: Sendable, Hashable {
        /// It is refused whole.
        case request
        /// What is beyond is refused, item by item; those in front of it stand.
        case items
    }
    package let name: String
    package let scope: Scope
    /// What arrivals may weigh in any window; nil: not limited, still counted.
    package private(set) var permits: Int?
    /// Where a ``Route/lane`` has more or fewer permits than the others.
    package private(set) var permitsByLane: [String: Int]
    package let windowMs: Int64
    package let windows: Windows
    package let refuses: Beyond

    package init(
        _ name: String, _ permits: Int?, perMs windowMs: Int64 = 1000, _ windows: Windows = .anywhere, scope: Scope, lanes: [String: Int] = [:],
        refuses: Beyond = .request
    ) {
        (self.name, self.permits, self.windowMs, self.windows, self.scope) = (name, permits, windowMs, windows, scope)
        (permitsByLane, self.refuses) = (lanes, refuses)
    }

    package func permits(in lane: String) -> Int? { permitsByLane[lane] ?? permits }

    /// As many in every lane; nil lifts the limit.
    package mutating func set(permits: Int?) { (self.permits, permitsByLane) = (permits, [:]) }
}

/// An endpoint a dialect knows.
package struct Route: Sendable {
    package enum Kind: String, Sendable { case place, cancel, modify, mixed, lookup, session, `public` }
    /// Method-free short name or path, unique within the venue; what fault rules match and the ledger shows, e.g. `place-batch`.
    package let endpoint: String
    package let kind: Kind
    /// Budgets it is counted under, each by name of ``Dialect/budgets``, as ``Dialect/counts(_:under:)`` says.
    package let budgets: [String]
    /// Splits uid and key budgets further: what stands here is counted apart (Bitget's isolated and crossed endpoints under one uid). Usually empty.
    package let lane: String
    /// Where the answer's per-item lists stand: key paths from the root, for faults that drop, repeat or reorder items. `[[]]`: the root itself.
    package let itemLists: [[String]]
    /// It sets a countdown, and says the same again and again: it carries no order.
    package let isTimer: Bool

    package init(
        _ endpoint: String, _ kind: Kind, budgets: [String], lane: String = "", itemLists: [[String]] = [], isTimer: Bool = false
    ) {
        (self.endpoint, self.kind, self.budgets, self.lane, self.itemLists) = (endpoint, kind, budgets, lane, itemLists)
        self.isTimer = isTimer
    }
}

/// Why the edge refuses. The dialect chooses status, body and code.
package enum Refusal: Sendable, Equatable {
    case unknownEndpoint
    case rateLimited
    case maintenance
    /// The account is of the wrong type or belongs elsewhere.
    case wrongAccount
    /// The venue's own envelope with this code and text, as faults ask for it (e.g. Bitget `40725` after execution). `status` 0: the venue's usual one.
    case venueError(code: String, message: String, status: Int)
}

/// One request under way: what the dialect is given, and what it notes for the ledger.
package final class Call {
    /// As it came. A dialect that stands behind another one's paths may show that one a request of its own while it answers.
    package var request: HTTPRequest
    package let route: Route
    /// Known by its key, unverified; nil for public requests and unknown keys. The dialect still checks secret, passphrase and account type.
    package let account: SimAccount?
    /// Address without port.
    package let peer: String
    /// The venue's clock now, microseconds since 1970 (the world's clock plus the venue's offset and drift).
    package let at: Int64
    /// The ledger's number of this request, from 1.
    package let number: Int
    /// Extra microseconds until orders of this request show in look-ups (fault `late_visibility`); ``Exchange/place(_:in:)`` applies it.
    package var visibilityDelayUs: Int64 = 0
    /// Extra microseconds until cancels and changes of this request happen, though it is answered at once (fault `late_effect`).
    var effectDelayUs: Int64 = 0
    /// Asked for each item: the code and words by which a fault has the venue refuse it; nil: the venue decides (fault `item_error`).
    var refusesItem: (() -> (code: String, message: String)?)?
    /// How ids of this request's orders differ from what the venue's rule derives (fault `strange_id`); nil: they follow it.
    var strangeID: Fault.StrangeID?

    /// Permits left in the window of the route's first budget, this request taken off; nil: no limit. Some venues say it in a header.
    package var remaining: Int?
    /// All permits of that budget.
    package var permits: Int?
    /// Names of the limits that it is over, wholly or in part.
    package var over: [String] = []
    /// How many of its items are within limits that refuse item by item; nil: it is under none.
    package var itemsWithin: Int?
    /// The same limit by limit, and part by part where the venue counts apart.
    package var within: [(budget: String, part: String, within: Int)] = []
    /// The permits that a limit has now, by its name; nil: none, or no such limit.
    package var permitsNow: (String) -> Int? = { _ in nil }

    // Notes for the ledger.
    package var clientIDs: [String] = []
    /// Creates, cancels and modifies carried.
    package var items = 0
    package var accepted = 0
    package var refused = 0
    /// The venue's code where the whole request was refused.
    package var refusal: String?

    package init(request: HTTPRequest, route: Route, account: SimAccount?, peer: String, at: Int64, number: Int) {
        (self.request, self.route, self.account, self.peer, self.at, self.number) = (request, route, account, peer, at, number)
    }

    /// Milliseconds of the venue's clock.
    package var atMs: Int64 { at / 1000 }
    /// Query pairs, percent-decoded, in the order sent; a second value of a key comes second.
    package lazy var query: [(name: String, value: String)] = formPairs(request.query ?? "")
    /// The first query value of that name.
    package func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }
    /// The body as JSON, parsed once; nil when empty or broken.
    package lazy var json: JSON? = request.body.isEmpty ? nil : try? JSONParser.parse(request.body)
}

/// Reads `a=b&c=d`, percent-decoding both sides; `+` stays a plus. Broken escapes are kept as they are.
package func formPairs(_ text: Substring) -> [(name: String, value: String)] {
    text.split(separator: "&", omittingEmptySubsequences: true).map { pair in
        guard let equals = pair.firstIndex(of: "=") else { return (percentDecoded(pair), "") }
        return (percentDecoded(pair[..<equals]), percentDecoded(pair[pair.index(after: equals)...]))
    }
}

/// Undoes percent-encoding; what is no valid escape stays.
package func percentDecoded(_ text: Substring) -> String {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
    let bytes = Array(text.utf8)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
        if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count, let high = hexValue(bytes[index + 1]), let low = hexValue(bytes[index + 2]) {
            out.append(high << 4 | low)
            index += 3
        } else {
            out.append(bytes[index])
            index += 1
        }
    }
    return String(decoding: out, as: UTF8.self)
}

private func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
