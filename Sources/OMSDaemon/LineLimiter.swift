/// Lets a few lines of each subject pass and counts the rest: a venue that flaps a hundred times a minute is one fact, not a hundred lines.
///
/// A pure value; times are microseconds of a clock that does not step.
struct LineLimiter {
    /// Lines of one subject that pass within a window.
    static let linesMax = 5
    static let windowUs: Int64 = 60_000_000
    /// Subjects that are told apart in a window: whoever makes up new ones all the time is one more.
    static let subjectsMax = 1_000

    /// What a line without a subject of its own is counted by: its beginning, without the figures that may differ each time.
    static func subject(of message: String) -> String {
        String(message.prefix(80).filter { !$0.isNumber })
    }

    private struct Window {
        let since: Int64
        var passed: Int
        var held = 0
    }
    private var windows: [String: Window] = [:]

    /// Whether a line of that subject is written now. What is not is counted.
    mutating func passes(_ subject: String, at now: Int64) -> Bool {
        let subject = windows[subject] == nil && windows.count >= Self.subjectsMax ? "others" : subject
        guard var window = windows[subject], now - window.since < Self.windowUs else {
            // What the former window held back was told by `due`, or is told with the next look at it.
            windows[subject] = Window(since: now, passed: 1)
            return true
        }
        defer { windows[subject] = window }
        guard window.passed < Self.linesMax else {
            window.held += 1
            return false
        }
        window.passed += 1
        return true
    }

    /// Subjects whose window is over, and how many lines of each were held back. Call it before ``passes(_:at:)``, and now and then.
    mutating func due(at now: Int64) -> [(subject: String, held: Int)] {
        let over = windows.filter { now - $0.value.since >= Self.windowUs }
        for subject in over.keys { windows[subject] = nil }
        return over.filter { $0.value.held > 0 }.map { (subject: $0.key, held: $0.value.held) }.sorted { $0.subject < $1.subject }
    }
}
