/// What is known of an account and its limits, for whoever watches: read once a second, so nothing here looks through orders.
package struct AccountFigures: Sendable {
    package let account: AccountID
    /// Breaks that nobody took note of.
    package let openBreaks: [BreakKind: Int]
    /// How far the venue's clock is ahead of ours, in microseconds; nil: not measured.
    package let clockOffsetUs: Int64?
}

extension Engine {
    package func figures() -> [AccountFigures] {
        desks.map { AccountFigures(account: $0.id, openBreaks: $0.breaks.unacknowledged, clockOffsetUs: clockOffsetUs(of: $0.id)) }
    }

    /// See ``AccountFigures/clockOffsetUs``.
    package func clockOffsetUs(of account: AccountID) -> Int64? {
        desk(account).flatMap { desk in desk.access.clock.map { $0.middle(at: now.monotonic) - now.wall } }
    }

    /// Which of these budgets a refusal for the rate concerns, as far as the venue lets it be known: the one with the shortest window.
    package func narrowestBudget(of ids: [Int64]) -> BudgetRow? {
        limiter.budgets.lazy.map(\.row).filter { ids.contains($0.id) }.min { $0.windowMs < $1.windowMs }
    }
}
