import OMSCore

extension Limiter {
    /// One account's budgets, as if it were the only one.
    mutating func register(
        profile: VenueProfile, uid: String, keyFingerprint: String, settings: [LimitSetting], holdUnansweredUs: Int64, inherited: [BudgetRow],
        permits: [Int64: [PermitRow]], rests: [BudgetRest] = [], at now: Int64, newRow: (BudgetRow) -> Void
    ) -> [String: Int] {
        let owner = BudgetOwner(profile: profile, uid: uid, keyFingerprint: keyFingerprint)
        let former = LimitInheritance(
            budgets: inherited, permits: permits.keys.sorted().flatMap { permits[$0] ?? [] }, rests: rests, of: [(owner, settings)])
        return register(owner, settings: settings, holdUnansweredUs: holdUnansweredUs, from: former, at: now, newRow: newRow)
    }

    mutating func punish(_ grips: [PermitGrip], retryAfterUs: Int64?, at now: Int64) {
        punish(grips, retryAfterUs: retryAfterUs, at: Moment(monotonic: now, wall: now))
    }
}

extension Budget {
    mutating func punish(retryAfterUs: Int64?, at now: Int64) { punish(retryAfterUs: retryAfterUs, at: Moment(monotonic: now, wall: now)) }
}
