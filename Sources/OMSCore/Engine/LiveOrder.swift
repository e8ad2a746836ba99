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
    /// Questions about it. Kept apart, for it is large and most orders have none.
    var inquiry: Inquiry? {
        get { openInquiry?.value }
        _modify {
            var inquiry = openInquiry?.value
            defer {
                if let inquiry {
                    if let openInquiry { openInquiry.value = inquiry } else { openInquiry = OpenInquiry(inquiry) }
                } else {
                    openInquiry = nil
                }
            }
            yield &inquiry
        }
    }
    private var openInquiry: OpenInquiry?
    /// The venue's version of the last report that was applied.
    var version: Int64?
    /// Predicted ids of attempts that surely were not executed: not looked up. A restart forgets them and looks up a few more.
    var unbornIDs: Set<VenueOrderID> = []
    /// A modify may have given it another id at the venue: it is looked for by ours, and the id shown then is its id.
    var mayBeRenamed = false
    /// The journal knows that something of it is still to be asked for although it is closed.
    var isUnlisted = false
    /// How often it was looked for since it was given up.
    var looksBehind = 0
    /// Executions are to be listed.
    var wantsFills = false
    var fillTries = 0
    var isAskingFills = false
    /// What the listing under way has shown so far.
    var listed: [TradeID: Decimal] = [:]
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

/// Where a live order keeps its ``Inquiry``.
private final class OpenInquiry {
    var value: Inquiry
    init(_ value: Inquiry) { self.value = value }
}

/// Questions about one order, until they are answered.
struct Inquiry {
    struct Reasons: OptionSet {
        let rawValue: Int
        /// A request carried it and nobody knows.
        static let doubt = Reasons(rawValue: 1)
        /// A cancel waits for its fate, its id or its end.
        static let cancel = Reasons(rawValue: 2)
        /// A modify waits to be seen.
        static let modify = Reasons(rawValue: 4)
        /// Open here, not listed there.
        static let missing = Reasons(rawValue: 8)
        /// The venue's id is not known.
        static let venueID = Reasons(rawValue: 16)
        /// It trades at once or never: its end is due.
        static let outcome = Reasons(rawValue: 32)
        /// Closed without the venue's word: it may be there all the same.
        static let givenUp = Reasons(rawValue: 64)
    }
    var reasons: Reasons
    /// Which of the venue's look-up steps is next; a round is complete when all answered.
    var step = 0
    /// Where that step goes on, and how many of its pages were read; nil: at its beginning.
    var page: String?
    var pages = 0
    var nextAt: Int64
    var isDue = false
    var isAsked = false
    var tries = 0
    /// When this round's first step was asked.
    var round = Round(askedAt: -.farthest, measuredAt: nil, clockEpoch: 0, isSingle: true)
    /// Which clock the rounds counted so far belong to.
    var clockEpoch = 0
    /// Rounds that did not know the order and count for proof (of an order in no doubt: all), and when the first of them was asked.
    var absentRounds = 0
    var firstAbsentAskedAt: Int64 = .min
    /// One of them asked for this order alone; or the next must.
    var hasSingle = false
    var wantsSingle = false
    /// When the last round that was needed for proof was answered: now only the clock is measured once more.
    var provenAt: Int64?
    /// What was last written down of it, and how often that came again.
    var lastWords: Words?
    var repeats = 0
    let startedAt: Int64
    /// A listing of the whole account did not show it: it is asked about by itself, once.
    var isLeftOver = false

    /// Kinds of news of a doubt.
    enum Words { case clock, early, first, second, step, erred }

    mutating func forgetRounds() { (absentRounds, hasSingle, provenAt) = (0, false, nil) }

    /// A step of the look-up is next, at its first page.
    mutating func begin(step: Int) { (self.step, page, pages) = (step, nil, 0) }
}

/// Who goes first among look-ups.
enum InquiryLane: Int, CaseIterable, Comparable {
    /// A cancel waits for it.
    case urgent
    /// Nobody knows what became of an order, or a modify waits.
    case doubt
    /// As the two above, and it was looked at before without an end: a fifth of a budget at most.
    case repeated
    /// The venue surely has or had it: open here and not listed there, or its id is not known.
    case routine
    /// Closed on the word of look-ups, and looked for all the same: a fifth of a budget at most.
    case late

    /// Its questions take a fifth of a budget at most.
    var isPaced: Bool { self == .repeated || self == .late }

    static func < (a: InquiryLane, b: InquiryLane) -> Bool { a.rawValue < b.rawValue }
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
