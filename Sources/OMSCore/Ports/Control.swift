/// Where an answer goes: opaque to all but the control server. Unique for the life of the process.
package struct Ticket: Hashable, Sendable {
    package let connection: UInt64
    package let call: UInt64
    /// When its line was read in full, by the runner's clock; 0: not measured.
    package let readAt: Int64
    package init(connection: UInt64, call: UInt64, readAt: Int64 = 0) { (self.connection, self.call, self.readAt) = (connection, call, readAt) }
}

/// A decoded request of a peer that may make it (CONTRACT 4).
package enum ControlCommand: Sendable {
    case submit(Intent, content: AskedContent)
    case intentGet(IntentID)
    case intentList(account: AccountID?, tag: Tag? = nil, after: Int64?, limit: Int)
    case intentWait(IntentID, untilSettled: Bool, timeoutMs: Int64)
    case intentCancel(IntentID)
    /// All intents that bear the tag; nil: of every account.
    case intentCancelTagged(Tag, account: AccountID?)
    case orderGet(OrderFilter)
    case orderList(OrderFilter)
    case orderTimeline(ClientOrderID)
    case orderResolve(ClientOrderID, isPlaced: Bool, reason: String)
    case fillList(OrderFilter)
    case breakList(OrderFilter)
    case breakAcknowledge(Int64, reason: String)
    case instrumentList(account: AccountID?, symbol: Symbol?, after: Int64?, limit: Int)
    case accountList
    /// nil: all accounts (`"*"`).
    case setState(AccountID?, TradingState, reason: String, cancelOpen: Bool, everything: Bool)
    /// How far the emptying of an account has come that `setState` began; nil: of all.
    case killStatus(AccountID?)
    case reconcile(AccountID)
    /// nil: of all accounts.
    case positionList(account: AccountID?, symbol: Symbol?, after: Int64?, limit: Int)
    case riskGet(AccountID?)
    case limitList
    case limitTake(AccountID, budget: String, permits: Int, holdMs: Int64)
    case limitRelease(permitID: Int64)
    case stats(StatsQuery)
    /// `token`: made where the command was read, handed to whoever holds the guard from then on.
    case guardBegin(GuardTerms, token: GuardToken?)
    case guardResume(presented: Digest256, token: GuardToken?)
    case guardRelease(GuardID)
    case guardList
    /// What `omsd rehearse` saw, as told.
    case rehearsalRecord(RehearsalRow)
    case seal
    case subscribe(afterSeq: Int64?, account: AccountID?)
    case unsubscribe(subscription: Int64)
    case status

    /// Whether it is answered at once, and nothing of it is recorded: it asks how things stand.
    package var isReadOnly: Bool {
        switch self {
        case .intentGet, .intentList, .orderGet, .orderList, .orderTimeline, .fillList, .breakList, .instrumentList, .accountList, .killStatus,
            .positionList, .riskGet, .limitList, .stats, .guardList, .seal, .subscribe, .unsubscribe, .status:
            true
        case .submit, .intentWait, .intentCancel, .intentCancelTagged, .orderResolve, .breakAcknowledge, .setState, .reconcile, .limitTake,
            .limitRelease, .guardBegin, .guardResume, .guardRelease, .rehearsalRecord:
            false
        }
    }
}

/// An error answer: JSON-RPC's own codes, or ours of CONTRACT 4.
package struct ControlError: Error, Sendable {
    package enum Retryable: String, Sendable { case yes, no, unknown }
    /// One wrong field of one item of one list.
    package struct Detail: Sendable {
        /// `place`, `modify` or `cancel`.
        package let list: String
        package let index: Int
        package let field: String
        package let problem: String
        package init(list: String, index: Int, field: String, problem: String) {
            (self.list, self.index, self.field, self.problem) = (list, index, field, problem)
        }
    }
    package let code: Int
    /// `CATEGORY_CONDITION`, for example `TRADING_HALTED`.
    package let reason: String
    package let message: String
    package let retryable: Retryable
    package var details: [Detail] = []

    package init(code: Int, reason: String, message: String, retryable: Retryable, details: [Detail] = []) {
        (self.code, self.reason, self.message) = (code, reason, message)
        (self.retryable, self.details) = (retryable, details)
    }

    package static func unknownAccount(_ account: AccountID) -> Self {
        .init(
            code: 1001, reason: "UNKNOWN_ACCOUNT", message: "no account \(account) is configured; account.list names those that are", retryable: .no)
    }
    package static func intentConflict(_ id: IntentID) -> Self {
        .init(code: 1002, reason: "INTENT_CONFLICT", message: "intent_id \(id) was used before with other content; choose a new one", retryable: .no)
    }
    package static func invalidOrder(_ details: [Detail]) -> Self {
        let first = details.first.map { ": \($0.list)[\($0.index)].\($0.field): \($0.problem)" } ?? ""
        return .init(
            code: 1003, reason: "INVALID_ORDER", message: "the intent is refused, nothing was journaled\(first)", retryable: .no, details: details)
    }
    /// A name in a listing's filter that nothing bears.
    package static func invalidFilter(_ field: String, _ problem: String) -> Self {
        .init(
            code: 1003, reason: "INVALID_ORDER", message: "nothing is listed: \(field): \(problem)", retryable: .no,
            details: [.init(list: "filter", index: 0, field: field, problem: problem)])
    }
    package static func halted(_ message: String) -> Self { .init(code: 1004, reason: "TRADING_HALTED", message: message, retryable: .unknown) }
    /// - Parameters:
    ///   - key: the rule, as the configuration calls it.
    ///   - words: its limit, and what it would have been.
    package static func risk(
        _ key: String, of account: AccountID, _ words: String, retryable: Retryable = .no, details: [Detail] = []
    ) -> Self {
        .init(
            code: 1005, reason: "RISK_" + key.uppercased(), message: "risk.\(key) of \(account): \(words)", retryable: retryable, details: details)
    }
    package static func notPermitted(_ message: String) -> Self { .init(code: 1006, reason: "NOT_PERMITTED", message: message, retryable: .no) }
    package static func unknownOrder(_ what: String) -> Self { .init(code: 1007, reason: "UNKNOWN_ORDER", message: what, retryable: .no) }
    package static func queueFull(_ message: String) -> Self { .init(code: 1008, reason: "QUEUE_FULL", message: message, retryable: .yes) }
    package static func notReady(_ message: String) -> Self { .init(code: 1009, reason: "NOT_READY", message: message, retryable: .yes) }
    /// The guard under which a connection submits is over.
    package static func guardLost(_ message: String) -> Self { .init(code: 1009, reason: "NOT_READY", message: message, retryable: .no) }
    package static func journalUnavailable(_ message: String) -> Self {
        .init(code: 1010, reason: "JOURNAL_UNAVAILABLE", message: message, retryable: .yes)
    }
    package static func invalidParams(_ message: String) -> Self { .init(code: -32602, reason: "PARAMS_INVALID", message: message, retryable: .no) }
}

/// Takes what the control server decoded. Called on the control server's thread; must not block, but for the length of a short turn where a command is lone.
package protocol ControlSink: AnyObject, Sendable {
    /// False: the mailbox is full; the server answers 1008 at once.
    ///
    /// - Parameter isLone: No other request is at hand; the server's thread has nothing better to do than to carry this one out.
    func post(_ command: ControlCommand, from caller: Caller, ticket: Ticket, isLone: Bool) -> Bool
    /// A connection that asked for a guard sent a line that is no command: it lives.
    func spoke(connection: UInt64)
    /// The roles were read again, and leave who is at the other end other rights than before.
    func changed(_ rights: Rights, of connection: UInt64)
    /// The connection is gone: its waits, subscriptions and grants end.
    func disconnected(connection: UInt64)
}

/// Takes answers and notifications to peers. Called on other threads; must not block.
package protocol ReplySink: AnyObject, Sendable {
    /// `result`: JSON text.
    func reply(_ result: [UInt8], to ticket: Ticket)
    func fail(_ error: ControlError, to ticket: Ticket)
    /// A notification `event` to a connection.
    func notify(_ params: [UInt8], connection: UInt64) -> Notified
    /// Closes a connection that can no longer be told what it asked for.
    func end(connection: UInt64)
}

/// What became of a notification.
package enum Notified: Sendable {
    case taken
    /// Not taken: the peer has not read enough of what it was sent. Its place in the record is kept; try again in a while.
    case full
    /// The connection has ended, and what was subscribed on it.
    case gone
}
