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

    @Test func `executions since a time are found with their sides, and orders that traded page by page`() throws {
        let sample = try Sample()
        let orders = try sample.place("many", count: 3)
        for order in orders[0...1] { try sample.fill(order, trade: "t") }
        let fills = try sample.open.fills(of: Sample.az, symbol: "btc_usdt", since: 0)
        #expect(fills.count == 2 && fills.allSatisfy { $0.side == .buy && $0.positionSide == nil })
        #expect(try sample.open.fills(of: Sample.az, symbol: "btc_usdt", since: sample.now + 1).isEmpty)
        #expect(try sample.open.fills(of: Sample.az, symbol: "eth_usdt", since: 0).isEmpty)
        let first = try sample.open.executedOrders(after: OrderKey(0), limit: 1)
        #expect(first.map(\.key) == [orders[0].key])
        #expect(try sample.open.executedOrders(after: orders[0].key, limit: 9).map(\.key) == [orders[1].key])
    }
}
