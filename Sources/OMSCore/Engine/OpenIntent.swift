/// An intent not settled yet.
final class OpenIntent {
    var row: IntentRow
    /// Orders intended, submitted or in doubt.
    var unsettled = 0
    /// Orders intended or submitted.
    var unanswered = 0
    var openCommands = 0
    /// Cancels whose answers its places wait for (`cancel_first`, separate requests).
    var cancelsAhead: Set<CommandID> = []
    /// Places that wait for those, in item order.
    var gated: [OrderKey] = []
    /// Cancels that wait for its places (`place_first`).
    var heldCancels: [CommandID] = []
    /// Market, IOC and FOK orders that the venue took and whose end is due any moment: it is not settled before they are known, or waited for long enough.
    var awaited: Set<OrderKey> = []
    var isComplete: Bool
    /// Its account is not configured: its orders are not in memory, and it stays as it is.
    var isAbsent = false
    /// It was canceled, or withdrawn while it was being written (a kill): nothing of it leaves any more, while its orders are canceled slice by slice.
    var isWithdrawn = false
    /// The last of its orders, as far as is known: all of them that are in memory stand behind its own number, and not behind this one.
    var lastOrder: OrderKey?
    /// Its modifies that were or are open.
    var modifies: [CommandID] = []

    init(_ row: IntentRow, isComplete: Bool) { (self.row, self.isComplete) = (row, isComplete) }
}
