import CLinux
import Kernel
import Synchronization
import TestSupport

/// The way from omsd to its venues, which a test can cut: a TCP relay on a port of this machine.
final class Relay: Sendable {
    enum Way: Sendable {
        case open
        /// What was sent before stays on record at the venue; from now on nothing passes, in either direction, and nobody says so.
        case silent
        /// Connections are reset, new ones refused.
        case refusing
    }

    let port: UInt16
    private let way = Mutex(Way.open)
    private let isOver = Atomic<Bool>(false)
    private let listener: Int32
    private let target: UInt16
    private let thread = Mutex<Thread?>(nil)

    init(to target: UInt16) throws {
        // Bound by number: a port that the kernel chose is given back when its listener closes.
        let first = omsd_tcp_socket(AF_INET)
        var name = Self.loopback(0)
        guard omsd_tcp_bind(first, &name, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 else { throw Unexpected("no port to relay from") }
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = omsd_tcp_own_name(first, &name, &size)
        close(first)
        listener = omsd_tcp_socket(AF_INET)
        guard omsd_tcp_bind(listener, &name, size) == 0, listen(listener, 128) == 0 else { throw Unexpected("the relay's port was taken") }
        (port, self.target) = (UInt16(bigEndian: name.sin_port), target)
        // Unowned: `deinit` ends the thread, and a thread that held its relay would keep it from that.
        let started = try Thread.start("relay") { [unowned(unsafe) self] in run() }
        thread.withLock { $0 = started }
    }

    deinit {
        isOver.store(true, ordering: .relaxed)
        thread.withLock { $0 }?.join()
        close(listener)
    }

    func set(_ new: Way) { way.withLock { $0 = new } }

    // MARK: The relay's own thread

    private struct Pair {
        let client: Int32
        let venue: Int32
        /// Read from one side, not yet taken by the other.
        var toVenue: [UInt8] = []
        var toClient: [UInt8] = []
        /// Cut while it carried something: whatever comes of it is lost.
        var isCut = false
    }

    private func run() {
        var pairs: [Pair] = []
        var isListening = true
        while !isOver.load(ordering: .relaxed) {
            let way = way.withLock { $0 }
            if way == .refusing, isListening {
                // Bound it stays; who connects is refused.
                shutdown(listener, Int32(SHUT_RDWR))
                isListening = false
                pairs.forEach(Self.reset)
                pairs = []
            } else if way != .refusing, !isListening {
                isListening = listen(listener, 128) == 0
            }
            var watched = pairs.flatMap { pair in
                [
                    pollfd(fd: pair.client, events: Int16(POLLIN) | (pair.toClient.isEmpty ? 0 : Int16(POLLOUT)), revents: 0),
                    pollfd(fd: pair.venue, events: Int16(POLLIN) | (pair.toVenue.isEmpty ? 0 : Int16(POLLOUT)), revents: 0),
                ]
            }
            watched.append(pollfd(fd: isListening ? listener : -1, events: Int16(POLLIN), revents: 0))
            _ = CLinux.poll(&watched, nfds_t(watched.count), 10)
            var ended: Set<Int> = []
            for index in pairs.indices {
                if way == .silent { pairs[index].isCut = true }
                if watched[2 * index].revents != 0 || watched[2 * index + 1].revents != 0, !Self.pass(&pairs[index]) { ended.insert(index) }
            }
            for index in ended.sorted(by: >) { Self.reset(pairs.remove(at: index)) }
            while isListening, let pair = accept() { pairs.append(pair) }
        }
        pairs.forEach(Self.reset)
    }

    private func accept() -> Pair? {
        let client = omsd_tcp_accept(listener, nil, nil)
        guard client >= 0 else { return nil }
        let venue = omsd_tcp_socket(AF_INET)
        var name = Self.loopback(target)
        _ = omsd_tcp_connect(venue, &name, socklen_t(MemoryLayout<sockaddr_in>.size))
        return Pair(client: client, venue: venue)
    }

    /// Carries what there is. False: one side is gone.
    private static func pass(_ pair: inout Pair) -> Bool {
        take(pair.client, &pair.toVenue) && take(pair.venue, &pair.toClient) && (pair.isCut ? drop(&pair) : true)
            && give(pair.venue, &pair.toVenue) && give(pair.client, &pair.toClient)
    }

    private static func drop(_ pair: inout Pair) -> Bool {
        (pair.toVenue, pair.toClient) = ([], [])
        return true
    }

    private static func take(_ from: Int32, _ bytes: inout [UInt8]) -> Bool {
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(from, &room, room.count, 0)
            if count > 0 { bytes += room[..<count] } else { return count < 0 && [EAGAIN, ENOTCONN, EINPROGRESS].contains(omsd_errno()) }
        }
    }

    private static func give(_ to: Int32, _ bytes: inout [UInt8]) -> Bool {
        while !bytes.isEmpty {
            let count = send(to, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            if count > 0 { bytes.removeFirst(count) } else { return [EAGAIN, ENOTCONN, EINPROGRESS].contains(omsd_errno()) }
        }
        return true
    }

    private static func reset(_ pair: Pair) {
        for descriptor in [pair.client, pair.venue] {
            _ = omsd_reset_on_close(descriptor)
            close(descriptor)
        }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
