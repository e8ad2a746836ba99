/// A dead man's switch of a client (`session.guard`), as it is on record: when nobody holds it for too long, what it stands for is cancelled.
package struct GuardRow: Sendable, Equatable {
    /// What happens once nobody held it for `graceMs`.
    package enum OnLost: String, Sendable, CaseIterable {
        /// What was submitted under it is cancelled, and withdrawn where it had not left.
        case cancel
        /// Its accounts are halted, and all that rests there is cancelled.
        case halt

        /// What its holder must be allowed on its accounts.
        var right: Right { self == .halt ? .operate : .trade }
    }
    package enum State: String, Sendable, CaseIterable {
        /// By a connection.
        case held
        /// By nobody, or by a connection that said nothing for too long: its grace runs.
        case lost
        /// Its grace is over: cancels are being written. A start goes on with it.
        case tripping
        /// All of its cancels are on record.
        case tripped
        /// Its holder ended it.
        case released

        package var isOpen: Bool { self == .held || self == .lost || self == .tripping }
    }

    package let id: GuardID
    /// The user of the operating system who began it, and who alone may take it over.
    package let user: UInt32
    /// Empty: all.
    package let accounts: [AccountID]
    package let onLost: OnLost
    /// nil: only the end of the connection counts.
    package let heartbeatMs: Int64?
    package let graceMs: Int64
    /// Microseconds since 1970 UTC.
    package let openedAt: Int64
    /// SHA-256 of the token that takes it over. The token itself is nowhere on record.
    package var token: Digest256
    package var state = State.held
    /// When it got into this state, and why.
    package var since: Int64
    package var reason: String

    package init(
        id: GuardID, user: UInt32, accounts: [AccountID], onLost: OnLost, heartbeatMs: Int64?, graceMs: Int64, openedAt: Int64, token: Digest256,
        reason: String
    ) {
        (self.id, self.user, self.accounts, self.onLost) = (id, user, accounts, onLost)
        (self.heartbeatMs, self.graceMs, self.openedAt) = (heartbeatMs, graceMs, openedAt)
        (self.token, since, self.reason) = (token, openedAt, reason)
    }

    package func covers(_ account: AccountID) -> Bool { accounts.isEmpty || accounts.contains(account) }
}

/// What a client asks of a new guard.
package struct GuardTerms: Sendable, Equatable {
    /// Empty: all; never with `halt`.
    package let accounts: [AccountID]
    package let onLost: GuardRow.OnLost
    package let heartbeatMs: Int64?
    package let graceMs: Int64
    package init(accounts: [AccountID], onLost: GuardRow.OnLost, heartbeatMs: Int64?, graceMs: Int64) {
        (self.accounts, self.onLost, self.heartbeatMs, self.graceMs) = (accounts, onLost, heartbeatMs, graceMs)
    }
}

/// What takes a guard over: made where randomness is, told to its holder once.
package struct GuardToken: Sendable, Equatable {
    package let text: String
    package let digest: Digest256
    package init(text: String, digest: Digest256) { (self.text, self.digest) = (text, digest) }
}

/// A guard as it stands, for whoever asks.
package struct GuardSnapshot: Sendable, Equatable {
    package let row: GuardRow
    /// Orders bound to it that are not closed.
    package let live: Int
    /// When it trips if nothing changes, by wall clock; nil: it does not.
    package let tripsAt: Int64?
    package init(row: GuardRow, live: Int, tripsAt: Int64?) { (self.row, self.live, self.tripsAt) = (row, live, tripsAt) }
}
