import CLinux
import TestSupport
import Testing
import Wire

/// Venues that cannot be reached for long, first without a word, then with a refusal.
@Suite struct PartitionTests {
    private static let venues = ["bitget-margin", "bitget-uta", "ascendex"]

    @Test func `after a long partition what is too old has expired unsent, and the rest leaves at the limits' pace, once`() throws {
        let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))
        let house = try House(Self.venues, options: ["--seed", "\(seed % 1_000_000)"], everywhere: "batch_max: 1, request_timeout_ms: 1000")
        let relay = try Relay(to: house.pages.port)
        for account in house.accounts { house.origins[account.name] = "http://127.0.0.1:\(relay.port)" }
        try house.writeConfiguration()
        let client = try house.start()
        func submit(_ name: String, orders: Int, expiresInMs: Int64? = nil) throws {
            for account in house.accounts {
                let items = Array(repeating: account.item(), count: orders).joined(separator: ",")
                let deadline = expiresInMs.map { #","expires_at":\#(omsd_clock_us(CLOCK_REALTIME) + $0 * 1_000)"# } ?? ""
                try client.submit(#"{"account":"\#(account.name)","intent_id":"\#(name)-\#(account.name)","place":[\#(items)]\#(deadline)}"#)
            }
        }
        func states(_ name: String) throws -> [String: Int] { try house.journal.states(where: "intent_id LIKE '\(name)-%'") }
        try submit("before", orders: 4)
        for account in house.accounts { try client.wait("before-\(account.name)") }

        // Some are under way when the way is cut: their requests vanish, and nobody is told.
        relay.set(.silent)
        let cutAt = omsd_clock_us(CLOCK_MONOTONIC)
        try submit("lost", orders: 3)
        try submit("lostandlate", orders: 2, expiresInMs: 3_000)
        try pollUntil("orders in doubt") {
            try states("lost")["in_doubt"] ?? 0 >= Self.venues.count && states("lostandlate")["in_doubt"] ?? 0 >= Self.venues.count
        }
        relay.set(.refusing)
        try submit("late", orders: 40, expiresInMs: 2_000)
        try submit("patient", orders: 40)
        try pollUntil("expired orders") { try states("late") == ["expired": 40 * Self.venues.count] }
        // Longer than venues take a stamp, than a request may still arrive, and than every permit is held.
        try pollUntil("a long partition") { omsd_clock_us(CLOCK_MONOTONIC) - cutAt > 9_000_000 }
        #expect(try states("patient") == ["intended": 40 * Self.venues.count])
        let accounts = try client.call("account.list")["accounts"]?.array ?? []
        #expect(accounts.allSatisfy { $0["last_error"]?.string?.contains("onnect") == true }, "\(accounts.map(\.lines))")
        let healedAt = omsd_clock_us(CLOCK_REALTIME)
        relay.set(.open)
        for name in ["lost", "lostandlate", "patient"] {
            for account in house.accounts { try client.wait("\(name)-\(account.name)", seconds: 100) }
        }

        let open = ["acknowledged", "working"]
        #expect(try states("patient").filter { open.contains($0.key) }.values.reduce(0, +) == 40 * Self.venues.count, "seed \(seed)")
        #expect(try states("lost").filter { open.contains($0.key) }.values.reduce(0, +) == 3 * Self.venues.count, "seed \(seed)")
        // Too old to be sent again once its absence was proven; what had not left at all expired.
        let lostAndLate = try states("lostandlate")
        #expect(Set(lostAndLate.keys).isSubset(of: ["abandoned", "expired"]), "seed \(seed): \(lostAndLate)")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE intent_id LIKE 'late-%' AND attempts > 0") == 0)
        let stale = try house.journal.texts("SELECT client_order_id FROM v_orders WHERE state IN ('expired', 'abandoned')")
        let ledger = try house.pages.ledger()
        let requests = ledger["requests"]?.array ?? []
        let carried = Set(requests.filter { $0["kind"]?.string == "place" }.flatMap { $0["client_order_ids"]?.array?.compactMap(\.string) ?? [] })
        #expect(carried.isDisjoint(with: stale), "seed \(seed)")
        #expect(ledger["duplicates"]?.array?.isEmpty == true, "seed \(seed)")
        for limit in ledger["limits"]?.array ?? [] { #expect(limit["violations"]?.integer == 0, "seed \(seed): \(limit.lines)") }
        // The queue's pace: 40 requests of ten a second take three full windows at least.
        for venue in Self.venues {
            let sent = requests.filter { $0["venue"]?.string == venue && $0["kind"]?.string == "place" && ($0["at"]?.integer ?? 0) > healedAt }
            let times = sent.compactMap { $0["at"]?.integer }
            let first = try #require(times.min())
            #expect(times.count >= 40 && (times.max() ?? 0) - first > 3_000_000, "seed \(seed): \(venue) took \(times.count) requests in a burst")
        }
        let audit = try house.audit()
        #expect(audit.code == 0, "seed \(seed)\n\(audit.output)")
        #expect(try house.verify().code == 0, "seed \(seed)")
    }
}
