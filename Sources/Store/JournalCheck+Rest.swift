import OMSCore
import Wire

/// What came to rest must be at rest, and what disagreed must be on record.
extension JournalCheck {
    /// Who was told that an intent is settled was told that nothing of it can still leave, and that the fate of all of it is known.
    mutating func settledIntents() throws(JournalError) {
        let orders = try connection.prepare(
            """
            SELECT i.intent_id, o.client_order_id, o.state FROM orders o JOIN intents i ON i.intent_key = o.intent_key
            WHERE o.closed_at IS NULL AND (o.state = 'intended' OR o.state = 'submitted' OR o.state = 'in_doubt') AND i.settled_at IS NOT NULL
            """)
        while try orders.step() {
            let (intent, order, state): (IntentID, ClientOrderID, String) = (try orders.next(), try orders.next(), try orders.next())
            report.add("intent \(intent) is settled, but its order \(order) is \(state)")
        }
        // One that was asked for later (a cancel of what rests) does not open it again.
        let commands = try connection.prepare(
            """
            SELECT i.intent_id, c.command_id, c.state FROM commands c JOIN intents i ON i.intent_key = c.intent_key
            WHERE c.closed_at IS NULL AND i.settled_at IS NOT NULL AND c.requested_at <= i.settled_at
                AND EXISTS (SELECT 1 FROM events e WHERE e.seq > c.command_id AND e.kind = 'intent_settled'
                    AND json_extract(e.detail, '$.intent_key') = i.intent_key)
            """)
        while try commands.step() {
            let (intent, command, state): (IntentID, CommandID, String) = (try commands.next(), try commands.next(), try commands.next())
            report.add("intent \(intent) is settled, but its command \(command) is \(state)")
        }
    }

    mutating func breaks() throws(JournalError) {
        let unknown = try connection.prepare(
            """
            SELECT b.break_id FROM breaks b LEFT JOIN events e ON e.seq = b.break_id
            WHERE e.seq IS NULL OR json_extract(e.detail, '$.break_id') IS NOT b.break_id
            """)
        while try unknown.step() {
            let id: Int64 = try unknown.next()
            // Lines of an order are where the order is.
            if try connection.archive(of: id) == nil { report.add("break \(id): when it was found is not in the record") }
        }
        let lines = try connection.prepare(
            """
            SELECT b.break_id, b.kind, b.detail, b.venue_order_id, e.detail FROM breaks b JOIN events e ON e.seq = b.break_id ORDER BY b.break_id
            """)
        while try lines.step() {
            let (id, kind, text): (Int64, String, String) = (try lines.next(), try lines.next(), try lines.next())
            let venueID: String? = try lines.next()
            guard let told = detail(try lines.next(), of: id) else { continue }
            if told["break"]?.string != kind || told["text"]?.string != text || told["venue_order_id"]?.string != venueID {
                report.add("break \(id): it is not what line \(id) says was found")
            }
        }
        let half = try connection.prepare(
            "SELECT break_id FROM breaks WHERE (acknowledged_at IS NULL) <> (acknowledged_by IS NULL) OR (acknowledged_at IS NULL) <> (reason IS NULL)"
        )
        while try half.step() { report.add("break \(try half.next(Int64.self)): acknowledged without a time, a name or a reason") }
    }

    // MARK: Numbers

    /// The last number of the record that can be one: what lies beyond is told, and not gone through.
    mutating func lastNumber() throws(JournalError) -> Int64 {
        for (table, column) in [("orders", "order_key"), ("events", "seq")] {
            let beyond = try connection.prepare("SELECT \(column) FROM \(table) WHERE \(column) > \(Int64.farthest) OR \(column) < 1 LIMIT 10")
            while try beyond.step() { report.add("number \(beyond.integer(0)) of \(table) is none that an omsd counts to") }
        }
        let most = Int64.farthest
        return try connection.integer(
            """
            SELECT max(coalesce((SELECT max(order_key) FROM orders WHERE order_key <= \(most)), 0),
                coalesce((SELECT max(seq) FROM events WHERE seq <= \(most)), 0))
            """) ?? 0
    }

    /// The first number in use from there on; nil: none.
    func nextNumber(from number: Int64) throws(JournalError) -> Int64? {
        let order = try connection.integer("SELECT min(order_key) FROM orders WHERE order_key >= \(number)")
        let event = try connection.integer("SELECT min(seq) FROM events WHERE seq >= \(number)")
        let archived =
            try connection.archive(of: number) != nil
            ? number : try connection.integer("SELECT min(first_seq) FROM archived WHERE first_seq >= \(number)")
        return [order, event, archived].compactMap { $0 }.min()
    }
}
