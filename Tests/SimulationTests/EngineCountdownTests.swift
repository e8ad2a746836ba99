import OMSCore
import Testing
import Venues

@testable import Simulator

/// The venue's own dead man's switch: kept from running out while omsd lives, and nothing else keeps it.
@Suite struct EngineCountdownTests {
    private static let seconds: Int64 = 10

    private static func settled(_ venue: String, adjust: (inout VirtualDaemon.Options) -> Void = { _ in }) throws -> VirtualDaemon {
        let daemon = try House.ready(venue) {
            $0.setups[0].deadmanMs = seconds * 1_000
            $0.setups[0].resendsAfterProof = false
            adjust(&$0)
        }
        daemon.submit(try House.intent(venue, orders: 20, id: "rest"))
        #expect(House.settled(daemon, "rest", withinUs: .seconds(60)))
        #expect(orders(daemon).allSatisfy { $0.state.isLive })
        return daemon
    }

    private static func orders(_ daemon: VirtualDaemon) -> [Order] { daemon.journal.orders.values.sorted { $0.key < $1.key } }
    private static func notes(_ daemon: VirtualDaemon) -> [String] {
        daemon.journal.events.compactMap(\.event.note).filter { $0.contains("the venue") }
    }
    private static func resting(_ daemon: VirtualDaemon, _ venue: String) throws -> Int {
        // Nobody asks the venue where omsd is dead, and its time passes all the same.
        daemon.world.advance(to: daemon.venueTime)
        return try #require(daemon.world.venue(named: venue)?.exchange).orders.count { !$0.state.isClosed }
    }
    private static func isSound(_ daemon: VirtualDaemon) -> Bool {
        daemon.violations.isEmpty && daemon.world.duplicates.isEmpty && daemon.world.limitCounts.allSatisfy { $0.violations == 0 }
    }

    @Test(arguments: ["bitget-uta", "okx"]) func `it takes nothing while omsd lives, and a daemon that stops in order leaves all as it is`(
        venue: String
    ) throws {
        let daemon = try Self.settled(venue)
        daemon.run(forUs: .seconds(300))
        #expect(Self.orders(daemon).allSatisfy { $0.state.isLive })
        // No other program may hold the one permit that keeps it from running out.
        let wish = daemon.command(.limitTake(AccountID(venue), budget: "countdown", permits: 1, holdMs: 1_000))
        #expect(try House.error(wish, daemon)?.code == -32602)
        if venue == "bitget-uta" {
            // Nor all of a limit that its requests are charged to as well.
            let all = daemon.command(.limitTake(AccountID(venue), budget: "overall", permits: 6_000, holdMs: 1_000))
            #expect(try House.error(all, daemon)?.code == -32602)
        }
        // Said again and again: on record is that it began.
        #expect(daemon.journal.requests.values.count { $0.endpoint.contains("cancel-all") } == 1)

        daemon.stop()
        daemon.run(forUs: .seconds(300))
        #expect(!daemon.isUp)
        #expect(try Self.resting(daemon, venue) == 20)
        #expect(Self.notes(daemon).last == "the venue's countdown is switched off")
        #expect(Self.isSound(daemon), "\(daemon.violations)")
    }

    @Test(arguments: ["bitget-uta", "okx"]) func `a daemon that dies has all cancelled by the venue in time, and the next one says so of each`(
        venue: String
    ) throws {
        let daemon = try Self.settled(venue)
        daemon.run(forUs: .seconds(7))
        daemon.crash()
        daemon.run(forUs: .seconds(Self.seconds * 2 / 3 - 1))
        #expect(try Self.resting(daemon, venue) == 20, "it is not over yet")
        // OKX cancels one by one.
        daemon.run(forUs: .seconds(Self.seconds / 3 + 3))
        #expect(try Self.resting(daemon, venue) == 0)

        try daemon.start()
        #expect(daemon.run(forUs: .seconds(120)) { Self.orders(daemon).allSatisfy { $0.state == .canceled } })
        let orders = Self.orders(daemon)
        #expect(orders.allSatisfy { $0.evidence == .query && $0.attempts == 1 }, "\(orders.map(\.evidence))")
        #expect(daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false })
        #expect(Self.isSound(daemon), "\(daemon.violations)")
    }

    @Test(arguments: ["bitget-uta", "okx"]) func `what a process before it set is switched off in order, also by one that never set it`(venue: String)
        throws
    {
        let daemon = try Self.settled(venue)
        daemon.crash()
        try daemon.start()
        daemon.stop()
        daemon.run(forUs: .seconds(60))
        #expect(!daemon.isUp)
        #expect(try Self.resting(daemon, venue) == 20)
        #expect(Self.isSound(daemon), "\(daemon.violations)")
    }

    @Test(arguments: ["bitget-uta", "okx"]) func `the trouble of one account pulls no orders of another of its user`(venue: String) throws {
        var others: SimAccount?
        let daemon = try House.daemon([venue]) { options in
            options.setups[0].deadmanMs = Self.seconds * 1_000
            options.setups[0].resendsAfterProof = false
            var twin = options.setups[0]
            twin = AccountSetup(id: "twin", uid: twin.uid, keyFingerprint: twin.keyFingerprint, rules: twin.rules)
            (twin.freshnessMs, twin.deadmanMs, twin.resendsAfterProof) = (3_000, Self.seconds * 1_000, false)
            options.setups.append(twin)
            others = options.world.accounts.first { $0.uid != twin.uid }
        }
        // The first one's file holds a key that its venue does not know.
        daemon.credentials[AccountID(venue)] = others
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().contains { $0.account == "twin" && $0.isReady } ?? false })
        var intent = try House.intent(venue, orders: 20, id: "rest")
        intent.account = "twin"
        daemon.submit(intent)
        #expect(House.settled(daemon, "rest", withinUs: .seconds(60)))
        daemon.run(forUs: .seconds(300))
        #expect(try Self.resting(daemon, venue) == 20)
        #expect(daemon.engine?.snapshot().first?.isReady == false)
        #expect(daemon.world.duplicates.isEmpty && daemon.world.limitCounts.allSatisfy { $0.violations == 0 })
    }

    @Test func `the demo's countdown is another one than the venue's, though both are of one user`() throws {
        let daemon = try House.daemon(["bitget-uta"]) { options in
            options.setups[0].deadmanMs = Self.seconds * 1_000
            options.setups[0].resendsAfterProof = false
            var demo = options.setups[0]
            let origin = AccountIdentity.place(demo.origin, isDemo: true)
            demo = AccountSetup(id: "demo", uid: demo.uid, keyFingerprint: demo.keyFingerprint, rules: demo.rules)
            demo.origin = origin
            (demo.freshnessMs, demo.deadmanMs, demo.resendsAfterProof) = (3_000, Self.seconds * 1_000, false)
            options.setups.append(demo)
        }
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false })
        let begun = daemon.journal.events.filter { $0.event.note?.hasPrefix("the venue cancels all orders of this user") ?? false }
        #expect(begun.count == 2, "\(Self.notes(daemon))")
    }

    @Test func `a venue that is cut off long enough takes all, and afterwards it is told and the orders are read`() throws {
        let daemon = try Self.settled("bitget-uta")
        daemon.run(forUs: .seconds(5))
        daemon.world.setFaults([EngineCancelTests.fault(.reset, nil)])
        #expect(daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().first?.isReady == false })
        daemon.run(forUs: .seconds(15))
        #expect(try Self.resting(daemon, "bitget-uta") == 0)

        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(120)) { Self.orders(daemon).allSatisfy { $0.state == .canceled } })
        #expect(Self.notes(daemon).contains { $0.hasPrefix("the venue did not hear of omsd in time") }, "\(Self.notes(daemon))")
        #expect(daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().first?.isReady == true })
        #expect(Self.isSound(daemon), "\(daemon.violations)")
    }

    @Test func `where the venue refuses it the account is not ready, says why, halts nothing, and places nothing`() throws {
        let daemon = try House.daemon(["bitget-uta"]) {
            $0.setups[0].deadmanMs = Self.seconds * 1_000
            $0.setups[0].resendsAfterProof = false
        }
        #expect(daemon.world.venue(named: "bitget-uta")?.dialect.set("countdown", to: "off") == true)
        try daemon.start()
        daemon.run(forUs: .seconds(60))
        daemon.submit(try House.intent("bitget-uta", orders: 2, id: "wait"))
        daemon.run(forUs: .seconds(60))
        let account = try #require(daemon.engine?.snapshot().first)
        #expect(!account.isReady && account.trading.state == .active)
        #expect(account.reason?.hasPrefix("the venue's countdown (deadman_ms) is not set yet: ") == true, "\(account.reason ?? "-")")
        #expect(Self.orders(daemon).allSatisfy { $0.state == .intended && $0.attempts == 0 })

        // Once it is arranged, all goes on.
        #expect(daemon.world.venue(named: "bitget-uta")?.dialect.set("countdown", to: "on") == true)
        #expect(House.settled(daemon, "wait", withinUs: .seconds(120)))
        #expect(Self.orders(daemon).allSatisfy { $0.state.isLive } && Self.isSound(daemon), "\(daemon.violations)")
    }
}
