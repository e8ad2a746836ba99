/// Intents that are being looked through, slice by slice: their modifies examined, what their cancels mean found, and at the end accepted or refused.
extension Engine {
    /// Looks for what an intent means. A small one is looked through within this very step.
    func plan(_ intent: Intent, content: AskedContent, under guardID: GuardID?, on desk: Desk, from actor: Actor, ticket: Ticket) {
        var planning = Planning(intent: intent, content: content, desk: desk.index, actor: actor, ticket: ticket, guardID: guardID)
        guard isSmall(intent, on: desk) else { return admission.plan(planning) }
        var steps = Int.max
        _ = go(on: &planning, steps: &steps)
    }

    /// Whether all that an intent means is looked for in the step that takes it.
    func isSmall(_ intent: Intent, on desk: Desk) -> Bool {
        let walked = intent.cancel.contains { if case .matching = $0 { true } else { false } } ? desk.book.count : 0
        return intent.modify.count + intent.cancel.count + walked <= sliceRows
    }

    /// Looks at the next items of large intents: half of a turn's steps for the one with least left, the rest for the oldest.
    func continuePlannings() {
        guard admission.planningCount > 0 else { return }
        var steps = stepsATurn
        while steps > stepsATurn / 2, admission.planningCount > 1 {
            let shortest = admission.shortestPlanning { left(of: $0) }
            var share = steps - stepsATurn / 2
            steps -= share
            goOn(shortest, steps: &share)
            steps += max(0, share)
        }
        while steps > 0, admission.planningCount > 0 { goOn(0, steps: &steps) }
    }

    private func left(of planning: Planning) -> Int {
        planning.itemsLeft + (planning.filters.isEmpty && planning.intent.cancel.isEmpty ? 0 : desks[planning.desk].book.count)
    }

    private func goOn(_ index: Int, steps: inout Int) {
        // Taken out meanwhile: with two owners each step would copy what it adds to.
        var planning = admission.takePlanning(at: index)
        if go(on: &planning, steps: &steps) { resumeDeferred() } else { admission.putBack(planning, at: index) }
    }

    /// - Returns: whether it came to its end: accepted, or refused and told so.
    private func go(on planning: inout Planning, steps: inout Int) -> Bool {
        do throws(ControlError) {
            guard try look(&planning, steps: &steps) else { return false }
            try finish(planning)
        } catch {
            for ticket in [planning.ticket] + planning.echoes { fail(error, to: ticket) }
        }
        return true
    }

    /// - Returns: whether all of it was looked at.
    private func look(_ planning: inout Planning, steps: inout Int) throws(ControlError) -> Bool {
        let desk = desks[planning.desk]
        let intent = planning.intent
        while planning.itemsLeft > 0 {
            guard steps > 0 else { return false }
            steps -= Self.stepsOfItem
            let index = planning.next - intent.modify.count
            if index < 0 {
                try examine(intent.modify[planning.next], at: planning.next, of: &planning, on: desk)
            } else {
                try resolve(intent.cancel[index], at: index, of: &planning, on: desk)
            }
            planning.next += 1
        }
        guard !planning.filters.isEmpty else { return true }
        var walk = planning.walk ?? BookWalk(desk: planning.desk, last: nil)
        self.walk(&walk, steps: &steps) { live, _ in
            match(live, of: &planning)
            return true
        }
        planning.walk = walk
        return walk.isOver
    }

    /// Everything was found: the intent is accepted or refused, as things stand now.
    private func finish(_ planning: Planning) throws(ControlError) {
        let (intent, desk) = (planning.intent, desks[planning.desk])
        guard !isJournalFull || intent.place.isEmpty && intent.modify.isEmpty else { throw Self.fullJournal }
        var plan = planning.plan
        plan.cancels += planning.unsent
        var details: [ControlError.Detail] = []
        try examinePlaces(intent, on: desk, into: &plan, details: &details)
        details += planning.details.prefix(max(0, 100 - details.count))
        guard details.isEmpty else { throw .invalidOrder(details) }
        try examineMatches(planning, on: desk)
        try examineState(intent, plan: plan, on: desk)
        if let refusal = planning.refusal { throw refusal }
        if intent.dryRun {
            let requests = Examination.requests(for: plan, by: desk.rules, placeMax: desk.placeMax)
            return reply(.plan(intent.id, orders: plan.places.count, requests: requests), to: planning.ticket)
        }
        accept(planning, plan: plan, on: desk)
    }

    static let fullJournal = ControlError.journalUnavailable("the journal's disk is full; nothing was accepted. Free space and submit again")

    // MARK: Modifies

    private func examine(_ item: ModifyItem, at index: Int, of planning: inout Planning, on desk: Desk) throws(ControlError) {
        guard planning.details.count < 100 else { return }
        func wrong(_ problem: OrderProblem, _ planning: inout Planning) {
            planning.details.append(.init(list: "modify", index: index, field: problem.field, problem: problem.problem))
        }
        guard desk.profile.modifyMax > 0 else {
            return wrong(OrderProblem("client_order_id", "\(desk.profile.venue) cannot modify orders; cancel and place"), &planning)
        }
        guard item.price != nil || item.quantity != nil else {
            return wrong(OrderProblem("price", "a modify names a price, a quantity or both"), &planning)
        }
        guard let order = try find(item.clientOrderID), order.account == desk.id else {
            throw .unknownOrder("this journal never held an order \(item.clientOrderID) of account \(desk.id)")
        }
        // Of a closed order it will be refused, with evidence, and the rest goes on.
        guard !order.state.isTerminal else { return planning.plan.modifies.append(item) }
        // What an earlier item asks of the same order is as good as done.
        let former = planning.plan.asked[item.clientOrderID]
        let asked = (price: item.price ?? former?.price, quantity: item.quantity ?? former?.quantity)
        planning.plan.asked[item.clientOrderID] = asked
        let most = Weights.most(planning.plan.mostAsked[item.clientOrderID], (item.price, item.quantity))
        planning.plan.mostAsked[item.clientOrderID] = most
        let standing = try standing(item.clientOrderID)
        var (terms, mostTerms) = standing ?? (order.terms, order.terms)
        (terms.price, terms.quantity) = (asked.price ?? terms.price, asked.quantity ?? terms.quantity)
        (mostTerms.price, mostTerms.quantity) = Weights.most((mostTerms.price, mostTerms.quantity), most)
        if let problem = desk.rules.problem(modifying: order.terms, price: item.price, quantity: item.quantity) ?? problem(with: terms, on: desk) {
            return wrong(problem, &planning)
        }
        if let quantity = item.quantity, quantity < order.filledQuantity {
            return wrong(OrderProblem("quantity", "below what is filled already, \(order.filledQuantity)"), &planning)
        }
        if planning.refusal == nil, desk.setup.risk.judgesOrders {
            do throws(ControlError) { try bound(terms, atMost: mostTerms, list: "modify", index: index, on: desk) } catch { planning.refusal = error }
        }
        planning.plan.modifies.append(item)
    }
}
