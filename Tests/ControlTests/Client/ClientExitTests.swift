import CLinux
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Control
@testable import omsctl

struct ClientExitTests {
    private static func daemon(counts: String, timedOut: Bool = false) throws -> ScriptedDaemon {
        try ScriptedDaemon { command in
            switch command {
            case .submit(let intent, _):
                "{\"intent_id\":\"\(intent.id?.text ?? "made")\",\"duplicate\":false,\"accepted_at\":1,\"orders\":[\"o1\"],\"planned_requests\":1}"
            case .intentWait(let id, _, _): "{\"intent_id\":\"\(id)\",\"state\":\"settled\",\"counts\":\(counts),\"timed_out\":\(timedOut)}"
            default: nil
            }
        }
    }

    @Test(
        arguments: [
            ("{\"acknowledged\":1}", 0), ("{\"filled\":3,\"canceled\":2}", 0), ("{\"denied\":1,\"filled\":3}", 3), ("{\"expired\":1}", 3),
            ("{\"abandoned\":1}", 3), ("{\"rejected\":1,\"denied\":1}", 4), ("{\"in_doubt\":1,\"rejected\":1,\"denied\":1}", 5),
            ("{\"in_doubt\":0}", 0),
        ] as [(String, Int32)]) func `the exit code tells the worst fate of the orders`(counts: String, code: Int32) throws
    {
        let daemon = try Self.daemon(counts: counts)
        #expect(daemon.run("place", "--account", "a", "--symbol", "b", "--side", "buy", "--price", "1", "--quantity", "2") == code)
    }

    @Test(
        arguments: [
            ("[]", 0, ""), (#"[{"commands":5,"code":null,"text":"left at U1","sent":false}]"#, 3, "5 cancels or modifies refused: left at U1"),
            (
                #"[{"commands":2,"code":"25104","text":"gone","sent":true},{"commands":1,"code":null,"text":"x","sent":false}]"#, 4,
                "2 cancels or modifies the venue refused: 25104 gone"
            ),
        ] as [(String, Int32, String)])
    func `cancels by a filter or of an intent that were refused are told with their reason, and end as one by id does`(
        refusals: String, code: Int32, words: String
    ) throws {
        let daemon = try ScriptedDaemon { command in
            switch command {
            case .submit(let intent, _):
                "{\"intent_id\":\"\(intent.id?.text ?? "made")\",\"duplicate\":false,\"accepted_at\":1,\"orders\":[],\"planned_requests\":1}"
            case .intentCancel: "{\"intents\":1,\"withdrawn\":0,\"cancels\":5}"
            case .intentWait(let id, _, _):
                #"{"intent_id":"\#(id)","state":"settled","commands":5,"counts":{},"refusals":\#(refusals),"timed_out":false}"#
            default: nil
            }
        }
        for verb in [["cancel", "--account", "a", "--symbol", "b"], ["cancel-all", "a"], ["cancel", "--intent", "i1"]] {
            #expect(daemon.run(verb) == code, "\(verb)")
            #expect(daemon.terminal.output.contains(words), "\(daemon.terminal.output)")
        }
    }

    @Test func `what is not settled in time is 5, and says how to wait on`() throws {
        let daemon = try Self.daemon(counts: "{\"submitted\":1}", timedOut: true)
        let code = daemon.run(
            "place", "--account", "a", "--symbol", "b", "--side", "buy", "--price", "1", "--quantity", "2", "--intent-id", "i7", "--timeout", "0")
        #expect(code == 5)
        #expect(daemon.terminal.output.contains("omsctl wait i7"))
    }

    @Test(
        arguments: [
            (1001, 3), (1002, 3), (1003, 3), (1004, 3), (1005, 3), (1006, 3), (1007, 3), (1008, 3), (1009, 3), (1010, 1), (-32602, 3), (-32603, 1),
            (-32601, 1),
        ] as [(Int, Int32)]) func `an error of the daemon becomes the exit code of its class`(code: Int, exit: Int32) throws
    {
        let daemon = try ScriptedDaemon { _ in throw ControlError(code: code, reason: "R", message: "told \u{1B}[31m", retryable: .no) }
        #expect(daemon.run("status") == exit)
        #expect(daemon.terminal.errors.contains("told \\u{1b}[31m (\(code) R)"))
    }

    @Test func `a daemon that is not there is 7 and the next step is named`() {
        let terminal = FakeTerminal()
        #expect(Client.run(["status"], environment: ["OMSD_SOCKET": "/tmp/no-such-socket-here"], terminal: terminal) == 7)
        #expect(terminal.errors.contains("/tmp/no-such-socket-here") && terminal.errors.contains("systemctl start omsd"))
    }

    @Test func `a connection that breaks in the midst is 7`() throws {
        let held = Held()
        let harness = try Harness(
            sink: FakeSink { call, _ in
                held.add(call.ticket)
                return true
            })
        let server = harness.server
        let stopper = Aside { if eventually({ held.count > 0 }) { server.stop() } }
        let terminal = FakeTerminal()
        #expect(Client.run(["--socket", harness.path, "status"], environment: [:], terminal: terminal) == 7)
        #expect(terminal.errors.contains("may or may not have been taken"))
        try stopper.join()
    }

    @Test(arguments: [
        [], ["no-such-verb"], ["--nonsense"], ["submit"], ["submit", "a", "b"], ["place"], ["place", "--price"], ["orders", "--limit", "x"],
        ["orders", "--limit", "1", "--limit", "2"], ["wait", "i", "--until", "later"], ["wait", "i", "--timeout", "soon"],
        ["place", "--account", "a", "--symbol", "b", "--side", "buy", "--timeout", "1h"], ["resolve", "o", "maybe"],
        ["resolve", "o", "absent"], ["export"], ["modify", "o"], ["cancel"], ["status", "extra"], ["orders", "--json=1"],
    ]) func `a wrong command line is 2 and asks the daemon nothing`(words: [String]) throws {
        let daemon = try ScriptedDaemon { _ in nil }
        #expect(Client.run(["--socket", daemon.harness.path] + words, environment: [:], terminal: daemon.terminal) == 2)
        #expect(daemon.terminal.errors.hasPrefix("omsctl: "))
        #expect(daemon.commands.isEmpty)
    }

    @Test func `help and version need no daemon, and every verb has its help`() {
        let terminal = FakeTerminal()
        #expect(Client.run(["--help"], environment: [:], terminal: terminal) == 0)
        #expect(Client.run(["--version"], environment: [:], terminal: terminal) == 0)
        for verb in Verbs.all {
            #expect(Client.run([verb.name, "--help"], environment: [:], terminal: terminal) == 0)
            #expect(terminal.output.contains("usage: omsctl \(verb.name)"))
        }
        #expect(terminal.errors.isEmpty)
        let contract = [
            "submit", "place", "modify", "cancel", "cancel-all", "intents", "orders", "show", "why", "wait", "tail", "status", "limits",
            "instruments", "positions", "risk", "fills", "reconcile", "breaks", "break", "halt", "reduce", "resume", "kill", "resolve", "top",
            "console", "export", "report",
            "explain", "completions", "guards", "guard", "seal",
        ]
        #expect(Set(Verbs.all.map(\.name)) == Set(contract))
    }

    @Test(arguments: [
        (["statsu"], "did you mean status?"), (["orders", "--acount", "mm"], "did you mean --account?"),
        (["orders", "--state", "in_dobt"], "did you mean in_doubt?"), (["breaks", "--kind", "external_orders"], "did you mean external_order?"),
        (["wait", "i", "--until", "setled"], "did you mean settled?"), (["resolve", "o", "abset", "--reason", "r"], "did you mean absent?"),
        (["break", "acknowledge", "seven", "--reason", "r"], "omsctl breaks --open"),
    ]) func `a typo is 2 and says what was probably meant`(words: [String], hint: String) {
        let terminal = FakeTerminal()
        #expect(Client.run(words, environment: [:], terminal: terminal) == 2)
        #expect(terminal.errors.contains(hint), "\(terminal.errors)")
    }
}
