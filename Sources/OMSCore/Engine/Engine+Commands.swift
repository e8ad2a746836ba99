extension Engine {
    /// Writes down that a cancel of an order is wanted. Of a closed order it is done at once, with evidence local and no request.
    @discardableResult
    func bearCommand(
        _ kind: CommandKind, of clientOrderID: ClientOrderID, for intent: OpenIntent?, sequence: IntentSequence? = nil, actor: Actor
    ) -> CommandID? {
        let live = byClientID[clientOrderID]
        guard let order = live?.order ?? (try? journal.order(clientOrderID)) else { return nil }
        let command = birth(kind, of: order, price: nil, quantity: nil, onFailure: .keep, for: intent, sequence: sequence, actor: actor)
        if let live, !live.state.isTerminal {
            live.commands.append(command.id)
        } else {
            change(command.id, to: .done, evidence: .local, note: "the order was \(order.state.rawValue) already")
        }
        return command.id
    }

    private func birth(
        _ kind: CommandKind, of order: Order, price: Decimal?, quantity: Decimal?, onFailure: OnFailure, for intent: OpenIntent?,
        sequence: IntentSequence? = nil, actor: Actor
    ) -> OrderCommand {
        let event = self.event(.commandRequested, actor: actor)
        let command = OrderCommand(
            id: CommandID(event.seq), kind: kind, order: order.key, clientOrderID: order.clientOrderID, account: order.account,
            intent: intent?.row.key, price: price, quantity: quantity, onFailure: onFailure, requestedAt: now.wall,
            sequence: sequence ?? intent?.row.sequence ?? .cancelFirst, expiresAt: kind == .modify ? intent?.row.expiresAt : nil)
        commands[command.id] = command
        record(.commandBorn(command, event))
        intent?.openCommands += 1
        return command
    }

    /// Does for an open command what can be done now.
    func pursue(_ id: CommandID, of live: LiveOrder, on desk: Desk) {
        guard let command = commands[id], command.state.isOpen else { return }
        if live.state.isTerminal { return finishCommand(id, of: live, evidence: live.order.evidence) }
        switch command.kind {
        case .cancel: pursueCancel(command, of: live, on: desk)
        case .modify: pursueModify(command, of: live, on: desk)
        }
    }

    private func pursueCancel(_ command: OrderCommand, of live: LiveOrder, on desk: Desk) {
        switch command.state {
        case .acknowledged, .inDoubt: return ask(live, .cancel, on: desk, after: Self.confirmDelayUs)
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
        case .acknowledged, .working, .partiallyFilled:
            // One cancel of an order on the wire; its siblings are done when the order is.
            let isUnderWay = live.commands.contains { id in
                guard id != command.id, let other = commands[id], other.kind == .cancel else { return false }
                return other.state != .requested || other.id < command.id
            }
            if isUnderWay { return }
            if let key = command.intent, let intent = intents[key], command.sequence == .placeFirst, intent.unanswered > 0,
                !desk.profile.mixesPlaceAndCancel
            {
                intent.heldCancels.append(command.id)
            } else if live.order.venueOrderID == nil, !desk.profile.cancelsByClientID {
                ask(live, [.cancel, .venueID], on: desk, after: 0)
            } else if desk.queuedCancels.insert(command.id).inserted {
                desk.cancels.append(command.id)
            }
        case .filled, .canceled, .expired, .rejected, .denied, .abandoned: return
        }
    }

    /// How soon a receipt is followed by a question for what came of it.
    static let confirmDelayUs: Int64 = .milliseconds(100)

    func requestModify(_ item: ModifyItem, for intent: OpenIntent, on desk: Desk, actor: Actor) {
        guard let order = byClientID[item.clientOrderID]?.order ?? (try? journal.order(item.clientOrderID)) else { return }
        guard let live = byClientID[item.clientOrderID], !live.state.isTerminal else {
            let command = birth(.modify, of: order, price: item.price, quantity: item.quantity, onFailure: item.onFailure, for: intent, actor: actor)
            change(command.id, to: .refused, evidence: .local, note: "the order is \(order.state.rawValue)")
            return
        }
        // The last asked wins: one that has not left yet gives its values to the newer one.
        let older = live.commands.compactMap { commands[$0] }.last { $0.kind == .modify && $0.state == .requested }
        let command = birth(
            .modify, of: order, price: item.price ?? older?.price, quantity: item.quantity ?? older?.quantity, onFailure: item.onFailure, for: intent,
            actor: actor)
        live.commands.append(command.id)
        if let older { change(older.id, to: .superseded, evidence: .local, note: "modify \(command.id) took its place") }
        pursue(command.id, of: live, on: desk)
    }

    private func pursueModify(_ command: OrderCommand, of live: LiveOrder, on desk: Desk) {
        switch command.state {
        case .requested: if live.state.isLive { desk.modifies.append(live.key) }
        case .acknowledged, .inDoubt: ask(live, .modify, on: desk, after: Self.confirmDelayUs)
        case .submitted, .done, .refused, .withdrawn, .superseded: return
        }
    }

    /// The modify of an order that may leave now: none of it is on the wire, few enough are unfinished, no cancel is open.
    func modifyReady(_ live: LiveOrder, on desk: Desk) -> OrderCommand? {
        guard live.state.isLive, desk.profile.cancelsByClientID || live.order.venueOrderID != nil else { return nil }
        var unfinished = 0
        var ready: OrderCommand?
        for id in live.commands {
            guard let command = commands[id] else { continue }
            switch (command.kind, command.state) {
            case (.cancel, _), (.modify, .submitted), (.modify, .inDoubt): return nil
            case (.modify, .acknowledged): unfinished += 1
            case (.modify, .requested): ready = command
            case (.modify, .done), (.modify, .refused), (.modify, .withdrawn), (.modify, .superseded): break
            }
        }
        return unfinished < desk.profile.unfinishedModifiesMax ? ready : nil
    }

    /// What an order's report says of its open commands.
    func judgeCommands(of live: LiveOrder, on desk: Desk, tries: Int) {
        for id in live.commands {
            guard let command = commands[id] else { continue }
            switch (command.kind, command.state) {
            case (.cancel, .requested): pursue(id, of: live, on: desk)
            case (.cancel, .acknowledged), (.cancel, .inDoubt):
                // Asked often enough: the cancel was lost, or refused without a word. It is safe to repeat.
                if command.state == .inDoubt || tries >= Self.cancelPatience {
                    change(id, to: .requested, evidence: .query, note: "the venue still shows the order open")
                    live.inquiry?.tries = 0
                    pursue(id, of: live, on: desk)
                }
            case (.modify, .acknowledged), (.modify, .inDoubt): judgeModify(command, of: live, on: desk, tries: tries)
            case (.modify, .requested): pursue(id, of: live, on: desk)
            case (_, .submitted), (_, .done), (_, .refused), (_, .withdrawn), (_, .superseded): break
            }
        }
    }

    /// Looks at the order after which an acknowledged cancel is repeated, and an unseen modify given up.
    static let cancelPatience = 6
    static let modifyPatience = 12

    private func judgeModify(_ command: OrderCommand, of live: LiveOrder, on desk: Desk, tries: Int) {
        if isShown(command, in: live.order) {
            // What was asked before it was overtaken by it.
            for id in live.commands where id < command.id {
                guard let older = commands[id], older.kind == .modify, older.state == .acknowledged || older.state == .inDoubt else { continue }
                change(id, to: isShown(older, in: live.order) ? .done : .superseded, evidence: .query, note: "modify \(command.id) shows")
            }
            change(command.id, to: .done, evidence: .query)
        } else if tries >= Self.modifyPatience {
            switch command.state {
            case .acknowledged:
                change(
                    command.id, to: .refused, evidence: .query,
                    note:
                        "the venue still shows price \(live.order.price?.description ?? "-") and quantity \(live.order.quantity?.description ?? "-")")
            case .inDoubt:
                // Looked up, not repeated blindly: past the fence the lost request cannot be taken any more.
                change(command.id, to: .requested, evidence: .query, note: "not applied; the lost request is too old to be taken")
            case .requested, .submitted, .done, .refused, .withdrawn, .superseded: break
            }
        }
        if live.state.isLive, live.commands.contains(where: { commands[$0]?.kind == .modify && commands[$0]?.state == .requested }) {
            desk.modifies.append(live.key)
        }
    }

    // MARK: What operators and callers ask for

    /// Cancels what lives of an intent. It waits for these cancels like for those it asked for itself, also when it was settled before.
    func cancelIntent(_ id: IntentID, from actor: Actor, ticket: Ticket) {
        let intent: OpenIntent
        if let open = intentsByID[id] {
            intent = open
        } else {
            do throws(JournalError) {
                guard let row = try journal.intent(id) else { return fail(.unknownOrder("no intent \(id) in this journal"), to: ticket) }
                intent = OpenIntent(row, isComplete: true)
            } catch {
                return fail(.journalUnavailable(error.description), to: ticket)
            }
        }
        guard desk(intent.row.account) != nil else { return fail(.unknownAccount(intent.row.account), to: ticket) }
        guard intent.isComplete else { return fail(.notReady("intent \(id) is being written; cancel it once it is accepted"), to: ticket) }
        let orders = desk(intent.row.account)?.orders.values.filter { $0.order.intent == intent.row.key && !$0.state.isTerminal } ?? []
        let unsent = orders.count { $0.state == .intended }
        for command in commands.values.filter({ $0.intent == intent.row.key && $0.state == .requested && $0.kind == .modify }).sorted(by: {
            $0.id < $1.id
        }) {
            change(command.id, to: .withdrawn, evidence: .local, note: "the intent was canceled")
        }
        if !orders.isEmpty {
            (intents[intent.row.key], intentsByID[id]) = (intent, intent)
            touchedIntents.insert(intent.row.key)
        }
        reply(.canceled(id, withdrawn: unsent, commands: cancel(orders, for: intent, actor: actor) - unsent), to: ticket)
    }

    /// Asks for cancels of all these orders; the number of commands made.
    @discardableResult
    func cancel(_ orders: some Sequence<LiveOrder>, for intent: OpenIntent? = nil, actor: Actor) -> Int {
        var count = 0
        // A command of an order that a crash would still discard must not be on record.
        for live in orders.sorted(by: { $0.key < $1.key }) where !live.state.isTerminal && live.intent?.isComplete ?? true {
            // Never behind places: whoever cancels all of an intent does not want to wait for the rest of it.
            guard let desk = desk(live.order.account),
                let id = bearCommand(.cancel, of: live.order.clientOrderID, for: intent, sequence: .cancelFirst, actor: actor)
            else { continue }
            count += 1
            pursue(id, of: live, on: desk)
        }
        return count
    }

    func resolve(_ id: ClientOrderID, isPlaced: Bool, reason: String, from actor: Actor, ticket: Ticket) {
        guard let live = byClientID[id] else {
            if let account = ((try? journal.order(id)) ?? nil)?.account, desk(account) == nil { return fail(.unknownAccount(account), to: ticket) }
            let isKnown = (try? journal.isUsed(id)) ?? false
            return fail(isKnown ? .invalidParams("order \(id) is not in doubt") : .unknownOrder("this journal never held an order \(id)"), to: ticket)
        }
        guard live.state == .inDoubt else { return fail(.invalidParams("order \(id) is \(live.state.rawValue), not in doubt"), to: ticket) }
        guard let desk = desk(live.order.account) else { return }
        live.inquiry = nil
        change(live, to: isPlaced ? .acknowledged : .abandoned, kind: .resolved, evidence: .operator, actor: actor, note: reason)
        if isPlaced {
            ask(live, live.order.venueOrderID == nil ? .venueID : .missing, on: desk, after: 0)
            for command in live.commands { pursue(command, of: live, on: desk) }
        }
        var filter = OrderFilter()
        filter.clientOrderID = id
        reply(.query(.order(filter), missing: nil), to: ticket)
    }
}
