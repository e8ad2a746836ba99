import CSQLite
import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

/// Positions on record.
@Suite struct PositionRowTests {
    private static func row(_ change: (inout PositionRow) -> Void = { _ in }) -> PositionRow {
        var row = PositionRow(account: Sample.az, key: PositionKey(symbol: "btc_usdt", positionSide: nil))
        change(&row)
        return row
    }

    @Test func `a position is read as it was written last, one that left a decimal's range too, and no row goes away`() throws {
        let sample = try Sample()
        try sample.place("one")
        var first = Self.row { ($0.bought, $0.fills) = (.one, 1) }
        let beyond = {
            var row = PositionRow(account: Sample.az, key: PositionKey(symbol: "btc_usdt", positionSide: .short))
            (row.bought, row.since, row.before, row.lastFillAt) = (nil, 7, Decimal("-0.5"), 9)
            return row
        }()
        try sample.open.commit([.position(first), .position(beyond)])
        (first.bought, first.fills) = (Decimal(2), 2)
        try sample.open.commit([.position(first)])
        let state = try sample.reopen().load()
        #expect(state.positions == [first, beyond] && state.hasPositions)
        sample.close()
        #expect(throws: (any Error).self) { try sample.tamper("DELETE FROM positions") }
    }

    @Test func `verify names a position that is not what orders and executions come to`() throws {
        let sample = try Sample()
        let order = try sample.place("one")[0]
        try sample.fill(order, trade: "t1")
        let half = Decimal("0.0005")
        try sample.open.commit([.position(Self.row { ($0.bought, $0.listedBought, $0.fills) = (half, half, 1) })])
        sample.close()
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
        try sample.tamper("UPDATE positions SET bought = '0.0006'")
        let problems = try JournalVerifier.verify(path: sample.path).problems
        #expect(problems.contains { $0.contains("position mm-az btc_usdt: bought is 0.0006, orders and fills come to 0.0005") }, "\(problems)")
    }

    @Test func `verify reads positions in pieces, and one that trades meanwhile is no break`() throws {
        let sample = try Sample()
        let orders = try sample.place("many", count: 3)
        var row = Self.row()
        func trade(_ order: Order, _ id: TradeID) throws {
            try sample.fill(order, trade: id)
            let half = try #require(Decimal("0.0005"))
            (row.bought, row.listedBought) = (row.bought?.adding(half), row.listedBought?.adding(half))
            row.fills += 1
            try sample.open.commit([.position(row)])
        }
        try trade(orders[0], "first")
        for (trades, isNoted) in [(1, false), (.max, true)] {
            var pieces = 0
            let connection = try Connection(path: sample.path, .readOnly)
            var check = JournalCheck(connection: connection)
            try check.positions(chunk: 1) { _ in
                pieces += 1
                // Nothing is held between two pieces.
                #expect(sqlite3_get_autocommit(connection.handle) != 0)
                guard pieces <= trades else { return }
                #expect(throws: Never.self) { try trade(orders[0], TradeID("\(trades)-\(pieces)")) }
            }
            #expect(pieces == (isNoted ? 9 : 6))
            #expect(check.report.problems == [] && check.report.notes.contains { $0.contains("mm-az btc_usdt") } == isNoted, "\(check.report)")
        }
    }

    @Test func `executions since a time are found with their sides, and orders that traded page by page`() throws {
        let sample = try Sample()
        let orders = try sample.place("many", count: 3)
        for order in orders[0...1] { try sample.fill(order, trade: "t") }
        var trades: [OwnTrade] = []
        try sample.open.trades(of: Sample.az, since: 0) { trades.append($0) }
        let known = try orders[0...1].map { OwnTrade(try sample.open.fills(of: $0.key)[0], of: $0.terms) }
        #expect(trades == known && trades[0].side == .buy)
        try sample.open.trades(of: Sample.az, since: sample.now + 1) { Issue.record("\($0) was not since then") }
        let first = try sample.open.executedOrders(after: OrderKey(0), limit: 1)
        #expect(first.map(\.key) == [orders[0].key])
        #expect(try sample.open.executedOrders(after: orders[0].key, limit: 9).map(\.key) == [orders[1].key])
    }

    /// As 0.1.0 left it: orders traded, and nothing says what they came to.
    private static func upgraded() throws -> (Sample, orders: [Order]) {
        let sample = try Sample()
        let orders = try sample.place("old", count: 2)
        try sample.fill(orders[0], trade: "t")
        sample.close()
        // Closed, so that a start reads nothing of them but to count.
        try sample.tamper("UPDATE orders SET state = 'filled', closed_at = 1; DELETE FROM meta WHERE key = 'positions'")
        return (sample, orders)
    }

    private static func start(_ sample: Sample) throws -> [JournalRecord] {
        let moment = Moment(monotonic: 1, wall: sample.now)
        let engine = Engine(
            accounts: [], state: try sample.open.load(), history: try sample.open, seed: 1, bootID: "boot", at: moment, version: "1")
        let output = engine.finishTurn(at: moment, reading: try sample.open)
        if let error = output.unread { try sample.open.latch(error) }
        sample.seq = engine.journalSeq
        return output.records
    }

    private static func positions(_ sample: Sample) throws -> Int {
        sample.close()
        return try sample.reopen().load().positions.count
    }

    @Test func `a journal of 0.1.0 with an order that cannot be read does not start, and its positions stay uncounted`() throws {
        for spoiled in ["UPDATE orders SET filled_quantity = 'many' WHERE item = 0", "UPDATE fills SET quantity = 'many'"] {
            let (sample, _) = try Self.upgraded()
            try sample.tamper("DROP TRIGGER fills_fixed; \(spoiled)")
            try sample.reopen()
            let records = try Self.start(sample)
            let error = #expect(throws: JournalError.self) { try sample.open.commit(records) }
            #expect(error?.kind == .damaged && error?.exitCode == 65, "\(String(describing: error))")
            #expect(throws: JournalError.self) { try sample.open.check() }
            sample.close()
        }
    }

    @Test func `positions of a journal of 0.1.0 are counted at its first start, and where nothing traded they are not counted again`() throws {
        let (sample, orders) = try Self.upgraded()
        try sample.reopen()
        try sample.open.commit(try Self.start(sample))
        #expect(try Self.positions(sample) == 1)
        #expect(try sample.open.load().positions.first?.bought == Decimal("0.0005") && orders.count == 2)
        let idle = try Sample()
        try idle.place("open")
        idle.close()
        try idle.tamper("DELETE FROM meta WHERE key = 'positions'")
        try idle.reopen()
        #expect(try !idle.open.load().hasPositions)
        try idle.open.commit(try Self.start(idle))
        idle.close()
        try idle.reopen()
        #expect(try idle.open.load().hasPositions)
    }
}
