import ControlAPI
import Kernel
import OMSCore
import Wire

/// The checks of what a caller sends, in the words that he reads.
enum ParameterCheck {
    /// The parameters of a call, an object whose every member is known and of its form. An explicit null counts as absent.
    ///
    /// - Throws: -32602 naming the path of the first wrong member.
    static func checked(_ value: JSON?, fields: [Field]) throws(ControlError) -> JSON {
        let value = value ?? .object([])
        guard let members = value.object else { throw .invalidParams("params: should be an object with named members") }
        for (name, member) in members {
            guard let field = fields.first(where: { $0.name == name }) else { throw .invalidParams(unknown(name, fields)) }
            if member.isNull, !field.isRequired { continue }
            if let problem = field.type.problem(with: member) { throw .invalidParams("params.\(name): \(problem)") }
        }
        for field in fields where field.isRequired && value[field.name] == nil { throw .invalidParams("params.\(field.name): is missing") }
        return value
    }

    private static func unknown(_ name: String, _ fields: [Field]) -> String {
        let hint =
            closest(to: name, among: fields.map(\.name)).map { "; did you mean \($0)?" }
            ?? (fields.isEmpty ? "; no members are known here" : "; known are \(fields.map(\.name).joined(separator: ", "))")
        return "params.\(String(name.prefix(64)).escapedForLog): unknown field\(hint)"
    }
}

extension FieldType {
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
        case (.names(let rule), .array(let items)):
            if items.isEmpty { return "should name at least one" }
            for item in items { if let problem = FieldType.text(rule).problem(with: item) { return problem } }
            return nil
        case (.names, _): return "should be an array of strings"
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

extension TextRule {
    package func allows(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { allows($0) }
    }

    package func allows(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !bytes.isEmpty, bytes.count <= lengthMax else { return false }
        switch self {
        case .intentID, .tag: return bytes.allSatisfy { Self.isAlphanumeric($0) || Self.isOne($0, of: "._:-") }
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
