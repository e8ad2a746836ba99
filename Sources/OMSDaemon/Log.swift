import CLinux
import Wire

/// The daemon's log: one line an event on standard error, `TIME LEVEL message key="value" …`.
///
/// No `<N>` level prefix: a line that begins so would let text from outside choose its own urgency in the system journal. Everything that is
/// not printable ASCII is escaped. Secrets and orders' terms do not belong here; the journal is the record, this is for the person on watch.
enum Log {
    enum Level: String { case info, warning, error }

    static func info(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.info, message, fields) }
    static func warning(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.warning, message, fields) }
    static func error(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.error, message, fields) }

    /// One line, without its end.
    static func line(_ level: Level, _ message: String, _ fields: KeyValuePairs<String, String>, at wall_us: Int64) -> String {
        var line = "\(timestamp(wall_us)) \(level.rawValue) \(message.escapedForLog)"
        for (key, value) in fields {
            let quoted = value.escapedForLog.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\u{22}")
            line += " \(key)=\"\(quoted)\""
        }
        return line
    }

    private static func write(_ level: Level, _ message: String, _ fields: KeyValuePairs<String, String>) {
        writeToStandardError(line(level, message, fields, at: omsd_clock_us(CLOCK_REALTIME)) + "\n")
    }

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
