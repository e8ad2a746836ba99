import OMSCore
import Simulator
import Testing

@Suite struct EngineSendingTests {
    private static func fault(_ fault: Fault, _ kind: Route.Kind?, count: Int? = nil, after: Int? = nil) -> FaultRule {
        var rule = FaultRule(fault)
        (rule.kind, rule.count, rule.after) = (kind, count, after)
        return rule
    }

    @Test func `an order that comes back after its deadline is expired, not sent again`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.world.setFaults([Self.fault(.rateLimited, .place)])
        var intent = try House.intent("xt-spot", orders: 3, id: "late")
        intent.expiresAt = daemon.now.wall + .milliseconds(5)
        daemon.submit(intent)
        #expect(House.settled(daemon, "late"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .expired && $0.evidence == .local })
        #expect(daemon.world.ledger.requests.count { $0.kind == .place } == 1)
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `what is withdrawn before it was sent makes no request`() throws {
        let daemon = try House.ready("xt-spot")
        _ = try House.hear(daemon.command(.setState("xt-spot", .active, reason: "", cancelOpen: false, everything: false)), daemon)
        let ticket = daemon.submit(try House.intent("xt-spot", orders: 3, id: "gone"))
        let cancel = daemon.command(.intentCancel("gone"))
        #expect(try House.error(ticket, daemon) == nil)
        #expect(try House.error(cancel, daemon) == nil)
        #expect(House.settled(daemon, "gone"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled && $0.evidence == .local && $0.attempts == 0 })
        #expect(daemon.world.ledger.requests.allSatisfy { $0.kind != .place && $0.kind != .cancel })
    }

    @Test func `a lost order is asked about and sent again under its id once it is proven absent`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent("xt-spot", orders: 2, id: "lost"))
        #expect(House.settled(daemon, "lost"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive && $0.attempts == 2 })
        #expect(daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `who never wants a resend gets an abandoned order`() throws {
        let daemon = try House.ready("xt-spot") { $0.setups[0].resendsAfterProof = false }
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent("xt-spot", orders: 2, id: "lost"))
        #expect(House.settled(daemon, "lost"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .abandoned && $0.evidence == .inferred && $0.attempts == 1 })
        #expect(daemon.world.ledger.requests.count { $0.kind == .place } == 1)
    }

    @Test func `a reply lost after execution ends with the order found, never a second one`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.world.setFaults([Self.fault(.loseReplyAfterExecution(.silence), .place, count: 1)])
        daemon.submit(try House.intent("xt-spot", orders: 5, id: "heard"))
        #expect(House.settled(daemon, "heard"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive && $0.attempts == 1 && $0.evidence == .query })
        #expect(daemon.world.ledger.requests.count { $0.kind == .place } == 1 && daemon.world.duplicates.isEmpty)
    }

    @Test func `an operator's word closes a doubt, and it is never sent again`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.world.setFaults([
            Self.fault(.loseReplyBeforeExecution(.reset), .place), Self.fault(.serverError(status: 502, body: .html, executes: false), .lookup),
        ])
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "doubt"))
        daemon.run(forUs: .seconds(10)) { daemon.journal.orders.values.contains { $0.state == .inDoubt } }
        let order = try #require(daemon.journal.orders.values.first)
        #expect(try House.error(daemon.command(.orderResolve(order.clientOrderID, isPlaced: false, reason: "by phone")), daemon) == nil)
        #expect(House.settled(daemon, "doubt"))
        let after = try #require(daemon.journal.order(order.clientOrderID))
        #expect(after.state == .abandoned && after.evidence == .operator && after.attempts == 1)
        daemon.world.setFaults([])
        daemon.run(forUs: .seconds(20))
        #expect(daemon.world.ledger.requests.count { $0.kind == .place } == 1)
        #expect(try House.error(daemon.command(.orderResolve(order.clientOrderID, isPlaced: true, reason: "again")), daemon)?.code == -32602)
        #expect(try House.error(daemon.command(.orderResolve("never1", isPlaced: true, reason: "who")), daemon)?.code == 1007)
    }

    @Test func `a refusal for the rate is no rejection: the orders go out again when the venue lets them`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.world.setFaults([Self.fault(.rateLimited, .place, count: 2)])
        daemon.submit(try House.intent("xt-spot", orders: 2, id: "slow"))
        #expect(House.settled(daemon, "slow"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive && $0.rejectCode == nil })
        let times = daemon.world.ledger.requests.filter { $0.kind == .place }.map(\.at)
        #expect(times.count == 3 && zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= 1_000_000 }, "\(times)")
    }

    @Test func `a full disk refuses new intents, lets cancels pass, and is got over`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "before"))
        #expect(House.settled(daemon, "before"))
        daemon.setDisk(full: true)
        #expect(try House.error(daemon.submit(try House.intent("xt-spot", orders: 1, id: "full")), daemon)?.code == 1010)
        daemon.run(forUs: .seconds(20)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        #expect(try House.error(daemon.submit(try House.intent("xt-spot", orders: 1, id: "full")), daemon)?.code == 1010)
        var cancel = Intent(account: "xt-spot", id: "cancel")
        cancel.cancel = [.matching(symbol: nil, side: nil)]
        #expect(try House.error(daemon.submit(cancel), daemon) == nil)
        #expect(House.settled(daemon, "cancel", withinUs: .seconds(30)))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled })
        daemon.setDisk(full: false)
        daemon.run(forUs: .seconds(5))
        #expect(try House.error(daemon.submit(try House.intent("xt-spot", orders: 1, id: "after")), daemon) == nil)
        #expect(House.settled(daemon, "after"))
    }

    @Test func `who asks how things stand is answered when the space kept back is used up too, and who wants a change is told`() throws {
        let daemon = try House.ready("xt-spot") { $0.ballastRecords = 0 }
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "before"))
        #expect(House.settled(daemon, "before"))
        daemon.setDisk(full: true)
        let questions: [ControlCommand] = [
            .status, .accountList, .limitList, .positionList(account: nil, symbol: nil, after: nil, limit: 10), .riskGet(nil), .killStatus(nil),
            .orderList(OrderFilter()), .intentGet("before"),
            .intentList(account: nil, after: nil, limit: 9),
        ]
        for round in 0..<20 {
            daemon.run(forUs: .milliseconds(37))
            for question in questions { #expect(try House.error(daemon.command(question), daemon) == nil, "\(round) \(question)") }
            #expect(try House.error(daemon.submit(EngineCancelTests.cancelAll("xt-spot", "cancel")), daemon)?.code == 1010)
        }
        daemon.setDisk(full: false)
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        #expect(try House.error(daemon.submit(EngineCancelTests.cancelAll("xt-spot", "cancel")), daemon) == nil)
        #expect(House.settled(daemon, "cancel", withinUs: .seconds(30)) && daemon.violations.isEmpty)
    }

    @Test(arguments: House.venues)
    func `a 429 in the words of a busy system blames nobody for the rate, and takes nothing from the share`(venue: String) throws {
        let daemon = try House.ready(venue)
        let kind = try House.placeKind(venue)
        // Where markets are counted apart a limit is there once its market is.
        func cut() -> [String] { daemon.engine?.budgetSnapshots().filter { $0.share < $0.row.permits }.map(\.row.name) ?? [] }
        daemon.world.setFaults([
            Self.fault(.venueError(code: "98765", message: "System is busy, please try again", status: 429, executes: false), kind, count: 1)
        ])
        daemon.submit(try House.intent(venue, orders: 1, id: "busy"))
        #expect(daemon.run(forUs: .seconds(5)) { daemon.engine?.snapshot().first?.lastError?.contains("busy") ?? false })
        #expect(cut().isEmpty && daemon.journal.breaks.values.allSatisfy { $0.kind != .limit })
        let notes = daemon.journal.events.compactMap(\.event.note)
        #expect(!notes.contains { $0.contains("another program") }, "\(notes)")
    }

    @Test func `the cancel that finds the disk full is the first to pass on the space kept back`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.submit(try House.intent("xt-spot", orders: 3, id: "before"))
        #expect(House.settled(daemon, "before"))
        daemon.setDisk(full: true)
        var cancel = Intent(account: "xt-spot", id: "cancel")
        cancel.cancel = [.matching(symbol: nil, side: nil)]
        #expect(try House.error(daemon.submit(cancel), daemon) == nil)
        #expect(House.settled(daemon, "cancel", withinUs: .seconds(30)))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled })
    }
}
