import OMSCore
import Simulator
import Testing

/// An intent's places behind its cancels, and its cancels behind its places: what they wait for comes to an end, or they go without it, on record. Whoever asks
/// is told what it is.
@Suite struct EngineGateTests {
    /// Those that take new orders and cancels in requests of their own.
    private static let venues = House.venues.filter { (try? House.profile($0).mixesPlaceAndCancel) == false }

    private static let deafness = EngineCancelTests.fault(.serverError(status: 502, body: .html, executes: false), .lookup)

    /// An order that nobody knows the fate of.
    private static func doubtful(_ venue: String) throws -> (daemon: VirtualDaemon, order: ClientOrderID) {
        let daemon = try House.ready(venue)
        daemon.world.setFaults([EngineCancelTests.fault(.loseReplyBeforeExecution(.reset), .place, count: 1), deafness])
        daemon.submit(try House.intent(venue, orders: 1, id: "old"))
        daemon.run(forUs: .seconds(10)) { daemon.journal.orders.values.contains { $0.state == .inDoubt } }
        return (daemon, try #require(daemon.journal.orders.values.first).clientOrderID)
    }

    /// Cancels the old order, and places one behind that.
    private static func swap(_ venue: String, _ old: ClientOrderID, _ daemon: VirtualDaemon, sequence: IntentSequence = .cancelFirst) throws
        -> ClientOrderID
    {
        var swap = try House.intent(venue, orders: 1, id: "swap")
        (swap.cancel, swap.sequence) = ([.order(old)], sequence)
        #expect(try House.error(daemon.submit(swap), daemon) == nil)
        return try #require(daemon.journal.orders.values.first { $0.intentID == "swap" }).clientOrderID
    }

    private static func isPlaced(_ id: ClientOrderID, _ daemon: VirtualDaemon, withinUs limit: Int64) -> Bool {
        daemon.run(forUs: limit) { daemon.journal.order(id)?.state.isLive ?? false }
    }

    private static func gaveWay(_ daemon: VirtualDaemon) -> [String] {
        daemon.journal.events.compactMap(\.event.note).filter { $0.contains("wait no longer for cancel") }
    }

    @Test(arguments: venues, [false, true])
    func `places behind the cancel of an order in doubt say so, and go once nobody can say when it ends`(venue: String, crashes: Bool) throws {
        let (daemon, old) = try Self.doubtful(venue)
        let new = try Self.swap(venue, old, daemon)
        daemon.run(forUs: .seconds(30))
        let words = daemon.engine?.waits(new) ?? "-"
        #expect(
            words.contains("1 of its intent's cancels (cancel_first)") && words.contains(old.text) && words.contains("the order's fate"), "\(words)")
        #expect(daemon.journal.order(new)?.attempts == 0 && daemon.engine?.waits(old)?.contains("the order's fate") == true)
        if crashes {
            daemon.run(forUs: .seconds(150)) { daemon.journal.order(old)?.parkedAt != nil }
            daemon.crash()
            try daemon.start()
            // A start needs one whole look at the account before anything new leaves.
            daemon.world.setFaults([])
        }
        #expect(Self.isPlaced(new, daemon, withinUs: .seconds(240)), "\(daemon.engine?.waits(new) ?? "-")")
        let why = crashes ? "waits for a person" : "look-ups of the order go unanswered"
        #expect(Self.gaveWay(daemon).contains { $0.contains(why) }, "\(Self.gaveWay(daemon))")
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: venues, [false, true])
    func `places behind the cancel of an order that the venue shows nowhere, or not at all, go on`(venue: String, isDeaf: Bool) throws {
        let (daemon, old) = try Self.doubtful(venue)
        // On a person's word alone: no id of the venue is known, and none will be.
        #expect(try House.error(daemon.command(.orderResolve(old, isPlaced: true, reason: "seen on their page")), daemon) == nil)
        if !isDeaf { daemon.world.setFaults([]) }
        let new = try Self.swap(venue, old, daemon)
        let isByName = try House.profile(venue).cancelsByClientID
        if !isByName { #expect(daemon.engine?.waits(new)?.contains("the order's id at the venue") == true, "\(daemon.engine?.waits(new) ?? "-")") }
        #expect(Self.isPlaced(new, daemon, withinUs: .seconds(300)), "\(daemon.engine?.waits(new) ?? "-")")
        #expect(isByName || !Self.gaveWay(daemon).isEmpty, "it went without a word")
        #expect(daemon.journal.order(old)?.state == .acknowledged && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: venues) func `places behind the cancel of an order that was left elsewhere go, and the cancel is refused in words`(venue: String)
        throws
    {
        let daemon = try EngineCancelTests.placed(venue, orders: 1)
        let old = try #require(daemon.journal.orders.values.first).clientOrderID
        daemon.crash()
        let known = try #require(daemon.journal.identities[AccountID(venue)])
        let rebinding = Rebinding(account: AccountID(venue), uid: nil, origin: "https://elsewhere", reason: "it moved", isSame: false, actor: .daemon)
        try daemon.journal.commit(rebinding.outcome(of: try daemon.journal.load(), known: known, at: daemon.now.wall).records, at: daemon.now.wall)
        daemon.setups[0].origin = "https://elsewhere"
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false })
        let new = try Self.swap(venue, old, daemon)
        #expect(Self.isPlaced(new, daemon, withinUs: .seconds(10)), "\(daemon.engine?.waits(new) ?? "-")")
        let cancel = try #require(daemon.journal.commands.values.first)
        #expect(cancel.state == .refused && cancel.rejectText?.contains("was left at") == true && daemon.journal.order(old)?.state.isLive == true)
    }

    @Test func `places behind a cancel that waits for another's, which the venue puts off for ever, go on`() throws {
        let daemon = try EngineCancelTests.placed("bitget-uta", orders: 1)
        let old = try #require(daemon.journal.orders.values.first).clientOrderID
        daemon.world.setFaults([EngineCancelTests.fault(.rateLimited, .cancel)])
        daemon.submit(EngineCancelTests.cancelAll("bitget-uta", "elder"))
        daemon.run(forUs: .seconds(5))
        daemon.world.setFaults([EngineCancelTests.fault(.itemError(code: "40725", message: "service busy", share: 1), .cancel)])
        let new = try Self.swap("bitget-uta", old, daemon)
        #expect(Self.isPlaced(new, daemon, withinUs: .seconds(400)), "\(daemon.engine?.waits(new) ?? "-")")
    }

    @Test(arguments: venues) func `cancels behind their intent's places say which, and go when none of them is on its way any more`(venue: String)
        throws
    {
        let daemon = try EngineCancelTests.placed(venue, orders: 1)
        let old = try #require(daemon.journal.orders.values.first).clientOrderID
        daemon.world.setFaults([EngineCancelTests.fault(.rateLimited, .place)])
        var swap = try House.intent(venue, orders: 2, id: "swap")
        (swap.cancel, swap.sequence, swap.expiresAt) = ([.order(old)], .placeFirst, daemon.now.wall + .seconds(40))
        daemon.submit(swap)
        daemon.run(forUs: .seconds(20))
        let words = daemon.engine?.waits(old) ?? "-"
        let places = daemon.journal.orders.values.filter { $0.intentID == "swap" }.map(\.clientOrderID)
        #expect(words.contains("2 of its intent's places (place_first)") && places.contains { words.contains($0.text) }, "\(words)")
        #expect(daemon.journal.order(old)?.state.isLive == true)
        #expect(daemon.run(forUs: .seconds(60)) { daemon.journal.order(old)?.state == .canceled }, "\(daemon.engine?.waits(old) ?? "-")")
        #expect(places.allSatisfy { daemon.journal.order($0)?.state == .expired } && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: venues) func `cancels do not wait for a place of their intent that nobody knows the fate of`(venue: String) throws {
        let daemon = try EngineCancelTests.placed(venue, orders: 1)
        let old = try #require(daemon.journal.orders.values.first).clientOrderID
        daemon.world.setFaults([EngineCancelTests.fault(.loseReplyBeforeExecution(.reset), .place, count: 1), Self.deafness])
        let new = try Self.swap(venue, old, daemon, sequence: .placeFirst)
        #expect(
            daemon.run(forUs: .seconds(5)) { daemon.world.ledger.requests.contains { $0.kind == .cancel } }, "\(daemon.engine?.waits(old) ?? "-")")
        #expect(daemon.journal.order(new)?.state == .inDoubt)
    }
}
