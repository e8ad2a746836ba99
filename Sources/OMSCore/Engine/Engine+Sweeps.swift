/// One pass over what the venue lists: open orders, and where something is in doubt the history since.
struct Sweep {
    enum Phase { case open, history }
    let withHistory: Bool
    let sinceMs: Int64
    let symbols: [Symbol?]
    let startedAt: Int64
    let round: Round
    /// False: a row that may be ours could not be read, or contradicts what we asked.
    var provesAbsence = true
    var phase = Phase.open
    var symbol = 0
    var page: String?
    var pages = 0
    var isAsked = false
    var askedAt: Int64 = 0
    /// Not before then, while orders wait to be sent.
    var nextPageAt: Int64 = .min
    var seen: Set<OrderKey> = []
    /// What it showed that is not of this account.
    var externals: Set<VenueOrderID> = []
    /// Other accounts of ours whose orders it showed.
    var mixed: Set<AccountID> = []
    /// Rows without a venue id that could not be read, as their breaks tell of them.
    var unreadable: Set<String> = []
    /// Markets that the venue lists no more, and whose orders it did not list.
    var unlisted: Set<Symbol> = []
    /// Something was asked at all.
    var hasAsked = false
    /// It is read for the sake of what repeats itself alone, and takes its time.
    var isForRepeats = false
    /// History is read for the sake of cancels that were taken alone; its pages.
    var isForConfirmation = false
    var historyPages = 0
    var summary: ReconcileSummary
    /// Who asked for it before it began.
    var waiters: [SweepWaiter] = []
}

/// A caller that waits for a reconciliation.
struct SweepWaiter {
    let ticket: Ticket
    let askedAt: Int64
}

/// A reconciliation whose listing is done, or given up, and whose missing orders are being looked up.
struct Reconciliation {
    let waiters: [SweepWaiter]
    var summary: ReconcileSummary
    var pending: Set<OrderKey>
    let startedAt: Int64
}

extension Engine {
    /// Whether orders in doubt are so many that history should be read before they are looked up one by one: at once, again when what was sent last must be
    /// visible, and whenever an order could be proven absent by it.
    func wantsHistorySweep(_ desk: Desk) -> Bool {
        // A listing that fails is tried again by its back-off; look-ups do not wait for it.
        guard desk.sweep == nil, desk.doubts.count > patience.bulkDoubts, desk.sweepFailures == 0 else { return false }
        let visibleAt = desk.newestDoubtAt + .milliseconds(desk.profile.visibilityDelayMs)
        let at: Int64
        if desk.wantsListing || desk.historySweptAt < desk.newestDoubtAt {
            at = desk.nextHistoryAt
        } else if desk.historySweptAt < visibleAt {
            at = max(desk.nextHistoryAt, visibleAt)
        } else {
            return false
        }
        if now.monotonic < at { wake(at: at) }
        return now.monotonic >= at
    }

    func launchSweepPage(_ desk: Desk) -> Bool {
        if desk.sweep == nil {
            let isDue =
                now.monotonic >= desk.nextSweepAt || !desk.sweepWaiters.isEmpty && desk.sweepFailures == 0 || wantsHistorySweep(desk)
                || wantsConfirmation(desk)
            guard isDue || wantsRepeatListing(desk) else {
                wake(at: desk.nextSweepAt)
                return false
            }
            begin(desk)
            desk.sweep?.isForRepeats = !isDue
        }
        guard let sweep = desk.sweep, !sweep.isAsked else { return false }
        // While orders wait to be sent, looking after those that rest takes a fifth of the time at most.
        if desk.hasReconciled, sweep.waiters.isEmpty, desk.kill == nil, !desk.places.isEmpty, now.monotonic < sweep.nextPageAt {
            wake(at: sweep.nextPageAt)
            return false
        }
        let isPaced = sweep.isForRepeats && desk.sweepWaiters.isEmpty && desk.kill == nil && desk.doubts.count <= patience.bulkDoubts
        if isPaced, !mayRepeat(indexes(of: .query(.openOrders(symbol: nil, page: nil)), on: desk)) { return false }
        // A venue that lists by symbol, and no symbol yet: there is nothing to list.
        guard !sweep.symbols.isEmpty else {
            finish(desk)
            return false
        }
        let symbol = sweep.symbols[sweep.symbol]
        let query: Query =
            switch sweep.phase {
            case .open: .openOrders(symbol: symbol, page: sweep.page)
            case .history: .history(symbol: symbol, sinceMs: sweep.sinceMs, page: sweep.page)
            }
        let isUrgent = !desk.hasReconciled || !desk.doubts.isEmpty || desk.kill != nil || confirmsByListing(desk)
        guard launch(.query(query), on: desk, usesReserve: isUrgent || !waitsToSend(desk)) else { return false }
        if isPaced { limiter.repeated(indexes(of: .query(query), on: desk), at: now.monotonic) }
        desk.sweep?.isAsked = true
        desk.sweep?.hasAsked = true
        desk.sweep?.askedAt = now.monotonic
        return true
    }

    private func begin(_ desk: Desk) {
        let doubts = desk.doubts.compactMap { desk.orders[$0] }.filter { !isLeft($0.order, on: desk) }
        // A single doubt is looked up by itself; history is read where there are many, or where it is the first look after a start.
        // Where ids do not follow their formula it is what an order in doubt is found by.
        let wantsEnds = desk.isFormulaBroken && doubts.contains { $0.order.parkedAt == nil || !desk.sweepWaiters.isEmpty }
        let confirmsSince = confirmationStart(desk)
        let withHistory =
            doubts.count > patience.bulkDoubts || wantsEnds || desk.wantsEnds || (!desk.hasReconciled && !doubts.isEmpty) || confirmsSince != nil
        // Wherever we hold or ever used orders, also where the market seems to be gone: what it does not answer for is looked up one by one.
        let symbols: [Symbol?] = desk.profile.listsBySymbol ? desk.symbolsUsed.sorted() : [nil]
        let sinceMs = [historyStart(doubts, on: desk), confirmsSince].compactMap { $0 }.min() ?? 0
        desk.sweep = Sweep(
            withHistory: withHistory, sinceMs: sinceMs, symbols: symbols, startedAt: now.monotonic,
            round: desk.access.time.beginRound(isSingle: false, at: now.monotonic), summary: ReconcileSummary(account: desk.id))
        let isForEnds = wantsEnds || desk.wantsEnds
        desk.sweep?.isForConfirmation = confirmsSince != nil && doubts.count <= patience.bulkDoubts && !isForEnds && desk.hasReconciled
        desk.sweep?.waiters = desk.sweepWaiters
        desk.sweepWaiters = []
        if withHistory { desk.wantsListing = false }
        (desk.wantsConfirming, desk.repeats.wantsListing) = (false, false)
    }

    /// From when on a listing of history must tell: before the first request with an order in doubt, milliseconds of the venue's clock.
    private func historyStart(_ doubts: [LiveOrder], on desk: Desk) -> Int64? {
        guard let first = doubts.map({ $0.order.wireTime ?? $0.order.intendedAt / 1_000 }).min() else { return nil }
        // A stamp is of the venue's clock, as measured: the order is younger than it but for the error. Where a listing can prove absence, or the time is
        // this machine's, a minute stands between; elsewhere it would only be pages, some hundred a second of it at full rate, and a start waits for them.
        let isSure = !desk.profile.listingProvesAbsence && doubts.allSatisfy { $0.order.wireTime != nil && !isSuspect($0) }
        return max(0, first - (isSure ? 5_000 : 60_000))
    }

    func listed(_ reports: [OrderReport], next: String?, unreadable rows: [UnreadableRow], _ flight: InFlight, on desk: Desk) {
        guard var sweep = desk.sweep else { return }
        sweep.isAsked = false
        sweep.nextPageAt = now.monotonic + 4 * (now.monotonic - sweep.askedAt)
        sweep.pages += 1
        // A cursor that runs in circles: a listing without end says nothing of what it does not hold.
        guard sweep.pages < patience.listingPagesMax else { return abandonSweep(desk, "it has no end: \(patience.listingPagesMax) pages") }
        for report in reports {
            if sweep.phase == .open { sweep.summary.venueOpen += 1 }
            var known = live(for: report, on: desk)
            switch known == nil ? namesake(report, on: desk) : .nobody {
            case .nobody: break
            case .surely(let live):
                // An attempt that is not on record (a restored backup) says nothing of the formula.
                if !isSuspect(live) { breakFormula(of: desk, request: flight.plan.id) }
                known = live
            case .perhaps(let live):
                sweep.provesAbsence = false
                found(
                    .contradiction, of: live, on: desk, venueOrderID: report.venueOrderID,
                    detail: "the venue lists what was asked under an id that ends as those of several orders in doubt would")
                continue
            }
            if let live = known, live.order.isGivenUp, contradiction(of: report, with: live, on: desk) == nil {
                if sweep.phase == .open { sweep.seen.insert(live.key) }
                sweep.summary.adopted += 1
                standUp(live, by: report, flight, on: desk)
            } else if let live = known {
                if live.state == .inDoubt || live.order.isGivenUp, let what = contradiction(of: report, with: live, on: desk) {
                    // Under its id, and another order: neither found nor absent.
                    sweep.provesAbsence = false
                    found(
                        .contradiction, of: live, on: desk, venueOrderID: report.venueOrderID,
                        detail: "the venue lists \(what) under an id of this order")
                    continue
                }
                let wasInDoubt = live.state == .inDoubt
                if sweep.phase == .open { sweep.seen.insert(live.key) }
                let isOurs = report.venueOrderID == nil || live.order.venueOrderID == nil || live.order.venueOrderID == report.venueOrderID
                if isOurs || sweep.phase == .open {
                    if apply(report, to: live, flight, on: desk) { matters(flight) }
                    mended(.missingThere, of: live, on: desk)
                    if wasInDoubt, live.state != .inDoubt {
                        (sweep.summary.adopted, sweep.summary.resolved) = (sweep.summary.adopted + 1, sweep.summary.resolved + 1)
                    }
                    afterListing(live, on: desk, askedAt: flight.launchedAt)
                }
            } else if sweep.phase == .open {
                do throws(JournalError) { try stranger(report, flight, on: desk, into: &sweep) } catch {
                    // What cannot be looked up here must not be taken for somebody else's.
                    return abandonSweep(desk, error.description)
                }
            }
        }
        do throws(JournalError) {
            // What was read stands; what was not may be anything.
            if let reason = try unreadable(rows, flight, on: desk, into: &sweep) {
                desk.sweep = sweep
                return abandonSweep(desk, reason)
            }
        } catch { return abandonSweep(desk, error.description) }
        if sweep.phase == .history { sweep.historyPages += 1 }
        advance(&sweep, next: next)
        let isTooLong = isTooLong(sweep, on: desk)
        if isTooLong { sweep.provesAbsence = false }
        desk.sweep = sweep
        if isTooLong || sweep.symbol >= sweep.symbols.count { finish(desk) }
    }

    /// What a listing settles of an order's questions.
    private func afterListing(_ live: LiveOrder, on desk: Desk, askedAt: Int64) {
        guard !live.state.isTerminal else { return }
        if var inquiry = live.inquiry {
            inquiry.reasons.subtract([.doubt, .missing, .venueID])
            live.inquiry = inquiry.reasons.isEmpty && !inquiry.isAsked ? nil : inquiry
        }
        guard !live.commands.isEmpty else { return }
        judgeCommands(of: live, on: desk, askedAt: askedAt)
        // What is sent again is not looked at before its answer.
        if live.inquiry?.isAsked == false, !desk.lookedFor.contains(live.key) { rest(live, on: desk) }
    }

    func advance(_ sweep: inout Sweep, next: String?) {
        sweep.page = next
        guard next == nil else { return }
        sweep.page = nil
        sweep.pages = 0
        sweep.symbol += 1
        if sweep.symbol >= sweep.symbols.count, sweep.phase == .open, sweep.withHistory { (sweep.phase, sweep.symbol) = (.history, 0) }
    }

    private func live(for report: OrderReport, on desk: Desk) -> LiveOrder? {
        if let id = report.clientOrderID, let live = byClientID[id], live.order.account == desk.id, !isLeft(live.order, on: desk) { return live }
        if let id = report.venueOrderID, let key = desk.byVenueID[id] { return desk.orders[key] }
        return nil
    }
}
