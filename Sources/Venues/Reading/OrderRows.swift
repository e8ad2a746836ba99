import OMSCore
import Wire

/// The orders of a listing or look-up: those that could be read, and what stood beside them.
struct OrderRows {
    private(set) var reports: [OrderReport] = []
    private(set) var unreadable: [UnreadableRow] = []

    /// Reads each row for itself: one that cannot be read costs no other.
    ///
    /// - Parameters:
    ///   - clientID, venueID: the names of the fields that hold the two ids, to tell whose an unreadable row may be.
    init(
        _ rows: [JSON], clientID: [String], venueID: [String], _ read: (AnswerRow) throws(Unreadable) -> OrderReport
    ) {
        for json in rows {
            do throws(Unreadable) { reports.append(try read(AnswerRow(json))) } catch {
                func id(_ keys: [String]) -> String? { keys.lazy.compactMap { json[$0]?.text }.first { !$0.isEmpty } }
                unreadable.append(
                    UnreadableRow(
                        clientOrderID: id(clientID).map { ClientOrderID($0) }, venueOrderID: id(venueID).map { VenueOrderID($0) },
                        problem: error.what.escapedForLog))
            }
        }
    }

    func answer(next: String?) -> QueryAnswer { .orders(reports, next: next, unreadable: unreadable) }

    /// A look-up of this order found nothing that can be believed: a row that may be it could not be read.
    func mustNotHide(_ subject: FindSubject) throws(Unreadable) {
        if let row = unreadable.first(where: { $0.mayBe(subject) }) { throw Unreadable("a row that may be the order: \(row.problem)") }
    }
}

extension UnreadableRow {
    /// Whether the row may be this order, by the ids that could be read.
    func mayBe(_ subject: FindSubject) -> Bool {
        if let clientOrderID { return clientOrderID == subject.clientOrderID }
        guard let venueOrderID else { return true }
        let known = [subject.venueOrderID].compactMap { $0 } + subject.predictedIDs
        return known.isEmpty || known.contains(venueOrderID)
    }
}
