import CLinux
import TestSupport
import Testing
import Wire

/// Venues that say "too many", though by our own count it was not.
@Suite struct RateTests {
    @Test func `a 429 below our own count is a break, rests the budget for its penalty and halves its share for all to see`() throws {
        let house = try House(["bitget-margin"], everywhere: "batch_max: 1")
        let client = try house.start()
        let account = house.accounts[0]
        try house.pages.setFaults("[{kind: 'place', after: 3, count: 1, fault: {type: 'rate_limit_429'}}]")
        try client.submit(account.intent("pushed", orders: 30))
        func budget() throws -> JSON {
            try #require(try client.call("limit.list")["budgets"]?.array?.first { $0["budget"]?.string == "batch-place" })
        }
        try pollUntil("half the share") { try budget()["share"]?.integer == 5 }
        #expect(try budget()["next_free_at"]?.integer != nil)
        let breaks = try house.journal.rows("SELECT kind, detail FROM v_breaks WHERE resolved_at IS NULL")
        #expect(breaks.count == 1 && breaks.first?[0] == "limit" && breaks.first?[1]?.contains("429") == true, "\(breaks)")
        let row = try #require(try client.call("account.list")["accounts"]?.array?.first)
        // `last_error` ends with the next good answer of its kind; what stands for all to see is the break, and the words in the record.
        #expect(row["state"]?.string == "active", "\(row.lines)")
        #expect(try house.journal.number("SELECT count(*) FROM v_timeline WHERE detail LIKE '%rate limited by the venue%'") == 1)
        try client.wait("pushed")

        let requests = try house.journal.rows("SELECT sent_at, answered_at, http_status FROM v_requests WHERE kind = 'place' ORDER BY sent_at")
        let refused = try #require(requests.first { $0[2] == "429" })
        let heardAt = try #require(refused[1].flatMap { Int64($0) })
        // What had left before it was heard is no fault; a moment for hearing it.
        let later = requests.compactMap { $0[0].flatMap { Int64($0) } }.filter { $0 > heardAt + 50_000 }
        #expect((later.min() ?? 0) > heardAt + 1_000_000, "the budget did not rest for its window")
        // Half of ten at most in any window, until a fifth of the lost half has come back after four quiet windows.
        let slow = later.filter { $0 < heardAt + 5_000_000 }
        for at in slow { #expect(slow.count { $0 >= at && $0 < at + 1_000_000 } <= 5) }
        #expect(slow.count >= 5)
        let attempts = try house.journal.texts("SELECT attempts FROM v_orders ORDER BY attempts")
        #expect(attempts.filter { $0 == "2" }.count == 1 && attempts.filter { $0 == "1" }.count == 29, "\(attempts)")
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    @Test(arguments: [("418 and a time", 418, true), ("403 and a time", 403, true)])
    func `a venue that shuts us out is left alone by all its accounts until the time is over, cancels and questions included`(
        what: String, status: Int, saysWhen: Bool
    ) throws {
        let house = try House(["bitget-margin", "bitget-uta", "xt-spot"])
        let client = try house.start()
        for account in house.accounts { try client.submit(account.intent("before-\(account.name)", orders: 10)) }
        for account in house.accounts { try client.wait("before-\(account.name)") }
        try house.pages.setFaults(
            "[{venue: 'bitget-margin', kind: 'place', count: 1, fault: {type: 'ban', status: \(status), lasts_ms: 6000, says_when: \(saysWhen)}}]")

        let margin = try house.account("bitget-margin")
        try client.submit(margin.intent("last-straw", orders: 5))
        try pollUntil("the ban") { try house.pages.requests { $0["fault"]?.string == "ban" }.isEmpty == false }
        try pollUntil("the ban on record") { try house.journal.texts("SELECT detail FROM v_breaks").contains { $0.contains("shut out") } }
        let heardAt = omsd_clock_us(CLOCK_REALTIME)
        for account in house.accounts {
            try client.submit(account.intent("meanwhile-\(account.name)", orders: 5))
            _ = try client.call("intent.cancel", "{intent_id: 'before-\(account.name)'}")
        }
        let rows = try client.call("account.list")["accounts"]?.array ?? []
        for row in rows where row["venue"]?.string != "xt-spot" {
            #expect(row["last_error"]?.string?.contains("shut out by the venue for 6 s (HTTP \(status)") == true, "\(row.lines)")
        }
        // Another venue goes on.
        try client.wait("meanwhile-spot-xt")
        #expect(omsd_clock_us(CLOCK_REALTIME) < heardAt + 5_000_000)
        try client.wait("last-straw")
        for account in house.accounts { try client.wait("meanwhile-\(account.name)") }

        let ledger = try house.pages.ledger()["requests"]?.array ?? []
        let bans = ledger.filter { $0["fault"]?.string == "ban" }
        let began = try #require(bans.first?["at"]?.integer)
        // What was out in the moment of the refusal met it too; then there was silence.
        let knocks = bans.filter { ($0["at"]?.integer ?? 0) > heardAt }
        #expect(knocks.isEmpty, "\(knocks.map(\.lines))")
        let bitget = ledger.filter { $0["venue"]?.string?.hasPrefix("bitget") == true && ($0["at"]?.integer ?? 0) > heardAt }
        #expect((bitget.compactMap { $0["at"]?.integer }.min() ?? 0) >= began + 6_000_000)
        try pollUntil("cancels everywhere") { try house.journal.states(where: "intent_id LIKE 'before-%'") == ["canceled": 30] }
        #expect(try house.journal.states(where: "intent_id NOT LIKE 'before-%'").values.reduce(0, +) == 20)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
        #expect(try house.verify().code == 0)
    }
}
