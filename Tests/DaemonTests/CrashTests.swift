import CLinux
import Containers
import Testing
import Wire

/// kill -9 at moments nobody chose.
@Suite struct CrashTests {
    private static func orders(_ account: TestAccount) -> Int { min(account.sample.largeIntent, 2_000) }

    @Test func `ten kills in a run of thousands of orders with lost replies leave each order at its venue exactly once`() throws {
        let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))
        var random = SplitMix64(seed: seed)
        let house = try House(options: ["--seed", "\(seed % 1_000_000)"])
        let rules = ["place", "mixed"].flatMap { kind in
            ["before", "after"].map { "{kind: '\(kind)', probability: 0.025, fault: {type: 'lose_reply_\($0)_execution'}}" }
        }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")

        // Ten kills that met orders under way; those before the first intent was taken show nothing, and the next ones come later.
        var (interrupted, latest_us): (Int, UInt64) = (0, 1_000_000)
        for kill in 1...25 where interrupted < 10 {
            let client = try house.start(untilReady: false)
            // Sent again after each kill: intents are known by their ids.
            sendIntents(house, client)
            wait(us: Int64(random.next() % latest_us))
            try house.killDaemon()
            let open = try house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('intended', 'submitted', 'in_doubt')")
            if open > 0 { interrupted += 1 }
            let known = try house.journal.number("SELECT count(*) FROM v_intents")
            if known < house.accounts.count { latest_us = min(latest_us * 3 / 2, 10_000_000) } else if open == 0 { break }
            if kill == 25 { Issue.record("seed \(seed): 25 kills met orders under way \(interrupted) times") }
        }
        #expect(interrupted >= 5, "seed \(seed): \(interrupted) kills met orders under way")
        let client = try house.start()
        for account in house.accounts {
            try client.submit(account.intent("run-\(account.name)", orders: Self.orders(account)))
            try client.wait("run-\(account.name)", seconds: 170)
        }

        let audit = try house.audit()
        #expect(audit.code == 0, "seed \(seed)\n\(audit.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == house.accounts.map(Self.orders).reduce(0, +))
        let (code, report) = try ChildProcess.run("omsd", ["verify", "--journal", house.journal.path], in: house.scratch)
        #expect(code == 0, "seed \(seed)\n\(report)")
    }

    @Test func `cancels whose answers are lost and whose daemon is killed still reach every order`() throws {
        let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))
        var random = SplitMix64(seed: seed)
        let house = try House(options: ["--seed", "\(seed % 1_000_000)"])
        let first = try house.start()
        var ids: [String: [String]] = [:]
        for account in house.accounts { ids[account.name] = try first.submit(account.intent("place-\(account.name)", orders: 120)) }
        for account in house.accounts { try first.wait("place-\(account.name)") }
        let rules = ["cancel", "mixed"].flatMap { kind in
            ["before", "after"].map { "{kind: '\(kind)', probability: 0.1, fault: {type: 'lose_reply_\($0)_execution'}}" }
        }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")
        for account in house.accounts {
            let list = (ids[account.name] ?? []).map { "\"\($0)\"" }.joined(separator: ",")
            _ = try first.call("intent.submit", #"{"account":"\#(account.name)","intent_id":"cancel-\#(account.name)","cancel":[\#(list)]}"#)
        }

        for _ in 1...3 {
            wait(us: Int64(random.next() % 400_000))
            try house.killDaemon()
            try house.start(untilReady: false)
        }
        let client = try house.client()
        for account in house.accounts { try client.wait("cancel-\(account.name)", seconds: 100) }

        #expect(try house.journal.states() == ["canceled": 120 * house.accounts.count], "seed \(seed)")
        #expect(try house.journal.texts("SELECT DISTINCT state FROM v_commands") == ["done"], "seed \(seed)")
        let live = try house.pages.ledger()["orders"]?.array?.filter { $0["state"]?.string != "canceled" }
        #expect(live?.isEmpty == true, "seed \(seed)")
        #expect(try house.audit().code == 0, "seed \(seed)")
    }

    @Test func `an intent whose daemon is killed while it is written is there with all its orders or not at all`() throws {
        let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))
        var random = SplitMix64(seed: seed)
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        for round in 1...4 {
            let client = try house.start()
            let intent = account.intent("half-\(round)", orders: 15_000)
            client.send(raw: Array(#"{"jsonrpc":"2.0","id":9,"method":"intent.submit","params":\#(intent)}"#.utf8) + [0x0A])
            wait(us: Int64(random.next() % 1_200_000))
            try house.killDaemon()
        }
        let client = try house.start()

        for round in 1...4 {
            let answer = try client.ask("intent.get", "{intent_id: 'half-\(round)'}")
            let orders = try house.journal.number("SELECT count(*) FROM v_orders WHERE intent_id = 'half-\(round)'")
            #expect(orders == (answer["result"] == nil ? 0 : 15_000), "seed \(seed)")
        }
        let (code, report) = try ChildProcess.run("omsd", ["verify", "--journal", house.journal.path], in: house.scratch)
        #expect(code == 0, "seed \(seed)\n\(report)")
    }

    /// Lets time pass: the moment of a kill is nobody's event.
    private func wait(us: Int64) {
        var quiet = pollfd(fd: -1, events: 0, revents: 0)
        _ = CLinux.poll(&quiet, 1, Int32(max(0, us) / 1_000))
    }

    /// Sends all intents without waiting for answers: a kill may come before, between or after them.
    private func sendIntents(_ house: House, _ client: ControlClient) {
        for (number, account) in house.accounts.enumerated() {
            let intent = account.intent("run-\(account.name)", orders: Self.orders(account))
            client.send(raw: Array(#"{"jsonrpc":"2.0","id":\#(100 + number),"method":"intent.submit","params":\#(intent)}"#.utf8) + [0x0A])
        }
    }
}
