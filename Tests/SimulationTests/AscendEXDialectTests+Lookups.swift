import Testing
import Wire

@testable import Simulator

@Suite struct `AscendEX look-ups` {
    @Test func `one id brings an object, one with a comma a list, and unknown ids are missing`() throws {
        let caller = try AscendEXCaller()
        let ids = try ["int000001a1", "int000001a2"].map { try caller.place($0) }
        #expect(try caller.status(ids[0]).text("orderId") == ids[0])
        #expect(try caller.status(ids[0] + ",").array?.map { $0.text("orderId") } == [ids[0]])
        #expect(try caller.status("a1," + ids[1] + "," + ids[0]).array?.map { $0.text("orderId") } == [ids[1], ids[0]])
        #expect(try caller.status("a1,").array?.isEmpty == true)
    }

    @Test func `a single unknown id is null, an empty object or a code`() throws {
        func answer(_ mode: String) throws -> JSON {
            try AscendEXCaller(["unknown_status": mode]).calm("GET", "order/status", query: [("orderId", "a1")])
        }
        #expect(try answer("null")["data"] == .null)
        #expect(try answer("empty")["data"] == .object([]))
        #expect(try answer("code").text("code") == "100002")
    }

    @Test func `a status names at most 1000 characters of ids`() throws {
        let caller = try AscendEXCaller()
        let id = try caller.place("int000001a1")
        let thirty = Array(repeating: id, count: 30).joined(separator: ",")
        #expect(try caller.status(thirty).array?.count == 30)
        let more = try caller.calm("GET", "order/status", query: [("orderId", thirty + "," + id)])
        #expect(more.text("code") == "100004")
        #expect(more.text("message") == "orderId length must be between 0 and 1000")
        #expect(try caller.calm("GET", "order/status").text("code") == "100004")
        caller.bench.nowMs += 1_001
        #expect(try caller.send("GET", "order/status", query: [("orderId", String(repeating: "a", count: 2_048))]).status == 414)
    }

    @Test func `an order shows in its own account and category only`() throws {
        let caller = try AscendEXCaller()
        let id = try caller.place("int000001a1")
        let other = try caller.bench.account("ascendex", "margin")
        let request = caller.bench.ascendex(other, "GET", "/6/api/pro/v1/margin/order/status", signing: "order/status", query: [("orderId", id)])
        #expect(try caller.bench.send(request).json.at("data").isNull)
        #expect(try caller.calm("GET", "order/open", query: [("symbol", "ETH/USDT")]).at("data").array?.isEmpty == true)
        #expect(try caller.calm("GET", "order/open", query: [("symbol", "DOGE/USDT")]).text("code") == "300012")
    }

    @Test func `one account's cash and margin orders do not see each other`() throws {
        let account = SimAccount(venue: "ascendex", products: ["cash", "margin"], uid: "U0123456789", key: "k", secret: "s", name: "both")
        let bench = try DialectBench(["ascendex/engine_delay_ms": "0"], accounts: [account])
        let body =
            "{\"id\":\"int000001a1\",\"time\":1700000000100,\"symbol\":\"BTC/USDT\",\"orderPrice\":\"34000\",\"orderQty\":\"0.1\",\"orderType\":\"limit\",\"side\":\"buy\"}"
        func send(_ method: String, _ category: String, _ path: String, query: [(String, String)] = [], body: String = "") throws -> JSON {
            try bench.send(bench.ascendex(account, method, "/6/api/pro/v1/\(category)/\(path)", signing: path, query: query, body: body)).json
        }
        let id = try #require(try send("POST", "margin", "order", body: body).text("data.info.orderId"))
        // The page's own example of a derived id (3.1).
        #expect(id == "a18bcfe56864U0123456789t000001a1")
        let cancel = "{\"orderId\":\"\(id)\",\"symbol\":\"BTC/USDT\",\"time\":1700000000100}"
        #expect(try send("GET", "cash", "order/status", query: [("orderId", id)]).at("data").isNull)
        #expect(try send("GET", "cash", "order/open").at("data").array?.isEmpty == true)
        #expect(try send("DELETE", "cash", "order", body: cancel).text("code") == "300019")
        #expect(try send("GET", "margin", "order/status", query: [("orderId", id)]).text("data.status") == "New")
        #expect(try send("DELETE", "margin", "order", body: cancel).text("code") == "0")
    }

    @Test func `fills show as sums that only grow, under rising sequence numbers`() throws {
        let caller = try AscendEXCaller()
        let id = try caller.place("int000001a1")
        var numbers = [try #require(try caller.status(id).at("seqNum").integer)]
        for (part, filled, state) in [("0.04", "0.04", "PartiallyFilled"), ("0.06", "0.1", "Filled")] {
            try caller.fill("int000001a1", part)
            let row = try caller.status(id)
            #expect(row.text("status") == state)
            #expect(row.text("cumFilledQty") == filled)
            #expect(row.text("avgPx") == "34000")
            #expect(row.text("feeAsset") == "USDT")
            numbers.append(try #require(row.at("seqNum").integer))
        }
        #expect(numbers == numbers.sorted())
        #expect(Set(numbers).count == 3)
    }

    @Test func `recent orders are finished ones, the last to finish first`() throws {
        let caller = try AscendEXCaller()
        let ids = try ["int000001a1", "int000001a2", "int000001a3"].map { try caller.place($0) }
        try caller.fill("int000001a3", nil)
        _ = try caller.calm("DELETE", "order", body: caller.cancel(ids[0]))
        func recent(_ query: [(String, String)]) throws -> [String?] {
            try caller.calm("GET", "order/hist/current", query: query).at("data").array?.map { $0.text("orderId") } ?? ["?"]
        }
        #expect(try recent([]) == [ids[0], ids[2]])
        #expect(try recent([("n", "1")]) == [ids[0]])
        #expect(try recent([("executedOnly", "true")]) == [ids[2]])
        #expect(try recent([("symbol", "ETH/USDT")]).isEmpty)
        #expect(try caller.calm("GET", "order/hist/current", query: [("n", "0")]).text("code") == "100004")
    }

    @Test func `the history is walked by sequence number, oldest first, without a gap`() throws {
        let caller = try AscendEXCaller()
        let ids = try (0..<7).map { try caller.place("int00000\($0)a") }
        // They finish in another order than they came.
        for id in [3, 0, 6, 1, 2, 5, 4].map({ ids[$0] }) { _ = try caller.calm("DELETE", "order", body: caller.cancel(id)) }
        _ = try caller.place("int000008a")
        var (found, next): ([String], Int64) = ([], 1)
        for _ in 0..<10 {
            let query = [("account", "cash"), ("seqNum", String(next)), ("limit", "3")]
            let rows = try caller.calm("GET", "data/v2/order/hist", query: query).at("data").array ?? []
            if rows.isEmpty { break }
            found += rows.compactMap { $0.text("orderId") }
            next = try #require(rows.last?.at("seqNum").integer) + 1
        }
        #expect(found == [3, 0, 6, 1, 2, 5, 4].map { ids[$0] })
        let newest = try caller.calm("GET", "data/v2/order/hist", query: [("account", "csh" + caller.account.uid), ("limit", "2")])
        #expect(newest.at("data").array?.map { $0.text("orderId") } == [ids[4], ids[5]])
        #expect(newest.text("data.0.status") == "Canceled")
        #expect(newest.text("data.0.fillQty") == "0")
    }

    @Test func `the history wants an account it knows and at most 1000 rows`() throws {
        let caller = try AscendEXCaller()
        func code(_ query: [(String, String)]) throws -> String? { try caller.calm("GET", "data/v2/order/hist", query: query).text("code") }
        #expect(try code([]) == "100004")
        #expect(try code([("account", "margin")]) == "200003")
        #expect(try code([("account", "cash"), ("limit", "1001")]) == "100004")
        #expect(try code([("account", "cash"), ("seqNum", "x")]) == "100004")
        #expect(try code([("account", "cash"), ("startTime", "5"), ("endTime", "4")]) == "0")
    }

    @Test func `single fills are told by running number without a code in front`() throws {
        let caller = try AscendEXCaller()
        let id = try caller.place("int000001a1")
        try caller.fill("int000001a1", "0.04")
        try caller.fill("int000001a1", "0.06")
        let all = try caller.calm("GET", "data/v1/cash/balance/history", query: [("sn", "1")])
        #expect(all["code"] == nil)
        #expect(all.at("order").array?.map { $0.text("sn") } == ["1", "2"])
        #expect(all.text("order.0.orderId") == id)
        #expect(all.at("order.0.data").array?.map { $0.text("deltaQty") } == ["0.04", "-1360", "-1.36"])
        #expect(all.text("order.0.liquidityInd") == "AddedLiquidity")
        let rest = try caller.calm("GET", "data/v1/cash/balance/history", query: [("sn", "2"), ("limit", "1")])
        #expect(rest.at("order").array?.map { $0.text("sn") } == ["2"])
    }
}
