import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

/// A caller of AscendEX.
struct AscendEXCaller {
    let bench: DialectBench
    let account: SimAccount
    let category: String

    init(_ switches: [String: String] = [:], category: String = "cash", freshnessMs: Int64? = nil, seed: UInt64 = 1) throws {
        let named = Dictionary(uniqueKeysWithValues: switches.map { ("ascendex/" + $0.key, $0.value) })
        bench = try DialectBench(named, freshnessMs: freshnessMs, seed: seed)
        account = try bench.account("ascendex", category)
        self.category = category
    }

    func request(_ method: String, _ apiPath: String, query: [(String, String)] = [], body: String = "", skewMs: Int64 = 0) -> HTTPRequest {
        let path: String
        switch apiPath {
        case "info": path = "/api/pro/v1/info"
        case _ where apiPath.hasPrefix("data/"): path = "/api/pro/" + apiPath
        default: path = "/\(account.group)/api/pro/v1/\(category)/\(apiPath)"
        }
        return bench.ascendex(account, method, path, signing: apiPath, query: query, body: body, skewMs: skewMs)
    }

    func send(_ method: String, _ apiPath: String, query: [(String, String)] = [], body: String = "", skewMs: Int64 = 0) throws -> HTTPResponse {
        try bench.send(request(method, apiPath, query: query, body: body, skewMs: skewMs))
    }

    /// Sends where limits do not matter and the engine has caught up, and expects HTTP 200.
    func calm(_ method: String, _ apiPath: String, query: [(String, String)] = [], body: String = "") throws -> JSON {
        bench.nowMs += 1_001
        let answer = try send(method, apiPath, query: query, body: body)
        #expect(answer.status == 200)
        return answer.json
    }

    /// An order's JSON; `time` is now unless changed, give or take the wait of ``calm(_:_:query:body:)``.
    func order(_ id: String, _ changes: [String: String?] = [:]) -> String {
        var fields: [(String, String?)] = [
            ("id", "\"\(id)\""), ("time", String(bench.nowMs)), ("symbol", "\"BTC/USDT\""), ("orderPrice", "\"34000\""), ("orderQty", "\"0.1\""),
            ("orderType", "\"limit\""), ("side", "\"buy\""), ("timeInForce", "\"GTC\""), ("respInst", "\"ACK\""),
        ]
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            fields.removeAll { $0.0 == name }
            if let value { fields.append((name, value)) }
        }
        return "{" + fields.map { "\"\($0.0)\":\($0.1 ?? "null")" }.joined(separator: ",") + "}"
    }

    func cancel(_ orderID: String, symbol: String = "BTC/USDT", time: Int64? = nil) -> String {
        "{\"id\":\"cxl000001a1\",\"orderId\":\"\(orderID)\",\"symbol\":\"\(symbol)\",\"time\":\(time ?? bench.nowMs)}"
    }

    func batch(_ items: [String]) -> String { "{\"orders\":[" + items.joined(separator: ",") + "]}" }

    /// Places an order and lets the engine take it. - Returns: its id.
    func place(_ id: String, _ changes: [String: String?] = [:]) throws -> String {
        let answer = try calm("POST", "order", body: order(id, changes))
        bench.nowMs += 100
        return try #require(answer.text("data.info.orderId"), "\(answer)")
    }

    func fill(_ id: String, _ quantity: String?) throws {
        bench.world.advance(to: bench.nowMs * 1000)
        let order = try bench.order("ascendex", clientID: id)
        _ = try #require(try bench.exchange("ascendex").fill(order, quantity: quantity.flatMap { Decimal($0) }, at: bench.nowMs * 1000))
    }

    func status(_ ids: String) throws -> JSON { try calm("GET", "order/status", query: [("orderId", ids)]).at("data") }

    /// What the id will be: `a`, the time in hex, the user, the last 9 characters (page 3.1).
    func predicted(_ id: String, time: Int64) -> String { "a" + String(time, radix: 16).suffix(11) + account.uid + id.suffix(9) }
}

@Suite struct `AscendEX at the gateway` {
    @Test func `refuses calls without credentials, with wrong ones and with ones for another path`() throws {
        let caller = try AscendEXCaller()
        for name in ["x-auth-key", "x-auth-timestamp", "x-auth-signature"] {
            var request = caller.request("GET", "info")
            request.headers.removeAll { $0.name == name }
            #expect(try caller.bench.send(request).json.text("code") == "100009")
        }
        var request = caller.request("GET", "info")
        request.headers.removeAll { $0.name == "x-auth-key" }
        request.headers.append(HTTPHeader("x-auth-key", "nobody"))
        #expect(try caller.bench.send(request).json.text("code") == "200001")
        request = caller.request("GET", "order/open")
        request.target = "/6/api/pro/v1/cash/balance"
        let answer = try caller.bench.send(request)
        #expect(answer.status == 200)
        #expect(answer.json.text("reason") == "AUTHENTICATION_FAILED")
        #expect(try AscendEXCaller(["auth_status": "401"]).bench.send(request).status == 401)
    }

    @Test func `one signature serves POST and DELETE of a path, because neither method nor body is signed`() throws {
        let caller = try AscendEXCaller()
        let posted = caller.request("POST", "order", body: caller.order("int000001a1"))
        let deleted = caller.request("DELETE", "order", body: caller.cancel("a1"))
        #expect(posted.header("x-auth-signature") == deleted.header("x-auth-signature"))
        #expect(try caller.bench.send(posted).json.text("code") == "0")
        #expect(try caller.bench.send(deleted).json.text("code") == "300019")
    }

    @Test(arguments: [(-30_000, "0"), (-30_001, "100011"), (30_000, "0"), (30_001, "100011")] as [(Int64, String)])
    func `a header stamp may be 30 s off in either direction`(skew: Int64, code: String) throws {
        #expect(try AscendEXCaller().send("GET", "info", skewMs: skew).json.text("code") == code)
    }

    @Test(arguments: [(-30_000, "0"), (-30_001, "100011"), (30_000, "0"), (30_001, "100011")] as [(Int64, String)])
    func `a body's time is the request's time to live, whatever the header says`(skew: Int64, code: String) throws {
        let caller = try AscendEXCaller()
        let time = String(caller.bench.nowMs + skew)
        let answer = try caller.send("POST", "order", body: caller.order("int000001a1", ["time": time]))
        #expect(answer.json.text("code") == code)
        #expect(try caller.bench.exchange("ascendex").orders.count == (code == "0" ? 1 : 0))
        let cancel = try caller.send("DELETE", "order", body: caller.cancel("a1", time: caller.bench.nowMs + skew)).json
        #expect(cancel.text("code") == (code == "0" ? "300019" : code))
    }

    @Test func `a world's freshness replaces the 30 s`() throws {
        let caller = try AscendEXCaller(freshnessMs: 500)
        let fresh = caller.order("int000001a1", ["time": String(caller.bench.nowMs - 500)])
        let stale = caller.order("int000001a2", ["time": String(caller.bench.nowMs - 501)])
        #expect(try caller.send("POST", "order", body: fresh).json.text("code") == "0")
        #expect(try caller.send("POST", "order", body: stale).json.text("code") == "100011")
    }

    @Test func `a path names the account's own group and a category it has`() throws {
        let caller = try AscendEXCaller()
        var request = caller.request("GET", "order/open")
        request.target = "/7/api/pro/v1/cash/order/open"
        #expect(try caller.bench.send(request).json.text("code") == "200003")
        request.target = "/6/api/pro/v1/margin/order/open"
        #expect(try caller.bench.send(request).json.text("code") == "200003")
        request.target = "/6/api/pro/v1/cash/order/open"
        #expect(try caller.bench.send(request).json.text("code") == "0")
    }

    @Test func `other methods are 405 and other paths 404`() throws {
        let caller = try AscendEXCaller()
        let wrong = try caller.send("PUT", "order")
        #expect(wrong.status == 405)
        #expect(wrong.json.text("code") == "100102")
        #expect(try caller.send("GET", "order/nothing").status == 404)
        #expect(throws: SimulatorInputError.self) { try DialectBench(["ascendex/id_memory": "short"]) }
        #expect(throws: SimulatorInputError.self) { try DialectBench(["ascendex/engine_delay_ms": "50-5"]) }
    }

    @Test(arguments: [("POST", "order/batch"), ("DELETE", "order/batch"), ("GET", "order/status"), ("GET", "order/open"), ("GET", "balance")])
    func `the edge answers the eleventh request of a second with a page and no JSON`(method: String, path: String) throws {
        let caller = try AscendEXCaller()
        for _ in 0..<10 { #expect(try caller.send(method, path).status == 200) }
        let over = try caller.send(method, path)
        #expect(over.status == 429)
        #expect(over.header("Content-Type")?.hasPrefix("text/html") == true)
        #expect(over.json.isNull)
        caller.bench.nowMs += 1_000
        #expect(try caller.send(method, path).status == 200)
    }

    @Test func `all endpoints share ten requests a second, and fills have eight a minute`() throws {
        let caller = try AscendEXCaller()
        for path in ["info", "balance", "order/open", "order/status", "order/hist/current"] {
            for _ in 0..<2 { #expect(try caller.send("GET", path).status == 200) }
        }
        #expect(try caller.send("GET", "info").status == 429)
        for _ in 0..<8 { _ = try caller.calm("GET", "data/v1/cash/balance/history") }
        caller.bench.nowMs += 1_001
        #expect(try caller.send("GET", "data/v1/cash/balance/history").status == 429)
    }

    @Test func `info, clock, products and balances tell what an adapter starts from`() throws {
        let caller = try AscendEXCaller()
        let info = try caller.calm("GET", "info").at("data")
        #expect(info.text("accountGroup") == "6")
        #expect(info.text("userUID") == caller.account.uid)
        #expect(info.at("cashAccount").array?.count == 1)
        #expect(info.at("marginAccount").array?.isEmpty == true)
        #expect(info.at("tradePermission").bool == true)
        let clock = try caller.bench.send(HTTPRequest("GET", "/api/pro/v1/exchange-info?requestTime=1700000000000")).json
        #expect(clock.text("data.requestReceiveAt") == String(caller.bench.nowMs))
        #expect(clock.text("data.latency") == "1001")
        for category in ["cash", "margin"] {
            let products = try caller.bench.send(HTTPRequest("GET", "/api/pro/v1/\(category)/products")).json
            #expect(products.at("data").array?.count == 3)
            #expect(products.text("data.0.tickSize") == "0.01")
        }
        #expect(try caller.calm("GET", "balance", query: [("asset", "USDT")]).at("data").array?.count == 1)
        let margin = try AscendEXCaller(category: "margin").calm("GET", "balance")
        #expect(margin.text("data.0.borrowed") == "0")
        #expect(try AscendEXCaller(["balance": "0"]).calm("GET", "balance").at("data").array?.isEmpty == true)
    }
}
