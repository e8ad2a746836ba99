/// Counts requests in sliding windows by when they were signed, for `v_rate_usage`. Memory of one window a budget.
struct RateUsage {
    private struct Window {
        var lengthUs: Int64
        /// When the requests in the window left, oldest first, from `start` on.
        var times: [Int64] = []
        var start = 0
    }
    private var windows: [Int64: Window] = [:]
    /// What this commit added, to be taken back if it fails.
    private var added: [Int64] = []

    mutating func define(budget: Int64, windowMs: Int64) {
        let (lengthUs, overflow) = windowMs.multipliedReportingOverflow(by: 1_000)
        windows[budget, default: Window(lengthUs: 0)].lengthUs = overflow ? .max : max(lengthUs, 1)
    }

    /// Counts one request at `at` (microseconds); how many lie in the window that ends with it.
    mutating func count(budget: Int64, at: Int64) -> Int64 {
        var window = windows.removeValue(forKey: budget) ?? Window(lengthUs: 1_000_000)
        // A clock that stepped back more than a window says nothing of what is near.
        if let last = window.times.last, last > at, last - at >= window.lengthUs { (window.times, window.start) = ([], 0) }
        while window.start < window.times.count, at - window.times[window.start] >= window.lengthUs { window.start += 1 }
        if window.start > 1_024, window.start * 2 > window.times.count {
            window.times.removeFirst(window.start)
            window.start = 0
        }
        window.times.append(at)
        let inside = Int64(window.times.count - window.start)
        windows[budget] = window
        added.append(budget)
        return inside
    }

    mutating func keep() { added.removeAll(keepingCapacity: true) }

    mutating func takeBack() {
        for budget in added.reversed() where windows[budget]?.times.isEmpty == false { windows[budget]?.times.removeLast() }
        for budget in Set(added) {
            if let window = windows[budget], window.start > window.times.count { windows[budget]?.start = window.times.count }
        }
        added.removeAll(keepingCapacity: true)
    }
}
