import OMSCore
import Wire

/// A view that is exported whole: all of its columns, row by row.
package enum ExportedView: String, CaseIterable, Sendable {
    case orders, fills, requests, timeline

    package var name: String { "v_\(rawValue)" }
    /// The column that rows are ordered and found by.
    var key: String {
        switch self {
        case .orders: "order_key"
        case .fills, .timeline: "seq"
        case .requests: "request_id"
        }
    }
    /// The first number behind one, found by key alone: without what the view joins, and in tables of many million rows at once.
    var nextNumber: String {
        switch self {
        case .orders: "SELECT min(order_key) FROM orders WHERE order_key > ?1"
        case .fills: "SELECT min(seq) FROM fills WHERE seq > ?1"
        case .requests: "SELECT min(request_id) FROM requests WHERE request_id > ?1"
        case .timeline:
            """
            SELECT nullif(min(coalesce((SELECT min(order_key) FROM orders WHERE order_key > ?1), \(Int64.max)),
                coalesce((SELECT min(seq) FROM events WHERE seq > ?1), \(Int64.max))), \(Int64.max))
            """
        }
    }
    /// The column that a stretch of time is of: when an order was asked for, an execution happened at the venue, a request was signed, a line was written.
    package var time: String {
        switch self {
        case .orders: "intended_at"
        case .fills, .timeline: "at"
        case .requests: "signed_at"
        }
    }
}

/// Which rows of a view.
package struct ExportScope: Sendable {
    /// Microseconds since 1970 UTC; nil: from the beginning.
    package var from: Int64?
    /// The first moment that is not of it; nil: to the end.
    package var to: Int64?
    /// Columns, and the values of which a row has one.
    package var conditions: [(column: String, values: [String])] = []
    package init() {}
}

/// One value of a row.
package enum ExportedValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case flag(Bool)
    /// As it stands: decimals keep their digits.
    case text(String)
    /// JSON that a line of the record holds.
    case json(String)
}

/// Reads a view of a journal, live, stopped or a backup, in snapshots of at most 10,000 numbers and with the memory of one row.
package struct RecordExport: ~Copyable {
    private let connection: Connection
    private let reader: SQLiteJournalReader
    private static let numbersAtOnce: Int64 = 10_000

    /// - Parameter archive: where its archive lies; nil: where its daemon has it.
    /// - Throws: `.damaged` for what is no journal of this version, `.failed` where there is none.
    package init(path: String, archive: String? = nil) throws(JournalError) {
        reader = try SQLiteJournalReader(path: path, archive: archive)
        connection = reader.connection
    }

    package func columns(of view: ExportedView) throws(JournalError) -> [String] {
        let rows = try connection.prepare("SELECT * FROM \(view.name)")
        return (0..<rows.columns).map { rows.name(of: $0) }
    }

    /// Whether anything in the journal bears a name, by the column that rows are chosen by; true of columns whose values are no names.
    package func knows(_ name: String, as column: String) throws(JournalError) -> Bool {
        let sql: String
        switch column {
        case "account": sql = "SELECT 1 FROM accounts WHERE account = ?"
        case "symbol": sql = "SELECT 1 FROM symbols WHERE symbol = ? LIMIT 1"
        case "intent_id": sql = "SELECT 1 FROM intents WHERE intent_id = ? AND complete = 1"
        case "tag": sql = "SELECT 1 FROM intents WHERE tag = ? AND complete = 1 LIMIT 1"
        default: return true
        }
        let rows = try connection.prepare(sql)
        try rows.bind(name)
        return try rows.step()
    }

    /// The rows that were complete when this began, by their number. What a half-written intent holds lies among them and is left out, also where it is
    /// completed meanwhile: of an intent all is told or nothing.
    ///
    /// - Parameters:
    ///   - progress: Told numbers gone through, of how many.
    ///   - body: Handed the values of a row, in the order of the columns.
    package func read(
        _ view: ExportedView, _ scope: ExportScope, progress: (Int64, Int64) -> Void = { _, _ in }, body: ([ExportedValue]) -> Void
    ) throws(JournalError) {
        let (end, unfinished) = try connection.snapshot { () throws(JournalError) -> (Int64, Set<String>) in
            (try lastNumber(of: view), try halfWritten())
        }
        let (key, names) = (view.key, try columns(of: view))
        let intent = names.firstIndex(of: "intent_id")
        let next = try connection.prepare(view.nextNumber)
        var terms = ["\(key) >= ?", "\(key) <= ?"]
        if let from = scope.from { terms.append("\(view.time) >= \(from)") }
        if let to = scope.to { terms.append("\(view.time) < \(to)") }
        for condition in scope.conditions {
            // The plus keeps SQLite from starting there: rows are found by number.
            terms.append("+\(condition.column) IN (\(condition.values.map { _ in "?" }.joined(separator: ", ")))")
        }
        let sql = "SELECT * FROM \(view.name) WHERE \(terms.joined(separator: " AND ")) ORDER BY \(key)"
        let rows = try connection.prepare(sql)
        let number = names.firstIndex(of: key)
        let kinds = names.map { name in RowJSON.flags.contains(name) ? Kind.flag : name == "detail" && view == .timeline ? .json : .plain }
        var after: Int64 = .min
        while true {
            try next.bind(after)
            let here = try next.step() ? try next.next(Int64?.self) : nil
            next.reset()
            let there = view == .requests ? nil : try nextArchived(behind: after)
            guard let first = [here, there].compactMap({ $0 }).min(), first <= end else { return }
            let last = min(end, first.addingReportingOverflow(Self.numbersAtOnce - 1).partialValue)
            // What leaves for a file between the two readings would be told twice, or not at all.
            try connection.execute("BEGIN")
            defer { connection.endSnapshot() }
            var filed: [(number: Int64, values: [ExportedValue])] = []
            if view != .requests {
                let archives = Set(try connection.archivedRuns(from: first, to: last).map(\.archive))
                for (archive, file) in archives.isEmpty ? [] : try reader.files({ archives.contains($0.id) }) {
                    let rows = try file.connection.prepare(sql)
                    try rows.bind(first, last)
                    for condition in scope.conditions { for value in condition.values { try rows.bind(value) } }
                    while try rows.step() {
                        let values = Self.values(of: rows, kinds)
                        guard let number, case .integer(let key) = values[number], try reader.isAtHome(key, in: archive) else { continue }
                        filed.append((key, values))
                    }
                }
                filed.sort { $0.number < $1.number }
            }
            try rows.bind(first, last)
            for condition in scope.conditions { for value in condition.values { try rows.bind(value) } }
            var told = 0
            while try rows.step() {
                let values = Self.values(of: rows, kinds)
                if let intent, case .text(let id) = values[intent], unfinished.contains(id) { continue }
                if let number, case .integer(let key) = values[number] {
                    while told < filed.count, filed[told].number < key {
                        body(filed[told].values)
                        told += 1
                    }
                }
                body(values)
            }
            rows.reset()
            for row in filed[told...] { body(row.values) }
            progress(last, end)
            after = last
            guard after < end else { return }
        }
    }

    /// The first number behind one that lies in the archive; nil: there is none.
    private func nextArchived(behind after: Int64) throws(JournalError) -> Int64? {
        let next = max(after, 0) + 1
        if try connection.archive(of: next) != nil { return next }
        return try connection.integer("SELECT min(first_seq) FROM archived WHERE first_seq >= \(next)")
    }

    private enum Kind { case plain, flag, json }

    /// The newest there is; what is written later has a greater one.
    private func lastNumber(of view: ExportedView) throws(JournalError) -> Int64 {
        if view == .requests { return try connection.integer("SELECT max(request_id) FROM requests") ?? 0 }
        return max(try connection.integer("SELECT max(seq) FROM events") ?? 0, try connection.integer("SELECT max(order_key) FROM orders") ?? 0)
    }

    /// Intents of which not all is written yet.
    private func halfWritten() throws(JournalError) -> Set<String> {
        var ids: Set<String> = []
        let rows = try connection.prepare("SELECT intent_id FROM intents WHERE complete = 0")
        while try rows.step() { ids.insert(try rows.next()) }
        return ids
    }

    private static func values(of row: borrowing Statement, _ kinds: [Kind]) -> [ExportedValue] {
        var values: [ExportedValue] = []
        values.reserveCapacity(kinds.count)
        for (index, kind) in kinds.enumerated() {
            let column = Int32(index)
            if row.isNull(column) {
                values.append(.null)
            } else if row.isInteger(column) {
                values.append(kind == .flag ? .flag(row.integer(column) != 0) : .integer(row.integer(column)))
            } else {
                let text = row.text(column)
                // What somebody wrote there that is none stays a text.
                values.append(kind == .json && (try? JSONParser.parse(text)) != nil ? .json(text) : .text(text))
            }
        }
        return values
    }
}
