import CLinux
import Synchronization
import Wire

/// The daemon's log: one line an event, for whoever is on watch. The journal is the record; secrets and orders' terms do not belong here.
///
/// Where standard error is systemd's journal, lines go to it with fields (`OMSD_EVENT`, `OMSD_ACCOUNT`, `OMSD_ORDER`, …) and priorities, so that
/// `journalctl -p warning` finds what needs a person; elsewhere they are logfmt, or JSON where the configuration says so. Text from outside never begins a line
/// and cannot end one.
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

    /// `log.format` of the configuration.
    enum Format: String, CaseIterable, Sendable {
        /// With fields where standard error is systemd's journal, else logfmt.
        case auto
        case logfmt
        /// One object a line.
        case json
    }

    /// What a line is about: `event` of it, `OMSD_EVENT` in systemd's journal.
    enum Event: String, CaseIterable {
        case start, stop, reload, problem
        case ready, notReady = "not_ready", unreachable, reachable, shutOut = "shut_out", streamMute = "stream_mute"
        case streamDown = "stream_down", streamUp = "stream_up"
        case doubts, doubtsOver = "doubts_over", parked
        case breakFound = "break", breakOver = "break_over", breakAcknowledged = "break_acknowledged"
        case tradingState = "trading_state", guardTripped = "guard_tripped", rulesPassed = "rules_passed"
        case rulesWithoutMarket = "rules_without_market", kill, unconfigured, market, seal, archive
        /// Lines like others before them that were not written.
        case repeated
    }

    typealias Field = (key: String, value: String)

    /// One event, before it has a form.
    struct Line {
        let level: Level
        let event: Event
        let message: String
        /// Names in lower case with underscores.
        var fields: [Field] = []
        init(_ level: Level, _ event: Event, _ message: String, _ fields: [Field] = []) {
            (self.level, self.event, self.message, self.fields) = (level, event, message, fields)
        }
    }

    static func info(_ event: Event, _ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        write(Line(.info, event, message, Array(fields)))
    }
    static func warning(_ event: Event, _ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        write(Line(.warning, event, message, Array(fields)))
    }
    static func error(_ event: Event, _ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        write(Line(.error, event, message, Array(fields)))
    }

    // MARK: Where lines go

    private struct State {
        var format = Format.auto
        var isQuiet = false
        var limiter = LineLimiter()
    }
    private static let state = Mutex(State())

    /// From here on, whatever thread writes.
    static func use(_ format: Format) { state.withLock { $0.format = format } }

    /// From here on nothing is said that needs nobody: a command that runs the daemon's parts speaks for itself.
    static func quiet() { state.withLock { $0.isQuiet = true } }

    static func write(_ line: Line) {
        if line.level == .info, state.withLock(\.isQuiet) { return }
        let now = omsd_clock_us(CLOCK_REALTIME)
        switch state.withLock({ $0.format }) {
        case .json: writeToStandardError(line.json(at: now) + "\n")
        case .logfmt: writeToStandardError(line.logfmt(at: now) + "\n")
        case .auto:
            guard goesToJournal else { return writeToStandardError(line.logfmt(at: now) + "\n") }
            // Full, or not there: its stream takes the line with its priority.
            if !journal.send(line.journalMessage) { writeToStandardError("<\(line.level.priority)>\(line.text)\n") }
        }
    }

    /// A line of a part that does not know how often it says so: a few of its like a minute, the rest counted.
    static func repeated(_ level: Level, _ message: String) {
        let passes = state.withLock { $0.limiter.passes(LineLimiter.subject(of: message), at: omsd_clock_us(CLOCK_BOOTTIME)) }
        if passes { write(Line(level, .problem, message)) }
    }

    /// Tells how many lines were held back in windows that are over.
    static func tellHeld(at now: Int64) {
        for (subject, held) in state.withLock({ $0.limiter.due(at: now) }) { write(.repeated(held, of: subject)) }
    }

    /// Lines as they are, for a person who starts the daemon; the system journal knows them for errors.
    static func problems(_ text: String) {
        let prefix = goesToJournal ? "<\(Level.error.priority)>" : ""
        writeToStandardError(text.split(separator: "\n").map { prefix + $0 + "\n" }.joined())
    }

    private static let journal: JournalSocket = {
        #if DEBUG
        if let path = getenv("OMSD_JOURNAL_SOCKET") { return JournalSocket(path: String(cString: path)) }
        #endif
        return JournalSocket(path: JournalSocket.path)
    }()

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
