import CLinux
import OMSCore
import Wire

/// Who may do what on the control socket, by the kernel's numbers.
struct RolesConfiguration: Sendable, Equatable {
    /// Highest role named for each user and group.
    private(set) var users: [UInt32: Role] = [:]
    private(set) var groups: [UInt32: Role] = [:]

    /// The highest role of a peer; nil: no access. Root and `ownUser` are operators.
    ///
    /// - Parameter groups: The peer's main and supplementary groups.
    func role(user: UInt32, groups peerGroups: [UInt32], ownUser: UInt32) -> Role? {
        if user == 0 || user == ownUser { return .operator }
        return ([users[user]] + peerGroups.map { groups[$0] }).compactMap { $0 }.max()
    }

    mutating func grant(_ role: Role, toUser user: UInt32) { users[user] = max(role, users[user] ?? role) }
    mutating func grant(_ role: Role, toGroup group: UInt32) { groups[group] = max(role, groups[group] ?? role) }

    /// Reads `{viewer: ["group:audit"], trader: ["user:1001"], operator: []}`. Names are looked up now: one that does not exist is an error.
    static func read(_ section: ConfigurationSection) -> RolesConfiguration {
        var roles = RolesConfiguration()
        for role in Role.allCases {
            for item in section.texts(role.name) ?? [] {
                func refuse(_ problem: String) { section.reader.report(problem, key: item.key, at: item.offset) }
                let parts = item.text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, !parts[1].isEmpty, ["user", "group"].contains(parts[0]) else {
                    refuse("must be user:NAME, user:NUMBER, group:NAME or group:NUMBER")
                    continue
                }
                let name = String(parts[1])
                if parts[0] == "user" {
                    guard let user = number(name) ?? userNumber(name) else {
                        refuse("no user \"\(name.escapedForLog)\" on this machine")
                        continue
                    }
                    roles.grant(role, toUser: user)
                } else {
                    guard let group = number(name) ?? groupNumber(name) else {
                        refuse("no group \"\(name.escapedForLog)\" on this machine")
                        continue
                    }
                    roles.grant(role, toGroup: group)
                }
            }
        }
        return roles
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

    /// Room for one entry with its members: a group of some thousand names fits.
    private static let lookupBytes = 1 << 18
}
