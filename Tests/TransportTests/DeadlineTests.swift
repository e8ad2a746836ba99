import CLinux
import Kernel
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Transport

/// What a venue must never see: a request, or the rest of one, that was handed over when it was too late for it.
@Suite(.timeLimit(.minutes(15))) struct DeadlineTests {
    private static let ok = HTTPResponse(status: 200, body: Array("fine".utf8))
    /// More than the buffers of both ends hold.
    private static let large = HTTPRequest("POST", "/order", body: [UInt8](repeating: UInt8(ascii: "x"), count: 24 << 20))

    /// What a peer came to read before its connection ended.
    private struct Reading: Sendable {
        var bytes = 0
        var isReset = false
        var isOver = false
    }

    /// A peer that reads nothing until it is told to, and answers what it read in full.
    private static func reluctant(_ mayRead: @escaping @Sendable () -> Bool, _ reading: Shared<Reading>) throws -> RawServer {
        try RawServer { fd, _ in
            while !mayRead() { usleep(1_000) }
            var room = [UInt8](repeating: 0, count: 1 << 20)
            var read = Reading()
            while read.bytes < large.body.count, waitReadable(fd, testPatienceMs) {
                let count = recv(fd, &room, room.count, 0)
                guard count > 0 else {
                    read.isReset = count < 0 && omsd_errno() == ECONNRESET
                    break
                }
                read.bytes += count
            }
            if read.bytes >= large.body.count { _ = sendRaw(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
            read.isOver = true
            let result = read
            reading.value.withLock { $0 = result }
            drain(fd)
        }
    }

    @Test func `a body that is half sent when its deadline comes never arrives whole: the connection is reset, and the outcome in doubt`()
        async throws
    {
        let reading = Shared(Reading())
        let deadline = Atomic<Int64>(.max)
        let server = try Self.reluctant({ bootTime() > deadline.load(ordering: .sequentiallyConsistent) }, reading)
        let client = try Client()
        deadline.store(bootTime() + 3_500_000, ordering: .sequentiallyConsistent)

        let end = await client.send(Self.large, to: server.origin, staleInMs: 3_000, timeoutMs: 30_000)

        guard case .lost(let reason, let sentAt, let resetAt) = end else { return #expect(Bool(false), "\(end)") }
        #expect(reason.contains("bytes of the request were left"), "\(reason)")
        #expect(resetAt.monotonic - sentAt.monotonic < 20_000_000, "it did not wait for an answer to half a request")
        #expect(await eventually { reading.now.isOver })
        #expect(reading.now.bytes < Self.large.body.count && reading.now.isReset, "\(reading.now)")
    }

    @Test func `a body that is half sent when the process may send no more is reset`() async throws {
        let reading = Shared(Reading())
        let mayRead = Atomic<Bool>(false)
        let server = try Self.reluctant({ mayRead.load(ordering: .sequentiallyConsistent) }, reading)
        let asked = Atomic<Int>(0)
        // Before it is signed, before its first byte, and once more.
        let client = try Client { $0.maySend = { _ in asked.add(1, ordering: .sequentiallyConsistent).newValue <= 2 } }

        let end = await client.send(Self.large, to: server.origin, staleInMs: 20_000, timeoutMs: 30_000)
        mayRead.store(true, ordering: .sequentiallyConsistent)

        #expect(end.lostReason?.contains("bytes of the request were left") == true, "\(end)")
        #expect(await eventually { reading.now.isOver })
        #expect(reading.now.bytes < Self.large.body.count && reading.now.isReset, "\(reading.now)")
    }

    @Test(arguments: [nil, "good"]) func `a request that may not leave any more once it is signed was not sent`(leaf: String?) async throws {
        let server = try CountingServer(leaf: leaf) { _, _ in .response(Self.ok) }
        for bar in 1...2 {
            let asked = Atomic<Int>(0)
            let client = try Client { $0.maySend = { _ in asked.add(1, ordering: .sequentiallyConsistent).newValue != bar } }
            try client.transport.configure(server.origin, maxConnections: 1, caFile: leaf == nil ? nil : Certificates.shared.authority)

            let end = await client.send(to: server.origin)

            #expect(end.notSentReason?.contains("may not send") == true, "\(end)")
            // What was encrypted and not sent spoils nothing of what comes next.
            #expect(await client.send(to: server.origin).answer?.status == 200)
        }
        #expect(server.arrivals.count == 2)
    }

    @Test func `a signature that takes longer than the request has sends nothing`() async throws {
        let server = try CountingServer { _, _ in .response(Self.ok) }
        let client = try Client()
        let until = bootTime() + 300_000

        let end = await client.send(to: server.origin, staleInMs: 200) { _ in while bootTime() < until { usleep(1_000) } }

        #expect(end.notSentReason?.contains("stale") == true, "\(end)")
        #expect(await client.send(to: server.origin).answer?.status == 200)
        #expect(server.arrivals.count == 1)
    }

    @Test func `an answer that comes behind the deadline of its request is its answer`() async throws {
        let server = try RawServer { fd, _ in
            guard readRequest(fd) != nil else { return }
            let until = bootTime() + 500_000
            while bootTime() < until { usleep(1_000) }
            _ = sendRaw(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            drain(fd)
        }
        let client = try Client()

        #expect(await client.send(to: server.origin, staleInMs: 200).answer?.status == 200)
    }

    @Test func `nothing is said on a stream while the process may not send`() async throws {
        let mayTalk = Atomic<Bool>(false)
        let server = try CountingServer { _, _ in .response(Self.ok) }
        let client = try Client { $0.maySend = { _ in mayTalk.load(ordering: .sequentiallyConsistent) } }

        let stream = StreamClient(client, to: server.origin)

        #expect(try await stream.end().description.contains("may not send"))
        #expect(server.arrivals.isEmpty)
        mayTalk.store(true, ordering: .sequentiallyConsistent)
        #expect(await client.send(to: server.origin).answer?.status == 200)
    }
}
