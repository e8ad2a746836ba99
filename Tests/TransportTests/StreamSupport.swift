import CLinux
import TestSupport
import Testing
import Wire

/// A stream's caller: all events as they came, and the transport that they came from.
final class StreamClient: Sendable {
    let client: Client
    let id: Int64
    let backlog: VenueStreamBacklog
    private let log: Shared<[VenueStreamEvent]>
    private let wanted: (origin: HTTPOrigin, target: String, headers: [HTTPHeader])

    /// - Parameter takes: False: what comes is never taken from the backlog.
    init(
        _ client: Client, to origin: HTTPOrigin, id: Int64 = 1, target: String = "/ws", headers: [HTTPHeader] = [], timeoutMs: Int64 = 600_000,
        backlog: VenueStreamBacklog = VenueStreamBacklog(), takes: Bool = true
    ) {
        let log = Shared<[VenueStreamEvent]>([])
        (self.client, self.id, self.log, self.backlog, wanted) = (client, id, log, backlog, (origin, target, headers))
        client.transport.open(
            VenueStream(id: id, origin: origin, target: target, headers: headers, timeoutMs: timeoutMs, backlog: backlog) { event in
                log.value.withLock { $0.append(event) }
                switch event {
                case .messages(let texts, _) where takes: for text in texts { backlog.take(text.count) }
                case .binary(let bytes, _) where takes: backlog.take(bytes)
                default: break
                }
            })
    }

    var events: [VenueStreamEvent] { log.now }
    /// By read of the socket.
    var reads: [[String]] {
        events.compactMap { if case .messages(let texts, _) = $0 { texts.map { String(decoding: $0, as: UTF8.self) } } else { nil } }
    }
    var texts: [String] { reads.flatMap(\.self) }
    var isOpen: Bool { events.contains { if case .opened = $0 { true } else { false } } }
    var ends: [VenueStreamEnd] { events.compactMap { if case .closed(let end, _) = $0 { end } else { nil } } }

    func say(_ text: String) { client.transport.say(Array(text.utf8), on: id) }
    func opened() async throws { if await !eventually({ isOpen || !ends.isEmpty }) || !isOpen { throw Unexpected("not open: \(events)") } }
    /// Its end, which comes once and last.
    func end() async throws -> VenueStreamEnd {
        guard await eventually({ !ends.isEmpty }), let end = ends.first else { throw Unexpected("no end: \(events)") }
        guard case .closed = events.last, ends.count == 1 else { throw Unexpected("more than an end: \(events)") }
        return end
    }
}

/// The venue's side of one connection, by hand.
struct StreamPeer {
    let fd: Int32
    private var reader = WebSocketReader(from: .client)
    private var unread: [UInt8] = []

    init(_ fd: Int32) { self.fd = fd }

    /// Reads the request and lets the client in; nil when it ends first.
    func accept() -> HTTPRequest? {
        guard let request = readRequest(fd), case .switching(let answer) = WebSocketUpgrade.answer(to: request), send(answer) else { return nil }
        return request
    }

    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        var left = bytes[...]
        while !left.isEmpty {
            guard waitWritable(fd, testPatienceMs) else { return false }
            let count = left.withUnsafeBytes { CLinux.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 { return false }
            left = left.dropFirst(count)
        }
        return true
    }

    @discardableResult func send(_ message: WebSocketMessage) -> Bool { send(message.frame(mask: nil).bytes) }

    /// The client's next message; nil when there is none.
    mutating func next() -> WebSocketMessage? {
        while true {
            var found: WebSocketMessage?
            var taken = 0
            unread.withUnsafeBytes { raw in
                var left = raw
                found = try? reader.next(from: &left)
                taken = raw.count - left.count
            }
            unread.removeFirst(taken)
            if let found { return found }
            var room = [UInt8](repeating: 0, count: 65_536)
            guard waitReadable(fd, testPatienceMs) else { return nil }
            let count = recv(fd, &room, room.count, 0)
            guard count > 0 else { return nil }
            unread += room[..<count]
        }
    }
}

/// A venue whose connections are led by hand, once the upgrade is through.
final class StreamVenue: Sendable {
    private let server: RawServer
    private let requests: Shared<[HTTPRequest]>

    init(_ play: @escaping @Sendable (inout StreamPeer) -> Void) throws {
        let requests = Shared<[HTTPRequest]>([])
        self.requests = requests
        server = try RawServer { fd, _ in
            var peer = StreamPeer(fd)
            guard let request = peer.accept() else { return }
            requests.value.withLock { $0.append(request) }
            play(&peer)
        }
    }

    var origin: HTTPOrigin { server.origin }
    var upgrades: [HTTPRequest] { requests.now }
}
