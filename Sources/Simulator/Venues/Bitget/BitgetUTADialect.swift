import OMSCore
import Wire

/// Bitget v3, the unified account. Source: docs/venues/bitget.md, 4 and 11.
///
/// Switches: `business_status` 400|200, `batch_max` 1...100 (20), `modify_ms` time the engine takes for one modification (50), `open_cap` orders or 0 for
/// none (0; the venue: 400), `open_state` new|live (new): what a resting order is called, `countdown` on|off (on): whether the venue agreed to keep one.
package final class BitgetUTADialect: Dialect {
    package let venue = "bitget-uta"
    package let budgets = [
        BudgetRule("batch-place", 5, scope: .uid), BudgetRule("place", 10, scope: .uid), BudgetRule("batch-modify", 10, scope: .uid),
        BudgetRule("modify", 10, scope: .uid), BudgetRule("batch-cancel", 5, scope: .uid), BudgetRule("cancel", 10, scope: .uid),
        BudgetRule("cancel-symbol", 5, scope: .uid), BudgetRule("countdown-cancel-all", 1, scope: .uid),
        BudgetRule("lookup:order-info", 20, scope: .uid),
        BudgetRule("lookup:unfilled-orders", 20, scope: .uid),
        BudgetRule("lookup:history-orders", 20, scope: .uid), BudgetRule("lookup:fills", 20, scope: .uid),
        BudgetRule("lookup:assets", 20, scope: .uid),
        BudgetRule("lookup:settings", 20, scope: .uid), BudgetRule("lookup:instruments", 20, scope: .ip), BudgetRule("lookup:time", 20, scope: .ip),
        BudgetRule("market", 20, scope: .ip), BudgetRule("market-keyed", 10, scope: .uid), BudgetRule("overall", 6000, perMs: 60_000, scope: .ip),
    ]
    package let instruments =
        BitgetMarginDialect.spotInstruments + [
            SimInstrument(
                "BTCPERP", base: "BTC", quote: "USDC", pricePlaces: 1, quantityPlaces: 4, minQuantity: "0.0001", minNotional: "5", reference: "61000"),
            SimInstrument(
                "BTCUSD", base: "BTC", quote: "USD", pricePlaces: 1, quantityPlaces: 0, minQuantity: "1", minNotional: "1", reference: "61000"),
        ]

    private(set) var edge = BitgetEdge()
    private(set) var batchMax = 20
    private(set) var modifyUs: Int64 = 50_000
    private(set) var openCap = 0
    private(set) var openState = "new"
    private(set) var hasCountdown = true
    /// What runs out for a user: his latest countdown.
    var countdowns: [String: Int] = [:]

    private let userStream = BitgetGateway(.unified)
    package var stream: (any StreamGateway)? { userStream }

    package init() {}

    package func set(_ name: String, to value: String) -> Bool {
        switch (name, Int(value)) {
        case ("business_status", let status?) where status == 400 || status == 200: edge.businessStatus = status
        case ("batch_max", let count?) where (1...100).contains(count): batchMax = count
        case ("modify_ms", let ms?) where (0...3_600_000).contains(ms): modifyUs = Int64(ms) * 1000
        case ("open_cap", let count?) where count >= 0: openCap = count
        case ("open_state", _) where value == "new" || value == "live": openState = value
        case ("countdown", _) where value == "on" || value == "off": hasCountdown = value == "on"
        default: return false
        }
        return true
    }

    package var pageSigns: [(name: String, says: PageSign)] { [("cursor", .id)] }

    package func claims(_ path: Substring) -> Bool { path.hasPrefix("/api/v3/") }
    package func keyID(of request: HTTPRequest) -> String? { request.header("ACCESS-KEY") }

    package func route(_ request: HTTPRequest) -> Route? {
        func route(_ endpoint: String, _ kind: Route.Kind, _ budget: String, _ lists: [[String]] = []) -> Route {
            Route(endpoint, kind, budgets: [budget, "overall"], itemLists: lists)
        }
        if let page = BitgetMarketPages.page(request) {
            return route(page.endpoint, page.isPublic ? .public : .lookup, page.isPublic ? "market" : "market-keyed", page.list)
        }
        return switch (request.method, request.path) {
        case ("GET", "/api/v3/public/time"): route("time", .public, "lookup:time")
        case ("GET", "/api/v3/market/instruments"): route("instruments", .public, "lookup:instruments", [["data"]])
        case ("POST", "/api/v3/trade/place-batch"): route("place-batch", .place, "batch-place", [["data"]])
        case ("POST", "/api/v3/trade/place-order"): route("place-order", .place, "place")
        case ("POST", "/api/v3/trade/batch-modify-order"): route("batch-modify-order", .modify, "batch-modify", [["data"]])
        case ("POST", "/api/v3/trade/modify-order"): route("modify-order", .modify, "modify")
        case ("POST", "/api/v3/trade/cancel-batch"): route("cancel-batch", .cancel, "batch-cancel", [["data"]])
        case ("POST", "/api/v3/trade/cancel-order"): route("cancel-order", .cancel, "cancel")
        case ("POST", "/api/v3/trade/cancel-symbol-order"): route("cancel-symbol-order", .cancel, "cancel-symbol", [["data", "list"]])
        case ("POST", "/api/v3/trade/countdown-cancel-all"):
            Route("countdown-cancel-all", .cancel, budgets: ["countdown-cancel-all", "overall"], isTimer: true)
        case ("GET", "/api/v3/trade/order-info"): route("order-info", .lookup, "lookup:order-info")
        case ("GET", "/api/v3/trade/unfilled-orders"): route("unfilled-orders", .lookup, "lookup:unfilled-orders", [["data", "list"]])
        case ("GET", "/api/v3/trade/history-orders"): route("history-orders", .lookup, "lookup:history-orders", [["data", "list"]])
        case ("GET", "/api/v3/trade/fills"): route("fills", .lookup, "lookup:fills", [["data", "list"]])
        case ("GET", "/api/v3/account/assets"): route("assets", .lookup, "lookup:assets", [["data", "assets"]])
        case ("GET", "/api/v3/account/settings"): route("settings", .lookup, "lookup:settings")
        default: nil
        }
    }

    package func refuse(_ why: Refusal, _ call: Call) -> HTTPResponse { edge.refuse(why, call, mode: .uta) }

    package func answer(_ call: Call, on exchange: Exchange) -> HTTPResponse {
        do {
            switch call.route.endpoint {
            case "time": return edge.success(call) { $0.raw("{\"serverTime\":\"\(call.atMs)\"}") }
            case "instruments": return try listInstruments(call, exchange)
            default: break
            }
            let account = call.route.kind == .public ? nil : try edge.authenticate(call, mode: .uta, on: exchange)
            if let page = try BitgetMarketPages.answer(
                call, edge, exchange.current(symbols(of: call.parameter("category") ?? "SPOT")), exchange)
            {
                return page
            }
            guard let account else { return refuse(.unknownEndpoint, call) }
            switch call.route.endpoint {
            case "place-batch": return try placeBatch(call, account, exchange)
            case "place-order": return try placeOne(call, account, exchange)
            case "batch-modify-order": return try modifyBatch(call, account, exchange)
            case "modify-order": return try modifyOne(call, account, exchange)
            case "cancel-batch": return try cancelBatch(call, account, exchange)
            case "cancel-order": return try cancelOne(call, account, exchange)
            case "cancel-symbol-order": return try cancelSymbol(call, account, exchange)
            case "countdown-cancel-all": return try countdown(call, account, exchange)
            case "order-info": return try orderInfo(call, account, exchange)
            case "unfilled-orders": return try listOrders(call, account, exchange, open: true)
            case "history-orders": return try listOrders(call, account, exchange, open: false)
            case "fills": return try listFills(call, account, exchange)
            case "assets": return assets(call)
            case "settings": return settings(call, account)
            default: return refuse(.unknownEndpoint, call)
            }
        } catch {
            return edge.failure(error, call)
        }
    }

    static let categories: Set = ["SPOT", "MARGIN", "USDT-FUTURES", "COIN-FUTURES", "USDC-FUTURES"]

    /// The symbols of a category.
    func symbols(of category: String) -> [SimInstrument] {
        instruments.filter { instrument in
            switch category {
            case "USDC-FUTURES": instrument.quote == "USDC"
            case "COIN-FUTURES": instrument.quote == "USD"
            default: instrument.quote == "USDT"
            }
        }
    }

    /// Items of a bare array of one category, none of them beyond the ceiling; else the whole request is refused.
    func batch(_ call: Call) throws(BitgetProblem) -> [JSON] {
        guard let items = call.json?.array, !items.isEmpty else { throw .parameter("body") }
        call.items = items.count
        guard items.count <= batchMax else { throw BitgetProblem("25200", "The number of orders in a batch cannot exceed \(batchMax)") }
        return items
    }

    /// An order by `orderId` or, without it, `clientOid`, whatever its state.
    func target(_ fields: BitgetFields, _ account: SimAccount, _ exchange: Exchange) throws(BitgetProblem) -> SimOrder {
        let order: SimOrder?
        if let id = fields["orderId"] {
            order = exchange.order(id: id, uid: account.uid, at: nil)
        } else if let id = fields["clientOid"] {
            order = exchange.order(clientID: id, uid: account.uid, at: nil)
        } else {
            throw .parameter("orderId")
        }
        guard let order, order.state != .accepted else { throw BitgetProblem("25204", "Order does not exist") }
        return order
    }

    /// One item's result as `{orderId, clientOid[, code, msg]}`.
    struct ItemResult {
        let orderID: String
        let clientID: String
        var problem: BitgetProblem?
    }

    func results(_ call: Call, _ results: [ItemResult]) -> HTTPResponse {
        call.refused = results.count { $0.problem != nil }
        call.accepted = results.count - call.refused
        return edge.success(call) { writer in
            writer.beginArray()
            for result in results { write(result, to: &writer) }
            writer.endArray()
        }
    }

    func write(_ result: ItemResult, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("orderId", result.orderID)
        writer.member("clientOid", result.clientID)
        if let problem = result.problem {
            writer.member("code", problem.code)
            writer.member("msg", problem.message)
        }
        writer.endObject()
    }
}
