/// Intents as they come: known before, found wrong with the reasons why, or found good and handed on to be written down (`Engine+Accept`).
extension Engine {
    func submit(_ intent: Intent, content: AskedContent, from caller: Caller, ticket: Ticket, mayWait: Bool = true) {
        guard let desk = desk(intent.account) else { return fail(.unknownAccount(intent.account), to: ticket) }
        if mayWait, desk.access.isUnheard, !isStopping {
            let until = now.monotonic + patience.earlyUs
            return admission.wait(
                Waiting(command: .submit(intent, content: content), caller: caller, ticket: ticket, markets: (desk: desk.index, until: until)))
        }
        do throws(ControlError) {
            if let id = intent.id, !intent.dryRun, let known = try known(id) {
                guard content.isSame(as: known.content, asked: intent), known.account == intent.account else { throw .intentConflict(id) }
                if admission.echo(id, to: ticket) { return }
                return reply(.query(.submission(id, duplicate: true), missing: nil), to: ticket)
            }
            guard !isJournalFull || intent.place.isEmpty && intent.modify.isEmpty else { throw Self.fullJournal }
            // Whoever only cancels leaves nothing behind, and may do so without a guard, too.
            let isGuarded = !intent.place.isEmpty || !intent.modify.isEmpty
            let guardID = isGuarded ? try guards.current(of: ticket.connection, for: desk.id) : nil
            try examine(intent, on: desk)
            plan(intent, content: content, under: guardID, on: desk, from: caller.actor, ticket: ticket)
        } catch {
            fail(error, to: ticket)
        }
    }

    /// Whose an intent's id is and what it stands for, wherever that intent is; throws when the journal cannot be read.
    func known(_ id: IntentID) throws(ControlError) -> (content: IntentContent, account: AccountID)? {
        if let open = intents[id] { return (open.row.content, open.row.account) }
        if let planned = admission.planned(id) { return planned }
        do throws(JournalError) { return try recall.intent(id).map { ($0.content, $0.account) } } catch {
            throw .journalUnavailable(error.description)
        }
    }

    /// What can be said of an intent without a look at its items.
    private func examine(_ intent: Intent, on desk: Desk) throws(ControlError) {
        try Examination.check(intent, at: now.wall)
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
            let quantities: [Decimal]
            do throws(Examination.SliceProblem) {
                quantities = try Examination.children(of: item, slice: slice, lot: desk.access.markets[item.terms.symbol]?.lot)
            } catch {
                wrong(OrderProblem("slice_quantity", error.words))
                continue
            }
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

    func isUsed(_ id: ClientOrderID) throws(ControlError) -> Bool {
        if names[id] != nil { return true }
        if admission.isGiven(id) { return true }
        do throws(JournalError) { return try recall.isUsed(id) } catch { throw .journalUnavailable(error.description) }
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
        return Examination.problem(with: terms, in: instrument)
    }

    func find(_ id: ClientOrderID) throws(ControlError) -> Order? {
        if let live = names[id] { return live.order }
        do throws(JournalError) { return try recall.order(id) } catch { throw .journalUnavailable(error.description) }
    }
}
