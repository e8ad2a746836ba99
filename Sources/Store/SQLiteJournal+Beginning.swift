import OMSCore

/// What a start puts on record in front of its first turn: as records, so that hosts of a group do the same.
extension SQLiteJournal {
    /// Of a journal that no log tells what to write.
    func commitOpenings() throws(JournalError) {
        try commit(newPlaces())
        try discardHalfWritten()
    }

    package func openings(at: Int64) throws(JournalError) -> [JournalRecord] { newPlaces() + (try discards(at: at)) }

    /// Accounts of the configuration that have no place yet get one, numbered on from the last.
    private func newPlaces() -> [JournalRecord] {
        var (records, last): ([JournalRecord], Int64) = ([], accountNames.keys.max() ?? 0)
        var added: Set<AccountID> = []
        for account in configured where accountKeys[account.id] == nil && added.insert(account.id).inserted {
            last += 1
            records.append(.account(key: last, account.id, venue: account.venue, product: account.product))
        }
        return records
    }

    func write(_ account: AccountID, key: Int64, venue: String, product: String) throws(JournalError) {
        let insert = try connection.prepare("INSERT INTO accounts (account_key, account, venue, product) VALUES (?, ?, ?, ?)")
        try insert.run(key, account, venue, product)
        (accountKeys[account], accountNames[key]) = (key, account)
        newAccounts.append(key)
    }

    /// Removes intents whose last slice was never written: nobody was told of them, nothing of them was sent. An event says which numbers are
    /// gone, so that the sequence stays explained.
    func discardHalfWritten() throws(JournalError) {
        let at = wallClock()
        try commit(try discards(at: at), at: at)
    }

    /// Records that take out what is half written; none where all is whole.
    func discards(at: Int64) throws(JournalError) -> [JournalRecord] {
        var records: [JournalRecord] = []
        for half in try halves() {
            let event = JournalEvent(seq: seq + Int64(records.count) + 1, at: at, kind: .intentDiscarded)
            records.append(.intentDiscarded(half.key, half.id, half.account, numbers: try numbers(of: half.key), event))
        }
        return records
    }

    private func halves() throws(JournalError) -> [(key: IntentKey, id: IntentID, account: AccountID)] {
        let rows = try connection.prepare("SELECT intent_key, intent_id, account_key FROM intents WHERE complete = 0 ORDER BY intent_key")
        var halves: [(key: IntentKey, id: IntentID, account: AccountID)] = []
        while try rows.step() {
            let (key, id, account): (Int64, String, Int64) = (try rows.next(), try rows.next(), try rows.next())
            guard let name = accountNames[account] else { throw JournalError(.damaged, "intent \(key) is of no account") }
            halves.append((IntentKey(key), IntentID(id), name))
        }
        return halves
    }

    private func numbers(of intent: IntentKey) throws(JournalError) -> [NumberRange] {
        let key = intent.number
        let numbers = try connection.prepare(
            """
            SELECT \(key) UNION ALL SELECT order_key FROM orders WHERE intent_key = \(key)
            UNION ALL SELECT e.seq FROM events e JOIN commands c ON c.command_id = e.command_id WHERE e.seq > \(key) AND c.intent_key = \(key)
            ORDER BY 1
            """)
        var ranges: [NumberRange] = []
        while try numbers.step() {
            let number = try numbers.next(Int64.self)
            if let last = ranges.last, last.last + 1 == number {
                ranges[ranges.count - 1] = NumberRange(last.first, number)
            } else {
                ranges.append(NumberRange(number, number))
            }
        }
        return ranges
    }

    func discard(
        _ intent: IntentKey, _ id: IntentID, _ account: AccountID, _ numbers: [NumberRange], _ event: JournalEvent
    ) throws(JournalError) {
        let key = intent.number
        try connection.execute("DELETE FROM used_ids WHERE client_order_id IN (SELECT client_order_id FROM orders WHERE intent_key = \(key))")
        try connection.execute(
            """
            DELETE FROM events WHERE seq = \(key) OR seq > \(key)
                AND command_id IN (SELECT command_id FROM commands WHERE command_id > \(key) AND intent_key = \(key))
            """)
        try connection.execute("DELETE FROM commands WHERE command_id > \(key) AND intent_key = \(key)")
        try connection.execute("DELETE FROM orders WHERE intent_key = \(key)")
        try connection.execute("DELETE FROM guarded_intents WHERE intent_key = \(key)")
        try connection.execute("DELETE FROM intents WHERE intent_key = \(key) AND complete = 0")
        try expectOneRow("intent \(key), half written,")
        var detail = EventDetail()
        detail.add("intent_id", id.text)
        detail.add("discarded", ranges: numbers.map { $0.first...max($0.first, $0.last) })
        detail.addNote(of: event)
        try write(event, account: try self.key(of: account), detail: detail)
    }
}
