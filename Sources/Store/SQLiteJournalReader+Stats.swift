import ControlAPI
import OMSCore

/// How requests and fills went over a stretch of time, in equal steps.
///
/// What is read is bounded, however much there is: of a step that holds more rows than its part of ``rowsMax``, a few runs of rows spread over it are read,
/// and counts are what these come to. Rows are found by their numbers, which rise with time as long as nobody sets the clock back.
extension SQLiteJournalReader {
    /// Rows read for one answer: a fraction of a second.
    private static let rowsMax = 100_000
    /// Of each step, and in how many runs where that is not all of it.
    private static let stepRowsMin = 200
    private static let runs = 4

    /// One kind of rows: a number to order by, the journal's time, the account, how long it took, and what became of it.
    private struct Source {
        /// Without its end: two bounds of the number, and how many.
        let rows: String
        let number: String

        static let requests = Source(
            rows: """
                SELECT request_id, signed_at, account_key, CASE WHEN answered_at >= sent_at THEN answered_at - sent_at END, outcome FROM requests
                """, number: "request_id")
        static let fills = Source(
            rows: "SELECT f.seq, e.at, f.account_key, max(0, e.at - f.at), NULL FROM fills f CROSS JOIN events e ON e.seq = f.seq", number: "f.seq")

        var sql: String { "\(rows) WHERE \(number) >= ? AND \(number) < ? ORDER BY \(number) LIMIT ?" }
    }

    /// Which rows count.
    private struct Wanted {
        let accounts: Set<Int64>?
        let isMeant: ((Int64) throws(JournalError) -> Bool)?
    }

    /// What the rows of one step come to.
    private struct Step {
        var (count, doubts, refusals) = (0, 0, 0)
        var times: [Int64] = []

        mutating func add(_ other: Step) {
            (count, doubts, refusals) = (count + other.count, doubts + other.doubts, refusals + other.refusals)
            times = (times + other.times).sorted()
        }

        /// Nearest rank.
        func percentile(_ percent: Int) -> Int64? {
            times.isEmpty ? nil : times[max(0, (times.count * percent + 99) / 100 - 1)]
        }
    }

    func stats(_ query: StatsQuery) throws(JournalError) -> [UInt8] {
        // Of an account without a row nothing is on record.
        let accounts = try query.seen.map { names throws(JournalError) in try keys(of: names) }
        // Requests never leave the journal.
        let (requests, areSome) = try steps(.requests, query, accounts)
        var (fills, areSomeFills) = try steps(.fills, query, accounts)
        for (archive, file) in try files() {
            let (filed, areSampled) = try inArchive(beside: connection) { () throws(JournalError) in
                try file.steps(.fills, query, accounts) { (number) throws(JournalError) in try self.isAtHome(number, in: archive) }
            }
            for index in fills.indices { fills[index].add(filed[index]) }
            areSomeFills = areSomeFills || areSampled
        }
        var result = StatsGet.Result()
        result.isSampled = areSome || areSomeFills
        result.points = zip(requests, fills).enumerated().map { index, step in
            let (requests, fills) = step
            var point = StatsGet.Point()
            point.at = query.from + Int64(index) * query.stepUs
            (point.requests, point.doubts, point.refusals) = (Int64(requests.count), Int64(requests.doubts), Int64(requests.refusals))
            (point.requestP50Us, point.requestP99Us) = (requests.percentile(50), requests.percentile(99))
            (point.fills, point.fillP50Us, point.fillP99Us) = (Int64(fills.count), fills.percentile(50), fills.percentile(99))
            return point
        }
        return result.serialized(reserving: 160 * requests.count)
    }

    private func keys(of accounts: Set<AccountID>) throws(JournalError) -> Set<Int64> {
        var keys: Set<Int64> = []
        let row = try connection.prepare("SELECT account_key FROM accounts WHERE account = ?")
        for account in accounts {
            defer { row.reset() }
            try row.bind(account.text)
            if try row.step() { keys.insert(row.integer(0)) }
        }
        return keys
    }

    /// - Parameter isMeant: of a file of the archive, whether a number is at home there; nil: all are.
    private func steps(
        _ source: Source, _ query: StatsQuery, _ accounts: Set<Int64>?, isMeant: ((Int64) throws(JournalError) -> Bool)? = nil
    ) throws(JournalError) -> (steps: [Step], areSampled: Bool) {
        let wanted = Wanted(accounts: accounts, isMeant: isMeant)
        let count = query.points
        let stepRows = max(Self.stepRowsMin, Self.rowsMax / count)
        let rows = try connection.prepare(source.sql)
        var (steps, areSampled): ([Step], Bool) = ([], false)
        var low = try first(rows, at: query.from, from: 0)
        for index in 1...count {
            let end = min(query.to, query.from + Int64(index) * query.stepUs)
            let high = try first(rows, at: end, from: low)
            var step = Step()
            if high - low <= Int64(stepRows) {
                _ = try read(rows, from: low, to: high, limit: stepRows, wanted, into: &step)
            } else {
                areSampled = try sample(rows, from: low, to: high, limit: stepRows / Self.runs, wanted, into: &step) || areSampled
            }
            step.times.sort()
            steps.append(step)
            low = high
        }
        return (steps, areSampled)
    }

    /// Reads the beginning of each quarter, and reckons from there. False: that was all there is.
    private func sample(
        _ rows: borrowing Statement, from low: Int64, to high: Int64, limit: Int, _ wanted: Wanted, into step: inout Step
    ) throws(JournalError) -> Bool {
        var (seen, isAll): (Int64, Bool) = (0, true)
        let width = (high - low) / Int64(Self.runs)
        for run in 0..<Int64(Self.runs) {
            let (begin, end) = (low + run * width, run == Int64(Self.runs) - 1 ? high : low + (run + 1) * width)
            let last = try read(rows, from: begin, to: end, limit: limit, wanted, into: &step)
            // A full run ended before its quarter did: numbers up to there are accounted for.
            if let last, last + 1 < end { isAll = false }
            seen += (last.map { $0 + 1 } ?? end) - begin
        }
        guard !isAll, seen > 0 else { return false }
        func reckoned(_ count: Int) -> Int { Int(clamping: Int64(count) * (high - low) / seen) }
        (step.count, step.doubts, step.refusals) = (reckoned(step.count), reckoned(step.doubts), reckoned(step.refusals))
        return true
    }

    /// The last number read, where `limit` ended it; nil: the stretch was read to its end.
    private func read(
        _ rows: borrowing Statement, from low: Int64, to high: Int64, limit: Int, _ wanted: Wanted, into step: inout Step
    ) throws(JournalError) -> Int64? {
        guard low < high else { return nil }
        try rows.bind(low, high, Int64(limit))
        defer { rows.reset() }
        var (count, last): (Int, Int64) = (0, low)
        while try rows.step() {
            (count, last) = (count + 1, rows.integer(0))
            if let accounts = wanted.accounts, !accounts.contains(rows.integer(2)) { continue }
            if let isMeant = wanted.isMeant, try !isMeant(rows.integer(0)) { continue }
            step.count += 1
            if !rows.isNull(3) { step.times.append(rows.integer(3)) }
            switch rows.text(4) {
            case RequestOutcome.inDoubt.rawValue: step.doubts += 1
            case RequestOutcome.refused.rawValue, RequestOutcome.partial.rawValue: step.refusals += 1
            default: break
            }
        }
        return count == limit ? last : nil
    }

    /// The lowest number, `from` or above, whose row is of that time or later; behind the last one where none is.
    private func first(_ rows: borrowing Statement, at time: Int64, from: Int64) throws(JournalError) -> Int64 {
        // Where the rows end is found by steps that double.
        var (low, high, width) = (from, from, 1_024 as Int64)
        while let row = try row(rows, from: high), row.at < time {
            (low, high) = (row.number + 1, row.number + 1 + width)
            width *= 2
        }
        while low < high {
            let middle = low + (high - low) / 2
            if let row = try row(rows, from: middle), row.at < time { low = row.number + 1 } else { high = middle }
        }
        return low
    }

    private func row(_ rows: borrowing Statement, from number: Int64) throws(JournalError) -> (number: Int64, at: Int64)? {
        try rows.bind(number, Int64.max, Int64(1))
        defer { rows.reset() }
        return try rows.step() ? (rows.integer(0), rows.integer(1)) : nil
    }
}
