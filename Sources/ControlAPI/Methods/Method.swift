import Wire

// Methods: each with its name, who may call it, what it takes and what it answers. A new method begins here.

/// One method of the control protocol.
package protocol Method: SendableMetatype {
    associatedtype Parameters: Message
    associatedtype Result: Message
    static var name: String { get }
    static var role: Role { get }
    static var summary: String { get }
    /// What the members of the result do not say; empty: nothing.
    static var resultNote: String { get }
    /// The result, in the notation of docs/CONTROL_API.md.
    static var result: String { get }
    /// Changes something: such a notification is logged when it is ignored.
    static var isMutating: Bool { get }
}

extension Method {
    package static var resultNote: String { "" }
    package static var isMutating: Bool { false }

    /// What it takes, as it is checked and told.
    package static var fields: [Field] { MemberList(of: Parameters.self).fields }
    package static var result: String { "{\(MemberList(of: Result.self).notation)}" + resultNote }
}

/// Takes nothing, or answers nothing that has a form of its own.
package struct Nothing: Message {
    package init() {}
    package mutating func members(_ each: inout some MemberVisitor) {}
}

/// Every method, in the order in which the documents list them; each family of them lists its own.
package enum Methods {
    package static let all = intents + orders + breaks + markets + accounts + limits + risk + guards + rehearsals + daemon
}
