import CLinux
import Kernel

// A test waits for events, not for time: for a descriptor, for a thread (``Aside``), or, where only another process knows, by asking again. Every wait ends.

/// Asks another process until there is an answer; looks again after a few milliseconds.
///
/// - Throws: ``Unexpected`` naming what was waited for, after so many seconds.
package func poll<Value>(_ what: @autoclosure () -> String, seconds: Double = 30, _ look: () throws -> Value?) throws -> Value {
    let end = bootTime() + Int64(seconds * 1e6)
    while true {
        if let value = try look() { return value }
        guard bootTime() < end else { throw Unexpected("not within \(seconds) s: \(what())") }
        _ = CLinux.poll(nil, 0, 5)
    }
}

/// As above, for something that becomes true.
package func pollUntil(_ what: @autoclosure () -> String, seconds: Double = 30, _ holds: () throws -> Bool) throws {
    _ = try poll(what(), seconds: seconds) { try holds() ? true : nil }
}

/// Asks again and again until it holds or ten seconds are over.
package func eventually(_ condition: () -> Bool) -> Bool {
    let deadline = bootTime() + 10_000_000
    while !condition() {
        guard bootTime() < deadline else { return false }
        _ = CLinux.poll(nil, 0, 1)
    }
    return true
}

/// The same, giving the thread away in between.
package func eventually(_ condition: () -> Bool) async -> Bool {
    let deadline = bootTime() + 10_000_000
    while !condition() {
        guard bootTime() < deadline else { return false }
        await Task.yield()
    }
    return true
}

/// False when nothing came within the time.
package func waitReadable(_ descriptor: Int32, _ ms: Int32) -> Bool { wait(POLLIN, descriptor, ms) }

/// False when nothing could be written within the time.
package func waitWritable(_ descriptor: Int32, _ ms: Int32) -> Bool { wait(POLLOUT, descriptor, ms) }

/// Reads nothing, until the other side is gone for good.
package func waitHangUp(_ descriptor: Int32) { _ = wait(0, descriptor, testPatienceMs) }

/// How long the other side of a test waits for its part: longer than a test may have to wait for its turn beside all others.
package let testPatienceMs: Int32 = 600_000

private func wait(_ events: Int32, _ descriptor: Int32, _ ms: Int32) -> Bool {
    var watched = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    return CLinux.poll(&watched, 1, ms) == 1
}
