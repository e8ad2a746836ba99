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
    /// Milliseconds as the microseconds that times are kept in.
    package static func milliseconds(_ count: Int64) -> Int64 { count * 1_000 }
    package static func seconds(_ count: Int64) -> Int64 { count * 1_000_000 }
}
