import ControlAPI
import OMSCore
import Wire

/// What is told of one intent: its row, how its orders stand, and what its commands were refused for.
extension SQLiteJournalReader {
    func intent(_ id: IntentID, timedOut: Bool?, _ visible: Set<AccountID>?) throws(JournalError) -> [UInt8]? {
        var conditions = Conditions(visible)
        conditions.equal("intent_id", id.text)
        let rows = try connection.prepare("SELECT * FROM v_intents" + conditions.sql)
        try conditions.bind(to: rows)
        guard try rows.step() else { return nil }
        let json = RowJSON(rows)
        var writer = JSONWriter(reserving: 1_024)
        writer.beginObject()
        json.writeMembers(rows, to: &writer)
        writer.key("counts")
        writer.beginObject()
        let key = json.integer("intent_key", in: rows) ?? 0
        var counts: [String: Int64] = [:]
        try eachOrder(of: key) { counts[$0.state, default: 0] += 1 }
        for (state, count) in counts.sorted(by: { $0.key < $1.key }) { writer.member(state, count) }
        writer.endObject()
        try refusals(of: key, to: &writer)
        if let timedOut { writer.member("timed_out", timedOut) }
        writer.endObject()
        return writer.bytes
    }

    /// Orders of an intent, wherever they are; here those that are here first.
    private func eachOrder(of intent: Int64, _ body: (OrderOfIntent) -> Void) throws(JournalError) {
        try ordersHere(of: intent).forEach(body)
        for (archive, reader) in try files({ ($0.head?.last ?? 0) > intent }) {
            let orders = try inArchive(beside: connection) { () throws(JournalError) in try reader.ordersHere(of: intent) }
            for order in orders where try isAtHome(order.key, in: archive) { body(order) }
        }
    }

    private typealias OrderOfIntent = (key: Int64, id: ClientOrderID, state: String)

    private func ordersHere(of intent: Int64) throws(JournalError) -> [OrderOfIntent] {
        let rows = try connection.prepare("SELECT order_key, client_order_id, state FROM orders WHERE intent_key = ? ORDER BY order_key")
        try rows.bind(intent)
        var orders: [OrderOfIntent] = []
        while try rows.step() { orders.append((try rows.next(), try rows.next(), try rows.next())) }
        return orders
    }

    /// Why commands of an intent were refused: by the venue where they were sent, by the daemon where they were not. Those asked most often first.
    private func refusals(of intent: Int64, to writer: inout JSONWriter) throws(JournalError) {
        var counts: [RefusalWords: (count: Int64, first: Int64)] = [:]
        func add(_ refused: [(command: Int64, words: RefusalWords)]) {
            for (command, words) in refused {
                let known = counts[words]
                counts[words] = ((known?.count ?? 0) + 1, min(known?.first ?? command, command))
            }
        }
        add(try refusedHere(of: intent))
        for (archive, reader) in try files({ ($0.head?.last ?? 0) > 0 }) {
            var refused: [(command: Int64, words: RefusalWords)] = []
            let here = try inArchive(beside: connection) { () throws(JournalError) in try reader.refusedHere(of: intent) }
            for one in here where try isAtHome(one.command, in: archive) { refused.append(one) }
            add(refused)
        }
        let most = counts.sorted { ($1.value.count, $0.value.first) < ($0.value.count, $1.value.first) }.prefix(20)
        writer.key("refusals")
        most.map { words, counted in
            var refusal = IntentStanding.Refusal()
            (refusal.commands, refusal.code, refusal.text, refusal.isSent) = (counted.count, words.code, words.text, words.isSent)
            return refusal
        }.write(to: &writer)
    }

    private struct RefusalWords: Hashable {
        let code, text: String?
        let isSent: Bool
    }

    private func refusedHere(of intent: Int64) throws(JournalError) -> [(command: Int64, words: RefusalWords)] {
        let rows = try connection.prepare(
            "SELECT command_id, reject_code, reject_text, request_id IS NOT NULL FROM commands WHERE intent_key = ? AND state = 'refused'")
        try rows.bind(intent)
        var refused: [(command: Int64, words: RefusalWords)] = []
        while try rows.step() {
            let command: Int64 = try rows.next()
            refused.append((command, RefusalWords(code: try rows.next(), text: try rows.next(), isSent: try rows.next())))
        }
        return refused
    }

    func submission(_ id: IntentID, duplicate: Bool) throws(JournalError) -> [UInt8]? {
        let rows = try connection.prepare("SELECT intent_key, accepted_at, planned_requests FROM v_intents WHERE intent_id = ?")
        try rows.bind(id)
        guard try rows.step() else { return nil }
        let key: IntentKey = try rows.next()
        var result = IntentSubmit.Result()
        (result.intentID, result.isDuplicate) = (id.text, duplicate)
        (result.acceptedAt, result.plannedRequests) = (try rows.next(), try rows.next())
        var orders: [OrderOfIntent] = []
        try eachOrder(of: key.number) { orders.append($0) }
        result.orders = orders.sorted { $0.key < $1.key }.map { ShownOrderID($0.id.text) }
        return result.serialized(reserving: 4_096)
    }
}
