import OMSCore
import TestSupport
import Testing

@testable import Store

/// A journal as one host's copy of a group's log.
@Suite struct GroupJournalTests {
    private static let accounts = [JournalAccount(id: "mm-az", venue: "az-futures", product: "usdt")]
    private static let at: Int64 = 1_795_183_260_000_000

    private static func open(_ path: String, _ use: JournalUse = .group("desk")) throws(OpenError) -> SQLiteJournal {
        try SQLiteJournal.open(path: path, accounts: accounts, for: use, wallClock: { at })
    }

    private static func place(_ turn: Int64, _ byte: UInt8, group: String = "desk") -> LogPlace {
        LogPlace(group: group, epoch: 3, head: LogHead(turn: turn, digest: Digest256([UInt8](repeating: byte, count: 32))))
    }

    private static func note(_ seq: Int64) -> JournalRecord { .note(account: nil, nil, JournalEvent(seq: seq, at: at, kind: .note)) }

    /// Writes a turn and commits it.
    private static func take(_ records: [JournalRecord], _ place: LogPlace, _ journal: SQLiteJournal) throws {
        try journal.write(records, at: at, reaching: place)
        try journal.finish()
    }

    private static func refusal(_ path: String, _ use: JournalUse) -> OpenError? {
        do throws(OpenError) {
            _ = try open(path, use)
            return nil
        } catch { return error }
    }

    @Test func `what is committed says where the log is, what is taken back does not, and the next process reads it`() throws {
        let scratch = ScratchDirectory()
        let file = scratch.file("journal.db")
        do {
            let journal = try Self.open(file)
            #expect(journal.place == nil && journal.isEmpty)
            // Its accounts are no row before a turn says so.
            let openings = try journal.openings(at: Self.at)
            #expect(openings.count == 1)
            try Self.take(openings, Self.place(1, 1), journal)
            #expect(journal.place == Self.place(1, 1))
            #expect(try journal.openings(at: Self.at).isEmpty)
            try Self.take([Self.note(1)], Self.place(2, 2), journal)
            try journal.write([Self.note(2)], at: Self.at, reaching: Self.place(3, 3))
            journal.takeBack()
            #expect(journal.place == Self.place(2, 2))
            // A mark without records is a turn, too.
            try Self.take([], Self.place(3, 4), journal)
        }
        #expect(try Self.open(file).place == Self.place(3, 4))
    }

    @Test func `a copy of a log is opened for its own group alone, and for upkeep, and not where something was written past the log`() throws {
        let scratch = ScratchDirectory()
        let file = scratch.file("journal.db")
        do {
            let journal = try Self.open(file)
            try Self.take(try journal.openings(at: Self.at) + [Self.note(1)], Self.place(1, 1), journal)
        }
        let alone = try #require(Self.refusal(file, .alone))
        #expect(alone.kind == .configuration && alone.description.contains("group desk") && alone.description.contains("omsd log-leave"))
        let other = try #require(Self.refusal(file, .group("other")))
        #expect(other.kind == .configuration && other.description.contains("group desk's log, replica.group says other"))
        do {
            let journal = try Self.open(file, .upkeep)
            #expect(journal.place == Self.place(1, 1))
            try journal.commit([Self.note(2)], at: Self.at)
        }
        let parted = try #require(Self.refusal(file, .group("desk")))
        #expect(parted.kind == .damaged && parted.description.contains("ends at number 2") && parted.description.contains("at 1"))
        do { #expect(try Self.open(file, .upkeep).leaveGroup() == "desk") }
        let journal = try Self.open(file, .alone)
        #expect(try journal.place == nil && journal.load().goneBackSeq == 2, "what the group sent since is not known here")
    }

    @Test func `a copy that lost its last turns has lost nothing for good, and is not marked as one that went back`() throws {
        let scratch = ScratchDirectory()
        let (file, copy) = (scratch.file("journal.db"), scratch.file("copy.db"))
        do {
            let journal = try Self.open(file)
            try Self.take(try journal.openings(at: Self.at) + [Self.note(1)], Self.place(1, 1), journal)
            try JournalBackup.backup(from: file, to: copy)
        }
        let journal = try Self.open(copy)
        #expect(journal.warnings.allSatisfy { !$0.contains("is a copy") })
        #expect(try journal.load().goneBackSeq == 0 && journal.place == Self.place(1, 1))
    }

    @Test func `what a log brought is compared with the configuration once it is in the journal`() throws {
        let scratch = ScratchDirectory()
        let journal = try Self.open(scratch.file("journal.db"))
        #expect(try journal.identityProblems([]).isEmpty)
        let other = JournalRecord.account(key: 1, "mm-az", venue: "xt-spot", product: "spot")
        try Self.take([other], Self.place(1, 1), journal)
        let told = try journal.identityProblems([])
        #expect(told.count == 1 && told[0].contains("is at xt-spot spot by the journal, at az-futures usdt by the configuration"), "\(told)")
    }

    @Test func `a place that cannot be read is damage, whatever the journal is opened for`() throws {
        let scratch = ScratchDirectory()
        for text in ["", "desk 1 2 3", "desk 1 2 3 zz", "desk -1 2 3 " + String(repeating: "0", count: 64), "desk x 2 3 4"] {
            let file = scratch.file("journal-\(text.utf8.count).db")
            do {
                let journal = try Self.open(file, .alone)
                try journal.connection.execute("INSERT INTO meta VALUES ('log_place', '\(text)')")
            }
            for use in [JournalUse.alone, .group("desk"), .upkeep] { #expect(Self.refusal(file, use)?.kind == .damaged, "\(text)") }
        }
    }
}
