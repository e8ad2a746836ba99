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

extension LiveOrder {
    /// How much its executions on record come to, as far as they are known here.
    var booked: Decimal { trades?.values.reduce(Decimal.zero) { $0.adding($1.quantity) ?? $0 } ?? .zero }
    /// How much of it traded, by its own figure or by its executions, of which either may be told first.
    var executed: Decimal { max(order.filledQuantity, booked) }
    /// Under which ids the venue may know it.
    var possibleIDs: [VenueOrderID] { unbornIDs.isEmpty ? order.predictedIDs : order.predictedIDs.filter { !unbornIDs.contains($0) } }
}
