extension Methods {
    static let guards: [any Method.Type] = [SessionGuard.self, SessionRelease.self, GuardList.self]
}

/// What happens to orders when nobody holds a guard any more.
package enum SessionGuard: Method {
    package static let name = "session.guard"
    package static let role = Role.trader
    package static let summary =
        "A dead man's switch: binds what this connection submits from now on. Once the connection ended, or sent no line for heartbeat_ms, and nobody "
        + "took the guard over within grace_ms, it trips. Durable before the answer; outlives the daemon, whose start begins the grace anew."
    package static let resultNote = ": the token takes it over from another connection of the same user, once; accounts null: all"
    package static let isMutating = true

    package struct Parameters: Message {
        package var accounts: [String]?
        package var onLost: String?
        package var heartbeatMs: Int64?
        package var graceMs: Int64?
        package var resume: String?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("accounts", &accounts, .names(.account), "only these; needed with halt; absent: all")
            each.member(
                "on_lost", &onLost, .word(Words.onLost),
                "cancel: its orders are cancelled, and withdrawn where they had not left; halt (operator): its accounts are halted and all that rests "
                    + "there is cancelled")
            each.member(
                "heartbeat_ms", &heartbeatMs, .integer(500...600_000), "any line counts, also an empty one; absent: the connection's end alone")
            each.member("grace_ms", &graceMs, .integer(0...600_000), "how long it may be held by nobody")
            each.member("resume", &resume, .text(.freeText), "a token, and nothing else: takes that guard over")
        }
    }

    package struct Result: Message {
        package var guardID: Int64 = 0
        package var token = ""
        package var accounts: [String]?
        package var onLost = ""
        package var heartbeatMs: Int64?
        package var graceMs: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("guard_id", &guardID)
            each.member("token", &token)
            each.member("accounts", &accounts)
            each.member("on_lost", &onLost)
            each.member("heartbeat_ms", &heartbeatMs)
            each.member("grace_ms", &graceMs)
        }
    }
}

/// A guard as it stands.
package struct ShownGuard: Message {
    package var guardID: Int64 = 0
    package var user: Int64 = 0
    package var accounts: [String]?
    package var onLost = ""
    package var heartbeatMs: Int64?
    package var graceMs: Int64 = 0
    package var openedAt: Int64 = 0
    package var state = ""
    package var since: Int64 = 0
    package var reason = ""
    /// Orders bound to it that are not closed.
    package var live: Int64 = 0
    package var tripsAt: Int64?
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("guard_id", &guardID)
        each.member("user", &user)
        each.member("accounts", &accounts)
        each.member("on_lost", &onLost)
        each.member("heartbeat_ms", &heartbeatMs)
        each.member("grace_ms", &graceMs)
        each.member("opened_at", &openedAt)
        each.member("state", &state)
        each.member("since", &since)
        each.member("reason", &reason)
        each.member("live", &live)
        each.member("trips_at", &tripsAt)
    }
}

package enum SessionRelease: Method {
    package static let name = "session.release"
    package static let role = Role.trader
    package static let summary =
        "Ends a guard of the same user, or any for root: what was submitted under it stays as it is, and nothing is bound any more."
    package static let isMutating = true

    package struct Parameters: Message {
        package var guardID: Int64 = 0
        package init() {}
        package init(_ guardID: Int64) { self.guardID = guardID }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("guard_id", &guardID, .integer(0...Int64.max), "as session.guard answered")
        }
    }
    package typealias Result = ShownGuard
}

package enum GuardList: Method {
    package static let name = "guard.list"
    package static let role = Role.viewer
    package static let summary = "Guards that are open, and in front of them the newest hundred that ended since the daemon started."
    package static let resultNote =
        ": state is held, lost (trips_at says until when it can be taken over), tripping (cancels are being written), tripped or released; live: orders "
        + "bound to it that are not closed"
    package typealias Parameters = Nothing

    package struct Result: Message {
        package var guards: [ShownGuard] = []
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) { each.member("guards", &guards) }
    }
}
