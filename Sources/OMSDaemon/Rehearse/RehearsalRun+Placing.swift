import CLinux
import ControlAPI
import Kernel
import OMSCore
import Venues
import Wire

/// The placing part: the daemon places, changes and cancels, as it does any order, and under a guard that trips when this process ends, however it does; looking
/// is done here.
extension RehearsalRun {
    static let tag = "rehearsal"

    /// What is placed: one order of each length of id that the venue takes, and two more.
    static func ids(_ rule: ClientIDRule) -> [ClientOrderID] {
        // No id is ever taken twice: one of fewer letters might be used up.
        let (short, long) = (max(rule.lengths.lowerBound, 8), min(rule.lengths.upperBound, 22))
        return [long, short, long, long].map { unusedID(rule, length: $0) }
    }

    /// - Returns: what was placed and seen. Everything is closed, or `surprises` names it.
    mutating func place(_ order: SmallestOrder, in market: Instrument, ids: [ClientOrderID], _ rehearsal: Rehearsal) -> PlacingRehearsal {
        var placing = PlacingRehearsal(
            adapter.profile, ids: ids, canChange: order.otherPrice != nil,
            lateID: Self.unusedID(adapter.profile.clientIDs, length: ids[0].text.utf8.count),
            windowMs: rehearsal.windowMs, refusesOpenIDs: rehearsal.assumes("duplicate_id"))
        do throws(ControlCaller.Problem) {
            let known = Set(try brokenAssumptions().map(\.breakID))
            try place(order, in: market, &placing, rehearsal)
            // The daemon compares the ids that orders get with those that it computed.
            if let broken = try brokenAssumptions().first(where: { !known.contains($0.breakID) }) { placing.foundBroken(broken.detail ?? "") }
        } catch { placing.broke("\(error)") }
        return placing
    }

    private func brokenAssumptions() throws(ControlCaller.Problem) -> [ShownBreak] {
        guard adapter.profile.looksUpByVenueID else { return [] }
        var asked = BreakList.Parameters()
        (asked.selection.account, asked.kinds) = (account.id.text, ["assumption"])
        return try caller.ask(BreakList.self, asked).breaks
    }

    private mutating func place(
        _ order: SmallestOrder, in market: Instrument, _ placing: inout PlacingRehearsal, _ rehearsal: Rehearsal
    ) throws(ControlCaller.Problem) {
        let held = try guarded()
        while let step = placing.next() {
            switch step {
            case .place(let id): placing.heard(try placed(id, order, in: market))
            case .look(let id, let venueID, let page, let afterMs):
                if afterMs > 0 { usleep(UInt32(afterMs) * 1_000) }
                placing.heard(try looked(id, venueID, page: page, order, in: market, rehearsal))
            case .change(let id): placing.heard(try changed(id, to: order.otherPrice ?? order.price))
            case .cancel(let id): placing.heard(try canceled(id))
            case .again(let id): placing.heard(try again(id, order, in: market, rehearsal))
            case .lookAgain(let id, let venueID):
                usleep(1_000_000)
                placing.heard(try lookedAgain(id, venueID, order, in: market, rehearsal))
            case .late(let late, let id, let agedMs): placing.heard(try sentLate(late, id, agedMs: agedMs, order, in: market, rehearsal))
            }
        }
        try release(held)
    }

    /// What this process places is cancelled however it ends.
    func guarded() throws(ControlCaller.Problem) -> Int64 {
        var guarding = SessionGuard.Parameters()
        (guarding.accounts, guarding.onLost, guarding.graceMs) = ([account.id.text], GuardRow.OnLost.cancel.rawValue, 0)
        return try caller.ask(SessionGuard.self, guarding).guardID
    }

    /// The guard goes where nothing is left for it.
    func release(_ held: Int64) throws(ControlCaller.Problem) {
        guard try open().isEmpty else { return }
        var released = SessionRelease.Parameters()
        released.guardID = held
        _ = try caller.ask(SessionRelease.self, released)
    }

    /// Orders of rehearsals that are not closed. Others may use the tag, too.
    func open() throws(ControlCaller.Problem) -> [ShownOrder] {
        var asked = OrderList.Parameters()
        (asked.selection.account, asked.tag, asked.selection.states) = (account.id.text, Self.tag, Words.openState)
        do throws(ControlCaller.Problem) {
            return try caller.ask(OrderList.self, asked).orders.filter { $0.clientOrderID.hasPrefix(Self.idPrefix) }
        } catch {
            // A tag that nothing bears is an error there.
            if case .refused(let code, _) = error, code == ControlError.unknownOrder("").code { return [] }
            throw error
        }
    }

    /// Cancels what a rehearsal that was killed left open.
    func cancelLeftovers() throws(ControlCaller.Problem) {
        let left = try open()
        guard !left.isEmpty else { return }
        var intent = IntentSubmit.Parameters()
        intent.cancel = left.map { .string($0.clientOrderID) }
        try settle(intent, until: "settled")
    }

    /// Waits until new orders may leave; else why they may not.
    func waitReady() throws(ControlCaller.Problem) -> String? {
        let end = Self.now + 60_000_000
        while true {
            let shown = try caller.ask(AccountList.self).accounts.first { $0.account == account.id.text }
            guard let shown else { return "the daemon has no account \(account.id)" }
            if shown.state != TradingState.active.rawValue { return "it is \(shown.state)\(shown.stateReason.map { ": \($0)" } ?? "")" }
            if shown.isReady { return nil }
            if Self.now > end { return shown.reason ?? "it does not get ready" }
            usleep(100_000)
        }
    }

    static var now: Int64 { omsd_clock_us(CLOCK_BOOTTIME) }

    // MARK: Steps

    private func placed(_ id: ClientOrderID, _ order: SmallestOrder, in market: Instrument) throws(ControlCaller.Problem) -> PlacingRehearsal.Heard {
        var intent = IntentSubmit.Parameters()
        intent.place = [item(id, order, in: market, more: [(key: "post_only", value: .bool(true))])]
        let handed: String
        do throws(ControlCaller.Problem) { handed = try handOver(intent) } catch {
            // Its own rules, limits of risk among them: nothing of it is on record.
            if case .refused(_, let words) = error { return .closed("the daemon refused it (\(words))", at: Self.now) }
            throw error
        }
        // A wait that is refused says nothing of what is on record.
        do throws(ControlCaller.Problem) { try wait(for: handed, until: "acknowledged") } catch {
            guard case .refused = error else { throw error }
        }
        return try standing(of: id)
    }

    /// A buy, as an intent has it.
    func item(_ id: ClientOrderID, _ order: SmallestOrder, in market: Instrument, more: [(key: String, value: JSON)]) -> JSON {
        var item: [(key: String, value: JSON)] = [
            (key: "symbol", value: .string(market.symbol.text)), (key: "side", value: .string("buy")), (key: "type", value: .string("limit")),
            (key: "price", value: .string(order.price.description)), (key: "quantity", value: .string(order.quantity.description)),
            (key: "client_order_id", value: .string(id.text)),
        ]
        if let side = positionSide { item.append((key: "position_side", value: .string(side.rawValue))) }
        return .object(item + more)
    }

    var positionSide: PositionSide? { VenueCatalog.sample(venue: account.venue, product: account.product)?.positionSide }

    private func changed(_ id: ClientOrderID, to price: Decimal) throws(ControlCaller.Problem) -> PlacingRehearsal.Heard {
        var intent = IntentSubmit.Parameters()
        intent.modify = [
            .object([(key: "client_order_id", value: .string(id.text)), (key: "price", value: .string(price.description))])
        ]
        try settle(intent, until: "settled")
        let shown = try order(id)
        guard shown.price == price.description else { return .unknown("it was not changed; it is \(shown.state)", at: Self.now) }
        return try standing(of: id)
    }

    private func canceled(_ id: ClientOrderID) throws(ControlCaller.Problem) -> PlacingRehearsal.Heard {
        var intent = IntentSubmit.Parameters()
        intent.cancel = [.string(id.text)]
        try settle(intent, until: "settled")
        let heard = try standing(of: id)
        if case .taken = heard { return .unknown("it is \(try order(id).state)", at: Self.now) }
        return heard
    }

    /// Hands an intent over and waits for it.
    func settle(_ intent: IntentSubmit.Parameters, until: String) throws(ControlCaller.Problem) {
        try wait(for: handOver(intent), until: until)
    }

    /// - Returns: the intent's id.
    func handOver(_ intent: IntentSubmit.Parameters) throws(ControlCaller.Problem) -> String {
        var intent = intent
        (intent.account, intent.tag) = (account.id.text, Self.tag)
        return try caller.ask(IntentSubmit.self, intent).intentID
    }

    /// At most a minute.
    func wait(for intent: String, until: String) throws(ControlCaller.Problem) {
        _ = try caller.ask(IntentWait.self, IntentWait.Parameters(intent, until: until, timeoutMs: 60_000))
    }

    func order(_ id: ClientOrderID) throws(ControlCaller.Problem) -> ShownOrder {
        var asked = OrderGet.Parameters()
        asked.clientOrderID = id.text
        return try caller.ask(OrderGet.self, asked)
    }

    private func standing(of id: ClientOrderID) throws(ControlCaller.Problem) -> PlacingRehearsal.Heard {
        let shown = try order(id)
        // The venue's word came a moment before it was told here.
        let ago = shown.acknowledgedAt.map { max(0, omsd_clock_us(CLOCK_REALTIME) - $0) } ?? 0
        switch OrderState(rawValue: shown.state) {
        case .acknowledged, .working, .partiallyFilled: return .taken(shown.venueOrderID.map { VenueOrderID($0) }, at: Self.now - ago)
        case .canceled where shown.filledQuantity == "0": return .closed(nil, at: Self.now)
        case .rejected:
            return .closed("the venue refused it: \([shown.rejectCode, shown.rejectText].compactMap { $0 }.joined(separator: " "))", at: Self.now)
        case .filled, .canceled, .expired, .denied, .abandoned:
            return .closed("it is \(shown.state)\(shown.filledQuantity == "0" ? "" : ", \(shown.filledQuantity) of it executed")", at: Self.now)
        case .intended, .submitted, .inDoubt, nil: return .unknown("it is \(shown.state)", at: Self.now)
        }
    }

    func subject(_ id: ClientOrderID, _ venueID: VenueOrderID?, _ order: SmallestOrder, in market: Instrument, _ rehearsal: Rehearsal) -> FindSubject
    {
        let terms = OrderTerms(symbol: market.symbol, side: .buy, type: .limit, timeInForce: .gtc, price: order.price, quantity: order.quantity)
        let stamp = rehearsal.clock(at: Self.now).map { $0.middle(at: Self.now) / 1_000 } ?? 0
        return FindSubject(
            order: OrderKey(0), clientOrderID: id, venueOrderID: adapter.profile.looksUpByVenueID ? venueID : nil,
            predictedIDs: venueID.map { [$0] } ?? [], terms: terms, sinceMs: max(0, stamp - 600_000))
    }

    /// On all pages: what took the market's offer or ended is on none of open orders.
    private mutating func lookedAgain(
        _ id: ClientOrderID, _ venueID: VenueOrderID, _ order: SmallestOrder, in market: Instrument, _ rehearsal: Rehearsal
    ) throws(ControlCaller.Problem) -> PlacingRehearsal.Heard {
        var found: [OrderReport] = []
        for page in 0..<max(1, adapter.profile.findSteps) {
            if case .shown(let reports, _) = try looked(id, venueID, page: page, order, in: market, rehearsal) { found += reports }
        }
        return .shown(found, at: Self.now)
    }

    private mutating func looked(
        _ id: ClientOrderID, _ venueID: VenueOrderID?, page: Int, _ order: SmallestOrder, in market: Instrument, _ rehearsal: Rehearsal
    ) throws(ControlCaller.Problem) -> PlacingRehearsal.Heard {
        let subject = subject(id, venueID, order, in: market, rehearsal)
        guard case .answered(let answer, let sent, _) = try ask(.find([subject], step: page), agedMs: 0, windowMs: rehearsal.windowMs, rehearsal),
            case .orders(let reports, _, _)? = answer.query
        else { return .unknown("no answer", at: Self.now) }
        return .shown(reports, at: sent)
    }
}
