import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

@Suite struct `Exporting a view` {
    private func rows(_ view: ExportedView, of sample: Sample, _ change: (inout ExportScope) -> Void = { _ in }) throws -> [[ExportedValue]] {
        var scope = ExportScope()
        change(&scope)
        var rows: [[ExportedValue]] = []
        try RecordExport(path: sample.path).read(view, scope) { rows.append($0) }
        return rows
    }

    @Test(arguments: ExportedView.allCases) func `every row of it is told once, in order, with all of its columns`(view: ExportedView) throws {
        let sample = try Sample.full()
        let told = try rows(view, of: sample)
        let connection = try Connection(path: sample.path, .readOnly)
        #expect(Int64(told.count) == (try connection.integer("SELECT count(*) FROM \(view.name)")) && !told.isEmpty)
        let export = try RecordExport(path: sample.path)
        let columns = try export.columns(of: view)
        let place = try #require(columns.firstIndex(of: view.key))
        let keys = told.compactMap { if case .integer(let key) = $0[place] { key } else { nil } }
        #expect(keys == keys.sorted() && Set(keys).count == told.count)
        #expect(told.allSatisfy { $0.count == columns.count })
    }

    @Test func `a stretch begins with its first moment and ends before its last`() throws {
        let sample = try Sample()
        var times: [Int64] = []
        for id in ["one", "two", "three"] { times.append(try sample.place(IntentID(id))[0].intendedAt) }
        func items(_ from: Int64?, _ to: Int64?) throws -> Int { try rows(.orders, of: sample) { ($0.from, $0.to) = (from, to) }.count }
        #expect(try items(nil, nil) == 3 && items(times[1], nil) == 2 && items(nil, times[1]) == 1)
        #expect(try items(times[1], times[2]) == 1 && items(times[2] + 1, nil) == 0)
        #expect(try rows(.orders, of: sample) { $0.conditions = [("intent_id", ["one", "three"]), ("account", ["mm-az"])] }.count == 2)
        #expect(try rows(.orders, of: sample) { $0.conditions = [("account", ["asc"])] }.isEmpty)
    }

    @Test func `amounts keep every digit that was written, whatever a float would make of them`() throws {
        let sample = try Sample()
        let order = try sample.place("one")[0]
        let exact = "0.100000000000000055"
        let fill = Fill(
            tradeID: "t", venueOrderID: "v", quantity: try Decimal("0.0003").get(), price: try Decimal(exact).get(), fee: Decimal("-0.3"),
            feeAsset: "USDT",
            at: 5)
        try sample.open.commit([.fill(order.key, Sample.az, order.clientOrderID, fill, sample.event(.filled))])
        let values = try #require(try rows(.fills, of: sample).first)
        #expect(values.contains(.text(exact)) && values.contains(.text("-0.3")))
    }

    @Test func `numbers that lie far apart are gone through by what is there, and a half-written intent is not told`() throws {
        let sample = try Sample()
        try sample.place("one")
        let (row, accepted) = sample.intent("half", orders: 2)
        try sample.open.commit([accepted, .orderBorn(sample.order(row), actor: .daemon)])
        #expect(try rows(.orders, of: sample).count == 1 && rows(.timeline, of: sample).count == 4)
        sample.close()
        try sample.edit("UPDATE requests SET request_id = 2305843009213693900")
        #expect(try rows(.requests, of: sample).count == 1)
    }

    @Test func `what a line's detail holds is told as JSON, and as a text where somebody made it none`() throws {
        let sample = try Sample()
        try sample.place("one")
        #expect(try rows(.timeline, of: sample).contains { $0.contains { if case .json = $0 { true } else { false } } })
        sample.close()
        try sample.edit("UPDATE events SET detail = '{' WHERE detail IS NOT NULL")
        #expect(try rows(.timeline, of: sample).contains { $0.contains(.text("{")) })
    }

    @Test func `what is complete behind a half-written intent is told`() throws {
        let sample = try Sample()
        try sample.place("one")
        let (row, accepted) = sample.intent("half", orders: 2)
        try sample.open.commit([accepted, .orderBorn(sample.order(row), actor: .daemon)])
        try sample.place("two")
        #expect(try rows(.orders, of: sample) { $0.conditions = [("intent_id", ["two"])] }.count == 1 && rows(.orders, of: sample).count == 2)
        // Accepted, born, submitted and acknowledged.
        #expect(try rows(.timeline, of: sample).count == 8)
        try sample.open.commit([.orderBorn(sample.order(row, item: 1), actor: .daemon), .intentComplete(row.key)])
        #expect(try rows(.orders, of: sample).count == 4)
    }

    @Test func `a name that nothing in the journal bears is known for one, and so is what is half written`() throws {
        let sample = try Sample()
        try sample.place("one", tag: "desk-1")
        let (row, accepted) = sample.intent("half", orders: 2, tag: "desk-2")
        try sample.open.commit([accepted, .orderBorn(sample.order(row), actor: .daemon)])
        let export = try RecordExport(path: sample.path)
        for (column, borne, other) in [
            ("account", "mm-az", "mm-za"), ("symbol", "btc_usdt", "btc_usd"), ("intent_id", "one", "half"), ("tag", "desk-1", "desk-2"),
        ] {
            #expect(try export.knows(borne, as: column) && !export.knows(other, as: column), "\(column)")
        }
    }

    @Test(arguments: ExportedView.allCases) func `the next number of a view is found by its key`(view: ExportedView) throws {
        let sample = try Sample.full()
        let connection = try Connection(path: sample.path, .readOnly)
        let plan = try connection.prepare("EXPLAIN QUERY PLAN " + view.nextNumber)
        var steps: [String] = []
        while try plan.step() { steps.append(plan.text(3)) }
        let walks = steps.filter { $0.contains("CO-ROUTINE") || $0.contains("SCAN") && $0 != "SCAN CONSTANT ROW" }
        #expect(walks.isEmpty && steps.contains { $0.hasPrefix("SEARCH") }, "\(steps)")
        #expect(steps.filter { $0.contains("TABLE") || $0.hasPrefix("SEARCH") }.allSatisfy { $0.contains("PRIMARY KEY") }, "\(steps)")
    }
}
