/// The record as it is looked into for what memory does not hold: by the names that inputs bear, and never written.
package protocol History: AnyObject {
    func intent(_ id: IntentID) throws(JournalError) -> IntentRow?
    func order(_ id: ClientOrderID) throws(JournalError) -> Order?
    func order(account: AccountID, venueOrderID: VenueOrderID) throws(JournalError) -> Order?
    /// Those of any account that bear this id at their venue, or of which an attempt was to bear it.
    func orders(venueOrderID: VenueOrderID) throws(JournalError) -> [Order]
    func isUsed(_ id: ClientOrderID) throws(JournalError) -> Bool
    /// Executions already booked of an order.
    func fills(of order: OrderKey) throws(JournalError) -> [Fill]
    /// Tells what each execution of an account moved from a time on, microseconds since 1970 UTC by the venue, row by row: there may be millions.
    func trades(of account: AccountID, since: Int64, _ tell: (OwnTrade) -> Void) throws(JournalError)
    /// Orders behind `key` of which something is executed, or booked, by number. Read through, once a journal: that there are no more goes on record with
    /// the next commit.
    func executedOrders(after key: OrderKey, limit: Int) throws(JournalError) -> [Order]
}

/// One thing that a step must know of the record.
package enum Need: Hashable, Sendable {
    case intent(IntentID)
    case order(ClientOrderID)
    /// The account's order that bears this id at its venue, or may.
    case ownOrder(AccountID, VenueOrderID)
    /// Those of any account.
    case owners(VenueOrderID)
    /// Whether an order ever bore this id.
    case use(ClientOrderID)
    case fills(OrderKey)
    /// What executions of an account come to, by position: of each market those from a time on.
    case trades(AccountID, since: [Symbol: Int64], takesFees: Bool)

    /// What is found may name something else that the step must know.
    var leadsOn: Bool {
        switch self {
        case .order, .ownOrder, .owners: true
        case .intent, .use, .fills, .trades: false
        }
    }
}

/// What was found in the record for one step.
package struct Found: Sendable {
    package enum Answer: Sendable {
        case intent(IntentRow?)
        case order(Order?)
        case orders([Order])
        case isUsed(Bool)
        case fills([Fill])
        case trades([PositionKey: Decimal?])
        /// It could not be read.
        case failed(JournalError)
    }

    private var answers: [Need: Answer] = [:]
    package init() {}

    package subscript(need: Need) -> Answer? { answers[need] }
    package mutating func add(_ answer: Answer, to need: Need) { answers[need] = answer }
}

extension History {
    /// Looks one thing up. A failure is an answer, too: the step decides what it means.
    func answer(_ need: Need) -> Found.Answer {
        do throws(JournalError) {
            switch need {
            case .intent(let id): return .intent(try intent(id))
            case .order(let id): return .order(try order(id))
            case .ownOrder(let account, let id): return .order(try order(account: account, venueOrderID: id))
            case .owners(let id): return .orders(try orders(venueOrderID: id))
            case .use(let id): return .isUsed(try isUsed(id))
            case .fills(let key): return .fills(try fills(of: key))
            case .trades(let account, let since, let takesFees):
                var sums: [PositionKey: Decimal?] = [:]
                try trades(of: account, since: since.values.min() ?? 0) { $0.add(to: &sums, since: since, takesFees: takesFees) }
                return .trades(sums)
            }
        } catch { return .failed(error) }
    }
}
