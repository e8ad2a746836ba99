import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `XT spot look-ups` {
    @Test func `an unknown order is a code, or a success without result`() throws {
        #expect(try XTCaller().calm("GET", "/v4/order", query: [("clientOrderId", "nobody")]).text("mc") == "ORDER_005")
        let caller = try XTCaller(["unknown_order": "null"])
        let answer = try caller.calm("GET", "/v4/order/17")
        #expect(answer.text("rc") == "0")
        #expect(answer["result"] == .null)
        #expect(try caller.calm("GET", "/v4/order").text("mc") == "ORDER_001")
    }

    @Test func `an order of another account is unknown`() throws {
        let caller = try XTCaller()
        let id = try caller.place("o_000017_00")
        let other = try caller.bench.account("xt-spot", "margin")
        #expect(try caller.bench.send(caller.bench.xt(other, "GET", "/v4/order/\(id)")).json.text("mc") == "ORDER_005")
        #expect(try caller.bench.send(caller.bench.xt(other, "DELETE", "/v4/order/\(id)")).json.text("mc") == "ORDER_005")
    }

    @Test func `a visibility lag hides a fresh order from every look-up for a while`() throws {
        let caller = try XTCaller(["visibility_lag_ms": "3000"])
        _ = try caller.place("o_000017_00")
        #expect(try caller.calm("GET", "/v4/order", query: [("clientOrderId", "o_000017_00")]).text("mc") == "ORDER_005")
        #expect(try caller.calm("GET", "/v4/open-order").at("result").array?.isEmpty == true)
        caller.bench.nowMs += 1_000
        #expect(try caller.calm("GET", "/v4/order", query: [("clientOrderId", "o_000017_00")]).text("result.state") == "NEW")
    }

    @Test func `several orders are asked for at once, and unknown ones are missing`() throws {
        let caller = try XTCaller()
        let ids = try (0..<3).map { try caller.place("order_\($0)") }
        let answer = try caller.calm("GET", "/v4/batch-order", query: [("orderIds", ids[2] + ",17," + ids[0])])
        #expect(answer.at("result").array?.compactMap { $0["orderId"]?.string } == [ids[2], ids[0]])
        caller.bench.nowMs += 1_001
        #expect(try caller.send("GET", "/v4/batch-order", query: [("orderIds", (0...150).map(String.init).joined(separator: ","))]).status == 414)
        #expect(try caller.calm("GET", "/v4/batch-order", query: [("orderIds", "1,,2")]).text("mc") == "ORDER_001")
    }

    @Test func `open orders go by symbol, kind and side`() throws {
        let caller = try XTCaller()
        _ = try caller.place("buy_btc")
        _ = try caller.place("sell_btc", ["side": "\"SELL\"", "price": "\"41000\""])
        _ = try caller.place("buy_eth", ["symbol": "\"eth_usdt\"", "price": "\"1900\""])
        func open(_ query: [(String, String)]) throws -> [String] {
            try caller.calm("GET", "/v4/open-order", query: query).at("result").array?.compactMap { $0["clientOrderId"]?.string }.sorted() ?? ["?"]
        }
        #expect(try open([]) == ["buy_btc", "buy_eth", "sell_btc"])
        #expect(try open([("symbol", "btc_usdt"), ("bizType", "SPOT")]) == ["buy_btc", "sell_btc"])
        #expect(try open([("side", "SELL")]) == ["sell_btc"])
        #expect(try caller.calm("GET", "/v4/open-order", query: [("bizType", "CASH")]).text("mc") == "ORDER_001")
        #expect(try caller.calm("GET", "/v4/open-order", query: [("page", "2")]).text("mc") == "ORDER_001")
    }

    @Test func `fills show in order, leaves and trades`() throws {
        let caller = try XTCaller()
        let id = try caller.place("o_000017_00", ["quantity": "\"0.01\""])
        try caller.fill("o_000017_00", "0.004")
        var order = try caller.calm("GET", "/v4/order/\(id)").at("result")
        #expect(order.text("state") == "PARTIALLY_FILLED")
        #expect(order.text("executedQty") == "0.004000")
        #expect(order.text("leavingQty") == "0.006000")
        #expect(order.text("tradeQuote") == "156.002")
        #expect(order.text("avgPrice") == "39000.50")
        _ = try caller.calm("DELETE", "/v4/order/\(id)")
        order = try caller.calm("GET", "/v4/order/\(id)").at("result")
        #expect(order.text("state") == "CANCELED")
        #expect(order.text("executedQty") == "0.004000")
        // Zero once cancelled: it does not tell what was cancelled.
        #expect(order.text("leavingQty") == "0.000000")
        let trades = try caller.calm("GET", "/v4/trade", query: [("orderId", id)]).at("result.items").array ?? []
        #expect(trades.count == 1)
        #expect(trades.first?.text("quantity") == "0.004000")
        #expect(trades.first?.text("takerMaker") == "MAKER")
        #expect(trades.first?.text("bizType") == "SPOT")
    }

    @Test(arguments: [false, true])
    func `the history is walked by cursor in both directions without a gap`(isInclusive: Bool) throws {
        let caller = try XTCaller(isInclusive ? ["cursor": "inclusive"] : [:])
        var ids = try (0..<7).map { try caller.place("order_\($0)") }
        for id in ids { _ = try caller.calm("DELETE", "/v4/order/\(id)") }
        _ = try caller.place("still_new")
        ids.reverse()
        func walk(from start: String?, _ direction: String) throws -> [String] {
            var (cursor, found) = (start, [String]())
            for _ in 0..<20 {
                var query = [("limit", "3"), ("direction", direction)]
                if let cursor { query.append(("fromId", cursor)) }
                let page = try caller.calm("GET", "/v4/history-order", query: query)
                let rows = page.at("result.items").array?.compactMap { $0["orderId"]?.string } ?? []
                let new = rows.filter { !found.contains($0) }
                found += direction == "NEXT" ? new : new.reversed()
                cursor = direction == "NEXT" ? rows.last : rows.first
                if page.at("result." + (direction == "NEXT" ? "hasNext" : "hasPrev")).bool != true || new.isEmpty { break }
            }
            return found
        }
        #expect(try walk(from: nil, "NEXT") == ids)
        let back = try walk(from: ids.last, "PREV")
        #expect(back == (isInclusive ? ids : Array(ids.dropLast())).reversed())
    }

    @Test func `the history never shows NEW, and filters by state, time and hiding`() throws {
        let caller = try XTCaller()
        _ = try caller.place("still_new")
        _ = try caller.place("part_open")
        try caller.fill("part_open", "0.001")
        _ = try caller.place("filled_one")
        try caller.fill("filled_one", nil)
        let id = try caller.place("cancel_one")
        _ = try caller.calm("DELETE", "/v4/order/\(id)")
        func found(_ query: [(String, String)]) throws -> [String] {
            try caller.calm("GET", "/v4/history-order", query: query).at("result.items").array?.compactMap { $0["clientOrderId"]?.string } ?? ["?"]
        }
        #expect(try found([]) == ["cancel_one", "filled_one", "part_open"])
        #expect(try found([("state", "FILLED")]) == ["filled_one"])
        #expect(try found([("hiddenCanceled", "true")]) == ["filled_one", "part_open"])
        #expect(try found([("startTime", String(caller.bench.nowMs))]).isEmpty)
        #expect(try found([("symbol", "eth_usdt")]).isEmpty)
        for query in [("state", "NEW"), ("limit", "101"), ("limit", "0"), ("direction", "UP"), ("fromId", "x"), ("page", "1")] {
            #expect(try caller.calm("GET", "/v4/history-order", query: [query]).text("mc") == "ORDER_001", "\(query)")
        }
    }

    @Test func `fills are walked by cursor`() throws {
        let caller = try XTCaller()
        _ = try caller.place("o_000017_00")
        for _ in 0..<5 { try caller.fill("o_000017_00", "0.001") }
        let first = try caller.calm("GET", "/v4/trade", query: [("limit", "2")])
        #expect(first.at("result.hasNext").bool == true)
        #expect(first.at("result.hasPrev").bool == false)
        let last = try #require(first.text("result.items.1.tradeId"))
        let rest = try caller.calm("GET", "/v4/trade", query: [("limit", "3"), ("fromId", last), ("direction", "NEXT")])
        #expect(rest.at("result.items").array?.count == 3)
        #expect(rest.at("result.hasNext").bool == false)
        #expect(rest.at("result.hasPrev").bool == true)
    }

    @Test func `balances are told for the coins asked for`() throws {
        let caller = try XTCaller(["balance": "12.5"])
        let answer = try caller.calm("GET", "/v4/balances", query: [("currencies", "usdt,btc")])
        #expect(answer.at("result.assets").array?.compactMap { $0["currency"]?.string } == ["btc", "usdt"])
        #expect(answer.text("result.assets.0.availableAmount") == "12.5")
        #expect(try caller.calm("POST", "/v4/order", body: XTCaller.order("o_000017_00")).text("mc") == "ORDER_002")
    }
}
