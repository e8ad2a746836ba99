import OMSCore
import Testing
import Venues

@testable import Simulator

/// A venue that calls one order a duplicate says that look-ups are wrong, also about the others.
extension ProofTests {
    /// The venues that answer so, each where an id is free again once its order is done. (AZ names no code for it.)
    static let duplicating = ["bitget-margin", "bitget-uta", "xt-spot"]

    static func refuseDuplicates(_ venue: String, _ options: inout VirtualDaemon.Options) {
        guard venue == "xt-spot" else { return }
        options.world.switches.append(("\(venue)/duplicate_client_id", "reject"))
        options.world.switches.append(("\(venue)/duplicate_scope", "open"))
    }

    /// Twelve orders are executed, the reply is lost, look-ups stand still.
    ///
    /// - Parameters:
    ///   - requests: how many they leave in.
    ///   - waits: for a minute no more requests than these leave, so that what is proven absent has to wait.
    ///   - answers: what the venue says of what is sent again, whatever it does; nil: its own word.
    func blind(
        _ venue: String, placed: Int = 12, in requests: Int = 1, waits: Bool = false, answers: (@Sendable ([PlaceTicket]) -> [ItemOutcome])? = nil
    ) throws -> VirtualDaemon {
        let daemon = try House.ready(venue) {
            Self.refuseDuplicates(venue, &$0)
            if requests > 1 { $0.setups[0].batchMax = placed / requests }
            if waits { $0.setups[0].limits = Self.scarce($0.setups[0].rules.profile, permits: requests, forMs: 60_000) }
            guard let answers else { return }
            let (limits, batchMax) = ($0.setups[0].limits, $0.setups[0].batchMax)
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in
                    guard case .place(let tickets, _) = plan.content, tickets.allSatisfy(\.isResent) else { return }
                    answer.places = answers(tickets)
                })
            ($0.setups[0].limits, $0.setups[0].batchMax) = (limits, batchMax)
        }
        daemon.world.setFaults([
            Self.fault(.loseReplyAfterExecution(.silence), .place, count: requests), Self.fault(.staleReplica(.init(3_600_000)), .lookup),
        ])
        daemon.submit(try House.intent(venue, orders: placed, id: "twelve"))
        return daemon
    }

    /// So many requests with new orders in that time, and no more.
    static func scarce(_ profile: VenueProfile, permits: Int, forMs windowMs: Int64) -> [LimitSetting] {
        profile.budgets.filter { ["batch-place", "place"].contains($0.name) }.map { budget in
            var setting = LimitSetting(budget: budget.name)
            (setting.permits, setting.windowMs, setting.reserve) = (permits, windowMs, 0)
            return setting
        }
    }

    func exchange(_ daemon: VirtualDaemon, _ venue: String) throws -> Exchange {
        try #require(daemon.world.venue(named: venue)?.exchange)
    }

    func fillAll(_ exchange: Exchange, _ daemon: VirtualDaemon) {
        for order in exchange.orders where order.state.isLive { exchange.fill(order, at: daemon.venueTime) }
    }

    func isBarred(_ daemon: VirtualDaemon) -> Bool { orders(daemon).contains { $0.bars == .duplicate } }

    @Test(arguments: ProofTests.duplicating, [false, true])
    func `once the venue calls one order a duplicate, no other is sent again on the word of the same look-ups`(venue: String, dies: Bool) throws {
        let daemon = try blind(venue)
        let exchange = try exchange(daemon, venue)
        #expect(daemon.run(forUs: .seconds(120)) { isBarred(daemon) })
        let sent = places(daemon)
        // They trade: from here on the venue would take each id anew.
        fillAll(exchange, daemon)
        if dies {
            daemon.crash()
            daemon.run(forUs: .seconds(1))
            try daemon.start()
        }
        daemon.run(forUs: .seconds(300))
        #expect(daemon.world.duplicates.isEmpty, "\(daemon.world.duplicates.count) orders twice")
        #expect(exchange.orders.filter { $0.state != .rejected }.count == 12)
        // What was on its way in that very moment had left.
        #expect(places(daemon) <= sent + 1, "\(places(daemon) - sent) more")
        #expect(orders(daemon).allSatisfy { $0.state == .inDoubt && $0.parkedAt != nil }, "\(orders(daemon).map(\.state))")

        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(4_000)) { orders(daemon).allSatisfy { $0.state == .filled } }, "\(orders(daemon).map(\.state))")
        #expect(daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: [false, true])
    func `proofs wait from then on for as long as look-ups were seen to lag, also those of the next process`(dies: Bool) throws {
        let daemon = try blind("bitget-uta", placed: 1)
        #expect(daemon.run(forUs: .seconds(120)) { isBarred(daemon) })
        daemon.run(forUs: .seconds(20))
        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(120)) { orders(daemon).allSatisfy { $0.state == .working } })
        let lag = try #require(try daemon.journal.load().lookupLags["bitget-uta"])
        #expect(lag > .seconds(20) && lag < .seconds(60), "\(lag)")
        if dies {
            daemon.crash()
            daemon.run(forUs: .seconds(1))
            try daemon.start()
            daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        }

        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent("bitget-uta", orders: 1, id: "lost"))
        #expect(House.settled(daemon, "lost", withinUs: .seconds(200)))
        let lost = try #require(orders(daemon).last)
        #expect(lost.state.isLive && lost.attempts == 2)
        func at(_ kind: EventKind) throws -> Int64 {
            try #require(daemon.journal.events.first { $0.order == lost.key && $0.event.kind == kind }?.event.at)
        }
        let (submitted, again) = (try at(.submitted), try at(.requeued))
        #expect(again - submitted > lag, "\(again - submitted)")
    }

    @Test func `an order that was given up as absent and is found later shows by how much look-ups lag`() throws {
        let daemon = try House.ready("xt-spot") { $0.setups[0].resendsAfterProof = false }
        daemon.world.setFaults([
            Self.fault(.loseReplyAfterExecution(.reset), .place, count: 1), Self.fault(.staleReplica(.init(12_000)), .lookup),
        ])
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "there"))
        #expect(House.settled(daemon, "there"))
        #expect(orders(daemon).map(\.state) == [.abandoned] && places(daemon) == 1)
        #expect(try daemon.journal.load().lookupLags.isEmpty)
        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).map(\.state) == [.canceled] }, "found, and withdrawn")
        let lag = try #require(try daemon.journal.load().lookupLags["xt-spot"])
        #expect(lag > .seconds(3) && lag < .seconds(12), "\(lag)")
        #expect(orders(daemon).first?.rejectText == nil)
    }

    @Test func `where the venue does not say which order of a request is the duplicate, none of it is sent again before one is found`() throws {
        let daemon = try House.ready("xt-spot") {
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in
                    guard case .place(let tickets, _) = plan.content, tickets.count == 3 else { return }
                    answer.places = tickets.map { _ in .oneIsDuplicate(code: "D", text: "taken") }
                })
        }
        daemon.world.setFaults([Self.fault(.serverError(status: 500, body: .json, executes: false), .place)])
        daemon.submit(try House.intent("xt-spot", orders: 3, id: "three"))
        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).allSatisfy { $0.bars == .among } })
        daemon.world.setFaults([])
        daemon.run(forUs: .seconds(60))
        #expect(orders(daemon).allSatisfy { $0.state == .inDoubt && $0.attempts == 1 && $0.parkedAt != nil }, "\(orders(daemon).map(\.state))")

        // It comes to light, and the others with it.
        let account = try #require(daemon.world.accounts(of: "xt-spot").first)
        let first = try #require(orders(daemon).first)
        var ticket = Simulator.Ticket(
            symbol: "btc_usdt", side: .buy, quantity: try #require(Decimal("0.01")), clientID: first.clientOrderID.text, product: "spot")
        ticket.price = Decimal(39_000)
        _ = try exchange(daemon, "xt-spot").placeExternally(ticket, uid: account.uid, at: daemon.venueTime)
        #expect(daemon.run(forUs: .seconds(400)) { orders(daemon).allSatisfy { $0.state == .working } }, "\(orders(daemon).map(\.state))")
        #expect(orders(daemon).map(\.attempts) == [1, 2, 2] && orders(daemon).allSatisfy { $0.bars == [] })
        #expect(daemon.world.duplicates.isEmpty)
    }
}
