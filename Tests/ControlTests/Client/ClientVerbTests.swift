import ControlAPI
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Control
@testable import omsctl

struct ClientVerbTests {
    private static func settling() throws -> ScriptedDaemon {
        try ScriptedDaemon { command in
            switch command {
            case .submit(let intent, _):
                "{\"intent_id\":\"\(intent.id?.text ?? "made")\",\"duplicate\":false,\"accepted_at\":1,\"orders\":[],\"planned_requests\":1}"
            case .intentWait(let id, _, _): "{\"intent_id\":\"\(id)\",\"counts\":{\"acknowledged\":2},\"timed_out\":false}"
            case .orderGet: "{\"client_order_id\":\"o1\",\"account\":\"mm\",\"state\":\"working\"}"
            case .orderTimeline: "{\"client_order_id\":\"o1\",\"events\":[],\"requests\":[],\"commands\":[]}"
            default: nil
            }
        }
    }

    @Test func `JSON Lines become one intent of the account`() throws {
        let daemon = try Self.settling()
        let line = "{\"symbol\":\"b\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"1.10\",\"quantity\":2}\n"
        daemon.terminal.files["orders.jsonl"] = line + "\n" + line

        #expect(daemon.run("submit", "orders.jsonl", "--account", "mm", "--intent-id", "i1") == 0)

        #expect(daemon.submitted.map(\.account) == ["mm"] && daemon.submitted.map(\.id) == ["i1"])
        #expect(daemon.submitted.first?.place.map { $0.terms.price?.description } == ["1.1", "1.1"])
        #expect(daemon.terminal.output.contains("acknowledged       2"))
    }

    @Test func `more orders than one intent holds become numbered intents, in order`() throws {
        let daemon = try Self.settling()
        let line = "{\"symbol\":\"b\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"1\",\"quantity\":\"2\"}\n"
        daemon.terminal.files["-"] = String(repeating: line, count: 7)

        let words = ["--socket", daemon.harness.path, "submit", "-", "--account", "mm", "--intent-id", "big"]
        #expect(Client.run(words, environment: [:], terminal: daemon.terminal, itemsMax: 3) == 0)

        #expect(daemon.submitted.map(\.id) == ["big-1", "big-2", "big-3"])
        #expect(daemon.submitted.map(\.place.count) == [3, 3, 1])
    }

    @Test func `a JSON intent is sent as it is, numbers digit by digit`() throws {
        let daemon = try Self.settling()
        daemon.terminal.files["i.json"] =
            "{\"account\":\"mm\",\"intent_id\":\"x\",\n\"place\":[{\"symbol\":\"b\",\"side\":\"sell\",\"type\":\"limit\",\"price\":12345678901234567.123456789,\"quantity\":\"1\"}],"
            + "\"cancel\":[\"o1\"]}"
        #expect(daemon.run("submit", "i.json") == 0)
        #expect(daemon.submitted.first?.place.first?.terms.price?.description == "12345678901234567.123456789")
        #expect(daemon.submitted.first?.cancel == [.order("o1")])
    }

    @Test(arguments: [
        ("{\"a\":1}\nnot json\n", "line 2"), ("[1]\n", "line 1"), ("", "holds no orders"), ("{\"symbol\":\"b\",\"symbol\":\"c\"}", "stands twice"),
    ]) func `a file that cannot be read as orders is 2 and names the line`(text: String, message: String) throws {
        let daemon = try Self.settling()
        daemon.terminal.files["f"] = text
        #expect(daemon.run("submit", "f", "--account", "mm") == 2)
        #expect(daemon.terminal.errors.contains(message), "\(daemon.terminal.errors)")
        #expect(daemon.submitted.isEmpty)
    }

    @Test func `a dry run asks for the plan and waits for nothing`() throws {
        let daemon = try Self.settling()
        #expect(
            daemon.run("place", "--account", "a", "--symbol", "b", "--side", "buy", "--price", "1", "--quantity", "2", "--post-only", "--dry-run")
                == 0)
        #expect(daemon.submitted.map(\.dryRun) == [true] && daemon.submitted.first?.place.first?.terms.postOnly == true)
        #expect(daemon.commands.count == 1)
    }

    @Test func `a market order by quote needs no price`() throws {
        let daemon = try Self.settling()
        #expect(daemon.run("place", "--account", "a", "--symbol", "b", "--side=buy", "--type=market", "--quote-quantity", "50") == 0)
        #expect(daemon.submitted.first?.place.first?.terms.quoteQuantity == Decimal(50))
    }

    @Test(
        arguments: [
            ("done", "5", 0), ("refused", "5", 4), ("refused", "null", 3), ("in_doubt", "5", 5), ("requested", "null", 5), ("superseded", "null", 0),
        ] as [(String, String, Int32)]) func `a modify's exit code tells what became of the command`(state: String, request: String, code: Int32)
        throws
    {
        let daemon = try ScriptedDaemon { command in
            switch command {
            case .orderGet: "{\"client_order_id\":\"o1\",\"account\":\"mm\"}"
            case .submit: "{\"intent_id\":\"i\",\"orders\":[]}"
            case .intentWait: "{\"intent_id\":\"i\",\"counts\":{},\"timed_out\":false}"
            case .orderTimeline:
                "{\"events\":[],\"requests\":[],\"commands\":[{\"command_id\":1,\"kind\":\"modify\",\"state\":\"done\"},{\"command_id\":9,\"kind\":\"modify\",\"state\":\"\(state)\",\"request_id\":\(request)}]}"
            default: nil
            }
        }
        #expect(daemon.run("modify", "o1", "--price", "5") == code)
        #expect(daemon.submitted.first?.modify == [ModifyItem(clientOrderID: "o1", price: Decimal(5), quantity: nil)])
    }

    @Test func `cancel goes by id in the order's account, or by what matches`() throws {
        let daemon = try Self.settling()
        #expect(daemon.run("cancel", "o1", "o2") == 0)
        #expect(daemon.run("cancel", "--account", "mm", "--symbol", "b", "--side", "sell") == 0)
        #expect(daemon.submitted.map(\.cancel) == [[.order("o1"), .order("o2")], [.matching(symbol: "b", side: .sell)]])
        #expect(daemon.submitted.map(\.account) == ["mm", "mm"])
    }

    @Test func `cancel takes an intent, or the id an order has at its venue, and says what it touched`() throws {
        let daemon = try ScriptedDaemon { command in
            switch command {
            case .accountList: return "{\"accounts\":[{\"account\":\"a\"},{\"account\":\"mm\"}]}"
            case .orderGet(let filter) where filter.venueOrderID == "v7":
                if filter.account != "mm" { throw ControlError.unknownOrder("not there") }
                return "{\"client_order_id\":\"o1\",\"account\":\"mm\"}"
            case .orderGet: return "{\"client_order_id\":\"o1\",\"account\":\"mm\"}"
            case .intentCancel("i1"): return "{\"intents\":1,\"withdrawn\":3,\"cancels\":2}"
            case .submit(let intent, _):
                return "{\"intent_id\":\"\(intent.id?.text ?? "")\",\"duplicate\":false,\"accepted_at\":1,\"orders\":[],\"planned_requests\":1}"
            case .intentWait(let id, _, _):
                return "{\"intent_id\":\"\(id)\",\"commands\":4,\"counts\":{\"canceled\":5},\"timed_out\":false}"
            case .orderTimeline: return "{\"commands\":[{\"command_id\":9,\"kind\":\"cancel\",\"state\":\"done\"}]}"
            default: return nil
            }
        }
        #expect(daemon.run("cancel", "--intent", "i1") == 0)
        #expect(daemon.terminal.output.contains("intent i1: 3 orders withdrawn, 2 cancels asked for"))
        #expect(daemon.run("cancel", "--venue-order-id", "v7") == 0)
        #expect(daemon.submitted.last?.cancel == [.order("o1")] && daemon.submitted.last?.account == "mm")
        #expect(daemon.terminal.output.contains("cancel of o1: done"))
        #expect(daemon.run("cancel", "--account", "mm", "--symbol", "b") == 0)
        #expect(daemon.terminal.output.contains("mm: 4 orders matched, cancel asked for"))
        #expect(daemon.run("cancel", "--intent", "i1", "--symbol", "b") == 2)
    }

    @Test func `place names its order, and an interrupt says what goes on and how to withdraw it`() throws {
        let daemon = try ScriptedDaemon { command in
            switch command {
            case .submit: "{\"intent_id\":\"i1\",\"duplicate\":false,\"accepted_at\":1,\"orders\":[\"o7\"],\"planned_requests\":1}"
            case .intentWait: "{\"intent_id\":\"i1\",\"counts\":{\"acknowledged\":1},\"timed_out\":false}"
            default: nil
            }
        }
        #expect(daemon.run("place", "--account", "mm", "--symbol", "b", "--side", "buy", "--price", "1", "--quantity", "2", "--intent-id", "i1") == 0)
        #expect(daemon.terminal.output.hasPrefix("order o7 of intent i1\n"))
        #expect(daemon.terminal.interruptWords.count == 2)
        #expect(daemon.terminal.interruptWords.first?.contains("i1 may have been accepted") == true)
        #expect(daemon.terminal.interruptWords.last?.contains("nothing is taken back: i1 goes on") == true)
        #expect(daemon.terminal.interruptWords.last?.contains("`omsctl cancel --intent i1` withdraws it") == true)
    }

    @Test(arguments: [[], ["--no-wait"], ["--json"]])
    func `a command that was repeated says that it was answered as the first time, and that nothing was sent`(words: [String]) throws {
        let daemon = try ScriptedDaemon { command in
            switch command {
            case .submit: "{\"intent_id\":\"i1\",\"duplicate\":true,\"accepted_at\":1795183260000000,\"orders\":[\"o7\"],\"planned_requests\":1}"
            case .intentWait: "{\"intent_id\":\"i1\",\"counts\":{\"filled\":1},\"timed_out\":false}"
            default: nil
            }
        }
        daemon.terminal.files["f"] = "{\"symbol\":\"b\",\"side\":\"buy\",\"type\":\"limit\",\"price\":\"1\",\"quantity\":\"1\"}"
        #expect(daemon.run(["submit", "f", "--account", "mm", "--intent-id", "i1"] + words) == 0)
        #expect(daemon.terminal.errors.contains("intent i1: a duplicate, answered as the first time (accepted 2026-11-20T14:01:00.000000Z)"))
    }

    @Test func `a cancel of all that meets nothing says what it looked for`() throws {
        let daemon = try ScriptedDaemon { command in
            switch command {
            case .submit(let intent, _): "{\"intent_id\":\"\(intent.id?.text ?? "")\",\"orders\":[]}"
            case .intentWait: "{\"intent_id\":\"i\",\"commands\":0,\"counts\":{},\"timed_out\":false}"
            default: nil
            }
        }
        #expect(daemon.run("cancel-all", "mm") == 0)
        #expect(daemon.terminal.output.contains("mm: no order to cancel: none of the account is live, unsent or in doubt"))
    }

    @Test(arguments: [("breaks", "did you mean --open?"), ("orders", "did you mean --state acknowledged,working,partially_filled?")])
    func `open is no state of an order, and what was meant is named`(verb: String, hint: String) throws {
        let daemon = try ScriptedDaemon { _ in nil }
        #expect(daemon.run(verb, "--state", "open") == 2)
        #expect(daemon.terminal.errors.contains(hint), "\(daemon.terminal.errors)")
        #expect(daemon.commands.isEmpty)
    }

    @Test func `status begins with what needs a person, and fits 80 columns`() throws {
        let daemon = try ScriptedDaemon { command in
            switch command {
            case .status:
                """
                {"version":"9","uptime_us":90000000,"seq":7,"ready":false,"journal":"ok","unconfigured":[{"account":"old","orders":2,"unsent":1,"intents":1}]}
                """
            case .accountList:
                """
                {"accounts":[{"account":"mm","venue":"az-futures","product":"usdt","state":"halted","ready":false,"reason":"the venue does not answer since \
                three requests: connection refused","last_answer_at":1795183248000000,"queue":{"cancel":0,"lookup":2,"modify":0,"place":900},\
                "in_flight":3,"open":120,"in_doubt":4,"parked":2,"oldest_doubt_at":1795183140000000,"clock_offset_ms":-12,"last_reconcile_at":null,\
                "last_error":"HTTP 502 bad gateway from the edge in front of the venue, for the eleventh time in a row","last_error_at":1795183259000000}]}
                """.filter { $0 != "\n" }
            case .breakList:
                "{\"breaks\":[{\"account\":\"mm\",\"kind\":\"limit\"},{\"account\":\"mm\",\"kind\":\"external_order\"}],\"next\":null}"
            default: nil
            }
        }
        #expect(daemon.run("status") == 0)
        let lines = daemon.terminal.output.split(separator: "\n").map(String.init)
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(daemon.terminal.output)")
        let needs = try #require(lines.firstIndex(of: "needs a person:"))
        let account = try #require(lines.firstIndex { $0.hasPrefix("mm: az-futures") })
        #expect(needs < account)
        let words = daemon.terminal.output.split(whereSeparator: { $0 == " " || $0 == "\n" }).joined(separator: " ")
        for part in [
            "mm: 2 parked", "mm: not ready: the venue does not answer", "mm: halted: `omsctl resume mm --reason TEXT`",
            "open breaks: 1 external_order, 1 limit", "old: not configured; 1 live or in doubt, 1 unsent: nothing is done", "last answer 12 s ago",
            "in doubt 4, the oldest 2 min ago", "lookup 2, place 900", "last error 1 s ago: HTTP 502", "NOT READY",
        ] { #expect(words.contains(part), "\(part)\n\(daemon.terminal.output)") }
    }

    @Test func `listings go page by page to the end, and export writes CSV that a reader takes back`() throws {
        let daemon = try ScriptedDaemon { command in
            guard case .orderList(let filter) = command else { return nil }
            let first = filter.after ?? 0
            let rows = (first..<min(first + Int64(filter.limit), 2_500)).map {
                "{\"client_order_id\":\"c\($0)\",\"reject_text\":\"a, \\\"b\\\"\",\"intended_at\":1795183260000000,\"price\":\"1.5\",\"quantity\":null}"
            }
            let next = first + 1_000 < 2_500 ? "\(first + 1_000)" : "null"
            return "{\"orders\":[\(rows.joined(separator: ","))],\"next\":\(next)}"
        }
        #expect(daemon.run("export", "--csv") == 0)
        let lines = daemon.terminal.output.split(separator: "\r\n")
        #expect(lines.count == 2_501)
        #expect(lines.last?.contains("c2499,") == true && lines.last?.contains("\"a, \"\"b\"\"\"") == true)
        #expect(lines.last?.contains("2026-11-20T") == true)
        #expect(daemon.run("orders", "--limit", "2") == 0)
        #expect(daemon.terminal.output.contains("c2498") && daemon.terminal.output.hasSuffix("\n"))
        #expect(daemon.terminal.errors == "2498 earlier rows are not shown; --limit 0 shows all\n")
    }

    @Test func `export as JSON is one array`() throws {
        let daemon = try ScriptedDaemon { _ in "{\"orders\":[{\"client_order_id\":\"c1\"},{\"client_order_id\":\"c2\"}],\"next\":null}" }
        #expect(daemon.run("export", "--json") == 0)
        #expect(try JSONParser.parse(daemon.terminal.output).array?.count == 2)
    }

    @Test(arguments: [
        (["export", "fils", "--csv"], "did you mean fills?"), (["export", "fills"], "name either --csv or --json"),
        (["export", "fills", "--csv", "--from", "soon"], "is no time"),
        (["export", "fills", "--csv", "--from", "1h", "--to", "2h"], "nothing is between them"),
        (["export", "--csv", "--from", "1h"], "--from is of a view in the journal"), (["export", "fills", "more", "--csv"], ""),
    ]) func `an export that asks for what there is not is refused as usage, before anything is read`(words: [String], text: String) throws {
        let daemon = try ScriptedDaemon { _ in nil }
        #expect(daemon.run(words) == 2)
        #expect(daemon.terminal.errors.contains(text), "\(daemon.terminal.errors)")
        #expect(daemon.terminal.output.isEmpty)
    }

    @Test func `text from the daemon cannot steer the terminal`() throws {
        let daemon = try ScriptedDaemon { _ in "{\"orders\":[{\"client_order_id\":\"c1\\u001b[2J\\n\\u009b\\u202e\",\"price\":\"1\"}],\"next\":null}"
        }
        #expect(daemon.run("orders") == 0)
        #expect(daemon.terminal.output.contains("c1\\u{1b}[2J\\u{a}\\u{9b}\\u{202e}"))
        #expect(daemon.terminal.output.split(separator: "\n").count == 2)
    }

    @Test func `why tells the whole story in words`() throws {
        let daemon = try ScriptedDaemon { command in
            switch command {
            case .orderGet:
                """
                {"client_order_id":"o1","intent_id":"i","account":"mm","venue":"az-futures","symbol":"b","side":"buy","type":"limit","price":"5","quantity":"2",\
                "state":"in_doubt","evidence":"response","filled_quantity":"0","parked_at":null}
                """
            case .orderTimeline:
                """
                {"client_order_id":"o1","events":[{"seq":1,"at":1795183260000000,"kind":"order_born","to_state":"intended","actor":"uid:7 pid:8"},
                {"seq":2,"at":1795183260000500,"kind":"order","from_state":"intended","to_state":"submitted","request_id":12},
                {"seq":3,"at":1795183265000000,"kind":"order","from_state":"submitted","to_state":"in_doubt","detail":"timeout after 5000 ms"},
                {"seq":4,"at":1795183266000000,"kind":"lookup","request_id":13,"detail":"absent, round 1"}],
                "requests":[{"request_id":12,"kind":"mixed","items":1,"endpoint":"/order/batch","outcome":"in_doubt","answered_at":null},
                {"request_id":13,"kind":"lookup","items":1,"endpoint":"/order/list","outcome":"acknowledged","http_status":200}],"commands":[]}
                """.filter { $0 != "\n" }
            case .intentGet: "{\"intent_id\":\"i\",\"accepted_at\":1795183260000000,\"orders\":1,\"state\":\"open\"}"
            default: nil
            }
        }
        #expect(daemon.run("why", "o1") == 0)
        let story = daemon.terminal.output
        for words in [
            "buy 2 b limit at 5", "written down, not sent yet", "by uid:7 pid:8", "no answer came: it may have arrived", "timeout after 5000 ms",
            "absent, round 1",
            "HTTP 200", "proven twice that it never had it",
        ] { #expect(story.contains(words), "\(words)\n\(story)") }
    }

    @Test(arguments: ["intended", "in_doubt", "rejected", "abandoned", "filled"])
    func `what could be shown ends with 0, whatever the order's fate`(state: String) throws {
        let daemon = try ScriptedDaemon { _ in "{\"client_order_id\":\"o1\",\"state\":\"\(state)\"}" }
        #expect(daemon.run("show", "o1") == 0)
        #expect(daemon.run("why", "o1") == 0)
        #expect(daemon.terminal.output.contains(state))
    }

    @Test func `show and wait take the id of an intent or of an order`() throws {
        let daemon = try ScriptedDaemon { command in
            switch command {
            case .orderGet(let filter) where filter.clientOrderID == "o1": "{\"client_order_id\":\"o1\",\"intent_id\":\"i1\"}"
            case .intentGet("i1"): "{\"intent_id\":\"i1\",\"orders\":1}"
            case .intentWait("i1", _, _): "{\"intent_id\":\"i1\",\"counts\":{\"rejected\":1},\"timed_out\":false}"
            default: throw ControlError.unknownOrder("nothing of that id")
            }
        }
        #expect(daemon.run("show", "i1") == 0 && daemon.run("show", "o1") == 0 && daemon.run("show", "x") == 3)
        #expect(daemon.run("wait", "i1") == 4 && daemon.run("wait", "o1") == 4 && daemon.run("wait", "x") == 3)
    }

    @Test func `halt, reduce and resume set the state with a reason`() throws {
        let daemon = try ScriptedDaemon { _ in nil }
        #expect(daemon.run("halt", "*", "--reason", "r") == 0)
        #expect(daemon.run("reduce", "mm") == 0)
        #expect(daemon.run("resume", "mm") == 0)
        let expected: [ControlCommand] = [
            .setState(nil, .halted, reason: "r", cancelOpen: false, everything: false),
            .setState("mm", .reducing, reason: "omsctl reduce", cancelOpen: false, everything: false),
            .setState("mm", .active, reason: "omsctl resume", cancelOpen: false, everything: false),
        ]
        #expect(daemon.commands.map { "\($0)" } == expected.map { "\($0)" })
    }

    @Test func `resolve passes the verdict on`() throws {
        let daemon = try ScriptedDaemon { _ in "{\"state\":\"abandoned\"}" }
        #expect(daemon.run("resolve", "o1", "absent", "--reason", "looked") == 0)
        #expect(daemon.commands.map { "\($0)" } == ["\(ControlCommand.orderResolve("o1", isPlaced: false, reason: "looked"))"])
    }

    @Test func `--json prints the raw result`() throws {
        let daemon = try ScriptedDaemon { command in if case .status = command { "{\"version\":\"1\",\"seq\":7}" } else { "{\"accounts\":[]}" } }
        #expect(daemon.run("status", "--json") == 0)
        #expect(daemon.terminal.output == "{\"version\":\"1\",\"seq\":7}\n")
    }

    @Test(arguments: ["status", "limits", "positions", "risk", "instruments", "fills", "breaks", "intents", "orders", "top"])
    func `every listing shows its headings even when there is nothing`(verb: String) throws {
        let daemon = try ScriptedDaemon { _ in nil }
        #expect(daemon.run(verb) == 0)
        let heading = verb == "status" || verb == "top" ? "no account is configured" : verb == "intents" ? "intent_id" : "account"
        #expect(daemon.terminal.output.contains(heading))
    }

    @Test func `tail shows events as they come`() throws {
        let daemon = try ScriptedDaemon { _ in "{\"subscription\":1}" }
        let server = daemon.harness.server
        let sink = daemon.harness.sink
        let feeder = Aside {
            guard eventually({ sink.calls.count == 1 }), let connection = sink.calls.first?.ticket.connection else { return }
            for seq in 1...3 {
                _ = server.notify(
                    Array("{\"subscription\":1,\"seq\":\(seq),\"at\":0,\"kind\":\"execution\",\"client_order_id\":\"o\(seq)\"}".utf8),
                    connection: connection)
            }
        }
        #expect(daemon.run("tail", "--after", "0", "--count", "3") == 0)
        #expect(daemon.terminal.output.split(separator: "\n").last == "3  1970-01-01T00:00:00.000000Z  execution  client_order_id=o3")
        try feeder.join()
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (1_709_164_800_000_001, "2024-02-29T00:00:00.000001Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (4_102_444_799_999_999, "2099-12-31T23:59:59.999999Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        ] as [(Int64, String)]) func `times are shown as UTC`(micros: Int64, text: String)
    {
        #expect(utc(micros) == text)
    }
}

/// What tables show is what rows have.
struct ColumnTests {
    @Test func `every column of a listing is a member of its rows`() {
        func known<Row: Message>(_ columns: [(heading: String, member: String)], _ row: Row.Type) -> Bool {
            let names = MemberList(of: row).names
            return columns.allSatisfy { names.contains($0.member) }
        }
        #expect(known(ListVerbs.orderColumns, ShownOrder.self))
        #expect(known(ListVerbs.intentColumns, ShownIntent.self))
        #expect(known(ListVerbs.instrumentColumns, ShownInstrument.self))
        #expect(known(ListVerbs.fillColumns, ShownFill.self))
        #expect(known(ListVerbs.limitColumns, ShownBudget.self))
        #expect(known(BreakVerbs.columns, ShownBreak.self))
        #expect(known(ExportVerb.columns.map { ($0, $0) }, ShownOrder.self))
    }
}
