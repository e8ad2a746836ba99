extension Methods {
    static let risk: [any Method.Type] = [PositionList.self, RiskGet.self]
}

/// What an account's own orders came to in a market, in what the venue counts.
package struct ShownPosition: Message {
    package var account = "", symbol = ""
    package var positionSide: String?
    package var position, bought, sold, feesInBase: String?
    package var fills: Int64 = 0
    package var lastFillAt: Int64?
    package var unlistedBought, unlistedSold: String?
    package var inDoubt: Int64 = 0
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("account", &account)
        each.member("symbol", &symbol)
        each.member("position_side", &positionSide)
        each.member("position", &position)
        each.member("bought", &bought)
        each.member("sold", &sold)
        each.member("fees_in_base", &feesInBase)
        each.member("fills", &fills)
        each.member("last_fill_at", &lastFillAt)
        each.member("unlisted_bought", &unlistedBought)
        each.member("unlisted_sold", &unlistedSold)
        each.member("in_doubt", &inDoubt)
    }
}

package enum PositionList: Listing {
    package static let name = "position.list"
    package static let role = Role.viewer
    package static let summary = "What each account's own orders came to, by market and position side, from the first order in the journal on."
    package static let resultNote =
        "; `position` is bought less sold less `fees_in_base` (spot and margin), below zero short; of it `unlisted_*` rests on no execution on record yet, "
        + "and `in_doubt` orders may have traded unseen; null: beyond any number"

    package typealias Parameters = AccountAndMarket

    package struct Result: PageOfRows {
        package var positions: [ShownPosition] = []
        package var next: Int64?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("positions", &positions)
            each.member("next", &next)
        }
    }
}

/// A rule of an account, and what of it is used.
package struct ShownRule: Message {
    package var account = "", rule = ""
    package var symbol, positionSide: String?
    package var limit = ""
    package var used, note: String?
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("account", &account)
        each.member("rule", &rule)
        each.member("symbol", &symbol)
        each.member("position_side", &positionSide)
        each.member("limit", &limit)
        each.member("used", &used)
        each.member("note", &note)
    }
}

package enum RiskGet: Method {
    package static let name = "risk.get"
    package static let role = Role.viewer
    package static let summary = "The rules under `risk` of each account, and what is used of them: open, in doubt and under way."
    package static let resultNote = "; `used` is null for rules of single orders, and where nobody can say (then `note` says why)"

    package struct Parameters: Message {
        package var account: String?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) { each.member("account", &account, .text(.account), "only this account") }
    }

    package struct Result: Message {
        package var rules: [ShownRule] = []
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) { each.member("rules", &rules) }
    }
}
