import CLinux

/// Waits for sockets, a wake-up call and time: the one epoll loop's heart. Belongs to one thread, but for ``wake()``.
package final class Poller: @unchecked Sendable {
    package struct Events {
        package let token: UInt64
        fileprivate let mask: UInt32
        package var isReadable: Bool { mask & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
        /// Both directions are over.
        package var isHangUp: Bool { mask & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
        package var isWritable: Bool { mask & (EPOLLOUT.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
    }
    package static let reading = EPOLLIN.rawValue | EPOLLRDHUP.rawValue
    package static let writing = EPOLLOUT.rawValue
    /// The token of the wake-up call; those of sockets count from 1.
    private static let wakeToken: UInt64 = 0

    private let epoll: Int32
    private let event: Int32
    private var room = [epoll_event](repeating: epoll_event(), count: 256)
    private var found: [Events] = []

    package init() throws(SystemError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw SystemError("epoll_create1") }
        event = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        // From here on `deinit` closes what was opened, also behind a throw.
        guard event >= 0, add(event, token: Self.wakeToken, Self.reading) else { throw SystemError("eventfd") }
    }

    deinit {
        CLinux.close(event)
        CLinux.close(epoll)
    }

    /// Ends the wait of the loop's thread, now or the next. From any thread.
    package func wake() {
        var one: UInt64 = 1
        // Fails only when the counter is full: then the loop is awake anyway.
        _ = CLinux.write(event, &one, 8)
    }

    /// Watches a descriptor until it is closed or removed. False, with errno: the kernel would not.
    package func add(_ descriptor: Int32, token: UInt64, _ mask: UInt32) -> Bool { change(EPOLL_CTL_ADD, descriptor, token, mask) }
    package func modify(_ descriptor: Int32, token: UInt64, _ mask: UInt32) -> Bool { change(EPOLL_CTL_MOD, descriptor, token, mask) }
    package func remove(_ descriptor: Int32) { _ = change(EPOLL_CTL_DEL, descriptor, 0, 0) }

    private func change(_ operation: Int32, _ descriptor: Int32, _ token: UInt64, _ mask: UInt32) -> Bool {
        var event = epoll_event()
        event.events = mask
        event.data.u64 = token
        return epoll_ctl(epoll, operation, descriptor, &event) == 0
    }

    /// Waits until something happens or `deadline` (``bootTime()``) has come; nil waits on, 0 looks and does not wait.
    package func wait(until deadline: Int64?) -> [Events] {
        var timeout: Int32 = -1
        if let deadline {
            let left = deadline > 0 ? max(deadline - bootTime(), 0) : 0
            timeout = Int32(min((left + 999) / 1000, 60_000))
        }
        let count = epoll_wait(epoll, &room, Int32(room.count), timeout)
        // The memory of the last answer, which its reader has given back by now.
        found.removeAll(keepingCapacity: true)
        for entry in room.prefix(Int(max(count, 0))) {
            if entry.data.u64 == Self.wakeToken {
                var sum: UInt64 = 0
                _ = CLinux.read(event, &sum, 8)
            } else {
                found.append(Events(token: entry.data.u64, mask: entry.events))
            }
        }
        return found
    }
}
