import OMSCore

/// Positions: what orders and executions in the tables come to.
extension JournalCheck {
    private struct Sums: Equatable {
        /// By the orders' own figures or by rows of fills, whichever is more, and by rows of fills.
        var bought = Decimal.zero, sold = Decimal.zero, listedBought = Decimal.zero, listedSold = Decimal.zero
        var fills: Int64 = 0
    }

    /// As it stands; nil for a sum that left a decimal's range, of which nothing can be said.
    private struct Standing: Equatable {
        let bought, sold, listedBought, listedSold, position, fees: Decimal?
        let fills: Int64
    }

    private static let rounds = 3

    /// In pieces, so that a daemon that goes on writing can use its WAL again. An order that traded long ago may trade again meanwhile: only positions are
    /// compared that stand as they stood before the first piece. The others are read anew, and noted where they never hold still.
    mutating func positions(chunk: Int64 = Self.chunk, progress: (String) -> Void) throws(JournalError) {
        // One from before they were kept has none until its next start, which counts them; so does one from which all were taken.
        guard try connection.integer("SELECT 1 FROM positions LIMIT 1") == 1 else { return }
        if archive == nil, try connection.hasArchived() {
            return report.note("not checked: what positions come to, for orders of theirs lie in the archive; --archive FOLDER counts those, too")
        }
        var before = try standings()
        var compared: Set<String> = []
        for _ in 1...Self.rounds {
            let filed = try connection.filed()
            let sums = try sums(chunk: chunk, progress: progress)
            let after = try standings()
            // An order that moved to a file meanwhile was counted twice, or not at all.
            guard try connection.filed() == filed else {
                before = after
                continue
            }
            var moved: [String] = []
            for name in Set(sums.keys).union(after.keys).subtracting(compared).sorted() {
                guard before[name] == after[name] else {
                    moved.append(name)
                    continue
                }
                compared.insert(name)
                compare(name, after[name], with: sums[name] ?? Sums())
            }
            guard !moved.isEmpty else { return }
            before = after
        }
        let rest = Set(before.keys).subtracting(compared).sorted()
        report.note("positions that traded each time they were read are not compared: \(rest.joined(separator: ", "))")
    }

    private mutating func compare(_ name: String, _ standing: Standing?, with sums: Sums) {
        guard let standing else { return report.add("position \(name): it has no row, and orders traded") }
        let told: [(String, Decimal?, Decimal)] = [
            ("bought", standing.bought, sums.bought), ("sold", standing.sold, sums.sold), ("listed_bought", standing.listedBought, sums.listedBought),
            ("listed_sold", standing.listedSold, sums.listedSold),
        ]
        for case let (column, here?, there) in told where here != there {
            report.add("position \(name): \(column) is \(here), orders and fills come to \(there)")
        }
        if standing.fills != sums.fills { report.add("position \(name): fills is \(standing.fills), there are \(sums.fills)") }
        guard let position = standing.position, let fees = standing.fees, let bought = standing.bought, let sold = standing.sold else { return }
        let net = bought.subtracting(sold)?.subtracting(fees)
        if net != position {
            report.add("position \(name): position is \(position), its columns come to \(net?.description ?? "more than can be held")")
        }
    }

    private func standings() throws(JournalError) -> [String: Standing] {
        var all: [String: Standing] = [:]
        let rows = try connection.prepare(
            "SELECT account, symbol, coalesce(position_side, ''), bought, sold, listed_bought, listed_sold, position, fees_in_base, fills FROM v_positions"
        )
        while try rows.step() {
            let name = Self.name(try rows.next(), try rows.next(), try rows.next())
            all[name] = Standing(
                bought: try rows.next(), sold: try rows.next(), listedBought: try rows.next(), listedSold: try rows.next(), position: try rows.next(),
                fees: try rows.next(), fills: try rows.next())
        }
        return all
    }

    /// What all orders come to, by position.
    private func sums(chunk: Int64, progress: (String) -> Void) throws(JournalError) -> [String: Sums] {
        var all: [String: Sums] = [:]
        let end = try connection.integer("SELECT max(order_key) FROM orders") ?? 0
        var after: Int64 = 0
        while after < end, let last = try add(after: after, upTo: end, chunk: chunk, to: &all) {
            after = last
            progress("positions: orders up to \(last)")
        }
        for (row, file) in archive ?? [] {
            progress("positions: \(row.name)")
            after = 0
            while let last = try add(
                after: after, upTo: .max, chunk: chunk, of: file, { key throws(JournalError) in try connection.archive(of: key) == row.id }, to: &all)
            {
                after = last
            }
        }
        return all
    }

    /// One chunk of orders with their executions, in one snapshot. The last key, or nil at the end.
    ///
    /// - Parameters:
    ///   - file: of the archive; nil: the journal.
    ///   - isMeant: which of its orders count.
    private func add(
        after: Int64, upTo end: Int64, chunk: Int64, of file: Connection? = nil,
        _ isMeant: (Int64) throws(JournalError) -> Bool = { _ in true }, to all: inout [String: Sums]
    ) throws(JournalError) -> Int64? {
        let connection = file ?? connection
        try connection.execute("BEGIN")
        defer { connection.endSnapshot() }
        let orders = try connection.prepare(
            """
            SELECT o.order_key, o.filled_quantity, a.account, o.symbol, coalesce(o.position_side, ''), o.side
            FROM orders o JOIN accounts a USING (account_key) WHERE o.order_key > ? AND o.order_key <= ? ORDER BY o.order_key LIMIT ?
            """)
        try orders.bind(after, end, chunk)
        let fills = try connection.prepare("SELECT quantity FROM fills WHERE order_key = ?")
        var last: Int64?
        while try orders.step() {
            let (key, filled): (Int64, Decimal) = (try orders.next(), try orders.next())
            last = key
            guard try isMeant(key) else { continue }
            var (listed, count) = (Decimal.zero, Int64(0))
            fills.reset()
            try fills.bind(key)
            while try fills.step() {
                listed = listed.adding(try fills.next()) ?? listed
                count += 1
            }
            guard count > 0 || !filled.isZero else { continue }
            let name = Self.name(try orders.next(), try orders.next(), try orders.next())
            var sums = all[name] ?? Sums()
            let executed = max(filled, listed)
            switch try orders.next(Side.self) {
            case .buy:
                sums.bought = sums.bought.adding(executed) ?? sums.bought
                sums.listedBought = sums.listedBought.adding(listed) ?? sums.listedBought
            case .sell:
                sums.sold = sums.sold.adding(executed) ?? sums.sold
                sums.listedSold = sums.listedSold.adding(listed) ?? sums.listedSold
            }
            sums.fills += count
            all[name] = sums
        }
        return last
    }

    private static func name(_ account: String, _ symbol: String, _ positionSide: String) -> String {
        "\(account) \(symbol)" + (positionSide.isEmpty ? "" : " \(positionSide)")
    }
}
