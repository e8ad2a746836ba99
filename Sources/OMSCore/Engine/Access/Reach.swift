/// What is known of the way to an account's venue: what is out, what was heard and when, and how long nothing leaves. Part of ``Access``.
struct Reach {
    /// Requests out, and those since the daemon started.
    private(set) var out = 0
    private(set) var asked = 0
    /// Requests in a row that no answer came to, and why the last was not answered.
    private(set) var failedInARow = 0
    private(set) var reason = ""
    /// Since when something is unanswered, by the runner's clock; nil: nothing is.
    private(set) var waitingSince: Int64?
    /// When the venue last answered, by the wall clock and by the runner's.
    private(set) var lastAnswerAt: Int64?
    private(set) var heardAt: Int64 = .min
    /// When it last answered what it was asked: an error is an answer and no progress.
    private(set) var progressAt: Int64 = .min
    /// Requests in a row that could not be sent, and until when nothing leaves for it.
    private(set) var unsentInARow = 0
    private(set) var backoffUntil: Int64 = .min
    /// Places and modifies wait until then: the venue is closed for maintenance.
    private(set) var closedUntil: Int64 = .min

    mutating func asked(at now: Int64) {
        out += 1
        asked += 1
        waitingSince = waitingSince ?? now
    }

    mutating func landed() { out -= 1 }

    mutating func heard(at now: Moment) {
        failedInARow = 0
        waitingSince = out > 0 ? now.monotonic : nil
        (lastAnswerAt, heardAt) = (now.wall, now.monotonic)
    }

    mutating func progressed(at now: Int64) { progressAt = now }

    mutating func unheard(_ reason: String) {
        failedInARow += 1
        self.reason = reason
    }

    mutating func answered() { unsentInARow = 0 }

    /// A request could not be sent: nothing leaves before then.
    mutating func backOff(until time: Int64) {
        unsentInARow += 1
        backoffUntil = time
    }

    mutating func close(until time: Int64) { closedUntil = time }
}
