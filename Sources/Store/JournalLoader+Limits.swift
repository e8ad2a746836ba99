import OMSCore
import Wire

extension JournalLoader {
    /// Budgets, their permits, and what venues' refusals left of them.
    ///
    /// - Throws: `.damaged` for numbers that no omsd writes: slots are memory, and times are added up.
    func loadLimits(into state: inout JournalState) throws(JournalError) {
        let budgets = try connection.prepare(
            "SELECT budget_id, venue, owner, budget, scope, permits, window_ms, begins_ms, learned FROM budgets ORDER BY budget_id")
        while try budgets.step() {
            let row = BudgetRow(
                id: try budgets.next(), venue: try budgets.next(), owner: try budgets.next(), name: try budgets.next(), scope: try budgets.next(),
                permits: try budgets.next(), windowMs: try budgets.next(), shape: WindowShape(beginsMs: try budgets.next()),
                learned: try budgets.next())
            try expect(row.id, in: 1...Self.idMax, "the id of a budget")
            try expect(Int64(row.permits), in: 1...Self.permitsMax, "the permits of budget \(row.id)")
            try expect(Int64(row.learned ?? 1), in: 1...Int64(row.permits), "the permits that budget \(row.id) was learned to have")
            try expect(row.windowMs, in: 1...86_400_000, "the window of budget \(row.id)")
            try expect(row.shape.beginsMs ?? 0, in: Self.times, "where windows of budget \(row.id) begin")
            state.budgets.append(row)
        }
        let permits = try connection.prepare(
            "SELECT budget_id, slot, count, request_id, taken_at, released_at, unanswered FROM permits ORDER BY budget_id, slot")
        while try permits.step() {
            let row = PermitRow(
                budget: try permits.next(), slot: try permits.next(), count: try permits.next(), request: try permits.next(),
                takenAt: try permits.next(), releasedAt: try permits.next(), isUnanswered: try permits.next())
            try expect(Int64(row.slot), in: 0...10 * Self.permitsMax, "a slot of budget \(row.budget)")
            try expect(Int64(row.count), in: 0...Self.permitsMax, "the permits of slot \(row.slot) of budget \(row.budget)")
            try expect(row.releasedAt ?? 0, in: Self.times, "when a permit of budget \(row.budget) was given back")
            state.permits.append(row)
        }
        let rests = try connection.prepare(
            "SELECT budget_id, usable_share, frozen_until, frozen_us, frozen_wall, recovers_at FROM budget_rests ORDER BY budget_id")
        while try rests.step() {
            let rest = BudgetRest(
                budget: try rests.next(), usableShare: try rests.next(),
                rest: Rest(until: try rests.next(), lastsUs: try rests.next(), untilWall: try rests.next()), recoversAt: try rests.next())
            let name = "the rest of budget \(rest.budget)"
            try expect(Int64(rest.usableShare), in: 1...Self.permitsMax, name)
            for time in [rest.rest.until, rest.rest.lastsUs, rest.rest.untilWall, rest.recoversAt] { try expect(time, in: Self.times, name) }
            state.rests.append(rest)
        }
        let bans = try connection.prepare("SELECT family, until, lasts_us, until_wall, words FROM bans ORDER BY family")
        while try bans.step() {
            let ban = VenueBan(
                family: try bans.next(), rest: Rest(until: try bans.next(), lastsUs: try bans.next(), untilWall: try bans.next()),
                words: try bans.next())
            for time in [ban.rest.until, ban.rest.lastsUs, ban.rest.untilWall] { try expect(time, in: Self.times, "the ban of \(ban.family)") }
            state.bans.append(ban)
        }
    }

    /// The budget, and how many permits of it, of a row `b` of `json_each(requests.budgets)`.
    static let budgetTaken = "iif(b.type = 'array', b.value ->> 0, b.value)"
    static let permitsTaken = "iif(b.type = 'array', b.value ->> 1, 1)"

    /// What requests that left lately took, oldest first. Rows are in order of id, which is nearly that of time.
    func taken(since start: Int64) throws(JournalError) -> [(permits: PermitCount, at: Int64)] {
        let rows = try connection.prepare(
            """
            SELECT r.request_id, r.signed_at, \(Self.budgetTaken), \(Self.permitsTaken)
            FROM (SELECT signed_at, budgets, request_id FROM requests ORDER BY request_id DESC LIMIT 20000) r, json_each(r.budgets) b
            WHERE r.signed_at > ? ORDER BY r.signed_at
            """)
        try rows.bind(start)
        var taken: [(PermitCount, Int64)] = []
        while try rows.step() {
            let (request, at): (Int64, Int64) = (try rows.next(), try rows.next())
            let (budget, count): (Int64, Int64) = (try rows.next(), try rows.next())
            try expect(count, in: 1...Self.permitsMax, "the permits of request \(request)")
            taken.append((PermitCount(budget: budget, count: Int(count)), at))
        }
        return taken
    }

    /// The schema that knows where streams are heard.
    private static let streamsSince = 8

    /// Who each account is, by the record. Of a journal before its upgrade: with which key it signed.
    func pinnedIdentities() throws(JournalError) -> [PinnedIdentity] {
        let version = try Migrator.version(of: connection)
        guard version >= 2 else { return try formerIdentities() }
        var keys: [Int64: Set<String>] = [:]
        let known = try connection.prepare("SELECT account_key, fingerprint FROM account_keys")
        while try known.step() {
            let account: Int64 = try known.next()
            keys[account, default: []].insert(try known.next())
        }
        var former: [Int64: [FormerPlace]] = [:]
        let places = try connection.prepare("SELECT account_key, since, until, uid, origin FROM former_places ORDER BY account_key, since")
        while try places.step() {
            let account: Int64 = try places.next()
            let (since, until, uid): (Int64, Int64, String?) = (try places.next(), try places.next(), try places.next())
            let origin = try places.next(String?.self).map { HTTPOrigin($0)?.place ?? $0 }
            former[account, default: []].append(FormerPlace(since: since, until: until, uid: uid, origin: origin))
        }
        var identities: [PinnedIdentity] = []
        let rows = try connection.prepare(
            """
            SELECT a.account, a.venue, a.product, i.uid, i.origin, i.key_in_use, a.account_key, \(version < Self.streamsSince ? "NULL" : "i.stream_origin")
            FROM identities i JOIN accounts a USING (account_key) ORDER BY a.account_key
            """)
        while try rows.step() {
            var pinned = PinnedIdentity(
                account: try rows.next(), venue: try rows.next(), product: try rows.next(), uid: try rows.next(), origin: try rows.next(),
                keyInUse: try rows.next(), keys: [], former: [])
            pinned.origin = pinned.origin.map { HTTPOrigin($0)?.place ?? $0 }
            let account: Int64 = try rows.next()
            pinned.streamOrigin = try rows.next()
            (pinned.keys, pinned.former) = (keys[account] ?? [], former[account] ?? [])
            identities.append(pinned)
        }
        return identities
    }

    private func formerIdentities() throws(JournalError) -> [PinnedIdentity] {
        var identities: [PinnedIdentity] = []
        let rows = try connection.prepare(
            """
            SELECT a.account, a.venue, a.product, m.value FROM accounts a LEFT JOIN meta m ON m.key = 'key_in_use/' || a.account
            ORDER BY a.account_key
            """)
        while try rows.step() {
            var pinned = PinnedIdentity(
                account: try rows.next(), venue: try rows.next(), product: try rows.next(), uid: nil, origin: nil,
                keyInUse: try rows.next(), keys: [])
            pinned.keys = Set([pinned.keyInUse].compactMap { $0 })
            identities.append(pinned)
        }
        return identities
    }

    /// Numbers that the engine counts on from, and times that it adds up: none that an omsd wrote is near the ends of their range.
    func checkRanges(of state: JournalState) throws(JournalError) {
        let counts: [(String, Int64)] = [
            ("the last number of the record", state.seq), ("the last request id", state.requestMax), ("the last id made", state.idHighWater),
            ("where the record went back", state.goneBackSeq),
        ]
        for (account, lag) in state.lookupLags { try expect(lag, in: 0...Int64.farthest, "how far look-ups of \(account) lag behind") }
        for (what, number) in counts { try expect(number, in: 0...Int64.farthest, what) }
        for intent in state.intents {
            let what = "a number of intent \(intent.id)"
            try expect(intent.acceptedAt, in: Self.times, what)
            for count in [intent.orders, intent.commands, intent.plannedRequests] { try expect(Int64(count), in: 0...Self.idMax, what) }
        }
        for order in state.orders + state.unlisted {
            let what = "a number of order \(order.clientOrderID)"
            for time in [order.intendedAt, order.closedAt ?? 0, order.wireTime ?? 0] { try expect(time, in: Self.times, what) }
            try expect(Int64(order.attempts), in: 0...1_000_000, what)
        }
        for command in state.commands {
            let what = "a number of command \(command.id)"
            try expect(command.requestedAt, in: Self.times, what)
            try expect(Int64(command.attempts), in: 0...Self.idMax, what)
        }
        for row in state.positions {
            try expect(Int64(row.fills), in: 0...Self.idMax, "the number of executions of \(row.account) in \(row.key.symbol)")
        }
    }

    private static let idMax: Int64 = 1 << 53
    /// Of the configuration. A budget has more slots than permits for a while after its number changed.
    private static let permitsMax: Int64 = 1_000_000
    private static let times = -Int64.farthest...Int64.farthest

    private func expect(_ number: Int64, in range: ClosedRange<Int64>, _ what: String) throws(JournalError) {
        guard range.contains(number) else { throw JournalError(.damaged, "\(what) cannot be \(number)") }
    }
}
