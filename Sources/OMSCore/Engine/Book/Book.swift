import Containers

/// An order in the engine's hands: not closed, or closed with something still to learn. Part of ``Book``, which alone writes its ``Order``.
final class LiveOrder {
    fileprivate(set) var order: Order
    let intent: OpenIntent?
    /// How many orders a batch with this one may hold: halved where a refused batch named no offender, one after unattributable answers.
    var batchCap = Int.max
    /// Open cancels and modifies, oldest first.
    var commands: [CommandID] = []
    /// What pushes told of it; nil: none has.
    var pushed: Pushed?
    /// Its executions on record; nil: nobody had to know them since it came into memory.
    fileprivate(set) var trades: [TradeID: Fill]?
    /// Predicted ids of attempts that surely were not executed: not looked up. A restart forgets them and looks up a few more.
    fileprivate(set) var unbornIDs: Set<VenueOrderID> = []
    /// When the last report was asked for that was taken over, by the runner's clock.
    fileprivate(set) var askedAt: Int64 = .min
    /// When its last attempt was decided, by the runner's clock; attempts of a former process were before all that this one measured.
    fileprivate(set) var attemptedAt: Int64 = .min
    /// For how long after the stamp below single look-ups did not show it, microseconds.
    var unseenUs: Int64 = 0
    /// When it was proven absent last, by the runner's clock; by an earlier process: before all that this one heard.
    fileprivate(set) var provenAt: Int64 = -.farthest
    /// When the order was last seen in a listing or report, by the runner's clock.
    var seenAt: Int64 = .min
    /// Why it was parked, as written down by this process; how often it was asked about since.
    var parkedWhy: String?
    // Small ones behind what leaves room for them: there are hundreds of thousands of these.
    var parkedTries: Int32 = 0
    /// How often the venue put it off, as an item, without executing it.
    var putOffs: Int32 = 0
    /// The venue's version of the newest answer that was applied.
    fileprivate(set) var version: Int64?
    /// Waits in the place queue.
    var isQueued = false
    /// Waits for its intent's cancels.
    var isGated = false
    /// A modify may have given it another id at the venue: it is looked for by ours, and the id shown then is its id.
    var mayBeRenamed = false
    /// The journal knows that something of it is still to be asked for although it is closed.
    var isUnlisted = false
    /// A round did not show it although it had to be visible by then.
    var isOverdue = false
    /// The first stamp, of those this process knows, that a request with it bore which may have been executed: milliseconds of the venue's clock.
    fileprivate(set) var firstStampMs: Int64?

    init(_ order: Order, intent: OpenIntent?) {
        (self.order, self.intent) = (order, intent)
        firstStampMs = order.wireTime
        // Twice absent after answers that named nobody: alone, any answer is about it.
        if order.absences >= Order.absencesMax { batchCap = 1 }
    }

    var key: OrderKey { order.key }
    var state: OrderState { order.state }
}

/// One account's orders in memory: live ones, and closed ones with something still to learn. By their ids, by number, and by how they stand.
///
/// An owner: an ``Order`` is written in this file alone. What is known of one changes in two steps: a change of its fields, which returns them, and the move
/// that puts them on record (`Engine.change`), also where the state stays the same. Whether a move may be made, and what else it means, is decided there.
final class Book {
    private let names: OrderNames
    private var orders: [OrderKey: LiveOrder] = [:]
    /// By number, for walks that take more than one turn.
    private var numbers = SortedRuns<OrderKey>()
    private var byVenueID: [VenueOrderID: OrderKey] = [:]

    /// What they may come to, where a rule asks.
    let weights = Weights()
    private(set) var counts = OrderCounts()
    /// In doubt.
    private(set) var doubts: Set<OrderKey> = []
    /// The same by age, and others that were in doubt before.
    private var doubtsByAge = TimerHeap<OrderKey>()
    /// Of these, those that wait for a person.
    private(set) var parked: Set<OrderKey> = []
    /// Live or in doubt, and left by a rebinding where the account was.
    private(set) var left: Set<OrderKey> = []
    /// That the venue called duplicates and does not show; that were proven absent and wait to be sent again.
    private(set) var hidden: Set<OrderKey> = []
    private(set) var provenAbsent: Set<OrderKey> = []

    /// What they came to.
    var positions: Positions

    init(names: OrderNames, positions: Positions) { (self.names, self.positions) = (names, positions) }

    subscript(key: OrderKey) -> LiveOrder? { orders[key] }
    /// The one that bears this id at the venue, or may.
    subscript(venueID: VenueOrderID) -> LiveOrder? { byVenueID[venueID].flatMap { orders[$0] } }

    var count: Int { orders.count }
    /// In no order.
    var all: Dictionary<OrderKey, LiveOrder>.Values { orders.values }
    var keys: FlattenSequence<[[OrderKey]]> { numbers.elements }
    func next(after key: OrderKey, limit: Int) -> ArraySlice<OrderKey> { numbers.next(after: key, limit: limit) }

    /// The order in doubt that was intended first.
    func oldestDoubt() -> OrderKey? {
        while let number = doubtsByAge.nextAt, !doubts.contains(OrderKey(number)) { _ = doubtsByAge.popDue(at: number) }
        return doubtsByAge.nextAt.map { OrderKey($0) }
    }

    // MARK: Coming and going

    /// - Parameter isLeft: it was left where the account was: it has no id here, whoever bears it.
    func adopt(_ live: LiveOrder, isLeft: Bool) {
        let order = live.order
        names.take(live)
        orders[live.key] = live
        numbers.insert(live.key)
        if isLeft {
            if !live.state.isTerminal { left.insert(live.key) }
        } else {
            if let id = order.venueOrderID { byVenueID[id] = live.key }
            for id in order.predictedIDs { byVenueID[id] = live.key }
            if live.state == .inDoubt {
                doubt(live.key)
                if order.parkedAt != nil { parked.insert(live.key) }
            }
        }
        counts.move(from: nil, to: live.state)
        _ = track(live)
    }

    func forget(_ live: LiveOrder) {
        names.forget(live.order.clientOrderID)
        orders[live.key] = nil
        numbers.remove(live.key)
        weights.forget(live.key)
        for id in live.order.predictedIDs + [live.order.venueOrderID].compactMap({ $0 }) where byVenueID[id] == live.key { byVenueID[id] = nil }
    }

    /// One that was left elsewhere is closed.
    ///
    /// - Returns: whether it was one of them.
    func closeLeft(_ live: LiveOrder) -> Bool { left.remove(live.key) != nil }

    // MARK: Moving

    /// Moves an order; the table of moves allows it. Equal states move nothing.
    ///
    /// - Returns: what changed with the state.
    func move(_ live: LiveOrder, to next: OrderState, _ evidence: Evidence, at wall: Int64) -> OrderFields {
        let from = live.state
        guard from != next else { return [] }
        live.order.state = next
        live.order.evidence = evidence
        counts.move(from: from, to: next)
        if from == .inDoubt { endDoubt(live.key) }
        if next == .inDoubt { doubt(live.key) }
        switch next {
        case .submitted: live.order.submittedAt = wall
        case .acknowledged, .working, .partiallyFilled, .filled: live.order.acknowledgedAt = live.order.acknowledgedAt ?? wall
        case .intended, .inDoubt, .canceled, .expired, .rejected, .denied, .abandoned: break
        }
        live.order.closedAt = next.isTerminal ? wall : nil
        // Parked is a doubt that goes on: whatever comes after it is not, in the row as in memory.
        guard live.order.parkedAt != nil else { return [] }
        live.order.parkedAt = nil
        return .parkedAt
    }

    /// Keeps the tables of what is hidden, and of what was proven absent, as an order moves, and has it weighed.
    ///
    /// - Returns: whether it was hidden and is not any more.
    func track(_ live: LiveOrder) -> Bool {
        weights.weigh(live)
        if live.state == .intended, live.order.absences > 0 {
            provenAbsent.insert(live.key)
        } else if !provenAbsent.isEmpty {
            provenAbsent.remove(live.key)
        }
        if live.state == .intended, live.order.absences == 0 { live.firstStampMs = nil }
        if !live.state.isTerminal, !live.order.bars.isDisjoint(with: [.duplicate, .among]) {
            hidden.insert(live.key)
            return false
        }
        return !hidden.isEmpty && hidden.remove(live.key) != nil
    }

    /// Nobody knows what became of it, from here on.
    private func doubt(_ key: OrderKey) {
        guard doubts.insert(key).inserted else { return }
        doubtsByAge.add(key, at: key.number)
    }

    private func endDoubt(_ key: OrderKey) {
        doubts.remove(key)
        parked.remove(key)
        // What is left over of former doubts must not outgrow them.
        if doubtsByAge.count > 64, doubtsByAge.count > 2 * doubts.count {
            doubtsByAge = TimerHeap()
            for key in doubts { doubtsByAge.add(key, at: key.number) }
        }
    }

    // MARK: Attempts

    /// It was born just now: nothing of it is on record.
    func bear(_ live: LiveOrder) { live.trades = [:] }

    /// A request carries it.
    ///
    /// - Parameter predictedID: the id that this attempt will bear at the venue, where it can be computed.
    func send(_ live: LiveOrder, in request: RequestID, stampMs: Int64, predictedID: VenueOrderID?, at now: Int64) -> OrderFields {
        live.order.attempts += 1
        live.order.request = request
        (live.order.wireTime, live.attemptedAt) = (stampMs, now)
        live.firstStampMs = live.firstStampMs ?? stampMs
        guard let predictedID else { return [] }
        live.order.predictedIDs.append(predictedID)
        byVenueID[predictedID] = live.key
        return .predictedID
    }

    /// The request did not leave.
    func unsend(_ live: LiveOrder) -> OrderFields {
        live.order.attempts -= 1
        return .attempts
    }

    /// It may have been sent, though the record does not say so.
    func suspect(_ live: LiveOrder) -> OrderFields {
        live.order.attempts = max(1, live.order.attempts)
        return .attempts
    }

    /// No order bears the id of an attempt that surely was not executed.
    func unbear(_ id: VenueOrderID, of live: LiveOrder) {
        live.unbornIDs.insert(id)
        byVenueID[id] = nil
    }

    /// It is proven absent.
    func miss(_ live: LiveOrder, at now: Int64) -> OrderFields {
        live.order.absences = min(live.order.absences + 1, Order.absencesMax)
        if live.order.absences >= Order.absencesMax { live.batchCap = 1 }
        live.provenAt = now
        return .absences
    }

    /// A person is asked for; since then, by the wall clock, where it was not before.
    func park(_ live: LiveOrder, at wall: Int64) -> OrderFields {
        live.order.parkedAt = live.order.parkedAt ?? wall
        parked.insert(live.key)
        return .parkedAt
    }

    func bar(_ live: LiveOrder, _ bars: Bars) -> OrderFields {
        live.order.bars.formUnion(bars)
        return .bars
    }

    func lift(_ live: LiveOrder, _ bars: Bars) -> OrderFields {
        live.order.bars.subtract(bars)
        return .bars
    }

    // MARK: What the venue says

    @discardableResult
    func learn(_ venueID: VenueOrderID, of live: LiveOrder) -> OrderFields {
        (live.order.venueOrderID, byVenueID[venueID]) = (venueID, live.key)
        return .venueOrderID
    }

    func say(_ word: String, of live: LiveOrder) -> OrderFields {
        live.order.venueState = word
        return .venueState
    }

    /// Words against it, the venue's or ours.
    @discardableResult
    func refuse(_ live: LiveOrder, _ code: String?, _ text: String?) -> OrderFields {
        (live.order.rejectCode, live.order.rejectText) = (code, text)
        return .reject
    }

    /// The venue has it: words by which an answer seemed to refuse it say nothing any more.
    func forgetWords(of live: LiveOrder) -> OrderFields {
        guard live.order.rejectCode != nil || live.order.rejectText != nil else { return [] }
        return refuse(live, nil, nil)
    }

    func execute(_ live: LiveOrder, _ quantity: Decimal) -> OrderFields {
        let before = live.executed
        live.order.filledQuantity = quantity
        positions.execute(live.order.terms, from: before, to: live.executed)
        return .filledQuantity
    }

    /// Its executions on record, as the journal holds them.
    func recall(_ fills: [Fill], of live: LiveOrder) {
        live.trades = Dictionary(fills.map { ($0.tradeID, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Books an execution: the one door, whoever tells of it. Each is booked once for ever; those on record must be known (``recall(_:of:)``).
    func book(_ fill: Fill, of live: LiveOrder) -> Booking {
        if let known = live.trades?[fill.tradeID] { return known.isSame(as: fill) ? .known : .differs(known) }
        let before = live.executed
        live.trades?[fill.tradeID] = fill
        positions.execute(live.order.terms, from: before, to: live.executed)
        positions.book(fill, of: live.order.terms)
        weights.weigh(live)
        return .new
    }

    /// Takes over what a report says of an order. Filled quantity never falls, and an end that the venue told of stands.
    ///
    /// - Returns: nil: it is older than what is known, and nothing changed.
    func apply(_ report: OrderReport, to live: LiveOrder, _ sight: Sight) -> Merged? {
        let worth = report.worth(beside: live, sight)
        if case .none = worth { return nil }
        switch sight {
        case .asked(let time):
            live.version = report.version.map { max($0, live.version ?? $0) } ?? live.version
            live.askedAt = max(live.askedAt, time)
        case .pushed(let version, let time):
            let pushed = live.heard()
            if let version = report.version { pushed.heardVersion = max(version, pushed.heardVersion(at: time) ?? version) }
            (pushed.pushedVersion, pushed.takenAt) = (version ?? pushed.pushedVersion, time)
        }
        var merged = Merged(next: live.state)
        if live.isBarredUntilSeen {
            merged.isUnbarred = true
            if live.order.bars.contains(.refusal) || live.isRefusedByWords { merged.fields.formUnion(refuse(live, nil, nil)) }
            merged.fields.formUnion(lift(live, live.order.bars))
        }
        if let id = report.venueOrderID, live.order.venueOrderID != id {
            let isOurs = report.clientOrderID == live.order.clientOrderID
            if live.mayBeRenamed, isOurs {
                merged.fields.formUnion(learn(id, of: live))
            } else if live.order.venueOrderID == nil {
                merged.fields.formUnion(learn(id, of: live))
            } else if isOurs || live.order.predictedIDs.contains(id) {
                merged.other = id
            }
        }
        let filledBefore = live.order.filledQuantity
        merged.fields.formUnion(merge(report, into: live, isWhole: worth == .whole))
        weights.weigh(live)
        merged.hasGrown = live.order.filledQuantity > filledBefore
        merged.next = report.state(of: live)
        if live.state.isTerminal, live.order.evidence.isVenues, merged.next != live.state {
            // A late fill of a canceled order counts.
            merged.isContradiction = merged.next.isTerminal
            merged.next = live.state
        }
        return merged
    }

    /// Merges what a report says of an order, but for its ids and its state.
    private func merge(_ report: OrderReport, into live: LiveOrder, isWhole: Bool) -> OrderFields {
        var fields: OrderFields = []
        let hasGrown = report.filledQuantity.map { $0 > live.order.filledQuantity } ?? false
        let isNews = isWhole || hasGrown || report.isEnd && !live.state.isTerminal || !live.state.isLive
        if isNews, live.order.venueState != report.venueState {
            live.order.venueState = report.venueState
            fields.insert(.venueState)
        }
        if let filled = report.filledQuantity, filled > live.order.filledQuantity { fields.formUnion(execute(live, filled)) }
        if report.status == .filled, report.filledQuantity == nil, let whole = report.quantity ?? live.order.quantity,
            whole > live.order.filledQuantity
        {
            fields.formUnion(execute(live, whole))
        }
        if isNews, let average = report.averagePrice, average.isPositive, live.order.averagePrice != average {
            live.order.averagePrice = average
            fields.insert(.averagePrice)
        }
        if live.order.terms.type == .limit {
            if isWhole, let price = report.price, price.isPositive, live.order.price != price {
                live.order.price = price
                fields.insert(.price)
            }
            // What was executed may show that it is larger, also where no more of the report is believed.
            let isLarger = live.order.quantity.map { live.order.filledQuantity > $0 } ?? false
            if isWhole || isLarger, let quantity = report.quantity, quantity.isPositive, live.order.quantity != quantity {
                live.order.quantity = quantity
                fields.insert(.quantity)
            }
        }
        // It is there: a refusal that held only unless it was found was none, and what else an answer said of it is over.
        if report.status != .rejected, !live.state.isTerminal || !live.order.evidence.isVenues {
            if live.order.bars.contains(.refusal) { fields.formUnion(lift(live, .refusal)) }
            fields.formUnion(forgetWords(of: live))
        }
        if let reason = report.reason, !reason.isEmpty, reason != live.order.rejectText,
            report.status == .rejected || report.status == .canceled || report.status == .expired
        {
            fields.formUnion(refuse(live, live.order.rejectCode, reason))
        }
        return fields
    }
}
