/// One field of `Root` that the record holds, described once: columns, details, contents and coded records are made from tables of these.
///
/// What takes a value out and puts one in captures nothing: then using a table costs a call, and no count of references (docs/decisions/0011).
package struct RecordField<Root>: Sendable {
    /// What it is called in coded bytes. Never another field's, also when this one is gone.
    package let number: UInt8
    /// What it is called in columns, details and by callers.
    package let name: String
    package let kind: FieldValue.Kind
    /// Which change of an order sets it; empty: a line of the record says it by itself, or it never changes.
    package let changes: OrderFields
    /// A word that says the same as saying nothing.
    package let spelledDefault: String?
    package let get: @Sendable (Root) -> FieldValue
    /// Returns false for a value that is none of it, a word that is not known or nothing where something must be; then nothing was set.
    package let set: @Sendable (inout Root, FieldValue) -> Bool

    package init(
        _ number: UInt8, _ name: String, _ kind: FieldValue.Kind, changes: OrderFields = [], default word: String? = nil,
        _ get: @escaping @Sendable (Root) -> FieldValue, _ set: @escaping @Sendable (inout Root, FieldValue) -> Bool
    ) {
        (self.number, self.name, self.kind, self.changes, spelledDefault) = (number, name, kind, changes, word)
        (self.get, self.set) = (get, set)
    }

    /// Nothing is asked for by it.
    package func isDefault(in root: Root) -> Bool {
        switch get(root) {
        case .none, .flag(false): true
        case .text(let text): text == spelledDefault
        case .decimal, .number, .flag(true): false
        }
    }
}

/// A value as the record holds it: in a column, in an event's detail, in bytes.
package enum FieldValue: Hashable, Sendable {
    case none
    case text(String)
    case decimal(Decimal)
    case number(Int64)
    case flag(Bool)

    package enum Kind: Sendable { case text, decimal, number, flag }

    /// As a column shows it; nil: NULL.
    package var text: String? {
        switch self {
        case .none: nil
        case .text(let text): text
        case .decimal(let decimal): decimal.description
        case .number(let number): String(number)
        case .flag(let flag): flag ? "1" : "0"
        }
    }

    // MARK: Out of a field

    package init(_ text: String?) { self = text.map { .text($0) } ?? .none }
    package init(_ name: (some TextIdentifier)?) { self = name.map { .text($0.text) } ?? .none }
    package init(_ word: (some RawRepresentable<String>)?) { self = word.map { .text($0.rawValue) } ?? .none }
    package init(_ decimal: Decimal?) { self = decimal.map { .decimal($0) } ?? .none }
    package init(_ number: Int64?) { self = number.map { .number($0) } ?? .none }
    package init(_ number: (some NumberIdentifier)?) { self = number.map { .number($0.number) } ?? .none }

    // MARK: Into a field

    package func put(into text: inout String?) -> Bool {
        switch self {
        case .text(let value): text = value
        case .none: text = nil
        case .decimal, .number, .flag: return false
        }
        return true
    }

    package func put<Name: TextIdentifier>(into name: inout Name?) -> Bool {
        switch self {
        case .text(let value): name = Name(value)
        case .none: name = nil
        case .decimal, .number, .flag: return false
        }
        return true
    }

    package func put<Name: TextIdentifier>(into name: inout Name) -> Bool {
        guard case .text(let value) = self else { return false }
        name = Name(value)
        return true
    }

    package func put<Word: RawRepresentable<String>>(into word: inout Word?) -> Bool {
        switch self {
        case .text(let value):
            guard let known = Word(rawValue: value) else { return false }
            word = known
        case .none: word = nil
        case .decimal, .number, .flag: return false
        }
        return true
    }

    package func put<Word: RawRepresentable<String>>(into word: inout Word) -> Bool {
        guard case .text(let value) = self, let known = Word(rawValue: value) else { return false }
        word = known
        return true
    }

    package func put(into decimal: inout Decimal?) -> Bool {
        switch self {
        case .decimal(let value): decimal = value
        case .none: decimal = nil
        case .text, .number, .flag: return false
        }
        return true
    }

    package func put(into decimal: inout Decimal) -> Bool {
        guard case .decimal(let value) = self else { return false }
        decimal = value
        return true
    }

    package func put(into number: inout Int64?) -> Bool {
        switch self {
        case .number(let value): number = value
        case .none: number = nil
        case .text, .decimal, .flag: return false
        }
        return true
    }

    package func put<Number: NumberIdentifier>(into number: inout Number?) -> Bool {
        switch self {
        case .number(let value): number = Number(value)
        case .none: number = nil
        case .text, .decimal, .flag: return false
        }
        return true
    }

    package func put(into number: inout Int) -> Bool {
        guard case .number(let value) = self else { return false }
        number = Int(value)
        return true
    }

    package func put(into flag: inout Bool) -> Bool {
        guard case .flag(let value) = self else { return false }
        flag = value
        return true
    }
}
