/// A rule that the owner of an account set, and what of it is used.
package struct RuleStanding: Sendable, Equatable {
    package let account: AccountID
    /// As it is called in the configuration.
    package let rule: String
    package var symbol: Symbol?
    package var positionSide: PositionSide?
    package let limit: String
    /// Open, in doubt or under way; nil: the rule is about one order, or nobody can say.
    package var used: String?
    package var note: String?
}

/// A position, and how many orders that are in doubt may have moved it unseen.
package struct PositionSnapshot: Sendable, Equatable {
    package let row: PositionRow
    package let inDoubt: Int
}
