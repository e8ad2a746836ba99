import OMSCore
import Simulator
import Testing

/// An account that is taken out of the configuration keeps all it has.
@Suite struct `Accounts that are not configured` {
    /// Orders that wait for a permit, of an account that is gone after the next start.
    private func left(orders: Int = 400, expiresIn: Int64? = nil) throws -> VirtualDaemon {
        let daemon = try House.daemon(["xt-spot", "bitget-uta"])
        try daemon.start()
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        var intent = try House.intent("bitget-uta", orders: orders, id: "left")
        intent.expiresAt = expiresIn.map { daemon.now.wall + $0 }
        let ticket = daemon.submit(intent)
        #expect(try House.error(ticket, daemon) == nil)
        daemon.run(forUs: .milliseconds(300))
        daemon.crash()
        daemon.configured = ["xt-spot"]
        try daemon.start()
        return daemon
    }

    private func unsent(_ daemon: VirtualDaemon) -> Int { daemon.journal.orders.values.count { $0.state == .intended } }

    @Test func `nothing of it is settled, withdrawn or in another state, and status says how much there is`() throws {
        let daemon = try left()
        let before = daemon.journal.orders.mapValues(\.state)
        daemon.run(forUs: .seconds(300))
        #expect(daemon.journal.orders.mapValues(\.state) == before)
        #expect(daemon.journal.intent("left")?.settledAt == nil)
        let status = try House.hear(daemon.command(.status), daemon).get()
        let row = status["unconfigured"]?.array?.first
        #expect(row?["account"] == .string("bitget-uta") && row?["intents"]?.integer == 1, "\(status)")
        #expect(row?["orders"]?.integer == Int64(before.values.count { !$0.isTerminal }))
        // Who waits for it waits in vain, and whoever would cancel it is told why not.
        #expect(try House.error(daemon.command(.intentCancel("left")), daemon)?.code == 1001)
        // How far its emptying has come is asked by its name as well as for all.
        for name in ["bitget-uta", nil] as [AccountID?] {
            let kills = try House.hear(daemon.command(.killStatus(name)), daemon).get()["accounts"]?.array ?? []
            let kill = kills.first { $0["account"] == .string("bitget-uta") }
            #expect(kill?["live_or_unknown"] == row?["orders"] && kill?["listed"] == .bool(false), "\(kills)")
            #expect(kills.count == (name == nil ? 2 : 1))
        }
        #expect(try House.error(daemon.command(.killStatus("nobody")), daemon)?.code == 1001)
        let wait = daemon.command(.intentWait("left", untilSettled: true, timeoutMs: 700))
        let isEarly = daemon.run(forUs: .milliseconds(690)) { daemon.answers[wait] != nil }
        #expect(!isEarly)
    }

    @Test func `deadlines that passed meanwhile hold when it comes back`() throws {
        let daemon = try left(expiresIn: .seconds(20))
        #expect(unsent(daemon) > 100)
        let sent = daemon.journal.carried.values.reduce(0) { $0 + $1.count }
        daemon.run(forUs: .seconds(60))
        daemon.crash()
        daemon.configured = nil
        try daemon.start()
        #expect(House.settled(daemon, "left", withinUs: .seconds(200)))
        #expect(unsent(daemon) == 0 && daemon.journal.orders.values.contains { $0.state == .expired })
        #expect(daemon.journal.carried.values.reduce(0) { $0 + $1.count } == sent)
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: [nil, "bitget-uta"] as [AccountID?]) func `a halt in between holds when it comes back`(_ account: AccountID?) throws {
        let daemon = try left()
        let halt = daemon.command(.setState(account, .halted, reason: "kill", cancelOpen: true, everything: false))
        #expect(try House.error(halt, daemon) == nil)
        let sent = daemon.journal.requests.values.count { $0.account == "bitget-uta" && $0.kind == .place }
        daemon.crash()
        daemon.configured = nil
        try daemon.start()
        daemon.run(forUs: .seconds(60))
        #expect(daemon.engine?.snapshot().first { $0.account == "bitget-uta" }?.state == .halted)
        #expect(daemon.journal.requests.values.count { $0.account == "bitget-uta" && $0.kind == .place } == sent)
        // Nobody opens trading for what he does not see.
        _ = try House.hear(daemon.command(.setState("bitget-uta", .active, reason: "on", cancelOpen: false, everything: false)), daemon)
        #expect(House.settled(daemon, "left", withinUs: .seconds(300)))
        #expect(daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `opening trading for all does not open it for accounts that nobody sees`() throws {
        let daemon = try left()
        for state in [TradingState.halted, .active] {
            _ = try House.hear(daemon.command(.setState(nil, state, reason: "all", cancelOpen: false, everything: false)), daemon)
        }
        daemon.crash()
        daemon.configured = nil
        try daemon.start()
        let states = Dictionary(uniqueKeysWithValues: (daemon.engine?.snapshot() ?? []).map { ($0.account, $0.state) })
        #expect(states == ["xt-spot": .active, "bitget-uta": .halted])
    }

    @Test func `a wish for a cancel-all is over where trading was opened in between, and cancels nothing that came later`() throws {
        let daemon = try House.daemon(["xt-spot", "bitget-uta"])
        try daemon.start()
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        daemon.world.setFaults([EngineCancelTests.fault(.serverError(status: 503, body: .html, executes: false), nil)])
        daemon.command(.setState("xt-spot", .halted, reason: "kill", cancelOpen: true, everything: true))
        daemon.run(forUs: .seconds(2))
        #expect(daemon.journal.kills["xt-spot"]?.cancelAll == .unanswered)
        daemon.crash()
        daemon.configured = ["bitget-uta"]
        try daemon.start()
        let opens = daemon.command(.setState("xt-spot", .active, reason: "over", cancelOpen: false, everything: false))
        #expect(try House.error(opens, daemon) == nil)
        daemon.crash()
        daemon.configured = nil
        daemon.world.setFaults([])
        let known = daemon.world.ledger.requests.count
        try daemon.start()
        daemon.submit(try House.intent("xt-spot", orders: 3, id: "later"))
        daemon.run(forUs: .seconds(60))
        #expect(daemon.journal.kills["xt-spot"]?.cancelAll == .notAsked)
        #expect(daemon.world.ledger.requests.dropFirst(known).allSatisfy { $0.kind != .cancel })
        #expect(daemon.journal.orders.values.count { $0.intentID == "later" && $0.state == .working } == 3)
    }
}
