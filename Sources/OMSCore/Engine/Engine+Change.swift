/// Every move of an order, a command or an intent, with its record, and what else ends with it.
extension Engine {
    // MARK: Orders

    /// Moves an order, with its record. Equal states with new fields are reported, nothing else changes.
    func change(
        _ live: LiveOrder, to next: OrderState, kind: EventKind, evidence: Evidence, fields: OrderFields = [], request: RequestID? = nil,
        actor: Actor = .daemon, note: String? = nil
    ) {
        guard let desk = desk(live.order.account) else { return }
        let from = live.state
        // What the venue itself ended stays ended: later news of it is old, or a contradiction.
        if from.isTerminal, from != next, live.order.evidence.isVenues {
            if next.isTerminal { contradiction(live, on: desk, says: next, note: note) }
            return
        }
        guard from == next || from.mayBecome(next) else {
            contradiction(live, on: desk, says: next, note: note)
            return
        }
        if from.isTerminal, from != next {
            if from == .abandoned { mended(.abandoned, of: live, on: desk) }
            found(
                .state, of: live, on: desk,
                detail: "closed here as \(from.rawValue) by \(live.order.evidence.rawValue), the venue says \(next.rawValue)")
        }
        let fields = fields.union(desk.book.move(live, to: next, evidence, at: now.wall))
        if from != next { count(live, on: desk, from: from, to: next) }
        let event = self.event(kind, evidence: evidence, request: request, actor: actor, note: note)
        if kind == .parked { notice(.parked(live.order.clientOrderID), of: desk.id) }
        record(.orderChanged(live.order, from: from, fields: fields, event))
        if desk.book.track(live) { cameToLight(live, on: desk) }
        learn(from: live, from: from, to: next, evidence: evidence, on: desk)
        if from != next, next.isTerminal {
            closeBreaks(of: live, wasClosed: from.isTerminal, on: desk)
            if desk.book.closeLeft(live) { tellLeft(desk) }
            close(live, on: desk)
        }
        // The venue has it: whatever it was put off for is over, also where an earlier process told of it.
        if from.isUnsettled, next.isLive {
            live.putOffs = 0
            endLoops(of: live, on: desk)
        }
        if from != next, next == .intended { reconsider(live, on: desk) }
    }

    private func count(_ live: LiveOrder, on desk: Desk, from: OrderState, to next: OrderState) {
        if from.isTerminal != next.isTerminal { desk.emptying.closed(next.isTerminal ? 1 : -1) }
        guard let intent = live.intent else { return }
        if intents.moved(intent, from: from, to: next) { openHeldCancels(intent) }
    }

    /// What else ends when an order does.
    private func close(_ live: LiveOrder, on desk: Desk) {
        if live.isQueued {
            live.isQueued = false
            desk.lanes.stoppedWaiting()
        }
        live.isGated = false
        desk.lookUps.end(live.key)
        outcomeKnown(of: live, on: desk)
        endLoops(of: live, on: desk)
        for id in live.commands { finishCommand(id, of: live, evidence: live.order.evidence) }
        live.commands.removeAll { commands[$0] == nil }
        if !live.order.filledQuantity.isZero, live.state != .abandoned { wantFills(live, on: desk) }
        closed.append(live)
        lookAfter(live, on: desk)
    }

    /// A command of an order that closed: cancels are done, unless all of it was executed before they could be; modifies are done if they show, else refused
    /// or withdrawn.
    func finishCommand(_ id: CommandID, of live: LiveOrder, evidence: Evidence) {
        guard let command = commands[id], command.state.isOpen else { return }
        switch command.kind {
        case .cancel:
            // The request is still out: its answer will close the command.
            if command.state == .submitted { return }
            let isInVain = Self.isInVain(cancelOf: live.order)
            change(id, to: isInVain ? .refused : .done, evidence: evidence, note: "the order is \(live.state.rawValue)")
        case .modify:
            switch command.state {
            case .requested: change(id, to: .refused, evidence: .local, note: "the order was \(live.state.rawValue) before it left")
            case .submitted: return
            case .acknowledged, .inDoubt:
                if isShown(command, in: live.order) { return change(id, to: .done, evidence: evidence) }
                // It may have been taken all the same: what a later one asked for stands in its place.
                if let later = live.commands.first(where: { showsLater($0, than: id, in: live.order) }) {
                    return change(id, to: .superseded, evidence: evidence, note: "modify \(later) shows")
                }
                change(id, to: .refused, evidence: evidence, note: "the order was \(live.state.rawValue) without the change to be seen")
            case .done, .refused, .withdrawn, .superseded: return
            }
        }
    }

    /// Whether nothing was left to cancel of an order that closed while a cancel of it was open.
    static func isInVain(cancelOf order: Order) -> Bool { order.state == .filled }

    private func showsLater(_ other: CommandID, than id: CommandID, in order: Order) -> Bool {
        guard other > id, let later = commands[other], later.kind == .modify, later.state != .requested else { return false }
        return isShown(later, in: order)
    }

    /// Whether the last confirmed price and quantity are those a modify asked for.
    func isShown(_ command: OrderCommand, in order: Order) -> Bool {
        (command.price == nil || command.price == order.price) && (command.quantity == nil || command.quantity == order.quantity)
    }

    /// Drops closed orders from memory, unless something of them is still out.
    func sweepClosed() {
        guard !closed.isEmpty else { return }
        closed.removeAll { live in
            guard live.state.isTerminal else { return true }
            guard let desk = desk(live.order.account) else { return true }
            if !live.commands.isEmpty || desk.lookUps.fills.isWanted(live.key) { return false }
            // The answer to what carried it last may not go with what was seen of it since.
            if let request = live.order.request, inFlight[request] != nil { return false }
            // What ends everything waits for it, and whatever that leaves behind is told of.
            if let end = resendEnds(of: live, on: desk) {
                wake(at: end)
                return false
            }
            // It comes back here once it is looked for no more.
            if desk.lookUps.isGivenUp(live.key) { return true }
            desk.book.forget(live)
            desk.lookUps.forget(live.key)
            return true
        }
    }

    /// A terminal order as the venue contradicts it, or any move the table does not know: on record, nothing moves.
    private func contradiction(_ live: LiveOrder, on desk: Desk, says next: OrderState, note: String?) {
        found(
            .contradiction, of: live, on: desk,
            detail: "stands \(live.state.rawValue) by \(live.order.evidence.rawValue), the venue now says \(next.rawValue)"
                + (note.map { ": \($0)" } ?? ""))
    }

    // MARK: Commands

    /// Moves a command, with its record.
    func change(_ id: CommandID, to next: CommandState, evidence: Evidence, request: RequestID? = nil, code: String? = nil, note: String? = nil) {
        guard let (command, from) = commands.move(id, to: next, evidence, request, code, words: note, at: now.wall) else { return }
        write(command, from: from, evidence: evidence, request: request, note: note)
        let desk = desk(command.account)
        let live = desk?.book[command.order]
        if command.kind == .cancel { desk?.confirmations.moved(command, at: now.monotonic) }
        if let live, let desk { rememberLooks(of: live, on: desk) }
        if from == .requested || from == .submitted, next != .requested, next != .submitted {
            cancelAnswered(command)
            // One request answers for all who want the order gone.
            if command.kind == .cancel { for other in live?.commands ?? [] { if let other = commands[other] { cancelAnswered(other) } } }
        }
        guard !next.isOpen else { return }
        live?.commands.removeAll { $0 == id }
        commands.forget(id)
        if command.kind == .modify, let live, let desk { modifyClosed(of: live, on: desk) }
        if let desk { endRepeats(command, from: from, on: desk) }
        if let live, let desk { endLoops(of: live, on: desk) }
        intents.commandClosed(id, in: command.intent)
    }

    /// Puts a command's move on record. One that goes round and round is on record as open: its requests have rows, and the break tells of the rest.
    private func write(_ command: OrderCommand, from: CommandState, evidence: Evidence, request: RequestID?, note: String?) {
        guard let recorded = commands.takeRecorded(command, from: from, turnsMax: patience.turnsMax) else { return }
        var former = recorded
        if recorded != from, !recorded.mayBecome(command.state) {
            var between = command
            (between.state, between.closedAt, between.rejectCode, between.rejectText) = (from, nil, nil, nil)
            record(.commandChanged(between, from: recorded, event(.commandChanged, evidence: evidence, request: request)))
            former = from
        }
        record(.commandChanged(command, from: former, event(.commandChanged, evidence: evidence, request: request, note: note)))
    }

    /// One cancel less that its intent's places wait for.
    func cancelAnswered(_ command: OrderCommand) {
        guard command.kind == .cancel, let intent = intents.answered(command.id, in: command.intent) else { return }
        openGate(intent)
    }

    // MARK: Intents

    /// Settles what came to rest and answers who waited for it.
    func settleIntents() {
        for intent in intents.takeTouched() {
            let isSettled = intents.settle(intent, in: turn)
            let isAcknowledged = isSettled || intent.unanswered == 0
            for ticket in callers.take(intent.row.key, isSettled: isSettled, isAcknowledged: isAcknowledged) {
                answer(ticket, of: intent, timedOut: false)
            }
        }
    }

    func answer(_ ticket: Ticket, of intent: OpenIntent, timedOut: Bool) {
        reply(.query(.intent(intent.row.id, timedOut: timedOut), missing: nil), to: ticket)
    }
}
