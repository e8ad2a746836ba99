import Testing
import Wire

@testable import Simulator

@Suite struct `Faults of streams` {
    /// A stream of the unified account whose faults are given, and an order of ten that rests.
    private func scene(_ faults: String, seed: UInt64 = 1) throws -> (bench: StreamBench, id: Int, order: SimOrder) {
        let bench = try StreamBench(["bitget-uta/stream_words": "one"], seed: seed)
        let id = try bench.unified()
        let order = try bench.place("bitget-uta", "spot", "BTCUSDT")
        _ = bench.texts(id)
        bench.world.setFaults(try FaultPlan.read(Array(faults.utf8)).rules)
        return (bench, id, order)
    }

    /// What each push is: its topic and the order's state, or the execution's quantity.
    private func told(_ bench: StreamBench, _ id: Int, after ms: Int64 = 10) throws -> [String] {
        try bench.messages(id, after: ms).map { message in
            let row = message["data"]?.array?.first ?? message["data"] ?? .null
            return "\(message.at("arg", "topic")?.string ?? "?") \(row["orderStatus"]?.string ?? row["execQty"]?.string ?? "?")"
        }
    }

    /// Two executions some time apart, and what was told of them.
    private func traded(_ faults: String, after ms: Int64 = 10) throws -> [String] {
        let (bench, id, order) = try scene(faults)
        try bench.fill(order, "4", at: "bitget-uta")
        bench.wait(20)
        try bench.fill(order, at: "bitget-uta")
        return try told(bench, id, after: ms)
    }

    private static let usual = ["order partially_filled", "fill 4", "order filled", "fill 6"]

    @Test func `a rule of another venue, account, channel or moment strikes nothing`() throws {
        #expect(try traded("[]") == Self.usual)
        for rule in [
            #"{venue: "xt-spot", fault: {type: "push_lost"}}"#, #"{account: "U9", fault: {type: "push_lost"}}"#,
            #"{channel: "trade", fault: {type: "push_lost"}}"#, #"{fault: {type: "ack_missing"}}"#, #"{fault: {type: "upgrade_refused"}}"#,
            #"{fault: {type: "reset"}}"#, #"{channel: "order", after: 9, fault: {type: "push_lost"}}"#,
        ] {
            #expect(try traded("[\(rule)]") == Self.usual, "\(rule)")
        }
    }

    @Test(arguments: [
        (#"{channel: "fill", first: 1, fault: {type: "push_lost"}}"#, ["order partially_filled", "order filled", "fill 6"]),
        (#"{channel: "fill", first: 1, fault: {type: "push_twice"}}"#, ["order partially_filled", "fill 4", "fill 4", "order filled", "fill 6"]),
        (#"{first: 1, fault: {type: "fill_first"}}"#, ["fill 4", "order partially_filled", "order filled", "fill 6"]),
        (#"{fault: {type: "end_without_fills"}}"#, ["order partially_filled", "order filled"]),
        (#"{first: 1, fault: {type: "fill_twice"}}"#, ["order partially_filled", "fill 4", "fill 4", "order filled", "fill 6"]),
        (#"{channel: "order", first: 1, fault: {type: "push_swapped"}}"#, ["fill 4", "order partially_filled", "order filled", "fill 6"]),
        (#"{channel: "fill", first: 1, fault: {type: "push_swapped"}}"#, ["order partially_filled", "order filled", "fill 4", "fill 6"]),
        (
            #"{channel: "fill", first: 1, fault: {type: "push_flood", messages: 3}}"#,
            ["order partially_filled", "fill 4", "fill 4", "fill 4", "order filled", "fill 6"]
        ),
        (#"{channel: "order", first: 1, fault: {type: "stream_mute"}}"#, []),
        (#"{channel: "order", after: 1, first: 1, fault: {type: "token_dies"}}"#, ["order partially_filled", "fill 4"]),
    ])
    func `pushes are lost, doubled, swapped and silenced by the rule`(rule: String, expected: [String]) throws {
        #expect(try traded("[\(rule)]") == expected)
    }

    @Test func `what is kept back leaves after its time where no other push comes`() throws {
        let (bench, id, order) = try scene(#"[{channel: "fill", fault: {type: "push_swapped", within_ms: 500}}]"#)
        try bench.fill(order, "4", at: "bitget-uta")
        #expect(try told(bench, id) == ["order partially_filled"])
        #expect(try told(bench, id, after: 480).isEmpty)
        #expect(try told(bench, id, after: 20) == ["fill 4"])
    }

    @Test func `a late push is passed by others, and comes`() throws {
        let (bench, id, order) = try scene(#"[{channel: "order", first: 1, fault: {type: "push_late", delay_ms: 9000}}]"#)
        try bench.fill(order, "4", at: "bitget-uta")
        bench.wait(20)
        try bench.fill(order, at: "bitget-uta")
        #expect(try told(bench, id) == ["fill 4", "order filled", "fill 6"])
        #expect(try told(bench, id, after: 8_900).isEmpty)
        #expect(try told(bench, id, after: 100) == ["order partially_filled"], "its state is the old one, though the order has ended")
    }

    @Test func `shapes differ by the rule: ids as numbers, data as an object, no time of change, the time before, no fee at first`() throws {
        func rows(_ rule: String) throws -> [JSON] {
            let (bench, id, order) = try scene("[\(rule)]")
            try bench.fill(order, "4", at: "bitget-uta")
            bench.wait(20)
            try bench.fill(order, "4", at: "bitget-uta")
            return try bench.messages(id).compactMap { $0["data"] }
        }
        let numbers = try rows(#"{fault: {type: "push_numeric_ids"}}"#)
        #expect(numbers.allSatisfy { if case .number? = $0.array?.first?["orderId"] { true } else { false } })
        if case .number? = numbers[1].array?.first?["execId"] {} else { Issue.record("an execution's id is text") }
        #expect(try rows(#"{fault: {type: "push_reshaped"}}"#).allSatisfy { $0.object != nil })
        #expect(try rows(#"{fault: {type: "push_no_update_time"}}"#).allSatisfy { $0.array?.first?["updatedTime"] == nil })
        let same = try rows(#"{channel: "order", after: 1, fault: {type: "push_same_time"}}"#).compactMap { $0.array?.first }
        #expect(same[0]["updatedTime"] == same[2]["updatedTime"] && same[0]["cumExecQty"] != same[2]["cumExecQty"])
        let twice = try rows(#"{first: 1, fault: {type: "fill_twice"}}"#).compactMap { $0.array?.first }
        #expect(twice[1]["execId"] == twice[2]["execId"] && twice[1]["feeDetail"]?.array?.isEmpty == true && twice[2]["feeDetail"]?.array?.count == 1)
    }

    @Test func `a push goes in fragments that are the message, or blown up to the size asked for, and reads as before`() throws {
        let (bench, id, order) = try scene(#"[{first: 1, fault: {type: "push_fragmented", parts: 4}}, {first: 1, fault: {type: "push_giant"}}]"#)
        try bench.fill(order, "4", at: "bitget-uta")
        let outputs = bench.outputs(id)
        guard outputs.count == 2, case .fragments(let parts) = outputs[0], case .text(let giant) = outputs[1] else { throw Missing("pushes") }
        let (whole, large) = (try JSONParser.parse(Array(parts.joined())), try JSONParser.parse(giant))
        #expect(parts.count == 4 && whole.at("arg", "topic")?.string == "order")
        #expect(giant.count == 1 << 20 && large.at("arg", "topic")?.string == "fill")
    }

    @Test(arguments: WrongFrame.allCases)
    func `every wrong frame is refused by a reader of servers' frames, or never ends`(frame: WrongFrame) throws {
        let (bench, id, order) = try scene(#"[{first: 1, fault: {type: "push_broken", how: "\#(frame.rawValue)"}}]"#)
        try bench.fill(order, "4", at: "bitget-uta")
        guard case .wrong(frame, let bytes)? = bench.outputs(id).first else { throw Missing("frame") }
        var reader = WebSocketReader(from: .server)
        let read = bytes.withUnsafeBytes { all -> Result<WebSocketMessage?, WebSocketFault> in
            var rest = all
            do throws(WebSocketFault) { return .success(try reader.next(from: &rest)) } catch { return .failure(error) }
        }
        switch read {
        case .success(let message): #expect(frame == .unfinished && message == nil && reader.isInFrame && !bench.isOpen(id))
        case .failure: #expect(frame != .unfinished)
        }
    }

    @Test(arguments: [1_000, 1_001, 1_006, 1_008, 1_012])
    func `a close in the place of a push or an answer has the code asked for`(code: Int) throws {
        let (bench, id, order) = try scene(#"[{channel: "order", fault: {type: "stream_close", code: \#(code)}}]"#)
        #expect(bench.say("ping", on: id) == ["pong"])
        try bench.fill(order, "4", at: "bitget-uta")
        #expect(bench.outputs(id) == [code == 1_006 ? .cut : .close(code)] && !bench.isOpen(id))
    }

    @Test func `30033 is said, pushes go on, then it is cut`() throws {
        let (bench, id, order) = try scene(#"[{channel: "ping", fault: {type: "stream_notice", delay_ms: 5000}}]"#)
        #expect(bench.say("ping", on: id).first?.contains("30033") == true)
        try bench.fill(order, "4", at: "bitget-uta")
        #expect(try told(bench, id) == ["order partially_filled", "fill 4"])
        #expect(bench.outputs(id, after: 5_000) == [.cut])
    }

    @Test func `a deaf stream answers no ping, a mute one does; a token that dies leaves both as they were, but for pushes`() throws {
        for (type, answers) in [("stream_deaf", false), ("stream_mute", true)] {
            let (bench, id, order) = try scene(#"[{channel: "ping", first: 1, fault: {type: "\#(type)"}}]"#)
            #expect(bench.say("ping", on: id).isEmpty != answers)
            try bench.fill(order, "4", at: "bitget-uta")
            #expect(bench.texts(id).isEmpty && bench.isOpen(id))
        }
        let bench = try StreamBench(faults: #"[{channel: "ping", fault: {type: "token_dies"}}]"#)
        let id = try bench.stream("xt-spot")
        #expect(bench.say("ping", on: id) == ["pong"])
        _ = try bench.place("xt-spot", "spot", "btc_usdt")
        #expect(bench.texts(id).isEmpty && bench.say("ping", on: id) == ["pong"])
    }

    @Test func `one channel's subscription is refused, or not acknowledged, the other's is`() throws {
        for (rule, acks, fills) in [
            (#"{channel: "fill", fault: {type: "subscribe_refused", code: "30001"}}"#, ["subscribe", "error"], 0),
            (#"{channel: "fill", fault: {type: "ack_missing"}}"#, ["subscribe"], 1),
            (#"{channel: "fill", fault: {type: "ack_missing", subscribes: false}}"#, ["subscribe"], 0),
        ] {
            let bench = try StreamBench(faults: "[\(rule)]")
            let id = try bench.open("/v3/ws/private")
            bench.say(bench.login(try bench.bench.account("bitget-uta", "spot")), on: id)
            let answers = try bench.say(StreamBench.unifiedChannels, on: id).map { try JSONParser.parse(Array($0.utf8)) }
            #expect(answers.map { $0["event"]?.string } == acks)
            let order = try bench.place("bitget-uta", "spot", "BTCUSDT")
            try bench.fill(order, at: "bitget-uta")
            #expect(try bench.messages(id).count { $0.at("arg", "topic")?.string == "fill" } == fills)
        }
    }

    @Test func `an upgrade is refused, sent elsewhere, answered wrongly, with an extension, or not at all`() throws {
        func opening(_ fault: String) throws -> StreamOpening { try StreamBench(faults: "[{fault: \(fault)}]").opening("/v3/ws/private") }
        guard case .refused(let unavailable) = try opening(#"{type: "upgrade_refused"}"#),
            case .refused(let moved) = try opening(#"{type: "upgrade_refused", status: 302}"#),
            case .opened(_, true, nil) = try opening(#"{type: "upgrade_wrong_accept"}"#),
            case .opened(_, false, _?) = try opening(#"{type: "upgrade_extension"}"#), case .silent = try opening(#"{type: "upgrade_silence"}"#)
        else { throw Missing("an answer as asked for") }
        #expect(unavailable.status == 503 && moved.status == 302 && moved.header("Location") != nil)
    }

    @Test func `a push may come before the answer to its request`() throws {
        let (bench, id, _) = try scene(#"[{kind: "place", fault: {type: "early_push", delay_ms: 300}}]"#)
        let client = BitgetClient(in: bench.world, try bench.bench.account("bitget-uta", "spot"), at: bench.bench.nowMs * 1_000)
        let body = "[" + BitgetClient.item("early") + "]"
        guard case .response(let response, let after) = client.reply(client.signed("POST", "/api/v3/trade/place-batch", body: body)) else {
            throw Missing("answer")
        }
        #expect(response.status == 200 && after == 300_000)
        #expect(try told(bench, id, after: 0) == ["order new"])
    }

    @Test func `one seed and one sequence of messages are one history, and the faults' counts are shown`() throws {
        func history(_ seed: UInt64) throws -> ([String], String) {
            let rules = #"[{probability: 0.5, fault: {type: "push_lost"}}, {probability: 0.5, fault: {type: "push_late"}}]"#
            let bench = try StreamBench(faults: rules, seed: seed)
            let id = try bench.unified()
            for index in 0..<20 {
                let order = try bench.place("bitget-uta", "spot", "BTCUSDT", "o\(index)")
                try bench.fill(order, "4", at: "bitget-uta")
            }
            return (bench.texts(id, after: 20_000), String(decoding: bench.world.summaryJSON(), as: UTF8.self))
        }
        let (first, again, other) = (try history(5), try history(5), try history(6))
        #expect(first.0 == again.0 && first.1 == again.1 && first.0 != other.0)
        #expect(first.1.contains("\"type\":\"push_lost\",\"seen\":80"))
    }

    @Test(arguments: [
        #"[{kind: "place", fault: {type: "push_lost"}}]"#, #"[{endpoint: "x", fault: {type: "push_lost"}}]"#,
        #"[{channel: "order", fault: {type: "reset"}}]"#, #"[{fault: {type: "push_broken", how: "gently"}}]"#,
        #"[{fault: {type: "stream_close", code: 1}}]"#, #"[{fault: {type: "push_lost", delay_ms: 1}}]"#,
    ])
    func `rules that cannot be meant are refused`(text: String) {
        #expect(throws: SimulatorInputError.self) { try FaultPlan.read(Array(text.utf8)) }
    }
}
