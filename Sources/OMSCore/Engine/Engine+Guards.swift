/// What guards ask for, and what their trips mean for orders and accounts. Which are held and which are due is the business of ``Guards``.
extension Engine {
    func beginGuard(_ terms: GuardTerms, token: GuardToken, from actor: Actor, ticket: Ticket) {
        guard case .peer(let user, _) = actor else { return fail(.notPermitted("only a client holds a guard"), to: ticket) }
        for account in terms.accounts where desk(account) == nil { return fail(.unknownAccount(account), to: ticket) }
        guard !isJournalFull else { return fail(Self.fullJournal, to: ticket) }
        do throws(ControlError) {
            let row = try guards.begin(terms, user: user, connection: ticket.connection, token: token, actor: actor, in: turn)
            reply(.guarded(row, token: token.text), to: ticket)
        } catch { fail(error, to: ticket) }
    }

    func resumeGuard(_ presented: Digest256, token: GuardToken, from caller: Caller, ticket: Ticket) {
        let actor = caller.actor
        guard case .peer(let user, _) = actor else { return fail(.notPermitted("only a client holds a guard"), to: ticket) }
        do throws(ControlError) {
            // Who may do less by now than when he began it holds it no more.
            if let row = guards.row(of: presented, user: user), !row.accounts.allSatisfy({ caller.rights.allow(row.onLost.right, on: $0) }) {
                throw Guards.unknownToken
            }
            let row = try guards.resume(presented, user: user, connection: ticket.connection, token: token, actor: actor, in: turn)
            reply(.guarded(row, token: token.text), to: ticket)
        } catch { fail(error, to: ticket) }
    }

    func releaseGuard(_ id: GuardID, from caller: Caller, ticket: Ticket) {
        let actor = caller.actor
        guard case .peer(let user, _) = actor else { return fail(.notPermitted("only a client releases a guard"), to: ticket) }
        do throws(ControlError) {
            if let row = guards.row(id), row.user != user, !isShown(row, to: caller) { throw Guards.unknown(id) }
            reply(.guardReleased(try guards.release(id, user: user, of: ticket.connection, actor: actor, in: turn)), to: ticket)
        } catch { fail(error, to: ticket) }
    }

    func listGuards(for caller: Caller, ticket: Ticket) { reply(.guards(guardSnapshots(for: caller)), to: ticket) }

    private func guardSnapshots(for caller: Caller) -> [GuardSnapshot] {
        let rights = caller.rights
        var live: [GuardID: Int] = [:]
        if !guards.bindsNothing {
            for desk in desks(rights) {
                for order in desk.book.all where !order.state.isTerminal {
                    if let id = guards.guardID(of: order.order.intent) { live[id, default: 0] += 1 }
                }
            }
        }
        return guards.snapshots(live: live, at: now).filter { isShown($0.row, to: caller) }
    }

    /// As in the record (``EventScope``).
    private func isShown(_ row: GuardRow, to caller: Caller) -> Bool {
        guard caller.rights.visible != nil else { return true }
        return row.accounts.isEmpty ? row.user == caller.user : row.accounts.allSatisfy(caller.rights.sees)
    }

    /// Accounts that are not configured and hold orders whose cancel a guard stands for.
    func absentAccounts(in state: JournalState) -> [GuardID: Set<AccountID>] {
        let open = Set(state.guards.lazy.filter(\.state.isOpen).map(\.id))
        var found: [GuardID: Set<AccountID>] = [:]
        for order in state.orders where desk(order.account) == nil {
            if let id = state.guarded[order.intent], open.contains(id) { found[id, default: []].insert(order.account) }
        }
        return found
    }

    // MARK: Trips

    /// Carries out those whose grace is over.
    func serveGuards() {
        // None trips while nothing of it could leave.
        if desks.contains(where: { $0.setup.leaving != .everything }) { return }
        for row in guards.due(in: turn) { trip(row) }
        if guards.isFull {
            var live: Set<IntentKey> = []
            for desk in desks { for order in desk.book.all where !order.state.isTerminal { live.insert(order.order.intent) } }
            guards.forget { live.contains($0) || intents[$0] != nil }
        }
    }

    private func trip(_ row: GuardRow) {
        let chosen = desks.filter { row.covers($0.id) }
        // That accounts are halted and emptied is on record since the turn in which it tripped, and may have been taken back by a person since then.
        let halts = row.onLost == .halt && !guards.goesOn(row.id)
        notice(.guardTripped(row), of: nil)
        if halts {
            let reason = "guard \(row.id): \(row.reason)"
            for account in row.accounts where desk(account) == nil {
                guard setState(.halted, ofAbsent: account, reason: reason, actor: .daemon) != nil else { continue }
                // The start that finds it configured again goes on with it, as with any halt that was under way.
                let kill = KillRow(account: account, since: turn.seq, cancelAll: .notAsked)
                record(.kill(kill, event(.note, note: "\(account): " + KillRow.begun)))
            }
            for desk in chosen {
                setState(.halted, of: desk, reason: reason, actor: .daemon)
                beginKill(desk)
                recordKill(of: desk)
            }
        }
        var halves: Set<IntentKey> = []
        for desk in chosen {
            for intent in admission.halfWritten(on: desk.index) where halts || guards.isBound(intent.row.key, to: row.id) {
                intents.withdraw(intent)
                halves.insert(intent.row.key)
            }
        }
        if !halts { for intent in intents.all where guards.isBound(intent.row.key, to: row.id) { intents.withdraw(intent) } }
        cancelRound(of: chosen, guarded: row.id, isWhole: halts, halves: halves)
    }

    /// All cancels of a trip are on record.
    func tripped(_ id: GuardID) {
        _ = guards.tripped(id, "all that it stands for is asked to be cancelled, or withdrawn unsent", in: turn)
    }
}
