import Wire

extension Methods {
    static let orders: [any Method.Type] = [OrderGet.self, OrderList.self, OrderTimeline.self, OrderResolve.self, FillList.self]
}

package enum OrderGet: Method {
    package static let name = "order.get"
    package static let role = Role.viewer
    package static let summary = "One order, by client_order_id, or by account and venue_order_id."

    package struct Parameters: Message {
        package var clientOrderID, account, venueOrderID: String?
        package init() {}
        package init(_ clientOrderID: String) { self.clientOrderID = clientOrderID }
        package init(account: String, venueOrderID: String) { (self.account, self.venueOrderID) = (account, venueOrderID) }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("client_order_id", &clientOrderID, .text(.clientOrderID), "alone")
            each.member("account", &account, .text(.account), "with venue_order_id")
            each.member("venue_order_id", &venueOrderID, .text(.venueOrderID), "with account")
        }
    }
    package typealias Result = ShownOrder
}

package enum OrderList: Listing {
    package static let name = "order.list"
    package static let role = Role.viewer
    package static let summary = "Orders, oldest first."

    package struct Parameters: Paged {
        package var selection = Selection()
        package var intentID, tag: String?
        package var page = Page()
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.members(of: &selection)
            each.member("intent_id", &intentID, .text(.intentID), "only orders of this intent")
            each.member("tag", &tag, .text(.tag), "only orders of intents that bear it")
            each.members(of: &page)
        }
    }

    package struct Result: PageOfRows {
        package var orders: [ShownOrder] = []
        package var next: Int64?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("orders", &orders)
            each.member("next", &next)
        }
    }
}

package enum OrderResolve: Method {
    package static let name = "order.resolve"
    package static let role = Role.operator
    package static let summary = "A person's verdict on an order in doubt: absent abandons it for good, placed acknowledges it."
    package static let isMutating = true

    package struct Parameters: Message {
        package var clientOrderID = "", verdict = "", reason = ""
        package init() {}
        package init(_ clientOrderID: String, verdict: String, reason: String) {
            (self.clientOrderID, self.verdict, self.reason) = (clientOrderID, verdict, reason)
        }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("client_order_id", &clientOrderID, .text(.clientOrderID), "the order")
            each.member("verdict", &verdict, .word(["absent", "placed"]), "what was found at the venue")
            each.member("reason", &reason, .text(.freeText), "why, for the record")
        }
    }
    package typealias Result = ShownOrder
}

/// An execution, as the view `v_fills` has it.
package struct ShownFill: ViewRow {
    package static let view = "v_fills"
    package var clientOrderID = "", account = "", tradeID = "", quantity = "", price = ""
    package var fee, feeAsset: String?
    package var at: Int64 = 0
    package var venueOrderID: String?
    package var symbol = "", side = ""
    package var intentID: String?
    package var seq: Int64 = 0
    package var tag: String?
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("client_order_id", &clientOrderID)
        each.member("account", &account)
        each.member("trade_id", &tradeID)
        each.member("quantity", &quantity)
        each.member("price", &price)
        each.member("fee", &fee)
        each.member("fee_asset", &feeAsset)
        each.member("at", &at)
        each.member("venue_order_id", &venueOrderID)
        each.member("symbol", &symbol)
        each.member("side", &side)
        each.member("intent_id", &intentID)
        each.member("seq", &seq)
        each.member("tag", &tag)
    }
}

package enum FillList: Listing {
    package static let name = "fill.list"
    package static let role = Role.viewer
    package static let summary = "Executions, oldest first."

    package struct Parameters: Paged {
        package var selection = Selection()
        package var intentID, tag, clientOrderID: String?
        package var page = Page()
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.members(of: &selection)
            each.member("intent_id", &intentID, .text(.intentID), "only fills of this intent's orders")
            each.member("tag", &tag, .text(.tag), "only fills of orders of intents that bear it")
            each.member("client_order_id", &clientOrderID, .text(.clientOrderID), "only fills of this order")
            each.members(of: &page)
        }
    }

    package struct Result: PageOfRows {
        package var fills: [ShownFill] = []
        package var next: Int64?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("fills", &fills)
            each.member("next", &next)
        }
    }
}
