import OMSCore

/// What a report tells of a journal: sums and lists over a period, of one account or all. Times are microseconds since 1970 UTC.
///
/// Orders, intents and commands are of the period in which they were asked for; what became of them is as it stands when they are read, also where that
/// came later.
package struct JournalFigures: Sendable {
    /// What is asked for.
    package struct Scope: Sendable {
        /// From this moment on; nil: from the first line.
        package let from: Int64?
        /// Up to, and without, this moment; nil: to the last line.
        package let to: Int64?
        package let account: AccountID?
        package init(from: Int64? = nil, to: Int64? = nil, account: AccountID? = nil) { (self.from, self.to, self.account) = (from, to, account) }
    }

    /// The period, with the journal's first and last moment where the scope leaves an end open. Empty: nothing was ever written.
    package internal(set) var period: Range<Int64> = 0..<0
    /// The last number of the record that was looked at.
    package internal(set) var seq: Int64 = 0
    package internal(set) var accounts: [Account] = []
    package internal(set) var days: [Day] = []
    package internal(set) var markets: [Market] = []
    package internal(set) var fees: [Fee] = []
    package internal(set) var callers: [Caller] = []
    package internal(set) var refusals: [Refusal] = []
    package internal(set) var requests: [Requests] = []
    package internal(set) var endings: [Ending] = []
    package internal(set) var doubts = Shown<Doubt>()
    package internal(set) var limits: [Limit] = []
    package internal(set) var breakKinds: [BreakKind] = []
    package internal(set) var breaks = Shown<Break>()
    /// The last one of each account.
    package internal(set) var rehearsals: [RehearsalRow] = []
    package internal(set) var words = Shown<Words>()
    package internal(set) var kills: [Kill] = []
    package internal(set) var starts = Shown<Start>()
    /// What was asked for and how soon it was known, over time: steps of this length from `period.lowerBound` on.
    package internal(set) var step: Int64 = 1
    package internal(set) var steps: [Step] = []

    /// All accounts together.
    package var total: Tally { accounts.reduce(into: Tally()) { $0.add($1.tally) } }

    /// Orders by what they are now.
    package struct Tally: Sendable, Equatable {
        package private(set) var counts: [OrderState: Int] = [:]
        package var all: Int { counts.values.reduce(0, +) }
        package subscript(_ states: OrderState...) -> Int { states.reduce(0) { $0 + (counts[$1] ?? 0) } }
        mutating func count(_ state: OrderState) { counts[state, default: 0] += 1 }
        mutating func add(_ other: Tally) { counts.merge(other.counts, uniquingKeysWith: +) }
    }

    package struct Account: Sendable {
        package let name: String
        package let venue: String
        package let product: String
        /// As it is now, and who set it so.
        package let trading: String
        package internal(set) var tally = Tally()
        package internal(set) var intents = 0
        package internal(set) var executions = 0
        /// Cancels and modifies: how many of a kind are in a state.
        package internal(set) var commands: [CommandCount] = []
        package internal(set) var latency = Latency()
    }

    package struct CommandCount: Sendable {
        package let kind: String
        package let state: String
        package let count: Int
    }

    /// Times of orders, microseconds. Each is measured as `v_latency` has it.
    package struct Latency: Sendable {
        /// The intent accepted to the order durable: 0 unless the intent was written in slices.
        package internal(set) var accept = Quantiles()
        /// The order durable to the first byte of the last request that carried it.
        package internal(set) var firstByte = Quantiles()
        /// That request's first byte to the last of its answer.
        package internal(set) var answer = Quantiles()
        /// The order durable to the venue's word on it, doubts included.
        package internal(set) var acknowledge = Quantiles()

        mutating func add(_ other: Latency) {
            accept.add(other.accept)
            firstByte.add(other.firstByte)
            answer.add(other.answer)
            acknowledge.add(other.acknowledge)
        }
    }

    /// One account's orders of one day (UTC).
    package struct Day: Sendable {
        package let start: Int64
        package let account: String
        package internal(set) var tally = Tally()
    }

    package struct Market: Sendable {
        package let account: String
        package let symbol: String
        package internal(set) var tally = Tally()
        package internal(set) var executions = 0
        /// Executed, in the venue's unit of quantity; nil: beyond what a decimal holds.
        package internal(set) var bought: Decimal? = .zero
        package internal(set) var sold: Decimal? = .zero
    }

    package struct Fee: Sendable {
        package let account: String
        package let asset: String
        package internal(set) var sum: Decimal? = .zero
    }

    /// Who asked for intents: a user id, without the process.
    package struct Caller: Sendable {
        package let actor: String
        package let account: String
        package internal(set) var intents = 0
        package internal(set) var orders = 0
    }

    package struct Refusal: Sendable {
        package let account: String
        /// True: by omsd, before anything was sent.
        package let isLocal: Bool
        /// `order`, `cancel`, `modify`
        package let what: String
        package let code: String
        package internal(set) var count = 0
        /// The words of the last one.
        package internal(set) var text = ""
        package internal(set) var lastAt: Int64 = 0
    }

    /// Requests signed in the period.
    package struct Requests: Sendable {
        package let account: String
        package let kind: String
        /// Empty: no end is on record, as after a kill.
        package let outcome: String
        package let count: Int
        package let items: Int
    }

    /// Doubts that ended in one way.
    package struct Ending: Sendable {
        package let account: String
        package let how: DoubtEnd
        package internal(set) var lasted = Quantiles()
    }

    package struct Doubt: Sendable {
        package let account: String
        package internal(set) var clientOrderID: String
        package let since: Int64
        /// Why nobody knew, in the words of the record.
        package let why: String
        package let how: DoubtEnd
        /// nil: it stands.
        package let until: Int64?
    }

    package struct Limit: Sendable {
        package let venue: String
        /// Which products are counted together; nil: all of the venue.
        package let product: String?
        package let owner: String
        package let budget: String
        package let scope: String
        package let permits: Int
        package let windowMs: Int
        package internal(set) var requests = 0
        /// Most requests in any window that touches the period.
        package internal(set) var busiest = 0
        /// By the steps of the report: the most of any window that ended in each.
        package internal(set) var overTime: [Int] = []
    }

    package struct BreakKind: Sendable {
        package let account: String
        package let kind: String
        package internal(set) var found = 0
        package internal(set) var ended = 0
        package internal(set) var acknowledged = 0
        package var open: Int { found - ended - acknowledged }
    }

    package struct Break: Sendable {
        package let id: Int64
        package let account: String
        package let kind: String
        package let clientOrderID: String?
        package let venueOrderID: String?
        package let detail: String
        package let at: Int64
        package let endedAt: Int64?
        package let acknowledgedAt: Int64?
        package let acknowledgedBy: String?
        package let reason: String?
        package var isOpen: Bool { endedAt == nil && acknowledgedAt == nil }
    }

    /// What a person decided.
    package struct Words: Sendable {
        package let at: Int64
        package let actor: String
        package let account: String?
        package internal(set) var clientOrderID: String?
        package let kind: String
        package let state: String?
        package let text: String
    }

    /// An account that was to be emptied.
    package struct Kill: Sendable {
        package let at: Int64
        package let actor: String
        package let account: String
        /// Orders that ended since, until it was taken back.
        package internal(set) var closed = 0
        /// nil: nobody took it back.
        package internal(set) var until: Int64?
        /// Orders of the account that are not closed now.
        package internal(set) var left = 0
    }

    /// The daemon began to write, or read its configuration again.
    package struct Start: Sendable {
        package let at: Int64
        package let kind: String
        package let text: String
    }

    package struct Step: Sendable {
        package internal(set) var tally = Tally()
        package internal(set) var acknowledge = Quantiles()
    }

    /// A list that is cut where it grows long: what it is cut by stands where it is made.
    package struct Shown<Row: Sendable>: Sendable {
        package internal(set) var rows: [Row] = []
        package internal(set) var left = 0
        package var count: Int { rows.count + left }
    }
}

/// How a doubt ended.
package enum DoubtEnd: String, Sendable, CaseIterable {
    /// It stands, and omsd goes on asking.
    case open
    /// It stands, and waits for a person.
    case parked
    /// The venue's word, asked for or told, shows the order there or its end.
    case found
    /// Proven absent, and sent again.
    case absentSentAgain = "absent_sent_again"
    /// Proven absent, and not to be sent again.
    case absentEnded = "absent_ended"
    /// A person said so.
    case `operator`
}
