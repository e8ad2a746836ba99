import OMSCore
import Wire

/// Orders and executions against their record.
extension JournalCheck {
    /// Those born before the check began: a writer that goes on cannot keep it from ending.
    mutating func orders(progress: (String) -> Void) throws(JournalError) {
        let end = try connection.integer("SELECT max(order_key) FROM orders") ?? 0
        var after: Int64 = 0
        while after < end, let last = try orders(after: after, upTo: end) {
            after = last
            progress("orders up to \(last)")
        }
    }

    /// One chunk of orders with all that is recorded of them, in one snapshot. The last key, or nil at the end.
    private mutating func orders(after: Int64, upTo end: Int64) throws(JournalError) -> Int64? {
        try connection.execute("BEGIN")
        defer { connection.endSnapshot() }
        let rows = try connection.prepare(
            """
            SELECT o.order_key, o.client_order_id, o.asked_price, o.asked_quantity, u.order_key, i.complete, o.tag IS i.tag, s.symbol,
                \(Order.known.map(OrderColumns.known).joined(separator: ", "))
            FROM orders o LEFT JOIN used_ids u ON u.client_order_id = o.client_order_id LEFT JOIN intents i ON i.intent_key = o.intent_key
                LEFT JOIN symbols s ON s.account_key = o.account_key AND s.symbol = o.symbol
            WHERE o.order_key > ? AND o.order_key <= ? ORDER BY o.order_key LIMIT \(Self.chunk)
            """)
        try rows.bind(after, end)
        let lines = try connection.prepare(
            """
            SELECT e.seq, e.at, e.kind, e.from_state, e.to_state, e.evidence, e.request_id, e.detail,
                e.kind = 'submitted' AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.request_id = e.request_id)
            FROM events e WHERE e.order_key = ? AND e.command_id IS NULL ORDER BY e.seq
            """)
        let fills = try connection.prepare("SELECT trade_id, seq, quantity, price, fee, fee_asset, at FROM fills WHERE order_key = ?")
        let predicted = try connection.prepare("SELECT venue_order_id, attempt FROM predicted_ids WHERE order_key = ? ORDER BY attempt")
        var last: Int64?
        while try rows.step() {
            let key: Int64 = try rows.next()
            last = key
            report.orders += 1
            let name = "order \(try rows.next(ClientOrderID.self)), number \(key)"
            var folded = FoldedOrder(price: Self.value(try rows.next()), quantity: Self.value(try rows.next()))
            if try rows.next(Int64?.self) != key { report.add("\(name): its id does not stand among the used ones") }
            if try rows.next(Int64?.self) == nil { report.add("\(name): its intent has no row") }
            if try !rows.next() { report.add("\(name): its tag is not its intent's") }
            if try rows.next(String?.self) == nil { report.add("\(name): its symbol does not stand among the used ones") }
            var trades: [String: Execution] = [:]
            var lastLine = key
            try lines.bind(key)
            while try lines.step() {
                var line = OrderLine(
                    seq: try lines.next(), at: try lines.next(), kind: try lines.next(), from: try lines.next(), to: try lines.next(),
                    evidence: try lines.next(), request: try lines.next(), changes: [])
                lastLine = line.seq
                let detail = detail(try lines.next(), of: line.seq)
                if try lines.next() { report.add("\(name): event \(line.seq) submits it in a request that has no row") }
                // One that is told twice is booked by the first.
                if let detail, let trade = detail["trade_id"]?.string, trades[trade] == nil { trades[trade] = Execution(seq: line.seq, detail) }
                line.changes = (detail?.object ?? []).map { ($0.key, Self.value($0.value.text)) }
                folded.apply(line)
            }
            lines.reset()
            try fills.bind(key)
            while try fills.step() {
                let (trade, row) = (try fills.next(String.self), try Execution(fills))
                guard let told = trades.removeValue(forKey: trade) else {
                    report.add("\(name): fill \(trade) is not in the record; its number is \(row.seq)")
                    continue
                }
                for difference in told.differences(to: row) { report.add("\(name): fill \(trade): \(difference)") }
            }
            fills.reset()
            for (trade, told) in trades { report.add("\(name): fill \(trade) is in the record, line \(told.seq), and not in its table") }
            for problem in folded.problems { report.add("\(name): \(problem)") }
            var stored: [String: String] = [:]
            for (index, field) in Order.known.enumerated() {
                let (text, told) = (try rows.next(String?.self), folded.values[index].text)
                stored[field.name] = text
                if text != told {
                    report.add("\(name): \(field.name) is \(text ?? "NULL"), the record says \(told ?? "NULL") up to its last line, \(lastLine)")
                }
            }
            var ids: [VenueOrderID] = []
            try predicted.bind(key)
            var areInOrder = true
            while try predicted.step() {
                let id: VenueOrderID = try predicted.next()
                if try predicted.next() != Int64(ids.count) { areInOrder = false }
                ids.append(id)
            }
            predicted.reset()
            if !areInOrder || ids != folded.predictedIDs { report.add("\(name): the ids it may have at its venue are not those of the record") }
            contradictions(in: stored, name)
        }
        return last
    }

    /// As a column or a detail holds it.
    static func value(_ text: String?) -> FieldValue { text.map { .text($0) } ?? .none }

    mutating func detail(_ text: String?, of event: Int64) -> JSON? {
        guard let text else { return nil }
        do throws(JSONError) { return try JSONParser.parse(text) } catch {
            report.add("event \(event): its detail is no JSON: \(error.problem)")
            return nil
        }
    }

    /// - Parameter stored: by column; what is NULL is missing.
    private mutating func contradictions(in stored: [String: String], _ name: String) {
        let word = stored["state"] ?? ""
        let state = OrderState(rawValue: word)
        if state == nil { report.add("\(name): no state is called \(word)") }
        let closedAt = stored["closed_at"]
        if let state, state.isTerminal != (closedAt != nil) { report.add("\(name): \(word) does not go with closed_at \(closedAt ?? "0")") }
        guard let filled = Decimal(stored["filled_quantity"] ?? "") else {
            report.add("\(name): its filled quantity is no decimal")
            return
        }
        if let quantity = stored["quantity"].flatMap({ Decimal($0) }), filled > quantity { report.add("\(name): \(filled) is filled of \(quantity)") }
    }
}

/// An execution, as its row has it or the line of the record that booked it.
private struct Execution {
    let seq: Int64
    /// By the columns' names, as text. Of a line, what it says.
    private let values: [String: String]

    init(_ row: borrowing Statement) throws(JournalError) {
        seq = try row.next()
        var values: [String: String] = [:]
        for name in Self.columns { values[name] = try row.next(String?.self) }
        self.values = values
    }

    init(seq: Int64, _ detail: JSON) {
        self.seq = seq
        var values: [String: String] = [:]
        for name in Self.columns { values[name] = detail[name == "at" ? "filled_at" : name]?.text }
        self.values = values
    }

    /// Of the line to the row.
    func differences(to row: Execution) -> [String] {
        var found = seq == row.seq ? [] : ["its number is \(row.seq), it is booked by line \(seq)"]
        for name in Self.columns where values[name] != row.values[name] {
            found.append("\(name) is \(row.values[name] ?? "NULL"), line \(seq) says \(values[name] ?? "NULL")")
        }
        return found
    }

    private static let columns = ["quantity", "price", "fee", "fee_asset", "at"]
}
