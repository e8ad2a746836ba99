import OMSCore
import Wire

/// Rows of orders and of the commands on them.
extension SQLiteJournal {
    // MARK: Orders

    /// - Parameter sending: of the same turn: its own line writes no row any more.
    func write(_ order: Order, _ actor: Actor, sending: OrderColumns.Sending?) throws(JournalError) {
        let account = try key(of: order.account)
        let isIntentsActor = lastIntent.map { $0.key == order.intent && $0.actor == actor } ?? false
        try statements.insertOrder.add { row throws(JournalError) in
            try OrderColumns.bind(order, account: account, actor: isIntentsActor ? nil : actor, sending: sending, to: row)
        }
        try statements.insertUsedID.add { row throws(JournalError) in
            try row.bind(text: order.clientOrderID.text)
            try row.bind(number: order.key.number)
        }

        let seen = SymbolSeen(account: account, symbol: order.terms.symbol)
        if seenSymbols.insert(seen).inserted {
            newSymbols.append(seen)
            try statements.insertSymbol.run(account, order.terms.symbol)
        }
    }

    /// Whether a change says no more than that the order left in a request.
    static func isSending(from: OrderState, to: OrderState, _ fields: OrderFields, _ event: JournalEvent) -> Bool {
        event.kind == .submitted && fields.isSubset(of: .ofSending) && to == .submitted && !from.isTerminal
    }

    /// The row as it is now, and the line of the record that says how it came to be: docs/AUDIT.md, "Folding the record".
    ///
    /// - Parameter isWritten: the row is so already.
    func write(_ order: Order, from: OrderState, _ fields: OrderFields, _ event: JournalEvent, isWritten: Bool) throws(JournalError) {
        let to = order.state
        let evidence = event.evidence ?? order.evidence
        let isSubmission = event.kind == .submitted
        var detail = EventDetail()
        order.tell(from: from, fields, event) { detail.add($0, $1) }
        detail.addNote(of: event)

        if isWritten {
            // By its birth.
        } else if Self.isSending(from: from, to: to, fields, event) {
            try statements.submitOrder.run(order, mask: 0, event)
        } else if fields.isSubset(of: .ofAcknowledging), fields.contains(.venueOrderID), from.isUnsettled, !isSubmission, !to.isTerminal {
            try statements.acknowledgeOrder.run(order, mask: fields.rawValue, event)
        } else {
            var mask = fields.rawValue
            if isSubmission {
                mask |= OrderUpdate.writesSubmittedAt | OrderFields.attempts.rawValue
            } else if order.writesAcknowledgedAt(from: from, event) {
                mask |= OrderUpdate.writesAcknowledgedAt
            }
            switch (fields.contains(.venueOrderID), from.isTerminal || to.isTerminal) {
            case (false, false): try statements.changeOrder.run(order, mask: mask, event)
            case (true, false): try statements.changeOrderVenueID.run(order, mask: mask, event)
            case (false, true): try statements.closeOrder.run(order, mask: mask, event)
            case (true, true): try statements.closeOrderVenueID.run(order, mask: mask, event)
            }
        }
        if !isWritten { try expectOneRow("order \(order.key)") }
        if fields.contains(.predictedID), let id = order.predictedIDs.last {
            try statements.insertPredicted.run(order.key, id)
        }
        try write(
            event, account: try key(of: order.account), order: order.key.number, from: from.rawValue, to: to.rawValue, evidence: evidence,
            detail: detail)
    }

    // MARK: Commands

    func write(_ command: OrderCommand, _ event: JournalEvent) throws(JournalError) {
        guard event.seq == command.id.number else { throw JournalError(.damaged, "command \(command.id) does not bear its number") }
        let account = try key(of: command.account)
        try statements.insertCommand.run(
            command.id, command.kind, command.order, account, command.intent, command.price, command.quantity, command.onFailure, command.sequence,
            command.requestedAt, command.expiresAt)
        var detail = EventDetail()
        detail.add("command", command.kind.rawValue)
        if let price = command.price { detail.add("price", price) }
        if let quantity = command.quantity { detail.add("quantity", quantity) }
        // One that is settled at birth has more to say than a birth does: its line says all of it.
        let closedAt = command.state.isOpen ? nil : command.closedAt ?? event.at
        if command.state != .requested { Self.tell(command, closedAt: closedAt, event, to: &detail) }
        detail.addNote(of: event)
        try write(
            event, account: account, order: command.order.number, command: command.id.number, to: command.state.rawValue,
            evidence: event.evidence ?? command.evidence, detail: detail)
        if command.state != .requested { try update(command, closedAt: closedAt) }
    }

    func write(_ command: OrderCommand, from: CommandState, _ event: JournalEvent) throws(JournalError) {
        let evidence = event.evidence ?? command.evidence
        var detail = EventDetail()
        let closedAt = command.state.isOpen ? nil : command.closedAt ?? event.at
        detail.add("command_id", command.id.number)
        Self.tell(command, closedAt: closedAt, event, to: &detail)
        detail.addNote(of: event)
        try update(command, closedAt: closedAt)
        try write(
            event, account: try key(of: command.account), order: command.order.number, command: command.id.number, from: from.rawValue,
            to: command.state.rawValue, evidence: evidence, detail: detail)
    }

    /// What the line of a change has to say beside its own columns, so that the fold of all lines is the command as it is.
    private static func tell(_ command: OrderCommand, closedAt: Int64?, _ event: JournalEvent, to detail: inout EventDetail) {
        if command.state != .submitted || command.attempts != 1 { detail.add("attempts", Int64(command.attempts)) }
        if let code = command.rejectCode { detail.add("reject_code", code) }
        if let text = command.rejectText { detail.add("reject_text", text) }
        if let told = event.evidence, told != command.evidence { detail.add("order_evidence", command.evidence.rawValue) }
        if command.request != event.request { detail.add("order_request", command.request?.number) }
        if let closedAt, closedAt != event.at { detail.add("closed_at", closedAt) }
    }

    private func update(_ command: OrderCommand, closedAt: Int64?) throws(JournalError) {
        try statements.changeCommand.run(
            command.state, command.evidence, command.attempts, command.request, command.state.isOpen ? nil : closedAt, command.rejectCode,
            command.rejectText, command.id)
        try expectOneRow("command \(command.id)")
    }
}
