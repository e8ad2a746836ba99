import Containers

/// What cancels and modifies go out: those that are new first, those that came back as ``Repeats`` has it.
extension Engine {
    func launchCancels(_ desk: Desk, takesPlaces: Bool = true) -> Bool {
        guard !desk.cancels.isEmpty || !desk.externalCancels.isEmpty else { return false }
        let names = cancelIndexes(desk)
        guard canTake(names, usesReserve: true) else { return false }
        var (tickets, idle) = takeCancels(from: &desk.cancels, on: desk)
        pursue(idle, on: desk)
        // Orders of others are asked for as often as they are listed.
        if !desk.externalCancels.isEmpty, mayRepeat(names), addExternals(to: &tickets, on: desk) { limiter.repeated(names, at: now.monotonic) }
        guard !tickets.isEmpty else { return false }
        return sendCancels(tickets, names, takesPlaces: takesPlaces, on: desk)
    }

    /// Cancels that came back, in full batches.
    func launchRepeatedCancels(_ desk: Desk) -> Bool {
        guard !desk.repeats.cancels.queue.isEmpty else { return false }
        let names = cancelIndexes(desk)
        guard mayLeave(desk.repeats.cancels, full: desk.profile.cancelMax, names), canTake(names, usesReserve: true) else { return false }
        let (tickets, idle) = takeCancels(from: &desk.repeats.cancels.queue, on: desk)
        pursue(idle, on: desk)
        guard !tickets.isEmpty else { return false }
        limiter.repeated(names, at: now.monotonic)
        return sendCancels(tickets, names, takesPlaces: true, on: desk)
    }

    /// Whether cancels that came back have something left of their share of the budgets.
    package func mayRepeatCancels(of account: AccountID) -> Bool {
        desk(account).map { now.monotonic >= limiter.nextRepeat(cancelIndexes($0)) } ?? false
    }

    private func cancelIndexes(_ desk: Desk) -> [Int] {
        indexes(of: desk.profile.mixesPlaceAndCancel ? .mixed(place: [], cancel: [], placeFirst: false) : .cancel([]), on: desk)
    }

    /// The next batch of a queue, and what stood in it that cannot leave now: for the caller to look after, since it may wait in the same queue again.
    private func takeCancels(from queue: inout Deque<CommandID>, on desk: Desk) -> (tickets: [CancelTicket], idle: [OrderCommand]) {
        var tickets: [CancelTicket] = []
        var key: PlaceGroup?
        var later: [CommandID] = []
        var idle: [OrderCommand] = []
        var most = desk.profile.cancelMax
        while tickets.count < most, let id = queue.popFirst() {
            guard let command = commands[id], command.state == .requested, let live = desk.orders[command.order], live.state.isLive else {
                desk.queuedCancels.remove(id)
                if let command = commands[id] { idle.append(command) }
                continue
            }
            let group = cancelGroup(live, on: desk)
            guard key == nil || key == group, tickets.count < live.batchCap else {
                later.append(id)
                continue
            }
            key = group
            most = min(most, live.batchCap)
            desk.queuedCancels.remove(id)
            tickets.append(
                CancelTicket(
                    command: id, order: live.key, clientOrderID: live.order.clientOrderID, venueOrderID: live.order.venueOrderID,
                    terms: live.order.terms))
        }
        queue.prepend(later)
        return (tickets, idle)
    }

    private func pursue(_ idle: [OrderCommand], on desk: Desk) {
        for command in idle { if let live = desk.orders[command.order] { pursue(command.id, of: live, on: desk) } }
    }

    private func addExternals(to tickets: inout [CancelTicket], on desk: Desk) -> Bool {
        let before = tickets.count
        while tickets.count < desk.profile.cancelMax, let external = desk.externalCancels.popFirst() {
            if desk.profile.listsBySymbol, let first = tickets.first, first.terms.symbol != external.terms.symbol {
                desk.externalCancels.prepend([external])
                break
            }
            tickets.append(external)
        }
        return tickets.count > before
    }

    private func sendCancels(_ tickets: [CancelTicket], _ names: [Int], takesPlaces: Bool, on desk: Desk) -> Bool {
        guard desk.profile.mixesPlaceAndCancel else { return send(.cancel(tickets), indexes: names, on: desk, isPlace: false) }
        let places = takesPlaces && mayPlace(desk) ? takePlaces(desk, single: false)?.orders ?? [] : []
        return sendMixed(places, tickets, indexes: names, on: desk)
    }

    /// What cannot share a cancel request: another symbol, where the venue wants one a request.
    private func cancelGroup(_ live: LiveOrder, on desk: Desk) -> PlaceGroup {
        desk.profile.listsBySymbol ? PlaceGroup(key: live.order.terms.symbol.text) : PlaceGroup()
    }

    func launchModifies(_ desk: Desk) -> Bool {
        let areRepeated = desk.modifies.isEmpty
        guard !desk.modifies.isEmpty || !desk.repeats.modifies.queue.isEmpty, !isJournalFull, desk.isPrepared, desk.trading.state == .active,
            now.monotonic >= desk.access.reach.closedUntil
        else { return false }
        let names = indexes(of: .modify([]), on: desk)
        if areRepeated, !mayLeave(desk.repeats.modifies, full: desk.profile.modifyMax, names) { return false }
        guard canTake(names, usesReserve: false) else { return false }
        let (tickets, ended) = areRepeated ? takeModifies(from: &desk.repeats.modifies.queue, on: desk) : takeModifies(from: &desk.modifies, on: desk)
        for end in ended { change(end.id, to: end.state, evidence: .local, note: end.why) }
        guard !tickets.isEmpty else { return false }
        if areRepeated { limiter.repeated(names, at: now.monotonic) }
        return send(.modify(tickets), indexes: names, on: desk, isPlace: false)
    }

    /// The next batch of a queue, and what stood in it that must not leave any more.
    private func takeModifies(
        from queue: inout Deque<OrderKey>, on desk: Desk
    ) -> (tickets: [ModifyTicket], ended: [(id: CommandID, state: CommandState, why: String)]) {
        var tickets: [ModifyTicket] = []
        var ended: [(id: CommandID, state: CommandState, why: String)] = []
        var taken: Set<OrderKey> = []
        while tickets.count < desk.profile.modifyMax, let key = queue.popFirst() {
            guard !taken.contains(key), let live = desk.orders[key], let command = modifyReady(live, on: desk) else { continue }
            if let expiresAt = command.expiresAt, expiresAt <= now.wall {
                ended.append((command.id, .withdrawn, "not sent before its deadline"))
                continue
            }
            if let quantity = command.quantity, quantity < live.order.filledQuantity {
                ended.append((command.id, .refused, "quantity \(quantity) is below what is filled, \(live.order.filledQuantity)"))
                continue
            }
            if let key = command.intent, intents[key]?.isWithdrawn ?? false {
                ended.append((command.id, .withdrawn, "the intent was canceled"))
                continue
            }
            for older in overtaken(of: live) { ended.append((older.id, .superseded, Self.overtaken(by: older.by))) }
            taken.insert(key)
            let stands = stands(before: command, of: live)
            tickets.append(
                ModifyTicket(
                    command: command.id, order: key, clientOrderID: live.order.clientOrderID, venueOrderID: live.order.venueOrderID,
                    terms: live.order.terms, price: command.price ?? stands.price, quantity: command.quantity ?? stands.quantity,
                    onFailure: command.onFailure))
        }
        return (tickets, ended)
    }

    /// Price and quantity as they stand for a modify that names one of them alone: as last confirmed, but for what earlier ones that the venue took still have
    /// to show.
    private func stands(before command: OrderCommand, of live: LiveOrder) -> (price: Decimal?, quantity: Decimal?) {
        var (price, quantity) = (live.order.price, live.order.quantity)
        for id in live.commands where id < command.id {
            guard let earlier = commands[id], earlier.kind == .modify, earlier.state == .acknowledged else { continue }
            (price, quantity) = (earlier.price ?? price, earlier.quantity ?? quantity)
        }
        return (price, quantity)
    }
}
