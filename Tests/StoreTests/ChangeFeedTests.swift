import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

/// What a follower reads.
@Suite struct ChangeFeedTests {
    @Test
    func `who follows the record from any number on, by its bytes, has every birth and every line once, and folds the orders that the journal holds`()
        throws
    {
        let sample = try Sample()
        for number in 0..<5 { try sample.place(IntentID("i\(number)"), count: 3) }
        let reader = try SQLiteJournalReader(path: sample.path)
        var (numbers, orders): ([Int64], [OrderKey: (born: Order, told: FoldedOrder)]) = ([], [:])
        var position: Int64 = 0
        while true {
            let page = try reader.changes(after: position, limit: 7)
            for sent in page.changes {
                let change = try RecordedChange(bytes: sent.bytes)
                numbers.append(change.seq)
                switch change {
                case .born(let order, let actor):
                    #expect(actor == .peer(uid: 1000, pid: 42))
                    orders[order.key] = (order, FoldedOrder(order))
                case .line(let line):
                    guard let key = line.order, line.command == nil else { continue }
                    orders[key]?.told.apply(try Self.fold(line))
                }
            }
            #expect(page.completeTo > position || page.isLast)
            position = page.completeTo
            if page.isLast { break }
        }
        #expect(numbers == Array(1...sample.seq) && orders.count == 15)
        for order in try sample.open.load().orders {
            let (born, told) = try #require(orders[order.key])
            #expect(described(born) == described(order.asBorn) && told.problems.isEmpty)
            for (index, field) in Order.known.enumerated() { #expect(told.values[index].text == field.get(order).text, "\(field.name)") }
        }
        #expect(try reader.changes(after: sample.seq, limit: 10).changes.isEmpty)
    }

    @Test func `a follower is told nothing of an intent that is still being written`() throws {
        let sample = try Sample()
        try sample.place("whole")
        let end = sample.seq
        let (row, accepted) = sample.intent("half", orders: 2)
        try sample.open.commit([accepted, .orderBorn(sample.order(row), actor: .daemon)])
        let page = try SQLiteJournalReader(path: sample.path).changes(after: 0, limit: 100)
        #expect(page.completeTo == end && page.isLast && page.changes.map(\.seq) == Array(1...end))
    }

    @Test func `bytes that are no change are refused`() throws {
        for bytes in [[], [9, 1], [1, 7], [1, 2, 0]] as [[UInt8]] { #expect(throws: RecordError.self) { try RecordedChange(bytes: bytes) } }
    }

    private static func fold(_ line: RecordedLine) throws -> OrderLine {
        let detail = try line.detail.map { try JSONParser.parse($0) }
        return OrderLine(
            seq: line.seq, at: line.at, kind: line.kind.rawValue, from: line.from, to: line.to, evidence: line.evidence?.rawValue,
            request: line.request?.number, changes: (detail?.object ?? []).map { ($0.key, $0.value.text.map { .text($0) } ?? .none) })
    }
}
