import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `Look-ups at the simulated Bybit` {
    private static let dayMs: Int64 = 86_400_000

    @Test func `a page of open orders goes on behind its cursor as it stands, and no other spelling of it`() throws {
        let caller = try BybitCaller()
        for part in 0..<2 {
            caller.wait(1_001)
            _ = try caller.batch("create", (0..<6).map { caller.item("a\(part)\($0)") })
        }
        caller.wait(25)
        let target = "/v5/order/realtime?category=linear&settleCoin=USDT&limit=5"
        var (seen, pages): ([String], Int) = ([], 0)
        var cursor = ""
        repeat {
            let page = try caller.get(target + (cursor.isEmpty ? "" : "&cursor=" + cursor))
            seen += page.texts("orderLinkId")
            cursor = try #require(page.at("result", "nextPageCursor")?.string)
            pages += 1
            if !cursor.isEmpty {
                #expect(cursor.contains("%3A") && cursor.contains("%2C"))
                #expect(try caller.get(target + "&cursor=" + percentEncoded(cursor)).retCode == 10_001, "encoded once more")
            }
        } while !cursor.isEmpty && pages < 9
        #expect(pages == 3 && seen == (0..<12).map { "a\($0 / 6)\($0 % 6)" }.reversed())
        #expect(try caller.get("/v5/order/realtime?category=linear").retCode == 10_001, "linear wants a scope")
        #expect(try caller.get("/v5/order/realtime?category=linear&settleCoin=USDC").rows.isEmpty)
        #expect(try caller.get("/v5/order/realtime?category=inverse").rows.isEmpty)
        #expect(try caller.get("/v5/order/realtime?settleCoin=USDT").retCode == 10_001)
        #expect(try caller.get("/v5/order/realtime?category=linear&settleCoin=USDT&odd=1").retCode == 10_001)
    }

    @Test func `by id the real-time page knows what closed lately, as many as its buffer holds`() throws {
        let caller = try BybitCaller("linear", ["recent_closed": "2"])
        try caller.place("a", "b", "c")
        for id in ["a", "b", "c"] {
            _ = try caller.batch("cancel", [caller.named(id)])
            caller.wait(25)
        }
        #expect(try ["a", "b", "c"].map { try caller.find($0)?["orderStatus"]?.string } == [nil, "Cancelled", "Cancelled"])
        #expect(try caller.get("/v5/order/realtime?category=linear&symbol=BTCUSDT").rows.isEmpty)
        #expect(try caller.find("a", in: "order/history")?["orderStatus"]?.string == "Cancelled")
        let restarted = try BybitCaller("linear", ["recent_closed": "0"])
        try restarted.place("a")
        _ = try restarted.batch("cancel", [restarted.named("a")])
        restarted.wait(25)
        #expect(try restarted.find("a") == nil)
    }

    @Test func `what ended without a trade is forgotten after a day, what traded is not`() throws {
        let caller = try BybitCaller()
        try caller.place("a", "b")
        try caller.exchange.fill(try caller.bench.order("bybit", clientID: "b"), quantity: Decimal("0.001"), at: caller.bench.nowMs * 1_000)
        _ = try caller.batch("cancel", [caller.named("a"), caller.named("b")])
        caller.wait(25)
        #expect(try caller.find("a", in: "order/history") != nil && caller.find("b", in: "order/history")?["orderStatus"]?.string == "Cancelled")
        caller.wait(Self.dayMs)
        #expect(try caller.find("a", in: "order/history") == nil && caller.find("b", in: "order/history") != nil)
        caller.wait(7 * Self.dayMs)
        #expect(try caller.find("b", in: "order/history") == nil, "behind the window of a week")
        let start = caller.bench.nowMs - 9 * Self.dayMs
        func span(_ days: Int64) throws -> JSON {
            try caller.get("/v5/order/history?category=linear&orderLinkId=b&startTime=\(start)&endTime=\(start + days * Self.dayMs)")
        }
        #expect(try span(7).texts("orderLinkId") == ["b"] && span(8).retCode == 10_001)
    }

    @Test func `history lags, and may show what is open`() throws {
        let late = try BybitCaller("spot", ["history_lag_ms": "15000"])
        try late.place("a")
        try late.exchange.fill(try late.bench.order("bybit", clientID: "a"), at: late.bench.nowMs * 1_000)
        #expect(try late.find("a")?["orderStatus"]?.string == "Filled" && late.find("a", in: "order/history") == nil)
        late.wait(15_000)
        #expect(try late.find("a", in: "order/history")?["orderStatus"]?.string == "Filled")
        let open = try BybitCaller("spot", ["history_open": "on"])
        try open.place("a")
        #expect(try open.find("a", in: "order/history")?["orderStatus"]?.string == "New")
        #expect(try BybitCaller("spot").find("a", in: "order/history") == nil)
    }

    @Test(arguments: [("spot", "PartiallyFilledCanceled", 19), ("linear", "Cancelled", 36)])
    func `states and ids are in the words of each line of business`(category: String, word: String, length: Int) throws {
        let caller = try BybitCaller(category)
        try caller.place("a")
        let order = try caller.bench.order("bybit", clientID: "a")
        #expect(order.id.utf8.count == length)
        try caller.exchange.fill(order, quantity: Decimal("0.001"), at: caller.bench.nowMs * 1_000)
        #expect(try caller.find("a")?["orderStatus"]?.string == "PartiallyFilled")
        _ = try caller.batch("cancel", [caller.named("a")])
        caller.wait(25)
        #expect(try caller.find("a")?["orderStatus"]?.string == word && caller.find("a")?["cancelType"]?.string == "CancelByUser")
        #expect(try caller.get("/v5/order/realtime?category=\(category)&orderId=\(order.id)").texts("orderLinkId") == ["a"])
        let other = category == "spot" ? "linear" : "spot"
        #expect(try caller.get("/v5/order/realtime?category=\(other)&orderLinkId=a").rows.isEmpty)
    }

    @Test func `history can be asked for one word of state, and knows no other words`() throws {
        let caller = try BybitCaller()
        try caller.place("a", "b")
        try caller.exchange.fill(try caller.bench.order("bybit", clientID: "b"), at: caller.bench.nowMs * 1_000)
        _ = try caller.batch("cancel", [caller.named("a")])
        caller.wait(25)
        func history(_ status: String) throws -> JSON { try caller.get("/v5/order/history?category=linear&orderStatus=" + status) }
        #expect(try history("Filled").texts("orderLinkId") == ["b"] && history("Cancelled").texts("orderLinkId") == ["a"])
        #expect(try history("Rejected").rows.isEmpty && history("Gone").retCode == 10_001)
    }

    @Test func `inverse contracts are dollars, worth and paid for in their coin`() throws {
        let caller = try BybitCaller("inverse")
        _ = try caller.batch("create", [caller.item("a", price: "50000", qty: "1000")])
        caller.wait(25)
        #expect(try caller.find("a")?["leavesValue"]?.string == "0.02")
        try caller.exchange.fill(try caller.bench.order("bybit", clientID: "a"), quantity: Decimal("300"), at: caller.bench.nowMs * 1_000)
        let order = try #require(try caller.find("a"))
        #expect(["avgPrice", "cumExecQty", "cumExecValue", "cumExecFee"].map { order[$0]?.string } == ["50000", "300", "0.006", "0.000006"])
        #expect(order["cumFeeDetail"]?["BTC"]?.string == "0.000006")
        let execution = try #require(try caller.get("/v5/execution/list?category=inverse").rows.first)
        #expect(["execValue", "execFee", "feeCurrency"].map { execution[$0]?.string } == ["0.006", "0.000006", "BTC"])
    }

    @Test func `executions are listed by order, by id and by page`() throws {
        let caller = try BybitCaller()
        try caller.place("a", "b")
        let order = try caller.bench.order("bybit", clientID: "a")
        for _ in 0..<3 { try caller.exchange.fill(order, quantity: Decimal("0.001"), at: caller.bench.nowMs * 1_000) }
        try caller.exchange.fill(try caller.bench.order("bybit", clientID: "b"), at: caller.bench.nowMs * 1_000)
        let page = try caller.get("/v5/execution/list?category=linear&orderLinkId=a&limit=2")
        let cursor = try #require(page.at("result", "nextPageCursor")?.string)
        let rest = try caller.get("/v5/execution/list?category=linear&orderLinkId=a&limit=2&cursor=\(cursor)")
        #expect(page.rows.count == 2 && rest.rows.count == 1 && rest.at("result", "nextPageCursor")?.string == "")
        #expect(Set((page.rows + rest.rows).compactMap { $0["execId"]?.string }).count == 3)
        #expect(page.rows[0]["execType"]?.string == "Trade" && page.rows[0]["isMaker"]?.bool == true && page.rows[0]["feeCurrency"]?.string == "USDT")
        #expect(try caller.get("/v5/execution/list?category=linear").rows.count == 4)
    }

    /// By a fault of the door the second page comes with half of its rows, and a cursor from which the rest can be asked for.
    @Test func `a page that was cut short names the row that it was cut behind`() throws {
        let caller = try BybitCaller()
        _ = try caller.batch("create", (0..<9).map { caller.item("a\($0)") })
        caller.wait(25)
        caller.bench.world.setFaults(
            try FaultPlan.read(Array(#"[{endpoint: "realtime", first: 1, fault: {type: "contradicting_page", how: "short"}}]"#.utf8)).rules)
        let target = "/v5/order/realtime?category=linear&settleCoin=USDT&limit=8"
        let first = try caller.get(target)
        let cursor = try #require(first.at("result", "nextPageCursor")?.string)
        let second = try caller.get(target + "&cursor=" + cursor)
        #expect(first.rows.count == 4 && (first.texts("orderLinkId") + second.texts("orderLinkId")) == (0..<9).map { "a\($0)" }.reversed())
    }
}
