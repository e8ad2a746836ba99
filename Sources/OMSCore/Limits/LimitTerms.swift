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

/// One limit as it holds: the venue's word with an account's setting over it.
package struct LimitTerms: Sendable, Equatable {
    package let scope: BudgetScope
    package private(set) var permits: Int
    package private(set) var windowMs: Int64
    /// As ``BudgetRule/shape``; sliding, where a configured window is not the venue's: nobody knows when it would begin.
    package private(set) var shape: WindowShape
    package private(set) var marginMs: Int64
    package private(set) var share: Int
    package private(set) var reserve: Int
    package private(set) var penaltyMs: Int64
    /// As ``BudgetRule/heaviest``.
    package private(set) var heaviest: Int

    package init(_ rule: BudgetRule, _ setting: LimitSetting?) {
        scope = setting?.scope ?? rule.scope
        permits = setting?.permits ?? rule.permits
        windowMs = setting?.windowMs ?? rule.windowMs
        shape = windowMs == rule.windowMs ? rule.shape : .sliding
        marginMs = setting?.marginMs ?? 20
        share = min(setting?.share ?? permits, permits)
        reserve = max(0, min(setting?.reserve ?? rule.reserve ?? permits / 10, share - 1))
        penaltyMs = setting?.penaltyMs ?? windowMs
        heaviest = rule.heaviest
    }

    /// What keeps both: accounts of one owner may say different things of a limit that the venue counts for all of them.
    package func strictest(with other: LimitTerms) -> LimitTerms {
        var both = self
        both.permits = min(permits, other.permits)
        (both.windowMs, both.shape) = (max(windowMs, other.windowMs), shape == other.shape && windowMs == other.windowMs ? shape : .sliding)
        both.marginMs = max(marginMs, other.marginMs)
        both.share = min(share, other.share, both.permits)
        both.reserve = max(0, min(max(reserve, other.reserve), both.share - 1))
        both.penaltyMs = max(penaltyMs, other.penaltyMs)
        both.heaviest = max(heaviest, other.heaviest)
        return both
    }
}

/// Whom a venue counts an account's requests against.
package struct BudgetOwner: Sendable {
    let profile: VenueProfile
    private let uid: String
    private let keyFingerprint: String

    /// - Parameter streamBudgets: what the venue counts of its private stream, where the account has one.
    package init(profile: VenueProfile, uid: String, keyFingerprint: String, streamBudgets: [BudgetRule] = []) {
        var profile = profile
        profile.budgets += streamBudgets
        (self.profile, self.uid, self.keyFingerprint) = (profile, uid, keyFingerprint)
    }

    /// As a budget's row names it.
    package func name(_ scope: BudgetScope) -> String {
        switch scope {
        case .uid: uid
        case .apikey: keyFingerprint
        case .ip: "ip"
        }
    }

    /// What makes two accounts' limits one: the venue's word on whom it counts.
    ///
    /// Products with endpoints of their own are counted apart (``VenueProfile/endpoints``), all else of a venue together; limits by address are shared by the
    /// venue's whole family of hosts.
    ///
    /// - Parameters:
    ///   - budget: as its rule is called.
    ///   - part: what a part of it is called.
    package func key(_ budget: String, _ scope: BudgetScope, part: String? = nil) -> String {
        switch scope {
        case .ip: "ip|\(profile.addressFamily)|\(part ?? budget)"
        case .uid, .apikey: "\(venue(scope, of: budget))|\(name(scope))|\(part ?? budget)"
        }
    }

    /// What a budget's row says of the venue: sets of endpoints are several. A limit by address names the family where it is not the venue's own.
    func venue(_ scope: BudgetScope, of budget: String) -> String {
        if scope == .ip, let family = profile.ownAddressFamily { return family }
        guard scope != .ip, let endpoints = profile.endpoints, !profile.sharedBudgets.contains(budget) else { return profile.venue }
        return "\(profile.venue)/\(endpoints)"
    }

    /// Whether a row of a former run is of a budget that this account has now.
    func owns(_ row: BudgetRow, _ settings: [LimitSetting]) -> Bool {
        profile.budgets.contains { rule in
            guard rule.covers(row.name) else { return false }
            let setting = settings.first { $0.budget == rule.name }
            let scope = setting?.scope ?? rule.scope
            guard !rule.isOffByDefault || setting != nil, scope == row.scope, name(scope) == row.owner else { return false }
            return Self.isSameVenue(venue(scope, of: rule.name), row.venue, isAddress: scope == .ip)
        }
    }

    /// Whether two rows are of one budget of one owner, whatever its number. A limit by address is one for the venue's family of hosts, whichever of its
    /// accounts came first.
    static func isSame(_ a: BudgetRow, _ b: BudgetRow) -> Bool {
        a.name == b.name && a.owner == b.owner && a.scope == b.scope && isSameVenue(a.venue, b.venue, isAddress: a.scope == .ip)
    }

    /// Whether the venue may count two rows as one: a uid may be spelt otherwise than last time, a scope read otherwise, a key be new.
    static func mayBeSame(_ a: BudgetRow, _ b: BudgetRow) -> Bool {
        let isAddress = a.scope == .ip || b.scope == .ip
        return a.name == b.name && (isAddress ? family(a.venue) == family(b.venue) : house(a.venue) == house(b.venue))
    }

    private static func isSameVenue(_ a: String, _ b: String, isAddress: Bool) -> Bool { isAddress ? family(a) == family(b) : a == b }

    /// `bitget-margin` of `bitget-margin/isolated`.
    private static func house(_ venue: String) -> Substring { venue.prefix { $0 != "/" } }

    /// `isolated` of `bitget-margin/isolated`; nil: all products of the venue are counted together.
    static func product(_ venue: String) -> String? { venue.firstIndex(of: "/").map { String(venue[venue.index(after: $0)...]) } }

    /// `bitget` of `bitget-margin`.
    package static func family(_ venue: String) -> Substring { venue.prefix { $0 != "-" } }
}
