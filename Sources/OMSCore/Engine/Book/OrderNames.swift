/// Orders in memory of all accounts, by the ids that we gave them: none is used twice. Part of every ``Book``, which alone writes it.
final class OrderNames {
    private var orders: [ClientOrderID: LiveOrder] = [:]

    subscript(id: ClientOrderID) -> LiveOrder? { orders[id] }

    func take(_ live: LiveOrder) { orders[live.order.clientOrderID] = live }
    func forget(_ id: ClientOrderID) { orders[id] = nil }
}
