/// Who caused a change.
package enum Actor: Hashable, Sendable {
    case daemon
    case venue
    /// A peer of the control socket, by the kernel's word.
    case peer(uid: UInt32, pid: Int32)

    package var text: String {
        switch self {
        case .daemon: "daemon"
        case .venue: "venue"
        case .peer(let uid, let pid): "uid:\(uid) pid:\(pid)"
        }
    }

    /// `text`, read back; nil for anything else.
    package init?(text: String) {
        switch text {
        case Actor.daemon.text: self = .daemon
        case Actor.venue.text: self = .venue
        default:
            let parts = text.split(separator: " ")
            guard parts.count == 2, parts[0].hasPrefix("uid:"), parts[1].hasPrefix("pid:"), let uid = UInt32(parts[0].dropFirst(4)),
                let pid = Int32(parts[1].dropFirst(4))
            else { return nil }
            self = .peer(uid: uid, pid: pid)
        }
    }
}

/// The mutable fields of an order that an event sets: their new values stand in the event's `detail`, so that the record alone rebuilds the row.
package struct OrderFields: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    package static let venueState = OrderFields(rawValue: 1)
    package static let venueOrderID = OrderFields(rawValue: 2)
    package static let price = OrderFields(rawValue: 4)
    package static let quantity = OrderFields(rawValue: 8)
    package static let filledQuantity = OrderFields(rawValue: 16)
    package static let averagePrice = OrderFields(rawValue: 32)
    package static let reject = OrderFields(rawValue: 64)
    package static let attempts = OrderFields(rawValue: 128)
    package static let parkedAt = OrderFields(rawValue: 256)
    /// The last of `predictedIDs` is new (also kept in a table of its own).
    package static let predictedID = OrderFields(rawValue: 512)
    package static let bars = OrderFields(rawValue: 1_024)
    package static let absences = OrderFields(rawValue: 2_048)

    /// All that leaving in a request changes, where nothing else does.
    package static let ofSending: OrderFields = [.attempts, .predictedID]
    /// All that being taken changes, where nothing else does.
    package static let ofAcknowledging: OrderFields = [.venueState, .venueOrderID]

    // Said here although each set can do so: from other modules the general ones run unspecialized, at hundreds of instructions a call.
    package var isEmpty: Bool { rawValue == 0 }
    package func contains(_ others: OrderFields) -> Bool { rawValue & others.rawValue == others.rawValue }
    package func isSubset(of others: OrderFields) -> Bool { others.contains(self) }
}

/// An accepted intent's row.
package struct IntentRow: Sendable {
    package let key: IntentKey
    package let id: IntentID
    package let account: AccountID
    package let content: IntentContent
    /// Orders it places, children counted; known before the first slice is written.
    package let orders: Int
    package let commands: Int
    package let sequence: IntentSequence
    package let plannedRequests: Int
    package let acceptedAt: Int64
    package let expiresAt: Int64?
    package let tag: Tag?
    package var settledAt: Int64?
    /// Under which guard it was submitted; nil: under none.
    package var guardID: GuardID?
    package init(
        key: IntentKey, id: IntentID, account: AccountID, content: IntentContent, orders: Int, commands: Int, sequence: IntentSequence,
        plannedRequests: Int, acceptedAt: Int64, expiresAt: Int64?, tag: Tag? = nil
    ) {
        (self.key, self.id, self.account, self.content, self.orders, self.commands) = (key, id, account, content, orders, commands)
        (self.sequence, self.plannedRequests, self.acceptedAt, self.expiresAt) = (sequence, plannedRequests, acceptedAt, expiresAt)
        self.tag = tag
    }
}

/// A request's row. Written before it leaves, completed as things become known.
package struct RequestRow: Sendable {
    package let id: RequestID
    package let account: AccountID
    /// Method and path, without host and query values.
    package let endpoint: String
    package let kind: RequestKind
    package let items: Int
    package let timeMs: Int64
    package let signedAt: Int64
    package let bodySHA256: Digest256
    /// What it took of each budget, for `v_rate_usage`.
    package let permits: [PermitCount]
    package init(
        id: RequestID, account: AccountID, endpoint: String, kind: RequestKind, items: Int, timeMs: Int64, signedAt: Int64, bodySHA256: Digest256,
        permits: [PermitCount]
    ) {
        (self.id, self.account, self.endpoint, self.kind, self.items) = (id, account, endpoint, kind, items)
        (self.timeMs, self.signedAt, self.bodySHA256, self.permits) = (timeMs, signedAt, bodySHA256, permits)
    }
}

/// How a request ended, as `v_requests.outcome` names it.
package enum RequestOutcome: String, Sendable, CaseIterable {
    case acknowledged, refused, partial
    case inDoubt = "in_doubt"
    case notSent = "not_sent"
}

/// What became known of a request after it left.
package struct RequestEnd: Sendable {
    package let id: RequestID
    package var sentAt: Int64?
    package var answeredAt: Int64?
    package var outcome: RequestOutcome
    package var httpStatus: Int?
    package var venueCode: String?
    package init(id: RequestID, outcome: RequestOutcome) { (self.id, self.outcome) = (id, outcome) }
}

/// Differences between this journal and the venue, as `v_breaks.kind` names them.
package enum BreakKind: String, Sendable, CaseIterable {
    case missingHere = "missing_here"
    case missingThere = "missing_there"
    case quantity, price, state
    case externalOrder = "external_order"
    case duplicateID = "duplicate_id"
    case contradiction
    /// Proven absent and not sent again.
    case abandoned
    /// A refusal for the rate, or a ban, below our own count.
    case limit
    /// The same question or command went round and round without an end.
    case loop
    /// Something the venue lists cannot be read, or cannot be listed.
    case unreadable
    /// Key, uid or origin are not those the record was made with; or an order of ours shows under another account.
    case identity
    /// The venue refuses to cancel an order that it lists as live.
    case cancelRefused = "cancel_refused"
    /// The venue does not behave as its profile says.
    case assumption

    /// Whether it closes when its reason is gone. Of the others nothing at the venue will ever say that they are over: a person ends them by taking note.
    package var endsByItself: Bool {
        switch self {
        case .missingHere, .missingThere, .externalOrder, .limit, .loop, .unreadable, .identity, .cancelRefused: true
        case .quantity, .price, .state, .duplicateID, .contradiction, .abandoned, .assumption: false
        }
    }

    /// Something rests at the venue that the record does not answer for: what a person should see first.
    package var isOfStrangers: Bool {
        switch self {
        case .missingHere, .externalOrder, .identity: true
        case .missingThere, .limit, .loop, .unreadable, .cancelRefused, .quantity, .price, .state, .duplicateID, .contradiction, .abandoned,
            .assumption:
            false
        }
    }
}

package struct Break: Sendable, Equatable {
    package let id: Int64
    package let account: AccountID
    package let kind: BreakKind
    package let clientOrderID: ClientOrderID?
    package let venueOrderID: VenueOrderID?
    package let detail: String
    package let at: Int64
    /// When a person took note of it.
    package var acknowledgedAt: Int64?
    package init(
        id: Int64, account: AccountID, kind: BreakKind, clientOrderID: ClientOrderID?, venueOrderID: VenueOrderID?, detail: String, at: Int64
    ) {
        (self.id, self.account, self.kind, self.clientOrderID) = (id, account, kind, clientOrderID)
        (self.venueOrderID, self.detail, self.at) = (venueOrderID, detail, at)
    }
}

/// Whether an account may trade.
package enum TradingState: String, Sendable, CaseIterable { case active, reducing, halted }

package struct TradingStateRow: Sendable, Equatable {
    package let account: AccountID
    package let state: TradingState
    package let reason: String
    package let actor: Actor
    package let at: Int64
    package init(account: AccountID, state: TradingState, reason: String, actor: Actor, at: Int64) {
        (self.account, self.state, self.reason, self.actor, self.at) = (account, state, reason, actor, at)
    }
}

/// That an account is being emptied, so that a restart goes on with it.
package struct KillRow: Sendable, Equatable {
    package let account: AccountID
    /// The last number of the record when it began; nil: it is over, or a cancel-all alone is wanted.
    package let since: Int64?
    package let cancelAll: KillSnapshot.CancelAll
    /// Orders that ended since. Counted by a start, and not written.
    package var closed = 0
    package init(account: AccountID, since: Int64?, cancelAll: KillSnapshot.CancelAll) {
        (self.account, self.since, self.cancelAll) = (account, since, cancelAll)
    }

    /// What the record says when it begins and when it is taken back: reports know both by these words.
    package static let begun = "is being emptied"
    package static let over = "is not emptied any more"
}

/// A budget's row: one for each (venue, owner, name).
package struct BudgetRow: Sendable, Equatable {
    package let id: Int64
    package let venue: String
    /// Whose budget it is: a uid, the fingerprint of a key (never the key), or `ip`.
    package let owner: String
    package let name: String
    package let scope: BudgetScope
    package let permits: Int
    package let windowMs: Int64
    package let shape: WindowShape
    /// How many permits the venue said there are, where that is fewer; another number of `permits` ends it. nil: as many.
    package var learned: Int?
    package init(
        id: Int64, venue: String, owner: String, name: String, scope: BudgetScope, permits: Int, windowMs: Int64, shape: WindowShape = .sliding,
        learned: Int? = nil
    ) {
        (self.id, self.venue, self.owner, self.name) = (id, venue, owner, name)
        (self.scope, self.permits, self.windowMs, self.shape, self.learned) = (scope, permits, windowMs, shape, learned)
    }
}

/// So many permits of one budget, as a request takes them.
package struct PermitCount: Sendable, Hashable {
    /// As its row is numbered.
    package let budget: Int64
    /// 1 or more.
    package let count: Int
    package init(budget: Int64, count: Int) { (self.budget, self.count) = (budget, count) }
}

/// The permits that one request took of one budget. A row is used again once it holds none; a restart inherits it.
package struct PermitRow: Sendable, Equatable {
    package let budget: Int64
    /// The row's number among the budget's.
    package let slot: Int
    /// How many permits it holds, or held last; 0: they went over to another row.
    package var count: Int
    /// Held by this request, whose answer is not known, or by a grant of `limit.take`, which takes its number from the same row; nil once it is free.
    package var request: RequestID?
    /// When taken, and when its answer's last byte was read or its socket reset: microseconds of the boot's clock.
    package var takenAt: Int64
    package var releasedAt: Int64?
    /// True where it was released without an answer: held for the longer time.
    package var isUnanswered: Bool
    package init(budget: Int64, slot: Int, count: Int = 1, request: RequestID?, takenAt: Int64, releasedAt: Int64?, isUnanswered: Bool) {
        (self.budget, self.slot, self.count, self.request) = (budget, slot, count, request)
        (self.takenAt, self.releasedAt, self.isUnanswered) = (takenAt, releasedAt, isUnanswered)
    }
}

/// One change to be made durable. A turn's records commit in one transaction, in order.
package enum JournalRecord: Sendable {
    /// Header of an intent, before its first slice. Invisible to readers until `intentComplete`.
    case intent(IntentRow, JournalEvent)
    /// All slices are written: from here on it is accepted.
    case intentComplete(IntentKey)
    case intentSettled(IntentKey, at: Int64, JournalEvent)
    /// Birth of an order. `order.key` is its place in the sequence; no event row beside it.
    case orderBorn(Order, actor: Actor)
    /// `order` as it is now; `from` as it was. `fields` are those whose new values the event records.
    case orderChanged(Order, from: OrderState, fields: OrderFields, JournalEvent)
    /// Birth of a command: `event.seq == command.id.number`.
    case commandBorn(OrderCommand, JournalEvent)
    case commandChanged(OrderCommand, from: CommandState, JournalEvent)
    case request(RequestRow)
    case requestEnded(RequestEnd)
    /// An execution, booked to its order.
    case fill(OrderKey, AccountID, ClientOrderID, Fill, JournalEvent)
    case breakFound(Break, JournalEvent)
    case breakResolved(id: Int64, at: Int64, JournalEvent)
    /// `event.actor` took note of it. `isOver`: that ends it.
    case breakAcknowledged(id: Int64, at: Int64, reason: String, isOver: Bool, JournalEvent)
    case tradingState(TradingStateRow, JournalEvent)
    case kill(KillRow, JournalEvent)
    /// A guard as it stands from here on.
    case sessionGuard(GuardRow, JournalEvent)
    /// What a rehearsal saw at the account's venue.
    case rehearsal(RehearsalRow, JournalEvent)
    /// What own executions come to, as of this turn. No line of the record: orders and executions tell the same.
    case position(PositionRow)
    case budget(BudgetRow)
    case permit(PermitRow)
    /// A closed order of which something is still to be asked for (true), or no more (false), so that a start goes on: its executions, or whether it is there
    /// although it was given up.
    case unlisted(OrderKey, Bool)
    /// Client order ids below this counter are used up: written before they are handed out.
    case idHighWater(Int64)
    /// The boot that the permit clock belongs to.
    case boot(id: String)
    /// The venue's ids of the account's orders were seen not to follow their formula (true): look-ups by computed ids prove nothing from here on.
    case formulaBroken(AccountID, Bool, JournalEvent)
    /// How far behind look-ups of the account were seen to be, microseconds: proofs of absence wait as long.
    case lookupLag(AccountID, Int64, JournalEvent)
    /// Who the account is from here on: all of it, the key included.
    case identity(PinnedIdentity, JournalEvent)
    /// What a refusal for the rate left of a budget; one that `isOver` ends it.
    case budgetRest(BudgetRest)
    /// The venue shuts us out, or no more.
    case ban(VenueBan)
    case banEnded(family: String)
    /// A place for an account, under the number that rows of it bear.
    case account(key: Int64, AccountID, venue: String, product: String)
    /// An intent of which not every slice was written never was: nobody was told of it, nothing of it was sent. The event says which numbers went with it.
    case intentDiscarded(IntentKey, IntentID, AccountID, numbers: [NumberRange], JournalEvent)
    /// A line of the record that changes no table.
    case note(account: AccountID?, OrderKey?, JournalEvent)
}

/// Numbers of the record that follow each other, both ends counted.
package struct NumberRange: Sendable, Equatable {
    package let first: Int64
    package let last: Int64
    package init(_ first: Int64, _ last: Int64) { (self.first, self.last) = (first, last) }
}

/// The durable record as the runner's thread writes it: one writer in the world.
package protocol Record: AnyObject {
    /// Writes the records of a turn in one transaction, which stays open. Throws: nothing of it was written, and none is open.
    ///
    /// - Parameter at: the turn's wall clock, microseconds since 1970 UTC: for whatever rows say of time and records do not. Nothing is read from a clock here,
    ///   so that whoever writes the same turn writes the same rows.
    func write(_ records: [JournalRecord], at: Int64) throws(JournalError)
    /// Commits what was written, and returns once it is on disk (`fsync`ed). Throws: nothing of it is.
    func finish() throws(JournalError)
    /// Nothing of what was written stays.
    func takeBack()
    /// What a start needs.
    func load() throws(JournalError) -> JournalState
    /// Runs when there is nothing else to do: lets the writer checkpoint.
    func idle() throws(JournalError)
    /// Nothing is written from here on: what memory holds rests on something that could not be read.
    func latch(_ error: JournalError)
    /// Throws the I/O error that an earlier call ran into: what was answered from memory since may be wrong.
    func check() throws(JournalError)
    /// A load left out what it had to put on record, since a log took nothing: to be loaded again once turns are taken.
    var owesRecords: Bool { get }
}

extension Record { package var owesRecords: Bool { false } }

/// Both sides of one file.
package typealias Journal = Record & History

extension Record {
    /// A turn that waits for nobody else: written and on disk. Throws: nothing of it was written.
    package func commit(_ records: [JournalRecord], at: Int64) throws(JournalError) {
        try write(records, at: at)
        try finish()
    }
}
