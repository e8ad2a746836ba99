import Containers
import TestSupport
import Testing
import Wire

/// Streams of frames, most of them right, some wrong in one place or another, and what two readers make of them.
@Suite(.timeLimit(.minutes(10))) struct WebSocketFuzzTests {
    private static let messageBytesMax = 300

    /// The same seed, the same streams.
    private struct Dice {
        var random: SplitMix64
        mutating func roll(_ sides: Int) -> Int { Int(random.next() >> 1) % sides }
        mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: random.next() >> 20) }

        private static let pieces: [[UInt8]] = ["a", "{\"e\":1}", "é", "€", "🚀", "\0", "\u{FFFF}", "\u{10FFFF}", "\u{800}", "12345678901234567890"]
            .map {
                Array($0.utf8)
            }
        private static let wrong: [[UInt8]] = [
            [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xE0, 0x9F], [0xF0, 0x8F], [0xE2, 0x82],
        ]

        mutating func text(_ isWrong: Bool) -> [UInt8] {
            var out = (0..<roll(5)).flatMap { _ in Self.pieces[roll(Self.pieces.count)] }
            if isWrong { out += Self.wrong[roll(Self.wrong.count)] + (roll(2) == 0 ? [] : [0x41]) }
            return out
        }

        /// Frames of one message, wrong in one of a hundred.
        mutating func frames(from sender: WebSocketEnd) -> [WebSocketFrame] {
            var mask: UInt32? { sender == .client ? 0xA1B2_C3D4 : nil }
            let message: WebSocketMessage =
                switch roll(12) {
                case 0: .ping((0..<roll(9)).map { _ in byte() })
                case 1: .pong((0..<roll(126)).map { _ in byte() })
                case 2: roll(3) == 0 ? .close(WebSocketClose(UInt16(995 + roll(25)), "bye")) : .binary([])
                case 3: .binary((0..<(roll(4) == 0 ? 100 + roll(250) : roll(20))).map { _ in byte() })
                default: .text(text(roll(25) == 0))
                }
            var frames = roll(3) == 0 ? message.frames(of: 1 + roll(9), mask: { mask }) : [message.frame(mask: mask)]
            for index in frames.indices where sender == .client { frames[index].mask = UInt32(truncatingIfNeeded: random.next()) }
            // Control frames may stand between fragments.
            if frames.count > 1, roll(3) == 0 { frames.insert(WebSocketMessage.ping([1]).frame(mask: mask), at: 1 + roll(frames.count - 1)) }
            guard roll(60) == 0 else { return frames }
            let at = roll(frames.count)
            switch roll(8) {
            case 0: frames[at].reservedBits = UInt8(1 + roll(7))
            case 1: frames[at].opcode = UInt8(roll(16))
            case 2: frames[at].mask = frames[at].mask == nil ? 7 : nil
            case 3: frames[at].lengthForm = roll(2) == 0 ? .two : .eight
            case 4: frames[at].claimedLength = [0, 1, 125, 126, 400, 65_535, 65_536, 1 << 40, 1 << 63][roll(9)]
            case 5: frames[at].isFinal.toggle()
            case 6: frames.remove(at: at)
            default: frames[at].payload.append(byte())
            }
            return frames
        }

        mutating func stream(from sender: WebSocketEnd) -> [UInt8] {
            var out = (0...roll(5)).flatMap { _ in frames(from: sender).flatMap(\.bytes) }
            if roll(8) == 0, !out.isEmpty { out[roll(out.count)] = byte() }
            if roll(8) == 0 { out.removeLast(roll(out.count + 1)) }
            return out
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func `of a hundred thousand streams, however they are cut, both readers make the same`(seed: UInt64) {
        var dice = Dice(random: SplitMix64(seed: seed))
        var (faults, messages) = (0, 0)
        for round in 0..<25_000 {
            let sender: WebSocketEnd = dice.roll(2) == 0 ? .client : .server
            let stream = dice.stream(from: sender)
            let wanted = WebSocketReference(stream, from: sender, messageBytesMax: Self.messageBytesMax)
            faults += wanted.fault == nil ? 0 : 1
            messages += wanted.messages.count

            var reader = WebSocketReader(from: sender, messageBytesMax: Self.messageBytesMax)
            let found = reader.readAll(stream, by: 2 + dice.roll(60))
            guard found.messages == wanted.messages, found.fault == wanted.fault else {
                return #expect(Bool(false), "seed \(seed), round \(round): \(stream) gave \(found) and not \(wanted)")
            }
            // Byte by byte it also shows where the fault is seen.
            guard round % 4 == 0 else { continue }
            reader = WebSocketReader(from: sender, messageBytesMax: Self.messageBytesMax)
            let slow = reader.readAll(stream, by: 1)
            guard slow.messages == wanted.messages, slow.fault == wanted.fault, slow.faultAfter == wanted.faultAfter else {
                return #expect(Bool(false), "seed \(seed), round \(round), byte by byte: \(stream) gave \(slow) and not \(wanted)")
            }
        }
        #expect(faults > 1_000 && messages > 25_000, "\(faults) faults, \(messages) messages")
    }

    /// A reader whose work grew with the square would take hours.
    @Test func `a message of the largest size in drops costs what its bytes cost`() {
        let text = WebSocketMessage.text([UInt8](repeating: UInt8(ascii: "x"), count: WebSocketReader.messageBytesMax))
        let stream = text.frames(of: 1_000, mask: { nil }).flatMap(\.bytes)
        var reader = WebSocketReader(from: .server)

        #expect(reader.readAll(stream, by: 11).messages == [text])
    }
}
