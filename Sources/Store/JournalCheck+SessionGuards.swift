import OMSCore
import Wire

/// Guards of clients (`session.guard`): how each stands is what its last line tells.
extension JournalCheck {
    private struct GuardLine {
        let seq: Int64
        let at: Int64
        let state: String?
        let note: String?
    }

    mutating func sessionGuards() throws(JournalError) {
        var told: [Int64: GuardLine] = [:]
        // In pieces, so that no snapshot keeps the WAL for long; the last one holds the rows as well: guards move while this goes on.
        var after: Int64 = 0
        while let end = try connection.integer("SELECT seq FROM events WHERE seq > \(after) ORDER BY seq LIMIT 1 OFFSET \(Self.chunk)") {
            try readGuardLines(after: after, upTo: end, into: &told)
            after = end
        }
        try connection.execute("BEGIN")
        defer { connection.endSnapshot() }
        try readGuardLines(after: after, upTo: .max, into: &told)
        let rows = try connection.prepare("SELECT guard_id, state, since, reason FROM guards ORDER BY guard_id")
        while try rows.step() {
            let (id, state): (Int64, String) = (try rows.next(), try rows.next())
            let (since, reason): (Int64, String) = (try rows.next(), try rows.next())
            guard let line = told.removeValue(forKey: id) else {
                report.add("guard \(id): no line of the record tells of it")
                continue
            }
            func compare(_ name: String, _ here: String, _ there: String?) {
                if here != there {
                    report.add("guard \(id): \(name) is \(here), the record says \(there ?? "NULL") up to its last line, \(line.seq)")
                }
            }
            compare("state", state, line.state)
            compare("since", "\(since)", "\(line.at)")
            compare("reason", reason, line.note)
        }
        for (id, line) in told.sorted(by: { $0.key < $1.key }) { report.add("guard \(id): it has no row, event \(line.seq) tells of it") }
    }

    private mutating func readGuardLines(after: Int64, upTo end: Int64, into told: inout [Int64: GuardLine]) throws(JournalError) {
        let lines = try connection.prepare("SELECT seq, at, to_state, detail FROM events WHERE seq > ? AND seq <= ? AND kind = 'guard' ORDER BY seq")
        try lines.bind(after, end)
        while try lines.step() {
            let (seq, at): (Int64, Int64) = (try lines.next(), try lines.next())
            let state: String? = try lines.next()
            let detail = detail(try lines.next(), of: seq)
            guard let id = detail?["guard_id"]?.integer else {
                report.add("event \(seq): it names no guard")
                continue
            }
            told[id] = GuardLine(seq: seq, at: at, state: state, note: detail?["note"]?.string)
        }
    }
}
