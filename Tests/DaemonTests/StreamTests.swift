import TestSupport
import Testing
import Wire

/// The real daemon listens to the streams of simulated venues.
@Suite struct StreamTests {
    static let venues = TestAccount.all().map(\.venue)

    private func stream(_ client: ControlClient, _ account: TestAccount) throws -> JSON? {
        try client.call("account.list")["accounts"]?.array?.first { $0["account"]?.string == account.name }?["stream"]
    }
    private func waitLive(_ client: ControlClient, _ account: TestAccount, gaps: Int64 = 0, _ house: House) throws {
        func now() -> String { "\(String(describing: try? stream(client, account))) \(house.daemon?.tail ?? "")" }
        try pollUntil("a live stream: \(now())") {
            let stream: JSON? = try stream(client, account)
            return stream?["state"]?.string == "live" && stream?["gaps"]?.integer == gaps
        }
    }
    /// Once it rests: venues take orders before they book them.
    private func fill(_ id: String, at venue: String, of house: House) throws {
        try pollUntil("order \(id) rests") {
            (try? house.pages.post("/_sim/fill", "{\"venue\":\"\(venue)\",\"client_order_id\":\"\(id)\"}")) != nil
        }
    }
    private func evidence(_ house: House, _ state: String) throws -> [String] {
        try house.journal.texts("SELECT evidence FROM v_timeline WHERE kind = 'order' AND to_state = '\(state)'")
    }

    @Test(arguments: venues)
    func `a fill is in the journal by the venue's push, long before a poll asks`(venue: String) throws {
        let house = try House([venue], hasStreams: true)
        let client = try house.start()
        let account = try house.account(venue)
        // The first order names the market, where streams are subscribed market by market.
        let ids = try client.submit(account.intent("pushed", orders: 2))
        try client.wait("pushed")
        try waitLive(client, account, house)

        let began = try house.journal.number("SELECT max(request_id) FROM v_requests")
        try fill(ids[0], at: venue, of: house)
        try pollUntil("the fill: \(house.daemon?.tail ?? "")") { try house.journal.states()["filled"] == 1 }

        #expect(try evidence(house, "filled") == ["stream"])
        // Where rows of executions come from REST alone, the push made one listing of them due, and nothing else.
        let rows = account.profile.listsFills ? 1 : 0
        try pollUntil("the fill's row") { try house.journal.number("SELECT count(*) FROM v_fills") == rows }
        let asked = try house.journal.texts("SELECT DISTINCT endpoint FROM v_requests WHERE request_id > \(began) AND kind = 'lookup'")
        #expect(asked.count <= 1, "\(asked)")
        let verified = try house.verify()
        #expect(verified.code == 0, "\(verified.output)")
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    @Test(arguments: venues)
    func `what happened while a stream was cut is found by the reconciliation that closes the gap`(venue: String) throws {
        let house = try House([venue], hasStreams: true)
        let client = try house.start()
        let account = try house.account(venue)
        let ids = try client.submit(account.intent("cut", orders: 2))
        try client.wait("cut")
        try waitLive(client, account, house)

        // Cut, and no other one before the fill: what is told meanwhile is told to nobody.
        try house.pages.setFaults("{\"rules\":[{\"first\":1,\"fault\":{\"type\":\"upgrade_refused\"}}]}")
        try house.pages.post("/_sim/stream", "{\"venue\":\"\(venue)\",\"do\":\"close\"}")
        try fill(ids[1], at: venue, of: house)
        try waitLive(client, account, gaps: 1, house)

        // Where the venue shows orders late, the listing that closes the gap proves nothing of a young one: it is asked for once it must show.
        try pollUntil(
            "the fill: \((try? house.journal.rows("SELECT client_order_id, state, evidence FROM v_orders")) ?? []) \(house.daemon?.tail ?? "")",
            seconds: 150
        ) { try house.journal.states()["filled"] == 1 }
        let rows = account.profile.listsFills ? 1 : 0
        try pollUntil("the fill's row") { try house.journal.number("SELECT count(*) FROM v_fills") == rows }
        let kinds = try house.journal.texts("SELECT kind FROM v_timeline WHERE kind IN ('stream_up', 'stream_down', 'gap_closed') ORDER BY seq")
        #expect(kinds.filter { $0 == "stream_down" }.count == 1 && kinds.last == "gap_closed", "\(kinds)")
        #expect(house.daemonLogs.contains("stream_down") && house.daemonLogs.contains("private stream is live"))
    }

    @Test func `accounts of one key and place come over one connection, which no secret is written of`() throws {
        let house = try House(hasStreams: true)
        let client = try house.start()
        for account in house.accounts {
            _ = try client.submit(account.intent("s-\(account.name)", orders: 1))
            try client.wait("s-\(account.name)")
            try waitLive(client, account, house)
        }

        let streams = try house.pages.ledger()["streams"]?.array ?? []
        for account in house.accounts {
            #expect(streams.filter { $0["account"]?.string == account.uid && $0["venue"]?.string == account.venue }.count == 1, "\(account.venue)")
        }
        let tokens = try house.journal.rows(
            "SELECT outcome, http_status, sent_at >= signed_at, answered_at >= sent_at FROM v_requests WHERE kind = 'session'")
        #expect(!tokens.isEmpty && tokens.allSatisfy { $0 == ["acknowledged", "200", "1", "1"] }, "\(tokens)")
        for account in house.accounts { #expect(!house.daemonLogs.contains(account.key)) }
        #expect(try house.verify().code == 0)
    }
}
