/// The members of an intent's items.
package enum IntentItems {
    package static let place: [Field] = [
        required("symbol", .text(.symbol), "in the venue's form"),
        required("side", .word(Words.side)),
        required("type", .word(Words.orderType)),
        optional("time_in_force", .word(Words.timeInForce), "limit orders; default gtc"),
        optional("post_only", .bool, "limit orders"),
        optional("price", .decimal, "limit orders: required; market orders: none"),
        optional("quantity", .decimal, "base, or contracts where the venue counts those; required but for market buys by quote_quantity"),
        optional("quote_quantity", .decimal, "market buys"),
        optional("client_order_id", .text(.clientOrderID), "made here if absent; never used twice"),
        optional("slice_quantity", .decimal, "cuts the order into children of at most this; not with client_order_id or quote_quantity"),
        optional("reduce_only", .bool),
        optional("position_side", .word(Words.positionSide), "futures in hedge mode"),
        optional("margin_action", .word(Words.marginAction), "margin"),
        optional("stp", .word(Words.stp), "self-trade prevention"),
        optional("take_profit", .decimal),
        optional("stop_loss", .decimal),
    ]
    package static let modify: [Field] = [
        required("client_order_id", .text(.clientOrderID)),
        optional("price", .decimal, "the new price"),
        optional("quantity", .decimal, "the new total quantity; at least one of the two"),
        optional("on_failure", .word(Words.onFailure), "what the order does when the engine refuses; default keep"),
    ]
    package static let cancel: [Field] = [
        optional("venue_order_id", .text(.venueOrderID), "the order that bears this id at the venue; alone"),
        optional("symbol", .text(.symbol), "all live orders of this symbol"),
        optional("side", .word(Words.side), "all live orders of this side"),
        optional("tag", .text(.tag), "all live orders of intents that bear it"),
    ]

    private static func required(_ name: String, _ type: FieldType, _ note: String = "") -> Field {
        Field(name: name, type: type, isRequired: true, note: note)
    }
    private static func optional(_ name: String, _ type: FieldType, _ note: String = "") -> Field {
        Field(name: name, type: type, isRequired: false, note: note)
    }
}

/// An order, as the view `v_orders` has it.
package struct ShownOrder: ViewRow {
    package static let view = "v_orders"
    package var clientOrderID = ""
    package var intentID: String?
    package var item: Int64?
    package var account = "", venue = "", product = "", symbol = "", side = "", type = ""
    package var timeInForce: String?
    package var isPostOnly = false
    /// As the venue last confirmed it.
    package var price, quantity: String?
    package var quoteQuantity: String?
    package var filledQuantity = "0"
    package var averagePrice: String?
    package var isReduceOnly = false
    package var positionSide, marginAction, stp, takeProfit, stopLoss: String?
    package var state = "", evidence = ""
    package var venueState, venueOrderID: String?
    package var attempts: Int64 = 0
    package var requestID: Int64?
    package var rejectCode, rejectText: String?
    package var intendedAt: Int64 = 0
    package var expiresAt, submittedAt, acknowledgedAt, closedAt, parkedAt: Int64?
    package var orderKey: Int64 = 0
    /// As it was asked for, which never changes.
    package var askedPrice, askedQuantity: String?
    package var barredBy: String?
    package var absences: Int64?
    /// Its intent's.
    package var tag: String?
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("client_order_id", &clientOrderID)
        each.member("intent_id", &intentID)
        each.member("item", &item)
        each.member("account", &account)
        each.member("venue", &venue)
        each.member("product", &product)
        each.member("symbol", &symbol)
        each.member("side", &side)
        each.member("type", &type)
        each.member("time_in_force", &timeInForce)
        each.member("post_only", &isPostOnly)
        each.member("price", &price)
        each.member("quantity", &quantity)
        each.member("quote_quantity", &quoteQuantity)
        each.member("filled_quantity", &filledQuantity)
        each.member("average_price", &averagePrice)
        each.member("reduce_only", &isReduceOnly)
        each.member("position_side", &positionSide)
        each.member("margin_action", &marginAction)
        each.member("stp", &stp)
        each.member("take_profit", &takeProfit)
        each.member("stop_loss", &stopLoss)
        each.member("state", &state)
        each.member("evidence", &evidence)
        each.member("venue_state", &venueState)
        each.member("venue_order_id", &venueOrderID)
        each.member("attempts", &attempts)
        each.member("request_id", &requestID)
        each.member("reject_code", &rejectCode)
        each.member("reject_text", &rejectText)
        each.member("intended_at", &intendedAt)
        each.member("expires_at", &expiresAt)
        each.member("submitted_at", &submittedAt)
        each.member("acknowledged_at", &acknowledgedAt)
        each.member("closed_at", &closedAt)
        each.member("parked_at", &parkedAt)
        each.member("order_key", &orderKey)
        each.member("asked_price", &askedPrice)
        each.member("asked_quantity", &askedQuantity)
        each.member("barred_by", &barredBy)
        each.member("absences", &absences)
        each.member("tag", &tag)
    }
}
