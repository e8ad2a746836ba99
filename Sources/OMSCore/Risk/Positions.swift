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

    /// Of which markets executions must be counted to begin at these times, each from its own; none: nothing is asked of the record.
    func asks(at times: [Symbol: Int64]) -> [Symbol: Int64] {
        var asked: [Symbol: Int64] = [:]
        for row in rows.values { if let time = times[row.key.symbol], time != 0, row.since != time { asked[row.key.symbol] = time } }
        return asked
    }

    /// Counts from another time on.
    ///
    /// - Parameter sums: what executions that are booked come to, of markets from their times on; nil: they cannot be read, and the former times stand.
    ///   Asked once at most, and not at all where everything counts.
    mutating func begin(at times: [Symbol: Int64], sums: ([Symbol: Int64]) -> [PositionKey: Decimal?]?) {
        begins = times
        let changed = rows.values.filter { row in times[row.key.symbol].map { $0 != row.since } ?? false }.map(\.key)
        guard !changed.isEmpty else { return }
        let asked = asks(at: times)
        guard let after = asked.isEmpty ? [:] : sums(asked) else { return }
        for key in changed {
            guard let time = times[key.symbol] else { continue }
            rows[key]?.begin(at: time, after: after[key] ?? .zero)
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

    /// Adds that to its position's sum, where it is from when on its market counts.
    func add(to sums: inout [PositionKey: Decimal?], since: [Symbol: Int64], takesFees: Bool) {
        guard let time = since[key.symbol], at >= time else { return }
        sums.updateValue(PositionRow.sum(sums[key] ?? .zero, change(takesFees: takesFees)), forKey: key)
    }
}
