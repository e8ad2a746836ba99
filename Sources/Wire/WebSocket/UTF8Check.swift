/// Whether bytes are UTF-8, told with the first one that no text could have there, however they are cut.
///
/// Source: RFC 3629, section 4 (read 2026-11-28).
struct UTF8Check: Sendable {
    /// Bytes still missing of a character, and what the next of them may be.
    private var left = 0
    private var next: ClosedRange<UInt8> = UTF8Check.tail
    private static let tail: ClosedRange<UInt8> = 0x80...0xBF

    /// Whether no character is half there.
    var isComplete: Bool { left == 0 }

    /// False: these bytes go on with no text. The check is then spent.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at < bytes.count {
            if left == 0 {
                // Almost all of what venues send is ASCII: eight at a time.
                while at + 8 <= bytes.count, bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 { at += 8 }
                guard at < bytes.count else { return true }
                guard begin(bytes[at]) else { return false }
            } else {
                guard next.contains(bytes[at]) else { return false }
                left -= 1
                next = Self.tail
            }
            at += 1
        }
        return true
    }

    /// The first byte of a character. What is shorter in another form, a surrogate, or beyond U+10FFFF shows in the second.
    private mutating func begin(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: (left, next) = (1, Self.tail)
        case 0xE0: (left, next) = (2, 0xA0...0xBF)
        case 0xED: (left, next) = (2, 0x80...0x9F)
        case 0xE1...0xEF: (left, next) = (2, Self.tail)
        case 0xF0: (left, next) = (3, 0x90...0xBF)
        case 0xF1...0xF3: (left, next) = (3, Self.tail)
        case 0xF4: (left, next) = (3, 0x80...0x8F)
        default: return false
        }
        return true
    }
}
