import Testing
import Wire

@testable import Simulator

extension DialectBench {
    /// Rules as a faults file gives them, in force from now on.
    func rules(_ text: String) throws { world.setFaults(try FaultPlan.read(Array(text.utf8)).rules) }
    var lastFault: String? { world.ledger.requests.last?.fault }

    /// `POST /_sim/…`.
    func control(_ page: String, _ body: String) throws -> JSON { try send(HTTPRequest("POST", "/_sim/\(page)", body: Array(body.utf8))).json }
}

/// What an order manager met outside, played by rule at each venue.
@Suite struct SceneTests {
    @Test func `a stale replica shows orders as they stood, and the next look-up as they stand`() throws {
        let az = try AZCaller()
        let id = try az.place("o_000018_00")
        az.bench.nowMs += 5_000
        try az.fill("o_000018_00", "4")
        try az.bench.rules("[{venue: 'az-futures', kind: 'lookup', count: 2, fault: {type: 'stale_replica', age_ms: 3000}}]")
        let stale = try az.calm("GET", "detail", query: [("orderId", id)])
        #expect(stale.text("result.state") == "NEW" && stale.text("result.executedQty") == "0" && az.bench.lastFault == "stale_replica")
        #expect(try az.calm("GET", "trade-list").at("result.items").array?.isEmpty == true)
        #expect(try az.calm("GET", "detail", query: [("orderId", id)]).text("result.executedQty") == "4")

        let xt = try XTCaller()
        let other = try xt.place("o_000017_00")
        _ = try xt.calm("DELETE", "/v4/order/\(other)")
        try xt.bench.rules("[{kind: 'lookup', count: 1, fault: {type: 'stale_replica', age_ms: 1500}}]")
        #expect(try xt.calm("GET", "/v4/open-order").at("result").array?.count == 1)
        #expect(try xt.calm("GET", "/v4/open-order").at("result").array?.isEmpty == true)
    }

    @Test func `an order is unknown to a replica older than itself, at every venue`() throws {
        let rule = "[{kind: 'lookup', count: 1, fault: {type: 'stale_replica', age_ms: 2000}}]"
        let ascendex = try AscendEXCaller(["engine_delay_ms": "0"])
        let id = try ascendex.place("int000001a1")
        try ascendex.bench.rules(rule)
        #expect(try ascendex.status(id).isNull)
        #expect(try ascendex.status(id).text("orderId") == id)

        var uta = try BitgetClient("bitget-uta", "spot")
        _ = try uta.place("a")
        uta.now += 1_000_000
        uta.world.setFaults(try FaultPlan.read(Array(rule.utf8)).rules)
        #expect(try uta.find("a").code == "25204")
        #expect(try uta.find("a").code == "00000")
    }

    @Test func `AscendEX's history is no longer than its replica has lived`() throws {
        let caller = try AscendEXCaller(["engine_delay_ms": "0"])
        let id = try caller.place("int000001a1")
        caller.bench.nowMs += 5_000
        try caller.fill("int000001a1", nil)
        try caller.bench.rules("[{kind: 'lookup', count: 1, fault: {type: 'stale_replica', age_ms: 3000}}]")
        #expect(try caller.calm("GET", "order/hist/current").at("data").array?.isEmpty == true)
        #expect(try caller.calm("GET", "order/hist/current").text("data.0.orderId") == id)
    }

    @Test(arguments: ["empty", "short", "null", "absent"])
    func `a page belies itself in the way of its venue`(how: String) throws {
        let rule = "[{kind: 'lookup', count: 1, fault: {type: 'contradicting_page', how: '\(how)'}}]"
        func check(_ list: JSON?, _ sign: Bool) {
            switch how {
            case "empty": #expect(list?.array?.isEmpty == true && sign)
            case "short": #expect(list?.array?.count == 1 && sign)
            case "null": #expect(list?.isNull == true)
            default: #expect(list == nil)
            }
        }
        var uta = try BitgetClient("bitget-uta", "spot")
        _ = try uta.place("a", "b")
        uta.now += 1_000_000
        uta.world.setFaults(try FaultPlan.read(Array(rule.utf8)).rules)
        let page = try uta.get("/api/v3/trade/unfilled-orders?category=SPOT").json["data"]
        check(page?["list"], how == "short" ? page?["cursor"] == page?.at("list", "0", "orderId") : page?["cursor"]?.string?.isEmpty == false)

        let xt = try XTCaller()
        for id in ["o_000017_00", "o_000017_01"] { _ = try xt.calm("DELETE", "/v4/order/\(try xt.place(id))") }
        try xt.bench.rules(rule)
        let result = try xt.calm("GET", "/v4/history-order")["result"]
        check(result?["items"], result?["hasNext"]?.bool == true)

        let az = try AZCaller()
        for id in ["o_000018_00", "o_000018_01"] { _ = try az.place(id) }
        try az.bench.rules(rule)
        let listed = try az.calm("GET", "list", query: [("state", "UNFINISHED")])["result"]
        check(listed?["items"], listed?["total"]?.integer == 2)
    }

    @Test func `a margin page without rows still names ids, even where there is nothing`() throws {
        let client = try BitgetClient("bitget-margin", "isolated")
        client.world.setFaults(try FaultPlan.read(Array("[{kind: 'lookup', fault: {type: 'contradicting_page'}}]".utf8)).rules)
        let page = try client.get("/api/v2/margin/isolated/open-orders?startTime=\(BitgetClient.start / 1000)&symbol=BTCUSDT").json["data"]
        #expect(page?["orderList"]?.array?.isEmpty == true)
        #expect(page?["minId"]?.string?.isEmpty == false && page?["maxId"]?.string?.isEmpty == false)
    }

    @Test func `a following page may be the page before once more, the first never is`() throws {
        let xt = try XTCaller()
        for index in 0..<4 { _ = try xt.calm("DELETE", "/v4/order/\(try xt.place("o_000017_0\(index)"))") }
        try xt.bench.rules("[{kind: 'lookup', fault: {type: 'contradicting_page', how: 'repeated'}}]")
        func page(_ more: [(String, String)]) throws -> JSON {
            try xt.calm("GET", "/v4/history-order", query: [("limit", "2")] + more)["result"] ?? .null
        }
        let first = try page([])
        #expect(xt.bench.lastFault == nil && first.at("items").array?.count == 2)
        let last = try #require(first.text("items.1.orderId"))
        #expect(try page([("fromId", last), ("direction", "NEXT")]) == first)
        #expect(xt.bench.lastFault == "contradicting_page")
        try xt.bench.rules("[]")
        #expect(try page([("fromId", last), ("direction", "NEXT")]).text("items.0.orderId") != first.text("items.0.orderId"))
    }

    @Test(arguments: [
        ("exponent", "39E+3"), ("huge", String(repeating: "9", count: 400)), ("text", "n/a"), ("negative", "-39000"), ("nan", "NaN"), ("empty", ""),
        ("infinite", "Infinity"), ("digits", "39000." + String(repeating: "0", count: 395)),
    ])
    func `a number is written as asked`(form: String, expected: String) throws {
        let az = try AZCaller()
        let id = try az.place("o_000018_00")
        try az.bench.rules("[{kind: 'lookup', fault: {type: 'odd_number', form: '\(form)', field: 'price'}}]")
        let row = try az.calm("GET", "detail", query: [("orderId", id)])["result"]
        #expect(row?["price"]?.string == expected && row?["origQty"]?.string == "10")
    }

    @Test func `zeros take exponents, deep fields are found, and other numbers stay`() throws {
        var uta = try BitgetClient("bitget-uta", "spot")
        _ = try uta.place("a")
        uta.now += 1_000_000
        func find(_ rule: String) throws -> JSON {
            uta.world.setFaults(try FaultPlan.read(Array(rule.utf8)).rules)
            uta.now += 1_000_000
            return try uta.find("a")["data"] ?? .null
        }
        let zeros = try find("[{kind: 'lookup', fault: {type: 'odd_number', form: 'zero_exponent', field: 'avgPrice'}}]")
        #expect(zeros["avgPrice"]?.string == "0E-8" && zeros["price"]?.string == "60000.01")
        let exchange = try #require(uta.world.venue(named: "bitget-uta")).exchange
        exchange.fill(try #require(exchange.orders.last), at: uta.now)
        let fee = try find("[{kind: 'lookup', fault: {type: 'odd_number', form: 'null', field: 'fee'}}]")
        #expect(fee.at("feeDetail", "0", "fee")?.isNull == true)
        #expect(Fault.OddNumber.scientific("0.0120") == "12E-3" && Fault.OddNumber.scientific("-7") == "-7E+0")
    }

    @Test func `a stranger's row alone may be odd`() throws {
        let az = try AZCaller()
        _ = try az.place("o_000018_00")
        _ = try az.bench.control(
            "place", "{\"venue\":\"az-futures\",\"symbol\":\"btc_usdt\",\"side\":\"buy\",\"quantity\":\"7\",\"price\":\"38000\"}")
        try az.bench.rules("[{kind: 'lookup', fault: {type: 'odd_number', form: 'text', field: 'price', rows: 'strangers'}}]")
        let rows = try az.calm("POST", "list-open-order", body: "{}").at("result").array
        #expect(rows?.compactMap { $0["price"]?.string } == ["n/a", "39000"])
    }

    @Test func `a market without a name stands beside the others, and another one is missing once`() throws {
        for (venue, path, list) in [
            ("az-futures", "/az/future/market/v3/public/symbol/list", "result.symbols"), ("xt-spot", "/v4/public/symbol", "result.symbols"),
            ("ascendex", "/api/pro/v1/cash/products", "data"), ("bitget-margin", "/api/v2/margin/currencies", "data"),
            ("bitget-uta", "/api/v3/market/instruments?category=SPOT", "data"),
        ] {
            let bench = try DialectBench()
            func symbols(_ type: String) throws -> [JSON] {
                try bench.rules("[{venue: '\(venue)', kind: 'public', fault: {type: '\(type)'}}]")
                return try bench.send(HTTPRequest("GET", path)).json.at(list).array?.map { $0["symbol"] ?? .null } ?? []
            }
            let (more, less, all) = (try symbols("null_market"), try symbols("missing_market"), try symbols("mixed_products"))
            #expect(more.count == all.count + 1 && more.filter(\.isNull).count == 1, "\(venue)")
            #expect(less.count == all.count - 1, "\(venue)")
        }
    }

    @Test func `an answer may be larger than a caller takes, and listings may hold a book of any size`() throws {
        let xt = try XTCaller()
        let placed = try xt.bench.control(
            "place", "{\"venue\":\"xt-spot\",\"symbol\":\"btc_usdt\",\"side\":\"buy\",\"quantity\":\"1\",\"price\":\"3\",\"count\":300}")
        #expect(placed["state"]?.string == "open")
        let account = try #require(xt.bench.world.accounts(of: "xt-spot").first)
        #expect(account.uid == xt.account.uid)
        try xt.bench.rules("[{kind: 'lookup', fault: {type: 'giant_answer', bytes: 5000000}}]")
        xt.bench.nowMs += 2_000
        let answer = try xt.send("GET", "/v4/open-order")
        #expect(answer.body.count == 5_000_000 && answer.json.at("result").array?.count == 300)
    }

    @Test func `a listing of one product may show the others' orders`() throws {
        let account = SimAccount(venue: "ascendex", products: ["cash", "margin"], uid: "U0123456789", key: "k", secret: "s", name: "both")
        let bench = try DialectBench(["ascendex/engine_delay_ms": "0"], accounts: [account])
        let order = """
            {"id":"int000001a1","time":1700000000100,"symbol":"BTC/USDT","orderPrice":"34000","orderQty":"0.1","orderType":"limit","side":"buy"}
            """
        _ = try bench.send(bench.ascendex(account, "POST", "/6/api/pro/v1/margin/order", signing: "order", body: order))
        func open() throws -> Int? {
            bench.nowMs += 1_001
            return try bench.send(bench.ascendex(account, "GET", "/6/api/pro/v1/cash/order/open", signing: "order/open")).json.at("data").array?.count
        }
        #expect(try open() == 0)
        try bench.rules("[{kind: 'lookup', fault: {type: 'mixed_products'}}]")
        #expect(try open() == 1)
    }

    @Test func `a closed order is forgotten in time, an unfilled one earlier, a live one never`() throws {
        let xt = try XTCaller(["memory_ms": "60000", "unfilled_memory_ms": "20000"])
        let (live, filled, canceled) = (try xt.place("o_000017_00"), try xt.place("o_000017_01"), try xt.place("o_000017_02"))
        try xt.fill("o_000017_01", nil)
        _ = try xt.calm("DELETE", "/v4/order/\(canceled)")
        func known() throws -> [Bool] { try [live, filled, canceled].map { try xt.calm("GET", "/v4/order/\($0)").text("rc") == "0" } }
        #expect(try known() == [true, true, true])
        xt.bench.nowMs += 20_000
        #expect(try known() == [true, true, false])
        xt.bench.nowMs += 40_000
        #expect(try known() == [true, false, false])
        #expect(try xt.calm("GET", "/v4/trade").at("result.items").array?.isEmpty == true)
        #expect(throws: SimulatorInputError.self) { try XTCaller(["memory_ms": "soon"]) }
    }
}
