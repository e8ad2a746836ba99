import Wire

/// Writes every member, an absent one as null: what a daemon tells.
extension JSONWriter: MemberVisitor {
    package mutating func member<Value: MemberValue>(_ name: String, _ value: inout Value, _ type: FieldType?, _ note: String) {
        key(name)
        value.write(to: &self)
    }
    package mutating func members<Value: Message>(of value: inout Value) { value.members(&self) }
}

/// Writes the members that are there: what a caller asks.
struct MemberSender: MemberVisitor {
    var json = JSONWriter(reserving: 128)
    mutating func member<Value: MemberValue>(_ name: String, _ value: inout Value, _ type: FieldType?, _ note: String) {
        guard !value.isAbsent else { return }
        json.key(name)
        value.write(to: &json)
    }
    mutating func members<Value: Message>(of value: inout Value) { value.members(&self) }
}

/// Reads members from a document.
struct MemberReader: MemberVisitor {
    private let json: JSON
    init(_ json: JSON) { self.json = json }
    mutating func member<Value: MemberValue>(_ name: String, _ value: inout Value, _ type: FieldType?, _ note: String) {
        if let member = json[name], let read = Value(member) { value = read }
    }
    mutating func members<Value: Message>(of value: inout Value) { value.members(&self) }
}

/// Collects what there is to tell of members.
package struct MemberList: MemberVisitor {
    /// What a caller may send, in the order of the documents.
    package private(set) var fields: [Field] = []
    /// Every name, those of a view's columns too.
    package private(set) var names: [String] = []
    private var parts: [String] = []
    private var isInside = false

    package init<Value: Message>(of type: Value.Type) {
        var value = Value()
        value.members(&self)
        // A view's columns are its own business: they are told by its name.
        if let row = type as? any ViewRow.Type { parts = ["\(row.view) columns"] }
    }

    /// `client_order_id, events:[v_timeline…]`
    package var notation: String { parts.joined(separator: ", ") }

    package mutating func member<Value: MemberValue>(_ name: String, _ value: inout Value, _ type: FieldType?, _ note: String) {
        names.append(name)
        if !isInside { parts.append(name + Value.notation) }
        if let type { fields.append(Field(name: name, type: type, isRequired: !Value.isOptional, note: note)) }
    }

    package mutating func members<Value: Message>(of value: inout Value) {
        let wasInside = isInside
        if let row = Value.self as? any ViewRow.Type {
            parts.append("\(row.view) columns")
            isInside = true
        }
        value.members(&self)
        isInside = wasInside
    }
}
