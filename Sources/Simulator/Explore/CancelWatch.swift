import OMSCore

/// Watches from outside that a cancel never waits behind new orders.
///
/// It does when a request with new orders leaves although a cancel of that account could have left in its stead: one that waited when the turn began,
/// and that nothing holds but its turn. One that came back (refused without a reason, put off, lost) pauses before it goes again, thirty seconds at most,
/// and then waits a moment for company; behind that it, too, goes before new orders, as long as its like have not used up their share of the budget.
struct CancelWatch {
    /// Cancels that waited when the turn began and could leave as far as the record tells.
    private(set) var ready: Set<CommandID> = []
    /// Cancels that are not over, by order.
    private var open: [OrderKey: Set<CommandID>] = [:]
    /// When cancels that were sent before came back: microseconds of the history.
    private var cameBackAt: [CommandID: Int64] = [:]
    /// When orders that had been proven absent left again: until that can be taken no more they are not cancelled.
    private var sentAgainAt: [OrderKey: Int64] = [:]
    private var commits = 0
    /// Grants of each budget since its last one to new orders.
    private var passedOver: [Int64: Int] = [:]
    /// Requests with new orders that were due: one grant in ten is theirs while they wait (docs/LIMITS.md).
    private var owed: Set<RequestID> = []

    /// The longest pause, and as long again as the longest gathering of what may go together.
    private static let pauseUs: Int64 = 30_000_000 + 500_000

    /// - Parameters:
    ///   - now: microseconds of the history.
    ///   - cancelsByClientID: whether an account's venue cancels an order whose id there is not known.
    mutating func willWrite(_ record: JournalRecord, to journal: MemoryJournal, at now: Int64, cancelsByClientID: (AccountID) -> Bool) {
        // The tables still stand as the turn found them.
        if journal.commits != commits {
            commits = journal.commits
            ready = []
            for (key, cancels) in open { if let id = oldest(cancels, of: key, journal, at: now, cancelsByClientID) { ready.insert(id) } }
        }
        switch record {
        case .commandBorn(let command, _): note(command)
        case .commandChanged(let command, let from, _):
            if command.state != .requested { cameBackAt[command.id] = nil } else if from != .requested { cameBackAt[command.id] = now }
            note(command)
        case .orderChanged(let order, _, _, let event):
            if event.kind == .submitted, order.absences > 0 { sentAgainAt[order.key] = now }
            if event.evidence == .response { sentAgainAt[order.key] = nil }
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

    private mutating func note(_ command: OrderCommand) {
        guard command.kind == .cancel else { return }
        if command.state.isOpen {
            open[command.order, default: []].insert(command.id)
        } else if let rest = open[command.order]?.subtracting([command.id]) {
            open[command.order] = rest.isEmpty ? nil : rest
        }
    }

    /// Another process: whatever came back pauses anew at most.
    mutating func started(at now: Int64) { for id in cameBackAt.keys { cameBackAt[id] = now } }

    /// The cancel of an order that leaves first, if nothing holds it.
    private func oldest(
        _ cancels: Set<CommandID>, of key: OrderKey, _ journal: MemoryJournal, at now: Int64, _ cancelsByClientID: (AccountID) -> Bool
    ) -> CommandID? {
        guard let order = journal.orders[key], order.state.isLive, order.venueOrderID != nil || cancelsByClientID(order.account) else { return nil }
        if let since = sentAgainAt[key], now - since < Self.pauseUs { return nil }
        // Of an intent that is still being written nothing may leave, and nobody waits for it.
        let commands = cancels.compactMap { journal.commands[$0] }.filter { $0.intent.map(journal.isComplete) ?? true }
        // One cancel of an order is on the wire at a time.
        guard commands.allSatisfy({ $0.state == .requested }) else { return nil }
        // One that its own caller wants behind new orders holds back no other one.
        guard let first = commands.filter({ $0.sequence != .placeFirst }).min(by: { $0.id < $1.id }) else { return nil }
        // After the tenth turn the record says no more when it came back.
        guard commands.allSatisfy({ $0.attempts < Patience().turnsMax }) else { return nil }
        // An elder one that pauses holds back the others of its order.
        let isPausing = commands.contains { command in
            if let since = cameBackAt[command.id] { return now - since < Self.pauseUs }
            return command.evidence == .response || command.attempts > 0
        }
        return isPausing ? nil : first.id
    }

    /// The cancel that a leaving request with new orders passes; nil: none, or they were due.
    ///
    /// - Parameter isFree: whether a cancel could have left in the request's stead, or in it.
    func passed(by request: RequestID, of account: AccountID, _ journal: MemoryJournal, isFree: (OrderCommand) -> Bool) -> OrderCommand? {
        guard !owed.contains(request) else { return nil }
        return ready.sorted().lazy.compactMap { journal.commands[$0] }.first { command in
            guard command.account == account, command.state == .requested else { return false }
            // One request answers for all who want the order gone: another's may be on its way since.
            return (open[command.order] ?? []).allSatisfy { journal.commands[$0]?.state == .requested } && isFree(command)
        }
    }
}
