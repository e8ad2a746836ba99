import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `Orders at the simulated Bybit` {
    @Test func `two lists go by one index; a refused create bears no ids unless the switch says so`() throws {
        for echoes in [false, true] {
            let caller = try BybitCaller("linear", ["echoes_refused": echoes ? "on" : "off"])
            let answer = try caller.batch(
                "create", [caller.item("a", qty: "0.0001"), caller.item("b"), caller.item("b"), caller.item("c", price: "60000.01")])
            #expect(answer.retCode == 0 && answer.itemCodes == [10_001, 0, 110_072, 10_001])
            #expect(answer.texts("orderLinkId") == (echoes ? ["a", "b", "b", "c"] : ["", "b", "", ""]))
            #expect(answer.texts("orderId").map(\.isEmpty) == [true, false, true, true])
            #expect(answer.texts("createAt") == ["", String(caller.bench.nowMs), "", ""])
        }
    }

    @Test(arguments: [
        ("linear", #""qty":1"#, Int64(10_001)), ("linear", #""qty":"-1""#, 10_001), ("linear", #""side":"buy""#, 10_001),
        ("linear", #""symbol":"btcusdt""#, 10_029), ("linear", #""symbol":"BTCUSD""#, 10_029), ("spot", #""symbol":"BTCPERP""#, 170_121),
        ("linear", #""orderLinkId":"a b""#, 10_001), ("linear", #""orderLinkId":"\#(String(repeating: "x", count: 37))""#, 10_001),
        ("linear", #""timeInForce":"gtc""#, 10_001), ("linear", #""takeProfit":"1""#, 10_001), ("linear", #""reduceOnly":"true""#, 10_001),
        ("linear", #""reduceOnly":true"#, 0), ("spot", #""reduceOnly":true"#, 10_001), ("spot", #""isLeverage":1"#, 0),
        ("linear", #""isLeverage":1"#, 10_001), ("linear", #""positionIdx":1"#, 10_001), ("linear", #""marketUnit":"baseCoin""#, 10_001),
        ("spot", #""price":"60000.05""#, 170_134), ("spot", #""qty":"0.0105""#, 170_137), ("spot", #""price":"0.1""#, 170_140),
        ("linear", #""price":"0.1""#, 110_094), ("inverse", #""price":"0.1""#, 0), ("linear", #""smpType":"CancelBoth""#, 0),
        ("linear", #""qty":"2000""#, 10_001),
    ])
    func `a field is of its kind and in its bounds`(category: String, field: String, code: Int64) throws {
        let caller = try BybitCaller(category)
        var order = try #require(try JSONParser.parse(Array(caller.item("a").utf8)).object)
        let other = try #require(try JSONParser.parse(Array("{\(field)}".utf8)).object?.first)
        order.removeAll { $0.key == other.key }
        order.append(other)
        let answer = try caller.batch("create", [String(decoding: JSON.object(order).serialized(), as: UTF8.self)])
        #expect(answer.itemCodes == [code], "\(answer)")
    }

    @Test(arguments: [
        #"{"category":"linear","request":[]}"#, #"{"category":"options","request":[{}]}"#, #"{"request":[{}]}"#, "[]", "7", "",
        #"{"category":"linear","request":[{}],"odd":1}"#,
    ])
    func `a body that is no batch is refused whole`(body: String) throws {
        let answer = try BybitCaller().post("/v5/order/create-batch", body)
        #expect(answer.retCode == 10_001 && answer.rows.isEmpty)
    }

    @Test(arguments: [("linear", 20), ("spot", 10)]) func `a batch holds so many, and one more refuses it whole`(category: String, most: Int) throws {
        let caller = try BybitCaller(category)
        #expect(try caller.batch("create", (0...most).map { caller.item("a\($0)") }).retCode == 10_001)
        #expect(try caller.exchange.orders.isEmpty)
    }

    @Test func `a receipt is not acceptance: the engine is behind, and may refuse what was received`() throws {
        let caller = try BybitCaller("linear", ["open_cap": "1", "cap_at": "engine"])
        #expect(try caller.batch("create", [caller.item("a"), caller.item("b")]).itemCodes == [0, 0])
        #expect(try caller.find("a") == nil)
        caller.wait(20)
        #expect(try caller.find("a")?["orderStatus"]?.string == "New")
        let refused = try caller.find("b")
        #expect(refused?["orderStatus"]?.string == "Rejected" && refused?["rejectReason"]?.string?.hasPrefix("EC_") == true)
        let strict = try BybitCaller("spot", ["open_cap": "1"])
        #expect(try strict.batch("create", [strict.item("a"), strict.item("b")]).itemCodes == [0, 170_810])
    }

    @Test(arguments: [("PostOnly", "EC_PostOnlyWillTakeLiquidity"), ("IOC", "EC_NoImmediateQtyToFill"), ("FOK", "EC_CancelForNoFullFill")])
    func `what cannot be done at once is taken back behind its receipt, with its reason`(force: String, reason: String) throws {
        let caller = try BybitCaller()
        let item = caller.item("a", price: force == "PostOnly" ? "70000" : "50000").replacing("GTC", with: force)
        #expect(try caller.batch("create", [item]).itemCodes == [0])
        caller.wait(25)
        let order = try caller.find("a")
        #expect(order?["orderStatus"]?.string == "Cancelled" && order?["rejectReason"]?.string == reason)
    }

    @Test func `a market buy on spot spends quote currency unless it says otherwise`() throws {
        let caller = try BybitCaller("spot")
        func market(_ id: String, _ side: String, _ qty: String, _ more: String = "") -> String {
            #"{"symbol":"BTCUSDT","side":"\#(side)","orderType":"Market","qty":"\#(qty)","orderLinkId":"\#(id)"\#(more)}"#
        }
        let items = [
            market("a", "Buy", "610"), market("b", "Buy", "0.02", #","marketUnit":"baseCoin""#), market("c", "Sell", "0.03"),
            market("d", "Sell", "610", #","marketUnit":"quoteCoin""#), market("e", "Buy", "1"),
        ]
        #expect(try caller.batch("create", items).itemCodes == [0, 0, 0, 10_001, 170_140])
        caller.wait(25)
        for (id, filled, quantity) in [("a", "0.01", "610"), ("b", "0.02", "0.02"), ("c", "0.03", "0.03")] {
            let order = try caller.find(id)
            #expect(order?["orderStatus"]?.string == "Filled" && order?["cumExecQty"]?.string == filled && order?["qty"]?.string == quantity)
        }
    }

    @Test func `an id is free again behind its order's end, or for ever taken`() throws {
        for (duplicates, code) in [("open", Int64(0)), ("ever", 110_072)] {
            let caller = try BybitCaller("linear", ["duplicates": duplicates])
            try caller.place("a")
            #expect(try caller.batch("cancel", [caller.named("a")]).itemCodes == [0])
            caller.wait(25)
            #expect(try caller.batch("create", [caller.item("a")]).itemCodes == [code])
        }
    }

    @Test func `a price beyond the band is refused, or moved to it without a word`() throws {
        let strict = try BybitCaller("linear", ["band_percent": "10"])
        #expect(try strict.batch("create", [strict.item("a", price: "67100"), strict.item("b", price: "67100.1")]).itemCodes == [0, 110_003])
        let moving = try BybitCaller("linear", ["band_percent": "10", "lpa": "off"])
        #expect(try moving.batch("create", [moving.item("b", price: "99000")]).itemCodes == [0])
        moving.wait(25)
        #expect(try moving.find("b")?["price"]?.string == "67100")
    }

    @Test func `what only closes and is too large becomes several orders, of which the receipt names one`() throws {
        let caller = try BybitCaller()
        #expect(try caller.batch("create", [caller.item("a", qty: "2500", more: ",\"reduceOnly\":true")]).itemCodes == [0])
        caller.wait(25)
        #expect(try caller.exchange.orders.map(\.clientID) == ["a", "", ""])
        #expect(try caller.get("/v5/order/realtime?category=linear&symbol=BTCUSDT").texts("qty") == ["500", "1000", "1000"])
    }

    // MARK: Changes

    @Test func `an amend is a receipt for a new total, one at a time, above what is filled`() throws {
        let caller = try BybitCaller()
        try caller.place("a", "b")
        let order = try caller.bench.order("bybit", clientID: "a")
        try caller.exchange.fill(order, quantity: Decimal("0.004"), at: caller.bench.nowMs * 1_000)
        func amend(_ id: String, _ what: String) throws -> [Int64?] {
            try caller.batch("amend", [#"{"symbol":"BTCUSDT","orderLinkId":"\#(id)",\#(what)}"#]).itemCodes
        }
        #expect(try amend("a", #""qty":"0.004""#) == [110_064])
        #expect(try amend("a", #""qty":"0.005""#) == [0])
        #expect(try amend("a", #""price":"59000""#) == [110_079])
        #expect(try caller.find("a")?["qty"]?.string == "0.01", "a receipt changes nothing yet")
        caller.wait(25)
        #expect(try caller.find("a")?["qty"]?.string == "0.005")
        #expect(try amend("b", #""price":"59000.05""#) == [10_001])
        // Filled while the engine had not come to it: the change is dropped, and nobody is told.
        #expect(try amend("a", #""qty":"0.02""#) == [0])
        try caller.exchange.fill(order, at: caller.bench.nowMs * 1_000)
        caller.wait(25)
        #expect(try caller.find("a")?["qty"]?.string == "0.005" && caller.find("a")?["orderStatus"]?.string == "Filled")
        #expect(try amend("a", #""qty":"0.03""#) == [110_008] && amend("x", #""qty":"1""#) == [110_001])
    }

    @Test(arguments: [("linear", Int64(110_008), Int64(110_010), Int64(110_001), Int64(110_079)), ("spot", 170_139, 170_142, 170_213, 170_212)])
    func `a cancel is refused by what became of its order`(category: String, filled: Int64, canceled: Int64, unknown: Int64, busy: Int64) throws {
        let caller = try BybitCaller(category)
        try caller.place("a", "b", "c")
        try caller.exchange.fill(try caller.bench.order("bybit", clientID: "a"), at: caller.bench.nowMs * 1_000)
        #expect(try caller.batch("cancel", ["b", "b", "a", "x"].map(caller.named)).itemCodes == [0, busy, filled, unknown])
        caller.wait(25)
        let answer = try caller.batch("cancel", [caller.named("b"), caller.named("c")])
        #expect(answer.itemCodes == [canceled, 0] && answer.texts("orderLinkId") == ["b", "c"] && answer.texts("orderId")[0].isEmpty)
        // Both ids at once name nothing, nor does another symbol.
        let order = try caller.bench.order("bybit", clientID: "c")
        let both = #"{"symbol":"BTCUSDT","orderId":"\#(order.id)","orderLinkId":"c"}"#
        #expect(try caller.batch("cancel", [both, #"{"symbol":"ETHUSDT","orderLinkId":"c"}"#]).itemCodes == [unknown, unknown])
        let vague = try BybitCaller(category, ["finished": "unknown"])
        try vague.place("a")
        try vague.exchange.fill(try vague.bench.order("bybit", clientID: "a"), at: vague.bench.nowMs * 1_000)
        #expect(try vague.batch("cancel", [vague.named("a")]).itemCodes == [unknown])
    }

    @Test func `cancel-all takes a scope of contracts, and everything of spot`() throws {
        let caller = try BybitCaller()
        try caller.place("a", "b")
        #expect(try caller.post("/v5/order/cancel-all", #"{"category":"linear"}"#).retCode == 10_001)
        #expect(try caller.post("/v5/order/cancel-all", #"{"category":"linear","settleCoin":"USDC"}"#).rows.isEmpty)
        let answer = try caller.post("/v5/order/cancel-all", #"{"category":"linear","settleCoin":"USDT"}"#)
        #expect(answer.texts("orderLinkId") == ["a", "b"] && answer.at("result", "success")?.string == "1")
        caller.wait(25)
        #expect(try caller.exchange.openCount(uid: caller.account.uid) == 0)
        let spot = try BybitCaller("spot")
        try spot.place("a")
        #expect(try spot.post("/v5/order/cancel-all", #"{"category":"spot"}"#).texts("orderLinkId") == ["a"])
    }
}
