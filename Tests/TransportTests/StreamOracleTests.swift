import CLinux
import TestSupport
import Testing
import Wire

@testable import Transport

/// Two libraries that are nobody's of this house, each at the other end: Debian's python3-websockets and python3-wsproto.
@Suite(.timeLimit(.minutes(5))) struct `Other people's WebSockets understand ours` {
    private static func words(_ report: String) -> String { readText(report) ?? "no report: are they installed (make setup)?" }

    @Test(arguments: ["websockets", "wsproto"]) func `our client is served by theirs`(library: String) async throws {
        let scratch = ScratchDirectory()
        let report = scratch.file("report")
        let server = Aside { runOracle(["serve", library, report]) }
        guard await eventually({ readText(report)?.hasSuffix("\n") == true }), let line = readText(report)?.dropLast(), let port = UInt16(line) else {
            _ = try server.join()
            throw Unexpected(Self.words(report))
        }
        let stream = try StreamClient(Client(), to: HTTPOrigin(isTLS: false, host: "127.0.0.1", port: port))
        try await stream.opened()
        let texts = [0, 1, 125, 126, 127, 65_535, 65_536, 100_000].map {
            String(repeating: "é", count: $0 / 2) + String(repeating: "x", count: $0 % 2)
        }

        for text in texts { stream.say(text) }
        for word in ["fragments", "ping"] { stream.say(word) }
        #expect(await eventually { stream.texts.last == "ponged" })
        stream.say("close")

        let end = try await stream.end()
        #expect(end == .closed(WebSocketClose(4001, "as you wish")))
        #expect(stream.texts == texts + ["fragments of € and 🚀", "ponged"])
        #expect(try server.join() == 0, "\(Self.words(report))")
    }

    /// An echo, in fragments now and then.
    @Test(arguments: ["websockets", "wsproto"]) func `their client is served by ours`(library: String) throws {
        let asked = Shared<HTTPRequest?>(nil)
        let last = Shared<WebSocketMessage?>(nil)
        let server = try RawServer { fd, _ in
            var peer = StreamPeer(fd)
            guard let request = peer.accept() else { return }
            asked.value.withLock { $0 = request }
            while let message = peer.next() {
                last.value.withLock { $0 = message }
                switch message {
                case .text, .binary: for frame in message.frames(of: 70_000, mask: { nil }) { peer.send(frame.bytes) }
                case .ping(let bytes): peer.send(.pong(bytes))
                case .pong: continue
                case .close(let close):
                    peer.send(.close(close.map { WebSocketClose($0.code) }))
                    return
                }
            }
        }
        let scratch = ScratchDirectory()
        let report = scratch.file("report")

        let status = runOracle(["connect", library, report, "\(server.port)"])

        #expect(status == 0, "\(status == 0 ? "" : Self.words(report))")
        #expect(last.now == .close(WebSocketClose(4002, "done")))
        #expect(asked.now?.target == "/ws?a=b")
    }
}
