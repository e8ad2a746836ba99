import CLinux
import Synchronization
import TestSupport
import Testing
import Transport
import Wire

@Suite(.timeLimit(.minutes(15))) struct `One attempt is one arrival` {
    private static let ok = HTTPResponse(status: 200, body: Array("fine".utf8))

    private func client(for server: CountingServer, maxConnections: Int = 1) throws -> Client {
        let client = try Client()
        try client.transport.configure(server.origin, maxConnections: maxConnections, caFile: server.isTLS ? Certificates.shared.authority : nil)
        return client
    }

    @Test(arguments: [nil, "good"]) func `a request arrives as it was signed and its answer comes back`(leaf: String?) async throws {
        let server = try CountingServer(leaf: leaf) { _, _ in .response(Self.ok) }
        let client = try client(for: server)
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 3_000_000)

        let end = await client.send(HTTPRequest("POST", "/v1?a=b", body: body), to: server.origin) { $0.headers.append(.init("X-Sign", "s")) }

        guard case .answered(let answer, let sentAt, let lastByteAt) = end else { return #expect(Bool(false), "\(end)") }
        #expect(answer.body == Array("fine".utf8))
        #expect(sentAt.monotonic <= lastByteAt.monotonic && sentAt.wall > 1_700_000_000_000_000)
        #expect(server.arrivals.count == 1)
        #expect(server.arrivals.first?.header("x-sign") == "s")
        #expect(server.arrivals.first?.body == body)
    }

    @Test(arguments: [nil, "good"]) func `a reused connection that is reset after the request was read is not tried again`(leaf: String?) async throws
    {
        let server = try CountingServer(leaf: leaf) { _, arrival in arrival == 1 ? .response(Self.ok) : .reset() }
        let client = try client(for: server)

        #expect(await client.send(to: server.origin).answer?.status == 200)
        let second = await client.send(to: server.origin)

        #expect(second.lostReason != nil, "\(second)")
        #expect(server.arrivals.count == 2)
        #expect(client.transport.connections(to: server.origin).idle == 0)
    }

    @Test(arguments: [nil, "good"]) func `an answer cut at any byte is lost, never answered`(leaf: String?) async throws {
        let bytes = try Self.ok.serialized(keepsAlive: true)
        let server = try CountingServer(leaf: leaf) { _, arrival in .raw(Array(bytes.prefix(arrival - 1)), thenClose: true) }
        let client = try client(for: server)

        for cut in bytes.indices {
            let end = await client.send(to: server.origin)
            #expect(end.lostReason != nil, "cut at \(cut): \(end)")
        }
        #expect(await client.send(to: server.origin).answer == HTTPResponse(status: 200, headers: [.init("Content-Length", "4")], body: Self.ok.body))
        #expect(server.arrivals.count == bytes.count + 1)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}x",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n{}", "<html>no</html>\r\n\r\n",
    ]) func `an answer that could be read in two ways is lost, and its connection is not used again`(text: String) async throws {
        let server = try CountingServer { _, arrival in arrival == 1 ? .raw(Array(text.utf8), thenClose: false) : .response(Self.ok) }
        let client = try client(for: server)

        let first = await client.send(to: server.origin)

        #expect(first.lostReason != nil, "\(first)")
        #expect(await client.send(to: server.origin).answer?.body == Self.ok.body)
        #expect(server.arrivals.count == 2)
    }

    @Test func `an answer in drops does not hold its exchange beyond the total deadline, and the socket is reset`() async throws {
        let sawReset = Atomic<Bool>(false)
        let server = try RawServer { fd, _ in
            guard readRequest(fd) != nil, sendRaw(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n") else { return }
            while !waitReadable(fd, 20) { if !sendRaw(fd, "x") { break } }
            var byte: UInt8 = 0
            let got = recv(fd, &byte, 1, 0)
            sawReset.store(got < 0 && omsd_errno() == ECONNRESET, ordering: .sequentiallyConsistent)
        }
        let client = try Client()

        let end = await client.send(to: server.origin, timeoutMs: 150)

        guard case .lost(_, let sentAt, let resetAt) = end else { return #expect(Bool(false), "\(end)") }
        #expect((150_000..<2_000_000).contains(resetAt.monotonic - sentAt.monotonic))
        #expect(await eventually { sawReset.load(ordering: .sequentiallyConsistent) })
    }

    /// The loop sleeps then, without a deadline of its own; who sends writes the request itself.
    @Test(arguments: [nil, "good"]) func `a request that leaves over an idle connection has its deadline like any other`(leaf: String?) async throws {
        let server = try CountingServer(leaf: leaf) { _, arrival in arrival == 1 ? .response(Self.ok) : .silence }
        let client = try client(for: server)
        #expect(await client.send(to: server.origin).answer?.status == 200)
        #expect(await eventually { client.transport.idleCount == 1 })

        let end = await client.send(to: server.origin, timeoutMs: 150)

        guard case .lost(_, let sentAt, let resetAt) = end else { return #expect(Bool(false), "\(end)") }
        #expect((150_000..<2_000_000).contains(resetAt.monotonic - sentAt.monotonic))
        #expect(server.arrivals.count == 2)
    }

    @Test(arguments: [nil, "good"]) func `a connection that the server closed while idle is replaced before the next request`(leaf: String?)
        async throws
    {
        let bytes = try Self.ok.serialized(keepsAlive: true)
        let server = try CountingServer(leaf: leaf) { _, _ in .raw(bytes, thenClose: true) }
        let client = try client(for: server)

        for round in 1...20 {
            let end = await client.send(to: server.origin)
            // The close may cross the next request: then that is lost, but still not repeated.
            #expect(end.answer != nil || end.lostReason != nil, "round \(round): \(end)")
            #expect(server.arrivals.count <= round)
            #expect(await eventually { client.transport.connections(to: server.origin).open == 0 })
        }
        #expect(server.arrivals.count == 20)
    }

    @Test func `bytes that nobody asked for end an idle connection`() async throws {
        let mayTalk = Atomic<Bool>(false)
        let clientLeft = Atomic<Bool>(false)
        let server = try RawServer { fd, _ in
            guard readRequest(fd) != nil, sendRaw(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") else { return }
            while !mayTalk.load(ordering: .sequentiallyConsistent) { if waitReadable(fd, 5) { return } }
            // The server stays: whoever ends this is the client.
            guard sendRaw(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") else { return }
            clientLeft.store(waitReadable(fd, 20_000), ordering: .sequentiallyConsistent)
        }
        let client = try Client()
        #expect(await client.send(to: server.origin).answer?.status == 200)
        #expect(await eventually { client.transport.connections(to: server.origin).idle == 1 })

        mayTalk.store(true, ordering: .sequentiallyConsistent)

        #expect(await eventually { clientLeft.load(ordering: .sequentiallyConsistent) })
        #expect(await eventually { client.transport.connections(to: server.origin).open == 0 })
    }

    @Test func `a redirect is an answer, and is not followed`() async throws {
        let server = try CountingServer { _, _ in .response(HTTPResponse(status: 307, headers: [.init("Location", "/elsewhere")])) }
        let client = try client(for: server)

        #expect(await client.send(to: server.origin).answer?.status == 307)
        #expect(server.arrivals.map(\.target) == ["/order"])
    }

    @Test func `an informational answer is not the answer`() async throws {
        let server = try CountingServer { _, _ in
            .raw(Array("HTTP/1.1 103 Hint\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8), thenClose: false)
        }
        let client = try client(for: server)

        #expect(await client.send(to: server.origin).answer?.status == 200)
    }

    @Test func `an answer that ends its connection counts, and the next request takes a new one`() async throws {
        let bytes = try Self.ok.serialized(keepsAlive: false)
        let server = try CountingServer { _, _ in .raw(bytes, thenClose: false) }
        let client = try client(for: server)

        for _ in 1...3 { #expect(await client.send(to: server.origin).answer?.status == 200) }
        #expect(server.arrivals.count == 3)
        #expect(client.transport.connections(to: server.origin).idle == 0)
    }

    @Test func `an answer before the request is written in full belongs to nobody`() async throws {
        let server = try RawServer { fd, _ in
            guard waitReadable(fd, 5_000), sendRaw(fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n") else { return }
            waitHangUp(fd)
        }
        let client = try Client()
        let body = [UInt8](repeating: 0, count: 64 * 1024 * 1024)

        let end = await client.send(HTTPRequest("POST", "/", body: body), to: server.origin)

        #expect(end.lostReason != nil, "\(end)")
    }

    @Test func `a request that cannot be written is not sent and leaves its connection as it was`() async throws {
        let server = try CountingServer { _, _ in .response(Self.ok) }
        let client = try client(for: server)

        let end = await client.send(to: server.origin) { $0.headers.append(.init("X-Key", "a\r\nX-Evil: b")) }

        #expect(end.notSentReason?.contains("forbiddenByte") == true, "\(end)")
        #expect(await client.send(to: server.origin).answer?.status == 200)
        #expect(server.arrivals.count == 1)
    }
}
