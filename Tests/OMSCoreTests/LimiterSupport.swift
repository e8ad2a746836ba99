@testable import OMSCore

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

    mutating func register(
        _ owner: BudgetOwner, settings: [LimitSetting], holdUnansweredUs: Int64, from former: LimitInheritance, at now: Int64,
        newRow: (BudgetRow) -> Void
    ) -> [String: Int] {
        let turn = Turn(now)
        defer { for case .budget(let row) in turn.records { newRow(row) } }
        return register(owner, settings: settings, holdUnansweredUs: holdUnansweredUs, from: former, in: turn)
    }

    mutating func punish(_ grips: [PermitGrip], retryAfterUs: Int64?, at now: Int64) {
        punish(grips, retryAfterUs: retryAfterUs, at: Moment(monotonic: now, wall: now))
    }

    // MARK: Requests that weigh one permit of each budget

    mutating func canTake(_ indexes: [Int], at now: Int64, usesReserve: Bool) -> Bool {
        canTake(indexes.map { BudgetCharge(budget: $0) }, at: now, usesReserve: usesReserve)
    }

    mutating func nextChance(_ indexes: [Int], at now: Int64, usesReserve: Bool) -> Int64? {
        nextChance(indexes.map { BudgetCharge(budget: $0) }, at: now, usesReserve: usesReserve)
    }

    mutating func take(_ indexes: [Int], by request: RequestID, at now: Int64) -> (grips: [PermitGrip], rows: [PermitRow]) {
        take(indexes.map { BudgetCharge(budget: $0) }, by: request, at: now)
    }

    // MARK: A turn for each step, and what it puts on record

    mutating func take(_ charges: [BudgetCharge], by request: RequestID, at now: Int64) -> (grips: [PermitGrip], rows: [PermitRow]) {
        let turn = Turn(now)
        let grips = take(charges, by: request, in: turn)
        return (grips, turn.permits)
    }

    mutating func release(_ grips: [PermitGrip], readAt: Int64?, at now: Int64) -> [PermitRow] {
        let turn = Turn(now)
        release(grips, readAt: readAt, in: turn)
        return turn.permits
    }

    mutating func abandon(_ grips: [PermitGrip], resetAt: Int64, holdUs: Int64, at now: Int64) -> [PermitRow] {
        let turn = Turn(now)
        abandon(grips, resetAt: resetAt, holdUs: holdUs, in: turn)
        return turn.permits
    }

    mutating func holdAll(unansweredHoldUs: Int64, at now: Int64) -> [PermitRow] {
        let turn = Turn(now)
        holdAll(unansweredHoldUs: unansweredHoldUs, in: turn)
        return turn.permits
    }

    mutating func takeNews() -> [BudgetRest] {
        let turn = Turn(0)
        endTurn(turn)
        return turn.records.compactMap { if case .budgetRest(let rest) = $0 { rest } else { nil } }
    }

    /// The row that a reload leaves.
    mutating func adjust(_ index: Int, to setting: LimitSetting?, rule: BudgetRule) -> BudgetRow {
        adjust(index, to: setting, rule: rule, in: Turn(0))
        return budgets[index].row
    }
}

extension Turn {
    convenience init(_ now: Int64) { self.init(at: Moment(monotonic: now, wall: now)) }

    var permits: [PermitRow] { records.compactMap { if case .permit(let row) = $0 { row } else { nil } } }
    var answers: [Reply] { replies.compactMap { try? $0.reply.get() } }
}

extension Budget {
    mutating func punish(retryAfterUs: Int64?, at now: Int64) { punish(retryAfterUs: retryAfterUs, at: Moment(monotonic: now, wall: now)) }
}
