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

    /// - Returns: what the order comes to now; nil: nothing.
    @discardableResult
    func weigh(_ live: LiveOrder) -> Weight? {
        guard isKept else { return nil }
        let weight = live.state.isTerminal ? nil : Self.weight(of: live, asked[live.key])
        let former = byOrder[live.key]
        guard weight != former else { return weight }
        if let former { exposure.take(former) }
        if let weight { exposure.add(weight) }
        byOrder[live.key] = weight
        return weight
    }

    func forget(_ key: OrderKey) {
        guard isKept else { return }
        asked[key] = nil
        if let former = byOrder.removeValue(forKey: key) { exposure.take(former) }
    }

    /// What an order comes to, and what it would come to with one more modify.
    func change(of live: LiveOrder, by more: Asked) -> (was: Weight, will: Weight) {
        (byOrder[live.key] ?? Self.weight(of: live), Self.weight(of: live, Self.most(asked[live.key], more)))
    }

    static func weight(of live: LiveOrder, _ asked: Asked? = nil) -> Weight {
        let order = live.order
        let price = order.price.map { max($0, asked?.price ?? $0) }
        let quantity = order.quantity.map { max($0, asked?.quantity ?? $0) }
        return Weight(order.terms, price: price, quantity: quantity, executed: live.executed)
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

    /// Nothing of what was asked for of an order is open any more: what stands counts.
    func answered(_ live: LiveOrder) {
        guard isKept, asked.removeValue(forKey: live.key) != nil else { return }
        weigh(live)
    }
}
