import CLinux
import Kernel

/// The signals that steer the daemon, read as data: no handler ever runs in the middle of something.
///
/// Make it in `main` before the first thread: threads inherit the blocked set, so the kernel hands these signals to nobody but the reader.
final class Signals: Sendable {
    enum Request: Equatable, Sendable {
        /// SIGTERM or SIGINT: stop cleanly.
        case stop
        /// SIGHUP: read limits, risk, roles and the log's form again. Who sent it, by the kernel's word.
        case reload(uid: UInt32, pid: Int32)
    }

    /// Readable when a signal waits: for an epoll set, or for `next()` on a thread of its own.
    let descriptor: Int32

    /// Blocks SIGTERM, SIGINT and SIGHUP for this thread and all it starts, and ignores SIGPIPE (a peer that went away is an error code).
    ///
    /// - Throws: ``SystemError`` when the kernel has no descriptor left.
    init() throws(SystemError) {
        var set = Self.steering()
        let failed = pthread_sigmask(SIG_BLOCK, &set, nil)
        guard failed == 0 else { throw SystemError("pthread_sigmask", errno: failed) }
        omsd_ignore_sigpipe()
        let opened = signalfd(-1, &set, Int32(SFD_CLOEXEC))
        let code = omsd_errno()
        descriptor = opened
        guard opened >= 0 else { throw SystemError("signalfd", errno: code) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Waits for the next signal.
    func next() throws(SystemError) -> Request {
        while true {
            var info = signalfd_siginfo()
            let size = MemoryLayout<signalfd_siginfo>.size
            let count = read(descriptor, &info, size)
            if count == size, Int32(bitPattern: info.ssi_signo) == SIGHUP {
                return .reload(uid: info.ssi_uid, pid: Int32(bitPattern: info.ssi_pid))
            }
            if count == size { return .stop }
            guard count < 0, omsd_errno() == EINTR else { throw SystemError("read(signalfd)") }
        }
    }

    fileprivate static func steering() -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
        return set
    }
}

extension Signals {
    /// For this thread: they end the process again, as they do one that never asked for them.
    static func release() {
        var set = steering()
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
}
