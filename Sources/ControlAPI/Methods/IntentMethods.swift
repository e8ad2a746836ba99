import Wire

extension Methods {
    static let intents: [any Method.Type] = [IntentSubmit.self, IntentGet.self, IntentList.self, IntentWait.self, IntentCancel.self]
}

package enum IntentSubmit: Method {
    package static let name = "intent.submit"
    package static let role = Role.trader
    package static let summary = "Places, modifies and cancels, journaled as one and answered once durable."
    package static let resultNote = "; with dry_run the plan"
    package static let isMutating = true

    package struct Parameters: Message {
        package var account = ""
        package var intentID: String?
        /// Items as callers write them.
        package var place, modify, cancel: [JSON]?
        package var sequence: String?
        package var expiresAt: Int64?
        package var tag: String?
        package var dryRun: Bool?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account, .text(.account), "a configured account")
            each.member("intent_id", &intentID, .text(.intentID), "the caller's idempotency key; made here if absent")
            each.member("place", &place, .items(IntentItems.place), "orders to place")
            each.member("modify", &modify, .items(IntentItems.modify), "orders to change")
            each.member(
                "cancel", &cancel, .idsOrItems(IntentItems.cancel), "client order ids, {venue_order_id}, or {symbol?, side?, tag?} for all that match"
            )
            // Unknown words answer 1003, as CONTRACT 4 asks, so the decoder judges them.
            each.member("sequence", &sequence, .text(.freeText), "cancel_first (default) or place_first")
            each.member("expires_at", &expiresAt, .integer(Int64.min...Int64.max), "microseconds since 1970 UTC; bounds sending, never cancels")
            each.member(
                "tag", &tag, .text(.tag), "what the intent belongs to, a strategy say; part of its content, shown with its orders and their fills")
            each.member("dry_run", &dryRun, .bool, "answers the plan, journals nothing")
        }
    }

    package struct Result: Message {
        package var intentID = ""
        package var isDuplicate = false
        package var acceptedAt: Int64 = 0
        package var orders: [ShownOrderID] = []
        package var plannedRequests: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("intent_id", &intentID)
            each.member("duplicate", &isDuplicate)
            each.member("accepted_at", &acceptedAt)
            each.member("orders", &orders)
            each.member("planned_requests", &plannedRequests)
        }

        /// Every order waits for this answer: here, where all of it is known, it is compiled for itself.
        package func serialized(reserving capacity: Int = 256) -> [UInt8] {
            var writer = JSONWriter(reserving: capacity)
            write(to: &writer)
            return writer.bytes
        }
    }
}

/// What `intent.submit` answers with `dry_run`: nothing of it was written down.
package struct IntentPlan: Message {
    package struct Request: Message {
        package var kind = ""
        package var items: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("kind", &kind)
            each.member("items", &items)
        }
    }
    package var intentID: String?
    package var isDryRun = true
    package var orders: Int64 = 0
    package var plannedRequests: Int64 = 0
    package var requests: [Request] = []
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("intent_id", &intentID)
        each.member("dry_run", &isDryRun)
        each.member("orders", &orders)
        each.member("planned_requests", &plannedRequests)
        each.member("requests", &requests)
    }
}

/// A client order id in a list of them.
package struct ShownOrderID: MemberValue {
    package let text: String
    package init(_ text: String) { self.text = text }
    package init?(_ json: JSON) {
        guard let text = json.string else { return nil }
        self.text = text
    }
    package func write(to writer: inout JSONWriter) { writer.string(text) }
    package static let elementNotation = "client_order_id"
}

/// An intent, as the view `v_intents` has it.
package struct ShownIntent: ViewRow {
    package static let view = "v_intents"
    package var intentID = "", account = "", state = ""
    package var orders: Int64 = 0
    package var acceptedAt: Int64 = 0
    package var expiresAt, settledAt: Int64?
    package var commands: Int64 = 0
    package var sequence = ""
    package var plannedRequests: Int64 = 0
    package var actor = ""
    package var intentKey: Int64 = 0
    package var tag: String?
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.member("intent_id", &intentID)
        each.member("account", &account)
        each.member("state", &state)
        each.member("orders", &orders)
        each.member("accepted_at", &acceptedAt)
        each.member("expires_at", &expiresAt)
        each.member("settled_at", &settledAt)
        each.member("commands", &commands)
        each.member("sequence", &sequence)
        each.member("planned_requests", &plannedRequests)
        each.member("actor", &actor)
        each.member("intent_key", &intentKey)
        each.member("tag", &tag)
    }
}

/// An intent, and what became of it so far.
package struct IntentStanding: Message {
    /// Why cancels or modifies were refused: by the venue where they were sent, by the daemon where not.
    package struct Refusal: Message {
        package var commands: Int64 = 0
        package var code, text: String?
        package var isSent = false
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("commands", &commands)
            each.member("code", &code)
            each.member("text", &text)
            each.member("sent", &isSent)
        }
    }
    package var intent = ShownIntent()
    /// Orders by state.
    package var counts = Counts()
    package var refusals: [Refusal] = []
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {
        each.members(of: &intent)
        each.member("counts", &counts)
        each.member("refusals", &refusals)
    }
}

package enum IntentGet: Method {
    package static let name = "intent.get"
    package static let role = Role.viewer
    package static let summary = "One intent, the count of its orders by state, and why cancels or modifies of it were refused."

    package struct Parameters: Message {
        package var intentID = ""
        package init() {}
        package init(_ intentID: String) { self.intentID = intentID }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("intent_id", &intentID, .text(.intentID), "the intent")
        }
    }
    package typealias Result = IntentStanding
}

package enum IntentList: Listing {
    package static let name = "intent.list"
    package static let role = Role.viewer
    package static let summary = "Intents, oldest first."

    package struct Parameters: Paged {
        package var account, tag: String?
        package var page = Page()
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account, .text(.account), "only this account")
            each.member("tag", &tag, .text(.tag), "only intents that bear it")
            each.members(of: &page)
        }
    }

    package struct Result: PageOfRows {
        package var intents: [ShownIntent] = []
        package var next: Int64?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("intents", &intents)
            each.member("next", &next)
        }
    }
}

package enum IntentWait: Method {
    package static let name = "intent.wait"
    package static let role = Role.viewer
    package static let summary = "Answers when the intent got so far, or with timed_out:true."

    package struct Parameters: Message {
        package var intentID = ""
        package var until: String?
        package var timeoutMs: Int64?
        package init() {}
        package init(_ intentID: String, until: String, timeoutMs: Int64) {
            (self.intentID, self.until, self.timeoutMs) = (intentID, until, timeoutMs)
        }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("intent_id", &intentID, .text(.intentID), "the intent")
            each.member("until", &until, .word(["acknowledged", "settled"]), "default settled")
            each.member("timeout_ms", &timeoutMs, .integer(0...3_600_000), "default 30000")
        }
    }

    package struct Result: Message {
        package var standing = IntentStanding()
        package var isTimedOut = false
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.members(of: &standing)
            each.member("timed_out", &isTimedOut)
        }
    }
}

package enum IntentCancel: Method {
    package static let name = "intent.cancel"
    package static let role = Role.trader
    package static let summary =
        "Withdraws what is unsent of an intent, or of all that bear a tag, and cancels what is live; intent.wait then waits for that too."
    package static let isMutating = true

    package struct Parameters: Message {
        package var intentID, tag, account: String?
        package init() {}
        package init(_ intentID: String) { self.intentID = intentID }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("intent_id", &intentID, .text(.intentID), "the intent; alone")
            each.member("tag", &tag, .text(.tag), "all intents that bear it")
            each.member("account", &account, .text(.account), "with tag: only this account's")
        }
    }

    package struct Result: Message {
        /// Of which something was unsent, live or in doubt; by its id, always the one.
        package var intents: Int64 = 0
        package var withdrawn: Int64 = 0
        package var cancels: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("intents", &intents)
            each.member("withdrawn", &withdrawn)
            each.member("cancels", &cancels)
        }
    }
}
