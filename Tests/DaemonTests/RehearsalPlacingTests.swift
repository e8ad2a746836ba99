import CLinux
import OMSCore
import TestSupport
import Testing
import Venues
import Wire

/// `omsd rehearse --place`, by real processes against simulated venues.
@Suite struct RehearsalPlacingTests {
    static let venues = TestAccount.all().map(\.venue)

    static func words(_ house: House, _ price: String? = nil) -> [String] {
        let market = house.accounts[0].sample.markets[0]
        return ["--place", "--symbol", market.symbol.text, "--price", price ?? market.price.description, "--yes"]
    }

    @Test(arguments: venues) func `orders are placed, seen, cancelled and seen again, and nothing rests behind it`(_ venue: String) throws {
        let house = try House([venue])
        let told = try RehearsalTests.rehearse(house, Self.words(house))
        #expect(told.code == 0 && told.contradicted == [], "\(told.output)")
        for name in ["visibility_delay", "find_steps"] { #expect(told.verdict(name) == "holds", "\(name): \(told.line(name)?.lines ?? told.output)") }
        #expect(told.json?["orders"]?.integer == 4)
        #expect(try house.journal.states() == ["canceled": 4])
        #expect(try house.journal.texts("SELECT DISTINCT tag FROM v_orders") == ["rehearsal"])
        #expect(try house.journal.texts("SELECT state FROM v_guards") == ["released"])
        #expect(try house.verify().code == 0)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    @Test func `a venue that shows orders late is found to, and the account does not get ready`() throws {
        let scratch = ScratchDirectory()
        let profile = try #require(TestAccount.all().first { $0.venue == "bybit" }).profile
        let late = profile.visibilityDelayMs + 2_000
        let rules = "[{ kind: 'place', fault: { type: 'late_visibility', delay_ms: \(late) } }]"
        let house = try House(["bybit"], options: RehearsalTests.faults(scratch, rules))
        let told = try RehearsalTests.rehearse(house, Self.words(house), seconds: 240)
        #expect(told.code == 1 && told.contradicted == ["visibility_delay"], "\(told.output)")
        #expect(told.line("visibility_delay")?["seen"]?.string?.contains("at most") ?? false, "\(told.output)")
        let client = try house.start(untilReady: false)
        try pollUntil("a reason") {
            try client.call("account.list")["accounts"]?.array?.first?["reason"]?.string?.contains("visibility_delay") ?? false
        }
    }

    @Test func `through a daemon that runs orders go the daemon's way, beside its others`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let ids = try client.submit(house.accounts[0].intent("mine", orders: 2))
        try client.wait("mine")
        let told = try RehearsalTests.rehearse(house, Self.words(house))
        #expect(told.code == 0, "\(told.output)")
        #expect(try house.journal.states()["canceled"] == 4)
        for id in ids { #expect(try client.call("order.get", "{client_order_id: '\(id)'}")["closed_at"]?.integer == nil) }
    }

    @Test func `killed at twenty points it leaves no order open once the daemon has run`() throws {
        let house = try House(["bybit"])
        func lines() -> Int { (try? house.journal.number("SELECT coalesce(max(seq), 0) FROM v_timeline")) ?? 0 }
        for point in 1...20 {
            let words = ["rehearse", "--config", house.configuration, "--account", house.accounts[0].name] + Self.words(house)
            let before = lines()
            let command = try ChildProcess("omsd", words, log: house.scratch.file("killed-\(point).log"))
            // By what it has on record, so that each run is cut at another step of its way.
            try pollUntil("step \(point): \(command.tail)") { command.exitCode != nil || lines() >= before + 2 * point }
            command.signal(SIGKILL)
            #expect(try command.end() == 128 + SIGKILL, "\(point): it was over before \(command.tail)")
            try house.start()
            try pollUntil("nothing open") { try house.journal.number("SELECT count(*) FROM v_orders WHERE closed_at IS NULL") == 0 }
            #expect(try house.stopDaemon() == 0)
        }
        #expect(try house.verify().code == 0)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    @Test(arguments: [false, true]) func `stopped by Ctrl-C in the middle it leaves no order open, whoever placed it`(_ isThroughDaemon: Bool) throws
    {
        let house = try House(["bybit"])
        if isThroughDaemon { try house.start() }
        func lines() -> Int { (try? house.journal.number("SELECT coalesce(max(seq), 0) FROM v_timeline")) ?? 0 }
        for point in 1...4 {
            let words = ["rehearse", "--config", house.configuration, "--account", house.accounts[0].name] + Self.words(house)
            let before = lines()
            let command = try ChildProcess("omsd", words, log: house.scratch.file("stopped-\(point).log"))
            try pollUntil("step \(point): \(command.tail)") { command.exitCode != nil || lines() >= before + 4 + 7 * point }
            command.signal(SIGINT)
            #expect(try command.end() == (isThroughDaemon ? 128 + SIGINT : 5), "\(point): \(command.tail)")
            if !isThroughDaemon { try house.start() }
            try pollUntil("nothing open") { try house.journal.number("SELECT count(*) FROM v_orders WHERE closed_at IS NULL") == 0 }
            if !isThroughDaemon { #expect(try house.stopDaemon() == 0) }
        }
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    @Test(arguments: [
        (["--place", "--yes"], "--place needs --symbol"), (["--symbol", "BTCUSDT", "--price", "1"], "go with --place"),
        (["--place", "--symbol", "BTCUSDT"], "--yes says that it may"),
        (["--place", "--symbol", "BTCUSDT", "--yes", "--price", "-1"], "is no price"),
    ])
    func `what would place without being told to, or cannot, is refused`(words: [String], text: String) throws {
        let house = try House(["bybit"])
        let all = ["rehearse", "--config", house.configuration, "--account", house.accounts[0].name] + words
        let (code, output) = try ChildProcess.run("omsd", all, in: house.scratch)
        #expect(code == 64 && output.contains(text), "\(output)")
    }

    @Test func `a market that is not there, or an account that is halted, has nothing placed in it`() throws {
        let house = try House(["bybit"])
        let unknown = try RehearsalTests.rehearse(house, ["--place", "--symbol", "NONEUSDT", "--price", "1", "--yes"])
        #expect(unknown.code == 74 && unknown.output.contains("there is no market NONEUSDT"), "\(unknown.output)")
        let client = try house.start()
        _ = try client.call("account.set_state", "{account: '\(house.accounts[0].name)', state: 'halted', reason: 'lunch'}")
        let halted = try RehearsalTests.rehearse(house, Self.words(house))
        #expect(halted.code == 74 && halted.output.contains("it is halted: lunch"), "\(halted.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 0)
    }

    @Test func `an order that risk does not allow is told in risk's words, and nothing of it is placed`() throws {
        let house = try House(["bybit"], everywhere: "risk: { max_order_notional: \"0.01\" },")
        let told = try RehearsalTests.rehearse(house, Self.words(house))
        #expect(told.code == 74 && told.output.contains("risk.max_order_notional"), "\(told.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 0)
    }

    @Test func `an order that trades all the same is told, and is no contradiction`() throws {
        let house = try House(["bybit"], options: ["--fill", "1"])
        let told = try RehearsalTests.rehearse(house, Self.words(house))
        #expect(told.code == 74 && told.contradicted == [] && told.output.contains("executed"), "\(told.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE closed_at IS NULL") == 0)
    }

    @Test func `without a price, and without an order that shows one, nothing is placed`() throws {
        let house = try House(["bybit"])
        let told = try RehearsalTests.rehearse(house, ["--place", "--symbol", house.accounts[0].symbol, "--yes"])
        #expect(told.code == 74 && told.output.contains("--price P says where"), "\(told.output)")
    }

}
