/// What a configuration says of one limit, over the venue's defaults. nil: the default.
package struct LimitSetting: Sendable, Equatable {
    package let budget: String
    package var scope: BudgetScope?
    package var permits: Int?
    package var windowMs: Int64?
    package var marginMs: Int64?
    package var share: Int?
    package var reserve: Int?
    package var penaltyMs: Int64?
    package init(budget: String) { self.budget = budget }
}

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

    /// `bitget` of `bitget-margin`.
    private static func family(_ venue: String) -> Substring { venue.prefix { $0 != "-" } }

    /// What makes two accounts' limits one: the venue's word on whom it counts.
    ///
    /// Bitget margin counts isolated and crossed apart (they are separate endpoints), all else of a venue together; limits by address are shared by
    /// the venue's whole family of hosts.
    private static func key(_ rule: BudgetRule, scope: BudgetScope, profile: VenueProfile, owner: String) -> String {
        switch scope {
        case .ip: "ip|\(family(profile.venue))|\(rule.name)"
        case .uid, .apikey: "\(profile.venue)\(profile.hasOwnEndpoints ? "/" + profile.product : "")|\(owner)|\(rule.name)"
        }
    }

    /// Adds an account's budgets, or finds those that it shares. Returns their indexes by name.
    ///
    /// - Parameter inherited: rows of a former run, matched by venue, owner and name.
    package mutating func register(
        profile: VenueProfile, uid: String, keyFingerprint: String, settings: [LimitSetting], holdUnansweredUs: Int64, inherited: [BudgetRow],
        permits: [Int64: [PermitRow]], sameBoot: Bool, at now: Int64, newRow: (BudgetRow) -> Void
    ) -> [String: Int] {
        var indexes: [String: Int] = [:]
        for rule in profile.budgets {
            let setting = settings.first { $0.budget == rule.name }
            if rule.isOffByDefault, setting == nil { continue }
            let scope = setting?.scope ?? rule.scope
            let owner =
                switch scope {
                case .uid: uid
                case .apikey: keyFingerprint
                case .ip: "ip"
                }
            let key = Self.key(rule, scope: scope, profile: profile, owner: owner)
            if let index = indexByKey[key] {
                indexes[rule.name] = index
                continue
            }
            let permitCount = setting?.permits ?? rule.permits
            let windowMs = setting?.windowMs ?? rule.windowMs
            let share = min(setting?.share ?? permitCount, permitCount)
            let reserve = min(setting?.reserve ?? rule.reserve ?? permitCount / 10, share - 1)
            let venue = profile.hasOwnEndpoints && scope != .ip ? "\(profile.venue)/\(profile.product)" : profile.venue
            // A limit by address is one for the venue's family of hosts, whichever of its accounts came first then.
            let former = inherited.filter { row in
                let isSameVenue = scope == .ip ? row.scope == .ip && Self.family(row.venue) == Self.family(venue) : row.venue == venue
                return isSameVenue && row.owner == owner && row.name == rule.name
            }
            let known = former.first { $0.venue == venue && $0.permits == permitCount }
            let id = known?.id ?? (inherited.map(\.id) + budgets.map(\.row.id)).max().map { $0 + 1 } ?? 1
            let row = BudgetRow(id: id, venue: venue, owner: owner, name: rule.name, scope: scope, permits: permitCount, windowMs: windowMs)
            if known != row { newRow(row) }
            var budget = Budget(
                row: row, share: share, reserve: max(0, reserve), marginMs: setting?.marginMs ?? 20, penaltyMs: setting?.penaltyMs ?? windowMs)
            // A limit whose number changed keeps holding what its former rows held, all of them at once.
            let rows = former.flatMap { permits[$0.id] ?? [] }
            budget.inherit(rows, sameBoot: sameBoot, unansweredHoldUs: holdUnansweredUs, at: now)
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
        let permits = setting?.permits ?? rule.permits
        let share = min(setting?.share ?? permits, permits)
        budgets[index].adjust(
            permits: permits, share: share, reserve: max(0, min(setting?.reserve ?? rule.reserve ?? permits / 10, share - 1)),
            windowMs: setting?.windowMs ?? rule.windowMs, marginMs: setting?.marginMs ?? 20,
            penaltyMs: setting?.penaltyMs ?? setting?.windowMs ?? rule.windowMs)
        return budgets[index].row
    }
}
