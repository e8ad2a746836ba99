/// A JSON value. Numbers keep their text: money is read digit by digit, never through a binary float. Objects keep their order; keys are unique.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The number's own text, valid by the grammar.
    case number(String)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    package static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)), (.string(let a), .string(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.key == $1.key && $0.value == $1.value }
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _): false
        }
    }
}

extension JSON {
    /// The member of that name; nil when absent or when this is no object. An explicit `null` is `.null`.
    package subscript(_ key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    package var isNull: Bool { self == .null }
    package var array: [JSON]? { if case .array(let items) = self { items } else { nil } }
    package var object: [(key: String, value: JSON)]? { if case .object(let members) = self { members } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var string: String? { if case .string(let text) = self { text } else { nil } }

    /// The text of a string or number: venues send ids and amounts as either.
    package var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .null, .bool, .array, .object: nil
        }
    }

    /// A whole number, from a JSON number or a string of digits; nil outside 64 bits or with a fraction.
    package var integer: Int64? { text.flatMap { Int64($0) } }

    /// Compact JSON text.
    package func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }
}
