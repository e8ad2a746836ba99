import CLinux

/// Holds a venue's uid on this host: two daemons that send for one uid would each count a limit that they share.
///
/// An abstract socket named after both, so that it is gone with the process whatever ends it; a file under /tmp would be private under systemd.
final class VenueLock {
    private let descriptor: Int32

    /// - Throws: ``VenueLockError`` when another process holds it, or the kernel gives no socket.
    init(venue: String, uid: String) throws(VenueLockError) {
        let name = "@omsd/\(venue)/\(uid)"
        guard let (address, length) = unixAddress(name) else { throw VenueLockError(isHeld: false, description: "\(name) is too long a name") }
        let opened = socket(AF_UNIX, omsd_stream_socket_type(), 0)
        guard opened >= 0 else { throw VenueLockError(isHeld: false, description: "\(SystemError("socket"))") }
        let bound = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { omsd_bind(opened, $0, length) }
        }
        guard bound == 0 else {
            let code = omsd_errno()
            close(opened)
            let held = code == EADDRINUSE
            throw VenueLockError(
                isHeld: held, description: held ? "another omsd on this host sends for uid \(uid) of \(venue)" : "bind \(name): \(errorText(code))")
        }
        descriptor = opened
    }

    deinit { close(descriptor) }
}

struct VenueLockError: Error, Equatable, CustomStringConvertible {
    let isHeld: Bool
    let description: String
}
