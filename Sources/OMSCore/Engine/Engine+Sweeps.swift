/// One pass over what the venue lists: open orders, and where something is in doubt the history since.
struct Sweep {
    enum Phase { case open, history }
    let withHistory: Bool
    let sinceMs: Int64
    let symbols: [Symbol?]
    let startedAt: Int64
    /// The least that the venue's clock can have shown at the start, microseconds.
    let venueTime: Int64
    let clockEpoch: Int
    var phase = Phase.open
    var symbol = 0
    var page: String?
    var pages = 0
    var isAsked = false
    var askedAt: Int64 = 0
    /// Not before then, while orders wait to be sent.
    var nextPageAt: Int64 = .min
    var seen: Set<OrderKey> = []
    var externals: Set<VenueOrderID> = []
    var summary: ReconcileSummary
    /// Who asked for it before it began.
    var waiters: [Ticket] = []
}

/// A reconciliation whose listing is done and whose missing orders are being looked up.
struct Reconciliation {
    let waiters: [Ticket]
    var summary: ReconcileSummary
    var pending: Set<OrderKey>
}

extension Engine {
    /// Whether orders in doubt are so many that history should be read before they are looked up one by one: at once, again when what was sent last must be
    /// visible, and whenever an order could be proven absent by it.
    func wantsHistorySweep(_ desk: Desk) -> Bool {
        // A listing that fails is tried again by its back-off; look-ups do not wait for it.
        guard desk.sweep == nil, desk.doubts.count > Self.bulkDoubts, desk.sweepFailures == 0 else { return false }
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
            let isDue = now.monotonic >= desk.nextSweepAt || !desk.sweepWaiters.isEmpty && desk.sweepFailures == 0 || wantsHistorySweep(desk)
            guard isDue else {
                wake(at: desk.nextSweepAt)
                return false
            }
            begin(desk)
        }
        guard let sweep = desk.sweep, !sweep.isAsked else { return false }
        // While orders wait to be sent, looking after those that rest takes a fifth of the time at most.
        if desk.hasReconciled, sweep.waiters.isEmpty, !desk.places.isEmpty, now.monotonic < sweep.nextPageAt {
            wake(at: sweep.nextPageAt)
            return false
        }
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
        let isUrgent = !desk.hasReconciled || !desk.doubts.isEmpty
        guard launch(.query(query), on: desk, usesReserve: isUrgent || !waitsToSend(desk)) else { return false }
        desk.sweep?.isAsked = true
        desk.sweep?.askedAt = now.monotonic
        return true
    }

    private func begin(_ desk: Desk) {
        let doubts = desk.doubts.compactMap { desk.orders[$0] }
        // A single doubt is looked up by itself; history is read where there are many, or where it is the first look after a start.
        let withHistory = doubts.count > Self.bulkDoubts || (!desk.hasReconciled && !doubts.isEmpty)
        // A market that is gone is not listed any more: asking for it would end every pass in an error. Its orders are looked up one by one.
        let symbols: [Symbol?] =
            desk.profile.listsBySymbol ? desk.symbolsUsed.filter { desk.instrumentsAt == nil || desk.instruments[$0] != nil }.sorted() : [nil]
        desk.sweep = Sweep(
            withHistory: withHistory, sinceMs: historyStart(doubts, on: desk), symbols: symbols, startedAt: now.monotonic,
            venueTime: desk.clock?.low(at: now.monotonic) ?? 0, clockEpoch: desk.clockEpoch,
            summary: ReconcileSummary(account: desk.id))
        desk.sweep?.waiters = desk.sweepWaiters
        desk.sweepWaiters = []
        if withHistory { desk.wantsListing = false }
    }

    /// From when on a listing of history must tell: before the first request with an order in doubt, milliseconds of the venue's clock.
    private func historyStart(_ doubts: [LiveOrder], on desk: Desk) -> Int64 {
        guard let first = doubts.map({ $0.order.wireTime ?? $0.order.intendedAt / 1_000 }).min() else { return 0 }
        // A stamp is of the venue's clock, as measured: the order is younger than it but for the error. Where a listing can prove absence, or the time is
        // this machine's, a minute stands between; elsewhere it would only be pages, some hundred a second of it at full rate, and a start waits for them.
        let isSure = !desk.profile.listingProvesAbsence && doubts.allSatisfy { $0.order.wireTime != nil && !isSuspect($0) }
        return max(0, first - (isSure ? 5_000 : 60_000))
    }

    func listed(_ reports: [OrderReport], next: String?, _ flight: InFlight, on desk: Desk) {
        guard var sweep = desk.sweep else { return }
        sweep.isAsked = false
        sweep.nextPageAt = now.monotonic + 4 * (now.monotonic - sweep.askedAt)
        sweep.pages += 1
        // A cursor that runs in circles: a listing without end says nothing of what it does not hold.
        guard sweep.pages < Self.pagesMax else { return abandonSweep(desk) }
        for report in reports {
            if sweep.phase == .open { sweep.summary.venueOpen += 1 }
            if let live = live(for: report, on: desk) {
                let wasInDoubt = live.state == .inDoubt
                if sweep.phase == .open { sweep.seen.insert(live.key) }
                let isOurs = report.venueOrderID == nil || live.order.venueOrderID == nil || live.order.venueOrderID == report.venueOrderID
                if isOurs || sweep.phase == .open {
                    if apply(report, to: live, flight, on: desk) { matters(flight) }
                    mended(.missingThere, of: live, on: desk)
                    if wasInDoubt, live.state != .inDoubt {
                        (sweep.summary.adopted, sweep.summary.resolved) = (sweep.summary.adopted + 1, sweep.summary.resolved + 1)
                    }
                    afterListing(live, on: desk)
                }
            } else if sweep.phase == .open {
                do throws(JournalError) { try stranger(report, flight, on: desk, into: &sweep) } catch {
                    // What cannot be looked up here must not be taken for somebody else's.
                    desk.lastError = error.description
                    return abandonSweep(desk)
                }
            }
        }
        advance(&sweep, next: next)
        desk.sweep = sweep
        if sweep.symbol >= sweep.symbols.count { finish(desk) }
    }

    /// What a listing settles of an order's questions.
    private func afterListing(_ live: LiveOrder, on desk: Desk) {
        guard !live.state.isTerminal else { return }
        if var inquiry = live.inquiry {
            inquiry.reasons.subtract([.doubt, .missing, .venueID])
            live.inquiry = inquiry.reasons.isEmpty && !inquiry.isAsked ? nil : inquiry
        }
        if !live.commands.isEmpty { judgeCommands(of: live, on: desk, tries: 0) }
    }

    private func advance(_ sweep: inout Sweep, next: String?) {
        sweep.page = next
        guard next == nil else { return }
        sweep.page = nil
        sweep.pages = 0
        sweep.symbol += 1
        if sweep.symbol >= sweep.symbols.count, sweep.phase == .open, sweep.withHistory { (sweep.phase, sweep.symbol) = (.history, 0) }
    }

    /// How soon history is read again, however much is in doubt.
    private static let historyIntervalUs: Int64 = .seconds(2)

    /// A listing that goes on longer than this is given up.
    static let pagesMax = 20_000

    private func live(for report: OrderReport, on desk: Desk) -> LiveOrder? {
        if let id = report.clientOrderID, let live = byClientID[id], live.order.account == desk.id { return live }
        if let id = report.venueOrderID, let key = desk.byVenueID[id] { return desk.orders[key] }
        return nil
    }

    /// An open order at the venue that memory does not hold: closed here, or of somebody else.
    private func stranger(_ report: OrderReport, _ flight: InFlight, on desk: Desk, into sweep: inout Sweep) throws(JournalError) {
        guard let venueID = report.venueOrderID else { return }
        sweep.externals.insert(venueID)
        if desk.externals[venueID] != nil { return unwanted(report, venueID, on: desk) }
        let known: Order?
        if let id = report.clientOrderID { known = try journal.order(id) } else { known = try journal.order(account: desk.id, venueOrderID: venueID) }
        if let known, known.account == desk.id { return reopened(known, by: report, flight, on: desk, into: &sweep) }
        let name = report.clientOrderID?.text ?? "no client id"
        let isOrphan = report.clientOrderID.map(OrderIDMint.looksOurs) ?? false
        let kind: BreakKind = isOrphan ? .missingHere : .externalOrder
        let detail =
            isOrphan ? "open at the venue under \(name), an id of our shape that this journal never held" : "open at the venue, not ours (\(name))"
        matters(flight)
        if let broken = found(kind, of: nil, on: desk, venueOrderID: venueID, detail: detail) { sweep.summary.breaks.append(broken) }
        unwanted(report, venueID, on: desk)
    }

    /// Policy may want orders of others gone: asked for as often as they are listed, since a cancel may be lost.
    private func unwanted(_ report: OrderReport, _ venueID: VenueOrderID, on desk: Desk) {
        guard desk.setup.cancelsExternalOrders, let symbol = report.symbol,
            !desk.externalCancels.elements.contains(where: { $0.venueOrderID == venueID })
        else { return }
        let terms = OrderTerms(symbol: symbol, side: report.side ?? .buy, type: .limit)
        desk.externalCancels.append(
            CancelTicket(command: 0, order: 0, clientOrderID: report.clientOrderID ?? ClientOrderID(""), venueOrderID: venueID, terms: terms))
    }

    /// The venue lists as open what is closed here. Closed by inference: the venue is right. Closed by its own word: a listing may be a little old.
    private func reopened(_ order: Order, by report: OrderReport, _ flight: InFlight, on desk: Desk, into sweep: inout Sweep) {
        let closedAt = order.closedAt ?? 0
        let age = now.wall - closedAt
        let grace = max(.seconds(5), .milliseconds(desk.profile.visibilityDelayMs * 2)) + (now.monotonic - sweep.startedAt)
        let isOurWord = order.evidence == .inferred || order.evidence == .local || order.evidence == .operator
        guard isOurWord || age > grace else { return }
        let live = LiveOrder(order, intent: nil)
        adopt(live, on: desk)
        closed.append(live)
        matters(flight)
        let detail = "closed here as \(order.state.rawValue) by \(order.evidence.rawValue), open at the venue"
        if let broken = found(isOurWord ? .state : .contradiction, of: live, on: desk, detail: detail) { sweep.summary.breaks.append(broken) }
        guard isOurWord, order.state.mayBecome(.working) else { return }
        sweep.summary.adopted += 1
        sweep.seen.insert(live.key)
        apply(report, to: live, flight, on: desk)
        if order.state == .abandoned || order.state == .canceled || order.state == .expired { cancel([live], actor: .daemon) }
    }

    private func finish(_ desk: Desk) {
        guard var sweep = desk.sweep else { return }
        desk.sweep = nil
        desk.sweepFailures = 0
        if sweep.withHistory {
            desk.historySweptAt = sweep.startedAt
            // Half of the time is for single look-ups.
            desk.nextHistoryAt = max(sweep.startedAt + Self.historyIntervalUs, now.monotonic + (now.monotonic - sweep.startedAt))
        }
        // A listing that takes long is not begun again at once: it may take a fifth of the time.
        desk.nextSweepAt = now.monotonic + max(.milliseconds(desk.setup.reconcileIntervalMs), 4 * (now.monotonic - sweep.startedAt))
        desk.lastReconcileAt = now.wall
        desk.hasReconciled = true
        let visibility = Int64.milliseconds(desk.profile.visibilityDelayMs)
        var pending: Set<OrderKey> = []
        for key in desk.orders.keys.sorted() {
            guard let live = desk.orders[key] else { continue }
            if live.state.isLive {
                sweep.summary.journalOpen += 1
                // Not listed, and known long enough to be: its fate is asked for. At once where somebody waits for it, or where it showed before.
                let isOverdue = live.seenAt < sweep.startedAt - visibility
                let isWanted = !sweep.waiters.isEmpty || live.state != .acknowledged
                if !sweep.seen.contains(key), isOverdue || (isWanted && live.seenAt <= sweep.startedAt) {
                    ask(live, .missing, on: desk, after: 0)
                    pending.insert(key)
                }
            } else if live.state == .inDoubt, sweep.withHistory, desk.profile.listingProvesAbsence, live.inquiry?.isAsked == false,
                !isSuspect(live), let wireTime = live.order.wireTime, wireTime >= sweep.sinceMs,
                !desk.profile.listsBySymbol || sweep.symbols.contains(live.order.terms.symbol)
            {
                live.inquiry?.follow(clockEpoch: sweep.clockEpoch)
                round(live, askedAt: sweep.venueTime, request: nil, on: desk)
            }
        }
        for broken in desk.externals.filter({ !sweep.externals.contains($0.key) }).values.sorted() { mended(broken) }
        guard !sweep.waiters.isEmpty else { return }
        desk.reconciliations.append(Reconciliation(waiters: sweep.waiters, summary: sweep.summary, pending: pending))
    }

    /// Answers reconciliations whose questions are all answered: with what was found, and every difference that stands.
    func endReconciliations(_ desk: Desk) {
        guard !desk.reconciliations.isEmpty else { return }
        desk.reconciliations.removeAll { reconciliation in
            let isAsking = reconciliation.pending.contains { key in
                guard let live = desk.orders[key], let inquiry = live.inquiry else { return false }
                return inquiry.reasons.contains(.missing) && inquiry.absentRounds < Self.missingRounds
                    && desk.orderBreaks[live.order.clientOrderID]?[.missingThere] == nil
            }
            guard !isAsking else { return false }
            var summary = reconciliation.summary
            summary.breaks = standingBreaks(of: desk)
            for ticket in reconciliation.waiters { reply(.reconciled(summary), to: ticket) }
            return true
        }
    }

    /// A page that could not be had: the sweep begins anew later. What it did not list is not absent.
    func abandonSweep(_ desk: Desk) {
        guard let sweep = desk.sweep else { return }
        desk.sweepWaiters = sweep.waiters + desk.sweepWaiters
        desk.sweep = nil
        desk.sweepFailures += 1
        desk.nextSweepAt = now.monotonic + min(.seconds(30), .milliseconds(500) << Int64(min(desk.sweepFailures, 6)))
    }
}
