import OMSCore
import Wire

/// What `verify` found of the archive.
package struct ArchiveReport: Sendable {
    /// By the journal.
    package internal(set) var files = 0
    /// Of the record that lie there.
    package internal(set) var numbers: Int64 = 0
    /// Files were read, too.
    package internal(set) var isChecked = false
}

/// The archive: where each order is at home, and whether files are what the record says of them.
extension JournalCheck {
    /// Opens the files that the journal names; what cannot be opened is a problem, and is not read.
    mutating func openArchive(_ folder: String, progress: (String) -> Void) throws(JournalError) {
        let origin = try ArchiveFile.origin(of: connection)
        var files: [(row: ArchiveRow, file: Connection)] = []
        for row in try connection.archivesInUse() {
            do throws(JournalError) { files.append((row, try ArchiveFile.open("\(folder)/\(row.name)", of: origin))) } catch {
                report.add(error.description)
            }
        }
        (archive, report.archive.isChecked) = (files, true)
    }

    /// Each id that was ever used names an order, which is here or in one file, never in both and never in neither.
    mutating func homes(progress: (String) -> Void) throws(JournalError) {
        // Those used before the check began: a writer that goes on cannot keep it from ending.
        let end = try JournalLoader(connection: connection).seq()
        var after = ""
        var seen = 0
        while let last = try homes(after: after, upTo: end) {
            after = last
            seen += Int(Self.chunk)
            progress("where orders are: \(seen)")
        }
    }

    private mutating func homes(after: String, upTo end: Int64) throws(JournalError) -> String? {
        try connection.execute("BEGIN")
        defer { connection.endSnapshot() }
        let rows = try connection.prepare(
            """
            SELECT u.client_order_id, u.order_key, EXISTS (SELECT 1 FROM orders o WHERE o.order_key = u.order_key),
                coalesce((SELECT r.last_seq FROM archived r WHERE r.first_seq <= u.order_key ORDER BY r.first_seq DESC LIMIT 1), 0) >= u.order_key
            FROM used_ids u WHERE u.client_order_id > ? AND u.order_key <= ? ORDER BY u.client_order_id LIMIT \(Self.chunk)
            """)
        try rows.bind(after, end)
        var last: String?
        while try rows.step() {
            let (id, number): (String, Int64) = (try rows.next(), try rows.next())
            last = id
            switch (try rows.next(Bool.self), try rows.next(Bool.self)) {
            case (true, false), (false, true): continue
            case (true, true): report.add("order \(id), number \(number): it is in the journal and, by what that says, in its archive")
            case (false, false): report.add("order \(id), number \(number): its id is used, and it is neither in the journal nor in its archive")
            }
        }
        return last
    }

    /// Files against what the record says of them, and each by itself.
    mutating func archives(progress: (String) -> Void) throws(JournalError) {
        let rows = try connection.archivesInUse()
        report.archive.files = rows.count
        report.archive.numbers = try connection.integer("SELECT sum(last_seq - first_seq + 1) FROM archived") ?? 0
        for row in rows { try told(row) }
        let strays = try connection.prepare(
            "SELECT DISTINCT archive_id FROM archived WHERE archive_id NOT IN (SELECT archive_id FROM archives WHERE state <> 'filling')")
        while try strays.step() { report.add("numbers lie in archive \(try strays.next(Int64.self)), of which the journal has no whole file") }
        guard let archive else {
            guard report.archive.numbers > 0 else { return }
            return report.note(
                "not checked: \(report.archive.numbers) numbers of the record lie in \(rows.count) files of its archive, and \(report.seals.notChecked)"
                    + " sealed stretches with them; --archive FOLDER checks them")
        }
        for (row, file) in archive {
            progress(row.name)
            try check(row, file, progress: progress)
        }
        if report.seals.notChecked > 0 { report.note("not checked: \(report.seals.notChecked) sealed stretches, for want of files named above") }
    }

    /// The line that names its head.
    private mutating func told(_ row: ArchiveRow) throws(JournalError) {
        guard let head = row.head, let toldBy = row.toldBy else { return report.add("\(row.name): it is said to be whole, and has no head") }
        let detail = try connection.text("SELECT detail FROM events WHERE seq = \(toldBy)")
        if detail.map({ !ArchiveKeeper.tells($0, of: row, head) }) ?? true {
            report.add("\(row.name): its head is \(hex(head.digest.bytes)), which line \(toldBy) of the record does not say")
        }
    }

    private mutating func check(_ row: ArchiveRow, _ file: Connection, progress: (String) -> Void) throws(JournalError) {
        var own = JournalCheck(connection: file)
        do throws(JournalError) {
            try own.integrity()
            let head = try ArchiveFile.head(of: file)
            if head != row.head {
                own.report.add(
                    "it is not the file that the record names: its head is \(hex(head.digest.bytes)), by the record \(hex(row.head?.digest.bytes ?? []))"
                )
            }
            try own.orders(progress: progress)
            try own.commands()
            try own.breaks()
            var told = StandingLines()
            try told.read(from: file)
            try told.catchUp(on: file)
            try own.breakEnds(told)
            try inhabitants(of: row, file, into: &own.report)
        } catch {
            guard error.kind == .damaged else { throw error }
            own.report.add("cannot be read on: \(error.description)")
        }
        for problem in own.report.problems { report.add("\(row.name): \(problem)") }
        for _ in own.report.problems.count..<own.report.problemCount { report.add("\(row.name): and more") }
        report.commands += own.report.commands
    }

    /// What is said to be at home in a file is there, with all of its lines; what is there and not at home in it came back, or is in a later file.
    private mutating func inhabitants(of row: ArchiveRow, _ file: Connection, into problems: inout VerifyReport) throws(JournalError) {
        try connection.execute("BEGIN")
        defer { connection.endSnapshot() }
        let runs = try connection.prepare("SELECT first_seq, last_seq FROM archived WHERE archive_id = \(row.id) ORDER BY first_seq")
        let lines = try file.prepare(
            """
            WITH run(first, last) AS (SELECT ?, ?)
            SELECT (SELECT count(*) FROM run, orders WHERE order_key BETWEEN run.first AND run.last),
                (SELECT count(*) FROM run, events WHERE seq BETWEEN run.first AND run.last)
            """)
        while try runs.step() {
            let (first, last): (Int64, Int64) = (try runs.next(), try runs.next())
            defer { lines.reset() }
            try lines.bind(first, last)
            _ = try lines.step()
            let (births, events): (Int64, Int64) = (try lines.next(), try lines.next())
            if births + events != last - first + 1 { problems.add("numbers \(first) to \(last) should be in it: \(births + events) of them are") }
            // What came back since is counted where it is.
            report.orders += Int(births)
            report.events += Int(events)
        }
        try names(of: row, file, into: &problems)
    }

    /// The journal knows the id and the symbol of each order that is at home in a file.
    private func names(of row: ArchiveRow, _ file: Connection, into problems: inout VerifyReport) throws(JournalError) {
        let orders = try file.prepare("SELECT order_key, client_order_id, account_key, symbol FROM orders ORDER BY order_key")
        let ids = try connection.prepare("SELECT order_key FROM used_ids WHERE client_order_id = ?")
        let symbols = try connection.prepare("SELECT 1 FROM symbols WHERE account_key = ? AND symbol = ?")
        while try orders.step() {
            let (number, id): (Int64, String) = (try orders.next(), try orders.next())
            guard try connection.archive(of: number) == row.id else { continue }
            defer {
                ids.reset()
                symbols.reset()
            }
            try ids.bind(text: id)
            let used: Int64? = try ids.step() ? try ids.next() : nil
            if used != number {
                problems.add("order \(id), number \(number): its id does not stand among the used ones")
            }
            try symbols.bind(try orders.next(Int64.self), try orders.next(String.self))
            if try !symbols.step() { problems.add("order \(id), number \(number): its symbol does not stand among the used ones") }
        }
    }
}

extension Connection {
    /// Runs of archived numbers that touch a stretch, in order.
    func archivedRuns(from first: Int64, to last: Int64) throws(JournalError) -> [(first: Int64, last: Int64, archive: Int64)] {
        let rows = try prepare(
            """
            WITH asked(first, last) AS (SELECT ?, ?)
            SELECT first_seq, last_seq, archive_id FROM asked, archived
            WHERE first_seq >= coalesce((SELECT max(a.first_seq) FROM archived a WHERE a.first_seq <= asked.first), asked.first)
            AND first_seq <= asked.last AND last_seq >= asked.first
            ORDER BY first_seq
            """)
        try rows.bind(first, last)
        var runs: [(first: Int64, last: Int64, archive: Int64)] = []
        while try rows.step() { runs.append((try rows.next(), try rows.next(), try rows.next())) }
        return runs
    }
}
