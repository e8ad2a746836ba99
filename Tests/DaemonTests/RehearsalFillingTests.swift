import CLinux
import OMSCore
import TestSupport
import Testing
import Venues
import Wire

/// `omsd rehearse --place --fill`, by real processes against simulated venues.
@Suite struct RehearsalFillingTests {
    /// Above the reference price of the simulator's first market of each venue, by little: most bands let it through.
    static func words(_ house: House, atMost: String? = nil) -> [String] {
        let price = house.accounts[0].sample.markets[0].price
        let above = price.units / 100 * 104
        return RehearsalPlacingTests.words(house) + ["--fill", "--at-most", atMost ?? Decimal(units: above).description]
    }

    /// What is not seen against a simulator though a rehearsal can: hosts that are not the page's, and what the simulator's venue does not say by default.
    private static func isUnseen(_ name: String, _ account: TestAccount) -> Bool {
        if ["base_url", "tls", "demo", "stream:url", "stream:demo_url"].contains(name) || name.hasPrefix("limit:") { return true }
        // Nothing says what a key may do besides, and nothing is open. No push of margin bears a version.
        if ["rights", "open_orders"].contains(name) { return true }
        return account.venue == "bitget-margin" && name == "stream:versions"
    }

    /// `OMSD_WRITE_DOCS=1 swift test --filter RehearsalFillingTests` writes the tables anew.
    @Test(arguments: Set(VenueCatalog.all.map(\.page)).sorted())
    func
        `where all holds every assumption that a rehearsal can show is seen, one order executes, the command ends with 0, and the page has its table`(
            _ page: String
        ) throws
    {
        let path = String(#filePath.dropLast("Tests/DaemonTests/RehearsalFillingTests.swift".count)) + "docs/venues/\(page).md"
        let text = try #require(readText(path))
        var whole = text
        for line in VenueCatalog.all where line.page == page {
            let told = try Self.rehearsed(line.venue)
            let begin = "<!-- rehearsed at omsim as \(line.venue): made by omsd rehearse -->\n"
            let start = try #require(whole.firstRange(of: begin), "\(begin) is not on the page").upperBound
            let stop = try #require(whole.firstRange(of: "<!-- end of what was rehearsed as \(line.venue) -->")).lowerBound
            whole = String(whole[..<start]) + Self.table(told) + whole[stop...]
        }
        if getenv("OMSD_WRITE_DOCS") != nil { try writeText(whole, to: path, mode: 0o644) } else { #expect(text == whole) }
    }

    /// What was told, without what is another in each run.
    private static func table(_ told: RehearsalTests.Told) -> String {
        let lines = (told.json?["assumptions"]?.array ?? []).map { line in
            let isHeld = line["verdict"]?.string == "holds"
            return "| `\(line["name"]?.string ?? "")` | \(isHeld ? "holds" : "not seen: \(line["seen"]?.string ?? "")") |\n"
        }
        return "| Name | Seen |\n|---|---|\n" + lines.joined()
    }

    private static func rehearsed(_ venue: String) throws -> RehearsalTests.Told {
        let house = try House([venue], hasStreams: true)
        let account = house.accounts[0]
        try BrokenAssumptionTests.trade(house)
        let told = try RehearsalTests.rehearse(house, words(house), seconds: 180)
        #expect(told.code == 0 && told.contradicted == [], "\(told.output)")
        for assumption in try #require(VenueCatalog.line(venue)).assumptions(account.product) {
            let isHeld = assumption.sight != .nothing && !isUnseen(assumption.name, account)
            if isHeld { #expect(told.verdict(assumption.name) == "holds", "\(told.line(assumption.name)?.lines ?? assumption.name)") }
            if assumption.sight == .nothing, !assumption.name.hasPrefix("limit:") {
                #expect(told.verdict(assumption.name) == "not_seen", "\(assumption.name)")
            }
        }
        #expect(told.json?["orders"]?.integer == 8)
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE closed_at IS NULL") == 0)
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE filled_quantity <> '0'") == 1)
        #expect(told.output.contains("omsd: bought ") && told.output.contains("TO EXECUTE"), "\(told.output)")
        #expect(try house.verify().code == 0)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
        return told
    }

    @Test func `through a daemon that listens to its stream it buys, and what the daemon heard is what was bought`() throws {
        let house = try House(["okx"], hasStreams: true)
        try house.start()
        let told = try RehearsalTests.rehearse(house, Self.words(house), seconds: 120)
        #expect(told.code == 0 && told.verdict("stream:fills") == "holds", "\(told.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE filled_quantity <> '0'") == 1)
        #expect(try house.audit().code == 0)
    }

    @Test func `in a market without room nothing is bought, and nothing is contradicted`() throws {
        let house = try House(["bybit"])
        let price = house.accounts[0].sample.markets[0].price
        let told = try RehearsalTests.rehearse(
            house, Self.words(house, atMost: Decimal(units: price.units / 1_000 * 1_001).description), seconds: 120)
        #expect(told.code == 74 && told.contradicted == [] && told.output.contains("nothing executed at"), "\(told.output)")
        #expect(!told.output.contains("omsd: bought"))
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE closed_at IS NULL OR filled_quantity <> '0'") == 0)
    }

    /// Of Bybit's requests: behind four orders, one under an open id and one too late comes the batch, then the one that executes; behind four cancels those
    /// of the batch; and look-ups all the way.
    @Test(
        arguments: [
            "{ kind: 'place', after: 6, count: 1, ", "{ kind: 'place', after: 7, count: 1, ", "{ kind: 'cancel', after: 4, ",
            "{ kind: 'lookup', after: 40, every: 3, ",
        ],
        ["lose_reply_before_execution", "lose_reply_after_execution"])
    func `a connection that is lost at any step buys at most once, leaves nothing open, and contradicts nothing`(_ rule: String, fault: String) throws
    {
        let house = try House(["bybit"], everywhere: "request_timeout_ms: 1000,")
        let count = rule.contains("cancel") ? "count: 2, " : ""
        try house.pages.setFaults("[\(rule)\(count)fault: { type: '\(fault)' } }]")
        let told = try RehearsalTests.rehearse(house, Self.words(house), seconds: 240)
        #expect([0, 74].contains(told.code) && told.contradicted == [], "\(told.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE closed_at IS NULL") == 0)
        #expect(try house.pages.ledger()["executions"]?.array?.count ?? 0 <= 1)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    @Test(arguments: ["bybit", "bitget-uta"]) func `a stream that is cut while something executes shows nothing, and contradicts nothing`(
        _ venue: String
    ) throws {
        let house = try House([venue], hasStreams: true)
        try house.pages.setFaults("[{ channel: 'order', fault: { type: 'stream_close' } }]")
        let told = try RehearsalTests.rehearse(house, Self.words(house), seconds: 120)
        #expect(told.code == 0 && told.contradicted == [], "\(told.output)")
        #expect(told.verdict("stream:fills") == "not_seen" && told.verdict("fills") == "holds", "\(told.output)")
    }

    @Test func `killed at ten points behind what it places it leaves nothing open, buys at most once, and the next one tells what was bought`() throws
    {
        let house = try House(["bybit"])
        func lines() -> Int { (try? house.journal.number("SELECT coalesce(max(seq), 0) FROM v_timeline")) ?? 0 }
        func bought() throws -> Int { try house.journal.number("SELECT count(*) FROM v_orders WHERE filled_quantity <> '0'") }
        var known = 0
        for point in 1...10 {
            let words = ["rehearse", "--config", house.configuration, "--account", house.accounts[0].name] + Self.words(house)
            // Four orders, their cancels and a change: what comes behind them is the part in which something executes.
            func intents() -> Int { (try? house.journal.number("SELECT count(*) FROM v_intents")) ?? 0 }
            let batch = intents()
            let command = try ChildProcess("omsd", words, log: house.scratch.file("filled-\(point).log"))
            try pollUntil("the batch \(point): \(command.tail)") { command.exitCode != nil || intents() >= batch + 10 }
            let before = lines()
            try pollUntil("step \(point): \(command.tail)") { command.exitCode != nil || lines() >= before + 6 * (point - 1) }
            command.signal(SIGKILL)
            _ = try command.end()
            let wasTold = try house.journal.number("SELECT orders FROM v_rehearsals ORDER BY at DESC LIMIT 1") > 0
            try house.start()
            try pollUntil("nothing open") { try house.journal.number("SELECT count(*) FROM v_orders WHERE closed_at IS NULL") == 0 }
            #expect(try house.stopDaemon() == 0)
            let now = try bought()
            #expect(now - known <= 1)
            if now > known, !wasTold {
                let next = try RehearsalTests.rehearse(house, RehearsalPlacingTests.words(house), seconds: 120)
                #expect(next.output.contains("a rehearsal that did not tell it bought"), "\(point): \(next.output) \(command.tail)")
            }
            known = now
        }
        #expect(try house.verify().code == 0)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    @Test func `stopped by Ctrl-C while it buys it leaves nothing open`() throws {
        let house = try House(["bybit"])
        let words = ["rehearse", "--config", house.configuration, "--account", house.accounts[0].name] + Self.words(house)
        let command = try ChildProcess("omsd", words, log: house.scratch.file("stopped.log"))
        func intents() -> Int { (try? house.journal.number("SELECT count(*) FROM v_intents")) ?? 0 }
        try pollUntil("the batch: \(command.tail)") { command.exitCode != nil || intents() >= 10 }
        command.signal(SIGINT)
        #expect(try command.end() == 5, "\(command.tail)")
        try house.start()
        try pollUntil("nothing open") { try house.journal.number("SELECT count(*) FROM v_orders WHERE closed_at IS NULL") == 0 }
        #expect(try house.audit().code == 0)
    }

    @Test(arguments: [
        (["--fill"], "--price, --fill and --yes go with --place"), (["--at-most", "7"], "--at-most goes with --fill"),
        (["--place", "--symbol", "BTCUSDT", "--yes", "--at-most", "7"], "--at-most goes with --fill"),
        (["--place", "--symbol", "BTCUSDT", "--yes", "--fill", "--at-most", "0"], "is no price"),
        (["--place", "--symbol", "BTCUSDT", "--fill"], "--yes says that it may"),
    ])
    func `what would buy without being told to, or cannot, is refused`(words: [String], text: String) throws {
        let house = try House(["bybit"])
        let all = ["rehearse", "--config", house.configuration, "--account", house.accounts[0].name] + words
        let (code, output) = try ChildProcess.run("omsd", all, in: house.scratch)
        #expect(code == 64 && output.contains(text), "\(output)")
    }

    @Test func `what may cost no more than what rests, or more than risk allows, buys nothing`() throws {
        let house = try House(["bybit"])
        let cheap = try RehearsalTests.rehearse(house, Self.words(house, atMost: "1"))
        #expect(cheap.code == 74 && cheap.output.contains("is no higher than the price of what is to rest"), "\(cheap.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == 0)
    }
}
