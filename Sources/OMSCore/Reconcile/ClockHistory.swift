/// What was measured of a venue's clock in the last hour, so that a proof can take the lowest of all since an attempt: clocks are set back, and one of several
/// machines that answer for a venue may be behind the others.
package struct ClockHistory: Sendable {
    private struct Entry {
        let clock: VenueClock
        /// It stands for all measurements since the entry before it, up to this one.
        var upTo: Int64
    }
    /// By time; the least that each allows rises, since whatever a later and lower one covers is dropped.
    private var entries: [Entry] = []

    package init() {}

    private static let spanUs: Int64 = .seconds(3_600)
    /// Measurements closer together than this share an entry, the lower one's.
    private static let grainUs: Int64 = .seconds(5)

    package mutating func add(_ clock: VenueClock) {
        let at = clock.measuredAt
        entries.removeAll { $0.upTo < at - Self.spanUs }
        while let last = entries.last, last.clock.low(at: at) >= clock.low(at: at) { entries.removeLast() }
        if let last = entries.indices.last, at - entries[last].clock.measuredAt < Self.grainUs {
            entries[last].upTo = at
        } else {
            entries.append(Entry(clock: clock, upTo: at))
        }
    }

    /// The least that the venue's clock can have shown at `time`, by the lowest measurement since `since`; nil: there was none.
    package func low(at time: Int64, since: Int64) -> Int64? {
        var (first, end) = (0, entries.count)
        while first < end {
            let middle = (first + end) / 2
            if entries[middle].upTo < since { first = middle + 1 } else { end = middle }
        }
        return first < entries.count ? entries[first].clock.low(at: time) : nil
    }
}
