import CLinux
import TestSupport
import Testing
import Wire

/// Keys that change, and keys that a venue takes no more.
@Suite struct KeyTests {
    @Test
    func `new keys settle what the old ones left in doubt where the venue says whose they are, else once a person does, and the record names both`()
        throws
    {
        let house = try House(hasSpareKeys: true, everywhere: "request_timeout_ms: 1000")
        let client = try house.start()
        let rules = ["place", "mixed"].flatMap { kind in
            [
                "{kind: '\(kind)', probability: 0.4, fault: {type: 'lose_reply_after_execution', then: 'silence'}}",
                "{kind: '\(kind)', probability: 0.4, fault: {type: 'lose_reply_before_execution', then: 'silence'}}",
            ]
        }
        try house.pages.setFaults("[\(rules.joined(separator: ",")), {kind: 'lookup', fault: {type: 'reset'}}]")
        for account in house.accounts {
            // Several requests of each: one alone might have had its answer.
            for number in 0..<4 { try client.submit(account.intent("under-way-\(number)-\(account.name)", orders: 5)) }
        }
        try pollUntil("orders in doubt") { try house.journal.states()["in_doubt"] ?? 0 > 0 }
        try house.killDaemon()
        let unsettled = try house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('submitted', 'in_doubt')")
        #expect(unsettled > 0)
        try house.pages.setFaults("[]")

        let keys = try house.rotateKeys()
        let second = try house.start()
        let tells = Set(
            house.accounts.filter(\.profile.accountTellsUID).map(\.name))
        for account in house.accounts {
            try second.submit(account.intent("after-\(account.name)", orders: 5))
            try second.wait("after-\(account.name)")
            guard tells.contains(account.name) else { continue }
            for number in 0..<4 { try second.wait("under-way-\(number)-\(account.name)", seconds: 100) }
        }
        // Elsewhere an order that the new key does not find may rest in the old key's account.
        let told = tells.map { "'\($0)'" }.joined(separator: ",")
        try pollUntil("what can be found is found") {
            try house.journal.number(
                "SELECT count(*) FROM v_orders WHERE state IN ('intended', 'submitted') OR state = 'in_doubt' AND account IN (\(told))") == 0
        }
        let doubtful = try house.journal.number("SELECT count(*) FROM v_in_doubt")
        #expect(doubtful > 0)
        #expect(try house.journal.number("SELECT count(*) FROM orders WHERE state = 'in_doubt' AND parked_at > 0 AND barred_by = 'key'") == doubtful)
        #expect(try house.stopDaemon() == 0)
        for account in house.accounts where !tells.contains(account.name) {
            let words = ["rebind", "--journal", house.journal.path, "--account", account.name, "--reason", "the key was changed", "--same-venue"]
            let (code, output) = try ChildProcess.run("omsd", words, in: house.scratch)
            #expect(code == 0, "\(output)")
        }
        let third = try house.start()
        for account in house.accounts { for number in 0..<4 { try third.wait("under-way-\(number)-\(account.name)", seconds: 100) } }

        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('acknowledged', 'working')") == 25 * house.accounts.count)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
        let (code, report) = try house.verify()
        #expect(code == 0, "\(report)")
        let notes = try house.journal.texts("SELECT json_extract(detail, '$.note') FROM v_timeline WHERE detail LIKE '%signs with key%' ORDER BY seq")
        let (old, new) = (keys.old.map(fingerprint), keys.new.map(fingerprint))
        let again = zip(house.accounts, new).filter { !tells.contains($0.0.name) }.map { "signs with key \($0.1)" }
        let expected = old.map { "signs with key \($0)" } + zip(old, new).map { "signs with key \($1), until now with \($0)" } + again
        #expect(notes.map { $0.split(separator: ";").first.map(String.init) ?? "" }.sorted() == expected.sorted())
        // By fingerprint only; a start with the same keys says nothing new.
        for file in ["journal.db", "journal.db-wal"] {
            let bytes = String(decoding: readBytes(house.scratch.file(file)) ?? [], as: UTF8.self)
            for key in keys.old + keys.new { #expect(!bytes.contains(key), "\(file) holds a key's id") }
        }
        try house.killDaemon()
        try house.start()
        #expect(try house.journal.number("SELECT count(*) FROM v_timeline WHERE detail LIKE '%signs with key%'") == notes.count)
    }

    @Test(arguments: TestAccount.venues)
    func `a key that is revoked under way stops its account: intents are kept, few requests ask on, and resume ends it`(venue: String) throws {
        let house = try House([venue], everywhere: "batch_max: 2")
        let client = try house.start()
        let account = house.accounts[0]
        let resting = try client.submit(account.intent("resting", orders: 40))
        try client.wait("resting")
        // All that is signed is refused from now on; some orders are in doubt, some cancels wanted.
        let kind = account.placeKind
        try house.pages.setFaults("[{kind: '\(kind)', fault: {type: 'lose_reply_after_execution'}}, {kind: 'lookup', fault: {type: 'reset'}}]")
        try client.submit(account.intent("lost", orders: 6))
        try pollUntil("doubts") { try house.journal.states(where: "intent_id = 'lost'") == ["in_doubt": 6] }
        try house.pages.setFaults("[{account: '\(account.uid)', fault: {type: 'wrong_account'}}]")
        try client.submit(account.intent("kept", orders: 20))
        try pollUntil("the halt: \(house.daemonLogs)") { try house.journal.texts("SELECT state FROM v_trading_state") == ["halted"] }
        let haltedAt = omsd_clock_us(CLOCK_REALTIME)
        let list = resting.map { "\"\($0)\"" }.joined(separator: ",")
        try client.submit(#"{"account":"\#(account.name)","intent_id":"withdraw","cancel":[\#(list)]}"#)

        try pollUntil("six seconds of refusals") { omsd_clock_us(CLOCK_REALTIME) - haltedAt > 6_000_000 }
        // What was under way met the first second. Then questions and cancels come alone, after pauses of 1 and 2 seconds.
        let refused = try house.pages.requests { $0["fault"]?.string == "wrong_account" && ($0["at"]?.integer ?? 0) > haltedAt + 1_000_000 }.count
        #expect((1...7).contains(refused), "\(refused) refused requests in five seconds")
        let reason = try house.journal.texts("SELECT reason FROM v_trading_state").first ?? ""
        #expect(reason.hasPrefix("venue: ") && reason.utf8.count > 10, "\(reason)")
        #expect(try house.journal.states(where: "intent_id = 'kept'") == ["intended": 20])
        #expect(try house.journal.states(where: "intent_id = 'lost'") == ["in_doubt": 6])
        #expect(try client.ask("intent.submit", account.intent("no", orders: 1)).member("error", "code")?.integer == 1004)

        try house.pages.setFaults("[]")
        _ = try client.call("account.set_state", "{account: '\(account.name)', state: 'active', reason: 'the key is right again'}")
        for intent in ["lost", "kept", "withdraw"] { try client.wait(intent, seconds: 100) }
        #expect(try house.journal.states(where: "intent_id = 'resting'") == ["canceled": 40])
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('acknowledged', 'working')") == 26)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
    }

    @Test(arguments: TestAccount.venues)
    func `a wrong secret at the start sends no order, asks ever more rarely, and is over with the right one`(venue: String) throws {
        let house = try House([venue])
        let account = house.accounts[0]
        let file = house.scratch.file(account.name + ".json")
        let right = try #require(readText(file))
        try writeText(right.replacing(account.secret, with: String(account.secret.reversed())), to: file)
        let client = try house.start(untilReady: false)
        let startedAt = omsd_clock_us(CLOCK_REALTIME)
        func row() throws -> JSON? { try client.call("account.list")["accounts"]?.array?.first }
        try pollUntil("an error") { try row()?["last_error"]?.string?.isEmpty == false }
        // Held back or refused with a word, as markets are known by then or not; nothing leaves either way.
        _ = try client.ask("intent.submit", account.intent("early", orders: 3))

        try pollUntil("six seconds of refusals") { omsd_clock_us(CLOCK_REALTIME) - startedAt > 6_000_000 }
        let signed = try house.pages.requests { $0["account"]?.string == account.uid }
        let late = signed.count { ($0["at"]?.integer ?? 0) > startedAt + 2_000_000 }
        #expect((1...3).contains(late), "\(late) of \(signed.count) signed requests after the first two seconds")
        #expect(signed.allSatisfy { $0["kind"]?.string == "lookup" && $0["outcome"]?.string == "refused" }, "\(signed.map(\.lines))")
        #expect(try row()?["ready"]?.bool == false)
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE attempts > 0") == 0)
        #expect(try house.stopDaemon() == 0)

        try writeText(right, to: file)
        let again = try house.start()
        try again.submit(account.intent("early", orders: 3))
        try again.wait("early")
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('acknowledged', 'working')") == 3)
        #expect(try house.audit().code == 0)
    }

    /// As documented: the first twelve hex digits of the SHA-256 of the key's id.
    private func fingerprint(_ key: String) -> String { String(hex(sha256(Array(key.utf8))).prefix(12)) }
}
