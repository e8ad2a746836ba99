import CLinux
import Kernel
import Synchronization
import TestSupport
import Testing
@testable import Transport
import Wire

@Suite(.timeLimit(.minutes(15))) struct `Waiting for a connection` {
    private static let ok = HTTPResponse(status: 200)

    @Test func `an exchange that goes stale while all connections are busy was never sent`() async throws {
        let waiting = Shared<[any ServerResponder]>([])
        let server = try HTTPServer(address: "127.0.0.1:0") { _, _, responder in waiting.value.withLock { $0.append(responder) } }
        try server.start()
        defer { server.stop() }
        let origin = HTTPOrigin(isTLS: false, host: "127.0.0.1", port: server.port)
        let client = try Client()
        try client.transport.configure(origin, maxConnections: 1)
        async let busy = client.send(to: origin, timeoutMs: 600_000)
        #expect(await eventually { waiting.now.count == 1 })

        let stale = await client.send(to: origin, staleInMs: 100)

        #expect(stale.notSentReason?.contains("stale") == true, "\(stale)")
        waiting.now.first?.send(.response(Self.ok))
        #expect(await busy.answer?.status == 200)
        #expect(waiting.now.count == 1)
    }

    @Test func `an exchange that comes too late is not sent`() async throws {
        let server = try CountingServer { _, _ in .response(Self.ok) }
        let client = try Client()

        #expect(await client.send(to: server.origin, staleInMs: 0).notSentReason?.contains("stale") == true)
        #expect(server.arrivals.isEmpty)
    }

    @Test func `a refused connect is not sent, and the next exchange hears of it at once`() async throws {
        let closed = try RawServer(isOpen: false) { _, _ in }
        // So long that the jitter, which draws from all of it, leaves time for a second exchange on any machine.
        let client = try Client { ($0.backoffFloorMs, $0.backoffCeilingMs) = (36_000_000, 36_000_000) }

        let first = await client.send(to: closed.origin)
        let second = await client.send(to: closed.origin)

        #expect(first.notSentReason?.contains("refused") == true, "\(first)")
        #expect(second.notSentReason?.hasPrefix("pausing") == true, "\(second)")
    }

    @Test func `a name that nobody knows is not sent`() async throws {
        let client = try Client()

        let end = await client.send(to: HTTPOrigin(isTLS: true, host: "no-such-host.invalid", port: 443))

        #expect(end.notSentReason != nil, "\(end)")
    }

    @Test func `a listener that never answers the handshake costs the connect time and no more`() async throws {
        let server = try RawServer { fd, _ in drain(fd) }
        let client = try Client { $0.connectTimeoutMs = 150 }

        let end = await client.send(to: HTTPOrigin(isTLS: true, host: "127.0.0.1", port: server.port))

        #expect(end.notSentReason?.contains("150 ms") == true, "\(end)")
    }

    @Test(arguments: [nil, "good"]) func `many exchanges share few connections, each arrives once and gets its own answer`(leaf: String?) async throws
    {
        let server = try CountingServer(leaf: leaf) { request, arrival in
            .response(HTTPResponse(status: 200, body: request.body), afterUs: Int64(arrival % 3) * 500)
        }
        let client = try Client()
        try client.transport.configure(server.origin, maxConnections: 4, caFile: leaf == nil ? nil : Certificates.shared.authority)

        let own = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<500 {
                group.addTask {
                    let body = Array("\(number)".utf8)
                    return await client.send(HTTPRequest("POST", "/", body: body), to: server.origin).answer?.body == body
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }

        #expect(own == 500)
        #expect(Set(server.arrivals.map(\.body)).count == 500 && server.arrivals.count == 500)
        #expect(client.transport.openCount <= 4)
    }

    @Test func `warm connections stand ready within the bound, and carry what comes`() async throws {
        let server = try CountingServer(leaf: "good") { _, _ in .response(Self.ok) }
        let client = try Client()
        try client.transport.configure(server.origin, maxConnections: 3, caFile: Certificates.shared.authority)

        client.transport.warm(server.origin, count: 10)

        #expect(await eventually { client.transport.connections(to: server.origin) == .init(idle: 3, open: 3) })
        #expect(await client.send(to: server.origin).answer?.status == 200)
        #expect(client.transport.openCount == 3)
    }

    @Test func `a shutdown lets a timely answer in, resets the late one and sends nothing that waits`() async throws {
        let server = try CountingServer { request, _ in request.target == "/soon" ? .response(Self.ok, afterUs: 100_000) : .silence }
        let client = try Client()
        try client.transport.configure(server.origin, maxConnections: 2)
        async let soon = client.send(HTTPRequest("GET", "/soon"), to: server.origin)
        async let never = client.send(HTTPRequest("GET", "/never"), to: server.origin)
        #expect(await eventually { server.arrivals.count == 2 })
        async let waiting = client.send(to: server.origin)

        client.transport.shutdown(graceMs: 600)

        #expect(await soon.answer?.status == 200)
        #expect(await never.lostReason == "shutting down")
        #expect(await waiting.notSentReason != nil)
        #expect(await client.send(to: server.origin).notSentReason != nil)
        #expect(server.arrivals.count == 2)
        #expect(client.transport.openCount == 0)
    }

    @Test func `an origin that comes back is used again after the pause`() async throws {
        let server = try RawServer(isOpen: false) { fd, _ in
            if readRequest(fd) != nil, sendRaw(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") { drain(fd) }
        }
        let client = try Client { ($0.backoffFloorMs, $0.backoffCeilingMs) = (1, 20) }
        #expect(await client.send(to: server.origin).notSentReason != nil)
        try server.open()

        let deadline = bootTime() + 10_000_000
        var end = await client.send(to: server.origin)
        while end.notSentReason != nil, bootTime() < deadline { end = await client.send(to: server.origin) }

        #expect(end.answer?.status == 200)
    }

    @Test(arguments: [("127.0.0.1:0", "localhost"), ("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1")])
    func `a host is reached by name or address, of either family`(address: String, host: String) async throws {
        let server = try HTTPServer(address: address) { _, _, responder in responder.send(.response(Self.ok)) }
        try server.start()
        defer { server.stop() }
        let client = try Client()

        #expect(await client.send(to: HTTPOrigin(isTLS: false, host: host, port: server.port)).answer?.status == 200)
    }

    @Test func `another origin is served while one is down`() async throws {
        let server = try CountingServer { _, _ in .response(Self.ok) }
        let silent = try RawServer { fd, _ in drain(fd) }
        let client = try Client()
        async let stuck = client.send(to: HTTPOrigin(isTLS: true, host: "127.0.0.1", port: silent.port), staleInMs: 300)

        #expect(await client.send(to: server.origin).answer?.status == 200)
        #expect(await stuck.notSentReason != nil)
    }
}
