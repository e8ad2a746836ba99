import OMSCore
import Wire

/// Commands against their record, and requests.
extension JournalCheck {
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
            SELECT c.command_id, c.order_key, c.state, c.attempts, c.closed_at, c.evidence, c.request_id, c.reject_code, c.reject_text
            FROM commands c WHERE c.command_id > ? ORDER BY c.command_id LIMIT \(Self.chunk)
            """)
        try rows.bind(after)
        let birth = try connection.prepare(
            "SELECT to_state, at, evidence, request_id, detail FROM events WHERE seq = :command AND command_id = :command")
        let lines = try connection.prepare(
            """
            SELECT seq, from_state, to_state, at, evidence, request_id, detail FROM events
            WHERE order_key = :order AND command_id = :command AND seq > :command ORDER BY seq
            """)
        var last: Int64?
        while try rows.step() {
            let (id, order): (Int64, Int64) = (try rows.next(), try rows.next())
            let row = try FoldedCommand(row: rows)
            last = id
            report.commands += 1
            try birth.bind(id)
            var folded = FoldedCommand()
            if try birth.step() {
                let (to, at): (String?, Int64) = (try birth.next(), try birth.next())
                let (evidence, request): (String?, Int64?) = (try birth.next(), try birth.next())
                folded.apply(seq: id, to: to ?? "", at: at, evidence: evidence, request: request, detail(try birth.next(), of: id))
            } else {
                report.add("command \(id): its birth is not in the record")
            }
            birth.reset()
            try lines.bind(order, id)
            while try lines.step() {
                let (seq, from, to): (Int64, String?, String?) = (try lines.next(), try lines.next(), try lines.next())
                if from != folded.state { report.add("command \(id): event \(seq) comes from \(from ?? ""), it was \(folded.state)") }
                let (at, evidence, request): (Int64, String?, Int64?) = (try lines.next(), try lines.next(), try lines.next())
                folded.apply(seq: seq, to: to ?? "", at: at, evidence: evidence, request: request, detail(try lines.next(), of: seq))
            }
            lines.reset()
            for difference in folded.differences(to: row) { report.add("command \(id): \(difference)") }
            if let known = CommandState(rawValue: row.state), known.isOpen != (row.closedAt == nil) {
                report.add("command \(id): \(row.state) does not go with its closed_at")
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
            try usage(of: from...to)
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

    /// What these requests took of each budget in a second is counted there at least: look-ups without a row, and grants, come on top.
    private mutating func usage(of requests: ClosedRange<Int64>) throws(JournalError) {
        let rows = try connection.prepare(
            """
            WITH taken AS (
                SELECT \(JournalLoader.budgetTaken) AS budget_id, r.signed_at / 1000000 AS second, sum(\(JournalLoader.permitsTaken)) AS permits
                FROM requests r, json_each(iif(json_valid(r.budgets), r.budgets, '[]')) b
                WHERE r.request_id BETWEEN ? AND ? AND r.kind <> 'lookup' GROUP BY 1, 2)
            SELECT t.budget_id, t.second, t.permits, u.requests FROM taken t LEFT JOIN rate_usage u USING (budget_id, second)
            WHERE t.permits > coalesce(u.requests, 0)
            """)
        try rows.bind(requests.lowerBound, requests.upperBound)
        while try rows.step() {
            let (budget, second): (Int64, Int64) = (try rows.next(), try rows.next())
            let (taken, counted): (Int64, Int64?) = (try rows.next(), try rows.next())
            report.add("budget \(budget), second \(second): requests took \(taken) permits, \(counted ?? 0) are counted in rate_usage")
        }
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
}

/// What is known of a command, as its row has it or as its lines tell it.
private struct FoldedCommand {
    private(set) var state = "requested"
    private var attempts: Int64 = 0
    private(set) var closedAt: Int64?
    private var evidence: String?
    private var request: Int64?
    private var rejectCode: String?
    private var rejectText: String?
    private var lastLine: Int64?

    init() {}

    init(row: borrowing Statement) throws(JournalError) {
        (state, attempts, closedAt) = (try row.next(), try row.next(), try row.next())
        (evidence, request, rejectCode, rejectText) = (try row.next(), try row.next(), try row.next(), try row.next())
    }

    mutating func apply(seq: Int64, to: String, at: Int64, evidence: String?, request: Int64?, _ detail: JSON?) {
        (lastLine, state) = (seq, to)
        if state == CommandState.submitted.rawValue { attempts = 1 }
        if let told = detail?["attempts"]?.integer { attempts = told }
        self.evidence = detail?["order_evidence"]?.string ?? evidence
        self.request = detail?.object?.contains { $0.key == "order_request" } ?? false ? detail?["order_request"]?.integer : request
        closedAt = CommandState(rawValue: state)?.isOpen == true ? nil : detail?["closed_at"]?.integer ?? at
        if let code = detail?["reject_code"]?.string { rejectCode = code }
        if let text = detail?["reject_text"]?.string { rejectText = text }
    }

    /// Of what its lines tell to its row.
    func differences(to row: FoldedCommand) -> [String] {
        var found: [String] = []
        func compare(_ name: String, _ here: String?, _ told: String?) {
            guard here != told else { return }
            found.append("\(name) is \(here ?? "NULL"), the record says \(told ?? "NULL") up to its last line, \(lastLine.map { "\($0)" } ?? "")")
        }
        compare("state", row.state, state)
        compare("attempts", "\(row.attempts)", "\(attempts)")
        compare("closed_at", row.closedAt.map { "\($0)" }, closedAt.map { "\($0)" })
        compare("evidence", row.evidence, evidence)
        compare("request_id", row.request.map { "\($0)" }, request.map { "\($0)" })
        compare("reject_code", row.rejectCode, rejectCode)
        compare("reject_text", row.rejectText, rejectText)
        return found
    }
}
