import Wire

// Coding: values of the protocol to JSON and back. A value names its members once; writing, reading and telling of it are visits to the same list.

/// An object of the protocol.
///
/// Reading is lenient: a member that is missing, or of another form, leaves what the value began with, so that a client of another version still shows the
/// rest. What callers send is checked before, against the same members (``Field``).
package protocol Message: MemberValue {
    init()
    /// Names every member, in the order in which they are written.
    mutating func members(_ each: inout some MemberVisitor)
}

/// A row of one of the record's views, whose columns are its members: written from the columns, read by clients.
package protocol ViewRow: Message {
    static var view: String { get }
}

/// Whoever goes through the members of a value.
package protocol MemberVisitor {
    /// - Parameters:
    ///   - type: what a caller may send there; nil: it is told, never sent.
    ///   - note: for the documents.
    mutating func member<Value: MemberValue>(_ name: String, _ value: inout Value, _ type: FieldType?, _ note: String)
    /// The members of another value, among those of this one.
    mutating func members<Value: Message>(of value: inout Value)
}

extension MemberVisitor {
    @inline(__always)
    package mutating func member<Value: MemberValue>(_ name: String, _ value: inout Value, _ note: String = "") {
        member(name, &value, nil, note)
    }
}

extension Message {
    package init?(_ json: JSON) {
        guard json.object != nil else { return nil }
        self.init()
        var reader = MemberReader(json)
        members(&reader)
    }

    package func write(to writer: inout JSONWriter) {
        var value = self
        writer.beginObject()
        value.members(&writer)
        writer.endObject()
    }

    /// JSON text.
    package func serialized(reserving capacity: Int = 256) -> [UInt8] {
        var writer = JSONWriter(reserving: capacity)
        write(to: &writer)
        return writer.bytes
    }

    /// What a caller sends: members that are absent are left out.
    package func sent() -> [UInt8] {
        var value = self
        var writer = MemberSender()
        writer.json.beginObject()
        value.members(&writer)
        writer.json.endObject()
        return writer.json.bytes
    }

    package static var notation: String { ":{\(MemberList(of: Self.self).notation)}" }
    package static var elementNotation: String { "{\(MemberList(of: Self.self).notation)}" }
    package var isAbsent: Bool { false }
}

extension ViewRow {
    package static var notation: String { ":{\(view) columns}" }
    package static var elementNotation: String { view }
}
