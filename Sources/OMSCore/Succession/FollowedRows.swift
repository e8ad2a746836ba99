/// Which rows of a reading a standby may apply, by what it knew when it asked for them.
///
/// A row that can be seen need not stay: a cancelled wait and a restart of the engine show rows that no second node has. A row stays once its writer had a clean
/// answer for it. That shows in the row behind it, which a writer sends only then, in the lease's `confirmed`, or in a clean bump of the reader's own. The last
/// two speak of rows that are read after them: what was read before may have gone since, and another row have come to its number.
package struct FollowedRows: Sendable, Equatable {
    private let proven: Int64

    /// Made when rows are asked for.
    ///
    /// - Parameters:
    ///   - confirmed: of the lease, as it was heard of by then.
    ///   - drained: the number that the reader's own clean bump named; nil: it has none.
    package init(confirmed: Int64, drained: Int64?) { proven = max(confirmed, drained ?? 0) }

    /// - Parameter last: the number of the last row that was read; 0: none.
    /// - Returns: the number up to which rows stay. What was read behind it is forgotten and read again: another row may stand there then.
    package func durable(last: Int64) -> Int64 { min(last, max(last - 1, proven)) }
}
