import CSQLite
import OMSCore
import Wire

/// Goes through the rows that a seal covers: for the one that makes it, and for those who check it.
///
/// Each piece is one statement over at most 10,000 numbers, so that a daemon's WAL can be used again: what was written once cannot change in between. Rows go to the
/// hash from within SQLite's own loop, as arguments of an aggregate function: measured, a fifth less than stepping from row to row.
final class SealReader {
    let connection: Connection
    private let form: SealForm
    private let sink: SealSink
    private let tables: [Rows]
    private let request, endedRequest, account: Rows
    private static let pieceNumbers: Int64 = 10_000

    /// A table of the form, and the statements that read it.
    private final class Rows {
        let table: SealForm.Table
        let rows: Statement
        let next: Statement
        init(_ table: SealForm.Table, by condition: String, on connection: Connection) throws(JournalError) {
            self.table = table
            // By number, whatever indexes there are: the hash wants them in this order, and the sink checks it.
            let place = "FROM \(table.name) NOT INDEXED WHERE"
            rows = try connection.prepare("SELECT \(SealSink.name)(\(table.columns.joined(separator: ", "))) \(place) \(condition)")
            next = try connection.prepare("SELECT min(\(table.key)) \(place) \(table.key) > ? AND \(table.key) <= ?")
        }
    }

    init(_ connection: Connection, form: SealForm) throws(JournalError) {
        (self.connection, self.form) = (connection, form)
        sink = try SealSink(on: connection)
        var tables: [Rows] = []
        for table in form.tables { tables.append(try Rows(table, by: "\(table.key) > ? AND \(table.key) <= ?", on: connection)) }
        self.tables = tables
        request = try Rows(form.request, by: "\(form.request.key) = ?", on: connection)
        endedRequest = try Rows(form.endedRequest, by: "\(form.endedRequest.key) = ?", on: connection)
        account = try Rows(form.account, by: "\(form.account.key) = ?", on: connection)
    }

    /// The rows of some numbers, before it is known what they are sealed with.
    struct Content {
        let first, last: Int64
        fileprivate(set) var lines: Int64 = 0
        fileprivate let bytes = SealBytes()
        fileprivate let form: Int

        /// The seal over them.
        ///
        /// - Parameters:
        ///   - lines: as a row says; they need not be as many as there are.
        ///   - former: the seal before.
        func seal(lines: Int64, at: Int64, former: Digest256) -> Digest256 {
            let bytes = bytes.copy()
            bytes.add(mark: 0)
            for number in [Int64(form), first, last, lines, at] { bytes.add(number) }
            bytes.add(raw: former.bytes)
            return Digest256(bytes.finish())
        }
    }

    func content(from first: Int64, to last: Int64) throws(JournalError) -> Content {
        var content = Content(first: first, last: last, form: form.number)
        sink.begin(content.bytes)
        defer { sink.end() }
        for index in tables.indices {
            let count = try add(tables[index], from: first, to: last, leadsTo: leads(index))
            if tables[index].table.isLines { content.lines += count }
        }
        for (id, isEnded) in sink.requests.sorted(by: { $0.key < $1.key }) { try add(isEnded ? endedRequest : request, id, to: content.bytes) }
        for key in sink.accounts.sorted() { try add(account, key, to: content.bytes) }
        return content
    }

    /// A file of the archive, and the numbers of the stretch that are at home there.
    struct Elsewhere {
        let reader: SealReader
        let numbers: [ClosedRange<Int64>]
    }

    /// The rows of a stretch of which some lie in files of the archive, by number as if they were here. Within a snapshot.
    func content(from first: Int64, to last: Int64, with files: [Elsewhere]) throws(JournalError) -> Content {
        guard !files.isEmpty else { return try content(from: first, to: last) }
        var content = Content(first: first, last: last, form: form.number)
        var (requests, accounts): ([Int64: Bool], Set<Int64>) = ([:], [])
        for index in tables.indices {
            var rows = try gather(index, from: first, to: last) { _ in true }
            requests.merge(sink.requests) { $0 || $1 }
            accounts.formUnion(sink.accounts)
            for file in files where Self.moving.contains(tables[index].table.name) {
                rows += try file.reader.gather(index, from: first, to: last) { key in file.numbers.contains { $0.contains(key) } }
                requests.merge(file.reader.sink.requests) { $0 || $1 }
                accounts.formUnion(file.reader.sink.accounts)
            }
            rows.sort { $0.key < $1.key }
            for row in rows { content.bytes.add(raw: row.bytes) }
            if tables[index].table.isLines { content.lines += Int64(rows.count) }
        }
        sink.begin(content.bytes)
        defer { sink.end() }
        for (id, isEnded) in requests.sorted(by: { $0.key < $1.key }) { try add(isEnded ? endedRequest : request, id, to: content.bytes) }
        for key in accounts.sorted() { try add(account, key, to: content.bytes) }
        return content
    }

    /// Tables whose rows leave with an order.
    private static let moving: Set<String> = ["orders", "events", "commands", "fills"]

    private func gather(
        _ index: Int, from first: Int64, to last: Int64, isMeant: @escaping (Int64) -> Bool
    ) throws(JournalError) -> [(key: Int64, bytes: [UInt8])] {
        sink.beginGathering(isMeant)
        defer { sink.end() }
        _ = try add(tables[index], from: first, to: last, leadsTo: leads(index))
        return sink.takeGathered()
    }

    private func leads(_ index: Int) -> SealSink.LeadsTo { index == 0 ? .accounts : index == 1 ? .accountsAndRequests : .nothing }

    /// - Returns: how many rows there were.
    private func add(_ rows: Rows, from first: Int64, to last: Int64, leadsTo: SealSink.LeadsTo) throws(JournalError) -> Int64 {
        sink.begin(mark: rows.table.mark, leadsTo: leadsTo)
        var after = first - 1
        while after < last {
            // Nothing is read where nothing is, however far away the next number lies.
            try rows.next.bind(after, last)
            defer { rows.next.reset() }
            guard try rows.next.step(), let next = try rows.next.next(Int64?.self) else { break }
            let piece = min(last, next.addingReportingOverflow(Self.pieceNumbers - 1).partialValue)
            try rows.rows.bind(next - 1, piece)
            defer { rows.rows.reset() }
            _ = try rows.rows.step()
            after = piece
        }
        guard sink.isInOrder else { throw JournalError(.damaged, "rows of \(rows.table.name) come out of order") }
        return sink.count
    }

    private func add(_ rows: Rows, _ key: Int64, to bytes: SealBytes) throws(JournalError) {
        sink.begin(mark: rows.table.mark, leadsTo: .nothing)
        try rows.rows.bind(key)
        defer { rows.rows.reset() }
        _ = try rows.rows.step()
        guard sink.count == 0 else { return }
        bytes.add(mark: rows.table.mark | 0x80)
        bytes.add(key)
    }
}
