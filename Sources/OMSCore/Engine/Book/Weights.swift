/// What an account's orders may still come to at worst, added up: open ones, those in doubt, and those of accepted intents that are not written down yet.
/// Part of ``Book``, which has an order weighed anew whenever it changes.
///
/// Kept only where a rule asks for it: until ``begin()`` nothing is counted, and nothing costs anything.
final class Weights {
    private(set) var isKept = false
    private(set) var exposure = Exposure()
    private var byOrder: [OrderKey: Weight] = [:]
    /// The most that modifies ask for of an order, as long as any of them is open.
    private var asked: [OrderKey: Asked] = [:]

    /// Price and quantity that modifies ask for; nil: what stands.
    typealias Asked = (price: Decimal?, quantity: Decimal?)

    /// From here on orders are weighed; whoever calls has each that is there weighed once.
    func begin() { isKept = true }

    func end() { (isKept, exposure, byOrder, asked) = (false, Exposure(), [:], [:]) }

    // MARK: Orders

    func weigh(_ live: LiveOrder) {
        guard isKept else { return }
        let weight = live.state.isTerminal ? nil : Self.weight(of: live.order, executed: live.executed, asked[live.key])
        let former = byOrder[live.key]
        guard weight != former else { return }
        if let former { exposure.take(former) }
        if let weight { exposure.add(weight) }
        byOrder[live.key] = weight
    }

    func forget(_ key: OrderKey) {
        guard isKept else { return }
        asked[key] = nil
        if let former = byOrder.removeValue(forKey: key) { exposure.take(former) }
    }

    /// What an order comes to, and what it would come to with one more modify.
    func change(of live: LiveOrder, by more: Asked) -> (was: Weight, will: Weight) {
        let (order, executed) = (live.order, live.executed)
        let was = byOrder[live.key] ?? Self.weight(of: order, executed: executed, asked[live.key])
        return (was, Self.weight(of: order, executed: executed, Self.most(asked[live.key], more)))
    }

    static func weight(of order: Order, executed: Decimal, _ asked: Asked?) -> Weight {
        let price = order.price.map { max($0, asked?.price ?? $0) }
        let quantity = order.quantity.map { max($0, asked?.quantity ?? $0) }
        return Weight(order.terms, price: price, quantity: quantity, executed: executed)
    }

    static func most(_ one: Asked?, _ other: Asked) -> Asked {
        ([one?.price, other.price].compactMap { $0 }.max(), [one?.quantity, other.quantity].compactMap { $0 }.max())
    }

    // MARK: What is under way

    /// An accepted order that is not written down yet counts as if it stood.
    func expect(_ terms: OrderTerms) { if isKept { exposure.add(Weight(terms)) } }

    /// It is written down, and weighed by itself from here on.
    func arrived(_ terms: OrderTerms) { if isKept { exposure.take(Weight(terms)) } }

    /// A modify is wanted, whose answer nobody knows: the more of what stands and what is asked for counts.
    func ask(_ more: Asked, of live: LiveOrder) {
        guard isKept else { return }
        asked[live.key] = Self.most(asked[live.key], more)
        weigh(live)
    }

    /// A modify of an order is answered: what stands counts, and what those ask for that are still open.
    ///
    /// - Parameter open: the most of these; nil: there are none.
    func answered(_ live: LiveOrder, open: Asked?) {
        guard isKept else { return }
        asked[live.key] = open
        weigh(live)
    }
}
