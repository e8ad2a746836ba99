import Testing
import Wire

/// A large intent walks through the real daemon to simulated venues.
@Suite struct PlacingTests {
    @Test func `ten thousand orders to AZ take exactly 100 requests of 100, and every one is acknowledged`() throws {
        try place(10_000, at: "az-futures", requests: 100, of: 100)
    }

    @Test(arguments: TestAccount.all().map { ($0.venue, $0.profile.placeMax) })
    func `a thousand orders fill every request to the venue's maximum`(venue: String, most: Int) throws {
        try place(1_000, at: venue, requests: 1_000 / most, of: most)
    }

    private func place(_ orders: Int, at venue: String, requests: Int, of size: Int) throws {
        let house = try House([venue])
        let client = try house.start()
        let account = try house.account(venue)

        let ids = try client.submit(account.intent("large", orders: orders))
        try client.wait("large", seconds: 170)

        #expect(Set(ids).count == orders)
        let sizes = try house.journal.rows("SELECT items, count(*) FROM v_requests WHERE kind IN ('place', 'mixed') GROUP BY items")
        #expect(sizes == [["\(size)", "\(requests)"]])
        #expect(try house.journal.number("SELECT count(*) FROM v_requests WHERE sent_at IS NULL OR signed_at > sent_at") == 0)
        let states = try house.journal.states()
        let placed = try house.journal.number(
            "SELECT count(*) FROM v_orders WHERE state IN ('acknowledged', 'working') AND venue_order_id IS NOT NULL AND attempts = 1")
        #expect(placed == orders, "\(states)")
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }
}
