/// What a caller may do with an account, from the least on. Each holds those before it.
package enum Right: Int, Comparable, Sendable {
    case view, trade, operate

    package static func < (left: Right, right: Right) -> Bool { left.rawValue < right.rawValue }

    /// The role that has it.
    var role: String {
        switch self {
        case .view: "viewer"
        case .trade: "trader"
        case .operate: "operator"
        }
    }
}

/// Which accounts a caller may see, and what he may do with each: what the accounts' own roles leave of his role on the socket, which is checked before.
package struct Rights: Sendable, Equatable {
    /// nil: all that there are, and all that the journal knows of accounts that are configured no more. Whoever is kept from one account sees of those none:
    /// whose they were stands in no file any more.
    package let visible: Set<AccountID>?
    /// Where he may do less than his role on the socket says.
    private let less: [AccountID: Right]

    package init(visible: Set<AccountID>?, less: [AccountID: Right]) { (self.visible, self.less) = (visible, less) }
    package static let all = Rights(visible: nil, less: [:])
    package static let none = Rights(visible: [], less: [:])

    /// Nothing is kept from him.
    var areWhole: Bool { visible == nil && less.isEmpty }

    package func sees(_ account: AccountID) -> Bool { visible?.contains(account) ?? true }

    /// As far as the account's own roles go.
    package func allow(_ right: Right, on account: AccountID) -> Bool { sees(account) && less[account] ?? .operate >= right }

    /// What he may do at most with an account that he sees.
    func most(on account: AccountID) -> Right { less[account] ?? .operate }
}

/// Who gives a command.
package struct Caller: Sendable {
    package let actor: Actor
    package let rights: Rights
    package init(_ actor: Actor, _ rights: Rights) { (self.actor, self.rights) = (actor, rights) }

    /// A peer from whom nothing is kept.
    package static func peer(uid: UInt32, pid: Int32) -> Caller { Caller(.peer(uid: uid, pid: pid), .all) }

    /// The user of the operating system; nil: it is no peer.
    package var user: UInt32? { if case .peer(let uid, _) = actor { uid } else { nil } }
}

/// Which lines of the record somebody follows.
package enum EventScope: Hashable, Sendable {
    case all
    case account(AccountID)
    /// Of these accounts; starts; and of guards such as name none but these, or name none and are this user's.
    case visible(Set<AccountID>, user: UInt32?)

    /// - Parameter account: what it is narrowed to; nil: nothing.
    package init(_ account: AccountID?, for caller: Caller) {
        switch (account, caller.rights.visible) {
        case (nil, nil): self = .all
        case (let account?, let visible) where visible?.contains(account) ?? true: self = .account(account)
        case (.some, _): self = .visible([], user: nil)
        case (nil, let visible?): self = .visible(visible, user: caller.user)
        }
    }
}
