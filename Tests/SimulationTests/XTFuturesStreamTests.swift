import TestSupport
import Testing
import Wire

@testable import Simulator

@Suite struct `XT futures' private stream at the simulator` {
    private func bench(_ switches: [String: String] = [:]) throws -> StreamBench {
        let named = Dictionary(uniqueKeysWithValues: switches.map { ("xt-futures/" + $0.key, $0.value) })
        return try StreamBench(named, accounts: XTFuturesCaller.accounts, dialects: [XTFuturesDialect()])
    }

    private func key(_ bench: StreamBench, _ product: String = "usdt") throws -> String {
        let answer = try XTFuturesCaller(in: bench.bench, product: product).send("GET", "/future/user/v1/user/listen-key")
        return try #require(answer.json.text("result"))
    }

    private func words(_ method: String, _ key: String, _ channels: String..., id: String = "1") -> String {
        #"{"method":"\#(method)","params":[\#(channels.map { "\"\($0)@\(key)\"" }.joined(separator: ","))],"id":"\#(id)"}"#
    }

    /// A stream that is told of orders and executions.
    private func stream(_ bench: StreamBench, _ product: String = "usdt") throws -> Int {
        let id = try bench.open("/ws/user")
        bench.say(words("SUBSCRIBE", try key(bench, product), "order", "trade"), on: id)
        return id
    }

    private func told(_ bench: StreamBench, _ id: Int) throws -> [JSON] { try bench.messages(id, after: 60) }

    // MARK: Who it is

    @Test func `the published request for a listen key is taken`() throws {
        let here = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let file = try #require(readBytes(here + "/Fixtures/stream-login.json"))
        let vectors = try #require(try JSONParser.parse(file).array)
        let vector = try #require(vectors.first { $0.text("name") == "xt-futures-listen-key" })
        let account = SimAccount(
            venue: "xt-futures", products: ["usdt"], uid: "1", key: vector.text("key") ?? "", secret: vector.text("secret") ?? "", name: "x")
        let bench = try DialectBench(accounts: [account], dialects: [XTFuturesDialect()])
        bench.nowMs = try #require(Int64(vector.text("timestamp") ?? ""))
        let headers = ["appkey": "key", "timestamp": "timestamp", "signature": "expected_signature"].map {
            HTTPHeader("validate-" + $0.key, vector.text($0.value) ?? "")
        }
        #expect(try bench.send(HTTPRequest("GET", vector.text("path") ?? "", headers: headers)).json.text("result")?.isEmpty == false)
    }

    @Test func `anybody is let in; a good key in each topic subscribes, whatever the method's case`() throws {
        let bench = try bench()
        let key = try key(bench)
        for method in ["SUBSCRIBE", "subscribe"] {
            let id = try bench.open("/ws/user")
            let answer = try JSONParser.parse(Array((bench.say(words(method, key, "order", "trade", id: "7"), on: id).first ?? "").utf8))
            #expect(answer.text("id") == "7" && answer.text("code") == "0" && answer.text("msg") == "success" && answer.text("sessionId") != nil)
            #expect(try bench.session(id).channels == ["order", "trade"] && bench.session(id).account?.uid == "7001")
        }
        let id = try bench.open("/ws/user")
        for text in [words("SUBSCRIBE", key, "orders"), "{}", "hello", #"{"req":"sub_user","listenKey":"\#(key)"}"#] {
            #expect(bench.say(text, on: id).first?.contains("\"code\":1") == true, "\(text)")
        }
    }

    @Test(arguments: [("text", "order@invalid_listen_key"), ("joined", "order@invalid_listenkey"), ("bare", "invalid_listen_key")])
    func `a key that is none is told so in words that are no JSON`(mode: String, answer: String) throws {
        let bench = try bench(["stream_bad_key": mode])
        let id = try bench.open("/ws/user")
        #expect(bench.say(words("SUBSCRIBE", "x", "order"), on: id) == [answer])
        #expect(try bench.session(id).channels.isEmpty && bench.isOpen(id))
    }

    @Test func `or by a code: one for a key that never was, one for a key of yesterday`() throws {
        let bench = try bench(["stream_bad_key": "code"])
        let key = try key(bench)
        let id = try bench.open("/ws/user")
        #expect(bench.say(words("SUBSCRIBE", "x", "order"), on: id).first?.contains("\"code\":2") == true)
        bench.wait(28_800_000)
        let late = try bench.open("/ws/user")
        #expect(bench.say(words("SUBSCRIBE", key, "order"), on: late).first?.contains("\"code\":401") == true)
    }

    @Test(arguments: [("ends", false), ("keeps", true), ("same", true)])
    func `a new key ends the old one, or not; with the new one subscribed the old topics may be dropped`(renewal: String, isOldGood: Bool) throws {
        let bench = try bench(["token_renewal": renewal])
        let old = try key(bench)
        let id = try bench.open("/ws/user")
        bench.say(words("SUBSCRIBE", old, "order"), on: id)
        let new = try key(bench)
        #expect((old == new) == (renewal == "same"))
        _ = try bench.place("xt-futures", "usdt", "btc_usdt")
        #expect(try told(bench, id).isEmpty != isOldGood)
        guard renewal == "keeps" else { return }
        bench.say(words("SUBSCRIBE", new, "order"), on: id)
        bench.say(words("UNSUBSCRIBE", old, "order"), on: id)
        _ = try bench.place("xt-futures", "usdt", "btc_usdt", "o2")
        #expect(try told(bench, id).count == 1)
        bench.say(words("UNSUBSCRIBE", new, "order"), on: id)
        #expect(try bench.session(id).channels.isEmpty)
    }

    // MARK: Its end

    @Test func `thirty seconds without a ping cut it without a close, and whatever it tells does not keep it`() throws {
        let bench = try bench()
        let id = try stream(bench)
        bench.wait(29_000)
        #expect(bench.say("ping", on: id) == ["pong"])
        bench.wait(29_000)
        _ = try bench.place("xt-futures", "usdt", "btc_usdt")
        #expect(bench.outputs(id, after: 1_100).last == .cut)
        #expect(try bench.session(id).end == "no heartbeat")
    }

    @Test func `behind a key that ran out the stream is silent, and says nothing of it`() throws {
        let bench = try bench(["key_life_ms": "20000"])
        let id = try stream(bench)
        bench.wait(20_000)
        _ = try bench.place("xt-futures", "usdt", "btc_usdt")
        #expect(bench.texts(id, after: 60).isEmpty && bench.say("ping", on: id) == ["pong"])
    }

    // MARK: What it tells

    @Test func `nothing is told of what was before; states are on one channel, executions on the other, without an id`() throws {
        let bench = try bench()
        _ = try bench.place("xt-futures", "usdt", "btc_usdt", "before")
        let id = try stream(bench)
        let order = try bench.place("xt-futures", "usdt", "btc_usdt", price: "39000")
        try bench.fill(order, "4", at: "xt-futures")
        try bench.fill(order, at: "xt-futures")
        let messages = try told(bench, id)
        #expect(messages.compactMap { $0.text("topic") } == ["order", "order", "trade", "order", "trade"])
        #expect(messages.allSatisfy { $0.text("event") == ($0.text("topic") ?? "") + "@7001" && $0.text("data.orderId") == order.id })
        let orders = messages.filter { $0.text("topic") == "order" }.map { $0.at("data") }
        #expect(orders.compactMap { $0.text("state") } == ["NEW", "PARTIALLY_FILLED", "FILLED"])
        #expect(orders.compactMap { $0.text("executedQty") } == ["0", "4", "10"] && orders.allSatisfy { $0.text("clientOrderId") == "o1" })
        #expect(orders.allSatisfy { $0["lastTradeId"] == nil && $0.text("updatedTime")?.count == 13 })
        let trades = messages.filter { $0.text("topic") == "trade" }.map { $0.at("data") }
        #expect(trades.allSatisfy { $0["id"] == nil && $0["execId"] == nil && $0["tradeId"] == nil && $0.text("clientOrderId") == "o1" })
        // 4 contracts of 0.0001 at 39000, a thousandth of it.
        #expect(trades.compactMap { $0.text("quantity") } == ["4", "6"] && trades[0].at("fee") == .number("0.0156"))
    }

    @Test func `the page's own samples have neither the client's id nor a time of change, and some count seconds`() throws {
        let bench = try bench(["stream_fields": "few", "stream_times": "s"])
        let id = try stream(bench)
        _ = try bench.place("xt-futures", "usdt", "btc_usdt")
        let row = try #require(try told(bench, id).first).at("data")
        #expect(row["clientOrderId"] == nil && row["updatedTime"] == nil && row.text("createdTime")?.count == 10)
    }

    @Test func `where executions are not told one by one, the order's last state is all the same`() throws {
        let bench = try bench(["stream_partial": "off"])
        let id = try stream(bench)
        let order = try bench.place("xt-futures", "usdt", "btc_usdt")
        try bench.fill(order, "4", at: "xt-futures")
        try bench.fill(order, at: "xt-futures")
        let states = try told(bench, id).compactMap { $0.text("topic") == "order" ? $0.text("data.state") : nil }
        #expect(states == ["NEW", "FILLED"])
    }

    @Test func `one socket serves both lines, each key its own`() throws {
        let bench = try bench()
        let (usdt, coin) = (try stream(bench), try stream(bench, "coin"))
        _ = try bench.place("xt-futures", "coin", "btc_usd")
        bench.wait(60)
        #expect(try told(bench, coin).compactMap { $0.text("data.symbol") } == ["btc_usd"] && told(bench, usdt).isEmpty)
    }

    @Test func `what a batch took is told on the stream, order by order, and what its engine refused as well`() throws {
        let bench = try bench(["batch": "rejected_rows"])
        let id = try stream(bench)
        let caller = XTFuturesCaller(in: bench.bench)
        _ = try caller.send(
            "POST", XTFuturesCaller.batch, body: "[\(XTFuturesCaller.order("good_one")),\(XTFuturesCaller.order("bad_one", XTFuturesCaller.tooDear))]"
        )
        let rows = try told(bench, id).map { $0.at("data") }
        #expect(Set(rows.compactMap { $0.text("clientOrderId") }) == ["good_one", "bad_one"])
        #expect(Set(rows.compactMap { $0.text("state") }) == ["NEW", "REJECTED"])
    }
}
