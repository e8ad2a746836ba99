import OMSCore

/// A journal in memory with a real one's semantics: a commit is whole or nothing, and what a crash finds is what was committed.
package final class MemoryJournal: Journal {
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
    /// Throws instead of writing while set: what a full or failing disk does.
    package var failure: JournalError?

    private var seq: Int64 = 0
    private var highWater: Int64 = 0
    private var bootID: String?
    private var complete: Set<IntentKey> = []
    private var byClientID: [ClientOrderID: OrderKey] = [:]
    private var budgets: [Int64: BudgetRow] = [:]
    private var permits: [SlotKey: PermitRow] = [:]
    private var trading: [AccountID: TradingStateRow] = [:]
    private var requestMax: Int64 = 0

    private struct SlotKey: Hashable {
        let budget: Int64
        let slot: Int
    }

    package init() {}

    package func commit(_ records: [JournalRecord]) throws(JournalError) {
        if let failure { throw failure }
        commits += 1
        for record in records { write(record) }
    }

    private func note(_ event: JournalEvent, _ order: OrderKey?) {
        precondition(event.seq == seq + 1, "the record has a gap")
        seq = event.seq
        events.append((event, order))
    }

    private func write(_ record: JournalRecord) {
        switch record {
        case .intent(let row, let event):
            note(event, nil)
            intents[row.key] = row
        case .intentComplete(let key): complete.insert(key)
        case .intentSettled(let key, let at, let event):
            note(event, nil)
            intents[key]?.settledAt = at
        case .orderBorn(let order, _):
            precondition(order.key.number == seq + 1, "the record has a gap")
            precondition(byClientID[order.clientOrderID] == nil, "an id was used twice")
            seq += 1
            orders[order.key] = order
            byClientID[order.clientOrderID] = order.key
        case .orderChanged(let order, _, _, let event):
            note(event, order.key)
            orders[order.key] = order
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
        case .tradingState(let row, let event):
            note(event, nil)
            trading[row.account] = row
        case .budget(let row): budgets[row.id] = row
        case .permit(let row):
            permits[SlotKey(budget: row.budget, slot: row.slot)] = row
            requestMax = max(requestMax, row.request?.number ?? 0)
        case .idHighWater(let mark): highWater = mark
        case .boot(let id): bootID = id
        case .note(_, let order, let event): note(event, order)
        }
    }

    package func load() throws(JournalError) -> JournalState {
        // A half-written intent never was.
        for key in intents.keys where !complete.contains(key) {
            intents[key] = nil
            for order in orders.values where order.intent == key {
                orders[order.key] = nil
                byClientID[order.clientOrderID] = nil
            }
        }
        var state = JournalState()
        (state.seq, state.requestMax, state.idHighWater, state.idTag, state.bootID) = (seq, requestMax, highWater, "SIMU", bootID)
        state.orders = orders.values.filter { !$0.state.isTerminal }
        state.commands = commands.values.filter { $0.state.isOpen }
        state.intents = intents.values.filter { $0.settledAt == nil }
        state.budgets = budgets.values.sorted { $0.id < $1.id }
        state.permits = permits.values.sorted { ($0.budget, $0.slot) < ($1.budget, $1.slot) }
        state.tradingStates = Array(trading.values)
        state.openBreaks = Array(breaks.values)
        state.symbols = Dictionary(grouping: orders.values, by: \.account).mapValues { Array(Set($0.map(\.terms.symbol))) }
        return state
    }

    package func intent(_ id: IntentID) -> IntentRow? { intents.values.first { $0.id == id } }
    package func order(_ id: ClientOrderID) -> Order? { byClientID[id].flatMap { orders[$0] } }
    package func order(account: AccountID, venueOrderID: VenueOrderID) -> Order? {
        orders.values.first { $0.account == account && $0.venueOrderID == venueOrderID }
    }
    package func isUsed(_ id: ClientOrderID) -> Bool { byClientID[id] != nil }
    package func tradeIDs(of order: OrderKey) -> Set<TradeID> { Set((fills[order] ?? [:]).keys) }
    package func idle() {}
}
