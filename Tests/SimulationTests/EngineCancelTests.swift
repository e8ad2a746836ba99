import OMSCore
import Simulator
import Testing

/// Cancels: what holds them, what they wait for, and what becomes of one that the venue will not take.
@Suite struct EngineCancelTests {
    static func fault(_ fault: Fault, _ kind: Route.Kind?, count: Int? = nil) -> FaultRule {
        var rule = FaultRule(fault)
        (rule.kind, rule.count) = (kind, count)
        return rule
    }

    static func placed(_ venue: String, orders: Int, _ change: (inout VirtualDaemon.Options) -> Void = { _ in }) throws -> VirtualDaemon {
        let daemon = try House.ready(venue, adjust: change)
        daemon.submit(try House.intent(venue, orders: orders, id: "old"))
        #expect(House.settled(daemon, "old", withinUs: .seconds(120)))
        return daemon
    }

    static func cancelAll(_ venue: String, _ id: IntentID) -> Intent {
        var intent = Intent(account: AccountID(venue), id: id)
        intent.cancel = [.matching(symbol: nil, side: nil)]
        return intent
    }

    @Test(arguments: ["bitget-uta"])
    func `a cancel refused while the order is listed as live pauses ever longer, says so, and ends once it is taken`(venue: String) throws {
        let daemon = try Self.placed(venue, orders: 1)
        daemon.world.setFaults([Self.fault(.itemError(code: venue == "bitget-uta" ? "25204" : "43001", message: "not there", share: 1), .cancel)])
        let start = (requests: daemon.world.ledger.requests.count, events: daemon.journal.events.count)
        daemon.submit(Self.cancelAll(venue, "gone"))
        daemon.run(forUs: .seconds(20))
        let early = daemon.world.ledger.requests.dropFirst(start.requests)
        #expect(early.count { $0.kind == .cancel } <= 12, "\(early.count { $0.kind == .cancel }) cancels in 20 s")
        #expect(daemon.engine?.snapshot().first?.lastError?.contains("cancel of") == true, "\(daemon.engine?.snapshot().first?.lastError ?? "-")")
        daemon.run(forUs: .seconds(300))
        #expect(daemon.journal.breaks.values.map(\.kind) == [.cancelRefused])
        let events = daemon.journal.events.count
        let requests = daemon.world.ledger.requests.count { $0.kind == .cancel }
        daemon.run(forUs: .seconds(600))
        #expect(daemon.world.ledger.requests.count { $0.kind == .cancel } - requests <= 22)
        let rows = daemon.journal.events.dropFirst(events)
        // A line for each request, at most two a minute; none for the command.
        let kinds = rows.map { "\($0.0.kind) \($0.0.note ?? "")" }
        #expect(rows.count <= 22 && rows.allSatisfy { $0.0.kind == .request }, "\(kinds) in ten minutes of the same")
        daemon.world.setFaults([])
        #expect(House.settled(daemon, "gone", withinUs: .seconds(60)))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled } && daemon.journal.breaks.isEmpty)
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `the count of turns survives a restart`() throws {
        let daemon = try Self.placed("bitget-uta", orders: 1)
        daemon.world.setFaults([Self.fault(.itemError(code: "25204", message: "not there", share: 1), .cancel)])
        daemon.submit(Self.cancelAll("bitget-uta", "gone"))
        daemon.run(forUs: .seconds(300))
        daemon.crash()
        try daemon.start()
        let before = daemon.world.ledger.requests.count { $0.kind == .cancel }
        daemon.run(forUs: .seconds(60))
        #expect(daemon.world.ledger.requests.count { $0.kind == .cancel } - before <= 4)
        #expect(daemon.journal.breaks.values.map(\.kind) == [.cancelRefused])
    }

    @Test(arguments: [false, true]) func `a cancel that waits for its own intent's places holds back nobody else's`(isHalted: Bool) throws {
        let daemon = try Self.placed("xt-spot", orders: 2)
        daemon.world.setFaults([Self.fault(.rateLimited, .place)])
        var swap = try House.intent("xt-spot", orders: 2, id: "swap")
        (swap.cancel, swap.sequence) = ([.matching(symbol: nil, side: nil)], .placeFirst)
        daemon.submit(swap)
        daemon.run(forUs: .seconds(3))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state != .canceled })
        if isHalted {
            daemon.command(.setState("xt-spot", .halted, reason: "test", cancelOpen: false, everything: false))
        } else {
            daemon.submit(Self.cancelAll("xt-spot", "other"))
        }
        daemon.run(forUs: .seconds(3))
        #expect(daemon.journal.orders.values.filter { $0.intentID == "old" }.allSatisfy { $0.state == .canceled })
    }

    @Test func `places behind a cancel that is never answered go once that is on record`() throws {
        let daemon = try Self.placed("bitget-uta", orders: 1)
        daemon.world.setFaults([Self.fault(.itemError(code: "40725", message: "service busy", share: 1), .cancel)])
        var swap = try House.intent("bitget-uta", orders: 1, id: "swap")
        swap.cancel = [.matching(symbol: nil, side: nil)]
        daemon.submit(swap)
        daemon.run(forUs: .seconds(300)) { daemon.journal.orders.values.contains { $0.intentID == "swap" && $0.state.isLive } }
        #expect(daemon.journal.orders.values.contains { $0.intentID == "swap" && $0.state.isLive })
    }

    @Test(arguments: ["xt-spot", "az-futures", "bybit", "okx"]) func `a cancel finds a connection while slow places hold all others`(venue: String)
        throws
    {
        let daemon = try Self.placed(venue, orders: 1) { $0.setups[0].maxInFlight = 2 }
        daemon.world.setFaults([Self.fault(.delay(.init(4_000)), try House.placeKind(venue), count: 1)])
        for round in 0..<4 { daemon.submit(try House.intent(venue, orders: 1, id: "slow-\(round)")) }
        daemon.run(forUs: .milliseconds(200))
        let order = try #require(daemon.journal.orders.values.first { $0.intentID == "old" })
        var cancel = Intent(account: AccountID(venue), id: "now")
        cancel.cancel = [.order(order.clientOrderID)]
        daemon.submit(cancel)
        let (start, known) = (daemon.time, daemon.world.ledger.requests.count)
        daemon.run(forUs: .seconds(10)) { daemon.world.ledger.requests.dropFirst(known).contains { $0.kind == .cancel || $0.kind == .mixed } }
        #expect(daemon.time - start < 1_000_000, "\(daemon.time - start) us")
    }

    enum Lost: String, CaseIterable { case before, after, refused }

    @Test(arguments: ["xt-spot", "az-futures", "bybit", "okx"], Lost.allCases)
    func `a cancel that comes back is looked after and sent again while slow places hold all other connections`(venue: String, how: Lost) throws {
        let daemon = try Self.placed(venue, orders: 1) { $0.setups[0].maxInFlight = 2 }
        let fault: Fault =
            switch how {
            case .before: .loseReplyBeforeExecution(.reset)
            case .after: .loseReplyAfterExecution(.reset)
            case .refused: .serverError(status: 502, body: .html, executes: false)
            }
        // Where cancels ride in place requests, the second request of that kind is the cancel.
        let slow = Self.fault(.delay(.init(4_000)), try House.placeKind(venue), count: venue == "az-futures" ? 1 : nil)
        daemon.world.setFaults([slow, Self.fault(fault, venue == "az-futures" ? .mixed : .cancel, count: 1)])
        for round in 0..<6 { daemon.submit(try House.intent(venue, orders: 1, id: "slow-\(round)")) }
        daemon.run(forUs: .milliseconds(200))
        let order = try #require(daemon.journal.orders.values.first { $0.intentID == "old" })
        var cancel = Intent(account: AccountID(venue), id: "now")
        cancel.cancel = [.order(order.clientOrderID)]
        daemon.submit(cancel)
        let start = daemon.time
        daemon.run(forUs: .seconds(20)) { daemon.journal.order(order.clientOrderID)?.state == .canceled }
        #expect(daemon.time - start < 3_000_000, "\(daemon.time - start) us")
        #expect(daemon.journal.orders.values.contains { $0.state == .submitted }, "a slow place is still out")
    }

    @Test(arguments: ["xt-spot", "az-futures", "bybit", "okx"])
    func `a cancel of an order in doubt has it looked up, and cancel-all leaves, while slow places hold all other connections`(venue: String) throws {
        let daemon = try Self.placed(venue, orders: 1) { $0.setups[0].maxInFlight = 2 }
        let kind = try House.placeKind(venue)
        // Its look-ups are refused until a cancel asks for one.
        daemon.world.setFaults([
            Self.fault(.loseReplyAfterExecution(.reset), kind, count: 1),
            Self.fault(.serverError(status: 502, body: .html, executes: false), .lookup),
        ])
        daemon.submit(try House.intent(venue, orders: 1, id: "doubt"))
        daemon.run(forUs: .seconds(30)) { daemon.journal.orders.values.contains { $0.state == .inDoubt } }
        let order = try #require(daemon.journal.orders.values.first { $0.intentID == "doubt" })
        let slow = Self.fault(.delay(.init(4_500)), kind, count: venue == "az-futures" ? 1 : nil)
        daemon.world.setFaults([slow, Self.fault(.serverError(status: 502, body: .html, executes: false), .lookup)])
        daemon.submit(try House.intent(venue, orders: 1, id: "slow"))
        daemon.run(forUs: .seconds(5)) { daemon.journal.orders.values.contains { $0.state == .submitted } }
        daemon.run(forUs: .milliseconds(100))
        daemon.world.setFaults([])
        var cancel = Intent(account: AccountID(venue), id: "now")
        cancel.cancel = [.order(order.clientOrderID)]
        daemon.submit(cancel)
        daemon.run(forUs: .seconds(20)) { daemon.journal.order(order.clientOrderID)?.state == .canceled }
        #expect(daemon.journal.orders.values.contains { $0.state == .submitted }, "a slow place is still out")
        let known = daemon.world.ledger.requests.count
        daemon.command(.setState(AccountID(venue), .halted, reason: "kill", cancelOpen: false, everything: true))
        daemon.run(forUs: .milliseconds(300))
        let asksForAll = daemon.world.ledger.requests.dropFirst(known).contains { $0.endpoint.contains("cancel-all") }
        #expect(asksForAll == (venue != "okx"), "OKX has none")
        #expect(daemon.journal.orders.values.contains { $0.state == .submitted }, "a slow place is still out")
    }

    @Test(arguments: House.venues)
    func `the venue's cancel-all stands in the record as a cancel, and where there is none that is told from the start`(venue: String) throws {
        let daemon = try Self.placed(venue, orders: 2)
        let hasNone = venue == "bitget-margin" || venue == "okx"
        let status = try House.hear(daemon.command(.killStatus(nil)), daemon).get()["accounts"]?.array?.first
        #expect(status?["cancel_all"]?.string == (hasNone ? "none" : "not_asked"))
        daemon.command(.setState(AccountID(venue), .halted, reason: "kill", cancelOpen: false, everything: true))
        daemon.run(forUs: .seconds(5))
        let rows = daemon.journal.requests.values
        #expect(rows.filter { $0.kind == .cancel && $0.items == 0 }.count == (hasNone ? 0 : 1))
        let lookups = rows.filter { $0.kind == .lookup }.map(\.endpoint)
        #expect(lookups.allSatisfy { !$0.hasPrefix("DELETE") && !$0.contains("cancel") }, "\(lookups)")
    }

    @Test(arguments: House.venues, ["market", "ioc", "fok"])
    func `an intent of orders that trade at once settles when their ends are known, and at once then`(venue: String, kind: String) throws {
        let daemon = try House.ready(venue) { $0.setups[0].reconcileIntervalMs = 10_000 }
        var intent = try House.intent(venue, orders: 2, id: "now")
        for index in intent.place.indices {
            if kind == "market" {
                (intent.place[index].terms.type, intent.place[index].terms.timeInForce, intent.place[index].terms.price) = (.market, nil, nil)
                if venue != "az-futures" { intent.place[index].terms.side = .sell }
            } else {
                intent.place[index].terms.timeInForce = kind == "ioc" ? .ioc : .fok
            }
        }
        let error = try House.error(daemon.submit(intent), daemon)
        // What a venue does not take is refused here, and settles nothing.
        guard error == nil else { return #expect(error?.code == 1003 && venue == "ascendex", "\(error as Any)") }
        let start = daemon.time
        #expect(House.settled(daemon, "now"))
        let states = daemon.journal.orders.values.map { "\($0.state) \($0.venueState ?? "-")" }
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isTerminal }, "\(states)")
        #expect(daemon.time - start < 2_000_000, "\(daemon.time - start) us")
    }

    @Test func `an intent of IOC orders whose ends cannot be asked for settles after one reconciliation's time`() throws {
        let daemon = try House.ready("xt-spot") { $0.setups[0].reconcileIntervalMs = 4_000 }
        daemon.world.setFaults([Self.fault(.serverError(status: 502, body: .empty, executes: false), .lookup)])
        var intent = try House.intent("xt-spot", orders: 1, id: "now")
        intent.place[0].terms.timeInForce = .ioc
        daemon.submit(intent)
        let start = daemon.time
        #expect(House.settled(daemon, "now", withinUs: .seconds(10)))
        #expect((4_000_000...4_500_000).contains(daemon.time - start), "\(daemon.time - start) us")
    }

    @Test func `a mistaken word that an order was placed can be taken back while nothing of it was seen, and not after`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.world.setFaults([
            Self.fault(.loseReplyBeforeExecution(.reset), .place), Self.fault(.serverError(status: 502, body: .html, executes: false), .lookup),
        ])
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "doubt"))
        daemon.run(forUs: .seconds(10)) { daemon.journal.orders.values.contains { $0.state == .inDoubt } }
        let id = try #require(daemon.journal.orders.values.first).clientOrderID
        #expect(try House.error(daemon.command(.orderResolve(id, isPlaced: true, reason: "seen on their page")), daemon) == nil)
        daemon.command(.setState("xt-spot", .halted, reason: "kill", cancelOpen: true, everything: false))
        daemon.world.setFaults([])
        daemon.run(forUs: .seconds(20))
        #expect(daemon.journal.order(id)?.state == .acknowledged)
        #expect(try House.error(daemon.command(.orderResolve(id, isPlaced: false, reason: "that was another one")), daemon) == nil)
        #expect(daemon.journal.order(id)?.state == .abandoned && daemon.journal.breaks.isEmpty)
        let left = try House.hear(daemon.command(.killStatus(nil)), daemon).get()
        #expect(left["accounts"]?.array?.first?["live_or_unknown"]?.integer == 0)

        let seen = try Self.placed("xt-spot", orders: 1)
        let live = try #require(seen.journal.orders.values.first).clientOrderID
        #expect(try House.error(seen.command(.orderResolve(live, isPlaced: false, reason: "no")), seen)?.code == -32602)
    }
}
