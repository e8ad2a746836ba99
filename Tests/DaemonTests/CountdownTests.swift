import CLinux
import TestSupport
import Testing
import Wire

/// The venue's own dead man's switch, over real processes: what rests is gone in time though nobody of ours is left to ask for it.
@Suite(.serialized) struct CountdownTests {
    @Test(arguments: [("bitget-uta", 5), ("okx", 10)])
    func `omsd is killed, and the venue cancels its orders within the countdown; stopped in order it leaves them`(venue: String, seconds: Int) throws
    {
        let house = try House([venue])
        let account = try house.account(venue)
        house.settings[account.name] = "deadman_ms: \(seconds * 1_000), resend: \"never\","
        try house.writeConfiguration()
        var client = try house.start()
        try client.submit(account.intent("rest", orders: 10))
        try client.wait("rest")
        func open() throws -> Int { try #require(try house.pages.ledger()["orders"]?.array).count { $0["state"]?.string == "open" } }
        // What the venue took a receipt for rests a moment later.
        try pollUntil("all rest", seconds: 20) { try open() == 10 }
        #expect(try house.stopDaemon() == 0)
        let stoppedAt = try now(house)
        try pollUntil("the countdown's time is over", seconds: 30) { try now(house) - stoppedAt > Int64(seconds + 2) * 1_000_000 }
        #expect(try open() == 10, "it was switched off")

        client = try house.start()
        #expect(try open() == 10)
        try house.killDaemon()
        let killedAt = try now(house)
        try pollUntil("the venue has cancelled all", seconds: 60) { try open() == 0 }
        let tookMs = (try now(house) - killedAt) / 1_000
        // OKX cancels one by one, and a page of the simulator takes its time, too.
        #expect(tookMs < Int64(seconds) * 1_000 + 3_000, "\(tookMs) ms")

        client = try house.start()
        try pollUntil("the journal knows: \(house.daemon?.tail ?? "")", seconds: 60) { try house.journal.number("SELECT count(*) FROM v_open") == 0 }
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE state = 'canceled' AND evidence = 'query'") == 10)
        let (code, report) = try house.verify()
        #expect(code == 0, "\(report)")
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    /// By the simulator's clock, microseconds.
    private func now(_ house: House) throws -> Int64 { try #require(try house.pages.ledger()["now"]?.integer) }
}
