/// Which rows of an order listing.
package struct OrderFilter: Sendable {
    package var account: AccountID?
    /// Of these accounts alone; nil: of any.
    package var visible: Set<AccountID>?
    package var symbol: Symbol?
    package var states: [OrderState]?
    package var intentID: IntentID?
    package var tag: Tag?
    package var clientOrderID: ClientOrderID?
    package var venueOrderID: VenueOrderID?
    /// Breaks only: those that neither a person took note of nor time ended (true), or the others (false).
    package var isOpen: Bool?
    package var breakKinds: [BreakKind]?
    /// The last row's `next` of the page before.
    package var after: Int64?
    /// 1...1000.
    package var limit: Int = 100
    package init() {}

    /// The same of what a caller may see.
    func narrowed(to rights: Rights) -> OrderFilter {
        var filter = self
        filter.visible = rights.visible
        return filter
    }
}

/// A read that needs no engine. Answers are JSON text whose keys are the views' columns.
package enum JournalQuery: Sendable {
    /// `{order columns}`, or nil when unknown.
    case order(OrderFilter)
    /// `{"orders":[…],"next":N|null}`
    case orders(OrderFilter)
    /// `{"client_order_id","events":[v_timeline…],"requests":[v_requests…],"commands":[…],"waits_for"}`; the last as the engine says it, null: for nothing.
    case timeline(ClientOrderID, waitsFor: String?, visible: Set<AccountID>? = nil)
    case fills(OrderFilter)
    case breaks(OrderFilter)
    /// `{v_breaks columns}`, or nil when unknown.
    case oneBreak(Int64, visible: Set<AccountID>? = nil)
    /// `{v_intents columns,"counts":{state:n},"refusals":[…]}` plus `"timed_out"` where given.
    case intent(IntentID, timedOut: Bool?, visible: Set<AccountID>? = nil)
    case intents(account: AccountID?, visible: Set<AccountID>? = nil, tag: Tag? = nil, after: Int64?, limit: Int)
    /// The answer to `intent.submit`: `{intent_id,duplicate,accepted_at,orders,planned_requests}`.
    case submission(IntentID, duplicate: Bool)
    /// `{"points":[{at,requests,request_p50_us,request_p99_us,fills,fill_p50_us,fill_p99_us,doubts,refusals}…],"sampled"}`
    case stats(StatsQuery)
    /// `{"head":{v_seals columns}|null,"seq","unsealed"}`
    case seal
}

extension StatsQuery {
    func narrowed(to rights: Rights) -> StatsQuery {
        var query = self
        query.visible = rights.visible
        return query
    }

    /// The accounts that count; nil: all.
    package var seen: Set<AccountID>? { account.map { account in visible?.contains(account) ?? true ? [account] : [] } ?? visible }
}

extension JournalQuery {
    /// The same of what a caller may see.
    package func narrowed(to rights: Rights) -> JournalQuery {
        switch self {
        case .order(let filter): .order(filter.narrowed(to: rights))
        case .orders(let filter): .orders(filter.narrowed(to: rights))
        case .timeline(let id, let waitsFor, _): .timeline(id, waitsFor: waitsFor, visible: rights.visible)
        case .fills(let filter): .fills(filter.narrowed(to: rights))
        case .breaks(let filter): .breaks(filter.narrowed(to: rights))
        case .oneBreak(let id, _): .oneBreak(id, visible: rights.visible)
        case .intent(let id, let timedOut, _): .intent(id, timedOut: timedOut, visible: rights.visible)
        case .intents(let account, _, let tag, let after, let limit):
            .intents(account: account, visible: rights.visible, tag: tag, after: after, limit: limit)
        case .stats(let query): .stats(query.narrowed(to: rights))
        case .submission, .seal: self
        }
    }
}

/// How requests and fills went between two times, in equal steps.
package struct StatsQuery: Sendable {
    /// nil: all accounts.
    package let account: AccountID?
    /// Of these accounts alone; nil: of any.
    package var visible: Set<AccountID>?
    /// Microseconds since 1970 UTC: the first that counts, and the first that does not.
    package let from, to: Int64
    package let stepUs: Int64
    package static let pointsMax = 1_440

    /// nil: `to` is not behind `from`, or there would be too many points.
    package init?(account: AccountID?, from: Int64, to: Int64, stepUs: Int64) {
        guard from >= 0, to > from, stepUs > 0, (to - from - 1) / stepUs < Int64(Self.pointsMax) else { return nil }
        (self.account, self.from, self.to, self.stepUs) = (account, from, to, stepUs)
    }

    /// The last one may be shorter than a step.
    package var points: Int { Int((to - from - 1) / stepUs) + 1 }
}

/// Reads committed rows on a read-only connection, from a thread of its own.
package protocol JournalReader: AnyObject {
    /// JSON bytes, or nil when what was asked for does not exist.
    func answer(_ query: JournalQuery) throws(JournalError) -> [UInt8]?
    /// The next lines behind `seq` that are meant, at most `limit`.
    func events(after seq: Int64, of scope: EventScope, limit: Int) throws(JournalError) -> EventPage
}
