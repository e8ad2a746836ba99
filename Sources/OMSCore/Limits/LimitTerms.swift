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
    package let permits: Int
    package let windowMs: Int64
    package let marginMs: Int64
    package let share: Int
    package let reserve: Int
    package let penaltyMs: Int64

    package init(_ rule: BudgetRule, _ setting: LimitSetting?) {
        scope = setting?.scope ?? rule.scope
        permits = setting?.permits ?? rule.permits
        windowMs = setting?.windowMs ?? rule.windowMs
        marginMs = setting?.marginMs ?? 20
        share = min(setting?.share ?? permits, permits)
        reserve = max(0, min(setting?.reserve ?? rule.reserve ?? permits / 10, share - 1))
        penaltyMs = setting?.penaltyMs ?? windowMs
    }
}

/// Whom a venue counts an account's requests against.
package struct BudgetOwner: Sendable {
    private let profile: VenueProfile
    private let uid: String
    private let keyFingerprint: String

    package init(profile: VenueProfile, uid: String, keyFingerprint: String) {
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
    /// Bitget margin counts isolated and crossed apart (they are separate endpoints), all else of a venue together; limits by address are shared by
    /// the venue's whole family of hosts.
    package func key(_ budget: String, _ scope: BudgetScope) -> String {
        switch scope {
        case .ip: "ip|\(Self.family(profile.venue))|\(budget)"
        case .uid, .apikey: "\(profile.venue)\(profile.hasOwnEndpoints ? "/" + profile.product : "")|\(name(scope))|\(budget)"
        }
    }

    /// `bitget` of `bitget-margin`.
    static func family(_ venue: String) -> Substring { venue.prefix { $0 != "-" } }
}
