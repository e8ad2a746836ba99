import OMSCore
import Wire

/// Bybit v5 with a unified account: spot, linear and inverse behind one set of paths. Source: docs/venues/bybit.md, read from the venue's side.
///
/// Switches: `echoes_refused` off|on (whether a refused create names the client's id), `duplicates` open|ever (which orders an id is taken by),
/// `finished` named|unknown (what a closed order's cancel is told), `engine_ms` 0...3600000 (20: until the engine does what was received), `open_cap` orders
/// of a symbol (spot: of all) or 0 for none (0; the venue: 500), `cap_at` receipt|engine (where one too many is found out), `recent_closed` 0...100000 (500: how
/// many closed orders the real-time page remembers, 0 right behind a restart), `history_lag_ms` 0...60000 (0), `history_open` off|on (whether history shows open
/// orders too), `margin_status` 1|3|4|5|6 (5), `position_mode` one-way|hedge, `lpa` on|off and `band_percent` 0...100 (0: no band; beyond it a price is refused,
/// or moved to it with `lpa` off), `demo` off|on (batches for linear alone).
package final class BybitDialect: Dialect {
    package let venue = "bybit"
    package let budgets = [
        BudgetRule("batch-place", 10, scope: .uid, lanes: [spot: 20], refuses: .items),
        BudgetRule("batch-modify", 10, scope: .uid, lanes: [spot: 20], refuses: .items),
        BudgetRule("batch-cancel", 10, scope: .uid, lanes: [spot: 20], refuses: .items), BudgetRule("place", 10, scope: .uid, lanes: [spot: 20]),
        // Single changes have no more on spot, though their batches have (9).
        BudgetRule("modify", 10, scope: .uid), BudgetRule("cancel", 10, scope: .uid, lanes: [spot: 20]),
        BudgetRule("cancel-all", 10, scope: .uid, lanes: [spot: 20]), BudgetRule("lookup:realtime", 50, scope: .uid),
        BudgetRule("lookup:history", 50, scope: .uid), BudgetRule("lookup:execution", 50, scope: .uid), BudgetRule("lookup:account", 50, scope: .uid),
        BudgetRule("lookup:settings", 50, scope: .uid), BudgetRule("lookup:position", 50, scope: .uid), BudgetRule("lookup:limits", 50, scope: .uid),
        BudgetRule("lookup:wallet", 50, scope: .uid), BudgetRule("lookup:key", 10, scope: .uid), BudgetRule("lookup:coins", 5, scope: .uid),
        BudgetRule("overall", 600, perMs: 5_000, scope: .ip),
    ]
    package let instruments = [
        ("BTCUSDT", "BTC", "USDT", 1, 3, "0.001", "5", "61000"), ("ETHUSDT", "ETH", "USDT", 2, 2, "0.01", "5", "3900"),
        ("SOLUSDT", "SOL", "USDT", 3, 1, "0.1", "5", "150"), ("BTCPERP", "BTC", "USDC", 1, 3, "0.001", "5", "61000"),
        ("BTCUSD", "BTC", "USD", 1, 0, "1", "0", "61000"), ("ETHUSD", "ETH", "USD", 2, 0, "1", "0", "3900"),
    ].map {
        SimInstrument(
            $0.0, base: $0.1, quote: $0.2, pricePlaces: $0.3, quantityPlaces: $0.4, minQuantity: $0.5, minNotional: $0.6, reference: $0.7)
    }

    var edge = BybitEdge()
    var settings = BybitSettings()
    /// Ten minutes for everything that comes from an address which passed its limit (0.10).
    private var lockout: Lockout = {
        var lockout = Lockout(lasts: 600_000_000)
        lockout.after = 1
        return lockout
    }()
    let userStream = BybitGateway()
    package var stream: (any StreamGateway)? { userStream }

    package init() {}

    package func set(_ name: String, to value: String) -> Bool { settings.set(name, to: value) }

    package var pageSigns: [(name: String, says: PageSign)] { [("nextPageCursor", .id)] }
    package func claims(_ path: Substring) -> Bool { path.hasPrefix("/v5/") }
    package func keyID(of request: HTTPRequest) -> String? { request.header("X-BAPI-API-KEY") }

    // MARK: Limits

    static let spot = "spot"
    /// Linear and inverse stand in one cell of the table of limits: taken as one count, the stricter reading.
    private static let derivatives = "derivatives"

    /// The line of business whose limits a request falls under, by the category that it names.
    private func lane(_ request: HTTPRequest) -> String {
        let category = (try? JSONParser.parse(request.body))?["category"]?.string
        return category == Self.spot ? Self.spot : Self.derivatives
    }

    /// Batches cost as many permits as they hold orders (0.1).
    package func counts(_ call: Call, under rule: BudgetRule) -> [(part: String, weight: Int)] {
        guard rule.refuses == .items else { return [("", 1)] }
        return [("", max(1, call.json?["request"]?.array?.count ?? 1))]
    }

    package func route(_ request: HTTPRequest) -> Route? {
        func trade(_ endpoint: String, _ kind: Route.Kind, _ budget: String, _ lists: [[String]] = []) -> Route {
            Route(endpoint, kind, budgets: [budget, "overall"], lane: lane(request), itemLists: lists)
        }
        func ask(_ endpoint: String, _ budget: String, _ lists: [[String]] = [["result", "list"]]) -> Route {
            Route(endpoint, .lookup, budgets: [budget, "overall"], itemLists: lists)
        }
        func open(_ endpoint: String, _ lists: [[String]] = [["result", "list"]]) -> Route {
            Route(endpoint, .public, budgets: ["overall"], itemLists: lists)
        }
        // Faults change one list alone: that of the orders, while that of their codes stays.
        let batch = [["result", "list"]]
        return switch (request.method, request.path) {
        case ("POST", "/v5/order/create-batch"): trade("create-batch", .place, "batch-place", batch)
        case ("POST", "/v5/order/amend-batch"): trade("amend-batch", .modify, "batch-modify", batch)
        case ("POST", "/v5/order/cancel-batch"): trade("cancel-batch", .cancel, "batch-cancel", batch)
        case ("POST", "/v5/order/create"): trade("create", .place, "place")
        case ("POST", "/v5/order/amend"): trade("amend", .modify, "modify")
        case ("POST", "/v5/order/cancel"): trade("cancel", .cancel, "cancel")
        case ("POST", "/v5/order/cancel-all"): trade("cancel-all", .cancel, "cancel-all", batch)
        case ("GET", "/v5/order/realtime"): ask("realtime", "lookup:realtime")
        case ("GET", "/v5/order/history"): ask("history", "lookup:history")
        case ("GET", "/v5/execution/list"): ask("execution", "lookup:execution")
        case ("GET", "/v5/account/info"): ask("account", "lookup:account", [])
        case ("GET", "/v5/account/user-setting-config"): ask("settings", "lookup:settings", [])
        case ("GET", "/v5/position/list"): ask("position", "lookup:position")
        case ("GET", "/v5/apilimit/query"): ask("limits", "lookup:limits")
        case ("GET", "/v5/account/wallet-balance"): ask("wallet", "lookup:wallet")
        case ("GET", "/v5/user/query-api"): ask("key", "lookup:key", [])
        case ("GET", "/v5/asset/coin/query-info"): ask("coins", "lookup:coins", [["result", "rows"]])
        case ("GET", "/v5/market/instruments-info"): open("instruments")
        case ("GET", "/v5/market/time"): open("time", [])
        case ("GET", "/v5/market/tickers"): open("tickers")
        case ("GET", "/v5/market/orderbook"): open("orderbook", [])
        case ("GET", "/v5/market/kline"): open("kline")
        case ("GET", "/v5/market/recent-trade"): open("recent-trade")
        default: nil
        }
    }

    // MARK: Answers

    package func answer(_ call: Call, on exchange: Exchange) -> HTTPResponse {
        if lockout.isLocked(call.peer, at: call.at) { return shutOut(call) }
        // A GET with a body is turned away before anybody looks at it (1).
        guard call.request.method != "GET" || call.request.body.isEmpty else {
            call.refusal = "403"
            return BybitEdge.page(403, "Request blocked.")
        }
        do throws(BybitProblem) {
            if call.route.kind == .public { return try publicPage(call, exchange) }
            let account = try edge.authenticate(call, on: exchange)
            return switch call.route.endpoint {
            case "create-batch": try placeBatch(call, account, exchange)
            case "create": try placeOne(call, account, exchange)
            case "amend-batch": try amendBatch(call, account, exchange)
            case "amend": try amendOne(call, account, exchange)
            case "cancel-batch": try cancelBatch(call, account, exchange)
            case "cancel": try cancelOne(call, account, exchange)
            case "cancel-all": try cancelAll(call, account, exchange)
            case "realtime": try realtime(call, account, exchange)
            case "history": try history(call, account, exchange)
            case "execution": try executions(call, account, exchange)
            case "account": accountInfo(call)
            case "settings": userSettings(call)
            case "position": try positions(call, exchange)
            case "limits": try ownLimits(call, account)
            case "wallet": try balances(call)
            case "key": keyInformation(call, account)
            case "coins": try coinInformation(call)
            default: preconditionFailure("\(call.route.endpoint) is routed and not served")
            }
        } catch {
            return edge.failure(error, call)
        }
    }

    private func shutOut(_ call: Call) -> HTTPResponse {
        call.refusal = "403"
        return BybitEdge.page(403, "access too frequent")
    }

    package func refuse(_ why: Refusal, _ call: Call) -> HTTPResponse {
        switch why {
        case .unknownEndpoint: return HTTPResponse(status: 404)
        case .rateLimited:
            if call.over.contains("overall") { lockout.hit(call.peer, at: call.at) }
            return lockout.isLocked(call.peer, at: call.at) ? shutOut(call) : edge.failure(.tooMany, call)
        case .maintenance: return edge.failure(BybitProblem(10_016, "Internal System Error."), call)
        case .wrongAccount: return edge.failure(BybitProblem(10_028, "The API can only be accessed by unified account users."), call)
        case .venueError(let code, let message, let status):
            var problem = BybitProblem(asked: code, message)
            if status != 0 { problem.status = status }
            return edge.failure(problem, call)
        }
    }
}

/// What of the venue no page settles, or what an account is set to.
struct BybitSettings {
    private(set) var echoesRefused = false
    private(set) var idsAreTakenForEver = false
    private(set) var namesFinished = true
    private(set) var engineUs: Int64 = 20_000
    private(set) var openCap = 0
    private(set) var capIsEngines = false
    private(set) var recentClosed = 500
    private(set) var historyLagUs: Int64 = 0
    private(set) var historyShowsOpen = false
    private(set) var marginStatus = 5
    private(set) var isHedged = false
    private(set) var refusesBeyondBand = true
    private(set) var bandPercent = 0
    private(set) var isDemo = false

    mutating func set(_ name: String, to value: String) -> Bool {
        switch (name, Int(value)) {
        case ("echoes_refused", _): return assign(switchFlag(value)) { echoesRefused = $0 }
        case ("duplicates", _) where value == "open" || value == "ever": idsAreTakenForEver = value == "ever"
        case ("finished", _) where value == "named" || value == "unknown": namesFinished = value == "named"
        case ("engine_ms", let ms?) where (0...3_600_000).contains(ms): engineUs = Int64(ms) * 1_000
        case ("open_cap", let count?) where count >= 0: openCap = count
        case ("cap_at", _) where value == "receipt" || value == "engine": capIsEngines = value == "engine"
        case ("recent_closed", let count?) where (0...100_000).contains(count): recentClosed = count
        case ("history_lag_ms", let ms?) where (0...60_000).contains(ms): historyLagUs = Int64(ms) * 1_000
        case ("history_open", _): return assign(switchFlag(value)) { historyShowsOpen = $0 }
        case ("margin_status", let status?) where [1, 3, 4, 5, 6].contains(status): marginStatus = status
        case ("position_mode", _) where value == "one-way" || value == "hedge": isHedged = value == "hedge"
        case ("lpa", _): return assign(switchFlag(value)) { refusesBeyondBand = $0 }
        case ("band_percent", let percent?) where (0...100).contains(percent): bandPercent = percent
        case ("demo", _): return assign(switchFlag(value)) { isDemo = $0 }
        default: return false
        }
        return true
    }
}
