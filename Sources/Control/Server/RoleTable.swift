import CLinux
import OMSCore

/// A name of `control.roles` that cannot be used.
package struct RoleTableError: Error, Equatable, Sendable, CustomStringConvertible {
    package let role: Role
    /// As configured.
    package let entry: String
    package let problem: String
    package var description: String { "control.roles.\(role.name): \"\(entry.escapedForLog)\": \(problem)" }
}

/// Who may do what: a value, resolved when the configuration is read, replaced as a whole on reload.
package struct RoleTable: Sendable {
    private let ownUID: UInt32
    private var users: [UInt32: Role] = [:]
    private var groups: [UInt32: Role] = [:]

    /// Entries are `user:` or `group:` and a name or number. The daemon's own uid and root are operators whatever the lists say.
    ///
    /// - Throws: for an entry of another form, or a name that this machine does not know.
    package init(viewer: [String] = [], trader: [String] = [], operator: [String] = [], ownUID: UInt32 = geteuid()) throws(RoleTableError) {
        self.ownUID = ownUID
        for (role, entries) in [(Role.viewer, viewer), (.trader, trader), (.operator, `operator`)] {
            for entry in entries { try add(entry, as: role) }
        }
    }

    /// The highest role that the peer's user or any of its groups has; nil: none.
    package func role(of peer: Peer) -> Role? {
        if peer.uid == 0 || peer.uid == ownUID { return .operator }
        return (peer.groups.compactMap { groups[$0] } + [users[peer.uid]].compactMap(\.self)).max()
    }

    private mutating func add(_ entry: String, as role: Role) throws(RoleTableError) {
        func refuse(_ problem: String) -> RoleTableError { RoleTableError(role: role, entry: entry, problem: problem) }
        guard let colon = entry.firstIndex(of: ":") else { throw refuse("should read user:NAME or group:NAME") }
        let (kind, name) = (entry[..<colon], String(entry[entry.index(after: colon)...]))
        guard !name.isEmpty else { throw refuse("the name is missing") }
        switch kind {
        case "user":
            guard let uid = UInt32(name) ?? Self.user(name) else { throw refuse("this machine knows no such user") }
            users[uid] = max(role, users[uid] ?? role)
        case "group":
            guard let gid = UInt32(name) ?? Self.group(name) else { throw refuse("this machine knows no such group") }
            groups[gid] = max(role, groups[gid] ?? role)
        default: throw refuse("should begin with user: or group:")
        }
    }

    private static func user(_ name: String) -> UInt32? {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65_536) { room in
            guard let base = room.baseAddress, getpwnam_r(name, &record, base, room.count, &found) == 0, found != nil else { return nil }
            return record.pw_uid
        }
    }

    private static func group(_ name: String) -> UInt32? {
        var record = group_record()
        var found: UnsafeMutablePointer<group_record>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1 << 20) { room in
            guard let base = room.baseAddress, getgrnam_r(name, &record, base, room.count, &found) == 0, found != nil else { return nil }
            return record.gr_gid
        }
    }
}

/// The C structure, whose name the method above would hide.
private typealias group_record = CLinux.group
