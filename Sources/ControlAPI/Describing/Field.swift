// Describing: what documents and programs are told of the protocol, made from the methods themselves.

/// One member of an object that a client sends: what is checked, and what the documents say. One declaration for both.
package struct Field: Sendable {
    package let name: String
    package let type: FieldType
    package let isRequired: Bool
    package let note: String

    package init(name: String, type: FieldType, isRequired: Bool, note: String) {
        (self.name, self.type, self.isRequired, self.note) = (name, type, isRequired, note)
    }
}

/// What a field may hold.
package indirect enum FieldType: Sendable {
    case text(TextRule)
    case integer(ClosedRange<Int64>)
    case bool
    case word([String])
    case words([String])
    /// A list of names; at least one.
    case names(TextRule)
    /// A string or a number in plain notation, above zero.
    case decimal
    /// A list of objects with these fields.
    case items([Field])
    /// A list of client order ids, or objects with these fields.
    case idsOrItems([Field])
}

/// What a name may look like. Text that could steer a log or a terminal never gets in.
package enum TextRule: Sendable, CaseIterable {
    case account, intentID, tag, clientOrderID, venueOrderID, symbol, budget
    /// Any words, for people or for a closer look.
    case freeText

    /// In bytes.
    package var lengthMax: Int { self == .freeText ? 500 : 64 }

    package var wording: String {
        switch self {
        case .intentID, .tag: "1 to 64 of A-Z a-z 0-9 . _ : -"
        case .symbol: "1 to 64 bytes of letters, digits and . _ : / - $ & + @ ! * ~ # ( ), starting with a letter or digit, without .."
        case .account, .clientOrderID, .venueOrderID, .budget: "1 to 64 visible ASCII characters without quote or backslash"
        case .freeText: "1 to 500 bytes of text without control characters"
        }
    }
}

/// The words of the protocol. They are the core's too, which a test sees to.
package enum Words {
    package static let side = ["buy", "sell"]
    package static let orderType = ["limit", "market"]
    package static let timeInForce = ["gtc", "ioc", "fok"]
    package static let positionSide = ["long", "short"]
    package static let marginAction = ["normal", "auto_borrow", "auto_repay", "auto_borrow_repay"]
    package static let stp = ["none", "cancel_taker", "cancel_maker", "cancel_both"]
    package static let onFailure = ["keep", "cancel"]
    package static let onLost = ["cancel", "halt"]
    package static let verdict = ["holds", "contradicts", "not_seen"]
    package static let promise = ["P2", "P3", "P4"]
    package static let tradingState = ["active", "reducing", "halted"]
    package static let orderState = [
        "intended", "submitted", "in_doubt", "acknowledged", "working", "partially_filled", "filled", "canceled", "expired", "rejected", "denied",
        "abandoned",
    ]
    /// Of orders that are not closed.
    package static let openState = Array(orderState.prefix { $0 != "filled" })
    package static let breakKind = [
        "missing_here", "missing_there", "quantity", "price", "state", "external_order", "duplicate_id", "contradiction", "abandoned", "limit",
        "loop", "unreadable", "identity", "cancel_refused", "assumption",
    ]
}
