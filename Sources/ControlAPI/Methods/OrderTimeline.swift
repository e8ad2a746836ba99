import Wire

/// A line of the record, as the view `v_timeline` has it.
package struct ShownEvent: ViewRow {
    package static let view = "v_timeline"
    package var seq: Int64 = 0
    package var at: Int64 = 0
    package var account, clientOrderID: String?
    package var kind = ""
    package var fromState, toState, evidence: String?
    package var requestID: Int64?
    package var actor: String?
    /// Its members depend on the kind.
    package var detail: JSON?
    package var intentID: String?
    package var commandID: Int64?
    /// The intent's.
    package var tag: String?
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("seq", &seq)
        each.member("at", &at)
        each.member("account", &account)
        each.member("client_order_id", &clientOrderID)
        each.member("kind", &kind)
        each.member("from_state", &fromState)
        each.member("to_state", &toState)
        each.member("evidence", &evidence)
        each.member("request_id", &requestID)
        each.member("actor", &actor)
        each.member("detail", &detail)
        each.member("intent_id", &intentID)
        each.member("command_id", &commandID)
        each.member("tag", &tag)
    }
}

/// A request, as the view `v_requests` has it.
package struct ShownRequest: ViewRow {
    package static let view = "v_requests"
    package var requestID: Int64 = 0
    package var account = "", venue = "", endpoint = "", kind = ""
    package var items: Int64 = 0
    package var venueTimeMs, signedAt, sentAt, answeredAt: Int64?
    package var outcome: String?
    package var httpStatus: Int64?
    package var venueCode, bodySHA256: String?
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("request_id", &requestID)
        each.member("account", &account)
        each.member("venue", &venue)
        each.member("endpoint", &endpoint)
        each.member("kind", &kind)
        each.member("items", &items)
        each.member("venue_time_ms", &venueTimeMs)
        each.member("signed_at", &signedAt)
        each.member("sent_at", &sentAt)
        each.member("answered_at", &answeredAt)
        each.member("outcome", &outcome)
        each.member("http_status", &httpStatus)
        each.member("venue_code", &venueCode)
        each.member("body_sha256", &bodySHA256)
    }
}

/// A cancel or modify, as the view `v_commands` has it.
package struct ShownCommand: ViewRow {
    package static let view = "v_commands"
    package var commandID: Int64 = 0
    package var clientOrderID = "", account = "", kind = ""
    package var price, quantity: String?
    package var state = ""
    package var attempts: Int64 = 0
    package var requestedAt: Int64 = 0
    package var closedAt, requestID: Int64?
    package var rejectCode, rejectText, evidence, onFailure: String?
    package var expiresAt: Int64?
    package var intentID: String?
    package var orderKey: Int64 = 0
    /// Of the intent that asked for it.
    package var tag: String?
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("command_id", &commandID)
        each.member("client_order_id", &clientOrderID)
        each.member("account", &account)
        each.member("kind", &kind)
        each.member("price", &price)
        each.member("quantity", &quantity)
        each.member("state", &state)
        each.member("attempts", &attempts)
        each.member("requested_at", &requestedAt)
        each.member("closed_at", &closedAt)
        each.member("request_id", &requestID)
        each.member("reject_code", &rejectCode)
        each.member("reject_text", &rejectText)
        each.member("evidence", &evidence)
        each.member("on_failure", &onFailure)
        each.member("expires_at", &expiresAt)
        each.member("intent_id", &intentID)
        each.member("order_key", &orderKey)
        each.member("tag", &tag)
    }
}

package enum OrderTimeline: Method {
    package static let name = "order.timeline"
    package static let role = Role.viewer
    package static let summary = "Every event, request and verdict of one order, in order, and what it waits for just now."

    package struct Parameters: Message {
        package var clientOrderID = ""
        package init() {}
        package init(_ clientOrderID: String) { self.clientOrderID = clientOrderID }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("client_order_id", &clientOrderID, .text(.clientOrderID), "the order")
        }
    }

    package struct Result: Message {
        package var clientOrderID = ""
        package var events: [ShownEvent] = []
        package var requests: [ShownRequest] = []
        package var commands: [ShownCommand] = []
        package var waitsFor: String?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("client_order_id", &clientOrderID)
            each.member("events", &events)
            each.member("requests", &requests)
            each.member("commands", &commands)
            each.member("waits_for", &waitsFor)
        }
    }
}
