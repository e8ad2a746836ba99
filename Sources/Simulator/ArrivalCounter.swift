/// Counts one owner's arrivals under one budget, the strictest way: whatever window of the given length one lays over them, wherever it starts.
///
/// Refused arrivals count as well: who hammers stays refused. A window is half open: two arrivals exactly one window apart are never in one.
struct ArrivalCounter {
    /// Microseconds.
    let window: Int64
    private(set) var total = 0
    /// The most arrivals any window held.
    private(set) var busiest = 0
    private(set) var violations = 0
    /// Arrival times, oldest first, as a ring of which `head...` are within the window.
    private var times: [Int64] = []
    private var head = 0

    /// Arrivals within the window that ends with the last one.
    var inside: Int { times.count - head }

    init(window: Int64) { self.window = window }

    /// Counts an arrival. - Returns: whether it keeps within `permits` (nil: no limit). `at` never goes back.
    mutating func arrive(at: Int64, permits: Int?) -> Bool {
        while head < times.count, times[head] <= at - window { head += 1 }
        if head > 1024, head * 2 > times.count {
            times.removeFirst(head)
            head = 0
        }
        times.append(at)
        total += 1
        busiest = max(busiest, inside)
        guard let permits, inside > permits else { return true }
        violations += 1
        return false
    }
}
