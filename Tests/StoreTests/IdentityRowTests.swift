import CLinux
import CSQLite
import OMSCore
import TestSupport
import Testing

@testable import Store

private let budgets = "INSERT INTO budgets (budget_id, venue, owner, budget, scope, permits, window_ms)"
private let positions = "INSERT INTO positions VALUES ((SELECT min(account_key) FROM accounts), 'S', '',"

/// Who accounts are, and what venues' refusals left, as rows.
@Suite struct IdentityRowTests {
    @Test func `a journal of the first version says with which keys its accounts signed, and not for whom`() throws {
        let folder = ScratchDirectory()
        let path = folder.file("old.db")
        do {
            let connection = try Connection(path: path, .create)
            try connection.execute("PRAGMA application_id = \(JournalFile.applicationID)")
            try Migrator.migrate(connection, with: [try #require(Migrator.shipped.first)])
            try connection.execute(
                """
                INSERT INTO meta VALUES ('id_tag', 'ABCD'), ('id_high_water', 0), ('request_max', 0), ('key_in_use/mm', 'aaa');
                INSERT INTO accounts VALUES (1, 'mm', 'az-futures', 'usdt'), (2, 'other', 'xt-spot', 'spot');
                """)
        }
        let key = ConfiguredIdentity(
            account: "new", identity: AccountIdentity(venue: "az-futures", product: "usdt", uid: "2", origin: "https://a:443"), key: "aaa")
        let mine = ConfiguredIdentity(
            account: "mm", identity: AccountIdentity(venue: "az-futures", product: "usdt", uid: "1", origin: "https://a:443"), key: "bbb")
        #expect(try SQLiteJournal.identityProblems(path, accounts: [], identities: [key, mine]).count == 1, "before the upgrade, too")
        let journal = try SQLiteJournal.open(
            path: path, accounts: [JournalAccount(id: "mm", venue: "az-futures", product: "usdt")], identities: [mine])
        let state = try journal.load()
        let known = try #require(state.identities["mm"])
        #expect((known.uid, known.origin, known.keyInUse) == (nil, nil, "aaa") && known.keys == ["aaa"])
        #expect(state.identities["other"]?.keys.isEmpty == true)
    }

    @Test(arguments: [1, 2])
    func `intents of a journal of a former version are known to have their content in the first form, and later ones in the present`(
        version: Int
    ) throws {
        let folder = ScratchDirectory()
        let path = folder.file("old.db")
        do {
            let connection = try Connection(path: path, .create)
            try connection.execute("PRAGMA application_id = \(JournalFile.applicationID)")
            try Migrator.migrate(connection, with: Array(Migrator.shipped.prefix(version)))
            try connection.execute(
                """
                INSERT INTO meta VALUES ('id_tag', 'ABCD'), ('id_high_water', 0), ('request_max', 0);
                INSERT INTO accounts VALUES (1, 'mm-az', 'az-futures', 'usdt');
                INSERT INTO intents VALUES (1, 'old', 1, zeroblob(32), 0, 0, 'cancel_first', 0, 5, NULL, NULL, 6, 1);
                INSERT INTO events (seq, at, kind, account_key) VALUES (1, 5, 'intent_accepted', 1);
                """)
        }
        let journal = try SQLiteJournal.open(path: path, accounts: [JournalAccount(id: "mm-az", venue: "az-futures", product: "usdt")])
        #expect(try journal.intent("old")?.content == IntentContent(version: 1, digest: Digest256([UInt8](repeating: 0, count: 32))))
        let content = IntentContent(version: Intent.canonicalVersion, digest: Digest256([UInt8](repeating: 7, count: 32)))
        let row = IntentRow(
            key: 2, id: "new", account: "mm-az", content: content, orders: 0, commands: 0, sequence: .cancelFirst, plannedRequests: 0,
            acceptedAt: 7, expiresAt: nil)
        try journal.commit([.intent(row, JournalEvent(seq: 2, at: 7, kind: .intentAccepted)), .intentComplete(2)])
        #expect(try journal.intent("new")?.content == content)
        #expect(throws: JournalError.self) { try journal.connection.execute("UPDATE intents SET content_version = 2") }
    }

    @Test func `identities, rests and bans are read as they were written, until they are over`() throws {
        let sample = try Sample()
        var pinned = PinnedIdentity(
            account: Sample.az, venue: "az-futures", product: "usdt", uid: "U1", origin: "https://a:443", keyInUse: "k2", keys: ["k1", "k2"],
            former: [FormerPlace(since: 0, until: 3, uid: "U0", origin: "https://b:443"), FormerPlace(since: 4, until: 9, uid: nil, origin: nil)])
        pinned.streamOrigin = "wss://c:443"
        let budget = BudgetRow(id: 7, venue: "az-futures", owner: "k2", name: "batch-place", scope: .apikey, permits: 10, windowMs: 1_000)
        let rest = BudgetRest(budget: 7, usableShare: 5, rest: Rest(until: 10, lastsUs: 5, untilWall: 20), recoversAt: 30)
        let ban = VenueBan(family: "az", rest: Rest(until: 1, lastsUs: 2, untilWall: 3), words: "go away")
        try sample.open.commit([
            .identity(pinned, JournalEvent(seq: sample.open.seq + 1, at: 1, kind: .identity)), .budget(budget), .budgetRest(rest), .ban(ban),
        ])
        let state = try sample.open.load()
        #expect(state.identities[Sample.az] == pinned && state.rests == [rest] && state.bans == [ban])
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
        try sample.open.commit([.budgetRest(rest.ended), .banEnded(family: "az")])
        let later = try sample.open.load()
        #expect(later.rests.isEmpty && later.bans.isEmpty)
        try sample.open.connection.execute("UPDATE identities SET stream_origin = 'wss://d:443'")
        let heard = "account mm-az: where it hears its stream is wss://d:443, the record says wss://c:443 up to its last line, 1"
        #expect(try JournalVerifier.verify(path: sample.path).problems == [heard])
        try sample.open.connection.execute("UPDATE identities SET stream_origin = 'wss://c:443', uid = 'U2'")
        #expect(try JournalVerifier.verify(path: sample.path).problems == ["account mm-az: its uid is U2, the record says U1 up to its last line, 1"])
    }

    @Test(arguments: [
        "\(budgets) VALUES (1, 'v', 'o', 'b', 'uid', 5, 1000); INSERT INTO permits VALUES (1, 9000000000000000000, NULL, 0, 0, 0, 1)",
        "\(budgets) VALUES (1, 'v', 'o', 'b', 'uid', 5, 1000); INSERT INTO permits VALUES (1, 0, NULL, 0, 0, 0, 9000000000000000000)",
        "\(budgets) VALUES (1, 'v', 'o', 'b', 'uid', 1000000000000, 1000)", "\(budgets) VALUES (1, 'v', 'o', 'b', 'uid', 0, 1000)",
        "\(budgets) VALUES (1, 'v', 'o', 'b', 'uid', 5, 9223372036854775807)",
        "INSERT INTO bans VALUES ('v', 9223372036854775807, 1, 1, '')",
        "INSERT INTO events VALUES (9223372036854775807, 1, 'note', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        "UPDATE meta SET value = 9223372036854775807 WHERE key = 'request_max'",
        "UPDATE meta SET value = 9223372036854775807 WHERE key = 'id_high_water'",
        "INSERT INTO requests VALUES (1, 1, 'e', 'place', 1, 1, 9000000000000000, zeroblob(32), '[[1,9223372036854775807]]', 1, 1, 'ok', 200, NULL)",
        "INSERT INTO requests VALUES (1, 1, 'e', 'place', 1, 1, 9000000000000000, zeroblob(32), '[[1,-1]]', 1, 1, 'ok', 200, NULL)",
        "UPDATE accounts SET account = char(233) WHERE account_key = 1; UPDATE accounts SET account = 'e' || char(769) WHERE account_key = 2",
        "\(positions) '1', '1', '0', '1', '0', '0', 9223372036854775807, 1, 0, '0')", "\(positions) '1', '1', '0', '1', '0', '0', -1, 1, 0, '0')",
    ])
    func `numbers that no omsd writes make a journal untrusted, and end nothing`(sql: String) throws {
        let sample = try Sample()
        let path = sample.path
        sample.close()
        let connection = try Connection(path: path, .readWrite)
        try connection.execute(sql)
        let error = #expect(throws: OpenError.self) { _ = try SQLiteJournal.open(path: path, accounts: Sample.accounts) }
        #expect(error?.exitCode == 65, "\(String(describing: error))")
    }

    @Test func `a journal meets its lock under every path, and is refused where it, or its WAL, has two names`() throws {
        let sample = try Sample()
        func refusal(_ path: String) -> OpenError? {
            do throws(OpenError) {
                _ = try SQLiteJournal.open(path: path, accounts: Sample.accounts)
                return nil
            } catch { return error }
        }
        let (link, hard) = (sample.folder.file("symbolic.db"), sample.folder.file("hard.db"))
        try #require(symlink(sample.path, link) == 0)
        #expect(refusal(link)?.kind == .locked)
        #expect(JournalFile.isHeld(sample.path) && JournalFile.isHeld(link))
        try #require(CLinux.link(sample.path, hard) == 0)
        #expect(refusal(hard)?.exitCode == 65 && refusal(hard)?.description.contains("2 names") == true)
        #expect(refusal(sample.path)?.kind == .locked)
        unlink(hard)
        sample.close()
        #expect(!JournalFile.isHeld(sample.path))
        for make in [CLinux.link, symlink] {
            let other = sample.folder.file("other-wal")
            try #require(rename(sample.path + "-wal", other) == 0 && make(other, sample.path + "-wal") == 0)
            #expect(refusal(sample.path)?.exitCode == 65)
            #expect(unlink(sample.path + "-wal") == 0 && rename(other, sample.path + "-wal") == 0)
        }
        #expect(refusal(sample.path) == nil)
    }
}
