import CLinux
import Calls
import Control
import ControlAPI
import OMSCore
import TestSupport
import Testing
import Wire

struct MethodTests {
    /// Method, params, and the command as Swift prints it.
    private static let roundTrips: [(String, String, ControlCommand)] = {
        var filter = OrderFilter()
        filter.account = "a"
        filter.symbol = "btc_usdt"
        filter.states = [.inDoubt, .filled]
        filter.intentID = "i"
        filter.after = 9
        filter.limit = 1000
        let stats = StatsQuery(account: "a", from: 5, to: 1_440_000_005, stepUs: 1_000_000)
        var byClient = OrderFilter()
        byClient.clientOrderID = "c"
        var byVenue = OrderFilter()
        byVenue.account = "a"
        byVenue.venueOrderID = "77"
        var (fills, tagged) = (OrderFilter(), OrderFilter())
        (fills.clientOrderID, tagged.tag) = ("c", "t")
        var breaks = fills
        (breaks.account, breaks.states) = ("a", [.filled])
        var openBreaks = OrderFilter()
        (openBreaks.isOpen, openBreaks.breakKinds) = (true, [.externalOrder, .loop])
        return [
            ("intent.get", "{\"intent_id\":\"i\"}", .intentGet("i")),
            ("intent.list", "{\"account\":\"a\",\"after\":3,\"limit\":7}", .intentList(account: "a", after: 3, limit: 7)),
            ("intent.list", "{}", .intentList(account: nil, after: nil, limit: 100)),
            ("intent.list", "{\"account\":null}", .intentList(account: nil, after: nil, limit: 100)),
            ("intent.wait", "{\"intent_id\":\"i\"}", .intentWait("i", untilSettled: true, timeoutMs: 30_000)),
            (
                "intent.wait", "{\"intent_id\":\"i\",\"until\":\"acknowledged\",\"timeout_ms\":3600000}",
                .intentWait("i", untilSettled: false, timeoutMs: 3_600_000)
            ),
            ("intent.list", "{\"tag\":\"t\"}", .intentList(account: nil, tag: "t", after: nil, limit: 100)),
            ("intent.cancel", "{\"tag\":\"t\"}", .intentCancelTagged("t", account: nil)),
            ("intent.cancel", "{\"tag\":\"t\",\"account\":\"a\"}", .intentCancelTagged("t", account: "a")),
            ("order.list", "{\"tag\":\"t\"}", .orderList(tagged)), ("fill.list", "{\"tag\":\"t\"}", .fillList(tagged)),
            ("intent.cancel", "{\"intent_id\":\"i\"}", .intentCancel("i")), ("order.get", "{\"client_order_id\":\"c\"}", .orderGet(byClient)),
            ("order.get", "{\"account\":\"a\",\"venue_order_id\":\"77\"}", .orderGet(byVenue)),
            (
                "order.list",
                "{\"account\":\"a\",\"symbol\":\"btc_usdt\",\"states\":[\"in_doubt\",\"filled\"],\"intent_id\":\"i\",\"after\":9,\"limit\":1000}",
                .orderList(filter)
            ), ("order.list", "{}", .orderList(OrderFilter())), ("order.timeline", "{\"client_order_id\":\"c\"}", .orderTimeline("c")),
            (
                "order.resolve", "{\"client_order_id\":\"c\",\"verdict\":\"placed\",\"reason\":\"seen at the venue\"}",
                .orderResolve("c", isPlaced: true, reason: "seen at the venue")
            ),
            (
                "order.resolve", "{\"client_order_id\":\"c\",\"verdict\":\"absent\",\"reason\":\"é\"}",
                .orderResolve("c", isPlaced: false, reason: "é")
            ), ("fill.list", "{\"client_order_id\":\"c\"}", .fillList(fills)),
            ("break.list", "{\"account\":\"a\",\"states\":[\"filled\"],\"client_order_id\":\"c\"}", .breakList(breaks)),
            ("break.list", "{\"open\":true,\"kinds\":[\"external_order\",\"loop\"]}", .breakList(openBreaks)),
            ("break.acknowledge", "{\"break_id\":7,\"reason\":\"ours, by hand\"}", .breakAcknowledge(7, reason: "ours, by hand")),
            (
                "instrument.list", "{\"symbol\":\"b\",\"limit\":1}", .instrumentList(account: nil, symbol: "b", after: nil, limit: 1)
            ), ("account.list", "{}", .accountList),
            (
                "account.set_state", "{\"account\":\"*\",\"state\":\"halted\",\"reason\":\"r\",\"cancel_open\":true,\"everything\":true}",
                .setState(nil, .halted, reason: "r", cancelOpen: true, everything: true)
            ),
            (
                "account.set_state", "{\"account\":\"a\",\"state\":\"active\",\"reason\":\"r\"}",
                .setState("a", .active, reason: "r", cancelOpen: false, everything: false)
            ), ("account.reconcile", "{\"account\":\"a\"}", .reconcile("a")), ("limit.list", "{}", .limitList),
            (
                "limit.take", "{\"account\":\"a\",\"budget\":\"lookup:/api/v2\",\"permits\":2,\"hold_ms\":5}",
                .limitTake("a", budget: "lookup:/api/v2", permits: 2, holdMs: 5)
            ), ("limit.release", "{\"permit_id\":12}", .limitRelease(permitID: 12)),
            (
                "position.list", "{\"account\":\"a\",\"symbol\":\"b\",\"limit\":1}",
                .positionList(account: "a", symbol: "b", after: nil, limit: 1)
            ), ("risk.get", "{\"account\":\"a\"}", .riskGet("a")),
            ("session.release", "{\"guard_id\":3}", .guardRelease(3)), ("guard.list", "{}", .guardList),
            ("event.subscribe", "{\"after_seq\":0,\"account\":\"a\"}", .subscribe(afterSeq: 0, account: "a")),
            ("event.unsubscribe", "{\"subscription\":4}", .unsubscribe(subscription: 4)),
            (
                "stats.get", "{\"account\":\"a\",\"from\":5,\"to\":1440000005,\"step_ms\":1000}",
                stats.map { .stats($0) } ?? .status
            ), ("seal.get", "{}", .seal), ("daemon.status", "{}", .status),
        ]
    }()

    @Test func `every method's parameters arrive as the command they mean`() throws {
        let harness = try Harness()
        let client = try RawClient(harness.path)

        for (method, params, expected) in Self.roundTrips {
            let answer = client.call(method, params)
            #expect(answer?["result"] != nil, "\(method): \(answer?.message ?? "")")
            #expect(harness.sink.calls.last.map { "\($0.command)" } == "\(expected)")
        }
    }

    @Test(arguments: [
        ("intent.get", "{}", "params.intent_id: is missing"), ("intent.get", "{\"intent_id\":7}", "params.intent_id"),
        ("intent.get", "{\"intent_id\":null}", "params.intent_id"),
        ("intent.wait", "{\"intent_id\":\"i\",\"timeout_ms\":3600001}", "params.timeout_ms"),
        ("intent.wait", "{\"intent_id\":\"i\",\"timeout_ms\":-1}", "params.timeout_ms"),
        ("intent.wait", "{\"intent_id\":\"i\",\"timeout_ms\":1.5}", "params.timeout_ms"),
        ("intent.wait", "{\"intent_id\":\"i\",\"timeout_ms\":\"5\"}", "params.timeout_ms"),
        ("intent.wait", "{\"intent_id\":\"i\",\"until\":\"setled\"}", "did you mean settled?"), ("order.list", "{\"limit\":0}", "params.limit"),
        ("order.list", "{\"limit\":1001}", "params.limit"), ("order.list", "{\"states\":[\"open\"]}", "params.states"),
        ("order.list", "{\"states\":\"filled\"}", "params.states"), ("order.list", "{\"after\":9223372036854775808}", "params.after"),
        ("order.get", "{}", "client_order_id"), ("order.get", "{\"account\":\"a\"}", "venue_order_id"),
        ("order.get", "{\"client_order_id\":\"c\",\"account\":\"a\",\"venue_order_id\":\"7\"}", "either"),
        ("order.resolve", "{\"client_order_id\":\"c\",\"verdict\":\"absent\"}", "params.reason"),
        ("order.resolve", "{\"client_order_id\":\"c\",\"verdict\":\"absent\",\"reason\":\"a\\nb\"}", "params.reason"),
        ("account.set_state", "{\"account\":\"a\",\"state\":\"stopped\",\"reason\":\"r\"}", "params.state"),
        ("account.set_state", "{\"account\":\"a\",\"state\":\"active\",\"reason\":\"r\",\"cancel_open\":true}", "params.cancel_open"),
        ("account.set_state", "{\"account\":\"a\",\"state\":\"halted\",\"reason\":\"r\",\"everything\":true}", "params.everything"),
        ("limit.take", "{\"account\":\"a\",\"budget\":\"b\",\"permits\":0}", "params.permits"),
        ("event.subscribe", "{\"after_seq\":-1}", "params.after_seq"),
        ("session.guard", "{\"on_lost\":\"cancel\"}", "params.grace_ms"),
        ("session.guard", "{\"on_lost\":\"cancel\",\"grace_ms\":600001}", "params.grace_ms"),
        ("session.guard", "{\"on_lost\":\"cancel\",\"grace_ms\":0,\"heartbeat_ms\":499}", "params.heartbeat_ms"),
        ("session.guard", "{\"on_lost\":\"halt\",\"grace_ms\":0}", "params.accounts"),
        ("session.guard", "{\"on_lost\":\"cancel\",\"grace_ms\":0,\"accounts\":[]}", "params.accounts"),
        ("session.guard", "{\"resume\":\"t\",\"grace_ms\":0}", "params.resume"),
    ]) func `a wrong parameter is -32602 and named`(method: String, params: String, text: String) throws {
        let harness = try Harness()

        let answer = try RawClient(harness.path).call(method, params)

        #expect(answer?.code == -32602)
        #expect(answer?.message.contains(text) == true, "\(answer?.message ?? "")")
        #expect(harness.sink.calls.isEmpty)
    }

    @Test func `rpc.discover describes every method with its role and parameters`() throws {
        let harness = try Harness()
        let document = try RawClient(harness.path).call("rpc.discover")?["result"]
        let methods = try #require(document?["methods"]?.array)
        #expect(methods.compactMap { $0["name"]?.string } == Methods.all.map { $0.name })
        let submit = try #require(methods.first)
        #expect(submit["x-role"] == .string("trader"))
        let place = submit["params"]?.array?.first { $0["name"] == .string("place") }
        #expect(place?["schema"]?["items"]?["properties"]?["margin_action"]?["enum"]?.array?.count == 4)
    }

    /// `OMSD_WRITE_DOCS=1 swift test --filter MethodTests` writes the page anew.
    @Test func `docs/CONTROL_API.md lists the methods as they are`() throws {
        let path = String(#filePath.dropLast("Tests/ControlTests/MethodTests.swift".count)) + "docs/CONTROL_API.md"
        let page = try #require(readText(path))
        var whole = page
        for (name, made) in [("errors", MethodPage.errors), ("methods", MethodPage.methods)] {
            let begin = "<!-- \(name): made from Sources/ControlAPI -->\n"
            let start = try #require(whole.firstRange(of: begin)).upperBound
            let stop = try #require(whole.firstRange(of: "<!-- end of \(name) -->")).lowerBound
            whole = String(whole[..<start] + made + whole[stop...])
        }
        if getenv("OMSD_WRITE_DOCS") != nil { try writeText(whole, to: path, mode: 0o644) } else { #expect(page == whole) }
    }

    @Test func `a call of every method is answered by somebody`() {
        #expect(CallTable.all.map(\.name) == Methods.all.map { $0.name })
        #expect(zip(CallTable.all, Methods.all).allSatisfy { $0.role == $1.role })
    }

    @Test func `the words of the protocol are those of the core`() {
        #expect(Words.side == Side.allCases.map(\.rawValue))
        #expect(Words.orderType == OrderType.allCases.map(\.rawValue))
        #expect(Words.timeInForce == TimeInForce.allCases.map(\.rawValue))
        #expect(Words.positionSide == PositionSide.allCases.map(\.rawValue))
        #expect(Words.marginAction == MarginAction.allCases.map(\.rawValue))
        #expect(Words.stp == SelfTradePrevention.allCases.map(\.rawValue))
        #expect(Words.onFailure == OnFailure.allCases.map(\.rawValue))
        #expect(Words.tradingState == TradingState.allCases.map(\.rawValue))
        #expect(Words.orderState == OrderState.allCases.map(\.rawValue))
        #expect(Words.openState == OrderCounts.states.map(\.rawValue))
        #expect(Words.breakKind == BreakKind.allCases.map(\.rawValue))
        #expect(StatsGet.pointsMax == StatsQuery.pointsMax)
    }

    @Test func `every error that the core answers has its code and reason in the protocol`() {
        let errors: [ControlError] = [
            .unknownAccount("a"), .intentConflict("i"), .invalidOrder([]), .invalidFilter("f", "p"), .halted("m"), .risk("symbols", of: "a", "m"),
            .notPermitted("m"), .unknownOrder("w"), .queueFull("m"), .notReady("m"), .journalUnavailable("m"), .invalidParams("m"),
            .invalidRequest("m"),
        ]
        for error in errors {
            let reason = ErrorCode(rawValue: error.code)?.reason
            #expect(reason.map { error.reason == $0 || $0.hasSuffix("_") && error.reason.hasPrefix($0) } == true, "\(error)")
        }
        #expect(Set(errors.map(\.code)).union([-32700, -32601]) == Set(ErrorCode.allCases.map(\.rawValue)))
    }
}
