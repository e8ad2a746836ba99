import OMSCore
import Wire

/// What the record tells beyond the orders themselves: doubts and how each ended, what people decided, kills, starts.
extension FiguresReader {
    private struct OpenDoubt {
        let place: Int
        let since: Int64
        let why: String
    }

    /// Of doubts that stand, and what is counted meanwhile.
    private struct Record {
        var open: [Int64: OpenDoubt] = [:]
        var ended: [JournalFigures.Doubt] = []
        var endings: [String: JournalFigures.Ending] = [:]
        /// Places of accounts that are being emptied, and their kill.
        var kills: [Int: Int] = [:]
    }

    private static let columns =
        "e.seq, e.at, e.kind, e.account_key, e.order_key, e.from_state, e.to_state, e.evidence, e.actor, e.detail"
    /// What people decide; what they ask for is counted with the intents and commands.
    private static let decisions = "'trading_state', 'resolved', 'break_acknowledged', 'identity', 'note', 'account'"

    mutating func readRecord() throws(JournalError) {
        var record = Record()
        var after: Int64 = 0
        while let last = try lastNumber(behind: after) {
            try readRecord(after: after, to: last, into: &record)
            after = last
            progress("the record: \(last) of \(figures.seq)")
        }
        try standing(&record)
        figures.endings = record.endings.values.sorted { ($0.account, $0.how.rawValue) < ($1.account, $1.how.rawValue) }
        // First what stands, then what a person had to settle, then what lasted longest.
        func rank(_ doubt: JournalFigures.Doubt) -> Int { doubt.until == nil ? 0 : doubt.how == .operator ? 1 : 2 }
        let doubts = record.ended.sorted {
            let (one, other) = (rank($0), rank($1))
            guard one == other else { return one < other }
            return ($0.until ?? .max) - $0.since > ($1.until ?? .max) - $1.since
        }
        figures.doubts.rows = Array(doubts.prefix(Self.listMax))
        figures.doubts.left = doubts.count - figures.doubts.rows.count
        try nameDoubts()
        for index in figures.kills.indices {
            figures.kills[index].left = Int(
                clamping: try connection.integer(
                    """
                    SELECT count(*) FROM orders o JOIN intents i USING (intent_key) JOIN accounts a ON a.account_key = o.account_key
                    WHERE o.closed_at IS NULL AND i.complete = 1 AND a.account_key = \(key(of: figures.kills[index].account))
                    """) ?? 0)
        }
    }

    private func key(of account: String) -> Int64 { places.first { figures.accounts[$0.value].name == account }?.key ?? 0 }

    /// The number at which some ten thousand events end; nil: none are left. Nothing is read where nothing is.
    private func lastNumber(behind after: Int64) throws(JournalError) -> Int64? {
        try connection.integer(
            "SELECT max(seq) FROM (SELECT seq FROM events WHERE seq > \(after) AND seq <= \(figures.seq) ORDER BY seq LIMIT \(Self.rowsAtOnce * 2))")
    }

    private mutating func readRecord(after: Int64, to last: Int64, into record: inout Record) throws(JournalError) {
        let terminal = OrderState.allCases.filter(\.isTerminal).map { "'\($0.rawValue)'" }.joined(separator: ", ")
        // Ends of orders are counted while an account is being emptied.
        var countsEnds = !record.kills.isEmpty
        if !countsEnds { countsEnds = try beginsKill(after: after, to: last) }
        let ends = !countsEnds ? "" : "OR e.order_key IS NOT NULL AND e.to_state IN (\(terminal))"
        let sql = """
            SELECT \(Self.columns) FROM events e WHERE e.seq > \(after) AND e.seq <= \(last) AND e.command_id IS NULL AND (
                e.from_state IS NOT e.to_state AND (e.from_state = 'in_doubt' OR e.to_state = 'in_doubt')
                OR e.actor IS NOT NULL AND e.kind IN (\(Self.decisions)) OR e.kind IN ('start', 'reload', 'note', 'trading_state') \(ends)
            ) ORDER BY e.seq
            """
        var lines = try Self.lines(sql, on: connection) { _ in true }
        let archives = Set(try connection.archivedRuns(from: after + 1, to: last).map(\.archive))
        if !archives.isEmpty {
            for (archive, file) in try files() where archives.contains(archive) {
                lines += try Self.lines(sql, on: file) { number throws(JournalError) in try isAtHome(number, in: archive) }
            }
            lines.sort { $0.seq < $1.seq }
        }
        for line in lines { read(line, into: &record) }
    }

    /// A line that tells something here.
    private struct Line {
        let seq, at: Int64
        let kind: String
        let account, order: Int64?
        let from, to: String?
        let evidence: String
        let actor: String?
        let detail: String
    }

    private static func lines(
        _ sql: String, on connection: Connection, isMeant: (Int64) throws(JournalError) -> Bool
    ) throws(JournalError) -> [Line] {
        let rows = try connection.prepare(sql)
        var lines: [Line] = []
        while try rows.step() {
            let line = Line(
                seq: try rows.next(), at: rows.nextMoment(), kind: try rows.next(), account: try rows.next(), order: try rows.next(),
                from: try rows.next(), to: try rows.next(), evidence: try rows.next(), actor: try rows.next(), detail: try rows.next())
            if try isMeant(line.seq) { lines.append(line) }
        }
        return lines
    }

    private func beginsKill(after: Int64, to last: Int64) throws(JournalError) -> Bool {
        try connection.integer(
            "SELECT 1 FROM events WHERE seq > \(after) AND seq <= \(last) AND kind = 'note' AND detail LIKE '%\(KillRow.begun)%' LIMIT 1") != nil
    }

    private mutating func read(_ line: Line, into record: inout Record) {
        let (at, kind, account, order) = (line.at, line.kind, line.account, line.order)
        let (from, to, evidence, actor, detail) = (line.from, line.to, line.evidence, line.actor, line.detail)
        if kind == "start" || kind == "reload" {
            guard isMeant(at) else { return }
            add(JournalFigures.Start(at: at, kind: kind, text: Self.words(detail)), to: \.starts, max: 100)
            return
        }
        // What speaks of the whole daemon has no account; with one asked for it is not told.
        let place = account.flatMap { places[$0] }
        guard place != nil || account == nil && scope.account == nil else { return }
        if let place, let order {
            if from == OrderState.inDoubt.rawValue, let doubt = record.open.removeValue(forKey: order) {
                end(doubt, of: order, as: Self.ending(to, evidence: evidence), at: at, into: &record)
            }
            if to == OrderState.inDoubt.rawValue, from != to, isMeant(at) {
                record.open[order] = OpenDoubt(place: place, since: at, why: Self.words(detail))
            }
            if let kill = record.kills[place], let state = to.flatMap({ OrderState(rawValue: $0) }), state.isTerminal,
                from.flatMap({ OrderState(rawValue: $0) })?.isTerminal != true
            {
                figures.kills[kill].closed += 1
            }
        }
        let text = Self.words(detail)
        if let place, kind == "note" {
            if text.contains(KillRow.begun), let actor, isMeant(at) {
                record.kills[place] = figures.kills.count
                figures.kills.append(.init(at: at, actor: Self.person(actor), account: figures.accounts[place].name))
            } else if text.contains(KillRow.over), let kill = record.kills.removeValue(forKey: place) {
                figures.kills[kill].until = at
            }
        }
        guard let actor, actor != "venue", isMeant(at) else { return }
        guard ["trading_state", "resolved", "break_acknowledged", "identity", "note", "account"].contains(kind) else { return }
        let words = JournalFigures.Words(
            at: at, actor: Self.person(actor), account: place.map { figures.accounts[$0].name }, clientOrderID: order.map { String($0) }, kind: kind,
            state: to, text: text)
        add(words, to: \.words, max: Self.listMax)
    }

    /// The newest stay.
    private mutating func add<Row>(_ row: Row, to list: WritableKeyPath<JournalFigures, JournalFigures.Shown<Row>>, max: Int) {
        figures[keyPath: list].rows.append(row)
        guard figures[keyPath: list].rows.count > max else { return }
        figures[keyPath: list].rows.removeFirst()
        figures[keyPath: list].left += 1
    }

    /// A person's reason, else the record's own note.
    private static func words(_ detail: String) -> String {
        guard let json = try? JSONParser.parse(detail) else { return "" }
        return json["reason"]?.string ?? json["note"]?.string ?? ""
    }

    private static func ending(_ state: String?, evidence: String) -> DoubtEnd {
        switch Evidence(rawValue: evidence) {
        case .operator?: .operator
        case .response?, .query?, .stream?: .found
        case .local?, .inferred?, nil: state == OrderState.intended.rawValue ? .absentSentAgain : .absentEnded
        }
    }

    private func end(_ doubt: OpenDoubt, of order: Int64, as how: DoubtEnd, at: Int64?, into record: inout Record) {
        let name = figures.accounts[doubt.place].name
        let lasted = max(0, (at ?? figures.period.upperBound) - doubt.since)
        record.endings["\(name) \(how.rawValue)", default: .init(account: name, how: how)].lasted.add(lasted)
        record.ended.append(.init(account: name, clientOrderID: String(order), since: doubt.since, why: doubt.why, how: how, until: at))
    }

    /// Doubts that stand, as their orders do now.
    private func standing(_ record: inout Record) throws(JournalError) {
        let rows = try connection.prepare("SELECT parked_at FROM orders WHERE order_key = ?")
        for (order, doubt) in record.open.sorted(by: { $0.key < $1.key }) {
            rows.reset()
            try rows.bind(order)
            guard try rows.step() else { continue }
            end(doubt, of: order, as: try rows.next(Int64?.self) == nil ? .open : .parked, at: nil, into: &record)
        }
    }

    private func nameInArchive(_ order: Int64) throws(JournalError) -> String? {
        guard let archive = try connection.archive(of: order) else { return nil }
        return try files().first { $0.id == archive }?.file.text("SELECT client_order_id FROM orders WHERE order_key = \(order)")
    }

    /// Numbers of orders become the ids that people know, of those rows that are shown.
    private mutating func nameDoubts() throws(JournalError) {
        let rows = try connection.prepare("SELECT client_order_id FROM orders WHERE order_key = ?")
        func name(_ order: String) throws(JournalError) -> String {
            rows.reset()
            try rows.bind(Int64(order) ?? 0)
            if try rows.step() { return try rows.next() }
            return try nameInArchive(Int64(order) ?? 0) ?? order
        }
        for index in figures.doubts.rows.indices { figures.doubts.rows[index].clientOrderID = try name(figures.doubts.rows[index].clientOrderID) }
        for index in figures.words.rows.indices {
            guard let order = figures.words.rows[index].clientOrderID else { continue }
            figures.words.rows[index].clientOrderID = try name(order)
        }
    }
}
