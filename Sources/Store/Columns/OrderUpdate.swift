import OMSCore

/// One UPDATE of what is known of an order: its text and what is bound to it come from one list of columns.
///
/// SQLite maintains the indexes of the columns that a statement names, whether they change or not: hence several, of which one fits.
struct OrderUpdate: ~Copyable {
    private struct Column {
        let field: RecordField<Order>
        let source: Source
        /// Written where the mask has one of these bits, else left as it is; 0: always.
        let bits: Int
    }

    /// Where a column's value comes from.
    private enum Source {
        case field
        /// As last confirmed; NULL: as asked.
        case confirmedPrice, confirmedQuantity
        case submittedAt, acknowledgedAt, closedAt
    }

    /// Which columns one names beside state, evidence and request.
    struct Names: OptionSet {
        let rawValue: Int
        static let venueID = Names(rawValue: 1)
        static let closing = Names(rawValue: 2)
    }

    /// Bits of the mask beside those of `OrderFields`.
    static let writesSubmittedAt = 1 << 20
    static let writesAcknowledgedAt = 1 << 21

    private let columns: [Column]
    private let hasMask: Bool
    private let statement: Statement

    private init(_ columns: [Column], on connection: Connection, failure: inout JournalError?) {
        self.columns = columns
        let hasMask = columns.contains { $0.bits != 0 }
        self.hasMask = hasMask
        var number = hasMask ? 1 : 0
        func place() -> String {
            number += 1
            return "?\(number)"
        }
        let assignments = columns.map { column in
            let name = column.field.name
            // What was heard first is not forgotten where nothing is said.
            let value = column.source == .acknowledgedAt ? "coalesce(\(place()), \(name))" : place()
            return column.bits == 0 ? "\(name) = \(value)" : "\(name) = CASE WHEN ?1 & \(column.bits) THEN \(value) ELSE \(name) END"
        }
        let sql = "UPDATE orders SET \(assignments.joined(separator: ", ")) WHERE order_key = \(place())"
        statement = Statement(sql, on: connection.handle, failure: &failure)
    }

    /// It left in a request.
    static func submission(on connection: Connection, failure: inout JournalError?) -> OrderUpdate {
        OrderUpdate(chosen(["state", "evidence", "attempts", "request_id", "submitted_at"]), on: connection, failure: &failure)
    }

    /// The venue took it, and told its id and perhaps its word.
    static func acknowledgement(on connection: Connection, failure: inout JournalError?) -> OrderUpdate {
        var columns = chosen(["state", "evidence", "request_id", "venue_order_id", "acknowledged_at"])
        columns += masked(["venue_state"])
        return OrderUpdate(columns, on: connection, failure: &failure)
    }

    /// Anything else.
    static func change(_ names: Names, on connection: Connection, failure: inout JournalError?) -> OrderUpdate {
        var columns = chosen(["state", "evidence", "request_id"])
        // The index of venues' ids, and those of live orders, have statements of their own.
        columns += masked(Order.known.filter { !$0.changes.isEmpty && $0.changes != .venueOrderID }.map(\.name))
        columns += masked(["submitted_at", "acknowledged_at"])
        if names.contains(.closing) { columns += chosen(["closed_at"]) }
        if names.contains(.venueID) { columns += chosen(["venue_order_id"]) }
        return OrderUpdate(columns, on: connection, failure: &failure)
    }

    private static func chosen(_ names: [String]) -> [Column] {
        names.map { name in column(name, bits: 0) }
    }

    private static func masked(_ names: [String]) -> [Column] {
        names.map { name in
            switch name {
            case "submitted_at": column(name, bits: writesSubmittedAt)
            case "acknowledged_at": column(name, bits: writesAcknowledgedAt)
            default: column(name, bits: field(name).changes.rawValue)
            }
        }
    }

    private static func column(_ name: String, bits: Int) -> Column {
        let source: Source =
            switch name {
            case "price": .confirmedPrice
            case "quantity": .confirmedQuantity
            case "submitted_at": .submittedAt
            case "acknowledged_at": .acknowledgedAt
            case "closed_at": .closedAt
            default: .field
            }
        return Column(field: field(name), source: source, bits: bits)
    }

    private static func field(_ name: String) -> RecordField<Order> {
        guard let field = Order.known.first(where: { $0.name == name }) else { preconditionFailure("nothing known of an order is called \(name)") }
        return field
    }

    /// - Parameters:
    ///   - mask: bits of `OrderFields` and of the two above.
    ///   - event: what changed it: what it has no time of its own for happened then.
    func run(_ order: Order, mask: Int, _ event: JournalEvent) throws(JournalError) {
        if hasMask { try statement.bind(number: Int64(mask)) }
        for index in 0..<columns.count {
            switch columns[index].source {
            case .field: try columns[index].field.get(order).bind(to: statement)
            case .confirmedPrice: try FieldValue(order.price == order.terms.price ? nil : order.price).bind(to: statement)
            case .confirmedQuantity: try FieldValue(order.quantity == order.terms.quantity ? nil : order.quantity).bind(to: statement)
            case .submittedAt: try statement.bind(number: order.submittedAt ?? event.at)
            // An order first heard of as taken has the time of that event.
            case .acknowledgedAt: try statement.bind(number: order.acknowledgedAt ?? (event.kind == .acknowledged ? event.at : nil))
            case .closedAt: try statement.bind(number: order.state.isTerminal ? order.closedAt ?? event.at : nil)
            }
        }
        try statement.bind(number: order.key.number)
        try statement.run()
    }
}
