import OMSCore
import Testing
import Venues
import Wire

@testable import Control
@testable import omsctl

/// `status`, `top` and `explain`: what a person who is woken at night reads, on whatever screen there is.
@Suite struct ClientStatusTests {
    private static let trouble =
        "{\"account\":\"b\",\"venue\":\"xt-spot\",\"product\":\"spot\",\"state\":\"active\",\"ready\":false,\"reason\":\"3 requests in a row without an answer\","
        + "\"last_answer_at\":1795183248000000,\"queue\":{\"place\":9},\"open\":120,\"in_doubt\":4,\"oldest_doubt_at\":1795183140000000,\"breaks\":2,\"requests\":7}"
    private static let calm =
        "{\"account\":\"a\",\"venue\":\"az-futures\",\"product\":\"usdt\",\"state\":\"active\",\"ready\":true,\"last_answer_at\":1795183259900000,"
        + "\"queue\":{},\"open\":1,\"in_doubt\":0,\"clock_offset_ms\":3,\"last_reconcile_at\":1795183259000000,\"breaks\":0,\"requests\":11}"
    private static let budgets =
        "{\"budgets\":[{\"account\":\"a\",\"budget\":\"overall\",\"permits\":1000,\"share\":1000,\"in_use\":10},{\"account\":\"a\",\"budget\":\"batch-place\","
        + "\"permits\":200,\"share\":200,\"in_use\":200,\"next_free_at\":1795183260250000},{\"account\":\"b\",\"budget\":\"lookup:order\",\"permits\":10,"
        + "\"share\":10,\"in_use\":0}]}"

    private static func daemon(accounts: [String] = [calm, trouble], freeBytes: Int64 = 1 << 40) throws -> ScriptedDaemon {
        try ScriptedDaemon { command in
            switch command {
            case .status:
                "{\"version\":\"9\",\"uptime_us\":90000000,\"seq\":7,\"ready\":false,\"journal\":\"ok\",\"journal_free_bytes\":\(freeBytes),"
                    + "\"unconfigured\":[]}"
            case .accountList: "{\"accounts\":[\(accounts.joined(separator: ","))]}"
            case .limitList: budgets
            case .breakList: "{\"breaks\":[{\"account\":\"b\",\"kind\":\"limit\"},{\"account\":\"b\",\"kind\":\"limit\"}],\"next\":null}"
            default: nil
            }
        }
    }

    private static func words(_ text: String) -> String { text.split(whereSeparator: { $0 == " " || $0 == "\n" }).joined(separator: " ") }

    @Test func `accounts that need a look come first, each with its tightest budget, and idle budgets are not named`() throws {
        let daemon = try Self.daemon()
        #expect(daemon.run("status") == 0)
        let output = daemon.terminal.output
        let (troubled, calm) = (try #require(output.firstRange(of: "b: xt-spot")), try #require(output.firstRange(of: "a: az-futures")))
        #expect(troubled.lowerBound < calm.lowerBound)
        let words = Self.words(output)
        for part in ["batch-place 200 of 200 taken, next free in 250 ms", "in doubt 4, the oldest 2 min ago", "breaks: 2 limit", "queued: place 9"] {
            #expect(words.contains(part), "\(part)\n\(output)")
        }
        #expect(!output.contains("lookup:order") && !output.contains("overall"))
        // Said once, above, where a person is needed.
        #expect(output.components(of: "3 requests in a row") == 1, "\(output)")
    }

    @Test func `who halted an account and why is told, and that the disk is nearly full before it is`() throws {
        let stopped = "\"state_by\":\"uid:7\",\"state_reason\":\"the book is wrong\",\"state_at\":1795183140000000"
        let halted = Self.calm.replacing("\"active\"", with: "\"halted\",\(stopped)")
        let reducing = Self.calm.replacing("\"a\"", with: "\"r\"").replacing("\"active\"", with: "\"reducing\",\(stopped)")
        let daemon = try Self.daemon(accounts: [halted, reducing], freeBytes: 50 << 20)
        #expect(daemon.run("status") == 0)
        let words = Self.words(daemon.terminal.output)
        for part in [
            "the journal's disk has 50 MiB left: free space on it",
            "a: halted by uid:7, because of \"the book is wrong\": `omsctl resume a --reason TEXT` opens it", "halted 2 min ago; last answer",
            "reducing by uid:7, because of \"the book is wrong\", 2 min ago; last answer",
        ] {
            #expect(words.contains(part), "\(part)\n\(daemon.terminal.output)")
        }
    }

    @Test(arguments: [8, 12, 20, 37, 80, 200]) func `no line is wider than the screen, and no word is lost`(width: Int) throws {
        let long = Self.calm.replacing(
            "\"ready\":true", with: "\"ready\":false,\"reason\":\"market 币安人生币安人生_usdt and \(String(repeating: "x", count: 90))\"")
        let daemon = try Self.daemon(accounts: [long, Self.trouble])
        daemon.terminal.width = width
        #expect(daemon.run("status") == 0)
        for line in daemon.terminal.output.split(separator: "\n") { #expect(line.columns <= width, "\(line)") }
        let letters = daemon.terminal.output.filter { !$0.isWhitespace }
        #expect(letters.contains("币安人生币安人生_usdtand\(String(repeating: "x", count: 90))"))
    }

    @Test func `colours say nothing that words do not, and only a terminal that has them is sent any`() throws {
        let plain = try Self.daemon()
        #expect(plain.run("status") == 0)
        #expect(!plain.terminal.output.contains("\u{1B}"))
        let coloured = try Self.daemon()
        coloured.terminal.hasColor = true
        #expect(coloured.run("status") == 0)
        var text = coloured.terminal.output
        #expect(text.contains("\u{1B}[1;31m"))
        for code in ["1;31", "33", "1", "0"] { text = text.replacing("\u{1B}[\(code)m", with: "") }
        #expect(text == plain.terminal.output)
    }

    @Test func `top is left by q, and leaves the keys as they were`() throws {
        let daemon = try Self.daemon()
        (daemon.terminal.isInteractive, daemon.terminal.canMove, daemon.terminal.keys) = (true, true, "xxq")
        #expect(daemon.run("top") == 0)
        #expect(daemon.commands.count { if case .accountList = $0 { true } else { false } } == 3)
        #expect(daemon.terminal.output.contains("q quits") && !daemon.terminal.isTyping)
    }

    @Test func `top goes on without its daemon and says that what it shows is old, and where nobody looks it ends`() throws {
        let daemon = try Self.daemon()
        (daemon.terminal.isInteractive, daemon.terminal.canMove, daemon.terminal.keys) = (true, true, "x-xq")
        daemon.terminal.meanwhile = { key in if key == "-" { daemon.harness.server.stop() } }
        #expect(daemon.run("top") == 0, "\(daemon.terminal.errors)")
        let frames = daemon.terminal.output.split(separator: "\u{1B}[H").map(String.init)
        #expect(frames.map { $0.contains("NOT UP TO DATE: ") } == [false, false, true, true], "\(daemon.terminal.output)")
        let said = Self.words(try #require(frames.last))
        #expect(said.contains("the daemon cannot be reached") && said.contains("what follows is OLD: as of") && said.contains("b: xt-spot spot"))
        #expect(daemon.terminal.errors == "" && !daemon.terminal.isTyping)
        #expect(daemon.run("top", "--json") == 7, "whatever reads the text is told by the exit code")
    }

    @Test func `a frame of top is never taller than the screen, and says how much is cut`() throws {
        let daemon = try Self.daemon(accounts: (0..<30).map { Self.calm.replacing("\"a\"", with: "\"a\($0)\"") })
        (daemon.terminal.isInteractive, daemon.terminal.canMove, daemon.terminal.height) = (true, true, 10)
        #expect(daemon.run("top", "--count", "1") == 0)
        #expect(daemon.terminal.output.count { $0 == "\n" } == 9)
        #expect(daemon.terminal.output.contains("more lines"))
    }

    @Test func `top without a terminal is one page of text, as status is`() throws {
        let daemon = try Self.daemon()
        #expect(daemon.run("top") == 0)
        #expect(!daemon.terminal.output.contains("\u{1B}") && !daemon.terminal.output.contains("q quits"))
        #expect(daemon.terminal.output.contains("b: open breaks: 2:") && daemon.commands.count == 3)
    }

    @Test func `rates are of the time between two frames, and of a daemon that was started in between none`() {
        #expect(WatchVerbs.rates(from: ["a": 10, "b": 50], to: ["a": 35, "b": 3, "c": 9], inUs: 2_500_000) == ["a": 10])
        #expect(WatchVerbs.rates(from: ["a": 10], to: ["a": 35], inUs: 0) == [:])
    }

    @Test func `explain tells what a venue's code means here, by the adapters' own tables, without a daemon`() throws {
        for (words, told) in [
            (["explain", "40762"], "40762 (bitget-margin, bitget-uta): refused, and surely not executed"),
            (["explain", "ORDER_005"], "ORDER_005 (xt-spot): not known as open"),
            (["explain", "INSUFFICIENT_BALANCE"], "(az-futures): refused"), (["explain", "300013"], "(ascendex): the whole batch was refused"),
            (["explain", "429", "--venue", "az-futures"], "429 (az-futures): too many requests, and not executed"),
            (["explain", "1004"], "1004 (omsd): the account takes no such order now"), (["explain", "in_doubt"], "nothing is sent again"),
        ] {
            let terminal = FakeTerminal()
            #expect(Client.run(words, environment: ["OMSD_SOCKET": "/nobody"], terminal: terminal) == 0, "\(terminal.errors)")
            #expect(Self.words(terminal.output).contains(told), "\(words): \(terminal.output)")
        }
        let terminal = FakeTerminal()
        #expect(Client.run(["explain", "TRADING_HALTD"], environment: [:], terminal: terminal) == 3)
        #expect(terminal.errors.contains("in no table; did you mean TRADING_HALTED?"))
        #expect(Client.run(["explain", "40762", "--venue", "bitgt-uta"], environment: [:], terminal: terminal) == 2)
        #expect(terminal.errors.contains("did you mean bitget-uta?"))
    }

    @Test func `every state, kind of break and error of omsd's own is explained, and every class of venues' codes is reached`() {
        let names = Set(ExplainVerb.own.flatMap(\.names))
        for name in OrderState.allCases.map(\.rawValue) + BreakKind.allCases.map(\.rawValue) { #expect(names.contains(name), "\(name)") }
        let errors: [ControlError] = [
            .unknownAccount("a"), .intentConflict("i"), .invalidOrder([]), .halted(""), .notPermitted(""), .unknownOrder(""), .queueFull(""),
            .notReady(""),
            .journalUnavailable(""), .invalidParams(""), .risk("symbols", of: "", ""), .risk("max_open_orders", of: "", ""),
            .risk("max_order_notional", of: "", ""),
        ]
        for error in errors { #expect(names.contains(error.reason) && names.contains(String(error.code)), "\(error.reason)") }
        let codes = [
            "00000", "40762", "ORDER_001", "50060", "40010", "25204", "25113", "40008", "429", "45129", "40200", "40001", "GATEWAY_0001", "40084",
            "300013",
            "100002",
        ]
        let reached = Set(codes.flatMap { VenueCatalog.meanings(of: $0).map(\.meaning) })
        for line in VenueCatalog.all { #expect(codes.contains { line.meaning($0) != nil }, "\(line.venue) explains none of its codes") }
        #expect(reached == Set(CodeMeaning.allCases), "\(Set(CodeMeaning.allCases).subtracting(reached))")
    }
}

extension String {
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
