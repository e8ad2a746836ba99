import OMSCore

/// Watches from outside what private streams are worth: that a fill is booked from a push only under an id that the push named, that no account calls its stream
/// live while something may be missing of it, and that no push that arrived is dropped in silence.
///
/// One thread; adapters tell it of listings.
package final class StreamWatch: @unchecked Sendable {
    /// Microseconds of the history.
    var now: () -> Int64 = { 0 }
    var nextLookAt: Int64 = 0
    /// How long an engine may take to notice what nobody tells it.
    var graceUs: Int64 = .seconds(40)
    private var standings: [StreamName: Standing] = [:]
    private var listedAt: [AccountID: Int64] = [:]
    private var usedAt: [AccountID: Int64] = [:]
    private var owners: [IntentKey: AccountID] = [:]
    /// Executions and orders that pushes named.
    private var trades: Set<String> = []
    private var orders: Set<String> = []
    private var owed: [Owed] = []

    private enum Standing {
        /// Since when nothing is missing of it that is not lost under way.
        case up(Int64)
        case lost(Int64)
    }

    /// A push that arrived, and what the record must say of it by then.
    private struct Owed {
        let order: ClientOrderID
        let venueOrderID: VenueOrderID
        let filled: Decimal
        let isEnd: Bool
        let dueAt: Int64
    }

    // MARK: What stands at the venue

    func processStarted() { (standings, owed) = ([:], []) }
    /// Nothing is wanted of it yet, and nothing may be missing.
    func connected(_ stream: StreamName) { standings[stream] = nil }
    func subscribed(_ stream: StreamName, at now: Int64) { standings[stream] = .up(now) }
    func lost(_ stream: StreamName, at now: Int64) { standings[stream] = .lost(now) }
    /// Who had heard of it is gone.
    func forgetOwed() { owed = [] }
    /// A listing of an account's open orders leaves.
    func listed(_ account: AccountID) { listedAt[account] = now() }
    /// It has an order, once that is part of a whole intent: what a crash discards used no market.
    func bore(_ order: Order) { owners[order.intent] = order.account }
    func completed(_ intent: IntentKey) {
        guard let account = owners.removeValue(forKey: intent) else { return }
        usedAt[account] = usedAt[account] ?? now()
    }

    func delivered(_ news: StreamNews, of stream: StreamName, at now: Int64) {
        switch news {
        case .fill(let heard):
            trades.insert("\(stream) \(heard.fill.tradeID)")
            orders.insert(heard.fill.venueOrderID.text)
        case .order(let heard):
            guard let id = heard.report.venueOrderID else { return }
            orders.insert(id.text)
            guard let client = heard.report.clientOrderID else { return }
            let isEnd = [.filled, .canceled, .expired, .rejected].contains(heard.report.status)
            let filled = heard.report.filledQuantity ?? .zero
            owed.append(Owed(order: client, venueOrderID: id, filled: filled, isEnd: isEnd, dueAt: now + .seconds(5)))
        default: break
        }
    }

    /// Whether a push ever named this order of the venue.
    func isSilent(about venueOrderID: String) -> Bool { !orders.contains(venueOrderID) }

    // MARK: What must hold

    /// Whether a push named this execution.
    func named(_ trade: TradeID, on stream: StreamName?) -> Bool { stream.map { trades.contains("\($0) \(trade)") } ?? false }

    /// What is wrong with an engine that calls an account's stream live.
    ///
    /// - Parameter listsBySymbol: who never used a market has nothing to list.
    func problem(of account: AccountID, _ stream: StreamName, isLive: Bool, listsBySymbol: Bool, at now: Int64) -> String? {
        guard isLive, let standing = standings[stream] else { return nil }
        switch standing {
        case .lost(let time): return now > time + graceUs ? "\(account) calls its stream live, which was lost at \(time) us" : nil
        case .up(let time):
            if listsBySymbol, usedAt[account, default: .max] > time { return nil }
            guard now > time + graceUs, listedAt[account, default: .min] < time else { return nil }
            return "\(account) calls its stream live, and listed nothing since it was subscribed at \(time) us"
        }
    }

    /// Pushes that arrived seconds ago, and of which the record says less.
    func untaken(at now: Int64, in journal: MemoryJournal) -> [String] {
        let due = owed.filter { $0.dueAt <= now }
        guard !due.isEmpty else { return [] }
        owed.removeAll { $0.dueAt <= now }
        return due.compactMap { push in
            guard let order = journal.order(push.order), order.venueOrderID == push.venueOrderID else { return nil }
            guard order.filledQuantity < push.filled || push.isEnd && !order.state.isTerminal else { return nil }
            // One that contradicts what is known is a break; one that a modify may have made another order of is looked up.
            let isTold = journal.breaks.values.contains { $0.clientOrderID == push.order }
            let mayGoOn = journal.commands.values.contains { $0.clientOrderID == push.order && $0.kind == .modify }
            guard !isTold, !mayGoOn else { return nil }
            return "a push of \(push.order) (filled \(push.filled)\(push.isEnd ? ", ended" : "")) was dropped:"
                + " it is \(order.state.rawValue), filled \(order.filledQuantity)"
        }
    }
}

/// What pushes may do to the record.
extension Auditor {
    func willHear(_ order: Order, from: OrderState, known: Order, _ event: JournalEvent) {
        guard event.evidence == .stream else { return }
        let name = "\(order.clientOrderID) (event \(event.seq) \(event.kind.rawValue))"
        if order.state != from {
            expect(order.state.isLive || order.state.isTerminal, "\(name): a push made it \(order.state.rawValue)")
            expect(order.state != .abandoned && order.state != .denied, "\(name): a push proves that it is not there")
        }
        guard let setup = setups.first(where: { $0.id == order.account }),
            let there = world.venue(named: setup.rules.profile.venue)?.exchange.order(clientID: order.clientOrderID.text, uid: setup.uid, at: nil)
        else { return }
        let standings = there.former.map(\.standing) + [there.standing]
        func goesBack<Value: Equatable>(_ value: (SimOrder.Standing) -> Value?, from old: Value?, to new: Value?) -> Bool {
            guard old != new, let last = standings.lastIndex(where: { value($0) == new }) else { return false }
            return standings.firstIndex { value($0) == old }.map { last < $0 } ?? false
        }
        expect(!goesBack(\.price, from: known.price, to: order.price), "\(name): a push took its price back to a former one")
        expect(!goesBack(\.quantity, from: known.quantity, to: order.quantity), "\(name): a push took its quantity back to a former one")
    }

    func willBook(_ fill: Fill, of account: AccountID, _ event: JournalEvent) {
        let owner = "\(account) \(fill.tradeID)"
        expect(booked.insert(owner).inserted, "trade \(fill.tradeID) of \(account) was booked twice")
        guard event.evidence == .stream else { return }
        let stream = setups.first { $0.id == account }?.stream?.name
        expect(streams.named(fill.tradeID, on: stream), "trade \(fill.tradeID) of \(account) was booked by a push that did not name it")
    }
}
