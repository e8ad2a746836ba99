import OMSCore
import Testing

@testable import Store

/// A turn that cannot be written is as if it had never been.
@Suite struct FailedTurnTests {
    @Test func `a client order id is never taken twice and a failed turn leaves nothing behind`() throws {
        let sample = try Sample()
        let first = try sample.place("one")[0]
        #expect(try sample.open.isUsed(first.clientOrderID))
        let before = sample.seq
        let (row, accepted) = sample.intent("two", orders: 1)
        let again = sample.order(row, id: first.clientOrderID) { $0.symbol = "new_usdt" }
        #expect(throws: JournalError.self) {
            try sample.open.commit([accepted, .orderBorn(again, actor: .daemon), .intentComplete(row.key)])
        }
        sample.seq = before
        #expect(try sample.open.load().seq == before)
        #expect(try sample.open.intent("two") == nil)
        try sample.place("three")
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `a turn that failed set no request ids aside: none of them is given again, with its row or without`() throws {
        let sample = try Sample()
        let first = try sample.place("one")[0]
        let before = sample.seq
        // It carries the first request behind what was set aside, and fails.
        let reserved = try sample.open.load().requestMax
        var request = sample.request()
        while request.id.number <= reserved { request = sample.request() }
        let (row, accepted) = sample.intent("two", orders: 1)
        let again = sample.order(row, id: first.clientOrderID)
        #expect(throws: JournalError.self) {
            try sample.open.commit([.request(request), accepted, .orderBorn(again, actor: .daemon), .intentComplete(row.key)])
        }
        sample.seq = before
        #expect(try sample.open.load().requestMax == reserved)
        try sample.open.commit([.request(request)])
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
        #expect(try sample.reopen().load().requestMax >= request.id.number)
    }

    @Test func `a record that leaves a gap in the sequence is refused`() throws {
        let sample = try Sample()
        _ = sample.next()
        let (_, accepted) = sample.intent("late", orders: 0)
        #expect { try sample.open.commit([accepted]) } throws: { ($0 as? JournalError)?.kind == .damaged }
        #expect(try sample.open.load().seq == 0)
    }
}
