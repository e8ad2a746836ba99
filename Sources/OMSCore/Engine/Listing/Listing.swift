/// One account's listings of what rests at the venue: when one is due, how far it has come, who waits for it, and what it showed that is not ours. What its rows
/// mean for orders is decided elsewhere (`Engine+Listings`, `Engine+Reconcile`, `Engine+Strangers`).
///
/// An owner: its state is written here and in ``Sweep`` alone. It knows no order, takes counts and keys, and asks to be called by the turn it is handed.
final class Listing {
    let account: AccountID
    private let patience: Patience

    /// The one under way.
    private(set) var sweep: Sweep?
    /// A whole one was read since the start, or since what was listed counted no more.
    private(set) var hasReconciled = false
    /// When the last whole one was read, by the wall clock.
    private(set) var lastAt: Int64?
    /// Orders that the last whole listing showed as open and that are closed here by the venue's own word.
    private(set) var reopened: Set<OrderKey> = []
    /// Markets in which the account has or ever had orders: where the venue lists market by market, those are asked for.
    private(set) var symbols: Set<Symbol>

    /// Listings in a row that could not be had, why the last was not, and when the first of them failed, by the runner's clock.
    private(set) var failures = 0
    private var problem = ""
    private(set) var failsSince: Int64 = .max

    private var nextAt: Int64 = .min
    /// Not before then is another one read to confirm many commands at once.
    private(set) var nextConfirmAt: Int64 = .min
    /// When the last whole one that read history began, and when an order last fell into doubt. History is not read again before `nextHistoryAt` for the
    /// sake of many doubts.
    private var historyAt: Int64 = .min
    private var newestDoubtAt: Int64 = .min
    private var nextHistoryAt: Int64 = .min
    /// Where orders are found by computed ids: when the last whole listing began that would have shown others of ours, and whether a proof waits for one.
    private(set) var endsListedAt: Int64 = .min
    private(set) var wantsEnds = false
    /// An order in doubt waits for a listing of history that may prove it absent.
    private var wantsHistory = false
    /// Look-ups of single orders wait for a listing that answers them all; so do those for commands that come back again and again.
    private(set) var wantsConfirming = false
    private(set) var wantsRepeats = false

    /// Who waits for one that has not begun, and for what it left open.
    private var waiters: [SweepWaiter] = []
    private var reconciliations: [Reconciliation] = []

    /// Orders seen open that this process looked up in the journal, which never held them; and in which market those and others were seen.
    private(set) var strangers: Set<VenueOrderID> = []
    private var externalSymbols: [VenueOrderID: Symbol] = [:]

    init(of account: AccountID, symbols: Set<Symbol>, patience: Patience) {
        (self.account, self.symbols, self.patience) = (account, symbols, patience)
    }

    /// Why the account's orders cannot be listed; nil: they can, or it is too soon to say.
    var trouble: String? { failures >= patience.listingFailuresMax ? "\(failures) reconciliations in a row failed: \(problem)" : nil }

    /// Whether somebody waits for one that has not begun.
    var isAwaited: Bool { !waiters.isEmpty }

    /// Nothing is being listed, and the last one did not fail: one that does is tried again by its back-off.
    var isIdle: Bool { sweep == nil && failures == 0 }

    // MARK: Wishes

    func use(_ symbol: Symbol) { symbols.insert(symbol) }
    func use(_ more: [Symbol]) { symbols.formUnion(more) }

    /// A caller wants one.
    func want(_ waiter: SweepWaiter) { waiters.append(waiter) }

    /// What was listed counts no more; `at`: another is read then, by the runner's clock; nil: when it is its time.
    func reconcileAnew(at time: Int64?) {
        hasReconciled = false
        if let time { nextAt = time }
    }

    /// The next one is read by then.
    func read(by time: Int64) { nextAt = min(nextAt, time) }

    func orderFellIntoDoubt(at now: Int64) { newestDoubtAt = now }
    func wantHistory() { wantsHistory = true }
    func wantConfirming() { wantsConfirming = true }
    func wantRepeats() { wantsRepeats = true }

    /// A proof by computed ids needs one that would show the order under another.
    func wantEnds(at now: Int64) {
        wantsEnds = true
        if failures == 0 { read(by: now) }
    }

    // MARK: When one is due

    /// Whether one is due by its time, or somebody waits for it.
    func isDue(at now: Int64) -> Bool { now >= nextAt || isAwaited && failures == 0 }

    /// Asks to be called when the next is due by its time.
    func awaitTime(in turn: Turn) { turn.wake(at: nextAt) }

    /// Whether so many orders are in doubt that history should be read before they are looked up one by one: at once, again when what was sent last must be
    /// visible, and whenever an order could be proven absent by it. Else asks to be called when it may.
    func wantsHistory(doubts: Int, visibilityUs: Int64, in turn: Turn) -> Bool {
        // A listing that fails is tried again by its back-off; look-ups do not wait for it.
        guard isIdle, doubts > patience.bulkDoubts else { return false }
        let visibleAt = newestDoubtAt + visibilityUs
        let at: Int64
        if wantsHistory || historyAt < newestDoubtAt {
            at = nextHistoryAt
        } else if historyAt < visibleAt {
            at = max(nextHistoryAt, visibleAt)
        } else {
            return false
        }
        return isTime(at, in: turn)
    }

    /// Whether one that is to confirm commands may begin, as far as the last such and this moment (nil: none) are concerned; else asks to be called.
    func mayConfirm(notBefore time: Int64?, in turn: Turn) -> Bool { isTime(max(nextConfirmAt, time ?? .min), in: turn) }

    private func isTime(_ at: Int64, in turn: Turn) -> Bool {
        if turn.now.monotonic < at { turn.wake(at: at) }
        return turn.now.monotonic >= at
    }

    // MARK: One listing

    func begin(_ new: Sweep) {
        sweep = new
        sweep?.waiters = waiters
        waiters = []
        if new.withHistory { wantsHistory = false }
        (wantsConfirming, wantsRepeats) = (false, false)
    }

    func asked(at now: Int64) { sweep?.asked(at: now) }

    /// - Returns: why this page makes the whole listing worthless; nil: it is to be read.
    func pageCame(at now: Int64) -> String? {
        guard sweep?.pageCame(most: patience.listingPagesMax, at: now) == false else { return nil }
        return "it has no end: \(patience.listingPagesMax) pages"
    }

    /// The page is read. History is read to confirm cancels as long as it takes fewer requests than questions for each of them.
    ///
    /// - Returns: whether there is nothing more to read.
    func turn(to next: String?, cancelsTaken: Int) -> Bool {
        sweep?.turn(to: next)
        let isTooLong = sweep?.isTooLong(for: max(patience.bulkDoubts, cancelsTaken)) ?? false
        if isTooLong { sweep?.provesAbsence = false }
        return isTooLong || sweep?.isWhole ?? true
    }

    /// The venue does not list this market.
    ///
    /// - Returns: whether there is nothing more to read.
    func skip(_ symbol: Symbol) -> Bool {
        sweep?.skip(symbol)
        return sweep?.isWhole ?? true
    }

    // MARK: What it shows

    /// A row of an open order, whosever it is.
    func showedOpen() { sweep?.summary.venueOpen += 1 }
    /// An order of ours stands in it as open.
    func saw(_ key: OrderKey) { sweep?.seen.insert(key) }
    /// What it does not hold may be there all the same.
    func provesNothing() { sweep?.provesAbsence = false }
    /// It showed an order otherwise than it stood here; `fromDoubt`: what became of which nobody knew.
    func adopted(fromDoubt: Bool) {
        sweep?.summary.adopted += 1
        if fromDoubt { sweep?.summary.resolved += 1 }
    }
    /// It shows another account's orders.
    func isMixed(with account: AccountID) { sweep?.mixed.insert(account) }
    /// A row that cannot be read and bears no id, as its break tells of it.
    func showedUnreadable(_ detail: String) { sweep?.unreadable.insert(detail) }

    /// An open order that is not of this account.
    func showed(_ id: VenueOrderID, in symbol: Symbol? = nil) {
        sweep?.externals.insert(id)
        if let symbol { externalSymbols[id] = symbol }
    }

    /// An order that is closed here by the venue's own word: which of its words holds, nobody can say.
    func showedClosed(_ key: OrderKey) { sweep?.reopened.insert(key) }

    /// The journal never held it.
    func isStranger(_ id: VenueOrderID) { strangers.insert(id) }

    /// Whether a whole listing shows that what bears this id rests there no more. Of a market that was not listed nothing is gone.
    func isGone(_ id: VenueOrderID, by sweep: Sweep) -> Bool {
        guard !sweep.externals.contains(id) else { return false }
        return sweep.unlisted.isEmpty || externalSymbols[id].map { !sweep.unlisted.contains($0) } ?? false
    }

    /// Remembers of strangers what this listing showed, and in which market those stand that a break tells of.
    func keepStrangers(of sweep: Sweep, hasBreak: (VenueOrderID) -> Bool) {
        strangers.formIntersection(sweep.externals)
        externalSymbols = externalSymbols.filter { sweep.externals.contains($0.key) || hasBreak($0.key) }
    }

    // MARK: Its end

    /// Every page was had.
    func finish(intervalUs: Int64, in turn: Turn) -> Sweep? {
        guard let sweep else { return nil }
        let now = turn.now.monotonic
        self.sweep = nil
        failures = 0
        if sweep.withHistory, sweep.provesAbsence { (endsListedAt, wantsEnds) = (sweep.startedAt, false) }
        if sweep.withHistory {
            historyAt = sweep.startedAt
            // Half of the time is for single look-ups.
            nextHistoryAt = max(sweep.startedAt + patience.historyUs, now + (now - sweep.startedAt))
        }
        // A listing that takes long is not begun again at once: it may take a fifth of the time.
        nextAt = now + max(intervalUs, 4 * (now - sweep.startedAt))
        nextConfirmAt = now + patience.confirmAgainUs
        // One that asked nothing is no sign of life.
        if sweep.hasAsked { lastAt = turn.now.wall }
        hasReconciled = true
        reopened = sweep.reopened
        return sweep
    }

    /// A page could not be had: the listing begins anew later. What it did not list is not absent.
    ///
    /// - Returns: the listing with all who wait, once it failed so often that they are answered with what is known; nil: they wait for the next.
    func abandon(_ reason: String, at now: Int64) -> Sweep? {
        guard var sweep else { return nil }
        self.sweep = nil
        failures += 1
        problem = reason
        if failures == 1 { failsSince = now }
        nextAt = now + min(.seconds(30), .milliseconds(500) << Int64(min(failures, 6)))
        sweep.waiters += waiters
        guard failures >= patience.listingFailuresMax else {
            waiters = sweep.waiters
            return nil
        }
        waiters = []
        return sweep
    }

    // MARK: Who waits

    /// Whose reconciliation waits for look-ups of orders that were not listed.
    func awaitLookUps(of pending: Set<OrderKey>, for waiters: [SweepWaiter], _ summary: ReconcileSummary, at now: Int64) {
        reconciliations.append(Reconciliation(waiters: waiters, summary: summary, pending: pending, startedAt: now))
    }

    /// A look-up found one of these that had been given up: the reconciliations that wait for it count it.
    func cameToLight(_ key: OrderKey) {
        for index in reconciliations.indices where reconciliations[index].pending.remove(key) != nil {
            reconciliations[index].summary.adopted += 1
            reconciliations[index].summary.resolved += 1
        }
    }

    /// Takes out the reconciliations whose questions are all answered, or take too long: while the venue answers nothing, while it answers others alone, or
    /// because its limits let through so few of them.
    ///
    /// - Parameters:
    ///   - progressAt: when the venue last answered what it was asked, by the runner's clock.
    ///   - isAsked: whether an order is still being looked up.
    /// - Returns: each with how many orders are left to be looked up.
    func takeEnded(progressAt: Int64, in turn: Turn, isAsked: (OrderKey) -> Bool) -> [(reconciliation: Reconciliation, left: Int)] {
        guard !reconciliations.isEmpty else { return [] }
        var ended: [(reconciliation: Reconciliation, left: Int)] = []
        var left: [Reconciliation] = []
        for var reconciliation in reconciliations {
            let isAsking = reconciliation.pending.contains(where: isAsked)
            if isAsking {
                reconciliation.count(at: turn.now.monotonic, isAsked: isAsked)
                let isMoving =
                    isPatient(since: reconciliation.settledAt, patience.reconcileStillUs, in: turn)
                    && isPatient(since: reconciliation.startedAt, patience.reconcileMostUs, in: turn)
                if isMoving, isPatient(since: max(reconciliation.startedAt, progressAt), patience.reconcileUs, in: turn) {
                    left.append(reconciliation)
                    continue
                }
            }
            ended.append((reconciliation, isAsking ? reconciliation.pending.count(where: isAsked) : 0))
        }
        reconciliations = left
        return ended
    }

    /// Takes out who waits for a listing that goes on without any progress.
    func takeImpatient(progressAt: Int64, in turn: Turn) -> [SweepWaiter] {
        guard isAwaited || sweep?.waiters.isEmpty == false else { return [] }
        var given: [SweepWaiter] = []
        func isGiven(_ waiter: SweepWaiter) -> Bool {
            if isPatient(since: max(waiter.askedAt, progressAt), patience.reconcileUs, in: turn) { return false }
            given.append(waiter)
            return true
        }
        waiters.removeAll(where: isGiven)
        sweep?.waiters.removeAll(where: isGiven)
        return given
    }

    private func isPatient(since: Int64, _ mostUs: Int64, in turn: Turn) -> Bool {
        guard turn.now.monotonic - since < mostUs else { return false }
        turn.wake(at: since + mostUs)
        return true
    }

    /// The connection is gone.
    func drop(_ connection: UInt64) { waiters.removeAll { $0.ticket.connection == connection } }

    /// Takes out who of a connection waits for something of it.
    func giveUp(on connection: UInt64) -> [Ticket] {
        let given = waiting.filter { $0.connection == connection }
        drop(connection)
        sweep?.waiters.removeAll { $0.ticket.connection == connection }
        for index in reconciliations.indices { reconciliations[index].waiters.removeAll { $0.ticket.connection == connection } }
        return given
    }

    /// All who wait for something of it.
    var waiting: [Ticket] { (waiters + (sweep?.waiters ?? []) + reconciliations.flatMap(\.waiters)).map(\.ticket) }
}
