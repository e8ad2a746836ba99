import OMSCore

/// Positions as rows, and back.
extension SQLiteJournal {
    func write(_ row: PositionRow) throws(JournalError) {
        try statements.setPosition.run(
            try key(of: row.account), row.key.symbol, row.key.positionSide?.rawValue ?? "", row.position, row.bought, row.sold, row.listedBought,
            row.listedSold, row.feesInBase, Int64(row.fills), row.lastFillAt, row.since, row.before)
    }

    package func trades(of account: AccountID, since: Int64, _ tell: (OwnTrade) -> Void) throws(JournalError) {
        guard let account = accountKeys[account] else { return }
        try reading { () throws(JournalError) in
            defer { statements.findTradesSince.reset() }
            try statements.findTradesSince.bind(account, since)
            while try statements.findTradesSince.step() { tell(try OwnTrade(row: statements.findTradesSince)) }
            if hasArchived { try tradesInArchive(of: account, since: since, tell) }
        }
    }

    package func executedOrders(after key: OrderKey, limit: Int) throws(JournalError) -> [Order] {
        try reading { () throws(JournalError) -> [Order] in
            defer { statements.findExecuted.reset() }
            try statements.findExecuted.bind(key, Int64(limit))
            var orders: [Order] = []
            while try statements.findExecuted.step() {
                orders.append(try OrderColumns.read(statements.findExecuted, accounts: accountNames, predicted: statements.predicted))
            }
            if orders.isEmpty { beginsPositions = true }
            return orders
        }
    }
}

extension OwnTrade {
    init(row: borrowing Statement) throws(JournalError) {
        let key = PositionKey(symbol: try row.next(), positionSide: try row.next())
        self.init(key, try row.next(), quantity: try row.next(), fee: try row.next(), feeAsset: try row.next(), at: try row.next())
    }
}

extension JournalLoader {
    /// In `meta`: 1 in a journal that keeps positions, from its first order on or since all that was executed before was counted.
    static let positions = "positions"

    func loadPositions(into state: inout JournalState, accounts: [Int64: AccountID]) throws(JournalError) {
        let rows = try connection.prepare(
            """
            SELECT account_key, symbol, position_side, bought, sold, listed_bought, listed_sold, fees_in_base, fills, last_fill_at, since, before
            FROM positions ORDER BY account_key, symbol, position_side
            """)
        while try rows.step() {
            let number: Int64 = try rows.next()
            guard let account = accounts[number] else { throw JournalError(.damaged, "a position of an account that has no row") }
            let (symbol, side): (Symbol, String) = (try rows.next(), try rows.next())
            var row = PositionRow(account: account, key: PositionKey(symbol: symbol, positionSide: PositionSide(rawValue: side)))
            row.bought = try rows.next()
            row.sold = try rows.next()
            row.listedBought = try rows.next()
            row.listedSold = try rows.next()
            row.feesInBase = try rows.next()
            row.fills = try rows.next()
            row.lastFillAt = try rows.next()
            row.since = try rows.next()
            row.before = try rows.next()
            state.positions.append(row)
        }
        guard state.positions.isEmpty else { return }
        state.hasPositions =
            try connection.integer(
                "SELECT 1 FROM meta WHERE key = '\(Self.positions)' AND value = 1 AND NOT EXISTS (SELECT 1 FROM fills)") == 1
    }
}
