extension Methods {
    static let rehearsals: [any Method.Type] = [RehearsalRecord.self]
}

/// What a rehearsal saw of one assumption.
package struct RehearsedAssumption: Message {
    package var name = "", assumed = "", seen = "", verdict = ""
    /// The promise that rests on it.
    package var bears: String?
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("name", &name, .text(.freeText), "as the venue's page names it")
        each.member("assumed", &assumed, .text(.freeText), "what is taken for granted")
        each.member("seen", &seen, .text(.freeText), "what was seen")
        each.member("verdict", &verdict, .word(Words.verdict), "what that says")
        each.member("bears", &bears, .word(Words.promise), "the promise that rests on it; absent: none")
    }
}

/// What `omsd rehearse` saw at the account's venue.
package enum RehearsalRecord: Method {
    package static let name = "rehearsal.record"
    package static let role = Role.operator
    package static let summary =
        "Puts on record what a rehearsal saw of what is taken for granted of the account's venue; omsd rehearse calls it. What P2 to P4 rest on and was "
        + "contradicted keeps the account from getting ready until a rehearsal sees it hold, or accept_assumption names it."
    package static let isMutating = true

    package struct Parameters: Message {
        package var account = ""
        package var orders: Int64 = 0
        package var assumptions: [RehearsedAssumption] = []
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account, .text(.account), "a configured account")
            each.member("orders", &orders, .integer(0...1_000), "that it placed")
            each.member(
                "assumptions", &assumptions, .items(MemberList(of: RehearsedAssumption.self).fields), "what was seen, one by one; at most 500")
        }
    }

    package struct Result: Message {
        package var account = ""
        package var at: Int64 = 0
        package var assumptions: [RehearsedAssumption] = []
        package var orders: Int64 = 0
        package var standing: [String] = []
        package var rehearsalID: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account)
            each.member("at", &at)
            each.member("assumptions", &assumptions)
            each.member("orders", &orders)
            each.member("standing", &standing)
            each.member("rehearsal_id", &rehearsalID)
        }
    }
}
