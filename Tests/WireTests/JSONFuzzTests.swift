import TestSupport
import Testing
import Wire

struct JSONFuzzTests {
    private static func value(_ dice: inout XorShift, depth: Int) -> JSON {
        switch dice.roll(depth > 0 ? 7 : 5) {
        case 0: return .null
        case 1: return .bool(dice.roll(2) == 0)
        case 2: return .number(["0", "-1", "1.50", "1e-8", "12345678901234567890.000000000000000001", "-0.0E+3"][dice.roll(6)])
        case 3, 4:
            let pieces = ["a", "\"", "\\", "\n", "é", "\u{1F680}", "\0", "\u{7F}", "/", "\u{2028}", " ", "\u{1B}"]
            return .string((0..<dice.roll(12)).map { _ in pieces[dice.roll(pieces.count)] }.joined())
        case 5: return .array((0..<dice.roll(5)).map { _ in value(&dice, depth: depth - 1) })
        default:
            // More than 16 members now and then: the parser keeps a set from there on.
            return .object((0..<(dice.roll(10) == 0 ? 30 : dice.roll(5))).map { ("k\($0)\(dice.roll(9))\"", value(&dice, depth: depth - 1)) })
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func `what the writer writes, the parser reads as the same`(seed: UInt64) throws {
        var dice = XorShift(seed: seed)
        for _ in 0..<2_000 {
            let value = Self.value(&dice, depth: 5)
            let bytes = value.serialized()
            #expect(try JSONParser.parse(bytes) == value, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
            // One message a line depends on it.
            #expect(!bytes.contains(0x0A))
        }
    }

    @Test(arguments: [4, 5, 6] as [UInt64]) func `changed and cut texts never trap, and what is still read survives a round trip`(seed: UInt64) throws
    {
        var dice = XorShift(seed: seed)
        var read = 0
        for _ in 0..<4_000 {
            var bytes = Self.value(&dice, depth: 4).serialized()
            for _ in 0..<(1 + dice.roll(3)) where !bytes.isEmpty {
                switch dice.roll(3) {
                case 0: bytes[dice.roll(bytes.count)] = UInt8(dice.roll(256))
                case 1: bytes.remove(at: dice.roll(bytes.count))
                default: bytes.insert(Array("{}[],:\"\\0e.-".utf8)[dice.roll(12)], at: dice.roll(bytes.count))
                }
            }
            for options in [JSONParser.Options(), .init(isJSON5: true, depthMax: 3)] {
                do throws(JSONError) {
                    let value = try JSONParser.parse(bytes, options: options)
                    read += 1
                    #expect((try? JSONParser.parse(value.serialized())) == value)
                } catch {
                    #expect(error.offset <= bytes.count && error.line >= 1 && error.column >= 1)
                    _ = bytes.withUnsafeBufferPointer { JSONParser.path(to: error.offset, in: $0) }
                }
            }
        }
        #expect(read > 100)
    }

    @Test func `the path of any offset can be asked for, and at the first byte of a value is that value's`() {
        var dice = XorShift(seed: 7)
        var checked = 0
        for round in 0..<500 {
            let value = Self.value(&dice, depth: 4)
            var paths: [Int: String] = [:]
            let bytes = Self.written(value, "", &paths, from: 0)
            #expect(bytes == value.serialized(), "round \(round)")
            // Short ones: the work grows with the square.
            for offset in 0...min(bytes.count, 300) {
                let path = bytes.withUnsafeBufferPointer { JSONParser.path(to: offset, in: $0) }
                guard let expected = paths[offset] else { continue }
                #expect(path == expected, "round \(round), offset \(offset)")
                checked += 1
            }
        }
        #expect(checked > 1_000)
    }

    /// As the writer writes it, with the path of each value by the offset of its first byte.
    private static func written(_ value: JSON, _ path: String, _ paths: inout [Int: String], from start: Int) -> [UInt8] {
        paths[start] = path
        var bytes: [UInt8] = []
        switch value {
        case .array(let items):
            bytes = Array("[".utf8)
            for (index, item) in items.enumerated() {
                if index > 0 { bytes += Array(",".utf8) }
                bytes += written(item, path + "[\(index)]", &paths, from: start + bytes.count)
            }
            bytes += Array("]".utf8)
        case .object(let members):
            bytes = Array("{".utf8)
            for (index, (key, item)) in members.enumerated() {
                if index > 0 { bytes += Array(",".utf8) }
                let name = JSON.string(key).serialized()
                bytes += name + Array(":".utf8)
                // A key stands in a path as it is written, without its quotes.
                let step = String(decoding: name.dropFirst().dropLast(), as: UTF8.self).escapedForLog
                bytes += written(item, path.isEmpty ? step : path + "." + step, &paths, from: start + bytes.count)
            }
            bytes += Array("}".utf8)
        default: bytes = value.serialized()
        }
        return bytes
    }
}
