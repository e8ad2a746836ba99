import OMSCore
import Wire

extension JournalLoader {
    /// Budgets, their permits, and what venues' refusals left of them.
    ///
    /// - Throws: `.damaged` for numbers that no omsd writes: slots are memory, and times are added up.
    func loadLimits(into state: inout JournalState) throws(JournalError) {
        let budgets = try connection.prepare("SELECT budget_id, venue, owner, budget, scope, permits, window_ms FROM budgets ORDER BY budget_id")
        while try budgets.step() {
            try expect(budgets.integer(0), in: 1...Self.idMax, "the id of a budget")
            try expect(budgets.integer(5), in: 1...Self.permitsMax, "the permits of budget \(budgets.integer(0))")
            try expect(budgets.integer(6), in: 1...86_400_000, "the window of budget \(budgets.integer(0))")
            state.budgets.append(
                BudgetRow(
                    id: budgets.integer(0), venue: budgets.text(1), owner: budgets.text(2), name: budgets.text(3),
                    scope: try budgets.word(4, as: BudgetScope.self), permits: Int(budgets.integer(5)), windowMs: budgets.integer(6)))
        }
        let permits = try connection.prepare(
            "SELECT budget_id, slot, request_id, taken_at, released_at, unanswered FROM permits ORDER BY budget_id, slot")
        while try permits.step() {
            try expect(permits.integer(1), in: 0...10 * Self.permitsMax, "a slot of budget \(permits.integer(0))")
            try expect(permits.optionalInteger(4) ?? 0, in: Self.times, "when a permit of budget \(permits.integer(0)) was given back")
            state.permits.append(
                PermitRow(
                    budget: permits.integer(0), slot: Int(permits.integer(1)), request: permits.optionalInteger(2).map { RequestID($0) },
                    takenAt: permits.integer(3), releasedAt: permits.optionalInteger(4), isUnanswered: permits.integer(5) != 0))
        }
        let rests = try connection.prepare(
            "SELECT budget_id, usable_share, frozen_until, frozen_us, frozen_wall, recovers_at FROM budget_rests ORDER BY budget_id")
        while try rests.step() {
            let name = "the rest of budget \(rests.integer(0))"
            try expect(rests.integer(1), in: 1...Self.permitsMax, name)
            for column: Int32 in 2...5 { try expect(rests.integer(column), in: Self.times, name) }
            state.rests.append(
                BudgetRest(
                    budget: rests.integer(0), usableShare: Int(rests.integer(1)),
                    rest: Rest(until: rests.integer(2), lastsUs: rests.integer(3), untilWall: rests.integer(4)), recoversAt: rests.integer(5)))
        }
        let bans = try connection.prepare("SELECT family, until, lasts_us, until_wall, words FROM bans ORDER BY family")
        while try bans.step() {
            for column: Int32 in 1...3 { try expect(bans.integer(column), in: Self.times, "the ban of \(bans.text(0))") }
            state.bans.append(
                VenueBan(
                    family: bans.text(0), rest: Rest(until: bans.integer(1), lastsUs: bans.integer(2), untilWall: bans.integer(3)),
                    words: bans.text(4)))
        }
    }

    /// Who each account is, by the record. Of a journal before its upgrade: with which key it signed.
    func pinnedIdentities() throws(JournalError) -> [PinnedIdentity] {
        guard try Migrator.version(of: connection) >= 2 else { return try formerIdentities() }
        var keys: [Int64: Set<String>] = [:]
        let known = try connection.prepare("SELECT account_key, fingerprint FROM account_keys")
        while try known.step() { keys[known.integer(0), default: []].insert(known.text(1)) }
        var former: [Int64: [FormerPlace]] = [:]
        let places = try connection.prepare("SELECT account_key, since, until, uid, origin FROM former_places ORDER BY account_key, since")
        while try places.step() {
            former[places.integer(0), default: []].append(
                FormerPlace(
                    since: places.integer(1), until: places.integer(2), uid: places.optionalText(3),
                    origin: places.optionalText(4).map { HTTPOrigin($0)?.place ?? $0 }))
        }
        var identities: [PinnedIdentity] = []
        let rows = try connection.prepare(
            """
            SELECT a.account, a.venue, a.product, i.uid, i.origin, i.key_in_use, a.account_key
            FROM identities i JOIN accounts a USING (account_key) ORDER BY a.account_key
            """)
        while try rows.step() {
            identities.append(
                PinnedIdentity(
                    account: AccountID(rows.text(0)), venue: rows.text(1), product: rows.text(2), uid: rows.optionalText(3),
                    origin: rows.optionalText(4).map { HTTPOrigin($0)?.place ?? $0 }, keyInUse: rows.optionalText(5),
                    keys: keys[rows.integer(6)] ?? [], former: former[rows.integer(6)] ?? []))
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
            let key = rows.optionalText(3)
            identities.append(
                PinnedIdentity(
                    account: AccountID(rows.text(0)), venue: rows.text(1), product: rows.text(2), uid: nil, origin: nil, keyInUse: key,
                    keys: Set([key].compactMap { $0 })))
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
    }

    private static let idMax: Int64 = 1 << 53
    /// Of the configuration. A budget has more slots than permits for a while after its number changed.
    private static let permitsMax: Int64 = 1_000_000
    private static let times = -Int64.farthest...Int64.farthest

    private func expect(_ number: Int64, in range: ClosedRange<Int64>, _ what: String) throws(JournalError) {
        guard range.contains(number) else { throw JournalError(.damaged, "\(what) cannot be \(number)") }
    }
}
