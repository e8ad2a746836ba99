import OMSCore
import Wire

/// Reads a report's figures from a live, stopped or killed journal, on a read-only connection of its own.
///
/// In snapshots of some ten thousand rows, so that a daemon can go on writing and use its WAL again: what is born behind the number that the report
/// begins with is not in it, what changes meanwhile is told as it was when its row was read.
package struct FiguresReader {
    let connection: Connection
    private let journal: SQLiteJournalReader
    let scope: JournalFigures.Scope
    let progress: (String) -> Void
    var figures = JournalFigures()
    /// Of the accounts that are asked about: their row's key, and their place among the figures.
    var places: [Int64: Int] = [:]
    static let rowsAtOnce = 10_000
    /// Rows of a list that a person still reads.
    static let listMax = 500

    /// - Parameters:
    ///   - archive: where the journal's archive lies; nil: where its daemon has it.
    ///   - progress: Told what is being read, now and then.
    /// - Throws: `.damaged` for a file that is no journal this omsd knows, `.failed` where there is none, or no such account in it.
    package static func read(
        path: String, archive: String? = nil, scope: JournalFigures.Scope = JournalFigures.Scope(),
        progress: @escaping (String) -> Void = { _ in }
    ) throws(JournalError) -> JournalFigures {
        let journal = try SQLiteJournalReader(path: path, archive: archive)
        // What leaves for a file while this is read would be told twice, or not at all: then it is read anew.
        for round in 1... {
            let filed = try journal.connection.filed()
            var reader = FiguresReader(connection: journal.connection, journal: journal, scope: scope, progress: progress)
            try reader.readAll()
            if try journal.connection.filed() == filed || round == 3 { return reader.figures }
            progress("once more: orders were filed meanwhile")
        }
        return JournalFigures()
    }

    private init(connection: Connection, journal: SQLiteJournalReader, scope: JournalFigures.Scope, progress: @escaping (String) -> Void) {
        (self.connection, self.journal, self.scope, self.progress) = (connection, journal, scope, progress)
    }

    private mutating func readAll() throws(JournalError) {
        figures.seq = try JournalLoader(connection: connection).seq()
        try findPeriod()
        try readAccounts()
        try readIntents()
        try readOrders()
        try readCommands()
        try readFills()
        try readRequests()
        try readRecord()
        try readBreaks()
        try readRehearsals()
        try readLimits()
    }

    func isMeant(_ at: Int64) -> Bool { at >= scope.from ?? .min && at < scope.to ?? .max }

    private mutating func findPeriod() throws(JournalError) {
        func moment(_ order: String) throws(JournalError) -> [Int64] {
            [
                try connection.integer("SELECT at FROM events ORDER BY seq \(order) LIMIT 1"),
                try connection.integer("SELECT intended_at FROM orders ORDER BY order_key \(order) LIMIT 1"),
            ].compactMap { $0.map { min(max($0, 0), .farthest) } }
        }
        let (earliest, latest) = (try moment("ASC").min(), try moment("DESC").max())
        let first = max(0, scope.from ?? earliest ?? scope.to ?? 0)
        let last = max(0, scope.to ?? latest.map { $0 + 1 } ?? first)
        figures.period = first..<max(first, last)
        let length = max(1, figures.period.upperBound - first)
        figures.step = Self.steps.first { length / $0 < 120 } ?? max(1, length / 120)
        let count = figures.period.isEmpty ? 0 : Int((length + figures.step - 1) / figures.step)
        figures.steps = Array(repeating: JournalFigures.Step(), count: count)
    }

    /// A tenth of a second to thirty days.
    private static let steps: [Int64] =
        [100_000, 250_000, 500_000]
        + [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800, 21_600, 86_400, 604_800, 2_592_000].map { $0 * 1_000_000 }

    /// The step of the report that a moment lies in; what a clock that was set says of other times, at the edge.
    func step(of at: Int64) -> Int? {
        guard !figures.steps.isEmpty else { return nil }
        let inside = min(max(at, figures.period.lowerBound), figures.period.upperBound - 1)
        return min(figures.steps.count - 1, Int((inside - figures.period.lowerBound) / figures.step))
    }

    private mutating func readAccounts() throws(JournalError) {
        let rows = try connection.prepare(
            """
            SELECT a.account_key, a.account, a.venue, a.product, coalesce(t.state, 'active')
            FROM accounts a LEFT JOIN trading_state t USING (account_key) ORDER BY a.account
            """)
        while try rows.step() {
            let (key, name): (Int64, String) = (try rows.next(), try rows.next())
            guard name == scope.account?.text ?? name else { continue }
            places[key] = figures.accounts.count
            figures.accounts.append(
                JournalFigures.Account(name: name, venue: try rows.next(), product: try rows.next(), trading: try rows.next()))
        }
        if let account = scope.account, figures.accounts.isEmpty { throw JournalError(.failed, "the journal knows no account \(account.text)") }
    }

    /// The files of its archive, by their numbers.
    func files() throws(JournalError) -> [(id: Int64, file: Connection)] { try journal.files().map { ($0.id, $0.reader.connection) } }

    func isAtHome(_ number: Int64, in archive: Int64) throws(JournalError) -> Bool { try journal.isAtHome(number, in: archive) }

    /// Rows of a table in order of their key, some thousand a snapshot. The first column is the key, which `body` is handed; `?` is the one to go on behind.
    ///
    /// - Parameter crosses: behind those of the journal come those of each file of its archive that are at home there.
    func each(
        _ what: String, _ sql: String, crosses: Bool = false, _ body: (Int64, borrowing Statement) throws(JournalError) -> Void
    ) throws(JournalError) {
        try each(what, sql, on: connection, isMeant: { _ in true }, body)
        guard crosses else { return }
        for (archive, file) in try files() {
            try each("\(what) of the archive", sql, on: file, isMeant: { number throws(JournalError) in try isAtHome(number, in: archive) }, body)
        }
    }

    private func each(
        _ what: String, _ sql: String, on connection: Connection, isMeant: (Int64) throws(JournalError) -> Bool,
        _ body: (Int64, borrowing Statement) throws(JournalError) -> Void
    ) throws(JournalError) {
        let rows = try connection.prepare(sql + " LIMIT \(Self.rowsAtOnce)")
        var (after, seen) = (Int64(0), 0)
        while true {
            try rows.bind(after)
            var count = 0
            while try rows.step() {
                after = try rows.next()
                count += 1
                if try isMeant(after) { try body(after, rows) }
            }
            rows.reset()
            seen += count
            progress("\(what): \(seen)")
            if count < Self.rowsAtOnce { return }
        }
    }

    /// `uid:1000 pid:42` without the process, which says nothing to a reader.
    static func person(_ actor: String) -> String { actor.split(separator: " ").first.map(String.init) ?? actor }
}
