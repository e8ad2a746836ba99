import OMSCore
import Wire

/// The last lines that tell how rows stand which change: of guards, breaks, accounts and what is remembered of them; and which intents settled.
///
/// Read in pieces, so that no snapshot keeps the WAL for long; in memory stays the last line of each subject, and the number of each settled intent. Whoever compares rows with it reads on first, within the snapshot that the rows are of:
/// they move while this goes on.
struct StandingLines {
    /// What a line tells of.
    enum Subject: Hashable {
        case sessionGuard(Int64)
        /// From when on its present token counts.
        case token(Int64)
        case rehearsal(Int64, account: Int64)
        case tradingState(Int64)
        case identity(Int64)
        /// A row of `meta`, by the member of the detail that says its value.
        case remembered(String, account: Int64)
        case breakResolved(Int64)
        case breakAcknowledged(Int64)
    }

    struct Line {
        let seq, at: Int64
        let state: String?
        let actor: String
        private(set) var detail: JSON?

        /// Of its detail only what rows are compared with: there is a line for every guard and break there ever was.
        func keeping(_ names: String...) -> Line {
            var line = self
            let members = names.compactMap { name in detail?[name].map { (key: name, value: $0) } }
            line.detail = members.isEmpty ? nil : .object(members)
            return line
        }
    }

    private(set) var lines: [Subject: Line] = [:]
    /// Intents that a line says are settled, eight bytes each: the first `sorted` of them in order.
    private var settled: [Int64] = []
    private var sorted = 0
    private(set) var problems: [String] = []
    private var after: Int64 = 0

    /// Members of details that say the value of a row of `meta`, and the beginning of its name.
    static let remembered = [
        ("kill_since", JournalLoader.killSince), ("cancel_all", JournalLoader.cancelAll), ("formula_broken", JournalLoader.formulaBroken),
        ("lookup_lag_us", JournalLoader.lookupLag),
    ]

    /// Up to the end of the record as it was when this began.
    mutating func read(from connection: Connection) throws(JournalError) {
        while let end = try connection.integer(
            "SELECT seq FROM events WHERE seq > \(after) ORDER BY seq LIMIT 1 OFFSET \(JournalCheck.chunk)")
        {
            try read(upTo: end, from: connection)
        }
    }

    /// What was written since. Within a snapshot.
    mutating func catchUp(on connection: Connection) throws(JournalError) { try read(upTo: .max, from: connection) }

    private mutating func read(upTo end: Int64, from connection: Connection) throws(JournalError) {
        let rows = try connection.prepare(
            """
            SELECT seq, at, kind, account_key, to_state, coalesce(actor, 'daemon'), detail FROM events WHERE seq > ? AND seq <= ?
                AND (kind = 'guard' OR kind = 'trading_state' OR kind = 'identity' OR kind = 'break_resolved' OR kind = 'break_acknowledged'
                    OR kind = 'intent_settled' OR kind = 'note' AND account_key IS NOT NULL) ORDER BY seq
            """)
        try rows.bind(after, end)
        while try rows.step() {
            let (seq, at, kind): (Int64, Int64, String) = (try rows.next(), try rows.next(), try rows.next())
            let account: Int64? = try rows.next()
            let (state, actor, text): (String?, String, String?) = (try rows.next(), try rows.next(), try rows.next())
            let detail = text.flatMap { try? JSONParser.parse($0) }
            if text != nil, detail == nil { problems.append("event \(seq): its detail is no JSON") }
            take(kind, account, Line(seq: seq, at: at, state: state, actor: actor, detail: detail))
            after = seq
        }
        if end != .max { after = max(after, end) }
    }

    private mutating func take(_ kind: String, _ account: Int64?, _ line: Line) {
        func number(_ name: String, _ what: String) -> Int64? {
            if let number = line.detail?[name]?.integer { return number }
            problems.append("event \(line.seq): it names no \(what)")
            return nil
        }
        switch EventKind(rawValue: kind) {
        case .sessionGuard:
            guard let id = number("guard_id", "guard") else { return }
            lines[.sessionGuard(id)] = line.keeping("note")
            if line.detail?["token_sha256"] != nil { lines[.token(id)] = line.keeping("token_sha256") }
        case .breakResolved: if let id = number("break_id", "break") { lines[.breakResolved(id)] = line.keeping("resolved_at") }
        case .breakAcknowledged:
            guard let id = number("break_id", "break") else { return }
            lines[.breakAcknowledged(id)] = line.keeping("acknowledged_at", "reason")
            if line.detail?["resolved_at"] != nil { lines[.breakResolved(id)] = line.keeping("resolved_at") }
        case .intentSettled: if let key = number("intent_key", "intent") { settled.append(key) }
        case .tradingState: if let account { lines[.tradingState(account)] = line }
        case .identity: if let account { lines[.identity(account)] = line }
        default:
            guard let account else { return }
            if line.detail?["rehearsal_sha256"] != nil { lines[.rehearsal(line.seq, account: account)] = line.keeping("rehearsal_sha256") }
            for (name, _) in Self.remembered where line.detail?[name] != nil { lines[.remembered(name, account: account)] = line }
        }
    }

    /// So that they can be looked up. Costs nothing where none came since.
    mutating func sortSettled() {
        guard sorted < settled.count else { return }
        settled.sort()
        sorted = settled.count
    }

    func isSettled(_ intent: Int64) -> Bool {
        var (low, high) = (0, settled.count)
        while low < high {
            let middle = (low + high) / 2
            if settled[middle] < intent { low = middle + 1 } else { high = middle }
        }
        return low < settled.count && settled[low] == intent
    }
}
