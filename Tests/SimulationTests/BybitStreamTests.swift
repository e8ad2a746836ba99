import Testing
import Wire

@testable import Simulator

@Suite struct `Bybit's private stream at the simulator` {
    /// Of page 2, one that an independent program makes.
    @Test func `the published login is taken until its moment, and nothing else`() throws {
        let account = SimAccount(
            venue: "bybit", products: ["linear"], uid: "1", key: "by_dummy_key_0001", secret: "dummySecret0123456789abcdefABCDEF", name: "x")
        let sign = "46ab968e248cdb9c3777696d20d7c1d910a4bf4dc095ee84b5f2362beebc286c"
        func answer(_ at: Int64, _ expires: String, _ sign: String) throws -> (String, Bool) {
            let bench = try StreamBench(accounts: [account])
            bench.bench.nowMs = at
            let id = try bench.open("/v5/private")
            let text = bench.say(#"{"op":"auth","args":["by_dummy_key_0001",\#(expires),"\#(sign)"],"req_id":"7"}"#, on: id).first ?? ""
            return (text, bench.isOpen(id))
        }
        let taken = try answer(1_763_640_010_122, "1763640010123", sign)
        #expect(taken.0 == #"{"success":true,"ret_msg":"","conn_id":"sim-1","req_id":"7","op":"auth"}"# && taken.1)
        for (at, expires, sign) in [
            (1_763_640_010_123, "1763640010123", sign), (1_763_640_000_000, "1763640010124", sign),
            (1_763_640_000_000, "1763640010123", String(sign.reversed())), (1_763_640_000_000, "null", sign),
        ] as [(Int64, String, String)] {
            let refused = try answer(at, expires, sign)
            #expect(refused.0.contains("\"success\":false") && !refused.1, "\(refused)")
        }
    }

    @Test func `nothing is subscribed before the login, and both kinds of topics not in one message`() throws {
        let bench = try StreamBench()
        let id = try bench.open("/v5/private")
        #expect(bench.say(#"{"op":"subscribe","args":["order"]}"#, on: id).first?.contains("\"success\":false") == true)
        bench.bybitLogin(try bench.bench.account("bybit", "linear"), on: id)
        for (args, isTaken) in [
            (#"["order","execution.linear"]"#, false), (#"["wallet"]"#, false), ("[]", false), (#"["order.spot","execution.spot"]"#, true),
        ] {
            let answer = bench.say(#"{"req_id":"r","op":"subscribe","args":\#(args)}"#, on: id).first
            #expect(answer?.contains("\"success\":\(isTaken)") == true && answer?.contains("\"req_id\":\"r\"") == true, "\(args)")
        }
        #expect(try bench.session(id).channels == ["order.spot", "execution.spot"])
    }

    @Test func `an order and its executions are told in the words of look-ups`() throws {
        let bench = try StreamBench()
        let id = try bench.stream("bybit")
        let order = try bench.place("bybit", "linear", "BTCUSDT")
        try bench.fill(order, "4", at: "bybit")
        try bench.fill(order, at: "bybit")
        let told = try bench.messages(id, after: 50)
        #expect(told.compactMap { $0["topic"]?.string } == ["order", "order", "execution", "order", "execution"])
        let rows = told.compactMap { $0.at("data", "0") }
        #expect(rows.compactMap { $0["orderStatus"]?.string } == ["New", "PartiallyFilled", "Filled"])
        #expect(rows.compactMap { $0["execQty"]?.string } == ["4", "6"] && rows.allSatisfy { $0["category"]?.string == "linear" })
        #expect(rows.allSatisfy { $0["orderId"]?.string == order.id && $0["orderLinkId"]?.string == "o1" })
        // Another category is not told to who asked for one.
        let spot = try bench.open("/v5/private")
        bench.bybitLogin(try bench.bench.account("bybit", "linear"), on: spot)
        bench.say(#"{"op":"subscribe","args":["order.spot"]}"#, on: spot)
        _ = try bench.place("bybit", "linear", "BTCUSDT", "o2")
        #expect(try bench.messages(spot, after: 50).isEmpty)
    }

    @Test func `a cancel that comes too late is told as the order's end once more`() throws {
        let bench = try StreamBench()
        let id = try bench.stream("bybit")
        let caller = BybitCaller(in: bench.bench, try bench.bench.account("bybit", "linear"), "linear")
        try caller.place("a")
        #expect(try caller.batch("cancel", [caller.named("a")]).itemCodes == [0])
        try bench.fill(try bench.bench.order("bybit", clientID: "a"), at: "bybit")
        caller.wait(25)
        let ends = try bench.messages(id, after: 50).compactMap { $0.at("data", "0") }.filter { $0["orderStatus"]?.string == "Filled" }
        #expect(ends.map { $0["rejectReason"]?.string } == ["EC_NoError", "EC_OrigClOrdIDDoesNotExist"])
        #expect(ends.map { $0["cancelType"]?.string } == ["UNKNOWN", "CancelByUser"])
    }
}

extension StreamBench {
    @discardableResult
    func bybitLogin(_ account: SimAccount, on id: Int) -> [String] {
        let expires = bench.nowMs + 10_000
        let sign = hex(bench.key(of: account).hmacSHA256(Array("GET/realtime\(expires)".utf8)))
        return say(#"{"op":"auth","args":["\#(account.key)",\#(expires),"\#(sign)"]}"#, on: id)
    }
}
