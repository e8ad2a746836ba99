import CLinux
import Kernel
import TestSupport
import Testing
import Wire

@testable import omsctl

/// A console over real sockets, as somebody else on the host would try it.
@Suite(.timeLimit(.minutes(5))) struct ConsoleServerTests {
    private static let token = String(repeating: "5", count: 64)

    private final class Console {
        let server: ConsoleServer
        var port: UInt16 { server.port }

        init(socketPath: String, chartFiles: [String] = []) throws {
            server = try ConsoleServer(
                listen: try ConsoleAddress(listen: "127.0.0.1:0"), socketPath: socketPath, token: ConsoleServerTests.token, chartFiles: chartFiles)
            try server.start()
        }

        deinit { server.stop() }

        func connect() throws -> Int32 {
            let address = try #require(SocketAddress(numeric: "127.0.0.1", port: port))
            let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            try #require(omsd_tcp_connect(made, address.bytes, socklen_t(address.bytes.count)) == 0)
            return made
        }

        /// All that comes back until the console closes.
        func converse(_ text: String, thenEnds: Bool = false) throws -> String {
            let connection = try connect()
            defer { close(connection) }
            _ = Array(text.utf8).withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if thenEnds { shutdown(connection, Int32(SHUT_WR)) }
            return ConsoleServerTests.readAll(connection)
        }

        func get(_ target: String, host: String? = nil, _ more: String = "") throws -> String {
            try converse("GET \(target) HTTP/1.1\r\nHost: \(host ?? "127.0.0.1:\(port)")\r\n\(more)\r\n")
        }

        /// The body of an answer to who has the token.
        func ask(_ path: String) throws -> JSON {
            let answer = try get(path, "Authorization: Bearer \(ConsoleServerTests.token)\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer)")
            return try JSONParser.parse(String(answer.split(separator: "\r\n\r\n", maxSplits: 1).last ?? ""))
        }

        /// Asks until what it says is true.
        func wait(_ holds: (JSON) -> Bool) throws -> JSON? {
            for _ in 0..<400 {
                let status = try ask("/api/status")
                if holds(status) { return status }
                poll(nil, 0, 25)
            }
            return nil
        }
    }

    private static func readAll(_ connection: Int32) -> String {
        var all: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 65_536)
        while true {
            var wait = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 20_000) > 0 else { return String(decoding: all, as: UTF8.self) + "(nothing more came)" }
            let count = recv(connection, &room, room.count, 0)
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += room.prefix(count)
        }
    }

    private static func daemon() throws -> ScriptedDaemon {
        try ScriptedDaemon { command in
            switch command {
            case .status: "{\"version\":\"9\",\"uptime_us\":1,\"seq\":7,\"ready\":true,\"journal\":\"ok\",\"unconfigured\":[]}"
            case .accountList: "{\"accounts\":[{\"account\":\"a\",\"state\":\"active\",\"ready\":true}]}"
            case .limitList: "{\"budgets\":[]}"
            default: nil
            }
        }
    }

    private static let page = "/?token=\(token)"

    @Test func `the page comes to who has the token, and everything that comes bars frames, foreign scripts, caches and referrers`() throws {
        let console = try Console(socketPath: "/nowhere")
        let targets = [
            Self.page, "/console.js?token=\(Self.token)", "/console.css?token=\(Self.token)", "/api/status?token=\(Self.token)", "/",
            "/nothing?token=\(Self.token)",
        ]
        for target in targets {
            let answer = try console.get(target)
            let wanted = [
                "Content-Security-Policy: default-src 'none';", "frame-ancestors 'none'", "X-Frame-Options: DENY", "nosniff",
                "Referrer-Policy: no-referrer",
                "Cache-Control: no-store", "Cross-Origin-Resource-Policy: same-origin",
            ]
            for header in wanted { #expect(answer.contains(header), "\(target): \(header)") }
            let head = answer.split(separator: "\r\n\r\n").first ?? ""
            #expect(!head.lowercased().contains("access-control") && !head.lowercased().contains("set-cookie") && !head.contains("unsafe"), "\(head)")
        }
        let page = try console.get(Self.page)
        #expect(page.hasPrefix("HTTP/1.1 200 ") && page.contains("console.js?token=\(Self.token)") && !page.contains("TOKEN"))
        // Nothing from elsewhere, and nothing that the policy would refuse.
        #expect(!page.contains("https://") && !page.contains(" style=") && !page.contains(" onclick") && page.ranges(of: "<script").count == 1)
        #expect(try console.get("/").hasPrefix("HTTP/1.1 403 "))
        #expect(try console.get(Self.page, host: "evil.example").hasPrefix("HTTP/1.1 403 "))
        #expect(try console.get(Self.page, "Origin: http://evil.example\r\n").hasPrefix("HTTP/1.1 403 "))
    }

    @Test func `the library for plots is served where Debian's package is installed, and named only then`() throws {
        let folder = ScratchDirectory()
        let file = try folder.write("chart.min.js", "window.Chart=1")
        let with = try Console(socketPath: "/nowhere", chartFiles: ["/nowhere/chart.js", file])
        #expect(try with.get(Self.page).contains("chart.js?token="))
        #expect(try with.get("/chart.js?token=\(Self.token)").hasSuffix("window.Chart=1"))
        let without = try Console(socketPath: "/nowhere")
        #expect(try !without.get(Self.page).contains("chart.js?token="))
        #expect(try without.get("/chart.js?token=\(Self.token)").hasPrefix("HTTP/1.1 404 "))
    }

    @Test func `hundreds of connections that bring nothing, or half a request, make room for one that asks`() throws {
        let console = try Console(socketPath: "/nowhere")
        var held: [Int32] = []
        defer { for connection in held { close(connection) } }
        for number in 0..<600 {
            let connection = try console.connect()
            held.append(connection)
            if number % 2 == 0 { _ = send(connection, "GET / HTTP/1.1\r\nHos", 19, Int32(MSG_NOSIGNAL)) }
        }
        #expect(try console.get(Self.page).hasPrefix("HTTP/1.1 200 "))
        // The first of them has been let go by now, without an answer.
        #expect(Self.readAll(held[0]) == "")
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n", "GET http://127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\(String(repeating: "A: b\r\n", count: 20_000))\r\n",
    ])
    func `what is no request, or a huge one, is 400 and a close, and the next one is served`(text: String) throws {
        let console = try Console(socketPath: "/nowhere")
        let answer = try console.converse(text)
        // Bytes that nobody read may turn the close into a reset, which can take the answer with it.
        #expect(answer.hasPrefix("HTTP/1.1 400 ") || answer.isEmpty, "\(answer.prefix(200))")
        #expect(try console.get(Self.page).hasPrefix("HTTP/1.1 200 "))
    }

    @Test func `who guesses is refused a hundred times, then reset, and who has the token is served meanwhile`() throws {
        let console = try Console(socketPath: "/nowhere")
        var refused = 0
        for number in 0..<130 where try console.get("/?token=\(number)").hasPrefix("HTTP/1.1 403 ") { refused += 1 }
        #expect(refused == 100)
        #expect(try console.get(Self.page).hasPrefix("HTTP/1.1 200 "))
        #expect(console.server.guessesToTell(at: bootTime()) == 130)
        #expect(console.server.guessesToTell(at: bootTime()) == 0)
    }

    @Test func `somebody who takes an answer byte by byte keeps nobody from theirs`() throws {
        let daemon = try Self.daemon()
        let console = try Console(socketPath: daemon.harness.path)
        let slow = try (0..<50).map { _ in try console.connect() }
        defer { for connection in slow { close(connection) } }
        let question = Array("GET /console.js?token=\(Self.token) HTTP/1.1\r\nHost: 127.0.0.1:\(console.port)\r\n\r\n".utf8)
        for connection in slow { _ = question.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) } }
        #expect(try console.wait { $0["facts"]?["verdict"]?.string == "right" } != nil)
    }

    @Test func `a page that is opened before its daemon says that there is none, and goes on when it comes`() throws {
        let folder = ScratchDirectory()
        let console = try Console(socketPath: folder.file("nobody.sock"))
        let status = try #require(try console.wait { $0["trouble"]?.string != nil })
        #expect(status["trouble"]?.string?.contains("systemctl start omsd") == true && status["facts"] == .null)
        #expect(try console.ask("/api/find?q=x")["words"]?.string?.contains("cannot be reached") == true)
    }

    @Test func `it asks what a viewer may, and nothing that changes anything, whoever looks for whatever`() throws {
        let daemon = try Self.daemon()
        let console = try Console(socketPath: daemon.harness.path)
        _ = try console.wait { $0["facts"] != .null }
        for target in ["/api/find?q=order.resolve", "/api/plots", "/api/find?q=*"] { _ = try console.ask(target) }
        for command in daemon.commands {
            switch command {
            case .submit, .intentCancel, .orderResolve, .breakAcknowledge, .setState, .reconcile, .limitTake, .limitRelease:
                Issue.record("\(command)")
            default: continue
            }
        }
        #expect(daemon.commands.count > 4)
    }
}
