import Testing
import Transport
import Wire

@testable import Simulator

@Suite struct `Faults at the simulator` {
    private static let batch = "/api/v3/trade/place-batch"

    /// A client of a world whose places suffer this fault, once.
    private func client(_ fault: Fault, kind: Route.Kind = .place) throws -> BitgetClient {
        var rule = FaultRule(fault)
        (rule.venue, rule.kind, rule.count) = ("bitget-uta", kind, 1)
        var options = WorldOptions()
        options.faults = [rule]
        return try BitgetClient("bitget-uta", "spot", options)
    }

    private func body(_ ids: String...) -> String { "[" + ids.map { BitgetClient.item($0) }.joined(separator: ",") + "]" }
    private func strike(_ client: BitgetClient) -> ServerReply { client.reply(client.signed("POST", Self.batch, body: body("a", "b", "c"))) }
    private func orders(_ client: BitgetClient) -> Int { client.world.venue(named: "bitget-uta")?.exchange.orders.count ?? -1 }

    private func isReset(_ reply: ServerReply) -> Bool { if case .reset = reply { true } else { false } }
    private func isSilence(_ reply: ServerReply) -> Bool { if case .silence = reply { true } else { false } }

    @Test func `a reply lost before execution leaves no order, one lost after leaves them all`() throws {
        let before = try client(.loseReplyBeforeExecution(.reset))
        #expect(isReset(strike(before)) && orders(before) == 0)
        #expect(before.world.ledger.requests[0].outcome == .notExecuted)
        let after = try client(.loseReplyAfterExecution(.silence))
        #expect(isSilence(strike(after)) && orders(after) == 3)
        #expect(after.world.ledger.requests[0].fault == "lose_reply_after_execution")
        let reset = try client(.reset)
        #expect(isReset(strike(reset)) && orders(reset) == 0)
    }

    @Test func `a late request executes at its own time, is counted then, and is too old beyond the window`() throws {
        var client = try client(.executeLate(.init(2000), .reset))
        #expect(isReset(strike(client)))
        #expect(client.world.limitCounts.allSatisfy { $0.arrivals == 0 })
        client.now += 1_999_999
        #expect(try client.find("a").code == "25204")
        client.now += 1
        #expect(try client.find("a").code == "00000")
        #expect(client.world.limitCounts.first { $0.rule.name == "batch-place" }?.arrivals == 1)
        #expect(client.world.ledger.requests[0].executedAt == BitgetClient.start + 2_000_000)

        var old = try self.client(.executeLate(.init(30_001), .reset))
        _ = strike(old)
        old.now += 40_000_000
        #expect(try old.find("a").code == "25204")
        #expect(old.world.ledger.requests[0].refusal == "40008")
    }

    @Test func `a delayed answer is complete and says how long it takes`() throws {
        let client = try client(.delay(.init(100, 200)))
        guard case .response(let response, let after) = strike(client) else { throw Missing("answer") }
        #expect(response.status == 200 && (100_000...200_000).contains(after) && orders(client) == 3)
    }

    @Test(arguments: [true, false], [Fault.ServerErrorBody.html, .json, .empty])
    func `a server error executes or not, as told`(_ executes: Bool, _ body: Fault.ServerErrorBody) throws {
        let client = try client(.serverError(status: 503, body: body, executes: executes))
        guard case .response(let response, _) = strike(client) else { throw Missing("answer") }
        #expect(response.status == 503 && orders(client) == (executes ? 3 : 0))
        #expect(client.world.ledger.requests[0].outcome == (executes ? .accepted : .notExecuted))
    }

    @Test func `refusals at the edge come in the venue's words and execute nothing`() throws {
        for (fault, status, code) in [
            (Fault.rateLimited, 429, "429"), (.maintenance, 400, "40200"), (.wrongAccount, 400, "40084"),
            (.venueError(code: "40725", message: "service error", status: 0, executes: false), 400, "40725"),
        ] {
            let client = try client(fault)
            let (got, json) = try client.answer(client.signed("POST", Self.batch, body: body("a")))
            #expect(got == status && json.code == code && orders(client) == 0)
        }
        let executed = try client(.venueError(code: "45001", message: "unknown error", status: 200, executes: true))
        let (status, json) = try executed.post(Self.batch, body("a"))
        #expect(status == 200 && json.code == "45001" && orders(executed) == 1)
    }

    @Test func `a truncated answer is a strict beginning of the true one, and noise is no answer`() throws {
        let cut = try client(.truncate)
        guard case .raw(let bytes, _, let closes) = strike(cut) else { throw Missing("bytes") }
        #expect(closes && orders(cut) == 3 && "HTTP/1.1 200".utf8.starts(with: bytes.prefix(12)))
        let noise = try client(.garbage(isHTTP: true))
        guard case .response(let response, _) = strike(noise) else { throw Missing("answer") }
        #expect(response.status == 200 && (try? JSONParser.parse(response.body)) == nil && orders(noise) == 3)
        guard case .raw = strike(try client(.garbage(isHTTP: false))) else { throw Missing("bytes") }
    }

    @Test func `items go missing, repeat or change places in the answer alone`() throws {
        func ids(_ fault: Fault) throws -> [String] {
            let client = try client(fault)
            let json = try client.post(Self.batch, body("a", "b", "c")).json
            #expect(orders(client) == 3)
            return json["data"]?.array?.compactMap { $0["clientOid"]?.string } ?? []
        }
        let missing = try ids(.missingItem)
        #expect(missing.count == 2 && Set(missing).isSubset(of: ["a", "b", "c"]))
        let repeated = try ids(.repeatedItem)
        #expect(repeated.count == 4 && Set(repeated) == ["a", "b", "c"])
        let reordered = try ids(.reorderedItems)
        #expect(reordered.sorted() == ["a", "b", "c"] && reordered != ["a", "b", "c"])
    }

    @Test func `late visibility hides an order from look-ups, not from the duplicate check`() throws {
        var client = try client(.lateVisibility(.init(1500)))
        #expect(try client.post(Self.batch, body("a")).json.code == "00000")
        #expect(try client.find("a").code == "25204")
        #expect(try client.get("/api/v3/trade/unfilled-orders?category=SPOT").json.at("data", "list")?.array?.isEmpty == true)
        #expect(try client.place("a").at("data", "0", "code")?.string == "25212")
        client.now += 1_500_000
        #expect(try client.find("a").code == "00000")
    }

    @Test func `a venue's clock runs ahead and away as told`() throws {
        var options = WorldOptions()
        options.faults = [FaultRule(.clock(offsetMs: 40_000, driftPpm: 1000))]
        var client = try BitgetClient("bitget-uta", "spot", options)
        #expect(try client.get("/api/v3/account/assets").json.code == "40008")
        let first = try #require(try client.get("/api/v3/public/time").json.at("data", "serverTime")?.integer)
        #expect(first == client.now / 1000 + 40_000)
        client.now += 1_000_000_000
        #expect(try client.get("/api/v3/public/time").json.at("data", "serverTime")?.integer == client.now / 1000 + 41_000)
    }

    @Test func `an execution doubled on purpose shows as a duplicate only where the venue lets it`() throws {
        var rule = FaultRule(.duplicateExecution)
        rule.kind = .place
        var options = WorldOptions()
        (options.faults, options.matching.fillRatio, options.seed) = ([rule], 1, 4)
        let client = try BitgetClient("bitget-uta", "spot", options)
        for index in 0..<5 { _ = try client.place("d\(index)") }
        #expect(client.world.duplicates.isEmpty == false)
        #expect(try client.answer(HTTPRequest("GET", "/_sim/summary")).json["duplicates"]?.array?.count == client.world.duplicates.count)
    }

    @Test func `counters of a rule pick the requests it says`() throws {
        var rule = FaultRule(.rateLimited)
        (rule.endpoint, rule.after, rule.every, rule.count) = ("order-info", 2, 3, 2)
        var options = WorldOptions()
        options.faults = [rule]
        options.limits = [("bitget-uta/lookup:order-info", nil)]
        let client = try BitgetClient("bitget-uta", "spot", options)
        let struck = try (1...20).filter { _ in try client.find("none").code == "429" }
        #expect(struck == [5, 8])
    }

    @Test func `rules are replaced at run time, in place of the old ones`() throws {
        let client = try client(.maintenance)
        let rules =
            "{rules: [{kind: 'place', first: 1, fault: {type: 'venue_error', code: '40010', executes: true}}], limits: {'bitget-uta/batch-place': 2}}"
        #expect(try client.answer(HTTPRequest("POST", "/_sim/faults", body: Array(rules.utf8))).status == 200)
        #expect(try client.place("a").code == "40010")
        #expect(try client.place("a").at("data", "0", "code")?.string == "25212")
        #expect(try client.place("b").code == "429")
    }

    @Test(arguments: [
        ("[{fault: {type: 'explode'}}]", "unknown type"), ("[{fault: {type: 'delay'}}]", "delay_ms"),
        ("[{kind: 'swim', fault: {type: 'reset'}}]", "kind"),
        ("[{probability: 2, fault: {type: 'reset'}}]", "probability"), ("[{fault: {type: 'reset', x: 1}}]", "unknown field `x`"),
        ("{x: 1}", "unknown field `x`"),
        ("[{fault: {type: 'delay', delay_ms: [5, 1]}}]", "delay_ms"), ("[{kind: 'place', fault: {type: 'clock', offset_ms: 1}}]", "clock"),
        ("7", "list"),
        ("[{every: 0, fault: {type: 'reset'}}]", "every"), ("[", "line 1"),
    ])
    func `rules that cannot be read say where and why`(_ text: String, _ hint: String) {
        let error = #expect(throws: SimulatorInputError.self) { try FaultPlan.read(Array(text.utf8)) }
        #expect(error?.description.contains(hint) == true)
    }

    @Test func `the same seed and requests give the same ledger, another seed another one`() throws {
        func ledger(_ seed: UInt64) throws -> [UInt8] {
            var (reset, late) = (FaultRule(.loseReplyAfterExecution(.reset)), FaultRule(.executeLate(.init(10, 3000), .silence)))
            (reset.probability, late.probability) = (0.3, 0.3)
            var options = WorldOptions()
            (options.seed, options.faults, options.matching.fillRatio) = (seed, [reset, late], 0.5)
            var client = try BitgetClient("bitget-uta", "spot", options)
            for index in 0..<40 {
                _ = client.reply(client.signed("POST", Self.batch, body: body("s\(index)", "t\(index)")))
                client.now += 230_000
            }
            client.world.advance(to: client.now + 5_000_000)
            return client.world.ledgerJSON()
        }
        #expect(try ledger(1) == ledger(1))
        #expect(try ledger(1) != ledger(2))
        #expect(try JSONParser.parse(ledger(1))["requests"]?.array?.count == 40)
    }
}

struct Missing: Error {
    let what: String
    init(_ what: String) { self.what = what }
}
