import Testing
import Wire

/// Answers that never come, over a connection that served before.
@Suite struct LostReplyTests {
    @Test(arguments: TestAccount.venues)
    func `a reset after the request was read gives one arrival, an order in doubt, and then its true state`(venue: String) throws {
        let (house, id) = try oneOrder(at: venue, fault: #"{type: "lose_reply_after_execution", then: "reset"}"#)

        #expect(try arrivals(of: id, house) == 1)
        let story = try house.journal.rows("SELECT to_state, evidence FROM v_timeline WHERE client_order_id = '\(id)' ORDER BY seq")
        let states = story.compactMap { $0[0] }
        #expect(Array(states.prefix(3)) == ["intended", "submitted", "in_doubt"], "\(story)")
        #expect(["acknowledged", "working"].contains(states.last ?? ""), "\(story)")
        #expect(story.last?[1] == "query", "\(story)")
        #expect(try house.journal.number("SELECT attempts FROM v_orders WHERE client_order_id = '\(id)'") == 1)
        #expect(try house.audit().code == 0)
    }

    @Test(arguments: ["az-futures", "ascendex"])
    func `an order whose request was reset before it was executed is sent again once it is proven absent`(venue: String) throws {
        let (house, id) = try oneOrder(at: venue, fault: #"{type: "lose_reply_before_execution", then: "reset"}"#)

        let states = try house.journal.texts(
            "SELECT to_state FROM v_timeline WHERE client_order_id = '\(id)' AND to_state IS NOT NULL ORDER BY seq")
        #expect(Array(states.prefix(5)) == ["intended", "submitted", "in_doubt", "intended", "submitted"], "\(states)")
        #expect(try house.journal.number("SELECT attempts FROM v_orders WHERE client_order_id = '\(id)'") == 2)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    /// Places an order well, so that connections are warm, then one whose answer is lost.
    private func oneOrder(at venue: String, fault: String) throws -> (House, id: String) {
        let house = try House([venue])
        let client = try house.start()
        let account = try house.account(venue)
        try client.submit(account.intent("warm", orders: 1))
        try client.wait("warm")
        let kind = account.placeKind
        try house.pages.setFaults("[{venue: '\(venue)', kind: '\(kind)', count: 1, fault: \(fault)}]")

        let ids = try client.submit(account.intent("lost", orders: 1))
        try client.wait("lost")
        return (house, try #require(ids.first))
    }

    private func arrivals(of id: String, _ house: House) throws -> Int {
        let venueID = try house.journal.texts("SELECT venue_order_id FROM v_orders WHERE client_order_id = '\(id)'")
        return try house.pages.requests { request in
            guard ["place", "mixed"].contains(request["kind"]?.string ?? "") else { return false }
            return request["client_order_ids"]?.array?.contains { $0.string == id || venueID.contains($0.string ?? "") } == true
        }.count
    }
}
