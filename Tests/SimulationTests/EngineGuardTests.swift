import OMSCore
import Simulator
import Testing
import Wire

/// Guards: what a client's death means for its orders, and for nobody else's.
@Suite struct EngineGuardTests {
    private static let token = GuardToken(text: "t", digest: Digest256([UInt8](repeating: 1, count: 32)))

    private static func terms(
        _ onLost: GuardRow.OnLost = .cancel, accounts: [AccountID] = [], heartbeatMs: Int64? = nil, graceMs: Int64 = 2_000
    ) -> ControlCommand {
        .guardBegin(GuardTerms(accounts: accounts, onLost: onLost, heartbeatMs: heartbeatMs, graceMs: graceMs), token: token)
    }

    private static func begin(_ daemon: VirtualDaemon, on connection: UInt64 = 2, _ command: ControlCommand = terms()) throws -> GuardID {
        let ticket = daemon.command(command, on: connection)
        #expect(daemon.run(forUs: .seconds(5)) { daemon.answers[ticket] != nil })
        let answer = try #require(try daemon.answers[ticket]?.get())
        return GuardID(try #require(answer["guard_id"]?.integer))
    }

    private static func orders(_ daemon: VirtualDaemon, of intent: IntentID) -> [Order] {
        daemon.journal.orders.values.filter { $0.intentID == intent }.sorted { $0.key < $1.key }
    }

    private static func isOver(_ daemon: VirtualDaemon, _ id: GuardID) -> Bool {
        daemon.journal.guards[id]?.state == .tripped && daemon.journal.commands.values.allSatisfy { !$0.state.isOpen }
    }

    /// Twenty orders of a guarded connection and twenty of another one, all resting.
    private static func twoClients(_ venue: String, _ command: ControlCommand = terms()) throws -> (daemon: VirtualDaemon, id: GuardID) {
        let daemon = try House.ready(venue)
        let id = try begin(daemon, command)
        daemon.submit(try House.intent(venue, orders: 20, id: "mine"), on: 2)
        daemon.submit(try House.intent(venue, orders: 20, id: "other"), on: 3)
        #expect(House.settled(daemon, "mine", withinUs: .seconds(60)) && House.settled(daemon, "other", withinUs: .seconds(60)))
        return (daemon, id)
    }

    @Test(arguments: House.venues)
    func `a client that is gone has its orders cancelled once its grace is over, each once, and nobody else's`(venue: String) throws {
        let (daemon, id) = try Self.twoClients(venue)
        daemon.disconnect(2)
        daemon.run(forUs: .milliseconds(1_900))
        #expect(Self.orders(daemon, of: "mine").allSatisfy { $0.state.isLive }, "its grace runs")
        #expect(daemon.run(forUs: .seconds(60)) { Self.isOver(daemon, id) })
        daemon.run(forUs: .seconds(10))
        #expect(Self.orders(daemon, of: "mine").allSatisfy { $0.state == .canceled })
        #expect(Self.orders(daemon, of: "other").allSatisfy { $0.state.isLive })
        #expect(daemon.journal.commands.count == 20)
        let states = daemon.journal.events.filter { $0.event.kind == .sessionGuard }.compactMap(\.event.state)
        #expect(states == ["held", "lost", "tripping", "tripped"])
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a connection that comes back in time with its token keeps its orders, and the former token is worth nothing`() throws {
        let (daemon, id) = try Self.twoClients("bitget-uta")
        daemon.disconnect(2)
        daemon.run(forUs: .seconds(1))
        let next = GuardToken(text: "n", digest: Digest256([UInt8](repeating: 2, count: 32)))
        let resumed = daemon.command(.guardResume(presented: Self.token.digest, token: next), on: 4)
        let again = daemon.command(.guardResume(presented: Self.token.digest, token: next), on: 5)
        daemon.run(forUs: .seconds(30))
        #expect(try daemon.answers[resumed]?.get()["guard_id"]?.integer == id.number)
        #expect(throws: ControlError.self) { try daemon.answers[again]?.get() }
        #expect(Self.orders(daemon, of: "mine").allSatisfy { $0.state.isLive } && daemon.journal.commands.isEmpty)
        // What the new connection submits is bound as well.
        daemon.submit(try House.intent("bitget-uta", orders: 3, id: "more"), on: 4)
        #expect(House.settled(daemon, "more"))
        daemon.disconnect(4)
        #expect(daemon.run(forUs: .seconds(60)) { Self.isOver(daemon, id) })
        #expect((Self.orders(daemon, of: "mine") + Self.orders(daemon, of: "more")).allSatisfy { $0.state == .canceled })
    }

    @Test func `silence trips a guard that wants a heartbeat, any line keeps it, and what is submitted behind the trip is refused`() throws {
        let (daemon, id) = try Self.twoClients("xt-spot", Self.terms(heartbeatMs: 20_000, graceMs: 500))
        for _ in 0..<10 {
            daemon.speak(on: 2)
            daemon.run(forUs: .seconds(15))
        }
        #expect(daemon.journal.guards[id]?.state == .held && Self.orders(daemon, of: "mine").allSatisfy { $0.state.isLive })
        #expect(daemon.run(forUs: .seconds(60)) { Self.isOver(daemon, id) })
        let refused = daemon.submit(try House.intent("xt-spot", orders: 1, id: "late"), on: 2)
        daemon.run(forUs: .seconds(5))
        #expect(throws: ControlError.self) { try daemon.answers[refused]?.get() }
        #expect(daemon.journal.intent("late") == nil)
        #expect(Self.orders(daemon, of: "other").allSatisfy { $0.state.isLive })
    }

    @Test(arguments: ["az-futures", "bitget-margin"])
    func `omsd's own death begins the grace anew: who comes back keeps its orders, who does not has them cancelled`(venue: String) throws {
        let (daemon, id) = try Self.twoClients(venue)
        daemon.crash()
        daemon.run(forUs: .seconds(3_600))
        try daemon.start()
        daemon.run(forUs: .milliseconds(1_500))
        #expect(Self.orders(daemon, of: "mine").allSatisfy { $0.state.isLive })
        let next = GuardToken(text: "n", digest: Digest256([UInt8](repeating: 2, count: 32)))
        daemon.command(.guardResume(presented: Self.token.digest, token: next), on: 2)
        daemon.run(forUs: .seconds(60))
        #expect(Self.orders(daemon, of: "mine").allSatisfy { $0.state.isLive } && daemon.journal.guards[id]?.state == .held)

        daemon.crash()
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(120)) { Self.isOver(daemon, id) })
        #expect(Self.orders(daemon, of: "mine").allSatisfy { $0.state == .canceled })
        #expect(Self.orders(daemon, of: "other").allSatisfy { $0.state.isLive })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: 1..<12) func `a trip that omsd died in goes on, and each order is cancelled`(turns: Int) throws {
        let daemon = try House.ready("az-futures") { $0.sliceRows = 40 }
        let id = try Self.begin(daemon)
        daemon.submit(try House.intent("az-futures", orders: 300, id: "mine"), on: 2)
        #expect(House.settled(daemon, "mine", withinUs: .seconds(60)))
        daemon.disconnect(2)
        #expect(daemon.run(forUs: .seconds(10)) { daemon.journal.guards[id]?.state == .tripping })
        let after = daemon.turns + turns
        daemon.run(forUs: .seconds(10)) { daemon.turns >= after }
        daemon.crash()
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(300)) { Self.isOver(daemon, id) })
        #expect(daemon.run(forUs: .seconds(60)) { Self.orders(daemon, of: "mine").allSatisfy { $0.state == .canceled } })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `what had not left is withdrawn, also of an intent that is still being written`() throws {
        let daemon = try House.ready("bitget-margin") { $0.sliceRows = 50 }
        let id = try Self.begin(daemon, Self.terms(graceMs: 0))
        daemon.submit(try House.intent("bitget-margin", orders: 2_000, id: "mine"), on: 2)
        daemon.run(forUs: .milliseconds(1))
        daemon.disconnect(2)
        #expect(daemon.run(forUs: .seconds(300)) { Self.isOver(daemon, id) && daemon.journal.orders.values.allSatisfy { $0.state.isTerminal } })
        daemon.run(forUs: .seconds(60))
        let sent = daemon.journal.orders.values.count { $0.attempts > 0 }
        #expect(sent < 500, "\(sent) of 2,000 left all the same")
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `halt halts the accounts that were named and cancels all that rests there, others go on`() throws {
        let daemon = try House.daemon(["xt-spot", "bitget-uta"])
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false })
        _ = try Self.begin(daemon, Self.terms(.halt, accounts: ["xt-spot"]))
        for venue in ["xt-spot", "bitget-uta"] {
            daemon.submit(try House.intent(venue, orders: 3, id: IntentID(venue).text), on: 3)
            #expect(House.settled(daemon, IntentID(venue)))
        }
        daemon.disconnect(2)
        #expect(
            daemon.run(forUs: .seconds(60)) { Self.orders(daemon, of: "xt-spot").allSatisfy { $0.state == .canceled } })
        let states = Dictionary(uniqueKeysWithValues: (daemon.engine?.snapshot() ?? []).map { ($0.account, $0.state) })
        #expect(states == ["xt-spot": .halted, "bitget-uta": .active])
        #expect(Self.orders(daemon, of: "bitget-uta").allSatisfy { $0.state.isLive })
    }

    @Test func `orders in doubt are cancelled too, once they are found`() throws {
        let daemon = try House.ready("bitget-uta")
        let id = try Self.begin(daemon)
        daemon.world.setFaults([EngineCancelTests.fault(.loseReplyAfterExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent("bitget-uta", orders: 5, id: "mine"), on: 2)
        daemon.run(forUs: .milliseconds(200))
        daemon.disconnect(2)
        #expect(daemon.run(forUs: .seconds(300)) { Self.isOver(daemon, id) && Self.orders(daemon, of: "mine").allSatisfy { $0.state.isTerminal } })
        let exchange = try #require(daemon.world.venue(named: "bitget-uta")?.exchange)
        daemon.run(forUs: .seconds(30))
        #expect(exchange.orders.allSatisfy { !$0.state.isLive })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a released guard means nothing any more`() throws {
        let (daemon, id) = try Self.twoClients("xt-spot")
        daemon.command(.guardRelease(id), on: 2)
        daemon.run(forUs: .seconds(1))
        daemon.disconnect(2)
        daemon.run(forUs: .seconds(60))
        #expect(daemon.journal.guards[id]?.state == .released && daemon.journal.commands.isEmpty)
    }

    @Test(arguments: [GuardRow.OnLost.cancel, .halt])
    func `a trip while an account is not configured takes its orders once it is back`(onLost: GuardRow.OnLost) throws {
        let daemon = try House.daemon(["xt-spot", "bitget-uta"])
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false })
        let id = try Self.begin(daemon, Self.terms(onLost, accounts: ["xt-spot", "bitget-uta"]))
        for venue in ["xt-spot", "bitget-uta"] {
            daemon.submit(try House.intent(venue, orders: 3, id: venue), on: 2)
            #expect(House.settled(daemon, IntentID(venue)))
        }
        daemon.crash()
        daemon.configured = ["xt-spot"]
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(60)) { Self.orders(daemon, of: "xt-spot").allSatisfy { $0.state == .canceled } })
        daemon.run(forUs: .seconds(10))
        #expect(daemon.journal.guards[id]?.state == .tripping, "what it stands for there is not asked to be cancelled yet")
        #expect(Self.orders(daemon, of: "bitget-uta").allSatisfy { $0.state.isLive })
        daemon.crash()
        daemon.configured = nil
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(120)) { Self.isOver(daemon, id) })
        #expect(daemon.run(forUs: .seconds(60)) { Self.orders(daemon, of: "bitget-uta").allSatisfy { $0.state == .canceled } })
    }

    @Test(arguments: 0..<14) func `a trip amid the writing of an intent is not over before all of that is withdrawn, whenever omsd dies`(turns: Int)
        throws
    {
        let daemon = try House.ready("az-futures") { $0.sliceRows = 40 }
        let id = try Self.begin(daemon, Self.terms(graceMs: 0))
        daemon.submit(try House.intent("az-futures", orders: 300, id: "mine"), on: 2)
        daemon.disconnect(2)
        #expect(daemon.run(forUs: .seconds(10)) { daemon.journal.guards[id]?.state == .tripping })
        let after = daemon.turns + turns
        daemon.run(forUs: .seconds(10)) { daemon.turns >= after }
        daemon.crash()
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(300)) { Self.isOver(daemon, id) })
        daemon.run(forUs: .seconds(60))
        #expect(Self.orders(daemon, of: "mine").allSatisfy { $0.state == .canceled && $0.attempts == 0 })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a trip amid an intent that only cancels ends, though nothing stands in the book`() throws {
        let daemon = try EngineCancelTests.placed("xt-spot", orders: 60) { $0.sliceRows = 10 }
        daemon.submit(EngineCancelTests.cancelAll("xt-spot", "gone"))
        #expect(House.settled(daemon, "gone"))
        daemon.crash()
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false })
        let id = try Self.begin(daemon, Self.terms(graceMs: 0))
        var intent = Intent(account: "xt-spot", id: "again")
        intent.cancel = Self.orders(daemon, of: "old").map { .order($0.clientOrderID) }
        intent.place = try House.intent("xt-spot", orders: 1, id: "").place
        daemon.submit(intent, on: 2)
        daemon.disconnect(2)
        #expect(daemon.run(forUs: .seconds(60)) { Self.isOver(daemon, id) })
        #expect(Self.orders(daemon, of: "again").allSatisfy { $0.state == .canceled })
    }

    @Test func `a connection whose guard is over may cancel, and nothing else`() throws {
        let (daemon, id) = try Self.twoClients("bitget-uta", Self.terms(heartbeatMs: 30_000, graceMs: 0))
        #expect(daemon.run(forUs: .seconds(90)) { Self.isOver(daemon, id) })
        let cancel = daemon.submit(EngineCancelTests.cancelAll("bitget-uta", "all"), on: 2)
        let place = daemon.submit(try House.intent("bitget-uta", orders: 1, id: "new"), on: 2)
        #expect(House.settled(daemon, "all"))
        #expect(throws: Never.self) { try daemon.answers[cancel]?.get() }
        #expect(throws: ControlError.self) { try daemon.answers[place]?.get() }
        #expect(Self.orders(daemon, of: "other").allSatisfy { $0.state == .canceled })
    }
}
