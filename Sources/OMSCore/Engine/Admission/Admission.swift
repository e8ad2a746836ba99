/// Intents on their way into the book: what waits until it may be looked at, what is being looked through, what is being written down slice by slice, and the ids
/// that orders are given. Whether an intent is good, and what is written of it, is decided by those who know orders (`Engine+Submit`, `Engine+Planning`,
/// `Engine+Accept`); what values alone tell of it by ``Examination``.
///
/// An owner: its state is written here alone. A large intent is taken out while a slice of it is worked on, and put back at its place.
struct Admission {
    private var mint: OrderIDMint
    /// One room for all that waits, in the order in which it came.
    private var waiting: [Waiting] = []
    private var plannings: [Planning] = []
    private var acceptances: [Acceptance] = []

    init(mint: OrderIDMint) { self.mint = mint }

    /// Nothing is being looked through or written down.
    var isIdle: Bool { plannings.isEmpty && acceptances.isEmpty }

    // MARK: Ids

    mutating func nextID(wall: Int64) -> ClientOrderID { mint.next(wall: wall) }

    /// What must become durable with the ids handed out since the last call; nil: nothing new.
    mutating func takeReservation() -> Int64? { mint.takeReservation() }

    // MARK: The waiting room

    /// Whether something that a connection sent is not done yet: what it sends now takes effect behind it.
    func isBusy(with connection: UInt64) -> Bool {
        if waiting.isEmpty, isIdle { return false }
        return acceptances.contains { $0.ticket.connection == connection } || plannings.contains { $0.ticket.connection == connection }
            || waiting.contains { $0.markets != nil && $0.ticket.connection == connection }
    }

    mutating func wait(_ command: Waiting) { waiting.append(command) }

    var hasEarly: Bool { waiting.contains { $0.markets != nil } }

    /// The first submit that need not wait for its account's markets any more; else asks to be called for those that wait on.
    ///
    /// - Parameter isReady: whether an account knows its markets, or will not.
    mutating func takeEarly(in turn: Turn, isReady: (_ desk: Int) -> Bool) -> Waiting? {
        for (index, entry) in waiting.enumerated() {
            guard let markets = entry.markets else { continue }
            if markets.until <= turn.now.monotonic || isReady(markets.desk) { return waiting.remove(at: index) }
            turn.wake(at: markets.until)
        }
        return nil
    }

    /// All that waited for something else of its connection, to be tried anew.
    mutating func takeDeferred() -> [Waiting] {
        guard waiting.contains(where: { $0.markets == nil }) else { return [] }
        let deferred = waiting.filter { $0.markets == nil }
        waiting.removeAll { $0.markets == nil }
        return deferred
    }

    /// The roles were read again: what waits is judged by what its caller may do now.
    mutating func change(_ rights: Rights, of connection: UInt64) {
        for index in waiting.indices where waiting[index].ticket.connection == connection {
            waiting[index].caller = Caller(waiting[index].caller.actor, rights)
        }
    }

    /// The connection is gone: what waits is not done. What is being looked through or written goes on.
    mutating func drop(_ connection: UInt64) { waiting.removeAll { $0.ticket.connection == connection } }

    /// All who wait.
    var tickets: [Ticket] {
        waiting.map(\.ticket) + acceptances.flatMap { [$0.ticket] + $0.echoes } + plannings.flatMap { [$0.ticket] + $0.echoes }
    }

    // MARK: What is known of half an intent

    /// What is being looked through under an id: nothing of it is on record.
    func planned(_ id: IntentID) -> (content: IntentContent, account: AccountID)? {
        plannings.first { $0.intent.id == id && !$0.intent.dryRun }.map { ($0.content.now, $0.intent.account) }
    }

    /// Somebody sent the same intent again before it was whole.
    ///
    /// - Returns: whether it is here.
    mutating func echo(_ id: IntentID, to ticket: Ticket) -> Bool {
        if let index = acceptances.firstIndex(where: { $0.intent.row.id == id }) {
            acceptances[index].echoes.append(ticket)
            return true
        }
        guard let index = plannings.firstIndex(where: { $0.intent.id == id && !$0.intent.dryRun }) else { return false }
        plannings[index].echoes.append(ticket)
        return true
    }

    /// Whether a caller chose this id for an order that is not on record yet.
    func isGiven(_ id: ClientOrderID) -> Bool { acceptances.contains { $0.givenIDs.contains(id) } }

    /// What intents that are not on record yet, or not wholly, ask of an order: it counts as if it stood.
    func asked(of id: ClientOrderID) -> [(price: Decimal?, quantity: Decimal?)] {
        acceptances.compactMap { $0.asked[id] } + plannings.compactMap { $0.intent.dryRun ? nil : $0.plan.asked[id] }
    }

    /// The same of each item by itself, the most of them.
    func mostAsked(of id: ClientOrderID) -> [(price: Decimal?, quantity: Decimal?)] {
        acceptances.compactMap { $0.mostAsked[id] } + plannings.compactMap { $0.intent.dryRun ? nil : $0.plan.mostAsked[id] }
    }

    /// What accepted intents that are not on record wholly ask of an order.
    func acceptedAsks(of id: ClientOrderID) -> [(price: Decimal?, quantity: Decimal?)] { acceptances.compactMap { $0.mostAsked[id] } }

    /// Orders of an account that are accepted and not written down yet, one by one.
    func placesToCome(on desk: Int) -> [OrderTerms] {
        acceptances.filter { $0.desk == desk && $0.placesLeft > 0 }.flatMap { $0.places[$0.written...].map(\.terms) }
    }

    /// Orders of an account that are accepted and not written down yet.
    func placesLeft(on desk: Int) -> Int { acceptances.reduce(0) { $0 + ($1.desk == desk ? $1.placesLeft : 0) } }

    /// The intents of an account that are being written down.
    func halfWritten(on desk: Int) -> [OpenIntent] { acceptances.filter { $0.desk == desk }.map(\.intent) }

    /// The first of all intents that are being written down.
    var firstHalfWritten: IntentKey? { acceptances.map(\.intent.row.key).min() }

    // MARK: Looking through

    var planningCount: Int { plannings.count }

    mutating func plan(_ planning: Planning) { plannings.append(planning) }

    /// Which has least left.
    func shortestPlanning(left: (Planning) -> Int) -> Int { plannings.indices.min { left(plannings[$0]) < left(plannings[$1]) } ?? 0 }

    mutating func takePlanning(at index: Int) -> Planning { plannings.remove(at: index) }
    mutating func putBack(_ planning: Planning, at index: Int) { plannings.insert(planning, at: index) }

    // MARK: Writing down

    var acceptanceCount: Int { acceptances.count }

    mutating func accept(_ acceptance: Acceptance) { acceptances.append(acceptance) }

    /// Which has least left, of those that may go on.
    var shortestAcceptance: Int { acceptances.indices.filter(mayGoOn).min { acceptances[$0].left < acceptances[$1].left } ?? 0 }

    mutating func takeAcceptance(at index: Int) -> Acceptance { acceptances.remove(at: index) }
    mutating func putBack(_ acceptance: Acceptance, at index: Int) { acceptances.insert(acceptance, at: index) }

    /// Whether more of it may be written. Of modifies of one order the last asked wins, so that of two intents the one that came first has all of its own on
    /// record first.
    func mayGoOn(_ index: Int) -> Bool {
        guard acceptances[index].writesModifies else { return true }
        return !acceptances[..<index].contains { $0.desk == acceptances[index].desk && !$0.modifies.isEmpty }
    }
}
