import Containers
import Wire

/// Streams of frames, most of them right. The same seed, the same streams.
struct StreamDice {
    private var random: SplitMix64
    init(seed: UInt64) { random = SplitMix64(seed: seed) }
    mutating func roll(_ sides: Int) -> Int { Int(random.next() >> 1) % sides }
    private mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: random.next() >> 20) }

    private static let pieces: [[UInt8]] = ["a", "{\"e\":1}", "é", "€", "🚀", "\0", "\u{FFFF}", "\u{10FFFF}", "\u{800}", "12345678901234567890"]
        .map {
            Array($0.utf8)
        }
    private static let wrong: [[UInt8]] = [
        [0x80], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF], [0xE0, 0x9F], [0xF0, 0x8F], [0xE2, 0x82],
    ]

    private mutating func text(_ isWrong: Bool) -> [UInt8] {
        var out = (0..<roll(5)).flatMap { _ in Self.pieces[roll(Self.pieces.count)] }
        if isWrong { out += Self.wrong[roll(Self.wrong.count)] + (roll(2) == 0 ? [] : [0x41]) }
        return out
    }

    /// Frames of one message, wrong in one of a hundred.
    private mutating func frames(from sender: WebSocketEnd) -> [WebSocketFrame] {
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
