import OMSCore
import Wire

/// Rows as JSON objects: keys are the columns' names; INTEGER is a number, TEXT a string, NULL null.
struct RowJSON {
    private let columns: [String]
    private let rawDetail: Bool
    static let flags = Set(OrderTerms.fields.filter { $0.kind == .flag }.map(\.name))

    /// - Parameter rawDetail: `detail` holds JSON of ours, to be embedded as it is.
    init(_ rows: borrowing Statement, rawDetail: Bool = false) {
        columns = (0..<rows.columns).map { rows.name(of: $0) }
        self.rawDetail = rawDetail
    }

    func write(_ row: borrowing Statement, to writer: inout JSONWriter) {
        writer.beginObject()
        writeMembers(row, to: &writer)
        writer.endObject()
    }

    func writeMembers(_ row: borrowing Statement, to writer: inout JSONWriter) {
        for (index, name) in columns.enumerated() {
            let column = Int32(index)
            writer.key(name)
            if row.isNull(column) {
                writer.null()
            } else if row.isInteger(column) {
                if Self.flags.contains(name) { writer.bool(row.integer(column) != 0) } else { writer.integer(row.integer(column)) }
            } else if rawDetail, name == "detail" {
                writer.raw(row.text(column))
            } else {
                writer.string(row.text(column))
            }
        }
    }

    func integer(_ name: String, in row: borrowing Statement) -> Int64? {
        guard let column = columns.firstIndex(of: name).map({ Int32($0) }), !row.isNull(column) else { return nil }
        return row.integer(column)
    }

    func text(_ name: String, in row: borrowing Statement) -> String? {
        guard let column = columns.firstIndex(of: name).map({ Int32($0) }), !row.isNull(column) else { return nil }
        return row.text(column)
    }
}
