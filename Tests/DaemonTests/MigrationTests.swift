import CLinux
import Containers
import OMSCore
import TestSupport
import Testing

@testable import Store

/// An upgrade that is cut short. The next migration is made here, and shipped nowhere.
@Suite(.enabled(if: Tap.library != nil, "no C compiler")) struct MigrationTests {
    /// A column more, a table filled from another, every row changed, a view made anew: what a migration may want.
    static let steps: [Migrator.Step] =
        Migrator.shipped + [
            (
                number: Migrator.newest + 1, name: "next_strategies",
                sql: """
                ALTER TABLE orders ADD COLUMN strategy TEXT;
                CREATE TABLE strategies (order_key INTEGER PRIMARY KEY REFERENCES orders, name TEXT NOT NULL) STRICT;
                INSERT INTO strategies SELECT order_key, 'of ' || client_order_id FROM orders;
                UPDATE orders SET strategy = (SELECT name FROM strategies s WHERE s.order_key = orders.order_key);
                CREATE VIEW v_strategies AS SELECT client_order_id, strategy FROM orders;
                """
            )
        ]

    @Test func `an upgrade with requests in flight that is cut anywhere leaves the old journal or the new one, with all that was live`() throws {
        let seed = UInt64(omsd_clock_us(CLOCK_REALTIME))
        var random = SplitMix64(seed: seed)
        let house = try House()
        try leaveInFlight(house)
        let before = try content(of: house.journal.path)
        let history = try recordedMigration(of: house)
        let last = try #require(history.checkpointSteps.last, "the migration's checkpoint is part of the record")
        var versions: [Int: Int] = [:]
        var (old, new): (ScratchDirectory?, ScratchDirectory?)
        for number in 0..<60 {
            // Each of the first steps: a commit is one write, and most of what comes after it is the checkpoint.
            let cut = number < 8 ? min(number, last) : number == 59 ? history.steps.count : Int.random(in: 0...last, using: &random)
            let loss = Loss.allCases[number % Loss.allCases.count]
            let folder = ScratchDirectory()
            let path = folder.file("journal.db")
            let isTorn = try history.leave(at: path, cut: cut, loss: loss, random: &random)
            let after = try content(of: path)
            versions[after.version, default: 0] += 1
            #expect(change(from: before.live, to: after.live) == nil, "seed \(seed), cut at \(cut) of \(history.steps.count), \(loss)")
            if after.version == Migrator.newest { old = folder } else if isTorn || new == nil { new = folder }
        }
        print("migration: \(history.steps.count) steps, 60 cuts, by version \(versions)")

        // Its own omsd goes on with the old one as if nothing had been; with the new one it does nothing at all.
        let newer = try #require(new).file("journal.db")
        try replaceJournal(of: house, by: newer)
        let untouched = DiskHistory.files(of: house.journal.path)
        let refused = try house.launch()
        #expect(try refused.end() == 65, "\(refused.tail)")
        #expect(refused.output.contains("newer"), "\(refused.tail)")
        #expect(DiskHistory.files(of: house.journal.path) == untouched)
        try replaceJournal(of: house, by: try #require(old).file("journal.db"))
        try house.pages.setFaults("[]")
        let client = try house.start()
        for account in house.accounts { try client.wait("flying-\(account.name)", seconds: 120) }
        let audit = try house.audit()
        #expect(audit.code == 0, "\(audit.output)")
        let (code, report) = try house.verify()
        #expect(code == 0, "\(report)")
    }

    @Test func `kill -9 at any moment of a migration leaves the old journal or the new one, and the next start ends it`() throws {
        let house = try House(["az-futures"])
        try leaveInFlight(house)
        let path = house.journal.path
        let base = DiskHistory.files(of: path)
        let before = try content(of: path)
        var (kills, number) = (0, 1)
        while true {
            let ended = try migrate(house, path, environment: Tap.environment(journal: path, kill: number))
            guard ended != 0 else { break }
            #expect(ended == 128 + SIGKILL)
            kills += 1
            #expect(change(from: before.live, to: try content(of: path).live) == nil, "killed before change \(number)")
            // Thorough where the WAL is written and begins to be moved, sparse further on.
            number += number < 24 ? 1 : number / 4
            if number % 3 == 0 { try restore(base, to: path) }
        }
        #expect(kills > 20)
        let after = try content(of: path)
        #expect(after.version == Migrator.newest + 1 && change(from: before.live, to: after.live) == nil)
    }

    @Test func `a migration that fails changes nothing`() throws {
        let house = try House(["az-futures"])
        try house.start()
        #expect(try house.stopDaemon() == 0)
        let before = try content(of: house.journal.path)
        let connection = try Connection(path: house.journal.path, .readWrite)
        try connection.becomeWriter()
        let broken = (Self.steps.last?.sql ?? "") + "INSERT INTO strategies SELECT order_key, NULL FROM orders; INSERT INTO nowhere VALUES (1);"

        #expect {
            try Migrator.migrate(connection, with: Migrator.shipped + [(number: Migrator.newest + 1, name: "next_broken", sql: broken)])
        } throws: {
            ($0 as? JournalError)?.description.contains("next_broken") == true
        }

        #expect(try content(of: house.journal.path).version == Migrator.newest)
        #expect(change(from: before.live, to: try content(of: house.journal.path).live) == nil)
        #expect(try house.start().call("daemon.status")["ready"]?.bool == true)
    }

    // MARK: The run

    /// A daemon that was killed while requests were out whose answers nobody will see.
    private func leaveInFlight(_ house: House) throws {
        let client = try house.start()
        for account in house.accounts { try client.submit(account.intent("done-\(account.name)", orders: 40)) }
        for account in house.accounts { try client.wait("done-\(account.name)", seconds: 120) }
        let rules = ["place", "mixed"].map { "{kind: '\($0)', probability: 1, fault: {type: 'lose_reply_after_execution'}}" }
        try house.pages.setFaults("[\(rules.joined(separator: ","))]")
        for account in house.accounts { try client.submit(account.intent("flying-\(account.name)", orders: 5)) }
        try pollUntil("requests in flight at each account") {
            try house.journal.number("SELECT count(DISTINCT account) FROM v_requests WHERE answered_at IS NULL AND kind IN ('place', 'mixed')")
                == house.accounts.count
        }
        try house.killDaemon()
        #expect(try house.journal.number("SELECT count(*) FROM v_orders WHERE state IN ('submitted', 'in_doubt')") > 0)
    }

    private func recordedMigration(of house: House) throws -> DiskHistory {
        let folder = ScratchDirectory()
        let path = folder.file("journal.db")
        let base = DiskHistory.files(of: house.journal.path)
        try restore(base, to: path)
        let record = folder.file("record")
        #expect(try migrate(house, path, environment: Tap.environment(journal: path, record: record)) == 0)
        #expect(try content(of: path).version == Migrator.newest + 1)
        return DiskHistory(steps: try Tap.steps(of: record), base: base)
    }

    /// Runs `MigratingProcess` below in a process of its own. - Returns: its exit code.
    private func migrate(_ house: House, _ path: String, environment: [String: String]) throws -> Int32 {
        var environment = environment
        environment["OMSD_MIGRATE"] = path
        let tests = try #require(ChildProcess.ownPath)
        let log = house.scratch.file("migration.log")
        return try ChildProcess.run(
            tests, ["--testing-library", "swift-testing", "--filter", "MigratingProcess"], log: log, environment: environment
        ).code
    }

    private func restore(_ files: [Tap.Step.File: [UInt8]], to path: String) throws {
        unlink(path + "-shm")
        for (file, name) in [(Tap.Step.File.main, path), (.wal, path + "-wal")] { try writeBytes(files[file] ?? [], to: name) }
    }

    /// The first line that differs: the whole texts have thousands.
    private func change(from before: String, to after: String) -> String? {
        let (old, new) = (before.split(separator: "\n"), after.split(separator: "\n"))
        if let index = zip(old, new).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset { return "\(old[index]) -> \(new[index])" }
        return old.count == new.count ? nil : "\(old.count) -> \(new.count) lines"
    }

    private func replaceJournal(of house: House, by path: String) throws {
        try restore(DiskHistory.files(of: path), to: house.journal.path)
    }

    /// What a journal of either version holds, opened as a start opens it. Throws where it is neither the one nor the other.
    private func content(of path: String) throws -> (version: Int, live: String) {
        let folder = ScratchDirectory()
        let copy = folder.file("journal.db")
        for (file, bytes) in DiskHistory.files(of: path) { try writeBytes(bytes, to: file == .main ? copy : copy + "-wal") }
        let connection = try Connection(path: copy, .readWrite)
        try connection.becomeWriter()
        let version = try Migrator.version(of: connection)
        let isThere = try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name IN ('strategies', 'v_strategies')")
        let columns = try connection.integer("SELECT count(*) FROM pragma_table_info('orders') WHERE name = 'strategy'")
        guard version == Migrator.newest ? isThere == 0 && columns == 0 : version == Migrator.newest + 1 && isThere == 2 && columns == 1 else {
            throw Unexpected("version \(version) with \(isThere ?? 0) of its tables and \(columns ?? 0) of its columns")
        }
        if version == Migrator.newest + 1 {
            let without = try connection.integer("SELECT count(*) FROM orders WHERE strategy IS NOT 'of ' || client_order_id")
            guard without == 0 else { throw Unexpected("\(without ?? 0) orders were not migrated") }
        }
        guard let verdict = try connection.text("PRAGMA integrity_check"), verdict == "ok" else { throw Unexpected("the file is damaged") }
        var state = try JournalLoader(connection: connection).load()
        // Dictionaries and sets have no order that a text could be compared by.
        var live = "\(state.symbols.sorted { $0.key < $1.key })\n\(state.identities.sorted { $0.key < $1.key })\n\(state.accounts.sorted())\n"
        (state.symbols, state.identities, state.accounts) = ([:], [:], [])
        dump(state, to: &live)
        return (version, live)
    }
}

/// What the suite above starts as a process of its own: only a process can be recorded or killed.
@Suite(.enabled(if: getenv("OMSD_MIGRATE") != nil, "MigrationTests starts it")) struct MigratingProcess {
    @Test func `the journal that OMSD_MIGRATE names becomes one of the second version, and its WAL goes into the file`() throws {
        let path = try #require(getenv("OMSD_MIGRATE").map { String(cString: $0) })
        let connection = try Connection(path: path, .readWrite)
        try connection.becomeWriter()
        try Migrator.migrate(connection, with: MigrationTests.steps)
        let (frames, moved) = try connection.checkpoint()
        #expect(frames == moved)
    }
}
