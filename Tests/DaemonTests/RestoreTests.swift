import CLinux
import CSQLite
import TestSupport
import Testing
import Wire

/// A journal that goes back in time: what the venues hold and it does not know is seen before anything is sent.
@Suite struct RestoreTests {
    /// After a loss every limit counts as used up for its window: those of a minute by address (Bitget) are shortened.
    private static let shortWindows: [String: [String]] = Dictionary(
        uniqueKeysWithValues: TestAccount.all().map { account in
            let long = account.profile.budgets.filter { $0.windowMs > 10_000 && !$0.isOffByDefault }
            return (account.name, long.map { "{budget: '\($0.name)', window_ms: 1000}" })
        })
    private static func limits(_ rules: [String]) -> String { rules.isEmpty ? "" : "limits: [\(rules.joined(separator: ", "))]," }

    enum Loss: String, CaseIterable, Sendable {
        case walLost = "the WAL is lost"
        case copiedWithoutWAL = "the file was copied without its WAL"
        case oldBackup = "an old backup is restored"
    }

    @Test(arguments: Loss.allCases)
    func `orders that only the venue knows are found before anything is sent, nothing is placed twice, and no id comes again`(loss: Loss) throws {
        let house = try House(settings: Self.shortWindows.mapValues(Self.limits))
        let path = house.journal.path
        let backup = house.scratch.file("backup.db")
        let first = try house.start()
        for account in house.accounts { try first.submit(account.intent("old-\(account.name)", orders: 10)) }
        for account in house.accounts { try first.wait("old-\(account.name)") }
        try settle(house)
        if loss == .oldBackup { #expect(try run(house, ["backup", "--journal", path, "--to", backup]) == 0) }
        #expect(try house.stopDaemon() == 0)
        // What is in the file by now is what it holds without its WAL.
        try checkpoint(path)
        let second = try house.start()
        var forgotten: [String: Set<String>] = [:]
        for account in house.accounts { forgotten[account.venue] = Set(try second.submit(account.intent("new-\(account.name)", orders: 10))) }
        for account in house.accounts { try second.wait("new-\(account.name)") }
        try house.killDaemon()
        try lose(loss, path, backup)
        let known = Set(try house.journal.texts("SELECT client_order_id FROM v_orders"))
        try #require(known.isDisjoint(with: forgotten.values.joined()) && known.count == 10 * house.accounts.count, "\(known.count) orders are known")
        let before = try house.pages.ledger()["requests"]?.array?.count ?? 0

        let client = try house.start(untilReady: false)
        for account in house.accounts {
            let intent = account.intent("again-\(account.name)", orders: 10)
            _ = try poll("an intent of \(account.name)") { try client.ask("intent.submit", intent)["result"] }
        }
        for account in house.accounts { try client.wait("again-\(account.name)") }

        let again = Set(try house.journal.texts("SELECT client_order_id FROM v_orders WHERE intent_id LIKE 'again-%'"))
        #expect(again.count == 10 * house.accounts.count)
        #expect(again.isDisjoint(with: known) && again.isDisjoint(with: forgotten.values.joined()), "an id came again")
        let requests = try #require(try house.pages.ledger()["requests"]?.array).dropFirst(before)
        for account in house.accounts {
            let breaks = try house.journal.rows(
                "SELECT kind, detail FROM v_breaks WHERE account = '\(account.name)' AND resolved_at IS NULL")
            #expect(breaks.count == 10, "\(account.name): \(breaks)")
            if account.profile.looksUpByVenueID {
                // Its listing has no client ids.
                #expect(breaks.allSatisfy { $0[0] == "external_order" }, "\(breaks)")
            } else {
                #expect(breaks.allSatisfy { $0[0] == "missing_here" }, "\(breaks)")
                let named = forgotten[account.venue]?.filter { id in breaks.contains { $0[1]?.contains(id) == true } }
                #expect(named == forgotten[account.venue])
            }
            let last = try house.journal.number(
                "SELECT max(seq) FROM v_timeline WHERE kind = 'break' AND to_state = 'open' AND account = '\(account.name)'")
            let sent = try house.journal.number(
                "SELECT min(seq) FROM v_timeline WHERE to_state = 'submitted' AND account = '\(account.name)'"
                    + " AND client_order_id IN (\(list(again)))")
            #expect(last < sent, "\(account.name): sent before all was compared")
            #expect(requests.contains { $0["account"]?.string == account.uid && ["place", "mixed"].contains($0["kind"]?.string) })
        }
        #expect(try house.pages.ledger()["duplicates"]?.array?.isEmpty == true)
        #expect(try house.pages.ledger()["orders"]?.array?.count == 30 * house.accounts.count)
        let (code, report) = try house.verify()
        #expect(code == 0, "\(report)")
    }

    @Test func `orders that left after the backup was taken are looked up before they are sent again, also those that are closed since`() throws {
        let slow = "{budget: 'batch-place', permits: 1, share: 1, reserve: 0, window_ms: 1000}"
        let house = try House(
            settings: Self.shortWindows.mapValues { "batch_max: 1, " + Self.limits([slow] + $0) })
        let backup = house.scratch.file("backup.db")
        let first = try house.start()
        for account in house.accounts { try first.submit(account.intent("slow-\(account.name)", orders: 4)) }
        #expect(try run(house, ["backup", "--journal", house.journal.path, "--to", backup]) == 0)
        let waiting = try JournalProbe(path: backup).number("SELECT count(*) FROM v_orders WHERE state = 'intended'")
        try #require(waiting >= 10, "\(waiting) orders wait in the backup")
        for account in house.accounts { try first.wait("slow-\(account.name)", seconds: 100) }
        // Half of them are over at the venue: no venue refuses their ids as duplicates of something pending.
        for account in house.accounts {
            let ids = try house.journal.texts("SELECT client_order_id FROM v_orders WHERE account = '\(account.name)' ORDER BY item LIMIT 4 OFFSET 2")
            try first.submit(
                #"{"account":"\#(account.name)","intent_id":"end-\#(account.name)","cancel":[\#(ids.map { "\"\($0)\"" }.joined(separator: ","))]}"#)
        }
        for account in house.accounts { try first.wait("end-\(account.name)", seconds: 100) }
        try house.killDaemon()
        try lose(.oldBackup, house.journal.path, backup)

        let client = try house.start()
        for account in house.accounts where !account.profile.looksUpByVenueID { try client.wait("slow-\(account.name)", seconds: 150) }

        let ledger = try house.pages.ledger()
        #expect(ledger["duplicates"]?.array?.isEmpty == true)
        let orders = try #require(ledger["orders"]?.array)
        #expect(orders.count == 4 * house.accounts.count, "\(orders.count) orders at the venues of \(4 * house.accounts.count) that were meant")
        for state in try house.journal.rows("SELECT account, item, state FROM v_orders WHERE account <> 'cash-ascendex' ORDER BY account, item") {
            #expect((state[2] == "canceled") == (state[1] == "2" || state[1] == "3"), "\(state)")
        }
        // Nothing there can be asked for by client id: what a listing shows with all that was asked under the end of an id is ours, a person decides on
        // what it does not show, and nothing of it is taken for a formula that is wrong.
        let doubts = try house.journal.texts("SELECT state FROM v_orders WHERE account = 'cash-ascendex' AND item > 1 ORDER BY item")
        #expect(doubts == ["canceled", "canceled"], "\(doubts)")
        #expect(try house.journal.number("SELECT count(*) FROM v_breaks WHERE kind = 'assumption'") == 0)
        let (code, report) = try house.verify()
        #expect(code == 0, "\(report)")
    }

    @Test(arguments: ["a new journal", "a restored backup"])
    func `a WAL that belongs to another file is never read into this one: the start refuses with 65 and leaves all as it was`(file: String) throws {
        let house = try House(["az-futures"])
        let account = try house.account("az-futures")
        let backup = house.scratch.file("backup.db")
        let client = try house.start()
        try client.submit(account.intent("first", orders: 10))
        try client.wait("first")
        #expect(try run(house, ["backup", "--journal", house.journal.path, "--to", backup]) == 0)
        try client.submit(account.intent("second", orders: 40))
        try client.wait("second")
        try house.killDaemon()
        unlink(house.journal.path)
        if file == "a restored backup" { try writeBytes(try #require(readBytes(backup)), to: house.journal.path) }
        let before = DiskHistory.files(of: house.journal.path)

        let child = try house.launch()

        #expect(try child.end() == 65, "\(child.tail)")
        #expect(child.output.contains("journal.db-wal"), "\(child.tail)")
        #expect(DiskHistory.files(of: house.journal.path) == before)
        unlink(house.journal.path + "-wal")
        unlink(house.journal.path + "-shm")
        try house.start()
        #expect(try house.verify().code == 0)
        #expect(try house.journal.number("SELECT count(*) FROM v_orders") == (file == "a restored backup" ? 10 : 0))
    }

    // MARK: Losing

    /// Moves all of the WAL into the file and leaves it where it is, as omsd's own connection does.
    private func checkpoint(_ path: String) throws {
        var connection: OpaquePointer?
        defer { sqlite3_close(connection) }
        var persist: Int32 = 1
        guard sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK,
            sqlite3_file_control(connection, "main", SQLITE_FCNTL_PERSIST_WAL, &persist) == SQLITE_OK,
            // The WAL is opened by the first read.
            sqlite3_exec(connection, "SELECT count(*) FROM sqlite_schema", nil, nil, nil) == SQLITE_OK,
            sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_FULL, nil, nil) == SQLITE_OK
        else { throw Unexpected("the WAL of \(path) cannot be moved") }
    }

    private func lose(_ loss: Loss, _ path: String, _ backup: String) throws {
        switch loss {
        case .walLost: unlink(path + "-wal")
        case .copiedWithoutWAL:
            let copy = readBytes(path) ?? []
            unlink(path)
            try writeBytes(copy, to: path)
            unlink(path + "-wal")
        case .oldBackup:
            unlink(path)
            unlink(path + "-wal")
            try writeBytes(readBytes(backup) ?? [], to: path)
        }
        unlink(path + "-shm")
    }

    /// Until nothing changes by itself any more: what was acknowledged has been listed.
    private func settle(_ house: House) throws {
        try pollUntil("all orders seen at their venues") {
            try house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('intended', 'submitted', 'in_doubt')") == 0
        }
    }

    private func run(_ house: House, _ words: [String]) throws -> Int32 { try ChildProcess.run("omsd", words, in: house.scratch).code }

    private func list(_ ids: Set<String>) -> String { ids.map { "'\($0)'" }.joined(separator: ",") }
}
