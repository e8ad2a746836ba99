/// What JSON5 adds beside comments, trailing commas, unquoted keys and single quotes. Source: https://spec.json5.org (read 2026-11-20), 5, 6 and 8.
extension JSONParser {
    /// Bytes of a character that only JSON5 takes for space; 0: none stands here.
    var wideSpaceLength: Int {
        switch bytes[at] {
        case 0x0B, 0x0C: return 1
        case 0xC2: return stands([0xC2, 0xA0]) ? 2 : 0
        case 0xE1: return stands([0xE1, 0x9A, 0x80]) ? 3 : 0
        case 0xE2:
            guard at + 2 < bytes.count else { return 0 }
            // U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F.
            let isSpace = bytes[at + 1] == 0x80 && ((0x80...0x8A).contains(bytes[at + 2]) || [0xA8, 0xA9, 0xAF].contains(bytes[at + 2]))
            return isSpace || stands([0xE2, 0x81, 0x9F]) ? 3 : 0
        case 0xE3: return stands([0xE3, 0x80, 0x80]) ? 3 : 0
        case 0xEF: return stands([0xEF, 0xBB, 0xBF]) ? 3 : 0
        default: return 0
        }
    }

    private func stands(_ wanted: [UInt8]) -> Bool {
        at + wanted.count <= bytes.count && wanted.indices.allSatisfy { bytes[at + $0] == wanted[$0] }
    }

    private func isDigit(_ index: Int) -> Bool { index < bytes.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) }

    /// A number with what JSON5 adds: a leading plus, a bare point, hexadecimal digits. Written out as JSON has it.
    mutating func looseNumber() throws(JSONError) -> String {
        let start = at
        let isNegative = bytes[at] == UInt8(ascii: "-")
        if isNegative || bytes[at] == UInt8(ascii: "+") { at += 1 }
        let sign = isNegative ? "-" : ""
        guard at < bytes.count else { throw failure("a digit should stand here") }
        if bytes[at] == UInt8(ascii: "I") || bytes[at] == UInt8(ascii: "N") { throw failure("a finite number should stand here", at: start) }
        if bytes[at] == UInt8(ascii: "0"), at + 1 < bytes.count, bytes[at + 1] | 0x20 == UInt8(ascii: "x") {
            at += 2
            return sign + String(try hexadecimal(from: start))
        }
        if bytes[at] == UInt8(ascii: "."), isDigit(at + 1) {
            at += 1
            return sign + "0." + (try plainNumber(startsInFraction: true))
        }
        return sign + (try plainNumber())
    }

    private mutating func hexadecimal(from start: Int) throws(JSONError) -> UInt64 {
        let first = at
        var value: UInt64 = 0
        while at < bytes.count, let digit = hexDigit(bytes[at]) {
            guard value >> 60 == 0 else { throw failure("a hexadecimal number beyond 64 bits", at: start) }
            value = value << 4 | UInt64(digit)
            at += 1
        }
        guard at > first else { throw failure("a hexadecimal digit should stand here") }
        guard at == bytes.count || !Self.isNameByte(bytes[at]) else { throw failure("a number should end here") }
        return value
    }

    /// Behind a backslash and this byte, which JSON does not know: a line that goes on, two hexadecimal digits, or the character itself.
    mutating func looseEscape(_ byte: UInt8, into out: inout [UInt8]) throws(JSONError) {
        switch byte {
        case 0x0A: break
        case 0x0D: if at < bytes.count, bytes[at] == 0x0A { at += 1 }
        case 0xE2 where at + 1 < bytes.count && bytes[at] == 0x80 && (bytes[at + 1] == 0xA8 || bytes[at + 1] == 0xA9): at += 2
        case UInt8(ascii: "v"): out.append(0x0B)
        case UInt8(ascii: "0") where !isDigit(at): out.append(0)
        case UInt8(ascii: "x"):
            guard at + 1 < bytes.count, let high = hexDigit(bytes[at]), let low = hexDigit(bytes[at + 1]) else {
                throw failure("two hex digits should stand here")
            }
            at += 2
            out.append(contentsOf: UTF8.encode(Unicode.Scalar(high << 4 | low))!)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): throw failure("an unknown escape", at: at - 1)
        default: out.append(byte)
        }
    }
}
