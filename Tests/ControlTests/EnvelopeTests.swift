import Control
import OMSCore
import Testing
import Wire

struct EnvelopeTests {
    @Test(arguments: [
        ("not json at all", -32700), ("{\"jsonrpc\":\"2.0\",", -32700), ("{}{}", -32700), ("\u{FEFF}{}", -32700), ("NaN", -32700),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon.status\"} x", -32700), ("{\"id\":\"\\ud800\"}", -32700), ("{\"id\":01}", -32700),
        ("[]", -32600), ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon.status\"}]", -32600), ("3", -32600), ("null", -32600), ("\"x\"", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"daemon.status\"}", -32600), ("{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"x\"}", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"daemon.status\"}", -32600), ("{}", -32600),
    ]) func `an unreadable line is answered with id null and the connection lives on`(line: String, code: Int64) throws {
        let harness = try Harness()
        let client = try RawClient(harness.path)

        let answer = client.ask(line)

        #expect(answer?.code == code)
        #expect(answer?["id"] == .null)
        #expect(client.call("daemon.status")?["result"] != nil)
        #expect(harness.sink.calls.count == 1)
    }

    @Test(arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x00], [0x1B]] as [[UInt8]])
    func `broken UTF-8 and raw control characters are refused and the connection lives on`(bytes: [UInt8]) throws {
        let harness = try Harness()
        let client = try RawClient(harness.path)

        client.send(Array("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"".utf8) + bytes + Array("\"}\n".utf8))

        #expect(client.answer()?.code == -32700)
        #expect(client.call("daemon.status")?["result"] != nil)
    }

    @Test(arguments: [33, 600, 100_000]) func `deep nesting is refused and the connection lives on`(depth: Int) throws {
        let harness = try Harness()
        let client = try RawClient(harness.path)

        let answer = client.ask(String(repeating: "[", count: depth) + String(repeating: "]", count: depth))

        #expect(answer?.code == -32600)
        #expect(answer?["id"] == .null)
        #expect(client.call("daemon.status")?["result"] != nil)
    }

    @Test(arguments: ["0", "-7", "1.5", "1e3", "123456789012345678901234567890", "\"\"", "\"a b\"", "\"\\u00e9\\n\"", "\"\u{1F600}\"", "null"])
    func `an answer carries the id of its request`(id: String) throws {
        let harness = try Harness()
        #expect(try RawClient(harness.path).call("daemon.status", id: id)?["id"] == JSONParser.parse(id))
    }

    @Test(arguments: [
        ("{\"id\":1,\"method\":\"daemon.status\"}", -32600, "jsonrpc"),
        ("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"daemon.status\"}", -32600, "jsonrpc"),
        ("{\"jsonrpc\":2.0,\"id\":1,\"method\":\"daemon.status\"}", -32600, "jsonrpc"), ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32600, "method"),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"methode\":\"daemon.status\"}", -32600, "did you mean method?"),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600, "method"),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"order.gett\"}", -32601, "did you mean order.get?"),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\"}", -32601, "rpc.discover"),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon.status\",\"params\":[]}", -32602, "params"),
        ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon.status\",\"params\":{\"x\":1}}", -32602, "params.x: unknown field"),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"order.list\",\"params\":{\"acount\":\"a\"}}", -32602,
            "params.acount: unknown field; did you mean account?"
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"order.list\",\"params\":{\"limit\":1,\"limit\":2}}", -32602,
            "params.limit: key \"limit\" stands twice"
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"intent.submit\",\"params\":{\"account\":\"a\",\"place\":[{\"side\":\"buy\",\"side\":\"sell\"}]}}",
            -32602,
            "params.place[0].side: key"
        ),
    ]) func `a wrong request is answered under its id, with the path of what is wrong`(line: String, code: Int64, text: String) throws {
        let harness = try Harness()

        let answer = try RawClient(harness.path).ask(line)

        #expect(answer?.code == code)
        #expect(answer?["id"] == .number("1"))
        #expect(answer?.message.contains(text) == true, "\(answer?.message ?? "none")")
        #expect(answer?["error"]?["data"]?["retryable"] == .string("no"))
        #expect(harness.sink.calls.isEmpty)
    }

    @Test func `a notification is never acted on, and one that would change something is logged`() throws {
        let harness = try Harness()
        let client = try RawClient(harness.path)

        client.send("{\"jsonrpc\":\"2.0\",\"method\":\"account.set_state\",\"params\":{\"account\":\"*\",\"state\":\"active\",\"reason\":\"x\"}}\n")
        client.send("{\"jsonrpc\":\"2.0\",\"method\":\"daemon.status\"}\n")

        #expect(client.call("daemon.status", id: "9")?["id"] == .number("9"))
        #expect(harness.sink.calls.count == 1)
        #expect(harness.log.all.filter { $0.contains("notification account.set_state ignored") }.count == 1)
        #expect(!harness.log.all.contains { $0.contains("daemon.status") })
    }

    @Test func `an error answer carries reason, retryable and details`() throws {
        let harness = try Harness(
            sink: FakeSink { call, server in
                server.fail(
                    .invalidOrder([.init(list: "place", index: 3, field: "price", problem: "not a multiple of the tick 0.1")]), to: call.ticket)
                return true
            })

        let error = try RawClient(harness.path).call("daemon.status")?["error"]

        #expect(error?["code"] == .number("1003"))
        #expect(error?["data"]?["reason"] == .string("INVALID_ORDER"))
        #expect(error?["data"]?["retryable"] == .string("no"))
        let expected = "[{\"list\":\"place\",\"index\":3,\"field\":\"price\",\"problem\":\"not a multiple of the tick 0.1\"}]"
        #expect(error?["data"]?["details"]?.serialized() == Array(expected.utf8))
    }
}
