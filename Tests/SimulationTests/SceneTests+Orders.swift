import Testing
import Wire

@testable import Simulator

extension SceneTests {
    private static let refusal = "fault: {type: 'item_error', code: '40774', message: 'holding mode'}"

    @Test func `an item is refused by a code that no page knows, and nothing happens`() throws {
        let rule = "[{\(Self.refusal)}]"
        let uta = try BitgetClient("bitget-uta", "spot")
        uta.world.setFaults(try FaultPlan.read(Array(rule.utf8)).rules)
        let item = try uta.place("a").at("data", "0")
        #expect(item?["code"]?.string == "40774" && item?["msg"]?.string == "holding mode")
        #expect(uta.world.venue(named: "bitget-uta")?.exchange.orders.isEmpty == true)

        let xt = try XTCaller(["reasons": "code"])
        try xt.bench.rules(rule)
        #expect(
            try xt.calm("POST", "/v4/batch-order", body: XTCaller.batch([XTCaller.order("o_000017_00")])).text("result.items.0.reason") == "40774")
        #expect(try xt.calm("POST", "/v4/order", body: XTCaller.order("o_000017_01")).text("mc") == "40774")

        let az = try AZCaller()
        try az.bench.rules(rule)
        let answer = try az.calm("POST", "batch", body: AZCaller.batch([AZCaller.order("o_000018_00")], ["17"]))
        #expect(answer.at("result.createOrdersResponse.0.createState") == .number("40774"))
        #expect(answer.at("result.cancelOrdersResponse.0.cancelState") == .number("40774"))

        let ascendex = try AscendEXCaller()
        try ascendex.bench.rules(rule)
        let batch = try ascendex.calm("POST", "order/batch", body: ascendex.batch([ascendex.order("int000001a1")]))
        #expect(batch.text("info.0.code") == "40774" && batch.text("info.0.message") == "holding mode")
        #expect(try ascendex.bench.exchange("ascendex").orders.isEmpty)
    }

    @Test func `a cancel is refused while its order is listed live`() throws {
        var uta = try BitgetClient("bitget-uta", "spot")
        _ = try uta.place("a")
        uta.now += 1_000_000
        uta.world.setFaults(try FaultPlan.read(Array("[{kind: 'cancel', \(Self.refusal)}]".utf8)).rules)
        let body = "[{\"category\":\"SPOT\",\"symbol\":\"BTCUSDT\",\"clientOid\":\"a\"}]"
        #expect(try uta.post("/api/v3/trade/cancel-batch", body).json.at("data", "0", "code")?.string == "40774")
        #expect(try uta.find("a").at("data", "orderStatus")?.string == "new")

        // XT tells no fate of a batch's cancels: they say nothing and do nothing.
        let xt = try XTCaller()
        let id = try xt.place("o_000017_00")
        try xt.bench.rules("[{kind: 'cancel', \(Self.refusal)}]")
        #expect(try xt.calm("DELETE", "/v4/batch-order", body: "{\"clientBatchId\":\"b_1234\",\"orderIds\":[\"\(id)\"]}").text("rc") == "0")
        #expect(try xt.calm("GET", "/v4/order/\(id)").text("result.state") == "NEW")
        #expect(try xt.calm("DELETE", "/v4/order/\(id)").text("mc") == "40774")

        let az = try AZCaller()
        let other = try az.place("o_000018_00")
        try az.bench.rules("[{kind: 'mixed', \(Self.refusal)}]")
        #expect(try az.calm("POST", "batch", body: AZCaller.batch([], [other])).text("result.cancelOrdersResponse.0.cancelState") == "40774")
        #expect(try az.calm("GET", "detail", query: [("orderId", other)]).text("result.state") == "NEW")

        let ascendex = try AscendEXCaller(["engine_delay_ms": "0"])
        let third = try ascendex.place("int000001a1")
        try ascendex.bench.rules("[{kind: 'cancel', \(Self.refusal)}]")
        #expect(try ascendex.calm("DELETE", "order/batch", body: ascendex.batch([ascendex.cancel(third)])).text("info.0.code") == "40774")
        #expect(try ascendex.calm("DELETE", "order", body: ascendex.cancel(third)).text("code") == "40774")
        #expect(try ascendex.status(third).text("status") == "New")
    }

    @Test func `some items of a batch are refused by chance, the others executed`() throws {
        let az = try AZCaller()
        try az.bench.rules("[{fault: {type: 'item_error', code: 'ODD', share: 0.5}}]")
        let orders = (0..<40).map { AZCaller.order("o_000018_\(10 + $0)") }
        _ = try az.calm("POST", "batch", body: AZCaller.batch(orders))
        #expect((5...35).contains(try az.bench.exchange("az-futures").orders.count))
    }

    @Test func `cancels and changes are taken at once and happen later`() throws {
        let rule = "[{fault: {type: 'late_effect', delay_ms: 4000}}]"
        var uta = try BitgetClient("bitget-uta", "spot")
        _ = try uta.place("a", "b")
        uta.now += 1_000_000
        uta.world.setFaults(try FaultPlan.read(Array(rule.utf8)).rules)
        let cancel = "[{\"category\":\"SPOT\",\"symbol\":\"BTCUSDT\",\"clientOid\":\"a\"}]"
        #expect(try uta.post("/api/v3/trade/cancel-batch", cancel).json.at("data", "0", "orderId")?.string?.isEmpty == false)
        let change = "[{\"category\":\"SPOT\",\"symbol\":\"BTCUSDT\",\"clientOid\":\"b\",\"price\":\"59000\"}]"
        #expect(try uta.post("/api/v3/trade/batch-modify-order", change).json.at("data", "0", "orderId")?.string?.isEmpty == false)
        uta.now += 3_900_000
        #expect(try uta.find("a").at("data", "orderStatus")?.string == "new")
        #expect(try uta.find("b").at("data", "price")?.string == "60000.01")
        uta.now += 200_000
        #expect(try uta.find("a").at("data", "orderStatus")?.string == "cancelled")
        #expect(try uta.find("b").at("data", "price")?.string == "59000")

        let xt = try XTCaller()
        let id = try xt.place("o_000017_00")
        try xt.bench.rules(rule)
        #expect(try xt.calm("PUT", "/v4/order/\(id)", body: "{\"price\":\"38000\",\"quantity\":\"0.02\"}").text("rc") == "0")
        #expect(try xt.calm("GET", "/v4/order/\(id)").text("result.price") == "39000.50")
        xt.bench.nowMs += 3_000
        #expect(try xt.calm("GET", "/v4/order/\(id)").text("result.price") == "38000.00")
        #expect(try xt.calm("DELETE", "/v4/order/\(id)").text("rc") == "0")
        #expect(try xt.calm("GET", "/v4/order/\(id)").text("result.state") == "NEW")
        xt.bench.nowMs += 3_000
        #expect(try xt.calm("GET", "/v4/order/\(id)").text("result.state") == "CANCELED")
    }

    @Test func `AscendEX's ids may not follow their formula, with the caller's end or without`() throws {
        for (how, keepsEnd) in [("time", true), ("other", false)] {
            let caller = try AscendEXCaller(["engine_delay_ms": "0"])
            try caller.bench.rules("[{fault: {type: 'strange_id', how: '\(how)'}}]")
            let id = try caller.place("int000001a1")
            #expect(id != caller.predicted("int000001a1", time: caller.bench.nowMs) && id.hasSuffix("t000001a1") == keepsEnd)
            #expect(try caller.status(id).text("status") == "New")
        }
        let xt = try XTCaller()
        try xt.bench.rules("[{fault: {type: 'strange_id'}}]")
        _ = try xt.place("o_000017_00")
        #expect(xt.bench.lastFault == nil)
    }

    @Test func `a stranger's order bears the id that its test wants`() throws {
        let caller = try AscendEXCaller()
        let body = "{\"venue\":\"ascendex\",\"symbol\":\"BTC/USDT\",\"side\":\"buy\",\"quantity\":\"1\",\"price\":\"3\",\"order_id\":\"a1t000001a1\"}"
        #expect(try caller.bench.control("place", body)["order_id"]?.string == "a1t000001a1")
        #expect(try caller.calm("GET", "order/open").text("data.0.orderId") == "a1t000001a1")
        #expect(try caller.bench.control("place", body)["error"]?.string?.contains("order_id") == true)
        for count in ["0", "-1", "2.5", "1e30", "null"] {
            let bad = "{\"venue\":\"ascendex\",\"symbol\":\"BTC/USDT\",\"side\":\"buy\",\"quantity\":\"1\",\"price\":\"3\",\"count\":\(count)}"
            #expect(try caller.bench.control("place", bad)["error"]?.string?.contains("count") == true, "\(count)")
        }
    }

    @Test func `a key that belongs to another uid sees and makes that one's orders`() throws {
        let caller = try AscendEXCaller(["engine_delay_ms": "0"])
        _ = try caller.place("int000001a1")
        try caller.bench.rules("[{account: '\(caller.account.uid)', fault: {type: 'other_account', uid: 'U7777777777'}}]")
        #expect(try caller.calm("GET", "info").text("data.userUID") == "U7777777777")
        #expect(try caller.calm("GET", "order/open").at("data").array?.isEmpty == true)
        #expect(try caller.place("int000001a2").contains("U7777777777"))
    }

    @Test func `a path may not be there, as the venue says it`() throws {
        let az = try AZCaller()
        try az.bench.rules("[{endpoint: 'order-cancel-all', fault: {type: 'unknown_endpoint'}}]")
        let answer = try az.send("POST", "cancel-all", body: "{}")
        #expect((400...499).contains(answer.status))
        #expect(try az.calm("POST", "list-open-order", body: "{}").text("returnCode") == "0")
    }

    @Test func `a venue's clock steps at its moment, and back`() throws {
        let az = try AZCaller()
        try az.bench.rules("[{venue: 'az-futures', fault: {type: 'clock', offset_ms: -2000, after_ms: 5000, lasts_ms: 10000}}]")
        func offset() throws -> Int64? {
            try az.bench.send(HTTPRequest("GET", "/az/future/market/v1/public/time")).json["result"]?.integer.map { $0 - az.bench.nowMs }
        }
        #expect(try offset() == 0)
        az.bench.nowMs += 5_000
        #expect(try offset() == -2_000)
        az.bench.world.endFaults()
        az.bench.nowMs += 9_999
        #expect(try offset() == -2_000)
        az.bench.nowMs += 1
        #expect(try offset() == 0)
    }

    @Test func `AZ counts base coins where its newer pages hold`() throws {
        let az = try AZCaller(["quantity_unit": "base"])
        let symbols = try az.calm("GET", "/az/future/market/v3/public/symbol/list").at("result.symbols")
        let btc = symbols.array?.first { $0["symbol"]?.string == "btc_usdt" }
        #expect(btc?["quantityPrecision"]?.integer == 4 && btc?["minQty"]?.string == "0.0001" && btc?["contractSize"]?.string == "0.0001")
        let id = try az.place("o_000018_00", ["origQty": "\"0.01\""])
        let row = try az.calm("GET", "detail", query: [("orderId", id)])
        // 390 usdt at a leverage of 20.
        #expect(row.text("result.origQty") == "0.01" && row.text("result.marginFrozen") == "19.5")
        try az.fill("o_000018_00", nil)
        let trade = try az.calm("GET", "trade-list").at("result.items.0")
        #expect(trade["contractSize"] == nil && trade["quantity"]?.string == "0.01" && trade["fee"]?.string == "0.39")

        let old = try AZCaller()
        let ten = try old.calm("GET", "detail", query: [("orderId", try old.place("o_000018_00"))])
        #expect(ten.text("result.origQty") == "10" && ten.text("result.marginFrozen") == "1.95")
    }

    @Test(arguments: [
        ("{type: 'stale_replica'}", "age_ms"), ("{type: 'contradicting_page', how: 'odd'}", "how"), ("{type: 'odd_number', form: 'round'}", "form"),
        ("{type: 'odd_number', rows: 'mine'}", "rows"), ("{type: 'giant_answer'}", "bytes"), ("{type: 'giant_answer', bytes: 1e12}", "bytes"),
        ("{type: 'item_error'}", "code"), ("{type: 'item_error', code: 'x', share: 2}", "share"), ("{type: 'strange_id', how: 1}", "how"),
        ("{type: 'other_account'}", "uid"), ("{type: 'clock', after_ms: -1}", "after_ms"), ("{type: 'mixed_products', x: 1}", "unknown field `x`"),
    ])
    func `a scene that cannot be read says where and why`(_ fault: String, _ hint: String) {
        let error = #expect(throws: SimulatorInputError.self) { try FaultPlan.read(Array("[{fault: \(fault)}]".utf8)) }
        #expect(error?.description.contains(hint) == true)
    }
}
