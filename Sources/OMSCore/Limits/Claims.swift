/// Who waits for more permits of a budget than are free. Part of the ``Limiter``.
///
/// A request that takes one permit gets it as soon as one is free. One that takes many would never, where others take each as it comes free: so it saves up.
/// Whoever comes behind it leaves the budgets alone of which it has too few; who comes before it takes what it wants, as ever. Claims stand in one order, so
/// that no two of them wait for each other: the first of all is barred by none.
struct Claims: Sendable {
    /// In whose name is asked. Two requests of one account that are as urgent and cost the same stand for each other.
    struct Name: Equatable, Sendable {
        /// As the engine counts them; -1: other programs (``Grants``).
        let account: Int
        let urgency: Urgency
    }

    /// In the order of the lanes (docs/LIMITS.md, "Who goes first").
    enum Urgency: Int, Comparable, Sendable {
        /// Cancels, and the questions that they wait for.
        case first
        /// Places that were passed over for long enough.
        case due
        /// Questions that may use the reserve.
        case asking
        case changing
        /// Places, and questions of no doubt.
        case last
        static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    }

    private struct Claim {
        let name: Name
        let charges: [BudgetCharge]
        /// Those that had too few permits at any time since it began to wait.
        var budgets: Set<Int>
        /// Whether it was asked for in this turn.
        var isWanted = true
    }

    /// In their order: by urgency, then by age.
    private var claims: [Claim] = []
    /// Somebody was barred since those who are were last called; a claim ended in this turn.
    private var hasBarred = false
    private var hasEnded = false

    /// Nothing is to be looked at.
    var isEmpty: Bool { claims.isEmpty && !hasEnded }

    /// Whether one who comes before saves up for a budget that this request would take of.
    mutating func bar(_ charges: [BudgetCharge], of name: Name) -> Bool {
        for claim in claims {
            if claim.name.urgency > name.urgency || claim.name == name && claim.charges == charges { return false }
            if charges.contains(where: { claim.budgets.contains($0.budget) }) {
                hasBarred = true
                return true
            }
        }
        return false
    }

    /// Too few permits are free.
    ///
    /// - Parameter budgets: those that lack some; none: it waits for who comes before it.
    mutating func want(_ charges: [BudgetCharge], lacking budgets: [Int], as name: Name) {
        if let index = claims.firstIndex(where: { $0.name == name && $0.charges == charges }) {
            claims[index].budgets.formUnion(budgets)
            claims[index].isWanted = true
        } else {
            let place = claims.firstIndex { $0.name.urgency > name.urgency } ?? claims.endIndex
            claims.insert(Claim(name: name, charges: charges, budgets: Set(budgets)), at: place)
        }
    }

    /// It gets what it waited for.
    mutating func end(_ charges: [BudgetCharge], of name: Name) { remove { $0.name == name && $0.charges == charges } }

    private mutating func remove(_ isOver: (Claim) -> Bool) {
        let count = claims.count
        claims.removeAll(where: isOver)
        if claims.count < count { hasEnded = true }
    }

    /// At a turn's end: who did not ask in it wants nothing any more, or may not send for reasons of its own.
    ///
    /// - Returns: whether somebody who was barred may go now.
    mutating func lapse() -> Bool {
        remove { !$0.isWanted }
        for index in claims.indices { claims[index].isWanted = false }
        let mayGo = hasBarred && hasEnded
        (hasBarred, hasEnded) = (hasBarred && !mayGo, false)
        return mayGo
    }
}
