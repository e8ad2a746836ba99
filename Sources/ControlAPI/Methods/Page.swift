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

/// A method that answers rows, a page at a time.
package protocol Listing: Method where Parameters: Paged, Result: PageOfRows {}

package protocol Paged: Message {
    var page: Page { get set }
}

package protocol PageOfRows: Message {
    /// What to ask the next page `after`; nil: this was the last one.
    var next: Int64? { get }
}
