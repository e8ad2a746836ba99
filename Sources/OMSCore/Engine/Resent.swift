/// One account's orders that were sent again, while that request may still be taken.
///
/// Absence was proven, and the venue may have shown too little for that. Then the resend is barred by nothing but the order itself: venues keep an id from being
/// used twice as long as an order stands under it, and let the resend in once that order is cancelled. An owner: its state is written here alone.
struct Resent {
    private var orders: Set<OrderKey> = []

    var all: Set<OrderKey> { orders }

    func contains(_ order: OrderKey) -> Bool { !orders.isEmpty && orders.contains(order) }

    /// A request with the order left. Behind one that surely was not executed it is no resend: it was proven absent, or it was not.
    mutating func left(_ order: Order) {
        if order.absences > 0 { orders.insert(order.key) }
    }

    /// What may have left with it is not on record: the journal went back in time.
    mutating func mayHaveLeft(_ order: OrderKey) { orders.insert(order) }

    /// It was answered, did not leave, is too old to be taken, or the order is no more in memory.
    ///
    /// - Returns: whether something may have waited for that.
    @discardableResult mutating func ended(_ order: OrderKey) -> Bool { !orders.isEmpty && orders.remove(order) != nil }
}
