/// Cancels of many orders at once, written down slice by slice so that a turn stays short. What is on record goes out meanwhile.
struct CancelRound {
    enum Purpose {
        /// `account.set_state`: whose states to answer with.
        case state([Int], absent: [TradingStateRow])
        case intent(OpenIntent, withdrawn: Int)
        /// The daemon's own.
        case own
    }
    /// Who lives at the venue first, then what is unsent; each by key.
    let orders: [OrderKey]
    let purpose: Purpose
    let actor: Actor
    /// Who is answered once all of it is on record.
    let ticket: Ticket?
    var next = 0
    /// Commands born.
    var count = 0
}

extension Engine {
    /// Wants these orders gone, but for those that this caller wants gone already.
    func cancelRound(of orders: some Sequence<LiveOrder>, purpose: CancelRound.Purpose = .own, actor: Actor, ticket: Ticket? = nil) {
        var (live, unsent): ([OrderKey], [OrderKey]) = ([], [])
        for order in orders {
            if order.state == .intended { unsent.append(order.key) } else if !order.state.isTerminal { live.append(order.key) }
        }
        // By key, not by hash: the same seed gives the same run.
        let keys = live.sorted() + unsent.sorted()
        cancelRounds.append(CancelRound(orders: keys, purpose: purpose, actor: actor, ticket: ticket))
    }

    /// Writes the next slice, and answers whose cancels are all on record.
    func continueCancels() {
        let rows = turn.rows
        while turn.rows - rows < sliceRows, !cancelRounds.isEmpty {
            // Taken out meanwhile: with two owners each step would copy the list.
            var round = cancelRounds.removeFirst()
            while turn.rows - rows < sliceRows, round.next < round.orders.count {
                let key = round.orders[round.next]
                round.next += 1
                if cancel(key, for: round.purpose, actor: round.actor) { round.count += 1 }
            }
            if round.next < round.orders.count { cancelRounds.insert(round, at: 0) } else { end(round) }
        }
    }

    private func end(_ round: CancelRound) {
        if let ticket = round.ticket {
            switch round.purpose {
            case .state(let chosen, let absent):
                reply(.tradingState(chosen.map { desks[$0].trading } + absent, cancels: round.count), to: ticket)
            case .intent(let intent, let withdrawn):
                reply(.canceled(intent.row.id, withdrawn: withdrawn, commands: max(0, round.count - withdrawn)), to: ticket)
            case .own: break
            }
        }
        guard !deferred.isEmpty else { return }
        resumeDeferred()
    }

    /// Asks for one order's cancel, unless the same is asked for already.
    ///
    /// - Returns: whether a command was made.
    private func cancel(_ key: OrderKey, for purpose: CancelRound.Purpose, actor: Actor) -> Bool {
        // A command of an order that a crash would still discard must not be on record.
        guard let desk = desks.first(where: { $0.orders[key] != nil }), let live = desk.orders[key], !live.state.isTerminal,
            live.intent?.isComplete ?? true
        else { return false }
        var intent: OpenIntent?
        if case .intent(let open, _) = purpose {
            intent = open
            // It may have come to rest while its cancels were being written.
            (intents[open.row.key], intentsByID[open.row.id]) = (open, open)
        }
        let isAsked = live.commands.contains { id in
            guard let command = commands[id], command.kind == .cancel else { return false }
            return intent == nil || command.intent == intent?.row.key
        }
        guard !isAsked else { return false }
        // It cannot be cancelled from here. Who names it is told so; who means all that lives is told that it lives.
        if intent == nil, isLeft(live.order, on: desk) { return false }
        // Never behind places: whoever cancels all of an intent does not want to wait for the rest of it.
        guard let id = bearCommand(.cancel, of: live.order.clientOrderID, for: intent, sequence: .cancelFirst, actor: actor) else { return false }
        pursue(id, of: live, on: desk)
        return true
    }

    /// Asks for the cancel of a few orders at once.
    func cancel(_ orders: [LiveOrder], actor: Actor) {
        for live in orders.sorted(by: { $0.key < $1.key }) { _ = cancel(live.key, for: .own, actor: actor) }
    }

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
        guard let desk = desk(intent.row.account) else { return fail(.unknownAccount(intent.row.account), to: ticket) }
        guard intent.isComplete else { return fail(.notReady("intent \(id) is being written; cancel it once it is accepted"), to: ticket) }
        let orders = desk.orders.values.filter { $0.order.intent == intent.row.key && !$0.state.isTerminal }
        for command in commands.values.filter({ $0.intent == intent.row.key && $0.state == .requested && $0.kind == .modify }).sorted(by: {
            $0.id < $1.id
        }) {
            change(command.id, to: .withdrawn, evidence: .local, note: "the intent was canceled")
        }
        if !orders.isEmpty {
            (intents[intent.row.key], intentsByID[id]) = (intent, intent)
            touchedIntents.insert(intent.row.key)
        }
        let unsent = orders.count { $0.state == .intended }
        cancelRound(of: orders, purpose: .intent(intent, withdrawn: unsent), actor: actor, ticket: ticket)
    }
}
