import OMSCore

/// The columns of `orders`: what is written, changed, read and checked is made from the core's tables of fields, `OrderTerms.fields` and `Order.known`.
///
/// Here stands only what SQL knows more of than they do: who an order is, and the columns that are not simply their field.
enum OrderColumns {
    /// Who it is and where it belongs; never changes.
    private static let identity = ["order_key", "client_order_id", "intent_key", "account_key", "tag", "item"]
    /// Of its terms, under another name: beside the confirmed ones of the same name.
    private static let asked = ["price": "asked_price", "quantity": "asked_quantity"]

    /// Of what is known, by its place: NULL until it is confirmed.
    private static let confirmed = Order.known.map { asked[$0.name] != nil }

    static func name(of field: RecordField<OrderTerms>) -> String { asked[field.name] ?? field.name }

    // MARK: Birth

    static let ofBirth =
        identity + OrderTerms.fields.map(name)
        + ["intended_at", "expires_at", "actor", "filled_quantity", "state", "evidence", "attempts", "request_id", "submitted_at"]

    /// An order's sending in the turn in which it was born: its row is written as it stands after it.
    struct Sending {
        let evidence: Evidence
        let attempts: Int
        let request: RequestID?
        let at: Int64
    }

    /// - Parameters:
    ///   - actor: nil: whoever asked for its intent.
    ///   - sending: nil: it waits.
    ///   - statement: of `ofBirth`.
    static func bind(
        _ order: Order, account: Int64, actor: Actor?, sending: Sending?, to statement: borrowing Statement
    ) throws(JournalError) {
        try statement.bind(number: order.key.number)
        try statement.bind(text: order.clientOrderID.text)
        try statement.bind(number: order.intent.number)
        try statement.bind(number: account)
        try statement.bind(text: order.tag?.text)
        try statement.bind(number: Int64(order.item))
        let (fields, terms) = (OrderTerms.fields, order.terms)
        for index in 0..<fields.count { try fields[index].get(terms).bind(to: statement) }
        try statement.bind(number: order.intendedAt)
        try statement.bind(number: order.expiresAt)
        try statement.bind(text: actor?.text)
        try statement.bind(text: "0")
        try statement.bind(text: (sending == nil ? OrderState.intended : .submitted).rawValue)
        try statement.bind(text: (sending?.evidence ?? .local).rawValue)
        try statement.bind(number: Int64(sending?.attempts ?? 0))
        try statement.bind(number: sending?.request?.number)
        try statement.bind(number: sending?.at)
    }

    // MARK: Reading

    /// The wire timestamp of the request that carried it last stands in that request's row.
    static let select: String = {
        let fields = OrderTerms.fields.map { "o." + name(of: $0) } + Order.known.map { "o." + $0.name }
        return """
            SELECT o.order_key, o.client_order_id, o.account_key, o.intent_key, i.intent_id, o.tag, o.item, o.intended_at, o.expires_at, i.sequence,
                \(fields.joined(separator: ", ")), r.venue_time_ms
            FROM orders o CROSS JOIN intents i ON i.intent_key = o.intent_key LEFT JOIN requests r ON r.request_id = o.request_id
            """
    }()

    /// What is known of it, from a row `o` of `orders`: what was last confirmed or, until then, what was asked.
    static func known(_ field: RecordField<Order>) -> String {
        asked[field.name].map { "coalesce(o.\(field.name), o.\($0))" } ?? "o." + field.name
    }

    /// - Parameters:
    ///   - row: of `select`.
    ///   - predicted: `selectPredicted`, prepared.
    static func read(
        _ row: borrowing Statement, accounts: [Int64: AccountID], predicted: borrowing Statement
    ) throws(JournalError) -> Order {
        let (key, id): (OrderKey, ClientOrderID) = (try row.next(), try row.next())
        guard let account = accounts[try row.next()] else { throw JournalError(.damaged, "an order of an account that has no row") }
        let (intent, intentID, tag): (IntentKey, IntentID, Tag?) = (try row.next(), try row.next(), try row.next())
        let item: Int = try row.next()
        let (intendedAt, expiresAt, sequence): (Int64, Int64?, IntentSequence) = (try row.next(), try row.next(), try row.next())
        var terms = OrderTerms(symbol: "", side: .buy, type: .limit)
        let fields = OrderTerms.fields
        for index in 0..<fields.count {
            let value = try FieldValue.read(fields[index].kind, from: row)
            guard fields[index].set(&terms, value) else { throw row.damage("a word that is no \(fields[index].name)") }
        }
        var order = Order(
            key: key, clientOrderID: id, account: account, intent: intent, intentID: intentID, tag: tag, item: item, terms: terms,
            intendedAt: intendedAt, expiresAt: expiresAt, sequence: sequence)
        let (known, confirmed) = (Order.known, confirmed)
        for index in 0..<known.count {
            let value = try FieldValue.read(known[index].kind, from: row)
            // Not confirmed otherwise: as asked.
            if case .none = value, confirmed[index] { continue }
            guard known[index].set(&order, value) else { throw row.damage("a word that is no \(known[index].name)") }
        }
        order.wireTime = try row.next()
        if order.attempts > 0 {
            defer { predicted.reset() }
            try predicted.bind(key)
            while try predicted.step() { order.predictedIDs.append(try predicted.next()) }
        }
        return order
    }

    static let selectPredicted = "SELECT venue_order_id FROM predicted_ids WHERE order_key = ? ORDER BY attempt"
}

extension FieldValue {
    /// To the statement's next parameter.
    func bind(to statement: borrowing Statement) throws(JournalError) {
        switch self {
        case .none: try statement.bindNull()
        case .text(let text): try statement.bind(text: text)
        case .decimal(let decimal): try statement.bind(text: decimal.description)
        case .number(let number): try statement.bind(number: number)
        case .flag(let flag): try statement.bind(number: flag ? 1 : 0)
        }
    }

    /// From the row's next column.
    static func read(_ kind: Kind, from row: borrowing Statement) throws(JournalError) -> FieldValue {
        let column = row.nextColumn()
        if row.isNull(column) { return .none }
        switch kind {
        case .text: return .text(row.text(column))
        case .decimal: return .decimal(try Decimal.read(from: row, at: column))
        case .number: return .number(row.integer(column))
        case .flag: return .flag(row.integer(column) != 0)
        }
    }
}
