import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `AscendEX places` {
    @Test func `an order is receipted under its predictable id before the engine has it`() throws {
        let caller = try AscendEXCaller()
        let time = caller.bench.nowMs - 3
        let answer = try caller.send("POST", "order", body: caller.order("int000001a1", ["time": String(time)])).json
        let id = caller.predicted("int000001a1", time: time)
        #expect(answer.text("data.status") == "Ack")
        #expect(answer.text("data.action") == "place-order")
        #expect(answer.text("data.ac") == "CASH")
        #expect(answer.text("data.info.id") == "int000001a1")
        #expect(answer.text("data.info.orderId") == id)
        #expect(answer.text("data.info.orderType") == "Limit")
        #expect(try caller.send("GET", "order/status", query: [("orderId", id)]).json.at("data").isNull)
        #expect(try caller.send("GET", "order/open").json.at("data").array?.isEmpty == true)
        caller.bench.nowMs += 51
        #expect(try caller.send("GET", "order/status", query: [("orderId", id)]).json.text("data.status") == "New")
        #expect(try caller.send("GET", "order/open").json.text("data.0.orderId") == id)
    }

    @Test func `the engine's delay is drawn by the seed from 5 to 50 ms`() throws {
        func delay(_ seed: UInt64) throws -> Int64 {
            let caller = try AscendEXCaller(seed: seed)
            _ = try caller.send("POST", "order", body: caller.order("int000001a1"))
            let order = try caller.bench.order("ascendex", clientID: "int000001a1")
            #expect(order.state == .accepted)
            for elapsed in Int64(0)...60 {
                caller.bench.world.advance(to: (caller.bench.nowMs + elapsed) * 1000)
                if order.state == .open { return elapsed }
            }
            return -1
        }
        let delays = try (1...20).map { try delay(UInt64($0)) }
        #expect(delays.allSatisfy { (5...50).contains($0) })
        #expect(Set(delays).count > 5)
        #expect(try delay(7) == delay(7))
    }

    @Test func `an id too short or with a hyphen near its end leaves the order id to the venue`() throws {
        let caller = try AscendEXCaller()
        let short = try caller.place("int1")
        let dashed = try caller.place("int-00001-a1")
        let none = try caller.place("", ["id": nil])
        for id in [short, dashed, none] { #expect(id.utf8.count == 32) }
        #expect(!dashed.hasSuffix("00001-a1"))
        #expect(Set([short, dashed, none]).count == 3)
    }

    @Test(
        arguments: [
            (["symbol": "\"DOGE/USDT\""], "300012", "INVALID_PRODUCT"), (["time": nil], "100004", "INVALID_REQUEST_DATA"),
            (["time": "\"1700000000000\""], "100004", "INVALID_REQUEST_DATA"), (["id": "\"-bad-\""], "300006", "INVALID_ORDER_ID"),
            (["id": "\"a\""], "300006", "INVALID_ORDER_ID"), (["id": "\"abcdefghijklmnopqrstuvwxyz0123456\""], "300006", "INVALID_ORDER_ID"),
            (["side": "\"BUY\""], "300003", "INVALID_SIDE"), (["orderType": "\"stop_limit\""], "300005", "INVALID_TYPE"),
            (["orderQty": "0.1"], "100012", "INVALID_STR_FIELD"), (["orderQty": "\"0\""], "300002", "INVALID_QTY"),
            (["orderQty": "\"0.000001\""], "300002", "INVALID_QTY"), (["orderQty": nil], "300002", "INVALID_QTY"),
            (["orderPrice": nil], "300001", "INVALID_PRICE"), (["orderPrice": "34000"], "100012", "INVALID_STR_FIELD"),
            (["orderPrice": "\"34000.001\""], "300014", "TICK_SIZE_VIOLATION"), (["timeInForce": "\"GTX\""], "300007", "INVALID_TIME_IN_FORCE"),
            (["timeInForce": "\"IOC\"", "orderType": "\"market\""], "300007", "INVALID_TIME_IN_FORCE"),
            (["postOnly": "\"yes\""], "300008", "INVALID_ORDER_PARAMETER"),
            (["postOnly": "true", "orderType": "\"market\""], "300008", "INVALID_ORDER_PARAMETER"),
            (["respInst": "\"LATER\""], "300008", "INVALID_ORDER_PARAMETER"), (["orderQty": "\"0.0001\""], "300004", "INVALID_NOTIONAL"),
            (["orderQty": "\"1000\""], "300004", "INVALID_NOTIONAL"),
        ] as [([String: String?], String, String)])
    func `an order that breaks a rule is refused with that rule's number`(changes: [String: String?], code: String, reason: String) throws {
        let caller = try AscendEXCaller()
        let answer = try caller.send("POST", "order", body: caller.order("int000001a1", changes))
        #expect(answer.status == 200)
        #expect(answer.json.text("code") == code)
        #expect(answer.json.text("reason") == reason)
        #expect(answer.json.text("status") == "Err")
        #expect(answer.json.text("action") == "place-order")
        #expect(answer.json.at("info.symbol").string != nil)
        #expect(try caller.bench.exchange("ascendex").orders.isEmpty)
    }

    @Test func `unknown fields are ignored, and the body must be JSON`() throws {
        let caller = try AscendEXCaller()
        _ = try caller.place("int000001a1", ["category": "\"cash\"", "account-group": "6"])
        #expect(try caller.calm("POST", "order", body: "[]").text("code") == "150001")
        var request = caller.request("POST", "order", body: caller.order("int000001a2"))
        request.headers.removeAll { $0.name == "Content-Type" }
        #expect(try caller.bench.send(request).json.text("code") == "100001")
    }

    @Test func `a buy needs its price, quantity and commission in quote`() throws {
        let caller = try AscendEXCaller(["balance": "3400"])
        #expect(try caller.calm("POST", "order", body: caller.order("int000001a1")).text("code") == "300011")
        #expect(try caller.calm("POST", "order", body: caller.order("int000001a2", ["orderQty": "\"0.0999\""])).text("code") == "0")
        #expect(
            try caller.calm("POST", "order", body: caller.order("int000001a3", ["side": "\"sell\"", "orderPrice": "\"41000\""])).text("code") == "0")
    }

    @Test func `ACCEPT and DONE bring the order itself once the engine has spoken`() throws {
        let caller = try AscendEXCaller()
        let accepted = try caller.calm("POST", "order", body: caller.order("int000001a1", ["respInst": "\"ACCEPT\""]))
        #expect(accepted.text("data.status") == "ACCEPT")
        #expect(accepted.text("data.info.status") == "New")
        let resting = try caller.calm("POST", "order", body: caller.order("int000001a2", ["respInst": "\"DONE\""]))
        #expect(resting.text("data.status") == "Ack")
        let market = ["respInst": "\"DONE\"", "orderType": "\"market\"", "timeInForce": nil, "orderPrice": nil]
        let done = try caller.calm("POST", "order", body: caller.order("int000001a3", market))
        #expect(done.text("data.status") == "DONE")
        #expect(done.text("data.info.status") == "Filled")
        #expect(done.text("data.info.avgPx") == "40000")
    }

    @Test func `a batch is receipted item by item under predictable ids`() throws {
        let caller = try AscendEXCaller()
        let time = caller.bench.nowMs
        let orders = [
            caller.order("int000001a1"),
            caller.order("int000001a2", ["symbol": "\"ETH/USDT\"", "side": "\"sell\"", "orderPrice": "\"2100\"", "postOnly": "true"]),
        ]
        let answer = try caller.send("POST", "order/batch", body: caller.batch(orders)).json
        #expect(answer.text("code") == "0")
        #expect(answer.text("data.action") == "batch-place-order")
        let info = answer.at("data.info").array ?? []
        #expect(info.map { $0.text("id") } == ["int000001a1", "int000001a2"])
        #expect(info.map { $0.text("orderId") } == ["int000001a1", "int000001a2"].map { caller.predicted($0, time: time) })
        caller.bench.nowMs += 60
        #expect(try caller.send("GET", "order/open").json.at("data").array?.count == 2)
    }

    @Test func `one bad order fails its whole batch, the blameless with 300013`() throws {
        let caller = try AscendEXCaller()
        let orders = [
            caller.order("int000001a1", ["orderQty": "\"0.0001\""]),
            caller.order("int000001a2", ["symbol": "\"ETH/USDT\"", "orderPrice": "\"1900\""]),
            caller.order("int000001a3", ["time": "1600000000000"]),
        ]
        let answer = try caller.calm("POST", "order/batch", body: caller.batch(orders))
        #expect(answer.text("code") == "300013")
        #expect(answer.text("reason") == "INVALID_BATCH_ORDER")
        #expect(answer.text("status") == "Err")
        #expect(answer.text("action") == "batch-place-order")
        let info = answer.at("info").array ?? []
        #expect(info.map { $0.text("code") } == ["300004", "300013", "100011"])
        #expect(info.map { $0.text("id") } == ["int000001a1", "int000001a2", "int000001a3"])
        #expect(info[1].text("message") == "Some invalid order in this batch.")
        #expect(info[1].text("symbol") == "ETH/USDT")
        #expect(try caller.bench.exchange("ascendex").orders.isEmpty)
        // The ids are not burnt.
        _ = try caller.place("int000001a2")
    }

    @Test func `a batch takes ten orders, not eleven, and not none`() throws {
        let caller = try AscendEXCaller()
        let orders = (10...20).map { caller.order("int0000\($0)a") }
        #expect(try caller.calm("POST", "order/batch", body: caller.batch(orders)).text("code") == "300013")
        #expect(try caller.calm("POST", "order/batch", body: caller.batch([])).text("code") == "100004")
        #expect(try caller.calm("POST", "order/batch", body: "{\"orders\":{}}").text("code") == "100004")
        #expect(try caller.bench.exchange("ascendex").orders.isEmpty)
        #expect(try caller.calm("POST", "order/batch", body: caller.batch(orders.dropLast())).text("code") == "0")
        #expect(try caller.bench.exchange("ascendex").orders.count == 10)
    }

    @Test(arguments: [("summed", "300013"), ("single", "0")])
    func `the orders of a batch share the balance, or do not`(mode: String, code: String) throws {
        let caller = try AscendEXCaller(["balance": "5000", "batch_balance": mode])
        let answer = try caller.calm("POST", "order/batch", body: caller.batch([caller.order("int000001a1"), caller.order("int000001a2")]))
        #expect(answer.text("code") == code)
        #expect(answer.text("info.1.code") == (mode == "summed" ? "300011" : nil))
    }

    @Test func `a repeated id and time is a receipt again, and the original stays as it was`() throws {
        let caller = try AscendEXCaller(["failed_attempts": "status"])
        let body = caller.order("int000001a1")
        let first = try caller.calm("POST", "order", body: body)
        let again = try caller.calm("POST", "order", body: body)
        let id = try #require(first.text("data.info.orderId"))
        #expect(again.text("data.info.orderId") == id)
        #expect(again.text("data.status") == "Ack")
        #expect(try caller.bench.exchange("ascendex").orders.count == 1)
        let rows = try caller.status(id + ",").array ?? []
        #expect(rows.map { $0.text("status") } == ["New", "Rejected"])
        #expect(rows.map { $0.text("errorCode") } == ["", "DupNewCoid"])
        #expect(Set(rows.map { $0.text("orderId") }) == [id])
        let accept = try caller.calm("POST", "order", body: body.replacing("ACK", with: "ACCEPT"))
        #expect(accept.text("data.info.status") == "Rejected")
        #expect(accept.text("data.info.errorCode") == "DupNewCoid")
        #expect(accept.text("data.info.orderId") == id)
    }

    @Test func `the same id with another time is another order`() throws {
        let caller = try AscendEXCaller()
        let first = try caller.place("int000001a1")
        let second = try caller.place("int000001a1")
        #expect(first != second)
        #expect(first.suffix(20) == second.suffix(20))
        #expect(try caller.calm("GET", "order/open").at("data").array?.count == 2)
    }

    @Test(arguments: [("forever", 1), ("live", 2)])
    func `ids are remembered for ever, or only while their order lives`(memory: String, orders: Int) throws {
        let caller = try AscendEXCaller(["id_memory": memory])
        let body = caller.order("int000001a1")
        let id = try #require(try caller.calm("POST", "order", body: body).text("data.info.orderId"))
        caller.bench.nowMs += 100
        try caller.fill("int000001a1", nil)
        _ = try caller.calm("POST", "order", body: body)
        #expect(try caller.bench.exchange("ascendex").orders.filter { $0.id == id }.count == orders)
    }

    @Test func `the engine may reject after the receipt`() throws {
        let caller = try AscendEXCaller(["engine_reject_percent": "100"])
        let id = try caller.place("int000001a1")
        let row = try caller.status(id)
        #expect(row.text("status") == "Rejected")
        #expect(row.text("errorCode") == "NotEnoughBalance")
    }

    @Test func `post-only that would take and IOC that cannot end as Canceled`() throws {
        let caller = try AscendEXCaller()
        #expect(try caller.status(caller.place("int000001a1", ["postOnly": "true", "orderPrice": "\"41000\""])).text("status") == "Canceled")
        #expect(try caller.status(caller.place("int000001a2", ["timeInForce": "\"IOC\""])).text("status") == "Canceled")
        let rests = try caller.status(caller.place("int000001a3", ["postOnly": "true"]))
        #expect(rests.text("status") == "New")
        #expect(rests.text("execInst") == "Post")
    }
}

@Suite struct `AscendEX cancels` {
    @Test func `a cancel is receipted first and done by the engine later`() throws {
        let caller = try AscendEXCaller()
        let id = try caller.place("int000001a1")
        let answer = try caller.calm("DELETE", "order", body: caller.cancel(id))
        #expect(answer.text("data.action") == "cancel-order")
        #expect(answer.text("data.status") == "Ack")
        #expect(answer.text("data.info.orderId") == id)
        #expect(try caller.send("GET", "order/status", query: [("orderId", id)]).json.text("data.status") == "New")
        let again = try caller.send("DELETE", "order", body: caller.cancel(id)).json
        #expect(again.text("code") == "300019")
        #expect(again.text("message") == "Duplicated order cancel request.")
        #expect(try caller.status(id).text("status") == "Canceled")
        #expect(try caller.calm("DELETE", "order", body: caller.cancel(id)).text("message") == "Trying to cancel non-open order")
    }

    @Test func `a cancel may overtake the engine's acceptance and still be done`() throws {
        let caller = try AscendEXCaller()
        let id = try #require(try caller.send("POST", "order", body: caller.order("int000001a1")).json.text("data.info.orderId"))
        #expect(try caller.send("DELETE", "order", body: caller.cancel(id)).json.text("code") == "0")
        #expect(try caller.status(id).text("status") == "Canceled")
    }

    @Test(arguments: ["gateway", "engine"])
    func `a cancel of a finished order is refused at the gateway, or shrugged at by the engine`(mode: String) throws {
        let caller = try AscendEXCaller(["cancel_check": mode, "failed_attempts": "status"])
        let id = try caller.place("int000001a1")
        try caller.fill("int000001a1", nil)
        let answer = try caller.calm("DELETE", "order", body: caller.cancel(id))
        #expect(answer.text("code") == (mode == "gateway" ? "300019" : "0"))
        let rows = try caller.status(id + ",").array ?? []
        #expect(rows.map { $0.text("status") } == (mode == "gateway" ? ["Filled"] : ["Filled", "Rejected"]))
        if mode == "engine" {
            #expect(rows[1].text("errorCode") == "NoOpenForCancel")
            #expect(rows[1].text("orderType") == "NULL_VAL")
            #expect(rows[1].text("cumFilledQty") == "0")
        }
    }

    @Test func `a fill between receipt and engine leaves the order filled`() throws {
        let caller = try AscendEXCaller(["failed_attempts": "status"])
        let id = try caller.place("int000001a1")
        _ = try caller.calm("DELETE", "order", body: caller.cancel(id))
        try caller.fill("int000001a1", nil)
        #expect(try caller.status(id + ",").array?.map { $0.text("errorCode") } == ["", "NoOpenForCancel"])
        #expect(try caller.status(id).text("status") == "Filled")
    }

    @Test(arguments: [
        ("{\"symbol\":\"BTC/USDT\",\"time\":NOW}", "300006"), ("{\"orderId\":\"ID\",\"time\":NOW}", "300012"),
        ("{\"orderId\":\"ID\",\"symbol\":\"BTC/USDT\"}", "100004"), ("{\"orderId\":\"ID\",\"symbol\":\"ETH/USDT\",\"time\":NOW}", "100008"),
        ("{\"orderId\":\"ID\",\"symbol\":\"BTC/USDT\",\"time\":NOW,\"id\":\"-\"}", "300006"), ("", "150001"),
    ])
    func `a cancel that breaks a rule cancels nothing`(template: String, code: String) throws {
        let caller = try AscendEXCaller()
        let id = try caller.place("int000001a1")
        let body = template.replacing("NOW", with: String(caller.bench.nowMs)).replacing("ID", with: id)
        #expect(try caller.calm("DELETE", "order", body: body).text("code") == code)
        caller.bench.nowMs += 100
        #expect(try caller.status(id).text("status") == "New")
    }

    @Test func `one finished order among a batch of cancels, and none is cancelled`() throws {
        let caller = try AscendEXCaller()
        let live = try caller.place("int000001a1")
        let done = try caller.place("int000001a2")
        try caller.fill("int000001a2", nil)
        let answer = try caller.calm("DELETE", "order/batch", body: caller.batch([caller.cancel(live), caller.cancel(done)]))
        #expect(answer.text("code") == "300013")
        #expect(answer.text("action") == "batch-cancel-order")
        #expect(answer.at("info").array?.map { $0.text("code") } == ["300013", "300006"])
        #expect(answer.text("info.1.message") == "The order is already filled or canceled.")
        #expect(answer.text("info.1.orderId") == done)
        #expect(try caller.status(live).text("status") == "New")
        let fine = try caller.calm("DELETE", "order/batch", body: caller.batch([caller.cancel(live)]))
        #expect(fine.text("code") == "0")
        #expect(try caller.status(live).text("status") == "Canceled")
        #expect(try caller.calm("DELETE", "order/batch", body: caller.batch((0..<11).map { caller.cancel("a\($0)") })).text("code") == "300013")
    }

    @Test func `cancel all takes what the engine has, by symbol or everything`() throws {
        let caller = try AscendEXCaller()
        let btc = try caller.place("int000001a1")
        let eth = try caller.place("int000001a2", ["symbol": "\"ETH/USDT\"", "orderPrice": "\"1900\""])
        #expect(try caller.calm("DELETE", "order/all", body: "{\"symbol\":\"DOGE/USDT\"}").text("code") == "300012")
        _ = try caller.calm("DELETE", "order/all", body: "{\"symbol\":\"BTC/USDT\"}")
        #expect(try caller.status(btc + "," + eth).array?.map { $0.text("status") } == ["Canceled", "New"])
        let late = try #require(try caller.send("POST", "order", body: caller.order("int000001a3")).json.text("data.info.orderId"))
        #expect(try caller.send("DELETE", "order/all", body: "{}").json.text("data.action") == "cancel-all")
        #expect(try caller.status(eth + "," + late).array?.map { $0.text("status") } == ["Canceled", "New"])
    }
}
