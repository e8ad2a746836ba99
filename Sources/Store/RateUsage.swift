import OMSCore

/// Counts permits in a budget's windows by when their requests were signed, for `v_rate_usage`. Memory of one window a budget.
struct RateUsage {
    private struct Taking {
        let at: Int64
        var count: Int
    }
    private struct Window {
        var lengthUs: Int64
        /// Of calendar windows, by this machine's clock: about when they begin. nil: anywhere.
        var beginsUs: Int64?
        /// What the requests in the window took, oldest first, from `start` on.
        var takings: [Taking] = []
        var start = 0
        /// In all.
        var inside = 0
    }
    private var windows: [Int64: Window] = [:]
    /// What this commit added, to be taken back if it fails.
    private var added: [Int64] = []

    mutating func define(budget: Int64, windowMs: Int64, _ shape: WindowShape) {
        let (lengthUs, overflow) = windowMs.multipliedReportingOverflow(by: 1_000)
        windows[budget, default: Window(lengthUs: 0)].lengthUs = overflow ? .max : max(lengthUs, 1)
        windows[budget]?.beginsUs = shape.beginsMs.map { .milliseconds($0) }
    }

    /// Counts what one request took at `at` (microseconds); how much lies in the window that ends with it.
    mutating func count(_ permits: PermitCount, at: Int64) -> Int64 {
        var window = windows.removeValue(forKey: permits.budget) ?? Window(lengthUs: 1_000_000)
        // A clock that stepped back more than a window says nothing of what is near.
        if let last = window.takings.last, last.at > at, last.at - at >= window.lengthUs {
            (window.takings, window.start, window.inside) = ([], 0, 0)
        }
        // Of calendar windows only what lies in the same one counts.
        let began = window.beginsUs.map { at - ((at - $0) % window.lengthUs + window.lengthUs) % window.lengthUs } ?? .min
        while window.start < window.takings.count,
            at - window.takings[window.start].at >= window.lengthUs || window.takings[window.start].at < began
        {
            window.inside -= window.takings[window.start].count
            window.start += 1
        }
        if window.start > 1_024, window.start * 2 > window.takings.count {
            window.takings.removeFirst(window.start)
            window.start = 0
        }
        window.takings.append(Taking(at: at, count: permits.count))
        window.inside += permits.count
        let inside = Int64(window.inside)
        windows[permits.budget] = window
        added.append(permits.budget)
        return inside
    }

    mutating func keep() { added.removeAll(keepingCapacity: true) }

    mutating func takeBack() {
        for budget in added.reversed() {
            guard var window = windows.removeValue(forKey: budget) else { continue }
            // What left the window meanwhile is not inside any more.
            if let last = window.takings.popLast(), window.takings.count >= window.start { window.inside -= last.count }
            window.start = min(window.start, window.takings.count)
            windows[budget] = window
        }
        added.removeAll(keepingCapacity: true)
    }
}
