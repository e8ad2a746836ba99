extension Methods {
    static let daemon: [any Method.Type] = [
        EventSubscribe.self, EventUnsubscribe.self, StatsGet.self, SealGet.self, DaemonStatus.self, RPCDiscover.self,
    ]
}

package enum EventSubscribe: Method {
    package static let name = "event.subscribe"
    package static let role = Role.viewer
    package static let summary = "Notifications `event`, gap-free from the journal, then live."
    package static let resultNote = ", then notifications event {subscription, seq, at, kind, …}"

    package struct Parameters: Message {
        package var afterSeq: Int64?
        package var account: String?
        package init() {}
        package init(afterSeq: Int64?, account: String? = nil) { (self.afterSeq, self.account) = (afterSeq, account) }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("after_seq", &afterSeq, .integer(0...Int64.max), "the last one known; absent: from now on")
            each.member("account", &account, .text(.account), "only this account")
        }
    }

    package struct Result: Message {
        package var subscription: Int64 = 0
        package init() {}
        package init(_ subscription: Int64) { self.subscription = subscription }
        package mutating func members(_ each: inout some MemberVisitor) { each.member("subscription", &subscription) }
    }
}

package enum EventUnsubscribe: Method {
    package static let name = "event.unsubscribe"
    package static let role = Role.viewer
    package static let summary = "Ends a subscription of this connection."

    package struct Parameters: Message {
        package var subscription: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("subscription", &subscription, .integer(0...Int64.max), "as event.subscribe answered")
        }
    }
    package typealias Result = EventSubscribe.Result
}

package enum StatsGet: Method {
    /// Points that one answer holds at most.
    package static let pointsMax = 1_440
    package static let name = "stats.get"
    package static let role = Role.viewer
    package static let summary = "How requests and fills went over a stretch of time, in equal steps: at most \(pointsMax) points."
    package static let resultNote =
        ": requests by when they were signed, of those doubts and refusals (in whole or in part); fills by when they were recorded; "
        + "times are null where nothing was measured; sampled: there was too much to read all of it, and counts are estimates"

    package struct Parameters: Message {
        package var account: String?
        package var from: Int64 = 0
        package var to: Int64 = 0
        package var stepMs: Int64 = 0
        package init() {}
        package init(from: Int64, to: Int64, stepMs: Int64) { (self.from, self.to, self.stepMs) = (from, to, stepMs) }
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account, .text(.account), "only this account")
            each.member("from", &from, .integer(0...Int64.max), "microseconds since 1970 UTC")
            each.member("to", &to, .integer(0...Int64.max), "the first microsecond that does not count")
            each.member("step_ms", &stepMs, .integer(1_000...86_400_000), "of each point")
        }
    }

    package struct Point: Message {
        package var at: Int64 = 0
        package var requests: Int64 = 0
        package var requestP50Us, requestP99Us: Int64?
        package var fills: Int64 = 0
        package var fillP50Us, fillP99Us: Int64?
        package var doubts: Int64 = 0
        package var refusals: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("at", &at)
            each.member("requests", &requests)
            each.member("request_p50_us", &requestP50Us)
            each.member("request_p99_us", &requestP99Us)
            each.member("fills", &fills)
            each.member("fill_p50_us", &fillP50Us)
            each.member("fill_p99_us", &fillP99Us)
            each.member("doubts", &doubts)
            each.member("refusals", &refusals)
        }
    }

    package struct Result: Message {
        package var points: [Point] = []
        package var isSampled = false
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("points", &points)
            each.member("sampled", &isSampled)
        }
    }
}

package enum DaemonStatus: Method {
    package static let name = "daemon.status"
    package static let role = Role.viewer
    package static let summary = "Version, uptime, journal position, readiness, a summary of each account."
    package typealias Parameters = Nothing

    /// Orders and intents of an account that the record holds and the configuration does not.
    package struct Unconfigured: Message {
        package var account = ""
        package var orders: Int64 = 0
        package var unsent: Int64 = 0
        package var intents: Int64 = 0
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("account", &account)
            each.member("orders", &orders)
            each.member("unsent", &unsent)
            each.member("intents", &intents)
        }
    }

    /// Where closed orders go, and what lies there.
    package struct Archive: Message {
        package var folder = ""
        package var files: Int64 = 0
        package var orders: Int64 = 0
        /// Why nothing is moved there; nil: it is.
        package var problem: String?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("folder", &folder)
            each.member("files", &files)
            each.member("orders", &orders)
            each.member("problem", &problem)
        }
    }

    /// The group of hosts that the daemon belongs to.
    package struct Replica: Message {
        package var group = ""
        package var host = ""
        /// Whose the group is, by the log.
        package var owner: String?
        /// Goes up by one with each owner.
        package var epoch: Int64 = 0
        /// The last turn that is durable in the log.
        package var turn: Int64 = 0
        /// Why the log takes nothing at the moment; nil: it does.
        package var problem: String?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("group", &group)
            each.member("host", &host)
            each.member("owner", &owner)
            each.member("epoch", &epoch)
            each.member("turn", &turn)
            each.member("problem", &problem)
        }
    }

    package struct Result: Message {
        package var version = ""
        package var uptimeUs: Int64 = 0
        package var startedAt: Int64 = 0
        package var seq: Int64 = 0
        package var isReady = false
        /// `ok`, `full`, or `wal_held`: a reader keeps the WAL from being used again.
        package var journal = "ok"
        /// Where it lies, as the daemon sees it: absolute.
        package var journalPath: String?
        package var walBytes: Int64 = 0
        /// Space on its disk that the daemon may use; nil: it cannot be looked at.
        package var journalFreeBytes: Int64?
        /// nil: `archive` is not set.
        package var archive: Archive?
        package var accounts: [ShownAccount] = []
        package var unconfigured: [Unconfigured] = []
        package var sqliteVersion = ""
        /// `owner` or `standby`; nil: the host is alone.
        package var role: String?
        /// nil: `replica` is not set.
        package var replica: Replica?
        package init() {}
        package mutating func members(_ each: inout some MemberVisitor) {
            each.member("version", &version)
            each.member("uptime_us", &uptimeUs)
            each.member("started_at", &startedAt)
            each.member("seq", &seq)
            each.member("ready", &isReady)
            each.member("journal", &journal)
            each.member("journal_path", &journalPath)
            each.member("wal_bytes", &walBytes)
            each.member("journal_free_bytes", &journalFreeBytes)
            each.member("archive", &archive)
            each.member("accounts", &accounts)
            each.member("unconfigured", &unconfigured)
            each.member("sqlite_version", &sqliteVersion)
            each.member("role", &role)
            each.member("replica", &replica)
        }
    }
}

package enum RPCDiscover: Method {
    package static let name = "rpc.discover"
    package static let role = Role.viewer
    package static let summary = "The OpenRPC document of all this."
    package typealias Parameters = Nothing
    package typealias Result = Nothing
    /// Its form is another standard's.
    package static let result = "OpenRPC 1.3 document"
}
