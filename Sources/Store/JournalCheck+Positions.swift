import OMSCore

/// Positions: what orders and executions in the tables come to.
extension JournalCheck {
    private struct Sums {
        /// By the orders' own figures or by rows of fills, whichever is more, and by rows of fills.
        var bought = Decimal.zero, sold = Decimal.zero, listedBought = Decimal.zero, listedSold = Decimal.zero
        var fills: Int64 = 0
    }

    /// In one snapshot: an order that traded long ago may trade again, and pieces would not fit each other.
    mutating func positions() throws(JournalError) {
        try connection.execute("BEGIN")
        defer { connection.endSnapshot() }
        // One from before they were kept has none until its next start, which counts them; so does one from which all were taken.
        guard try connection.integer("SELECT 1 FROM positions LIMIT 1") == 1 else { return }
        var expected: [String: Sums] = [:]
        let executed = try connection.prepare(
            """
            SELECT a.account, o.symbol, coalesce(o.position_side, ''), o.side, o.filled_quantity, o.order_key FROM orders o JOIN accounts a USING (account_key)
            WHERE o.filled_quantity <> '0' OR EXISTS (SELECT 1 FROM fills f WHERE f.order_key = o.order_key)
            """)
        let fills = try connection.prepare("SELECT quantity FROM fills WHERE order_key = ?")
        while try executed.step() {
            let (account, symbol, positionSide): (String, String, String) = (try executed.next(), try executed.next(), try executed.next())
            let (side, filled, key): (Side, Decimal, Int64) = (try executed.next(), try executed.next(), try executed.next())
            var (listed, count) = (Decimal.zero, Int64(0))
            fills.reset()
            try fills.bind(key)
            while try fills.step() {
                listed = listed.adding(try fills.next()) ?? listed
                count += 1
            }
            var sums = expected[Self.name(account, symbol, positionSide)] ?? Sums()
            let all = max(filled, listed)
            switch side {
            case .buy:
                (sums.bought, sums.listedBought) = (sums.bought.adding(all) ?? sums.bought, sums.listedBought.adding(listed) ?? sums.listedBought)
            case .sell: (sums.sold, sums.listedSold) = (sums.sold.adding(all) ?? sums.sold, sums.listedSold.adding(listed) ?? sums.listedSold)
            }
            sums.fills += count
            expected[Self.name(account, symbol, positionSide)] = sums
        }
        let rows = try connection.prepare(
            "SELECT account, symbol, coalesce(position_side, ''), bought, sold, listed_bought, listed_sold, fills, position, fees_in_base FROM v_positions"
        )
        while try rows.step() {
            let name = Self.name(try rows.next(), try rows.next(), try rows.next())
            let sums = expected.removeValue(forKey: name) ?? Sums()
            let told: [(String, Decimal?, Decimal)] = [
                ("bought", try rows.next(), sums.bought), ("sold", try rows.next(), sums.sold), ("listed_bought", try rows.next(), sums.listedBought),
                ("listed_sold", try rows.next(), sums.listedSold),
            ]
            // NULL: it left a decimal's range, and nothing can be said of it.
            for case let (column, here?, there) in told where here != there {
                report.add("position \(name): \(column) is \(here), orders and fills come to \(there)")
            }
            let count: Int64 = try rows.next()
            if count != sums.fills { report.add("position \(name): fills is \(count), there are \(sums.fills)") }
            let (position, fees): (Decimal?, Decimal?) = (try rows.next(), try rows.next())
            guard let position, let fees, let bought = told[0].1, let sold = told[1].1 else { continue }
            let net = bought.subtracting(sold)?.subtracting(fees)
            if net != position {
                report.add("position \(name): position is \(position), its columns come to \(net?.description ?? "more than can be held")")
            }
        }
        for name in expected.keys.sorted() { report.add("position \(name): it has no row, and orders traded") }
    }

    private static func name(_ account: String, _ symbol: String, _ positionSide: String) -> String {
        "\(account) \(symbol)" + (positionSide.isEmpty ? "" : " \(positionSide)")
    }
}
