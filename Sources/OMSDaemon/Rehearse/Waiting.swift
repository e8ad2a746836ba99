import CLinux
import Synchronization

/// What another thread puts, in order.
final class Waiting<Value: Sendable>: Sendable {
    private struct State { var values: [Value] = [] }
    private let state = Mutex(State())

    func put(_ value: Value) { state.withLock { $0.values.append(value) } }

    /// nil: nothing came in time.
    func take(withinMs: Int64) -> Value? {
        let end = omsd_clock_us(CLOCK_BOOTTIME) + withinMs * 1_000
        while true {
            if let value = state.withLock({ $0.values.isEmpty ? nil : $0.values.removeFirst() }) { return value }
            guard omsd_clock_us(CLOCK_BOOTTIME) < end else { return nil }
            usleep(500)
        }
    }
}
