import OMSCore

/// The disk under the journal: slow, full, or gone in the middle of a commit, as the history wants it.
final class VirtualDisk: Journal {
    let journal: MemoryJournal
    /// Kills the process there and then when the history says so; called at each named point.
    var strikes: (FaultPoint) -> Bool = { _ in false }
    var reached: (FaultPoint) -> Void = { _ in }
    /// Lets time pass while the disk works.
    var works: () -> Void = {}
    var isFull = false
    /// Records that still fit once the ballast was given away; nil: it still lies there.
    private(set) var ballast: Int?
    /// Deaths within an intent come behind any slice but the last; false: behind the first alone, as the first two versions of histories have them.
    var strikesAnySlice = false
    /// The journal lies about what is durable: one commit waits for the next. A mutant, never a fault: no disk may do this.
    var isBehind = false
    private var pending: [JournalRecord] = []
    /// A turn that is not committed yet.
    private var written: [JournalRecord]?
    /// Changes what a start with these accounts reads. A mutant.
    var forgets: (inout JournalState, Set<AccountID>) -> Void = { _, _ in }
    var configured: Set<AccountID> = []
    /// Says of no order that it is known, unless memory holds it. A mutant.
    var hidesOthers = false
    /// Reads ends that the venue told of as inferred. A mutant.
    var forgetsWhoEnded = false

    init(_ journal: MemoryJournal) { self.journal = journal }

    /// Records that fit into the ballast's space.
    var ballastRecords = 400
    /// Why a commit that the process did not live through threw.
    static let death = JournalError(.failed, "the process was killed")

    func write(_ records: [JournalRecord], at: Int64) throws(JournalError) {
        works()
        let endsRequests = Self.endsRequests(records)
        if strikes(.crashBeforeCommit) || endsRequests && strikes(.crashBeforeAnswerCommit) { throw Self.death }
        if isFull { try take(records.count) }
        if isBehind {
            try journal.write(pending, at: at)
            pending = records
        } else {
            try journal.write(records, at: at)
        }
        written = records
    }

    func finish() throws(JournalError) {
        guard let records = written else { return }
        written = nil
        journal.finish()
        let leavesHalf = leavesHalf(records)
        if strikes(.crashAfterCommit) || strikes(.crashInRecovery) || Self.endsRequests(records) && strikes(.crashAfterAnswerCommit)
            || leavesHalf && strikes(.crashInIntent)
        {
            throw Self.death
        }
    }

    func takeBack() {
        written = nil
        journal.takeBack()
    }

    private static func endsRequests(_ records: [JournalRecord]) -> Bool {
        records.contains { if case .requestEnded = $0 { true } else { false } }
    }

    /// Whether a slice of an intent was just written, and not its last.
    private func leavesHalf(_ records: [JournalRecord]) -> Bool {
        let begins = records.contains { if case .intent = $0 { true } else { false } }
        let completes = records.contains { if case .intentComplete = $0 { true } else { false } }
        guard strikesAnySlice else { return begins && !completes }
        return records.contains { record in
            let intent: IntentKey? =
                switch record {
                case .intent(let row, _): row.key
                case .orderBorn(let order, _): order.intent
                case .commandBorn(let command, _): command.intent
                default: nil
                }
            return intent.map { !journal.isComplete($0) } ?? false
        }
    }

    private func take(_ count: Int) throws(JournalError) {
        guard let left = ballast, left >= count else {
            reached(ballast == nil ? .diskFull : .ballastSpent)
            throw JournalError(.full, "no space left on the virtual disk")
        }
        ballast = left - count
    }

    func releaseBallast() { if ballast == nil { ballast = ballastRecords } }
    func restoreBallast() -> Bool {
        guard !isFull else { return false }
        ballast = nil
        return true
    }

    /// What the process had not made durable is gone.
    func forgetPending() { pending = [] }

    func load() throws(JournalError) -> JournalState {
        var state = try journal.load()
        forgets(&state, configured)
        return state
    }
    func intent(_ id: IntentID) -> IntentRow? { journal.intent(id) }
    func order(_ id: ClientOrderID) -> Order? { hidesOthers ? nil : journal.order(id).map(read) }
    func order(account: AccountID, venueOrderID: VenueOrderID) -> Order? {
        hidesOthers ? nil : journal.order(account: account, venueOrderID: venueOrderID).map(read)
    }
    func orders(venueOrderID: VenueOrderID) -> [Order] { hidesOthers ? [] : journal.orders(venueOrderID: venueOrderID) }
    private func read(_ order: Order) -> Order {
        guard forgetsWhoEnded, order.state.isTerminal else { return order }
        var order = order
        order.evidence = .inferred
        return order
    }
    func isUsed(_ id: ClientOrderID) -> Bool { journal.isUsed(id) }
    func fills(of order: OrderKey) -> [Fill] { journal.fills(of: order) }
    func trades(of account: AccountID, since: Int64, _ tell: (OwnTrade) -> Void) { journal.trades(of: account, since: since, tell) }
    func executedOrders(after key: OrderKey, limit: Int) -> [Order] { journal.executedOrders(after: key, limit: limit) }
    func idle() {}
    func latch(_ error: JournalError) { journal.latch(error) }
    func check() {}
}
