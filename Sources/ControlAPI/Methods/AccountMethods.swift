extension Methods {
    static let accounts: [any Method.Type] = [AccountList.self, AccountSetState.self, AccountKillStatus.self, AccountReconcile.self]
}

/// An account, and how it stands.
package struct ShownAccount: Message {
    /// What waits to leave, by lane.
    package struct Queue: Message {
        package var cancel: Int64 = 0
        package var lookup: Int64 = 0
        package var modify: Int64 = 0
        package var place: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("cancel", &cancel)
            each.member("lookup", &lookup)
            each.member("modify", &modify)
            each.member("place", &place)
        }
    }
    /// Its private stream.
    package struct Stream: Message {
        /// `live`; `connecting` or `gap`: on its way there, for the first time or again; `down`: waits to try again; `off`: there is none.
        package var state = "off"
        package var since, lastPushAt: Int64?
        /// How often it was lost since the daemon started.
        package var gaps: Int64 = 0
        /// How often a poll learned of a fill or an end that no push had told of in time.
        package var late: Int64 = 0
        package var lastError: String?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("state", &state)
            each.member("since", &since)
            each.member("last_push_at", &lastPushAt)
            each.member("gaps", &gaps)
            each.member("late", &late)
            each.member("last_error", &lastError)
        }
    }
    /// Its last rehearsal at the venue.
    package struct Rehearsal: Message {
        package var at: Int64 = 0
        package var orders: Int64 = 0
        package var holds: Int64 = 0
        package var notSeen: Int64 = 0
        /// Names of assumptions; `standing`: also of earlier rehearsals, what promises rest on and none saw hold since.
        package var contradicted: [String] = []
        package var standing: [String] = []
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("at", &at)
            each.member("orders", &orders)
            each.member("holds", &holds)
            each.member("not_seen", &notSeen)
            each.member("contradicted", &contradicted)
            each.member("standing", &standing)
        }
    }
    package var account = "", venue = "", product = "", uid = "", state = ""
    /// Where its requests go: scheme, host and port, and whether that is the demo; and what stands for its key.
    package var origin, key: String?
    /// Who took it out of trading, why and when; nil: it is active.
    package var stateBy, stateReason: String?
    package var stateAt: Int64?
    package var isReady = false
    /// Why it is not ready.
    package var reason: String?
    package var lastAnswerAt: Int64?
    package var queue = Queue()
    package var inFlight: Int64 = 0
    package var requests: Int64 = 0
    /// Orders that are not closed, by state.
    package var counts: Counts?
    package var open: Int64 = 0
    package var inDoubt: Int64 = 0
    package var clockOffsetMs, lastReconcileAt: Int64?
    package var lastError: String?
    package var lastErrorAt: Int64?
    package var parked: Int64 = 0
    package var oldestDoubtAt: Int64?
    package var breaks: Int64 = 0
    package var stream = Stream()
    /// nil: there was none.
    package var rehearsal: Rehearsal?
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("account", &account)
        each.member("venue", &venue)
        each.member("product", &product)
        each.member("uid", &uid)
        each.member("origin", &origin)
        each.member("key", &key)
        each.member("state", &state)
        each.member("state_by", &stateBy)
        each.member("state_reason", &stateReason)
        each.member("state_at", &stateAt)
        each.member("ready", &isReady)
        each.member("reason", &reason)
        each.member("last_answer_at", &lastAnswerAt)
        each.member("queue", &queue)
        each.member("in_flight", &inFlight)
        each.member("requests", &requests)
        each.member("counts", &counts)
        each.member("open", &open)
        each.member("in_doubt", &inDoubt)
        each.member("clock_offset_ms", &clockOffsetMs)
        each.member("last_reconcile_at", &lastReconcileAt)
        each.member("last_error", &lastError)
        each.member("last_error_at", &lastErrorAt)
        each.member("parked", &parked)
        each.member("oldest_doubt_at", &oldestDoubtAt)
        each.member("breaks", &breaks)
        each.member("stream", &stream)
        each.member("rehearsal", &rehearsal)
    }
}

package enum AccountList: Method {
    package static let name = "account.list"
    package static let role = Role.viewer
    package static let summary = "Every account and how it stands."
    package typealias Parameters = Nothing

    package struct Result: Message {
        package var accounts: [ShownAccount] = []
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) { each.member("accounts", &accounts) }
    }
}

package enum AccountSetState: Method {
    package static let name = "account.set_state"
    package static let role = Role.operator
    package static let summary = "Opens or closes trading; durable before the answer."
    package static let isMutating = true

    package struct Parameters: Message {
        package var account = "", state = "", reason = ""
        package var cancelOpen, everything: Bool?
        package init() {}
        package init(account: String, state: String, reason: String) {
            (self.account, self.state, self.reason) = (account, state, reason)
        }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account, .text(.account), "an account, or `*` for all")
            each.member("state", &state, .word(Words.tradingState), "halted: only cancels; reducing: only what closes")
            each.member("reason", &reason, .text(.freeText), "why, for the record")
            each.member(
                "cancel_open", &cancelOpen, .bool, "also withdraw what is unsent and cancel what is live, by id; with halted: account.kill_status")
            each.member(
                "everything", &everything, .bool,
                "with cancel_open: also the venue's own cancel-all, which takes others' orders; asked for until it is answered")
        }
    }

    package struct Account: Message {
        package var account = "", state = "", reason = ""
        package var at: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account)
            each.member("state", &state)
            each.member("reason", &reason)
            each.member("at", &at)
        }
    }

    package struct Result: Message {
        package var accounts: [Account] = []
        package var cancels: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("accounts", &accounts)
            each.member("cancels", &cancels)
        }
    }
}

package enum AccountKillStatus: Method {
    package static let name = "account.kill_status"
    package static let role = Role.viewer
    package static let summary = "How far the emptying of accounts has come that set_state halted with cancel_open began."

    package struct Parameters: Message {
        package var account: String?
        package init() {}
        package init(_ account: String?) { self.account = account }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account, .text(.account), "an account; absent or `*`: all")
        }
    }

    package struct Account: Message {
        package var account = "", state = ""
        package var confirmedClosed: Int64 = 0
        package var cancelTaken: Int64 = 0
        package var liveOrUnknown: Int64 = 0
        /// As far as is known: all of it only where `isListed`.
        package var foreign: Int64 = 0
        /// The venue's open orders were listed after the halt.
        package var isListed = false
        /// `confirmed`, `unanswered`, `none`: the venue has no such request, or `not_asked`.
        package var cancelAll = "not_asked"
        package var cancelsForeign = false
        package var lastError: String?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account)
            each.member("state", &state)
            each.member("confirmed_closed", &confirmedClosed)
            each.member("cancel_taken", &cancelTaken)
            each.member("live_or_unknown", &liveOrUnknown)
            each.member("foreign", &foreign)
            each.member("listed", &isListed)
            each.member("cancel_all", &cancelAll)
            each.member("cancels_foreign", &cancelsForeign)
            each.member("last_error", &lastError)
        }
    }

    package struct Result: Message {
        package var accounts: [Account] = []
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) { each.member("accounts", &accounts) }
    }
}

package enum AccountReconcile: Method {
    package static let name = "account.reconcile"
    package static let role = Role.trader
    package static let summary = "Compares the account with its venue now; answers when done, or after five minutes with what is known."
    package static let resultNote = "; complete:false: error says what could not be compared"
    package static let isMutating = true

    package struct Parameters: Message {
        package var account = ""
        package init() {}
        package init(_ account: String) { self.account = account }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account, .text(.account), "which account")
        }
    }

    /// A disagreement that was found, or still stands.
    package struct Break: Message {
        package var breakID: Int64 = 0
        package var account = "", kind = ""
        package var clientOrderID, venueOrderID: String?
        package var detail = ""
        package var at: Int64 = 0
        package var acknowledgedAt: Int64?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("break_id", &breakID)
            each.member("account", &account)
            each.member("kind", &kind)
            each.member("client_order_id", &clientOrderID)
            each.member("venue_order_id", &venueOrderID)
            each.member("detail", &detail)
            each.member("at", &at)
            each.member("acknowledged_at", &acknowledgedAt)
        }
    }

    package struct Result: Message {
        package var account = ""
        package var venueOpen: Int64 = 0
        package var journalOpen: Int64 = 0
        package var adopted: Int64 = 0
        package var resolved: Int64 = 0
        package var isComplete = false
        package var error: String?
        package var breaks: [Break] = []
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account)
            each.member("venue_open", &venueOpen)
            each.member("journal_open", &journalOpen)
            each.member("adopted", &adopted)
            each.member("resolved", &resolved)
            each.member("complete", &isComplete)
            each.member("error", &error)
            each.member("breaks", &breaks)
        }
    }
}
