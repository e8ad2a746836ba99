/// What a start takes over of the limits of former runs, in this boot's time.
package struct LimitInheritance: Sendable {
    package let budgets: [BudgetRow]
    package let permits: [Int64: [PermitRow]]
    package let rests: [Int64: BudgetRest]
    /// Rows that no configured account owns any more: the venue may count them against any of ours.
    let ownerless: [BudgetRow]

    package static let none = LimitInheritance(budgets: [], permits: [], rests: [], of: [])

    /// - Parameter accounts: all that there are.
    package init(
        budgets: [BudgetRow], permits: [PermitRow], rests: [BudgetRest], of accounts: [(owner: BudgetOwner, settings: [LimitSetting])]
    ) {
        self.budgets = budgets
        self.permits = Dictionary(grouping: permits, by: \.budget)
        self.rests = Dictionary(rests.map { ($0.budget, $0) }, uniquingKeysWith: { $1 })
        ownerless = budgets.filter { row in !accounts.contains { $0.owner.owns(row, $0.settings) } }
    }

    /// Former rows whose permits count for a budget: its own, whatever their number then, and those that have lost their owner.
    func former(of row: BudgetRow) -> [BudgetRow] {
        budgets.filter { BudgetOwner.isSame($0, row) } + ownerless.filter { BudgetOwner.mayBeSame($0, row) && !BudgetOwner.isSame($0, row) }
    }
}
