import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `XT futures orders` {
    typealias Caller = XTFuturesCaller

    @Test(
        arguments: [
            (["symbol": "\"doge_usdt\""], "invalid_symbol"), (["symbol": nil], "invalid_symbol"), (["clientOrderId": "\"abc\""], "invalid_params"),
            (["clientOrderId": "\"has-hyphen\""], "invalid_params"), (["orderSide": "\"buy\""], "invalid_params"),
            (["orderType": nil], "invalid_params"), (["positionSide": nil], "invalid_params"), (["positionSide": "\"BOTH\""], "invalid_params"),
            (["timeInForce": "\"GTD\""], "invalid_time_in_force"), (["origQty": nil], "invalid_params"),
            (["origQty": "\"1.5\""], "invalid_quantity_scale"), (["origQty": "\"0\""], "invalid_quantity"), (["price": nil], "invalid_price"),
            (["price": "\"39000.05\""], "invalid_price"), (["price": "\"-1\""], "invalid_price"), (["price": "\"1e3\""], "invalid_price"),
            (["triggerStopPrice": "\"0\""], "invalid_price"), (["origQty": "\"1\""], "open_order_min_nominal_value_limit"),
            (Caller.tooDear, "insufficient_balance"), (["leverage": "20"], "invalid_params"), (["reduceOnly": "true"], "invalid_params"),
            (["orderType": "\"MARKET\""], "invalid_price"), (["symbol": "\"xrp_usdt\""], "symbol_not_support_trading_via_api"),
            (["symbol": "\"ltc_usdt\"", "price": "\"90\""], "symbol_is_not_open_position"), (["symbol": "\"eos_usdt\""], "symbol_is_not_trading"),
        ] as [([String: String?], String)])
    func `an order that breaks a rule is refused with that rule's code`(changes: [String: String?], code: String) throws {
        let caller = try Caller()
        #expect(try caller.calm("POST", "create", body: Caller.order("o_000018_00", changes)).failure == code)
        #expect(try caller.exchange.orders.isEmpty)
        #expect(caller.bench.world.ledger.requests.last?.outcome == .refused)
    }

    @Test func `the answer to a single order is its id as text`() throws {
        let caller = try Caller()
        let answer = try caller.calm("POST", "create", body: Caller.order("o_000018_00"))
        let id = try caller.order("o_000018_00").id
        #expect(
            answer == .object([("returnCode", .number("0")), ("msgInfo", .string("success")), ("error", .null), ("result", .string(id))]))
        let other = try Caller(["error": "object"]).calm("POST", "create", body: Caller.order("o_000018_00"))
        #expect(other.at("error") == .object([("code", .string("")), ("msg", .string(""))]))
    }

    @Test func `a client id is optional, and a row without one says null`() throws {
        let caller = try Caller()
        let id = try caller.place("", ["clientOrderId": nil])
        #expect(try caller.calm("GET", "detail", query: [("orderId", id)]).at("result")["clientOrderId"] == .null)
    }

    @Test func `positions of a market that is closing may be closed`() throws {
        let changes = ["symbol": "\"ltc_usdt\"", "price": "\"90\"", "positionSide": "\"SHORT\""]
        #expect(try Caller().calm("POST", "create", body: Caller.order("o_000018_00", changes)).failure == nil)
    }

    @Test func `a market is named beyond ASCII where it is called so`() throws {
        let caller = try Caller()
        let name = #""symbol":"龙虾_usdt""#
        let body = Caller.order("o_000018_00", ["price": "\"0.05\"", "origQty": "\"20\""]).replacing(#""symbol":"btc_usdt""#, with: name)
        #expect(try caller.calm("POST", "create", body: body).failure == nil)
        let found = try caller.calm("GET", "list", query: [("state", "UNFINISHED"), ("symbol", "龙虾_usdt")])
        #expect(found.text("result.items.0.clientOrderId") == "o_000018_00")
    }

    @Test func `a contract of the coin line is worth dollars, whatever the price`() throws {
        let caller = try Caller(["balance": "1"], product: "coin")
        // 400 of 100 usd at 40000 are one coin.
        func place(_ count: String) throws -> String? {
            try caller.calm("POST", "create", body: Caller.coinOrder("o_000018_00", ["origQty": "\"\(count)\"", "price": "\"40000\""])).failure
        }
        #expect(try place("400") == nil)
        #expect(try place("401") == "insufficient_balance")
        try caller.fill("o_000018_00")
        let trade = try caller.calm("GET", "trade-list").at("result.items.0")
        #expect(trade.text("fee") == "0.001" && trade.text("feeCoin") == "btc" && trade.text("quantity") == "400")
    }

    @Test(
        arguments: [
            ("accept", "forever", 2, nil), ("reject", "forever", 1, "invalid_params"), ("existing", "forever", 1, nil), ("reject", "open", 2, nil),
        ] as [(String, String, Int, String?)])
    func `a repeated client id is a second order, unless the switch says otherwise`(mode: String, scope: String, count: Int, code: String?) throws {
        let caller = try Caller(["duplicate_client_id": mode, "duplicate_scope": scope])
        let first = try caller.place("o_000018_00")
        try caller.fill("o_000018_00")
        let second = try caller.calm("POST", "create", body: Caller.order("o_000018_00"))
        #expect(second.failure == code)
        #expect(try caller.exchange.orders.count == count)
        #expect((second.text("result") == first) == (mode == "existing"))
    }

    @Test func `a market takes so many open orders and no more`() throws {
        let caller = try Caller(["open_orders_max": "1"])
        try caller.place("o_000018_00")
        let code = "the_number_of_orders_has_reached_the_maximum"
        #expect(try caller.calm("POST", "create", body: Caller.order("o_000018_01")).failure == code)
        // Another market's are its own.
        try caller.place("o_000018_02", ["symbol": "\"eth_usdt\"", "price": "\"1900\""])
        try caller.fill("o_000018_00")
        try caller.place("o_000018_01")
    }

    /// An inner hop that failed, and the order behind it, or not.
    @Test(arguments: [false, true])
    func `code 400 is no word about what was done`(executes: Bool) throws {
        let caller = try Caller()
        let fault =
            #"[{kind: "place", count: 1, fault: {type: "venue_error", code: "400", message: "Connection refused: /10.0.0.7:8080", executes: \#(executes)}}]"#
        caller.bench.world.setFaults(try FaultPlan.read(Array(fault.utf8)).rules)
        #expect(try caller.calm("POST", "create", body: Caller.order("o_000018_00")).failure == "400")
        #expect(try caller.exchange.orders.count == (executes ? 1 : 0))
    }

    // MARK: Batches

    @Test(arguments: [("empty", JSON.string("")), ("true", .bool(true)), ("null", .null)])
    func `a batch that is taken says nothing of its orders`(mode: String, result: JSON) throws {
        let caller = try Caller(["batch_result": mode])
        let orders = [Caller.order("o_000018_00"), Caller.order("o_000018_01", ["symbol": "\"eth_usdt\"", "price": "\"1900\""])]
        let answer = try caller.placeAll(orders)
        #expect(answer["returnCode"] == .number("0") && answer["result"] == result)
        #expect(try caller.exchange.orders.map(\.clientID) == ["o_000018_00", "o_000018_01"])
        #expect(caller.bench.world.ledger.requests.last?.clientIDs == ["o_000018_00", "o_000018_01"])
    }

    @Test func `a batch holds twenty orders and no more`() throws {
        let caller = try Caller()
        let orders = (0...20).map { Caller.order("order_\($0)") }
        #expect(try caller.placeAll(orders).failure == "order_create_size_exceed")
        #expect(try caller.exchange.orders.isEmpty)
        #expect(try caller.placeAll(orders.dropLast()).failure == nil)
        #expect(try caller.exchange.orders.count == 20)
    }

    @Test(arguments: ["{}", "[]", "[1]", "{\"list\":[]}", "[", ""])
    func `what is no list of orders does nothing`(body: String) throws {
        let caller = try Caller()
        #expect(try caller.calm("POST", Caller.batch, body: body).failure == "invalid_params")
        #expect(try caller.exchange.orders.isEmpty)
    }

    @Test(
        arguments: [
            // What is done: of two good ones and one that is bad by its form, and of two and one that is too dear.
            ("partial", "invalid_price", 2, "insufficient_balance", 2, []), ("all_or_nothing", "invalid_price", 0, "insufficient_balance", 0, []),
            ("rejected_rows", "invalid_price", 0, nil, 2, ["REJECTED"]), ("no_rows", "invalid_price", 0, nil, 2, []),
        ] as [(String, String, Int, String?, Int, [String])])
    func `a batch with a bad order names no order, and does what the switch has it`(
        mode: String, formCode: String, formPlaced: Int, meansCode: String?, meansPlaced: Int, rows: [String]
    ) throws {
        func outcome(_ bad: [String: String?]) throws -> (code: String?, placed: Int, rows: [String]) {
            let caller = try Caller(["batch": mode])
            let answer = try caller.placeAll([Caller.order("good_one"), Caller.order("bad_one", bad), Caller.order("good_two")])
            #expect(!String(decoding: answer.serialized(), as: UTF8.self).contains("_one"))
            let live = try caller.exchange.orders.filter(\.state.isLive)
            #expect(live.allSatisfy { $0.clientID.hasPrefix("good") })
            return (answer.failure, live.count, try caller.listed("bad_one", "HISTORY"))
        }
        let form = try outcome(Caller.offTick)
        #expect(form.code == formCode && form.placed == formPlaced && form.rows.isEmpty)
        let means = try outcome(Caller.tooDear)
        #expect(means.code == meansCode && means.placed == meansPlaced && means.rows == rows)
    }

    @Test func `a batch calls a broken quantity otherwise than a single order does`() throws {
        let caller = try Caller()
        #expect(try caller.placeAll([Caller.order("o_000018_00", ["origQty": "\"1.5\""])]).failure == "invalid_quantity")
    }

    @Test func `in a batch that stands or falls together orders are counted with those before them`() throws {
        let caller = try Caller(["batch": "all_or_nothing", "open_orders_max": "2"])
        let orders = (0...2).map { Caller.order("order_\($0)") }
        #expect(try caller.placeAll(orders).failure == "the_number_of_orders_has_reached_the_maximum")
        #expect(try caller.exchange.orders.isEmpty)
        #expect(try caller.placeAll(orders.dropLast()).failure == nil)
    }

    @Test func `in a batch that stands or falls together an id that stands twice is two orders, or none where ids are looked at`() throws {
        for (mode, count) in [("accept", 2), ("reject", 0), ("existing", 1)] {
            let caller = try Caller(["batch": "all_or_nothing", "duplicate_client_id": mode])
            let answer = try caller.placeAll([Caller.order("o_000018_00"), Caller.order("o_000018_00")])
            #expect(answer.failure == (mode == "reject" ? "invalid_params" : nil))
            #expect(try caller.exchange.orders.count == count)
        }
    }

    @Test func `the older batch takes its list in a field, a form or the body, and answers true`() throws {
        let caller = try Caller()
        let list = "[" + Caller.order("o_000018_00") + "]"
        var form = XTSigning()
        form.contentType = "application/x-www-form-urlencoded"
        for (body, how) in [("{\"list\":\(list)}", XTSigning()), ("list=" + percentEncoded(list), form), (list, XTSigning())] {
            for version in ["v1", "v2"] {
                let answer = try caller.calm("POST", "/future/trade/\(version)/order/create-batch", body: body, how)
                #expect(answer.at("result") == .bool(true), "\(answer)")
            }
        }
        #expect(try caller.exchange.orders.count == 6)
    }

    @Test func `an item that a fault refuses is refused in the batch's own way`() throws {
        let caller = try Caller(["batch": "rejected_rows"])
        let fault = #"[{kind: "place", fault: {type: "item_error", code: "fail", message: "no"}}]"#
        caller.bench.world.setFaults(try FaultPlan.read(Array(fault.utf8)).rules)
        #expect(try caller.calm("POST", "create", body: Caller.order("o_000018_00")).failure == "fail")
        #expect(try caller.placeAll([Caller.order("o_000018_01")]).failure == nil)
        #expect(try caller.exchange.orders.map(\.state) == [.rejected])
    }
}
