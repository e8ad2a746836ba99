import OMSCore

/// A journal in memory with a real one's semantics: a commit is whole or nothing, and what a crash finds is what was committed.
package final class MemoryJournal: GroupJournal {
    package private(set) var orders: [OrderKey: Order] = [:]
    package private(set) var commands: [CommandID: OrderCommand] = [:]
    package private(set) var intents: [IntentKey: IntentRow] = [:]
    package private(set) var requests: [RequestID: RequestRow] = [:]
    package private(set) var ends: [RequestID: RequestEnd] = [:]
    package private(set) var breaks: [Int64: Break] = [:]
    package private(set) var fills: [OrderKey: [TradeID: Fill]] = [:]
    /// Events in order, with the order or command they are of.
    package private(set) var events: [(event: JournalEvent, order: OrderKey?)] = []
    package private(set) var commits = 0
    /// Orders as their events alone tell them.
    package private(set) var folded: [OrderKey: FoldedOrder] = [:]
    /// Which orders each request carried, by the record.
    package private(set) var carried: [RequestID: [OrderKey]] = [:]
    /// How many permits each request holds.
    package private(set) var permitsHeld: [RequestID: Int] = [:]
    private var permits: [SlotKey: PermitRow] = [:]
    /// Sees each record before it is written, with the tables as they stand.
    package var onWrite: ((JournalRecord) -> Void)?

    /// What those who follow the record are told, by number; lines of an intent only once all of it is written.
    private(set) var lines: [MemoryLine] = []
    private(set) var seq: Int64 = 0
    private var unlisted: Set<OrderKey> = []
    private var highWater: Int64 = 0
    private var bootID: String?
    private var formulaBroken: Set<AccountID> = []
    private var lookupLags: [AccountID: Int64] = [:]
    package private(set) var guards: [GuardID: GuardRow] = [:]
    private var rehearsals: [AccountID: RehearsalRow] = [:]
    package private(set) var positions: [AccountID: [PositionKey: PositionRow]] = [:]
    package private(set) var kills: [AccountID: KillRow] = [:]
    package private(set) var identities: [AccountID: PinnedIdentity] = [:]
    package private(set) var rests: [Int64: BudgetRest] = [:]
    package private(set) var bans: [String: VenueBan] = [:]
    private var complete: Set<IntentKey> = []
    private var byClientID: [ClientOrderID: OrderKey] = [:]
    private var byIntentID: [IntentID: IntentKey] = [:]
    private var budgets: [Int64: BudgetRow] = [:]
    private var trading: [AccountID: TradingStateRow] = [:]
    private var requestMax: Int64 = 0
    /// A turn that is not committed yet. Who asks meanwhile is told what was there before.
    private var written: [JournalRecord]?
    package private(set) var place: LogPlace?
    private var placeWritten: LogPlace?

    private struct SlotKey: Hashable {
        let budget: Int64
        let slot: Int
    }

    package init() {}

    package func write(_ records: [JournalRecord], at: Int64) throws(JournalError) {
        precondition(written == nil, "a turn is open already")
        try check(records)
        written = records
    }

    package func write(_ records: [JournalRecord], at: Int64, reaching place: LogPlace) throws(JournalError) {
        try write(records, at: at)
        placeWritten = place
    }

    package var isEmpty: Bool { seq == 0 }
    /// Accounts have no places here, and a load takes out what is half written. What tests let an owner put in front.
    package var owed: [JournalRecord] = []
    package func openings(at: Int64) -> [JournalRecord] { owed }

    package func finish() {
        guard let records = written else { return }
        written = nil
        if let placeWritten { place = placeWritten }
        if !owed.isEmpty, records.count == owed.count { owed = [] }
        commits += 1
        for record in records {
            onWrite?(record)
            write(record)
            if let line = MemoryLine(record) { lines.append(line) }
        }
    }

    package func takeBack() { written = nil }

    /// What the tables' constraints would refuse: nothing is written then.
    private func check(_ records: [JournalRecord]) throws(JournalError) {
        var next = seq
        var born: Set<ClientOrderID> = []
        for record in records {
            switch record {
            case .intent(_, let event), .intentSettled(_, _, let event), .orderChanged(_, _, _, let event), .commandBorn(_, let event),
                .commandChanged(_, _, let event), .fill(_, _, _, _, let event), .breakFound(_, let event), .breakResolved(_, _, let event),
                .breakAcknowledged(_, _, _, _, let event), .tradingState(_, let event), .kill(_, let event), .sessionGuard(_, let event),
                .identity(_, let event), .rehearsal(_, let event),
                .formulaBroken(_, _, let event), .lookupLag(_, _, let event), .note(_, _, let event), .intentDiscarded(_, _, _, _, let event):
                next += 1
                guard event.seq == next else { throw JournalError(.damaged, "the record has a gap: \(event.seq) follows \(next - 1)") }
            case .orderBorn(let order, _):
                next += 1
                guard order.key.number == next else { throw JournalError(.damaged, "the record has a gap: \(order.key) follows \(next - 1)") }
                guard byClientID[order.clientOrderID] == nil, born.insert(order.clientOrderID).inserted else {
                    throw JournalError(.damaged, "client order id \(order.clientOrderID) was used twice")
                }
            case .request(let row):
                guard requests[row.id] == nil else { throw JournalError(.damaged, "request id \(row.id) was used twice") }
            case .intentComplete, .requestEnded, .position, .budget, .permit, .budgetRest, .ban, .banEnded, .unlisted, .idHighWater, .boot,
                .account:
                break
            }
        }
    }

    private func note(_ event: JournalEvent, _ order: OrderKey?) {
        seq = event.seq
        events.append((event, order))
    }

    private func write(_ record: JournalRecord) {
        switch record {
        case .intent(let row, let event):
            note(event, nil)
            intents[row.key] = row
            byIntentID[row.id] = row.key
        case .intentComplete(let key): complete.insert(key)
        case .intentSettled(let key, let at, let event):
            note(event, nil)
            intents[key]?.settledAt = at
        case .orderBorn(let order, _):
            seq += 1
            orders[order.key] = order
            folded[order.key] = FoldedOrder(order)
            byClientID[order.clientOrderID] = order.key
        case .orderChanged(let order, let from, let fields, let event):
            note(event, order.key)
            orders[order.key] = order
            folded[order.key]?.apply(OrderLine(order, from: from, fields, event))
            if event.kind == .submitted, let request = event.request { carried[request, default: []].append(order.key) }
        case .commandBorn(let command, let event), .commandChanged(let command, _, let event):
            note(event, command.order)
            commands[command.id] = command
        case .request(let row):
            requests[row.id] = row
            requestMax = max(requestMax, row.id.number)
        case .requestEnded(let end): ends[end.id] = end
        case .fill(let order, _, _, let fill, let event):
            note(event, order)
            fills[order, default: [:]][fill.tradeID] = fill
        case .breakFound(let broken, let event):
            note(event, nil)
            breaks[broken.id] = broken
        case .breakResolved(let id, _, let event):
            note(event, nil)
            breaks[id] = nil
        case .breakAcknowledged(let id, let at, _, let isOver, let event):
            note(event, nil)
            breaks[id]?.acknowledgedAt = at
            if isOver { breaks[id] = nil }
        case .tradingState(let row, let event):
            note(event, nil)
            trading[row.account] = row
        case .position(let row): positions[row.account, default: [:]][row.key] = row
        case .budget(let row): budgets[row.id] = row
        case .permit(let row):
            let slot = SlotKey(budget: row.budget, slot: row.slot)
            if let former = permits[slot], let request = former.request { permitsHeld[request, default: 0] -= former.count }
            if let request = row.request { permitsHeld[request, default: 0] += row.count }
            permits[slot] = row
            requestMax = max(requestMax, row.request?.number ?? 0)
        case .unlisted(let order, let isUnlisted): if isUnlisted { unlisted.insert(order) } else { unlisted.remove(order) }
        case .idHighWater(let mark): highWater = mark
        case .boot(let id): bootID = id
        case .identity(let pinned, let event):
            identities[pinned.account] = pinned
            note(event, nil)
        case .kill(let row, let event):
            kills[row.account] = row
            note(event, nil)
        case .sessionGuard(let row, let event):
            guards[row.id] = row
            note(event, nil)
        case .rehearsal(let row, let event):
            rehearsals[row.account] = row
            note(event, nil)
        case .formulaBroken(let account, let isBroken, let event):
            if isBroken { formulaBroken.insert(account) } else { formulaBroken.remove(account) }
            note(event, nil)
        case .lookupLag(let account, let lag, let event):
            lookupLags[account] = lag
            note(event, nil)
        case .budgetRest(let rest): rests[rest.budget] = rest.isOver ? nil : rest
        case .ban(let ban): bans[ban.family] = ban
        case .banEnded(let family): bans[family] = nil
        case .note(_, let order, let event): note(event, order)
        // Accounts have no table here.
        case .account: break
        case .intentDiscarded(let key, _, _, _, let event):
            discard(key)
            note(event, nil)
        }
    }

    private func discard(_ key: IntentKey) {
        if let row = intents.removeValue(forKey: key) { byIntentID[row.id] = nil }
        for order in orders.values where order.intent == key {
            orders[order.key] = nil
            folded[order.key] = nil
            byClientID[order.clientOrderID] = nil
        }
        for command in commands.values where command.intent == key { commands[command.id] = nil }
    }

    package func load() throws(JournalError) -> JournalState {
        // A half-written intent never was.
        lines.removeAll { !isVisible($0) }
        for key in intents.keys where !complete.contains(key) { discard(key) }
        var state = JournalState()
        (state.seq, state.requestMax, state.idHighWater, state.idTag, state.bootID) = (seq, requestMax, highWater, "SIMU", bootID)
        state.accounts = Set(intents.values.map(\.account))
        (state.formulaBroken, state.lookupLags, state.identities) = (formulaBroken, lookupLags, identities)
        (state.rests, state.bans) = (rests.values.sorted { $0.budget < $1.budget }, bans.values.sorted { $0.family < $1.family })
        state.orders = orders.values.filter { !$0.state.isTerminal }.sorted { $0.key < $1.key }
        state.unlisted = unlisted.sorted().compactMap { orders[$0] }.filter { $0.state.isTerminal }
        state.commands = commands.values.filter { $0.state.isOpen }.sorted { $0.id < $1.id }
        let busy = Set(state.commands.compactMap(\.intent))
        state.intents = intents.values.filter { $0.settledAt == nil || busy.contains($0.key) }.sorted { $0.key < $1.key }
        state.budgets = budgets.values.sorted { $0.id < $1.id }
        state.permits = permits.values.sorted { ($0.budget, $0.slot) < ($1.budget, $1.slot) }
        state.tradingStates = trading.values.sorted { $0.account < $1.account }
        state.kills = kills.values.sorted { $0.account < $1.account }.map { kill in
            var kill = kill
            let ended = Set(events.lazy.filter { $0.event.seq > kill.since ?? .max && Self.ends.contains($0.event.kind) }.compactMap(\.order))
            kill.closed = ended.count { orders[$0].map { $0.account == kill.account && $0.state.isTerminal } ?? false }
            return kill
        }
        state.guards = guards.values.filter(\.state.isOpen).sorted { $0.id < $1.id }
        for order in state.orders {
            if let id = intents[order.intent]?.guardID, guards[id]?.state.isOpen ?? false { state.guarded[order.intent] = id }
        }
        state.positions = positions.sorted { $0.key < $1.key }.flatMap { $0.value.values.sorted { $0.key < $1.key } }
        state.rehearsals = rehearsals.values.sorted { $0.id < $1.id }
        state.openBreaks = breaks.values.sorted { $0.id < $1.id }
        state.symbols = Dictionary(grouping: orders.values, by: \.account).mapValues { Set($0.map(\.terms.symbol)).sorted() }
        return state
    }

    private static let ends: Set<EventKind> = [.closed, .rejected, .filled, .resolved]

    package func intent(_ id: IntentID) -> IntentRow? { byIntentID[id].flatMap { intents[$0] } }
    package func order(_ id: ClientOrderID) -> Order? { byClientID[id].flatMap { orders[$0] } }
    package func order(account: AccountID, venueOrderID: VenueOrderID) -> Order? {
        orders.values.first { $0.account == account && $0.venueOrderID == venueOrderID }
    }
    package func orders(venueOrderID: VenueOrderID) -> [Order] {
        orders.values.filter { $0.venueOrderID == venueOrderID || $0.predictedIDs.contains(venueOrderID) }.sorted { $0.key > $1.key }
    }
    package func isUsed(_ id: ClientOrderID) -> Bool { byClientID[id] != nil }
    package func fills(of order: OrderKey) -> [Fill] { Array((fills[order] ?? [:]).values) }
    package func trades(of account: AccountID, since: Int64, _ tell: (OwnTrade) -> Void) {
        for order in orders.values where order.account == account {
            for fill in fills(of: order.key) where fill.at >= since { tell(OwnTrade(fill, of: order.terms)) }
        }
    }
    package func executedOrders(after key: OrderKey, limit: Int) -> [Order] {
        let executed = orders.values.filter { $0.key > key && (!$0.filledQuantity.isZero || fills[$0.key] != nil) }
        return Array(executed.sorted { $0.key < $1.key }.prefix(limit))
    }
    package func idle() {}
    /// Nothing here is beyond reading.
    package func latch(_ error: JournalError) {}
    package func check() {}

    /// Whether every slice of the intent is durable: from then on it was accepted.
    package func isComplete(_ key: IntentKey) -> Bool { complete.contains(key) }
    /// The orders of an intent, in item order.
    package func orders(of intent: IntentKey) -> [ClientOrderID] {
        orders.values.filter { $0.intent == intent }.sorted { $0.key < $1.key }.map(\.clientOrderID)
    }
}
