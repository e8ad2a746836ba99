/// A person's word on who an account is from here on: what `omsd rebind` records, while no daemon runs.
///
/// Its keys are forgotten: whichever comes next is taken as the first. Unless it is the same account at the same venue as before, nothing that was to be sent
/// there is sent to the new one, and nothing that may be there is looked up as if it were here.
///
/// Back where it had been left, "the same" is a word about the orders that were left there, for of the place in between a person said before that it is another
/// one: what was placed in between stays in its turn.
package struct Rebinding: Sendable {
    package let account: AccountID
    /// nil: as before.
    package let uid: String?
    package let origin: String?
    /// Where its private stream is; nil: as before. Alone it moves no order: those are where requests go.
    package let streamOrigin: String?
    package let reason: String
    /// The same account at the same venue, under another name: what is in doubt can be looked up and proven absent.
    package let isSame: Bool
    package let actor: Actor
    package init(account: AccountID, uid: String?, origin: String?, streamOrigin: String? = nil, reason: String, isSame: Bool, actor: Actor) {
        (self.account, self.uid, self.origin, self.streamOrigin) = (account, uid, origin, streamOrigin)
        (self.reason, self.isSame, self.actor) = (reason, isSame, actor)
    }

    /// What it comes to.
    package struct Outcome: Sendable {
        package fileprivate(set) var records: [JournalRecord] = []
        /// Of the orders that are now left behind: live ones, and those in doubt that nobody can settle but a person.
        package fileprivate(set) var living = 0
        package fileprivate(set) var parked = 0
        /// What had not left.
        package fileprivate(set) var withdrawnOrders = 0
        package fileprivate(set) var withdrawnCommands = 0
        /// Orders that are the account's again: in doubt, so that they can be proven absent again, and live.
        package fileprivate(set) var freed = 0
        package fileprivate(set) var returned = 0
        /// Orders closed without the venue's word that are at the account's place again, where they are looked for once more.
        package fileprivate(set) var sought = 0
        /// Orders in doubt that were and are free to be looked up.
        package fileprivate(set) var doubtful = 0
        /// Live orders that are the account's as before, and what had not left and is sent where the account is now.
        package fileprivate(set) var staying = 0
        package fileprivate(set) var waiting = 0
        /// Orders that a former rebinding left behind, live or in doubt, and that stay there.
        package fileprivate(set) var away = 0
        /// The account that it is from here on holds something else than what own orders came to so far.
        package fileprivate(set) var endsPositions = false
        /// A cancel-all that the place being left has not answered is not sent to the new one.
        package fileprivate(set) var endsCancelAll = false
        fileprivate var seq: Int64

        /// In words, for who asked for it.
        package var words: String {
            var parts: [String] = []
            func tell(_ count: Int, _ one: String, _ more: String) { if count > 0 { parts.append("\(count) \(count == 1 ? one : more)") } }
            tell(living, "live order is left behind", "live orders are left behind")
            tell(parked, "in doubt is parked", "in doubt are parked")
            tell(withdrawnOrders, "unsent order is withdrawn", "unsent orders are withdrawn")
            tell(withdrawnCommands, "unsent command is withdrawn", "unsent commands are withdrawn")
            tell(freed, "order in doubt can be looked up again", "orders in doubt can be looked up again")
            tell(doubtful, "order in doubt goes on being looked up", "orders in doubt go on being looked up")
            tell(staying, "live order stays the account's", "live orders stay the account's")
            tell(waiting, "unsent order will be sent where the account is now", "unsent orders will be sent where the account is now")
            tell(returned, "live order is the account's again", "live orders are the account's again")
            tell(
                sought, "order closed without the venue's word is looked for again", "orders closed without the venue's word are looked for again")
            tell(away, "order left behind before stays there", "orders left behind before stay there")
            if endsCancelAll { parts.append("the unanswered cancel-all is not asked for any more") }
            if endsPositions { parts.append("what was held before still counts for max_position: give it a new opening and since") }
            return parts.isEmpty ? "no order is concerned" : parts.joined(separator: ", ")
        }
    }

    /// - Parameters:
    ///   - state: what the journal holds.
    ///   - known: the account as the journal's tables name it.
    ///   - wall: microseconds since 1970 UTC.
    package func outcome(of state: JournalState, known: PinnedIdentity, at wall: Int64) -> Outcome {
        var outcome = Outcome(seq: state.seq)
        let uids = uid.map { "uid \(known.uid ?? "unknown") becomes \($0)" }
        let origins = origin.map { "\(known.origin ?? "unknown") becomes \($0)" }
        let streams = streamOrigin.map { "its stream at \(known.streamOrigin ?? "no place so far") is at \($0)" }
        if let streamOrigin, uid == nil, origin == nil, !isSame {
            var pinned = known
            pinned.streamOrigin = streamOrigin
            let words = ["rebind", streams, reason].compactMap { $0 }.joined(separator: "; ")
            outcome.records.append(.identity(pinned, event(.identity, &outcome, wall, words)))
            return outcome
        }
        let sameness = isSame ? "the same account at the same venue" : "not said to be the same"
        let words = ["rebind", uids, origins, streams, sameness, reason].compactMap { $0 }.joined(separator: "; ")
        let (nextUID, nextOrigin) = (uid ?? known.uid, origin ?? known.origin)
        let leaves = !isSame || known.goesBack(toUID: nextUID, at: nextOrigin)
        var pinned = known
        if leaves { pinned.leave(at: state.seq) }
        (pinned.uid, pinned.origin, pinned.keyInUse, pinned.keys) = (nextUID, nextOrigin, nil, [])
        // A stream is where its venue is: another host's is taken from the next configuration, unless it is said here.
        pinned.streamOrigin = streamOrigin ?? (origin == nil ? known.streamOrigin : nil)
        if isSame { pinned.comeBack() }
        outcome.records.append(.identity(pinned, event(.identity, &outcome, wall, words)))
        outcome.endsPositions = !isSame && state.positions.contains { $0.account == account }
        var orders = state.orders.filter { $0.account == account }
        var commands = state.commands.filter { $0.account == account }
        for index in orders.indices where !orders[index].state.isTerminal {
            if pinned.place(of: orders[index].key) == nil {
                free(&orders[index], &outcome, wall, words)
            } else if orders[index].bars.contains(.elsewhere) {
                outcome.away += 1
            } else {
                part(&orders[index], from: known, isSuspect: orders[index].key.number <= state.goneBackSeq, &outcome, wall, words)
            }
        }
        for order in state.unlisted where order.account == account && pinned.place(of: order.key) == nil {
            seek(order, &outcome, wall, words)
        }
        let closed = Dictionary(uniqueKeysWithValues: orders.filter { $0.state.isTerminal }.map { ($0.key, $0) })
        for index in commands.indices where pinned.place(of: commands[index].order) != nil {
            withdraw(&commands[index], order: closed[commands[index].order], &outcome, wall, words)
        }
        if leaves, let kill = state.kills.first(where: { $0.account == account && $0.cancelAll == .unanswered }) {
            outcome.endsCancelAll = true
            let row = KillRow(account: account, since: kill.since, cancelAll: .notAsked)
            outcome.records.append(.kill(row, event(.note, &outcome, wall, "\(words); the venue's cancel-all is not asked for elsewhere")))
        }
        settle(state.intents, orders, commands, &outcome, wall)
        return outcome
    }

    private func event(
        _ kind: EventKind, _ outcome: inout Outcome, _ wall: Int64, _ note: String, evidence: Evidence? = nil, request: RequestID? = nil
    ) -> JournalEvent {
        outcome.seq += 1
        var event = JournalEvent(seq: outcome.seq, at: wall, kind: kind)
        (event.evidence, event.request, event.actor, event.note) = (evidence, request, actor, note)
        return event
    }

    private func free(_ order: inout Order, _ outcome: inout Outcome, _ wall: Int64, _ words: String) {
        let (wasAway, isDoubt) = (order.bars.contains(.elsewhere), order.state == .inDoubt || order.state == .submitted)
        guard wasAway || isDoubt, !order.bars.isDisjoint(with: [.key, .identity, .elsewhere]) else {
            if isDoubt { outcome.doubtful += 1 } else if order.state == .intended { outcome.waiting += 1 } else { outcome.staying += 1 }
            return
        }
        order.bars.subtract([.key, .identity, .elsewhere])
        order.parkedAt = nil
        if isDoubt { outcome.freed += 1 } else { outcome.returned += 1 }
        record(
            order, from: order.state, [.bars, .parkedAt], event(.barred, &outcome, wall, words, evidence: order.evidence, request: order.request),
            &outcome)
    }

    /// It was closed while it was elsewhere, so nobody has asked for it here since.
    private func seek(_ order: Order, _ outcome: inout Outcome, _ wall: Int64, _ words: String) {
        guard order.isGivenUp, order.bars.contains(.elsewhere) else { return }
        var order = order
        order.bars.subtract([.key, .identity, .elsewhere])
        outcome.sought += 1
        let event = event(.barred, &outcome, wall, words, evidence: order.evidence, request: order.request)
        record(order, from: order.state, .bars, event, &outcome)
    }

    private func part(_ order: inout Order, from place: PinnedIdentity, isSuspect: Bool, _ outcome: inout Outcome, _ wall: Int64, _ words: String) {
        let from = order.state
        let former = "uid \(place.uid ?? "unknown"), \(place.origin ?? "an unknown host")"
        let stays = "\(words); it stays at \(former), and nothing of it is sent or asked elsewhere"
        switch from {
        case .intended where !isSuspect:
            (order.state, order.evidence, order.closedAt) = (.canceled, .local, wall)
            order.request = nil
            outcome.withdrawnOrders += 1
            record(order, from: from, [], event(.closed, &outcome, wall, words, evidence: .local), &outcome)
            // An earlier attempt may have been executed all the same: it is looked for once the account is back where it was sent.
            if order.isGivenUp { outcome.records.append(.unlisted(order.key, true)) }
        case .intended, .submitted, .inDoubt:
            if from != .inDoubt {
                (order.state, order.evidence) = (.inDoubt, .inferred)
                if isSuspect { order.attempts = max(1, order.attempts) }
                let lost = event(.inDoubt, &outcome, wall, "no answer was journaled", evidence: .inferred, request: order.request)
                record(order, from: from, isSuspect ? .attempts : [], lost, &outcome)
            }
            order.bars.insert(.elsewhere)
            order.parkedAt = order.parkedAt ?? wall
            outcome.parked += 1
            let parked = event(.parked, &outcome, wall, stays, evidence: order.evidence, request: order.request)
            record(order, from: .inDoubt, [.bars, .parkedAt], parked, &outcome)
        case .acknowledged, .working, .partiallyFilled:
            order.bars.insert(.elsewhere)
            outcome.living += 1
            record(order, from: from, .bars, event(.barred, &outcome, wall, stays, evidence: order.evidence, request: order.request), &outcome)
        case .filled, .canceled, .expired, .rejected, .denied, .abandoned: break
        }
    }

    private func record(_ order: Order, from: OrderState, _ fields: OrderFields, _ event: JournalEvent, _ outcome: inout Outcome) {
        outcome.records.append(.orderChanged(order, from: from, fields: fields, event))
    }

    /// What has not left is not sent elsewhere; what may have is left to the next start.
    private func withdraw(_ command: inout OrderCommand, order: Order?, _ outcome: inout Outcome, _ wall: Int64, _ words: String) {
        guard command.state == .requested else { return }
        let from = command.state
        // A cancel of an order that was withdrawn above has what it wanted.
        command.state = command.kind == .cancel && order != nil ? .done : .withdrawn
        (command.evidence, command.closedAt) = (.local, wall)
        outcome.withdrawnCommands += 1
        outcome.records.append(.commandChanged(command, from: from, event(.commandChanged, &outcome, wall, words, evidence: .local)))
    }

    private func settle(_ intents: [IntentRow], _ orders: [Order], _ commands: [OrderCommand], _ outcome: inout Outcome, _ wall: Int64) {
        let busy = Set(orders.filter { $0.state.isUnsettled }.map(\.intent)).union(commands.filter { $0.state.isOpen }.compactMap(\.intent))
        for intent in intents where intent.account == account && intent.settledAt == nil && !busy.contains(intent.key) {
            outcome.records.append(.intentSettled(intent.key, at: wall, event(.intentSettled, &outcome, wall, intent.id.text)))
        }
    }
}
