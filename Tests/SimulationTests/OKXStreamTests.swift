import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `OKX's private stream at the simulator` {
    private static let swap = OKXCaller.swap
    private static let all = #"{"id":"1","op":"subscribe","args":[{"channel":"orders","instType":"ANY"}]}"#

    private func bench(_ switches: [String: String] = [:], faults: String = "[]") throws -> StreamBench {
        let named = Dictionary(uniqueKeysWithValues: switches.map { ("okx/" + $0.key, $0.value) })
        return try StreamBench(named, faults: faults, accounts: [OKXCaller.account], dialects: [OKXDialect()])
    }

    private func login(_ bench: StreamBench, stamp: String? = nil, sign: String? = nil, passphrase: String = "dummyPass1") -> String {
        let stamp = stamp ?? String(bench.bench.nowMs / 1_000)
        let made = base64(bench.bench.key(of: OKXCaller.account).hmacSHA256(Array("\(stamp)GET/users/self/verify".utf8)))
        return
            #"{"op":"login","args":[{"apiKey":"ok_dummy_key_0001","passphrase":"\#(passphrase)","timestamp":"\#(stamp)","sign":"\#(sign ?? made)"}]}"#
    }

    /// A stream that is told of all orders.
    private func stream(_ bench: StreamBench, _ channels: String = all) throws -> Int {
        let id = try bench.open("/ws/v5/private")
        bench.say(login(bench), on: id)
        bench.say(channels, on: id)
        return id
    }

    private func rows(_ bench: StreamBench, _ id: Int) throws -> [JSON] { try bench.messages(id, after: 60).flatMap(\.data) }

    // MARK: Who it is

    /// Of page 2, one that an independent program makes.
    @Test func `the published login is taken within half a minute, and each flaw has its code`() throws {
        let sign = "qG3TeuOPxM4O4AnuiF3+cfN/00nkbLWv/+cNMoFP38k="
        func answer(_ at: Int64, _ stamp: String, _ sign: String, _ passphrase: String = "dummyPass1") throws -> JSON {
            let bench = try bench()
            bench.bench.nowMs = at
            let id = try bench.open("/ws/v5/private")
            return try JSONParser.parse(Array((bench.say(login(bench, stamp: stamp, sign: sign, passphrase: passphrase), on: id).first ?? "").utf8))
        }
        let taken = try answer(1_763_640_030_000, "1763640000", sign)
        #expect(taken["event"]?.string == "login" && taken.code == "0" && taken["connId"]?.string?.isEmpty == false)
        for (at, stamp, sign, code) in [
            (1_763_640_030_001, "1763640000", sign, "60006"), (1_763_639_969_999, "1763640000", sign, "60006"),
            (1_763_640_000_000, "1763640001", sign, "60007"), (1_763_640_000_000, "1763640000123", sign, "60004"),
        ] as [(Int64, String, String, String)] {
            let refused = try answer(at, stamp, sign)
            #expect(refused["event"]?.string == "error" && refused.code == code, "\(refused)")
        }
        #expect(try answer(1_763_640_000_000, "1763640000", sign, "other").code == "60024")
    }

    @Test func `who fails to log in stays unless the switch cuts him with 4001`() throws {
        for cuts in [false, true] {
            let bench = try bench(["stream_login_failure": cuts ? "cuts" : "stays"])
            let id = try bench.open("/ws/v5/private")
            bench.world.hearStream(id, Array(login(bench, sign: "x").utf8), at: bench.bench.nowMs * 1_000)
            #expect(bench.outputs(id).contains(.close(4_001)) == cuts && bench.isOpen(id) == !cuts)
        }
    }

    @Test func `nothing is subscribed before the login, and no channel that is none`() throws {
        let bench = try bench()
        let id = try bench.open("/ws/v5/private")
        #expect(bench.say(Self.all, on: id).first?.contains("60011") == true)
        bench.say(login(bench), on: id)
        let answer = bench.say(Self.all, on: id)
        #expect(answer.count == 1 && answer[0].hasPrefix(#"{"id":"1","event":"subscribe","arg":{"channel":"orders","instType":"ANY"}"#))
        for args in [#"{"channel":"orders"}"#, #"{"channel":"orders","instType":"SWAPS"}"#, #"{"channel":"candles"}"#] {
            #expect(bench.say(#"{"op":"subscribe","args":[\#(args)]}"#, on: id).first?.contains("60018") == true, "\(args)")
        }
        #expect(bench.say(#"{"op":"subscribe","args":[{"channel":"fills"}]}"#, on: id).first?.contains("60029") == true)
        for (text, code) in [(#"{"op":"subscribe","args":[]}"#, "60013"), ("{}", "60012")] {
            #expect(bench.say(text, on: id).first?.contains(code) == true, "\(text)")
        }
        bench.say(Self.all.replacing("subscribe", with: "unsubscribe"), on: id)
        #expect(try bench.session(id).channels.isEmpty)
    }

    @Test func `the channel's thirty-first connection hears that it is subscribed, and then that it is not`() throws {
        let bench = try bench(["stream_open_max": "2"])
        let first = try stream(bench)
        bench.wait(1_001)
        _ = try stream(bench)
        bench.wait(1_001)
        let id = try bench.open("/ws/v5/private")
        bench.say(login(bench), on: id)
        let answers = bench.say(Self.all, on: id)
        #expect(answers.count == 2 && answers[0].contains("\"event\":\"subscribe\"") && answers[1].contains("channel-conn-count-error"))
        _ = try bench.place("okx", "swap", Self.swap)
        #expect(try rows(bench, id).isEmpty && rows(bench, first).count == 1)
    }

    // MARK: Its end

    @Test func `thirty seconds of silence cut it with 4004; a ping is answered, and pushes keep it alive as well`() throws {
        let bench = try bench()
        let id = try stream(bench)
        bench.wait(29_000)
        #expect(bench.say("ping", on: id) == ["pong"])
        bench.wait(20_000)
        _ = try bench.place("okx", "swap", Self.swap)
        bench.wait(20_000)
        #expect(bench.isOpen(id))
        #expect(bench.outputs(id, after: 11_000).last == .close(4_004))
        #expect(try bench.session(id).end == "no heartbeat")
    }

    @Test func `a cut is announced a minute before`() throws {
        let bench = try bench(["stream_life_ms": "180000", "stream_heartbeat_ms": "600000"])
        let id = try stream(bench)
        let texts = bench.texts(id, after: 121_000)
        #expect(texts.count == 1 && texts[0].contains(#""event":"notice","code":"64008""#) && bench.isOpen(id))
        bench.wait(60_000)
        #expect(!bench.isOpen(id))
    }

    @Test func `three connections a second are an address's, 480 logins and subscriptions an hour a connection's`() throws {
        let bench = try bench()
        for _ in 0..<3 { _ = try bench.open("/ws/v5/private") }
        #expect(bench.status("/ws/v5/private") == 429)
        bench.wait(1_001)
        let id = try bench.open("/ws/v5/private")
        bench.say(login(bench), on: id)
        for number in 1..<480 { #expect(bench.say(Self.all, on: id).first?.contains("\"event\":\"subscribe\"") == true, "\(number)") }
        #expect(bench.say(Self.all, on: id).first?.contains("60014") == true)
    }

    // MARK: What it tells

    @Test func `nothing is told of what was before; an order and its executions are one message each`() throws {
        let bench = try bench()
        _ = try bench.place("okx", "swap", Self.swap, "before")
        let id = try stream(bench)
        let order = try bench.place("okx", "swap", Self.swap)
        try bench.fill(order, "4", at: "okx")
        try bench.fill(order, at: "okx")
        let told = try bench.messages(id, after: 60)
        #expect(told.allSatisfy { $0["arg"]?["channel"]?.string == "orders" && $0["arg"]?["uid"]?.string == OKXCaller.account.uid })
        let rows = told.flatMap(\.data)
        #expect(rows.compactMap { $0["state"]?.string } == ["live", "partially_filled", "filled"])
        #expect(rows.compactMap { $0["fillSz"]?.string } == ["0", "4", "6"] && rows.compactMap { $0["accFillSz"]?.string } == ["0", "4", "10"])
        #expect(rows[0]["avgPx"]?.string == "0" && rows[0]["tradeId"]?.string == "" && Set(rows.compactMap { $0["tradeId"]?.string }).count == 3)
        #expect(rows.allSatisfy { $0["clOrdId"]?.string == "o1" && $0["ordId"]?.string == order.id })
        // 100 a contract, a hundredth of a coin each, a tenth of a percent.
        #expect(rows[1]["fillFee"]?.string == "-0.004" && rows[2]["fee"]?.string == "-0.01" && rows[1]["execType"]?.string == "M")
    }

    @Test func `one line of business or one market may be asked for`() throws {
        let bench = try bench()
        let spot = try stream(bench, #"{"op":"subscribe","args":[{"channel":"orders","instType":"SPOT"}]}"#)
        let market = try stream(bench, #"{"op":"subscribe","args":[{"channel":"orders","instType":"SWAP","instId":"ETH-USDT-SWAP"}]}"#)
        _ = try bench.place("okx", "swap", Self.swap)
        _ = try bench.place("okx", "swap", "ETH-USDT-SWAP", "o2")
        _ = try bench.place("okx", "spot", "BTC-USDT", "o3")
        bench.wait(60)
        #expect(try rows(bench, spot).compactMap { $0["clOrdId"]?.string } == ["o3"])
        #expect(try rows(bench, market).compactMap { $0["clOrdId"]?.string } == ["o2"])
    }

    @Test func `a market order of a pair that is done hears so in a message without an execution`() throws {
        let bench = try bench()
        let id = try stream(bench)
        _ = try bench.place("okx", "spot", "BTC-USDT", price: nil, quantity: "0.01")
        let rows = try rows(bench, id)
        #expect(rows.compactMap { $0["state"]?.string } == ["live", "partially_filled", "filled"])
        #expect(
            rows.map { $0["tradeId"]?.string?.isEmpty } == [true, false, true] && rows.compactMap { $0["fillSz"]?.string } == ["0", "0.01", "0"])
    }

    @Test func `a post-only that would take is told by its end alone, unless the switch tells of its birth`() throws {
        for (told, states) in [("silent", ["canceled"]), ("told", ["live", "canceled"])] {
            let bench = try bench(["post_only": told])
            let id = try stream(bench)
            let caller = OKXCaller(in: bench.bench)
            #expect(try caller.place([caller.item("a", Self.swap, px: "70000", sz: "1", #""ordType":"post_only""#)]).code == "0")
            let rows = try rows(bench, id)
            #expect(rows.compactMap { $0["state"]?.string } == states && rows.last?["cancelSource"]?.string == "31")
        }
    }

    @Test func `an amend's end is told by its own id: done, failed, or failed and canceled`() throws {
        let bench = try bench(["amend_check": "engine"])
        let id = try stream(bench)
        let caller = OKXCaller(in: bench.bench)
        #expect(try caller.place(["a", "b"].map { caller.item($0, Self.swap, px: "60000", sz: "1", #""ordType":"post_only""#) }).code == "0")
        caller.wait(20)
        func amend(_ id: String, _ fields: String...) -> String { caller.named(id, Self.swap, fields.joined(separator: ",")) }
        #expect(try caller.amend([amend("a", #""newSz":"2""#, #""reqId":"r1""#)]).code == "0")
        let bound = amend("b", #""newPx":"70000""#, #""reqId":"r3""#, #""cxlOnFail":true"#)
        #expect(try caller.amend([amend("a", #""newPx":"70000""#, #""reqId":"r2""#), bound]).code == "0")
        let told = try rows(bench, id).filter { $0["reqId"]?.string?.isEmpty == false }
        #expect(told.compactMap { $0["reqId"]?.string } == ["r1", "r2", "r3"] && told.compactMap { $0["amendResult"]?.string } == ["0", "-1", "1"])
        #expect(told.compactMap { $0.code } == ["0", "51511", "51511"] && told.compactMap { $0["state"]?.string } == ["live", "live", "canceled"])
        #expect(told.compactMap { $0["sz"]?.string } == ["2", "2", "1"] && told.compactMap { $0["px"]?.string } == ["60000", "60000", "60000"])
    }

    @Test func `the same execution may come again under another time`() throws {
        let bench = try bench(["stream_duplicates": "on"])
        let id = try stream(bench)
        try bench.fill(try bench.place("okx", "swap", Self.swap), at: "okx")
        let rows = try rows(bench, id)
        #expect(rows.count == 3 && Set(rows.dropFirst().compactMap { $0["tradeId"]?.string }).count == 1)
        #expect(Set(rows.dropFirst().compactMap { $0["uTime"]?.string }).count == 2)
    }

    @Test func `the channel of executions names our id where it is a number, and no fee`() throws {
        let bench = try bench(["stream_fills": "all"])
        let id = try stream(bench, #"{"op":"subscribe","args":[{"channel":"fills"}]}"#)
        for name in ["o1", "77"] { try bench.fill(try bench.place("okx", "swap", Self.swap, name), at: "okx") }
        let rows = try rows(bench, id)
        #expect(rows.compactMap { $0["clOrdId"]?.string } == ["0", "77"] && rows.allSatisfy { $0["fee"] == nil && $0["fillSz"]?.string == "10" })
    }

    @Test func `where a fault keeps executions back the order is told all the same`() throws {
        let bench = try bench(faults: #"[{channel: "execution", fault: {type: "end_without_fills"}}]"#)
        let id = try stream(bench)
        try bench.fill(try bench.place("okx", "swap", Self.swap), at: "okx")
        let rows = try rows(bench, id)
        #expect(rows.compactMap { $0["state"]?.string } == ["live", "filled"] && rows.compactMap { $0["tradeId"]?.string } == ["", ""])
    }
}
