import CLinux
import CSQLite
import Containers
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

/// Crashes, power cuts, and what somebody did to a file or its folder.
@Suite struct `An archive that is interrupted` {
    /// All that lies on disk before and behind each step of filing two months, and what the record was when it began.
    private struct Run {
        var states: [(step: String, state: DiskState)] = []
        let before: [String: [String]]
        let now: Int64

        init() throws {
            let sample = try Sample()
            try sample.trade("one", count: 3)
            try sample.place("live")
            sample.now += 20 * 86_400_000_000
            for number in 0..<12 { try sample.trade(IntentID("two-\(number)"), count: 5) }
            try sample.seal()
            before = try whole(sample.path, sample.archiveFolder)
            var states = [("begin", DiskState(of: sample))]
            try sample.archive { states.append(("\($0)", DiskState(of: sample))) }
            (self.states, now) = (states, sample.now)
        }

        /// Goes on from a state to the end, and tells what is wrong.
        func problems(of sample: Sample) throws -> [String] {
            sample.now = now
            var problems = try sample.verify(withArchive: true).problems.map { "at once: \($0)" }
            try sample.archive()
            problems += try sample.verify().problems.map { "at the end: \($0)" }
            let after = try whole(sample.path, sample.archiveFolder)
            for table in ["orders", "commands", "fills", "predicted_ids"] where after[table] != before[table] {
                problems.append("\(table) are not what they were: \(after[table]?.count ?? 0) rows, there were \(before[table]?.count ?? 0)")
            }
            if !Set(after["events"] ?? []).isSuperset(of: before["events"] ?? []) { problems.append("lines are missing") }
            if try sample.open.connection.integer("SELECT count(*) FROM orders") != 1 { problems.append("not all that is due has left") }
            return problems
        }
    }

    @Test func `by kill -9 behind any of its steps leaves every order in one place, and the next run ends it`() throws {
        let run = try Run()
        for (step, state) in run.states {
            let sample = try state.lie()
            let problems = try run.problems(of: sample)
            #expect(problems.isEmpty, "behind \(step): \(problems.joined(separator: "; "))")
        }
        print("\(run.states.count) states")
    }

    @Test func `by a power cut within any of its steps leaves every order in one place, and the next run ends it`() throws {
        let run = try Run()
        var random = SplitMix64(seed: 11)
        var torn = 0
        for index in 1..<run.states.count {
            let (former, step) = (run.states[index - 1].state, run.states[index])
            // A file is on disk with its folder before the journal speaks of it; what was not synced may be there or not.
            var files = [step.state.files]
            if former.files.keys.sorted() != step.state.files.keys.sorted() { files.append(former.files) }
            for var files in files {
                for name in files.keys where name.hasSuffix(".part") {
                    files[name] = Array((files[name] ?? []).prefix(Int.random(in: 0...(files[name]?.count ?? 0), using: &random)))
                }
                // Of the WAL what was there before is synced; of the step's own commit any part may be.
                let (shorter, longer) = (min(former.wal.count, step.state.wal.count), step.state.wal.count)
                let isSameFile = former.journal == step.state.journal
                guard isSameFile else { continue }
                let kept = Int.random(in: shorter...longer, using: &random)
                torn += kept < longer ? 1 : 0
                let sample = try step.state.lie(wal: kept, files: files)
                let problems = try run.problems(of: sample)
                #expect(problems.isEmpty, "within \(step.step), \(kept) of \(longer) bytes: \(problems.joined(separator: "; "))")
            }
        }
        #expect(torn > 5, "only \(torn) of the states were torn")
    }

    @Test func `what lies under the name of a file that was never finished is put aside, and the file is made anew`() throws {
        let sample = try Sample()
        try sample.trade("one", count: 3)
        try createFolder(sample.archiveFolder)
        write(Array("hello".utf8), to: sample.archiveFolder + "/2026-11.db")
        let steps = try sample.archive()
        #expect(steps.contains { if case .putAside(let name, _) = $0 { name.hasSuffix("2026-11.db.torn") } else { false } })
        #expect(names(in: sample.archiveFolder) == ["2026-11.db", "2026-11.db.torn"])
        #expect(try sample.verify().problems == [])
    }

    @Test func `a folder that is full, read-only, missing or none is told in words, and the journal keeps what it has`() throws {
        let sample = try Sample()
        try sample.trade("one", count: 3)
        func words(_ folder: String) throws -> String {
            let keeper = try sample.keeper()
            keeper.begin(folder: folder, afterDays: 0)
            let error = #expect(throws: JournalError.self) { try sample.archive(keeper) }
            #expect(error?.kind != .failed, "it would end the daemon")
            return error?.description ?? ""
        }
        #expect(try words(sample.folder.file("none") + "/deeper").contains("cannot be made: No such file"))
        #expect(try words(sample.path).contains("is no folder"))
        if getuid() != 0 {
            let locked = sample.folder.file("locked")
            try createFolder(locked)
            chmod(locked, 0o550)
            #expect(try words(locked).contains("cannot be written"))
            chmod(locked, 0o750)
        }
        #expect(try sample.open.connection.integer("SELECT count(*) FROM orders") == 3)
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
        // Mended, it goes on.
        try sample.archive()
        #expect(try sample.open.connection.integer("SELECT count(*) FROM orders") == 0)
    }

    @Test func `a file of another journal is told apart, by the folder's check and by verify`() throws {
        let (sample, other) = (try Sample(), try Sample())
        for one in [sample, other] {
            try one.trade("one", count: 3)
            try one.archive()
        }
        let name = "/2026-11.db"
        chmod(sample.archiveFolder + name, 0o640)
        write(contents(of: other.archiveFolder + name), to: sample.archiveFolder + name)
        try sample.reopen()
        let words = try ArchiveFile.problem(ofFilesIn: sample.archiveFolder, of: sample.open.connection)
        #expect(words?.contains("it is of another journal") == true)
        #expect(try sample.verify().problems.contains { $0.contains("it is of another journal") })
        unlink(sample.archiveFolder + name)
        #expect(try ArchiveFile.problem(ofFilesIn: sample.archiveFolder, of: sample.open.connection)?.contains("which is not there") == true)
        #expect(try sample.verify().problems.contains { $0.contains("which is not there") })
        let error = #expect(throws: JournalError.self) { try sample.open.fills(of: 2) }
        #expect(error?.kind == .busy && error?.description.contains("archived in") == true)
        // The journal itself goes on.
        try sample.place("next")
    }

    @Test(arguments: [
        "UPDATE orders SET filled_quantity = '5' WHERE order_key = (SELECT min(order_key) FROM orders)",
        "UPDATE events SET at = at + 1 WHERE seq = (SELECT max(seq) FROM events)", "DELETE FROM fills WHERE seq = (SELECT min(seq) FROM fills)",
        "UPDATE fills SET price = '1'", "UPDATE intents SET content = zeroblob(32)",
        "DELETE FROM orders WHERE order_key = (SELECT min(order_key) FROM orders)",
        "UPDATE requests SET answered_at = 7", "DELETE FROM seals", "UPDATE accounts SET account = 'x' WHERE account_key = 1",
    ]) func `an archived file that was edited is found by verify, and what still was to leave for it stays`(sql: String) throws {
        let sample = try Sample()
        try sample.trade("one", count: 3)
        func edit() throws {
            let path = sample.archiveFolder + "/2026-11.db"
            chmod(path, 0o640)
            let file = try Connection(path: path, .readWrite)
            let triggers = try file.text("SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_schema WHERE type = 'trigger'").get()
            try file.execute("\(triggers); \(sql)")
        }
        let error = #expect(throws: JournalError.self) {
            try sample.archive { if case .whole = $0 { try edit() } }
        }
        #expect(error?.kind == .damaged && error?.description.contains("is not what the record says") == true, "\(String(describing: error))")
        #expect(try sample.open.connection.integer("SELECT count(*) FROM orders") == 3)

        let filed = try Sample()
        try filed.trade("one", count: 3)
        try filed.archive()
        let path = filed.archiveFolder + "/2026-11.db"
        chmod(path, 0o640)
        do {
            let file = try Connection(path: path, .readWrite)
            let triggers = try file.text("SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_schema WHERE type = 'trigger'").get()
            try file.execute("\(triggers); \(sql)")
        }
        #expect(try filed.verify().problems.contains { $0.contains("it is not the file that the record names") })
    }

    @Test(arguments: [
        ("an order is taken out by hand and said to be archived", "INSERT INTO archived VALUES (2, 2, 1); DELETE FROM orders WHERE order_key = 2"),
        ("an archived order is said to be nowhere", "DELETE FROM archived WHERE first_seq = (SELECT max(first_seq) FROM archived)"),
        ("a number is in both", "INSERT INTO archived SELECT max(seq), max(seq), 1 FROM events"),
        ("another head", "UPDATE archives SET digest = zeroblob(32)"), ("another line", "UPDATE archives SET told_by = 1"),
        ("fewer orders", "UPDATE archives SET orders = 1"), ("another month", "UPDATE archives SET month = '2026-10'"),
    ]) func `an edit of what the journal says of its archive is found`(what: String, sql: String) throws {
        let sample = try Sample()
        try sample.place("live")
        try sample.trade("one", count: 3)
        try sample.archive()
        try sample.place("later")
        try sample.seal()
        #expect(try sample.verify().problems == [])
        sample.close()
        try sample.edit(sql)
        #expect(try !sample.verify().isSound, "\(what)")
    }

    @Test func `a journal restored from a backup that is older than its files goes on, and takes nothing of them unseen`() throws {
        let sample = try Sample()
        try sample.trade("one", count: 3)
        try sample.seal()
        let backup = DiskState(of: sample)
        let before = try whole(sample.path, sample.archiveFolder)
        try sample.archive()
        let restored = try backup.lie(files: DiskState(of: sample).files)
        restored.now = sample.now
        try restored.archive()
        #expect(try whole(restored.path, restored.archiveFolder)["orders"] == before["orders"])
        #expect(try restored.open.connection.integer("SELECT count(*) FROM orders") == 0)
        #expect(try restored.verify().problems == [])
    }
}
