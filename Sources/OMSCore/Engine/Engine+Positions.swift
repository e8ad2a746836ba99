/// Positions from own executions: read at the start, moved with every execution, on record with the turn that saw it.
extension Engine {
    func restorePositions(_ state: JournalState) {
        for row in state.positions {
            if let desk = desk(row.account) { desk.book.positions.restore([row]) } else { positionsElsewhere[row.account, default: []].append(row) }
        }
        if !state.hasPositions { countPositions(state) }
        beginPositions()
    }

    /// A journal from before positions were kept: all that is executed is counted, once.
    private func countPositions(_ state: JournalState) {
        var elsewhere: [AccountID: Positions] = [:]
        var after = OrderKey(0)
        // A sum that lacks what cannot be read is never committed; nor is there anything yet that such a turn could be taken back to.
        while let page = readOrStop(isStart: true, { () throws(JournalError) in try recall.executedOrders(after: after, limit: 1_000) }),
            let last = page.last
        {
            after = last.key
            for order in page {
                guard let fills = readOrStop(isStart: true, { () throws(JournalError) in try recall.fills(of: order.key) }) else { return }
                let booked = fills.reduce(Decimal.zero) { $0.adding($1.quantity) ?? $0 }
                func count(_ positions: inout Positions) {
                    positions.execute(order.terms, from: .zero, to: max(order.filledQuantity, booked))
                    for fill in fills { positions.book(fill, of: order.terms) }
                }
                if let desk = desk(order.account) {
                    count(&desk.book.positions)
                } else {
                    let takesFees = VenueProfile.takesFeesFromPositions(of: state.identities[order.account]?.product ?? "")
                    count(&elsewhere[order.account, default: Positions(of: order.account, takesFees: takesFees)])
                }
            }
        }
        for (account, positions) in elsewhere.sorted(by: { $0.key < $1.key }) {
            positionsElsewhere[account] = positions.all
            for row in positions.all { record(.position(row)) }
        }
    }

    /// Has positions counted from where their limits say. Called at the start and where rules changed.
    func beginPositions() {
        for desk in desks {
            let (id, takesFees) = (desk.id, desk.profile.takesFeesFromPositions)
            desk.book.positions.begin(at: desk.setup.risk.positionTimes) { since in
                var sums: [PositionKey: Decimal?]
                do throws(JournalError) { sums = try recall.trades(of: id, since: since, takesFees: takesFees) } catch {
                    // Whose file is not there is not counted, and what its rule bounds is refused until it is.
                    if error.isOfArchive { desk.access.say("risk.max_position cannot be judged: \(error.description)") } else { stop(error) }
                    return nil
                }
                // What this turn booked is counted already, and not in the journal yet.
                for case .fill(let key, id, _, let fill, _) in turn.records {
                    if let live = desk.book[key] { OwnTrade(fill, of: live.order.terms).add(to: &sums, since: since, takesFees: takesFees) }
                }
                return sums
            }
        }
    }

    /// Reads what memory cannot be right without. nil: it cannot be read, and whatever else this turn does, it is never committed
    /// (``TurnOutput/unread``).
    func readOrStop<Result>(isStart: Bool = false, _ read: () throws(JournalError) -> Result) -> Result? {
        do throws(JournalError) { return try read() } catch {
            stop(error, isStart: isStart)
            return nil
        }
    }

    /// A disk without space, or one that is busy, is none of those to a reader: what was not read is missing for good. A file of the archive that breaks between
    /// two looks into it does so without the journal, and the turn is taken back.
    private func stop(_ error: JournalError, isStart: Bool = false) {
        if error.isOfArchive, !isStart { return turn.unread(error) }
        turn.unread(JournalError(error.kind == .damaged ? .damaged : .failed, error.description, isStorageFault: error.isStorageFault))
    }

    func recordPositions(of desk: Desk) {
        for row in desk.book.positions.takeTouched() { record(.position(row)) }
    }

    func listPositions(account: AccountID?, symbol: Symbol?, after: Int64?, limit: Int, _ rights: Rights, ticket: Ticket) {
        if let symbol, let problem = problem(with: symbol, of: account, rights) { return fail(problem, to: ticket) }
        var all: [PositionSnapshot] = []
        for desk in desks(rights) where account == nil || desk.id == account {
            var doubts: [PositionKey: Int] = [:]
            // Of what a rebinding left behind nothing is asked, so that it is in no queue of doubts.
            let left = desk.book.left.compactMap { desk.book[$0] }.filter { $0.state == .inDoubt }
            for live in desk.book.doubts.compactMap({ desk.book[$0] }) + left { doubts[PositionKey(live.order.terms), default: 0] += 1 }
            all += Self.positions(of: desk.id, desk.book.positions.all, doubts: doubts)
        }
        for other in Set(positionsElsewhere.keys).union(absent.keys).sorted() where rights.sees(other) && (account == nil || other == account) {
            all += Self.positions(of: other, positionsElsewhere[other] ?? [], doubts: absent[other]?.doubts ?? [:])
        }
        if let symbol { all.removeAll { $0.row.key.symbol != symbol } }
        let (page, next) = Self.page(of: all, after: after, limit: limit)
        reply(.positions(page, next: next), to: ticket)
    }

    /// Cuts a page out of all rows.
    ///
    /// - Parameter after: how many rows the pages before had; nil: it is the first.
    /// - Returns: `next`: what the page behind it is asked with; nil: it is the last one.
    static func page<Row>(of all: [Row], after: Int64?, limit: Int) -> (page: [Row], next: Int64?) {
        let start = Int(clamping: max(0, after ?? 0))
        let page = Array(all.dropFirst(start).prefix(limit))
        return (page, start + page.count < all.count ? Int64(start + page.count) : nil)
    }

    /// By market and side.
    private static func positions(of account: AccountID, _ rows: [PositionRow], doubts: [PositionKey: Int]) -> [PositionSnapshot] {
        // Nothing of the others is known to have traded, and something may have.
        let known = Set(rows.map(\.key))
        let others = doubts.keys.filter { !known.contains($0) }.map { PositionRow(account: account, key: $0) }
        return (rows + others).sorted { $0.key < $1.key }.map { PositionSnapshot(row: $0, inDoubt: doubts[$0.key] ?? 0) }
    }

    // MARK: max_position

    func boundPositions(_ changes: WeightChanges, on desk: Desk) throws(ControlError) {
        let limits = desk.setup.risk.maxPosition
        let before = desk.book.weights.exposure
        let after = changes.applied(to: before)
        for change in changes.ways.sorted(by: { ($0.symbol, $0.way) < ($1.symbol, $1.way) }) {
            let (symbol, way) = (change.symbol, change.way)
            guard let limit = limits[symbol] else { continue }
            let name = symbol.text + (way.positionSide.map { " \($0.rawValue)" } ?? "")
            func refused(_ words: String) -> ControlError {
                .risk("max_position", of: desk.id, "the limit is \(limit.max) of \(name)\(words)")
            }
            guard let most = after[symbol].map({ $0.most(way) }) ?? .zero else {
                throw refused("; a market order by quote_quantity, or more than can be counted, has no bound on it")
            }
            if let former = before[symbol].map({ $0.most(way) }) ?? .zero, most <= former { continue }
            guard limit.since ?? 0 <= now.wall else { throw refused("; what is counted since \(limit.since ?? 0) is ahead: it is \(now.wall) now") }
            let key = PositionKey(symbol: symbol, positionSide: way.positionSide)
            guard let held = held(key, limit, on: desk) else { throw refused("; the position is beyond any number, or could not be read") }
            let worst = way.side == .buy ? held.adding(most) : held.subtracting(most)
            guard let worst, worst.magnitude <= limit.max || (way.side == .buy) != worst.isPositive else {
                let words = worst?.description ?? "beyond any number"
                let rest =
                    "\(held) is held, and orders that are open, in doubt, under way or asked for could \(way.side == .buy ? "buy" : "sell") \(most)"
                throw refused(", it would have been \(words): \(rest)")
            }
        }
    }

    /// What an account holds as its limit counts it; nil: nobody can say.
    func held(_ key: PositionKey, _ limit: PositionLimit, on desk: Desk) -> Decimal? {
        let opening = limit.opening(of: key.positionSide)
        guard let row = desk.book.positions[key] else { return opening }
        guard row.since == limit.since ?? 0 else { return nil }
        return PositionRow.sum(opening, row.positionSince)
    }
}

extension RiskSetting {
    /// From when on each market's positions count, microseconds since 1970 UTC; 0: from the beginning.
    var positionTimes: [Symbol: Int64] { maxPosition.mapValues { $0.since ?? 0 } }
}

/// The most that an account may hold of a market, long or short, in what the venue counts.
package struct PositionLimit: Sendable, Equatable {
    package let max: Decimal
    /// What it held when counting began: less than zero is short.
    package var opening: Decimal = .zero
    /// When that was, microseconds since 1970 UTC; nil: before all of this journal.
    package var since: Int64?
    package init(max: Decimal, opening: Decimal = .zero, since: Int64? = nil) { (self.max, self.opening, self.since) = (max, opening, since) }

    /// Of an account that holds two positions of a market, the sign says which one it was.
    func opening(of side: PositionSide?) -> Decimal {
        switch side {
        case nil: opening
        case .long: Swift.max(opening, .zero)
        case .short: Swift.min(opening, .zero)
        }
    }
}
