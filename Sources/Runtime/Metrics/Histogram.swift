/// How often times fell below each of some bounds, as Prometheus counts them. Microseconds.
package struct Histogram: Sendable, Equatable {
    /// Upper bounds of the buckets, rising; what is above the last one counts in the sum alone.
    package let bounds: [Int64]
    /// Times in each bucket alone, the last being those above all bounds.
    package private(set) var counts: [Int]
    /// Of all times.
    package private(set) var sumUs: Int64 = 0

    package init(_ bounds: [Int64]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    package var count: Int { counts.reduce(0, +) }

    /// A time below zero (a clock was set meanwhile) counts as none.
    package mutating func observe(_ timeUs: Int64) {
        let time = max(0, timeUs)
        var index = 0
        while index < bounds.count, time > bounds[index] { index += 1 }
        counts[index] += 1
        let (sum, overflows) = sumUs.addingReportingOverflow(time)
        sumUs = overflows ? .max : sum
    }

    /// Of what this machine does by itself: 100 µs to 10 s.
    package static let work: [Int64] = [
        100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000,
    ]
    /// Of what waits for a venue: 1 ms to an hour.
    package static let waits: [Int64] = [
        1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 15_000_000, 60_000_000, 300_000_000,
        3_600_000_000,
    ]
}
