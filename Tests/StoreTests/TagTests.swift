import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

/// What an intent belongs to, on record.
struct TagTests {
    private static func list(
        _ reader: SQLiteJournalReader, _ query: (OrderFilter) -> JournalQuery = { .orders($0) }, _ change: (inout OrderFilter) -> Void
    ) throws -> JSON? {
        var filter = OrderFilter()
        change(&filter)
        return try reader.answer(query(filter)).map { try JSONParser.parse($0) }
    }

    @Test func `a tag stands with its intent, its orders, their fills, commands, breaks, times and events, and with no others`() throws {
        let sample = try Sample()
        let order = try sample.place("tagged", tag: "grid.btc:1")[0]
        try sample.place("plain")
        let fill = Fill(tradeID: "t1", venueOrderID: "v1", quantity: .one, price: .one, fee: nil, feeAsset: nil, at: 5)
        let (found, asked) = (sample.event(.breakFound), sample.event(.commandRequested))
        let gone = Break(
            id: found.seq, account: Sample.az, kind: .missingThere, clientOrderID: order.clientOrderID, venueOrderID: nil, detail: "", at: found.at)
        let cancel = OrderCommand(
            id: CommandID(asked.seq), kind: .cancel, order: order.key, clientOrderID: order.clientOrderID, account: Sample.az, intent: order.intent,
            price: nil, quantity: nil, onFailure: .keep, requestedAt: asked.at, sequence: .cancelFirst, expiresAt: nil)
        try sample.open.commit([
            .breakFound(gone, found), .commandBorn(cancel, asked), .fill(order.key, Sample.az, order.clientOrderID, fill, sample.event(.filled)),
        ])
        let reader = try SQLiteJournalReader(path: sample.path)
        for view in ["v_intents", "v_orders", "v_open", "v_fills", "v_commands", "v_breaks", "v_latency"] {
            let (with, all) = (
                try reader.connection.integer("SELECT count(*) FROM \(view) WHERE tag = 'grid.btc:1'"),
                try reader.connection.integer("SELECT count(*) FROM \(view) WHERE tag IS NOT NULL")
            )
            #expect(with == 1 && all == 1, "\(view)")
        }
        // Every line that bears the intent's id bears its tag.
        #expect(try reader.connection.integer("SELECT count(*) FROM v_timeline WHERE (intent_id = 'tagged') IS NOT (tag IS 'grid.btc:1')") == 0)
        let events = try told(reader.events(after: 0, of: .all, limit: 100))
        let births = events.filter { $0["kind"]?.string == "order_born" }
        #expect(births.map { $0["tag"] } == [.string("grid.btc:1"), .null] && births.map { $0["intent_id"]?.string } == ["tagged", "plain"])
        #expect(try JournalVerifier.verify(path: sample.path).isSound)
    }

    @Test func `a tag comes back with the intent, the order and the birth, by the record's own bytes too`() throws {
        let sample = try Sample()
        let order = try sample.place("tagged", count: 2, tag: "t")[0]
        let journal = try sample.reopen()
        let state = try journal.load()
        #expect(state.orders.map(\.tag) == ["t", "t"])
        #expect(try journal.intent("tagged")?.tag == "t" && journal.order(order.clientOrderID)?.tag == "t")
        let changes = try SQLiteJournalReader(path: sample.path).changes(after: 0, limit: 100).changes
        for change in changes {
            guard case .born(let born, _) = try RecordedChange(bytes: change.bytes) else { continue }
            #expect(born.tag == "t" && born.intentID == "tagged")
        }
        #expect(throws: (any Error).self) { try sample.tamper("UPDATE orders SET tag = 'mine'") }
        #expect(throws: (any Error).self) { try sample.tamper("UPDATE intents SET tag = NULL") }
    }

    @Test func `listings by tag come in pages, and a tag that no intent bears is a name that is not there`() throws {
        let sample = try Sample()
        var orders: [Order] = []
        for number in 0..<6 {
            let placed = try sample.place(IntentID("i\(number)"), count: 2, tag: number % 2 == 0 ? "even" : number == 1 ? "one" : nil)
            if number % 2 == 0 { orders += placed }
        }
        let reader = try SQLiteJournalReader(path: sample.path)
        let first = try Self.list(reader) {
            $0.tag = "even"
            $0.limit = 4
        }
        #expect(first?["orders"]?.array?.map { $0["client_order_id"]?.string } == orders[..<4].map(\.clientOrderID.text))
        let rest = try Self.list(reader) {
            $0.tag = "even"
            $0.after = first?["next"]?.integer
        }
        #expect(rest?["orders"]?.array?.map { $0["client_order_id"]?.string } == orders[4...].map(\.clientOrderID.text))
        let live = try Self.list(reader) {
            $0.tag = "even"
            $0.states = [.acknowledged]
        }
        #expect(live?["orders"]?.array?.count == 6)
        let none = try Self.list(reader) {
            $0.tag = "even"
            $0.states = [.filled]
        }
        #expect(none?["orders"]?.array?.isEmpty == true)
        let intents = try reader.answer(.intents(account: nil, tag: "even", after: nil, limit: 10)).map { try JSONParser.parse($0) }
        #expect(intents?["intents"]?.array?.map { $0["intent_id"]?.string } == ["i0", "i2", "i4"])
        for query in [{ JournalQuery.orders($0) }, { .fills($0) }, { .intents(account: $0.account, tag: $0.tag, after: nil, limit: 9) }] {
            #expect(try Self.list(reader, query) { $0.tag = "odd" } == nil)
            #expect(try Self.list(reader, query) { ($0.tag, $0.account) = ("even", "asc") } == nil)
            #expect(try Self.list(reader, query) { ($0.tag, $0.account) = ("even", Sample.az) } != nil)
        }
    }

    /// What is written of an intent without a tag are the pages that were written before tags were.
    @Test func `an intent without a tag is in no index of tags`() throws {
        let sample = try Sample()
        try sample.place("plain", count: 50)
        func entries(_ index: String, _ table: String) throws -> Int64? {
            try SQLiteJournalReader(path: sample.path).connection
                .integer("SELECT count(*) FROM \(table) INDEXED BY \(index) WHERE tag IS NOT NULL")
        }
        #expect(try entries("intents_tag", "intents") == 0 && entries("orders_tag", "orders") == 0)
        try sample.place("tagged", count: 50, tag: "t")
        #expect(try entries("intents_tag", "intents") == 1 && entries("orders_tag", "orders") == 50)
    }
}
