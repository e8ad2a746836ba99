/// When this host saw each row of permits, by its own clock: what a new owner counts the former owner's permits from.
///
/// The clocks of two hosts have nothing to do with each other. A permit was taken or released before its row was in the log, and the row was in the log before
/// it was seen: counted in full from there it is held too long, never too short.
package struct SeenPermits: Sendable {
    private struct Slot: Hashable {
        let budget: Int64
        let slot: Int
    }
    private var rows: [Slot: (row: PermitRow, at: Int64)] = [:]

    package init() {}

    /// - Parameter now: microseconds of this host's boot clock.
    package mutating func saw(_ row: PermitRow, at now: Int64) { rows[Slot(budget: row.budget, slot: row.slot)] = (row, now) }

    /// The rows as a start of this host's boot takes them over, ordered by budget and slot.
    ///
    /// One without an answer may still be on its way: its hold begins at the takeover. Beside it the start counts the former owner's sockets as open
    /// (``JournalState/hasOpenSockets``), which adds the time a request may take.
    ///
    /// - Parameter takeover: when the log was this host's: microseconds of its boot clock.
    package func inherited(at takeover: Int64) -> [PermitRow] {
        rows.values.map { row, seen in
            let isUnanswered = row.isUnanswered || row.request != nil
            let from = isUnanswered ? takeover : seen
            return PermitRow(
                budget: row.budget, slot: row.slot, count: row.count, request: nil, takenAt: from, releasedAt: from, isUnanswered: isUnanswered)
        }
        .sorted { ($0.budget, $0.slot) < ($1.budget, $1.slot) }
    }
}
