import CLinux
import CSQLite
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

/// A whole file as bytes; none where it is not.
func contents(of path: String) -> [UInt8] { readBytes(path) ?? [] }

func write(_ bytes: [UInt8], to path: String) {
    do { try writeBytes(bytes, to: path) } catch { Issue.record("\(error)") }
}

/// Moves all of a closed journal's WAL into its file, as a plain SQLite program would.
func checkpointed(_ path: String) throws {
    var handle: OpaquePointer?
    guard sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK else { throw SampleError(text: "open") }
    defer { sqlite3_close(handle) }
    guard sqlite3_exec(handle, "PRAGMA wal_checkpoint(TRUNCATE)", nil, nil, nil) == SQLITE_OK else { throw SampleError(text: "checkpoint") }
}

@Suite struct `Opening a journal` {
    private func refusal(_ path: String) -> OpenError? {
        do throws(OpenError) {
            _ = try SQLiteJournal.open(path: path, accounts: Sample.accounts)
            return nil
        } catch { return error }
    }

    private func expectRefusedUntouched(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) {
        // A copy in a folder of its own: nothing may come to lie beside it either, but for SQLite's own files.
        let folder = ScratchDirectory()
        let copy = folder.file("copy.db")
        for suffix in ["", "-wal"] where access(path + suffix, F_OK) == 0 { write(contents(of: path + suffix), to: copy + suffix) }
        let before = contents(of: copy)
        let error = refusal(copy)
        #expect(error?.kind == .damaged && error?.exitCode == 65, "\(String(describing: error))", sourceLocation: sourceLocation)
        #expect(contents(of: copy) == before, sourceLocation: sourceLocation)
        for suffix in [".lock", ".ballast"] { #expect(access(copy + suffix, F_OK) != 0, "\(suffix)", sourceLocation: sourceLocation) }
    }

    @Test func `a path where nothing is becomes a journal with our mark`() throws {
        let sample = try Sample()
        let reader = try Connection(path: sample.path, .readOnly)
        #expect(try reader.integer("PRAGMA application_id") == 0x6F6D_7364)
        #expect(try reader.integer("PRAGMA user_version") == Int64(Migrator.newest))
        #expect(try reader.text("PRAGMA journal_mode") == "wal")
        #expect(try reader.integer("PRAGMA page_size") == 4_096)
        #expect(try sample.open.connection.integer("PRAGMA synchronous") == 2)
    }

    @Test func `files that are no journal of ours are refused and left as they were`() throws {
        let folder = ScratchDirectory()
        write([], to: folder.file("empty"))
        write(Array("not a database at all".utf8), to: folder.file("text"))
        write((0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }, to: folder.file("noise"))
        let foreign = try Sample()
        foreign.close()
        try foreign.tamper("PRAGMA application_id = 1; PRAGMA wal_checkpoint(TRUNCATE)")
        let newer = try Sample()
        newer.close()
        try newer.tamper("PRAGMA user_version = \(Migrator.newest + 1); PRAGMA wal_checkpoint(TRUNCATE)")
        let newerInWAL = try Sample()
        try newerInWAL.place("one")
        newerInWAL.close()
        try newerInWAL.tamper("PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = \(Migrator.newest + 2)")
        for path in ["empty", "text", "noise"].map(folder.file) + [foreign.path, newer.path, newerInWAL.path] { expectRefusedUntouched(path) }
    }

    @Test func `a truncated file and a damaged live row are refused and left as they were`() throws {
        let truncated = try Sample()
        try truncated.place("some", count: 200)
        truncated.close()
        try checkpointed(truncated.path)
        let whole = contents(of: truncated.path)
        write(Array(whole[..<(whole.count / 2)]), to: truncated.path)
        expectRefusedUntouched(truncated.path)

        let damaged = try Sample()
        try damaged.place("some", count: 200)
        let root = Int(try damaged.open.connection.integer("SELECT pageno FROM dbstat WHERE name = 'orders' AND pagetype = 'leaf' LIMIT 1") ?? 0)
        damaged.close()
        try checkpointed(damaged.path)
        var bytes = contents(of: damaged.path)
        for index in (root - 1) * 4_096..<root * 4_096 { bytes[index] = 0xA5 }
        write(bytes, to: damaged.path)
        expectRefusedUntouched(damaged.path)
    }

    @Test func `an older journal that is refused for what it holds stays of its version, and is migrated once it can be read`() throws {
        let sample = try Sample()
        try sample.place("some", count: 3)
        let folder = ScratchDirectory()
        let path = try sample.former(in: folder)
        do { try Connection(path: path, .readWrite).execute("UPDATE orders SET filled_quantity = 'many' WHERE item = 1") }
        let error = refusal(path)
        #expect(error?.exitCode == 65, "\(String(describing: error))")
        func version() throws -> Int { try Migrator.version(of: try Connection(path: path, .readOnly)) }
        #expect(try version() == Migrator.newest - 1)
        do { try Connection(path: path, .readWrite).execute("UPDATE orders SET filled_quantity = '0' WHERE item = 1") }
        #expect(refusal(path) == nil)
        #expect(try version() == Migrator.newest)
    }

    @Test func `a second daemon is turned away with the code for it`() throws {
        let sample = try Sample()
        let error = refusal(sample.path)
        #expect(error?.kind == .locked && error?.exitCode == 75)
        let link = sample.folder.file("link.db")
        #expect(symlink(sample.path, link) == 0)
        #expect(refusal(link)?.exitCode == 75)
        sample.close()
        #expect(refusal(sample.path) == nil)
    }

    @Test func `a folder that is not there is a matter of configuration`() {
        let folder = ScratchDirectory()
        #expect(refusal(folder.file("missing/journal.db"))?.exitCode == 78)
    }

    @Test(.enabled(if: geteuid() == 0, "needs the right to remount a folder read-only"))
    func `a folder that cannot be written is a matter of configuration, and its journal stays as it was`() throws {
        let sample = try Sample()
        try sample.place("one")
        sample.close()
        let folder = sample.folder.path
        try #require(mount(folder, folder, nil, UInt(MS_BIND), nil) == 0)
        defer { umount(folder) }
        try #require(mount("none", folder, nil, UInt(MS_REMOUNT | MS_BIND | MS_RDONLY), nil) == 0)
        let before = contents(of: sample.path)
        #expect(refusal(sample.path)?.exitCode == 78)
        #expect(contents(of: sample.path) == before)
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `an account that moved to another venue is refused`() throws {
        let sample = try Sample()
        sample.close()
        let before = contents(of: sample.path)
        let error = #expect(throws: OpenError.self) {
            _ = try SQLiteJournal.open(path: sample.path, accounts: [JournalAccount(id: Sample.az, venue: "xt-spot", product: "spot")])
        }
        // The configuration is wrong, not the journal.
        #expect(error?.exitCode == 78 && error?.description.contains("mm-az is at az-futures usdt") == true, "\(String(describing: error))")
        #expect(contents(of: sample.path) == before)
    }

    @Test func `a journal that is replaced under a running daemon is noticed`() throws {
        let sample = try Sample()
        #expect(try !sample.open.fileIdentityChanged())
        #expect(rename(sample.path, sample.path + ".moved") == 0)
        #expect(try sample.open.fileIdentityChanged())
        write([1], to: sample.path)
        #expect(try sample.open.fileIdentityChanged())
    }

    @Test func `a journal that was killed is read and opened with its WAL`() throws {
        let sample = try Sample()
        let orders = try sample.place("one", count: 3)
        // What a kill leaves: the files as they are while the writer lives.
        let copy = sample.folder.file("killed.db")
        for suffix in ["", "-wal"] { write(contents(of: sample.path + suffix), to: copy + suffix) }
        #expect(contents(of: copy + "-wal").count > 0)
        #expect(try JournalVerifier.verify(path: copy).orders == 3)
        let reader = try SQLiteJournalReader(path: copy)
        #expect(try reader.answer(.timeline(orders[0].clientOrderID, waitsFor: nil)) != nil)
        #expect(try SQLiteJournal.open(path: copy, accounts: Sample.accounts).load().orders.count == 3)
    }

    enum Past: CaseIterable { case stopped, killed, takenIn, takenInBeforeReboot, copied, withoutWAL, emptyWAL, olderWithoutWAL }

    @Test(arguments: Past.allCases) func `a journal that lost its end is known as such, once and on record, and makes its ids elsewhere`(past: Past)
        throws
    {
        let sample = try Sample()
        try sample.place("one", count: 3)
        try sample.open.commit([.idHighWater(sample.now + 10_000_000), .boot(id: "boot")])
        _ = try sample.open.connection.checkpoint()
        let before = try sample.open.load()
        let path = sample.folder.file("past.db")
        switch past {
        case .stopped:
            sample.close()
            for suffix in ["", "-wal"] { write(contents(of: sample.path + suffix), to: path + suffix) }
        case .killed: for suffix in ["", "-wal"] { write(contents(of: sample.path + suffix), to: path + suffix) }
        case .takenIn, .takenInBeforeReboot:
            // A kill, and then a program that opens the journal to write, as the sqlite3 shell does: at its end the WAL is gone.
            for suffix in ["", "-wal", ".lock"] { write(contents(of: sample.path + suffix), to: path + suffix) }
            _ = try Connection(path: path, .readWrite).integer("SELECT count(*) FROM orders")
            #expect(access(path + "-wal", F_OK) != 0, "the other program left the WAL")
        case .copied: try JournalBackup.backup(from: sample.path, to: path)
        case .withoutWAL: write(contents(of: sample.path), to: path)
        case .olderWithoutWAL:
            write(contents(of: sample.path), to: path)
            try sample.place("two", count: 1)
            write(contents(of: sample.path + ".lock"), to: path + ".lock")
        case .emptyWAL: for (suffix, bytes) in [("", contents(of: sample.path)), ("-wal", [])] { write(bytes, to: path + suffix) }
        }
        let isLoss = ![.stopped, .killed, .takenIn].contains(past)

        for start in 1...2 {
            let journal = try SQLiteJournal.open(
                path: path, accounts: Sample.accounts, bootID: past == .takenInBeforeReboot ? "another" : "", wallClock: { sample.now })
            let state = try journal.load()
            #expect(state.orders.count == 3 && state.seq == before.seq)
            #expect(state.goneBackSeq == (isLoss ? before.seq : 0))
            #expect(state.bootID == (isLoss && start == 1 ? nil : "boot"))
            #expect(isLoss ? state.idHighWater >= before.idHighWater + 3_600_000_000 : state.idHighWater == before.idHighWater)
            #expect(journal.warnings.count { $0.contains("recorded last") } == (isLoss && start == 1 ? 1 : 0), "\(journal.warnings)")
            // The first turn.
            try journal.commit([.boot(id: "boot")])
        }
    }

    @Test func `a WAL that is not the file's own is never read into it, and nothing is changed`() throws {
        let sample = try Sample()
        try sample.place("one", count: 3)
        let copy = sample.folder.file("copy.db")
        try JournalBackup.backup(from: sample.path, to: copy)
        try sample.place("two", count: 3)
        write(contents(of: sample.path + "-wal"), to: copy + "-wal")
        expectRefusedUntouched(copy)
        #expect(unlink(copy) == 0)
        #expect(refusal(copy)?.description.contains("-wal is there and its journal is not") == true)
        #expect(access(copy, F_OK) != 0)
    }

    @Test func `a stopped journal keeps its WAL files for readers who may not write`() throws {
        let sample = try Sample()
        try sample.place("one", count: 3)
        sample.close()
        #expect(access(sample.path + "-wal", F_OK) == 0 && access(sample.path + "-shm", F_OK) == 0)
        let reader = try SQLiteJournalReader(path: sample.path)
        #expect(try reader.connection.integer("SELECT count(*) FROM v_open") == 3)
    }

    @Test func `readers cannot write`() throws {
        let sample = try Sample()
        let reader = try SQLiteJournalReader(path: sample.path)
        #expect(throws: JournalError.self) { try reader.connection.execute("DELETE FROM meta") }
    }

    @Test func `idle moves the WAL into the file`() throws {
        let sample = try Sample()
        try sample.place("many", count: 3_000)
        let before = contents(of: sample.path).count
        try sample.open.idle()
        #expect(contents(of: sample.path).count > before)
    }
}

@Suite struct `A full disk` {
    /// A small tmpfs of this test's own, or nil where none can be mounted.
    private final class SmallDisk {
        let folder = ScratchDirectory()
        let path: String
        init?(bytes: Int) {
            path = folder.file("disk")
            guard mkdir(path, 0o755) == 0, mount("none", path, "tmpfs", 0, "size=\(bytes)") == 0 else { return nil }
        }
        deinit { umount(path) }
    }

    static let canMount: Bool = { SmallDisk(bytes: 1 << 20) != nil }()

    @Test(.enabled(if: canMount, "needs the right to mount a small tmpfs"))
    func `a turn that finds no space is rolled back whole, and work goes on once there is space`() throws {
        let disk = try SmallDisk(bytes: 6 << 20).get()
        let path = disk.path + "/journal.db"
        let sample = try Sample()
        let journal = try SQLiteJournal.open(path: path, accounts: Sample.accounts)
        #expect(
            journal.warnings == [
                "\(path) is on a file system in memory: it is lost with the machine's power",
                "there is no space for the 16 MiB of ballast beside \(path)",
            ])
        let filler = disk.path + "/filler"
        write([UInt8](repeating: 1, count: 3 << 20), to: filler)
        sample.seq = 0
        var accepted = 0
        var failure: JournalError?
        while failure == nil, accepted < 100_000 {
            let before = sample.seq
            let (row, first) = sample.intent(IntentID("i\(accepted)"), orders: 100)
            let births = (0..<100).map { JournalRecord.orderBorn(sample.order(row, item: $0), actor: .daemon) }
            do throws(JournalError) {
                try journal.commit([first] + births + [.intentComplete(row.key)])
                accepted += 1
            } catch {
                sample.seq = before
                failure = error
            }
        }
        #expect(failure?.kind == .full)
        #expect(accepted > 0)
        unlink(filler)
        #expect(try journal.load().orders.count == accepted * 100)
        let (row, first) = sample.intent("afterwards", orders: 1)
        try journal.commit([first, .orderBorn(sample.order(row), actor: .daemon), .intentComplete(row.key)])
        #expect(try JournalVerifier.verify(path: path).problems == [])
    }

    @Test func `the ballast is there, goes and comes back`() throws {
        let sample = try Sample()
        #expect(contents(of: sample.path + ".ballast").count == 16 << 20)
        try sample.open.releaseBallast()
        #expect(access(sample.path + ".ballast", F_OK) != 0)
        #expect(try sample.open.restoreBallast())
        #expect(contents(of: sample.path + ".ballast").count == 16 << 20)
    }
}

@Suite struct `A failing disk` {
    @Test func `after the first I/O error nothing is written any more`() throws {
        let sample = try Sample()
        try sample.place("one")
        try sample.open.takeBack(after: JournalError(.failed, "fsync said no"))
        for _ in 0..<2 {
            #expect { try sample.place("two") } throws: { ($0 as? JournalError)?.description == "fsync said no" }
        }
        #expect { try sample.open.idle() } throws: { ($0 as? JournalError)?.kind == .failed }
        #expect { _ = try sample.open.load() } throws: { ($0 as? JournalError)?.kind == .failed }
    }

    @Test(arguments: [
        (SQLITE_FULL, JournalError.Kind.full), (SQLITE_IOERR, .failed), (SQLITE_READONLY, .failed), (SQLITE_CANTOPEN, .failed),
        (SQLITE_BUSY, .busy), (SQLITE_CORRUPT, .damaged), (SQLITE_NOTADB, .damaged), (SQLITE_CONSTRAINT, .damaged),
    ]) func `each result code says what can be done`(code: Int32, kind: JournalError.Kind) {
        #expect(JournalError(sqlite: code, of: nil, running: "COMMIT").kind == kind)
    }
}

extension `Opening a journal` {
    @Test func `a link that leads nowhere, a folder and a pipe are no journal, and stay as they are`() throws {
        let scratch = ScratchDirectory()
        let (link, pipe, folder) = (scratch.file("link.db"), scratch.file("pipe.db"), scratch.file("folder.db"))
        #expect(symlink(scratch.file("missing/journal.db"), link) == 0 && mkfifo(pipe, 0o600) == 0 && mkdir(folder, 0o700) == 0)

        for path in [link, pipe, folder] {
            #expect { try SQLiteJournal.open(path: path, accounts: Sample.accounts) } throws: { ($0 as? OpenError)?.kind == .configuration }
        }

        var status = stat()
        #expect(lstat(link, &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFLNK))
        #expect(lstat(pipe, &status) == 0 && status.st_mode & mode_t(S_IFMT) == mode_t(S_IFIFO))
    }
}
