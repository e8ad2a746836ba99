/// Dead man's switches of clients that are not over, by the runner's clock: which connection holds which, when each was heard, what was submitted under it.
/// What a trip means for orders and accounts is the engine's (`Engine+Guards`).
///
/// An owner: its state is written in this file alone. Each change of a row is on record with the turn that made it.
struct Guards {
    private struct Entry {
        var row: GuardRow
        /// Who holds it; nil: nobody since it was lost with its connection.
        var connection: UInt64?
        /// When its connection said something last; once it is lost: since when its grace runs.
        var from: Int64

        /// When it is lost or trips if nothing changes.
        var dueAt: Int64? {
            switch row.state {
            case .held: row.heartbeatMs.map { from + .milliseconds($0) }
            case .lost: from + .milliseconds(row.graceMs)
            case .tripping: from
            case .tripped, .released: nil
            }
        }
    }

    private var open: [GuardID: Entry] = [:]
    private var byConnection: [UInt64: GuardID] = [:]
    /// Connections whose guard is over, or another's, and that did not ask for it: nothing they submit would be guarded.
    private var bereft: [UInt64: GuardID] = [:]
    /// Who let one go, or lost it to another: if the turn is never written, he holds it still. The newest.
    private var formerHolders: [(token: Digest256, connection: UInt64, from: Int64)] = []
    /// What was submitted under which.
    private var bound: [IntentKey: GuardID] = [:]
    /// Accounts that are not configured and hold something that a guard stands for: its trip is not over before they are back.
    private var waitsFor: [GuardID: Set<AccountID>] = [:]
    /// Those whose trip was on record when this engine was made.
    private var going: Set<GuardID> = []
    /// The newest of those that are over, for whoever asks.
    private var ended: [GuardRow] = []
    private static let endedMax = 100
    /// Open ones of one user: each is looked at when any is due, and outlives its connection for as long as its grace.
    static let openMax = 1_000
    /// When the first is due at the earliest; nil: one changed since that was looked at. A sign of life only makes it later.
    private var dueAt: Int64?

    // MARK: A start

    /// No connection of a former process holds anything: the grace of each runs from now on.
    ///
    /// - Parameter absent: accounts with something of a guard that are not configured now.
    mutating func restore(_ rows: [GuardRow], bound: [IntentKey: GuardID], absent: [GuardID: Set<AccountID>] = [:], in turn: Turn) {
        (self.bound, waitsFor, dueAt) = (bound, absent, nil)
        going = Set(rows.lazy.filter { $0.state == .tripping }.map(\.id))
        for row in rows where row.state.isOpen {
            open[row.id] = Entry(row: row, connection: nil, from: turn.now.monotonic)
            if row.state == .held { change(row.id, to: .lost, "omsd began anew, and its connection is gone", in: turn) }
        }
    }

    /// The engine was made anew within the process: connections live on, and each holds what the record says that it was given. What another engine let go or
    /// gave away in a turn that was never written is as it was: whoever asked for that does so again.
    mutating func heed(_ former: Guards, in turn: Turn) {
        bereft = former.bereft
        formerHolders = former.formerHolders
        for id in open.keys.sorted() {
            guard let row = open[id]?.row, row.state == .lost, let holder = former.holder(by: row.token) else { continue }
            // One whose trip was not written has its grace once more.
            open[id]?.from = min(holder.from, turn.now.monotonic)
            open[id]?.connection = holder.connection
            (byConnection[holder.connection], bereft[holder.connection]) = (id, nil)
            if holder.isHeld { change(id, to: .held, "its connection holds it", in: turn) }
        }
    }

    /// Whom a token was given to that is still there.
    private func holder(by token: Digest256) -> (connection: UInt64, from: Int64, isHeld: Bool)? {
        if let entry = open.values.first(where: { $0.row.token == token }), let connection = entry.connection {
            return (connection, entry.from, entry.row.state == .held)
        }
        return formerHolders.last { $0.token == token }.map { ($0.connection, $0.from, true) }
    }

    // MARK: Holders

    /// Who may hold another one.
    private func mayHold(_ connection: UInt64) throws(ControlError) {
        if let id = byConnection[connection] {
            let isTripping = open[id]?.row.state == .tripping
            throw .invalidParams(
                isTripping
                    ? "this connection's guard \(id) is tripping: open another connection"
                    : "this connection holds guard \(id); release it first, or open another connection: a connection has one guard")
        }
    }

    mutating func begin(
        _ terms: GuardTerms, user: UInt32, connection: UInt64, token: GuardToken, actor: Actor, in turn: Turn
    ) throws(ControlError) -> GuardRow {
        try mayHold(connection)
        guard open.values.lazy.filter({ $0.row.user == user }).count < Self.openMax else {
            throw .queueFull("user \(user) has \(Self.openMax) guards open; release some, or let their grace pass")
        }
        dueAt = nil
        let event = Self.event("held", "began", actor: actor, in: turn)
        let row = GuardRow(
            id: GuardID(event.seq), user: user, accounts: terms.accounts, onLost: terms.onLost, heartbeatMs: terms.heartbeatMs,
            graceMs: terms.graceMs, openedAt: turn.now.wall, token: token.digest, reason: "began")
        open[row.id] = Entry(row: row, connection: connection, from: turn.now.monotonic)
        (byConnection[connection], bereft[connection]) = (row.id, nil)
        turn.record(.sessionGuard(row, Self.named(row.id, event)))
        return row
    }

    static let unknownToken = ControlError.notPermitted(
        "no guard of your user has this token: it was resumed since, which makes a new one, or it is over")
    static func unknown(_ id: GuardID) -> ControlError { .unknownOrder("no guard \(id) is open; guard.list shows those that are") }

    /// One that is not over.
    func row(_ id: GuardID) -> GuardRow? { open[id]?.row }
    func row(of presented: Digest256, user: UInt32) -> GuardRow? { open.values.first { $0.row.token == presented && $0.row.user == user }?.row }

    /// Takes over what somebody lost, or holds: from here on this connection does, and the token is another one.
    mutating func resume(
        _ presented: Digest256, user: UInt32, connection: UInt64, token: GuardToken, actor: Actor, in turn: Turn
    ) throws(ControlError) -> GuardRow {
        try mayHold(connection)
        guard let id = row(of: presented, user: user)?.id, let entry = open[id] else {
            if let row = ended.last(where: { $0.token == presented && $0.user == user }) {
                throw .notPermitted("guard \(row.id) is over: \(row.state.rawValue), \(row.reason); begin a new one")
            }
            throw Self.unknownToken
        }
        guard entry.row.state != .tripping else {
            throw .notPermitted("guard \(id) is tripping: \(entry.row.reason); begin a new one")
        }
        if let former = entry.connection {
            byConnection[former] = nil
            bereft[former] = id
            letGo(entry, by: former)
        }
        open[id]?.row.token = token.digest
        open[id]?.connection = connection
        open[id]?.from = turn.now.monotonic
        (byConnection[connection], bereft[connection]) = (id, nil)
        change(id, to: .held, "taken over by \(actor.text)", actor: actor, in: turn)
        return open[id]?.row ?? entry.row
    }

    /// Its holder needs it no more: what was submitted under it stays as it is.
    ///
    /// - Parameter connection: whose word it is: another one's holder learns it with the next thing it submits.
    mutating func release(_ id: GuardID, user: UInt32, of connection: UInt64, actor: Actor, in turn: Turn) throws(ControlError) -> GuardRow {
        guard let entry = open[id] else { throw Self.unknown(id) }
        guard entry.row.user == user || user == 0 else {
            throw .notPermitted("guard \(id) is of user \(entry.row.user), who alone may release it")
        }
        guard entry.row.state != .tripping else { throw .notReady("guard \(id) is tripping: \(entry.row.reason)") }
        change(id, to: .released, "by \(actor.text)", actor: actor, in: turn)
        return end(id, leavesBereft: entry.connection != connection) ?? entry.row
    }

    /// A connection said something.
    mutating func heard(_ connection: UInt64, in turn: Turn) {
        guard !byConnection.isEmpty, let id = byConnection[connection] else { return }
        open[id]?.from = turn.now.monotonic
        if open[id]?.row.state == .lost { change(id, to: .held, "its connection speaks again", in: turn) }
    }

    /// A connection ended.
    mutating func drop(_ connection: UInt64, in turn: Turn) {
        bereft[connection] = nil
        formerHolders.removeAll { $0.connection == connection }
        guard let id = byConnection.removeValue(forKey: connection), let state = open[id]?.row.state else { return }
        open[id]?.connection = nil
        guard state == .held else { return }
        open[id]?.from = turn.now.monotonic
        change(id, to: .lost, "its connection ended", in: turn)
    }

    // MARK: What is bound

    /// Under which guard a connection's intent for this account is; nil: under none.
    ///
    /// - Throws: it had one, which is over or another's by now.
    func current(of connection: UInt64, for account: AccountID) throws(ControlError) -> GuardID? {
        if byConnection.isEmpty, bereft.isEmpty { return nil }
        if let id = bereft[connection] {
            throw .guardLost(
                "guard \(id) of this connection is over or was taken over: nothing is submitted without it; begin or resume one, or open a connection"
            )
        }
        guard let id = byConnection[connection], let entry = open[id], entry.row.covers(account) else { return nil }
        guard entry.row.state != .tripping else { throw .guardLost("guard \(id) of this connection is tripping: \(entry.row.reason)") }
        return id
    }

    /// Whether what was asked for under it may still be accepted.
    func mayAccept(under id: GuardID) -> Bool { open[id].map { $0.row.state != .tripping } ?? false }

    mutating func bind(_ intent: IntentKey, to id: GuardID) { bound[intent] = id }
    func isBound(_ intent: IntentKey, to id: GuardID) -> Bool { bound[intent] == id }
    func guardID(of intent: IntentKey) -> GuardID? { bound[intent] }
    var bindsNothing: Bool { bound.isEmpty }

    /// So many are remembered that those whose orders are all closed should be forgotten.
    private(set) var forgetsAt = 4_096
    var isFull: Bool { bound.count >= forgetsAt }

    /// - Parameter isLive: whether an order of the intent is not closed, or may still be born.
    mutating func forget(unless isLive: (IntentKey) -> Bool) {
        bound = bound.filter { isLive($0.key) }
        forgetsAt = max(4_096, bound.count * 2)
    }

    // MARK: Time

    /// Those whose grace is over: on record as such, for the engine to carry out. Asks to be called when the next may be due.
    mutating func due(in turn: Turn) -> [GuardRow] {
        guard !open.isEmpty else { return [] }
        let now = turn.now.monotonic
        if let dueAt, now < dueAt {
            turn.wake(at: dueAt)
            return []
        }
        var (tripping, next): ([GuardRow], Int64) = ([], .max)
        for id in open.keys.sorted() {
            // Lost and over within one turn where the turn came late.
            if let entry = open[id], entry.row.state == .held, let at = entry.dueAt, at <= now {
                open[id]?.from = at
                change(id, to: .lost, "its connection said nothing for \(entry.row.heartbeatMs ?? 0) ms", in: turn)
            }
            guard let entry = open[id], let at = entry.dueAt else { continue }
            guard entry.row.state != .held, at <= now else {
                next = min(next, at)
                continue
            }
            if entry.row.state == .lost {
                let words = "nobody took it over within \(entry.row.graceMs) ms: \(entry.row.reason)"
                change(id, to: .tripping, words, in: turn)
            }
            guard let row = open[id]?.row, open[id]?.from != .farthest else { continue }
            // Carried out once.
            open[id]?.from = .farthest
            tripping.append(row)
        }
        dueAt = next
        turn.wake(at: next)
        return tripping
    }

    /// Whether an engine before this one began its trip.
    func goesOn(_ id: GuardID) -> Bool { going.contains(id) }

    /// All that a trip means is on record.
    mutating func tripped(_ id: GuardID, _ words: String, in turn: Turn) -> GuardRow? {
        guard let row = open[id]?.row, row.state == .tripping else { return nil }
        if let accounts = waitsFor[id], !accounts.isEmpty {
            let names = accounts.map(\.text).sorted().joined(separator: ", ")
            let waits = "; not over: \(names) is not configured, and what it holds of the guard is cancelled once it is"
            if !row.reason.hasSuffix(waits) { change(id, to: .tripping, row.reason + waits, in: turn) }
            return nil
        }
        change(id, to: .tripped, words, in: turn)
        return end(id, leavesBereft: true)
    }

    private mutating func end(_ id: GuardID, leavesBereft: Bool) -> GuardRow? {
        guard let entry = open.removeValue(forKey: id) else { return nil }
        if let connection = entry.connection {
            byConnection[connection] = nil
            if leavesBereft { bereft[connection] = id }
            letGo(entry, by: connection)
        }
        if entry.row.state == .released { bound = bound.filter { $0.value != id } }
        ended.append(entry.row)
        if ended.count > Self.endedMax { ended.removeFirst() }
        return entry.row
    }

    private mutating func letGo(_ entry: Entry, by connection: UInt64) {
        formerHolders.append((entry.row.token, connection, entry.from))
        if formerHolders.count > Self.openMax { formerHolders.removeFirst() }
    }

    // MARK: To be seen

    /// Those that are open, and the newest that are over.
    func snapshots(live: [GuardID: Int], at now: Moment) -> [GuardSnapshot] {
        let standing = open.keys.sorted().compactMap { id -> GuardSnapshot? in
            guard let entry = open[id] else { return nil }
            let tripsAt = entry.row.state == .lost ? entry.dueAt.map { now.wall + $0 - now.monotonic } : nil
            return GuardSnapshot(row: entry.row, live: live[id] ?? 0, tripsAt: tripsAt)
        }
        return ended.map { GuardSnapshot(row: $0, live: live[$0.id] ?? 0, tripsAt: nil) } + standing
    }

    // MARK: On record

    private mutating func change(_ id: GuardID, to state: GuardRow.State, _ words: String, actor: Actor = .daemon, in turn: Turn) {
        guard var row = open[id]?.row else { return }
        (row.state, row.since, row.reason) = (state, turn.now.wall, words)
        open[id]?.row = row
        dueAt = nil
        turn.record(.sessionGuard(row, Self.named(id, Self.event(state.rawValue, words, actor: actor, in: turn))))
    }

    private static func event(_ state: String, _ words: String, actor: Actor, in turn: Turn) -> JournalEvent {
        turn.event(.sessionGuard, actor: actor, state: state, note: words)
    }

    private static func named(_ id: GuardID, _ event: JournalEvent) -> JournalEvent {
        var event = event
        event.facts = [.init("guard_id", id.number)]
        return event
    }
}
