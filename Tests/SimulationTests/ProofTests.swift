import OMSCore
import Testing
import Venues
import Wire

@testable import Simulator

/// What decides that an order is absent: each of these scenes once ended with an order placed twice, or refused without words.
@Suite struct ProofTests {
    static func fault(_ fault: Fault, _ kind: Route.Kind?, count: Int? = nil, after: Int? = nil) -> FaultRule {
        var rule = FaultRule(fault)
        (rule.kind, rule.count, rule.after) = (kind, count, after)
        return rule
    }

    func orders(_ daemon: VirtualDaemon) -> [Order] { daemon.journal.orders.values.sorted { $0.key < $1.key } }
    func places(_ daemon: VirtualDaemon) -> Int { daemon.world.ledger.requests.count { $0.kind == .place || $0.kind == .mixed } }
    func breaks(_ daemon: VirtualDaemon) -> [BreakKind] { daemon.journal.breaks.values.map(\.kind) }
    private func notes(_ daemon: VirtualDaemon) -> [String] { daemon.journal.events.compactMap(\.event.note) }

    private func die(_ daemon: VirtualDaemon, for duration: Int64 = .seconds(1)) throws {
        daemon.crash()
        daemon.run(forUs: duration)
        try daemon.start()
    }

    // MARK: What bars a resend

    @Test(arguments: [0, 1, 2, 3]) func `what the venue called a duplicate is never sent a third time, whenever the daemon dies`(turns: Int) throws {
        let daemon = try House.ready("bitget-margin")
        daemon.world.setFaults([
            Self.fault(.loseReplyAfterExecution(.silence), .place, count: 1), Self.fault(.staleReplica(.init(3_600_000)), .lookup),
        ])
        daemon.submit(try House.intent("bitget-margin", orders: 1, id: "twice"))
        #expect(daemon.run(forUs: .seconds(120)) { orders(daemon).first?.bars == .duplicate })
        for _ in 0..<turns { daemon.run(forUs: .seconds(2)) }
        try die(daemon)
        daemon.run(forUs: .seconds(300))

        let order = try #require(orders(daemon).first)
        #expect(order.state == .inDoubt && order.attempts == 2 && order.parkedAt != nil && order.bars == .duplicate)
        #expect(places(daemon) == 2 && breaks(daemon) == [.duplicateID])
        // The replica wakes up: the order was there all the time.
        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(4_000)) { orders(daemon).first?.state == .working })
        #expect(orders(daemon).first?.bars == [] && daemon.journal.breaks.isEmpty && daemon.violations.isEmpty)
    }

    enum Then: String, CaseIterable { case nothing, halt, expire, cancel }

    @Test(arguments: Then.allCases, [false, true])
    func `a refusal in words nobody knows ends as rejected, with code and text, and is never sent again`(then: Then, dies: Bool) throws {
        let daemon = try House.ready("xt-spot") {
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in
                    guard case .place(let tickets, _) = plan.content else { return }
                    answer.places = tickets.map { _ in .refusedUnlessFound(code: "40774", text: "The order type does not fit") }
                })
        }
        // It was not executed, whatever its answer says.
        daemon.world.setFaults([Self.fault(.serverError(status: 500, body: .json, executes: false), .place)])
        var intent = try House.intent("xt-spot", orders: 2, id: "odd")
        if then == .expire { intent.expiresAt = daemon.now.wall + .seconds(1) }
        daemon.submit(intent)
        #expect(daemon.run(forUs: .seconds(5)) { orders(daemon).contains { $0.bars == .refusal } })
        if then == .halt { daemon.command(.setState(nil, .halted, reason: "drill", cancelOpen: false, everything: false)) }
        if then == .cancel { daemon.command(.intentCancel("odd")) }
        if dies { try die(daemon) } else { daemon.run(forUs: 1_000) }

        #expect(House.settled(daemon, "odd"))
        #expect(orders(daemon).allSatisfy { $0.state == .rejected && $0.rejectCode == "40774" && $0.attempts == 1 }, "\(orders(daemon).map(\.state))")
        #expect(orders(daemon).allSatisfy { $0.rejectText == "The order type does not fit" } && places(daemon) == 1)
    }

    @Test func `an order that was rejected for want of a sign of it gives way to the venue's word, and is withdrawn`() throws {
        let daemon = try House.ready("bitget-uta") {
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in
                    guard case .place(let tickets, _) = plan.content else { return }
                    answer.places = tickets.map { _ in .refusedUnlessFound(code: "X", text: "odd") }
                })
        }
        // The venue took it, against its word, and its replica lags for longer than it should.
        daemon.world.setFaults([Self.fault(.staleReplica(.init(3_600_000)), .lookup)])
        daemon.submit(try House.intent("bitget-uta", orders: 1, id: "odd"))
        #expect(House.settled(daemon, "odd"))
        #expect(orders(daemon).allSatisfy { $0.state == .rejected && $0.evidence == .inferred && $0.rejectCode == "X" })
        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).allSatisfy { $0.state == .canceled && $0.rejectCode == nil } })
        let exchange = try #require(daemon.world.venue(named: "bitget-uta")?.exchange)
        #expect(exchange.orders.count == 1 && exchange.orders[0].state == .canceled)
        #expect(notes(daemon).contains { $0.contains("closed here as rejected by inferred") })
    }

    @Test func `a refusal that was none is forgotten once the order is found`() throws {
        let daemon = try House.ready("xt-spot") {
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in
                    guard case .place(let tickets, _) = plan.content else { return }
                    answer.places = tickets.map { _ in .refusedUnlessFound(code: "X", text: "odd") }
                })
        }
        daemon.submit(try House.intent("xt-spot", orders: 2, id: "there"))
        #expect(House.settled(daemon, "there"))
        #expect(orders(daemon).allSatisfy { $0.state == .working && $0.bars == [] && $0.rejectCode == nil && $0.rejectText == nil })
    }

    @Test func `an order that no answer can be attributed to is sent alone after its second absence, also by the next process`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place)])
        daemon.submit(try House.intent("xt-spot", orders: 3, id: "pair"))
        #expect(daemon.run(forUs: .seconds(120)) { orders(daemon).contains { $0.absences == 2 } })
        daemon.crash()
        let last = try #require(daemon.journal.requests.keys.max())
        daemon.world.setFaults([])
        try daemon.start()
        #expect(House.settled(daemon, "pair"))
        let twice = Set(orders(daemon).filter { $0.absences == 2 }.map(\.key))
        #expect(!twice.isEmpty && orders(daemon).allSatisfy { $0.attempts <= 4 && $0.state.isLive })
        for request in daemon.journal.requests.values where request.id > last && request.kind == .place {
            let carried = daemon.journal.carried[request.id] ?? []
            #expect(carried.count == 1 || twice.isDisjoint(with: carried), "\(carried)")
        }
    }

    @Test func `what was attempted with a former key is parked, and looked up again once the venue says the same uid`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.weather.droppedAtCrash = 0
        daemon.arm(.crashAfterCommit, countdown: 1, .kill)
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "moved"))
        daemon.run(forUs: .seconds(2)) { !daemon.isUp }
        var order = try #require(orders(daemon).first)
        order.bars = .key
        order.state = .inDoubt
        var event = JournalEvent(seq: try daemon.journal.load().seq + 1, at: daemon.now.wall, kind: .barred)
        event.evidence = .inferred
        try daemon.journal.commit([.orderChanged(order, from: .submitted, fields: .bars, event)], at: daemon.now.wall)
        try daemon.start()
        daemon.run(forUs: .seconds(60))

        let parked = try #require(orders(daemon).first)
        #expect(parked.state == .inDoubt && parked.parkedAt != nil && parked.attempts == 1 && parked.bars == .key)
        #expect(notes(daemon).count { $0.contains("attempted with a former key") } == 1)
        #expect(places(daemon) == 0)
    }

    // MARK: The venue's clock

    @Test(arguments: [15_000, 19_000]) func `a clock that is set back by less than the window moves the fence`(stepMs: Int64) throws {
        let daemon = try House.ready("az-futures") {
            ($0.setups[0].freshnessMs, $0.world.freshnessMs) = (20_000, 20_000)
            $0.setups[0].holdUnansweredMs = 120_000
        }
        var clock = FaultRule(.clock(offsetMs: -stepMs, driftPpm: 0, afterMs: 2_000))
        clock.venue = "az-futures"
        // It arrives when the old clock would have refused it, and the one that was set back takes it.
        let late = Self.fault(.executeLate(.init(stepMs + 15_000), .silence), .mixed, count: 1)
        let place = Self.fault(.executeLate(.init(stepMs + 15_000), .silence), .place, count: 1)
        daemon.world.setFaults([clock, late, place])
        daemon.submit(try House.intent("az-futures", orders: 1, id: "back"))
        #expect(House.settled(daemon, "back", withinUs: .seconds(300)))
        daemon.run(forUs: .seconds(60))

        let exchange = try #require(daemon.world.venue(named: "az-futures")?.exchange)
        #expect(exchange.orders.count == 1 && daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(exchange.orders.count)")
        #expect(orders(daemon).allSatisfy { $0.state.isLive })
        func at(_ kind: EventKind) -> Int64? { daemon.journal.events.first { $0.event.kind == kind }?.event.at }
        let submitted = try #require(at(.submitted))
        if let again = at(.requeued) { #expect(again - submitted > .milliseconds(20_000 + stepMs), "by the clock as it is now") }
    }

    @Test func `a restart costs a proof no time where what was sent before can arrive no more`() throws {
        let daemon = try House.ready("az-futures") {
            ($0.setups[0].freshnessMs, $0.world.freshnessMs) = (20_000, 20_000)
            $0.setups[0].holdUnansweredMs = 5_000
        }
        daemon.world.setFaults([
            Self.fault(.loseReplyBeforeExecution(.silence), .place, count: 1), Self.fault(.loseReplyBeforeExecution(.silence), .mixed, count: 1),
        ])
        daemon.submit(try House.intent("az-futures", orders: 1, id: "lost"))
        #expect(daemon.run(forUs: .seconds(2)) { orders(daemon).first?.state == .submitted })
        let sent = daemon.now.wall
        try die(daemon)
        #expect(House.settled(daemon, "lost", withinUs: .seconds(120)))
        let again = try #require(daemon.journal.events.first { $0.event.kind == .requeued }?.event.at)
        #expect(again - sent > .seconds(19) && again - sent < .seconds(38), "\(again - sent) us")
    }

    @Test func `a step between two rounds makes them void`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "step"))
        #expect(daemon.run(forUs: .seconds(20)) { notes(daemon).contains { $0.contains("first round") } })
        var clock = FaultRule(.clock(offsetMs: -1_000, driftPpm: 0))
        clock.venue = "xt-spot"
        daemon.world.setFaults([clock])
        #expect(House.settled(daemon, "step"))
        #expect(notes(daemon).contains { $0.contains("was set meanwhile") }, "\(notes(daemon))")
        #expect(orders(daemon).allSatisfy { $0.attempts == 2 && $0.state.isLive })
    }

    @Test func `many proofs share the questions for the time`() throws {
        let daemon = try House.ready("az-futures")
        daemon.world.setFaults([
            Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 3), Self.fault(.loseReplyBeforeExecution(.reset), .mixed, count: 3),
        ])
        let asked = daemon.world.ledger.requests.count { $0.endpoint.contains("time") }
        daemon.submit(try House.intent("az-futures", orders: 300, id: "many"))
        #expect(House.settled(daemon, "many"))
        #expect(orders(daemon).allSatisfy { $0.attempts == 2 && $0.state.isLive })
        #expect(daemon.world.ledger.requests.count { $0.endpoint.contains("time") } - asked <= 12)
    }

    @Test(arguments: [Int64.max, Int64.min, 0, 9_999_999_999_999]) func `a time that is none is no measurement, and nothing is sent by it`(ms: Int64)
        throws
    {
        let daemon = try House.daemon(["xt-spot"]) {
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in if case .query(.serverTime) = plan.content { answer.query = .time(ms) } })
        }
        try daemon.start()
        daemon.run(forUs: .seconds(10))
        #expect(daemon.engine?.snapshot().first?.isReady == false && daemon.world.ledger.requests.count < 40)
        #expect(daemon.engine?.snapshot().first?.lastError?.contains("its clock shows") == true)
    }
}

/// An adapter whose answers are changed on their way.
struct Scripted: AdapterOver {
    let base: any VenueAdapter
    var profile: VenueProfile
    let change: @Sendable (RequestPlan, inout VenueAnswer) -> Void

    init(_ base: any VenueRules, change: @escaping @Sendable (RequestPlan, inout VenueAnswer) -> Void = { _, _ in }) {
        guard let adapter = base as? any VenueAdapter else { preconditionFailure("no adapter") }
        (self.base, profile, self.change) = (adapter, adapter.profile, change)
    }

    func answer(to plan: RequestPlan, from response: HTTPResponse) -> VenueAnswer {
        var answer = base.answer(to: plan, from: response)
        change(plan, &answer)
        return answer
    }
}
