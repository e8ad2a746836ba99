import Containers

/// One account's queues of what is to leave: places, cancels, modifies, cancels of others' orders, and what the venue put off. What may leave, and what a
/// request is made of, is decided by those who know orders (`Engine+Dispatch`, `Engine+CommandLanes`); which lane goes first, too.
///
/// An owner: its state is written here alone. It holds keys, and asks about one whose turn has come.
final class Lanes {
    private let patience: Patience

    private let places = PlaceQueue()
    /// Orders in it that still wait: what was withdrawn stays in the queue until its turn comes.
    private(set) var placesWaiting = 0

    private var cancels = Deque<CommandID>()
    /// Those that came back, and wait for company.
    private var cancelsAgain = Gathering<CommandID>()
    /// All that wait in either.
    private var cancelsQueued: Set<CommandID> = []

    /// Orders with a modify that may leave, and with one that came back.
    private var modifies = Deque<OrderKey>()
    private var modifiesAgain = Gathering<OrderKey>()
    /// Those that wait in each: an order that waits for what is new may also wait for what came back.
    private var (modifiesQueued, modifiesQueuedAgain): (Set<OrderKey>, Set<OrderKey>) = ([], [])

    /// Orders of others that policy wants gone.
    private var strangers = Deque<CancelTicket>()

    private var putOff = TimerHeap<PutOff>()

    /// Look-ups out of orders in no doubt.
    private(set) var routineOut = 0
    /// The question that is out on the connection kept for cancels.
    private var askedOnLast: RequestID?
    /// Of listings and look-ups of orders in no doubt, which had the last permit.
    private(set) var wasListed = false

    /// What is tried again when its time comes.
    enum PutOff: Sendable {
        /// A venue put it off by itself: a closed symbol, an id that another order of the moment would bear.
        case order(OrderKey)
        case command(CommandID)
        /// Its end was waited for long enough.
        case outcome(OrderKey)
        /// Executions of this order are to be listed again.
        case fills(OrderKey)
    }

    init(patience: Patience) { self.patience = patience }

    // MARK: Places

    /// Whether the queue holds any, some of which may have been withdrawn.
    var hasPlaces: Bool { !places.isEmpty }

    func place(_ order: OrderKey, of intent: IntentKey, group: PlaceGroup) {
        placesWaiting += 1
        places.append(order, of: intent, group: group)
    }

    /// Back to the front of their intent: surely not executed.
    ///
    /// - Parameter orders: in ascending order.
    func placeAgain(_ orders: [OrderKey], of intent: IntentKey, group: PlaceGroup) {
        placesWaiting += orders.count
        places.putBack(orders, of: intent, group: group)
    }

    /// One that waited is sent, held back or closed; in the queue it is dropped when its turn comes.
    func stoppedWaiting() { placesWaiting -= 1 }

    /// One that waited is not to be sent, and leaves no trace in the queue.
    func unplace(_ order: OrderKey, of intent: IntentKey) {
        placesWaiting -= 1
        places.remove(order, of: intent)
    }

    /// See ``PlaceQueue/takeBatch(max:verdict:cap:)``.
    func takePlaces(
        max: Int, verdict: (OrderKey) -> PlaceQueue.Verdict, cap: (OrderKey) -> Int
    ) -> (group: PlaceGroup, orders: [OrderKey])? { places.takeBatch(max: max, verdict: verdict, cap: cap) }

    // MARK: Cancels

    /// Those that went nowhere yet, and cancels of others' orders.
    var hasCancels: Bool { hasNewCancels || !strangers.isEmpty }
    var hasNewCancels: Bool { !cancels.isEmpty }
    var hasCancelsAgain: Bool { !cancelsAgain.isEmpty }
    var cancelsWaiting: Int { cancelsQueued.count }

    /// - Parameter isAgain: it came back before.
    func cancel(_ id: CommandID, isAgain: Bool, at now: Int64) {
        guard cancelsQueued.insert(id).inserted else { return }
        if isAgain { cancelsAgain.append(id, at: now) } else { cancels.append(id) }
    }

    /// When cancels that came back may go, as far as company is concerned: at once with so many; `Int64.max`: there is none.
    func cancelsAgainAt(full: Int) -> Int64 { cancelsAgain.goesAt(full: full, gatheringUs: patience.gatheringUs) }

    /// The next batch of cancels. Those of other groups, or beyond what one of the batch bears, stay in front.
    ///
    /// - Parameter offer: what it cannot share a request with, and how many may be in one with it; nil: it cannot leave now, and is out of the queue.
    func takeCancels(again: Bool, most: Int, offer: (CommandID) -> (group: PlaceGroup, cap: Int)?) -> [CommandID] {
        var taken: [CommandID] = []
        var later: [CommandID] = []
        var group: PlaceGroup?
        var most = most
        while taken.count < most, let id = again ? cancelsAgain.popFirst() : cancels.popFirst() {
            guard let offered = offer(id) else {
                cancelsQueued.remove(id)
                continue
            }
            guard group == nil || group == offered.group, taken.count < offered.cap else {
                later.append(id)
                continue
            }
            (group, most) = (offered.group, min(most, offered.cap))
            cancelsQueued.remove(id)
            taken.append(id)
        }
        if again { cancelsAgain.prepend(later) } else { cancels.prepend(later) }
        return taken
    }

    // MARK: Orders of others

    var hasStrangers: Bool { !strangers.isEmpty }

    /// Asks for the end of one; only where that does not wait already.
    func wantGone(_ ticket: CancelTicket) { strangers.append(ticket) }

    func isWantedGone(_ id: VenueOrderID) -> Bool { strangers.elements.contains { $0.venueOrderID == id } }

    /// Fills a request of cancels up, of one symbol where the venue wants one a request.
    func addStrangers(to tickets: inout [CancelTicket], most: Int, bySymbol: Bool) -> Bool {
        let before = tickets.count
        while tickets.count < most, let next = strangers.popFirst() {
            if bySymbol, let first = tickets.first, first.terms.symbol != next.terms.symbol {
                strangers.prepend([next])
                break
            }
            tickets.append(next)
        }
        return tickets.count > before
    }

    // MARK: Modifies

    var hasNewModifies: Bool { !modifies.isEmpty }
    var hasModifies: Bool { hasNewModifies || !modifiesAgain.isEmpty }
    /// Of those that went nowhere yet.
    var modifiesWaiting: Int { modifies.count }

    func modify(_ order: OrderKey, isAgain: Bool, at now: Int64) {
        if isAgain {
            if modifiesQueuedAgain.insert(order).inserted { modifiesAgain.append(order, at: now) }
        } else if modifiesQueued.insert(order).inserted {
            modifies.append(order)
        }
    }

    func modifiesAgainAt(full: Int) -> Int64 { modifiesAgain.goesAt(full: full, gatheringUs: patience.gatheringUs) }

    /// Offers the orders of the next batch of modifies, each once.
    ///
    /// - Parameter take: whether this order's modify leaves with the batch.
    func takeModifies(again: Bool, most: Int, take: (OrderKey) -> Bool) {
        var taken: Set<OrderKey> = []
        while taken.count < most, let order = again ? modifiesAgain.popFirst() : modifies.popFirst() {
            if again { modifiesQueuedAgain.remove(order) } else { modifiesQueued.remove(order) }
            if !taken.contains(order), take(order) { taken.insert(order) }
        }
    }

    // MARK: Put off

    func putOff(_ item: PutOff, until time: Int64) { putOff.add(item, at: time) }
    func popPutOff(at now: Int64) -> PutOff? { putOff.popDue(at: now) }
    var nextPutOff: Int64? { putOff.nextAt }

    // MARK: The connection kept for cancels

    var isAskingOnLast: Bool { askedOnLast != nil }
    func askedOnLast(_ id: RequestID) { askedOnLast = id }
    func landedOnLast(_ id: RequestID) { if askedOnLast == id { askedOnLast = nil } }

    // MARK: Questions of no doubt

    func routineLeft() { routineOut += 1 }
    func routineLanded() { routineOut -= 1 }
    func listed(_ isListing: Bool) { wasListed = isListing }
}

/// What waits for company, so that a request carries as much as it may.
struct Gathering<Element: Sendable> {
    private var queue = Deque<Element>()
    private var since: Int64 = .max

    var isEmpty: Bool { queue.isEmpty }

    mutating func append(_ element: Element, at now: Int64) {
        if queue.isEmpty { since = now }
        queue.append(element)
    }

    mutating func popFirst() -> Element? { queue.popFirst() }

    /// Back to the front.
    mutating func prepend(_ elements: [Element]) { queue.prepend(elements) }

    /// When it may go: at once with so many, else after a moment in which others may come; `Int64.max`: there is nothing.
    func goesAt(full: Int, gatheringUs: Int64) -> Int64 { queue.isEmpty ? .max : queue.count >= full ? .min : since + gatheringUs }
}
