import CLinux
import Kernel

/// A name that one process of this host (network namespace) has, and that is gone with it whatever ends it. A file under /tmp would be private under systemd.
final class AbstractSocket {
    private let descriptor: Int32

    /// - Throws: ``VenueLockError`` when another process has it, in these words, or the kernel gives no socket.
    init(_ name: String, heldWords: String) throws(VenueLockError) {
        guard let address = UnixAddress(name: name) else { throw VenueLockError(isHeld: false, description: "\(name) is too long a name") }
        let opened = socket(AF_UNIX, omsd_stream_socket_type(), 0)
        guard opened >= 0 else { throw VenueLockError(isHeld: false, description: "\(SystemError("socket"))") }
        guard address.withPointer({ omsd_bind(opened, $0, $1) }) == 0 else {
            let code = omsd_errno()
            close(opened)
            let held = code == EADDRINUSE
            throw VenueLockError(isHeld: held, description: held ? heldWords : "bind \(name): \(errorText(code))")
        }
        descriptor = opened
    }

    deinit { close(descriptor) }
}

/// What two daemons of one host must not both send for: each would count a limit that they share.
struct VenueLock {
    private let socket: AbstractSocket

    /// One uid of a venue.
    init(venue: String, uid: String) throws(VenueLockError) {
        socket = try AbstractSocket("@omsd/\(venue)/\(uid)", heldWords: "another omsd on this host sends for uid \(uid) of \(venue)")
    }

    /// One key, however its uid is spelt there.
    init(family: String, key fingerprint: String) throws(VenueLockError) {
        socket = try AbstractSocket(
            "@omsd-key/\(family)/\(fingerprint)", heldWords: "another omsd on this host signs with key \(fingerprint) of \(family)")
    }
}

struct VenueLockError: Error, Equatable, CustomStringConvertible {
    let isHeld: Bool
    let description: String
}
