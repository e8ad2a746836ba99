import CLinux
import OMSCore
import TestSupport
import Testing
import Venues
import Wire

/// `omsd rehearse`, by real processes against simulated venues.
@Suite struct RehearsalTests {
    static let venues = TestAccount.all().map(\.venue)

    struct Told {
        let code: Int32
        let output: String
        let json: JSON?

        /// By name; nil: no such assumption was told of.
        func verdict(_ name: String) -> String? { line(name)?["verdict"]?.string }
        func line(_ name: String) -> JSON? { json?["assumptions"]?.array?.first { $0["name"]?.string == name } }
        var contradicted: [String] {
            (json?["assumptions"]?.array ?? []).filter { $0["verdict"]?.string == "contradicts" }.compactMap { $0["name"]?.string }
        }
    }

    static func rehearse(_ house: House, _ words: [String] = [], seconds: Double = 60) throws -> Told {
        let (code, output) = try ChildProcess.run(
            "omsd", ["rehearse", "--config", house.configuration, "--account", house.accounts[0].name, "--json"] + words, in: house.scratch,
            seconds: seconds)
        let json = output.split(separator: "\n").last { $0.hasPrefix("{") }.flatMap { try? JSONParser.parse(String($0)) }
        return Told(code: code, output: output, json: json)
    }

    static func faults(_ house: ScratchDirectory, _ rules: String) throws -> [String] {
        let path = house.file("faults.json5")
        try writeText(rules, to: path)
        return ["--faults", path]
    }

    @Test(arguments: venues) func `a venue that is as its page says contradicts nothing, and nothing is placed there`(_ venue: String) throws {
        let house = try House([venue], hasStreams: true)
        let account = house.accounts[0]
        let told = try Self.rehearse(house)
        #expect(told.code == 0 && told.contradicted == [], "\(told.output)")
        for name in ["clock", "key", "address", "stamp_margin", "markets", "unknown_id", "stale_question"] {
            #expect(told.verdict(name) == "holds", "\(name): \(told.line(name)?.lines ?? told.output)")
        }
        for name in ["stream:login", "stream:subscription", "stream:heartbeat"] {
            #expect(told.verdict(name) == "holds", "\(name): \(told.line(name)?.lines ?? told.output)")
        }
        // Nor is a simulator the host of the page.
        for name in ["tls", "base_url", "stream:url", "visibility_delay", "memory", "freshness"] {
            #expect(told.verdict(name) == "not_seen", "\(name)")
        }
        if account.profile.accountTellsUID { #expect(told.verdict("uid") == "holds") }
        #expect(told.json?["account"]?.string == account.name && told.json?["orders"]?.integer == 0)
        #expect(try house.journal.number("SELECT count(*) FROM v_rehearsals") == 1)
        #expect(try house.journal.number("SELECT count(*) FROM v_requests WHERE kind <> 'lookup' AND kind <> 'session'") == 0)
        let verified = try house.verify()
        #expect(verified.code == 0, "\(verified.output)")
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    @Test func `through a daemon that runs it asks under the daemon's limits, and status tells of it`() throws {
        let house = try House(["az-futures"])
        let client = try house.start()
        let told = try Self.rehearse(house)
        #expect(told.code == 0, "\(told.output)")
        let account = try #require(client.call("account.list")["accounts"]?.array?.first)
        #expect(account["ready"]?.bool == true && account.member("rehearsal", "contradicted")?.array?.isEmpty == true, "\(account.lines)")
        #expect(account.member("rehearsal", "at")?.integer == told.json?["at"]?.integer)
        let (code, status) = try ChildProcess.run("omsctl", ["--socket", house.socket, "status"], in: house.scratch)
        #expect(code == 0 && status.contains("rehearsed"), "\(status)")
        let words = ["report", "--journal", house.journal.path, "--no-verify"]
        let report = try ChildProcess.run("omsctl", words + ["--json"], in: house.scratch)
        let row = try #require(JSONParser.parse(report.output)["rehearsals"]?.array?.first, "\(report.output)")
        #expect(row["account"]?.string == house.accounts[0].name && row["at"]?.integer == told.json?["at"]?.integer)
        #expect(row["assumptions"]?.array?.count == told.json?["assumptions"]?.array?.count)
        let page = try ChildProcess.run("omsctl", words + ["-o", "-"], in: house.scratch)
        #expect(page.code == 0 && page.output.contains("Assumption by assumption") && page.output.contains("stale_question"))
        #expect(try house.audit().code == 0)
    }

    @Test(arguments: ["az-futures", "xt-spot"]) func `what is not seen of a stream that the daemon holds says so`(_ venue: String) throws {
        let house = try House([venue], hasStreams: true)
        try house.start()
        let told = try Self.rehearse(house)
        #expect(told.code == 0, "\(told.output)")
        let lines = (told.json?["assumptions"]?.array ?? []).filter { $0["name"]?.string?.hasPrefix("stream:") == true }
        let silent = lines.filter { $0["seen"]?.string?.contains("the daemon holds the account's stream") == true }
        #expect(!silent.isEmpty && silent.allSatisfy { $0["verdict"]?.string == "not_seen" }, "\(told.output)")
        #expect(!lines.contains { $0["seen"]?.string?.contains("nothing that was answered shows it") == true }, "\(told.output)")
    }

    @Test func `a contradiction of what promises rest on keeps the account from getting ready until the configuration accepts it`() throws {
        let house = try House(["xt-spot"], options: ["--switch", "xt-spot/old_stamps=taken"])
        #expect(try Self.rehearse(house).code == 1)
        let client = try house.start(untilReady: false)
        func account() throws -> JSON? { try client.call("account.list")["accounts"]?.array?.first }
        try pollUntil("a reason") { try account()?["reason"]?.string?.contains("stale_question") ?? false }
        #expect(try account()?["ready"]?.bool == false)
        house.settings[house.accounts[0].name] = "accept_assumption: { stale_question: \"a simulator\" },"
        try house.writeConfiguration()
        house.daemon?.signal(SIGHUP)
        try house.waitReady(client)
        #expect(try house.journal.texts("SELECT changes FROM v_reloads").joined().contains("accept_assumption.stale_question: none -> a simulator"))
        #expect(try house.stopDaemon() == 0)
        // A start knows it, too.
        try house.start()
    }

    @Test func `without a daemon it touches no account of which something is to be sent`() throws {
        let scratch = ScratchDirectory()
        let rule = "[{ kind: 'place', fault: { type: 'lose_reply_before_execution', then: 'silence' } }]"
        let house = try House(["bybit"], options: Self.faults(scratch, rule))
        let client = try house.start()
        try client.submit(house.accounts[0].intent("left", orders: 2))
        try pollUntil("a request") { try house.journal.number("SELECT count(*) FROM v_requests WHERE kind = 'place'") == 1 }
        try house.killDaemon()
        let told = try Self.rehearse(house)
        #expect(told.code == 75 && told.output.contains("2 orders or cancels"), "\(told.output)")
        #expect(try house.journal.number("SELECT count(*) FROM v_rehearsals") == 0)
    }

    @Test func `a venue that cannot be reached is told, and nothing is said of it`() throws {
        let house = try House(["bybit"])
        house.origins[house.accounts[0].name] = "http://127.0.0.1:1"
        try house.writeConfiguration()
        let told = try Self.rehearse(house)
        #expect(told.code == 74 && told.contradicted == [], "\(told.output)")
        #expect(told.verdict("clock") == "not_seen" && told.line("clock")?["seen"]?.string?.contains("cannot be reached") ?? false, "\(told.output)")
    }

    @Test func `a second rehearsal at once is refused while the first one holds the journal`() throws {
        let scratch = ScratchDirectory()
        let house = try House(["bybit"], options: Self.faults(scratch, "[{ kind: 'public', fault: { type: 'delay', delay_ms: 1000 } }]"))
        let words = ["rehearse", "--config", house.configuration, "--account", house.accounts[0].name]
        let first = try ChildProcess("omsd", words, log: house.scratch.file("first.log"))
        // Who reads while a journal is made keeps its maker from it: the file beside it shows that it is there.
        try pollUntil("its journal: \(first.tail)") { access(house.scratch.file("journal.db-wal"), F_OK) == 0 }
        let second = try ChildProcess.run("omsd", words, in: house.scratch)
        #expect(second.code == 75, "\(second.output)")
        #expect(try first.end(seconds: 60) == 0, "\(first.tail)")
    }

    @Test(arguments: [
        (["--account", "nobody"], 64, "has no account \"nobody\""), (["--symbol", "b\"x"], 64, "is no name of a market"),
        (["--yess"], 64, "unknown option"),
    ])
    func `a command line that cannot be meant is refused with what is wrong`(words: [String], code: Int32, text: String) throws {
        let house = try House(["az-futures"])
        let account = words.contains("--account") ? [] : ["--account", house.accounts[0].name]
        let (ended, output) = try ChildProcess.run("omsd", ["rehearse", "--config", house.configuration] + account + words, in: house.scratch)
        #expect(ended == code && output.contains(text), "\(output)")
    }

    @Test func `a name that nothing at the venue bears is not accepted`() throws {
        let house = try House(["az-futures"])
        house.settings[house.accounts[0].name] = "accept_assumption: { freshnes: \"typo\" },"
        try house.writeConfiguration()
        let (code, output) = try ChildProcess.run("omsd", ["check-config", "--config", house.configuration], in: house.scratch)
        #expect(code == 78 && output.contains("accept_assumption.freshnes") && output.contains("did you mean \"freshness\"?"), "\(output)")
    }
}
