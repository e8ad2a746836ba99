import CLinux
import Testing
import Wire

/// Keys that change, and keys that a venue takes no more.
@Suite struct KeyTests {
    @Test func `a restart with new keys settles what the old ones left in doubt, and the record names both by fingerprint`() throws {
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
        let again = try house.start()
        for account in house.accounts {
            try again.submit(account.intent("after-\(account.name)", orders: 5))
            for number in 0..<4 { try again.wait("under-way-\(number)-\(account.name)", seconds: 100) }
            try again.wait("after-\(account.name)")
        }

        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('acknowledged', 'working')") == 25 * house.accounts.count)
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
        let (code, report) = try house.verify()
        #expect(code == 0, "\(report)")
        let notes = try house.journal.texts("SELECT json_extract(detail, '$.note') FROM v_timeline WHERE detail LIKE '%signs with key%' ORDER BY seq")
        let (old, new) = (keys.old.map(fingerprint), keys.new.map(fingerprint))
        #expect(notes == old.map { "signs with key \($0)" } + zip(old, new).map { "signs with key \($1), until now with \($0)" })
        // By fingerprint only; a start with the same keys says nothing new.
        for file in ["journal.db", "journal.db-wal"] {
            let bytes = String(decoding: readBytes(house.scratch.file(file)) ?? [], as: UTF8.self)
            for key in keys.old + keys.new { #expect(!bytes.contains(key), "\(file) holds a key's id") }
        }
        try house.killDaemon()
        try house.start()
        #expect(try house.journal.number("SELECT count(*) FROM v_timeline WHERE detail LIKE '%signs with key%'") == notes.count)
    }

    /// As documented: the first twelve hex digits of the SHA-256 of the key's id.
    private func fingerprint(_ key: String) -> String { String(hex(sha256(Array(key.utf8))).prefix(12)) }
}
