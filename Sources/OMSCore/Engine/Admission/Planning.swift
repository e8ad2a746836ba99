/// What an intent comes to: children cut, cancels found, everything checked. Nothing is changed yet.
struct IntentPlan {
    var places: [(item: Int, clientOrderID: ClientOrderID?, terms: OrderTerms)] = []
    var modifies: [ModifyItem] = []
    /// Who was named first; of those that a filter found, who lives at the venue stands in front.
    var cancels: [ClientOrderID] = []
    /// Of these, such as need a request: the venue holds the order, or may.
    var cancelsToSend = 0
    /// What its modifies ask of each order, all together.
    var asked: [ClientOrderID: (price: Decimal?, quantity: Decimal?)] = [:]
    /// The most that any of its modifies asks of each: of several nobody knows which the venue will take.
    var mostAsked: [ClientOrderID: (price: Decimal?, quantity: Decimal?)] = [:]
}

/// An intent whose cancels and modifies are being looked for, slice by slice: a filter may mean all of a large book. Nothing of it is on record, and it may
/// still be refused.
struct Planning {
    let intent: Intent
    let content: AskedContent
    let desk: Int
    let actor: Actor
    let ticket: Ticket
    /// Under which guard it came; nil: under none.
    let guardID: GuardID?
    /// Who sent the same intent again meanwhile.
    var echoes: [Ticket] = []
    var plan = IntentPlan()
    var details: [ControlError.Detail] = []
    /// The owner's bound that a modify passes.
    var refusal: ControlError?
    /// Items of `modify`, then of `cancel`, that were looked at.
    var next = 0
    var wanted: Set<OrderKey> = []
    var filters: [CancelFilter: CancelMatches] = [:]
    /// Through the book, for all filters at once.
    var walk: BookWalk?
    /// Found by filters, and never sent.
    var unsent: [ClientOrderID] = []

    var itemsLeft: Int { intent.modify.count + intent.cancel.count - next }
}

/// What a cancel item without an order's name means.
struct CancelFilter: Hashable {
    let symbol: Symbol?
    let side: Side?
    let tag: Tag?

    /// Without one all is meant.
    var hasName: Bool { symbol != nil || side != nil || tag != nil }
    var words: String { [symbol?.text, side?.rawValue, tag.map { "the tag \($0)" }].compactMap { $0 }.joined(separator: ", ") }
}

struct CancelMatches {
    /// The item that named it first, from 0.
    let index: Int
    var count = 0
}
