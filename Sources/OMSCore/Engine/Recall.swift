/// What the engine knows of the record beyond memory: within a step what was found for it, and nothing else.
///
/// The record itself it sees in two places. A start reads through it; and the end of a turn goes on with what was begun in earlier ones, slice by slice, of which
/// no input says how far it will come (docs/decisions/0028-needs.md).
final class Recall {
    private enum Source {
        case found(Found, beyond: (any History)?)
        /// Nothing is done yet: what is asked for and not found is noted.
        case asking(Found)
        case record(any History)
    }

    private var source = Source.found(Found(), beyond: nil)
    private var missing: [Need] = []

    /// From here on: what was found for a step.
    ///
    /// - Parameter history: where what should have been found and was not is looked up all the same.
    func remember(_ found: Found, beyond history: (any History)?) { source = .found(found, beyond: history) }
    /// From here on, until something else is said: the record.
    func open(_ history: any History) { source = .record(history) }
    func close() { source = .found(Found(), beyond: nil) }

    /// What `ask` asks for that is not found yet.
    func missing(beyond found: Found, _ ask: () -> Void) -> [Need] {
        source = .asking(found)
        ask()
        close()
        defer { missing = [] }
        return missing
    }

    private func answer(_ need: Need) throws(JournalError) -> Found.Answer {
        let answer: Found.Answer?
        switch source {
        case .found(let found, let history):
            assert(found[need] != nil, "a step asks for \(need), which nobody fetched for it")
            // Our own mistake: too late is better than not at all.
            answer = found[need] ?? history?.answer(need)
        case .asking(let found):
            answer = found[need]
            if answer == nil { missing.append(need) }
        case .record(let history): answer = history.answer(need)
        }
        // Nothing is decided on what is not known.
        guard let answer else { throw JournalError(.failed, "something of the record was not looked up in time") }
        if case .failed(let error) = answer { throw error }
        return answer
    }

    func intent(_ id: IntentID) throws(JournalError) -> IntentRow? {
        guard case .intent(let row) = try answer(.intent(id)) else { return nil }
        return row
    }

    func order(_ id: ClientOrderID) throws(JournalError) -> Order? {
        guard case .order(let order) = try answer(.order(id)) else { return nil }
        return order
    }

    func order(account: AccountID, venueOrderID: VenueOrderID) throws(JournalError) -> Order? {
        guard case .order(let order) = try answer(.ownOrder(account, venueOrderID)) else { return nil }
        return order
    }

    func orders(venueOrderID: VenueOrderID) throws(JournalError) -> [Order] {
        guard case .orders(let orders) = try answer(.owners(venueOrderID)) else { return [] }
        return orders
    }

    func isUsed(_ id: ClientOrderID) throws(JournalError) -> Bool {
        guard case .isUsed(let isUsed) = try answer(.use(id)) else { return true }
        return isUsed
    }

    func fills(of order: OrderKey) throws(JournalError) -> [Fill] {
        guard case .fills(let fills) = try answer(.fills(order)) else { return [] }
        return fills
    }

    func trades(of account: AccountID, since: [Symbol: Int64], takesFees: Bool) throws(JournalError) -> [PositionKey: Decimal?] {
        guard case .trades(let sums) = try answer(.trades(account, since: since, takesFees: takesFees)) else { return [:] }
        return sums
    }

    /// At a start alone.
    func executedOrders(after key: OrderKey, limit: Int) throws(JournalError) -> [Order] {
        guard case .record(let history) = source else { throw JournalError(.failed, "orders that traded are read through at a start alone") }
        return try history.executedOrders(after: key, limit: limit)
    }
}
