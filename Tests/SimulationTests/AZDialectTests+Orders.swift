import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `AZ futures orders` {
    @Test(
        arguments: [
            (["symbol": "\"doge_usdt\""], "invalid_symbol"), (["symbol": nil], "invalid_params"), (["clientOrderId": "\"abc\""], "invalid_params"),
            (["clientOrderId": "\"has-hyphen\""], "invalid_params"), (["orderSide": "\"buy\""], "invalid_params"),
            (["orderType": nil], "invalid_params"),
            (["positionSide": nil], "invalid_params"), (["positionSide": "\"BOTH\""], "invalid_params"),
            (["timeInForce": "\"GTD\""], "invalid_time_in_force"),
            (["origQty": nil], "invalid_params"), (["origQty": "\"1.5\""], "invalid_quantity_scale"), (["origQty": "\"0\""], "invalid_quantity"),
            (["price": nil], "invalid_price"), (["price": "\"39000.05\""], "invalid_price"), (["price": "\"-1\""], "invalid_price"),
            (["price": "\"1e3\""], "invalid_price"), (["origQty": "\"1\""], "open_order_min_nominal_value_limit"),
            (["origQty": "\"1000000000\""], "insufficient_balance"), (["leverage": "20"], "invalid_params"),
            (["orderType": "\"MARKET\""], "invalid_price"),
        ] as [([String: String?], String)])
    func `an order that breaks a rule is refused with that rule's code`(changes: [String: String?], code: String) throws {
        let caller = try AZCaller()
        let answer = try caller.calm("POST", "create", body: AZCaller.order("o_000018_00", changes))
        #expect(answer.text("returnCode") == "1")
        #expect(answer.text("error.code") == code)
        #expect(try caller.bench.exchange("az-futures").orders.isEmpty)
    }

    @Test func `a client id is optional for a single order and mandatory in a batch`() throws {
        let caller = try AZCaller()
        #expect(try caller.calm("POST", "create", body: AZCaller.order("", ["clientOrderId": nil])).text("returnCode") == "0")
        let answer = try caller.calm(
            "POST", "batch", body: AZCaller.batch([AZCaller.order("o_000018_00"), AZCaller.order("", ["clientOrderId": nil])]))
        #expect(answer.text("error.code") == "invalid_params")
        #expect(try caller.bench.exchange("az-futures").orders.count == 1)
    }

    @Test(arguments: [("number", "number"), ("string", "names")])
    func `a batch gives each create and cancel a fate of its own`(ids: String, states: String) throws {
        let caller = try AZCaller(["ids": ids, "states": states])
        let live = try caller.place("live_one")
        let gone = try caller.place("gone_one")
        try caller.fill("gone_one", nil)
        let creates = [
            AZCaller.order("good_one"), AZCaller.order("too_small", ["origQty": "\"1\""]), AZCaller.order("off_tick_", ["price": "\"39000.05\""]),
            AZCaller.order("no_symbol", ["symbol": "\"doge_usdt\""]), AZCaller.order("too_dear_", ["origQty": "\"1000000000\""]),
        ]
        let answer = try caller.calm("POST", "batch", body: AZCaller.batch(creates, [live, "\"\(gone)\"", "17"]))
        #expect(answer.text("returnCode") == "0")
        #expect(answer.at("error") == .object([("code", .string("")), ("msg", .string(""))]))
        let fine = states == "names" ? JSON.string("OK") : .number("1")
        let created = try #require(answer.at("result.createOrdersResponse").array)
        #expect(
            Dictionary(uniqueKeysWithValues: created.map { ($0.text("clientOrderId") ?? "", $0.at("createState")) }) == [
                "good_one": fine, "too_small": .string("OPEN_ORDER_MIN_NOMINAL_VALUE_LIMIT"), "off_tick_": .string("PLATFORM_REJECT"),
                "no_symbol": .string("PLATFORM_REJECT"), "too_dear_": .string("INSUFFICIENT_BALANCE"),
            ])
        let good = try #require(created.first { $0.text("clientOrderId") == "good_one" })
        let id = try caller.bench.order("az-futures", clientID: "good_one").id
        #expect(good.at("orderId") == (ids == "string" ? .string(id) : .number(id)))
        #expect(created.filter { $0.at("orderId").isNull }.count == 4)
        let cancelled = try #require(answer.at("result.cancelOrdersResponse").array)
        #expect(
            Dictionary(uniqueKeysWithValues: cancelled.map { ($0.text("cancelOrderId") ?? "", $0.at("cancelState")) }) == [
                live: fine, gone: .string("ORDER_CANCELED"), "17": .string("ORDER_CANCELED"),
            ])
        #expect(try caller.bench.order("az-futures", clientID: "live_one").state == .canceled)
        #expect(caller.bench.world.ledger.requests.last?.outcome == .partial)
        #expect(caller.bench.world.ledger.requests.last?.items == 8)
    }

    @Test func `answers come in no particular order, the same for the same seed`() throws {
        func answer(_ seed: UInt64) throws -> [String] {
            let bench = try DialectBench(seed: seed)
            let account = try bench.account("az-futures", "usdt")
            let body = AZCaller.batch((0..<20).map { AZCaller.order("order_\($0)") })
            let answer = try bench.send(bench.xt(account, "POST", AZCaller.orders + "batch", body: body, isFutures: true)).json
            return answer.at("result.createOrdersResponse").array?.compactMap { $0.text("clientOrderId") } ?? []
        }
        let sent = (0..<20).map { "order_\($0)" }
        #expect(try answer(1).sorted() == sent.sorted())
        #expect(try answer(1) != sent)
        #expect(try answer(1) == answer(1))
        #expect(try answer(1) != answer(2))
    }

    @Test func `creates come first unless the request says otherwise`() throws {
        for (flag, states) in [(true, "ORDER_NUMBER_LIMIT"), (nil, "ORDER_NUMBER_LIMIT"), (false, "1")] as [(Bool?, String)] {
            let caller = try AZCaller(["open_orders_max": "1"])
            let old = try caller.place("old_order")
            let answer = try caller.calm("POST", "batch", body: AZCaller.batch([AZCaller.order("new_order")], [old], createsFirst: flag))
            #expect(caller.states(answer) == ["new_order": states])
            #expect(try caller.bench.order("az-futures", clientID: "old_order").state == .canceled)
        }
    }

    @Test func `equal elements of a batch are one, and equal ids of different orders are two`() throws {
        let caller = try AZCaller()
        let old = try caller.place("old_order")
        let same = AZCaller.order("order_one")
        let other = AZCaller.order("order_two")
        let alike = AZCaller.order("order_two", ["price": "\"38000\""])
        let turned = AZCaller.order("order_one", ["origQty": "10"])
        let answer = try caller.calm("POST", "batch", body: AZCaller.batch([same, same, turned, other, alike], [old, "\"\(old)\"", old]))
        #expect(answer.at("result.createOrdersResponse").array?.count == 3)
        #expect(answer.at("result.cancelOrdersResponse").array?.count == 1)
        #expect(try caller.bench.exchange("az-futures").orders.filter { $0.clientID == "order_one" }.count == 1)
        #expect(try caller.bench.exchange("az-futures").orders.filter { $0.clientID == "order_two" }.count == 2)
    }

    @Test(arguments: [
        "{}", "[]", "{\"createOrders\":[],\"cancelOrderIds\":[]}", "{\"createOrders\":{}}", "{\"createOrders\":[1]}", "{\"cancelOrderIds\":[\"x\"]}",
        "{\"createOrderFirst\":1,\"cancelOrderIds\":[1]}", "{\"cancelOrderIds\":[1],\"more\":1}", "{\"createOrders\":[",
    ])
    func `a batch that cannot be read does nothing`(body: String) throws {
        let caller = try AZCaller()
        #expect(try caller.calm("POST", "batch", body: body).text("error.code") == "invalid_params")
    }

    @Test func `a batch takes 100 creates and 100 cancels and no more of either`() throws {
        let caller = try AZCaller()
        let creates = (0...100).map { AZCaller.order("order_\($0)") }
        let cancels = (1...101).map { String($0) }
        for body in [AZCaller.batch(creates), AZCaller.batch([], cancels)] {
            #expect(try caller.calm("POST", "batch", body: body).text("error.code") == "order_create_size_exceed")
        }
        #expect(try caller.bench.exchange("az-futures").orders.isEmpty)
        let answer = try caller.calm("POST", "batch", body: AZCaller.batch(creates.dropLast(), cancels.dropLast()))
        #expect(answer.at("result.createOrdersResponse").array?.count == 100)
        #expect(answer.at("result.cancelOrdersResponse").array?.count == 100)
    }

    @Test func `a repeated client id makes a second order, unless the venue is told to check`() throws {
        let accepting = try AZCaller()
        #expect(try accepting.place("o_000018_00") != accepting.place("o_000018_00"))
        let rejecting = try AZCaller(["duplicate_client_id": "reject"])
        _ = try rejecting.place("o_000018_00")
        let answer = try rejecting.calm("POST", "batch", body: AZCaller.batch([AZCaller.order("o_000018_00")]))
        #expect(rejecting.states(answer) == ["o_000018_00": "PLATFORM_REJECT"])
        let returning = try AZCaller(["duplicate_client_id": "existing"])
        let first = try returning.place("o_000018_00")
        #expect(try returning.place("o_000018_00") == first)
    }

    @Test func `an order changes price and quantity and keeps its id`() throws {
        let caller = try AZCaller()
        let id = try caller.place("o_000018_00")
        let answer = try caller.calm("POST", "update", body: "{\"orderId\":\"\(id)\",\"price\":\"38000.5\",\"origQty\":\"20\"}")
        #expect(answer.at("result") == .string(id))
        let order = try caller.calm("GET", "detail", query: [("orderId", id)]).at("result")
        #expect(order.text("price") == "38000.5")
        #expect(order.text("origQty") == "20")
    }

    @Test(arguments: [
        ("\"orderId\":\"17\",\"price\":\"38000\",\"origQty\":\"20\"", "invalid_order"), ("\"orderId\":#,\"price\":\"38000\"", "invalid_params"),
        ("\"orderId\":#,\"price\":\"38000.05\",\"origQty\":\"20\"", "invalid_price"),
        ("\"orderId\":#,\"price\":\"1\",\"origQty\":\"20\"", "open_order_min_nominal_value_limit"),
        ("\"orderId\":#,\"price\":\"38000\",\"origQty\":\"4\"", "invalid_quantity"), ("\"price\":\"38000\",\"origQty\":\"4\"", "invalid_params"),
        ("\"orderId\":#,\"price\":\"38000\",\"origQty\":\"20\",\"side\":\"BUY\"", "invalid_params"),
    ])
    func `a change that breaks a rule changes nothing`(fields: String, code: String) throws {
        let caller = try AZCaller()
        let id = try caller.place("o_000018_00")
        try caller.fill("o_000018_00", "4")
        let body = "{" + fields.split(separator: "#", omittingEmptySubsequences: false).joined(separator: id) + "}"
        #expect(try caller.calm("POST", "update", body: body).text("error.code") == code)
        #expect(try caller.bench.order("az-futures", clientID: "o_000018_00").price == Decimal(39000))
    }

    @Test func `a cancel of a finished or unknown order is an invalid parameter`() throws {
        let caller = try AZCaller()
        let id = try caller.place("o_000018_00")
        #expect(try caller.calm("POST", "cancel", body: "{\"orderId\":\"\(id)\"}").at("result") == .string(id))
        for id in [id, "17", "x"] {
            #expect(try caller.calm("POST", "cancel", body: "{\"orderId\":\"\(id)\"}").text("error.code") == "invalid_params")
        }
        #expect(
            try caller.calm("POST", "update", body: "{\"orderId\":\"\(id)\",\"price\":\"38000\",\"origQty\":\"20\"}").text("error.code")
                == "invalid_order")
    }

    @Test func `cancel all goes by symbol, or takes everything`() throws {
        let caller = try AZCaller()
        _ = try caller.place("buy_btc")
        _ = try caller.place("buy_eth", ["symbol": "\"eth_usdt\"", "price": "\"1900\""])
        #expect(try caller.calm("POST", "cancel-all", body: "{\"symbol\":\"doge_usdt\"}").text("error.code") == "invalid_symbol")
        #expect(try caller.calm("POST", "cancel-all", body: "{\"symbol\":\"btc_usdt\"}").at("result") == .bool(true))
        #expect(try caller.bench.exchange("az-futures").orders.map(\.state) == [.canceled, .open])
        #expect(try caller.calm("POST", "cancel-all", body: "{\"symbol\":\"\"}").at("result") == .bool(true))
        #expect(try caller.bench.exchange("az-futures").orders.map(\.state) == [.canceled, .canceled])
    }
}
