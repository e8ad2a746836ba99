import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `XT futures changes and cancels` {
    typealias Caller = XTFuturesCaller

    private static func change(_ id: String, price: String = "38000.5", quantity: String = "20") -> String {
        #"{"orderId":"\#(id)","price":"\#(price)","origQty":"\#(quantity)"}"#
    }

    @Test(arguments: ["object", "id"])
    func `a change keeps the order's id, and answers with nothing or with it`(result: String) throws {
        let caller = try Caller(["update_result": result])
        let id = try caller.place("o_000018_00")
        #expect(try caller.calm("POST", "update", body: Self.change(id)).at("result") == (result == "id" ? .string(id) : .object([])))
        let row = try caller.calm("GET", "detail", query: [("orderId", id)]).at("result")
        #expect(row.text("price") == "38000.5" && row.text("origQty") == "20" && row.text("clientOrderId") == "o_000018_00")
    }

    @Test(arguments: ["kept", "lost"])
    func `a change may end the order and go on under another id, with the client's or without`(clientID: String) throws {
        let caller = try Caller(["update_id": "new", "update_result": "id", "update_client_id": clientID])
        let id = try caller.place("o_000018_00")
        try caller.fill("o_000018_00", "4")
        let new = try #require(try caller.calm("POST", "update", body: Self.change(id)).text("result"))
        #expect(new != id)
        let row = try caller.calm("GET", "detail", query: [("orderId", new)]).at("result")
        #expect(row.text("origQty") == "16" && row.text("executedQty") == "0")
        #expect(row.text("clientOrderId") == (clientID == "kept" ? "o_000018_00" : nil))
        #expect(try caller.calm("GET", "detail", query: [("orderId", id)]).text("result.state") == "PARTIALLY_CANCELED")
    }

    @Test(arguments: [("total", "20"), ("rest", "24")])
    func `the quantity of a change is the new total, or what is left of it`(mode: String, total: String) throws {
        let caller = try Caller(["update_quantity": mode])
        let id = try caller.place("o_000018_00")
        try caller.fill("o_000018_00", "4")
        _ = try caller.calm("POST", "update", body: Self.change(id))
        #expect(try caller.order("o_000018_00").quantity == Decimal(total))
    }

    @Test(
        arguments: [
            ("17", "38000", "20", "invalid_order"), ("x", "38000", "20", "invalid_params"), ("#", "38000.05", "20", "invalid_price"),
            ("#", "1", "20", "open_order_min_nominal_value_limit"), ("#", "38000", "4", "invalid_quantity"),
            ("#", "38000", "20.5", "invalid_quantity"), ("#", "38000", "1000000000", "insufficient_balance"),
        ])
    func `a change that breaks a rule changes nothing`(target: String, price: String, quantity: String, code: String) throws {
        let caller = try Caller()
        let id = try caller.place("o_000018_00")
        try caller.fill("o_000018_00", "4")
        let body = Self.change(target == "#" ? id : target, price: price, quantity: quantity)
        #expect(try caller.calm("POST", "update", body: body).failure == code)
        #expect(try caller.order("o_000018_00").price == Decimal(39_000))
    }

    @Test func `price and quantity are changed together, and nothing else is known`() throws {
        let caller = try Caller()
        let id = try caller.place("o_000018_00")
        for body in [#"{"orderId":"\#(id)","price":"38000"}"#, #"{"orderId":"\#(id)","origQty":"20"}"#, #"{"price":"38000","origQty":"20"}"#] {
            #expect(try caller.calm("POST", "update", body: body).failure == "invalid_params")
        }
        let more = #"{"orderId":"\#(id)","price":"38000","origQty":"20","positionSide":"LONG"}"#
        #expect(try caller.calm("POST", "update", body: more).failure == "invalid_params")
    }

    @Test func `an order that is filled in part is not changed where the switch says so, nor one that ended`() throws {
        let caller = try Caller(["update_partly_filled": "refused"])
        let id = try caller.place("o_000018_00")
        try caller.fill("o_000018_00", "4")
        #expect(try caller.calm("POST", "update", body: Self.change(id)).failure == "invalid_order")
        try caller.fill("o_000018_00")
        #expect(try caller.calm("POST", "update", body: Self.change(id)).failure == "invalid_order")
    }

    @Test func `a cancel of a finished or unknown order is an invalid parameter, as a malformed one is`() throws {
        let caller = try Caller()
        let id = try caller.place("o_000018_00")
        #expect(try caller.calm("POST", "cancel", body: "{\"orderId\":\"\(id)\"}").at("result") == .string(id))
        for id in [id, "17", "x"] { #expect(try caller.calm("POST", "cancel", body: "{\"orderId\":\"\(id)\"}").failure == "invalid_params") }
        #expect(try caller.calm("POST", "cancel", body: #"{"clientOrderId":"o_000018_00"}"#).failure == "invalid_params")
    }

    // MARK: Many at once

    @Test(arguments: ["#,17,@", "[#, 17, @]"])
    func `a batch of cancels is true, whatever became of each`(ids: String) throws {
        let caller = try Caller()
        let (live, gone) = (try caller.place("live_one"), try caller.place("gone_one"))
        try caller.fill("gone_one")
        let text = ids.replacing("#", with: live).replacing("@", with: gone)
        #expect(try caller.calm("POST", "cancel-batch", body: "{\"orderIds\":\"\(text)\"}").at("result") == .bool(true))
        #expect(try caller.exchange.orders.map(\.state) == [.canceled, .filled])
        #expect(caller.bench.world.ledger.requests.last?.outcome == .partial)
    }

    @Test(
        arguments: [
            ("ignored", nil, .open), ("honoured", nil, .canceled), ("refused", "invalid_params", .open),
        ] as [(String, String?, SimState)])
    func `client ids in a batch of cancels are passed over, heeded or refused`(mode: String, code: String?, state: SimState) throws {
        let caller = try Caller(["cancel_client_ids": mode])
        try caller.place("o_000018_00")
        let body = #"{"orderIds":"17","clientOrderIds":"o_000018_00"}"#
        #expect(try caller.calm("POST", "cancel-batch", body: body).failure == code)
        #expect(try caller.order("o_000018_00").state == state)
        // The page has no cancels without the venue's ids.
        #expect(try caller.calm("POST", "cancel-batch", body: #"{"clientOrderIds":"o_000018_00"}"#).failure == "invalid_params")
    }

    @Test(arguments: ["{}", "{\"orderIds\":\"\"}", "{\"orderIds\":\"x\"}", "{\"orderIds\":\"1,x\"}"])
    func `a batch of cancels that names none, or what is none, does nothing`(body: String) throws {
        let caller = try Caller()
        #expect(try caller.calm("POST", "cancel-batch", body: body).failure == "invalid_params")
    }

    @Test func `a batch of cancels is as long as the switch lets it be`() throws {
        let caller = try Caller(["cancel_max": "2"])
        #expect(try caller.calm("POST", "cancel-batch", body: #"{"orderIds":"1,2"}"#).failure == nil)
        #expect(try caller.calm("POST", "cancel-batch", body: #"{"orderIds":"1,2,3"}"#).failure == "invalid_params")
    }

    @Test func `a batch of cancels that a fault refuses says true and does nothing`() throws {
        let caller = try Caller()
        let id = try caller.place("o_000018_00")
        let fault = #"[{kind: "cancel", fault: {type: "item_error", code: "fail", message: "no"}}]"#
        caller.bench.world.setFaults(try FaultPlan.read(Array(fault.utf8)).rules)
        #expect(try caller.calm("POST", "cancel-batch", body: "{\"orderIds\":\"\(id)\"}").at("result") == .bool(true))
        #expect(try caller.order("o_000018_00").state == .open)
    }

    @Test func `cancel all goes by symbol, or with an empty one takes everything of its line`() throws {
        let caller = try Caller()
        try caller.place("buy_btc")
        try caller.place("buy_eth", ["symbol": "\"eth_usdt\"", "price": "\"1900\""])
        _ = try caller.other("coin").calm("POST", "create", body: Caller.coinOrder("buy_coin"))
        for body in [#"{"symbol":"doge_usdt"}"#, "{}"] { #expect(try caller.calm("POST", "cancel-all", body: body).failure == "invalid_symbol") }
        #expect(try caller.calm("POST", "cancel-all", body: #"{"symbol":"btc_usdt"}"#).at("result") == .bool(true))
        #expect(try caller.exchange.orders.map(\.state) == [.canceled, .open, .open])
        #expect(try caller.calm("POST", "cancel-all", body: #"{"symbol":""}"#).at("result") == .bool(true))
        #expect(try caller.exchange.orders.map(\.state) == [.canceled, .canceled, .open])
    }
}
