import CLinux
import OMSCore
import TestSupport
import Testing

@testable import Store

@Suite struct `The WAL is written at once` {
    /// Calls that wrote, of this thread.
    private func writes() throws -> Int {
        let text = String(decoding: readBytes("/proc/thread-self/io") ?? [], as: UTF8.self)
        let line = try text.split(separator: "\n").first { $0.hasPrefix("syscw: ") }.get()
        return try Int(line.dropFirst(7)).get()
    }

    @Test func `a commit is one write in front of its sync, whatever its size, and one beside the journal`() throws {
        let sample = try Sample()
        try sample.place("first")
        for count in [1, 10, 100] {
            let (row, accepted) = sample.intent(IntentID("i\(count)"), orders: count)
            let births = (0..<count).map { JournalRecord.orderBorn(sample.order(row, item: $0), actor: .daemon) }
            let before = try writes()
            try sample.open.commit([accepted] + births + [.intentComplete(row.key)])
            #expect(try writes() - before <= 2, "\(count) orders")
        }
    }

    @Test func `what is committed is seen by others at once, and found after a kill`() throws {
        let sample = try Sample()
        let reader = try Connection(path: sample.path, .readOnly)
        let scratch = ScratchDirectory()
        for number in 1...20 {
            try sample.place(IntentID("i\(number)"), count: number)
            #expect(try reader.integer("SELECT count(*) FROM orders") == Int64(number * (number + 1) / 2))
            // As a kill leaves it: what is with the kernel by now.
            for end in ["", "-wal"] { write(try readBytes(sample.path + end).get(), to: scratch.file("journal.db" + end)) }
            #expect(try JournalVerifier.verify(path: scratch.file("journal.db")).problems == [])
            let copy = try Connection(path: scratch.file("journal.db"), .readWrite)
            #expect(try copy.integer("SELECT count(*) FROM orders") == Int64(number * (number + 1) / 2))
        }
    }

    @Test func `a turn that is larger than the cache and the buffer is whole, and one that fails is gone`() throws {
        let sample = try Sample()
        try sample.open.connection.execute("PRAGMA cache_size = 10")
        let first = try sample.place("first")[0]
        let before = sample.seq
        for isTaken in [false, true, false] {
            let known = sample.seq
            let (row, accepted) = sample.intent(IntentID("large \(known)"), orders: 3_000)
            let births = (0..<3_000).map { sample.order(row, item: $0, id: !isTaken && $0 == 2_990 ? first.clientOrderID : nil) }
            let records = [accepted] + births.map { JournalRecord.orderBorn($0, actor: .daemon) } + [.intentComplete(row.key)]
            if isTaken {
                try sample.open.commit(records)
            } else {
                #expect(throws: JournalError.self) { try sample.open.commit(records) }
                sample.seq = known
            }
        }
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
        #expect(try sample.reopen().load().orders.count == 3_001)
        #expect(sample.seq > before)
    }
}
