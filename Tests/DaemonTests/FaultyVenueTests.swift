import TestSupport
import Testing
import Wire

/// Venues at their worst, over plain HTTP and over TLS.
@Suite struct FaultyVenueTests {
    @Test func `whatever venues do to answers, every order ends at its venue exactly once`() throws {
        let house = try House(TestAccount.all().map(\.venue), options: ["--seed", "11"])
        let client = try house.start()
        // Without 429: by default one rests a budget for its window, and Bitget's is a minute.
        let faults = [
            "{type: 'status_5xx', executes: true}", "{type: 'status_5xx', body: 'json'}", "{type: 'truncate'}", "{type: 'garbage'}",
            "{type: 'garbage', http: false}", "{type: 'missing_item'}", "{type: 'repeated_item'}", "{type: 'reordered_items'}",
            "{type: 'maintenance'}",
            "{type: 'late_visibility', delay_ms: 500}", "{type: 'execute_late', delay_ms: [50, 600]}", "{type: 'reset'}",
            "{type: 'delay', delay_ms: [50, 400]}",
        ]
        let rules = ["place", "mixed", "lookup"].flatMap { kind in
            faults.map { "{kind: '\(kind)', probability: 0.02, fault: \($0)}" }
        }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")

        for account in house.accounts { try client.submit(account.intent("worst-\(account.name)", orders: 500)) }
        for account in house.accounts { try client.wait("worst-\(account.name)", seconds: 170) }

        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('acknowledged', 'working')") == 500 * house.accounts.count)
        let struck = try house.pages.get("/_sim/summary")["faults_struck"]?.object ?? []
        #expect(struck.count >= 10, "\(struck.map(\.key))")
    }

    @Test func `over TLS orders reach a venue whose certificate is trusted, and no venue whose is not`() throws {
        let house = try House(["az-futures", "ascendex"], isTLS: true)
        let client = try house.start()
        for account in house.accounts { try client.submit(account.intent("tls-\(account.name)", orders: 100)) }
        for account in house.accounts { try client.wait("tls-\(account.name)") }
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('acknowledged', 'working')") == 200)
        #expect(try house.stopDaemon() == 0)

        // The same venues, now without the file that vouches for them.
        let text = try #require(readText(house.configuration))
        try writeText(text.replacing(#"ca_file: "certificate.pem","#, with: ""), to: house.configuration)
        let doubting = try house.start(untilReady: false)
        try pollUntil("an error for every account") {
            try doubting.call("account.list")["accounts"]?.array?.allSatisfy { $0["last_error"]?.string?.isEmpty == false } == true
        }
        let accounts = try doubting.call("account.list")["accounts"]?.array ?? []
        #expect(accounts.allSatisfy { $0["ready"]?.bool == false }, "\(accounts)")
        #expect(
            accounts.allSatisfy { $0["last_error"]?.string?.contains("certificate") == true }, "\(accounts.map { $0["last_error"]?.string ?? "" })")
    }
}
