import OMSCore
import Wire

/// XT.com spot v4 as its page reads: signature and clock as the gateway checks them, orders by the symbol's filters, answers in the shapes seen.
///
/// Source: docs/venues/xt.md, sections 1 to 3, 5 to 8 and 11. What no document says is a switch; its default is the case that is hardest on a caller.
package final class XTSpotDialect: Dialect {
    package let venue = "xt-spot"

    /// What the answer to a batch looks like: three shapes are in circulation (3.2).
    package enum BatchShape: String {
        /// `items` with `index` as text and `reject` as the text `"true"` or `"false"`.
        case fullString = "full_string"
        /// `items` with `index` as a number and `rejected` as a boolean.
        case fullBool = "full_bool"
        /// The list alone, else as `full_bool`.
        case bareList = "bare_list"
        /// `items` with nothing but `orderId`.
        case idsOnly = "ids_only"
    }
    /// What a repeated client id does: documented nowhere (6).
    package enum Duplicates: String {
        case reject, existing, accept
    }

    package var batchShape = BatchShape.fullString
    package var shufflesItems = false
    package var duplicates = Duplicates.accept
    /// Whether a client id counts as taken only while its order is open.
    package var duplicatesAmongOpenOnly = false
    /// The `reason` of a rejected item: words (the one sample) or the code.
    package var reasonsAreCodes = false
    /// Whether an item refused by a market rule exists afterwards as an order in state REJECTED.
    package var keepsRejected = false
    /// An unknown order is `ORDER_005`, or a success with a null result.
    package var unknownIsNull = false
    /// Whether a cursor's own row stands on the page again.
    package var cursorIsInclusive = false
    /// How long orders stay invisible to look-ups, milliseconds.
    package var visibilityLagMs: Int64 = 0
    /// `Retry-After` of a 429, seconds; nil: no such header.
    package var retryAfter: Int?
    /// What each account has of each coin. Nothing is held back: only a single order too large is refused.
    package var balance = Decimal(1_000_000_000)

    private var keyring = SigningKeyring()

    /// An account that goes on over its limits is locked for 10 minutes (4, 7.3); off unless asked for.
    private var lockout = Lockout(lasts: .seconds(600))

    let userStream = XTSpotGateway()
    package var stream: (any StreamGateway)? { userStream }

    package init() {}

    package func set(_ name: String, to value: String) -> Bool {
        switch (name, value) {
        case ("batch_shape", _): assign(BatchShape(rawValue: value)) { batchShape = $0 }
        case ("duplicate_client_id", _): assign(Duplicates(rawValue: value)) { duplicates = $0 }
        case ("duplicate_scope", "open"), ("duplicate_scope", "forever"): assign(value == "open") { duplicatesAmongOpenOnly = $0 }
        case ("item_order", "kept"), ("item_order", "shuffled"): assign(value == "shuffled") { shufflesItems = $0 }
        case ("reasons", "text"), ("reasons", "code"): assign(value == "code") { reasonsAreCodes = $0 }
        case ("keep_rejected", _): assign(Bool(value)) { keepsRejected = $0 }
        case ("unknown_order", "code"), ("unknown_order", "null"): assign(value == "null") { unknownIsNull = $0 }
        case ("cursor", "exclusive"), ("cursor", "inclusive"): assign(value == "inclusive") { cursorIsInclusive = $0 }
        case ("visibility_lag_ms", _): assign(Int64(value).flatMap { (0...600_000).contains($0) ? $0 : nil }) { visibilityLagMs = $0 }
        case ("retry_after", "none"): assign(Optional<Int?>.some(nil)) { retryAfter = $0 }
        case ("retry_after", _): assign(Int(value)) { retryAfter = $0 }
        case ("lock_after", _): assign(Int(value).flatMap { $0 > 0 ? $0 : nil }) { lockout.after = $0 }
        case ("balance", _): assign(Decimal(value)) { balance = $0 }
        default: false
        }
    }

    // MARK: What is served

    /// Permits as section 3 and the contract name them; 10 a second where the page says nothing.
    package let budgets = [
        BudgetRule("batch-place", 30, scope: .apikey), BudgetRule("batch-cancel", 30, scope: .apikey), BudgetRule("place", 50, scope: .apikey),
        BudgetRule("modify", 50, scope: .apikey), BudgetRule("cancel", 10, scope: .apikey), BudgetRule("cancel-all", 10, scope: .apikey),
        BudgetRule("lookup:order", 50, scope: .apikey), BudgetRule("lookup:order-by-id", 10, scope: .apikey),
        BudgetRule("lookup:batch-order", 10, scope: .apikey), BudgetRule("lookup:open-order", 10, scope: .apikey),
        BudgetRule("lookup:history-order", 10, scope: .apikey), BudgetRule("lookup:trade", 10, scope: .apikey),
        BudgetRule("lookup:balances", 10, scope: .apikey), BudgetRule("symbol", 10, scope: .ip), BudgetRule("time", nil, scope: .ip),
        BudgetRule("market", 10, scope: .ip),
    ]

    /// BTC leaves its filters empty, as the samples do, so that `pricePrecision` and `quantityPrecision` rule (3.6).
    package let instruments = [
        SimInstrument(
            "btc_usdt", base: "btc", quote: "usdt", pricePlaces: 2, quantityPlaces: 6, minQuantity: "0", minNotional: "1", reference: "40000"),
        SimInstrument(
            "eth_usdt", base: "eth", quote: "usdt", pricePlaces: 2, quantityPlaces: 4, minQuantity: "0.001", minNotional: "1", reference: "2000"),
        SimInstrument(
            "龙虾_usdt", base: "龙虾", quote: "usdt", pricePlaces: 5, quantityPlaces: 2, minQuantity: "0.01", minNotional: "1", reference: "0.05"),
        SimInstrument("xt_usdt", base: "xt", quote: "usdt", pricePlaces: 4, quantityPlaces: 2, minQuantity: "1", minNotional: "1", reference: "3"),
    ]

    package var pageSigns: [(name: String, says: PageSign)] { [("hasNext", .more)] }

    package func claims(_ path: Substring) -> Bool { path.hasPrefix("/v4/") || path == Self.contractList }

    package func keyID(of request: HTTPRequest) -> String? { request.header("validate-appkey") ?? request.header("xt-validate-appkey") }

    /// Orders by path: each has a number behind `/v4/order/`.
    static func orderID(in path: Substring) -> String? {
        guard path.hasPrefix("/v4/order/") else { return nil }
        let id = path.dropFirst("/v4/order/".count)
        return Int64(id) == nil ? nil : String(id)
    }

    package func route(_ request: HTTPRequest) -> Route? {
        if Self.orderID(in: request.path) != nil {
            return switch request.method {
            case "GET": Route("order-by-id", .lookup, budgets: ["lookup:order-by-id"])
            case "PUT": Route("modify", .modify, budgets: ["modify"])
            case "DELETE": Route("cancel", .cancel, budgets: ["cancel"])
            default: nil
            }
        }
        return switch (request.method, request.path) {
        case ("POST", "/v4/order"): Route("place", .place, budgets: ["place"])
        case ("POST", "/v4/batch-order"): Route("batch-place", .place, budgets: ["batch-place"], itemLists: [["result", "items"], ["result"]])
        case ("DELETE", "/v4/batch-order"): Route("batch-cancel", .cancel, budgets: ["batch-cancel"])
        case ("DELETE", "/v4/open-order"): Route("cancel-all", .cancel, budgets: ["cancel-all"])
        case ("GET", "/v4/order"): Route("order", .lookup, budgets: ["lookup:order"])
        case ("GET", "/v4/batch-order"): Route("batch-order", .lookup, budgets: ["lookup:batch-order"], itemLists: [["result"]])
        case ("GET", "/v4/open-order"): Route("open-order", .lookup, budgets: ["lookup:open-order"], itemLists: [["result"]])
        case ("GET", "/v4/history-order"): Route("history-order", .lookup, budgets: ["lookup:history-order"], itemLists: [["result", "items"]])
        case ("GET", "/v4/trade"): Route("trade", .lookup, budgets: ["lookup:trade"], itemLists: [["result", "items"]])
        case ("GET", "/v4/balances"): Route("balances", .lookup, budgets: ["lookup:balances"], itemLists: [["result", "assets"]])
        case ("POST", "/v4/ws-token"): Route("ws-token", .session, budgets: ["lookup:ws-token"])
        case ("GET", "/v4/public/symbol"): Route("symbol", .public, budgets: ["symbol"], itemLists: [["result", "symbols"]])
        case ("GET", "/v4/public/time"): Route("time", .public, budgets: ["time"])
        default: marketRoute(request)
        }
    }

    // MARK: Answers

    package func answer(_ call: Call, on exchange: Exchange) -> HTTPResponse {
        if let account = call.account, lockout.isLocked(account.key, at: call.at) {
            call.refusal = "locked"
            return tooMany()
        }
        do throws(XTProblem) {
            if call.route.kind != .public { try authenticate(call, exchange) }
            if let page = try marketPage(call, exchange) { return page }
            return switch call.route.endpoint {
            case "time":
                success {
                    $0.beginObject(); $0.member("serverTime", call.atMs); $0.endObject()
                }
            case "symbol": try symbols(call, exchange)
            case "balances": try balances(call, exchange)
            case "ws-token": token(call)
            case "place": try place(call, exchange)
            case "batch-place": try placeBatch(call, exchange)
            case "modify": try modify(call, exchange)
            case "cancel": try cancel(call, exchange)
            case "batch-cancel": try cancelBatch(call, exchange)
            case "cancel-all": try cancelAll(call, exchange)
            case "order", "order-by-id": try order(call, exchange)
            case "batch-order": try orders(call, exchange)
            case "open-order": try openOrders(call, exchange)
            case "history-order": try history(call, exchange)
            case "trade": try trades(call, exchange)
            default: preconditionFailure("\(call.route.endpoint) is routed and not served")
            }
        } catch {
            call.refusal = error.code
            return failure(error.code)
        }
    }

    /// For the private stream (9.1).
    private func token(_ call: Call) -> HTTPResponse {
        success { writer in
            writer.beginObject()
            writer.member("accessToken", userStream.tokens.issue(to: call.account?.key ?? "", at: call.at))
            writer.member("refreshToken", "sim-refresh-\(call.number)")
            writer.endObject()
        }
    }

    /// Headers, key, signature and clock, each with its code (1.1 to 1.3, 7.1). Failures come with HTTP 200.
    private func authenticate(_ call: Call, _ exchange: Exchange) throws(XTProblem) {
        do throws(XTStamp.Refusal) {
            let stamp = try XTStamp(call.request, style: .spot, freshnessMs: exchange.freshnessMs)
            try stamp.check(call.account.map { keyring.key(of: $0) }, now: call.atMs, takesOld: exchange.takesOldStamps)
        } catch {
            throw switch error {
            case .missing("appkey"): XTProblem("AUTH_001", "no key")
            case .missing("timestamp"), .bad("timestamp"): XTProblem("AUTH_002", "no timestamp")
            case .missing("recvwindow"): XTProblem("AUTH_003", "no window")
            case .bad("recvwindow"): XTProblem("AUTH_004", "window out of bounds")
            case .missing("algorithms"): XTProblem("AUTH_005", "no algorithm")
            case .bad: XTProblem("AUTH_006", "unknown algorithm")
            case .missing: XTProblem("AUTH_007", "no signature")
            case .unknownKey: XTProblem("AUTH_101", "unknown key")
            case .signature: XTProblem("AUTH_103", "bad signature")
            case .clock: XTProblem("AUTH_105", "outside the window")
            }
        }
    }

    package func refuse(_ why: Refusal, _ call: Call) -> HTTPResponse {
        switch why {
        case .unknownEndpoint:
            return HTTPResponse(status: 404, headers: [HTTPHeader("Content-Type", "text/html")], body: Array("<html>404</html>".utf8))
        case .rateLimited:
            if let account = call.account { lockout.hit(account.key, at: call.at) }
            return tooMany()
        case .maintenance: return HTTPResponse(status: 503, headers: [HTTPHeader("Content-Type", "text/html")], body: Array("<html>503</html>".utf8))
        case .wrongAccount:
            call.refusal = "AUTH_106"
            return failure("AUTH_106")
        case .venueError(let code, let message, let status):
            call.refusal = code
            return failure(code, status: status == 0 ? 200 : status, words: message)
        }
    }

    private func tooMany() -> HTTPResponse { xtTooMany(retryAfter: retryAfter) }

    func success(_ result: (inout JSONWriter) -> Void) -> HTTPResponse {
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        writer.member("rc", 0)
        writer.member("mc", "SUCCESS")
        writer.key("ma")
        writer.beginArray()
        writer.endArray()
        writer.key("result")
        result(&writer)
        writer.endObject()
        return HTTPResponse(status: 200, headers: [HTTPHeader("Content-Type", "application/json")], body: writer.bytes)
    }

    /// A business failure comes with HTTP 200 (2).
    private func failure(_ code: String, status: Int = 200, words: String = "") -> HTTPResponse {
        var writer = JSONWriter(reserving: 64)
        writer.beginObject()
        writer.member("rc", 1)
        writer.member("mc", code)
        writer.key("ma")
        writer.beginArray()
        if !words.isEmpty { writer.string(words) }
        writer.endArray()
        writer.key("result")
        writer.null()
        writer.endObject()
        return HTTPResponse(status: status, headers: [HTTPHeader("Content-Type", "application/json")], body: writer.bytes)
    }
}
