/// How a venue's ids look: a prefix number plus the running number, as decimal digits.
package struct OrderNumbering: Sendable {
    package let orderBase: Int64
    package let tradeBase: Int64
    /// The defaults make 19-digit ids, as snowflakes are.
    package init(orderBase: Int64 = 1_370_000_000_000_000_000, tradeBase: Int64 = 1_470_000_000_000_000_000) {
        (self.orderBase, self.tradeBase) = (orderBase, tradeBase)
    }
    package func orderID(_ sequence: Int) -> String { String(orderBase + Int64(sequence)) }
    /// The running number of an order's id; of what is no id of ours the nearest that there may be.
    package func sequence(ofOrder id: String) -> Int { Int64(id).map { Int($0 - min($0, orderBase)) } ?? .max }
    package func tradeID(_ sequence: Int) -> String { String(tradeBase + Int64(sequence)) }
}
