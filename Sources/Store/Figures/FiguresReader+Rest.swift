import OMSCore

/// Breaks, and the use of limits.
extension FiguresReader {
    mutating func readBreaks() throws(JournalError) {
        var kinds: [String: JournalFigures.BreakKind] = [:]
        var breaks: [JournalFigures.Break] = []
        try each(
            "breaks",
            """
            SELECT b.break_id, b.account_key, b.at, b.kind, b.client_order_id, b.venue_order_id, b.detail, b.resolved_at, b.acknowledged_at,
                b.acknowledged_by, b.reason
            FROM breaks b WHERE b.break_id > ? AND b.break_id <= \(figures.seq) ORDER BY b.break_id
            """
        ) { id, rows throws(JournalError) in
            let (account, at): (Int64, Int64) = (try rows.next(), rows.nextMoment())
            guard let place = places[account], isMeant(at) else { return }
            let one = JournalFigures.Break(
                id: id, account: figures.accounts[place].name, kind: try rows.next(), clientOrderID: try rows.next(),
                venueOrderID: try rows.next(), detail: try rows.next(), at: at, endedAt: rows.nextMomentOrNil(),
                acknowledgedAt: rows.nextMomentOrNil(), acknowledgedBy: try rows.next(String?.self).map(Self.person), reason: try rows.next())
            kinds["\(one.account) \(one.kind)", default: .init(account: one.account, kind: one.kind)].count(one)
            breaks.append(one)
        }
        figures.breakKinds = kinds.values.sorted { ($0.account, $0.kind) < ($1.account, $1.kind) }
        // First what is open, then the newest.
        breaks.sort { ($0.isOpen ? 0 : 1, $1.id) < ($1.isOpen ? 0 : 1, $0.id) }
        figures.breaks.rows = Array(breaks.prefix(Self.listMax))
        figures.breaks.left = breaks.count - figures.breaks.rows.count
    }

    /// Limits belong to a venue's user, key or address, not to an account: with one asked for, all of its venue are told.
    mutating func readLimits() throws(JournalError) {
        let budgets = try connection.prepare(
            "SELECT budget_id, venue, product, owner, budget, scope, permits, window_ms FROM budget_names ORDER BY venue, product, owner, budget")
        let venues = figures.accounts.map(\.venue)
        while try budgets.step() {
            let (id, venue): (Int64, String) = (try budgets.next(), try budgets.next())
            guard scope.account == nil || venues.contains(venue) else { continue }
            var limit = JournalFigures.Limit(
                venue: venue, product: try budgets.next(), owner: try budgets.next(), budget: try budgets.next(), scope: try budgets.next(),
                permits: budgets.nextCount(),
                windowMs: budgets.nextCount())
            try readUse(of: id, into: &limit)
            figures.limits.append(limit)
            progress("limits: \(figures.limits.count)")
        }
    }

    private func readUse(of budget: Int64, into limit: inout JournalFigures.Limit) throws(JournalError) {
        let (from, to) = ((scope.from ?? 0) / 1_000_000, ((scope.to ?? .farthest) - 1) / 1_000_000)
        limit.overTime = Array(repeating: 0, count: figures.steps.count)
        let rows = try connection.prepare("SELECT second, requests, busiest_ending FROM rate_usage WHERE budget_id = ? AND second BETWEEN ? AND ?")
        try rows.bind(budget, from, to)
        var last: Int64?
        while try rows.step() {
            let second = min(max(try rows.next(Int64.self), 0), .farthest / 1_000_000)
            let (requests, busiest) = (rows.nextCount(), rows.nextCount())
            last = second
            limit.requests += requests
            limit.busiest = max(limit.busiest, busiest)
            if let step = step(of: second * 1_000_000) { limit.overTime[step] = max(limit.overTime[step], busiest) }
        }
        // A window that touches the last second may end behind the period.
        guard let last else { return }
        let tail = last + (Int64(limit.windowMs) + 999) / 1_000
        let ending = try connection.integer(
            "SELECT max(busiest_ending) FROM rate_usage WHERE budget_id = \(budget) AND second BETWEEN \(last) AND \(tail)")
        limit.busiest = max(limit.busiest, Int(min(max(ending ?? 0, 0), 1_000_000_000)))
    }
}

extension JournalFigures.BreakKind {
    fileprivate mutating func count(_ one: JournalFigures.Break) {
        found += 1
        if one.endedAt != nil { ended += 1 } else if one.acknowledgedAt != nil { acknowledged += 1 }
    }
}
