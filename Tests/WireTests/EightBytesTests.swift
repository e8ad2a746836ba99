import Testing

@testable import Wire

@Suite struct EightBytesTests {
    @Test func `each byte at each place of a text of any length is told as it is told alone`() {
        for length in 0...25 {
            for fill in [UInt8(ascii: "a"), UInt8(ascii: " "), UInt8(ascii: "!"), UInt8(ascii: "~"), 0x80, 0xFF] {
                for place in 0..<max(1, length) {
                    for byte in UInt8.min...UInt8.max {
                        var bytes = [UInt8](repeating: fill, count: length)
                        if length > 0 { bytes[place] = byte }
                        let isPlain = bytes.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") && $0 != 0x7F }
                        let told = bytes.withUnsafeBufferPointer { (EightBytes.needNoEscape($0), EightBytes.areASCII($0)) }
                        if told != (isPlain, bytes.allSatisfy { $0 < 0x80 }) { Issue.record("\(bytes): \(told)") }
                    }
                }
            }
        }
    }

    @Test func `text that is no ASCII is read as it is, and broken UTF-8 is refused wherever it stands`() throws {
        for length in 0...20 {
            let around = String(repeating: "x", count: length)
            #expect(try JSONParser.parse(Array("\"\(around)é✗\(around)\"".utf8)) == .string("\(around)é✗\(around)"))
            #expect(throws: JSONError.self) { try JSONParser.parse(Array("\"\(around)".utf8) + [0xC3] + Array("\(around)\"".utf8)) }
        }
    }
}
