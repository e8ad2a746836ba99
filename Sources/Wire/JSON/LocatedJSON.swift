/// A JSON value that knows where it stands in its text: for files that people write, where an error must name its line.
package struct LocatedJSON: Sendable {
    package indirect enum Kind: Sendable {
        case null
        case bool(Bool)
        /// The number's own text, valid by the grammar.
        case number(String)
        case string(String)
        case array([LocatedJSON])
        /// In the order of the text. A key may stand twice: whoever reads it reports that.
        case object([Member])
    }

    package struct Member: Sendable {
        package let key: String
        /// Bytes before the key.
        package let keyOffset: Int
        package let value: LocatedJSON
    }

    package let kind: Kind
    /// Bytes before the value.
    package let offset: Int

    /// Pairs a value with the offsets of its parts, noted in the order of the text: the value, then for each member its key and its value.
    init(_ value: JSON, offsets: inout ArraySlice<Int>) {
        offset = offsets.popFirst() ?? 0
        switch value {
        case .null: kind = .null
        case .bool(let value): kind = .bool(value)
        case .number(let text): kind = .number(text)
        case .string(let text): kind = .string(text)
        case .array(let items):
            var located: [LocatedJSON] = []
            for item in items { located.append(LocatedJSON(item, offsets: &offsets)) }
            kind = .array(located)
        case .object(let members):
            var located: [Member] = []
            for member in members {
                let keyOffset = offsets.popFirst() ?? 0
                located.append(Member(key: member.key, keyOffset: keyOffset, value: LocatedJSON(member.value, offsets: &offsets)))
            }
            kind = .object(located)
        }
    }
}
