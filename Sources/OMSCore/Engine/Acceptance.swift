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
    var orders: [ClientOrderID] = []
    var keys: [OrderKey] = []
}
