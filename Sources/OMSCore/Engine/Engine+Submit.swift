extension Engine {
    func submit(_ intent: Intent, content: Digest256, from actor: Actor, ticket: Ticket) {
        guard let desk = desk(intent.account) else { return fail(.unknownAccount(intent.account), to: ticket) }
        do throws(ControlError) {
            if let id = intent.id, !intent.dryRun, let known = try known(id) {
                guard known.content == content, known.account == intent.account else { throw .intentConflict(id) }
                return reply(.query(.submission(id, duplicate: true), missing: nil), to: ticket)
            }
            guard !isJournalFull else { throw .journalUnavailable("the journal's disk is full; nothing was accepted. Free space and submit again") }
            let plan = try examine(intent, on: desk)
            if intent.dryRun {
                return reply(.plan(intent.id, orders: plan.places.count, requests: requests(for: plan, on: desk)), to: ticket)
            }
            accept(intent, plan: plan, content: content, on: desk, from: actor, ticket: ticket)
        } catch {
            fail(error, to: ticket)
        }
    }

    /// The row of an intent of that id, wherever it is; throws when the journal cannot be read.
    private func known(_ id: IntentID) throws(ControlError) -> IntentRow? {
        if let open = intentsByID[id] { return open.row }
        do throws(JournalError) { return try journal.intent(id) } catch { throw .journalUnavailable(error.description) }
    }

    /// What an intent comes to: children cut, cancels found, everything checked. Nothing is changed yet.
    struct IntentPlan {
        var places: [(item: Int, clientOrderID: ClientOrderID?, terms: OrderTerms)] = []
        var modifies: [ModifyItem] = []
        var cancels: [ClientOrderID] = []
    }

    private func examine(_ intent: Intent, on desk: Desk) throws(ControlError) -> IntentPlan {
        let items = intent.place.count + intent.modify.count + intent.cancel.count
        guard items > 0 else { throw .invalidOrder([.init(list: "place", index: 0, field: "place", problem: "the intent holds nothing to do")]) }
        guard items <= Intent.itemsMax else {
            throw .invalidOrder([
                .init(list: "place", index: Intent.itemsMax, field: "place", problem: "\(items) items; an intent holds at most \(Intent.itemsMax)")
            ])
        }
        if let expiresAt = intent.expiresAt, expiresAt <= now.wall {
            throw .invalidOrder([.init(list: "intent", index: 0, field: "expires_at", problem: "\(expiresAt) is past; it is \(now.wall) now")])
        }
        if !intent.place.isEmpty || !intent.modify.isEmpty {
            guard desk.instrumentsAt != nil else {
                throw .notReady("the instruments of \(desk.id) are not loaded yet\(desk.lastError.map { ": \($0)" } ?? ""); submit again shortly")
            }
        }
        var plan = IntentPlan()
        var details: [ControlError.Detail] = []
        try examinePlaces(intent, on: desk, into: &plan, details: &details)
        try examineModifies(intent, on: desk, into: &plan, details: &details)
        guard details.isEmpty else { throw .invalidOrder(details) }
        plan.cancels = try resolveCancels(intent.cancel, on: desk)
        try examineState(intent, plan: plan, on: desk)
        return plan
    }

    private func examinePlaces(
        _ intent: Intent, on desk: Desk, into plan: inout IntentPlan, details: inout [ControlError.Detail]
    ) throws(ControlError) {
        plan.places.reserveCapacity(intent.place.count)
        var given: Set<ClientOrderID> = []
        for (index, item) in intent.place.enumerated() {
            if details.count >= 100 { return }
            func wrong(_ problem: OrderProblem) { details.append(.init(list: "place", index: index, field: problem.field, problem: problem.problem)) }
            if let problem = problem(with: item.terms, on: desk) {
                wrong(problem)
                continue
            }
            if let id = item.clientOrderID {
                guard desk.profile.clientIDs.allows(id) else {
                    let rule = desk.profile.clientIDs
                    wrong(
                        OrderProblem(
                            "client_order_id",
                            "\(desk.profile.venue) takes \(rule.lengths.lowerBound) to \(rule.lengths.upperBound) of [A-Za-z0-9\(rule.alsoAllowed)]"))
                    continue
                }
                guard given.insert(id).inserted, try !isUsed(id) else {
                    wrong(OrderProblem("client_order_id", "\(id) was used before; ids are never used twice"))
                    continue
                }
            }
            guard let slice = item.sliceQuantity else {
                plan.places.append((index, item.clientOrderID, item.terms))
                continue
            }
            switch children(of: item, slice: slice, on: desk) {
            case .failure(let problem): wrong(problem.problem)
            case .success(let quantities):
                for quantity in quantities {
                    var terms = item.terms
                    terms.quantity = quantity
                    if let problem = self.problem(with: terms, on: desk) {
                        wrong(OrderProblem("slice_quantity", "a child of \(quantity) breaks a rule: \(problem.field): \(problem.problem)"))
                        break
                    }
                    plan.places.append((index, nil, terms))
                }
                guard plan.places.count <= Intent.itemsMax else {
                    return wrong(OrderProblem("slice_quantity", "the intent comes to more than \(Intent.itemsMax) orders"))
                }
            }
        }
    }

    private struct SliceProblem: Error { let problem: OrderProblem }

    /// ceil(q/s) children on the lot grid, sizes at most one lot apart, their sum exactly q.
    private func children(of item: PlaceItem, slice: Decimal, on desk: Desk) -> Result<[Decimal], SliceProblem> {
        func wrong(_ text: String) -> Result<[Decimal], SliceProblem> { .failure(SliceProblem(problem: OrderProblem("slice_quantity", text))) }
        guard item.clientOrderID == nil else { return wrong("not with client_order_id: children need ids of their own") }
        guard item.terms.quoteQuantity == nil, let quantity = item.terms.quantity else { return wrong("not with quote_quantity") }
        guard slice.isPositive else { return wrong("must be positive") }
        let lot = desk.instruments[item.terms.symbol]?.lot ?? Decimal(units: 1)
        let lotUnits = lot.units > 0 ? lot.units : 1
        let count = (quantity.units + slice.units - 1) / slice.units
        guard count <= Int128(Intent.itemsMax) else {
            return wrong("cuts the order into \(count) children; an intent holds at most \(Intent.itemsMax)")
        }
        let lots = quantity.units / lotUnits
        guard quantity.units % lotUnits == 0, lots >= count else { return wrong("children would be smaller than the lot \(lot)") }
        let (small, larger) = lots.quotientAndRemainder(dividingBy: count)
        return .success((0..<count).map { Decimal(units: (small + ($0 < larger ? 1 : 0)) * lotUnits) })
    }

    private func isUsed(_ id: ClientOrderID) throws(ControlError) -> Bool {
        if byClientID[id] != nil { return true }
        if acceptances.contains(where: { $0.places.contains { $0.clientOrderID == id } }) { return true }
        do throws(JournalError) { return try journal.isUsed(id) } catch { throw .journalUnavailable(error.description) }
    }

    /// The first rule an order breaks: the venue's, the instrument's or the owner's.
    func problem(with terms: OrderTerms, on desk: Desk) -> OrderProblem? {
        guard let instrument = desk.instruments[terms.symbol] else {
            return OrderProblem("symbol", "\(desk.profile.venue) \(desk.profile.product) has no market \(terms.symbol)")
        }
        if let problem = desk.rules.problem(with: terms) { return problem }
        guard instrument.tradable else { return OrderProblem("symbol", "\(terms.symbol) cannot be traded just now, says the venue") }
        for (field, price) in [("price", terms.price), ("take_profit", terms.takeProfit), ("stop_loss", terms.stopLoss)] {
            guard let price else { continue }
            guard price.isPositive else { return OrderProblem(field, "must be positive") }
            if let tick = instrument.tick, !price.isMultiple(of: tick) { return OrderProblem(field, "not a multiple of the tick \(tick)") }
        }
        if let quantity = terms.quantity {
            guard quantity.isPositive else { return OrderProblem("quantity", "must be positive") }
            if let lot = instrument.lot, !quantity.isMultiple(of: lot) { return OrderProblem("quantity", "not a multiple of the lot \(lot)") }
            if let least = instrument.minQuantity, quantity < least { return OrderProblem("quantity", "below the minimum \(least)") }
            if let most = instrument.maxQuantity, quantity > most { return OrderProblem("quantity", "above the maximum \(most)") }
        }
        if let quote = terms.quoteQuantity {
            guard quote.isPositive else { return OrderProblem("quote_quantity", "must be positive") }
            if let least = instrument.minNotional, quote < least { return OrderProblem("quote_quantity", "below the minimum notional \(least)") }
        }
        guard let price = terms.price, let quantity = terms.quantity else { return nil }
        guard let notional = notional(price: price, quantity: quantity, of: instrument) else {
            return OrderProblem("quantity", "price times quantity is beyond any number this daemon can hold")
        }
        if let least = instrument.minNotional, notional < least {
            return OrderProblem("quantity", "notional \(notional) is below the minimum \(least)")
        }
        if let most = instrument.maxNotional, notional > most { return OrderProblem("quantity", "notional \(notional) is above the maximum \(most)") }
        return nil
    }

    private func notional(price: Decimal, quantity: Decimal, of instrument: Instrument) -> Decimal? {
        let base = instrument.contractSize.map { quantity.multiplied(by: $0, roundingDown: true) } ?? quantity
        return base.flatMap { price.multiplied(by: $0, roundingDown: true) }
    }

    private func examineModifies(
        _ intent: Intent, on desk: Desk, into plan: inout IntentPlan, details: inout [ControlError.Detail]
    ) throws(ControlError) {
        for (index, item) in intent.modify.enumerated() {
            if details.count >= 100 { return }
            func wrong(_ problem: OrderProblem) {
                details.append(.init(list: "modify", index: index, field: problem.field, problem: problem.problem))
            }
            guard desk.profile.modifyMax > 0 else {
                wrong(OrderProblem("client_order_id", "\(desk.profile.venue) cannot modify orders; cancel and place"))
                continue
            }
            guard item.price != nil || item.quantity != nil else {
                wrong(OrderProblem("price", "a modify names a price, a quantity or both"))
                continue
            }
            guard let order = try find(item.clientOrderID), order.account == desk.id else {
                throw .unknownOrder("this journal never held an order \(item.clientOrderID) of account \(desk.id)")
            }
            var terms = order.terms
            (terms.price, terms.quantity) = (item.price ?? order.price, item.quantity ?? order.quantity)
            if let problem = desk.rules.problem(modifying: order.terms, price: item.price, quantity: item.quantity)
                ?? self.problem(with: terms, on: desk)
            {
                wrong(problem)
                continue
            }
            if let quantity = item.quantity, quantity < order.filledQuantity {
                wrong(OrderProblem("quantity", "below what is filled already, \(order.filledQuantity)"))
                continue
            }
            plan.modifies.append(item)
        }
    }

    func find(_ id: ClientOrderID) throws(ControlError) -> Order? {
        if let live = byClientID[id] { return live.order }
        do throws(JournalError) { return try journal.order(id) } catch { throw .journalUnavailable(error.description) }
    }

    private func resolveCancels(_ items: [CancelItem], on desk: Desk) throws(ControlError) -> [ClientOrderID] {
        var ids: [ClientOrderID] = []
        var seen: Set<ClientOrderID> = []
        for item in items {
            switch item {
            case .order(let id):
                guard let order = try find(id), order.account == desk.id else {
                    throw .unknownOrder("this journal never held an order \(id) of account \(desk.id)")
                }
                if seen.insert(id).inserted { ids.append(id) }
            case .matching(let symbol, let side):
                for key in desk.orders.keys.sorted() {
                    guard let live = desk.orders[key], !live.state.isTerminal, symbol == nil || symbol == live.order.terms.symbol,
                        side == nil || side == live.order.terms.side
                    else { continue }
                    if seen.insert(live.order.clientOrderID).inserted { ids.append(live.order.clientOrderID) }
                }
            }
        }
        return ids
    }

    /// What the account's state and its owner's bounds say.
    private func examineState(_ intent: Intent, plan: IntentPlan, on desk: Desk) throws(ControlError) {
        switch desk.trading.state {
        case .active: break
        case .halted:
            guard plan.places.isEmpty, plan.modifies.isEmpty else {
                throw .halted("\(desk.id) is halted (\(desk.trading.reason)): only cancels pass")
            }
        case .reducing:
            guard plan.modifies.isEmpty, plan.places.allSatisfy({ Self.reduces($0.terms) }) else {
                throw .halted("\(desk.id) is reducing (\(desk.trading.reason)): only cancels, reduce_only orders and closing sides pass")
            }
        }
        let risk = desk.setup.risk
        for place in plan.places {
            if let symbols = risk.symbols, !symbols.contains(place.terms.symbol) {
                throw .risk("SYMBOL", "risk.symbols of \(desk.id) does not name \(place.terms.symbol)")
            }
            if let most = risk.maxOrderNotional { try bound(place.terms, to: most, on: desk) }
        }
        for item in plan.modifies {
            guard let most = risk.maxOrderNotional, let order = try find(item.clientOrderID) else { continue }
            var terms = order.terms
            (terms.price, terms.quantity) = (item.price ?? order.price, item.quantity ?? order.quantity)
            try bound(terms, to: most, on: desk)
        }
        let unsettled = desk.orders.values.count { !$0.state.isTerminal }
        if let most = risk.maxOpenOrders, !plan.places.isEmpty, unsettled + plan.places.count > most {
            throw .risk("OPEN_ORDERS", "\(unsettled) orders are open and \(plan.places.count) more would pass max_open_orders \(most)")
        }
        let pending = acceptances.reduce(0) { $0 + ($1.desk == desk.index ? $1.places.count - $1.written : 0) }
        guard desk.queuedPlaces + pending + plan.places.count <= desk.setup.queueMaxOrders else {
            throw .queueFull("\(desk.queuedPlaces + pending) orders of \(desk.id) wait to be sent; queue_max_orders is \(desk.setup.queueMaxOrders)")
        }
    }

    private func bound(_ terms: OrderTerms, to most: Decimal, on desk: Desk) throws(ControlError) {
        let notional: Decimal?
        if let quote = terms.quoteQuantity {
            notional = quote
        } else if let price = terms.price, let quantity = terms.quantity,
            let instrument = desk.instruments[terms.symbol]
        {
            notional = self.notional(price: price, quantity: quantity, of: instrument)
        } else {
            notional = nil
        }
        guard let notional else {
            throw .risk("ORDER_NOTIONAL", "a market order by quantity has no bound on its notional; max_order_notional of \(desk.id) is \(most)")
        }
        guard notional <= most else { throw .risk("ORDER_NOTIONAL", "notional \(notional) is above max_order_notional \(most) of \(desk.id)") }
    }

    /// Whether an order can only make a position smaller.
    static func reduces(_ terms: OrderTerms) -> Bool {
        if terms.reduceOnly { return true }
        switch terms.positionSide {
        case .long: return terms.side == .sell
        case .short: return terms.side == .buy
        case nil: return false
        }
    }

    /// The requests that an intent comes to if nothing else waits, as the dispatcher would make them.
    private func requests(for plan: IntentPlan, on desk: Desk) -> [(kind: RequestKind, items: Int)] {
        func cut(_ count: Int, _ max: Int, _ kind: RequestKind) -> [(kind: RequestKind, items: Int)] {
            stride(from: 0, to: count, by: Swift.max(1, max)).map { (kind, min(Swift.max(1, max), count - $0)) }
        }
        // Cancels of orders that never left need no request.
        let cancels = plan.cancels.count { byClientID[$0].map { $0.state != .intended } ?? false }
        if desk.profile.mixesPlaceAndCancel {
            let places = cut(plan.places.count, desk.placeMax, .place)
            let cuts = cut(cancels, desk.profile.cancelMax, .cancel)
            let mixed = (0..<max(places.count, cuts.count)).map { index -> (kind: RequestKind, items: Int) in
                let place = index < places.count ? places[index].items : 0
                let cancel = index < cuts.count ? cuts[index].items : 0
                return (place == 0 ? .cancel : cancel == 0 ? .place : .mixed, place + cancel)
            }
            return mixed + cut(plan.modifies.count, desk.profile.modifyMax, .modify)
        }
        let groups = Dictionary(grouping: plan.places, by: { desk.rules.group(of: $0.terms) })
        let places = groups.flatMap { group, items in cut(items.count, group.isSingle ? 1 : desk.placeMax, .place) }
        return cut(cancels, desk.profile.cancelMax, .cancel) + places.sorted { $0.items > $1.items }
            + cut(plan.modifies.count, desk.profile.modifyMax, .modify)
    }

    // MARK: Writing it down

    private func accept(_ intent: Intent, plan: IntentPlan, content: Digest256, on desk: Desk, from actor: Actor, ticket: Ticket) {
        let id = intent.id ?? IntentID("i" + mint.next(wall: now.wall).text)
        var event = self.event(.intentAccepted, actor: actor, note: id.text)
        event.evidence = nil
        let row = IntentRow(
            key: IntentKey(event.seq), id: id, account: desk.id, content: content, orders: plan.places.count,
            commands: plan.modifies.count + plan.cancels.count, sequence: intent.sequence, plannedRequests: requests(for: plan, on: desk).count,
            acceptedAt: now.wall, expiresAt: intent.expiresAt)
        record(.intent(row, event))
        let open = OpenIntent(row, isComplete: false)
        intents[row.key] = open
        intentsByID[id] = open
        acceptances.append(
            Acceptance(
                intent: open, desk: desk.index, ticket: ticket, actor: actor, places: plan.places, modifies: plan.modifies, cancels: plan.cancels))
        // Small intents are whole within this very turn.
        if plan.places.count <= sliceRows, acceptances.count == 1 { continueAcceptances() }
    }

    /// Writes the next slice of each intent that is being accepted; the last slice accepts it.
    func continueAcceptances() {
        var budget = sliceRows
        while budget > 0, !acceptances.isEmpty {
            var acceptance = acceptances[0]
            let desk = desks[acceptance.desk]
            let end = min(acceptance.places.count, acceptance.written + budget)
            budget -= max(1, end - acceptance.written)
            acceptance.orders.reserveCapacity(acceptance.places.count)
            for place in acceptance.places[acceptance.written..<end] { bear(place, of: &acceptance, on: desk) }
            acceptance.written = end
            if end == acceptance.places.count {
                acceptances.removeFirst()
                complete(acceptance, on: desk)
                resumeDeferred()
            } else {
                acceptances[0] = acceptance
            }
        }
    }

    private func bear(_ place: (item: Int, clientOrderID: ClientOrderID?, terms: OrderTerms), of acceptance: inout Acceptance, on desk: Desk) {
        let row = acceptance.intent.row
        let order = Order(
            key: OrderKey(nextSeq()), clientOrderID: place.clientOrderID ?? mint.next(wall: now.wall), account: desk.id, intent: row.key,
            intentID: row.id, item: place.item, terms: place.terms, intendedAt: now.wall, expiresAt: row.expiresAt, sequence: row.sequence)
        record(.orderBorn(order, actor: acceptance.actor))
        let live = LiveOrder(order, intent: acceptance.intent)
        adopt(live, on: desk)
        acceptance.intent.unsettled += 1
        acceptance.intent.unanswered += 1
        acceptance.orders.append(order.clientOrderID)
        acceptance.keys.append(order.key)
    }

    /// Everything of the intent is written: it is accepted with this turn's commit, and its parts may go.
    private func complete(_ acceptance: Acceptance, on desk: Desk) {
        let intent = acceptance.intent
        record(.intentComplete(intent.row.key))
        intent.isComplete = true
        touchedIntents.insert(intent.row.key)
        if let deadline = deadline(of: intent.row) { deadlines.add(intent.row.key, at: deadline) }
        let ids = acceptance.cancels.compactMap { bearCommand(.cancel, of: $0, for: intent, actor: acceptance.actor) }
        intent.cancelsAhead = awaitsCancels(intent) ? ids.count { commands[$0]?.state == .requested } : 0
        for key in acceptance.keys {
            if let live = liveByKey[key] { enqueue(live, on: desk) }
        }
        for id in ids {
            guard let command = commands[id], let live = liveByKey[command.order] else { continue }
            pursue(id, of: live, on: desk)
        }
        for item in acceptance.modifies { requestModify(item, for: intent, on: desk, actor: acceptance.actor) }
        reply(
            .submitted(
                intent.row.id, acceptedAt: intent.row.acceptedAt, orders: acceptance.orders, plannedRequests: intent.row.plannedRequests),
            to: acceptance.ticket)
    }

    /// Whether the intent's places wait for its cancels: asked for, and the venue takes them in separate requests.
    func awaitsCancels(_ intent: OpenIntent) -> Bool {
        guard intent.row.sequence == .cancelFirst, let desk = desk(intent.row.account) else { return false }
        return !desk.profile.mixesPlaceAndCancel
    }

    private func resumeDeferred() {
        guard !deferred.isEmpty else { return }
        let waiting = deferred
        deferred = []
        for entry in waiting { step(entry.input, at: now) }
    }

    // MARK: Queues

    /// Puts an intended order where it waits for its turn.
    func enqueue(_ live: LiveOrder, on desk: Desk) {
        guard live.state == .intended, !live.isQueued else { return }
        if let intent = live.intent, intent.cancelsAhead > 0 {
            live.isGated = true
            intent.gated.append(live.key)
            return
        }
        live.isQueued = true
        desk.queuedPlaces += 1
        desk.places.append(live.key, of: live.order.intent, group: desk.rules.group(of: live.order.terms))
    }

    /// Back to the front of the queue: surely not executed.
    func requeue(_ orders: [LiveOrder], on desk: Desk) {
        let waiting = orders.filter { $0.state == .intended && !$0.isQueued }.sorted { $0.key < $1.key }
        for live in waiting {
            live.isQueued = true
            desk.queuedPlaces += 1
        }
        for (intent, orders) in Dictionary(grouping: waiting, by: \.order.intent) {
            for (group, orders) in Dictionary(grouping: orders, by: { desk.rules.group(of: $0.order.terms) }) {
                desk.places.putBack(orders.map(\.key), of: intent, group: group)
            }
        }
    }

    /// The intent's cancels are answered: its places may go.
    func openGate(_ intent: OpenIntent) {
        guard let desk = desk(intent.row.account) else { return }
        let waiting = intent.gated
        intent.gated = []
        for key in waiting {
            guard let live = liveByKey[key], live.isGated else { continue }
            live.isGated = false
            enqueue(live, on: desk)
        }
    }

    /// The intent's places are answered: its cancels may go.
    func openHeldCancels(_ intent: OpenIntent) {
        guard !intent.heldCancels.isEmpty, let desk = desk(intent.row.account) else { return }
        let waiting = intent.heldCancels
        intent.heldCancels = []
        for id in waiting {
            guard let command = commands[id], let live = liveByKey[command.order] else { continue }
            pursue(id, of: live, on: desk)
        }
    }

    /// Unsent orders whose deadline passed are not sent any more.
    func expire() {
        while let key = deadlines.popDue(at: now.wall) {
            guard let intent = intents[key], let desk = desk(intent.row.account) else { continue }
            for live in desk.orders.values.filter({ $0.order.intent == key && $0.state == .intended }).sorted(by: { $0.key < $1.key }) {
                change(live, to: .expired, kind: .closed, evidence: .local, note: "not sent before its deadline")
            }
            for id in commands.values.filter({ $0.intent == key && $0.kind == .modify && $0.state == .requested }).map(\.id).sorted() {
                change(id, to: .withdrawn, evidence: .local, note: "not sent before its deadline")
            }
        }
    }
}
