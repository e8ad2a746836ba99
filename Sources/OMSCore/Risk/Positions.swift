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
    /// - Parameter trades: tells every execution that is booked from a time on, of any market; false: they cannot be read, and the former times stand. Asked
    ///   once at most, and not at all where everything counts.
    mutating func begin(at times: [Symbol: Int64], trades: (Int64, (OwnTrade) -> Void) -> Bool) {
        begins = times
        var after: [PositionKey: Decimal?] = [:]
        for row in rows.values { if let time = times[row.key.symbol], row.since != time { after[row.key] = .some(.zero) } }
        guard !after.isEmpty else { return }
        if let first = after.keys.compactMap({ times[$0.symbol] }).filter({ $0 != 0 }).min() {
            let isRead = trades(first) { trade in
                guard let sum = after[trade.key], let time = times[trade.key.symbol], trade.at >= time else { return }
                after[trade.key] = .some(PositionRow.sum(sum, trade.change(takesFees: takesFees)))
            }
            guard isRead else { return }
        }
        for (key, sum) in after {
            guard let time = times[key.symbol] else { continue }
            rows[key]?.begin(at: time, after: sum)
            touched.insert(key)
        }
    }
}

/// What an execution moved: of which position, and by how much.
package struct OwnTrade: Sendable, Equatable {
    package let key: PositionKey
    package let side: Side
    package let quantity: Decimal
    package let fee: Decimal?
    package let feeAsset: String?
    /// By the venue, microseconds since 1970 UTC.
    package let at: Int64

    package init(_ key: PositionKey, _ side: Side, quantity: Decimal, fee: Decimal?, feeAsset: String?, at: Int64) {
        (self.key, self.side, self.quantity, self.fee, self.feeAsset, self.at) = (key, side, quantity, fee, feeAsset, at)
    }

    package init(_ fill: Fill, of terms: OrderTerms) {
        self.init(PositionKey(terms), terms.side, quantity: fill.quantity, fee: fill.fee, feeAsset: fill.feeAsset, at: fill.at)
    }

    /// What it does to the position.
    ///
    /// - Parameter takesFees: what it cost in what was bought is taken off the position.
    func change(takesFees: Bool) -> Decimal? {
        let cost = takesFees ? key.symbol.baseFee(fee, feeAsset) : .zero
        return PositionRow.difference(side == .buy ? quantity : Decimal.zero.subtracting(quantity), cost)
    }
}
