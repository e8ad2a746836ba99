import Testing
import Wire

@testable import Simulator

@Suite struct `What ends a stream` {
    @Test(arguments: [
        ("bitget-uta", Int64(120_000)), ("bitget-margin", 120_000), ("xt-spot", 60_000), ("az-futures", 60_000), ("az-futures older", 30_000),
        ("ascendex", 45_000), ("bybit", 600_000),
    ])
    func `without a heartbeat it is cut, with one in time it lives`(venue: String, silence: Int64) throws {
        let bench = try StreamBench(venue == "az-futures older" ? ["az-futures/stream": "older"] : [:])
        let ping = ["ascendex": #"{"op":"ping"}"#, "bybit": #"{"op":"ping"}"#][venue] ?? "ping"
        let mute = try bench.stream(venue)
        bench.wait(silence - 1_000)
        #expect(bench.isOpen(mute))
        let answer = try #require(bench.say(ping, on: mute).last)
        let pong = ["ascendex": "\"m\":\"pong\"", "bybit": "\"op\":\"pong\""][venue]
        #expect(pong.map { answer.contains($0) } ?? (answer == "pong"))
        bench.wait(silence - 16_000)
        #expect(bench.isOpen(mute))
        let rest = bench.outputs(mute, after: 30_000)
        #expect(!bench.isOpen(mute) && rest.last == .cut, "\(rest)")
        #expect(try bench.session(mute).end == "no heartbeat")
    }

    @Test func `protocol pings are no heartbeat at Bitget`() throws {
        let bench = try StreamBench()
        let id = try bench.unified()
        for _ in 0..<13 {
            bench.wait(10_000)
            bench.world.hearStreamFrame(id, at: bench.bench.nowMs * 1_000)
        }
        #expect(!bench.isOpen(id))
    }

    @Test func `the eleventh message within a second cuts Bitget's stream, pings among them, and the ledger says over which limit`() throws {
        let bench = try StreamBench()
        let id = try bench.unified()
        // Login and subscribe were two.
        for _ in 0..<8 { #expect(bench.say("ping", on: id) == ["pong"]) }
        #expect(bench.say("ping", on: id).isEmpty && !bench.isOpen(id))
        #expect(try bench.session(id).over == ["stream:message"])
        let count = try #require(bench.world.limitCounts.first { $0.rule.name == "stream:message" && $0.owner == "connection \(id)" })
        #expect(count.arrivals == 11 && count.violations == 1 && count.rule.scope == .connection)
    }

    @Test func `AZ answers too many messages instead, and stays`() throws {
        let bench = try StreamBench()
        let id = try bench.stream("az-futures")
        var answers: [String] = []
        for _ in 0..<12 { answers += bench.say("ping", on: id) }
        #expect(answers.contains(#"{"id":null,"code":429,"msg":"rate_limited"}"#) && bench.isOpen(id))
    }

    @Test func `after 24 hours the unified line says 30033 and cuts; a switch makes the day short`() throws {
        let bench = try StreamBench(["bitget-uta/stream_life_ms": "20000", "bitget-uta/stream_heartbeat_ms": "600000"])
        let id = try bench.unified()
        bench.wait(9_999)
        #expect(bench.texts(id, after: 1).contains { $0.contains("\"code\":30033") } && bench.isOpen(id))
        #expect(bench.outputs(id, after: 10_000) == [.cut] && !bench.isOpen(id))
        #expect(try bench.session(id).end == "its longest life")
    }

    @Test func `the 301st upgrade within five minutes is a 429, as is the 101st open stream of an address`() throws {
        let bench = try StreamBench()
        for _ in 0..<100 { _ = try bench.open("/v3/ws/private") }
        #expect(bench.status("/v3/ws/private") == 429)
        for id in bench.world.streams.open.keys { bench.world.endStream(id, at: bench.bench.nowMs * 1_000) }
        for _ in 0..<199 { bench.world.endStream(try bench.open("/v3/ws/private"), at: bench.bench.nowMs * 1_000) }
        #expect(bench.status("/v3/ws/private") == 429)
        #expect(bench.status("/v3/ws/private", peer: "127.0.0.2:1") == nil, "another address")
        bench.wait(300_000)
        #expect(bench.status("/v3/ws/private") == nil)
    }

    @Test func `the 241st subscribe of an hour is refused, and another connection has its own`() throws {
        let bench = try StreamBench()
        let id = try bench.unified()
        for _ in 1..<240 {
            bench.wait(200)
            #expect(bench.say(StreamBench.unifiedChannels, on: id).allSatisfy { !$0.contains("error") })
        }
        bench.wait(200)
        #expect(bench.say(StreamBench.unifiedChannels, on: id).first?.contains("\"code\":30006") == true)
        let session = try bench.session(id)
        #expect(session.subscribes == 241 && session.over == ["stream:subscribe"])
        let other = try bench.unified()
        #expect(try bench.session(other).over.isEmpty)
    }

    @Test func `the ledger has a row for each stream, and the pages can end one`() throws {
        let bench = try StreamBench()
        let id = try bench.unified()
        _ = try bench.place("bitget-uta", "spot", "BTCUSDT")
        _ = bench.texts(id)
        let page = HTTPRequest("POST", "/_sim/stream", body: Array(#"{"venue":"bitget-uta","code":1012}"#.utf8))
        #expect(try bench.bench.send(page).json["streams"]?.integer == 1)
        #expect(bench.outputs(id) == [.close(1012)])
        let ledger = try JSONParser.parse(bench.world.ledgerJSON())
        let row = try #require(ledger["streams"]?.array?.first)
        #expect(row["logins"]?.integer == 1 && row["subscribes"]?.integer == 1 && row["messages"]?.integer == 2 && row["pushes"]?.integer == 2)
        #expect(row["channels"]?.array?.map(\.string) == ["order", "fill"] && row["end"]?.string == "closed by hand")
        let summary = try JSONParser.parse(bench.world.summaryJSON())
        #expect(summary["streams"]?.array?.first?["ended"]?.integer == 1)
        for body in ["{\"do\":\"dance\"}", "{\"code\":5}", "{\"delay_ms\":-1}"] {
            #expect(try bench.bench.send(HTTPRequest("POST", "/_sim/stream", body: Array(body.utf8))).status == 400)
        }
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{\"op\":1}", "{\"op\":\"login\",\"args\":[1]}", "{\"op\":\"subscribe\",\"args\":[[]]}", "{\"method\":\"subscribe\"}",
        "{\"method\":\"subscribe\",\"params\":[1],\"id\":{}}", "{\"op\":\"auth\",\"t\":[]}", "{\"op\":\"sub\",\"ch\":\"order:\"}", "pong", "PING",
        #"{"op":"auth","args":[1,{},[]]}"#,
        #"{"op":"subscribe","args":{}}"#, #"{"op":"sub","ch":7}"#, #"{"op":"req","action":"place-Order"}"#, #"{"op":"trade","topic":"place-order"}"#,
    ])
    func `no message traps, at any venue`(text: String) throws {
        for venue in ["bitget-uta", "bitget-margin", "xt-spot", "az-futures", "ascendex", "bybit", "okx"] {
            try isHeard(text, on: StreamBench(), venue)
        }
        try isHeard(text, on: StreamBench(["az-futures/stream": "older"]), "az-futures older")
    }

    /// It counts as a message, whatever it says.
    private func isHeard(_ text: String, on bench: StreamBench, _ venue: String) throws {
        let id = try bench.stream(venue)
        let before = try bench.session(id).messages
        bench.say(text, on: id)
        #expect(try bench.session(id).messages == before + 1)
    }
}
