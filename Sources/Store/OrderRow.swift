import OMSCore

/// Reading an `Order` back from its row.
enum OrderRow {
    /// `wireTime` is the wire timestamp of the request that carried it last: it stands in that request's row.
    static let select = """
        SELECT o.order_key, o.client_order_id, o.account_key, o.intent_key, i.intent_id, o.item, o.symbol, o.side, o.type, o.time_in_force,
            o.post_only, o.asked_price, o.asked_quantity, o.quote_quantity, o.reduce_only, o.position_side, o.margin_action, o.stp,
            o.take_profit, o.stop_loss, o.intended_at, o.expires_at, i.sequence, o.state, o.evidence, o.venue_state, o.venue_order_id, o.price,
            o.quantity, o.filled_quantity, o.average_price, o.attempts, o.request_id, r.venue_time_ms, o.reject_code, o.reject_text,
            o.submitted_at, o.acknowledged_at, o.closed_at, o.parked_at, o.barred_by, o.absences
        FROM orders o CROSS JOIN intents i ON i.intent_key = o.intent_key LEFT JOIN requests r ON r.request_id = o.request_id
        """
    static let selectPredicted = "SELECT venue_order_id FROM predicted_ids WHERE order_key = ?1 ORDER BY attempt"

    /// - Parameter predicted: `selectPredicted`, prepared.
    static func read(
        _ row: borrowing Statement, accounts: [Int64: AccountID], predicted: borrowing Statement
    ) throws(JournalError) -> Order {
        guard let account = accounts[row.integer(2)] else { throw JournalError(.damaged, "an order of an account that has no row") }
        var terms = OrderTerms(
            symbol: Symbol(row.text(6)), side: try row.word(7, as: Side.self), type: try row.word(8, as: OrderType.self),
            timeInForce: try row.optionalWord(9, as: TimeInForce.self), price: try row.optionalDecimal(11), quantity: try row.optionalDecimal(12))
        terms.postOnly = row.integer(10) != 0
        terms.quoteQuantity = try row.optionalDecimal(13)
        terms.reduceOnly = row.integer(14) != 0
        terms.positionSide = try row.optionalWord(15, as: PositionSide.self)
        terms.marginAction = try row.optionalWord(16, as: MarginAction.self)
        terms.stp = try row.optionalWord(17, as: SelfTradePrevention.self)
        terms.takeProfit = try row.optionalDecimal(18)
        terms.stopLoss = try row.optionalDecimal(19)
        var order = Order(
            key: OrderKey(row.integer(0)), clientOrderID: ClientOrderID(row.text(1)), account: account, intent: IntentKey(row.integer(3)),
            intentID: IntentID(row.text(4)), item: Int(row.integer(5)), terms: terms, intendedAt: row.integer(20),
            expiresAt: row.optionalInteger(21), sequence: try row.word(22, as: IntentSequence.self))
        order.state = try row.word(23, as: OrderState.self)
        order.evidence = try row.word(24, as: Evidence.self)
        order.venueState = row.optionalText(25)
        order.venueOrderID = row.optionalText(26).map { VenueOrderID($0) }
        if let price = try row.optionalDecimal(27) { order.price = price }
        if let quantity = try row.optionalDecimal(28) { order.quantity = quantity }
        order.filledQuantity = try row.decimal(29)
        order.averagePrice = try row.optionalDecimal(30)
        order.attempts = Int(row.integer(31))
        order.request = row.optionalInteger(32).map { RequestID($0) }
        order.wireTime = row.optionalInteger(33)
        order.rejectCode = row.optionalText(34)
        order.rejectText = row.optionalText(35)
        order.submittedAt = row.optionalInteger(36)
        order.acknowledgedAt = row.optionalInteger(37)
        order.closedAt = row.optionalInteger(38)
        order.parkedAt = row.optionalInteger(39)
        if let text = row.optionalText(40) {
            guard let bars = Bars(text: text) else { throw JournalError(.damaged, "order \(order.key) is barred by what has no name here") }
            order.bars = bars
        }
        order.absences = Int(clamping: row.optionalInteger(41) ?? 0)
        if order.attempts > 0 {
            defer { predicted.reset() }
            try predicted.bind(order.key.number, at: 1)
            while try predicted.step() { order.predictedIDs.append(VenueOrderID(predicted.text(0))) }
        }
        return order
    }
}
