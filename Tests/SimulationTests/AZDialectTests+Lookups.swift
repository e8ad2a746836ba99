import Testing
import Wire

@testable import Simulator

@Suite struct `AZ futures look-ups` {
    @Test func `an unknown order is a success without result`() throws {
        let answer = try AZCaller().calm("GET", "detail", query: [("orderId", "17")])
        #expect(answer.text("returnCode") == "0")
        #expect(answer["result"] == .null)
    }

    @Test func `an order is found by client id among open or done ones, never both`() throws {
        let caller = try AZCaller()
        let id = try caller.place("o_000018_00")
        func found(_ state: String) throws -> [String] {
            let answer = try caller.calm("GET", "list", query: [("clientOrderId", "o_000018_00"), ("state", state)])
            return answer.at("result.items").array?.compactMap { $0.text("orderId") } ?? ["?"]
        }
        #expect(try found("UNFINISHED") == [id])
        #expect(try found("HISTORY").isEmpty)
        try caller.fill("o_000018_00", "4")
        #expect(try found("UNFINISHED") == [id])
        #expect(try found("NEW").isEmpty)
        #expect(try found("PARTIALLY_FILLED") == [id])
        _ = try caller.calm("POST", "cancel", body: "{\"orderId\":\"\(id)\"}")
        #expect(try found("UNFINISHED").isEmpty)
        #expect(try found("HISTORY") == [id])
        #expect(try found("PARTIALLY_CANCELED") == [id])
        #expect(try caller.calm("GET", "list", query: [("state", "OPEN")]).text("error.code") == "invalid_params")
    }

    @Test func `a list without a state shows everything as captured or new orders as documented`() throws {
        for (mode, expected) in [("all", 2), ("new", 1)] {
            let caller = try AZCaller(["list_default_state": mode])
            _ = try caller.place("rests_one")
            _ = try caller.place("filled_one")
            try caller.fill("filled_one", nil)
            #expect(try caller.calm("GET", "list").text("result.total") == String(expected))
        }
    }

    @Test func `lists are paged by number and sizes above 100 are refused`() throws {
        let caller = try AZCaller()
        let ids = try (0..<7).map { try caller.place("order_\($0)") }
        var found: [String] = []
        for page in 1...4 {
            let answer = try caller.calm("GET", "list", query: [("state", "UNFINISHED"), ("page", String(page)), ("size", "3")])
            #expect(answer.text("result.total") == "7")
            #expect(answer.text("result.ps") == "3")
            found += answer.at("result.items").array?.compactMap { $0.text("orderId") } ?? []
        }
        #expect(found == ids.reversed())
        #expect(try caller.calm("GET", "list", query: [("size", "101")]).text("error.code") == "invalid_size")
        #expect(try caller.calm("GET", "list", query: [("page", "0")]).text("error.code") == "invalid_page")
    }

    @Test func `open orders come in one answer, or by cursor from the market makers' listing`() throws {
        let caller = try AZCaller()
        let ids = try (0..<5).map { try caller.place("order_\($0)") }
        #expect(try caller.calm("POST", "list-open-order", body: "{\"symbol\":\"btc_usdt\"}").at("result").array?.count == 5)
        #expect(try caller.calm("POST", "list-open-order", body: "{\"symbol\":\"eth_usdt\"}").at("result").array?.isEmpty == true)
        var (found, states): ([String], Set<String>) = ([], [])
        var cursor: String?
        for _ in 0..<5 {
            let query = [("symbol", "btc_usdt"), ("size", "2")] + (cursor.map { [("fromId", $0)] } ?? [])
            let answer = try caller.calm("GET", "/az/future/cache/v1/open-orders", query: query)
            #expect(answer.text("result.total") == "5")
            let rows = answer.at("result.content").array ?? []
            found += rows.compactMap { $0.text("orderId") }
            states.formUnion(rows.compactMap { $0.text("state") })
            cursor = found.last
        }
        #expect(found == ids.reversed())
        #expect(states == ["NEW", "PLACED"])
    }

    @Test func `the history is walked by cursor and holds done orders only`() throws {
        let caller = try AZCaller()
        let ids = try (0..<5).map { try caller.place("order_\($0)") }
        for id in ids { _ = try caller.calm("POST", "cancel", body: "{\"orderId\":\"\(id)\"}") }
        _ = try caller.place("still_open")
        var (found, cursor): ([String], String?) = ([], nil)
        for _ in 0..<4 {
            let query = [("limit", "2"), ("direction", "NEXT")] + (cursor.map { [("id", $0)] } ?? [])
            let answer = try caller.calm("GET", "list-history", query: query)
            found += answer.at("result.items").array?.compactMap { $0.text("orderId") } ?? []
            cursor = found.last
            if answer.at("result.hasNext").bool == false { break }
        }
        #expect(found == ids.reversed())
        #expect(try caller.calm("GET", "list-history", query: [("limit", "101")]).text("error.code") == "invalid_params")
    }

    @Test func `fills are paged by number or by cursor, with a fee on the base amount`() throws {
        let byNumber = try AZCaller(["trade_pages": "number"])
        let caller = try AZCaller()
        for caller in [byNumber, caller] {
            _ = try caller.place("o_000018_00")
            for _ in 0..<5 { try caller.fill("o_000018_00", "1") }
        }
        let numbered = try byNumber.calm("GET", "trade-list", query: [("page", "2"), ("size", "3")])
        #expect(numbered.at("result.items").array?.count == 2)
        // 1 contract of 0.0001 btc at 39000, a thousandth of it.
        #expect(numbered.text("result.items.0.fee") == "0.0039")
        let first = try caller.calm("GET", "trade-list", query: [("size", "3")])
        #expect(first.at("result.hasNext").bool == true)
        let last = try #require(first.text("result.items.2.execId"))
        let rest = try caller.calm("GET", "trade-list", query: [("size", "3"), ("fromId", last), ("direction", "NEXT")])
        #expect(rest.at("result.items").array?.count == 2)
        #expect(rest.at("result.hasNext").bool == false)
        // Neither knows the other's parameters.
        #expect(try caller.calm("GET", "trade-list", query: [("page", "1")]).text("error.code") == "invalid_params")
        #expect(try byNumber.calm("GET", "trade-list", query: [("fromId", "1")]).text("error.code") == "invalid_params")
    }

    @Test func `states tell how an order ended`() throws {
        let caller = try AZCaller()
        func state(_ id: String) throws -> String? {
            let answer = try caller.calm("GET", "list", query: [("clientOrderId", id)])
            return answer.text("result.items.0.state")
        }
        _ = try caller.place("gtx_cross", ["timeInForce": "\"GTX\"", "price": "\"41000\""])
        #expect(try state("gtx_cross") == "EXPIRED")
        _ = try caller.place("market_one", ["orderType": "\"MARKET\"", "price": nil, "timeInForce": nil])
        #expect(try state("market_one") == "FILLED")
        let answer = try caller.calm("GET", "list", query: [("clientOrderId", "market_one")])
        #expect(answer.text("result.items.0.price") == "0")
        #expect(answer.text("result.items.0.timeInForce") == "IOC")
    }

    @Test func `a visibility lag hides a fresh order for a while`() throws {
        let caller = try AZCaller(["visibility_lag_ms": "3000", "error": "null"])
        let id = try caller.place("o_000018_00")
        let answer = try caller.calm("GET", "list", query: [("clientOrderId", "o_000018_00"), ("state", "UNFINISHED")])
        #expect(answer.at("result.items").array?.isEmpty == true)
        #expect(answer["error"] == .null)
        #expect(try caller.calm("GET", "detail", query: [("orderId", id)])["result"] == .null)
        #expect(try caller.calm("GET", "detail", query: [("orderId", id)]).text("result.state") == "NEW")
    }

    @Test func `balances are listed by coin`() throws {
        let answer = try AZCaller(["balance": "12.5"]).calm("GET", "/az/future/user/v1/balance/list")
        #expect(answer.text("result.0.coin") == "usdt")
        #expect(answer.text("result.0.availableBalance") == "12.5")
    }
}
