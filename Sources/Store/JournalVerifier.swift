import OMSCore
import Wire

/// What `verify` found.
package struct VerifyReport: Sendable {
    package internal(set) var orders = 0
    package internal(set) var events = 0
    package internal(set) var commands = 0
    package internal(set) var requests = 0
    /// The first hundred, in words for a person.
    package private(set) var problems: [String] = []
    package private(set) var problemCount = 0
    package var isSound: Bool { problemCount == 0 }

    mutating func add(_ problem: String) {
        problemCount += 1
        if problems.count < 100 { problems.append(problem) }
    }
}

extension SQLiteJournal {
    /// What those should know who read a journal that no daemon would open; nil: nothing.
    package static func nameWarning(_ path: String) -> String? { JournalFile.nameWarning(path) }
}

/// Checks a live, stopped or killed journal: SQLite's own check, the record folded against the tables, and what must always hold.
///
/// Read in snapshots of at most 10,000 rows, or of one table for SQLite's own check, so that a daemon that goes on writing can use its WAL
/// again. An order is compared with its events in one snapshot: what happens meanwhile cannot look like a difference.
package enum JournalVerifier {
    /// - Parameter progress: Told what is being checked, now and then.
    /// - Throws: `.damaged` for a file that is no journal at all; damage inside one is in the report.
    package static func verify(path: String, progress: (String) -> Void = { _ in }) throws(JournalError) -> VerifyReport {
        try JournalFile.checkForReading(path)
        let connection = try Connection(path: path, .readOnly)
        guard try Migrator.version(of: connection) == Migrator.newest else {
            throw JournalError(.damaged, "\(path) is not of version \(Migrator.newest)")
        }
        var check = JournalCheck(connection: connection)
        do throws(JournalError) {
            progress("SQLite's own check")
            try check.integrity()
            progress("the sequence")
            try check.sequence(progress: progress)
            progress("orders against their record")
            try check.orders(progress: progress)
            progress("commands, requests, permits")
            try check.commands()
            try check.requests()
            try check.limitsAndStates()
            try check.settledIntents()
            try check.breaks()
        } catch {
            guard error.kind == .damaged else { throw error }
            check.report.add("cannot be read on: \(error.description)")
        }
        return check.report
    }
}

/// One run of the checks.
struct JournalCheck {
    let connection: Connection
    var report = VerifyReport()
    private static let chunk: Int64 = 10_000

    init(connection: Connection) { self.connection = connection }

    mutating func integrity() throws(JournalError) {
        var tables: [String] = []
        do {
            let rows = try connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            while try rows.step() { tables.append(try rows.next()) }
        }
        for table in tables {
            let verdicts = try connection.prepare("PRAGMA integrity_check('\(table)')")
            while try verdicts.step() {
                let verdict: String = try verdicts.next()
                if verdict != "ok" { report.add("SQLite, table \(table): \(verdict)") }
            }
            let keys = try connection.prepare("PRAGMA foreign_key_check('\(table)')")
            while try keys.step() {
                let (_, row, parent): (String, Int64, String) = (try keys.next(), try keys.next(), try keys.next())
                report.add("\(table) row \(row) names a row of \(parent) that is not there")
            }
        }
    }

    /// Every number from 1 on is an order or an event, or an `intent_discarded` says that it was taken back.
    mutating func sequence(progress: (String) -> Void) throws(JournalError) {
        let last = try lastNumber()
        var gaps: [ClosedRange<Int64>] = []
        var discarded: [ClosedRange<Int64>] = []
        var expected: Int64 = 1
        func expect(upTo number: Int64) {
            if number > expected { gaps.append(expected...number - 1) }
        }
        while expected <= last {
            // Nothing is read where nothing is, however far away the next number lies.
            guard let next = try nextNumber(from: expected) else { break }
            expect(upTo: next)
            expected = next
            let (from, to) = (expected, min(last, expected + Self.chunk - 1))
            let rows = try connection.prepare(
                """
                SELECT order_key AS seq, 0, NULL FROM orders WHERE order_key BETWEEN :first AND :last
                UNION ALL SELECT seq, 1, CASE WHEN kind = 'intent_discarded' THEN detail END FROM events WHERE seq BETWEEN :first AND :last ORDER BY 1
                """)
            try rows.bind(from, to)
            while try rows.step() {
                let (number, isEvent, detail): (Int64, Bool, String?) = (try rows.next(), try rows.next(), try rows.next())
                if number < expected {
                    report.add("number \(number) is both an order and an event")
                    continue
                }
                expect(upTo: number)
                expected = number + 1
                if isEvent { report.events += 1 }
                if let detail { discarded.append(contentsOf: Self.ranges(in: detail)) }
            }
            expect(upTo: to + 1)
            expected = to + 1
            try settlements(from, to)
            progress("sequence \(to) of \(last)")
        }
        for gap in gaps {
            // A gap may be cut at a chunk's end, or span several discarded ranges: what is left of it is what counts.
            var open = gap.lowerBound
            while open <= gap.upperBound, let cover = discarded.first(where: { $0.contains(open) }) { open = cover.upperBound + 1 }
            if open <= gap.upperBound { report.add("numbers \(open) to \(gap.upperBound) are missing from the record") }
        }
    }

    private mutating func settlements(_ from: Int64, _ to: Int64) throws(JournalError) {
        let rows = try connection.prepare(
            """
            SELECT i.intent_id FROM events e JOIN intents i ON i.intent_key = json_extract(e.detail, '$.intent_key')
            WHERE e.seq BETWEEN ? AND ? AND e.kind = 'intent_settled'
                AND (i.complete = 0 OR i.settled_at IS NOT coalesce(json_extract(e.detail, '$.settled_at'), e.at))
            """)
        try rows.bind(from, to)
        while try rows.step() { report.add("intent \(try rows.next(IntentID.self)): when it settled is not what the record says") }
        // A start finds open intents by what is open of them.
        let idle = try connection.prepare(
            """
            SELECT i.intent_id FROM intents i WHERE i.intent_key BETWEEN ? AND ? AND i.complete = 1 AND i.settled_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.intent_key = i.intent_key AND o.closed_at IS NULL)
                AND NOT EXISTS (SELECT 1 FROM commands c WHERE c.intent_key = i.intent_key AND c.closed_at IS NULL)
            """)
        try idle.bind(from, to)
        while try idle.step() { report.add("intent \(try idle.next(IntentID.self)) is open, but nothing of it is") }
    }

    private static func ranges(in detail: String) -> [ClosedRange<Int64>] {
        guard let json = try? JSONParser.parse(detail) else { return [] }
        return (json["discarded"]?.array ?? []).compactMap { pair in
            guard let items = pair.array, items.count == 2, let first = items[0].integer, let last = items[1].integer, first > 0, first <= last,
                last <= .farthest
            else {
                return nil
            }
            return first...last
        }
    }

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
            SELECT o.order_key, o.client_order_id, o.asked_price, o.asked_quantity, u.order_key, i.complete, o.tag IS i.tag,
                \(Order.known.map(OrderColumns.known).joined(separator: ", "))
            FROM orders o LEFT JOIN used_ids u ON u.client_order_id = o.client_order_id LEFT JOIN intents i ON i.intent_key = o.intent_key
            WHERE o.order_key > ? AND o.order_key <= ? ORDER BY o.order_key LIMIT \(Self.chunk)
            """)
        try rows.bind(after, end)
        let lines = try connection.prepare(
            """
            SELECT e.seq, e.at, e.kind, e.from_state, e.to_state, e.evidence, e.request_id, e.detail,
                e.kind = 'submitted' AND NOT EXISTS (SELECT 1 FROM requests r WHERE r.request_id = e.request_id)
            FROM events e WHERE e.order_key = ? AND e.command_id IS NULL ORDER BY e.seq
            """)
        let fills = try connection.prepare("SELECT trade_id FROM fills WHERE order_key = ?")
        var last: Int64?
        while try rows.step() {
            let key: Int64 = try rows.next()
            last = key
            report.orders += 1
            let name = "order \(try rows.next(ClientOrderID.self))"
            var folded = FoldedOrder(price: Self.value(try rows.next()), quantity: Self.value(try rows.next()))
            if try rows.next(Int64?.self) != key { report.add("\(name): its id does not stand among the used ones") }
            if try rows.next(Int64?.self) == nil { report.add("\(name): its intent has no row") }
            if try !rows.next() { report.add("\(name): its tag is not its intent's") }
            var trades: Set<String> = []
            try lines.bind(key)
            while try lines.step() {
                var line = OrderLine(
                    seq: try lines.next(), at: try lines.next(), kind: try lines.next(), from: try lines.next(), to: try lines.next(),
                    evidence: try lines.next(), request: try lines.next(), changes: [])
                let detail = detail(try lines.next(), of: line.seq)
                if try lines.next() { report.add("\(name): event \(line.seq) submits it in a request that has no row") }
                if let trade = detail?["trade_id"]?.string { trades.insert(trade) }
                line.changes = (detail?.object ?? []).map { ($0.key, Self.value($0.value.text)) }
                folded.apply(line)
            }
            lines.reset()
            try fills.bind(key)
            while try fills.step() {
                let trade: String = try fills.next()
                if trades.remove(trade) == nil { report.add("\(name): fill \(trade) is not in the record") }
            }
            fills.reset()
            for trade in trades { report.add("\(name): fill \(trade) is in the record and not in its table") }
            for problem in folded.problems { report.add("\(name): \(problem)") }
            var stored: [String: String] = [:]
            for (index, field) in Order.known.enumerated() {
                let (text, told) = (try rows.next(String?.self), folded.values[index].text)
                stored[field.name] = text
                if text != told { report.add("\(name): \(field.name) is \(text ?? "NULL"), the record says \(told ?? "NULL")") }
            }
            contradictions(in: stored, name)
        }
        return last
    }

    /// As a column or a detail holds it.
    private static func value(_ text: String?) -> FieldValue { text.map { .text($0) } ?? .none }

    private mutating func detail(_ text: String?, of event: Int64) -> JSON? {
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

    mutating func commands() throws(JournalError) {
        let end = try connection.integer("SELECT max(command_id) FROM commands") ?? 0
        var after: Int64 = 0
        while after < end, let last = try commands(after: after) { after = last }
    }

    private mutating func commands(after: Int64) throws(JournalError) -> Int64? {
        try connection.execute("BEGIN")
        defer { connection.endSnapshot() }
        let rows = try connection.prepare(
            """
            SELECT c.command_id, c.state, c.attempts, c.closed_at, c.order_key FROM commands c WHERE c.command_id > ? ORDER BY c.command_id
            LIMIT \(Self.chunk)
            """)
        try rows.bind(after)
        let birth = try connection.prepare("SELECT to_state FROM events WHERE seq = :command AND command_id = :command")
        let lines = try connection.prepare(
            """
            SELECT seq, from_state, to_state, detail FROM events WHERE order_key = :order AND command_id = :command AND seq > :command ORDER BY seq
            """)
        var last: Int64?
        while try rows.step() {
            let (id, word, count): (Int64, String, Int64) = (try rows.next(), try rows.next(), try rows.next())
            let (closedAt, order): (Int64?, Int64) = (try rows.next(), try rows.next())
            last = id
            report.commands += 1
            try birth.bind(id)
            if try !birth.step() { report.add("command \(id): its birth is not in the record") }
            birth.reset()
            var (state, attempts) = ("requested", Int64(0))
            var isTold = false
            try lines.bind(order, id)
            while try lines.step() {
                isTold = true
                let (seq, from, to): (Int64, String?, String?) = (try lines.next(), try lines.next(), try lines.next())
                if from != state { report.add("command \(id): event \(seq) comes from \(from ?? ""), it was \(state)") }
                state = to ?? ""
                if state == CommandState.submitted.rawValue { attempts = 1 }
                if let told = detail(try lines.next(), of: seq)?["attempts"]?.integer { attempts = told }
            }
            lines.reset()
            // One that was settled at birth has no line but that.
            if isTold, state != word { report.add("command \(id): it is \(word), the record says \(state)") }
            if isTold, attempts != count { report.add("command \(id): \(count) attempts, the record says \(attempts)") }
            if let known = CommandState(rawValue: word), known.isOpen != (closedAt == nil) {
                report.add("command \(id): \(word) does not go with its closed_at")
            }
        }
        return last
    }

    mutating func requests() throws(JournalError) {
        let end = try connection.integer("SELECT max(request_id) FROM requests") ?? 0
        // Numbers beyond what any omsd counts to would overflow the steps below.
        let first = try connection.integer("SELECT min(request_id) FROM requests") ?? 1
        guard first > 0, end < .farthest else { return report.add("requests are numbered from \(first) to \(end)") }
        var after = first - 1
        var early: [(id: Int64, signed: Int64, sent: Int64)] = []
        while after < end, let next = try connection.integer("SELECT min(request_id) FROM requests WHERE request_id > \(after)") {
            let (from, to) = (next, next + Self.chunk)
            report.requests += Int(try connection.integer("SELECT count(*) FROM requests WHERE request_id BETWEEN \(from) AND \(to)") ?? 0)
            let rows = try connection.prepare(
                "SELECT request_id, signed_at, sent_at FROM requests WHERE request_id BETWEEN \(from) AND \(to) AND sent_at < signed_at")
            while try rows.step() { early.append((try rows.next(), try rows.next(), try rows.next())) }
            after = to
        }
        if !early.isEmpty {
            let steps = try clockSteps()
            // A clock that was set back in between: then the record's own times run back over the same stretch.
            for request in early where !steps.contains(where: { $0.to < request.signed && $0.from > request.sent }) {
                report.add("request \(request.id): sent before it was signed")
            }
        }
        let reserve = try connection.integer("SELECT value FROM meta WHERE key = 'request_max'") ?? 0
        if end > reserve { report.add("request \(end) is beyond the highest id set aside, \(reserve): ids would repeat") }
    }

    /// Where the times of the record run back: the last before such a step, and the first behind it.
    private func clockSteps() throws(JournalError) -> [(from: Int64, to: Int64)] {
        let end = try connection.integer("SELECT max(seq) FROM events WHERE seq <= \(Int64.farthest)") ?? 0
        var steps: [(from: Int64, to: Int64)] = []
        var after: Int64 = 0
        var former: Int64 = .min
        while after < end, let next = try connection.integer("SELECT min(seq) FROM events WHERE seq > \(after)") {
            after = next - 1
            let rows = try connection.prepare("SELECT at FROM events WHERE seq BETWEEN \(after + 1) AND \(after + Self.chunk) ORDER BY seq")
            while try rows.step() {
                let at: Int64 = try rows.next()
                if at < former { steps.append((former, at)) }
                former = at
            }
            after += Self.chunk
        }
        return steps
    }

    mutating func limitsAndStates() throws(JournalError) {
        try connection.execute("BEGIN")
        defer { connection.endSnapshot() }
        // Of a grant there is no request, and of a look-up only where it concerns an order in doubt.
        let slots = try connection.prepare(
            """
            SELECT p.budget_id, p.slot, p.count, p.request_id FROM permits p LEFT JOIN requests r USING (request_id)
            WHERE p.slot < 0 OR p.count < 0 OR r.request_id IS NOT NULL AND p.released_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM json_each(iif(json_valid(r.budgets), r.budgets, '[]')) b
                WHERE \(JournalLoader.budgetTaken) = p.budget_id AND \(JournalLoader.permitsTaken) = p.count)
            """)
        while try slots.step() {
            let (budget, slot, count): (Int64, Int64, Int64) = (try slots.next(), try slots.next(), try slots.next())
            let request = try slots.next(Int64?.self).map { "request \($0), which says otherwise" } ?? "nobody"
            report.add("budget \(budget): slot \(slot) holds \(count) permits of \(request)")
        }
        let trading = try connection.prepare(
            """
            SELECT a.account, t.state, (SELECT e.to_state FROM events e WHERE e.kind = 'trading_state' AND e.account_key = t.account_key
                ORDER BY e.seq DESC LIMIT 1) AS told
            FROM trading_state t JOIN accounts a USING (account_key) WHERE told IS NOT t.state
            """)
        let identities = try connection.prepare(
            """
            SELECT a.account FROM identities i JOIN accounts a USING (account_key)
                LEFT JOIN events e ON e.seq = (SELECT max(seq) FROM events WHERE kind = 'identity' AND account_key = i.account_key)
            WHERE i.uid IS NOT e.detail ->> 'uid' OR i.origin IS NOT e.detail ->> 'origin'
                OR i.uid IS NOT NULL AND i.key_in_use IS NOT e.detail ->> 'key_in_use'
                OR i.key_in_use IS NOT NULL AND i.key_in_use NOT IN (SELECT fingerprint FROM account_keys k WHERE k.account_key = i.account_key)
            """)
        while try identities.step() { report.add("account \(try identities.next(AccountID.self)): who it is, the record says otherwise") }
        let rests = try connection.prepare(
            "SELECT r.budget_id, r.usable_share, b.permits FROM budget_rests r JOIN budgets b USING (budget_id) WHERE r.usable_share > b.permits")
        while try rests.step() {
            let (budget, left, permits): (Int64, Int64, Int64) = (try rests.next(), try rests.next(), try rests.next())
            report.add("budget \(budget): \(left) of \(permits) permits are left to it")
        }
        while try trading.step() {
            let (account, state, told): (AccountID, String, String?) = (try trading.next(), try trading.next(), try trading.next())
            report.add("account \(account): it is \(state), the record says \(told ?? "")")
        }
    }
}
