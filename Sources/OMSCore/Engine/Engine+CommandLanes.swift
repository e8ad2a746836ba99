/// What cancels and modifies go out: those that are new first, those that came back as ``Repeats`` has it.
extension Engine {
    func launchCancels(_ desk: Desk, takesPlaces: Bool = true) -> Bool {
        guard desk.lanes.hasCancels else { return false }
        let charges = cancelCharges(desk)
        guard mayTake(charges, as: .first, on: desk, usesReserve: true) else { return false }
        let most = most(desk.profile.cancelMax, charges, usesReserve: true)
        var tickets = takeCancels(again: false, most: most, on: desk)
        // Orders of others are asked for as often as they are listed.
        let own = tickets.count
        let room = min(most, own + min(most, limiter.mostRepeated(charges)))
        let hasStrangers =
            desk.lanes.hasStrangers && mayRepeat(charges) && desk.lanes.addStrangers(to: &tickets, most: room, bySymbol: desk.profile.listsBySymbol)
        guard !tickets.isEmpty else { return false }
        return sendCancels(tickets, repeated: hasStrangers ? tickets[own...] : [], takesPlaces: takesPlaces, on: desk)
    }

    /// Cancels that came back, in full batches.
    func launchRepeatedCancels(_ desk: Desk, takesPlaces: Bool = true) -> Bool {
        guard desk.lanes.hasCancelsAgain else { return false }
        let charges = cancelCharges(desk)
        let full = min(desk.profile.cancelMax, limiter.mostRepeated(charges))
        guard mayRepeat(at: desk.lanes.cancelsAgainAt(full: full), charges), mayTake(charges, as: .first, on: desk, usesReserve: true) else {
            return false
        }
        let tickets = takeCancels(again: true, most: most(full, charges, usesReserve: true), on: desk)
        guard !tickets.isEmpty else { return false }
        return sendCancels(tickets, repeated: tickets[...], takesPlaces: takesPlaces, on: desk)
    }

    /// Whether cancels that came back have something left of their share of the budgets.
    ///
    /// - Parameter charges: what one of them costs, of its market where the venue counts markets apart.
    package func mayRepeatCancels(of account: AccountID, _ charges: [Charge]) -> Bool {
        guard let desk = desk(account), now.monotonic >= limiter.nextRepeat(cancelCharges(desk)) else { return false }
        let ofMarket = self.charges(charges.filter { !$0.part.isEmpty && $0.perItem > 0 }, on: desk)
        return ofMarket.allSatisfy { limiter.repeatable($0, at: now.monotonic, usesReserve: true) >= $0.weight }
    }

    private func cancelCharges(_ desk: Desk) -> [BudgetCharge] {
        charges(of: desk.profile.mixesPlaceAndCancel ? .mixed(place: [], cancel: [], placeFirst: false) : .cancel([]), on: desk)
    }

    /// The next batch of cancels. What stood among them and cannot leave now is looked after behind it, since it may wait in the same queue again.
    private func takeCancels(again: Bool, most: Int, on desk: Desk) -> [CancelTicket] {
        var idle: [OrderCommand] = []
        var room: [Int: Int] = [:]
        let ids = desk.lanes.takeCancels(again: again, most: most) { id in
            guard let command = commands[id], command.state == .requested, let live = desk.book[command.order], live.state.isLive else {
                if let command = commands[id] { idle.append(command) }
                return nil
            }
            guard isLetOut(of: desk, command.intent) else { return nil }
            // Behind those of markets that have room.
            let item = RequestPlan.Content.cancel([cancelTicket(id, live)])
            if desk.hasDividedBudgets, !hasRoom(for: item, in: &room, usesReserve: true, isAgain: again, on: desk) {
                return (cancelGroup(live, on: desk), 0)
            }
            return (cancelGroup(live, on: desk), live.batchCap)
        }
        let tickets = ids.compactMap { id in
            commands[id].flatMap { desk.book[$0.order] }.map { live in cancelTicket(id, live) }
        }
        for command in idle { if let live = desk.book[command.order] { pursue(command.id, of: live, on: desk) } }
        return tickets
    }

    private func cancelTicket(_ id: CommandID, _ live: LiveOrder) -> CancelTicket {
        CancelTicket(
            command: id, order: live.key, clientOrderID: live.order.clientOrderID, venueOrderID: live.order.venueOrderID, terms: live.order.terms)
    }

    /// - Parameter repeated: those of them that repeat themselves, which is booked once they are on their way.
    private func sendCancels(_ tickets: [CancelTicket], repeated again: ArraySlice<CancelTicket>, takesPlaces: Bool, on desk: Desk) -> Bool {
        func content(_ tickets: [CancelTicket]) -> RequestPlan.Content {
            desk.profile.mixesPlaceAndCancel ? .mixed(place: [], cancel: tickets, placeFirst: false) : .cancel(tickets)
        }
        guard sendCancels(tickets, alone: content(tickets), takesPlaces: takesPlaces, on: desk) else { return false }
        if !again.isEmpty { repeated(content(Array(again)), on: desk) }
        return true
    }

    private func sendCancels(_ tickets: [CancelTicket], alone: RequestPlan.Content, takesPlaces: Bool, on desk: Desk) -> Bool {
        guard desk.profile.mixesPlaceAndCancel else { return send(alone, on: desk, isPlace: false, usesReserve: true) }
        // Where the venue counts what a request carries, new orders take what cancels leave, but for the reserve, which is the next cancels'.
        let room = most(Int.max, charges(of: alone, on: desk), usesReserve: false) - 1
        let places = takesPlaces && room > 0 && mayPlace(desk) ? takePlaces(desk, most: room, usesReserve: false, single: false)?.orders ?? [] : []
        return sendMixed(places, tickets, on: desk, usesReserve: true)
    }

    /// What cannot share a cancel request: another symbol, where the venue wants one a request.
    private func cancelGroup(_ live: LiveOrder, on desk: Desk) -> PlaceGroup {
        desk.profile.listsBySymbol ? PlaceGroup(key: live.order.terms.symbol.text) : PlaceGroup()
    }

    func launchModifies(_ desk: Desk) -> Bool {
        let areRepeated = !desk.lanes.hasNewModifies
        guard desk.lanes.hasModifies, !isJournalFull, desk.isPrepared, desk.trading.state == .active,
            now.monotonic >= desk.access.reach.closedUntil
        else { return false }
        let charges = charges(of: .modify([]), on: desk)
        let full = areRepeated ? min(desk.profile.modifyMax, limiter.mostRepeated(charges)) : desk.profile.modifyMax
        if areRepeated, !mayRepeat(at: desk.lanes.modifiesAgainAt(full: full), charges) { return false }
        guard mayTake(charges, as: .changing, on: desk, usesReserve: false) else { return false }
        let most = most(full, charges, usesReserve: false)
        let (tickets, ended) = takeModifies(again: areRepeated, most: most, on: desk)
        for end in ended { change(end.id, to: end.state, evidence: .local, note: end.why) }
        guard !tickets.isEmpty else { return false }
        guard send(.modify(tickets), on: desk, isPlace: false, usesReserve: false) else { return false }
        if areRepeated { repeated(.modify(tickets), on: desk) }
        return true
    }

    /// The next batch of modifies, and what stood among them that must not leave any more.
    private func takeModifies(
        again: Bool, most: Int, on desk: Desk
    ) -> (tickets: [ModifyTicket], ended: [(id: CommandID, state: CommandState, why: String)]) {
        var tickets: [ModifyTicket] = []
        var ended: [(id: CommandID, state: CommandState, why: String)] = []
        var room: [Int: Int] = [:]
        var crowded: [OrderKey] = []
        desk.lanes.takeModifies(again: again, most: most) { key in
            guard let live = desk.book[key], let command = modifyReady(live, on: desk), isLetOut(of: desk, command.intent) else { return false }
            if let expiresAt = command.expiresAt, expiresAt <= now.wall {
                ended.append((command.id, .withdrawn, "not sent before its deadline"))
                return false
            }
            if let quantity = command.quantity, quantity < live.order.filledQuantity {
                ended.append((command.id, .refused, "quantity \(quantity) is below what is filled, \(live.order.filledQuantity)"))
                return false
            }
            if let key = command.intent, intents[key]?.isWithdrawn ?? false {
                ended.append((command.id, .withdrawn, "the intent was canceled"))
                return false
            }
            let stands = stands(before: command, of: live)
            let ticket = ModifyTicket(
                command: command.id, order: key, clientOrderID: live.order.clientOrderID, venueOrderID: live.order.venueOrderID,
                terms: live.order.terms, price: command.price ?? stands.price, quantity: command.quantity ?? stands.quantity,
                onFailure: command.onFailure)
            if desk.hasDividedBudgets, !hasRoom(for: .modify([ticket]), in: &room, usesReserve: false, isAgain: again, on: desk) {
                crowded.append(key)
                return false
            }
            for older in overtaken(of: live) { ended.append((older.id, .superseded, Self.overtaken(by: older.by))) }
            tickets.append(ticket)
            return true
        }
        for key in crowded { desk.lanes.modify(key, isAgain: again, at: now.monotonic) }
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
