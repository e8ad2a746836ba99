import OMSCore
import Wire

/// AscendEX "Pro" v1, cash and margin, as its page reads: all-or-nothing pre-checks, receipts instead of acceptance, an engine that follows later, order
/// ids that the caller can predict.
///
/// Source: docs/venues/ascendex.md. The venue is gone; what its documents left open is a switch. Stop orders are not simulated.
package final class AscendEXDialect: Dialect {
    package let venue = "ascendex"

    /// How far behind the gateway the engine follows, milliseconds, drawn for each order and cancel.
    package var engineDelayMs: ClosedRange<Int64> = 5...50
    /// Whether an order id frees again once its order is closed: the dangerous variant (section 12, 4).
    package var remembersLiveOnly = false
    /// What one unknown id without a comma brings: `data` null, an empty object, or code 100002.
    package var unknownStatus = UnknownStatus.null
    package enum UnknownStatus: String { case null, empty, code }
    /// Whether the gateway refuses cancels of orders that are not open, or acknowledges them and the engine shrugs.
    package var gatewayChecksCancels = true
    /// Where status lists show failed attempts (a duplicate, a cancel too late) as rows of their own under the order's id (section 8's traps).
    package var failedRows = FailedRows.hidden
    package enum FailedRows: String {
        case hidden
        /// Behind the order's own row, or before it.
        case status, before
    }
    /// Cancels a batch may hold: no document says.
    package var cancelMax = 10
    /// Whether the orders of one batch are held against the balance together.
    package var sumsBatchBalance = true
    /// Refused credentials come with HTTP 401 instead of 200.
    package var refusesAuthWith401 = false
    /// How far ahead of the venue's clock a body's `time` may be, milliseconds.
    package var futureToleranceMs: Int64 = 30_000
    /// Orders of a hundred that the engine rejects after the receipt.
    package var engineRejectPercent = 0
    /// What each account has of each asset.
    package var balance = Decimal(1_000_000_000)

    var keyring = SigningKeyring()
    /// Ids of orders with a cancel under way.
    var cancelling: Set<String> = []
    /// Failed attempts by order id, oldest first.
    var failedAttempts: [String: [FailedAttempt]] = [:]
    var history = AscendEXHistory()

    /// Something that was asked of an order id and came to nothing.
    struct FailedAttempt {
        /// `DupNewCoid`, `NoOpenForCancel`, `TooLateToCancel`.
        let error: String
        let at: Int64
    }

    /// A caller that goes on over the limits is banned for 15 minutes (12.9); off unless asked for.
    private var lockout = Lockout(lasts: .seconds(900))

    private let userStream = AscendEXGateway()
    package var stream: (any StreamGateway)? { userStream }

    package init() {}

    package func set(_ name: String, to value: String) -> Bool {
        switch (name, value) {
        case ("engine_delay_ms", _):
            let bounds = value.split(separator: "-").map { Int64($0) ?? -1 }
            guard (1...2).contains(bounds.count), bounds.allSatisfy({ (0...5_000).contains($0) }), bounds[0] <= bounds[bounds.count - 1] else {
                return false
            }
            engineDelayMs = bounds[0]...bounds[bounds.count - 1]
            return true
        case ("id_memory", "forever"), ("id_memory", "live"): return assign(value == "live") { remembersLiveOnly = $0 }
        case ("unknown_status", _): return assign(UnknownStatus(rawValue: value)) { unknownStatus = $0 }
        case ("cancel_check", "gateway"), ("cancel_check", "engine"): return assign(value == "gateway") { gatewayChecksCancels = $0 }
        case ("failed_attempts", _): return assign(FailedRows(rawValue: value)) { failedRows = $0 }
        case ("cancel_max", _): return assign(Int(value).flatMap { (1...10).contains($0) ? $0 : nil }) { cancelMax = $0 }
        case ("batch_balance", "summed"), ("batch_balance", "single"): return assign(value == "summed") { sumsBatchBalance = $0 }
        case ("auth_status", "200"), ("auth_status", "401"): return assign(value == "401") { refusesAuthWith401 = $0 }
        case ("future_tolerance_ms", _): return assign(Int64(value).flatMap { (0...600_000).contains($0) ? $0 : nil }) { futureToleranceMs = $0 }
        case ("engine_reject_percent", _): return assign(Int(value).flatMap { (0...100).contains($0) ? $0 : nil }) { engineRejectPercent = $0 }
        case ("lock_after", _): return assign(Int(value).flatMap { $0 > 0 ? $0 : nil }) { lockout.after = $0 }
        case ("balance", _): return assign(Decimal(value)) { balance = $0 }
        default: return false
        }
    }

    // MARK: What is served

    /// 10 a second in total and for each endpoint: the careful figure of section 7, as the contract has it. History of fills: 8 a minute.
    package let budgets =
        [
            "overall", "batch-place", "batch-cancel", "place", "cancel", "cancel-all", "lookup:order-status", "lookup:order-open",
            "lookup:order-hist-current", "lookup:order-hist", "lookup:balance", "lookup:info",
        ].map { BudgetRule($0, 10, scope: .apikey) } + [
            BudgetRule("lookup:balance-history", 8, perMs: 60_000, scope: .apikey), BudgetRule("public", nil, scope: .ip),
            BudgetRule("fee", 10, scope: .apikey),
        ]

    package let instruments = [
        SimInstrument(
            "BTC/USDT", base: "BTC", quote: "USDT", pricePlaces: 2, quantityPlaces: 5, minQuantity: "0.00001", minNotional: "5", reference: "40000"),
        SimInstrument(
            "ETH/USDT", base: "ETH", quote: "USDT", pricePlaces: 2, quantityPlaces: 4, minQuantity: "0.0001", minNotional: "5", reference: "2000"),
        SimInstrument(
            "ASD/USDT", base: "ASD", quote: "USDT", pricePlaces: 6, quantityPlaces: 0, minQuantity: "1", minNotional: "5", reference: "0.05"),
    ]
    let maxNotional = Decimal(10_000_000)

    /// A path taken apart.
    struct Place {
        /// The account group in front; nil: none.
        let group: Int?
        /// `cash` or `margin`, where the path names one.
        let category: String?
        /// What is behind, e.g. `v1/order/batch`, without the category.
        let endpoint: String

        init?(_ path: Substring) {
            var parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            if let first = parts.first, let number = Int(first), first.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") }) {
                group = number
                parts = parts.dropFirst()
            } else {
                group = nil
            }
            guard Array(parts.prefix(2)) == ["api", "pro"] else { return nil }
            parts = parts.dropFirst(2)
            let at = parts.firstIndex { $0 == "cash" || $0 == "margin" }
            category = at.map { String(parts[$0]) }
            if let at { parts = parts[..<at] + parts[(at + 1)...] }
            endpoint = parts.joined(separator: "/")
        }
    }

    package var derivesIDs: Bool { true }

    package func claims(_ path: Substring) -> Bool { Place(path) != nil }

    package func keyID(of request: HTTPRequest) -> String? { request.header("x-auth-key") }

    package func route(_ request: HTTPRequest) -> Route? {
        guard let place = Place(request.path) else { return nil }
        func route(_ name: String, _ kind: Route.Kind, _ budget: String, _ lists: [[String]] = []) -> Route {
            Route(name, kind, budgets: kind == .public ? [budget] : [budget, "overall"], itemLists: lists)
        }
        let data = [["data"]]
        switch (request.method, place.endpoint, place.group != nil, place.category != nil) {
        case ("GET", "v1/info", false, false): return route("info", .lookup, "lookup:info")
        case ("GET", "v1/exchange-info", false, false): return route("exchange-info", .public, "public")
        case ("GET", "v1/products", false, true): return route("products", .public, "public", data)
        case ("POST", "v1/order", true, true): return route("place", .place, "place")
        case ("POST", "v1/order/batch", true, true): return route("batch-place", .place, "batch-place", [["data", "info"], ["info"]])
        case ("DELETE", "v1/order", true, true): return route("cancel", .cancel, "cancel")
        case ("DELETE", "v1/order/batch", true, true): return route("batch-cancel", .cancel, "batch-cancel", [["data", "info"], ["info"]])
        case ("DELETE", "v1/order/all", true, true): return route("cancel-all", .cancel, "cancel-all")
        case ("GET", "v1/order/status", true, true): return route("order-status", .lookup, "lookup:order-status", data)
        case ("GET", "v1/order/open", true, true): return route("order-open", .lookup, "lookup:order-open", data)
        case ("GET", "v1/order/hist/current", true, true): return route("order-hist-current", .lookup, "lookup:order-hist-current", data)
        case ("GET", "data/v2/order/hist", false, false): return route("order-hist", .lookup, "lookup:order-hist", data)
        case ("GET", "data/v1/balance/history", false, true): return route("balance-history", .lookup, "lookup:balance-history", [["order"]])
        case ("GET", "v1/balance", true, true): return route("balance", .lookup, "lookup:balance", data)
        default: return marketRoute(request.method, place)
        }
    }

    // MARK: Answers

    package func answer(_ call: Call, on exchange: Exchange) -> HTTPResponse {
        if let account = call.account, lockout.isLocked(account.key, at: call.at) {
            call.refusal = "locked"
            return tooMany()
        }
        do throws(AscendEXProblem) {
            guard let place = Place(call.request.path) else { throw AscendEXProblem(.invalidInput, "no such path") }
            if call.route.kind != .public { try authenticate(call, place, exchange) }
            if let page = try marketPage(call, exchange) { return page }
            return switch call.route.endpoint {
            case "info": info(call)
            case "exchange-info": exchangeInfo(call)
            case "products": products(exchange)
            case "balance": balances(call, place)
            case "place": placeOne(call, place, exchange)
            case "batch-place": placeBatch(call, place, exchange)
            case "cancel": cancelOne(call, place, exchange)
            case "batch-cancel": cancelBatch(call, place, exchange)
            case "cancel-all": cancelAll(call, place, exchange)
            case "order-status": try status(call, place, exchange)
            case "order-open": try open(call, place, exchange)
            case "order-hist-current": try recent(call, place, exchange)
            case "order-hist": try pastOrders(call, exchange)
            case "balance-history": try fills(call, place, exchange)
            default: preconditionFailure("\(call.route.endpoint) is routed and not served")
            }
        } catch {
            call.refusal = error.code
            let isAuth = error.kind.map { [.authorizationNeeded, .authenticationFailed, .invalidTimestamp].contains($0) } ?? false
            return failure(error, status: isAuth && refusesAuthWith401 ? 401 : 200)
        }
    }

    /// Key, signature of `<timestamp>+<path>`, and a header stamp within 30 s of the venue's clock (section 2, 12.1).
    private func authenticate(_ call: Call, _ place: Place, _ exchange: Exchange) throws(AscendEXProblem) {
        guard call.request.header("x-auth-key") != nil, let stamp = call.request.header("x-auth-timestamp"),
            let signature = call.request.header("x-auth-signature")
        else { throw AscendEXProblem(.authorizationNeeded, "Authorization is needed.") }
        guard let account = call.account, let path = AscendEXIdentity.signedPath(of: call.request.path),
            AscendEXIdentity.signature(timestamp: stamp, path: path, key: keyring.key(of: account)) == signature
        else { throw AscendEXProblem(.authenticationFailed, "Authentication failed.") }
        guard let time = Int64(stamp), (0...9_999_999_999_999).contains(time),
            exchange.takesOldStamps && time < call.atMs || (call.atMs - time).magnitude <= 30_000
        else {
            throw AscendEXProblem(.invalidTimestamp, "Invalid timestamp.")
        }
        guard place.group == nil || place.group == account.group else { throw AscendEXProblem(.wrongAccount, "Wrong account group.") }
        guard place.category.map({ account.products.contains($0) }) ?? true else { throw AscendEXProblem(.wrongAccount, "Wrong account category.") }
    }

    package func refuse(_ why: Refusal, _ call: Call) -> HTTPResponse {
        switch why {
        case .unknownEndpoint:
            let isKnown = ["GET", "POST", "DELETE"].contains { route(HTTPRequest($0, call.request.target)) != nil }
            guard isKnown else { return html(404, "Not Found") }
            return failure(AscendEXProblem(.methodNotAllowed, "HTTP method is not allowed."), status: 405)
        // The edge refuses, not the venue: a page, no JSON, no Retry-After (section 7).
        case .rateLimited:
            if let account = call.account { lockout.hit(account.key, at: call.at) }
            return tooMany()
        case .maintenance: return html(503, "Service Unavailable")
        case .wrongAccount: return failure(AscendEXProblem(.wrongAccount, "Wrong account."))
        case .venueError(let code, let message, let status):
            call.refusal = code
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("code")
            if let number = Int64(code) { writer.integer(number) } else { writer.string(code) }
            writer.member("reason", AscendEXProblem.Kind(rawValue: Int(code) ?? 0)?.reason ?? "UNKNOWN_ERROR")
            writer.member("message", message)
            writer.endObject()
            return json(writer, status: status == 0 ? 200 : status)
        }
    }

    private func tooMany() -> HTTPResponse { html(429, "Access denied | ascendex.com used Cloudflare to restrict access") }

    private func html(_ status: Int, _ title: String) -> HTTPResponse {
        let page = "<!DOCTYPE html><html><head><title>\(title)</title></head><body>\(title)</body></html>"
        return HTTPResponse(status: status, headers: [HTTPHeader("Content-Type", "text/html; charset=UTF-8")], body: Array(page.utf8))
    }

    private func json(_ writer: JSONWriter, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [HTTPHeader("Content-Type", "application/json")], body: writer.bytes)
    }

    func success(_ data: (inout JSONWriter) -> Void) -> HTTPResponse {
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        writer.member("code", 0)
        writer.key("data")
        data(&writer)
        writer.endObject()
        return json(writer)
    }

    /// An answer whose members stand at the top.
    func plain(_ members: (inout JSONWriter) -> Void) -> HTTPResponse {
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        members(&writer)
        writer.endObject()
        return json(writer)
    }

    func failure(_ problem: AscendEXProblem, status: Int = 200, more: (inout JSONWriter) -> Void = { _ in }) -> HTTPResponse {
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        problem.write(to: &writer)
        more(&writer)
        writer.member("reason", problem.reason)
        writer.member("message", problem.message)
        writer.endObject()
        return json(writer, status: status)
    }

    static func accountID(_ account: SimAccount?, _ category: String) -> String { (category == "margin" ? "mar" : "csh") + (account?.uid ?? "") }
}
