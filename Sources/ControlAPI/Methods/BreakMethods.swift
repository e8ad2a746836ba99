import Wire

extension Methods {
    static let breaks: [any Method.Type] = [BreakList.self, BreakAcknowledge.self]
}

/// Where record and venue disagreed, as the view `v_breaks` has it.
package struct ShownBreak: ViewRow {
    package static let view = "v_breaks"
    package var account = "", kind = ""
    package var clientOrderID, venueOrderID: String?
    package var detail: String?
    package var at: Int64 = 0
    package var resolvedAt: Int64?
    package var breakID: Int64 = 0
    package var acknowledgedAt: Int64?
    package var acknowledgedBy, reason: String?
    /// Of the order it names.
    package var tag: String?
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("account", &account)
        each.member("kind", &kind)
        each.member("client_order_id", &clientOrderID)
        each.member("venue_order_id", &venueOrderID)
        each.member("detail", &detail)
        each.member("at", &at)
        each.member("resolved_at", &resolvedAt)
        each.member("break_id", &breakID)
        each.member("acknowledged_at", &acknowledgedAt)
        each.member("acknowledged_by", &acknowledgedBy)
        each.member("reason", &reason)
        each.member("tag", &tag)
    }
}

package enum BreakList: Listing {
    package static let name = "break.list"
    package static let role = Role.viewer
    package static let summary = "Where the record and a venue disagreed."

    package struct Parameters: Paged {
        package var isOpen: Bool?
        package var kinds: [String]?
        package var selection = Selection()
        package var intentID, clientOrderID: String?
        package var page = Page()
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("open", &isOpen, .bool, "true: only those that neither ended nor were acknowledged; false: only the others")
            each.member("kinds", &kinds, .words(Words.breakKind), "only these kinds")
            each.members(of: &selection)
            each.member("intent_id", &intentID, .text(.intentID), "only breaks of this intent's orders")
            each.member("client_order_id", &clientOrderID, .text(.clientOrderID), "only breaks of this order")
            each.members(of: &page)
        }
    }

    package struct Result: PageOfRows {
        package var breaks: [ShownBreak] = []
        package var next: Int64?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("breaks", &breaks)
            each.member("next", &next)
        }
    }
}

package enum BreakAcknowledge: Method {
    package static let name = "break.acknowledge"
    package static let role = Role.operator
    package static let summary =
        "A person took note of a break: it is listed as open no more. One whose reason nothing can end (abandoned, contradiction, …) is over with it."
    package static let isMutating = true

    package struct Parameters: Message {
        package var breakID: Int64 = 0
        package var reason = ""
        package init() {}
        package init(_ breakID: Int64, reason: String) { (self.breakID, self.reason) = (breakID, reason) }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("break_id", &breakID, .integer(0...Int64.max), "as break.list names it")
            each.member("reason", &reason, .text(.freeText), "why, for the record")
        }
    }

    package typealias Result = ShownBreak
}
