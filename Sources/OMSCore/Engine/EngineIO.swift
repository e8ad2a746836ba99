/// What reaches the engine: always a value, always with the moment of the turn beside it.
package enum Input: Sendable {
    /// Of a peer whose role on the socket is enough for it. What his rights leave of it is for the engine to say, which knows whose an order is.
    case command(ControlCommand, from: Caller, ticket: Ticket)
    /// A complete answer, as the adapter read it.
    case answered(RequestID, VenueAnswer, sentAt: Moment, lastByteAt: Moment)
    /// Bytes may have left and no complete answer came; the socket was reset.
    case lost(RequestID, reason: String, sentAt: Moment, resetAt: Moment)
    /// Not a byte left.
    case notSent(RequestID, reason: String)
    /// What became of a private stream, and what it told.
    case heard(StreamName, StreamEvent)
    case disconnected(connection: UInt64)
    /// What a connection follows is what its peer may see from here on.
    case rights(Rights, connection: UInt64)
    /// A connection that may hold a guard sent a line that is no command.
    case spoke(connection: UInt64)
    /// - Parameters:
    ///   - changes: what differs from before, as `KEY: BEFORE -> AFTER`, for the record.
    ///   - by: who asked for it.
    case reload([AccountSetup], changes: [String], by: Actor)
    /// What is to stand in the record of what others do with it, in words and by name.
    case remark(String, [JournalEvent.Fact])
    /// A timer, or the end of a drain.
    case wake
}

/// What a caller is told, typed; the runtime writes the JSON.
package enum Reply: Sendable {
    case submitted(IntentID, acceptedAt: Int64, orders: [ClientOrderID], plannedRequests: Int)
    case plan(IntentID?, orders: Int, requests: [(kind: RequestKind, items: Int)])
    /// Read committed rows and answer with them.
    case query(JournalQuery, missing: ControlError?)
    case accounts([AccountSnapshot])
    case budgets([BudgetSnapshot])
    case positions([PositionSnapshot], next: Int64?)
    case rules([RuleStanding])
    case instruments([(AccountID, Instrument)], next: Int64?)
    case tradingState([TradingStateRow], cancels: Int)
    case reconciled(ReconcileSummary)
    case kills([KillSnapshot])
    case canceled(intents: Int, withdrawn: Int, commands: Int)
    case granted(permitID: Int64, at: Int64)
    case released(permitID: Int64)
    case guarded(GuardRow, token: String)
    case guardReleased(GuardRow)
    case guards([GuardSnapshot])
    case rehearsed(RehearsalRow)
    case subscribe(afterSeq: Int64?, account: AccountID?, Caller)
    case unsubscribe(Int64)
    /// As far as these rights let it be seen.
    case status(Rights)
}

package struct ReconcileSummary: Sendable {
    package var account: AccountID
    package var venueOpen = 0
    package var journalOpen = 0
    package var adopted = 0
    package var resolved = 0
    package var breaks: [Break] = []
    /// What could not be compared, and why; nil: all was.
    package var error: String?
    package init(account: AccountID) { self.account = account }
}

/// What is left of an account that was halted with `cancel_open`.
package struct KillSnapshot: Sendable, Equatable {
    package enum CancelAll: String, Sendable, CaseIterable {
        /// The venue answered that everything goes.
        case confirmed
        /// Asked for, and not answered so yet.
        case unanswered
        /// The venue has no such request.
        case none
        case notAsked = "not_asked"
    }
    package let account: AccountID
    package let state: TradingState
    /// Orders that ended since the halt (since the start of the daemon, where that came later).
    package let confirmedClosed: Int
    /// The venue took a cancel, and the order's end is not confirmed yet.
    package let cancelTaken: Int
    /// Everything else that is not closed.
    package let liveOrUnknown: Int
    /// Resting there, and not ours or not on record, as far as is known: all of it only where ``isListed``.
    package let foreign: Int
    /// The venue's open orders were listed since the halt (and since it took a cancel-all).
    package let isListed: Bool
    package let cancelAll: CancelAll
    /// Cancels of others' orders are on their way, by policy or by cancel-all.
    package let cancelsForeign: Bool
    package let lastError: String?

    /// Waiting longer changes nothing.
    package var isOver: Bool {
        liveOrUnknown == 0 && cancelTaken == 0 && isListed && cancelAll != .unanswered && (foreign == 0 || !cancelsForeign)
    }
}

package struct AccountSnapshot: Sendable {
    package let account: AccountID
    package let venue: String
    package let product: String
    package let uid: String
    /// Where requests go, as the record pins it; and what stands for the key they are signed with.
    package let origin: String
    package let keyFingerprint: String
    package let trading: TradingStateRow
    package var state: TradingState { trading.state }
    package let isReady: Bool
    /// Why it is not ready; nil: it is.
    package let reason: String?
    /// When the venue last answered, by the wall clock.
    package let lastAnswerAt: Int64?
    package let queueCancel: Int
    package let queueLookup: Int
    package let queueModify: Int
    package let queuePlace: Int
    package let inFlight: Int
    /// That were sent since the daemon started.
    package let requests: Int
    /// Of orders that are not closed.
    package let counts: OrderCounts
    package let open: Int
    package let inDoubt: Int
    package let clockOffsetMs: Int64?
    package let lastReconcileAt: Int64?
    package let lastError: String?
    package let lastErrorAt: Int64?
    /// Orders in doubt that wait for a person.
    package let parked: Int
    /// When the oldest order in doubt was intended.
    package let oldestDoubtAt: Int64?
    /// Breaks that nobody took note of.
    package let openBreaks: Int
    package let stream: StreamFigures
    /// The last; nil: none was told.
    package let rehearsal: RehearsalRow?
}

package struct BudgetSnapshot: Sendable {
    package let account: AccountID
    /// The account's: the row of a limit by address may bear the name of another venue behind the same hosts.
    package let venue: String
    /// Which products are counted together (``VenueProfile/endpoints``); nil: all of the venue.
    package let product: String?
    package let row: BudgetRow
    package let inUse: Int
    /// How many permits may be taken at most: fewer than configured for a while after a 429 below our own count.
    package let share: Int
    package let reserve: Int
    /// Wall clock; nil: a permit is free now, or nobody can say.
    package let nextFreeAt: Int64?
    package let busiestWindow: Int
}

/// What a turn wants done. Nothing of it leaves before the records are durable.
package struct TurnOutput: Sendable {
    package var records: [JournalRecord] = []
    package var sends: [RequestPlan] = []
    /// What is wanted of private streams, in order.
    package var wishes: [StreamWish] = []
    package var replies: [(ticket: Ticket, reply: Result<Reply, ControlError>)] = []
    /// Requests that left without a row (look-ups) and turned out to matter: their rows are written with this turn.
    package var lateRequests: [RequestID] = []
    package var notices: [Notice] = []
    /// What memory rests on could not be read: nothing of this turn may become durable, and no turn may follow it.
    package var unread: JournalError?
    package init() {}

    package var isEmpty: Bool { unread == nil && records.isEmpty && sends.isEmpty && wishes.isEmpty && replies.isEmpty && notices.isEmpty }
}
