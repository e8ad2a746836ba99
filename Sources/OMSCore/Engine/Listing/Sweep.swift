/// One pass over what the venue lists: open orders, and where something is in doubt the history since. Part of ``Listing``, which alone changes it.
struct Sweep {
    enum Phase { case open, history }
    let withHistory: Bool
    /// From when on history is read, milliseconds of the venue's clock.
    let sinceMs: Int64
    /// Market by market, where the venue lists so; else one listing of all.
    let symbols: [Symbol?]
    let startedAt: Int64
    /// As what it counts for the absence of orders that it does not show.
    let round: Round
    /// It is read for the sake of what repeats itself alone, and takes its time.
    var isForRepeats = false
    /// History is read for the sake of cancels that were taken alone.
    var isForConfirmation = false
    var summary: ReconcileSummary
    /// Who asked for it before it began.
    var waiters: [SweepWaiter] = []

    init(withHistory: Bool, sinceMs: Int64, symbols: [Symbol?], startedAt: Int64, round: Round, account: AccountID) {
        (self.withHistory, self.sinceMs, self.symbols, self.startedAt, self.round) = (withHistory, sinceMs, symbols, startedAt, round)
        summary = ReconcileSummary(account: account)
    }

    // MARK: Where it stands

    private(set) var phase = Phase.open
    private var symbol = 0
    private var page: String?
    private var pages = 0
    private var historyPages = 0
    private(set) var isAsked = false
    private var askedAt: Int64 = 0
    /// Not before then, while orders wait to be sent.
    private(set) var nextPageAt: Int64 = .min
    /// Something was asked at all.
    private(set) var hasAsked = false
    /// False: a row that may be ours could not be read, or contradicts what we asked.
    var provesAbsence = true

    // MARK: What it showed

    /// Orders of ours that stood in it as open.
    var seen: Set<OrderKey> = []
    /// Orders of ours that it showed as open, and that are closed here by the venue's own word.
    var reopened: Set<OrderKey> = []
    /// What it showed that is not of this account.
    var externals: Set<VenueOrderID> = []
    /// Other accounts of ours whose orders it showed.
    var mixed: Set<AccountID> = []
    /// Rows without a venue id that could not be read, as their breaks tell of them.
    var unreadable: Set<String> = []
    /// Markets that the venue lists no more, and whose orders it did not list.
    private(set) var unlisted: Set<Symbol> = []

    var isWhole: Bool { symbol >= symbols.count }

    /// The page that is next.
    var query: Query {
        switch phase {
        case .open: .openOrders(symbol: symbols[symbol], page: page)
        case .history: .history(symbol: symbols[symbol], sinceMs: sinceMs, page: page)
        }
    }

    mutating func asked(at now: Int64) { (isAsked, hasAsked, askedAt) = (true, true, now) }

    /// A page came, and the next waits four times as long as it took, while orders wait to be sent.
    ///
    /// - Returns: whether it can have an end: a cursor that runs in circles says nothing of what it does not hold.
    mutating func pageCame(most: Int, at now: Int64) -> Bool {
        isAsked = false
        nextPageAt = now + 4 * (now - askedAt)
        pages += 1
        return pages < most
    }

    /// The page is read.
    mutating func turn(to next: String?) {
        if phase == .history { historyPages += 1 }
        advance(next)
    }

    /// Whether history takes more requests than questions for each of so many orders.
    func isTooLong(for most: Int) -> Bool { isForConfirmation && phase == .history && historyPages > most }

    /// The venue does not list this market: the others are.
    mutating func skip(_ symbol: Symbol) {
        isAsked = false
        unlisted.insert(symbol)
        advance(nil)
    }

    private mutating func advance(_ next: String?) {
        page = next
        guard next == nil else { return }
        pages = 0
        symbol += 1
        if symbol >= symbols.count, phase == .open, withHistory { (phase, symbol) = (.history, 0) }
    }
}

/// A caller that waits for a reconciliation.
struct SweepWaiter {
    let ticket: Ticket
    let askedAt: Int64
}

/// A reconciliation whose listing is done, or given up, and whose missing orders are being looked up.
struct Reconciliation {
    var waiters: [SweepWaiter]
    var summary: ReconcileSummary
    var pending: Set<OrderKey>
    let startedAt: Int64
    /// How many of them were still asked about when they were counted last, when that is to be done again, and when it showed fewer than before.
    private var asked = Int.max
    private var countedNextAt: Int64 = .min
    private(set) var settledAt: Int64

    init(waiters: [SweepWaiter], summary: ReconcileSummary, pending: Set<OrderKey>, startedAt: Int64) {
        (self.waiters, self.summary, self.pending, self.startedAt, settledAt) = (waiters, summary, pending, startedAt, startedAt)
    }

    /// Counts them, now and then: whether any of these very questions comes to its end, whatever else the venue answers.
    mutating func count(at now: Int64, isAsked: (OrderKey) -> Bool) {
        guard now >= countedNextAt else { return }
        countedNextAt = now + .seconds(1)
        let left = pending.count(where: isAsked)
        if left < asked { settledAt = now }
        asked = left
    }
}
