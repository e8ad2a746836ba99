/// Intents as they come: known before, found wrong with the reasons why, or found good and handed on to be written down (`Engine+Accept`).
extension Engine {
    func submit(_ intent: Intent, content: AskedContent, from actor: Actor, ticket: Ticket, mayWait: Bool = true) {
        guard let desk = desk(intent.account) else { return fail(.unknownAccount(intent.account), to: ticket) }
        if mayWait, desk.access.isUnheard, !isStopping {
            let until = now.monotonic + patience.earlyUs
            return early.append(.init(intent: intent, content: content, actor: actor, ticket: ticket, desk: desk.index, until: until))
        }
        do throws(ControlError) {
            if let id = intent.id, !intent.dryRun, let known = try known(id) {
                guard content.isSame(as: known.content, asked: intent), known.account == intent.account else { throw .intentConflict(id) }
                if let index = acceptances.firstIndex(where: { $0.intent.row.id == id }) { return acceptances[index].echoes.append(ticket) }
                if let index = plannings.firstIndex(where: { $0.intent.id == id && !$0.intent.dryRun }) {
                    return plannings[index].echoes.append(ticket)
                }
                return reply(.query(.submission(id, duplicate: true), missing: nil), to: ticket)
            }
            guard !isJournalFull || intent.place.isEmpty && intent.modify.isEmpty else { throw Self.fullJournal }
            try examine(intent, on: desk)
            plan(intent, content: content, on: desk, from: actor, ticket: ticket)
        } catch {
            fail(error, to: ticket)
        }
    }

    /// Whose an intent's id is and what it stands for, wherever that intent is; throws when the journal cannot be read.
    private func known(_ id: IntentID) throws(ControlError) -> (content: IntentContent, account: AccountID)? {
        if let open = intentsByID[id] { return (open.row.content, open.row.account) }
        if let planning = plannings.first(where: { $0.intent.id == id && !$0.intent.dryRun }) {
            return (planning.content.now, planning.intent.account)
        }
        do throws(JournalError) { return try journal.intent(id).map { ($0.content, $0.account) } } catch {
            throw .journalUnavailable(error.description)
        }
    }

    /// What can be said of an intent without a look at its items.
    private func examine(_ intent: Intent, on desk: Desk) throws(ControlError) {
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
            guard desk.access.markets.readAt != nil else {
                throw .notReady(
                    "the instruments of \(desk.id) are not loaded yet\(desk.access.lastError.words.map { ": \($0)" } ?? ""); submit again shortly")
            }
        }
    }

    func examinePlaces(
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
                    wrong(OrderProblem("client_order_id", "\(desk.profile.venue) takes \(desk.profile.clientIDs.words)"))
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
        let lot = desk.access.markets[item.terms.symbol]?.lot ?? Decimal(units: 1)
        let lotUnits = lot.units > 0 ? lot.units : 1
        // Not rounded up by adding to it: both may be as large as any decimal.
        let (whole, rest) = quantity.units.quotientAndRemainder(dividingBy: slice.units)
        let count = rest > 0 ? whole + 1 : whole
        guard count <= Int128(Intent.itemsMax) else {
            return wrong("cuts the order into \(count) children; an intent holds at most \(Intent.itemsMax)")
        }
        let lots = quantity.units / lotUnits
        guard quantity.units % lotUnits == 0, lots >= count else { return wrong("children would be smaller than the lot \(lot)") }
        let (small, larger) = lots.quotientAndRemainder(dividingBy: count)
        return .success((0..<count).map { Decimal(units: (small + ($0 < larger ? 1 : 0)) * lotUnits) })
    }

    func isUsed(_ id: ClientOrderID) throws(ControlError) -> Bool {
        if byClientID[id] != nil { return true }
        if acceptances.contains(where: { $0.givenIDs.contains(id) }) { return true }
        do throws(JournalError) { return try journal.isUsed(id) } catch { throw .journalUnavailable(error.description) }
    }

    /// The first rule an order breaks: the venue's, the instrument's or the owner's.
    func problem(with terms: OrderTerms, on desk: Desk) -> OrderProblem? {
        guard let instrument = desk.access.markets[terms.symbol] else {
            // The table may be older than the market, or have lacked it for once.
            desk.access.doubtMarkets(in: turn)
            return OrderProblem("symbol", desk.unknownSymbol(terms.symbol))
        }
        if let problem = desk.rules.problem(with: terms) { return problem }
        if let problem = instrument.problem {
            return OrderProblem("symbol", "\(terms.symbol) is not traded here: its rules, as the venue lists them, cannot be read: \(problem)")
        }
        guard instrument.tradable else {
            desk.access.doubtMarkets(in: turn)
            return OrderProblem("symbol", "\(terms.symbol) cannot be traded just now, says the venue")
        }
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

    func notional(price: Decimal, quantity: Decimal, of instrument: Instrument) -> Decimal? {
        if let value = instrument.contractValue { return quantity.multiplied(by: value, roundingDown: true) }
        let base = instrument.contractSize.map { quantity.multiplied(by: $0, roundingDown: true) } ?? quantity
        return base.flatMap { price.multiplied(by: $0, roundingDown: true) }
    }

    func find(_ id: ClientOrderID) throws(ControlError) -> Order? {
        if let live = byClientID[id] { return live.order }
        do throws(JournalError) { return try journal.order(id) } catch { throw .journalUnavailable(error.description) }
    }

    /// The requests that an intent comes to if nothing else waits, as the dispatcher would make them.
    func requests(for plan: IntentPlan, on desk: Desk) -> [(kind: RequestKind, items: Int)] {
        func cut(_ count: Int, _ max: Int, _ kind: RequestKind) -> [(kind: RequestKind, items: Int)] {
            stride(from: 0, to: count, by: Swift.max(1, max)).map { (kind, min(Swift.max(1, max), count - $0)) }
        }
        // Cancels of orders that never left need no request.
        let cancels = plan.cancelsToSend
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
}
