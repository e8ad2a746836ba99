/// Which rows that a standby reads it may apply.
///
/// A row that can be seen need not stay: a cancelled wait and a restart of the engine show rows that no second node has. A row stays once its writer had a clean
/// answer for it. That shows in the row behind it, which a writer sends only then, in the lease's `confirmed`, or in a clean bump of the reader's own.
package enum FollowedRows {
    /// - Parameters:
    ///   - last: the number of the last row that was read; 0: none.
    ///   - confirmed: of the lease, read after the rows or with them.
    ///   - drained: the number that the reader's own clean bump named; nil: it has none.
    /// - Returns: the number up to which rows stay. What was read behind it is forgotten and read again: another row may stand there then.
    package static func durable(last: Int64, confirmed: Int64, drained: Int64?) -> Int64 { min(last, max(last - 1, confirmed, drained ?? 0)) }
}
