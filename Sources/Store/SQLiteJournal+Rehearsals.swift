import OMSCore
import Wire

/// Rehearsals as rows, and back.
extension SQLiteJournal {
    func write(_ row: RehearsalRow, _ event: JournalEvent) throws(JournalError) {
        let (assumptions, standing) = (row.assumptionsText, row.standingText)
        try statements.insertRehearsal.run(row.id, try key(of: row.account), row.at, row.orders, assumptions, standing)
        // The line vouches for its row also before it is under seal.
        let digest = RehearsalRow.digest(orders: Int64(row.orders), assumptions: assumptions, standing: standing)
        try write(note: event, account: row.account, order: nil, facts: [.init("rehearsal_sha256", digest)])
    }
}

extension RehearsalRow {
    fileprivate var assumptionsText: String {
        var writer = JSONWriter(reserving: 8_192)
        writer.beginArray()
        for seen in assumptions {
            writer.beginObject()
            writer.member("name", seen.name)
            writer.member("assumed", seen.assumed)
            writer.member("seen", seen.seen)
            writer.member("verdict", seen.verdict.rawValue)
            writer.member("bears", seen.bears)
            writer.endObject()
        }
        writer.endArray()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    fileprivate var standingText: String {
        var writer = JSONWriter(reserving: 64)
        writer.beginArray()
        for name in standing { writer.string(name) }
        writer.endArray()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Of what a row holds beside its numbers, as its line has it.
    fileprivate static func digest(orders: Int64, assumptions: String, standing: String) -> String {
        hex(sha256(Array("\(orders)\n\(assumptions)\n\(standing)".utf8)))
    }

    static func assumptions(_ text: String) -> [Seen]? {
        guard let rows = (try? JSONParser.parse(text))?.array else { return nil }
        let all = rows.compactMap { row -> Seen? in
            guard let name = row["name"]?.string, let assumed = row["assumed"]?.string, let seen = row["seen"]?.string,
                let verdict = row["verdict"]?.string.flatMap({ Verdict(rawValue: $0) })
            else { return nil }
            return Seen(name: name, assumed: assumed, seen: seen, verdict: verdict, bears: row["bears"]?.string)
        }
        return all.count == rows.count ? all : nil
    }

    static func names(_ text: String) -> [String]? {
        guard let items = (try? JSONParser.parse(text))?.array else { return nil }
        let names = items.compactMap(\.string)
        return names.count == items.count ? names : nil
    }
}

extension JournalLoader {
    /// The last of each account: it holds what stands of those before.
    func loadRehearsals(into state: inout JournalState, account: (Int64) throws(JournalError) -> AccountID) throws(JournalError) {
        let rows = try connection.prepare(
            """
            SELECT r.rehearsal_id, r.account_key, r.at, r.orders, r.assumptions, r.standing FROM accounts a CROSS JOIN rehearsals r
            ON r.rehearsal_id = (SELECT max(l.rehearsal_id) FROM rehearsals l WHERE l.account_key = a.account_key) ORDER BY r.rehearsal_id
            """)
        while try rows.step() {
            let (id, key, at): (Int64, Int64, Int64) = (try rows.next(), try rows.next(), try rows.next())
            let (orders, assumptions, standing): (Int, String, String) = (try rows.next(), try rows.next(), try rows.next())
            guard let seen = RehearsalRow.assumptions(assumptions), let names = RehearsalRow.names(standing) else {
                throw JournalError(.damaged, "what rehearsal \(id) saw cannot be read")
            }
            state.rehearsals.append(
                RehearsalRow(id: id, account: try account(key), at: at, orders: orders, assumptions: seen, standing: names))
        }
    }
}

extension JournalCheck {
    /// Each row has its line, and each line its row.
    mutating func rehearsals(_ told: StandingLines) throws(JournalError) {
        var known: Set<Int64> = []
        let rows = try connection.prepare("SELECT rehearsal_id, account_key, at, orders, assumptions, standing FROM rehearsals ORDER BY rehearsal_id")
        while try rows.step() {
            let (id, account, at): (Int64, Int64, Int64) = (try rows.next(), try rows.next(), try rows.next())
            let (orders, assumptions, standing): (Int64, String, String) = (try rows.next(), try rows.next(), try rows.next())
            known.insert(id)
            guard let line = told.lines[.rehearsal(id, account: account)] else {
                report.add("rehearsal \(id): no line of the record tells of it")
                continue
            }
            let digest = RehearsalRow.digest(orders: orders, assumptions: assumptions, standing: standing)
            if line.at != at || line.detail?["rehearsal_sha256"]?.string != digest {
                report.add("rehearsal \(id): it is not what event \(line.seq) tells of")
            }
        }
        for case (.rehearsal(let id, _), let line) in told.lines.sorted(by: { $0.value.seq < $1.value.seq }) where !known.contains(id) {
            report.add("rehearsal \(id): it has no row, event \(line.seq) tells of it")
        }
    }
}
