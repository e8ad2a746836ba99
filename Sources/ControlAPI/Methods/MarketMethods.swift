extension Methods {
    static let markets: [any Method.Type] = [InstrumentList.self]
}

/// A market, and its rules as the venue publishes them.
package struct ShownInstrument: Message {
    package var account = "", symbol = ""
    package var tick, lot, minQuantity, maxQuantity, minNotional: String?
    package var isTradable = false
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("account", &account)
        each.member("symbol", &symbol)
        each.member("tick", &tick)
        each.member("lot", &lot)
        each.member("min_quantity", &minQuantity)
        each.member("max_quantity", &maxQuantity)
        each.member("min_notional", &minNotional)
        each.member("tradable", &isTradable)
    }
}

package enum InstrumentList: Listing {
    package static let name = "instrument.list"
    package static let role = Role.viewer
    package static let summary = "The markets' rules, as the venues publish them."

    package typealias Parameters = AccountAndMarket

    package struct Result: PageOfRows {
        package var instruments: [ShownInstrument] = []
        package var next: Int64?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("instruments", &instruments)
            each.member("next", &next)
        }
    }
}

/// What a listing by account and market is asked with.
package struct AccountAndMarket: Paged {
    package var account, symbol: String?
    package var page = Page()
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("account", &account, .text(.account), "only this account")
        each.member("symbol", &symbol, .text(.symbol), "only this symbol, in the venue's form")
        each.members(of: &page)
    }
}
