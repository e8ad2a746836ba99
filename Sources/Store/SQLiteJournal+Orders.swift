import OMSCore
import Wire

/// Rows of orders and of the commands on them.
extension SQLiteJournal {
    // MARK: Orders

    func write(_ order: Order, _ actor: Actor) throws(JournalError) {
        let account = try key(of: order.account)
        let terms = order.terms
        try statements.insertOrder.bind(order.key.number, at: 1)
        try statements.insertOrder.bind(order.clientOrderID.text, at: 2)
        try statements.insertOrder.bind(order.intent.number, at: 3)
        try statements.insertOrder.bind(account, at: 4)
        try statements.insertOrder.bind(order.item, at: 5)
        try statements.insertOrder.bind(terms.symbol.text, at: 6)
        try statements.insertOrder.bind(terms.side.rawValue, at: 7)
        try statements.insertOrder.bind(terms.type.rawValue, at: 8)
        try statements.insertOrder.bind(terms.timeInForce?.rawValue, at: 9)
        try statements.insertOrder.bind(terms.postOnly, at: 10)
        try statements.insertOrder.bind(terms.price, at: 11)
        try statements.insertOrder.bind(terms.quantity, at: 12)
        try statements.insertOrder.bind(terms.quoteQuantity, at: 13)
        try statements.insertOrder.bind(terms.reduceOnly, at: 14)
        try statements.insertOrder.bind(terms.positionSide?.rawValue, at: 15)
        try statements.insertOrder.bind(terms.marginAction?.rawValue, at: 16)
        try statements.insertOrder.bind(terms.stp?.rawValue, at: 17)
        try statements.insertOrder.bind(terms.takeProfit, at: 18)
        try statements.insertOrder.bind(terms.stopLoss, at: 19)
        try statements.insertOrder.bind(order.intendedAt, at: 20)
        try statements.insertOrder.bind(order.expiresAt, at: 21)
        let isIntentsActor = lastIntent.map { $0.key == order.intent && $0.actor == actor } ?? false
        try statements.insertOrder.bind(isIntentsActor ? nil : actor.text, at: 22)
        try statements.insertOrder.run()

        try statements.insertUsedID.bind(order.clientOrderID.text, at: 1)
        try statements.insertUsedID.bind(order.key.number, at: 2)
        try statements.insertUsedID.run()

        let seen = SymbolSeen(account: account, symbol: terms.symbol)
        if seenSymbols.insert(seen).inserted {
            newSymbols.append(seen)
            try statements.insertSymbol.bind(account, at: 1)
            try statements.insertSymbol.bind(terms.symbol.text, at: 2)
            try statements.insertSymbol.run()
        }
    }

    /// The row as it is now, and the line of the record that says how it came to be: docs/AUDIT.md, "Folding the record".
    func write(_ order: Order, from: OrderState, _ fields: OrderFields, _ event: JournalEvent) throws(JournalError) {
        let to = order.state
        let evidence = event.evidence ?? order.evidence
        let isSubmission = event.kind == .submitted
        var detail = EventDetail()
        if fields.contains(.venueState) { detail.add("venue_state", order.venueState) }
        if fields.contains(.venueOrderID) { detail.add("venue_order_id", order.venueOrderID?.text) }
        if fields.contains(.price) { detail.add("price", order.price) }
        if fields.contains(.quantity) { detail.add("quantity", order.quantity) }
        if fields.contains(.filledQuantity) { detail.add("filled_quantity", order.filledQuantity) }
        if fields.contains(.averagePrice) { detail.add("average_price", order.averagePrice) }
        if fields.contains(.reject) {
            detail.add("reject_code", order.rejectCode)
            detail.add("reject_text", order.rejectText)
        }
        if isSubmission ? order.attempts != 1 : fields.contains(.attempts) { detail.add("attempts", Int64(order.attempts)) }
        if fields.contains(.parkedAt) { detail.add("parked_at", order.parkedAt) }
        if fields.contains(.predictedID) { detail.add("predicted_id", order.predictedIDs.last?.text) }
        if fields.contains(.bars) { detail.add("barred_by", order.bars.text) }
        if fields.contains(.absences) { detail.add("absences", order.absences == 0 ? nil : Int64(order.absences)) }
        if order.evidence != evidence { detail.add("order_evidence", order.evidence.rawValue) }
        if order.request != event.request { detail.add("order_request", order.request?.number) }
        if isSubmission, let at = order.submittedAt, at != event.at { detail.add("submitted_at", at) }
        let writesAcknowledgedAt = !isSubmission && !from.isLive
        if writesAcknowledgedAt, let at = order.acknowledgedAt, event.kind != .acknowledged || at != event.at { detail.add("acknowledged_at", at) }
        let closedAt = to.isTerminal ? order.closedAt ?? event.at : nil
        if let closedAt, from.isTerminal || closedAt != event.at { detail.add("closed_at", closedAt) }
        detail.addNote(of: event)

        if isSubmission, fields.isSubset(of: [.attempts, .predictedID]), to == .submitted, !from.isTerminal {
            try statements.submitOrder.bind(order.key.number, at: 1)
            try statements.submitOrder.bind(to.rawValue, at: 2)
            try statements.submitOrder.bind(order.evidence.rawValue, at: 3)
            try statements.submitOrder.bind(order.attempts, at: 4)
            try statements.submitOrder.bind(order.request?.number, at: 5)
            try statements.submitOrder.bind(order.submittedAt ?? event.at, at: 6)
            try statements.submitOrder.run()
        } else if fields.isSubset(of: [.venueState, .venueOrderID]), fields.contains(.venueOrderID), from.isUnsettled, !isSubmission, !to.isTerminal {
            try statements.acknowledgeOrder.bind(order.key.number, at: 1)
            try statements.acknowledgeOrder.bind(to.rawValue, at: 2)
            try statements.acknowledgeOrder.bind(order.evidence.rawValue, at: 3)
            try statements.acknowledgeOrder.bind(order.request?.number, at: 4)
            try statements.acknowledgeOrder.bind(order.venueOrderID?.text, at: 5)
            try statements.acknowledgeOrder.bind(acknowledgedAt(order, event), at: 6)
            try statements.acknowledgeOrder.bind(fields.contains(.venueState), at: 7)
            try statements.acknowledgeOrder.bind(order.venueState, at: 8)
            try statements.acknowledgeOrder.run()
        } else {
            var mask = fields.rawValue
            if isSubmission {
                mask |= WriterStatements.writesSubmittedAt | OrderFields.attempts.rawValue
            } else if writesAcknowledgedAt {
                mask |= WriterStatements.writesAcknowledgedAt
            }
            let isClosing = from.isTerminal || to.isTerminal
            switch (fields.contains(.venueOrderID), isClosing) {
            case (false, false): try change(order, mask, closedAt, event, by: statements.changeOrder)
            case (true, false): try change(order, mask, closedAt, event, by: statements.changeOrderVenueID)
            case (false, true): try change(order, mask, closedAt, event, by: statements.closeOrder)
            case (true, true): try change(order, mask, closedAt, event, by: statements.closeOrderVenueID)
            }
        }
        try expectOneRow("order \(order.key)")
        if fields.contains(.predictedID), let id = order.predictedIDs.last {
            try statements.insertPredicted.bind(order.key.number, at: 1)
            try statements.insertPredicted.bind(id.text, at: 2)
            try statements.insertPredicted.run()
        }
        try write(
            event, account: try key(of: order.account), order: order.key.number, from: from.rawValue, to: to.rawValue, evidence: evidence,
            detail: detail)
    }

    /// An order first heard of as taken has the time of that event.
    private func acknowledgedAt(_ order: Order, _ event: JournalEvent) -> Int64? {
        order.acknowledgedAt ?? (event.kind == .acknowledged ? event.at : nil)
    }

    /// - Parameter mask: The columns to write, as bits of `OrderFields` and two of `WriterStatements`.
    private func change(
        _ order: Order, _ mask: Int, _ closedAt: Int64?, _ event: JournalEvent, by statement: borrowing Statement
    ) throws(JournalError) {
        try statement.bind(order.key.number, at: 1)
        try statement.bind(order.state.rawValue, at: 2)
        try statement.bind(order.evidence.rawValue, at: 3)
        try statement.bind(mask, at: 4)
        try statement.bind(order.request?.number, at: 5)
        try statement.bind(order.venueState, at: 6)
        try statement.bind(order.price == order.terms.price ? nil : order.price, at: 7)
        try statement.bind(order.quantity == order.terms.quantity ? nil : order.quantity, at: 8)
        try statement.bind(order.filledQuantity, at: 9)
        try statement.bind(order.averagePrice, at: 10)
        try statement.bind(order.rejectCode, at: 11)
        try statement.bind(order.rejectText, at: 12)
        try statement.bind(order.attempts, at: 13)
        try statement.bind(order.parkedAt, at: 14)
        try statement.bind(order.submittedAt ?? event.at, at: 15)
        try statement.bind(acknowledgedAt(order, event), at: 16)
        try statement.bind(order.bars.text, at: 17)
        try statement.bind(order.absences == 0 ? nil : Int64(order.absences), at: 18)
        if statement.parameters >= 19 { try statement.bind(closedAt, at: 19) }
        if statement.parameters >= 20 { try statement.bind(order.venueOrderID?.text, at: 20) }
        try statement.run()
    }

    // MARK: Commands

    func write(_ command: OrderCommand, _ event: JournalEvent) throws(JournalError) {
        guard event.seq == command.id.number else { throw JournalError(.damaged, "command \(command.id) does not bear its number") }
        let account = try key(of: command.account)
        try statements.insertCommand.bind(command.id.number, at: 1)
        try statements.insertCommand.bind(command.kind.rawValue, at: 2)
        try statements.insertCommand.bind(command.order.number, at: 3)
        try statements.insertCommand.bind(account, at: 4)
        try statements.insertCommand.bind(command.intent?.number, at: 5)
        try statements.insertCommand.bind(command.price, at: 6)
        try statements.insertCommand.bind(command.quantity, at: 7)
        try statements.insertCommand.bind(command.onFailure.rawValue, at: 8)
        try statements.insertCommand.bind(command.sequence.rawValue, at: 9)
        try statements.insertCommand.bind(command.requestedAt, at: 10)
        try statements.insertCommand.bind(command.expiresAt, at: 11)
        try statements.insertCommand.run()
        var detail = EventDetail()
        detail.add("command", command.kind.rawValue)
        if let price = command.price { detail.add("price", price) }
        if let quantity = command.quantity { detail.add("quantity", quantity) }
        detail.addNote(of: event)
        try write(
            event, account: account, order: command.order.number, command: command.id.number, to: CommandState.requested.rawValue, evidence: .local,
            detail: detail)
        // One that is settled at birth (a cancel of a closed order) has more to say than a birth does.
        if command.state != .requested { try update(command, closedAt: command.closedAt ?? event.at) }
    }

    func write(_ command: OrderCommand, from: CommandState, _ event: JournalEvent) throws(JournalError) {
        let evidence = event.evidence ?? command.evidence
        var detail = EventDetail()
        detail.add("command_id", command.id.number)
        if command.state != .submitted || command.attempts != 1 { detail.add("attempts", Int64(command.attempts)) }
        if let code = command.rejectCode { detail.add("reject_code", code) }
        if let text = command.rejectText { detail.add("reject_text", text) }
        if command.evidence != evidence { detail.add("order_evidence", command.evidence.rawValue) }
        if command.request != event.request { detail.add("order_request", command.request?.number) }
        let closedAt = command.state.isOpen ? nil : command.closedAt ?? event.at
        if let closedAt, closedAt != event.at { detail.add("closed_at", closedAt) }
        detail.addNote(of: event)
        try update(command, closedAt: closedAt)
        try write(
            event, account: try key(of: command.account), order: command.order.number, command: command.id.number, from: from.rawValue,
            to: command.state.rawValue, evidence: evidence, detail: detail)
    }

    private func update(_ command: OrderCommand, closedAt: Int64?) throws(JournalError) {
        try statements.changeCommand.bind(command.id.number, at: 1)
        try statements.changeCommand.bind(command.state.rawValue, at: 2)
        try statements.changeCommand.bind(command.evidence.rawValue, at: 3)
        try statements.changeCommand.bind(command.attempts, at: 4)
        try statements.changeCommand.bind(command.request?.number, at: 5)
        try statements.changeCommand.bind(command.state.isOpen ? nil : closedAt, at: 6)
        try statements.changeCommand.bind(command.rejectCode, at: 7)
        try statements.changeCommand.bind(command.rejectText, at: 8)
        try statements.changeCommand.run()
        try expectOneRow("command \(command.id)")
    }
}
