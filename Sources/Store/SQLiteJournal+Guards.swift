import OMSCore
import Wire

/// Guards as rows, and back.
extension SQLiteJournal {
    func write(_ row: GuardRow, _ event: JournalEvent) throws(JournalError) {
        try statements.setGuard.bind(row.id, Int64(row.user))
        if row.accounts.isEmpty {
            try statements.setGuard.bindNull()
        } else {
            var names = JSONWriter(reserving: 32)
            names.beginArray()
            for account in row.accounts { names.string(account.text) }
            names.endArray()
            try statements.setGuard.bind(utf8: names.bytes)
        }
        try statements.setGuard.bind(row.onLost, row.heartbeatMs, row.graceMs, row.openedAt, row.token, row.state, row.since, row.reason)
        try statements.setGuard.run()
        var detail = EventDetail()
        detail.addFacts(of: event)
        if row.state == .held, event.seq == row.id.number {
            if !row.accounts.isEmpty { detail.add("accounts", row.accounts.map(\.text).joined(separator: " ")) }
            detail.add("on_lost", row.onLost.rawValue)
            if let heartbeatMs = row.heartbeatMs { detail.add("heartbeat_ms", heartbeatMs) }
            detail.add("grace_ms", row.graceMs)
        }
        // Who begins one, or takes it over, is told a token: its hash says from when on which one counts.
        if row.state == .held { detail.add("token_sha256", hex(row.token.bytes)) }
        detail.addNote(of: event)
        try write(event, account: row.accounts.count == 1 ? accountKeys[row.accounts[0]] : nil, to: event.state, detail: detail)
    }
}

extension JournalLoader {
    /// Those that are not over, and what lives of what was submitted under them.
    func loadGuards(into state: inout JournalState) throws(JournalError) {
        let rows = try connection.prepare(
            """
            SELECT guard_id, user, accounts, on_lost, heartbeat_ms, grace_ms, opened_at, token, reason, state, since FROM guards
            WHERE state IN ('held', 'lost', 'tripping') ORDER BY guard_id
            """)
        while try rows.step() {
            let (id, number): (GuardID, Int64) = (try rows.next(), try rows.next())
            guard let user = UInt32(exactly: number) else { throw JournalError(.damaged, "guard \(id) is of user \(number), whom there cannot be") }
            let names: String? = try rows.next()
            guard let accounts = names.map(Self.accounts) ?? [] else {
                throw JournalError(.damaged, "guard \(id) names accounts that cannot be read")
            }
            var row = GuardRow(
                id: id, user: user, accounts: accounts, onLost: try rows.next(), heartbeatMs: try rows.next(), graceMs: try rows.next(),
                openedAt: try rows.next(), token: try rows.next(), reason: try rows.next())
            row.state = try rows.next()
            row.since = try rows.next()
            state.guards.append(row)
        }
        guard !state.guards.isEmpty else { return }
        let bound = try connection.prepare(
            """
            SELECT DISTINCT o.intent_key, b.guard_id FROM orders o CROSS JOIN guarded_intents b ON b.intent_key = o.intent_key
                JOIN guards g ON g.guard_id = b.guard_id
            WHERE o.closed_at IS NULL AND g.state IN ('held', 'lost', 'tripping')
            """)
        while try bound.step() {
            let intent: IntentKey = try bound.next()
            state.guarded[intent] = try bound.next(GuardID.self)
        }
    }

    private static func accounts(_ text: String) -> [AccountID]? {
        guard let names = (try? JSONParser.parse(text))?.array else { return nil }
        let accounts = names.compactMap { $0.string.map { AccountID($0) } }
        return accounts.count == names.count && !accounts.isEmpty ? accounts : nil
    }
}
