import OMSCore

/// Guards of clients (`session.guard`): how each stands is what its last line tells.
extension JournalCheck {
    mutating func sessionGuards() throws(JournalError) {
        var told: [Int64: (seq: Int64, at: Int64, state: String?, note: String?)] = [:]
        let lines = try connection.prepare("SELECT seq, at, to_state, detail FROM events WHERE kind = 'guard' ORDER BY seq")
        while try lines.step() {
            let (seq, at): (Int64, Int64) = (try lines.next(), try lines.next())
            let state: String? = try lines.next()
            let detail = detail(try lines.next(), of: seq)
            guard let id = detail?["guard_id"]?.integer else {
                report.add("event \(seq): it names no guard")
                continue
            }
            told[id] = (seq, at, state, detail?["note"]?.string)
        }
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
}
