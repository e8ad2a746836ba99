import Wire

/// What can stand in a member.
package protocol MemberValue: Sendable, Equatable {
    /// nil: it is of another form.
    init?(_ json: JSON)
    func write(to writer: inout JSONWriter)
    /// How documents show it behind a member's name: `:[…]`; empty: by the name alone.
    static var notation: String { get }
    /// How they show it in a list.
    static var elementNotation: String { get }
    static var isOptional: Bool { get }
    var isAbsent: Bool { get }
}

extension MemberValue {
    package static var notation: String { "" }
    package static var elementNotation: String { "" }
    package static var isOptional: Bool { false }
    package var isAbsent: Bool { false }
}

extension String: MemberValue {
    /// Ids and amounts, which may stand there as numbers.
    package init?(_ json: JSON) {
        guard let text = json.text else { return nil }
        self = text
    }
    package func write(to writer: inout JSONWriter) { writer.string(self) }
}

extension Int64: MemberValue {
    package init?(_ json: JSON) {
        guard let number = json.integer else { return nil }
        self = number
    }
    package func write(to writer: inout JSONWriter) { writer.integer(self) }
}

extension Bool: MemberValue {
    package init?(_ json: JSON) {
        guard let value = json.bool else { return nil }
        self = value
    }
    package func write(to writer: inout JSONWriter) { writer.bool(self) }
}

/// Whatever stands there, for members whose own members depend on the kind of a line.
extension JSON: MemberValue {
    package init?(_ json: JSON) { self = json }
    package func write(to writer: inout JSONWriter) { writer.value(self) }
}

extension Optional: MemberValue where Wrapped: MemberValue {
    package init?(_ json: JSON) {
        if json.isNull {
            self = .none
        } else {
            guard let value = Wrapped(json) else { return nil }
            self = .some(value)
        }
    }
    package func write(to writer: inout JSONWriter) { if let self { self.write(to: &writer) } else { writer.null() } }
    package static var notation: String { Wrapped.notation }
    package static var elementNotation: String { Wrapped.elementNotation }
    package static var isOptional: Bool { true }
    package var isAbsent: Bool { self == nil }
}

extension Array: MemberValue where Element: MemberValue {
    /// Elements of another form are left out.
    package init?(_ json: JSON) {
        guard let items = json.array else { return nil }
        self = items.compactMap { Element($0) }
    }
    package func write(to writer: inout JSONWriter) {
        writer.beginArray()
        for element in self { element.write(to: &writer) }
        writer.endArray()
    }
    package static var notation: String { ":[\(Element.elementNotation)…]" }
}

/// How many there are of each word, in the order in which they were told.
package struct Counts: MemberValue {
    package var all: [Count] = []

    package struct Count: Sendable, Equatable {
        package let word: String
        package let count: Int64
        package init(word: String, count: Int64) { (self.word, self.count) = (word, count) }
    }

    package init(_ all: [Count] = []) { self.all = all }

    package init?(_ json: JSON) {
        guard let members = json.object else { return nil }
        all = members.map { Count(word: $0.key, count: $0.value.integer ?? 0) }
    }

    /// nil: it was not told.
    package subscript(word: String) -> Int64? { all.first { $0.word == word }?.count }

    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        for entry in all { writer.member(entry.word, entry.count) }
        writer.endObject()
    }
    package static var notation: String { ":{state:n}" }
}
