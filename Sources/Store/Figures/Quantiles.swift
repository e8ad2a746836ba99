/// Durations, counted so that quantiles of any number of them take the same few kilobytes.
///
/// Up to 127 µs each number has a place of its own; above, each doubling has 64: a quantile is told too high by less than one part in 64, never too low.
package struct Quantiles: Sendable, Equatable {
    private static let perDoubling = 64
    private var counts: [Int] = []
    package private(set) var count = 0
    package private(set) var longest: Int64 = 0

    package init() {}

    /// A negative one, of a clock that was set back between its ends, counts as none.
    mutating func add(_ duration: Int64) {
        guard duration >= 0 else { return }
        let place = Self.place(of: duration)
        if place >= counts.count { counts.append(contentsOf: repeatElement(0, count: place + 1 - counts.count)) }
        counts[place] += 1
        count += 1
        longest = max(longest, duration)
    }

    mutating func add(_ other: Quantiles) {
        if other.counts.count > counts.count { counts.append(contentsOf: repeatElement(0, count: other.counts.count - counts.count)) }
        for (place, number) in other.counts.enumerated() { counts[place] += number }
        count += other.count
        longest = max(longest, other.longest)
    }

    /// The duration that so many of a thousand of them do not exceed; nil without any.
    package func quantile(perMille: Int) -> Int64? {
        guard count > 0 else { return nil }
        let rank = max(1, (count * perMille + 999) / 1_000)
        var seen = 0
        for (place, number) in counts.enumerated() {
            seen += number
            if seen >= rank { return min(Self.end(of: place), longest) }
        }
        return longest
    }

    private static func place(of duration: Int64) -> Int {
        guard duration >= 128 else { return Int(duration) }
        let doubling = 63 - duration.leadingZeroBitCount
        return 128 + (doubling - 7) * perDoubling + Int((duration >> Int64(doubling - 6)) & 63)
    }

    /// The greatest duration that lies there.
    private static func end(of place: Int) -> Int64 {
        guard place >= 128 else { return Int64(place) }
        let (doubling, part) = ((place - 128) / perDoubling + 7, Int64((place - 128) % perDoubling))
        return (64 + part) << Int64(doubling - 6) | ((1 << Int64(doubling - 6)) - 1)
    }
}
