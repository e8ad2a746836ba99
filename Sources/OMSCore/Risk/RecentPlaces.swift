/// Orders that were accepted within the last second.
///
/// What came before the process began is not known: a second that reaches back behind it counts as full.
struct RecentPlaces {
    static let windowUs: Int64 = 1_000_000
    private let since: Int64
    private var taken: [(at: Int64, count: Int)] = []
    private var total = 0

    /// - Parameter monotonic: when the process began.
    init(since monotonic: Int64) { since = monotonic }

    /// Whether the second before `monotonic` is known as a whole.
    func isKnown(at monotonic: Int64) -> Bool { monotonic - since >= Self.windowUs }

    /// Orders within the second before `monotonic`, which is not before any moment that was told.
    mutating func count(at monotonic: Int64) -> Int {
        let over = taken.prefix { monotonic - $0.at >= Self.windowUs }
        total -= over.reduce(0) { $0 + $1.count }
        if !over.isEmpty { taken.removeFirst(over.count) }
        return total
    }

    mutating func take(_ count: Int, at monotonic: Int64) {
        guard count > 0 else { return }
        // Nobody may ever ask how many there are.
        _ = self.count(at: monotonic)
        total += count
        if let last = taken.indices.last, taken[last].at == monotonic { taken[last].count += count } else { taken.append((monotonic, count)) }
    }
}
