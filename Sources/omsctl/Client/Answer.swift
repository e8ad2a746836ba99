import ControlAPI
import Wire

/// What the daemon answered: by its members for what is said of it, and as it came for `--json`.
@dynamicMemberLookup
struct Answer<Value: Message>: Sendable {
    let value: Value
    let json: JSON

    init(_ json: JSON) { (self.json, value) = (json, Value(json) ?? Value()) }

    subscript<Member>(dynamicMember member: KeyPath<Value, Member>) -> Member { value[keyPath: member] }
}

extension String {
    /// What was not told.
    var orDash: String { isEmpty ? "-" : self }
}

extension String? {
    var orDash: String { (self ?? "").orDash }
}

extension Int64? {
    /// A time as a person reads it.
    var asTime: String { map { utc($0) } ?? "-" }
    var orDash: String { map { String($0) } ?? "-" }
}
