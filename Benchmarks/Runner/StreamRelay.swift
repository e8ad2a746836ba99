import CLinux
import Kernel
import Synchronization

/// Between the daemon and a venue's stream: passes bytes on, notes when those of executions went, and holds the venue's back when told to, so that many come
/// at once.
final class StreamRelay: Sendable {
    private struct State {
        /// When each chunk that tells of an execution was handed to the kernel, nanoseconds.
        var sentAt: [Int64] = []
        var isHeld = false
        var held: [UInt8] = []
        var isStopped = false
    }
    private static let mark = Array(#""topic":"fill""#.utf8)

    let port: UInt16
    private let listener: Int32
    private let venue: UInt16
    private let state = Mutex(State())

    init(to venue: UInt16) throws {
        self.venue = venue
        listener = socket(AF_INET, omsd_stream_socket_type(), 0)
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard omsd_tcp_bind(listener, &address, length) == 0, listen(listener, 4) == 0, omsd_tcp_own_name(listener, &address, &length) == 0 else {
            throw BenchError("no port for the relay")
        }
        port = UInt16(bigEndian: address.sin_port)
        let relay = self
        do { try Thread.start("relay") { relay.serve() }.letGo() } catch { throw BenchError("\(error)") }
    }

    func stop() { state.withLock { $0.isStopped = true } }

    /// What came of executions since the last call: when each chunk left.
    func takeSentAt() -> [Int64] {
        state.withLock { state in
            defer { state.sentAt = [] }
            return state.sentAt
        }
    }

    func hold() { state.withLock { $0.isHeld = true } }
    var heldBytes: Int { state.withLock(\.held.count) }
    func release() { state.withLock { $0.isHeld = false } }

    private func serve() {
        defer { close(listener) }
        while !state.withLock(\.isStopped) {
            guard isReady(listener, withinMs: 50) else { continue }
            let daemon = omsd_accept(listener)
            guard daemon >= 0 else { continue }
            let upstream = socket(AF_INET, omsd_stream_socket_type(), 0)
            var address = loopback(venue)
            if omsd_tcp_connect(upstream, &address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 { pass(daemon, upstream) }
            close(daemon)
            close(upstream)
        }
    }

    private func pass(_ daemon: Int32, _ upstream: Int32) {
        var room = [UInt8](repeating: 0, count: 1 << 18)
        var polls = [pollfd(fd: daemon, events: Int16(POLLIN), revents: 0), pollfd(fd: upstream, events: Int16(POLLIN), revents: 0)]
        while !state.withLock(\.isStopped) {
            // Short, so that what was held back goes soon after it may.
            _ = poll(&polls, 2, 2)
            let late = state.withLock { state in
                guard !state.isHeld, !state.held.isEmpty else { return [UInt8]() }
                defer { state.held = [] }
                state.sentAt.append(nanoseconds())
                return state.held
            }
            if !late.isEmpty, !write(late, to: daemon) { return }
            if polls[0].revents != 0 {
                let count = recv(daemon, &room, room.count, 0)
                guard count > 0, write(Array(room[..<count]), to: upstream) else { return }
            }
            guard polls[1].revents != 0 else { continue }
            let count = recv(upstream, &room, room.count, 0)
            guard count > 0 else { return }
            let chunk = Array(room[..<count])
            let isHeld = state.withLock { state in
                if state.isHeld { state.held += chunk } else if chunk.holds(Self.mark) { state.sentAt.append(nanoseconds()) }
                return state.isHeld
            }
            if !isHeld, !write(chunk, to: daemon) { return }
        }
    }

    private func isReady(_ descriptor: Int32, withinMs: Int32) -> Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, withinMs) == 1
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var at = 0
        while at < bytes.count {
            let count = bytes.withUnsafeBufferPointer { CLinux.send(descriptor, $0.baseAddress! + at, bytes.count - at, Int32(MSG_NOSIGNAL)) }
            if count < 0, omsd_errno() == EINTR { continue }
            if count < 0, omsd_errno() == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, 1_000)
                continue
            }
            guard count > 0 else { return false }
            at += count
        }
        return true
    }
}

extension [UInt8] {
    /// Whether other bytes stand in these, one behind the other; by the C library, for what is measured must not wait for it.
    func holds(_ other: [UInt8]) -> Bool {
        withUnsafeBytes { bytes in
            other.withUnsafeBytes { other in memmem(bytes.baseAddress!, bytes.count, other.baseAddress!, other.count) != nil }
        }
    }
}

private func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
}
