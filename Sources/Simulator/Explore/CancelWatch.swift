import OMSCore

/// Watches from outside that a cancel never waits behind new orders.
///
/// It does when a request with new orders leaves although a cancel of that account could have left in its stead: one that waited when the turn began,
/// and that nothing holds but its turn.
struct CancelWatch {
    /// Cancels that waited when the turn began and could leave as far as the record tells.
    private(set) var ready: Set<CommandID> = []
    /// Cancels that are not over, by order.
    private var open: [OrderKey: Set<CommandID>] = [:]
    private var commits = 0
    /// Grants of each budget since its last one to new orders.
    private var passedOver: [Int64: Int] = [:]
    /// Requests with new orders that were due: one grant in ten is theirs while they wait (docs/LIMITS.md).
    private var owed: Set<RequestID> = []

    /// - Parameter cancelsByClientID: whether an account's venue cancels an order whose id there is not known.
    mutating func willWrite(_ record: JournalRecord, to journal: MemoryJournal, cancelsByClientID: (AccountID) -> Bool) {
        // The tables still stand as the turn found them.
        if journal.commits != commits {
            commits = journal.commits
            ready = []
            for (key, cancels) in open { if let id = oldest(cancels, of: key, journal, cancelsByClientID) { ready.insert(id) } }
        }
        switch record {
        case .commandBorn(let command, _), .commandChanged(let command, _, _):
            guard command.kind == .cancel else { return }
            if command.state.isOpen {
                open[command.order, default: []].insert(command.id)
            } else if let rest = open[command.order]?.subtracting([command.id]) {
                open[command.order] = rest.isEmpty ? nil : rest
            }
        case .permit(let row):
            guard let request = row.request else { return }
            // Rows of requests stand in front of the permits they take.
            let kind = journal.requests[request]?.kind
            guard kind == .place || kind == .mixed else {
                passedOver[row.budget, default: 0] += 1
                return
            }
            if passedOver[row.budget, default: 0] >= 9 { owed.insert(request) }
            passedOver[row.budget] = 0
        default: break
        }
    }

    /// The cancel of an order that leaves first, if nothing holds it.
    private func oldest(
        _ cancels: Set<CommandID>, of key: OrderKey, _ journal: MemoryJournal, _ cancelsByClientID: (AccountID) -> Bool
    ) -> CommandID? {
        guard let order = journal.orders[key], order.state.isLive, order.venueOrderID != nil || cancelsByClientID(order.account) else { return nil }
        let commands = cancels.compactMap { journal.commands[$0] }
        // One cancel of an order is on the wire at a time.
        guard commands.allSatisfy({ $0.state == .requested }) else { return nil }
        // One that its own caller wants behind new orders holds back no other one.
        guard let first = commands.filter({ $0.sequence != .placeFirst }).min(by: { $0.id < $1.id }) else { return nil }
        // Put off by the venue itself, or after a try that came to nothing (such pause, ever longer), or part of an intent that is still being written.
        guard commands.allSatisfy({ $0.evidence != .response && $0.attempts == 0 }), first.intent.map(journal.isComplete) ?? true else { return nil }
        return first.id
    }

    /// The cancel that a leaving request with new orders passes; nil: none, or they were due.
    func passed(by request: RequestID, of account: AccountID, _ journal: MemoryJournal) -> OrderCommand? {
        guard !owed.contains(request) else { return nil }
        return ready.sorted().lazy.compactMap { journal.commands[$0] }.first { command in
            guard command.account == account, command.state == .requested else { return false }
            // One request answers for all who want the order gone: another's may be on its way since.
            return (open[command.order] ?? []).allSatisfy { journal.commands[$0]?.state == .requested }
        }
    }
}
