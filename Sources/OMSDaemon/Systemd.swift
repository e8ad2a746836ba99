import CLinux
import Kernel
import Wire

/// The service manager's side of a daemon: readiness, watchdog, and sockets handed over. Without systemd all of it does nothing.
///
/// Source: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3) of systemd 252.
struct Systemd: Sendable {
    /// Where notices go: a path, or an abstract name behind `@`. nil: nobody listens.
    let notifySocket: String?
    /// Half of it is the time between two feeds of the watchdog. Microseconds; nil: no watchdog is set.
    let watchdog_us: Int64?
    /// Listening sockets that systemd opened before it started us; empty when we were started by hand.
    let listenDescriptors: [Int32]

    /// Reads what systemd put into the environment.
    ///
    /// - Parameter pid: The process these words are meant for: a child that inherited them by mistake ignores them.
    init(environment: [String: String], pid: Int32 = getpid()) {
        let isSocket = environment["NOTIFY_SOCKET"].map { $0.hasPrefix("/") || $0.hasPrefix("@") } ?? false
        notifySocket = isSocket ? environment["NOTIFY_SOCKET"] : nil
        func isMeantForUs(_ name: String, whenAbsent: Bool) -> Bool {
            environment[name].map { Int32($0) == pid } ?? whenAbsent
        }
        if let text = environment["WATCHDOG_USEC"], let time = Int64(text), time > 0, isMeantForUs("WATCHDOG_PID", whenAbsent: true) {
            watchdog_us = time
        } else {
            watchdog_us = nil
        }
        // The first descriptor handed over is 3; more than a few would be somebody else's idea.
        if let text = environment["LISTEN_FDS"], let count = Int32(text), (1...64).contains(count), isMeantForUs("LISTEN_PID", whenAbsent: false) {
            listenDescriptors = (0..<count).map { 3 + $0 }
        } else {
            listenDescriptors = []
        }
    }

    enum Notice {
        /// The socket answers.
        case ready
        /// One line for `systemctl status`.
        case status(String)
        /// The core loop is alive.
        case alive
        /// A reload began: sent with the monotonic clock, ended by `ready`.
        case reloading
        case stopping
        /// Start-up or stop needs this much longer. Microseconds from now.
        case needsTime(Int64)
    }

    /// Sends notices as one message. Never blocks: a manager that does not read loses a notice, and the next one follows.
    ///
    /// - Returns: False when somebody should hear and could not.
    @discardableResult
    func notify(_ notices: Notice...) -> Bool {
        guard let notifySocket else { return true }
        let message = notices.map(Self.text).joined(separator: "\n")
        let descriptor = socket(AF_UNIX, omsd_datagram_socket_type(), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard let address = UnixAddress(name: notifySocket) else { return false }
        let bytes = Array(message.utf8)
        let sent = address.withPointer { target, length in
            sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), __CONST_SOCKADDR_ARG(__sockaddr__: target), length)
        }
        return sent == bytes.count
    }

    private static func text(_ notice: Notice) -> String {
        switch notice {
        case .ready: "READY=1"
        case .status(let line): "STATUS=" + line.escapedForLog
        case .alive: "WATCHDOG=1"
        case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(omsd_clock_us(CLOCK_MONOTONIC))"
        case .stopping: "STOPPING=1"
        case .needsTime(let time_us): "EXTEND_TIMEOUT_USEC=\(time_us)"
        }
    }
}

/// The process's environment. A name that stands twice counts as first given, as getenv(3) has it.
func processEnvironment() -> [String: String] {
    var result: [String: String] = [:]
    guard var entry = omsd_environment() else { return result }
    while let text = entry.pointee {
        let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2, result[String(parts[0])] == nil { result[String(parts[0])] = String(parts[1]) }
        entry += 1
    }
    return result
}
