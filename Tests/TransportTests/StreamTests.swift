import CLinux
import Containers
import TestSupport
import Testing
import Wire

@testable import Transport

@Suite(.timeLimit(.minutes(10))) struct `A stream tells all that came, and why it ended` {
    @Test func `messages come whole and in order however they are cut, pings are answered, and what is said arrives`() async throws {
        let heard = Shared<[WebSocketMessage]>([])
        let venue = try StreamVenue { peer in
            let text = WebSocketMessage.text("first €").frames(of: 3, mask: { nil })
            for byte in (text[0].bytes + WebSocketMessage.ping([7]).frame(mask: nil).bytes + text[1...].flatMap(\.bytes)) { peer.send([byte]) }
            peer.send(.binary([1, 2, 3]))
            peer.send(.pong([]))
            for number in 0..<1_000 { peer.send(.text("\(number)")) }
            while let message = peer.next() {
                heard.value.withLock { $0.append(message) }
                if message == .text("bye") { peer.send(.close(WebSocketClose(1012, "maintenance"))) }
            }
        }
        let stream = try StreamClient(Client(), to: venue.origin, target: "/ws?a=b", headers: [HTTPHeader("Authorization", "Bearer token")])
        try await stream.opened()
        #expect(await eventually { stream.texts.count == 1_001 })
        for word in ["hello", "ping", "bye"] { stream.say(word) }

        #expect(try await stream.end() == .closed(WebSocketClose(1012, "maintenance")))
        #expect(stream.texts == ["first €"] + (0..<1_000).map(String.init))
        #expect(stream.events.contains { if case .binary(bytes: 3, _) = $0 { true } else { false } })
        #expect(stream.events.contains { if case .pong = $0 { true } else { false } })
        #expect(stream.backlog.bytes == 0)
        // The close was answered by its own code, behind all that was said.
        #expect(await eventually { heard.now.last == .close(WebSocketClose(1012)) })
        #expect(heard.now == [.pong([7]), .text("hello"), .text("ping"), .text("bye"), .close(WebSocketClose(1012))])
        let upgrade = try #require(venue.upgrades.first)
        #expect(upgrade.target == "/ws?a=b" && upgrade.header("authorization") == "Bearer token")
        #expect(venue.upgrades.count == 1)
    }

    @Test func `texts that come together are told together, and in order with what stands between them`() async throws {
        let venue = try StreamVenue { peer in
            let texts = ["order", "fill"].map { WebSocketMessage.text($0).frame(mask: nil).bytes }
            peer.send(texts[0] + texts[1])
            guard peer.next() == .text("more") else { return }
            peer.send(texts[0] + WebSocketMessage.pong([]).frame(mask: nil).bytes + texts[1] + WebSocketMessage.close(nil).frame(mask: nil).bytes)
            drain(peer.fd)
        }
        let stream = try StreamClient(Client(), to: venue.origin)
        try #require(await eventually { stream.texts.count == 2 })
        #expect(stream.reads == [["order", "fill"]])
        stream.say("more")

        #expect(try await stream.end() == .closed(nil))
        #expect(stream.reads == [["order", "fill"], ["order"], ["fill"]])
        guard case .pong = stream.events[stream.events.count - 3] else { return #expect(Bool(false), "\(stream.events)") }
        #expect(stream.backlog.bytes == 0)
    }

    @Test func `the times of events are those of their bytes`() async throws {
        let venue = try StreamVenue { peer in
            peer.send(.text("a"))
            _ = peer.next()
        }
        let before = TransportTime.now()
        let stream = try StreamClient(Client(), to: venue.origin)
        try #require(await eventually { stream.texts == ["a"] })
        guard case .opened(let opened) = stream.events[0], case .messages(_, let told) = stream.events[1] else {
            return #expect(Bool(false), "\(stream.events)")
        }
        #expect(before.monotonic <= opened.monotonic && opened.monotonic <= told.monotonic && told.wall > 1_700_000_000_000_000)
    }

    @Test func `a close of ours takes leave: what the venue said before it heard of it still comes`() async throws {
        let venue = try StreamVenue { peer in
            guard peer.next() == .close(WebSocketClose(1000)) else { return }
            peer.send(.text("late"))
            peer.send(.close(WebSocketClose(1000)))
            drain(peer.fd)
        }
        let stream = try StreamClient(Client(), to: venue.origin)
        try await stream.opened()

        stream.client.transport.close(stream.id, "enough")
        stream.say("nobody hears it")

        #expect(try await stream.end() == .ours("enough"))
        #expect(stream.texts == ["late"])
    }

    @Test func `a close that is never answered ends when its time is over`() async throws {
        let venue = try StreamVenue { peer in drain(peer.fd) }
        let stream = try StreamClient(Client { $0.closeTimeoutMs = 50 }, to: venue.origin)
        try await stream.opened()
        let before = TransportTime.now()

        stream.client.transport.close(stream.id, "enough")

        #expect(try await stream.end() == .ours("enough"))
        guard case .closed(_, let at) = stream.events.last else { return #expect(Bool(false)) }
        #expect(at.monotonic - before.monotonic >= 50_000)
    }

    @Test(arguments: [
        (bytes: [0x81] as [UInt8], words: "closed by the other side in the middle of a frame"),
        ([0x81, 0x05, 0x41], "closed by the other side in the middle of a frame"),
        ([0x01, 0x01, 0x41], "closed by the other side in the middle of a message"), ([], "closed by the other side without a close"),
        ([0x81, 0x01, 0x41], "closed by the other side without a close"),
    ]) func `a cut says where it was`(bytes: [UInt8], words: String) async throws {
        let venue = try StreamVenue { peer in
            peer.send(bytes)
            shutdown(peer.fd, Int32(SHUT_WR))
            drain(peer.fd)
        }
        let stream = try StreamClient(Client(), to: venue.origin)

        #expect(try await stream.end() == .cut(words))
    }

    @Test func `a reset says so`() async throws {
        let venue = try StreamVenue { peer in
            // Not before the client is in: a reset takes what was not read yet with it.
            _ = peer.next()
            _ = omsd_reset_on_close(peer.fd)
        }
        let stream = try StreamClient(Client(), to: venue.origin)
        try await stream.opened()
        stream.say("go")

        guard case .cut(let words) = try await stream.end() else { return #expect(Bool(false), "\(stream.events)") }
        #expect(words.contains("reset"))
    }

    /// Each with the code that the venue is told.
    @Test(
        arguments: [
            (WebSocketFault.masked, 1002), (.reservedBits, 1002), (.badText, 1007), (.messageTooLarge, 1009), (.controlTooLong, 1002),
            (.badLength, 1002), (.unknownOpcode(3), 1002), (.strayContinuation, 1002), (.badCloseCode(1005), 1002),
        ] as [(WebSocketFault, UInt16)]) func `what no venue may send ends the stream, and the venue is told by code`(
            fault: WebSocketFault, code: UInt16
        ) async throws
    {
        var frame = WebSocketMessage.text("x").frame(mask: nil)
        switch fault {
        case .masked: frame.mask = 5
        case .reservedBits: frame.reservedBits = 4
        case .badText: frame.payload = [0xC3, 0x28]
        case .messageTooLarge: frame.claimedLength = 5 << 20
        case .controlTooLong: frame = WebSocketFrame(WebSocketFrame.Opcode.ping, [UInt8](repeating: 0, count: 126), mask: nil)
        case .badLength: frame.lengthForm = .eight
        case .strayContinuation: frame.opcode = WebSocketFrame.Opcode.continuation
        case .badCloseCode(let code?): frame = WebSocketMessage.close(WebSocketClose(code)).frame(mask: nil)
        default: frame.opcode = 3
        }
        let heard = Shared<[WebSocketMessage]>([])
        let wrong = frame.bytes
        let venue = try StreamVenue { peer in
            peer.send(.text("good"))
            peer.send(wrong)
            peer.send(.text("behind it"))
            while let message = peer.next() { heard.value.withLock { $0.append(message) } }
        }
        let stream = try StreamClient(Client(), to: venue.origin)

        #expect(try await stream.end() == .fault(fault))
        #expect(stream.texts == ["good"])
        #expect(await eventually { heard.now == [.close(WebSocketClose(code))] })
    }

    /// A traversal of hostile bytes: whatever comes, there is an end and no trap.
    @Test func `noise behind an upgrade, and in its place, is an end with words`() async throws {
        for seed in 1...40 as ClosedRange<UInt64> {
            let server = try RawServer { fd, _ in
                var random = SplitMix64(seed: seed)
                let peer = StreamPeer(fd)
                if seed % 4 == 0 { _ = readRequest(fd) } else { _ = peer.accept() }
                peer.send((0..<200).map { _ in UInt8(truncatingIfNeeded: random.next() >> 33) })
                shutdown(fd, Int32(SHUT_WR))
                drain(fd)
            }
            let stream = try StreamClient(Client(), to: server.origin)
            #expect(try await !stream.end().description.isEmpty, "seed \(seed)")
        }
    }

    @Test func `a reader that falls behind loses its stream, and no message before that`() async throws {
        let venue = try StreamVenue { peer in
            for number in 0..<200 where !peer.send(.text("\(number)" + String(repeating: ".", count: 997))) { return }
            while peer.next() != nil {}
        }
        let stream = try StreamClient(Client(), to: venue.origin, backlog: VenueStreamBacklog(bytesMax: 50_000), takes: false)

        guard case .behind(let bytes) = try await stream.end() else { return #expect(Bool(false), "\(stream.events)") }
        #expect((48_000...50_000).contains(bytes))
        #expect(stream.texts.map { $0.prefix { $0 != "." } } == (0..<stream.texts.count).map { "\($0)"[...] })
        #expect(stream.texts.count > 40)
    }

    @Test func `a venue that reads nothing loses its stream before what waits grows without bound`() async throws {
        let venue = try StreamVenue { peer in waitHangUp(peer.fd) }
        let stream = try StreamClient(Client { $0.streamUnsentMax = 100_000 }, to: venue.origin)
        try await stream.opened()
        let text = String(repeating: "x", count: 60_000)
        for _ in 0..<2_000 where stream.ends.isEmpty { stream.say(text) }

        guard case .cut(let words) = try await stream.end() else { return #expect(Bool(false), "\(stream.events)") }
        #expect(words.hasPrefix("the venue reads nothing"), "\(words)")
    }
}
