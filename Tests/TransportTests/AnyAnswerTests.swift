import CLinux
import Kernel
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Transport

@Suite(.timeLimit(.minutes(15))) struct `Whatever the other side does` {
    /// Answers that are fine, cut, changed, late, repeated, missing or a reset.
    private static func reply(_ random: inout XorShift) -> ServerReply {
        let good = Array("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"code\":\"0\"}".utf8)
        var changed = good
        changed[Int(random.next() % UInt64(good.count))] = UInt8(truncatingIfNeeded: random.next())
        switch random.next() % 10 {
        case 0: return .reset()
        case 1: return .reset(afterUs: 2_000)
        case 2: return .silence
        case 3: return .raw(Array(good.prefix(Int(random.next() % UInt64(good.count)))), thenClose: true)
        case 4: return .raw(changed, thenClose: random.next() % 2 == 0)
        case 5: return .raw(good + good, thenClose: false)
        case 6: return .raw(good, thenClose: true)
        case 7: return .response(HTTPResponse(status: 503), afterUs: 3_000)
        default: return .response(HTTPResponse(status: 200))
        }
    }

    @Test(arguments: [(1 as UInt64, nil), (2, "good"), (3, nil), (4, "good")])
    func `each exchange ends once, and arrives once unless it says that it was not sent`(seed: UInt64, leaf: String?) async throws {
        let random = Shared(XorShift(state: seed))
        let server = try CountingServer(leaf: leaf) { _, _ in random.value.withLock { Self.reply(&$0) } }
        let client = try Client { ($0.backoffFloorMs, $0.backoffCeilingMs) = (1, 10) }
        try client.transport.configure(server.origin, maxConnections: 4, caFile: leaf == nil ? nil : Certificates.shared.authority)

        let ends = await withTaskGroup(of: (Int, HTTPExchangeEnd).self) { group in
            for number in 0..<300 {
                group.addTask {
                    let request = HTTPRequest("POST", "/", body: Array("\(number)".utf8))
                    return (number, await client.send(request, to: server.origin, staleInMs: 20_000, timeoutMs: 50))
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }

        #expect(ends.count == 300, "seed \(seed)")
        var arrivals: [Int: Int] = [:]
        for request in server.arrivals { arrivals[Int(String(decoding: request.body, as: UTF8.self)) ?? -1, default: 0] += 1 }
        for (number, end) in ends {
            switch end {
            case .answered: #expect(arrivals[number] == 1, "seed \(seed), exchange \(number)")
            // The other side may have ended the connection before it read the request.
            case .lost: #expect(arrivals[number, default: 0] <= 1, "seed \(seed), exchange \(number)")
            case .notSent: #expect(arrivals[number] == nil, "seed \(seed), exchange \(number): \(end)")
            }
        }
        #expect(ends.values.contains { $0.answer != nil } && ends.values.contains { $0.lostReason != nil }, "seed \(seed)")
        #expect(await eventually { client.transport.connections(to: server.origin).open <= 4 })
    }

    @Test func `a process that dies takes its unsent bytes along: sockets reset on close from the start`() throws {
        let socket = try Socket.outgoing(family: AF_INET)
        defer { socket.close() }
        var found = linger()
        var size = socklen_t(MemoryLayout<linger>.size)

        #expect(getsockopt(socket.fd, SOL_SOCKET, SO_LINGER, &found, &size) == 0)

        #expect(found.l_onoff != 0 && found.l_linger == 0)
    }
}
