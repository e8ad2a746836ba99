import Kernel
import OMSCore
import Wire

/// One member of an object that a client sends: what is checked, and what the documents say. One declaration for both.
package struct Field: Sendable {
    package let name: String
    package let type: FieldType
    package let isRequired: Bool
    package let note: String

    static func required(_ name: String, _ type: FieldType, _ note: String) -> Field {
        Field(name: name, type: type, isRequired: true, note: note)
    }
    static func optional(_ name: String, _ type: FieldType, _ note: String) -> Field {
        Field(name: name, type: type, isRequired: false, note: note)
    }
}

/// What a field may hold.
package indirect enum FieldType: Sendable {
    case text(TextRule)
    case integer(ClosedRange<Int64>)
    case bool
    case word([String])
    case words([String])
    /// A string or a number in plain notation, above zero.
    case decimal
    /// A list of objects with these fields.
    case items([Field])
    /// A list of client order ids, or objects with these fields.
    case idsOrItems([Field])

    /// What is wrong with a value; nil: nothing. Items are judged by the intent decoder, which answers in its own way.
    func problem(with value: JSON) -> String? {
        switch (self, value) {
        case (.text(let rule), .string(let text)): return rule.allows(text) ? nil : rule.wording
        case (.text(let rule), _): return "should be a string: \(rule.wording)"
        case (.integer(let range), .number(let text)):
            guard let number = Int64(text), range.contains(number) else { return Self.wording(of: range) }
            return nil
        case (.integer(let range), _): return Self.wording(of: range)
        case (.bool, .bool): return nil
        case (.bool, _): return "should be true or false"
        case (.word(let words), .string(let text)) where words.contains(text): return nil
        case (.word(let words), let value): return Self.wording(of: words, asked: value.string)
        case (.words(let words), .array(let items)):
            for item in items where item.string.map({ !words.contains($0) }) ?? true { return Self.wording(of: words, asked: item.string) }
            return nil
        case (.words, _): return "should be an array of strings"
        case (.decimal, _): return nil
        case (.items, .array), (.idsOrItems, .array): return nil
        case (.items, _), (.idsOrItems, _): return "should be an array"
        }
    }

    private static func wording(of range: ClosedRange<Int64>) -> String {
        if range.upperBound == .max { return "should be a whole number from \(range.lowerBound)" }
        return "should be a whole number in \(range.lowerBound)...\(range.upperBound)"
    }

    static func wording(of words: [String], asked: String?) -> String {
        let hint = asked.flatMap { closest(to: $0, among: words) }.map { "; did you mean \($0)?" } ?? ""
        return "should be one of \(words.joined(separator: ", "))\(hint)"
    }
}

/// What a name may look like. Text that could steer a log or a terminal never gets in.
package enum TextRule: Sendable, CaseIterable {
    case account, intentID, clientOrderID, venueOrderID, symbol, budget
    /// Any words, for people or for a closer look.
    case freeText

    /// In bytes.
    var lengthMax: Int { self == .freeText ? 500 : 64 }

    package func allows(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { allows($0) }
    }

    package func allows(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !bytes.isEmpty, bytes.count <= lengthMax else { return false }
        switch self {
        case .intentID: return bytes.allSatisfy { Self.isAlphanumeric($0) || Self.isOne($0, of: "._:-") }
        case .symbol:
            // What nearly every name is made of is judged byte by byte.
            let isPlain = Self.isAlphanumeric(bytes[0]) && bytes.allSatisfy { Self.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
            return isPlain || Symbol(String(decoding: bytes, as: UTF8.self)).isNameable
        case .account, .clientOrderID, .venueOrderID, .budget:
            // The venue's own rule is narrower and judged by the engine; here only what no venue takes is refused.
            return bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        case .freeText: return bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        }
    }

    var wording: String {
        switch self {
        case .intentID: "1 to 64 of A-Z a-z 0-9 . _ : -"
        case .symbol: "1 to 64 bytes of letters, digits and . _ : / - $ & + @ ! * ~ # ( ), starting with a letter or digit, without .."
        case .account, .clientOrderID, .venueOrderID, .budget: "1 to 64 visible ASCII characters without quote or backslash"
        case .freeText: "1 to 500 bytes of text without control characters"
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        default: false
        }
    }

    private static func isOne(_ byte: UInt8, of characters: StaticString) -> Bool {
        for index in 0..<characters.utf8CodeUnitCount where characters.utf8Start[index] == byte { return true }
        return false
    }
}
