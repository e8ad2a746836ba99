import OMSCore
import Store
import TestSupport
import Testing
import Wire

@testable import Control
@testable import omsctl

/// What a program reads from `omsctl --json`.
@Suite struct ClientJSONTests {
    private static func daemon() throws -> ScriptedDaemon {
        try ScriptedDaemon { command in
            switch command {
            case .submit(let intent, _):
                #"{"intent_id":"\#(intent.id?.text ?? "made")","duplicate":false,"accepted_at":1,"orders":["#
                    + intent.place.indices.map { "\"new\($0)\"" }.joined(separator: ",") + #"],"planned_requests":1}"#
            case .intentWait(let id, _, _):
                #"{"intent_id":"\#(id)","state":"settled","orders":1,"commands":1,"counts":{"acknowledged":1},"timed_out":false}"#
            case .intentCancel: #"{"intents":1,"withdrawn":3,"cancels":4}"#
            case .orderGet: #"{"client_order_id":"o1","account":"a","state":"working"}"#
            case .orderTimeline: #"{"client_order_id":"o1","events":[],"requests":[],"commands":[]}"#
            default: nil
            }
        }
    }

    private static let item = ["--symbol", "b", "--side", "buy", "--price", "1", "--quantity", "2"]

    private static func answers(_ daemon: ScriptedDaemon) throws -> [JSON] {
        try daemon.terminal.output.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
    }

    @Test func `an order that was placed and waited for is named by its id`() throws {
        let daemon = try Self.daemon()
        #expect(daemon.run(["--json", "place", "--account", "a", "--intent-id", "i"] + Self.item) == 0)
        let answer = try #require(try Self.answers(daemon).first)
        #expect(answer["client_order_ids"]?.array?.map(\.string) == ["new0"] && answer["intent_id"]?.string == "i")
        #expect(answer["counts"]?["acknowledged"]?.integer == 1)
    }

    @Test func `a submit names the orders that came with it and those that it changes or cancels, each once`() throws {
        let daemon = try Self.daemon()
        daemon.terminal.files["i.json"] = """
            {"account":"a","intent_id":"x","place":[{"symbol":"b","side":"buy","type":"limit","price":"1","quantity":"2"}],
             "modify":[{"client_order_id":"o1","price":"2"}],"cancel":["o2","o1",{"symbol":"b"}]}
            """
        #expect(daemon.run("--json", "submit", "i.json") == 0)
        #expect(try Self.answers(daemon).first?["client_order_ids"]?.array?.map(\.string) == ["new0", "o1", "o2"])
    }

    @Test func `numbered intents of one file name the orders of each`() throws {
        let daemon = try Self.daemon()
        let line = #"{"symbol":"b","side":"buy","type":"limit","price":"1","quantity":"2"}"# + "\n"
        daemon.terminal.files["-"] = line + line + line
        let words = ["--socket", daemon.harness.path, "--json", "submit", "-", "--account", "a"]
        #expect(Client.run(words, environment: [:], terminal: daemon.terminal, itemsMax: 2) == 0)
        #expect(try Self.answers(daemon).map { $0["client_order_ids"]?.array?.count } == [2, 1])
    }

    @Test func `a cancel names what it touched: ids, or how many of an intent`() throws {
        let daemon = try Self.daemon()
        _ = daemon.run("--json", "cancel", "o1")
        #expect(try Self.answers(daemon).first?["client_order_ids"]?.array?.map(\.string) == ["o1"])
        let other = try Self.daemon()
        #expect(other.run("--json", "cancel", "--intent", "i") == 0)
        let answer = try #require(try Self.answers(other).first)
        #expect(answer["withdrawn"]?.integer == 3 && answer["cancels"]?.integer == 4 && answer["intent_id"]?.string == "i")
    }

    @Test func `a refusal is the daemon's error object on standard output, with every detail, and its exit code stays`() throws {
        let details = (0..<25).map { ControlError.Detail(list: "place", index: $0, field: "price", problem: "off tick") }
        let daemon = try ScriptedDaemon { _ in throw ControlError.invalidOrder(details) }
        #expect(daemon.run(["--json", "place", "--account", "a"] + Self.item) == 3)
        let error = try #require(try Self.answers(daemon).first?["error"])
        #expect(error["code"]?.integer == 1003 && error["message"]?.string?.contains("nothing was journaled") == true)
        #expect(error["data"]?["reason"]?.string == "INVALID_ORDER" && error["data"]?["retryable"]?.string == "no")
        #expect(error["data"]?["details"]?.array?.map { $0["index"]?.integer } == (0..<25).map { Int64($0) })
        #expect(daemon.terminal.errors.contains("and 5 more"))

        let plain = try ScriptedDaemon { _ in throw ControlError.invalidOrder(details) }
        #expect(plain.run(["place", "--account", "a"] + Self.item) == 3)
        #expect(plain.terminal.output.isEmpty)
    }

    @Test func `of numbered intents that fail in the midst the error says why, too`() throws {
        let daemon = try ScriptedDaemon { command in
            if case .submit = command { throw ControlError.unknownAccount("a") }
            return nil
        }
        let line = #"{"symbol":"b","side":"buy","type":"limit","price":"1","quantity":"2"}"# + "\n"
        daemon.terminal.files["-"] = line + line
        let words = ["--socket", daemon.harness.path, "--json", "submit", "-", "--account", "a"]
        #expect(Client.run(words, environment: [:], terminal: daemon.terminal, itemsMax: 1) == 3)
        #expect(try Self.answers(daemon).first?["error"]?["code"]?.integer == 1001)
    }

    @Test func `an export that is refused prints the error alone, and none of an array`() throws {
        let daemon = try ScriptedDaemon { _ in throw ControlError.unknownAccount("a") }
        #expect(daemon.run("export", "--json", "--account", "a") == 3)
        #expect(try JSONParser.parse(Array(daemon.terminal.output.utf8))["error"]?["code"]?.integer == 1001, "\(daemon.terminal.output)")
    }

    // MARK: Which journal

    private static func journal(_ folder: ScratchDirectory) throws -> String {
        let path = folder.file("journal.db")
        _ = try SQLiteJournal.open(path: path, accounts: [JournalAccount(id: "here", venue: "az-futures", product: "usdt")])
        return path
    }

    @Test func `an export and a report read the journal of the daemon on the socket, unless one is named`() throws {
        let folder = ScratchDirectory()
        let path = try Self.journal(folder)
        let daemon = try ScriptedDaemon { _ in #"{"version":"0","journal_path":"\#(path)"}"# }
        #expect(daemon.run("export", "orders", "--csv", "--account", "here") == 0)
        #expect(daemon.run("report", "--no-verify", "-o", folder.file("r.html")) == 0)
        #expect(daemon.commands.count == 2)
        #expect(daemon.run("export", "orders", "--csv", "--journal", folder.file("none.db")) == 1)
        #expect(daemon.commands.count == 2 && daemon.terminal.errors.contains("none.db"))
    }

    @Test(arguments: [["export", "fills", "--csv"], ["report", "-o", "-"]])
    func `where a socket is named and nobody there says whose journal, no other one is read`(words: [String]) {
        let terminal = FakeTerminal()
        let socket = "/tmp/no-such-socket-here"
        #expect(Client.run(words, environment: ["OMSD_SOCKET": socket], terminal: terminal) == 7)
        #expect(terminal.errors.contains(socket) && terminal.errors.contains("--journal") && !terminal.errors.contains(ReportVerb.journal))
    }

    @Test func `a report that goes into a file says which and how much it tells`() throws {
        let folder = ScratchDirectory()
        let path = try Self.journal(folder)
        for words in [["report"], ["--json", "report"]] {
            let terminal = FakeTerminal()
            let file = folder.file("report.out")
            #expect(Client.run(words + ["--journal", path, "-o", file], environment: [:], terminal: terminal) == 0)
            #expect(terminal.output.contains(file) && terminal.output.contains("orders"), "\(terminal.output)")
            guard words.count == 2 else { continue }
            let said = try JSONParser.parse(Array(terminal.output.utf8))
            #expect(said["file"]?.string == file && said["orders"]?.integer == 0 && said["without_known_fate"]?.integer == 0)
        }
    }
}
