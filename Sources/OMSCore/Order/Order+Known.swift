/// The one table of what is known of an order.
extension Order {
    /// What is known of an order, each of it once: columns, details, the fold and coded records are made from this table. The order is that of an event's detail.
    /// A further one goes behind `absences`. (`predictedIDs` have a table of their own.)
    package static let known: [RecordField<Order>] = [
        RecordField(1, "state", .text, { .init($0.state) }, { $1.put(into: &$0.state) }),
        RecordField(2, "evidence", .text, { .init($0.evidence) }, { $1.put(into: &$0.evidence) }),
        RecordField(3, "venue_state", .text, changes: .venueState, { .init($0.venueState) }, { $1.put(into: &$0.venueState) }),
        RecordField(4, "venue_order_id", .text, changes: .venueOrderID, { .init($0.venueOrderID) }, { $1.put(into: &$0.venueOrderID) }),
        RecordField(5, "price", .decimal, changes: .price, { .init($0.price) }, { $1.put(into: &$0.price) }),
        RecordField(6, "quantity", .decimal, changes: .quantity, { .init($0.quantity) }, { $1.put(into: &$0.quantity) }),
        RecordField(7, "filled_quantity", .decimal, changes: .filledQuantity, { .init($0.filledQuantity) }, { $1.put(into: &$0.filledQuantity) }),
        RecordField(8, "average_price", .decimal, changes: .averagePrice, { .init($0.averagePrice) }, { $1.put(into: &$0.averagePrice) }),
        RecordField(9, "reject_code", .text, changes: .reject, { .init($0.rejectCode) }, { $1.put(into: &$0.rejectCode) }),
        RecordField(10, "reject_text", .text, changes: .reject, { .init($0.rejectText) }, { $1.put(into: &$0.rejectText) }),
        RecordField(11, "attempts", .number, changes: .attempts, { .number(Int64($0.attempts)) }, { $1.put(into: &$0.attempts) }),
        RecordField(12, "parked_at", .number, changes: .parkedAt, { .init($0.parkedAt) }, { $1.put(into: &$0.parkedAt) }),
        RecordField(
            13, "barred_by", .text, changes: .bars, { .init($0.bars.text) },
            { order, value in
                switch value {
                case .none: order.bars = []
                case .text(let text):
                    guard let bars = Bars(text: text) else { return false }
                    order.bars = bars
                case .decimal, .number, .flag: return false
                }
                return true
            }),
        // Never: nothing.
        RecordField(
            14, "absences", .number, changes: .absences, { $0.absences == 0 ? .none : .number(Int64($0.absences)) },
            { order, value in
                guard case .none = value else { return value.put(into: &order.absences) }
                order.absences = 0
                return true
            }),
        RecordField(15, "request_id", .number, { .init($0.request) }, { $1.put(into: &$0.request) }),
        RecordField(16, "submitted_at", .number, { .init($0.submittedAt) }, { $1.put(into: &$0.submittedAt) }),
        RecordField(17, "acknowledged_at", .number, { .init($0.acknowledgedAt) }, { $1.put(into: &$0.acknowledgedAt) }),
        RecordField(18, "closed_at", .number, { .init($0.closedAt) }, { $1.put(into: &$0.closedAt) }),
    ]
}
