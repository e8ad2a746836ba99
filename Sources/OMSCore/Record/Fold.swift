/// What is known of an order as its record alone tells it: docs/AUDIT.md, "Folding the record". The one fold: `omsd verify` compares it with the tables, the
/// simulator's journal with what the engine says, and whoever follows a journal by its record has the orders from here.
package struct FoldedOrder: Sendable {
    /// In the order of `Order.known`.
    package private(set) var values: [FieldValue]
    /// Oldest first.
    package private(set) var predictedIDs: [VenueOrderID] = []
    package private(set) var problems: [String] = []

    /// As born.
    ///
    /// - Parameters:
    ///   - price: what was asked.
    ///   - quantity: what was asked.
    package init(price: FieldValue, quantity: FieldValue) {
        values = Self.newborn
        values[Self.price] = price
        values[Self.quantity] = quantity
    }

    package init(_ order: Order) {
        self.init(
            price: order.terms.price.map { .decimal($0) } ?? .none, quantity: order.terms.quantity.map { .decimal($0) } ?? .none)
    }

    package subscript(name: String) -> FieldValue { Self.places[name].map { values[$0] } ?? .none }

    package mutating func apply(_ line: OrderLine) {
        // Fills, breaks and notes name no state: they change nothing here.
        guard let to = line.to else { return }
        let before = values[Self.state].text
        if line.from != before { problems.append("event \(line.seq) comes from \(line.from ?? "nothing"), the order was \(before ?? "nothing")") }
        let (was, becomes) = (before.flatMap { OrderState(rawValue: $0) }, OrderState(rawValue: to))
        values[Self.state] = .text(to)
        values[Self.evidence] = line.evidence.map { .text($0) } ?? .none
        values[Self.request] = line.request.map { .number($0) } ?? .none
        if line.kind == EventKind.submitted.rawValue {
            values[Self.attempts] = .number(1)
            values[Self.submittedAt] = .number(line.at)
        }
        if line.kind == EventKind.acknowledged.rawValue, was?.isLive != true { values[Self.acknowledgedAt] = .number(line.at) }
        if becomes?.isTerminal != true {
            values[Self.closedAt] = .none
        } else if was?.isTerminal != true {
            values[Self.closedAt] = .number(line.at)
        }
        for (name, value) in line.changes {
            switch name {
            case "order_evidence": values[Self.evidence] = value
            case "order_request": values[Self.request] = value
            case "predicted_id": if case .text(let id) = value { predictedIDs.append(VenueOrderID(id)) }
            // Of these three the line speaks by itself.
            case "state", "evidence", "request_id": continue
            // Others are what only people read.
            default: if let place = Self.places[name] { values[place] = value }
            }
        }
    }

    private static let places = Dictionary(uniqueKeysWithValues: Order.known.enumerated().map { ($1.name, $0) })
    private static let state = place("state")
    private static let evidence = place("evidence")
    private static let price = place("price")
    private static let quantity = place("quantity")
    private static let request = place("request_id")
    private static let attempts = place("attempts")
    private static let submittedAt = place("submitted_at")
    private static let acknowledgedAt = place("acknowledged_at")
    private static let closedAt = place("closed_at")

    private static func place(_ name: String) -> Int {
        guard let place = places[name] else { preconditionFailure("nothing known of an order is called \(name)") }
        return place
    }

    private static let newborn: [FieldValue] = Order.known.map { field in
        switch field.name {
        case "state": .text(OrderState.intended.rawValue)
        case "evidence": .text(Evidence.local.rawValue)
        case "filled_quantity": .decimal(.zero)
        case "attempts": .number(0)
        default: .none
        }
    }
}
