import Testing
import Wire

@Suite struct WebSocketFrameTests {
    private func read(_ frame: WebSocketFrame, from sender: WebSocketEnd) -> [WebSocketMessage] {
        var reader = WebSocketReader(from: sender)
        return reader.readAll(frame.bytes).messages
    }

    /// Source: RFC 6455, section 5.7.
    @Test func `frames are written as the RFC writes them`() {
        #expect(WebSocketMessage.text("Hello").frame(mask: nil).bytes == bytes("81 05 48 65 6c 6c 6f"))
        #expect(WebSocketMessage.text("Hello").frame(mask: 0x37fa_213d).bytes == bytes("81 85 37 fa 21 3d 7f 9f 4d 51 58"))
        #expect(WebSocketMessage.text("Hello").frames(of: 3, mask: { nil }).flatMap(\.bytes) == bytes("01 03 48 65 6c 80 02 6c 6f"))
        #expect(WebSocketMessage.close(nil).frame(mask: nil).bytes == bytes("88 00"))
    }

    @Test(arguments: [0, 1, 7, 8, 9, 125, 126, 127, 65_535, 65_536, 70_000]) func `a payload of any length comes back from under its mask`(count: Int)
    {
        let message = WebSocketMessage.binary((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) })

        for mask in [0, 1, 0x1234_5678, 0xFFFF_FFFF] as [UInt32] { #expect(read(message.frame(mask: mask), from: .client) == [message]) }
        #expect(read(message.frame(mask: nil), from: .server) == [message])
    }

    @Test(arguments: [1, 2, 5, 1_000]) func `fragments of any size are one message again, and each has a mask of its own`(size: Int) {
        let message = WebSocketMessage.text(String(repeating: "é€🚀", count: 40))
        var drawn: UInt32 = 7
        let frames = message.frames(of: size) {
            drawn &*= 0x9E37_79B9
            return drawn
        }
        var reader = WebSocketReader(from: .client)

        #expect(reader.readAll(frames.flatMap(\.bytes)).messages == [message])
        #expect(Set(frames.map(\.mask)).count == frames.count)
    }

    @Test func `what is too long for a control frame is cut, a reason between characters`() {
        let long = String(repeating: "€", count: 60)
        guard case .close(let close?) = read(WebSocketMessage.close(WebSocketClose(1002, long)).frame(mask: nil), from: .server).first else {
            return #expect(Bool(false), "no close")
        }
        #expect(close.reason == String(repeating: "€", count: 41))
        #expect(
            read(WebSocketMessage.ping([UInt8](repeating: 1, count: 300)).frame(mask: nil), from: .server) == [
                .ping([UInt8](repeating: 1, count: 125))
            ])
    }

    @Test func `whatever no end may send can be written`() {
        func fault(_ change: (inout WebSocketFrame) -> Void, _ message: WebSocketMessage = .text("A"), from sender: WebSocketEnd = .server)
            -> WebSocketFault?
        {
            var frame = message.frame(mask: sender == .client ? 9 : nil)
            change(&frame)
            var reader = WebSocketReader(from: sender)
            return reader.readAll(frame.bytes).fault
        }
        #expect(fault { $0.mask = 5 } == .masked)
        #expect(fault({ $0.mask = nil }, from: .client) == .unmasked)
        #expect(fault { $0.reservedBits = 4 } == .reservedBits)
        #expect(fault { $0.opcode = 3 } == .unknownOpcode(3))
        #expect(fault { $0.lengthForm = .two } == .badLength)
        #expect(fault { $0.lengthForm = .eight } == .badLength)
        #expect(fault { $0.claimedLength = 1 << 40 } == .messageTooLarge)
        #expect(fault { $0.claimedLength = 1 << 63 } == .badLength)
        #expect(fault({ $0.payload = [UInt8](repeating: 1, count: 126) }, .ping([])) == .controlTooLong)
        #expect(fault({ $0.isFinal = false }, .ping([])) == .controlFragmented)
        #expect(fault { $0.payload = [0xC0] } == .badText)
        #expect(fault({ _ in }, .close(WebSocketClose(1005))) == .badCloseCode(1005))
    }
}
