import OMSCore
import Wire

/// OKX v5: pairs, margin, perpetual and dated contracts behind one set of paths. Source: docs/venues/okx.md, read from the venue's side.
///
/// Switches: `account_level` 2|1|3|4 (futures, spot, multi-currency, portfolio), `position_mode` net|long_short, `demo` off|on, `permissions` trade|read_only,
/// `spot_borrow` off|on, `engine_ms` 0...3600000 (10: until the engine does what was received), `item_ms` 0...60000 (0: how long each order of a batch waits for
/// the one before it), `exp_time_items` off|on (whether the deadline is looked at again for each of them), `rate_refusals` items|request, `one_order`
/// both|request|instrument (whose permits a batch takes where it holds one order of a market), `open_cap` orders of a market or 0 for none (0; the venue: 500),
/// `ids_taken` receipt|live (from when on an id is taken), `amend_check` gate|engine (who finds that a post-only would take), `atomic_amends` off|on (in portfolio
/// mode), `band_percent` 0...100 (0: no band), `balance` of each coin (1000000000), `account_limit` (1000), `post_only` silent|told (whether one that would take is
/// told as new before its end), `trade_ids` own|shared (counted anew in each market), `edge_data` absent|empty (of the door's refusals).
package final class OKXDialect: Dialect {
    package let venue = "okx"
    package let instruments = OKXRules.markets

    var edge = OKXEdge()
    var settings = OKXSettings()
    /// What runs out for an account or a tag of it: the latest order to cancel all of its orders.
    var deadMen: [String: Int] = [:]
    let userStream = OKXGateway()
    package var stream: (any StreamGateway)? { userStream }
    var trades: OKXTradeNumbers { userStream.trades }

    package init() {}

    package func set(_ name: String, to value: String) -> Bool {
        switch (name, value) {
        case ("trade_ids", "own"), ("trade_ids", "shared"): assign(value == "shared") { trades.areCountedByMarket = $0 }
        case ("edge_data", "absent"), ("edge_data", "empty"): assign(value == "empty") { edge.refusalsHaveData = $0 }
        default: settings.set(name, to: value)
        }
    }

    package var rowNames: RowNames { RowNames(order: "ordId", market: "instId") }
    package func claims(_ path: Substring) -> Bool { path.hasPrefix("/api/v5/") }
    package func keyID(of request: HTTPRequest) -> String? { request.header("OK-ACCESS-KEY") }
    package func fee(of fill: SimFill, on exchange: Exchange) -> Decimal { OKXRules.fee(of: fill) }

    // MARK: Limits

    private static let windowMs: Int64 = 2_000

    package var budgets: [BudgetRule] {
        let beyond: BudgetRule.Beyond = settings.refusesRatesByItem ? .items : .request
        func orders(_ name: String, _ permits: Int) -> BudgetRule {
            BudgetRule(name, permits, perMs: Self.windowMs, scope: .uid, refuses: beyond)
        }
        func rule(_ name: String, _ permits: Int, perMs: Int64 = OKXDialect.windowMs, _ scope: BudgetRule.Scope = .uid) -> BudgetRule {
            BudgetRule(name, permits, perMs: perMs, scope: scope)
        }
        return [
            orders("batch-place", 300), orders("batch-modify", 300), orders("batch-cancel", 300), orders("place", 60), orders("modify", 60),
            orders("cancel", 60), orders("account-orders", settings.accountLimit), rule("lookup:order", 60), rule("lookup:pending", 60),
            rule("lookup:history", 40), rule("lookup:archive", 20), rule("lookup:fills", 60), rule("lookup:fills-archive", 10),
            rule("lookup:config", 5), rule("lookup:account-limit", 1, perMs: 1_000), rule("lookup:own-instruments", 20), rule("lookup:balance", 10),
            rule("lookup:currencies", 6, perMs: 1_000),
            rule("cancel-all", 1, perMs: 1_000), rule("lookup:instruments", 20, .ip), rule("lookup:time", 10, .ip), rule("market", 20, .ip),
        ]
    }

    package func route(_ request: HTTPRequest) -> Route? {
        let rows = [["data"]]
        func trade(_ endpoint: String, _ kind: Route.Kind, _ budgets: [String]) -> Route { Route(endpoint, kind, budgets: budgets, itemLists: rows) }
        func ask(_ endpoint: String, _ budget: String) -> Route { Route(endpoint, .lookup, budgets: [budget], itemLists: rows) }
        func open(_ endpoint: String, _ budget: String = "market") -> Route { Route(endpoint, .public, budgets: [budget], itemLists: rows) }
        return switch (request.method, request.path.dropFirst("/api/v5/".count)) {
        case ("POST", "trade/batch-orders"): trade("place-batch", .place, ["batch-place", "place", "account-orders"])
        case ("POST", "trade/order"): trade("place", .place, ["place", "account-orders"])
        case ("POST", "trade/amend-batch-orders"): trade("amend-batch", .modify, ["batch-modify", "modify", "account-orders"])
        case ("POST", "trade/amend-order"): trade("amend", .modify, ["modify", "account-orders"])
        case ("POST", "trade/cancel-batch-orders"): trade("cancel-batch", .cancel, ["batch-cancel", "cancel"])
        case ("POST", "trade/cancel-order"): trade("cancel", .cancel, ["cancel"])
        case ("POST", "trade/cancel-all-after"): Route("cancel-all-after", .cancel, budgets: ["cancel-all"], itemLists: rows, isTimer: true)
        case ("GET", "trade/order"): ask("order", "lookup:order")
        case ("GET", "trade/orders-pending"): ask("orders-pending", "lookup:pending")
        case ("GET", "trade/orders-history"): ask("orders-history", "lookup:history")
        case ("GET", "trade/orders-history-archive"): ask("orders-history-archive", "lookup:archive")
        case ("GET", "trade/fills"): ask("fills", "lookup:fills")
        case ("GET", "trade/fills-history"): ask("fills-history", "lookup:fills-archive")
        case ("GET", "trade/account-rate-limit"): ask("account-rate-limit", "lookup:account-limit")
        case ("GET", "account/config"): ask("config", "lookup:config")
        case ("GET", "account/instruments"): ask("account-instruments", "lookup:own-instruments")
        case ("GET", "account/balance"): ask("balance", "lookup:balance")
        case ("GET", "account/positions"): ask("positions", "lookup:balance")
        case ("GET", "account/trade-fee"): ask("trade-fee", "lookup:balance")
        case ("GET", "asset/currencies"): ask("currencies", "lookup:currencies")
        case ("GET", "public/time"): open("time", "lookup:time")
        case ("GET", "public/instruments"): open("instruments", "lookup:instruments")
        case ("GET", "market/tickers"): open("tickers")
        case ("GET", "market/ticker"): open("ticker")
        case ("GET", "market/books"): open("books")
        case ("GET", "market/candles"): open("candles")
        case ("GET", "market/history-candles"): open("history-candles")
        case ("GET", "market/trades"): open("trades")
        default: nil
        }
    }

    /// Orders are counted by the market, each in the family of its request; so are look-ups of single orders. Contracts count for the account as well.
    package func counts(_ call: Call, under rule: BudgetRule) -> [(part: String, weight: Int)] {
        switch rule.name {
        case "batch-place", "batch-modify", "batch-cancel", "place", "modify", "cancel": orderCounts(call, isBatch: rule.name.hasPrefix("batch-"))
        case "account-orders":
            [("", Self.symbols(call).count { OKXRules.isDerivative($0) })].filter { $0.1 > 0 }
        case "lookup:order": [(call.parameter("instId") ?? "", 1)]
        case "lookup:instruments", "lookup:own-instruments": [(call.parameter("instType") ?? "", 1)]
        case "cancel-all": [(call.json?["tag"]?.string ?? "", 1)]
        case "market": [(call.route.endpoint, 1)]
        default: [("", 1)]
        }
    }

    /// The markets of a request's orders, one an order.
    private static func symbols(_ call: Call) -> [String] { (call.json?.array ?? [call.json ?? .null]).map { $0["instId"]?.string ?? "" } }

    /// A batch with one order is no batch; where it holds one of a market among others, both families may be meant (docs/venues/okx.md).
    private func orderCounts(_ call: Call, isBatch: Bool) -> [(part: String, weight: Int)] {
        let symbols = Self.symbols(call)
        guard call.route.endpoint.hasSuffix("-batch"), symbols.count > 1 else { return isBatch ? [] : [(symbols.first ?? "", 1)] }
        let counts = Dictionary(symbols.map { ($0, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        return counts.compactMap { symbol, count in
            let isMeant =
                switch (isBatch, count) {
                case (true, 1): settings.oneOrder != .instrument
                case (true, _): true
                case (false, 1): settings.oneOrder != .request
                case (false, _): false
                }
            return isMeant ? (part: symbol, weight: count) : nil
        }
    }

    // MARK: Answers

    package func answer(_ call: Call, on exchange: Exchange) -> HTTPResponse {
        trades.exchange = exchange
        do throws(OKXProblem) {
            if call.route.kind == .public { return try publicPage(call, exchange) }
            let account = try edge.authenticate(call, isDemo: settings.isDemo, on: exchange)
            guard call.route.kind == .lookup || settings.mayTrade else {
                throw OKXProblem(50_120, "This API key doesn't have permission to use this function.")
            }
            return switch call.route.endpoint {
            case "place-batch", "place": try place(call, account, exchange)
            case "amend-batch", "amend": try amend(call, account, exchange)
            case "cancel-batch", "cancel": try cancel(call, account, exchange)
            case "cancel-all-after": try cancelAllAfter(call, account, exchange)
            case "order": try order(call, account, exchange)
            case "orders-pending": try pending(call, account, exchange)
            case "orders-history", "orders-history-archive": try history(call, account, exchange)
            case "fills", "fills-history": try executions(call, account, exchange)
            case "account-rate-limit": accountLimit(call)
            case "config": accountConfig(call, account)
            case "account-instruments": try listed(call, exchange, isOwn: true)
            case "balance": balance(call)
            case "positions": edge.rows(call, [Int]()) { _, _ in }
            case "trade-fee": try tradeFee(call)
            case "currencies": try currencies(call)
            default: preconditionFailure("\(call.route.endpoint) is routed and not served")
            }
        } catch {
            return edge.failure(error, call)
        }
    }

    package func refuse(_ why: Refusal, _ call: Call) -> HTTPResponse {
        switch why {
        case .unknownEndpoint: return OKXEdge.notFound()
        case .rateLimited:
            let isAccounts = !call.over.isEmpty && call.over.allSatisfy { $0 == "account-orders" }
            return edge.failure(isAccounts ? .tooManyOfAccount : .tooMany, call)
        case .maintenance: return edge.failure(OKXProblem(50_001, "Service temporarily unavailable. Try again later"), call)
        case .wrongAccount: return edge.failure(.accountMode, call)
        case .venueError(let code, let message, let status):
            var problem = OKXProblem(asked: code, message)
            if status != 0 { problem.status = status }
            return edge.failure(problem, call)
        }
    }
}
