/// What leaves next, for each account the most urgent first, and how a request is made of it.
extension Engine {
    /// One account's share of a turn: timers, then as many requests as connections and permits allow, the most urgent first.
    func work(_ desk: Desk) {
        recover(desk)
        guard mayLeave(desk) else { return }
        guard desk.access.isReachable(in: turn) else { return }
        guard !isStopping else { return switchOffCountdown(desk) }
        ripen(desk)
        if desk.hasCalendarBudgets { limiter.tell(desk.access.clock, to: desk.budgets.values) }
        let rows = turn.rows
        while desk.inFlightCount < desk.maxInFlight {
            // What leaves first would wait for the turn's end, while all that is launched behind it is written down.
            guard turn.rows - rows < patience.launchRows else { return wake(at: now.monotonic) }
            // The last connection is the cancel lane's.
            guard desk.hasRoom ? launchNext(desk) : launchLast(desk) else { return }
        }
    }

    /// What may take the connection that is kept for cancels: cancels, without the new orders that may ride with them elsewhere, and what cancels wait for.
    private func launchLast(_ desk: Desk) -> Bool {
        guard desk.access.isSignable else { return false }
        let (asks, writes) = (desk.access.mayTry(.asking, in: turn), mayWrite(desk))
        if asks || writes, !desk.lanes.isAskingOnLast, launchCountdown(desk) {
            desk.lanes.askedOnLast(turn.lastRequest)
            return true
        }
        if writes {
            if launchCancels(desk, takesPlaces: false) || launchRepeatedCancels(desk, takesPlaces: false) { return true }
            if desk.access.problem == nil, launchCancelAll(desk) { return true }
        }
        // One at a time: the next cancel waits for one answer at most.
        guard !desk.lanes.isAskingOnLast, asks, launchQuestionOfCancels(desk) else { return false }
        desk.lanes.askedOnLast(turn.lastRequest)
        return true
    }

    /// Asks what cancels wait for: how an order stands, or where they are many, the listing that tells it of all.
    private func launchQuestionOfCancels(_ desk: Desk) -> Bool {
        if launchFind(desk, .urgent) || launchFind(desk, .repeated) { return true }
        return desk.access.problem == nil && (desk.kill != nil || confirmsByListing(desk)) && launchSweepPage(desk)
    }

    func mayWrite(_ desk: Desk) -> Bool { desk.setup.leaving != .questions && desk.access.mayTry(.writing, in: turn) }

    private func launchNext(_ desk: Desk) -> Bool {
        if prepare(desk) { return true }
        guard desk.access.isSignable else { return false }
        let (asks, writes) = (desk.access.mayTry(.asking, in: turn), mayWrite(desk))
        // Not every user may set it, and a refusal of orders says nothing of it: it waits for neither alone.
        if asks || writes, launchCountdown(desk) { return true }
        // What keeps the account from trading keeps nothing from being cancelled.
        guard desk.access.problem == nil else {
            if writes, launchCancels(desk) || launchRepeatedCancels(desk) { return true }
            return asks && (launchFind(desk, .urgent) || launchFind(desk, .repeated))
        }
        if writes, placeIsOwed(desk) {
            if launchPlaces(desk, usesReserve: true) { return true }
            // No permit is left: the next one is theirs, and only what is urgent passes them.
            guard canTake(placeCharges(desk), usesReserve: true) else { return launchCancels(desk) || asks && launchFind(desk, .urgent) }
        }
        if writes, launchCancels(desk) || launchCancelAll(desk) || launchRepeatedCancels(desk) { return true }
        if asks, launchFind(desk, .urgent) || launchFind(desk, .doubt) || launchFind(desk, .repeated) || launchListing(desk) { return true }
        return writes && (launchModifies(desk) || launchPlaces(desk))
    }

    /// Listings and look-ups of orders in no doubt take turns: they may share a budget, each could use all of it, and a reconciliation needs both.
    private func launchListing(_ desk: Desk) -> Bool {
        let wasListed = desk.lanes.wasListed
        for isListing in [!wasListed, wasListed] where isListing ? launchSweepPage(desk) : launchRoutine(desk) {
            desk.lanes.listed(isListing)
            return true
        }
        return false
    }

    /// Asks how orders stand that the venue surely has. Where orders close faster than they can be asked about there is no end to it, so that it gets a
    /// fifth of the connections at most while something waits to be sent.
    private func launchRoutine(_ desk: Desk) -> Bool {
        guard !waitsToSend(desk) || desk.lanes.routineOut < max(1, desk.maxInFlight / 5) else { return false }
        return launchFind(desk, .routine) || launchFills(desk) || launchFind(desk, .late)
    }

    /// Whether something could leave that is no question.
    private func waitsToSend(_ desk: Desk) -> Bool {
        desk.lanes.hasModifies || desk.lanes.hasPlaces && mayPlace(desk)
    }

    /// The same of all accounts of its user, which share limits. Then questions of no doubt leave the reserve alone, or those of one account would keep what
    /// another has to send out of a small budget for ever.
    func isReserveKept(_ desk: Desk) -> Bool { desks.contains { $0.isOfUser(of: desk) && waitsToSend($0) } }

    // MARK: Preparations

    func prepare(_ desk: Desk) -> Bool {
        guard let query = desk.access.nextPreparation(in: turn), launch(.query(query), on: desk, usesReserve: true) else { return false }
        desk.access.preparing(query, in: turn)
        return true
    }

    // MARK: Lanes

    /// Whether places were passed over for so long that they go next: then the reserve is no bar either, or look-ups could keep them out of a small budget
    /// for ever.
    private func placeIsOwed(_ desk: Desk) -> Bool {
        guard desk.lanes.hasPlaces, desk.trading.state == .active, mayPlace(desk) else { return false }
        return placeCharges(desk).contains { limiter.budgets[$0.budget].owesPlace }
    }

    func mayPlace(_ desk: Desk) -> Bool {
        guard desk.isPrepared, !isJournalFull, desk.trading.state != .halted, desk.roundsOut == 0, desk.unreleasedCancels == 0 else { return false }
        return isCovered(desk) && desk.access.isOpen(in: turn)
    }

    private func launchPlaces(_ desk: Desk, usesReserve: Bool = false) -> Bool {
        guard desk.lanes.hasPlaces, mayPlace(desk) else { return false }
        // Other programs' wishes and our places take turns.
        let wanted = limiter.grants.wanted(of: placeCharges(desk))
        guard !limiter.grants.areNext(for: wanted) else { return false }
        guard sendWaitingPlaces(desk, usesReserve: usesReserve) else { return false }
        limiter.grants.passedOver(for: wanted)
        return true
    }

    private func sendWaitingPlaces(_ desk: Desk, usesReserve: Bool) -> Bool {
        let urgency: Claims.Urgency = usesReserve ? .due : .last
        if desk.profile.mixesPlaceAndCancel {
            let charges = placeCharges(desk)
            guard mayTake(charges, as: urgency, on: desk, usesReserve: usesReserve),
                let batch = takePlaces(desk, most: most(Int.max, charges, usesReserve: usesReserve), usesReserve: usesReserve, single: false)
            else { return false }
            return sendMixed(batch.orders, [], on: desk, usesReserve: usesReserve)
        }
        let inBatches = charges(of: .place([], isSingle: false), on: desk)
        let alone = charges(of: .place([], isSingle: true), on: desk)
        let batch = mayTake(inBatches, as: urgency, on: desk, usesReserve: usesReserve)
        let single = inBatches == alone ? batch : mayTake(alone, as: urgency, on: desk, usesReserve: usesReserve)
        guard batch || single else { return false }
        let most = batch ? most(Int.max, inBatches, usesReserve: usesReserve) : 1
        guard let taken = takePlaces(desk, most: most, usesReserve: usesReserve, batch: batch, single: single) else { return false }
        return sendPlaces(taken.orders, isSingle: taken.group.isSingle, on: desk, usesReserve: usesReserve)
    }

    /// - Parameter most: what the venue's limits leave room for, where it counts orders.
    func takePlaces(_ desk: Desk, most: Int, usesReserve: Bool, batch: Bool = true, single: Bool) -> (group: PlaceGroup, orders: [LiveOrder])? {
        let isReducing = desk.trading.state == .reducing
        var late: [LiveOrder] = []
        var room: [Int: Int] = [:]
        let taken = desk.lanes.takePlaces(
            max: min(most, desk.placeMax),
            verdict: { key in
                guard let live = desk.book[key], live.isQueued, live.state == .intended else { return .drop }
                guard isLetOut(of: desk, live.order.intent) else { return .wait }
                if isLate(live, on: desk) {
                    late.append(live)
                    return .drop
                }
                if isUnwanted(live) { return .drop }
                if isReducing, !Examination.reduces(live.order.terms) { return .wait }
                let isSingle = desk.rules.group(of: live.order.terms).isSingle
                guard isSingle ? single : batch else { return .wait }
                guard desk.hasDividedBudgets else { return .take }
                let ticket = PlaceTicket(order: key, clientOrderID: live.order.clientOrderID, terms: live.order.terms)
                return hasRoom(for: .place([ticket], isSingle: isSingle), in: &room, usesReserve: usesReserve, on: desk) ? .take : .wait
            }, cap: { desk.book[$0]?.batchCap ?? Int.max })
        for live in late { change(live, to: .expired, kind: .closed, evidence: .local, note: "not sent before its deadline") }
        guard let taken else { return nil }
        return (taken.group, taken.orders.compactMap { desk.book[$0] })
    }

    // MARK: Sending

    /// - Parameter urgency: nil: as its content has it.
    func launch(
        _ content: RequestPlan.Content, on desk: Desk, as urgency: Claims.Urgency? = nil, usesReserve: Bool, isJournaled: Bool = false
    ) -> Bool {
        let charges = charges(of: content, on: desk)
        // Only what needs neither stamp nor account may leave before both are known.
        let isPreparation = if case .query(let query) = content { query.isPreparation } else { false }
        guard mayLeave(desk), isPreparation || desk.access.isSignable else { return false }
        let urgency = urgency ?? self.urgency(of: content, usesReserve: usesReserve, on: desk)
        guard mayTake(charges, as: urgency, on: desk, usesReserve: usesReserve) else { return false }
        return send(content, charges, on: desk, isPlace: false, isJournaled: isJournaled)
    }

    private func urgency(of content: RequestPlan.Content, usesReserve: Bool, on desk: Desk) -> Claims.Urgency {
        switch content {
        case .query(.cancelAll): .first
        // As long as nothing can be signed, no cancel can leave.
        case .query(.serverTime), .query(.account): desk.access.isSignable ? .asking : .first
        case .place, .cancel, .modify, .mixed, .query: usesReserve ? .asking : .last
        }
    }

    private func stampMs(_ desk: Desk) -> Int64 {
        guard let clock = desk.access.clock else { return now.wall / 1_000 }
        return clock.middle(at: now.monotonic) / 1_000 - desk.profile.stampMarginMs
    }

    private func sendPlaces(_ orders: [LiveOrder], isSingle: Bool, on desk: Desk, usesReserve: Bool) -> Bool {
        let time = stampMs(desk)
        var tickets: [PlaceTicket] = []
        var held: [LiveOrder] = []
        for live in orders {
            let ticket = ticket(for: live, time: time, on: desk)
            // Two orders that the venue would give one id (callers' ids with equal ends) never share a timestamp.
            if let id = ticket.predictedID, desk.book[id] != nil || tickets.contains(where: { $0.predictedID == id }) {
                held.append(live)
            } else {
                tickets.append(ticket)
            }
        }
        for live in held {
            live.isQueued = false
            desk.lanes.stoppedWaiting()
            desk.lanes.putOff(.order(live.key), until: now.monotonic + .milliseconds(2))
            wake(at: now.monotonic + .milliseconds(2))
        }
        guard !tickets.isEmpty else { return false }
        return send(.place(tickets, isSingle: isSingle), on: desk, isPlace: true, usesReserve: usesReserve, time: time)
    }

    func sendMixed(_ orders: [LiveOrder], _ cancels: [CancelTicket], on desk: Desk, usesReserve: Bool) -> Bool {
        let time = stampMs(desk)
        let placeFirst =
            orders.allSatisfy { $0.order.sequence == .placeFirst } && cancels.allSatisfy { commands[$0.command]?.sequence == .placeFirst }
        let tickets = orders.map { ticket(for: $0, time: time, on: desk) }
        return send(
            .mixed(place: tickets, cancel: cancels, placeFirst: placeFirst && !(orders.isEmpty && cancels.isEmpty)), on: desk,
            isPlace: !orders.isEmpty, usesReserve: usesReserve, time: time)
    }

    private func ticket(for live: LiveOrder, time: Int64, on desk: Desk) -> PlaceTicket {
        var ticket = PlaceTicket(
            order: live.key, clientOrderID: live.order.clientOrderID, terms: live.order.terms,
            predictedID: desk.rules.predictedID(clientOrderID: live.order.clientOrderID, timeMs: time, facts: desk.access.facts))
        ticket.isResent = live.order.attempts > 0
        return ticket
    }

    /// Lets a batch go, charged by what it came to carry. Where that is more than is there, whatever its venue's rules say, it goes back to where it waited, or
    /// so much of it as finds no room.
    func send(
        _ content: RequestPlan.Content, on desk: Desk, isPlace: Bool, usesReserve: Bool, time: Int64? = nil
    ) -> Bool {
        let charges = charges(of: content, on: desk)
        guard canTake(charges, usesReserve: usesReserve) else {
            let (now, later) = leavable(content, usesReserve: usesReserve, on: desk)
            if let later { putBack(later, on: desk) }
            guard let now else { return false }
            return send(now, self.charges(of: now, on: desk), on: desk, isPlace: isPlace, time: time)
        }
        return send(content, charges, on: desk, isPlace: isPlace, time: time)
    }

    private func putBack(_ content: RequestPlan.Content, on desk: Desk) {
        func putBack(_ tickets: [PlaceTicket]) {
            let lives = tickets.compactMap { desk.book[$0.order] }
            for live in lives where live.isQueued {
                live.isQueued = false
                desk.lanes.stoppedWaiting()
            }
            requeue(lives, on: desk)
        }
        func putBack(_ tickets: [CancelTicket]) {
            for ticket in tickets {
                desk.lanes.cancel(ticket.command, isAgain: commands.watch(ticket.command)?.isRepeated ?? false, at: now.monotonic)
            }
        }
        switch content {
        case .place(let tickets, _): putBack(tickets)
        case .cancel(let tickets): putBack(tickets)
        case .mixed(let places, let cancels, _):
            putBack(places)
            putBack(cancels)
        case .modify(let tickets): for ticket in tickets { if let live = desk.book[ticket.order] { queueModify(of: live, on: desk) } }
        case .query: break
        }
    }

    /// How long a request may wait for its first byte at most.
    static let waitsToLeaveUs = Int64.seconds(3)

    /// Takes the permits and lets a request go with this turn's commit. Always true.
    private func send(
        _ content: RequestPlan.Content, _ charges: [BudgetCharge], on desk: Desk, isPlace: Bool, isJournaled: Bool = true, time: Int64? = nil
    ) -> Bool {
        let id = turn.nextRequest()
        if content.isSigned { desk.access.pinFirst(in: turn) }
        let freshnessMs = desk.freshnessMs(of: content.kind)
        var plan = RequestPlan(
            id: id, account: desk.id, content: content, timeMs: time ?? stampMs(desk), facts: desk.access.facts, freshnessMs: freshnessMs,
            staleAt: min(
                now.monotonic + max(.milliseconds(200), min(.milliseconds(freshnessMs / 3), Self.waitsToLeaveUs)),
                deadline(of: content, on: desk).map(monotonic) ?? .max),
            timeoutMs: desk.setup.requestTimeoutMs)
        let grips = limiter.take(charges, by: id, in: turn)
        (plan.permits, plan.isJournaled) = (limiter.permits(of: charges), isJournaled)
        limiter.served(charges, place: isPlace, whilePlaceWaits: hasPlaces(with: desk))
        inFlight[id] = InFlight(plan: plan, grips: grips, isJournaled: isJournaled, launchedAt: now.monotonic)
        desk.access.asked(plan, in: turn)
        if plan.isRoutine { desk.lanes.routineLeft() }
        switch content {
        case .place(let tickets, _): tickets.forEach { submitted($0, in: plan, on: desk) }
        case .cancel(let tickets): tickets.forEach { submitted($0.command, in: plan) }
        case .modify(let tickets):
            for ticket in tickets {
                submitted(ticket.command, in: plan)
                if desk.profile.modifyMayRename { desk.book[ticket.order]?.mayBeRenamed = true }
            }
        case .mixed(let places, let cancels, _):
            places.forEach { submitted($0, in: plan, on: desk) }
            cancels.forEach { submitted($0.command, in: plan) }
        case .query: break
        }
        turn.send(plan)
        return true
    }

    /// When the first of what a request carries may not be sent any more, by the wall clock: looked at again in front of its first byte.
    private func deadline(of content: RequestPlan.Content, on desk: Desk) -> Int64? {
        switch content {
        case .place(let tickets, _), .mixed(let tickets, _, _):
            tickets.compactMap { desk.book[$0.order].flatMap { deadline(of: $0, on: desk) } }.min()
        case .modify(let tickets): tickets.compactMap { commands[$0.command]?.expiresAt }.min()
        case .cancel, .query: nil
        }
    }

    private func submitted(_ ticket: PlaceTicket, in plan: RequestPlan, on desk: Desk) {
        guard let live = desk.book[ticket.order] else { return }
        if live.isQueued {
            live.isQueued = false
            desk.lanes.stoppedWaiting()
        }
        let fields = desk.book.send(live, in: plan.id, stampMs: plan.timeMs, predictedID: ticket.predictedID, at: now.monotonic)
        desk.resent.left(live.order)
        change(live, to: .submitted, kind: .submitted, evidence: .local, fields: fields, request: plan.id)
    }

    private func submitted(_ id: CommandID, in plan: RequestPlan) {
        guard commands[id] != nil else { return }
        commands.send(id, stampMs: plan.timeMs, at: now.monotonic)
        change(id, to: .submitted, evidence: .local, request: plan.id)
    }
}
