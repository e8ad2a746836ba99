import Containers
import OMSCore

/// One venue's orders and fills, and the simplest matching that shows every outcome: rest, fill, fill in part, close unfilled.
///
/// Deterministic: one seed and one sequence of calls give one history. Times are microseconds of the venue's clock.
/// Market orders trade at once at the symbol's reference price. IOC and FOK trade if their price is at or beyond the reference, else close unfilled
/// (`reason` `ioc` / `fok`); post-only beyond the reference closes as `post_only`. All else rests (see ``Matching``).
package final class Exchange {
    package let venue: String
    package private(set) var instruments: [String: SimInstrument]
    package var matching: Matching
    /// How old a request's stamp may be, in milliseconds, in place of the venue's own window; nil: as the venue says.
    package var freshnessMs: Int64?
    /// `takesOldStamps`: of the request that is being answered. `takesOpenIDs`: nobody looks whether an id is that of an open order.
    var oldStamps = OldStamps.refused, takesOldStamps = false, takesOpenIDs = false
    /// How long closed orders are still known to look-ups, microseconds (nil: for ever), and those canceled unfilled, where that is less.
    var memoryUs, unfilledMemoryUs: Int64?
    let view = ExchangeView()
    /// Hears of what happens to orders, as it happens: streams tell of it.
    var told: ((ExchangeNews) -> Void)?
    private var updates = 0
    private let numbering: OrderNumbering
    private var desks: [String: Desk] = [:]
    private var byID: [String: SimOrder] = [:]
    /// Every order ever placed, oldest first.
    package private(set) var orders: [SimOrder] = []
    /// Every execution, oldest first.
    package private(set) var fills: [SimFill] = []
    package var random: SplitMix64
    /// What the public pages say of prices.
    package let market: PublicMarket
    private let scheduler: (_ afterUs: Int64, _ action: @escaping (_ at: Int64) -> Void) -> Void

    /// - Parameters:
    ///   - numbering: How order and trade ids look.
    ///   - scheduler: Runs an action later, with the venue's clock of that moment.
    package init(
        venue: String, instruments: [SimInstrument], numbering: OrderNumbering = OrderNumbering(), matching: Matching = Matching(), seed: UInt64,
        scheduler: @escaping (_ afterUs: Int64, _ action: @escaping (_ at: Int64) -> Void) -> Void
    ) {
        self.venue = venue
        self.instruments = Dictionary(instruments.map { ($0.symbol, $0) }, uniquingKeysWith: { first, _ in first })
        (self.numbering, self.matching, self.scheduler) = (numbering, matching, scheduler)
        random = SplitMix64(seed: seed)
        market = PublicMarket(seed: seed)
    }

    /// Does something later: the asynchronous part of an engine. Runs before any later request or listing is answered, in order of time.
    package func schedule(afterUs: Int64, _ action: @escaping (_ at: Int64) -> Void) { scheduler(afterUs, action) }

    /// Moves a symbol's reference price. Resting orders do not notice.
    package func setReference(_ price: Decimal, of symbol: String) { instruments[symbol]?.reference = price }

    /// Changes a market's precision. - Returns: false for places that are none.
    package func revise(_ symbol: String, pricePlaces: Int?, quantityPlaces: Int?) -> Bool {
        instruments[symbol]?.revise(pricePlaces: pricePlaces, quantityPlaces: quantityPlaces) ?? false
    }

    /// Ends a market: its live orders are canceled, and from now on the venue has never heard of it.
    package func delist(_ symbol: String, at: Int64) {
        instruments[symbol] = nil
        for order in orders where order.symbol == symbol { cancel(order, reason: "delisted", at: at) }
    }

    /// A venue's markets as they stand now, in the order given, without those that are gone.
    package func current(_ markets: [SimInstrument]) -> [SimInstrument] { markets.compactMap { instruments[$0.symbol] } }

    // MARK: Orders

    /// Takes an order into the book and lets it meet the market; the dialect has checked everything before.
    ///
    /// - Parameter isAsynchronous: The engine takes it later: it stays `accepted` and unseen until ``activate(_:at:)`` or ``reject(_:reason:at:)``.
    package func place(_ ticket: Ticket, in call: Call, isAsynchronous: Bool = false) -> SimOrder {
        let uid = call.account?.uid ?? ""
        let order = place(ticket, uid: uid, call: call.number, at: call.at, visibleAt: call.at + call.visibilityDelayUs)
        guard !isAsynchronous else {
            order.standing.state = .accepted
            return order
        }
        tell(.placed, order)
        match(order, at: call.at)
        return order
    }

    /// The same for an order that comes from no request (`/_sim/place`).
    package func placeExternally(_ ticket: Ticket, uid: String, at: Int64) -> SimOrder {
        let order = place(ticket, uid: uid, call: 0, at: at, visibleAt: at)
        tell(.placed, order)
        match(order, at: at)
        return order
    }

    private func place(_ ticket: Ticket, uid: String, call: Int, at: Int64, visibleAt: Int64) -> SimOrder {
        let desk = desk(of: uid)
        let sequence = orders.count + 1
        let earlier = ticket.clientID.isEmpty ? nil : desk.byClientID[ticket.clientID]
        let order = SimOrder(
            ticket, uid: uid, id: ticket.id ?? numbering.orderID(sequence), sequence: sequence, call: call, at: at, visibleAt: visibleAt,
            earlier: earlier, view: view)
        orders.append(order)
        byID[order.id] = order
        desk.add(order)
        updates += 1
        order.standing.updateNumber = updates
        return order
    }

    /// An asynchronous engine takes the order: it opens and meets the market.
    package func activate(_ order: SimOrder, at: Int64) {
        guard order.state == .accepted else { return }
        change(order, at: at) { $0.state = .open }
        tell(.placed, order)
        match(order, at: at)
    }

    /// An asynchronous engine refuses it: it never became live.
    package func reject(_ order: SimOrder, reason: String, at: Int64) {
        guard order.state == .accepted else { return }
        close(order, as: .rejected, reason: reason, at: at)
        tell(.ended, order)
    }

    /// Cancels a live or accepted order. - Returns: false when it was closed already; nothing changes then.
    @discardableResult
    package func cancel(_ order: SimOrder, reason: String = "normal_cancel", at: Int64) -> Bool {
        guard !order.state.isClosed else { return false }
        close(order, as: .canceled, reason: reason, at: at)
        tell(.ended, order)
        return true
    }

    /// Changes price and total quantity of a live order; a quantity at or below what is filled closes it as filled. - Returns: false when it is not live.
    @discardableResult
    package func amend(_ order: SimOrder, price: Decimal?, quantity: Decimal?, at: Int64) -> Bool {
        guard order.state.isLive else { return false }
        change(order, at: at) { standing in
            if let price { standing.price = price }
            if let quantity { standing.quantity = quantity }
        }
        if !order.filled.isZero, order.quantity <= order.filled { close(order, as: .filled, reason: "", at: at) }
        tell(order.state.isLive ? .changed : .ended, order)
        if let instrument = instruments[order.symbol] { awaitMarket(order, instrument, at: at) }
        return true
    }

    /// Cancels for a request, at once or as much later as a fault has it. - Returns: false when the order was closed already.
    func cancel(_ order: SimOrder, in call: Call) -> Bool {
        guard call.effectDelayUs > 0 else { return cancel(order, at: call.at) }
        guard !order.state.isClosed else { return false }
        schedule(afterUs: call.effectDelayUs) { [unowned self] at in self.cancel(order, at: at) }
        return true
    }

    /// Amends for a request, in the same way.
    func amend(_ order: SimOrder, price: Decimal?, quantity: Decimal?, in call: Call) -> Bool {
        guard call.effectDelayUs > 0 else { return amend(order, price: price, quantity: quantity, at: call.at) }
        guard order.state.isLive else { return false }
        schedule(afterUs: call.effectDelayUs) { [unowned self] at in self.amend(order, price: price, quantity: quantity, at: at) }
        return true
    }

    /// Executes part or all of a live order, `tradeID` being that of the execution of another order whose other side it is; nil: one of its own.
    /// - Returns: nil when it is not live or nothing is left to fill.
    @discardableResult
    package func fill(
        _ order: SimOrder, quantity asked: Decimal? = nil, price askedPrice: Decimal? = nil, isMaker: Bool = true, tradeID: String? = nil, at: Int64
    ) -> SimFill? {
        guard order.state.isLive else { return nil }
        let quantity = min(asked ?? order.leavesQuantity, order.leavesQuantity)
        guard quantity.isPositive, let price = askedPrice ?? order.price ?? instruments[order.symbol]?.reference else { return nil }
        let quote = price.multiplied(by: quantity, roundingDown: true) ?? .zero
        // A tenth of a percent, the round number among published taker fees.
        let fee = quote.dividedRoundingDown(by: Decimal(1000)) ?? .zero
        let sequence = fills.count + 1
        let fill = SimFill(
            id: tradeID ?? numbering.tradeID(sequence), sequence: sequence, order: order, price: price, quantity: quantity, quote: quote, fee: fee,
            isMaker: isMaker, at: at)
        fills.append(fill)
        desk(of: order.uid).fills.append(fill)
        order.allFills.append(fill)
        change(order, at: at) { standing in
            standing.filled = standing.filled.adding(quantity) ?? standing.filled
            standing.filledQuote = standing.filledQuote.adding(quote) ?? standing.filledQuote
            standing.fee = standing.fee.adding(fee) ?? standing.fee
            standing.fills += 1
            standing.state = .partiallyFilled
        }
        if !order.leavesQuantity.isPositive { close(order, as: .filled, reason: "", at: at) }
        tell(.traded, order, fill)
        return fill
    }

    private func tell(_ cause: OrderReport.Cause, _ order: SimOrder, _ fill: SimFill? = nil) {
        told?(.order(OrderReport(cause, order, fill: fill, instrument: instruments[order.symbol])))
    }

    /// Streams tell of an attempt that came to nothing; of the order itself nothing changes.
    func tellFailure(of orderID: String, uid: String, product: String, symbol: String, error: String, at: Int64) {
        // Where no stream is open nothing may differ, numbers of updates least of all.
        guard let told else { return }
        updates += 1
        told(
            .failedAttempt(
                FailedReport(
                    uid: uid, orderID: orderID, order: byID[orderID], product: product, symbol: symbol, error: error, at: at, updateNumber: updates)))
    }

    private func change(_ order: SimOrder, at: Int64, _ body: (inout SimOrder.Standing) -> Void) {
        if order.former.last?.until != at { order.former.append((at, order.standing)) }
        body(&order.standing)
        updates += 1
        order.standing.updateNumber = updates
        order.standing.updatedAt = max(order.standing.updatedAt, at)
    }

    private func close(_ order: SimOrder, as state: SimState, reason: String, at: Int64) {
        change(order, at: at) { ($0.state, $0.reason) = (state, reason) }
        desk(of: order.uid).noteClosed()
    }

    private func match(_ order: SimOrder, at: Int64) {
        guard let instrument = instruments[order.symbol] else { return }
        let reference = reference(of: instrument, at: at)
        guard let price = order.price, !order.ticket.isMarket else {
            if order.quantity.isZero, let quote = order.ticket.quoteQuantity, let bought = quote.dividedRoundingDown(by: reference) {
                order.standing.quantity = bought.roundedDown(to: instrument.lot)
            }
            if fill(order, price: reference, isMaker: false, at: at) == nil { cancel(order, reason: "trade_count_too_small", at: at) }
            return
        }
        let isBeyond = order.side == .buy ? price > reference : price < reference
        switch order.ticket.timeInForce {
        case .ioc, .fok:
            if isBeyond || price == reference {
                fill(order, price: reference, isMaker: false, at: at)
            } else {
                cancel(order, reason: order.ticket.timeInForce.rawValue, at: at)
            }
        case .postOnly where isBeyond:
            cancel(order, reason: "post_only", at: at)
        case .gtc where isBeyond && (matching.crosses || matching.followsMarket):
            fill(order, price: reference, isMaker: false, at: at)
        case .gtc, .postOnly:
            awaitMarket(order, instrument, at: at)
            guard matching.fillRatio > 0, random.chance(matching.fillRatio) else { return }
            if random.chance(0.5) {
                fill(order, at: at)
            } else {
                let tenths = Decimal(Int(random.below(9)) + 1)
                let part = order.quantity.multiplied(by: tenths, roundingDown: true)?.dividedRoundingDown(by: Decimal(10)) ?? order.quantity
                fill(order, quantity: max(part.roundedDown(to: instrument.lot), instrument.lot), at: at)
            }
        }
    }

    // MARK: Look-ups

    /// The account's order of that id; the newest, should a venue have let an id repeat. Nil as long as it is not visible.
    ///
    /// - Parameter at: The venue's clock, for visibility; nil: the engine's own view, which knows all.
    package func order(id: String, uid: String, at: Int64?) -> SimOrder? {
        guard let order = byID[id], order.uid == uid else { return nil }
        return isVisible(order, at: at) ? order : nil
    }

    /// The order of that id, whoever's.
    func known(id: String) -> SimOrder? { byID[id] }

    /// The account's newest order under a client id; older ones by ``SimOrder/earlier``. Nil as long as none is visible.
    package func order(clientID: String, uid: String, at: Int64?) -> SimOrder? {
        var order = desks[uid]?.byClientID[clientID]
        while let candidate = order, !isVisible(candidate, at: at) { order = candidate.earlier }
        return order
    }

    /// The order that is pending under a client id: what venues with a duplicate check among pending orders look at.
    package func pendingOrder(clientID: String, uid: String) -> SimOrder? {
        var order = takesOpenIDs ? nil : desks[uid]?.byClientID[clientID]
        while let candidate = order, candidate.state.isClosed { order = candidate.earlier }
        return order
    }

    /// A page of the account's visible orders.
    ///
    /// - Parameters:
    ///   - open: Only live ones; false: every one, live or closed (add a condition for closed ones).
    ///   - newestFirst: Else oldest first.
    ///   - beyond: The sequence to go on behind, exclusive, in the direction asked; nil: from the start.
    ///   - limit: At most so many.
    package func page(
        uid: String, open: Bool, newestFirst: Bool = true, beyond: Int? = nil, limit: Int, at: Int64,
        where isWanted: (SimOrder) -> Bool = { _ in true }
    ) -> [SimOrder] {
        guard let desk = desks[uid] else { return [] }
        let orders = open && view.asOf == nil ? desk.openOrders() : desk.orders
        return cut(orders, sequence: \.sequence, newestFirst: newestFirst, beyond: beyond, limit: limit) {
            isVisible($0, at: at) && (!open || $0.state.isLive) && isWanted($0)
        }
    }

    /// A page of the account's executions, as above.
    package func fillsPage(
        uid: String, newestFirst: Bool = true, beyond: Int? = nil, limit: Int, at: Int64, where isWanted: (SimFill) -> Bool = { _ in true }
    ) -> [SimFill] {
        guard let desk = desks[uid] else { return [] }
        return cut(desk.fills, sequence: \.sequence, newestFirst: newestFirst, beyond: beyond, limit: limit) {
            isVisible($0.order, at: at) && $0.at <= view.asOf ?? .max && isWanted($0)
        }
    }

    /// How many of the account's orders are live.
    package func openCount(uid: String) -> Int { desks[uid]?.openOrders().count ?? 0 }

    /// The account's orders that have no end yet, oldest first: live ones, and those an asynchronous engine has not taken.
    func unfinished(uid: String, where isWanted: (SimOrder) -> Bool) -> [SimOrder] { desks[uid]?.openOrders().filter(isWanted) ?? [] }

    private func isVisible(_ order: SimOrder, at: Int64?) -> Bool {
        guard let at else { return true }
        guard order.state != .accepted, order.visibleAt <= min(at, view.asOf ?? .max) else { return false }
        guard order.state.isClosed, let memory = order.filled.isZero ? unfilledMemoryUs ?? memoryUs : memoryUs else { return true }
        return order.updatedAt > at - memory
    }

    /// Whether a history shows an order that is closed by now.
    func isFinished(_ order: SimOrder, at: Int64) -> Bool { order.state.isClosed && isVisible(order, at: at) }

    /// Whether a listing of a product line shows an order.
    package func shows(_ order: SimOrder, in product: String?) -> Bool { view.mixesProducts || order.ticket.product == product }

    private func cut<Item>(
        _ items: [Item], sequence: (Item) -> Int, newestFirst: Bool, beyond: Int?, limit: Int, where isWanted: (Item) -> Bool
    ) -> [Item] {
        var page: [Item] = []
        guard limit > 0 else { return page }
        if newestFirst {
            var index = beyond.map { bound in firstIndex(in: items) { sequence($0) >= bound } } ?? items.count
            while index > 0, page.count < limit {
                index -= 1
                if isWanted(items[index]) { page.append(items[index]) }
            }
        } else {
            var index = beyond.map { bound in firstIndex(in: items) { sequence($0) > bound } } ?? 0
            while index < items.count, page.count < limit {
                if isWanted(items[index]) { page.append(items[index]) }
                index += 1
            }
        }
        return page
    }

    /// Binary search: the first index whose item satisfies a condition that, once true, stays true.
    private func firstIndex<Item>(in items: [Item], where isBehind: (Item) -> Bool) -> Int {
        var (low, high) = (0, items.count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(items[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    private func desk(of uid: String) -> Desk {
        if let desk = desks[uid] { return desk }
        let desk = Desk()
        desks[uid] = desk
        return desk
    }
}

/// One account's orders at one venue.
private final class Desk {
    var orders: [SimOrder] = []
    var fills: [SimFill] = []
    var byClientID: [String: SimOrder] = [:]
    /// Oldest first, closed ones among them until the next listing sweeps them out.
    private var open: [SimOrder] = []
    private var closedAmongOpen = 0

    func add(_ order: SimOrder) {
        orders.append(order)
        open.append(order)
        if !order.clientID.isEmpty { byClientID[order.clientID] = order }
    }

    func noteClosed() { closedAmongOpen += 1 }

    /// Live and accepted orders, oldest first.
    func openOrders() -> [SimOrder] {
        if closedAmongOpen > 0 {
            open.removeAll { $0.state.isClosed }
            closedAmongOpen = 0
        }
        return open
    }
}

extension Decimal {
    /// The largest multiple of `step` that is no larger; the value itself where `step` is no step.
    package func roundedDown(to step: Decimal) -> Decimal { step.units <= 0 ? self : Decimal(units: units - units % step.units) }
}
