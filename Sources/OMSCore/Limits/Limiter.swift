/// A permit in somebody's hand.
package struct PermitGrip: Hashable, Sendable {
    let budget: Int
    let slot: Int
}

/// All budgets of all accounts. Accounts with the same venue and uid (or key, or family of hosts) share theirs.
package struct Limiter: Sendable {
    package private(set) var budgets: [Budget] = []
    private var indexByKey: [String: Int] = [:]

    package init() {}

    /// Adds an account's budgets, or finds those that it shares. Returns their indexes by name.
    ///
    /// - Parameters:
    ///   - inherited: rows of a former run, matched by venue, owner and name.
    ///   - permits: what those held, by budget, in this boot's time.
    package mutating func register(
        profile: VenueProfile, uid: String, keyFingerprint: String, settings: [LimitSetting], holdUnansweredUs: Int64, inherited: [BudgetRow],
        permits: [Int64: [PermitRow]], at now: Int64, newRow: (BudgetRow) -> Void
    ) -> [String: Int] {
        var indexes: [String: Int] = [:]
        let holder = BudgetOwner(profile: profile, uid: uid, keyFingerprint: keyFingerprint)
        for rule in profile.budgets {
            let setting = settings.first { $0.budget == rule.name }
            if rule.isOffByDefault, setting == nil { continue }
            let terms = LimitTerms(rule, setting)
            let (scope, owner) = (terms.scope, holder.name(terms.scope))
            let key = holder.key(rule.name, scope)
            if let index = indexByKey[key] {
                indexes[rule.name] = index
                continue
            }
            let venue = profile.hasOwnEndpoints && scope != .ip ? "\(profile.venue)/\(profile.product)" : profile.venue
            // A limit by address is one for the venue's family of hosts, whichever of its accounts came first then.
            let former = inherited.filter { row in
                let isSameVenue = scope == .ip ? row.scope == .ip && BudgetOwner.family(row.venue) == BudgetOwner.family(venue) : row.venue == venue
                return isSameVenue && row.owner == owner && row.name == rule.name
            }
            let known = former.first { $0.venue == venue && $0.permits == terms.permits }
            let id = known?.id ?? (inherited.map(\.id) + budgets.map(\.row.id)).max().map { $0 + 1 } ?? 1
            let row = BudgetRow(id: id, venue: venue, owner: owner, name: rule.name, scope: scope, permits: terms.permits, windowMs: terms.windowMs)
            if known != row { newRow(row) }
            var budget = Budget(
                row: row, share: terms.share, reserve: terms.reserve, marginMs: terms.marginMs, penaltyMs: terms.penaltyMs)
            // A limit whose number changed keeps holding what its former rows held, all of them at once.
            let rows = former.flatMap { permits[$0.id] ?? [] }
            budget.inherit(rows, unansweredHoldUs: holdUnansweredUs, at: now)
            budgets.append(budget)
            indexByKey[key] = budgets.count - 1
            indexes[rule.name] = budgets.count - 1
        }
        return indexes
    }

    /// Takes all that is free as if it had been sent and lost just now.
    package mutating func holdAll(unansweredHoldUs: Int64, at now: Int64) -> [PermitRow] {
        budgets.indices.flatMap { budgets[$0].holdAll(unansweredHoldUs: unansweredHoldUs, at: now) }
    }

    /// Whether one permit of each can be taken now.
    package mutating func canTake(_ indexes: [Int], at now: Int64, usesReserve: Bool) -> Bool {
        for index in indexes where budgets[index].available(at: now, usesReserve: usesReserve) == 0 { return false }
        return true
    }

    /// The earliest moment worth asking `canTake` again: when the last of the budgets that refuse now may have a permit. nil: an answer must come first.
    package mutating func nextChance(_ indexes: [Int], at now: Int64, usesReserve: Bool) -> Int64? {
        var latest = now + 1
        for index in indexes where budgets[index].available(at: now, usesReserve: usesReserve) == 0 {
            guard let next = budgets[index].nextChance(at: now) else { return nil }
            latest = max(latest, next)
        }
        return latest
    }

    /// Permits of one budget that could be taken now.
    package mutating func available(_ index: Int, at now: Int64, usesReserve: Bool) -> Int {
        budgets[index].available(at: now, usesReserve: usesReserve)
    }

    /// Permits out or cooling of one budget.
    package mutating func inUse(_ index: Int, at now: Int64) -> Int { budgets[index].inUse(at: now) }

    /// Takes one permit of each; only after `canTake`.
    package mutating func take(_ indexes: [Int], by request: RequestID, at now: Int64) -> (grips: [PermitGrip], rows: [PermitRow]) {
        var grips: [PermitGrip] = []
        var rows: [PermitRow] = []
        for index in indexes {
            let row = budgets[index].take(by: request, at: now)
            grips.append(PermitGrip(budget: index, slot: row.slot))
            rows.append(row)
        }
        return (grips, rows)
    }

    /// Frees permits whose request was answered (`readAt`) or never sent (nil).
    package mutating func release(_ grips: [PermitGrip], readAt: Int64?, at now: Int64) -> [PermitRow] {
        grips.map { budgets[$0.budget].release(slot: $0.slot, readAt: readAt, at: now) }
    }

    /// Keeps permits whose request got no answer for the longer time.
    package mutating func abandon(_ grips: [PermitGrip], resetAt: Int64, holdUs: Int64, at now: Int64) -> [PermitRow] {
        grips.map { budgets[$0.budget].abandon(slot: $0.slot, resetAt: resetAt, holdUs: holdUs, at: now) }
    }

    /// The venue's word on what is left of a request's own endpoint: the first budget it took of.
    package mutating func believe(_ grips: [PermitGrip], remaining: Int, at now: Int64) {
        if let grip = grips.first { budgets[grip.budget].believe(remaining: remaining, at: now) }
    }

    /// Whether a budget's share is cut since a 429.
    package func isPunished(_ grips: [PermitGrip]) -> Bool { grips.contains { budgets[$0.budget].isPunished } }

    /// The venue refused a request for the rate, and does not say for which limit: the one with the shortest window rests, and any other that was nearly
    /// used up. A limit of thousands a minute that is hardly touched is not what was passed, and resting it would hold up cancels for that minute.
    package mutating func punish(_ grips: [PermitGrip], retryAfterUs: Int64?, at now: Int64) {
        guard let narrowest = grips.min(by: { budgets[$0.budget].windowUs < budgets[$1.budget].windowUs }) else { return }
        for grip in grips {
            let isFull = budgets[grip.budget].inUse(at: now) * 10 >= budgets[grip.budget].share * 9
            if grip == narrowest || isFull { budgets[grip.budget].punish(retryAfterUs: retryAfterUs, at: now) }
        }
    }

    package mutating func served(_ indexes: [Int], place: Bool, whilePlaceWaits: Bool) {
        for index in indexes { budgets[index].served(place: place, whilePlaceWaits: whilePlaceWaits) }
    }

    package mutating func recover(at now: Int64) {
        for index in budgets.indices { budgets[index].recover(at: now) }
    }

    /// New settings of one account's budget after a reload.
    package mutating func adjust(_ index: Int, to setting: LimitSetting?, rule: BudgetRule) -> BudgetRow {
        budgets[index].adjust(LimitTerms(rule, setting))
        return budgets[index].row
    }
}
