/// What some venues do to a key that hammers on: after so many refusals nothing of it is served for a while.
struct Lockout {
    /// Requests over a limit that bring it about; nil: never.
    var after: Int?
    /// Microseconds.
    let lasts: Int64
    private var hits: [String: Int] = [:]
    private var until: [String: Int64] = [:]

    init(lasts: Int64) { self.lasts = lasts }

    /// Notes that a request of `key` was over a limit at `at`, microseconds.
    mutating func hit(_ key: String, at: Int64) {
        guard let after else { return }
        hits[key, default: 0] += 1
        guard hits[key, default: 0] >= after else { return }
        hits[key] = 0
        until[key] = at + lasts
    }

    func isLocked(_ key: String, at: Int64) -> Bool { until[key].map { at < $0 } ?? false }
}
