import OMSCore
import Wire

/// XT.com's own futures, USDT-margined and coin-margined, as their page reads: XT's signature and envelope, single orders with an answer each, batches whose
/// answer names no order.
///
/// Source: docs/venues/xt-futures.md. Positions are not kept: a closing order always finds one. The two hosts have the same
/// paths and books apart; behind one port a request's key tells which is meant, unless its `Host` does.
package final class XTFuturesDialect: Dialect {
    package let venue = "xt-futures"
    private(set) var settings = XTFuturesSettings()
    private var keyring = SigningKeyring()
    /// An account that goes on over its limits is locked for 10 minutes; off unless asked for.
    private var lockout = Lockout(lasts: .seconds(600))

    private(set) lazy var userStream = XTFuturesGateway(of: self)
    package var stream: (any StreamGateway)? { userStream }

    package init() {}

    package func set(_ name: String, to value: String) -> Bool {
        switch name {
        case "lock_after": return assign(Int(value).flatMap { $0 > 0 ? $0 : nil }) { lockout.after = $0 }
        case "quantity_unit":
            guard settings.set(name, to: value) else { return false }
            instruments = XTFuturesMarkets.counted(inBase: settings.countsBase)
            return true
        default: return settings.set(name, to: value)
        }
    }

    // MARK: What is served

    /// The general page's figures, which contradict those of the endpoints (200 a second): 10 a second, 3 for what an account has, 1000 a minute by address.
    package let budgets =
        [
            "batch-place", "place", "modify", "cancel", "batch-cancel", "cancel-all", "lookup:order-detail", "lookup:order-list",
            "lookup:list-open-order", "lookup:list-history", "lookup:trade-list", "lookup:partial-canceled", "lookup:quant", "lookup:position",
        ].map { BudgetRule($0, 10, scope: .apikey) } + [
            BudgetRule("lookup:account", 3, scope: .apikey), BudgetRule("overall", 1_000, perMs: 60_000, scope: .ip),
            BudgetRule("public", nil, scope: .ip),
        ]

    package private(set) var instruments = XTFuturesMarkets.all

    package var pageSigns: [(name: String, says: PageSign)] { [("hasNext", .more), ("total", .total)] }

    package func claims(_ path: Substring) -> Bool { path.hasPrefix("/future/") }

    package func keyID(of request: HTTPRequest) -> String? { request.header("validate-appkey") ?? request.header("xt-validate-appkey") }

    private static let routes: [String: Route] = {
        func route(_ endpoint: String, _ kind: Route.Kind, _ budget: String, _ lists: [[String]] = []) -> Route {
            Route(endpoint, kind, budgets: [budget, "overall"], itemLists: lists)
        }
        let (first, second) = ("/future/trade/v1/order/", "/future/trade/v2/order/")
        let (user, market) = ("/future/user/v1/", "/future/market/")
        let rows = [["result", "items"]]
        return [
            "POST \(first)create": route("order-create", .place, "place"),
            "POST \(second)atomic-create-batch": route("atomic-create-batch", .place, "batch-place"),
            "POST \(second)create-batch": route("create-batch", .place, "batch-place"),
            "POST \(first)create-batch": route("create-batch-v1", .place, "batch-place"),
            "POST \(first)update": route("order-update", .modify, "modify"),
            "POST \(first)cancel": route("order-cancel", .cancel, "cancel"),
            "POST \(first)cancel-batch": route("order-cancel-batch", .cancel, "batch-cancel"),
            "POST \(first)cancel-all": route("order-cancel-all", .cancel, "cancel-all"),
            "GET \(first)detail": route("order-detail", .lookup, "lookup:order-detail"),
            "GET \(first)list": route("order-list", .lookup, "lookup:order-list", rows),
            "POST \(first)list-open-order": route("list-open-order", .lookup, "lookup:list-open-order", [["result"]]),
            "GET \(first)list-history": route("list-history", .lookup, "lookup:list-history", rows),
            "GET \(first)trade-list": route("trade-list", .lookup, "lookup:trade-list", rows),
            "GET \(second)partial-canceled-orders": route("partial-canceled", .lookup, "lookup:partial-canceled", rows),
            "GET \(first)quant/list-history": route("quant-history", .lookup, "lookup:quant"),
            "GET \(first)quant/trade-list": route("quant-trades", .lookup, "lookup:quant"),
            "GET \(user)account/info": route("account-info", .lookup, "lookup:account"),
            "GET \(user)balance/list": route("balance-list", .lookup, "lookup:account", [["result"]]),
            "GET \(user)compat/balance/list": route("compat-balance-list", .lookup, "lookup:account", [["result"]]),
            "GET \(user)position/list": route("position-list", .lookup, "lookup:position", [["result"]]),
            "GET \(user)position/list/active": route("position-list-active", .lookup, "lookup:position", [["result"]]),
            "GET \(user)user/listen-key": route("listen-key", .session, "lookup:listen-key"),
            "GET \(market)v3/public/symbol/list": route("symbol-list", .public, "public", [["result"], ["result", "symbols"]]),
            "GET \(market)v1/public/symbol/list": route("symbol-list-v1", .public, "public", [["result"]]),
            "GET \(market)v1/public/symbol/detail": route("symbol-detail", .public, "public"),
            "GET \(market)v1/public/time": route("time", .public, "public"),
        ]
    }()

    package func route(_ request: HTTPRequest) -> Route? { Self.routes[request.method + " " + request.path] }

    // MARK: Whose line it is

    /// The line that a request is for; nil where neither host nor key tells.
    func line(of call: Call) -> String? {
        switch call.request.header("Host")?.prefix(5) {
        case "fapi.": "usdt"
        case "dapi.": "coin"
        default: call.account.flatMap { $0.products.count == 1 ? $0.products[0] : nil }
        }
    }

    /// A market of the line; the other host has never heard of it.
    func market(_ symbol: String, _ call: Call, _ exchange: Exchange) -> SimInstrument? {
        let line = line(of: call)
        return exchange.instruments[symbol].flatMap { line == nil || XTFuturesMarkets.product(ofMarket: $0.symbol) == line ? $0 : nil }
    }

    // MARK: Answers

    package func answer(_ call: Call, on exchange: Exchange) -> HTTPResponse {
        if let account = call.account, lockout.isLocked(account.key, at: call.at) {
            call.refusal = "locked"
            return xtTooMany(retryAfter: settings.retryAfter)
        }
        do throws(Gate) {
            if call.route.kind != .public { try authenticate(call, exchange) }
        } catch {
            return refuse(error, call)
        }
        do throws(XTProblem) {
            return switch call.route.endpoint {
            case "time": success { $0.integer(call.atMs) }
            case "symbol-list": symbolList(call, exchange)
            case "symbol-list-v1": success { symbols(call, exchange, &$0) }
            case "symbol-detail": try symbolDetail(call, exchange)
            case "account-info": try accountInformation(call)
            case "balance-list", "compat-balance-list": success { balances(call, &$0) }
            case "position-list", "position-list-active": try positions(call)
            case "listen-key": success { $0.string(userStream.listenKeys.issue(to: call.account?.key ?? "", at: call.at)) }
            case "order-create": try create(call, exchange)
            case "atomic-create-batch", "create-batch", "create-batch-v1": try createBatch(call, exchange)
            case "order-update": try update(call, exchange)
            case "order-cancel": try cancel(call, exchange)
            case "order-cancel-batch": try cancelBatch(call, exchange)
            case "order-cancel-all": try cancelAll(call, exchange)
            case "order-detail": try detail(call, exchange)
            case "order-list": try list(call, exchange)
            case "list-open-order": try listOpen(call, exchange)
            case "list-history": try history(call, exchange)
            case "trade-list": try trades(call, exchange)
            case "partial-canceled": try partlyCanceled(call, exchange)
            // Of accounts that trade by arrangement; none here does.
            case "quant-history", "quant-trades": throw XTProblem("not_quantification_account", "not a quantification account")
            default: preconditionFailure("\(call.route.endpoint) is routed and not served")
            }
        } catch {
            call.refusal = error.code
            return failure(error)
        }
    }

    /// The gateway's refusal: an HTTP status and words.
    private struct Gate: Error {
        let status: Int
        let text: String
    }

    /// 400 for headers; 403 for key, signature and window alike.
    private func authenticate(_ call: Call, _ exchange: Exchange) throws(Gate) {
        var request = call.request
        if !settings.heedsWindow { request.headers.removeAll { $0.name.lowercased().hasSuffix("validate-recvwindow") } }
        do throws(XTStamp.Refusal) {
            let stamp = try XTStamp(request, style: .futures, freshnessMs: exchange.freshnessMs)
            try stamp.check(
                call.account.map { keyring.key(of: $0) }, now: call.atMs, takesOld: exchange.takesOldStamps || !settings.heedsWindow)
            // The ceiling of all windows holds even where they are not looked at.
            let ceiling = exchange.freshnessMs ?? 60_000
            guard settings.heedsWindow || exchange.takesOldStamps || call.atMs - stamp.timestamp < ceiling else { throw .clock }
        } catch {
            throw switch error {
            case .missing(let name): Gate(status: 400, text: "missing header \(name)")
            case .bad(let name): Gate(status: 400, text: "bad header \(name)")
            case .unknownKey: Gate(status: 403, text: "invalid key")
            case .signature: Gate(status: 403, text: "invalid signature")
            case .clock: Gate(status: 403, text: "expired window")
            }
        }
    }

    private func refuse(_ gate: Gate, _ call: Call) -> HTTPResponse {
        call.refusal = String(gate.status)
        let problem = XTProblem(String(gate.status), gate.text)
        return switch settings.gate {
        case .words: failure(problem, status: gate.status)
        case .code: failure(problem)
        case .none: HTTPResponse(status: gate.status)
        case .html: Self.page(gate.status)
        }
    }

    package func refuse(_ why: Refusal, _ call: Call) -> HTTPResponse {
        switch why {
        case .unknownEndpoint:
            // A path that is served with the other method, above all `GET list-open-order`, is 405.
            let other = ["GET", "POST"].contains { Self.routes[$0 + " " + call.request.path] != nil }
            return failure(XTProblem(other ? "405" : "404", other ? "method not allowed" : "not found"), status: other ? 405 : 404)
        case .rateLimited:
            if let account = call.account { lockout.hit(account.key, at: call.at) }
            return xtTooMany(retryAfter: settings.retryAfter)
        case .maintenance: return Self.page(503)
        case .wrongAccount: return failure(XTProblem("403", "access denied"), status: 403)
        case .venueError(let code, let message, let status):
            call.refusal = code
            return failure(XTProblem(code, message), status: status == 0 ? 200 : status)
        }
    }

    /// What the content network in front answers by itself.
    private static func page(_ status: Int) -> HTTPResponse {
        HTTPResponse(status: status, headers: [HTTPHeader("Content-Type", "text/html")], body: Array("<html>\(status)</html>".utf8))
    }

    private var envelope: XTFuturesEnvelope { XTFuturesEnvelope(errorIsNull: settings.errorIsNull) }
    func success(_ result: (inout JSONWriter) -> Void) -> HTTPResponse { envelope.success(result) }
    func failure(_ problem: XTProblem, status: Int = 200) -> HTTPResponse { envelope.failure(problem, status: status) }
}
