import OMSCore

extension Configuration {
    /// What is wrong where accounts share a budget and say different things of it: the venue knows one limit, and whichever account's word was taken, the
    /// other's owner would be surprised.
    ///
    /// - Parameter fingerprints: of the accounts' keys; an account whose key could not be read shares nothing by it.
    func sharedLimitProblems(_ fingerprints: [AccountID: String], profile: ProfileResolver) -> [ConfigurationProblem] {
        let sides = accounts.compactMap { account in
            profile(account.venue, account.product).map { Side(account, $0, fingerprint: fingerprints[account.id]) }
        }
        var problems: [ConfigurationProblem] = []
        for (index, side) in sides.enumerated() {
            for rule in side.account.budgets(side.profile) {
                // One word for each account: against the first that differs.
                guard let clash = sides[..<index].lazy.compactMap({ Clash(side, $0, rule) }).first else { continue }
                problems.append(
                    ConfigurationProblem(
                        file: path, line: clash.place.line, column: clash.place.column, key: clash.place.key, problem: clash.words))
            }
        }
        return problems
    }
}

/// One account, as one of two that may share a budget.
private struct Side {
    let account: AccountConfiguration
    let profile: VenueProfile
    let owner: BudgetOwner

    init(_ account: AccountConfiguration, _ profile: VenueProfile, fingerprint: String?) {
        (self.account, self.profile) = (account, profile)
        owner = BudgetOwner(profile: profile, uid: account.uid, keyFingerprint: fingerprint ?? "of account \(account.id)")
    }

    func entry(_ budget: String) -> LimitConfiguration? { account.limits.first { $0.budget == budget } }
}

/// Two accounts with one budget and two opinions of it.
private struct Clash {
    /// Of the later account's entry, or of the earlier one's if only that has one.
    let place: ConfigurationPlace
    let words: String

    /// nil: they do not share it, or agree.
    init?(_ later: Side, _ earlier: Side, _ laterRule: BudgetRule) {
        let budget = laterRule.name
        guard let earlierRule = earlier.account.budgets(earlier.profile).first(where: { $0.name == budget }) else { return nil }
        let (mine, theirs) = (later.entry(budget), earlier.entry(budget))
        guard let entry = mine ?? theirs else { return nil }
        let terms = [LimitTerms(laterRule, mine?.setting), LimitTerms(earlierRule, theirs?.setting)]
        guard let scope = terms.map(\.scope).first(where: { later.owner.key(budget, $0) == earlier.owner.key(budget, $0) }) else { return nil }
        let isHalfOff = laterRule.isOffByDefault && mine == nil || earlierRule.isOffByDefault && theirs == nil
        let (here, there) = mine == nil ? (terms[1], terms[0]) : (terms[0], terms[1])
        let differences = isHalfOff ? ["on here, off there"] : Self.differences(here, there, [mine, theirs].compactMap { $0 })
        guard !differences.isEmpty else { return nil }
        let counted =
            switch scope {
            case .uid: "their uid"
            case .apikey: "their key"
            case .ip: "their address"
            }
        place = entry.place
        words =
            "\((mine == nil ? later : earlier).account.id) shares \(budget), which the venue counts by \(counted), and must say the same of it: "
            + differences.joined(separator: "; ") + "; give both accounts the same entry, or neither one"
    }

    /// By the names of the configuration: what either account says and the other does not hold to.
    private static func differences(_ here: LimitTerms, _ there: LimitTerms, _ entries: [LimitConfiguration]) -> [String] {
        func isSaid<Value>(_ key: KeyPath<LimitConfiguration, Value?>) -> Bool { entries.contains { $0[keyPath: key] != nil } }
        let fields: [(name: String, here: String, there: String, isSaid: Bool)] = [
            ("scope", here.scope.rawValue, there.scope.rawValue, isSaid(\.scope)),
            ("permits", "\(here.permits)", "\(there.permits)", isSaid(\.permits)),
            ("window_ms", "\(here.windowMs)", "\(there.windowMs)", isSaid(\.windowMs)),
            ("margin_ms", "\(here.marginMs)", "\(there.marginMs)", isSaid(\.marginMs)),
            ("share", "\(here.share)", "\(there.share)", isSaid(\.share)),
            ("reserve", "\(here.reserve)", "\(there.reserve)", isSaid(\.reserve)),
            ("penalty_ms", "\(here.penaltyMs)", "\(there.penaltyMs)", isSaid(\.penaltyMs)),
        ]
        return fields.filter { $0.isSaid && $0.here != $0.there }.map { "\($0.name) \($0.here) here, \($0.there) there" }
    }
}
