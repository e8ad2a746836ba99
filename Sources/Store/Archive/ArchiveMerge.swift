import OMSCore

/// Rows of a journal and of files of its archive, by number, as if they lay in one place.
enum ArchiveMerge {
    typealias Row = (key: Int64, bytes: [UInt8])

    struct Source {
        /// Whether a row is at home there: files keep what came back into the journal.
        let isMeant: (Int64) throws(JournalError) -> Bool
        /// The next rows behind a number, in order, at most so many.
        let rows: (Int64, Int) throws(JournalError) -> [Row]

        init(
            isMeant: @escaping (Int64) throws(JournalError) -> Bool = { _ in true }, rows: @escaping (Int64, Int) throws(JournalError) -> [Row]
        ) {
            (self.isMeant, self.rows) = (isMeant, rows)
        }
    }

    /// The next rows behind a number, of all sources, each once: where several have one, that of the last source counts, which knows more of it.
    static func next(of sources: [Source], after: Int64, limit: Int) throws(JournalError) -> [Row] {
        guard sources.count > 1 else { return try sources.first?.rows(after, limit) ?? [] }
        var found: [Row] = []
        var after = after
        while found.count < limit {
            // A source that gave all it was asked for has more: what lies behind its last row is not known yet.
            var bound = Int64.max
            var rows: [Int64: [UInt8]] = [:]
            for source in sources {
                let some = try source.rows(after, limit)
                if some.count >= limit, let last = some.last { bound = min(bound, last.key) }
                for row in some where try source.isMeant(row.key) { rows[row.key] = row.bytes }
            }
            found += rows.filter { $0.key <= bound }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }.prefix(limit - found.count)
            guard bound < .max else { break }
            after = bound
        }
        return found
    }
}
