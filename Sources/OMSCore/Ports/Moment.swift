/// One reading of both clocks, taken once a turn.
package struct Moment: Hashable, Sendable {
    /// Microseconds of a clock that never steps and runs through suspend. For deadlines and permits.
    package var monotonic: Int64
    /// Microseconds since 1970 UTC. For people and `expires_at`, never for order.
    package var wall: Int64

    package init(monotonic: Int64, wall: Int64) {
        (self.monotonic, self.wall) = (monotonic, wall)
    }
}

/// Where the time comes from: the machine's clocks, or a test's.
package protocol MomentSource: Sendable {
    func now() -> Moment
}

extension Int64 {
    /// Milliseconds as the microseconds that times are kept in. Counts may come from outside, so that no product overflows: beyond ``farthest`` all is one.
    package static func milliseconds(_ count: Int64) -> Int64 { scaled(count, by: 1_000) }
    package static func seconds(_ count: Int64) -> Int64 { scaled(count, by: 1_000_000) }

    /// 73,000 years. A few of these can be added up.
    package static let farthest: Int64 = .max / 4

    private static func scaled(_ count: Int64, by factor: Int64) -> Int64 {
        let (product, overflows) = count.multipliedReportingOverflow(by: factor)
        return overflows ? (count < 0 ? -farthest : farthest) : Swift.max(-farthest, Swift.min(product, farthest))
    }
}
