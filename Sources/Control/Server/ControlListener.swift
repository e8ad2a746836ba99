import CLinux
import Kernel
import Wire

/// Why no control socket could be opened. The text names the path and the next step.
package struct ControlListenerError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// Another process answers on the socket. Do not start.
        case inUse
        /// The path cannot hold a socket: its folder is missing or not writable, the name too long, a file of another kind in the way.
        case path
        /// A system call failed for a reason of the machine.
        case system
    }
    package let kind: Kind
    package let description: String
}

/// A listening Unix stream socket: made here, or handed over by the service manager.
package struct ControlListener: Sendable {
    package let descriptor: Int32
    /// What to unlink at the end; nil for an inherited socket, which outlives this process.
    package let path: String?

    /// Takes over a socket that already listens (socket activation). Closed by the server, never unlinked.
    package init(inherited descriptor: Int32) throws(ControlListenerError) {
        var isListening: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) == 0, isListening == 1 else {
            throw ControlListenerError(kind: .path, description: "file descriptor \(descriptor) is no listening socket; see omsd.socket")
        }
        guard omsd_set_nonblocking(descriptor) == 0, omsd_set_close_on_exec(descriptor) == 0 else {
            throw ControlListenerError.failed("prepare the inherited socket", "file descriptor \(descriptor)")
        }
        (self.descriptor, self.path) = (descriptor, nil)
    }

    /// Opens a socket at `path` with exactly `mode`. A socket file that nobody answers on is replaced; anything else in the way stays and is an error.
    package init(path: String, mode: UInt32 = 0o660) throws(ControlListenerError) {
        try Self.makeRoom(at: path)
        let descriptor = socket(AF_UNIX, omsd_stream_socket_type() | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw .failed("create a socket for", path) }
        do throws(ControlListenerError) {
            guard let address = UnixAddress(path: path) else { throw .tooLong(path) }
            guard address.withPointer({ omsd_bind(descriptor, $0, $1) }) == 0 else { throw .failed("bind", path) }
            // Nobody can connect before listen, so the mode is never wider than asked for while it counts.
            guard chmod(path, mode) == 0 else { throw .failed("set the mode of", path) }
            guard listen(descriptor, 1_024) == 0 else { throw .failed("listen on", path) }
        } catch {
            close(descriptor)
            throw error
        }
        (self.descriptor, self.path) = (descriptor, path)
    }

    private static func makeRoom(at path: String) throws(ControlListenerError) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        var status = stat()
        guard stat(folder, &status) == 0, status.st_mode & UInt32(S_IFMT) == UInt32(S_IFDIR) else {
            throw ControlListenerError(
                kind: .path,
                description: "the folder \(folder.escapedForLog) of control.socket does not exist; create it, or install omsd.tmpfiles for /run/omsd")
        }
        guard lstat(path, &status) == 0 else {
            if omsd_errno() == ENOENT { return }
            throw .failed("look at", path)
        }
        guard status.st_mode & UInt32(S_IFMT) == UInt32(S_IFSOCK) else {
            throw ControlListenerError(
                kind: .path, description: "\(path.escapedForLog) is no socket; it is left alone: choose another control.socket")
        }
        let probe = socket(AF_UNIX, omsd_stream_socket_type() | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw .failed("create a socket for", path) }
        defer { close(probe) }
        guard let address = UnixAddress(path: path) else { throw .tooLong(path) }
        let answered = address.withPointer { omsd_connect(probe, $0, $1) }
        // EAGAIN: somebody listens, with a full backlog. Only a refusal says that nobody does.
        guard answered != 0, omsd_errno() == ECONNREFUSED else {
            throw ControlListenerError(kind: .inUse, description: "another process answers on \(path.escapedForLog); is another omsd running?")
        }
        guard unlink(path) == 0 else { throw .failed("remove the stale socket", path) }
    }
}

extension ControlListenerError {
    fileprivate static func failed(_ action: String, _ path: String) -> Self {
        let code = omsd_errno()
        let kind: Kind = [EACCES, EPERM, EROFS, ENOENT, ENOTDIR, ENAMETOOLONG].contains(code) ? .path : .system
        return Self(kind: kind, description: "cannot \(action) \(path.escapedForLog): \(errorText(code))")
    }

    fileprivate static func tooLong(_ path: String) -> Self {
        Self(kind: .path, description: "\(path.escapedForLog) is longer than the 107 bytes that a socket's path may have")
    }
}
