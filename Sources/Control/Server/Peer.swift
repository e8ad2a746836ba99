import CLinux

/// Who is at the other end of a connection, by the kernel's word at the moment of its connect.
package struct Peer: Hashable, Sendable {
    package let uid: UInt32
    package let pid: Int32
    /// The primary group and the supplementary ones.
    package let groups: Set<UInt32>

    package init(uid: UInt32, pid: Int32, groups: Set<UInt32>) { (self.uid, self.pid, self.groups) = (uid, pid, groups) }

    /// The peer of a connected Unix socket; nil when the kernel does not tell.
    ///
    /// Source: unix(7), SO_PEERCRED; SO_PEERGROUPS since Linux 4.13.
    package init?(ofSocket descriptor: Int32) {
        var pid: pid_t = 0
        var uid: uid_t = 0
        var gid: gid_t = 0
        guard omsd_peer(descriptor, &pid, &uid, &gid) == 0 else { return nil }
        // 65,536 is the kernel's own bound (NGROUPS_MAX); most processes have a handful.
        var room = 64
        while true {
            var groups = [gid_t](repeating: 0, count: room)
            let count = groups.withUnsafeMutableBufferPointer { omsd_peer_groups(descriptor, $0.baseAddress, Int32($0.count)) }
            if count >= 0 {
                self.init(uid: uid, pid: pid, groups: Set(groups.prefix(Int(count)) + [gid]))
                return
            }
            guard omsd_errno() == ERANGE, room < 65_536 else { return nil }
            room = 65_536
        }
    }
}
