import OMSCore

/// What the last rehearsal of each account saw.
extension FiguresReader {
    /// Of those before the period's end; however long ago, for it stands until the next.
    mutating func readRehearsals() throws(JournalError) {
        let rows = try connection.prepare(
            """
            SELECT r.rehearsal_id, r.account_key, r.at, r.orders, r.assumptions, r.standing FROM accounts a CROSS JOIN rehearsals r
            ON r.rehearsal_id = (SELECT max(l.rehearsal_id) FROM rehearsals l WHERE l.account_key = a.account_key AND l.at < \(scope.to ?? .max))
            ORDER BY a.account
            """)
        while try rows.step() {
            let (id, account, at): (Int64, Int64, Int64) = (try rows.next(), try rows.next(), rows.nextMoment())
            let (orders, assumptions, standing): (Int, String, String) = (rows.nextCount(), try rows.next(), try rows.next())
            // What cannot be read is for `verify` to tell.
            guard let place = places[account], id <= figures.seq, let seen = RehearsalRow.assumptions(assumptions),
                let names = RehearsalRow.names(standing)
            else { continue }
            figures.rehearsals.append(
                RehearsalRow(
                    id: id, account: AccountID(figures.accounts[place].name), at: at, orders: orders, assumptions: seen, standing: names))
        }
    }
}
