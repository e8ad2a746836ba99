import CLinux
import ControlAPI
import OMSCore

/// Why an entry of `control.roles` names nobody, in words for who wrote it.
package struct RoleEntryError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
}

/// Who may do what, by the kernel's numbers: a value, made when the configuration is read, replaced as a whole on reload.
package struct RoleTable: Sendable, Equatable {
    private let ownUID: UInt32
    /// The socket's.
    package private(set) var grants = RoleGrants()
    /// Of each account that is configured its own; nil: the socket's hold there.
    private var accounts: [AccountID: RoleGrants?] = [:]

    /// The daemon's own uid and root are operators whatever is granted.
    package init(ownUID: UInt32 = geteuid()) { self.ownUID = ownUID }

    package init(_ grants: RoleGrants) {
        self.init()
        self.grants = grants
    }

    package mutating func grant(_ role: Role, to entry: String) throws(RoleEntryError) { try grants.grant(role, to: entry) }

    /// - Parameter roles: nil: the socket's hold there.
    package mutating func limit(_ account: AccountID, to roles: RoleGrants?) { accounts[account] = .some(roles) }

    /// The highest role that the peer's user or any of its groups has; nil: none.
    package func role(of peer: Peer) -> Role? { isOwner(peer) ? .operator : grants.role(of: peer) }

    /// What the accounts' own roles leave of it.
    package func rights(of peer: Peer) -> Rights {
        if isOwner(peer) { return .all }
        guard let role = grants.role(of: peer) else { return .none }
        var (visible, less): (Set<AccountID>, [AccountID: Right]) = ([], [:])
        for (account, own) in accounts {
            guard let own else {
                visible.insert(account)
                continue
            }
            guard let here = own.role(of: peer) else { continue }
            visible.insert(account)
            if here < role { less[account] = Right(here) }
        }
        return Rights(visible: visible.count < accounts.count ? visible : nil, less: less)
    }

    private func isOwner(_ peer: Peer) -> Bool { peer.uid == 0 || peer.uid == ownUID }
}

extension Right {
    fileprivate init(_ role: Role) {
        switch role {
        case .viewer: self = .view
        case .trader: self = .trade
        case .operator: self = .operate
        }
    }
}

/// Roles as one section of the configuration gives them.
package struct RoleGrants: Sendable, Equatable {
    /// Highest role named for each user and group.
    private var users: [UInt32: Role] = [:]
    private var groups: [UInt32: Role] = [:]

    package init() {}

    /// Nobody has any of them.
    package var isEmpty: Bool { users.isEmpty && groups.isEmpty }

    package func role(of peer: Peer) -> Role? { (peer.groups.compactMap { groups[$0] } + [users[peer.uid]].compactMap(\.self)).max() }

    /// Gives a role to `user:` or `group:` and a name or number.
    ///
    /// - Throws: for an entry of another form, or a name that this machine does not know now.
    package mutating func grant(_ role: Role, to entry: String) throws(RoleEntryError) {
        let parts = entry.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.count == 2 ? String(parts[1]) : ""
        switch (parts[0], name.isEmpty) {
        case ("user", false):
            guard let user = Self.number(name) ?? Self.userNumber(name) else {
                throw RoleEntryError(description: "no user \"\(name.escapedForLog)\" on this machine")
            }
            users[user] = max(role, users[user] ?? role)
        case ("group", false):
            guard let group = Self.number(name) ?? Self.groupNumber(name) else {
                throw RoleEntryError(description: "no group \"\(name.escapedForLog)\" on this machine")
            }
            groups[group] = max(role, groups[group] ?? role)
        default: throw RoleEntryError(description: "must be user:NAME, user:NUMBER, group:NAME or group:NUMBER")
        }
    }

    /// A number stands for itself; the highest one means "nobody" to the kernel.
    private static func number(_ text: String) -> UInt32? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = UInt32(text), number != .max else {
            return nil
        }
        return number
    }

    private static func userNumber(_ name: String) -> UInt32? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: lookupBytes) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let room = buffer.baseAddress, getpwnam_r(name, &entry, room, buffer.count, &found) == 0, found != nil else { return nil }
            return entry.pw_uid
        }
    }

    private static func groupNumber(_ name: String) -> UInt32? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: lookupBytes) { buffer in
            var entry = group()
            var found: UnsafeMutablePointer<group>?
            guard let room = buffer.baseAddress, getgrnam_r(name, &entry, room, buffer.count, &found) == 0, found != nil else { return nil }
            return entry.gr_gid
        }
    }

    /// Room for one entry with its members: a group of some ten thousand names fits.
    private static let lookupBytes = 1 << 20
}
