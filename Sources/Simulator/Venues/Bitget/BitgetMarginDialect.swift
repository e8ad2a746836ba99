import OMSCore
import Wire

/// Bitget v2 margin, isolated and crossed. Source: docs/venues/bitget.md, 3 and 11.
///
/// Switches: `business_status` 400|200, `batch_max` 1...50 (20), `failure_code` on|off (off: failure lists carry text only, as documented),
/// `open_cap` orders a symbol or 0 for none (0), `unknown_symbol` empty|refused (empty).
package final class BitgetMarginDialect: Dialect {
    package let venue = "bitget-margin"
    package let budgets = [
        BudgetRule("batch-place", 10, scope: .uid), BudgetRule("batch-cancel", 10, scope: .uid), BudgetRule("place", 10, scope: .uid),
        BudgetRule("cancel", 10, scope: .uid), BudgetRule("lookup:open-orders", 10, scope: .uid),
        BudgetRule("lookup:history-orders", 10, scope: .uid),
        BudgetRule("lookup:fills", 10, scope: .uid), BudgetRule("lookup:assets", 10, scope: .uid), BudgetRule("lookup:info", 1, scope: .uid),
        BudgetRule("lookup:instruments", 10, scope: .ip), BudgetRule("market", 20, scope: .ip), BudgetRule("market-keyed", 10, scope: .uid),
        BudgetRule("lookup:time", 20, scope: .ip), BudgetRule("overall", 6000, perMs: 60_000, scope: .ip),
    ]
    package let instruments = BitgetMarginDialect.spotInstruments

    /// The pairs both Bitget dialects trade.
    static let spotInstruments = [
        SimInstrument(
            "BTCUSDT", base: "BTC", quote: "USDT", pricePlaces: 2, quantityPlaces: 6, minQuantity: "0.000001", minNotional: "1", reference: "61000"),
        SimInstrument(
            "ETHUSDT", base: "ETH", quote: "USDT", pricePlaces: 2, quantityPlaces: 4, minQuantity: "0.0001", minNotional: "1", reference: "3900"),
        SimInstrument(
            "SOLUSDT", base: "SOL", quote: "USDT", pricePlaces: 2, quantityPlaces: 3, minQuantity: "0.001", minNotional: "1", reference: "150"),
        SimInstrument(
            "龙虾USDT", base: "龙虾", quote: "USDT", pricePlaces: 5, quantityPlaces: 2, minQuantity: "0.01", minNotional: "1", reference: "0.05"),
    ]

    private(set) var edge = BitgetEdge()
    private(set) var batchMax = 20
    private(set) var givesFailureCode = false
    private(set) var openCap = 0
    private(set) var refusesUnknownSymbols = false

    private let userStream = BitgetGateway(.margin)
    package var stream: (any StreamGateway)? { userStream }

    package init() {}

    package func set(_ name: String, to value: String) -> Bool {
        switch (name, Int(value), switchFlag(value)) {
        case ("business_status", let status?, _) where status == 400 || status == 200: edge.businessStatus = status
        case ("batch_max", let count?, _) where (1...50).contains(count): batchMax = count
        case ("open_cap", let count?, _) where count >= 0: openCap = count
        case ("failure_code", _, let flag?): givesFailureCode = flag
        case ("unknown_symbol", _, _) where value == "empty" || value == "refused": refusesUnknownSymbols = value == "refused"
        default: return false
        }
        return true
    }

    /// Whose key it is: an endpoint of the spot line that answers keys of all lines.
    private static let info: Substring = "/api/v2/spot/account/info"

    package var pageSigns: [(name: String, says: PageSign)] { [("maxId", .id), ("minId", .id)] }

    package func claims(_ path: Substring) -> Bool {
        path.hasPrefix("/api/v2/")
    }
    package func keyID(of request: HTTPRequest) -> String? { request.header("ACCESS-KEY") }

    package func route(_ request: HTTPRequest) -> Route? {
        let path = request.path
        switch (request.method, path) {
        case ("GET", "/api/v2/public/time"): return Route("time", .public, budgets: ["lookup:time", "overall"])
        case ("GET", Self.info): return Route("info", .lookup, budgets: ["lookup:info", "overall"])
        case ("GET", "/api/v2/margin/currencies"):
            return Route("currencies", .public, budgets: ["lookup:instruments", "overall"], itemLists: [["data"]])
        default: break
        }
        if let page = BitgetMarketPages.page(request) {
            return Route(
                page.endpoint, page.isPublic ? .public : .lookup, budgets: [page.isPublic ? "market" : "market-keyed", "overall"],
                itemLists: page.list)
        }
        guard let product = product(of: path) else { return nil }
        let endpoint = String(path.dropFirst("/api/v2/margin/".utf8.count + product.utf8.count + 1))
        let batchLists = [["data", "successList"], ["data", "failureList"]]
        let (kind, budget, lists): (Route.Kind, String, [[String]])
        switch (request.method, endpoint) {
        case ("POST", "batch-place-order"): (kind, budget, lists) = (.place, "batch-place", batchLists)
        case ("POST", "place-order"): (kind, budget, lists) = (.place, "place", [])
        case ("POST", "batch-cancel-order"): (kind, budget, lists) = (.cancel, "batch-cancel", batchLists)
        case ("POST", "cancel-order"): (kind, budget, lists) = (.cancel, "cancel", [])
        case ("GET", "open-orders"), ("GET", "history-orders"): (kind, budget, lists) = (.lookup, "lookup:" + endpoint, [["data", "orderList"]])
        case ("GET", "fills"): (kind, budget, lists) = (.lookup, "lookup:fills", [["data", "fills"]])
        case ("GET", "account/assets"): (kind, budget, lists) = (.lookup, "lookup:assets", [["data"]])
        default: return nil
        }
        return Route(endpoint, kind, budgets: [budget, "overall"], lane: product, itemLists: lists)
    }

    /// `isolated` or `crossed`, from the path.
    func product(of path: Substring) -> String? {
        for product in ["isolated", "crossed"] where path.hasPrefix("/api/v2/margin/\(product)/") { return product }
        return nil
    }

    package func refuse(_ why: Refusal, _ call: Call) -> HTTPResponse { edge.refuse(why, call, mode: .classic) }

    package func answer(_ call: Call, on exchange: Exchange) -> HTTPResponse {
        do {
            switch call.route.endpoint {
            case "time": return edge.success(call) { $0.raw("{\"serverTime\":\"\(call.atMs)\"}") }
            case "currencies": return currencies(call, exchange)
            default: break
            }
            let account = call.route.kind == .public ? nil : try edge.authenticate(call, mode: .classic, on: exchange)
            if let page = try BitgetMarketPages.answer(call, edge, exchange.current(instruments), exchange) { return page }
            guard let account else { return refuse(.unknownEndpoint, call) }
            let product = product(of: call.request.path) ?? ""
            switch call.route.endpoint {
            case "batch-place-order": return try placeBatch(call, account, product, exchange)
            case "place-order": return try placeOne(call, account, product, exchange)
            case "batch-cancel-order": return try cancelBatch(call, account, product, exchange)
            case "cancel-order": return try cancelOne(call, account, product, exchange)
            case "open-orders": return try list(call, account, product, exchange, open: true)
            case "history-orders": return try list(call, account, product, exchange, open: false)
            case "fills": return try fills(call, account, product, exchange)
            case "account/assets": return assets(call, product)
            case "info": return info(call, account)
            default: return refuse(.unknownEndpoint, call)
            }
        } catch {
            return edge.failure(error, call)
        }
    }
}
