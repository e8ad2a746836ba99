import CLinux
import Wire

/// The daemon's log: one line an event on standard error, `TIME LEVEL message key="value" …`.
///
/// Where standard error is the system journal, each line begins with its priority as `<N>`, so that `journalctl -p warning` finds what needs a person. Text from
/// outside never begins a line and cannot end one: everything that is not printable ASCII is escaped. Secrets and orders' terms do not belong here; the journal
/// is the record, this is for the person on watch.
enum Log {
    enum Level: String, CaseIterable {
        case info, warning, error

        /// Source: syslog(3), sd-daemon(3).
        var priority: Int {
            switch self {
            case .info: 6
            case .warning: 4
            case .error: 3
            }
        }
    }
    typealias Field = (key: String, value: String)

    static func info(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.info, message, Array(fields)) }
    static func warning(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.warning, message, Array(fields)) }
    static func error(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.error, message, Array(fields)) }

    /// One line, without its end.
    static func line(_ level: Level, _ message: String, _ fields: [Field], at wall_us: Int64) -> String {
        var line = "\(timestamp(wall_us)) \(level.rawValue) \(message.escapedForLog)"
        for (key, value) in fields {
            let quoted = value.escapedForLog.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\u{22}")
            line += " \(key)=\"\(quoted)\""
        }
        return line
    }

    static func write(_ level: Level, _ message: String, _ fields: [Field]) {
        let prefix = goesToJournal ? "<\(level.priority)>" : ""
        writeToStandardError(prefix + line(level, message, fields, at: omsd_clock_us(CLOCK_REALTIME)) + "\n")
    }

    /// Lines as they are, for a person who starts the daemon; the system journal knows them for errors.
    static func problems(_ text: String) {
        let prefix = goesToJournal ? "<\(Level.error.priority)>" : ""
        writeToStandardError(text.split(separator: "\n").map { prefix + $0 + "\n" }.joined())
    }

    private static let goesToJournal: Bool = {
        var status = stat()
        guard let stream = getenv("JOURNAL_STREAM"), fstat(STDERR_FILENO, &status) == 0 else { return false }
        return isJournal(String(cString: stream), device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }()

    /// Whether a file is the one that systemd connected to its journal: `JOURNAL_STREAM` names it by device and inode.
    ///
    /// Source: systemd.exec(5), "$JOURNAL_STREAM".
    static func isJournal(_ stream: String, device: UInt64, inode: UInt64) -> Bool { stream == "\(device):\(inode)" }

    /// `2026-11-20T17:20:00.123456Z`
    static func timestamp(_ wall_us: Int64) -> String {
        var (seconds, micros) = wall_us.quotientAndRemainder(dividingBy: 1_000_000)
        if micros < 0 { (seconds, micros) = (seconds - 1, micros + 1_000_000) }
        var time = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return String(wall_us) }
        func digits(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let date = "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
        let clock = "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
        return "\(date)T\(clock).\(digits(Int(micros), 6))Z"
    }
}

/// Writes text as it is. A reader that went away loses the line; the daemon goes on.
func writeToStandardError(_ text: String) { writeAll(text, to: STDERR_FILENO) }

func writeToStandardOutput(_ text: String) { writeAll(text, to: STDOUT_FILENO) }

private func writeAll(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { buffer in
        var rest = UnsafeRawBufferPointer(buffer)
        while let start = rest.baseAddress, !rest.isEmpty {
            let written = write(descriptor, start, rest.count)
            if written < 0 {
                if omsd_errno() == EINTR { continue }
                return
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
    }
}
