/// Where a host's own journal stands in its group's log. Committed with each turn that is in the log, so that no crash parts the two.
package struct LogPlace: Sendable, Equatable {
    package let group: String
    /// Of the turn's row; 0: no turn yet.
    package let epoch: Int64
    package let head: LogHead
    package init(group: String, epoch: Int64, head: LogHead) { (self.group, self.epoch, self.head) = (group, epoch, head) }
}

/// A journal that holds what a group's log says: the same turns, in the same order, and no others.
package protocol GroupJournal: Journal {
    /// As of the last commit; nil: it is of no group.
    var place: LogPlace? { get }
    /// Nothing was ever recorded.
    var isEmpty: Bool { get }
    /// As `write(_:at:)`; what is committed says as well that it reaches there. Also where there are no records: a turn may be a mark alone.
    func write(_ records: [JournalRecord], at: Int64, reaching place: LogPlace) throws(JournalError)
    /// What an owner puts in front of its first turn: places for accounts that have none, and what is half written taken out.
    func openings(at: Int64) throws(JournalError) -> [JournalRecord]
}
