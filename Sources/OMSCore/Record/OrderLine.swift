/// One line of an order's record as the fold reads it: columns of `events`, and what the detail says.
package struct OrderLine {
    package let seq: Int64
    package let at: Int64
    package let kind: String
    package let from: String?
    /// nil: it changes nothing of the order.
    package let to: String?
    package let evidence: String?
    package let request: Int64?
    /// Members of the detail, by name.
    package var changes: [(name: String, value: FieldValue)]
    package init(
        seq: Int64, at: Int64, kind: String, from: String?, to: String?, evidence: String?, request: Int64?,
        changes: [(name: String, value: FieldValue)]
    ) {
        (self.seq, self.at, self.kind, self.from, self.to) = (seq, at, kind, from, to)
        (self.evidence, self.request, self.changes) = (evidence, request, changes)
    }

    /// As a journal writes the change of an order.
    package init(_ order: Order, from: OrderState, _ fields: OrderFields, _ event: JournalEvent) {
        self.init(
            seq: event.seq, at: event.at, kind: event.kind.rawValue, from: from.rawValue, to: order.state.rawValue,
            evidence: (event.evidence ?? order.evidence).rawValue, request: event.request?.number, changes: [])
        order.tell(from: from, fields, event) { changes.append(($0, $1)) }
    }
}

extension Order {
    /// What the line of a change has to say beside its own columns, so that the fold of all lines is the order as it is: docs/AUDIT.md, "Folding the record".
    ///
    /// - Parameters:
    ///   - from: where it was; the order itself is as it is now.
    ///   - fields: what changed.
    ///   - say: is handed names and new values, in the order of the table.
    package func tell(from: OrderState, _ fields: OrderFields, _ event: JournalEvent, say: (String, FieldValue) -> Void) {
        let isSubmission = event.kind == .submitted
        if isSubmission || !fields.isEmpty {
            let known = Order.known
            for index in 0..<known.count {
                let changes = known[index].changes
                if changes.isEmpty { continue }
                // The fold counts the first attempt by itself.
                let isTold = isSubmission && changes == .attempts ? attempts != 1 : fields.contains(changes)
                if isTold { say(known[index].name, known[index].get(self)) }
            }
        }
        if fields.contains(.predictedID) { say("predicted_id", predictedIDs.last.map { .text($0.text) } ?? .none) }
        if let told = event.evidence, told != evidence { say("order_evidence", .text(evidence.rawValue)) }
        if request != event.request { say("order_request", request.map { .number($0.number) } ?? .none) }
        if isSubmission, let at = submittedAt, at != event.at { say("submitted_at", .number(at)) }
        if writesAcknowledgedAt(from: from, event), let at = acknowledgedAt, event.kind != .acknowledged || at != event.at {
            say("acknowledged_at", .number(at))
        }
        if state.isTerminal {
            let at = closedAt ?? event.at
            if from.isTerminal || at != event.at { say("closed_at", .number(at)) }
        }
    }

    /// An order that lives was heard of as taken before.
    package func writesAcknowledgedAt(from: OrderState, _ event: JournalEvent) -> Bool { event.kind != .submitted && !from.isLive }
}
