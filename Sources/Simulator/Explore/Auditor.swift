import OMSCore
import Venues
import Wire

/// Watches a history from outside: the record as it is written, the wire, the callers and the venues' own books. Stops it at the first thing that must
/// never be.
package final class Auditor {
    package private(set) var violations: [String] = []
    /// How often an order came to be in a state.
    package private(set) var seen: [OrderState: Int] = [:]
    package var isBroken: Bool { !violations.isEmpty }

    let journal: MemoryJournal
    let world: VenueWorld
    let setups: [AccountSetup]
    private let setupByID: [AccountID: AccountSetup]
    private var asked: [OMSCore.Ticket: Question] = [:]
    private var promises: [IntentID: Promise] = [:]
    private var ledgerSeen = 0
    private var cancels = CancelWatch()
    let streams = StreamWatch()
    let guards = GuardWatch()
    /// Executions on record, by account.
    var booked: Set<String> = []
    /// The auditor's own reading of each order's record.
    var readings: [OrderKey: RecordReading] = [:]
    /// Whether an account has all of these permits left for a cancel.
    var hasPermits: (AccountID, [Charge]) -> Bool = { _, _ in false }
    /// Whether an account's cancels that came back have something left of their share.
    var mayRepeatCancels: (AccountID, [Charge]) -> Bool = { _, _ in false }
    /// Microseconds of the history.
    var time: () -> Int64 = { 0 }

    /// How many open orders an account may have by its present configuration; nil: any number.
    var bound: (AccountID) -> Int? = { _ in nil }
    /// Why an order is closed that a person closed at the venue, because no look-up could find it.
    static let byHand = "by_hand"
    /// Look-ups lag further behind than any assumption allows: what was called absent may be there, and must only not be there twice.
    var looksUpStale = false
    /// Limits that a venue lowered without a word to the daemon, `venue/budget`: what goes over those is no fault of its own.
    package var lowered: Set<String> = []
    /// Somebody called for venues to cancel whatever rests there.
    var cancelsEverything = false

    private struct Question {
        let intent: Intent
        let content: IntentContent
    }

    /// What a caller was told; it must hold for ever.
    private struct Promise {
        let content: IntentContent
        let orders: [String]
    }

    init(journal: MemoryJournal, world: VenueWorld, setups: [AccountSetup]) {
        (self.journal, self.world, self.setups) = (journal, world, setups)
        setupByID = Dictionary(setups.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    func broken(_ what: String) { violations.append(what) }

    func expect(_ condition: Bool, _ what: @autoclosure () -> String) {
        if !condition { violations.append(what()) }
    }

    // MARK: The record

    func willWrite(_ record: JournalRecord) {
        cancels.willWrite(record, to: journal, at: time()) { setupByID[$0]?.rules.profile.cancelsByClientID ?? false }
        if let wrong = guards.willWrite(record, to: journal, at: time()) { broken(wrong) }
        switch record {
        case .orderChanged(let order, let from, let fields, let event):
            willChange(order, from: from, event)
            readings[order.key]?.read(order, fields, event)
        case .fill(let order, let account, _, let fill, let event):
            willBook(fill, of: account, event)
            expect(journal.fills[order]?[fill.tradeID] == nil, "trade \(fill.tradeID) of order \(order) was booked twice")
        case .requestEnded(let end): expect(journal.requests[end.id] != nil, "request \(end.id) ended and was never written")
        case .commandChanged(let command, let from, _):
            expect(journal.commands[command.id]?.state == from, "command \(command.id) moves from \(from.rawValue), where it was not")
        case .orderBorn(let order, _):
            seen[.intended, default: 0] += 1
            willBear(order)
            streams.bore(order)
            readings[order.key] = RecordReading(order)
        case .intentSettled(let key, _, _): willSettle(key)
        case .intentComplete(let key): streams.completed(key)
        case .intent, .commandBorn, .request, .breakFound, .breakResolved, .breakAcknowledged, .tradingState,
            .kill, .sessionGuard, .rehearsal, .position, .budget, .permit, .budgetRest, .ban, .banEnded, .unlisted, .idHighWater, .boot, .identity,
            .formulaBroken,
            .lookupLag, .note, .account, .intentDiscarded:
            break
        }
    }

    private func willChange(_ order: Order, from: OrderState, _ event: JournalEvent) {
        guard let known = journal.orders[order.key] else { return broken("order \(order.key) changes and was never born") }
        seen[order.state, default: 0] += 1
        let name = "\(order.clientOrderID) (event \(event.seq) \(event.kind.rawValue))"
        expect(known.state == from, "\(name) moves from \(from.rawValue), but it was \(known.state.rawValue)")
        expect(order.clientOrderID == known.clientOrderID && order.terms == known.terms, "\(name) became another order")
        expect(order.filledQuantity >= known.filledQuantity, "\(name): filled fell from \(known.filledQuantity) to \(order.filledQuantity)")
        let isVenueWord = known.evidence == .response || known.evidence == .query || known.evidence == .stream
        if event.kind == .submitted { willSubmit(order, known: known) }
        willHear(order, from: from, known: known, event)
        if known.state.isTerminal, isVenueWord {
            expect(order.state == known.state, "\(name): the venue had said \(known.state.rawValue), now it is \(order.state.rawValue)")
        }
        if known.state.isTerminal, !isVenueWord, order.state != known.state {
            expect(order.evidence != .inferred && order.evidence != .local, "\(name) left \(known.state.rawValue) without the venue's word")
        }
    }

    // MARK: The wire

    private func route(of request: HTTPRequest) -> Route? {
        world.venues.first { $0.dialect.claims(request.path) }?.dialect.route(request)
    }

    /// A request is about to leave: what it carries and the permits it takes are durable.
    ///
    /// - Parameter wall: The host's wall clock now.
    func left(_ exchange: HTTPExchange, account: AccountID, at wall: Int64) {
        let id = RequestID(exchange.id)
        let name = "request \(id) of \(account)"
        expect(journal.permitsHeld[id, default: 0] > 0, "\(name) left without a durable permit")
        guard let route = route(of: exchange.request) else { return broken("\(name): the venue has no such endpoint: \(exchange.request.target)") }
        guard route.kind != .lookup, route.kind != .public, !route.isTimer else { return }
        guard let row = journal.requests[id] else { return broken("\(name) left without a durable row") }
        expect(row.bodySHA256 == Digest256(sha256(exchange.request.body)), "\(name) left with another body than journaled")
        let (held, taken) = (journal.permitsHeld[id, default: 0], row.permits.reduce(0) { $0 + $1.count })
        expect(held == taken, "\(name) left with \(held) durable permits, it took \(taken)")
        let carried = journal.carried[id] ?? []
        if row.kind == .place { expect(carried.count == row.items, "\(name) carries \(row.items) orders, \(carried.count) are on record") }
        for key in carried {
            guard let order = journal.orders[key] else { return broken("\(name) carries order \(key), which is not there") }
            leaves(order, at: wall, in: name)
            expect(order.state == .submitted && order.request == id, "\(name) carries \(order.clientOrderID), which is \(order.state.rawValue)")
        }
        guard row.kind == .place || row.kind == .mixed else { return }
        let passed = cancels.passed(by: id, of: account, journal) { hasRoom(row, for: account, carried: carried.count, cancel: $0) }
        if let passed { broken("\(name) carries new orders past the cancel \(passed.id) of \(passed.clientOrderID), tried \(passed.attempts) times") }
    }

    /// Whether a cancel could have left instead of a request with new orders, or in it.
    private func hasRoom(_ row: RequestRow, for account: AccountID, carried: Int, cancel: OrderCommand) -> Bool {
        // By the venue's own rules, whatever a mutant makes of them.
        guard let profile = setupByID[account]?.rules.profile, let rules = VenueCatalog.adapter(venue: profile.venue, product: profile.product) else {
            return false
        }
        let cameBack = cancel.attempts > 0 || cancel.evidence == .response
        // Where the venue counts markets apart, by what the cancel's own has left.
        let tickets = journal.orders[cancel.order].map { order in
            CancelTicket(
                command: cancel.id, order: order.key, clientOrderID: order.clientOrderID, venueOrderID: order.venueOrderID, terms: order.terms)
        }
        let own = profile.mixesPlaceAndCancel ? [] : rules.charges(of: .cancel(tickets.map { [$0] } ?? []))
        if cameBack, !mayRepeatCancels(account, own) { return false }
        // What came back goes by itself: new orders may ride with cancels that are new, too.
        if profile.mixesPlaceAndCancel { return cameBack ? row.items == carried : row.items - carried < profile.cancelMax }
        // Of budgets that both take a permit of, the places had one.
        let shared = Set(rules.charges(of: .place([], isSingle: false)).map(\.budget))
        return hasPermits(account, own.filter { !shared.contains($0.budget) })
    }

    /// A venue has taken in everything up to now.
    func arrived(of account: AccountID) {
        for record in world.ledger.requests[ledgerSeen...] {
            let violated = record.violated.filter { !lowered.contains("\(record.venue)/\($0)") }
            expect(violated.isEmpty, "\(record.venue): request \(record.number) (\(record.endpoint)) was one too many for \(violated)")
            guard record.kind == .place || record.kind == .mixed, let venue = world.venue(named: record.venue) else { continue }
            for id in record.clientIDs {
                guard let order = journal.order(ClientOrderID(id)) else {
                    broken("\(record.venue) was sent an order \(id) that the journal does not hold")
                    continue
                }
                expect(order.attempts > 0, "\(record.venue) was sent \(id), whose row counts no attempt")
                guard let newest = venue.exchange.order(clientID: id, uid: record.account ?? "", at: nil) else { continue }
                let lived = sequence(first: newest, next: \.earlier).count { $0.state != .rejected }
                expect(lived <= 1, "\(record.venue) holds \(lived) orders under \(id)")
            }
        }
        ledgerSeen = world.ledger.requests.count
    }

    // MARK: Callers

    func asked(_ ticket: OMSCore.Ticket, _ intent: Intent, _ content: IntentContent, isHeard: Bool) {
        if isHeard { asked[ticket] = Question(intent: intent, content: content) }
    }

    func told(_ ticket: OMSCore.Ticket, _ result: Result<JSON, ControlError>) {
        guards.told(ticket, result)
        guard let question = asked.removeValue(forKey: ticket), !question.intent.dryRun else { return }
        switch result {
        case .success(let json):
            guard let id = json["intent_id"]?.string.map({ IntentID($0) }), let orders = json["orders"]?.array?.compactMap(\.string) else {
                return broken("an accepted intent was answered without id and orders")
            }
            if let former = promises[id] {
                expect(former.content == question.content, "intent \(id) was accepted with two contents")
                expect(former.orders == orders, "intent \(id) was answered with \(orders), before with \(former.orders)")
            }
            promises[id] = Promise(content: question.content, orders: orders)
            keeps(id)
        case .failure(let error):
            guard error.code == 1002, let id = question.intent.id else { return }
            expect(journal.intent(id)?.content != question.content, "intent \(id) was refused as changed, and it was the same")
        }
    }

    private func keeps(_ id: IntentID) {
        guard let promise = promises[id] else { return }
        guard let row = journal.intent(id), journal.isComplete(row.key) else {
            return broken("intent \(id) was accepted, and the journal does not hold it")
        }
        for order in promise.orders where journal.order(ClientOrderID(order)) == nil {
            broken("order \(order) of intent \(id) was promised, and the journal does not hold it")
        }
    }

    /// A new process has read the journal: whatever callers were told is still there.
    ///
    /// - Parameter begunAt: when it had read it, and had its start still to write down.
    func started(begunAt: Int64) {
        for id in promises.keys.sorted() { keeps(id) }
        asked = [:]
        cancels.started(at: time())
        guards.started(at: begunAt)
    }

    // MARK: At rest

    /// In how far journal and venues disagree, once nothing is under way any more. Empty: they tell the same.
    package func disagreements() -> [String] {
        var found: [String] = []
        for setup in setups {
            let profile = setup.rules.profile
            guard let exchange = world.venue(named: profile.venue)?.exchange else { continue }
            let theirs = exchange.orders.filter { $0.uid == setup.uid && $0.ticket.product == profile.product }
            let byClientID = Dictionary(grouping: theirs.filter { $0.state != .rejected && !$0.clientID.isEmpty }, by: \.clientID)
            let ours = journal.orders.values.filter { $0.account == setup.id }.sorted { $0.key < $1.key }
            for order in ours {
                if let problem = difference(order, byClientID[order.clientOrderID.text] ?? [], profile) {
                    found.append("\(setup.id) \(order.clientOrderID): \(problem)")
                }
            }
            for order in theirs where order.requestNumber > 0 && order.state != .rejected {
                guard journal.order(ClientOrderID(order.clientID)) == nil else { continue }
                found.append("\(setup.id): the venue holds \(order.clientID) (\(order.id)), the journal does not")
            }
            for order in theirs where order.requestNumber == 0 && order.state.isLive {
                guard !profile.listsBySymbol || ours.contains(where: { $0.terms.symbol.text == order.symbol }) else { continue }
                if setup.cancelsExternalOrders {
                    found.append("\(setup.id): the external order \(order.id) still stands")
                } else if !journal.breaks.values.contains(where: { $0.account == setup.id && $0.venueOrderID?.text == order.id }) {
                    found.append("\(setup.id): the external order \(order.id) is on no record")
                }
            }
        }
        return found
    }

    private func difference(_ order: Order, _ theirs: [SimOrder], _ profile: VenueProfile) -> String? {
        let here = order.state
        if theirs.count > 1 { return "\(theirs.count) orders there" }
        guard let there = theirs.first else {
            return switch here {
            case .denied, .abandoned, .rejected: nil
            case .canceled, .expired: order.evidence == .local ? nil : "\(here.rawValue) by \(order.evidence.rawValue), never there"
            case .intended, .submitted, .inDoubt: "still \(here.rawValue)"
            case .acknowledged, .working, .partiallyFilled, .filled: "\(here.rawValue) here, never there"
            }
        }
        let isSame =
            switch there.state {
            case .open, .partiallyFilled, .accepted: here.isLive
            case .filled: here == .filled
            // Venues that close an unfilled IOC order have two words for it.
            case .canceled: here == .canceled || here == .expired
            case .expired: here == .expired || here == .canceled
            case .rejected: true
            }
        if order.evidence == .operator, here == .abandoned, there.state.isClosed { return nil }
        // Given up, or withdrawn, on the word of look-ups that lag for longer than any may: an assumption was broken, no promise. What rests must be seen.
        let isGivenUp = order.absences > 0 && (here == .abandoned || order.evidence == .local)
        if !isSame, looksUpStale, isGivenUp, there.state.isClosed { return nil }
        guard isSame else { return "\(here.rawValue) by \(order.evidence.rawValue) here, \(there.state.rawValue) there" }
        if let id = order.venueOrderID, id.text != there.id { return "known as \(id) here, as \(there.id) there" }
        if order.venueOrderID == nil, here.isLive { return "its id there is not known" }
        if order.filledQuantity != there.filled { return "filled \(order.filledQuantity) here, \(there.filled) there" }
        if here.isLive, order.terms.type == .limit {
            if order.price != there.price { return "price \(text(order.price)) here, \(text(there.price)) there" }
            if order.quantity != there.quantity { return "quantity \(text(order.quantity)) here, \(there.quantity) there" }
        }
        return fillDifference(order, there, profile)
    }

    private func fillDifference(_ order: Order, _ there: SimOrder, _ profile: VenueProfile) -> String? {
        let booked = journal.fills[order.key] ?? [:]
        for fill in there.fills {
            guard let ours = booked[TradeID(fill.id)] else {
                if profile.listsFills { return "trade \(fill.id) is not on record" }
                continue
            }
            if ours.quantity != fill.quantity { return "trade \(fill.id) of \(fill.quantity) is on record as \(ours.quantity)" }
        }
        let strangers = Set(booked.keys.map(\.text)).subtracting(there.fills.map(\.id))
        return strangers.isEmpty ? nil : "trades on record that never were: \(strangers.sorted())"
    }

    private func text(_ decimal: Decimal?) -> String { decimal?.description ?? "none" }

    /// What must hold when everything has come to rest.
    func close() {
        for id in promises.keys.sorted() { keeps(id) }
        for count in world.limitCounts where count.violations > 0 && !lowered.contains("\(count.venue)/\(count.rule.name)") {
            broken("\(count.venue) \(count.rule.name): \(count.busiestWindow) arrivals in one window, \(count.permits ?? 0) allowed")
        }
        for duplicate in world.duplicates { broken("\(duplicate.venue) holds \(duplicate.orders.count) orders under \(duplicate.clientID)") }
        for key in journal.orders.keys.sorted() { replay(key) }
        unaskedCancels()
        for wrong in guards.close(journal, at: time()) { broken(wrong) }
    }
}
