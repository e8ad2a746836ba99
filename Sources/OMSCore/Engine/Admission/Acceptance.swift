/// An intent that was found good and is being written, slice by slice: its orders, then its cancels and its modifies.
struct Acceptance {
    let intent: OpenIntent
    let desk: Int
    let ticket: Ticket
    let actor: Actor
    /// What is to be born, in item order.
    let places: [(item: Int, clientOrderID: ClientOrderID?, terms: OrderTerms)]
    let cancels: [ClientOrderID]
    let modifies: [ModifyItem]
    /// What those modifies ask of each order, all together.
    let asked: [ClientOrderID: (price: Decimal?, quantity: Decimal?)]
    /// The most that any of them asks.
    let mostAsked: [ClientOrderID: (price: Decimal?, quantity: Decimal?)]
    /// How much of the three is on record.
    var written = 0
    var left: Int { places.count + cancels.count + modifies.count - written }
    var placesLeft: Int { max(0, places.count - written) }
    var writesModifies: Bool { !modifies.isEmpty && written >= places.count + cancels.count }
    var orders: [ClientOrderID] = []
    var keys: [OrderKey] = []
    /// Cancels that were born.
    var commands: [CommandID] = []
    /// Who sent the same intent again before it was whole.
    var echoes: [Ticket] = []
    /// Ids that callers chose.
    let givenIDs: Set<ClientOrderID>
}

/// What of an accepted intent begins to move, slice by slice: it is on record, and a start would set it on its way from there.
struct Release {
    let intent: OpenIntent
    let desk: Int
    var cancels: [CommandID] = []
    var places: [OrderKey] = []
    var modifies: [CommandID] = []
    var nextCancel = 0
    var nextPlace = 0
    var nextModify = 0

    var cancelsLeft: Int { cancels.count - nextCancel }
    var left: Int { cancelsLeft + places.count - nextPlace + modifies.count - nextModify }
}
