import Testing
import Transport
import Wire

@Suite(.timeLimit(.minutes(15))) struct `Who answers must prove it` {
    private func attempt(leaf: String, caFile: String?, host: String = "127.0.0.1") async throws -> (end: HTTPExchangeEnd, arrivals: Int) {
        let server = try CountingServer(leaf: leaf) { _, _ in .response(HTTPResponse(status: 200)) }
        let client = try Client()
        let origin = HTTPOrigin(isTLS: true, host: host, port: server.server.port)
        try client.transport.configure(origin, maxConnections: 2, caFile: caFile)
        let end = await client.send(to: origin)
        return (end, server.arrivals.count)
    }

    @Test(arguments: ["127.0.0.1", "localhost"]) func `a certificate of the configured authority for this host is accepted`(host: String) async throws
    {
        let (end, arrivals) = try await attempt(leaf: "good", caFile: Certificates.shared.authority, host: host)

        #expect(end.answer?.status == 200)
        #expect(arrivals == 1)
    }

    @Test(arguments: [
        ("elsewhere", true, "127.0.0.1", "mismatch"), ("elsewhere", true, "localhost", "mismatch"), ("expired", true, "127.0.0.1", "expired"),
    ]) func `another host's or an expired certificate ends the attempt before a byte of it leaves`(
        leaf: String, isKnown: Bool, host: String, words: String
    ) async throws {
        let (end, arrivals) = try await attempt(leaf: leaf, caFile: Certificates.shared.authority, host: host)

        #expect(end.notSentReason?.contains(words) == true, "\(end)")
        #expect(arrivals == 0)
    }

    @Test func `an authority that is not trusted proves nothing`() async throws {
        for caFile in [nil, Certificates.shared.stranger] {
            let (end, arrivals) = try await attempt(leaf: "good", caFile: caFile)

            #expect(end.notSentReason?.contains("TLS") == true, "\(end)")
            #expect(arrivals == 0)
        }
    }

    @Test func `a server that speaks no TLS gets no request`() async throws {
        let server = try CountingServer { _, _ in .response(HTTPResponse(status: 200)) }
        let client = try Client()

        let end = await client.send(to: HTTPOrigin(isTLS: true, host: "127.0.0.1", port: server.server.port))

        #expect(end.notSentReason?.contains("TLS") == true, "\(end)")
        #expect(server.arrivals.isEmpty)
    }

    @Test func `plain HTTP goes to loopback only`() async throws {
        let client = try Client()
        let outside = HTTPOrigin(isTLS: false, host: "192.0.2.1", port: 80)

        #expect(await client.send(to: outside).notSentReason?.contains("loopback") == true)
        #expect(throws: TransportError.self) { try client.transport.configure(outside, maxConnections: 1) }
    }

    @Test func `a CA file that is none is refused when it is configured`() throws {
        let client = try Client()
        let origin = HTTPOrigin(isTLS: true, host: "127.0.0.1", port: 1)

        #expect(throws: TransportError.self) { try client.transport.configure(origin, maxConnections: 1, caFile: "/nonexistent.pem") }
        #expect(throws: TransportError.self) {
            try client.transport.configure(origin, maxConnections: 1, caFile: Certificates.shared.files("good").keyFile)
        }
    }
}
