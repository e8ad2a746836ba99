/// What is known of a venue's clock: an interval around it, from measured round trips. Stamps use its middle minus a margin, proofs its low end.
package struct VenueClock: Equatable, Sendable {
    /// Venue microseconds minus our monotonic ones, at the middle of the measured round trip.
    private let offset: Int64
    private let error: Int64
    /// When its answer was read, by our monotonic clock.
    package let measuredAt: Int64

    /// - Parameters:
    ///   - serverMs: what the venue said, milliseconds: it read its clock somewhere inside the round trip, and cut below a millisecond.
    ///   - sent, read: our monotonic clock around the round trip, microseconds.
    package init(serverMs: Int64, sent: Int64, read: Int64) {
        let middle = sent + (read - sent) / 2
        offset = .milliseconds(serverMs) + 500 - middle
        error = (read - sent) / 2 + 500
        measuredAt = read
    }

    /// What a venue may say the time is, milliseconds since 1970 UTC: the years 2020 to 2100. Anything else is no time.
    package static let believable: ClosedRange<Int64> = 1_577_836_800_000...4_102_444_800_000

    /// Half the interval's width now: the round trip's, and drift since.
    package func errorUs(at now: Int64) -> Int64 { error + max(0, now - measuredAt) * Budget.driftPPM / 1_000_000 }

    /// Whether both can be true: their intervals touch. Else one clock or the other was set.
    package func agrees(with other: VenueClock, at now: Int64) -> Bool {
        abs(middle(at: now) - other.middle(at: now)) <= errorUs(at: now) + other.errorUs(at: now)
    }

    /// The venue's clock, in microseconds, as the middle of what it can be.
    package func middle(at now: Int64) -> Int64 { now + offset }

    /// The least that the venue's clock can show.
    package func low(at now: Int64) -> Int64 { middle(at: now) - errorUs(at: now) }

    /// The latest moment of our clock, `now` at most, at which it surely showed less than this: before the measurement, too, the clocks may have drifted apart.
    package func latest(before time: Int64, at now: Int64) -> Int64 {
        func high(_ at: Int64) -> Int64 { middle(at: at) + error + abs(at - measuredAt) * Budget.driftPPM / 1_000_000 + 1 }
        var at = min(now, time - offset)
        // Each step leaves a 2,000th of what was too much.
        while high(at) >= time { at -= high(at) - time + 1 }
        return at
    }

    /// The offset to our wall clock, in whole milliseconds, for people.
    package func offsetMs(at now: Moment) -> Int64 { (middle(at: now.monotonic) - now.wall) / 1_000 }

    /// Worth measuring again: it drifted for five minutes, or the interval grew wide.
    package func isStale(at now: Int64) -> Bool { now - measuredAt > .seconds(300) }
}
