import OMSCore

/// The members of an intent and of its items (CONTRACT 4.1).
package enum IntentFields {
    package static let place: [Field] = [
        .required("symbol", .text(.symbol), "in the venue's form"),
        .required("side", .word(Side.allCases.map(\.rawValue)), ""),
        .required("type", .word(OrderType.allCases.map(\.rawValue)), ""),
        .optional("time_in_force", .word(TimeInForce.allCases.map(\.rawValue)), "limit orders; default gtc"),
        .optional("post_only", .bool, "limit orders"),
        .optional("price", .decimal, "limit orders: required; market orders: none"),
        .optional("quantity", .decimal, "base, or contracts where the venue counts those; required but for market buys by quote_quantity"),
        .optional("quote_quantity", .decimal, "market buys"),
        .optional("client_order_id", .text(.clientOrderID), "made here if absent; never used twice"),
        .optional("slice_quantity", .decimal, "cuts the order into children of at most this; not with client_order_id or quote_quantity"),
        .optional("reduce_only", .bool, ""),
        .optional("position_side", .word(PositionSide.allCases.map(\.rawValue)), "futures in hedge mode"),
        .optional("margin_action", .word(MarginAction.allCases.map(\.rawValue)), "margin"),
        .optional("stp", .word(SelfTradePrevention.allCases.map(\.rawValue)), "self-trade prevention"),
        .optional("take_profit", .decimal, ""),
        .optional("stop_loss", .decimal, ""),
    ]
    package static let modify: [Field] = [
        .required("client_order_id", .text(.clientOrderID), ""),
        .optional("price", .decimal, "the new price"),
        .optional("quantity", .decimal, "the new total quantity; at least one of the two"),
        .optional("on_failure", .word(OnFailure.allCases.map(\.rawValue)), "what the order does when the engine refuses; default keep"),
    ]
    package static let cancel: [Field] = [
        .optional("venue_order_id", .text(.venueOrderID), "the order that bears this id at the venue; alone"),
        .optional("symbol", .text(.symbol), "all live orders of this symbol"),
        .optional("side", .word(Side.allCases.map(\.rawValue)), "all live orders of this side"),
    ]
    package static let intent: [Field] = [
        .required("account", .text(.account), "a configured account"),
        .optional("intent_id", .text(.intentID), "the caller's idempotency key; made here if absent"),
        .optional("place", .items(place), "orders to place"),
        .optional("modify", .items(modify), "orders to change"),
        .optional("cancel", .idsOrItems(cancel), "client order ids, {venue_order_id}, or {symbol?, side?} for all that match"),
        // Unknown words answer 1003, as CONTRACT 4 asks, so the decoder judges them.
        .optional("sequence", .text(.freeText), "cancel_first (default) or place_first"),
        .optional("expires_at", .integer(Int64.min...Int64.max), "microseconds since 1970 UTC; bounds sending, never cancels"),
        .optional("dry_run", .bool, "answers the plan, journals nothing"),
    ]
}
