import OMSCore
import Wire

/// What the runner asks for when memory does not hold it.
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
}

extension Fill {
    /// The row of a statement that selects these columns in this order.
    init(row: borrowing Statement) throws(JournalError) {
        self.init(
            tradeID: try row.next(), venueOrderID: try row.next(), quantity: try row.next(), price: try row.next(), fee: try row.next(),
            feeAsset: try row.next(), at: try row.next())
    }
}
