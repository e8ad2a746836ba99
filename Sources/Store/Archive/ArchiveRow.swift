import OMSCore
import Wire

/// One row of `archives`: a file of the archive, as the journal knows it.
package struct ArchiveRow: Sendable, Equatable {
    package enum State: String, Sendable {
        /// The journal has everything; what lies in the folder proves nothing.
        case filling
        /// The file is on disk under its name and stands in the record: rows leave the journal.
        case whole
        /// None is left to leave.
        case moved
    }
    package let id: Int64
    package let month: ArchiveMonth
    /// From 1: of a month that was filed and had more to file later.
    package let part: Int64
    package let state: State
    /// Wall clock, microseconds.
    package let begunAt: Int64
    /// nil while it is filled.
    package let head: ArchiveHead?
    /// The line of the record that names the head.
    package let toldBy: Int64?

    package var name: String { Self.name(of: month, part: part) }
    package static func name(of month: ArchiveMonth, part: Int64) -> String { "\(month)" + (part == 1 ? "" : ".\(part)") + ".db" }

    static let columns = "archive_id, month, part, state, begun_at, orders, lines, first_key, last_key, digest, told_by"

    /// From a row of `columns`.
    static func read(_ row: borrowing Statement) throws(JournalError) -> ArchiveRow {
        let (id, text, part): (Int64, String, Int64) = (try row.next(), try row.next(), try row.next())
        guard let month = ArchiveMonth(text), part > 0 else { throw row.damage("a month that cannot be read") }
        let (state, begunAt): (State, Int64) = (try row.next(), try row.next())
        let (orders, lines): (Int64?, Int64?) = (try row.next(), try row.next())
        let (first, last): (Int64?, Int64?) = (try row.next(), try row.next())
        var head: ArchiveHead?
        if let digest = try row.next(Digest256?.self) {
            head = ArchiveHead(orders: orders ?? 0, lines: lines ?? 0, first: first ?? 0, last: last ?? 0, digest: digest)
        }
        return ArchiveRow(id: id, month: month, part: part, state: state, begunAt: begunAt, head: head, toldBy: try row.next())
    }
}

extension ArchiveRow.State: ColumnValue {}

/// What a complete file holds, by its rows alone.
package struct ArchiveHead: Sendable, Equatable {
    package let orders: Int64
    /// Births and events.
    package let lines: Int64
    /// The first and the last of its orders, by number.
    package let first, last: Int64
    /// Over all of its rows.
    package let digest: Digest256
}

extension Connection {
    /// Those of a state, or all, oldest first.
    func archives(_ state: ArchiveRow.State? = nil) throws(JournalError) -> [ArchiveRow] {
        let rows = try prepare(
            "SELECT \(ArchiveRow.columns) FROM archives" + (state.map { " WHERE state = '\($0.rawValue)'" } ?? "") + " ORDER BY archive_id")
        var all: [ArchiveRow] = []
        while try rows.step() { all.append(try ArchiveRow.read(rows)) }
        return all
    }

    /// Files in which something lies that is not in the journal any more.
    func archivesInUse() throws(JournalError) -> [ArchiveRow] { try archives().filter { $0.state != .filling } }

    /// In which file a number of the record lies; nil: in none.
    func archive(of number: Int64) throws(JournalError) -> Int64? {
        let row = try prepare("SELECT last_seq, archive_id FROM archived WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1")
        try row.bind(number)
        guard try row.step(), try row.next(Int64.self) >= number else { return nil }
        return try row.next()
    }

    /// Changes with whatever leaves for a file or comes back.
    func filed() throws(JournalError) -> String? {
        try text("SELECT count(*) || ' ' || total(first_seq) || ' ' || total(last_seq) FROM archived")
    }

    /// Whether anything ever left the journal.
    func hasArchived() throws(JournalError) -> Bool { try integer("SELECT 1 FROM archived LIMIT 1") == 1 }
}
