import Containers

/// One account's orders whose executions are to be listed, and how far each listing is. Part of ``LookUps``.
///
/// An owner: its state is written here alone.
final class FillLists {
    private struct List {
        var tries = 0
        var isAsked = false
        /// What the listing under way has shown so far.
        var shown: [TradeID: Decimal] = [:]
    }
    private var lists: [OrderKey: List] = [:]
    /// Those whose turn has come.
    private var due = Deque<OrderKey>()

    func isWanted(_ order: OrderKey) -> Bool { !lists.isEmpty && lists[order] != nil }

    /// Wants an order's executions listed; tries from before count no more.
    func want(_ order: OrderKey) {
        guard lists[order] == nil else {
            lists[order]?.tries = 0
            return
        }
        lists[order] = List()
        due.append(order)
    }

    /// As above, and its turn comes later (``wantAgain(_:)``).
    func wantLater(_ order: OrderKey) { if lists[order] == nil { lists[order] = List() } }

    /// Wanted, and not asked for yet.
    func isIdle(_ order: OrderKey) -> Bool { lists[order]?.isAsked == false }

    /// The pause behind a try that came to nothing is over.
    func wantAgain(_ order: OrderKey) { if lists[order]?.isAsked == false { due.append(order) } }

    /// Whose turn it is; it stays the next until it is asked for.
    func next() -> OrderKey? {
        while let order = due.first {
            if lists[order]?.isAsked == false { return order }
            _ = due.popFirst()
        }
        return nil
    }

    /// The next one is asked for.
    func asked(_ order: OrderKey) {
        _ = due.popFirst()
        lists[order]?.isAsked = true
    }

    /// A page of them came. Pages may name an execution twice; it happened once.
    ///
    /// - Returns: how much all pages so far show executed.
    func listed(_ fills: [Fill], of order: OrderKey, isFirst: Bool) -> Decimal {
        if isFirst { lists[order]?.shown = [:] }
        for fill in fills { lists[order]?.shown[fill.tradeID] = fill.quantity }
        return lists[order]?.shown.values.reduce(Decimal.zero) { $0.adding($1) ?? $0 } ?? .zero
    }

    /// Not all could be listed.
    ///
    /// - Returns: how often by now; nil: they are wanted no more.
    func missed(_ order: OrderKey) -> Int? {
        lists[order]?.isAsked = false
        lists[order]?.tries += 1
        return lists[order]?.tries
    }

    /// All are listed, or the venue is left alone.
    func end(_ order: OrderKey) { if !lists.isEmpty { lists[order] = nil } }
}
