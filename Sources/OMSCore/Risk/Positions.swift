/// What an account's own orders came to, position by position. Part of ``Book``, which tells of every growth of an order and of every execution.
struct Positions {
    private let account: AccountID
    private let takesFees: Bool
    private var rows: [PositionKey: PositionRow] = [:]
    /// From when on a market's positions count for its limit, microseconds since 1970 UTC; not named: from the beginning.
    private var begins: [Symbol: Int64] = [:]
    private var touched: Set<PositionKey> = []

    /// - Parameter takesFees: fees in what is traded make a position smaller.
    init(of account: AccountID, takesFees: Bool) { (self.account, self.takesFees) = (account, takesFees) }

    subscript(key: PositionKey) -> PositionRow? { rows[key] }
    /// By market and side.
    var all: [PositionRow] { rows.values.sorted { $0.key < $1.key } }

    mutating func restore(_ known: [PositionRow]) {
        for row in known { rows[row.key] = row }
    }

    mutating func execute(_ terms: OrderTerms, from: Decimal, to: Decimal) {
        guard let growth = to.subtracting(from), !growth.isZero else { return }
        change(terms) { $0.execute(terms.side, growth) }
    }

    mutating func book(_ fill: Fill, of terms: OrderTerms) {
        let takesFees = takesFees
        change(terms) { $0.book(fill, terms.side, takesFees: takesFees) }
    }

    private mutating func change(_ terms: OrderTerms, _ body: (inout PositionRow) -> Void) {
        let key = PositionKey(terms)
        var row = rows[key] ?? fresh(key)
        body(&row)
        rows[key] = row
        touched.insert(key)
    }

    private func fresh(_ key: PositionKey) -> PositionRow {
        var row = PositionRow(account: account, key: key)
        row.since = begins[key.symbol] ?? 0
        return row
    }

    /// What is to go on record, by market and side.
    mutating func takeTouched() -> [PositionRow] {
        guard !touched.isEmpty else { return [] }
        defer { touched.removeAll(keepingCapacity: true) }
        return touched.sorted().compactMap { rows[$0] }
    }

    /// Counts from another time on.
    ///
    /// - Parameter fills: executions on record of a market from a time on; nil: they cannot be read, and the former time stands.
    mutating func begin(at times: [Symbol: Int64], fills: (Symbol, Int64) -> [OwnFill]?) {
        begins = times
        for (symbol, time) in times.sorted(by: { $0.key < $1.key }) {
            let keys = rows.values.filter { $0.key.symbol == symbol && $0.since != time }.map(\.key).sorted()
            guard !keys.isEmpty, let fills = fills(symbol, time) else { continue }
            for key in keys {
                var after: Decimal? = .zero
                for own in fills where own.positionSide == key.positionSide {
                    let fee = takesFees ? own.fill.feeInBase(of: symbol) : .zero
                    after = PositionRow.sum(after, PositionRow.change(by: own.fill, own.side, fee))
                }
                rows[key]?.begin(at: time, after: after)
                touched.insert(key)
            }
        }
    }
}

/// An execution, and what its order is.
package struct OwnFill: Sendable {
    package let side: Side
    package let positionSide: PositionSide?
    package let fill: Fill
    package init(_ side: Side, _ positionSide: PositionSide?, _ fill: Fill) { (self.side, self.positionSide, self.fill) = (side, positionSide, fill) }
}
