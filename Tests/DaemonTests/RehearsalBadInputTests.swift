import CLinux
import TestSupport
import Testing
import Wire

/// `omsd rehearse` where something is not as it should be: by real processes against simulated venues.
@Suite struct RehearsalBadInputTests {
    private static func open(_ house: House) throws -> Int { try house.journal.number("SELECT count(*) FROM v_orders WHERE closed_at IS NULL") }

    private static func house(_ rule: String, _ venue: String = "bybit") throws -> House {
        let scratch = ScratchDirectory()
        return try House([venue], options: RehearsalTests.faults(scratch, "[\(rule)]"), everywhere: "request_timeout_ms: 1000,")
    }

    @Test(arguments: ["place", "modify", "cancel", "lookup"], ["lose_reply_before_execution", "lose_reply_after_execution"])
    func `an answer that is lost at any step leaves nothing open, and contradicts nothing`(_ kind: String, fault: String) throws {
        let house = try Self.house("{ kind: '\(kind)', count: 2, fault: { type: '\(fault)' } }")
        let told = try RehearsalTests.rehearse(house, RehearsalPlacingTests.words(house), seconds: 180)
        #expect([0, 74].contains(told.code) && told.contradicted == [], "\(told.output)")
        #expect(try Self.open(house) == 0 && house.verify().code == 0)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    @Test func `a cancel that the venue refuses is told, ends the placing, and the next daemon goes on with it`() throws {
        let house = try Self.house("{ kind: 'cancel', fault: { type: 'venue_error', code: '98765', message: 'not now', status: 200 } }")
        let told = try RehearsalTests.rehearse(house, RehearsalPlacingTests.words(house), seconds: 180)
        #expect(told.code == 5 && told.output.contains("may still be open"), "\(told.output)")
        #expect(told.output.contains("the next start of omsd cancels it") && told.json?["orders"]?.integer == 1, "\(told.output)")
        try house.pages.setFaults("[]")
        try house.start(untilReady: false)
        try pollUntil("nothing open") { try Self.open(house) == 0 }
        #expect(try house.audit().code == 0)
    }

    @Test(arguments: [
        "{ kind: 'place', fault: { type: 'item_error', code: '110007', message: 'ab not enough for new order' } }",
        "{ kind: 'place', fault: { type: 'venue_error', code: '10005', message: 'Permission denied', status: 200 } }",
    ])
    func `an order that the account cannot pay, or its key may not place, is told and contradicts nothing`(_ rule: String) throws {
        let house = try Self.house(rule)
        let told = try RehearsalTests.rehearse(house, RehearsalPlacingTests.words(house), seconds: 180)
        #expect(told.code == 74 && told.contradicted == [], "\(told.output)")
        #expect(try Self.open(house) == 0)
        #expect(try house.pages.ledger()["orders"]?.array?.isEmpty == true)
    }

    @Test(arguments: TestAccount.all().filter(\.profile.accountTellsUID).map(\.venue))
    func `a uid that is not the key's is a contradiction, and nothing is placed`(_ venue: String) throws {
        let house = try House([venue])
        let text = try #require(readText(house.configuration))
        try writeText(text.replacing("uid: \"\(house.accounts[0].uid)\"", with: "uid: \"U000\""), to: house.configuration)
        let told = try RehearsalTests.rehearse(house, RehearsalPlacingTests.words(house))
        #expect(told.code == 1 && told.contradicted.contains("uid"), "\(told.output)")
        #expect(told.output.contains("nothing is placed: uid is contradicted"), "\(told.output)")
        #expect(try house.pages.ledger()["orders"]?.array?.isEmpty == true)
    }

    @Test func `an account of the venue that is switched to its demo while orders live is refused`() throws {
        let house = try House(["bitget-uta"])
        let client = try house.start()
        try client.submit(house.accounts[0].intent("live", orders: 1))
        try client.wait("live")
        #expect(try house.stopDaemon() == 0)
        house.settings[house.accounts[0].name] = "demo: true,"
        try house.writeConfiguration()
        let told = try RehearsalTests.rehearse(house)
        #expect(told.code == 78 && told.output.contains("demo"), "\(told.output)")
    }

    @Test func `where the limits are used up it waits for its permits`() throws {
        let house = try House(["bybit"])
        let client = try house.start()
        let account = house.accounts[0].name
        let free = try client.call("limit.list")["budgets"]?.array?.first { $0["budget"]?.string == "lookup:history" }
        let all = try #require(free?["share"]?.integer) - (free?["reserved"]?.integer ?? 0)
        _ = try client.call("limit.take", "{account: '\(account)', budget: 'lookup:history', permits: \(all), hold_ms: 4000}")
        let begun = omsd_clock_us(CLOCK_BOOTTIME)
        let told = try RehearsalTests.rehearse(house)
        #expect(told.code == 0, "\(told.output)")
        #expect(omsd_clock_us(CLOCK_BOOTTIME) - begun > 3_000_000)
        #expect(try house.audit().code == 0)
    }

    @Test func `a daemon whose account is at another place, or signs with another key, is not spoken for`() throws {
        let house = try House(["bybit"], hasSpareKeys: true)
        try house.start()
        _ = try house.rotateKeys()
        let key = try RehearsalTests.rehearse(house)
        #expect(key.code == 78 && key.output.contains("the daemon's account \(house.accounts[0].name) is key "), "\(key.output)")
        house.origins[house.accounts[0].name] = "http://127.0.0.1:1"
        try house.writeConfiguration()
        let place = try RehearsalTests.rehearse(house)
        #expect(place.code == 78 && place.output.contains("and here http://127.0.0.1:1"), "\(place.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_rehearsals") == 0)
    }

    @Test func `a report that cannot be put on record is printed all the same`() throws {
        let scratch = ScratchDirectory()
        let house = try House(["bybit"], options: RehearsalTests.faults(scratch, "[{ kind: 'lookup', fault: { type: 'delay', delay_ms: 300 } }]"))
        try house.start()
        let before = try house.pages.ledger()["requests"]?.array?.count ?? 0
        let words = ["rehearse", "--config", house.configuration, "--account", house.accounts[0].name]
        let command = try ChildProcess("omsd", words, log: house.scratch.file("lost.log"))
        try pollUntil("some questions: \(command.tail)") { try house.pages.ledger()["requests"]?.array?.count ?? 0 > before + 12 }
        try house.killDaemon()
        #expect(try command.end(seconds: 60) == 74, "\(command.tail)")
        #expect(command.output.contains("none of it is on record") && command.output.contains("  holds"), "\(command.output)")
    }
}
