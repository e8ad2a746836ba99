/// What one sight of an execution is beside those on record.
enum Booking: Equatable {
    /// It goes on record.
    case new
    /// It is on record, as it was.
    case known
    /// Under its id another amount or price is on record: the first stands.
    case differs(Fill)
}

extension Fill {
    /// Whether both tell of the same execution, as far as each tells of it: what it cost and when it was may be told later, or not at all.
    func isSame(as other: Fill) -> Bool { tradeID == other.tradeID && quantity == other.quantity && price == other.price }
}
