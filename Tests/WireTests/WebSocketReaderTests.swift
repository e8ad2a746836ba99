import Testing
import Wire

/// Bytes as they are written in a specification.
func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.utf8.compactMap(hexDigit)
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

extension WebSocketReader {
    /// All that comes of these bytes, handed over in helpings of at most `size`: messages, and how many bytes it took to see what is wrong.
    mutating func readAll(_ bytes: [UInt8], by size: Int = .max) -> (messages: [WebSocketMessage], fault: WebSocketFault?, faultAfter: Int?) {
        var messages: [WebSocketMessage] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let end = min(bytes.count, start + min(size, bytes.count))
            let fault: WebSocketFault? = bytes[start..<end].withUnsafeBytes { raw in
                var left = raw
                do throws(WebSocketFault) {
                    while let message = try next(from: &left) { messages.append(message) }
                    return nil
                } catch { return error }
            }
            if let fault { return (messages, fault, end) }
        }
        return (messages, nil, nil)
    }
}

@Suite struct WebSocketReaderTests {
    private func read(_ hex: String, from sender: WebSocketEnd = .server) -> (messages: [WebSocketMessage], fault: WebSocketFault?, faultAfter: Int?)
    {
        var reader = WebSocketReader(from: sender)
        return reader.readAll(bytes(hex), by: 1)
    }

    /// Source: RFC 6455, section 5.7.
    @Test(arguments: [
        ("81 05 48 65 6c 6c 6f", WebSocketEnd.server, WebSocketMessage.text("Hello")),
        ("81 85 37 fa 21 3d 7f 9f 4d 51 58", .client, .text("Hello")), ("01 03 48 65 6c 80 02 6c 6f", .server, .text("Hello")),
        ("89 05 48 65 6c 6c 6f", .server, .ping(Array("Hello".utf8))), ("8a 85 37 fa 21 3d 7f 9f 4d 51 58", .client, .pong(Array("Hello".utf8))),
    ]) func `the examples of the RFC are read as it reads them`(hex: String, sender: WebSocketEnd, message: WebSocketMessage) {
        let found = read(hex, from: sender)

        #expect(found.messages == [message])
        #expect(found.fault == nil)
    }

    @Test(arguments: [(256, "82 7E 01 00"), (65_536, "82 7F 00 00 00 00 00 01 00 00")]) func `long payloads are read by either length`(
        count: Int, head: String
    ) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        var reader = WebSocketReader(from: .server)

        #expect(reader.readAll(bytes(head) + payload).messages == [.binary(payload)])
        #expect(WebSocketMessage.binary(payload).frame(mask: nil).bytes.prefix(bytes(head).count).elementsEqual(bytes(head)))
    }

    /// Each with how many bytes it takes to see it.
    @Test(arguments: [
        ("C1 05 48 65 6c 6c 6f", WebSocketFault.reservedBits, 1), ("A1 00", .reservedBits, 1), ("91 00", .reservedBits, 1),
        ("83 00", .unknownOpcode(3), 1), ("87 00", .unknownOpcode(7), 1), ("8B 00", .unknownOpcode(11), 1), ("8F 00", .unknownOpcode(15), 1),
        ("81 85 37 fa 21 3d 7f 9f 4d 51 58", .masked, 2), ("81 7E 00 7D", .badLength, 4), ("81 7E 00 00", .badLength, 4),
        ("81 7F 00 00 00 00 00 00 FF FF", .badLength, 10), ("82 7F 80 00 00 00 00 00 00 00", .badLength, 3), ("89 7E 00 7E", .controlTooLong, 2),
        ("88 7F", .controlTooLong, 2), ("09 00", .controlFragmented, 1), ("08 02 03 E8", .controlFragmented, 1), ("80 00", .strayContinuation, 1),
        ("00 01 41", .strayContinuation, 1), ("01 01 41 81 01 42", .unfinishedMessage, 4), ("02 01 41 82 01 42", .unfinishedMessage, 4),
        ("81 01 41 80 01 41", .strayContinuation, 4), ("88 01 03", .badCloseCode(nil), 3), ("88 02 03 ED", .badCloseCode(1005), 4),
        ("88 02 03 EE", .badCloseCode(1006), 4), ("88 02 03 F7", .badCloseCode(1015), 4), ("88 02 03 E7", .badCloseCode(999), 4),
        ("88 02 00 00", .badCloseCode(0), 4), ("88 02 07 D0", .badCloseCode(2000), 4), ("88 02 13 88", .badCloseCode(5000), 4),
        ("88 03 03 E8 FF", .badText, 5), ("82 7F 00 00 00 00 00 40 00 01", .messageTooLarge, 10),
    ]) func `what no server may send is a fault with the first byte that shows it`(hex: String, fault: WebSocketFault, after: Int) {
        let found = read(hex)

        #expect(found.fault == fault)
        #expect(found.faultAfter == after)
    }

    @Test func `a frame of a client that is not masked is a fault`() { #expect(read("81 05 48", from: .client).fault == .unmasked) }

    /// Half a character at a message's end shows with its last byte.
    @Test(arguments: [
        ("81 02 C0 80", 3), ("81 02 C1 BF", 3), ("81 03 E0 9F BF", 4), ("81 03 ED A0 80", 4), ("81 04 F0 8F BF BF", 4), ("81 04 F4 90 80 80", 4),
        ("81 04 F5 80 80 80", 3), ("81 01 80", 3), ("81 01 FF", 3), ("81 02 C3 28", 4), ("81 05 41 41 41 E2 82", 7), ("01 02 F0 9F 80 02 41 41", 7),
        ("01 02 F0 9F 80 01 9A", 7), ("01 7E 01 00 41 80 41", 6), ("01 03 41 41 E2 89 00 80 00", 9),
    ]) func `text that is not UTF-8 is found at its first wrong byte, over fragments and control frames too`(hex: String, after: Int) {
        let found = read(hex)

        #expect(found.fault == .badText)
        #expect(found.faultAfter == after, "\(found)")
    }

    @Test func `a character may be cut by fragments, with a ping inside`() {
        let found = read("01 02 F0 9F 89 01 21 00 00 80 02 9A 80")

        #expect(found.messages == [.ping([0x21]), .text("🚀")])
    }

    @Test func `an empty message, an empty close and a close with words are messages`() {
        #expect(read("81 00 82 00 88 00").messages == [.text(""), .binary([]), .close(nil)])
        #expect(read("88 07 03 E9 6C 61 74 65 72").messages == [.close(WebSocketClose(1001, "later"))])
    }

    @Test func `what stands behind a close is passed over, right or wrong`() {
        let found = read("88 02 03 E8 81 01 41 FF FF FF")

        #expect(found.messages == [.close(WebSocketClose(1000))])
        #expect(found.fault == nil)
    }

    @Test func `a message is as large as its limit and no larger, in one frame or in many`() {
        for size in [1, 7, 100] {
            var reader = WebSocketReader(from: .server, messageBytesMax: 100)
            let whole = WebSocketMessage.binary([UInt8](repeating: 9, count: 100))
            #expect(reader.readAll(whole.frames(of: size, mask: { nil }).flatMap(\.bytes)).messages == [whole])

            let more = WebSocketMessage.binary([UInt8](repeating: 9, count: 101))
            let found = reader.readAll(more.frames(of: size, mask: { nil }).flatMap(\.bytes))
            #expect(found.fault == .messageTooLarge, "fragments of \(size)")
            #expect(reader.fault == .messageTooLarge)
        }
    }

    @Test func `once a fault was found nothing more is read`() {
        var reader = WebSocketReader(from: .server)
        #expect(reader.readAll(bytes("81 01 41 C1 00")).messages == [.text("A")])

        #expect(reader.readAll(bytes("81 01 41")).fault == .reservedBits)
    }

    @Test func `an end in the middle is told from one between messages`() {
        var reader = WebSocketReader(from: .server)
        #expect(!reader.isInFrame && !reader.isInMessage)
        _ = reader.readAll(bytes("01 02 41"))
        #expect(reader.isInFrame && reader.isInMessage)
        _ = reader.readAll(bytes("41"))
        #expect(!reader.isInFrame && reader.isInMessage)
        _ = reader.readAll(bytes("80 00"))
        #expect(!reader.isInFrame && !reader.isInMessage)
    }

    @Test(arguments: [WebSocketFault.reservedBits, .badText, .messageTooLarge, .badCloseCode(1005)])
    func `each fault has a code for the other side that may be sent`(fault: WebSocketFault) {
        #expect([1002, 1007, 1009].contains(fault.closeCode))
        #expect(WebSocketClose.isSendable(fault.closeCode))
    }
}
