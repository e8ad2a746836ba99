import Testing
import Wire

@testable import Simulator

/// A client of Bybit written from the page alone: it signs by hand and reads answers field by field.
struct BybitCaller {
    let bench: DialectBench
    let account: SimAccount
    let category: String

    init(_ category: String = "linear", _ switches: [String: String] = [:], freshnessMs: Int64? = nil) throws {
        let named = Dictionary(uniqueKeysWithValues: switches.map { ("bybit/" + $0.key, $0.value) })
        bench = try DialectBench(named, freshnessMs: freshnessMs)
        (account, self.category) = (try bench.account("bybit", category), category)
    }

    var exchange: Exchange { get throws { try bench.exchange("bybit") } }

    /// What of a signature a test wants wrong or different.
    struct Signing {
        var skewMs: Int64 = 0
        var windowMs: Int64 = 5_000
        var secret: String?
        var drops: String?
        var isUpperCase = false
    }

    func signed(_ method: String, _ target: String, body: String = "", _ how: Signing = Signing()) -> HTTPRequest {
        let stamp = String(bench.nowMs + how.skewMs)
        let key = SigningKey(keyID: account.key, secret: Array((how.secret ?? account.secret).utf8), passphrase: nil)
        let query = target.split(separator: "?", maxSplits: 1).dropFirst().first.map { String($0) } ?? ""
        let sign = hex(key.hmacSHA256(Array((stamp + account.key + String(how.windowMs) + (method == "GET" ? query : body)).utf8)))
        let headers = [
            HTTPHeader("X-BAPI-API-KEY", account.key), HTTPHeader("X-BAPI-TIMESTAMP", stamp), HTTPHeader("X-BAPI-RECV-WINDOW", String(how.windowMs)),
            HTTPHeader("X-BAPI-SIGN", how.isUpperCase ? sign.uppercased() : sign), HTTPHeader("Content-Type", "application/json"),
        ]
        return HTTPRequest(method, target, headers: headers.filter { $0.name != how.drops }, body: Array(body.utf8))
    }

    func get(_ target: String) throws -> JSON { try bench.send(signed("GET", target)).json }
    func post(_ path: String, _ body: String) throws -> JSON { try bench.send(signed("POST", path, body: body)).json }

    // MARK: Orders

    static let markets = ["spot": "BTCUSDT", "linear": "BTCUSDT", "inverse": "BTCUSD"]
    var symbol: String { Self.markets[category] ?? "" }

    func item(_ id: String, price: String = "60000", qty: String? = nil, more: String = "") -> String {
        let quantity = qty ?? (category == "inverse" ? "10" : "0.01")
        return
            #"{"symbol":"\#(symbol)","side":"Buy","orderType":"Limit","qty":"\#(quantity)","price":"\#(price)","timeInForce":"GTC","orderLinkId":"\#(id)"\#(more)}"#
    }

    func batch(_ what: String, _ items: [String], category other: String? = nil) throws -> JSON {
        try post("/v5/order/\(what)-batch", #"{"category":"\#(other ?? category)","request":[\#(items.joined(separator: ","))]}"#)
    }

    /// Orders that rest, a moment later.
    @discardableResult
    func place(_ ids: String...) throws -> JSON {
        let answer = try batch("create", ids.map { item($0) })
        wait(25)
        return answer
    }

    /// Lets the venue's engine get on.
    func wait(_ ms: Int64) {
        bench.nowMs += ms
        bench.world.advance(to: bench.nowMs * 1_000)
    }

    func named(_ id: String) -> String { #"{"symbol":"\#(symbol)","orderLinkId":"\#(id)"}"# }

    func find(_ id: String, in page: String = "order/realtime") throws -> JSON? {
        try get("/v5/\(page)?category=\(category)&orderLinkId=\(id)").at("result", "list", "0")
    }
}

extension JSON {
    /// The code of Bybit's envelope.
    var retCode: Int64? { self["retCode"]?.integer }
    /// The codes of a batch's items.
    var itemCodes: [Int64?] { at("retExtInfo", "list")?.array?.map { $0["code"]?.integer } ?? [] }
    /// The rows of a list, or of a batch's orders.
    var rows: [JSON] { at("result", "list")?.array ?? [] }
    func texts(_ name: String) -> [String] { rows.compactMap { $0[name]?.string } }
}
