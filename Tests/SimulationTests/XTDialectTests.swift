import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

/// A caller of XT spot.
struct XTCaller {
    let bench: DialectBench
    let account: SimAccount

    init(_ switches: [String: String] = [:], product: String = "spot", freshnessMs: Int64? = nil) throws {
        bench = try DialectBench(Dictionary(uniqueKeysWithValues: switches.map { ("xt-spot/" + $0.key, $0.value) }), freshnessMs: freshnessMs)
        account = try bench.account("xt-spot", product)
    }

    func send(_ method: String, _ path: String, query: [(String, String)] = [], body: String = "", _ how: XTSigning = XTSigning()) throws
        -> HTTPResponse
    {
        try bench.send(bench.xt(account, method, path, query: query, body: body, how))
    }

    /// Sends where limits do not matter: a second and a bit later than the request before.
    func calm(_ method: String, _ path: String, query: [(String, String)] = [], body: String = "") throws -> JSON {
        bench.nowMs += 1_001
        return try send(method, path, query: query, body: body).json
    }

    static func order(_ id: String, _ changes: [String: String?] = [:]) -> String {
        var fields: [(String, String?)] = [
            ("symbol", "\"btc_usdt\""), ("clientOrderId", "\"\(id)\""), ("side", "\"BUY\""), ("type", "\"LIMIT\""), ("timeInForce", "\"GTC\""),
            ("bizType", "\"SPOT\""), ("price", "\"39000.5\""), ("quantity", "\"0.01\""),
        ]
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            fields.removeAll { $0.0 == name }
            if let value { fields.append((name, value)) }
        }
        return "{" + fields.map { "\"\($0.0)\":\($0.1 ?? "null")" }.joined(separator: ",") + "}"
    }

    static func batch(_ orders: [String]) -> String { "{\"clientBatchId\":\"b_000017\",\"items\":[" + orders.joined(separator: ",") + "]}" }

    /// Places an order that rests. - Returns: its id.
    func place(_ id: String, _ changes: [String: String?] = [:]) throws -> String {
        let answer = try calm("POST", "/v4/order", body: Self.order(id, changes))
        return try #require(answer.text("result.orderId"), "\(answer)")
    }

    func fill(_ id: String, _ quantity: String?) throws {
        let order = try bench.order("xt-spot", clientID: id)
        _ = try #require(try bench.exchange("xt-spot").fill(order, quantity: quantity.flatMap { Decimal($0) }, at: bench.nowMs * 1000))
    }
}

@Suite struct `XT spot at the gateway` {
    @Test(arguments: ["validate-", "xt-validate-"], [false, true])
    func `takes both header names and both hex cases`(prefix: String, isUpperCase: Bool) throws {
        let caller = try XTCaller()
        var how = XTSigning()
        (how.prefix, how.isUpperCase) = (prefix, isUpperCase)
        #expect(try caller.send("GET", "/v4/open-order", query: [("symbol", "btc_usdt"), ("bizType", "SPOT")], how).json.text("mc") == "SUCCESS")
        #expect(try caller.send("POST", "/v4/order", body: XTCaller.order("o_000017_00"), how).json.text("rc") == "0")
    }

    @Test(arguments: [
        ("appkey", "AUTH_001"), ("timestamp", "AUTH_002"), ("recvwindow", "AUTH_003"), ("algorithms", "AUTH_005"), ("signature", "AUTH_007"),
    ])
    func `refuses a request without one of its headers`(name: String, code: String) throws {
        let caller = try XTCaller()
        var how = XTSigning()
        how.drops = "validate-" + name
        let answer = try caller.send("GET", "/v4/balances", how)
        #expect(answer.status == 200)
        #expect(answer.json.text("rc") == "1")
        #expect(answer.json.text("mc") == code)
        #expect(answer.json.at("result").isNull)
    }

    @Test(arguments: [
        ("validate-appkey", "nobody", "AUTH_101"), ("validate-signature", "00", "AUTH_103"), ("validate-algorithms", "HmacMD5", "AUTH_006"),
        ("validate-timestamp", "soon", "AUTH_002"), ("validate-recvwindow", "1999", "AUTH_004"), ("validate-recvwindow", "60001", "AUTH_004"),
        ("validate-recvwindow", "4000", "AUTH_103"),
    ])
    func `refuses headers that are wrong or were changed after signing`(name: String, value: String, code: String) throws {
        let caller = try XTCaller()
        var how = XTSigning()
        how.replaces = (name, value)
        #expect(try caller.send("GET", "/v4/balances", how).json.text("mc") == code)
    }

    @Test func `refuses a body, query, path or method that was not signed`() throws {
        let caller = try XTCaller()
        var request = caller.bench.xt(caller.account, "POST", "/v4/order", body: XTCaller.order("o_000017_00"))
        request.body = Array(XTCaller.order("o_000017_01").utf8)
        #expect(try caller.bench.send(request).json.text("mc") == "AUTH_103")
        request = caller.bench.xt(caller.account, "GET", "/v4/open-order", query: [("symbol", "btc_usdt")])
        request.target = "/v4/open-order?symbol=eth_usdt"
        #expect(try caller.bench.send(request).json.text("mc") == "AUTH_103")
        request = caller.bench.xt(caller.account, "DELETE", "/v4/order/17")
        request.method = "GET"
        #expect(try caller.bench.send(request).json.text("mc") == "AUTH_103")
        #expect(try caller.bench.exchange("xt-spot").orders.isEmpty)
    }

    @Test(arguments: [(-4_999, nil), (-5_000, "AUTH_105"), (1_000, nil), (1_001, "AUTH_105")] as [(Int64, String?)])
    func `judges a stamp by the window behind and one second ahead`(skew: Int64, code: String?) throws {
        let caller = try XTCaller()
        var how = XTSigning()
        how.skewMs = skew
        let answer = try caller.send("GET", "/v4/balances", how)
        #expect(answer.status == 200)
        #expect(answer.json.text("mc") == code ?? "SUCCESS")
    }

    @Test func `a world's freshness cuts the window and allows a shorter one`() throws {
        let caller = try XTCaller(freshnessMs: 300)
        var how = XTSigning()
        how.skewMs = -299
        #expect(try caller.send("GET", "/v4/balances", how).json.text("mc") == "SUCCESS")
        how.skewMs = -300
        #expect(try caller.send("GET", "/v4/balances", how).json.text("mc") == "AUTH_105")
        (how.skewMs, how.window) = (-100, "100")
        #expect(try caller.send("GET", "/v4/balances", how).json.text("mc") == "AUTH_105")
    }

    @Test(arguments: [
        ("POST", "/v4/batch-order", 30), ("DELETE", "/v4/batch-order", 30), ("POST", "/v4/order", 50), ("PUT", "/v4/order/17", 50),
        ("GET", "/v4/order", 50), ("GET", "/v4/order/17", 10), ("GET", "/v4/open-order", 10), ("GET", "/v4/history-order", 10),
        ("GET", "/v4/trade", 10), ("GET", "/v4/balances", 10), ("DELETE", "/v4/open-order", 10), ("GET", "/v4/public/symbol", 10),
    ])
    func `answers 429 from the first request over a limit until the window has passed`(method: String, path: String, permits: Int) throws {
        let caller = try XTCaller()
        for _ in 0..<permits { #expect(try caller.send(method, path).status == 200) }
        let over = try caller.send(method, path)
        #expect(over.status == 429)
        #expect(over.header("Retry-After") == nil)
        #expect(over.json.isNull)
        caller.bench.nowMs += 1_000
        #expect(try caller.send(method, path).status == 200)
    }

    @Test func `a switch adds Retry-After to a 429`() throws {
        let caller = try XTCaller(["retry_after": "2"])
        for _ in 0..<10 { _ = try caller.send("GET", "/v4/trade") }
        #expect(try caller.send("GET", "/v4/trade").header("Retry-After") == "2")
    }

    @Test func `knows no other paths, methods or switches`() throws {
        let caller = try XTCaller()
        #expect(try caller.send("GET", "/v4/nothing").status == 404)
        #expect(try caller.send("POST", "/v4/history-order").status == 404)
        #expect(throws: SimulatorInputError.self) { try DialectBench(["xt-spot/batch_shape": "round"]) }
        #expect(throws: SimulatorInputError.self) { try DialectBench(["xt-spot/nothing": "on"]) }
    }

    @Test func `time and symbols need no signature`() throws {
        let caller = try XTCaller()
        #expect(try caller.bench.send(HTTPRequest("GET", "/v4/public/time")).json.text("result.serverTime") == String(caller.bench.nowMs))
        let all = try caller.bench.send(HTTPRequest("GET", "/v4/public/symbol")).json
        #expect(all.at("result.symbols").array?.count == 4)
        let one = try caller.bench.send(HTTPRequest("GET", "/v4/public/symbol?symbols=eth_usdt")).json
        #expect(one.text("result.symbols.0.symbol") == "eth_usdt")
        #expect(one.at("result.symbols").array?.count == 1)
        let version = try #require(all.text("result.version"))
        let same = try caller.bench.send(HTTPRequest("GET", "/v4/public/symbol?version=\(version)")).json
        #expect(same.at("result.symbols").array?.isEmpty == true)
    }
}
