import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

/// A caller of AZ futures.
struct AZCaller {
    static let orders = "/az/future/trade/v1/order/"
    let bench: DialectBench
    let account: SimAccount

    init(_ switches: [String: String] = [:]) throws {
        bench = try DialectBench(Dictionary(uniqueKeysWithValues: switches.map { ("az-futures/" + $0.key, $0.value) }))
        account = try bench.account("az-futures", "usdt")
    }

    func send(_ method: String, _ path: String, query: [(String, String)] = [], body: String = "", _ how: XTSigning = XTSigning()) throws
        -> HTTPResponse
    {
        let path = path.hasPrefix("/") ? path : Self.orders + path
        return try bench.send(bench.xt(account, method, path, query: query, body: body, isFutures: true, how))
    }

    /// Sends where limits do not matter, and expects HTTP 200.
    func calm(_ method: String, _ path: String, query: [(String, String)] = [], body: String = "") throws -> JSON {
        bench.nowMs += 1_001
        let answer = try send(method, path, query: query, body: body)
        #expect(answer.status == 200)
        return answer.json
    }

    static func order(_ id: String, _ changes: [String: String?] = [:]) -> String {
        var fields: [(String, String?)] = [
            ("clientOrderId", "\"\(id)\""), ("symbol", "\"btc_usdt\""), ("orderSide", "\"BUY\""), ("orderType", "\"LIMIT\""), ("origQty", "\"10\""),
            ("price", "\"39000\""), ("timeInForce", "\"GTC\""), ("positionSide", "\"LONG\""),
        ]
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            fields.removeAll { $0.0 == name }
            if let value { fields.append((name, value)) }
        }
        return "{" + fields.map { "\"\($0.0)\":\($0.1 ?? "null")" }.joined(separator: ",") + "}"
    }

    static func batch(_ creates: [String], _ cancels: [String] = [], createsFirst: Bool? = nil) -> String {
        let flag = createsFirst.map { "\"createOrderFirst\":\($0)," } ?? ""
        return "{\(flag)\"createOrders\":[\(creates.joined(separator: ","))],\"cancelOrderIds\":[\(cancels.joined(separator: ","))]}"
    }

    /// Places an order that rests. - Returns: its id.
    func place(_ id: String, _ changes: [String: String?] = [:]) throws -> String {
        let answer = try calm("POST", "create", body: Self.order(id, changes))
        return try #require(answer.at("result").string, "\(answer)")
    }

    func fill(_ id: String, _ quantity: String?) throws {
        let order = try bench.order("az-futures", clientID: id)
        _ = try #require(try bench.exchange("az-futures").fill(order, quantity: quantity.flatMap { Decimal($0) }, at: bench.nowMs * 1000))
    }

    func states(_ answer: JSON) -> [String: String?] {
        let rows = answer.at("result.createOrdersResponse").array ?? []
        return Dictionary(rows.map { ($0.text("clientOrderId") ?? "", $0.text("createState")) }, uniquingKeysWith: { first, _ in first })
    }
}

@Suite struct `AZ futures at the gateway` {
    @Test(arguments: ["validate-", "xt-validate-"], [false, true])
    func `takes both header names and both hex cases, and neither window nor algorithm`(prefix: String, isUpperCase: Bool) throws {
        let caller = try AZCaller()
        var how = XTSigning()
        (how.prefix, how.isUpperCase, how.window, how.drops) = (prefix, isUpperCase, nil, prefix + "algorithms")
        let answer = try caller.send("POST", "create", body: AZCaller.order("o_000018_00"), how)
        #expect(answer.status == 200)
        #expect(answer.json.text("returnCode") == "0")
    }

    @Test(
        arguments: [
            ("validate-appkey", nil, 400), ("validate-timestamp", nil, 400), ("validate-signature", nil, 400), ("validate-appkey", "nobody", 401),
            ("validate-signature", "00", 403), ("validate-recvwindow", "1999", 400), ("validate-recvwindow", "60001", 400),
            ("validate-timestamp", "1", 403),
        ] as [(String, String?, Int)])
    func `refuses with an HTTP status of its own and the same number as code`(name: String, value: String?, status: Int) throws {
        let caller = try AZCaller()
        var how = XTSigning()
        if let value { how.replaces = (name, value) } else { how.drops = name }
        let answer = try caller.send("POST", "create", body: AZCaller.order("o_000018_00"), how)
        #expect(answer.status == status)
        #expect(answer.json.text("returnCode") == "1")
        #expect(answer.json.text("error.code") == String(status))
        #expect(try caller.bench.exchange("az-futures").orders.isEmpty)
    }

    @Test(
        arguments: [(-4_999, "5000", 200), (-5_000, "5000", 403), (-5_000, nil, 403), (-5_000, "6000", 200), (1_000, nil, 200), (1_001, nil, 403)]
            as [(Int64, String?, Int)])
    func `judges a stamp by the window, 5 s where none is sent`(skew: Int64, window: String?, status: Int) throws {
        let caller = try AZCaller()
        var how = XTSigning()
        (how.skewMs, how.window) = (skew, window)
        #expect(try caller.send("GET", "list", query: [("state", "UNFINISHED")], how).status == status)
    }

    @Test func `takes parameters as JSON, as a form or in the query`() throws {
        let caller = try AZCaller()
        let pairs = [
            ("clientOrderId", "o_000018_01"), ("symbol", "btc_usdt"), ("orderSide", "BUY"), ("orderType", "LIMIT"), ("origQty", "10"),
            ("price", "39000"), ("positionSide", "LONG"),
        ]
        #expect(try caller.send("POST", "create", query: pairs).json.text("returnCode") == "0")
        var form = XTSigning()
        form.contentType = "application/x-www-form-urlencoded"
        let text = pairs.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        #expect(try caller.send("POST", "create", body: text, form).json.text("returnCode") == "0")
        let list = percentEncoded("[" + AZCaller.order("o_000018_03") + "]")
        #expect(try caller.send("POST", "batch", body: "createOrders=\(list)", form).json.text("returnCode") == "0")
        #expect(try caller.bench.exchange("az-futures").orders.map(\.clientID) == ["o_000018_01", "o_000018_01", "o_000018_03"])
        #expect(
            try caller.send("POST", "cancel", query: [("orderId", "17")], body: "{\"orderId\":\"17\"}").json.text("error.code") == "invalid_params")
        #expect(try caller.send("GET", "detail", query: [("orderId", "17")], body: "{}").json.text("error.code") == "invalid_params")
    }

    @Test func `open orders are asked for by POST only`() throws {
        let caller = try AZCaller()
        #expect(try caller.send("GET", "list-open-order").status == 405)
        #expect(try caller.send("POST", "list-open-order").status == 200)
        #expect(try caller.send("POST", "list").status == 405)
        #expect(try caller.send("GET", "nothing").status == 404)
        #expect(throws: SimulatorInputError.self) { try DialectBench(["az-futures/ids": "roman"]) }
    }

    @Test(arguments: [
        ("POST", "batch", 200), ("POST", "create", 200), ("POST", "update", 200), ("POST", "cancel", 200), ("GET", "list", 200),
        ("POST", "list-open-order", 10), ("GET", "list-history", 200), ("GET", "trade-list", 200),
    ])
    func `answers 429 from the first request over a limit until the window has passed`(method: String, path: String, permits: Int) throws {
        let caller = try AZCaller()
        for _ in 0..<permits { #expect(try caller.send(method, path).status == 200) }
        #expect(try caller.send(method, path).status == 429)
        caller.bench.nowMs += 1_000
        #expect(try caller.send(method, path).status == 200)
    }

    @Test func `time and symbols need no signature`() throws {
        let bench = try DialectBench()
        #expect(try bench.send(HTTPRequest("GET", "/az/future/market/v1/public/time")).json.text("result") == String(bench.nowMs))
        let list = try bench.send(HTTPRequest("GET", "/az/future/market/v3/public/symbol/list")).json
        #expect(list.at("result.symbols").array?.count == 4)
        #expect(list.text("result.symbols.0.minStepPrice") == "0.1")
        #expect(list.text("result.symbols.0.contractSize") == "0.0001")
        let bare = try DialectBench(["az-futures/symbol_list": "array"])
        #expect(try bare.send(HTTPRequest("GET", "/az/future/market/v3/public/symbol/list")).json.at("result").array?.count == 4)
        let detail = try bench.send(HTTPRequest("GET", "/az/future/market/v1/public/symbol/detail?symbol=eth_usdt")).json
        #expect(detail.text("result.symbol") == "eth_usdt")
        let none = try bench.send(HTTPRequest("GET", "/az/future/market/v1/public/symbol/detail?symbol=doge_usdt")).json
        #expect(none.text("error.code") == "invalid_symbol")
    }
}
