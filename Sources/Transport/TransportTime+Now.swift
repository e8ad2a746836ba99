import CLinux
import Kernel
import Wire

extension TransportTime {
    /// Both clocks, now.
    static func now() -> TransportTime { TransportTime(monotonic: bootTime(), wall: Int64(omsd_clock_us(CLOCK_REALTIME))) }
}
