import CLinux
import CSQLite
import TestSupport
import Testing
import Wire

/// Who an account is: what was sent for one must never be looked up, or sent, for another.
@Suite struct IdentityTests {
    private func configure(_ house: House, _ changes: [(from: String, to: String)]) throws {
        try house.writeConfiguration()
        var text = try #require(readText(house.configuration))
        for change in changes {
            try #require(text.contains(change.from), "\(change.from) stands in the configuration")
            text = text.replacing(change.from, with: change.to)
        }
        try writeText(text, to: house.configuration)
    }

    private func refuse(_ house: House, _ code: Int32 = 78, _ texts: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let child = try house.launch()
        #expect(try child.end() == code, "\(child.tail)", sourceLocation: sourceLocation)
        for text in texts { #expect(child.output.contains(text), "\(text): \(child.tail)", sourceLocation: sourceLocation) }
    }

    private func execute(_ sql: String, on path: String) throws {
        var connection: OpaquePointer?
        defer { sqlite3_close(connection) }
        guard sqlite3_open(path, &connection) == SQLITE_OK, sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else {
            throw Unexpected("\(sql): \(connection.map { String(cString: sqlite3_errmsg($0)) } ?? "")")
        }
        var keep: Int32 = 1
        sqlite3_file_control(connection, "main", SQLITE_FCNTL_PERSIST_WAL, &keep)
    }

    private func rebind(_ house: House, _ words: [String]) throws -> (code: Int32, output: String) {
        try ChildProcess.run("omsd", ["rebind", "--journal", house.journal.path] + words, in: house.scratch)
    }

    private static let lostBefore =
        "[{kind: 'place', fault: {type: 'lose_reply_before_execution', then: 'silence'}}, "
        + "{kind: 'mixed', fault: {type: 'lose_reply_before_execution', then: 'silence'}}]"

    /// One batch in doubt, which never arrived; and one that waits, trading halted. The daemon was killed.
    private func leaveDoubts(_ house: House) throws {
        let client = try house.start()
        let account = house.accounts[0]
        try house.pages.setFaults(Self.lostBefore)
        try client.submit(account.intent("doubtful", orders: 3))
        try pollUntil("a request without an answer") { try house.journal.states()["submitted"] ?? 0 == 3 }
        _ = try client.call("account.set_state", "{account: '\(account.name)', state: 'reducing', reason: 'wait'}")
        try house.killDaemon()
        try house.pages.setFaults("[]")
    }

    @Test func `an account that is elsewhere, or somebody else, than the journal has it is refused with both named, by check-config too`() throws {
        let house = try House(["az-futures"])
        let account = house.accounts[0]
        try house.start()
        #expect(try house.stopDaemon() == 0)
        let pinned = try #require(try house.journal.texts("SELECT uid || ' ' || origin FROM v_accounts").first)
        #expect(pinned == "\(account.uid) \(house.origin)")

        for (change, words) in [
            (("product: \"usdt\"", "product: \"coin\""), ["az-futures usdt by the journal", "az-futures coin by the configuration"]),
            (("uid: \"\(account.uid)\"", "uid: \"U1\""), ["uid \(account.uid), \(house.origin) by the journal", "uid U1"]),
            (("base_url: \"\(house.origin)\"", "base_url: \"http://127.0.0.1:9\""), ["\(house.origin) by the journal", "http://127.0.0.1:9 by the"]),
            (("base_url: \"\(house.origin)\"", "base_url: \"https://127.0.0.1:\(house.pages.port)\""), ["https://127.0.0.1", "omsd rebind"]),
        ] {
            try configure(house, [change])
            let before = try house.journal.number("SELECT max(seq) FROM events")
            try refuse(house, 78, words)
            let (code, output) = try ChildProcess.run("omsd", ["check-config", "--config", house.configuration], in: house.scratch)
            #expect(code == 78 && words.allSatisfy(output.contains), "\(output)")
            #expect(try house.journal.number("SELECT max(seq) FROM events") == before)
        }
        // Another spelling of the place is no other place.
        try configure(house, [("base_url: \"\(house.origin)\"", "base_url: \"http://LOCALHOST.:\(house.pages.port)/\"")])
        let (code, output) = try ChildProcess.run("omsd", ["check-config", "--config", house.configuration], in: house.scratch)
        #expect(code == 0, "\(output)")
        try house.start()
        #expect(try house.journal.texts("SELECT uid || ' ' || origin FROM v_accounts") == [pinned])
        #expect(try house.verify().code == 0)
    }

    @Test(arguments: ["bitget-margin", "az-futures"])
    func `an account under another name finds the orders of the former, also where markets are listed one by one`(venue: String) throws {
        let house = try House([venue])
        let account = house.accounts[0]
        let client = try house.start()
        try client.submit(account.intent("left", orders: 2))
        try client.wait("left")
        #expect(try house.stopDaemon() == 0)

        try configure(house, [("\"\(account.name)\": {", "renamed: {")])
        let later = try house.start()
        try pollUntil("the breaks: \(house.daemonLogs)") {
            try house.journal.number("SELECT count(*) FROM v_breaks WHERE kind = 'identity' AND account = 'renamed' AND resolved_at IS NULL") == 2
        }
        let row = try #require(try later.call("account.list")["accounts"]?.array?.first)
        #expect(row["last_reconcile_at"]?.integer != nil, "\(row)")
        // Left alone, and looked after again under their name.
        #expect(try house.pages.ledger()["orders"]?.array?.count { $0["state"]?.string == "open" } == 2)
    }

    @Test func `two names of one account, and one key under two uids, are refused`() throws {
        let house = try House(["az-futures"])
        let account = house.accounts[0]
        let entry = "venue: \"az-futures\", product: \"usdt\", uid: \"\(account.uid)\", credentials: \"\(account.name).json\""
        try configure(house, [("accounts: {", "accounts: { other: { \(entry) },")])
        try refuse(house, 78, ["accounts.\(account.name)", "other is az-futures usdt, uid \(account.uid), too"])
        try configure(house, [("accounts: {", "accounts: { other: { \(entry.replacing(account.uid, with: "U2").replacing("usdt", with: "coin")) },")])
        try refuse(house, 78, ["its key (", "is that of other, uid U2"])
    }

    @Test func `credentials files that were swapped are told by the record`() throws {
        let house = try House(["az-futures"], hasStrangers: true)
        let (mine, other) = (house.accounts[0], house.accounts[0].stranger)
        try writeText(other.credentials(), to: house.scratch.file("other.json"))
        let entry =
            "other: { venue: \"az-futures\", product: \"usdt\", uid: \"\(other.uid)\", credentials: \"other.json\", base_url: \"\(house.origin)\" }"
        let second = [("accounts: {", "accounts: { \(entry),")]
        try configure(house, second)
        try house.start()
        #expect(try house.stopDaemon() == 0)

        try writeText(other.credentials(), to: house.scratch.file(mine.name + ".json"))
        try writeText(mine.credentials(), to: house.scratch.file("other.json"))
        try refuse(
            house, 78, ["account \(mine.name), uid \(mine.uid), has the key", "that account other, uid \(other.uid), signed with", "swapped?"])
        // Also where the other account is configured no more.
        try house.writeConfiguration()
        try refuse(house, 78, ["that account other, uid \(other.uid), signed with"])
        // And a name of its own does not hide it.
        try configure(house, [("\"\(mine.name)\": {", "renamed: {")])
        try refuse(house, 78, ["account renamed, uid \(mine.uid), has the key"])
    }

    @Test(arguments: ["az-futures", "xt-spot"])
    func `where nobody can say whose a new key is, what the former one left in doubt is parked and never sent again`(venue: String) throws {
        let house = try House([venue], hasStrangers: true, everywhere: "request_timeout_ms: 60000")
        let account = house.accounts[0]
        try leaveDoubts(house)
        let file = house.scratch.file(account.name + ".json")
        try writeText(account.stranger.credentials(), to: file)

        let client = try house.start()
        _ = try client.call("account.set_state", "{account: '\(account.name)', state: 'active', reason: 'go on'}")
        try client.submit(account.intent("after", orders: 2))
        try client.wait("after")
        let parked = "SELECT count(*) FROM orders WHERE state = 'in_doubt' AND parked_at > 0 AND barred_by = 'key'"
        #expect(try house.journal.number(parked) == 3)
        #expect(try house.stopDaemon() == 0)

        // The right key again: still a person's word, for the record does not say which key carried what.
        try writeText(account.credentials(), to: file)
        #expect(try rebind(house, ["--account", account.name, "--reason", "the right key is back", "--same-venue"]).code == 0)
        let again = try house.start()
        try again.wait("doubtful", seconds: 100)
        #expect(try house.journal.states(where: "intent_id = 'doubtful'").keys.allSatisfy { $0 == "acknowledged" || $0 == "working" })
        let strangers = try house.pages.requests { $0["account"]?.string == account.stranger.uid && ["place", "mixed"].contains($0["kind"]?.string) }
        #expect(strangers.count == 1, "only what was asked for under that key")
        #expect(try house.verify().code == 0)
    }

    @Test(arguments: ["ascendex", "bitget-margin", "bitget-uta"])
    func `where the venue says whose a key is, the key of another account sends nothing, and the right one goes on`(venue: String) throws {
        let house = try House([venue], hasStrangers: true, everywhere: "request_timeout_ms: 60000")
        let account = house.accounts[0]
        try leaveDoubts(house)
        let file = house.scratch.file(account.name + ".json")
        try writeText(account.stranger.credentials(), to: file)

        let client = try house.start(untilReady: false)
        try pollUntil("the venue's word") { try client.call("account.list").lines.contains("of uid \(account.stranger.uid)") }
        let row = try #require(try client.call("account.list")["accounts"]?.array?.first)
        #expect(row["ready"]?.bool == false && row["last_error"]?.string?.contains(account.uid) == true, "\(row.lines)")
        #expect(try house.journal.texts("SELECT kind FROM v_breaks WHERE resolved_at IS NULL") == ["identity"])
        let signed = try house.pages.requests { $0["account"]?.string == account.stranger.uid }
        #expect(!signed.isEmpty && signed.allSatisfy { $0["endpoint"]?.string?.contains("info") == true || $0["kind"]?.string == "lookup" })
        #expect(try house.journal.texts("SELECT key_in_use FROM v_accounts").count == 1)
        #expect(try house.stopDaemon() == 0)

        try writeText(account.credentials(), to: file)
        let again = try house.start()
        try again.wait("doubtful", seconds: 100)
        #expect(try house.journal.number("SELECT count(*) FROM v_breaks WHERE kind = 'identity' AND resolved_at IS NULL") == 0)
        #expect(try house.audit().code == 0)
    }

    private static let mayNotAsk =
        "[{endpoint: 'info', fault: {type: 'venue_error', code: '40014', message: 'Incorrect permissions', status: 400}}]"

    @Test func `a key that may not ask whose it is is taken as the first, and as another one only on a person's word`() throws {
        let house = try House(["bitget-margin"], hasSpareKeys: true, everywhere: "request_timeout_ms: 60000")
        let account = house.accounts[0]
        try house.pages.setFaults(Self.mayNotAsk)
        let first = try house.start()
        try first.submit(account.intent("first", orders: 2))
        try first.wait("first")
        #expect(try house.journal.number("SELECT count(*) FROM v_timeline WHERE detail LIKE '%did not say whose key it is%40014%'") == 1)
        #expect(try house.stopDaemon() == 0)
        try leaveDoubts(house)

        _ = try house.rotateKeys()
        try house.pages.setFaults(Self.mayNotAsk)
        let asked = try house.pages.requests { $0["account"]?.string == account.uid }.count
        let second = try house.start(untilReady: false)
        let reason = "may not ask the venue whose it is (code 40014: Incorrect permissions)"
        try pollUntil("the reason") { try second.call("account.list").lines.contains(reason) }
        let row = try #require(try second.call("account.list")["accounts"]?.array?.first)
        #expect(row["last_error"]?.string?.contains("omsd rebind --account \(account.name) --same-venue") == true, "\(row.lines)")
        #expect(try house.journal.texts("SELECT kind FROM v_breaks WHERE resolved_at IS NULL") == ["identity"])
        let signed = try house.pages.requests { $0["account"]?.string == account.uid }.dropFirst(asked)
        #expect(signed.allSatisfy { $0["endpoint"]?.string == "info" })
        #expect(try house.stopDaemon() == 0)

        // Either way out: a person's word, or the right to ask.
        #expect(try rebind(house, ["--account", account.name, "--reason", "the key is ours", "--same-venue"]).code == 0)
        let third = try house.start()
        _ = try third.call("account.set_state", "{account: '\(account.name)', state: 'active', reason: 'go on'}")
        try third.wait("doubtful", seconds: 100)
        #expect(try house.journal.number("SELECT count(*) FROM v_breaks WHERE kind = 'identity' AND resolved_at IS NULL") == 0)
        #expect(try house.audit().code == 0)
        #expect(try house.verify().code == 0)
    }

    @Test func `a key that was let ask whose it is goes on by itself, and nothing is parked`() throws {
        let house = try House(["bitget-margin"], hasSpareKeys: true, everywhere: "request_timeout_ms: 60000")
        let account = house.accounts[0]
        try leaveDoubts(house)
        _ = try house.rotateKeys()
        try house.pages.setFaults(Self.mayNotAsk)
        let client = try house.start(untilReady: false)
        try pollUntil("the reason") { try client.call("account.list").lines.contains("may not ask the venue whose it is") }
        try house.pages.setFaults("[]")
        _ = try client.call("account.set_state", "{account: '\(account.name)', state: 'active', reason: 'go on'}")
        try client.wait("doubtful", seconds: 100)
        #expect(try house.journal.number("SELECT count(*) FROM v_timeline WHERE kind = 'parked'") == 0)
        #expect(try house.journal.number("SELECT count(*) FROM v_breaks WHERE kind = 'identity' AND resolved_at IS NULL") == 0)
        #expect(try house.audit().code == 0)
    }

    @Test func `where the venue has no page that tells whose a key is, what a former key left in doubt is parked`() throws {
        let house = try House(["bitget-margin"], hasSpareKeys: true, everywhere: "request_timeout_ms: 60000")
        let account = house.accounts[0]
        try leaveDoubts(house)
        _ = try house.rotateKeys()
        try house.pages.setFaults("[{endpoint: 'info', fault: {type: 'unknown_endpoint'}}]")
        let client = try house.start()
        _ = try client.call("account.set_state", "{account: '\(account.name)', state: 'active', reason: 'go on'}")
        try client.submit(account.intent("after", orders: 2))
        try client.wait("after")
        let parked = "SELECT count(*) FROM orders WHERE state = 'in_doubt' AND parked_at > 0 AND barred_by = 'key'"
        #expect(try house.journal.number(parked) == 3)
        #expect(try house.verify().code == 0)
    }

    @Test func `orders that waited for one host go to no other, however it is told of the move`() throws {
        let (sandbox, live) = (try House(["az-futures"]), try House(["az-futures"]))
        let account = sandbox.accounts[0]
        try leaveDoubts(sandbox)
        sandbox.origins[account.name] = live.origin
        try sandbox.writeConfiguration()
        try refuse(sandbox, 78, [sandbox.origin, live.origin])
        #expect(try live.pages.ledger()["orders"]?.array?.isEmpty == true)

        let (code, output) = try rebind(sandbox, ["--account", account.name, "--base-url", live.origin, "--reason", "we go live"])
        #expect(code == 0 && output.contains("3 in doubt are parked"), "\(output)")
        let (sound, report) = try sandbox.verify()
        #expect(sound == 0, "\(report)")
        let client = try sandbox.start(untilReady: false)
        // The other host does not know the key: only that it is asked matters.
        try pollUntil("a word of the other host") { try client.call("account.list").lines.contains("last_error\":\"") }
        #expect(try live.pages.ledger()["orders"]?.array?.isEmpty == true)
        #expect(try sandbox.journal.number("SELECT count(*) FROM orders WHERE state = 'in_doubt' AND barred_by = 'elsewhere' AND parked_at > 0") == 3)
    }

    @Test func `a journal that did not know its accounts parks what is in doubt until a person says that nothing moved`() throws {
        let house = try House(["az-futures"], everywhere: "request_timeout_ms: 60000")
        let account = house.accounts[0]
        try leaveDoubts(house)
        // As the upgrade of a first version's journal leaves it.
        let forget = "UPDATE identities SET uid = NULL, origin = NULL;"
        try execute(forget, on: house.journal.path)

        let client = try house.start()
        _ = try client.call("account.reconcile", "{account: '\(account.name)'}")
        let parked = "SELECT count(*) FROM orders WHERE state = 'in_doubt' AND parked_at > 0 AND barred_by = 'identity'"
        #expect(try house.journal.number(parked) == 3)
        #expect(try house.journal.texts("SELECT uid FROM v_accounts") == [account.uid])
        #expect(try house.stopDaemon() == 0)
        #expect(try rebind(house, ["--account", account.name, "--reason", "nothing moved", "--same-venue"]).code == 0)
        let again = try house.start()
        _ = try again.call("account.set_state", "{account: '\(account.name)', state: 'active', reason: 'go on'}")
        try again.wait("doubtful", seconds: 100)
        #expect(try house.audit().code == 0)
        #expect(try house.verify().code == 0)
    }

    @Test func `rebind wants a journal, an account that it knows, a change or that there is none, a reason, and no daemon`() throws {
        let house = try House(["az-futures"])
        let account = house.accounts[0]
        let client = try house.start()
        try client.submit(account.intent("resting", orders: 2))
        try client.wait("resting")
        let right = ["--account", account.name, "--uid", "U77", "--reason", "misspelt", "--same-venue"]
        #expect(try rebind(house, right).code == 75)
        #expect(try house.stopDaemon() == 0)

        for words in [
            ["--account", account.name, "--uid", "U77"], ["--account", account.name, "--reason", " "], ["--account", "nobody", "--reason", "why"],
            ["--account", account.name, "--reason", "why", "--uid", "a b"],
            ["--account", account.name, "--reason", "why", "--base-url", "http://venue"],
            ["--account", account.name, "--reason", "why", "--base-url", "https://venue/path"], ["--account", account.name, "--reason", "why"],
        ] {
            let (code, output) = try rebind(house, words)
            #expect(code == 64, "\(words): \(output)")
        }
        let (code, output) = try rebind(house, right)
        #expect(code == 0, "\(output)")
        #expect(try house.journal.texts("SELECT uid FROM v_accounts") == ["U77"])
        #expect(
            try house.journal.texts("SELECT actor FROM v_timeline WHERE kind = 'account' AND detail LIKE '%rebind%' ORDER BY seq DESC LIMIT 1").first?
                .hasPrefix("uid:") == true)
        try refuse(house, 78, ["uid U77"])
        #expect(try rebind(house, ["--account", account.name, "--uid", account.uid, "--reason", "it was right", "--same-venue"]).code == 0)
        try house.start()
        #expect(try house.verify().code == 0)
    }
}
