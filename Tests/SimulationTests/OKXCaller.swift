import Glibc
import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

/// A client of OKX written from the page alone: it signs by hand and reads answers field by field.
struct OKXCaller {
    let bench: DialectBench
    let account: SimAccount

    static let account = SimAccount(
        venue: "okx", products: ["spot", "margin", "swap", "futures"], uid: "44705892343619584", key: "ok_dummy_key_0001",
        secret: "dummySecret0123456789abcdefABCDEF", passphrase: "dummyPass1", name: "okx")

    init(_ switches: [String: String] = [:], freshnessMs: Int64? = nil) throws {
        let named = Dictionary(uniqueKeysWithValues: switches.map { ("okx/" + $0.key, $0.value) })
        self.init(in: try DialectBench(named, freshnessMs: freshnessMs, accounts: [Self.account], dialects: [OKXDialect()]))
    }

    init(in bench: DialectBench) { (self.bench, account) = (bench, Self.account) }

    var exchange: Exchange { get throws { try bench.exchange("okx") } }
    var now: Int64 { bench.nowMs * 1_000 }

    /// What of a signature or of the headers a test wants wrong or different.
    struct Signing {
        var skewMs: Int64 = 0
        var stamp: String?
        var secret: String?
        var drops: String?
        var more: [HTTPHeader] = []
    }

    static func iso(_ ms: Int64) -> String {
        var (seconds, parts) = (time_t(ms / 1_000), tm())
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
        let day = "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        return "\(day)T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(String(1_000 + ms % 1_000).dropFirst())Z"
    }

    func signed(_ method: String, _ target: String, body: String = "", _ how: Signing = Signing()) -> HTTPRequest {
        let stamp = how.stamp ?? Self.iso(bench.nowMs + how.skewMs)
        let key = SigningKey(keyID: account.key, secret: Array((how.secret ?? account.secret).utf8), passphrase: nil)
        let sign = base64(key.hmacSHA256(Array((stamp + method + "/api/v5/" + target + body).utf8)))
        let headers = [
            HTTPHeader("OK-ACCESS-KEY", account.key), HTTPHeader("OK-ACCESS-SIGN", sign), HTTPHeader("OK-ACCESS-TIMESTAMP", stamp),
            HTTPHeader("OK-ACCESS-PASSPHRASE", account.passphrase ?? ""), HTTPHeader("Content-Type", "application/json"),
        ]
        return HTTPRequest(method, "/api/v5/" + target, headers: headers.filter { $0.name != how.drops } + how.more, body: Array(body.utf8))
    }

    func get(_ target: String) throws -> JSON { try bench.send(signed("GET", target)).json }
    func post(_ path: String, _ body: String, expiresMs: Int64? = nil) throws -> JSON {
        let more = expiresMs.map { [HTTPHeader("expTime", String($0))] } ?? []
        return try bench.send(signed("POST", path, body: body, Signing(more: more))).json
    }
    func open(_ target: String) throws -> JSON { try bench.send(HTTPRequest("GET", "/api/v5/" + target)).json }

    // MARK: Orders

    static let swap = "BTC-USDT-SWAP"

    /// A buy of one contract, or of so much of a pair.
    func item(_ id: String, _ market: String = swap, px: String? = "60000", sz: String = "1", _ more: String...) -> String {
        let mode = market.split(separator: "-").count < 3 ? "cash" : "cross"
        let price = px.map { ",\"px\":\"\($0)\"" } ?? ""
        let named = id.isEmpty ? "" : ",\"clOrdId\":\"\(id)\""
        let fields = more.map { "," + $0 }.joined()
        let base = #""instId":"\#(market)","side":"buy","sz":"\#(sz)"\#(price)\#(named)"#
        let type = fields.contains("ordType") ? "" : #","ordType":"limit""#
        return "{" + base + type + (fields.contains("tdMode") ? "" : ",\"tdMode\":\"\(mode)\"") + fields + "}"
    }

    func place(_ items: [String], expiresMs: Int64? = nil) throws -> JSON {
        try post("trade/batch-orders", "[\(items.joined(separator: ","))]", expiresMs: expiresMs)
    }

    /// Orders that rest, a moment later.
    @discardableResult
    func rest(_ ids: String..., market: String = swap) throws -> JSON {
        let answer = try place(ids.map { item($0, market) })
        wait(20)
        return answer
    }

    func cancel(_ items: [String]) throws -> JSON { try post("trade/cancel-batch-orders", "[\(items.joined(separator: ","))]") }
    func amend(_ items: [String]) throws -> JSON { try post("trade/amend-batch-orders", "[\(items.joined(separator: ","))]") }

    func named(_ id: String, _ market: String = swap, _ more: String...) -> String {
        "{\"instId\":\"\(market)\",\"clOrdId\":\"\(id)\"" + more.map { "," + $0 }.joined() + "}"
    }

    func find(_ id: String, _ market: String = swap) throws -> JSON { try get("trade/order?instId=\(market)&clOrdId=\(id)") }
    func state(_ id: String, _ market: String = swap) throws -> String? { try find(id, market).data.first?["state"]?.string }

    func order(_ id: String) throws -> SimOrder { try bench.order("okx", clientID: id) }
    func fill(_ id: String, _ quantity: String? = nil) throws {
        _ = try #require(try exchange.fill(try order(id), quantity: quantity.flatMap { Decimal($0) }, at: now))
    }

    /// Lets the venue's engine get on.
    func wait(_ ms: Int64) {
        bench.nowMs += ms
        bench.world.advance(to: bench.nowMs * 1_000)
    }
}

extension JSON {
    /// The rows of OKX's envelope.
    var data: [JSON] { self["data"]?.array ?? [] }
    /// The codes of the items of a write.
    var sCodes: [String] { column("sCode") }
    func column(_ name: String) -> [String] { data.compactMap { $0[name]?.string } }
}
