import OMSCore
import Wire

/// Time as something that is given. The host's two clocks may be set and restarted; the venues' own runs on beside them.
final class VirtualClock: MomentSource, @unchecked Sendable {
    /// 2026-11-18, in microseconds since 1970.
    private static let epoch: Int64 = 1_795_000_000_000_000
    /// Microseconds since the history began. Steps back only to show an event its own moment.
    var time: Int64 = 0
    /// When the host was started: its monotonic clock shows how long ago that was.
    var bootedAt: Int64 = -1_000_000
    /// What somebody did to the host's wall clock.
    var wallStep: Int64 = 0

    var venueTime: Int64 { Self.epoch + time }
    func now() -> Moment { Moment(monotonic: time - bootedAt, wall: Self.epoch + time + wallStep) }
    var transportTime: TransportTime { TransportTime(monotonic: time - bootedAt, wall: Self.epoch + time + wallStep) }
}
