/// What a start reads: live rows only, whatever the journal's age.
package struct JournalState: Sendable {
    /// The last sequence number written; 0 in an empty journal.
    package var seq: Int64 = 0
    package var requestMax: Int64 = 0
    package var idHighWater: Int64 = 0
    /// Four letters that stand for this journal in the ids it makes; chosen when it was created.
    package var idTag: String = ""
    /// The boot under which permits were last written.
    package var bootID: String?
    /// Not 0: the journal went back in time when this was its last number (a backup, a lost WAL). What was born by then may have been sent since.
    package var goneBackSeq: Int64 = 0
    /// Accounts whose ids at the venue were seen not to follow their formula.
    package var formulaBroken: Set<AccountID> = []
    /// How far behind look-ups of an account were seen to be, microseconds.
    package var lookupLags: [AccountID: Int64] = [:]
    /// All that the journal ever held anything of, configured or not.
    package var accounts: Set<AccountID> = []
    /// Who each account is, since its first signed request.
    package var identities: [AccountID: PinnedIdentity] = [:]
    package var orders: [Order] = []
    /// Closed orders of which something is still to be asked for: their executions, or whether they are there although they were given up.
    package var unlisted: [Order] = []
    package var commands: [OrderCommand] = []
    /// Complete ones that are not settled, or were canceled after that and have commands still open.
    package var intents: [IntentRow] = []
    package var budgets: [BudgetRow] = []
    package var permits: [PermitRow] = []
    package var rests: [BudgetRest] = []
    package var bans: [VenueBan] = []
    package var tradingStates: [TradingStateRow] = []
    /// Accounts that were being emptied, or of which the venue was to cancel everything.
    package var kills: [KillRow] = []
    /// Guards that are not over, and which intents with live orders were submitted under each.
    package var guards: [GuardRow] = []
    package var guarded: [IntentKey: GuardID] = [:]
    package var openBreaks: [Break] = []
    /// The last of each account.
    package var rehearsals: [RehearsalRow] = []
    package var positions: [PositionRow] = []
    /// False: it is from before they were kept, and they are to be counted.
    package var hasPositions = true
    /// Not from the journal: the process that sent requests lives on, so that a socket may still be open for as long as a request may take.
    package var hasOpenSockets = false
    /// Symbols ever used, by account: where venues list by symbol, external orders are looked for there.
    package var symbols: [AccountID: [Symbol]] = [:]
    package init() {}
}

/// What can be wrong with the journal; the case says what the caller can do.
package struct JournalError: Error, Sendable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// No space: the turn was rolled back. Refuse new work, go on reading answers.
        case full
        /// A lock held by somebody else.
        case busy
        /// An I/O error: nothing later can be trusted to be durable. Stop, exit 74.
        case failed
        /// Damaged, foreign or newer: exit 65.
        case damaged
    }
    package let kind: Kind
    package let description: String
    /// The file or its disk is at fault, whatever was asked for.
    package let isStorageFault: Bool
    /// A file of the archive is not there or cannot be read. The journal itself is sound, and all goes on that does not rest on what lies there.
    package let isOfArchive: Bool
    /// The group's log took nothing, by its engine's own word. The journal itself could be written.
    package let isOfLog: Bool
    package init(_ kind: Kind, _ description: String, isStorageFault: Bool = false, isOfArchive: Bool = false, isOfLog: Bool = false) {
        (self.kind, self.description) = (kind, description)
        (self.isStorageFault, self.isOfArchive, self.isOfLog) = (isStorageFault, isOfArchive, isOfLog)
    }
}
