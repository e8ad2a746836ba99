import CLinux
import TestSupport
import Testing
import Wire

@testable import Transport

@Suite(.timeLimit(.minutes(10))) struct `A stream opens at its own door` {
    private static let ok = HTTPResponse(status: 200, body: Array("fine".utf8))

    /// The answer in one piece with what follows it: HTTPServer knows no more of WebSockets.
    private static func venue(leaf: String?) throws -> CountingServer {
        try CountingServer(leaf: leaf) { request, _ in
            guard case .switching(let answer) = WebSocketUpgrade.answer(to: request) else { return .response(ok) }
            let words = [WebSocketMessage.text("hello"), .close(WebSocketClose(1001))].flatMap { $0.frame(mask: nil).bytes }
            return .raw(answer + words, thenClose: true)
        }
    }

    @Test(arguments: [nil, "good"]) func `a stream opens over TLS or plain, and frames that came with the answer are read`(leaf: String?) async throws
    {
        let venue = try Self.venue(leaf: leaf)
        let client = try Client()
        try client.transport.configure(venue.origin, maxConnections: 1, caFile: leaf == nil ? nil : Certificates.shared.authority)
        let stream = StreamClient(client, to: venue.origin)

        #expect(try await stream.end() == .closed(WebSocketClose(1001)))
        #expect(stream.texts == ["hello"])
        #expect(venue.arrivals.count == 1)
    }

    @Test(arguments: ["good", "elsewhere", "expired"]) func `who cannot prove to be the venue is not asked`(leaf: String) async throws {
        let venue = try Self.venue(leaf: leaf)
        let client = try Client()
        // The right authority for two that are wrong by themselves, another for the one that is right.
        let authority = leaf == "good" ? Certificates.shared.stranger : Certificates.shared.authority
        try client.transport.configure(venue.origin, maxConnections: 1, caFile: authority)
        let stream = StreamClient(client, to: venue.origin)

        guard case .notOpened(let words) = try await stream.end() else { return #expect(Bool(false), "\(stream.events)") }
        #expect(words.hasPrefix("TLS"))
        #expect(venue.arrivals.isEmpty)
    }

    @Test func `plain goes to loopback only`() async throws {
        let stream = try StreamClient(Client(), to: HTTPOrigin(isTLS: false, host: "192.0.2.1", port: 80))

        #expect(try await stream.end() == .notOpened("plain HTTP goes to loopback only"))
    }

    @Test(arguments: [401, 429, 503, 302]) func `another answer than 101 is told with its status, and followed nowhere`(status: Int) async throws {
        let body = Array("{\"code\":7}".utf8)
        let server = try CountingServer { _, _ in
            .response(HTTPResponse(status: status, headers: [HTTPHeader("Location", "http://127.0.0.1:1/")], body: body))
        }
        let stream = try StreamClient(Client(), to: server.origin)

        guard case .refused(.refused(let answer)) = try await stream.end() else { return #expect(Bool(false), "\(stream.events)") }
        #expect(answer.status == status && answer.body == body)
        #expect(server.arrivals.count == 1)
        #expect(!stream.isOpen)
    }

    @Test func `a wrong proof, an extension and a cut answer open nothing`() async throws {
        let answers: [(bytes: [UInt8], words: String)] = [
            (WebSocketUpgrade.switching(accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the upgrade is wrong: a wrong Sec-WebSocket-Accept"),
            (Array("HTTP/1.1 101 S\r\nUpgr".utf8), "closed by the other side before the answer to the upgrade was complete"),
            (Array("HTTP/1.1 401 No\r\nContent-Length: 900\r\n\r\nhalf".utf8), "HTTP 401 in the place of 101"),
            ([], "closed by the other side before the answer to the upgrade was complete"),
        ]
        for (bytes, words) in answers {
            let server = try CountingServer { _, _ in .raw(bytes, thenClose: true) }
            let stream = try StreamClient(Client(), to: server.origin)
            #expect(try await stream.end().description == words)
            #expect(!stream.isOpen)
        }
        let server = try CountingServer { request, _ in
            let accept = WebSocketUpgrade.accept(request.header("sec-websocket-key") ?? "")
            return .raw(
                WebSocketUpgrade.switching(accept: accept, headers: [HTTPHeader("Sec-WebSocket-Extensions", "permessage-deflate")]), thenClose: true)
        }
        let stream = try StreamClient(Client(), to: server.origin)
        #expect(try await stream.end() == .refused(.notUpgraded("an extension that was not offered")))
    }

    @Test(arguments: [false, true]) func `an upgrade that is not answered, or in drops, costs its time and no more`(drops: Bool) async throws {
        let server = try RawServer { fd, _ in
            guard readRequest(fd) != nil else { return }
            if drops, sendRaw(fd, "HTTP/1.1 101 Switching Protocols\r\nX: ") { while sendRaw(fd, "x"), !waitReadable(fd, 5) {} } else { drain(fd) }
        }
        let stream = try StreamClient(Client(), to: server.origin, timeoutMs: 1_000)

        #expect(try await stream.end() == .notOpened("no answer to the upgrade within 1000 ms"))
    }

    @Test func `a port that refuses is told at once, and requests to it make no pause for it`() async throws {
        let closed = try RawServer(isOpen: false) { fd, _ in
            if readRequest(fd) != nil, sendRaw(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") { drain(fd) }
        }
        let client = try Client { ($0.backoffFloorMs, $0.backoffCeilingMs) = (36_000_000, 36_000_000) }
        for id in 1...3 as ClosedRange<Int64> {
            guard case .notOpened(let words) = try await StreamClient(client, to: closed.origin, id: id).end() else { return #expect(Bool(false)) }
            #expect(words.contains("refused"))
        }
        try closed.open()

        #expect(await client.send(to: closed.origin).answer?.status == 200)
    }

    @Test func `a stream takes no connection from requests, and no request goes over it`() async throws {
        let venue = try RawServer { fd, _ in
            guard let request = readRequest(fd) else { return }
            if case .switching(let answer) = WebSocketUpgrade.answer(to: request) {
                StreamPeer(fd).send(answer)
            } else if !sendRaw(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") {
                return
            }
            drain(fd)
        }
        let client = try Client()
        try client.transport.configure(venue.origin, maxConnections: 1)
        let streams = (1...3).map { StreamClient(client, to: venue.origin, id: $0) }
        for stream in streams { try await stream.opened() }

        #expect(client.transport.connections(to: venue.origin) == .init(idle: 0, open: 0))
        #expect(await client.send(to: venue.origin).answer?.status == 200)
        #expect(streams.flatMap(\.ends) == [])
    }

    @Test func `a shutdown takes leave of streams, and opens none`() async throws {
        let heard = Shared<[WebSocketMessage]>([])
        let venue = try StreamVenue { peer in while let message = peer.next() { heard.value.withLock { $0.append(message) } } }
        let stream = try StreamClient(Client(), to: venue.origin)
        try await stream.opened()

        stream.client.transport.shutdown(graceMs: 100)

        #expect(stream.ends == [.ours("shutting down")])
        #expect(await eventually { heard.now == [.close(WebSocketClose(1001))] })
        let late = StreamClient(stream.client, to: venue.origin, id: 2)
        #expect(late.ends == [.notOpened("the transport is shut down")])
    }

    @Test func `what opens a stream stands in no words of it`() async throws {
        let server = try StreamVenue { peer in
            peer.send(.close(WebSocketClose(1008, "bad secret/token=1 of Bearer header-secret")))
            drain(peer.fd)
        }
        let headers = [HTTPHeader("Authorization", "Bearer header-secret")]
        let stream = try StreamClient(Client(), to: server.origin, target: "/ws?token=secret%2Ftoken%3D1", headers: headers)

        let words = try await "\(stream.end())"

        #expect(words == "closed by the venue: 1008 (policy): bad … of …")
        let value = VenueStream(
            id: 1, origin: server.origin, target: "/ws?token=secret%2Ftoken%3D1", headers: headers, timeoutMs: 1, backlog: VenueStreamBacklog(),
            event: { _ in })
        #expect(!"\(value)".contains("secret") && !String(reflecting: value).contains("secret"))
        var dumped = ""
        dump(value, to: &dumped)
        #expect(!dumped.contains("secret"))
    }
}
