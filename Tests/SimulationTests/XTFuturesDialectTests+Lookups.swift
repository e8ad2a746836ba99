import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `XT futures look-ups` {
    typealias Caller = XTFuturesCaller

    @Test func `an unknown order is a success without result`() throws {
        let answer = try Caller().calm("GET", "detail", query: [("orderId", "17")])
        #expect(answer.failure == nil && answer["result"] == .null)
        #expect(try Caller().calm("GET", "detail").failure == "invalid_params")
    }

    @Test func `a row has the page's fields, the size of a contract as a number and ids as text`() throws {
        let caller = try Caller()
        let id = try caller.place("o_000018_00", ["triggerProfitPrice": "\"45000\""])
        let row = try caller.calm("GET", "detail", query: [("orderId", id)]).at("result")
        let names = [
            "orderId", "clientOrderId", "symbol", "contractSize", "orderType", "orderSide", "positionSide", "positionType", "timeInForce",
            "closePosition", "price", "origQty", "avgPrice", "executedQty", "marginFrozen", "remark", "sourceId", "sourceType", "forceClose",
            "leverage", "openPrice", "closeProfit", "state", "createdTime", "updatedTime", "triggerProfitPrice", "triggerStopPrice", "markPrice",
            "systemCancel", "profit",
        ]
        #expect(row.object?.map(\.key) == names)
        #expect(row.at("contractSize") == .number("0.0001") && row.at("orderId") == .string(id))
        // 10 contracts of 0.0001 at 39000, a twentieth of it.
        #expect(row.text("marginFrozen") == "1.95" && row.text("state") == "NEW" && row.text("triggerProfitPrice") == "45000")
    }

    @Test func `an order is found by client id among open or done ones, never both`() throws {
        let caller = try Caller()
        let id = try caller.place("o_000018_00")
        #expect(try caller.listed("o_000018_00", "UNFINISHED") == ["NEW"])
        #expect(try caller.listed("o_000018_00", "HISTORY").isEmpty)
        try caller.fill("o_000018_00", "4")
        #expect(try caller.listed("o_000018_00", "UNFINISHED") == ["PARTIALLY_FILLED"])
        _ = try caller.calm("POST", "cancel", body: "{\"orderId\":\"\(id)\"}")
        #expect(try caller.listed("o_000018_00", "UNFINISHED").isEmpty)
        #expect(try caller.listed("o_000018_00", "HISTORY") == ["PARTIALLY_CANCELED"])
        #expect(try caller.calm("GET", "list", query: [("state", "OPEN")]).failure == "invalid_params")
    }

    @Test(arguments: [("new", []), ("all", ["PARTIALLY_FILLED"])])
    func `a list without a state shows new orders only, and so hides what is filled in part`(mode: String, found: [String]) throws {
        let caller = try Caller(["list_default_state": mode])
        try caller.place("o_000018_00")
        #expect(try caller.listed("o_000018_00", nil) == ["NEW"])
        try caller.fill("o_000018_00", "4")
        #expect(try caller.listed("o_000018_00", nil) == found)
    }

    @Test(arguments: [("exact", ["order_1"]), ("parts", ["order_12", "order_1"])])
    func `a client id is found as it stands, or as a part of others`(mode: String, found: [String]) throws {
        let caller = try Caller(["client_id_filter": mode])
        for id in ["order_1", "order_12", "order_2"] { try caller.place(id) }
        let answer = try caller.calm("GET", "list", query: [("clientOrderId", "order_1"), ("state", "UNFINISHED")])
        #expect(answer.at("result.items").array?.compactMap { $0.text("clientOrderId") } == found)
    }

    @Test func `numbered pages slip where an order comes between two of them`() throws {
        let caller = try Caller()
        for number in 0..<5 { try caller.place("order_\(number)") }
        func page(_ number: Int) throws -> [String] {
            let answer = try caller.calm("GET", "list", query: [("state", "UNFINISHED"), ("page", String(number)), ("size", "2")])
            #expect(answer.text("result.ps") == "2" && answer.text("result.page") == String(number))
            return answer.at("result.items").array?.compactMap { $0.text("clientOrderId") } ?? []
        }
        #expect(try page(1) == ["order_4", "order_3"])
        let gone = try caller.order("order_4").id
        _ = try caller.calm("POST", "cancel", body: "{\"orderId\":\"\(gone)\"}")
        // The third was never shown.
        #expect(try page(2) == ["order_1", "order_0"])
        #expect(try caller.calm("GET", "list", query: [("size", "101")]).failure == "invalid_size")
        #expect(try caller.calm("GET", "list", query: [("page", "0")]).failure == "invalid_page")
    }

    @Test func `open orders come in one answer, of a market or of the whole line`() throws {
        let caller = try Caller()
        for number in 0..<12 { try caller.place("order_\(number)") }
        try caller.place("order_eth", ["symbol": "\"eth_usdt\"", "price": "\"1900\""])
        func count(_ body: String) throws -> Int? { try caller.calm("POST", "list-open-order", body: body).at("result").array?.count }
        #expect(try count("{}") == 13 && count(#"{"symbol":"btc_usdt"}"#) == 12)
        #expect(try caller.other("coin").calm("POST", "list-open-order", body: "{}").at("result").array?.isEmpty == true)
    }

    @Test(arguments: ["newest", "oldest"], ["exclusive", "inclusive"])
    func `the history is walked by cursor in either order, and holds what ended`(order: String, cursor: String) throws {
        let caller = try Caller(["history_order": order, "cursor": cursor])
        let ids = try (0..<5).map { try caller.place("order_\($0)") }
        for id in ids { _ = try caller.calm("POST", "cancel", body: "{\"orderId\":\"\(id)\"}") }
        try caller.place("still_open")
        var (found, last, next): ([String], String?, Bool?) = ([], nil, true)
        while next == true, found.count < 12 {
            let query = [("limit", "2"), ("direction", "NEXT")] + (last.map { [("id", $0)] } ?? [])
            let answer = try caller.calm("GET", "list-history", query: query)
            let page = answer.at("result.items").array?.compactMap { $0.text("orderId") } ?? []
            #expect((page.first == last) == (cursor == "inclusive" && last != nil))
            found += page.first == last ? Array(page.dropFirst()) : page
            (last, next) = (page.last, answer.at("result.hasNext").bool)
        }
        #expect(found == (order == "newest" ? ids.reversed() : ids))
        let back = try caller.calm("GET", "list-history", query: [("direction", "PREV"), ("id", ids[2]), ("limit", "1")])
        let before = order == "newest" ? ids[3] : ids[1]
        #expect(back.text("result.items.0.orderId") == (cursor == "inclusive" ? ids[2] : before))
        #expect(back.at("result.hasPrev").bool == true)
        #expect(try caller.calm("GET", "list-history", query: [("limit", "101")]).failure == "invalid_params")
        #expect(try caller.calm("GET", "list-history", query: [("direction", "UP")]).failure == "invalid_params")
    }

    @Test(arguments: [("all", 4), ("few", 2)])
    func `the history may know of no more than what was filled or canceled whole`(mode: String, count: Int) throws {
        let caller = try Caller(["history_states": mode, "batch": "rejected_rows"])
        for id in ["filled", "canceled", "in_part"] { try caller.place(id) }
        try caller.fill("filled")
        try caller.fill("in_part", "4")
        _ = try caller.calm("POST", "cancel-all", body: #"{"symbol":""}"#)
        _ = try caller.placeAll([Caller.order("rejected", Caller.tooDear)])
        #expect(try caller.calm("GET", "list-history").at("result.items").array?.count == count)
        #expect(try caller.calm("GET", "list", query: [("state", "HISTORY")]).text("result.total") == String(count))
    }

    @Test func `executions of one order are paged by number and told in contracts`() throws {
        let caller = try Caller()
        let id = try caller.place("o_000018_00")
        try caller.place("o_000018_01")
        try caller.fill("o_000018_01")
        for _ in 0..<3 { try caller.fill("o_000018_00", "1") }
        func page(_ number: Int) throws -> [JSON] {
            let answer = try caller.calm("GET", "trade-list", query: [("orderId", id), ("page", String(number)), ("size", "2")])
            #expect(answer.text("result.total") == "3")
            return answer.at("result.items").array ?? []
        }
        let rows = try page(1) + page(2)
        #expect(rows.count == 3 && Set(rows.compactMap { $0.text("execId") }).count == 3)
        #expect(rows.allSatisfy { $0.text("orderId") == id && $0.text("quantity") == "1" && $0.text("takerMaker") == "MAKER" })
        // A contract of 0.0001 btc at 39000, a thousandth of it.
        #expect(rows[0].text("fee") == "0.0039" && rows[0].text("feeCoin") == "usdt" && rows[0].text("contractSize") == "0.0001")
        // The platform's other pages have cursors here; XT's have none.
        #expect(try caller.calm("GET", "trade-list", query: [("fromId", "1")]).failure == "invalid_params")
    }

    @Test(arguments: [("expired", "EXPIRED"), ("canceled", "CANCELED")])
    func `states tell how an order ended, and what a time in force ends in is a switch`(mode: String, state: String) throws {
        let caller = try Caller(["unfilled_end": mode])
        try caller.place("gtx_cross", ["price": "\"41000\""])
        #expect(try caller.listed("gtx_cross", "HISTORY") == [state])
        try caller.place("ioc_short", ["timeInForce": "\"IOC\""])
        #expect(try caller.listed("ioc_short", "HISTORY") == [state])
        let id = try caller.place("market_one", ["orderType": "\"MARKET\"", "price": nil, "timeInForce": nil])
        let row = try caller.calm("GET", "detail", query: [("orderId", id)]).at("result")
        #expect([row.text("state"), row.text("price"), row.text("timeInForce")] == ["FILLED", "0", "IOC"])
    }

    @Test func `a visibility lag hides a fresh order from every look-up for a while`() throws {
        let caller = try Caller(["visibility_lag_ms": "4000"])
        let id = try caller.place("o_000018_00")
        #expect(try caller.listed("o_000018_00", "UNFINISHED").isEmpty)
        #expect(try caller.calm("GET", "detail", query: [("orderId", id)])["result"] == .null)
        #expect(try caller.calm("POST", "list-open-order", body: "{}").at("result").array?.isEmpty == true)
        #expect(try caller.listed("o_000018_00", "UNFINISHED") == ["NEW"])
    }

    @Test func `what was filled in part and canceled is listed for five minutes, with what was canceled`() throws {
        let caller = try Caller()
        let path = "/future/trade/v2/order/partial-canceled-orders"
        for id in ["in_part", "whole"] { try caller.place(id) }
        try caller.fill("in_part", "4")
        _ = try caller.calm("POST", "cancel-all", body: #"{"symbol":""}"#)
        let asked = [("symbol", "btc_usdt"), ("page", "1"), ("size", "10")]
        let answer = try caller.calm("GET", path, query: asked)
        #expect(answer.text("result.total") == "1" && answer.text("result.items.0.canceledQty") == "6")
        for name in ["symbol", "page", "size"] {
            #expect(try caller.calm("GET", path, query: asked.filter { $0.0 != name }).failure == "invalid_params", "\(name)")
        }
        let long = [("startTime", String(caller.bench.nowMs - 300_001)), ("endTime", String(caller.bench.nowMs))]
        #expect(try caller.calm("GET", path, query: asked + long).failure == "invalid_params")
        caller.bench.nowMs += 300_000
        #expect(try caller.calm("GET", path, query: asked).text("result.total") == "0")
    }

    @Test func `quantities may count base coins instead of contracts`() throws {
        let caller = try Caller(["quantity_unit": "base"])
        #expect(try caller.calm("POST", "create", body: Caller.order("o_000018_00", ["origQty": "\"0.00015\""])).failure == "invalid_quantity_scale")
        try caller.place("o_000018_00", ["origQty": "\"0.001\""])
        let row = try caller.bench.send(HTTPRequest("GET", "/future/market/v1/public/symbol/detail?symbol=btc_usdt")).json
        #expect(row.text("result.quantityPrecision") == "4" && row.text("result.minQty") == "0.0001")
    }
}
