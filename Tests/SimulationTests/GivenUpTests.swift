import OMSCore
import Testing
import Venues

@testable import Simulator

/// Look-ups that lag further behind than any assumption allows: an order is closed on their word, and it is there. The venue's word wins once it is heard.
@Suite struct GivenUpTests {

    private func orders(_ daemon: VirtualDaemon) -> [Order] { daemon.journal.orders.values.sorted { $0.key < $1.key } }
    private func sends(_ daemon: VirtualDaemon) -> Int { daemon.world.ledger.requests.count { $0.kind == .place || $0.kind == .mixed } }
    private func exchange(_ daemon: VirtualDaemon, _ venue: String) throws -> Exchange { try #require(daemon.world.venue(named: venue)?.exchange) }
    private func fill(_ orders: some Sequence<SimOrder>, of exchange: Exchange, _ daemon: VirtualDaemon) {
        for order in orders where order.state.isLive { exchange.fill(order, at: daemon.venueTime) }
    }

    /// Three orders are executed, the reply is lost, look-ups stand still, nothing is sent again: given up. Two of them fill.
    private func givenUp(_ venue: String) throws -> VirtualDaemon {
        let daemon = try House.ready(venue) { $0.setups[0].resendsAfterProof = false }
        daemon.world.setFaults([
            ProofTests.fault(.loseReplyAfterExecution(.reset), try House.placeKind(venue), count: 1),
            ProofTests.fault(.staleReplica(.init(3_600_000)), .lookup),
        ])
        daemon.submit(try House.intent(venue, orders: 3, id: "there"))
        #expect(House.settled(daemon, "there", withinUs: .seconds(120)))
        #expect(orders(daemon).allSatisfy { $0.state == .abandoned }, "\(orders(daemon).map(\.state))")
        let exchange = try exchange(daemon, venue)
        fill(exchange.orders.prefix(2), of: exchange, daemon)
        return daemon
    }

    private func expectStanding(_ daemon: VirtualDaemon, _ venue: String) throws {
        let exchange = try exchange(daemon, venue)
        let listsFills = try House.profile(venue).listsFills
        #expect(exchange.orders.map(\.state) == [.filled, .filled, .canceled])
        for there in exchange.orders {
            let here = try #require(daemon.journal.order(ClientOrderID(there.clientID)))
            #expect(here.state.rawValue == there.state.rawValue && here.filledQuantity == there.filled)
            #expect(here.rejectCode == nil && here.rejectText?.contains("proven absent") != true && here.attempts == 1)
            let booked = daemon.journal.fills[here.key] ?? [:]
            #expect(booked.count == there.fills.count || !listsFills, "\(booked.count) fills of \(there.fills.count)")
        }
        // What traded is for a person to know; of what rested the reason is gone with it.
        let breaks = daemon.journal.breaks.values
        #expect(breaks.map(\.kind) == [.state, .state] && breaks.allSatisfy { $0.detail.hasPrefix("closed here as abandoned by inferred, filled") })
        #expect(daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
        #expect(try daemon.journal.load().unlisted.isEmpty)
    }

    @Test(arguments: House.venues, [false, true])
    func `what was given up and in truth filled stands up again with its fills, and what rests of it is withdrawn`(venue: String, dies: Bool) throws {
        let daemon = try givenUp(venue)
        daemon.run(forUs: .seconds(25))
        if dies {
            daemon.crash()
            daemon.run(forUs: .seconds(1))
            try daemon.start()
            daemon.run(forUs: .seconds(25))
            #expect(orders(daemon).allSatisfy { $0.state == .abandoned })
        }
        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(300)) { orders(daemon).allSatisfy { $0.state != .abandoned && $0.state.isTerminal } })
        daemon.run(forUs: .seconds(10))
        try expectStanding(daemon, venue)
    }

    @Test(arguments: House.venues) func `a reconciliation looks for what was given up at once, and so does a start`(venue: String) throws {
        for restarts in [false, true] {
            let daemon = try givenUp(venue)
            // Past the second look, four minutes before the third.
            daemon.run(forUs: .seconds(80))
            daemon.world.setFaults([])
            if restarts {
                daemon.crash()
                try daemon.start()
                #expect(daemon.run(forUs: .seconds(30)) { orders(daemon).allSatisfy { $0.state != .abandoned && $0.state.isTerminal } })
            } else {
                let answer = try House.hear(daemon.command(.reconcile(AccountID(venue))), daemon).get()
                let told = String(decoding: answer.serialized(), as: UTF8.self)
                #expect(answer["adopted"]?.integer == 3 && (2...3).contains(answer["breaks"]?.array?.count ?? 0), "\(told)")
            }
            daemon.run(forUs: .seconds(10))
            try expectStanding(daemon, venue)
        }
    }

    @Test(arguments: House.venues) func `what is absent in truth is looked for four times, and then no more`(venue: String) throws {
        let daemon = try House.ready(venue) {
            $0.setups[0].resendsAfterProof = false
            $0.setups[0].reconcileIntervalMs = 3_600_000
        }
        daemon.world.setFaults([ProofTests.fault(.loseReplyBeforeExecution(.reset), try House.placeKind(venue), count: 1)])
        daemon.submit(try House.intent(venue, orders: 2, id: "lost"))
        #expect(House.settled(daemon, "lost", withinUs: .seconds(120)))
        func looks() -> Int { daemon.world.ledger.requests.count { $0.kind == .lookup } }
        let before = looks()
        daemon.run(forUs: .seconds(1_900))
        let profile = try House.profile(venue)
        // A round asks each step of each order; a listing of the account comes once an hour, a sign of life more often.
        let asked = looks() - before
        #expect(asked >= 4, "\(asked)")
        #expect(try daemon.journal.load().unlisted.isEmpty)
        let after = looks()
        daemon.run(forUs: .seconds(1_900))
        // A step may go through two listings (OKX: what is pending, then history).
        let questions = profile.findSteps + (venue == "okx" ? 1 : 0)
        #expect(asked - (looks() - after) <= 2 * 4 * questions, "\(asked) looks, \(looks() - after) without anything to look for")
        #expect(orders(daemon).allSatisfy { $0.state == .abandoned } && sends(daemon) == 1 && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: ["bitget-margin", "bitget-uta", "xt-spot", "az-futures", "bybit", "okx"], ["X_ODD", ""])
    func `the refusal of what was sent again says nothing of the first attempt`(venue: String, unknown: String) throws {
        let daemon = try House.ready(venue) {
            if ["xt-spot", "az-futures"].contains(venue) { $0.world.switches.append(("\(venue)/duplicate_client_id", "reject")) }
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in
                    guard !answer.places.isEmpty, plan.content.isOfResent else { return }
                    answer.disposition = .answered
                    answer.places = answer.places.map { _ in
                        unknown.isEmpty ? .refused(code: "FUNDS", text: "not enough") : .refusedUnlessFound(code: unknown, text: "odd")
                    }
                })
        }
        daemon.world.setFaults([
            ProofTests.fault(.loseReplyAfterExecution(.reset), try House.placeKind(venue), count: 1),
            ProofTests.fault(.staleReplica(.init(3_600_000)), .lookup),
        ])
        daemon.submit(try House.intent(venue, orders: 1, id: "first"))
        // Whatever the simulator makes of a repeated id, its answer is the one above.
        let told = daemon.run(forUs: .seconds(120)) { orders(daemon).allSatisfy { $0.bars == .refusal } }
        #expect(told, "\(orders(daemon).map { "\($0.state) \($0.attempts) \($0.rejectText ?? "-")" })")
        #expect(orders(daemon).allSatisfy { $0.state == .inDoubt && $0.attempts == 2 })
        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).allSatisfy { $0.state == .working } }, "\(orders(daemon).map(\.state))")
        #expect(orders(daemon).allSatisfy { $0.rejectCode == nil && $0.bars == [] })
        let lag = try #require(try daemon.journal.load().lookupLags[AccountID(venue)])
        #expect(lag > .seconds(3), "\(lag)")
        #expect(sends(daemon) == 2 && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: ["xt-spot", "az-futures"], [false, true])
    func `an order that was refused when it was sent again, and filled, stands up again`(venue: String, dies: Bool) throws {
        let daemon = try House.ready(venue) {
            $0.world.switches.append(("\(venue)/duplicate_client_id", "reject"))
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in
                    guard !answer.places.isEmpty, plan.content.isOfResent else { return }
                    answer.places = answer.places.map { _ in .refusedUnlessFound(code: "X_ODD", text: "odd") }
                })
        }
        daemon.world.setFaults([
            ProofTests.fault(.loseReplyAfterExecution(.reset), try House.placeKind(venue), count: 1),
            ProofTests.fault(.staleReplica(.init(3_600_000)), .lookup),
        ])
        daemon.submit(try House.intent(venue, orders: 5, id: "first"))
        #expect(daemon.run(forUs: .seconds(120)) { orders(daemon).allSatisfy { $0.bars == .refusal } })
        let exchange = try exchange(daemon, venue)
        fill(exchange.orders, of: exchange, daemon)
        #expect(House.settled(daemon, "first", withinUs: .seconds(120)))
        #expect(orders(daemon).allSatisfy { $0.state == .rejected && $0.rejectCode == "X_ODD" && $0.attempts == 2 })
        if dies {
            daemon.crash()
            daemon.run(forUs: .seconds(1))
            try daemon.start()
        }
        daemon.run(forUs: .seconds(5))
        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(120)) { orders(daemon).allSatisfy { $0.state == .filled } }, "\(orders(daemon).map(\.state))")
        daemon.run(forUs: .seconds(10))
        #expect(orders(daemon).allSatisfy { !(daemon.journal.fills[$0.key] ?? [:]).isEmpty && $0.rejectCode == nil })
        #expect(daemon.journal.breaks.values.allSatisfy { $0.kind == .state && $0.detail.hasPrefix("closed here as rejected by inferred, filled") })
        #expect(orders(daemon).allSatisfy { $0.attempts == 2 } && exchange.orders.count { $0.state != .rejected } == 5)
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: House.venues) func `a refusal for good of what was sent again is final once it is proven, and never sent a third time`(
        venue: String
    ) throws {
        let daemon = try House.ready(venue) {
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in
                    guard !answer.places.isEmpty, plan.content.isOfResent else { return }
                    answer.places = answer.places.map { _ in .refused(code: "FUNDS", text: "not enough") }
                })
        }
        daemon.world.setFaults([
            ProofTests.fault(.loseReplyBeforeExecution(.reset), try House.placeKind(venue), count: 1),
            ProofTests.fault(.serverError(status: 500, body: .json, executes: false), try House.placeKind(venue)),
        ])
        daemon.submit(try House.intent(venue, orders: 2, id: "poor"))
        #expect(House.settled(daemon, "poor", withinUs: .seconds(120)))
        daemon.run(forUs: .seconds(600))
        #expect(orders(daemon).allSatisfy { $0.state == .rejected && $0.rejectCode == "FUNDS" && $0.attempts == 2 }, "\(orders(daemon).map(\.state))")
        #expect(orders(daemon).allSatisfy { $0.rejectText == "not enough" })
        #expect(daemon.journal.breaks.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }
}

extension RequestPlan.Content {
    /// Places that were all sent before.
    fileprivate var isOfResent: Bool {
        switch self {
        case .place(let tickets, _), .mixed(let tickets, _, _): !tickets.isEmpty && tickets.allSatisfy(\.isResent)
        case .cancel, .modify, .query: false
        }
    }
}
