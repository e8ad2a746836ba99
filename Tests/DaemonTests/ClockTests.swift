import CLinux
import TestSupport
import Testing
import Wire

/// A wall clock that is wrong: before anybody set it, and when somebody sets it wrongly.
@Suite(.enabled(if: ShiftedClock.library != nil, "no C compiler")) struct ClockTests {
    private static let year: Int64 = 365 * 86_400

    @Test func `a machine that boots with a clock before 2020 sends nothing to any venue until it is set, and then goes on`() throws {
        let house = try House()
        let first = try house.start()
        for account in house.accounts { try first.submit(account.intent("before-\(account.name)", orders: 10)) }
        for account in house.accounts { try first.wait("before-\(account.name)") }
        let rules = ["place", "mixed"].map { "{kind: '\($0)', fault: {type: 'lose_reply_after_execution'}}" }
        try house.pages.setFaults("[\(rules.joined(separator: ",")), {kind: 'lookup', fault: {type: 'reset'}}]")
        for account in house.accounts { try first.submit(account.intent("lost-\(account.name)", orders: 10)) }
        try pollUntil("doubts everywhere") { try house.journal.states()["in_doubt"] == 10 * house.accounts.count }
        try house.killDaemon()
        try house.pages.setFaults("[]")
        let before = try house.pages.ledger()["requests"]?.array?.count

        let bootedAt = omsd_clock_us(CLOCK_MONOTONIC)
        let clock = try ShiftedClock(house.scratch.file("shift"), seconds: 86_400 - omsd_clock_us(CLOCK_REALTIME) / 1_000_000)
        let client = try house.start(environment: clock.environment(), untilReady: false)
        try pollUntil("three seconds under that clock") { omsd_clock_us(CLOCK_MONOTONIC) - bootedAt > 3_000_000 }

        #expect(try house.pages.ledger()["requests"]?.array?.count == before)
        let accounts = try client.call("account.list")["accounts"]?.array ?? []
        #expect(accounts.allSatisfy { $0["ready"]?.bool == false && $0["last_error"]?.string?.contains("before 2020") == true }, "\(accounts)")
        #expect(house.daemonLogs.contains("before 2020"))
        let refused = try client.ask("intent.submit", house.accounts[0].intent("early", orders: 1))
        #expect(refused.member("error", "code")?.integer == 1009 && refused.lines.contains("before 2020"), "\(refused.lines)")

        try clock.set(seconds: 0)
        try house.waitReady(client)
        for account in house.accounts {
            try client.submit(account.intent("after-\(account.name)", orders: 10))
            for name in ["lost", "after"] { try client.wait("\(name)-\(account.name)") }
        }
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('acknowledged', 'working')") == 30 * house.accounts.count)
        let notes = try house.journal.texts("SELECT json_extract(detail, '$.note') FROM v_timeline WHERE detail LIKE '%this machine%' ORDER BY seq")
        #expect(notes.count == 2 && notes.first?.contains("before 2020") == true && notes.last?.contains("is set") == true, "\(notes)")
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
        let (code, report) = try house.verify()
        #expect(code == 0, "\(report)")
    }

    @Test func `a clock that steps by ten years, back and forth, while orders are under way changes nothing but the times that are shown`() throws {
        let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))
        let house = try House(options: ["--seed", "\(seed % 1_000_000)"], everywhere: "batch_max: 2")
        let rules = ["place", "mixed"].map { "{kind: '\($0)', probability: 0.2, fault: {type: 'lose_reply_after_execution'}}" }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")
        let clock = try ShiftedClock(house.scratch.file("shift"), seconds: 0)
        let client = try house.start(environment: clock.environment())

        for (round, years) in [10, -10, 20, -20, 0].enumerated() {
            for account in house.accounts { try client.submit(account.intent("step-\(round)-\(account.name)", orders: 10)) }
            try pollUntil("orders on their way") { try house.journal.states()["submitted"] ?? 0 > 0 }
            try clock.set(seconds: Int64(years) * Self.year)
        }
        for round in 0..<5 { for account in house.accounts { try client.wait("step-\(round)-\(account.name)", seconds: 100) } }

        let states = try house.journal.states()
        #expect(
            Set(states.keys).isSubset(of: ["acknowledged", "working"]) && states.values.reduce(0, +) == 50 * house.accounts.count,
            "seed \(seed): \(states)")
        let audit = try house.audit()
        #expect(audit.code == 0, "seed \(seed)\n\(audit.output)")
        let (code, report) = try house.verify()
        #expect(code == 0, "seed \(seed)\n\(report)")
    }
}
