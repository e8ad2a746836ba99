import OMSCore
import Wire

/// What the runner asks for when memory does not hold it, and what a start cleans up.
extension SQLiteJournal {
    package func intent(_ id: IntentID) throws(JournalError) -> IntentRow? {
        try reading { () throws(JournalError) -> IntentRow? in
            defer { statements.findIntent.reset() }
            try statements.findIntent.bind(id)
            return try statements.findIntent.step() ? try IntentRowReader.read(statements.findIntent) : nil
        }
    }

    package func order(_ id: ClientOrderID) throws(JournalError) -> Order? {
        try reading { () throws(JournalError) -> Order? in
            do {
                defer { statements.findOrder.reset() }
                try statements.findOrder.bind(id)
                if try statements.findOrder.step() {
                    return try OrderColumns.read(statements.findOrder, accounts: accountNames, predicted: statements.predicted)
                }
            }
            guard hasArchived else { return nil }
            defer { statements.findUsedID.reset() }
            try statements.findUsedID.bind(id)
            return try statements.findUsedID.step() ? try orderInArchive(statements.findUsedID.next()) : nil
        }
    }

    /// By the id the venue gave it or, where none is known, by one that an attempt of it was to bear.
    package func order(account: AccountID, venueOrderID: VenueOrderID) throws(JournalError) -> Order? {
        guard let account = accountKeys[account] else { return nil }
        return try reading { () throws(JournalError) -> Order? in
            do {
                defer { statements.findOrderByVenueID.reset() }
                try statements.findOrderByVenueID.bind(venueOrderID, account)
                if try statements.findOrderByVenueID.step() {
                    return try OrderColumns.read(statements.findOrderByVenueID, accounts: accountNames, predicted: statements.predicted)
                }
            }
            do {
                defer { statements.findOrderByPredictedID.reset() }
                try statements.findOrderByPredictedID.bind(venueOrderID, account)
                if try statements.findOrderByPredictedID.step() {
                    return try OrderColumns.read(statements.findOrderByPredictedID, accounts: accountNames, predicted: statements.predicted)
                }
            }
            return hasArchived ? try ordersInArchive(venueOrderID: venueOrderID, of: account).first : nil
        }
    }

    package func orders(venueOrderID: VenueOrderID) throws(JournalError) -> [Order] {
        try reading { () throws(JournalError) -> [Order] in
            defer { statements.findOwners.reset() }
            try statements.findOwners.bind(venueOrderID)
            var owners: [Order] = []
            while try statements.findOwners.step() {
                owners.append(try OrderColumns.read(statements.findOwners, accounts: accountNames, predicted: statements.predicted))
            }
            return hasArchived ? owners + (try ordersInArchive(venueOrderID: venueOrderID, of: nil)) : owners
        }
    }

    /// Also true for ids of an intent whose slices are still being written.
    package func isUsed(_ id: ClientOrderID) throws(JournalError) -> Bool {
        try reading { () throws(JournalError) -> Bool in
            defer { statements.findUsedID.reset() }
            try statements.findUsedID.bind(id)
            return try statements.findUsedID.step()
        }
    }

    package func fills(of order: OrderKey) throws(JournalError) -> [Fill] {
        try reading { () throws(JournalError) -> [Fill] in
            defer { statements.findTrades.reset() }
            try statements.findTrades.bind(order)
            var fills: [Fill] = []
            while try statements.findTrades.step() { fills.append(try Fill(row: statements.findTrades)) }
            return fills.isEmpty && hasArchived ? try fillsInArchive(of: order.number) : fills
        }
    }

    /// Removes intents whose last slice was never written: nobody was told of them, nothing of them was sent. An event says which numbers are
    /// gone, so that the sequence stays explained.
    func discardHalfWritten() throws(JournalError) {
        var halves: [(key: Int64, id: String, account: Int64)] = []
        do {
            let rows = try connection.prepare("SELECT intent_key, intent_id, account_key FROM intents WHERE complete = 0 ORDER BY intent_key")
            while try rows.step() { halves.append((try rows.next(), try rows.next(), try rows.next())) }
        }
        guard !halves.isEmpty else { return }
        try statements.begin.run()
        do throws(JournalError) {
            var seq = try JournalLoader(connection: connection).seq()
            for half in halves {
                seq += 1
                try discard(half, seq: seq)
            }
            try statements.commit.run()
        } catch {
            takeBack(after: error)
            throw error
        }
    }

    private func discard(_ half: (key: Int64, id: String, account: Int64), seq: Int64) throws(JournalError) {
        let key = half.key
        var ranges: [ClosedRange<Int64>] = []
        do {
            let numbers = try connection.prepare(
                """
                SELECT \(key) UNION ALL SELECT order_key FROM orders WHERE intent_key = \(key)
                UNION ALL SELECT e.seq FROM events e JOIN commands c ON c.command_id = e.command_id WHERE e.seq > \(key) AND c.intent_key = \(key)
                ORDER BY 1
                """)
            while try numbers.step() {
                let number = try numbers.next(Int64.self)
                if let last = ranges.last, last.upperBound + 1 == number {
                    ranges[ranges.count - 1] = last.lowerBound...number
                } else {
                    ranges.append(number...number)
                }
            }
        }
        try connection.execute("DELETE FROM used_ids WHERE client_order_id IN (SELECT client_order_id FROM orders WHERE intent_key = \(key))")
        try connection.execute(
            """
            DELETE FROM events WHERE seq = \(key) OR seq > \(key)
                AND command_id IN (SELECT command_id FROM commands WHERE command_id > \(key) AND intent_key = \(key))
            """)
        try connection.execute("DELETE FROM commands WHERE command_id > \(key) AND intent_key = \(key)")
        try connection.execute("DELETE FROM orders WHERE intent_key = \(key)")
        try connection.execute("DELETE FROM guarded_intents WHERE intent_key = \(key)")
        try connection.execute("DELETE FROM intents WHERE intent_key = \(key)")
        var detail = EventDetail()
        detail.add("intent_id", half.id)
        detail.add("discarded", ranges: ranges)
        try write(JournalEvent(seq: seq, at: wallClock(), kind: .intentDiscarded), account: half.account, detail: detail)
    }
}

extension Fill {
    /// The row of a statement that selects these columns in this order.
    init(row: borrowing Statement) throws(JournalError) {
        self.init(
            tradeID: try row.next(), venueOrderID: try row.next(), quantity: try row.next(), price: try row.next(), fee: try row.next(),
            feeAsset: try row.next(), at: try row.next())
    }
}
