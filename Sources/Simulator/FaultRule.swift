import Containers
import Wire

/// What goes wrong with a request. The schema is in ``FaultPlan/help``.
package enum Fault: Sendable, Equatable {
    package enum LostReply: String, Sendable { case reset, silence }
    package enum ServerErrorBody: String, Sendable { case html, json, empty }

    case loseReplyBeforeExecution(LostReply)
    case loseReplyAfterExecution(LostReply)
    /// The reply is lost at once; the request itself still arrives, so much later, and is judged by the clock of that moment.
    case executeLate(Milliseconds, LostReply)
    /// The answer comes so much later.
    case delay(Milliseconds)
    /// The connection is reset; nothing was executed.
    case reset
    case serverError(status: Int, body: ServerErrorBody, executes: Bool)
    case rateLimited
    /// The client's address is shut out, of all products of the venue, for so long: whatever it asks is answered with `status`.
    case ban(status: Int, lasts: Milliseconds, saysWhen: Bool)
    /// The answer breaks off in its middle, then the connection closes; executed.
    case truncate
    /// Bytes that are no answer: `isHTTP` a 200 whose body is noise, else not even HTTP; executed.
    case garbage(isHTTP: Bool)
    case missingItem
    case repeatedItem
    case reorderedItems
    /// Executed and answered, but look-ups learn of its orders only so much later.
    case lateVisibility(Milliseconds)
    case maintenance
    case wrongAccount
    case venueError(code: String, message: String, status: Int, executes: Bool)
    /// Executed twice, as a retrying proxy would: no venue does this by default, and a client cannot defend itself; shows what an auditor must see.
    case duplicateExecution
    /// The venue's clock is off, and runs off; from a while after the rules came into force, for a while.
    case clock(offsetMs: Int64, driftPpm: Int64, afterMs: Int64 = 0, lastsMs: Int64? = nil)
    /// A look-up is answered as the venue stood so much earlier.
    case staleReplica(Milliseconds)
    case contradictingPage(Contradiction)
    case oddNumber(OddNumber)
    /// Listings of one product line show those of the others too.
    case mixedProducts
    /// A public list of markets holds a row more, whose symbol is null; a copy of that symbol's, or of any.
    case nullMarket(symbol: String?)
    /// A public list of markets lacks this symbol, or any.
    case missingMarket(symbol: String?)
    /// The answer is blown up to so many bytes.
    case giantAnswer(bytes: Int)
    /// Each item, with that probability, is refused by this code and not executed.
    case itemError(code: String, message: String, share: Double)
    /// Cancels and changes are taken at once and happen later.
    case lateEffect(Milliseconds)
    /// Order ids do not follow the rule by which callers predict them (AscendEX).
    case strangeID(StrangeID)
    /// The key is taken for another uid's.
    case otherAccount(uid: String)
    /// The venue has never heard of that path.
    case unknownEndpoint
    /// Streams tell at once of what the request does; the request itself is answered so much later.
    case earlyPush(Milliseconds)
    /// Something on a stream.
    case stream(StreamFault)

    /// How a page belies itself.
    package enum Contradiction: String, Sendable, CaseIterable {
        /// No rows, beside signs of more.
        case empty
        /// The first half of the rows, beside signs of more; ids beside it are those of the rows that are left, so that the others can be asked for.
        case short
        /// The first half of the rows, beside the ids of all of them.
        case gap
        /// The list is null.
        case null
        /// The list is not there.
        case absent
        /// A following page is the one before once more.
        case repeated
    }

    package enum StrangeID: String, Sendable {
        /// The part that tells the time is another; the end is the caller's.
        case time
        /// The end is another as well.
        case other
    }

    /// A fixed number or one drawn between two.
    package struct Milliseconds: Sendable, Equatable {
        package let low: Int64
        package let high: Int64
        package init(_ low: Int64, _ high: Int64? = nil) { (self.low, self.high) = (low, high ?? low) }
        func draw(_ random: inout SplitMix64) -> Int64 { random.between(low, high) * 1000 }
    }

    /// The `type` of the schema, as the ledger shows it.
    package var name: String {
        switch self {
        case .loseReplyBeforeExecution: "lose_reply_before_execution"
        case .loseReplyAfterExecution: "lose_reply_after_execution"
        case .executeLate: "execute_late"
        case .delay: "delay"
        case .reset: "reset"
        case .serverError: "status_5xx"
        case .rateLimited: "rate_limit_429"
        case .ban: "ban"
        case .truncate: "truncate"
        case .garbage: "garbage"
        case .missingItem: "missing_item"
        case .repeatedItem: "repeated_item"
        case .reorderedItems: "reordered_items"
        case .lateVisibility: "late_visibility"
        case .maintenance: "maintenance"
        case .wrongAccount: "wrong_account"
        case .venueError: "venue_error"
        case .duplicateExecution: "duplicate_execution"
        case .clock: "clock"
        case .staleReplica: "stale_replica"
        case .contradictingPage: "contradicting_page"
        case .oddNumber: "odd_number"
        case .mixedProducts: "mixed_products"
        case .nullMarket: "null_market"
        case .missingMarket: "missing_market"
        case .giantAnswer: "giant_answer"
        case .itemError: "item_error"
        case .lateEffect: "late_effect"
        case .strangeID: "strange_id"
        case .otherAccount: "other_account"
        case .unknownEndpoint: "unknown_endpoint"
        case .earlyPush: "early_push"
        case .stream(let fault): fault.name
        }
    }
}

extension Fault {
    var isClock: Bool { if case .clock = self { true } else { false } }
    var isStream: Bool { if case .stream = self { true } else { false } }

    /// Whose request it is taken for; nil: its sender's.
    func account(in account: SimAccount?) -> SimAccount? {
        guard case .otherAccount(let uid) = self else { return nil }
        return account?.belonging(to: uid)
    }
}

/// When a fault strikes: a request must match all of `venue`, `endpoint`, `kind`, `budget` and `account` that are given; the counters below count such requests. On a
/// stream `venue`, `account` and `channel`.
package struct FaultRule: Sendable, Equatable {
    package var venue: String?
    package var endpoint: String?
    package var kind: Route.Kind?
    /// A limit that it is counted under; `lookup:` in front may be there or not.
    package var budget: String?
    /// The uid.
    package var account: String?
    /// Of a stream's fault: the channel of a push or subscription, or the name of a client's message.
    package var channel: String?
    package var probability: Double?
    package var every: Int?
    package var first: Int?
    package var after: Int?
    /// Strikes at most so often.
    package var count: Int?
    package var fault: Fault

    package init(_ fault: Fault) { self.fault = fault }

    func matches(venue: String, account: String?, route: Route) -> Bool {
        (self.venue == nil || self.venue == venue) && (endpoint == nil || endpoint == route.endpoint) && (kind == nil || kind == route.kind)
            && (self.account == nil || self.account == account)
            && (budget == nil || route.budgets.contains { $0 == budget || "lookup:" + $0 == budget })
    }

    /// The fault, where it is one of streams that may strike now.
    func streamFault(_ moment: StreamFault.Moment, venue: String, account: String?, channel: String) -> StreamFault? {
        guard case .stream(let fault) = self.fault, fault.strikes(at: moment), self.venue == nil || self.venue == venue,
            self.account == nil || self.account == account, self.channel == nil || self.channel == channel
        else { return nil }
        return fault
    }
}

/// The rules in force and how often each has struck. One seed and one sequence of requests: one sequence of faults.
package struct FaultPlan {
    package struct Standing {
        package let rule: FaultRule
        package fileprivate(set) var seen = 0
        package fileprivate(set) var struck = 0
        fileprivate var random: SplitMix64
    }

    package private(set) var rules: [Standing] = []

    package init(_ rules: [FaultRule] = [], seed base: UInt64 = 0) {
        self.rules = rules.enumerated().map { Standing(rule: $1, random: SplitMix64(seed: mixedSeed(base, "fault \($0)"))) }
    }

    /// The first rule that strikes this request; every matching rule before it has counted the request.
    mutating func strike(venue: String, account: String?, route: Route) -> (index: Int, fault: Fault)? {
        for index in rules.indices where rules[index].rule.matches(venue: venue, account: account, route: route) {
            if rules[index].rule.fault.isStream { continue }
            if rules[index].strikes() { return (index, rules[index].rule.fault) }
        }
        return nil
    }

    /// The first rule that strikes on a stream, in the same way.
    mutating func strike(_ moment: StreamFault.Moment, venue: String, account: String?, channel: String) -> (index: Int, fault: StreamFault)? {
        for index in rules.indices {
            guard let fault = rules[index].rule.streamFault(moment, venue: venue, account: account, channel: channel) else { continue }
            if rules[index].strikes() { return (index, fault) }
        }
        return nil
    }

    /// Draws from the rule's own stream.
    mutating func draw<Value>(_ index: Int, _ body: (inout SplitMix64) -> Value) -> Value { body(&rules[index].random) }

    /// The sum of clock faults for a venue that have run for so long: offset, and drift in millionths.
    func clock(of venue: String, runningUs: Int64) -> (offsetMs: Int64, driftPpm: Int64) {
        rules.reduce(into: (0, 0)) { sum, standing in
            guard case .clock(let offset, let drift, let after, let lasts) = standing.rule.fault, standing.concernsClock(of: venue) else { return }
            guard runningUs >= after * 1_000, lasts.map({ runningUs < (after + $0) * 1_000 }) ?? true else { return }
            sum.0 += offset
            sum.1 += drift
        }
    }

    func hasClock(of venue: String) -> Bool { rules.contains { $0.concernsClock(of: venue) } }

    /// Whether a rule may answer with an earlier page.
    var repeatsPages: Bool { rules.contains { $0.rule.fault == .contradictingPage(.repeated) } }
}

extension FaultPlan.Standing {
    fileprivate func concernsClock(of venue: String) -> Bool { rule.fault.isClock && (rule.venue == nil || rule.venue == venue) }

    fileprivate mutating func strikes() -> Bool {
        if case .clock = rule.fault { return false }
        seen += 1
        if let after = rule.after, seen <= after { return false }
        let turn = seen - (rule.after ?? 0)
        if let first = rule.first, turn > first { return false }
        if let every = rule.every, turn % every != 0 { return false }
        if let count = rule.count, struck >= count { return false }
        if let probability = rule.probability, !random.chance(probability) { return false }
        struck += 1
        return true
    }
}
