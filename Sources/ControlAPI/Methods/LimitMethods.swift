extension Methods {
    static let limits: [any Method.Type] = [LimitList.self, LimitTake.self, LimitRelease.self]
}

/// A budget of an account, and how much of it is taken.
package struct ShownBudget: Message {
    package var account = "", venue = "", budget = "", scope = "", owner = ""
    /// Which products the venue counts together; nil: all of them.
    package var product: String?
    package var permits: Int64 = 0
    package var windowMs: Int64 = 0
    package var inUse: Int64 = 0
    /// As many may be taken at most.
    package var share: Int64 = 0
    package var reserved: Int64 = 0
    package var nextFreeAt: Int64?
    package var busiestWindow: Int64 = 0
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("account", &account)
        each.member("venue", &venue)
        each.member("product", &product)
        each.member("budget", &budget)
        each.member("scope", &scope)
        each.member("owner", &owner)
        each.member("permits", &permits)
        each.member("window_ms", &windowMs)
        each.member("in_use", &inUse)
        each.member("share", &share)
        each.member("reserved", &reserved)
        each.member("next_free_at", &nextFreeAt)
        each.member("busiest_window", &busiestWindow)
    }
}

package enum LimitList: Method {
    package static let name = "limit.list"
    package static let role = Role.viewer
    package static let summary = "Every budget and how much of it is taken."
    package typealias Parameters = Nothing

    package struct Result: Message {
        package var budgets: [ShownBudget] = []
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) { each.member("budgets", &budgets) }
    }
}

package enum LimitTake: Method {
    package static let name = "limit.take"
    package static let role = Role.trader
    package static let summary = "Permits of a budget for another program of this host, journaled before the grant."
    package static let isMutating = true

    package struct Parameters: Message {
        package var account = "", budget = ""
        package var permits: Int64 = 0
        package var holdMs: Int64?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account, .text(.account), "whose budget")
            each.member("budget", &budget, .text(.budget), "its name, as limit.list says")
            each.member("permits", &permits, .integer(1...100_000), "how many")
            each.member("hold_ms", &holdMs, .integer(1...3_600_000), "after which they count as an unanswered request; default 30000")
        }
    }

    package struct Result: Message {
        package var permitID: Int64 = 0
        package var grantedAt: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("permit_id", &permitID)
            each.member("granted_at", &grantedAt)
        }
    }
}

package enum LimitRelease: Method {
    package static let name = "limit.release"
    package static let role = Role.trader
    package static let summary = "The answer came: the permits are freed one window later."
    package static let isMutating = true

    package struct Parameters: Message {
        package var permitID: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("permit_id", &permitID, .integer(0...Int64.max), "as limit.take answered")
        }
    }

    package struct Result: Message {
        package var permitID: Int64 = 0
        package var isReleased = true
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("permit_id", &permitID)
            each.member("released", &isReleased)
        }
    }
}
