import OMSCore
import Wire

/// Rows that change and have lines which tell how: guards, breaks, accounts, what is remembered of them, and intents.
extension JournalCheck {
    mutating func standing() throws(JournalError) {
        var told = StandingLines()
        try told.read(from: connection)
        do {
            try connection.execute("BEGIN")
            defer { connection.endSnapshot() }
            try told.catchUp(on: connection)
            try sessionGuards(told)
            try rehearsals(told)
            try breakEnds(told)
            try tradingStates(told)
            try identities(told)
            try remembered(told)
        }
        try intents(&told)
        for problem in told.problems { report.add(problem) }
    }

    private mutating func compare(_ row: String, _ name: String, _ here: String?, _ line: StandingLines.Line, _ told: String?) {
        guard here != told else { return }
        report.add("\(row): \(name) is \(here ?? "NULL"), the record says \(told ?? "NULL") up to its last line, \(line.seq)")
    }

    // MARK: Guards of clients

    private mutating func sessionGuards(_ told: StandingLines) throws(JournalError) {
        var known: Set<Int64> = []
        let rows = try connection.prepare("SELECT guard_id, state, since, reason, lower(hex(token)) FROM guards ORDER BY guard_id")
        while try rows.step() {
            let (id, state, since): (Int64, String, Int64) = (try rows.next(), try rows.next(), try rows.next())
            let (reason, token): (String, String) = (try rows.next(), try rows.next())
            known.insert(id)
            guard let line = told.lines[.sessionGuard(id)] else {
                report.add("guard \(id): no line of the record tells of it")
                continue
            }
            let name = "guard \(id)"
            compare(name, "state", state, line, line.state)
            compare(name, "since", "\(since)", line, "\(line.at)")
            compare(name, "reason", reason, line, line.detail?["note"]?.string)
            guard let line = told.lines[.token(id)] else { continue }
            compare(name, "the hash of its token", token, line, line.detail?["token_sha256"]?.string)
        }
        for case (.sessionGuard(let id), let line) in told.lines.sorted(by: { $0.value.seq < $1.value.seq }) where !known.contains(id) {
            report.add("guard \(id): it has no row, event \(line.seq) tells of it")
        }
    }

    // MARK: Breaks

    mutating func breakEnds(_ told: StandingLines) throws(JournalError) {
        let rows = try connection.prepare("SELECT break_id, resolved_at, acknowledged_at, acknowledged_by, reason FROM breaks ORDER BY break_id")
        while try rows.step() {
            let (id, resolved, acknowledged): (Int64, Int64?, Int64?) = (try rows.next(), try rows.next(), try rows.next())
            let (by, reason): (String?, String?) = (try rows.next(), try rows.next())
            // Lines of an order are where the order is, all of them.
            if try connection.archive(of: id) != nil { continue }
            let name = "break \(id)"
            if let line = told.lines[.breakResolved(id)] {
                compare(name, "resolved_at", resolved.map { "\($0)" }, line, "\(line.detail?["resolved_at"]?.integer ?? line.at)")
            } else if resolved != nil {
                report.add("\(name): it is over, which no line of the record says")
            }
            guard let line = told.lines[.breakAcknowledged(id)] else {
                if acknowledged != nil { report.add("\(name): somebody took note of it, which no line of the record says") }
                continue
            }
            compare(name, "acknowledged_at", acknowledged.map { "\($0)" }, line, "\(line.detail?["acknowledged_at"]?.integer ?? line.at)")
            compare(name, "acknowledged_by", by, line, line.actor)
            compare(name, "reason", reason, line, line.detail?["reason"]?.string)
        }
    }

    // MARK: Accounts

    private mutating func tradingStates(_ told: StandingLines) throws(JournalError) {
        var known: Set<Int64> = []
        let rows = try connection.prepare(
            "SELECT account_key, account, state, reason, actor, at FROM trading_state JOIN accounts USING (account_key)")
        while try rows.step() {
            let (key, account): (Int64, AccountID) = (try rows.next(), try rows.next())
            known.insert(key)
            let name = "account \(account)"
            guard let line = told.lines[.tradingState(key)] else {
                report.add("\(name): it is \(try rows.next(String.self)), which no line of the record says")
                continue
            }
            compare(name, "its state", try rows.next(), line, line.state)
            compare(name, "why", try rows.next(), line, line.detail?["reason"]?.string)
            compare(name, "who said so", try rows.next(), line, line.detail?["set_by"]?.string ?? line.actor)
            compare(name, "since when", "\(try rows.next(Int64.self))", line, "\(line.detail?["set_at"]?.integer ?? line.at)")
        }
        for case (.tradingState(let key), let line) in told.lines.sorted(by: { $0.value.seq < $1.value.seq }) where !known.contains(key) {
            report.add("account number \(key): no row says whether it may trade, event \(line.seq) does")
        }
    }

    /// Who each account is. A journal of the first version has no line that says it, but notes that name keys.
    private mutating func identities(_ told: StandingLines) throws(JournalError) {
        let rows = try connection.prepare(
            """
            SELECT a.account_key, a.account, i.uid, i.origin, i.key_in_use,
                (SELECT group_concat(fingerprint, ' ') FROM (SELECT fingerprint FROM account_keys k WHERE k.account_key = a.account_key ORDER BY 1)),
                (SELECT group_concat(since || ' ' || until || ' ' || coalesce(uid, '?') || ' ' || coalesce(origin, '?'), ', ')
                 FROM (SELECT * FROM former_places f WHERE f.account_key = a.account_key ORDER BY since)),
                (SELECT group_concat(fingerprint, ' ') FROM (SELECT fingerprint FROM former_keys k WHERE k.account_key = a.account_key ORDER BY 1)),
                i.stream_origin
            FROM accounts a LEFT JOIN identities i USING (account_key) ORDER BY 1
            """)
        while try rows.step() {
            let (key, account): (Int64, AccountID) = (try rows.next(), try rows.next())
            let (uid, origin, keyInUse): (String?, String?, String?) = (try rows.next(), try rows.next(), try rows.next())
            let (keys, places): (String, String) = (try rows.next(String?.self) ?? "", try rows.next(String?.self) ?? "")
            let (everKeys, heardAt): (String, String?) = (try rows.next(String?.self) ?? "", try rows.next())
            let name = "account \(account)"
            guard let line = told.lines[.identity(key)] else {
                // What the first version knew is the key.
                if uid != nil || origin != nil || heardAt != nil || !places.isEmpty || keys != keyInUse ?? "" || everKeys != keys {
                    report.add("\(name): it is known who it is, which no line of the record says")
                }
                continue
            }
            let detail = line.detail
            compare(name, "its uid", uid, line, detail?["uid"]?.string)
            compare(name, "its origin", origin, line, detail?["origin"]?.string)
            compare(name, "where it hears its stream", heardAt, line, detail?["stream_origin"]?.string)
            compare(name, "its key", keyInUse, line, detail?["key_in_use"]?.string)
            guard let told = detail?["keys"]?.array else { continue }
            compare(name, "its keys", keys, line, told.compactMap(\.string).sorted().joined(separator: " "))
            let ever = detail?["former_keys"]?.array ?? []
            compare(name, "keys it ever had", everKeys, line, ever.compactMap(\.string).sorted().joined(separator: " "))
            let former = (detail?["former_places"]?.array ?? []).map { place in
                let (since, until) = (place["since"]?.integer ?? 0, place["until"]?.integer ?? 0)
                return "\(since) \(until) \(place["uid"]?.string ?? "?") \(place["origin"]?.string ?? "?")"
            }
            compare(name, "where it was", places, line, former.joined(separator: ", "))
        }
    }

    /// What is remembered of an account in `meta`. Journals from before lines said so have rows without one; a line has a row always.
    private mutating func remembered(_ told: StandingLines) throws(JournalError) {
        var known: [String: String] = [:]
        let meta = try connection.prepare("SELECT key, CAST(value AS TEXT) FROM meta")
        while try meta.step() { known[try meta.next()] = try meta.next(String?.self) }
        let accounts = try connection.prepare("SELECT account_key, account FROM accounts ORDER BY account_key")
        while try accounts.step() {
            let (key, account): (Int64, String) = (try accounts.next(), try accounts.next())
            for (member, prefix) in StandingLines.remembered {
                guard let line = told.lines[.remembered(member, account: key)] else { continue }
                compare("account \(account)", member, known[prefix + account], line, line.detail?[member]?.text)
            }
        }
    }

    // MARK: Intents

    /// An intent that no view shows, or whose end no line tells, though it is none that is being written just now.
    private mutating func intents(_ told: inout StandingLines) throws(JournalError) {
        let end = try connection.integer("SELECT max(intent_key) FROM intents") ?? 0
        var after: Int64 = .min
        while after < end, let last = try intents(after: after, upTo: end, &told) { after = last }
    }

    private mutating func intents(after: Int64, upTo end: Int64, _ told: inout StandingLines) throws(JournalError) -> Int64? {
        try connection.execute("BEGIN")
        defer { connection.endSnapshot() }
        try told.catchUp(on: connection)
        told.sortSettled()
        let sealed = try connection.integer("SELECT max(last_seq) FROM seals") ?? 0
        let rows = try connection.prepare(
            "SELECT intent_key, intent_id, complete, settled_at FROM intents WHERE intent_key > ? AND intent_key <= ? ORDER BY intent_key LIMIT \(Self.chunk)"
        )
        try rows.bind(after, end)
        var last: Int64?
        while try rows.step() {
            let (key, id): (Int64, IntentID) = (try rows.next(), try rows.next())
            let (isComplete, settledAt): (Bool, Int64?) = (try rows.next(), try rows.next())
            last = key
            // Numbers are sealed once all of the intent is written.
            if !isComplete, key <= sealed { report.add("intent \(id): it is said to be half written, and its numbers are sealed") }
            if settledAt != nil, !told.isSettled(key) { report.add("intent \(id): it is settled, which no line of the record says") }
        }
        return last
    }
}
