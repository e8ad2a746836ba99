import Containers

/// An intent not settled yet. Part of ``Intents``, which alone changes it.
final class OpenIntent {
    fileprivate(set) var row: IntentRow
    /// Orders intended, submitted or in doubt.
    fileprivate(set) var unsettled = 0
    /// Orders intended or submitted.
    fileprivate(set) var unanswered = 0
    fileprivate(set) var openCommands = 0
    /// Cancels whose answers its places wait for (`cancel_first`, separate requests).
    fileprivate(set) var cancelsAhead: Set<CommandID> = []
    /// Places that wait for those, in item order.
    fileprivate var gated: [OrderKey] = []
    /// Cancels that wait for its places (`place_first`).
    fileprivate var heldCancels: [CommandID] = []
    /// Market, IOC and FOK orders that the venue took and whose end is due any moment: it is not settled before they are known, or waited for long enough.
    fileprivate var awaited: Set<OrderKey> = []
    fileprivate(set) var isComplete: Bool
    /// Its account is not configured: its orders are not in memory, and it stays as it is.
    fileprivate(set) var isAbsent = false
    /// It was canceled, or withdrawn while it was being written (a kill): nothing of it leaves any more, while its orders are canceled slice by slice.
    fileprivate(set) var isWithdrawn = false
    /// The last of its orders, as far as is known: all of them that are in memory stand behind its own number, and not behind this one.
    fileprivate(set) var lastOrder: OrderKey?
    /// Its modifies that were or are open.
    fileprivate(set) var modifies: [CommandID] = []

    init(_ row: IntentRow, isComplete: Bool) { (self.row, self.isComplete) = (row, isComplete) }

    /// Nothing of it is out, or waits.
    fileprivate var isAtRest: Bool { unsettled == 0 && openCommands == 0 && awaited.isEmpty }
}

/// Intents that are not settled, of all accounts: how far each is, what of it waits for what else of it, and when it expires.
///
/// An owner: its state is written in this file alone. It is told of orders and commands, and knows them by their keys.
final class Intents {
    private var open: [IntentKey: OpenIntent] = [:]
    private var byID: [IntentID: OpenIntent] = [:]
    /// Those of which something moved in this turn.
    private var touched: Set<IntentKey> = []
    /// When they expire, by wall clock.
    private var deadlines = TimerHeap<IntentKey>()
    /// All cancels that wait for their own intent's places.
    private var held: Set<CommandID> = []

    subscript(key: IntentKey) -> OpenIntent? { open[key] }
    subscript(id: IntentID) -> OpenIntent? { byID[id] }

    // MARK: Its life

    func begin(_ row: IntentRow) -> OpenIntent {
        let intent = OpenIntent(row, isComplete: false)
        reopen(intent)
        return intent
    }

    /// At a start.
    ///
    /// - Parameter isAbsent: its account is not configured.
    func restore(_ row: IntentRow, isAbsent: Bool, deadline: Int64?) {
        let intent = OpenIntent(row, isComplete: true)
        intent.isAbsent = isAbsent
        reopen(intent)
        touched.insert(row.key)
        if let deadline { deadlines.add(row.key, at: deadline) }
    }

    /// Everything of it is written.
    ///
    /// - Parameter deadline: by wall clock; nil: it has none.
    func complete(_ intent: OpenIntent, deadline: Int64?) {
        intent.isComplete = true
        touched.insert(intent.row.key)
        if let deadline { deadlines.add(intent.row.key, at: deadline) }
    }

    /// It may have come to rest, and something of it moves again.
    func reopen(_ intent: OpenIntent) { (open[intent.row.key], byID[intent.row.id]) = (intent, intent) }

    func withdraw(_ intent: OpenIntent) { intent.isWithdrawn = true }

    var nextDeadline: Int64? { deadlines.nextAt }

    /// The next one whose deadline passed while something of it may not have left.
    func popExpired(at wall: Int64) -> OpenIntent? {
        while let key = deadlines.popDue(at: wall) {
            if let intent = open[key], intent.unanswered > 0 || intent.openCommands > 0 { return intent }
        }
        return nil
    }

    /// Somebody asks how far it is.
    func touch(_ intent: OpenIntent) { touched.insert(intent.row.key) }

    /// Those that may have come to rest, or further, in the order of their numbers.
    func takeTouched() -> [OpenIntent] {
        defer { touched.removeAll(keepingCapacity: true) }
        return touched.sorted().compactMap { open[$0] }.filter { $0.isComplete && !$0.isAbsent }
    }

    /// Ends one that came to rest, on record. One that was settled before and was then canceled keeps its time.
    ///
    /// - Returns: whether it has.
    func settle(_ intent: OpenIntent, in turn: Turn) -> Bool {
        guard intent.isAtRest else { return false }
        let row = intent.row
        if row.settledAt == nil {
            intent.row.settledAt = turn.now.wall
            turn.record(.intentSettled(row.key, at: turn.now.wall, turn.event(.intentSettled, note: row.id.text)))
        }
        (open[row.key], byID[row.id]) = (nil, nil)
        return true
    }

    /// Of all accounts, by number.
    var all: [OpenIntent] { open.values.sorted { $0.row.key < $1.row.key } }

    // MARK: Its orders

    /// One of its orders came into memory, as it stands.
    func own(_ order: OrderKey, _ state: OrderState, of intent: OpenIntent) {
        intent.lastOrder = max(intent.lastOrder ?? order, order)
        if state.isUnsettled { intent.unsettled += 1 }
        if Self.isUnanswered(state) { intent.unanswered += 1 }
    }

    /// One of its orders moved.
    ///
    /// - Returns: whether all of them are answered.
    func moved(_ intent: OpenIntent, from: OrderState, to next: OrderState) -> Bool {
        if from.isUnsettled { intent.unsettled -= 1 }
        if next.isUnsettled { intent.unsettled += 1 }
        touched.insert(intent.row.key)
        if Self.isUnanswered(from) { intent.unanswered -= 1 }
        if Self.isUnanswered(next) { intent.unanswered += 1 }
        return intent.unanswered == 0
    }

    private static func isUnanswered(_ state: OrderState) -> Bool { state == .intended || state == .submitted }

    /// The end of one of its orders is due any moment.
    func awaitOutcome(of order: OrderKey, in intent: OpenIntent) { intent.awaited.insert(order) }

    /// It is known, or was waited for long enough.
    func outcomeKnown(of order: OrderKey, in intent: OpenIntent) {
        if !intent.awaited.isEmpty, intent.awaited.remove(order) != nil { touched.insert(intent.row.key) }
    }

    // MARK: Its commands

    func commandBorn(in intent: OpenIntent) { intent.openCommands += 1 }
    func modifies(_ id: CommandID, in intent: OpenIntent) { intent.modifies.append(id) }

    func commandClosed(_ id: CommandID, in key: IntentKey?) {
        if !held.isEmpty { held.remove(id) }
        guard let key, let intent = open[key] else { return }
        intent.openCommands -= 1
        touched.insert(key)
    }

    // MARK: Gates

    /// Its places wait for the answer to this cancel.
    func awaitAnswer(to cancel: CommandID, in intent: OpenIntent) { intent.cancelsAhead.insert(cancel) }

    /// A cancel was answered, or is not waited for any more.
    ///
    /// - Returns: the intent whose places may go by that; nil: none.
    func answered(_ cancel: CommandID, in key: IntentKey?) -> OpenIntent? {
        guard let key, let intent = open[key], intent.cancelsAhead.remove(cancel) != nil else { return nil }
        return intent.cancelsAhead.isEmpty ? intent : nil
    }

    /// A place of it waits for its cancels.
    func gate(_ order: OrderKey, in intent: OpenIntent) { intent.gated.append(order) }

    func takeGated(of intent: OpenIntent) -> [OrderKey] {
        guard !intent.gated.isEmpty else { return [] }
        defer { intent.gated = [] }
        return intent.gated
    }

    /// A cancel waits for its places.
    func hold(_ cancel: CommandID, for intent: OpenIntent) { if held.insert(cancel).inserted { intent.heldCancels.append(cancel) } }
    func isHeld(_ cancel: CommandID) -> Bool { !held.isEmpty && held.contains(cancel) }
    /// It waits no more.
    func release(_ cancel: CommandID) { if !held.isEmpty { held.remove(cancel) } }

    func takeHeld(of intent: OpenIntent) -> [CommandID] {
        guard !intent.heldCancels.isEmpty else { return [] }
        defer { intent.heldCancels = [] }
        return intent.heldCancels
    }

    /// Those that bear a tag, those being written and those of accounts that are not configured included, by number.
    func tagged(_ tag: Tag) -> [OpenIntent] { open.values.filter { $0.row.tag == tag }.sorted { $0.row.key < $1.row.key } }

    /// Those of an account that hold cancels, by number, not by hash: the same seed gives the same run.
    func holding(of account: AccountID) -> [OpenIntent] {
        open.values.filter { $0.row.account == account && !$0.heldCancels.isEmpty }.sorted { $0.row.key < $1.row.key }
    }
}
