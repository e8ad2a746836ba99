/// Looks at eight bytes of a text at once: most of what is read and written are names, numbers and ids, in which nothing is special.
enum EightBytes {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    static func areASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool { all(bytes) { $0 & tops == 0 } }

    /// Whether JSON holds all of them as they are.
    static func needNoEscape(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        all(bytes) { word in
            // A top bit is left where a byte is below a space, or where one is nothing but what it was compared with.
            func has(_ byte: UInt8) -> UInt64 {
                let rest = word ^ (ones &* UInt64(byte))
                return (rest &- ones) & ~rest
            }
            let control = (word &- ones &* 0x20) & ~word
            return (control | has(UInt8(ascii: "\"")) | has(UInt8(ascii: "\\")) | has(0x7F)) & tops == 0
        }
    }

    /// - Parameter holds: of eight bytes; the last ones are looked at together with those in front of them, or behind spaces.
    @inline(__always)
    private static func all(_ bytes: UnsafeBufferPointer<UInt8>, _ holds: (UInt64) -> Bool) -> Bool {
        let raw = UnsafeRawBufferPointer(bytes)
        guard raw.count >= 8 else {
            var word = ones &* UInt64(UInt8(ascii: " "))
            for byte in raw { word = word << 8 | UInt64(byte) }
            return holds(word)
        }
        var at = 0
        while at + 8 < raw.count {
            guard holds(raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)) else { return false }
            at += 8
        }
        return holds(raw.loadUnaligned(fromByteOffset: raw.count - 8, as: UInt64.self))
    }
}
