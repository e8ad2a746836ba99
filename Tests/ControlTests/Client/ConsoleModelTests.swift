import ControlAPI
import OMSCore
import Testing
import Wire

@testable import omsctl

/// What the page shows, from what a daemon answers.
@Suite struct ConsoleModelTests {
    private static func parse(_ text: String) throws -> JSON { try JSONParser.parse(text) }

    private static func model(_ accounts: String, breaks: String = "[]", doubts: String = "[]", daemon: String = "{\"journal\":\"ok\"}") throws
        -> JSON
    {
        var answers = ConsoleModel.Answers()
        answers.daemon = try #require(DaemonStatus.Result(try parse(daemon)))
        answers.accounts = try #require(AccountList.Result(try parse("{\"accounts\":\(accounts)}"))).accounts
        answers.breaks = try #require(BreakList.Result(try parse("{\"breaks\":\(breaks)}"))).breaks
        answers.doubts = try #require(OrderList.Result(try parse("{\"orders\":\(doubts)}"))).orders
        return ConsoleModel(answers: answers).json
    }

    private static func commands(_ json: JSON?) -> [String] { (json?.array ?? []).compactMap { $0["command"]?.string } }
    private static let calm = "{\"account\":\"a\",\"state\":\"active\",\"ready\":true,\"in_doubt\":0}"

    @Test func `it is all right only where nothing needs a person and nothing is on its way`() throws {
        #expect(try Self.model("[\(Self.calm)]")["verdict"] == .string("right"))
        #expect(try Self.model("[{\"account\":\"a\",\"state\":\"active\",\"ready\":true,\"in_doubt\":2}]")["verdict"] == .string("watch"))
        #expect(try Self.model("[{\"account\":\"a\",\"state\":\"reducing\",\"ready\":true}]")["verdict"] == .string("watch"))
        for trouble in ["\"ready\":false", "\"ready\":true,\"parked\":1", "\"ready\":true,\"breaks\":1"] {
            #expect(try Self.model("[{\"account\":\"a\",\"state\":\"active\",\(trouble)}]")["verdict"] == .string("person"), "\(trouble)")
        }
        #expect(try Self.model("[{\"account\":\"a\",\"state\":\"halted\",\"ready\":true}]")["verdict"] == .string("person"))
        #expect(try Self.model("[\(Self.calm)]", daemon: "{\"journal\":\"full\"}")["verdict"] == .string("person"))
        #expect(try Self.model("[\(Self.calm)]", daemon: "{\"journal\":\"ok\",\"journal_free_bytes\":9000000}")["verdict"] == .string("person"))
        #expect(try Self.model("[\(Self.calm)]", daemon: "{\"journal\":\"ok\",\"journal_free_bytes\":9000000000}")["verdict"] == .string("right"))
        #expect(try Self.model("[]")["headline"]?.string?.contains("No account") == true)
    }

    @Test func `orders are told by the states that the daemon counts, and by none where it does not count them`() throws {
        func counts(_ members: String) throws -> JSON? {
            try Self.model("[{\"account\":\"a\",\"state\":\"active\"\(members)}]")["accounts"]?.array?.first?["counts"]
        }
        let told = try counts(",\"counts\":{\"in_doubt\":3,\"working\":10400,\"filled\":9,\"<b>\":1}")
        #expect(told?["in_doubt"]?.integer == 3 && told?["working"]?.integer == 10_400 && told?["intended"]?.isNull == true)
        #expect(told?.object?.map(\.key) == OrderCounts.states.map(\.rawValue))
        #expect(try counts("")?.isNull == true)
    }

    @Test func `whatever needs a person comes with the line that settles it`() throws {
        let model = try Self.model(
            "[{\"account\":\"a\",\"state\":\"halted\",\"ready\":true,\"breaks\":1,\"in_doubt\":2,\"parked\":1}]",
            breaks: "[{\"account\":\"a\",\"break_id\":7,\"kind\":\"missing_there\",\"client_order_id\":\"o1\",\"at\":5}]",
            doubts: "[{\"client_order_id\":\"o2\",\"account\":\"a\"},{\"client_order_id\":\"o3\",\"account\":\"a\",\"parked_at\":9}]")
        let needs = (model["needs"]?.array ?? []).flatMap { Self.commands($0["parts"]) }
        let breaks = Self.commands(model["breaks"]?.array?.first?["parts"])
        #expect(needs.contains("omsctl resume a --reason TEXT"))
        #expect(breaks == ["omsctl why o1", "omsctl break acknowledge 7 --reason TEXT"])
        let doubts = try #require(model["doubts"]?.array)
        let (ids, lines) = (doubts.map { $0["client_order_id"]?.string }, doubts.map { Self.commands($0["parts"]) })
        #expect(ids == ["o3", "o2"], "who waits for a person comes first")
        #expect(lines == [["omsctl why o3", "omsctl resolve o3 absent|placed --reason TEXT"], ["omsctl why o2"]])
    }

    @Test func `a name that a shell would act on cannot run a command in a line to copy`() throws {
        let name = "a;`id`$(id)'&"
        let quoted = "'a;`id`$(id)'\\''&'"
        #expect(name.quotedForShell == quoted)
        let model = try Self.model(
            "[{\"account\":\"\(name)\",\"state\":\"halted\",\"ready\":true,\"in_doubt\":1,\"parked\":1}]",
            doubts: "[{\"client_order_id\":\"\(name)\",\"account\":\"a\",\"parked_at\":9}]")
        let lines = (model["needs"]?.array ?? []).flatMap { Self.commands($0["parts"]) } + Self.commands(model["doubts"]?.array?.first?["parts"])
        #expect(lines.count == 4)
        for line in lines { #expect(line.contains(quoted), "\(line)") }
        #expect("".quotedForShell == "''")
        #expect("o4k2-a.b_c:1/@%+=,".quotedForShell == "o4k2-a.b_c:1/@%+=,")
    }

    @Test func `words from outside never become a line to copy, and are cut and written out`() throws {
        let long = String(repeating: "x", count: 5_000)
        let model = try Self.model("[{\"account\":\"a\",\"state\":\"active\",\"ready\":false,\"reason\":\"`rm -rf ~` \\u202e\\u001b[31m \(long)\"}]")
        let needs = try #require(model["needs"]?.array)
        let lines = needs.flatMap { Self.commands($0["parts"]) }
        #expect(lines == ["journalctl -u omsd -n 50"])
        let text = String(decoding: model.serialized(), as: UTF8.self)
        #expect(!text.contains("\u{202E}") && !text.contains("\u{1B}") && text.contains("\\\\u{202e}"))
        #expect(text.utf8.count < 3_000)
    }

    @Test func `answers of another shape, and numbers beyond those of a browser, are no trap`() throws {
        for odd in ["[1,null,\"x\",{}]", "[{\"account\":7,\"open\":99999999999999999999,\"in_doubt\":-3,\"breaks\":9223372036854775807}]", "{}"] {
            let model = try Self.model(odd, breaks: "[{},3]", doubts: "[{\"parked_at\":\"x\"},null]")
            let again = try JSONParser.parse(model.serialized())
            #expect(again["verdict"] != nil)
        }
        let big = try Self.model("[{\"account\":\"a\",\"state\":\"active\",\"ready\":true,\"open\":9007199254740993,\"in_flight\":3}]")
        #expect(big["accounts"]?.array?.first?["open"] == .null)
        #expect(big["accounts"]?.array?.first?["in_flight"]?.integer == 3)
    }

    @Test func `thousands of accounts, breaks and doubts make a page of bounded size`() throws {
        let accounts = (0..<3_000).map { "{\"account\":\"a\($0)\",\"state\":\"active\",\"ready\":true,\"breaks\":1,\"in_doubt\":1}" }.joined(
            separator: ",")
        let rows = (0..<3_000).map { "{\"account\":\"a\",\"break_id\":\($0),\"client_order_id\":\"o\($0)\"}" }.joined(separator: ",")
        let model = try Self.model("[\(accounts)]", breaks: "[\(rows)]", doubts: "[\(rows)]")
        #expect(model["accounts"]?.array?.count == ConsoleModel.accountsMax)
        #expect(model["accounts_left_out"]?.integer == 2_800)
        #expect(model["breaks"]?.array?.count == ConsoleModel.breaksMax)
        #expect(model["doubts"]?.array?.count == ConsoleModel.doubtsMax)
        #expect(model.serialized().count < 500_000)
    }

    // MARK: Events

    @Test func `the list of events keeps the newest, and says from which place to go on`() {
        var list = ConsoleEventList()
        #expect(list.page(after: nil) == nil)
        for number in 1...1_000 { list.add(.number(String(number))) }
        func numbers(_ after: Int64?) -> [Int64] {
            list.page(after: after).flatMap { try? JSONParser.parse($0) }?["events"]?.array?.compactMap(\.integer) ?? []
        }
        #expect(numbers(nil) == Array(801...1_000))
        #expect(numbers(990) == Array(991...1_000))
        #expect(list.page(after: 1_000) == nil)
        // A page that slept too long is handed what is left; one of another console begins anew.
        #expect(numbers(3) == Array(801...1_000))
        #expect(numbers(70_000) == Array(801...1_000))
        #expect(list.last == 1_000)
    }

    @Test func `an event is told in words, and those that may need a look are marked`() throws {
        func line(_ text: String) throws -> (String, String) {
            let event = ConsoleEvent.json(try Self.parse(text))
            return (event["mark"]?.string ?? "?", event["text"]?.string ?? "?")
        }
        #expect(
            try line(
                "{\"kind\":\"order\",\"from_state\":\"submitted\",\"to_state\":\"rejected\",\"detail\":{\"reject_code\":\"40\",\"reject_text\":\"<b>no\"}}"
            )
                == ("watch", "order: the venue refused it (submitted → rejected), 40, <b>no"))
        #expect(
            try line(
                "{\"kind\":\"order\",\"from_state\":\"in_doubt\",\"to_state\":\"abandoned\",\"evidence\":\"operator\",\"actor\":\"uid:0\",\"detail\":{\"reject_text\":\"seen\",\"note\":\"seen\"}}"
            ).1 == "order: a person decided (in_doubt → abandoned), seen, by uid:0", "a reason is told once")
        #expect(
            try line(
                "{\"kind\":\"account\",\"to_state\":\"halted\",\"actor\":\"uid:0\",\"detail\":{\"reason\":\"seen\",\"note\":\"a halted: seen\"}}"
            ) == ("bad", "account: halted: seen, by uid:0"))
        #expect(
            try line("{\"kind\":\"account\",\"to_state\":\"not_ready\",\"detail\":{\"reason\":\"HTTP 502\"}}") == (
                "bad", "account: not ready: HTTP 502"
            ))
        #expect(
            try line("{\"kind\":\"account\",\"to_state\":\"halted\",\"actor\":\"uid:0 pid:1\",\"detail\":{\"reason\":\"night\"}}")
                == ("bad", "account: halted: night, by uid:0 pid:1"))
        #expect(
            try line("{\"kind\":\"order\",\"to_state\":\"in_doubt\",\"from_state\":\"in_doubt\",\"detail\":{\"parked_at\":5}}").0 == "bad")
        #expect(try line("{\"kind\":\"order\",\"to_state\":\"filled\"}").0 == "")
        #expect(try line("{}").0 == "" && line("7").0 == "")
    }

    // MARK: How old it is

    @Test func `facts stay when their daemon goes, and say how old they are and why`() throws {
        let board = ConsoleBoard()
        func status(_ now: Int64) throws -> JSON { try JSONParser.parse(board.status(at: now, wall: 5)) }
        #expect(try status(0)["facts"] == .null)
        board.asks(at: 1_000_000)
        board.publish(Array("{\"seq\":9}".utf8), askedAt: 1_000_000)
        board.failed("gone")
        let old = try status(61_000_000)
        #expect(old["facts"]?["seq"]?.integer == 9)
        #expect(old["age_ms"]?.integer == 60_000)
        #expect(old["trouble"] == .string("gone"))
        // A question that hangs is told of while it hangs.
        board.publish(Array("{}".utf8), askedAt: 62_000_000)
        board.asks(at: 63_000_000)
        #expect(try status(64_000_000)["trouble"] == .null)
        #expect(try status(70_000_000)["trouble"]?.string?.contains("not answered for 7 s") == true)
    }

    @Test func `a story of thousands of lines is told by its beginning and its end`() {
        let cut = ConsoleQuestions.cut((1...10_000).map(String.init))
        #expect(cut.count == ConsoleQuestions.linesMax)
        #expect(cut.first == "1" && cut.last == "10000")
        #expect(cut[100].contains("9601 lines are left out"))
    }
}
