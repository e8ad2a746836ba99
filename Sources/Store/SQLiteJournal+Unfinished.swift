import OMSCore

extension SQLiteJournal {
    /// How many orders and commands of an account a start would send, or ask about before it sends them again; 0 where no journal is. Changes nothing.
    package static func unfinished(_ path: String, of account: AccountID) throws(JournalError) -> Int64 {
        let path = JournalFile.resolved(path)
        guard JournalFile.identity(of: path) != nil else { return 0 }
        try JournalFile.checkForReading(path)
        let connection = try Connection(path: path, .readOnly)
        let rows = try connection.prepare(
            """
            SELECT (SELECT count(*) FROM orders o WHERE o.account_key = a.account_key AND o.closed_at IS NULL
                        AND o.state IN ('intended', 'submitted', 'in_doubt'))
                + (SELECT count(*) FROM commands c WHERE c.account_key = a.account_key AND c.closed_at IS NULL)
            FROM accounts a WHERE a.account = ?
            """)
        try rows.bind(account)
        return try rows.step() ? try rows.next(Int64.self) : 0
    }
}
