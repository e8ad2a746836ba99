import CLinux
import TestSupport
import Testing
import Wire

/// What leaves a rehearsal that is in the daemon's place, whatever is on record: by real processes against simulated venues.
@Suite struct RehearsalLeavingTests {
    /// Requests that change anything at the venue, in the order in which they came.
    private static func changes(_ house: House) throws -> [JSON] {
        try house.pages.requests { ["place", "cancel", "modify", "mixed"].contains($0["kind"]?.string ?? "") }
    }

    @Test func `a cancel-all whose answer was lost with the daemon waits for the next one: a rehearsal between them sends none`() throws {
        let house = try House(["az-futures"], everywhere: "request_timeout_ms: 1000")
        let client = try house.start()
        let account = house.accounts[0]
        try house.pages.post(
            "/_sim/place",
            #"{"venue":"\#(account.venue)","account":"\#(account.uid)","product":"\#(account.product)","symbol":"\#(account.symbol)","side":"buy","#
                + #""quantity":"10","price":"38000"}"#)
        try house.pages.setFaults("[{ kind: 'cancel', endpoint: 'order-cancel-all', fault: { type: 'lose_reply_before_execution' } }]")
        _ = try client.call("account.set_state", "{account: '\(account.name)', state: 'halted', reason: 'r', cancel_open: true, everything: true}")
        try pollUntil("a cancel-all") { try !Self.changes(house).isEmpty }
        try house.killDaemon()
        try house.pages.setFaults("[]")
        let before = try Self.changes(house).count
        #expect(try RehearsalTests.rehearse(house).code == 0)
        let placing = try RehearsalTests.rehearse(house, RehearsalPlacingTests.words(house))
        #expect(placing.code == 74 && placing.output.contains("it is halted: r"), "\(placing.output)")
        #expect(try Self.changes(house).count == before)
        #expect(try house.pages.ledger()["orders"]?.array?.first?["state"]?.string != "canceled")
        try house.start(untilReady: false)
        try pollUntil("the cancel-all") { try house.pages.ledger()["orders"]?.array?.first?["state"]?.string == "canceled" }
    }

    @Test(arguments: ["az-futures", "ascendex"], [false, true])
    func `what a guard stands for is left to the next daemon, and a rehearsal cancels its own alone`(
        _ venue: String, places: Bool
    ) throws {
        let house = try House([venue])
        let client = try house.start()
        _ = try client.call("session.guard", "{on_lost: 'cancel', grace_ms: 0}")
        let ids = try client.submit(house.accounts[0].intent("guarded", orders: 2))
        try client.wait("guarded")
        try house.killDaemon()
        let before = try Self.changes(house).count
        let told = try RehearsalTests.rehearse(house, places ? RehearsalPlacingTests.words(house) : [])
        #expect(told.code == 0, "\(told.output)")
        #expect(try (Self.changes(house).count == before) == !places)
        for id in ids {
            #expect(try house.journal.texts("SELECT closed_at FROM v_orders WHERE client_order_id = '\(id)'") == ["NULL"])
            #expect(try house.journal.number("SELECT count(*) FROM v_commands WHERE client_order_id = '\(id)'") == 0)
        }
        try house.start()
        try pollUntil("the guard's trip") { try house.journal.number("SELECT count(*) FROM v_orders WHERE closed_at IS NULL") == 0 }
        #expect(try house.verify().code == 0)
    }

    @Test func `what a rehearsal left open is told by one that only asks, and cancelled by one that places`() throws {
        let house = try House(["bybit"])
        let client = try house.start()
        let account = house.accounts[0]
        let item = account.item(more: ", client_order_id: 'rhleft'")
        _ = try client.call("intent.submit", "{intent_id: 'left', account: '\(account.name)', tag: 'rehearsal', place: [\(item)]}")
        try client.wait("left")
        let mine = try client.submit(account.intent("mine", orders: 1))
        try client.wait("mine")
        #expect(try house.stopDaemon() == 0)
        let asking = try RehearsalTests.rehearse(house)
        #expect(asking.code == 5 && asking.output.contains("still open: rhleft; the next start of omsd cancels it"), "\(asking.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_commands") == 0)
        let placing = try RehearsalTests.rehearse(house, RehearsalPlacingTests.words(house))
        #expect(placing.code == 0, "\(placing.output)")
        #expect(try house.journal.texts("SELECT client_order_id FROM v_orders WHERE closed_at IS NULL") == mine)
    }

    @Test func `while one rehearsal is under way by a configuration another is refused, through a daemon as well`() throws {
        let house = try House(["bybit"])
        try house.start()
        let held = omsd_open_to_read(house.configuration)
        #expect(omsd_lock_file(held) == 0)
        let refused = try RehearsalTests.rehearse(house)
        #expect(refused.code == 75 && refused.output.contains("is under way"), "\(refused.output)")
        close(held)
        #expect(try RehearsalTests.rehearse(house).code == 0)
    }
}
