import CLinux
import Control
import ControlAPI
import OMSCore
import TestSupport
import Testing
import Wire

/// Every method's answer and every error, as bytes that clients were written for.
@Suite struct GoldenReplyTests {
    private static let path = String(#filePath.dropLast("Golden/GoldenReplyTests.swift".count)) + "Fixtures/replies.txt"

    /// `OMSD_WRITE_DOCS=1 swift test --filter GoldenReplyTests` writes the file anew: only where an answer is meant to change.
    @Test func `the same calls over the same history are answered with the same bytes as ever`() throws {
        let told = try Self.history()

        if getenv("OMSD_WRITE_DOCS") != nil { try writeText(told, to: Self.path, mode: 0o644) }
        let golden = try #require(readText(Self.path))
        let (new, old) = (told.split(separator: "\n"), golden.split(separator: "\n"))
        for (index, pair) in zip(new, old).enumerated() where pair.0 != pair.1 {
            Issue.record("line \(index + 1):\n\(pair.0)\nwas\n\(pair.1)")
            return
        }
        #expect(new.count == old.count)
    }

    @Test func `two histories of the same calls are the same`() throws {
        #expect(try Self.history() == Self.history())
    }

    @Test func `the file holds an answer of every method and every error that there is`() throws {
        let golden = try #require(readText(Self.path))
        for method in Methods.all { #expect(golden.contains("\"method\":\"\(method.name)\""), "\(method.name)") }
        for code in ErrorCode.allCases { #expect(golden.contains("\"code\":\(code.rawValue),"), "\(code)") }
    }

    @Test func `what is answered is what the types say, member by member`() throws {
        let lines = try #require(readText(Self.path)).split(separator: "\n")
        var read = 0
        for (asked, answered) in zip(lines, lines.dropFirst()) where asked.hasPrefix("> {") && answered.hasPrefix("< ") {
            guard let call = try? JSONParser.parse(Array(asked.dropFirst(2).utf8)) else { continue }
            let answer = try JSONParser.parse(Array(answered.dropFirst(2).utf8))
            if let error = answer["error"] {
                #expect(CallError(error)?.serialized() == error.serialized(), "\(answered)")
                continue
            }
            let method = try #require(Methods.all.first { $0.name == call["method"]?.string })
            guard let result = answer["result"], method.name != RPCDiscover.name else { continue }
            let said = result["dry_run"] == nil ? Self.written(method, result) : IntentPlan(result)?.serialized()
            #expect(said.map { String(decoding: $0, as: UTF8.self) } == String(decoding: result.serialized(), as: UTF8.self))
            read += 1
        }
        #expect(read > 50)
    }

    /// Read into the method's result, and written again.
    private static func written<M: Method>(_ method: M.Type, _ json: JSON) -> [UInt8]? { M.Result(json)?.serialized() }

    private static func history() throws -> String {
        let stage = try ReplyStage()
        let script = Script(stage, try RawClient(stage.path))
        try script.run()
        try stage.stop()
        return script.text
    }
}

/// What is asked, and what happens in between.
private final class Script {
    private let stage: ReplyStage
    private let client: RawClient
    private(set) var text = ""

    init(_ stage: ReplyStage, _ client: RawClient) { (self.stage, self.client) = (stage, client) }

    func run() throws {
        try strange()
        try early()
        try trade()
        try doubt()
        try tags()
        try bounds()
        try others()
        try guards()
        try rehearse()
        try follow()
        try refusals()
    }

    // MARK: Scenes

    /// What is no call at all, or a call of nothing.
    private func strange() throws {
        scene("no calls")
        try ask("not json")
        try ask("[]")
        try ask("3")
        try ask("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"x\"}")
        try ask("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"daemon.status\"}")
        try ask("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"daemon.status\"}")
        try ask("{\"jsonrpc\":\"2.0\",\"id\":\"a\\u00e9\\n\",\"method\":\"daemon.status\",\"parms\":{}}")
        try ask(String(repeating: "[", count: 40))
        try ask("{}")
        try call("intent.sumbit", "{}")
        try call("daemon.status", "[]")
        try call("daemon.status", "{\"a\":1}")
        try call("order.list", "{\"limt\":1}")
        try call("order.list", "{\"limit\":1,\"limit\":2}")
        try call("rpc.discover", "{}")
    }

    /// Nothing is known of any venue yet.
    private func early() throws {
        scene("before any venue has answered")
        try submit("\"account\":\"desk\",\"intent_id\":\"early\",\"place\":[\(order)]")
        try call("account.list", "{}")
        try call("daemon.status", "{}")
        try call("instrument.list", "{}")
    }

    private let order = "{\"symbol\":\"BTCUSDT\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"60000\",\"quantity\":\"0.01\"}"
    private let near =
        "{\"symbol\":\"btc_usdt\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"39000\",\"quantity\":\"0.01\",\"client_order_id\":\"far1\"}"

    private func trade() throws {
        scene("orders")
        stage.setReachable(true)
        try stage.getReady()
        try call("instrument.list", "{\"account\":\"desk\",\"limit\":2}")
        try call("instrument.list", "{\"symbol\":\"BTCUSDT\"}")
        try submit(
            "\"account\":\"desk\",\"intent_id\":\"first\",\"place\":[\(order),{\"symbol\":\"BTCUSDT\",\"side\":\"sell\",\"type\":\"limit\","
                + "\"price\":70000.5,\"quantity\":\"0.03\",\"post_only\":true,\"client_order_id\":\"mine1\",\"time_in_force\":\"gtc\"}],"
                + "\"expires_at\":1799999999000000")
        try submit("\"account\":\"desk\",\"intent_id\":\"dry\",\"dry_run\":true,\"place\":[\(order)],\"cancel\":[{}]")
        try submit("\"account\":\"desk\",\"dry_run\":true,\"place\":[\(order)]")
        try call("intent.wait", "{\"intent_id\":\"first\",\"until\":\"acknowledged\"}")
        try call("intent.wait", "{\"intent_id\":\"first\"}")
        try submit("\"account\":\"desk\",\"intent_id\":\"again\",\"place\":[\(order)]")
        try submit("\"account\":\"desk\",\"intent_id\":\"again\",\"place\":[\(order)]")
        try call("intent.wait", "{\"intent_id\":\"again\",\"timeout_ms\":20000}")
        try submit("\"account\":\"desk\",\"intent_id\":\"again\",\"place\":[\(order)]")
        try submit("\"account\":\"desk\",\"intent_id\":\"again\",\"place\":[\(order),\(order)]")
        try stage.fill("mine1", "0.01")
        try submit("\"account\":\"desk\",\"intent_id\":\"change\",\"modify\":[{\"client_order_id\":\"mine1\",\"price\":\"71000\"}]")
        try call("intent.wait", "{\"intent_id\":\"change\"}")
        try submit("\"account\":\"desk\",\"intent_id\":\"away\",\"cancel\":[\"mine1\"],\"sequence\":\"place_first\"")
        try call("intent.wait", "{\"intent_id\":\"away\"}")
        try submit(
            "\"account\":\"desk\",\"intent_id\":\"late\",\"modify\":[{\"client_order_id\":\"mine1\",\"quantity\":\"1\"}],"
                + "\"cancel\":[\"mine1\"]")
        try call("intent.get", "{\"intent_id\":\"late\"}")
        try call("order.get", "{\"client_order_id\":\"mine1\"}")
        try call("order.list", "{\"account\":\"desk\"}")
        try call("order.list", "{\"states\":[\"canceled\"],\"limit\":1}")
        try call("order.timeline", "{\"client_order_id\":\"mine1\"}")
        try call("fill.list", "{}")
        try call("intent.list", "{\"limit\":2}")
        try call("intent.cancel", "{\"intent_id\":\"first\"}")
        try call("intent.wait", "{\"intent_id\":\"first\",\"timeout_ms\":0}")
        try call("intent.get", "{\"intent_id\":\"first\"}")
    }

    private func doubt() throws {
        scene("doubt, a stranger's order, a halt")
        stage.setReachable(false)
        try submit("\"account\":\"far\",\"intent_id\":\"lost\",\"place\":[\(near)]")
        try call("intent.wait", "{\"intent_id\":\"lost\",\"timeout_ms\":1000}")
        try call("order.timeline", "{\"client_order_id\":\"far1\"}")
        try call("account.list", "{}")
        try call("account.reconcile", "{\"account\":\"far\"}")
        try call("order.resolve", "{\"client_order_id\":\"far1\",\"verdict\":\"absent\",\"reason\":\"seen at the venue\"}")
        try call("order.resolve", "{\"client_order_id\":\"far1\",\"verdict\":\"placed\",\"reason\":\"no\"}")
        stage.setReachable(true)
        try stage.getReady()
        try stage.placeFromOutside()
        try call("account.reconcile", "{\"account\":\"desk\"}")
        try call("break.list", "{\"open\":true}")
        try call("break.acknowledge", "{\"break_id\":\(try breakID()),\"reason\":\"ours, by hand\"}")
        try call("break.list", "{\"open\":true,\"kinds\":[\"external_order\"]}")
        try submit("\"account\":\"desk\",\"intent_id\":\"resting\",\"place\":[\(order)]")
        try call("intent.wait", "{\"intent_id\":\"resting\"}")
        try call("account.set_state", "{\"account\":\"desk\",\"state\":\"halted\",\"reason\":\"enough\",\"cancel_open\":true,\"everything\":true}")
        try call("account.kill_status", "{}")
        stage.pass(ms: 30_000)
        try call("account.kill_status", "{\"account\":\"desk\"}")
        try submit("\"account\":\"desk\",\"place\":[\(order)]")
        try call("account.set_state", "{\"account\":\"*\",\"state\":\"active\",\"reason\":\"go on\"}")
        try stage.getReady()
    }

    /// What belongs together in its caller's words.
    private func tags() throws {
        scene("tags")
        try submit("\"account\":\"desk\",\"intent_id\":\"grid\",\"tag\":\"grid.btc:1\",\"place\":[\(order),\(order)]")
        try submit("\"account\":\"desk\",\"intent_id\":\"grid\",\"tag\":\"grid.btc:2\",\"place\":[\(order),\(order)]")
        try submit("\"account\":\"desk\",\"intent_id\":\"bad\",\"tag\":\"a tag\",\"place\":[\(order)]")
        try submit("\"account\":\"desk\",\"intent_id\":\"bad\",\"cancel\":[{\"tag\":\"\"}]")
        try call("intent.wait", "{\"intent_id\":\"grid\"}")
        for method in ["intent.list", "order.list", "fill.list"] {
            try call(method, "{\"tag\":\"grid.btc:1\"}")
            try call(method, "{\"tag\":\"grid.btc:2\"}")
        }
        try submit("\"account\":\"desk\",\"intent_id\":\"none\",\"cancel\":[{\"tag\":\"grid.btc:2\"}]")
        try call("intent.cancel", "{\"tag\":\"grid.btc:1\",\"intent_id\":\"grid\"}")
        try call("intent.cancel", "{\"tag\":\"grid.btc:1\",\"account\":\"far\"}")
        try call("intent.cancel", "{\"tag\":\"grid.btc:1\"}")
        try call("intent.wait", "{\"intent_id\":\"grid\"}")
    }

    private func breakID() throws -> Int64 {
        let answer = client.call("break.list", "{\"open\":true,\"kinds\":[\"external_order\"]}")
        return try #require(answer?["result"]?["breaks"]?.array?.first?["break_id"]?.integer)
    }

    /// What the configuration allows.
    private func bounds() throws {
        scene("bounds of an account")
        func place(_ symbol: String, _ quantity: String, count: Int = 1) throws {
            let item = "{\"symbol\":\"\(symbol)\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"39000\",\"quantity\":\"\(quantity)\"}"
            try submit("\"account\":\"far\",\"place\":[\(Array(repeating: item, count: count).joined(separator: ","))]")
        }
        try place("eth_usdt", "0.01")
        try place("btc_usdt", "1")
        try place("btc_usdt", "0.01", count: 5)
        try place("btc_usdt", "0.01", count: 7)
        stage.isFull = true
        try call("daemon.status", "{}")
        stage.isFull = false
    }

    private func others() throws {
        scene("permits, budgets, figures")
        try call("limit.list", "{}")
        try call("position.list", "{}")
        try call("risk.get", "{}")
        try call("limit.take", "{\"account\":\"desk\",\"budget\":\"no-such\",\"permits\":1}")
        let granted = try call("limit.take", "{\"account\":\"desk\",\"budget\":\"\(try budget())\",\"permits\":2}")
        try call("limit.take", "{\"account\":\"desk\",\"budget\":\"\(try budget())\",\"permits\":100000}")
        let permit = try #require(granted["result"]?["permit_id"]?.integer)
        try call("limit.release", "{\"permit_id\":\(permit)}")
        try call("limit.release", "{\"permit_id\":\(permit)}")
        try call(
            "stats.get", "{\"from\":\(ReplyStage.epoch),\"to\":\(ReplyStage.epoch + 120_000_000),\"step_ms\":60000}")
        try call("stats.get", "{\"from\":5,\"to\":5,\"step_ms\":60000}")
        try call("stats.get", "{\"from\":0,\"to\":90000000000,\"step_ms\":1000}")
        try call("seal.get", "{}")
        try call("daemon.status", "{}")
        try call("account.list", "{}")
    }

    private func guards() throws {
        scene("guards")
        try call("guard.list", "{}")
        try call("session.guard", "{\"on_lost\":\"cancel\"}")
        try call("session.guard", "{\"on_lost\":\"halt\",\"grace_ms\":0}")
        try call("session.guard", "{\"on_lost\":\"cancel\",\"grace_ms\":0,\"accounts\":[\"nobody\"]}")
        let begun = try call("session.guard", "{\"on_lost\":\"cancel\",\"grace_ms\":5000,\"heartbeat_ms\":60000,\"accounts\":[\"desk\"]}")
        let id = try #require(begun["result"]?["guard_id"]?.integer)
        try call("session.guard", "{\"on_lost\":\"cancel\",\"grace_ms\":0}")
        try call("session.guard", "{\"resume\":\"nonsense\"}")
        try call("session.guard", "{\"resume\":\"nonsense\",\"grace_ms\":1}")
        try call("guard.list", "{}")
        try call("session.release", "{\"guard_id\":\(id)}")
        try call("session.release", "{\"guard_id\":\(id)}")
        try call("session.guard", "{\"resume\":\"nonsense\"}")
        try call("guard.list", "{}")
    }

    private func rehearse() throws {
        scene("rehearsals")
        func seen(_ name: String, _ verdict: String, _ bears: String = "") -> String {
            "{\"name\":\"\(name)\",\"assumed\":\"as ever\",\"seen\":\"it does\",\"verdict\":\"\(verdict)\"\(bears)}"
        }
        func record(_ account: String, _ items: String...) throws {
            try call("rehearsal.record", "{\"account\":\"\(account)\",\"orders\":2,\"assumptions\":[\(items.joined(separator: ","))]}")
        }
        try record("desk")
        try record("nobody", seen("tls", "holds"))
        try record("desk", seen("tls", "perhaps"))
        try record("desk", seen("tls", "holds"), seen("tls", "holds"))
        try record("desk", seen("tls", "holds", ",\"bears\":\"P9\""))
        try record("desk", seen("tls", "contradicts"), seen("clock", "not_seen", ",\"bears\":\"P2\""))
        try call("account.list", "{}")
        try record("desk", seen("clock", "contradicts", ",\"bears\":\"P2\""))
        try record("desk", seen("clock", "holds", ",\"bears\":\"P2\""))
    }

    private func budget() throws -> String {
        let budgets = client.call("limit.list")?["result"]?["budgets"]?.array ?? []
        return try #require(budgets.first { $0["account"]?.string == "desk" }?["budget"]?.string)
    }

    /// All of the record.
    private func follow() throws {
        scene("events")
        guard let seq = client.call("daemon.status")?["result"]?["seq"]?.integer else { throw Unexpected("no status") }
        try call("event.subscribe", "{\"after_seq\":0}")
        while true {
            guard let line = client.line(), let event = try? JSONParser.parse(line) else { throw Unexpected("no event") }
            note("< ", line)
            if event["params"]?["seq"]?.integer == seq { break }
        }
        try call("event.subscribe", "{\"after_seq\":\(seq + 1)}")
        try call("event.unsubscribe", "{\"subscription\":1}")
        try call("event.unsubscribe", "{\"subscription\":1}")
    }

    private func refusals() throws {
        scene("refusals")
        try submit("\"account\":\"nobody\",\"place\":[\(order)]")
        try submit("\"account\":\"desk\"")
        try submit("\"account\":\"desk\",\"place\":[{\"symbol\":\"BTCUSDT\",\"side\":\"by\",\"type\":\"limit\",\"price\":1e5,\"qantity\":\"1\"},7]")
        try submit("\"account\":\"desk\",\"place\":[\(order)],\"sequence\":\"cancel_frist\",\"expires_at\":1")
        try submit("\"account\":\"desk\",\"place\":[\(order)],\"expires_at\":1")
        try submit(
            "\"account\":\"desk\",\"place\":[{\"symbol\":\"BTCUSDT\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"60000.001\","
                + "\"quantity\":\"1\"}]")
        try submit("\"account\":\"desk\",\"cancel\":[\"never\"]")
        try submit("\"account\":\"desk\",\"modify\":[{\"client_order_id\":\"never\",\"price\":\"1\"}]")
        try submit("\"account\":\"desk\",\"cancel\":[{\"symbol\":\"NOPE\"}]")
        try call("intent.get", "{\"intent_id\":\"none\"}")
        try call("intent.get", "{}")
        try call("intent.wait", "{\"intent_id\":\"none\"}")
        try call("intent.wait", "{\"intent_id\":\"first\",\"until\":\"setled\"}")
        try call("intent.cancel", "{\"intent_id\":\"none\"}")
        try call("intent.list", "{\"account\":\"nobody\"}")
        try call("order.get", "{}")
        try call("order.get", "{\"client_order_id\":\"none\"}")
        try call("order.get", "{\"account\":\"desk\",\"venue_order_id\":\"0\"}")
        try call("order.list", "{\"symbol\":\"NOPE\"}")
        try call("order.list", "{\"states\":[\"open\"]}")
        try call("order.timeline", "{\"client_order_id\":\"none\"}")
        try call("order.resolve", "{\"client_order_id\":\"none\",\"verdict\":\"absent\",\"reason\":\"r\"}")
        try call("break.acknowledge", "{\"break_id\":0,\"reason\":\"r\"}")
        try call("instrument.list", "{\"account\":\"nobody\"}")
        try call("instrument.list", "{\"symbol\":\"NOPE\"}")
        try call("account.set_state", "{\"account\":\"nobody\",\"state\":\"halted\",\"reason\":\"r\"}")
        try call("account.set_state", "{\"account\":\"desk\",\"state\":\"halted\",\"reason\":\"r\",\"everything\":true}")
        try call("account.kill_status", "{\"account\":\"nobody\"}")
        try call("account.reconcile", "{\"account\":\"nobody\"}")
        try call("limit.take", "{\"account\":\"nobody\",\"budget\":\"b\",\"permits\":1}")
        scene("viewers and strangers")
        let viewer = try RawClient(stage.path)
        try call("intent.cancel", "{\"intent_id\":\"first\"}", by: viewer)
        try call("account.set_state", "{}", by: viewer)
        try call("daemon.status", "{}", by: try RawClient(stage.path))
        scene("a full disk")
        stage.fillDisk()
        try submit("\"account\":\"desk\",\"intent_id\":\"unwritten\",\"place\":[\(order)]")
        try call("daemon.status", "{}")
        try submit("\"account\":\"desk\",\"intent_id\":\"unwritten\",\"place\":[\(order)]")
    }

    // MARK: Asking

    private func scene(_ name: String) { text += "# \(name)\n" }

    private func note(_ sign: String, _ line: [UInt8]) { text += sign + String(decoding: line, as: UTF8.self) + "\n" }

    private func submit(_ members: String) throws { try call("intent.submit", "{\(members)}") }

    @discardableResult
    private func call(_ method: String, _ params: String, by caller: RawClient? = nil) throws -> JSON {
        try ask("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\(method)\",\"params\":\(params)}", by: caller)
    }

    @discardableResult
    private func ask(_ line: String, by caller: RawClient? = nil) throws -> JSON {
        let caller = caller ?? client
        caller.send(line + "\n")
        guard let answer = caller.line() else { throw Unexpected("no answer to \(line)") }
        note("> ", Array(line.utf8))
        note("< ", answer)
        return try JSONParser.parse(answer)
    }
}
