import Containers

/// Orders that were accepted within the last second.
///
/// What came before the process began is not known: a second that reaches back behind it counts as full.
struct RecentPlaces {
    static let windowUs: Int64 = 1_000_000
    private let since: Int64
    private var taken = Deque<Taken>()
    private var total = 0

    private struct Taken {
        let at: Int64
        let count: Int
    }

    /// - Parameter monotonic: when the process began.
    init(since monotonic: Int64) { since = monotonic }

    /// Whether the second before `monotonic` is known as a whole.
    func isKnown(at monotonic: Int64) -> Bool { monotonic - since >= Self.windowUs }

    /// Orders within the second before `monotonic`, which is not before any moment that was told.
    mutating func count(at monotonic: Int64) -> Int {
        while let oldest = taken.first, monotonic - oldest.at >= Self.windowUs {
            total -= oldest.count
            _ = taken.popFirst()
        }
        return total
    }

    mutating func take(_ count: Int, at monotonic: Int64) {
        guard count > 0 else { return }
        // Nobody may ever ask how many there are.
        _ = self.count(at: monotonic)
        total += count
        taken.append(Taken(at: monotonic, count: count))
    }
}
