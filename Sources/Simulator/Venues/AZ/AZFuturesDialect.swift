import OMSCore
import Wire

/// AZ futures as the XT page's AZ parts read: XT's signature and envelope, `/az` paths, the market makers' batch that creates and cancels in one request.
///
/// Source: docs/venues/xt.md, sections 1, 2, 4 to 8 and 11. What no document says is a switch. Positions are not kept: a closing order always finds one.
package final class AZFuturesDialect: Dialect {
    package let venue = "az-futures"

    /// Whether ids in answers are JSON numbers (the seed) or strings (two days later).
    package var idsAreNumbers = true
    /// Whether a success is the name `OK` or the number 1. Failures are names: no document gives their numbers (4.3).
    package var statesAreNames = false
    package var duplicates = XTSpotDialect.Duplicates.accept
    package var duplicatesAmongOpenOnly = false
    /// `error` of a success: null, or an object of empty texts.
    package var errorIsNull = false
    /// v3 symbol list: `result.symbols`, or `result` as the list.
    package var symbolListIsBare = false
    /// `order/list` without a state shows new orders only, as documented, or all of them, as captured.
    package var listsOnlyNewByDefault = false
    package var cursorIsInclusive = false
    /// Executions are paged by id, as AZ's documents have it, or by number, as XT's; the other's parameters are unknown then (4, 4.3).
    package var pagesTradesByNumber = false
    /// What a change answers with: the order's id, which stays; a new one, under which the order goes on; or an id that is no order's (4.1).
    package var amendID = AmendID.same
    package enum AmendID: String { case same, new, foreign }
    /// Whether a 403 of the gateway has a body; what it says is documented nowhere (1.3, 7.2).
    package var gateIsSilent = false
    /// Live orders of an account; nil: no cap.
    package var openOrdersMax: Int?
    /// Whether quantities count base coins, as the pages of 2026 have it, or contracts, as those before.
    package private(set) var countsBase = false
    package var visibilityLagMs: Int64 = 0
    package var retryAfter: Int?
    /// In usdt. Nothing is held back: only a single order too large is refused.
    package var balance = Decimal(1_000_000_000)

    private var keyring = SigningKeyring()

    /// An account that goes on over its limits is locked for 10 minutes (4, 7.3); off unless asked for.
    private var lockout = Lockout(lasts: .seconds(600))

    private(set) lazy var userStream = AZFuturesGateway(of: self)
    package var stream: (any StreamGateway)? { userStream }

    package init() {}

    package func set(_ name: String, to value: String) -> Bool {
        switch (name, value) {
        case ("ids", "number"), ("ids", "string"): assign(value == "number") { idsAreNumbers = $0 }
        case ("states", "number"), ("states", "names"): assign(value == "names") { statesAreNames = $0 }
        case ("duplicate_client_id", _): assign(XTSpotDialect.Duplicates(rawValue: value)) { duplicates = $0 }
        case ("duplicate_scope", "open"), ("duplicate_scope", "forever"): assign(value == "open") { duplicatesAmongOpenOnly = $0 }
        case ("error", "null"), ("error", "object"): assign(value == "null") { errorIsNull = $0 }
        case ("symbol_list", "array"), ("symbol_list", "object"): assign(value == "array") { symbolListIsBare = $0 }
        case ("list_default_state", "new"), ("list_default_state", "all"): assign(value == "new") { listsOnlyNewByDefault = $0 }
        case ("cursor", "exclusive"), ("cursor", "inclusive"): assign(value == "inclusive") { cursorIsInclusive = $0 }
        case ("trade_pages", "id"), ("trade_pages", "number"): assign(value == "number") { pagesTradesByNumber = $0 }
        case ("amend_id", _): assign(AmendID(rawValue: value)) { amendID = $0 }
        case ("gate_body", "words"), ("gate_body", "none"): assign(value == "none") { gateIsSilent = $0 }
        case ("open_orders_max", "none"): assign(Optional<Int?>.some(nil)) { openOrdersMax = $0 }
        case ("open_orders_max", _): assign(Int(value)) { openOrdersMax = $0 }
        case ("quantity_unit", "base"), ("quantity_unit", "contracts"): assign(value == "base", count(base:))
        case ("visibility_lag_ms", _): assign(Int64(value).flatMap { (0...600_000).contains($0) ? $0 : nil }) { visibilityLagMs = $0 }
        case ("retry_after", "none"): assign(Optional<Int?>.some(nil)) { retryAfter = $0 }
        case ("retry_after", _): assign(Int(value)) { retryAfter = $0 }
        case ("lock_after", _): assign(Int(value).flatMap { $0 > 0 ? $0 : nil }) { lockout.after = $0 }
        case ("balance", _): assign(Decimal(value)) { balance = $0 }
        default: false
        }
    }

    // MARK: What is served

    /// 200 a second for each endpoint, open orders 10 (section 4). The general 1000 a minute is counted and, as for market makers, not enforced.
    package let budgets =
        [
            "batch-place", "place", "modify", "cancel", "cancel-all", "lookup:order-detail", "lookup:order-list", "lookup:list-history",
            "lookup:trade-list", "lookup:open-orders", "lookup:balance",
        ].map { BudgetRule($0, 200, scope: .apikey) } + [
            BudgetRule("lookup:list-open-order", 10, scope: .apikey), BudgetRule("overall", nil, perMs: 60_000, scope: .ip),
            BudgetRule("public", nil, scope: .ip),
        ]

    package private(set) var instruments = AZFuturesDialect.contracts

    private func count(base: Bool) {
        countsBase = base
        // One contract in base coins is the step; of the coin-margined market, whose contract is worth 10 usd, a round amount near it.
        instruments = Self.contracts.map { contract in
            guard base else { return contract }
            let step = contract.quote == "usd" ? Decimal(decimalPlaces: 4) ?? .one : contract.contractSize
            return contract.counted(inStepsOf: step)
        }
    }

    private static let contracts = [
        SimInstrument(
            "btc_usdt", base: "btc", quote: "usdt", pricePlaces: 1, quantityPlaces: 0, minQuantity: "1", minNotional: "5", reference: "40000",
            contractSize: "0.0001"),
        SimInstrument(
            "eth_usdt", base: "eth", quote: "usdt", pricePlaces: 2, quantityPlaces: 0, minQuantity: "1", minNotional: "5", reference: "2000",
            contractSize: "0.01"),
        SimInstrument(
            "sol_usdt", base: "sol", quote: "usdt", pricePlaces: 3, quantityPlaces: 0, minQuantity: "1", minNotional: "5", reference: "150",
            contractSize: "1"),
        // Coin-margined: a contract is worth 10 usd, whatever the price.
        SimInstrument(
            "btc_usd", base: "btc", quote: "usd", pricePlaces: 1, quantityPlaces: 0, minQuantity: "1", minNotional: "1", reference: "40000",
            contractSize: "10"),
    ]

    package var pageSigns: [(name: String, says: PageSign)] { [("hasNext", .more), ("total", .total)] }

    package func claims(_ path: Substring) -> Bool { path.hasPrefix("/az/future/") || path == Self.tokenPath }

    /// The spot line's, and the only place where the pages have a token for a stream.
    private static let tokenPath: Substring = "/az/spot/ws-token"

    package func keyID(of request: HTTPRequest) -> String? { request.header("validate-appkey") ?? request.header("xt-validate-appkey") }

    private static let routes: [String: Route] = {
        func route(_ endpoint: String, _ kind: Route.Kind, _ budget: String, _ lists: [[String]] = []) -> Route {
            Route(endpoint, kind, budgets: kind == .public ? [budget] : [budget, "overall"], itemLists: lists)
        }
        let orders = "/az/future/trade/v1/order/"
        let market = "/az/future/market/"
        return [
            "POST \(orders)batch": route(
                "order-batch", .mixed, "batch-place", [["result", "createOrdersResponse"], ["result", "cancelOrdersResponse"]]),
            "POST \(orders)create": route("order-create", .place, "place"),
            "POST \(orders)update": route("order-update", .modify, "modify"),
            "POST \(orders)cancel": route("order-cancel", .cancel, "cancel"),
            "POST \(orders)cancel-all": route("order-cancel-all", .cancel, "cancel-all"),
            "GET \(orders)detail": route("order-detail", .lookup, "lookup:order-detail"),
            "GET \(orders)list": route("order-list", .lookup, "lookup:order-list", [["result", "items"]]),
            "POST \(orders)list-open-order": route("list-open-order", .lookup, "lookup:list-open-order", [["result"]]),
            "GET \(orders)list-history": route("list-history", .lookup, "lookup:list-history", [["result", "items"]]),
            "GET \(orders)trade-list": route("trade-list", .lookup, "lookup:trade-list", [["result", "items"]]),
            "GET /az/future/cache/v1/open-orders": route("open-orders", .lookup, "lookup:open-orders", [["result", "content"]]),
            "GET /az/future/user/v1/user/listen-key": route("listen-key", .session, "lookup:listen-key"),
            "POST /az/spot/ws-token": route("ws-token", .session, "lookup:ws-token"),
            "GET /az/future/user/v1/balance/list": route("balance-list", .lookup, "lookup:balance", [["result"]]),
            "GET \(market)v3/public/symbol/list": route("symbol-list", .public, "public", [["result", "symbols"], ["result"]]),
            "GET \(market)v1/public/symbol/detail": route("symbol-detail", .public, "public"),
            "GET \(market)v1/public/time": route("time", .public, "public"),
        ]
    }()

    package func route(_ request: HTTPRequest) -> Route? { Self.routes[request.method + " " + request.path] }

    // MARK: Answers

    package func answer(_ call: Call, on exchange: Exchange) -> HTTPResponse {
        if let account = call.account, lockout.isLocked(account.key, at: call.at) {
            call.refusal = "locked"
            return tooMany()
        }
        do throws(Gate) {
            if call.route.kind != .public { try authenticate(call, exchange) }
        } catch {
            call.refusal = String(error.status)
            if gateIsSilent, error.status == 403 { return HTTPResponse(status: 403) }
            return failure(XTProblem(String(error.status), error.text), status: error.status)
        }
        do throws(XTProblem) {
            return switch call.route.endpoint {
            case "time": success { $0.integer(call.atMs) }
            case "symbol-list": symbolList(call, exchange)
            case "symbol-detail": try symbolDetail(call, exchange)
            case "balance-list": success { balances(&$0) }
            case "listen-key": success { $0.string(userStream.listenKeys.issue(to: call.account?.key ?? "", at: call.at)) }
            case "ws-token": streamToken(call)
            case "order-batch": try batch(call, exchange)
            case "order-create": try create(call, exchange)
            case "order-update": try update(call, exchange)
            case "order-cancel": try cancel(call, exchange)
            case "order-cancel-all": try cancelAll(call, exchange)
            case "order-detail": try detail(call, exchange)
            case "order-list": try list(call, exchange)
            case "list-open-order": try listOpen(call, exchange)
            case "list-history": try history(call, exchange)
            case "trade-list": try trades(call, exchange)
            case "open-orders": try cachedOpenOrders(call, exchange)
            default: preconditionFailure("\(call.route.endpoint) is routed and not served")
            }
        } catch {
            call.refusal = error.code
            return failure(error)
        }
    }

    /// In the spot line's envelope; where streams take listen keys there is no such token.
    private func streamToken(_ call: Call) -> HTTPResponse {
        if userStream.takesListenKey || userStream.isOlder {
            call.refusal = "404"
            return failure(XTProblem("404", "not found"), status: 404)
        }
        let body = written { writer in
            writer.member("rc", 0)
            writer.member("mc", "SUCCESS")
            writer.key("ma")
            writer.raw("[]")
            writer.key("result")
            writer.beginObject()
            writer.member("accessToken", userStream.tokens.issue(to: call.account?.key ?? "", at: call.at))
            writer.member("refreshToken", "sim-refresh-\(call.number)")
            writer.endObject()
        }
        return HTTPResponse(status: 200, headers: [HTTPHeader("Content-Type", "application/json")], body: body)
    }

    /// The gateway's refusal: an HTTP status and words.
    private struct Gate: Error {
        let status: Int
        let text: String
    }

    /// 400 for headers, 401 for the key, 403 for signature and window (7.2).
    private func authenticate(_ call: Call, _ exchange: Exchange) throws(Gate) {
        do throws(XTStamp.Refusal) {
            // The token's page is the spot line's.
            let style: XTStamp.Style = call.route.endpoint == "ws-token" ? .spot : .futures
            let stamp = try XTStamp(call.request, style: style, freshnessMs: exchange.freshnessMs)
            try stamp.check(call.account.map { keyring.key(of: $0) }, now: call.atMs, takesOld: exchange.takesOldStamps)
        } catch {
            throw switch error {
            case .missing(let name): Gate(status: 400, text: "missing header \(name)")
            case .bad(let name): Gate(status: 400, text: "bad header \(name)")
            case .unknownKey: Gate(status: 401, text: "login required")
            case .signature: Gate(status: 403, text: "invalid signature")
            case .clock: Gate(status: 403, text: "expired window")
            }
        }
    }

    package func refuse(_ why: Refusal, _ call: Call) -> HTTPResponse {
        switch why {
        case .unknownEndpoint:
            // A path that is served with the other method, above all `GET list-open-order`, is 405 (section 4).
            let other = ["GET", "POST"].contains { Self.routes[$0 + " " + call.request.path] != nil }
            return failure(XTProblem(other ? "405" : "404", other ? "method not allowed" : "not found"), status: other ? 405 : 404)
        case .rateLimited:
            if let account = call.account { lockout.hit(account.key, at: call.at) }
            return tooMany()
        case .maintenance: return HTTPResponse(status: 503, headers: [HTTPHeader("Content-Type", "text/html")], body: Array("<html>503</html>".utf8))
        case .wrongAccount: return failure(XTProblem("403", "access denied"), status: 403)
        case .venueError(let code, let message, let status):
            call.refusal = code
            return failure(XTProblem(code, message), status: status == 0 ? 200 : status)
        }
    }

    private func tooMany() -> HTTPResponse { xtTooMany(retryAfter: retryAfter) }

    private var envelope: XTFuturesEnvelope { XTFuturesEnvelope(errorIsNull: errorIsNull) }
    func success(_ result: (inout JSONWriter) -> Void) -> HTTPResponse { envelope.success(result) }
    private func failure(_ problem: XTProblem, status: Int = 200) -> HTTPResponse { envelope.failure(problem, status: status) }
    func fields(_ call: Call, knowing known: Set<String>) throws(XTProblem) -> XTFields { try XTFields(of: call, knowing: known) }
}
