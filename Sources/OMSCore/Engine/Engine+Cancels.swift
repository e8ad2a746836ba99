/// Cancels of many orders at once, found and written down slice by slice so that a turn stays short. What is on record goes out meanwhile.
struct CancelRound {
    enum Purpose {
        /// `account.set_state`: whose states to answer with.
        case state([Int], absent: [TradingStateRow])
        case intent(OpenIntent)
        /// A guard tripped: all that was submitted under it, or all of its accounts.
        case guarded(GuardID, isWhole: Bool)
        case tagged(Tag, account: AccountID?)
        /// The daemon's own.
        case own
    }
    let purpose: Purpose
    let actor: Actor
    /// Who is answered once all of it is on record.
    let ticket: Ticket?
    /// Through the accounts' orders, in turns. An intent's, or a tag's, pass by what is not its own.
    var walks: [BookWalk]
    var only: IntentKey?
    /// Accounts of which nothing new leaves meanwhile.
    var held: [Int] = []
    /// Found unsent: they come behind those that live at the venue.
    var unsent: [(desk: Int, key: OrderKey)] = []
    var next = 0
    /// Modifies to withdraw, and how many of them were looked at.
    var modifies: [CommandID] = []
    var nextModify = 0
    /// Of which something was not over.
    var intents: Set<IntentKey> = []
    /// Meant, and still being written: each has a round of its own once it is whole, and this one is not over before that is.
    var halves: Set<IntentKey> = []
    /// Commands born, and how many of them withdrew what had not left.
    var count = 0
    var withdrawn = 0

    /// All of it is looked at, and it waits for what is still being written.
    var isWaiting: Bool { walks.isEmpty && next == unsent.count && nextModify == modifies.count && !halves.isEmpty }

    func means(_ order: Order) -> Bool {
        if case .tagged(let tag, _) = purpose { return order.tag == tag }
        return only == nil || order.intent == only
    }
}

extension Engine {
    /// Wants gone what stands of these accounts now, but for what this caller wants gone already. Until all of that is on record, none of it is sent.
    func cancelRound(of chosen: [Desk], purpose: CancelRound.Purpose = .own, actor: Actor, ticket: Ticket? = nil) {
        for desk in chosen { desk.roundsOut += 1 }
        let walks = chosen.map { BookWalk(desk: $0.index, last: OrderKey(turn.seq)) }
        cancelRounds.append(CancelRound(purpose: purpose, actor: actor, ticket: ticket, walks: walks, held: chosen.map(\.index)))
    }

    /// Wants gone what a guard stands for. What it bound is withdrawn already, so that others' orders of these accounts go on leaving.
    func cancelRound(of chosen: [Desk], guarded id: GuardID, isWhole: Bool, halves: Set<IntentKey>) {
        let walks = chosen.map { BookWalk(desk: $0.index, last: OrderKey(turn.seq)) }
        var round = CancelRound(purpose: .guarded(id, isWhole: isWhole), actor: .daemon, ticket: nil, walks: walks)
        round.halves = halves
        cancelRounds.append(round)
    }

    /// The same for one intent. Without a ticket the cancels are the daemon's own.
    func cancelRound(of intent: OpenIntent, actor: Actor, ticket: Ticket? = nil) {
        guard let desk = desk(intent.row.account) else { return }
        let walk = BookWalk(desk: desk.index, after: OrderKey(intent.row.key.number), last: intent.lastOrder ?? OrderKey(turn.seq))
        var round = CancelRound(
            purpose: ticket == nil ? .own : .intent(intent), actor: actor, ticket: ticket, walks: [walk], only: intent.row.key)
        round.modifies = ticket == nil ? [] : intent.modifies
        round.intents = [intent.row.key]
        cancelRounds.append(round)
    }

    /// Writes the next slice, and answers whose cancels are all on record.
    func continueCancels() {
        guard !cancelRounds.isEmpty else { return }
        var steps = stepsATurn
        let limit = turn.rows + sliceRows
        while steps > 0, turn.rows < limit, let first = cancelRounds.firstIndex(where: { !$0.isWaiting }) {
            // Taken out meanwhile: with two owners each step would copy the list.
            var round = cancelRounds.remove(at: first)
            // Behind the others: a small one does not wait for all of a large one.
            if goOn(with: &round, steps: &steps, until: limit), round.halves.isEmpty { end(round) } else { cancelRounds.append(round) }
        }
    }

    /// Orders of one account before the next one's: what lives at any venue should not wait for all of another.
    private static let stretch = 100

    /// - Returns: whether it came to its end.
    private func goOn(with round: inout CancelRound, steps: inout Int, until limit: Int) -> Bool {
        while !round.walks.isEmpty {
            guard steps > 0, turn.rows < limit else { return false }
            var walk = round.walks.removeFirst()
            let share = min(steps, Self.stretch)
            var left = share
            self.walk(&walk, steps: &left) { live, desk in
                visit(live, on: desk, in: &round)
                return turn.rows < limit
            }
            steps -= share - left
            if !walk.isOver { round.walks.append(walk) }
        }
        while round.next < round.unsent.count {
            guard steps > 0, turn.rows < limit else { return false }
            let (desk, key) = round.unsent[round.next]
            round.next += 1
            steps -= 1
            if let live = desks[desk].book[key] { cancel(live, on: desks[desk], in: &round) }
        }
        while round.nextModify < round.modifies.count {
            guard steps > 0, turn.rows < limit else { return false }
            let id = round.modifies[round.nextModify]
            round.nextModify += 1
            steps -= 1
            if commands[id]?.state == .requested { change(id, to: .withdrawn, evidence: .local, note: "the intent was canceled") }
        }
        return true
    }

    private func visit(_ live: LiveOrder, on desk: Desk, in round: inout CancelRound) {
        guard !live.state.isTerminal, round.means(live.order) else { return }
        switch round.purpose {
        case .guarded(let id, isWhole: false): if !guards.isBound(live.order.intent, to: id) { return }
        case .tagged: round.intents.insert(live.order.intent)
        case .guarded, .state, .intent, .own: break
        }
        if live.state == .intended { round.unsent.append((desk.index, live.key)) } else { cancel(live, on: desk, in: &round) }
    }

    private func cancel(_ live: LiveOrder, on desk: Desk, in round: inout CancelRound) {
        let wasUnsent = live.state == .intended
        guard cancel(live, on: desk, for: owner(of: live, in: round), actor: round.actor) else { return }
        round.count += 1
        if wasUnsent { round.withdrawn += 1 }
    }

    /// The intent that waits for an order's cancel; nil: none, the cancel stands for itself.
    private func owner(of live: LiveOrder, in round: CancelRound) -> OpenIntent? {
        switch round.purpose {
        case .intent(let intent): return intent
        case .tagged:
            if let intent = live.intent ?? intents[live.order.intent] { return intent }
            // A read that fails: the journal keeps that error, and this turn is never committed (``Record/check()``).
            return ((try? recall.intent(live.order.intentID)) ?? nil).map { OpenIntent($0, isComplete: true) }
        case .state, .guarded, .own: return nil
        }
    }

    private func end(_ round: CancelRound) {
        for desk in round.held { desks[desk].roundsOut -= 1 }
        if let key = round.only {
            for index in cancelRounds.indices where cancelRounds[index].halves.remove(key) != nil {
                cancelRounds[index].count += round.count
                cancelRounds[index].withdrawn += round.withdrawn
            }
        }
        if case .guarded(let id, _) = round.purpose { tripped(id) }
        if let ticket = round.ticket {
            switch round.purpose {
            case .state(let chosen, let absent):
                reply(.tradingState(chosen.map { desks[$0].trading } + absent, cancels: round.count), to: ticket)
            case .tagged(let tag, let account) where round.intents.isEmpty:
                let whose = account.map { "of account \($0) " } ?? ""
                fail(.unknownOrder("nothing \(whose)that bears the tag \(tag) is unsent, live or in doubt"), to: ticket)
            case .intent, .tagged:
                reply(.canceled(intents: round.intents.count, withdrawn: round.withdrawn, commands: round.count - round.withdrawn), to: ticket)
            case .guarded, .own: break
            }
        }
        resumeDeferred()
    }

    /// Asks for one order's cancel, unless the same is asked for already.
    ///
    /// - Parameter intent: which waits for it; nil: none.
    /// - Returns: whether a command was made.
    private func cancel(_ live: LiveOrder, on desk: Desk, for intent: OpenIntent?, actor: Actor) -> Bool {
        // A command of an order that a crash would still discard must not be on record.
        guard !live.state.isTerminal, live.intent?.isComplete ?? true else { return false }
        // It may have come to rest while its cancels were being written.
        if let intent { intents.reopen(intent) }
        let isAsked = live.commands.contains { id in
            guard let command = commands[id], command.kind == .cancel, !isHalfWritten(command) else { return false }
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
        for live in orders.sorted(by: { $0.key < $1.key }) {
            if let desk = desk(live.order.account) { _ = cancel(live, on: desk, for: nil, actor: actor) }
        }
    }

    /// Cancels what lives of an intent. It waits for these cancels like for those it asked for itself, also when it was settled before.
    func cancelIntent(_ id: IntentID, from actor: Actor, ticket: Ticket) {
        let intent: OpenIntent
        if let open = intents[id] {
            intent = open
        } else if admission.planned(id) != nil {
            return fail(.notReady("intent \(id) is being written; cancel it once it is accepted"), to: ticket)
        } else {
            do throws(JournalError) {
                guard let row = try recall.intent(id) else { return fail(.unknownOrder("no intent \(id) in this journal"), to: ticket) }
                intent = OpenIntent(row, isComplete: true)
            } catch {
                return fail(.journalUnavailable(error.description), to: ticket)
            }
        }
        guard desk(intent.row.account) != nil else { return fail(.unknownAccount(intent.row.account), to: ticket) }
        guard intent.isComplete else { return fail(.notReady("intent \(id) is being written; cancel it once it is accepted"), to: ticket) }
        intents.withdraw(intent)
        cancelRound(of: intent, actor: actor, ticket: ticket)
    }

    /// The same of all intents that bear a tag. Intents that are still being written end as they are whole.
    func cancelTagged(_ tag: Tag, of account: AccountID?, from caller: Caller, ticket: Ticket) {
        if let account, desk(account) == nil { return fail(.unknownAccount(account), to: ticket) }
        let chosen = desks(caller.rights, allowing: .trade).filter { account == nil || $0.id == account }
        let open = intents.tagged(tag).filter { intent in chosen.contains { $0.id == intent.row.account } }
        for intent in open { intents.withdraw(intent) }
        var round = CancelRound(
            purpose: .tagged(tag, account: account), actor: caller.actor, ticket: ticket,
            walks: chosen.map { BookWalk(desk: $0.index, last: OrderKey(turn.seq)) })
        round.intents = Set(open.map(\.row.key))
        round.halves = Set(open.lazy.filter { !$0.isComplete }.map(\.row.key))
        round.modifies = open.flatMap(\.modifies)
        cancelRounds.append(round)
    }

    // MARK: Not sent any more

    /// An order that has not left and that somebody wants gone: it waits for its turn to be withdrawn, and for nothing else.
    func isUnwanted(_ live: LiveOrder) -> Bool {
        if live.intent?.isWithdrawn ?? false { return true }
        return !live.commands.isEmpty && live.commands.contains { id in commands[id].map { $0.kind == .cancel && !isHalfWritten($0) } ?? false }
    }
}
