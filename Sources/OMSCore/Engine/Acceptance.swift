/// An intent that came before its account knew its markets: it waits a little instead of being refused.
struct EarlySubmit {
    let intent: Intent
    let content: AskedContent
    let actor: Actor
    let ticket: Ticket
    let desk: Int
    let until: Int64
}

/// An intent that was found good and is being written, slice by slice.
struct Acceptance {
    let intent: OpenIntent
    let desk: Int
    let ticket: Ticket
    let actor: Actor
    /// What is to be born, in item order.
    let places: [(item: Int, clientOrderID: ClientOrderID?, terms: OrderTerms)]
    let modifies: [ModifyItem]
    let cancels: [ClientOrderID]
    var written = 0
    var left: Int { places.count - written }
    var orders: [ClientOrderID] = []
    var keys: [OrderKey] = []
    /// Who sent the same intent again before it was whole.
    var echoes: [Ticket] = []
    /// Ids that callers chose.
    let givenIDs: Set<ClientOrderID>
}
