import Testing
import Wire

@testable import Simulator

@Suite struct `Bybit at the simulator` {
    @Test func `who signs query or body as they are sent is let in, and every flaw has its code`() throws {
        let caller = try BybitCaller()
        let target = "/v5/account/user-setting-config"
        func code(_ how: BybitCaller.Signing) throws -> Int64? { try caller.bench.send(caller.signed("GET", target, how)).json.retCode }
        #expect(try code(.init()) == 0)
        #expect(try code(.init(secret: "other")) == 10_004)
        #expect(try code(.init(isUpperCase: true)) == 10_004)
        for name in ["X-BAPI-API-KEY", "X-BAPI-TIMESTAMP", "X-BAPI-RECV-WINDOW", "X-BAPI-SIGN"] {
            #expect(try caller.bench.send(caller.signed("GET", target, .init(drops: name))).status == 401, "\(name)")
        }
        var request = caller.signed("GET", target)
        request.headers = request.headers.map { $0.name == "X-BAPI-API-KEY" ? HTTPHeader($0.name, "nobody") : $0 }
        #expect(try caller.bench.send(request).json.retCode == 10_003)
        request = caller.signed("POST", "/v5/order/create-batch", body: "{}")
        request.headers = request.headers.map { $0.name == "Content-Type" ? HTTPHeader($0.name, "text/plain") : $0 }
        #expect(try caller.bench.send(request).json.retCode == 10_001)
        request = caller.signed("GET", target)
        request.body = Array("{}".utf8)
        #expect(try caller.bench.send(request).status == 403)
        #expect(try caller.bench.send(caller.signed("GET", "/v5/nowhere")).status == 404)
    }

    /// Of page 2: independent programs agree on them.
    @Test(arguments: [
        ("", "", "02b635a46b290d6c33af4240b01076f6f5568ec840a2bc6d5cd1a683af698107"),
        ("category=linear&orderLinkId=oms-01JD5ZK0Q2-0001", "", "42dbf4603eba5cea9d19c84cc29454be6e2454f65387f41c7eb93b98cc769a48"),
        ("", #"{"category":"linear","settleCoin":"USDT"}"#, "cef34129c379d74b4d404dba0997802dbbfc3c41ff4c5fb9602f8fa5184b4470"),
    ])
    func `a published signature is the one that the door takes`(query: String, body: String, sign: String) throws {
        let account = SimAccount(
            venue: "bybit", products: ["linear"], uid: "1", key: "by_dummy_key_0001", secret: "dummySecret0123456789abcdefABCDEF", name: "x")
        let bench = try DialectBench(accounts: [account])
        bench.nowMs = 1_763_640_000_123
        let (method, path) =
            body.isEmpty ? ("GET", query.isEmpty ? "/v5/account/info" : "/v5/order/realtime?" + query) : ("POST", "/v5/order/cancel-all")
        let headers = [
            HTTPHeader("X-BAPI-API-KEY", account.key), HTTPHeader("X-BAPI-TIMESTAMP", "1763640000123"), HTTPHeader("X-BAPI-RECV-WINDOW", "5000"),
            HTTPHeader("X-BAPI-SIGN", sign), HTTPHeader("Content-Type", "application/json"),
        ]
        #expect(try bench.send(HTTPRequest(method, path, headers: headers, body: Array(body.utf8))).json.retCode == 0)
    }

    @Test(arguments: [(Int64(-5_000), Int64(0)), (-5_001, 10_002), (999, 0), (1_000, 10_002)])
    func `a stamp is taken from the window behind to a second ahead`(skewMs: Int64, code: Int64) throws {
        let caller = try BybitCaller()
        #expect(try caller.bench.send(caller.signed("GET", "/v5/account/info", .init(skewMs: skewMs))).json.retCode == code)
    }

    @Test func `the window is the client's word, and a switch may make it shorter for all`() throws {
        let (caller, strict) = (try BybitCaller(), try BybitCaller(freshnessMs: 500))
        #expect(try caller.bench.send(caller.signed("GET", "/v5/account/info", .init(skewMs: -700, windowMs: 600))).json.retCode == 10_002)
        #expect(try strict.bench.send(strict.signed("GET", "/v5/account/info", .init(skewMs: -501))).json.retCode == 10_002)
    }

    // MARK: Limits

    @Test func `a batch costs what it holds: what is beyond is refused one by one, the first ones stand`() throws {
        let caller = try BybitCaller()
        let answer = try caller.batch("create", (0..<20).map { caller.item("a\($0)") })
        #expect(answer.retCode == 0 && answer.itemCodes == Array(repeating: 0, count: 10) + Array(repeating: 10_006, count: 10))
        #expect(answer.texts("orderLinkId") == (0..<10).map { "a\($0)" } + Array(repeating: "", count: 10))
        #expect(try caller.exchange.orders.count == 10)
        // Nothing is left: the next is refused whole.
        let none = try caller.bench.send(
            caller.signed("POST", "/v5/order/create-batch", body: #"{"category":"linear","request":[\#(caller.item("b"))]}"#))
        #expect(none.status == 200 && none.json.retCode == 10_006 && none.json.rows.isEmpty)
        #expect(none.header("X-Bapi-Limit") == "10" && none.header("X-Bapi-Limit-Status") == "0")
        #expect(none.header("X-Bapi-Limit-Reset-Timestamp") == String(caller.bench.nowMs + 1_000))
        // Cancels and single orders have limits of their own.
        #expect(try caller.batch("cancel", [caller.named("a0")]).itemCodes == [0])
        #expect(
            try caller.post("/v5/order/create", caller.item("c").replacing("{\"symbol\"", with: "{\"category\":\"linear\",\"symbol\"")).retCode == 0)
        caller.wait(1_001)
        #expect(try caller.batch("create", [caller.item("d")]).itemCodes == [0])
        let record = try #require(caller.bench.world.ledger.requests.first)
        #expect(record.outcome == .partial && record.violated == ["batch-place"])
    }

    @Test func `spot has permits of its own, and more of them; linear and inverse share`() throws {
        let account = SimAccount(
            venue: "bybit", products: ["spot", "linear", "inverse"], uid: "1", key: "k", secret: "s", name: "all")
        let bench = try DialectBench(accounts: [account])
        func place(_ category: String, _ count: Int, _ name: String) throws -> [Int64?] {
            let caller = BybitCaller(in: bench, account, category)
            return try caller.batch("create", (0..<count).map { caller.item("\(name)\($0)") }).itemCodes
        }
        #expect(try place("linear", 8, "l") == Array(repeating: 0, count: 8))
        #expect(try place("inverse", 3, "i") == [0, 0, 10_006])
        for number in 0..<2 { #expect(try place("spot", 10, "s\(number)x") == Array(repeating: 0, count: 10)) }
        #expect(try place("spot", 1, "t").isEmpty)
        let counts = bench.world.limitCounts.filter { $0.rule.name == "batch-place" }
        #expect(counts.map(\.owner) == ["1/derivatives", "1/spot"] && counts.map(\.permits) == [10, 20] && counts.map(\.busiestWindow) == [11, 21])
    }

    @Test func `six hundred requests in five seconds are an address's; one more costs it ten minutes of everything`() throws {
        let caller = try BybitCaller()
        let time = HTTPRequest("GET", "/v5/market/time")
        for _ in 0..<600 { #expect(try caller.bench.send(time).status == 200) }
        let shut = try caller.bench.send(time)
        #expect(shut.status == 403 && String(decoding: shut.body, as: UTF8.self).contains("access too frequent") && shut.header("Retry-After") == nil)
        caller.wait(599_000)
        #expect(try caller.bench.send(caller.signed("GET", "/v5/account/info")).status == 403)
        caller.wait(1_001)
        #expect(try caller.bench.send(caller.signed("GET", "/v5/account/info")).json.retCode == 0)
    }

    // MARK: The account

    @Test func `the account tells its kind, its price rule and the mode of its positions`() throws {
        let caller = try BybitCaller("linear", ["margin_status": "4", "lpa": "off", "position_mode": "hedge"])
        #expect(try caller.get("/v5/account/info").at("result", "unifiedMarginStatus")?.integer == 4)
        #expect(try caller.get("/v5/account/user-setting-config").at("result", "lpaPerp")?.bool == false)
        let rows = try caller.get("/v5/position/list?category=linear&symbol=BTCUSDT").rows
        #expect(rows.map { $0["positionIdx"]?.integer } == [1, 2])
        #expect(try caller.batch("create", [caller.item("a"), caller.item("b", more: ",\"positionIdx\":2")]).itemCodes == [10_001, 0])
        let limits = try caller.get("/v5/apilimit/query?uids=\(caller.account.uid)")
        #expect(limits.rows.map { $0["rate"]?.integer } == [20, 10, 10])
        #expect(try caller.get("/v5/apilimit/query?uids=1").retCode == 10_005)
    }

    @Test func `a classic account places nothing, the first unified one no inverse batch, a demo none but linear`() throws {
        let classic = try BybitCaller("spot", ["margin_status": "1"])
        #expect(try classic.batch("create", [classic.item("a")]).retCode == 10_028)
        let first = try BybitCaller("inverse", ["margin_status": "4"])
        #expect(try first.batch("create", [first.item("a")]).retCode == 10_028)
        let demo = try BybitCaller("spot", ["demo": "on"])
        #expect(
            try demo.bench.send(demo.signed("POST", "/v5/order/create-batch", body: #"{"category":"spot","request":[\#(demo.item("a"))]}"#)).status
                == 404)
    }

    @Test func `markets come whole on spot, in pages elsewhere, by the category that trades them`() throws {
        let caller = try BybitCaller()
        func page(_ query: String) throws -> JSON { try caller.bench.send(HTTPRequest("GET", "/v5/market/instruments-info?" + query)).json }
        #expect(try page("category=spot").texts("symbol") == ["BTCUSDT", "ETHUSDT", "SOLUSDT"])
        let first = try page("category=linear&limit=3")
        #expect(first.texts("symbol") == ["BTCUSDT", "ETHUSDT", "SOLUSDT"])
        let cursor = try #require(first.at("result", "nextPageCursor")?.string)
        let second = try page("category=linear&limit=3&cursor=" + cursor)
        #expect(second.texts("symbol") == ["BTCPERP"] && second.at("result", "nextPageCursor")?.string == "")
        #expect(try page("category=inverse").texts("settleCoin") == ["BTC", "ETH"])
        #expect(try page("category=futures").retCode == 10_001)
        let seconds = try caller.bench.send(HTTPRequest("GET", "/v5/market/time")).json.at("result", "timeSecond")?.string
        #expect(seconds == String(caller.bench.nowMs / 1_000))
    }

    @Test(arguments: [
        "tickers?category=spot", "orderbook?category=linear&symbol=BTCUSDT&limit=5", "kline?category=inverse&symbol=BTCUSD&interval=D",
        "recent-trade?category=spot&symbol=ETHUSDT&limit=3",
    ])
    func `prices are public`(target: String) throws {
        let caller = try BybitCaller()
        let answer = try caller.bench.send(HTTPRequest("GET", "/v5/market/" + target)).json
        #expect(answer.retCode == 0 && (!answer.rows.isEmpty || answer.at("result", "b")?.array?.count == 5), "\(answer)")
    }

    @Test func `candles go forward from a start, back from an end, the newest first`() throws {
        let caller = try BybitCaller()
        let hour: Int64 = 3_600_000
        let from = (caller.bench.nowMs / hour - 100) * hour
        func opens(_ query: String) throws -> [Int64] {
            let target = "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=60&limit=3&" + query
            return try caller.bench.send(HTTPRequest("GET", target)).json.rows.compactMap { $0.array?.first?.string.flatMap { Int64($0) } }
        }
        #expect(try opens("start=\(from)") == [from + 2 * hour, from + hour, from])
        #expect(try opens("start=\(from)&end=\(from + 9 * hour)") == [from + 9 * hour, from + 8 * hour, from + 7 * hour])
        #expect(try opens("").first == caller.bench.nowMs / hour * hour)
    }

    @Test func `key, coins and balances are told to the key alone, a unified account as one`() throws {
        let caller = try BybitCaller()
        let key = try caller.get("/v5/user/query-api")
        #expect(key.at("result", "uta")?.integer == 1 && key.at("result", "apiKey")?.string == caller.account.key)
        #expect(try BybitCaller("linear", ["margin_status": "1"]).get("/v5/user/query-api").at("result", "uta")?.integer == 0)
        let coins = try caller.get("/v5/asset/coin/query-info").at("result", "rows")?.array?.compactMap { $0["coin"]?.string }
        #expect(coins == ["BTC", "ETH", "SOL", "USDC", "USDT"])
        let wallet = try caller.get("/v5/account/wallet-balance?accountType=UNIFIED&coin=BTC,USDT")
        let held = wallet.at("result", "list", "0", "coin")?.array ?? []
        #expect(held.map { $0["coin"]?.string } == ["BTC", "USDT"] && held.allSatisfy { $0["walletBalance"]?.string == "1000000" })
        #expect(try caller.get("/v5/account/wallet-balance?accountType=SPOT").retCode == 10_001)
        for target in ["user/query-api", "asset/coin/query-info", "account/wallet-balance?accountType=UNIFIED"] {
            #expect(try caller.bench.send(HTTPRequest("GET", "/v5/" + target)).json.retCode == 10_003)
        }
    }
}

extension BybitCaller {
    init(in bench: DialectBench, _ account: SimAccount, _ category: String) { (self.bench, self.account, self.category) = (bench, account, category) }
}
