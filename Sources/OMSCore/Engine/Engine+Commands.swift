/// Cancels and modifies: written down, and done for each what can be done now.
extension Engine {
    /// Writes down that a cancel of an order is wanted. Of a closed order it is done at once, with evidence local and no request.
    @discardableResult
    func bearCommand(
        _ kind: CommandKind, of clientOrderID: ClientOrderID, for intent: OpenIntent?, sequence: IntentSequence? = nil, actor: Actor
    ) -> CommandID? {
        let live = names[clientOrderID]
        guard let order = live?.order ?? known(clientOrderID) else { return nil }
        let command = birth(kind, of: order, price: nil, quantity: nil, onFailure: .keep, for: intent, sequence: sequence, actor: actor)
        if let live, !live.state.isTerminal {
            live.commands.append(command.id)
        } else {
            change(command.id, to: .done, evidence: .local, note: "the order was \(order.state.rawValue) already")
        }
        return command.id
    }

    /// An order that was examined as known when its intent was taken. nil: it cannot be read, and this turn is never committed.
    private func known(_ id: ClientOrderID) -> Order? { readOrStop { () throws(JournalError) in try recall.order(id) } ?? nil }

    private func birth(
        _ kind: CommandKind, of order: Order, price: Decimal?, quantity: Decimal?, onFailure: OnFailure, for intent: OpenIntent?,
        sequence: IntentSequence? = nil, actor: Actor
    ) -> OrderCommand {
        let event = self.event(.commandRequested, actor: actor)
        let command = OrderCommand(
            id: CommandID(event.seq), kind: kind, order: order.key, clientOrderID: order.clientOrderID, account: order.account,
            intent: intent?.row.key, price: price, quantity: quantity, onFailure: onFailure, requestedAt: now.wall,
            sequence: sequence ?? intent?.row.sequence ?? .cancelFirst, expiresAt: kind == .modify ? intent?.row.expiresAt : nil)
        commands.add(command)
        record(.commandBorn(command, event))
        if let intent { intents.commandBorn(in: intent) }
        return command
    }

    /// Does for an open command what can be done now.
    func pursue(_ id: CommandID, of live: LiveOrder, on desk: Desk) {
        guard let command = commands[id], command.state.isOpen else { return }
        if live.state.isTerminal { return finishCommand(id, of: live, evidence: live.order.evidence) }
        if command.state == .requested, let place = place(of: live.order, on: desk) {
            return change(id, to: .refused, evidence: .local, note: Self.leftWords(place, of: desk.id))
        }
        // Of an intent that is still being written a crash would leave nothing.
        guard command.intent.map({ intents[$0]?.isComplete ?? true }) ?? true else { return }
        switch command.kind {
        case .cancel: pursueCancel(command, of: live, on: desk)
        case .modify: pursueModify(command, of: live, on: desk)
        }
    }

    private func pursueCancel(_ command: OrderCommand, of live: LiveOrder, on desk: Desk) {
        switch command.state {
        case .acknowledged, .inDoubt: return ask(live, .cancel, on: desk, after: pause(of: command.id))
        case .submitted, .done, .refused, .withdrawn, .superseded: return
        case .requested: break
        }
        for id in live.commands where commands[id]?.kind == .modify && commands[id]?.state == .requested {
            change(id, to: .withdrawn, evidence: .local, note: "a cancel was asked for")
        }
        switch live.state {
        case .intended:
            change(live, to: .canceled, kind: .closed, evidence: .local, note: "withdrawn before it was sent")
        case .submitted:
            // The answer decides how it can be reached.
            return
        case .inDoubt:
            ask(live, .cancel, on: desk, after: 0)
            if live.order.parkedAt != nil { giveWay(command, because: Self.fateIsParked) }
        case .acknowledged, .working, .partiallyFilled:
            if let sibling = siblingUnderWay(of: command, live) {
                // It is answered with the one that went before it.
                if sibling.state == .acknowledged || sibling.state == .inDoubt { cancelAnswered(command) }
                return
            }
            if let intent = holder(of: command, on: desk) {
                intents.hold(command.id, for: intent)
            } else if let watch = commands.watch(command.id), watch.notBefore > now.monotonic {
                desk.lanes.putOff(.command(command.id), until: watch.notBefore)
            } else if let end = resendEnds(of: live, on: desk) {
                desk.lanes.putOff(.command(command.id), until: end)
            } else if live.order.venueOrderID == nil, !desk.profile.cancelsByClientID {
                ask(live, [.cancel, .venueID], on: desk, after: 0)
            } else {
                desk.lanes.cancel(command.id, isAgain: commands.watch(command.id)?.isRepeated ?? false, at: now.monotonic)
            }
        case .filled, .canceled, .expired, .rejected, .denied, .abandoned: return
        }
    }

    /// One cancel of an order is on the wire, or next; its siblings are done when the order is. One that waits for its own intent's places is no sibling
    /// to wait for: others never asked for that. Nor is one of an intent that is not accepted yet.
    private func siblingUnderWay(of command: OrderCommand, _ live: LiveOrder) -> OrderCommand? {
        for id in live.commands where id != command.id {
            guard let other = commands[id], other.kind == .cancel, !intents.isHeld(id), !isHalfWritten(other) else { continue }
            if other.state != .requested { return other }
            // The elder goes first, where it may go at all.
            if other.id < command.id, desk(other.account).map({ holder(of: other, on: $0) == nil }) ?? false { return other }
        }
        return nil
    }

    /// The intent whose places a cancel waits for, as its own caller wished (`place_first`). Where no place leaves any more, no cancel waits for one.
    func holder(of command: OrderCommand, on desk: Desk) -> OpenIntent? {
        guard command.sequence == .placeFirst, desk.trading.state == .active, !desk.profile.mixesPlaceAndCancel, let key = command.intent,
            let intent = intents[key], intent.unanswered > 0
        else { return nil }
        return intent
    }

    /// How soon a command's order is looked at after its answer: ever later, as often as it came to nothing before.
    func pause(of id: CommandID) -> Int64 {
        let watch = commands.watch(id)
        let tries = (watch?.turns ?? 0) + (watch?.looks ?? 0)
        return patience.commandPauses.pause(after: tries)
    }

    /// Writes down that a modify is wanted. It is pursued once its intent is accepted.
    func bearModify(_ item: ModifyItem, for intent: OpenIntent, actor: Actor) {
        guard let order = names[item.clientOrderID]?.order ?? known(item.clientOrderID) else { return }
        guard let live = names[item.clientOrderID], !live.state.isTerminal else {
            let command = birth(.modify, of: order, price: item.price, quantity: item.quantity, onFailure: item.onFailure, for: intent, actor: actor)
            change(command.id, to: .refused, evidence: .local, note: "the order is \(order.state.rawValue)")
            return
        }
        // The last asked wins: one that has not left yet gives its values to the newer one, and leaves no more while that is being written.
        let older = live.commands.compactMap { commands[$0] }.last { $0.kind == .modify && $0.state == .requested }
        let command = birth(
            .modify, of: order, price: item.price ?? older?.price, quantity: item.quantity ?? older?.quantity, onFailure: item.onFailure, for: intent,
            actor: actor)
        live.commands.append(command.id)
        intents.modifies(command.id, in: intent)
    }

    private func pursueModify(_ command: OrderCommand, of live: LiveOrder, on desk: Desk) {
        switch command.state {
        case .requested:
            // Also where the later one was asked for while this one was out, and this one came back.
            endOvertaken(of: live)
            guard live.state.isLive, commands[command.id] != nil else { return }
            if let watch = commands.watch(command.id), watch.notBefore > now.monotonic {
                desk.lanes.putOff(.command(command.id), until: watch.notBefore)
            } else if let end = resendEnds(of: live, on: desk) {
                desk.lanes.putOff(.command(command.id), until: end)
            } else {
                queueModify(of: live, on: desk)
            }
        case .acknowledged, .inDoubt: ask(live, .modify, on: desk, after: pause(of: command.id))
        case .submitted, .done, .refused, .withdrawn, .superseded: return
        }
    }

    /// The modify of an order that may leave now: none of it is on the wire, few enough are unfinished, no cancel is open.
    func modifyReady(_ live: LiveOrder, on desk: Desk) -> OrderCommand? {
        guard live.state.isLive, desk.profile.cancelsByClientID || live.order.venueOrderID != nil, !desk.resent.contains(live.key) else {
            return nil
        }
        var unfinished = 0
        var waiting: [OrderCommand] = []
        for id in live.commands {
            guard let command = commands[id] else { continue }
            switch (command.kind, command.state) {
            case (.cancel, _), (.modify, .submitted), (.modify, .inDoubt): return nil
            case (.modify, .acknowledged): unfinished += 1
            case (.modify, .requested): waiting.append(command)
            case (.modify, .done), (.modify, .refused), (.modify, .withdrawn), (.modify, .superseded): break
            }
        }
        // One that is being written may take the place of all the others.
        guard let last = waiting.last, !isHalfWritten(last) else { return nil }
        let overtaken = overtaken(of: live)
        // In the order in which they were asked for: of what two of them name the later has the last word.
        guard let ready = waiting.first(where: { one in !overtaken.contains { $0.id == one.id } }), unfinished < desk.profile.unfinishedModifiesMax,
            commands.watch(ready.id)?.notBefore ?? .min <= now.monotonic
        else { return nil }
        return ready
    }

    // MARK: What operators and callers ask for

    func resolve(_ id: ClientOrderID, isPlaced: Bool, reason: String, from actor: Actor, ticket: Ticket) {
        guard let live = names[id] else {
            if let account = ((try? recall.order(id)) ?? nil)?.account, desk(account) == nil { return fail(.unknownAccount(account), to: ticket) }
            let isKnown = (try? recall.isUsed(id)) ?? false
            return fail(isKnown ? .invalidParams("order \(id) is not in doubt") : .unknownOrder("this journal never held an order \(id)"), to: ticket)
        }
        guard let desk = desk(live.order.account) else { return }
        let isTakenBack = !isPlaced && isWordAlone(live)
        // Of a live order that was left elsewhere nobody but a person can tell that it lives no more.
        let isOver = !isPlaced && !isTakenBack && live.state.isLive && isLeft(live.order, on: desk)
        guard live.state == .inDoubt || isTakenBack || isOver else {
            return fail(.invalidParams("order \(id) is \(live.state.rawValue), not in doubt"), to: ticket)
        }
        desk.lookUps.end(live.key)
        mended(.missingThere, of: live, on: desk)
        let next = isPlaced ? OrderState.acknowledged : isOver ? .canceled : .abandoned
        let fields = isPlaced ? [] : desk.book.refuse(live, live.order.rejectCode, reason)
        change(live, to: next, kind: .resolved, evidence: .operator, fields: fields, actor: actor, note: reason)
        if isPlaced {
            ask(live, live.order.venueOrderID == nil ? .venueID : .missing, on: desk, after: 0)
            for command in live.commands { pursue(command, of: live, on: desk) }
        }
        var filter = OrderFilter()
        filter.clientOrderID = id
        reply(.query(.order(filter), missing: nil), to: ticket)
    }

    /// An order that counts as placed on a person's word alone: nothing of it was ever seen at the venue. The word can be taken back.
    private func isWordAlone(_ live: LiveOrder) -> Bool {
        live.state == .acknowledged && live.order.evidence == .operator && live.order.venueState == nil && live.order.venueOrderID == nil
            && live.order.filledQuantity.isZero
    }
}
