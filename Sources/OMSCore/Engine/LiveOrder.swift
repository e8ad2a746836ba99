/// An order in the engine's hands: not closed, or closed with something still to learn.
final class LiveOrder {
    var order: Order
    let intent: OpenIntent?
    /// Waits in the place queue.
    var isQueued = false
    /// Waits for its intent's cancels.
    var isGated = false
    /// How many orders a batch with this one may hold: halved where a refused batch named no offender, one after unattributable answers.
    var batchCap = Int.max
    /// How often the venue put it off, as an item, without executing it.
    var putOffs = 0
    /// Open cancels and modifies, oldest first.
    var commands: [CommandID] = []
    /// The venue's version of the last report that was applied.
    var version: Int64?
    /// Predicted ids of attempts that surely were not executed: not looked up. A restart forgets them and looks up a few more.
    var unbornIDs: Set<VenueOrderID> = []
    /// A modify may have given it another id at the venue: it is looked for by ours, and the id shown then is its id.
    var mayBeRenamed = false
    /// The journal knows that something of it is still to be asked for although it is closed.
    var isUnlisted = false
    /// When its last attempt was decided, by the runner's clock; attempts of a former process were before all that this one measured.
    var attemptedAt: Int64 = .min
    /// The first stamp, of those this process knows, that a request with it bore which may have been executed: milliseconds of the venue's clock.
    var firstStampMs: Int64?
    /// A round did not show it although it had to be visible by then; for how long after that stamp single look-ups did not, microseconds.
    var isOverdue = false
    var unseenUs: Int64 = 0
    /// When it was proven absent last, by the runner's clock; by an earlier process: before all that this one heard.
    var provenAt: Int64 = -.farthest
    /// Why it was parked, as written down by this process; how often it was asked about since.
    var parkedWhy: String?
    var parkedTries = 0
    /// When the order was last seen in a listing or report, by the runner's clock.
    var seenAt: Int64 = .min

    init(_ order: Order, intent: OpenIntent?) {
        (self.order, self.intent) = (order, intent)
        firstStampMs = order.wireTime
        // Twice absent after answers that named nobody: alone, any answer is about it.
        if order.absences >= Order.absencesMax { batchCap = 1 }
    }

    var key: OrderKey { order.key }
    /// The venue has it: words by which an answer seemed to refuse it say nothing any more.
    ///
    /// - Returns: whether there were any.
    func forgetWords() -> Bool {
        guard order.rejectCode != nil || order.rejectText != nil else { return false }
        (order.rejectCode, order.rejectText) = (nil, nil)
        return true
    }
    /// Under which ids the venue may know it.
    var possibleIDs: [VenueOrderID] { unbornIDs.isEmpty ? order.predictedIDs : order.predictedIDs.filter { !unbornIDs.contains($0) } }
    var state: OrderState { order.state }
}

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

/// A request that left, or is about to.
struct InFlight {
    let plan: RequestPlan
    let grips: [PermitGrip]
    /// It has a row in the journal.
    let isJournaled: Bool
    /// When it was decided, by the runner's clock: it left no sooner.
    let launchedAt: Int64
}
