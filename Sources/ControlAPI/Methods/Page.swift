/// Which page of a listing.
package struct Page: Message {
    package var after: Int64?
    package var limit: Int64?
    package init() {}
    package init(after: Int64? = nil, limit: Int64?) { (self.after, self.limit) = (after, limit) }
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("after", &after, .integer(0...Int64.max), "the `next` of the page before")
        each.member("limit", &limit, .integer(1...1000), "rows a page; default 100")
    }
}

/// Which orders a listing of them, or of what belongs to them, is narrowed to; absent: all.
package struct Selection: Message {
    package var account, symbol: String?
    package var states: [String]?
    package init() {}
    package init(account: String? = nil, symbol: String? = nil, states: [String]? = nil) {
        (self.account, self.symbol, self.states) = (account, symbol, states)
    }
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("account", &account, .text(.account), "only this account")
        each.member("symbol", &symbol, .text(.symbol), "only this symbol, in the venue's form")
        each.member("states", &states, .words(Words.orderState), "only orders in one of these states")
    }
}

/// A method that answers rows, a page at a time.
package protocol Listing: Method where Parameters: Paged, Result: PageOfRows {}

package protocol Paged: Message {
    var page: Page { get set }
}

package protocol PageOfRows: Message {
    /// What to ask the next page `after`; nil: this was the last one.
    var next: Int64? { get }
}
