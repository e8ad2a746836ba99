import OMSCore
import Simulator
import Testing
import Venues

/// The restart table of docs/RELIABILITY.md, a letter a test, at every venue.
@Suite struct RestartTableTests {
    static let venues = House.venues

    /// A daemon whose accounts are ready.
    private func ready(_ venues: [String], adjust: (inout VirtualDaemon.Options) -> Void = { _ in }) throws -> VirtualDaemon {
        let daemon = try House.daemon(venues, adjust: adjust)
        try daemon.start()
        try #require(daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false })
        return daemon
    }

    private func orders(_ daemon: VirtualDaemon) -> [Order] { daemon.journal.orders.values.sorted { $0.key < $1.key } }
    private func places(_ daemon: VirtualDaemon) -> Int { daemon.journal.requests.values.count { $0.kind == .place } }

    /// Kills the daemon when its first place request is durable: `left` says whether it left the host, too.
    private func submitAndDie(_ daemon: VirtualDaemon, _ intent: Intent, left: Bool) {
        daemon.arm(left ? .crashBeforeReply : .crashAfterCommit, countdown: 1, .kill)
        daemon.weather.droppedAtCrash = 0
        daemon.weather.lateAtCrash = 0
        daemon.submit(intent)
        daemon.run(forUs: .seconds(2)) { !daemon.isUp }
        #expect(!daemon.isUp)
    }

    private func expectAgreement(_ daemon: VirtualDaemon, _ sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(daemon.run(forUs: .seconds(90)) { daemon.auditor.disagreements().isEmpty }, sourceLocation: sourceLocation)
        #expect(daemon.violations.isEmpty, sourceLocation: sourceLocation)
        #expect(daemon.world.duplicates.isEmpty, sourceLocation: sourceLocation)
    }

    @Test(arguments: venues) func `A: what was intended and never left is queued, or expires by its deadline`(venue: String) throws {
        let daemon = try ready([venue]) { $0.setups[0].limits = [Self.onePermit] }
        var brief = try House.intent(venue, orders: 2, id: "brief")
        brief.expiresAt = daemon.now.wall + 3_000_000
        // The only permit goes to the first intent; the second waits.
        daemon.submit(try House.intent(venue, orders: 1, id: "first"))
        daemon.run(forUs: 1_000)
        daemon.submit(brief)
        daemon.submit(try House.intent(venue, orders: 2, id: "lasting"))
        daemon.run(forUs: 1_000)
        let before = orders(daemon)
        try #require(before.filter { $0.state == .intended }.count == 4)
        daemon.crash()
        daemon.run(forUs: .seconds(5))
        try daemon.start()

        expectAgreement(daemon)
        let after = orders(daemon)
        #expect(after.map { $0.clientOrderID } == before.map { $0.clientOrderID })
        #expect(after.filter { $0.intentID == "brief" }.allSatisfy { $0.state == .expired && $0.evidence == .local && $0.attempts == 0 })
        #expect(after.filter { $0.intentID == "lasting" }.allSatisfy { $0.state.isLive && $0.attempts == 1 })
    }

    /// One place request, and the next one after a minute.
    private static var onePermit: LimitSetting {
        var setting = LimitSetting(budget: "batch-place")
        (setting.permits, setting.reserve, setting.marginMs) = (1, 0, 3_000)
        return setting
    }

    @Test(arguments: venues) func `B: what the venue has is adopted as the venue shows it`(venue: String) throws {
        let daemon = try ready([venue])
        submitAndDie(daemon, try House.intent(venue, orders: 3, id: "i"), left: true)
        daemon.run(forUs: .seconds(1))
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        daemon.world.advance(to: daemon.now.wall)
        try #require(exchange.orders.count == 3)
        exchange.fill(exchange.orders[1], at: daemon.world.now)
        exchange.cancel(exchange.orders[2], at: daemon.world.now)
        #expect(orders(daemon).allSatisfy { $0.state == .submitted })
        try daemon.start()

        expectAgreement(daemon)
        #expect(orders(daemon).map { $0.state.isTerminal } == [false, true, true])
        #expect(Array(orders(daemon).map { $0.state }.dropFirst()) == [.filled, .canceled])
        #expect(orders(daemon)[1].filledQuantity == exchange.orders[1].filled)
        #expect(places(daemon) == 1)
    }

    @Test(arguments: venues) func `C: what is absent before the fence stays in doubt and is asked about again`(venue: String) throws {
        let daemon = try ready([venue])
        submitAndDie(daemon, try House.intent(venue, orders: 2, id: "i"), left: false)
        try daemon.start()
        daemon.run(forUs: .seconds(2))

        #expect(orders(daemon).allSatisfy { $0.state == .inDoubt })
        #expect(daemon.journal.events.contains { $0.event.kind == .lookup && ($0.event.note ?? "").contains("may still arrive") })
        #expect(places(daemon) == 1)
    }

    @Test(arguments: venues) func `D: what is proven absent is sent once more under its id`(venue: String) throws {
        let daemon = try ready([venue])
        submitAndDie(daemon, try House.intent(venue, orders: 2, id: "i"), left: false)
        let ids = orders(daemon).map(\.clientOrderID)
        try daemon.start()

        expectAgreement(daemon)
        #expect(orders(daemon).map { $0.clientOrderID } == ids)
        #expect(orders(daemon).allSatisfy { $0.state.isLive && $0.attempts == 2 })
        let proof = daemon.journal.events.filter { $0.event.kind == .requeued && $0.event.note == "proven absent" }
        #expect(proof.count == 2)
    }

    enum Reason: String, CaseIterable { case deadline, halt, cancel, never }

    @Test(arguments: venues, Reason.allCases) func `D: what is proven absent and not wanted any more is abandoned`(venue: String, reason: Reason)
        throws
    {
        let daemon = try ready([venue]) { $0.setups[0].resendsAfterProof = reason != .never }
        var intent = try House.intent(venue, orders: 2, id: "i")
        if reason == .deadline { intent.expiresAt = daemon.now.wall + 500_000 }
        submitAndDie(daemon, intent, left: false)
        try daemon.start()
        daemon.run(forUs: 1_000)
        if reason == .halt { daemon.command(.setState(nil, .halted, reason: "drill", cancelOpen: false, everything: false)) }
        if reason == .cancel { daemon.command(.intentCancel("i")) }

        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).allSatisfy(\.state.isTerminal) })
        #expect(orders(daemon).allSatisfy { $0.state == .abandoned && $0.evidence == .inferred })
        #expect(places(daemon) == 1)
        #expect(daemon.journal.commands.values.allSatisfy { !$0.state.isOpen })
    }

    @Test(arguments: venues) func `E: a venue that cannot be reached leaves its orders in doubt, and others flow`(venue: String) throws {
        let other = try #require(Self.venues.first { $0 != venue })
        let daemon = try ready([venue, other])
        let place = try #require(daemon.engine?.snapshot().firstIndex { $0.account.text == venue })
        submitAndDie(daemon, try House.intent(venue, orders: 2, id: "i"), left: false)
        daemon.part([place], forUs: .seconds(60))
        try daemon.start()
        daemon.run(forUs: .seconds(5)) { daemon.engine?.snapshot().first { $0.account.text == other }?.isReady ?? false }
        daemon.submit(try House.intent(other, orders: 2, id: "j"))
        daemon.run(forUs: .seconds(20))

        #expect(orders(daemon).filter { $0.account.text == venue }.allSatisfy { $0.state == .inDoubt })
        #expect(orders(daemon).filter { $0.account.text == other }.allSatisfy { $0.state.isLive })
        daemon.run(forUs: .seconds(60))
        expectAgreement(daemon)
    }

    @Test(arguments: venues) func `F: what was acknowledged is never sent again, though the venue lists it nowhere`(venue: String) throws {
        var hidden = FaultRule(.lateVisibility(.init(200_000)))
        hidden.first = 1
        let daemon = try ready([venue]) {
            $0.world.faults = [Route.Kind.place, .mixed].map { kind in
                var rule = hidden
                rule.kind = kind
                return rule
            }
        }
        daemon.submit(try House.intent(venue, orders: 1, id: "i"))
        daemon.run(forUs: 200_000) { orders(daemon).first?.state == .acknowledged }
        try #require(orders(daemon).first?.state == .acknowledged)
        daemon.crash()
        daemon.run(forUs: .seconds(1))
        try daemon.start()
        daemon.run(forUs: .seconds(60))

        #expect(orders(daemon).allSatisfy { $0.state == .acknowledged && $0.attempts == 1 })
        #expect(places(daemon) == 1)
        #expect(daemon.journal.breaks.values.contains { $0.kind == .missingThere })
        daemon.run(forUs: .seconds(200))
        expectAgreement(daemon)
        #expect(daemon.journal.breaks.isEmpty)
    }

    @Test(arguments: venues, [false, true]) func `G: what only the venue knows is reported, and cancelled if policy says so`(
        venue: String, cancels: Bool
    ) throws {
        let symbol = try House.sample(venue).markets[0].symbol
        let daemon = try ready([venue]) {
            $0.setups[0].cancelsExternalOrders = cancels
            $0.setups[0].risk.symbols = [symbol]
        }
        daemon.crash()
        let stranger = try external(venue, "", in: daemon)
        let orphan = try external(venue, "oLOST8DhyrIRVJ", in: daemon)
        try daemon.start()
        daemon.run(forUs: .seconds(10)) { daemon.journal.breaks.count == 2 }

        let kinds = daemon.journal.events.compactMap { $0.event.kind == .breakFound ? $0.event.note : nil }
        #expect(kinds.contains { $0.contains("not ours") })
        // Where listings name no client ids an orphan is a stranger as any.
        #expect(!Self.naming.contains(venue) || kinds.contains { $0.contains("an id of our shape that this journal never held") })
        daemon.run(forUs: .seconds(10))
        #expect(stranger.state.isLive != cancels)
        #expect(orphan.state.isLive != cancels)
        #expect(orders(daemon).isEmpty)
    }

    private func external(_ venue: String, _ clientID: String, in daemon: VirtualDaemon) throws -> SimOrder {
        let sample = try House.sample(venue)
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        let uid = try #require(daemon.world.accounts(of: venue).first { $0.products.contains(sample.product) }?.uid)
        let market = sample.markets[0]
        var ticket = Ticket(symbol: market.symbol.text, side: .buy, quantity: market.quantity, clientID: clientID, product: sample.product)
        ticket.price = market.price
        return exchange.placeExternally(ticket, uid: uid, at: daemon.world.now)
    }

    /// Where listings name client ids. Elsewhere (AscendEX) an order under one of ours cannot be made up.
    static let naming = venues.filter { (try? House.profile($0))?.looksUpByVenueID == false }

    @Test(arguments: naming) func `H: what was closed by inference and stands open there is reopened, reported and withdrawn`(venue: String) throws {
        let daemon = try ready([venue]) { $0.setups[0].resendsAfterProof = false }
        submitAndDie(daemon, try House.intent(venue, orders: 1, id: "i"), left: false)
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).first?.state == .abandoned })
        // The venue broke its word: it took the request long after.
        let late = try external(venue, try #require(orders(daemon).first?.clientOrderID.text), in: daemon)
        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).first?.state == .canceled })

        #expect(late.state == .canceled)
        #expect(daemon.journal.events.contains { ($0.event.note ?? "").contains("closed here as abandoned by inferred, open at the venue") })
    }

    @Test(arguments: naming) func `H: what the venue itself had closed stays closed, with a break`(venue: String) throws {
        let daemon = try ready([venue])
        daemon.submit(try House.intent(venue, orders: 1, id: "i"))
        daemon.run(forUs: .seconds(1))
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        exchange.cancel(try #require(exchange.orders.first), at: daemon.world.now)
        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).first?.state == .canceled })
        daemon.crash()
        daemon.run(forUs: .seconds(30))
        _ = try external(venue, try #require(orders(daemon).first?.clientOrderID.text), in: daemon)
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(30)) { daemon.journal.breaks.values.contains { $0.kind == .contradiction } })

        #expect(orders(daemon).first?.state == .canceled)
        #expect(orders(daemon).first?.evidence == .query)
    }
}
