import CLinux
import Synchronization
import Wire

/// Waits for sockets, a mailbox and time. Belongs to one thread, but for ``wake()``.
final class Poller: @unchecked Sendable {
    struct Events {
        let token: UInt64
        let mask: UInt32
        var isReadable: Bool { mask & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
        /// Both directions are over.
        var isHangUp: Bool { mask & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
        var isWritable: Bool { mask & (EPOLLOUT.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
    }
    static let reading = EPOLLIN.rawValue | EPOLLRDHUP.rawValue
    static let writing = EPOLLOUT.rawValue
    /// The token of the wake-up call; sockets count from 1.
    private static let wakeToken: UInt64 = 0

    private let epoll: Int32
    private let event: Int32
    private var room = [epoll_event](repeating: epoll_event(), count: 256)

    init() throws(TransportError) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw .system("epoll_create1") }
        event = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard event >= 0, change(EPOLL_CTL_ADD, event, Self.wakeToken, Self.reading) else {
            let error = TransportError.system("eventfd")
            CLinux.close(epoll)
            throw error
        }
    }

    deinit {
        CLinux.close(event)
        CLinux.close(epoll)
    }

    /// Ends the wait of the loop's thread, now or the next. From any thread.
    func wake() {
        var one: UInt64 = 1
        // Fails only when the counter is full: then the loop is awake anyway.
        _ = CLinux.write(event, &one, 8)
    }

    func add(_ fd: Int32, token: UInt64, _ mask: UInt32) -> Bool { change(EPOLL_CTL_ADD, fd, token, mask) }
    func modify(_ fd: Int32, token: UInt64, _ mask: UInt32) -> Bool { change(EPOLL_CTL_MOD, fd, token, mask) }

    private func change(_ operation: Int32, _ fd: Int32, _ token: UInt64, _ mask: UInt32) -> Bool {
        var event = epoll_event()
        event.events = mask
        event.data.u64 = token
        return epoll_ctl(epoll, operation, fd, &event) == 0
    }

    /// Waits until something happens or `deadline` (microseconds of CLOCK_BOOTTIME) has come; nil waits on.
    func wait(until deadline: Int64?) -> [Events] {
        var timeout: Int32 = -1
        if let deadline {
            let left = max(deadline - bootTime(), 0)
            timeout = Int32(min((left + 999) / 1000, 60_000))
        }
        let count = epoll_wait(epoll, &room, Int32(room.count), timeout)
        var found: [Events] = []
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

/// Messages for a loop's thread, in order. Wakes it only when it may be asleep.
final class LoopMailbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var isClosed = false
        var owner: pthread_t?
    }
    private let state = Mutex(State())
    private let wake: @Sendable () -> Void

    init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

    /// Names the calling thread as the one that drains.
    func own() { state.withLock { $0.owner = pthread_self() } }

    /// False once closed: the message was not taken.
    func post(_ message: Message) -> Bool {
        let (taken, mustWake) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.messages.append(message)
            return (true, state.messages.count == 1 && state.owner != pthread_self())
        }
        if mustWake { wake() }
        return taken
    }

    func drain() -> [Message] {
        state.withLock { state in
            defer { state.messages.removeAll() }
            return state.messages
        }
    }

    /// The last messages; none is taken afterwards.
    func close() -> [Message] {
        state.withLock { state in
            defer { state.messages = [] }
            state.isClosed = true
            return state.messages
        }
    }

    var isEmpty: Bool { state.withLock { $0.messages.isEmpty } }
    var isOnOwner: Bool { state.withLock { $0.owner == pthread_self() } }
}

/// Microseconds of CLOCK_BOOTTIME, which runs through suspend.
func bootTime() -> Int64 { Int64(omsd_clock_us(CLOCK_BOOTTIME)) }

extension TransportTime {
    /// Both clocks, now.
    static func now() -> TransportTime { TransportTime(monotonic: bootTime(), wall: Int64(omsd_clock_us(CLOCK_REALTIME))) }
}

/// Starts a thread with its name as `top` shows it (at most 15 characters). Join it with the result, or detach it.
func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) throws(TransportError) -> pthread_t {
    final class Box {
        let (name, body): (String, () -> Void)
        init(_ name: String, _ body: @escaping () -> Void) { (self.name, self.body) = (name, body) }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(name, body))
    let code = pthread_create(
        &thread, nil,
        { raw in
            guard let raw else { return nil }
            let box = Unmanaged<Box>.fromOpaque(raw).takeRetainedValue()
            _ = omsd_name_thread(box.name)
            box.body()
            return nil
        }, box.toOpaque())
    guard code == 0 else {
        box.release()
        throw .system("pthread_create", code)
    }
    return thread
}
