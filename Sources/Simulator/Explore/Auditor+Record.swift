import OMSCore

/// What an order's record says, read by the auditor itself: on purpose neither by the fold nor by the table of fields that the journals share, so that a mistake
/// in those is seen by somebody who does not make it too.
struct RecordReading {
    private(set) var state: OrderState
    private(set) var evidence: Evidence
    private(set) var filled: Decimal
    private(set) var attempts: Int
    private(set) var venueOrderID: VenueOrderID?
    private(set) var price: Decimal?
    private(set) var quantity: Decimal?
    private(set) var parkedAt: Int64?
    private(set) var bars: Bars

    /// As born.
    init(_ order: Order) {
        (state, evidence, filled, attempts) = (.intended, .local, .zero, 0)
        (venueOrderID, price, quantity, parkedAt, bars) = (nil, order.terms.price, order.terms.quantity, nil, [])
    }

    /// Takes over what the event says that it changes, and no more.
    mutating func read(_ order: Order, _ fields: OrderFields, _ event: JournalEvent) {
        (state, evidence) = (order.state, order.evidence)
        if event.kind == .submitted { attempts += 1 }
        if fields.contains(.attempts) { attempts = order.attempts }
        if fields.contains(.filledQuantity) { filled = order.filledQuantity }
        if fields.contains(.venueOrderID) { venueOrderID = order.venueOrderID }
        if fields.contains(.price) { price = order.price }
        if fields.contains(.quantity) { quantity = order.quantity }
        if fields.contains(.parkedAt) { parkedAt = order.parkedAt }
        if fields.contains(.bars) { bars = order.bars }
    }
}

extension Auditor {
    /// The record alone tells the row: by the fold of the journals, and by the reading above.
    func replay(_ key: OrderKey) {
        guard let row = journal.orders[key], let told = journal.folded[key], let read = readings[key] else {
            return broken("order \(key) has no record")
        }
        for (index, field) in Order.known.enumerated() {
            let (left, right) = (field.get(row).text, told.values[index].text)
            expect(left == right, "\(row.clientOrderID): its row says \(field.name) \(left ?? "none"), its events \(right ?? "none")")
        }
        expect(row.predictedIDs == told.predictedIDs, "\(row.clientOrderID): its row says \(row.predictedIDs), its events \(told.predictedIDs)")
        for problem in told.problems { broken("\(row.clientOrderID): \(problem)") }
        func same(_ name: String, _ left: some Equatable & Sendable, _ right: some Equatable & Sendable) {
            let (left, right) = ("\(left)", "\(right)")
            expect(left == right, "\(row.clientOrderID): its row says \(name) \(left), its record reads \(right)")
        }
        same("state", row.state, read.state)
        same("evidence", row.evidence, read.evidence)
        same("venue_order_id", row.venueOrderID, read.venueOrderID)
        same("price", row.price, read.price)
        same("quantity", row.quantity, read.quantity)
        same("filled_quantity", row.filledQuantity, read.filled)
        same("attempts", row.attempts, read.attempts)
        same("parked_at", row.parkedAt, read.parkedAt)
        same("barred_by", row.bars, read.bars)
    }
}
