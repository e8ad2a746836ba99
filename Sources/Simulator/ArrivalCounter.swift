/// Counts one owner's arrivals under one budget, the strictest way: whatever window of the given length one lays over them, wherever it starts; or, of a venue
/// that lays them by its clock, each of those.
///
/// Refused arrivals count as well: who hammers stays refused. A window is half open: two arrivals exactly one window apart are never in one.
struct ArrivalCounter {
    /// Microseconds.
    let window: Int64
    private let windows: BudgetRule.Windows
    /// What arrivals weigh.
    private(set) var total = 0
    /// The most of it that any window held.
    private(set) var busiest = 0
    private(set) var violations = 0
    /// Arrivals, oldest first, as a ring of which `head...` are within the window.
    private var arrivals: [(at: Int64, weight: Int)] = []
    private var head = 0

    /// What weighs within the window that ends with the last one.
    private(set) var inside = 0

    init(window: Int64, _ windows: BudgetRule.Windows = .anywhere) { (self.window, self.windows) = (window, windows) }

    /// Counts an arrival. - Returns: whether it keeps within `permits` (nil: no limit). `at` never goes back.
    mutating func arrive(at: Int64, weight: Int = 1, permits: Int?) -> Bool {
        let first = firstInside(at)
        while head < arrivals.count, arrivals[head].at < first {
            inside -= arrivals[head].weight
            head += 1
        }
        if head > 1024, head * 2 > arrivals.count {
            arrivals.removeFirst(head)
            head = 0
        }
        arrivals.append((at, weight))
        (total, inside) = (total + weight, inside + weight)
        busiest = max(busiest, inside)
        guard let permits, inside > permits else { return true }
        violations += 1
        return false
    }

    /// The earliest moment that shares a window with this one, of those before it.
    private func firstInside(_ at: Int64) -> Int64 {
        switch windows {
        case .anywhere: return at - window + 1
        case .onTheClock(let laterMs):
            let into = (at - laterMs * 1_000) % window
            return at - (into < 0 ? into + window : into)
        }
    }
}
