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
    package internal(set) var seals = SealsReport()
    package internal(set) var archive = ArchiveReport()
    /// What is no problem and should be known: up to where it is sealed, and what could not be told.
    package private(set) var notes: [String] = []

    mutating func add(_ problem: String) {
        problemCount += 1
        if problems.count < 100 { problems.append(problem) }
    }

    mutating func note(_ note: String) { notes.append(note) }
}

extension SQLiteJournal {
    /// What those should know who read a journal that no daemon would open; nil: nothing.
    package static func nameWarning(_ path: String) -> String? { JournalFile.nameWarning(path) }
}

/// Checks a live, stopped or killed journal: SQLite's own check, the record folded against the tables and held against its seals, and what must always hold.
///
/// Read in snapshots of at most 10,000 rows, or of one table for SQLite's own check, so that a daemon that goes on writing can use its WAL
/// again. An order is compared with its events in one snapshot: what happens meanwhile cannot look like a difference.
package enum JournalVerifier {
    /// - Parameters:
    ///   - witness: what is known of its seals from elsewhere.
    ///   - archive: the folder of its archive; nil: what lies there is not checked.
    ///   - progress: Told what is being checked, now and then.
    /// - Throws: `.damaged` for a file that is no journal at all; damage inside one is in the report.
    package static func verify(
        path: String, witness: SealWitness = .init(), archive folder: String? = nil, progress: (String) -> Void = { _ in }
    ) throws(JournalError) -> VerifyReport {
        try JournalFile.checkForReading(path)
        let connection = try Connection(path: path, .readOnly)
        let version = try Migrator.version(of: connection)
        if version >= 1, version < Migrator.newest {
            progress("a copy, brought from version \(version) to \(Migrator.newest)")
            var report = try JournalBackup.withCopy(of: path) { copy throws(JournalError) in
                try Migrator.migrate(Connection(path: copy, .readWrite))
                return try verify(path: copy, witness: witness, archive: folder, progress: progress)
            }
            report.note("it is of an older omsd (version \(version)): checked was a copy, brought to version \(Migrator.newest) as a start would")
            return report
        }
        guard version == Migrator.newest else { throw JournalError(.damaged, "\(path) is of version \(version), this omsd reads \(Migrator.newest)") }
        var check = JournalCheck(connection: connection)
        do throws(JournalError) {
            progress("SQLite's own check")
            try check.integrity()
            try check.guards()
            if let folder { try check.openArchive(folder, progress: progress) }
            progress("seals")
            try check.seals(witness, progress: progress)
            progress("the sequence")
            try check.sequence(progress: progress)
            try check.homes(progress: progress)
            progress("orders against their record")
            try check.orders(progress: progress)
            try check.positions(progress: progress)
            progress("what changes, against the lines that tell of it")
            try check.standing()
            progress("commands, requests, permits")
            try check.commands()
            try check.requests()
            try check.limitsAndStates()
            try check.settledIntents()
            try check.breaks()
            try check.archives(progress: progress)
        } catch {
            guard error.kind == .damaged else { throw error }
            check.report.add("cannot be read on: \(error.description)")
        }
        return check.report
    }
}

/// One run of the checks. Its problems name numbers of the record where they can: of an order's birth, and of the line that says otherwise.
struct JournalCheck {
    let connection: Connection
    var report = VerifyReport()
    /// Files of its archive that can be read; nil: they are not to be read.
    var archive: [(row: ArchiveRow, file: Connection)]?
    static let chunk: Int64 = 10_000

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
            try connection.execute("BEGIN")
            defer { connection.endSnapshot() }
            var runs = try connection.archivedRuns(from: from, to: to)[...]
            func pass(upTo number: Int64) {
                while let run = runs.first, run.first <= number {
                    expect(upTo: max(from, run.first))
                    expected = max(expected, min(to, run.last) + 1)
                    if run.last >= number { return }
                    runs.removeFirst()
                }
            }
            let rows = try connection.prepare(
                """
                SELECT order_key AS seq, 0, NULL FROM orders WHERE order_key BETWEEN :first AND :last
                UNION ALL SELECT seq, 1, CASE WHEN kind = 'intent_discarded' THEN detail END FROM events WHERE seq BETWEEN :first AND :last ORDER BY 1
                """)
            try rows.bind(from, to)
            while try rows.step() {
                let (number, isEvent, detail): (Int64, Bool, String?) = (try rows.next(), try rows.next(), try rows.next())
                pass(upTo: number)
                if let run = runs.first, run.first <= number {
                    report.add("number \(number) is in the journal and, by what that says, in its archive")
                    continue
                }
                if number < expected {
                    report.add("number \(number) is both an order and an event")
                    continue
                }
                expect(upTo: number)
                expected = number + 1
                if isEvent { report.events += 1 }
                if let detail { discarded.append(contentsOf: Self.ranges(in: detail)) }
            }
            pass(upTo: to + 1)
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
        let rests = try connection.prepare(
            "SELECT r.budget_id, r.usable_share, b.permits FROM budget_rests r JOIN budgets b USING (budget_id) WHERE r.usable_share > b.permits")
        while try rests.step() {
            let (budget, left, permits): (Int64, Int64, Int64) = (try rests.next(), try rests.next(), try rests.next())
            report.add("budget \(budget): \(left) of \(permits) permits are left to it")
        }
    }
}
