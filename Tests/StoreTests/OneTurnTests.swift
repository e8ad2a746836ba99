import OMSCore
import Testing

@testable import Store

/// A turn's rows are gathered, and an order that is born and sent in one turn is written once: nobody who reads the file can tell.
@Suite struct OneTurnTests {
    enum Story: CaseIterable { case waits, sent, sentAndAcknowledged, parkedAndSent, sentAndSentAgain }

    @Test(arguments: Story.allCases, [1, 2, 15, 16, 17, 33, 100])
    func `what happens in one turn is on record as if it had happened in as many as it has lines`(story: Story, count: Int) throws {
        let (together, apart) = (try Sample(), try Sample())
        try together.open.commit(records(of: story, count: count, in: together))
        for record in records(of: story, count: count, in: apart) { try apart.open.commit([record]) }
        for table in ["intents", "orders", "used_ids", "predicted_ids", "events", "requests", "symbols"] {
            #expect(try rows(of: table, in: together) == rows(of: table, in: apart), "\(table)")
        }
        #expect(try rows(of: "v_timeline", in: together) == rows(of: "v_timeline", in: apart))
        #expect(try rows(of: "orders", in: together).count == count)
        #expect(try JournalVerifier.verify(path: together.path).problems == [])
    }

    @Test func `a turn that fails among rows that were gathered leaves none of them to the next`() throws {
        let sample = try Sample()
        let first = try sample.place("one")[0]
        let before = sample.seq
        for failing in [3, 20, 39] {
            let (row, accepted) = sample.intent("two", orders: 40)
            let births = (0..<40).map { sample.order(row, item: $0, id: $0 == failing ? first.clientOrderID : nil) }
            #expect(throws: JournalError.self) {
                try sample.open.commit([accepted] + births.map { .orderBorn($0, actor: .daemon) } + [.intentComplete(row.key)])
            }
            sample.seq = before
        }
        try sample.place("three", count: 40)
        #expect(try rows(of: "orders", in: sample).count == 41)
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test(arguments: [0, 3, 15, 16, 20, 31, 39]) func `a turn that fails while orders are gathered leaves nothing to a turn in which none is born`(
        item: Int
    ) throws {
        let sample = try Sample()
        try sample.place("one")
        let before = sample.seq
        let (row, accepted) = sample.intent("two", orders: 40)
        let births = (0..<40).map { sample.order(row, item: $0) }
        try sample.tamper("CREATE TRIGGER stop BEFORE INSERT ON orders WHEN NEW.item = \(item) BEGIN SELECT RAISE(ABORT, 'no'); END")
        #expect(throws: JournalError.self) {
            try sample.open.commit([accepted] + births.map { .orderBorn($0, actor: .daemon) } + [.intentComplete(row.key)])
        }
        try sample.tamper("DROP TRIGGER stop")
        sample.seq = before
        try sample.open.commit([.note(account: Sample.az, nil, sample.event(.note))])
        #expect(try rows(of: "orders", in: sample).count == 1 && rows(of: "used_ids", in: sample).count == 1)
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test(arguments: [0, 1, 14, 15, 16, 18, 39])
    func `a turn that fails while events are gathered leaves none to what discards an intent that was half written`(
        item: Int
    ) throws {
        let sample = try Sample()
        var orders = try sample.place("one", count: 40)
        let (half, accepted) = sample.intent("half", orders: 2)
        try sample.open.commit([accepted, .orderBorn(sample.order(half), actor: .daemon)])
        let before = sample.seq
        let key = orders[item].key.number
        try sample.tamper("CREATE TRIGGER stop BEFORE INSERT ON events WHEN NEW.order_key = \(key) BEGIN SELECT RAISE(ABORT, 'no'); END")
        let changes = orders.indices.map { index in
            orders[index].parkedAt = sample.now
            return JournalRecord.orderChanged(orders[index], from: .acknowledged, fields: [.parkedAt], sample.event(.parked))
        }
        #expect(throws: JournalError.self) { try sample.open.commit(changes) }
        try sample.tamper("DROP TRIGGER stop")
        sample.seq = before
        #expect(try sample.open.load().intents.isEmpty == false)
        #expect(try rows(of: "intents", in: sample).count == 1, "what was half written is gone")
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    private func records(of story: Story, count: Int, in sample: Sample) -> [JournalRecord] {
        let (row, accepted) = sample.intent("one", orders: count)
        var orders = (0..<count).map { sample.order(row, item: $0) }
        var records = [accepted] + orders.map { JournalRecord.orderBorn($0, actor: .peer(uid: 1000, pid: 42)) } + [.intentComplete(row.key)]
        guard story != .waits else { return records }
        if story == .parkedAndSent {
            for index in orders.indices {
                orders[index].parkedAt = sample.now
                records.append(.orderChanged(orders[index], from: .intended, fields: [.parkedAt], sample.event(.parked)))
            }
        }
        let request = sample.request(items: count)
        records.append(.request(request))
        for index in orders.indices {
            records.append(sample.submit(&orders[index], in: request, predicted: index % 2 == 0 ? nil : VenueOrderID("a\(index)")))
        }
        switch story {
        case .waits, .sent, .parkedAndSent: break
        case .sentAndAcknowledged: for index in orders.indices { records.append(sample.acknowledge(&orders[index])) }
        case .sentAndSentAgain:
            for index in orders.indices {
                orders[index].state = .intended
                records.append(.orderChanged(orders[index], from: .submitted, fields: [], sample.event(.requeued)))
            }
            let again = sample.request(items: count)
            records.append(.request(again))
            for index in orders.indices { records.append(sample.submit(&orders[index], in: again)) }
        }
        return records
    }

    private func rows(of table: String, in sample: Sample) throws -> [[String]] {
        let connection = try Connection(path: sample.path, .readOnly)
        let statement = try connection.prepare("SELECT * FROM \(table) ORDER BY 1, 2")
        var rows: [[String]] = []
        while try statement.step() { rows.append((0..<statement.columns).map { "\(statement.name(of: $0)) \(statement.text($0))" }) }
        return rows
    }
}
