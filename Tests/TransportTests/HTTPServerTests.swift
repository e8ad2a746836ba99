import CLinux
import Kernel
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Transport

@Suite(.timeLimit(.minutes(15))) struct `The local server` {
    /// Writes bytes to the server and reads until it closes.
    private func converse(_ port: UInt16, _ text: String) throws -> String {
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: port))
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(fd) }
        #expect(omsd_tcp_connect(fd, address.bytes, socklen_t(address.bytes.count)) == 0)
        #expect(sendRaw(fd, text))
        var all: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 4_096)
        while waitReadable(fd, 5_000) {
            let count = recv(fd, &room, room.count, 0)
            guard count > 0 else { break }
            all += room.prefix(count)
        }
        return String(decoding: all, as: UTF8.self)
    }

    @Test func `pipelined requests are answered in their order, however long the first takes`() throws {
        let server = try CountingServer { request, arrival in
            .response(HTTPResponse(status: 200, body: Array(request.target.utf8)), afterUs: arrival == 1 ? 50_000 : 0)
        }

        let answers = try converse(
            server.server.port,
            "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

        let bodies = answers.split(separator: "\r\n\r\n").map { $0.prefix(2) }
        #expect(bodies == ["HT", "/a", "/b", "/c"])
        #expect(server.arrivals.map(\.target) == ["/a", "/b", "/c"])
    }

    @Test func `a malformed request gets 400 and a close, and reaches nobody`() throws {
        let server = try CountingServer { _, _ in .response(HTTPResponse(status: 200)) }

        let answer = try converse(server.server.port, "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")

        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(server.arrivals.isEmpty)
    }

    @Test func `the first reply to a request is its only one, also from another thread`() throws {
        let server = try HTTPServer(address: "127.0.0.1:0") { _, _, responder in
            guard
                let thread = try? Thread.start(
                    "replies",
                    {
                        responder.send(.response(HTTPResponse(status: 200, body: [0x61]), afterUs: 20_000))
                        responder.send(.response(HTTPResponse(status: 500)))
                    })
            else { return }
            thread.join()
        }
        try server.start()
        defer { server.stop() }

        let answer = try converse(server.port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

        #expect(answer == "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na")
    }

    @Test func `an address that is taken or none is said, not trapped on`() throws {
        let first = try HTTPServer(address: "127.0.0.1:0") { _, _, _ in }

        for text in ["127.0.0.1:\(first.port)", "nowhere:80", "127.0.0.1", "", "[::1]", "127.0.0.1:70000"] {
            #expect(throws: TransportError.self) { try HTTPServer(address: text) { _, _, _ in } }
        }
    }

    @Test func `a request and its end in one go is still answered`() throws {
        let server = try CountingServer { _, _ in .response(HTTPResponse(status: 204)) }
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: server.server.port))
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(fd) }
        #expect(omsd_tcp_connect(fd, address.bytes, socklen_t(address.bytes.count)) == 0)

        #expect(sendRaw(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        shutdown(fd, Int32(SHUT_WR))

        var room = [UInt8](repeating: 0, count: 256)
        #expect(waitReadable(fd, 5_000))
        let count = recv(fd, &room, room.count, 0)
        #expect(String(decoding: room.prefix(max(count, 0)), as: UTF8.self).hasPrefix("HTTP/1.1 204 "))
    }

    @Test func `where connections have an end, one that never lets go is ended, and whoever waited for its place is answered`() throws {
        let server = try HTTPServer(address: "127.0.0.1:0", maxConnections: 1, connectionUs: 300_000) { _, _, responder in
            responder.send(.response(HTTPResponse(status: 200, body: [0x61])))
        }
        try server.start()
        defer { server.stop() }
        let address = try #require(SocketAddress(numeric: "127.0.0.1", port: server.port))
        let idle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(idle) }
        #expect(omsd_tcp_connect(idle, address.bytes, socklen_t(address.bytes.count)) == 0)

        // Two requests are asked for; each connection answers one.
        let answer = try converse(server.port, "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")

        #expect(answer == "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na")
        var room = [UInt8](repeating: 0, count: 16)
        #expect(waitReadable(idle, 5_000))
        #expect(recv(idle, &room, room.count, 0) <= 0)
    }
}
