import OMSCore

/// The record as a follower reads it: births and lines in one order.
extension SQLiteJournalReader {
    /// The changes behind `seq`, at most `limit`, up to the first number of an intent whose slices are still being written: what is in it may be taken back.
    package func changes(after seq: Int64, limit: Int) throws(JournalError) -> RecordedChanges {
        try connection.snapshot { () throws(JournalError) -> RecordedChanges in
            let end = try connection.completeEnd()
            let last = min(end, seq + Int64(min(max(limit, 1), 10_000)))
            guard seq < last else { return RecordedChanges(changes: [], completeTo: max(seq, end), isLast: true) }
            let changes = (try births(after: seq, to: last) + lines(after: seq, to: last)).sorted { $0.seq < $1.seq }
            return RecordedChanges(changes: changes, completeTo: last, isLast: last == end)
        }
    }

    private func births(after seq: Int64, to last: Int64) throws(JournalError) -> [RecordedChange] {
        let accounts = try JournalLoader(connection: connection).accounts()
        let predicted = try connection.prepare(OrderColumns.selectPredicted)
        let actors = try connection.prepare(
            "SELECT coalesce(o.actor, i.actor, 'daemon') FROM orders o JOIN intents i USING (intent_key) WHERE order_key = ?")
        let rows = try connection.prepare(OrderColumns.select + " WHERE o.order_key > ? AND o.order_key <= ? ORDER BY o.order_key")
        try rows.bind(seq, last)
        var births: [RecordedChange] = []
        while try rows.step() {
            let order = try OrderColumns.read(rows, accounts: accounts, predicted: predicted).asBorn
            defer { actors.reset() }
            try actors.bind(order.key)
            guard try actors.step() else { throw JournalError(.damaged, "order \(order.key) has no intent") }
            births.append(.born(order, actor: try actors.next()))
        }
        return births
    }

    private func lines(after seq: Int64, to last: Int64) throws(JournalError) -> [RecordedChange] {
        let rows = try connection.prepare(
            """
            SELECT e.seq, e.at, e.kind, a.account, e.order_key, e.command_id, e.from_state, e.to_state, e.evidence, e.request_id,
                coalesce(e.actor, 'daemon'), e.detail
            FROM events e LEFT JOIN accounts a USING (account_key) WHERE e.seq > ? AND e.seq <= ? ORDER BY e.seq
            """)
        try rows.bind(seq, last)
        var lines: [RecordedChange] = []
        while try rows.step() {
            lines.append(
                .line(
                    RecordedLine(
                        seq: try rows.next(), at: try rows.next(), kind: try rows.next(), account: try rows.next(), order: try rows.next(),
                        command: try rows.next(), from: try rows.next(), to: try rows.next(), evidence: try rows.next(), request: try rows.next(),
                        actor: try rows.next(), detail: try rows.next())))
        }
        return lines
    }
}
