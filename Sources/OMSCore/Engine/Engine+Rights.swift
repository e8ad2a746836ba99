/// Callers from whom something is kept. An account that one may not see is answered about as if there were none.
extension Engine {
    /// Throws what a command is answered that is about an account which its caller may not see, or with which he may do less than it asks for.
    func examine(_ command: ControlCommand, by rights: Rights) throws(ControlError) {
        guard !rights.areWhole else { return }
        switch command {
        case .submit(let intent, _): try demand(.trade, on: intent.account, rights)
        case .intentGet(let id), .intentWait(let id, _, _): try demand(.view, on: id, rights)
        case .intentCancel(let id): try demand(.trade, on: id, rights)
        case .orderGet(let filter):
            if let id = filter.clientOrderID { try demand(.view, on: id, rights, missing: "this journal never held that order") }
        case .orderTimeline(let id): try demand(.view, on: id, rights)
        case .orderResolve(let id, _, _): try demand(.operate, on: id, rights)
        case .breakAcknowledge(let id, _):
            // One that stands no more is only told of.
            if let broken = standingBreak(id), rights.sees(broken.account) { try demand(.operate, on: broken.account, rights) }
        case .intentCancelTagged(_, let account): try demand(.trade, onAny: account, rights)
        case .setState(let account, _, _, _, _): try demand(.operate, onAny: account, rights)
        case .killStatus(let account): if let account { try demand(.view, on: account, rights) }
        case .instrumentList(let account, _, _, _): if let account { try demand(.view, on: account, rights) }
        case .reconcile(let account), .limitTake(let account, _, _, _): try demand(.trade, on: account, rights)
        case .rehearsalRecord(let row): try demand(.operate, on: row.account, rights)
        case .guardBegin(let terms, _):
            for account in terms.accounts { try demand(terms.onLost.right, on: account, rights) }
        // These are narrowed to what he sees, or are his connection's own. An account that one of them names is looked at with its command.
        case .intentList, .orderList, .fillList, .breakList, .accountList, .positionList, .riskGet, .limitList, .limitRelease, .stats, .guardResume,
            .guardRelease, .guardList, .seal, .subscribe, .unsubscribe, .status:
            break
        }
    }

    /// The accounts' roles were read again: what waits is judged by what its caller may do with them now. A guard stays, and what it stands for with it: to cancel is the safe side.
    func judgeAnew(by rights: Rights, of connection: UInt64) {
        admission.change(rights, of: connection)
        guard !rights.areWhole else { return }
        for desk in desks where !rights.allow(.trade, on: desk.id) {
            let waiting = desk.listing.giveUp(on: connection) + limiter.grants.giveUp(on: connection, account: desk.index)
            do throws(ControlError) { try demand(.trade, on: desk.id, rights) } catch { for ticket in waiting { fail(error, to: ticket) } }
        }
        for (key, tickets) in callers.giveUp(on: connection, { intents[$0].map { !rights.sees($0.row.account) } ?? false }) {
            guard let id = intents[key]?.row.id else { continue }
            for ticket in tickets { fail(.unknownOrder("no intent \(id) in this journal"), to: ticket) }
        }
    }

    /// Whose accounts a command is for that names none: those with which its caller may do as much.
    func desks(_ rights: Rights, allowing right: Right = .view) -> [Desk] {
        rights.areWhole ? desks : desks.filter { rights.allow(right, on: $0.id) }
    }

    private func demand(_ right: Right, on account: AccountID, _ rights: Rights) throws(ControlError) {
        guard rights.sees(account) else { throw .unknownAccount(account) }
        guard rights.allow(right, on: account) else {
            throw .notPermitted("this asks for the role \(right.role) on account \(account); yours there is \(rights.most(on: account).role)")
        }
    }

    /// - Parameter account: nil: all on which he has the right. There must be one.
    private func demand(_ right: Right, onAny account: AccountID?, _ rights: Rights) throws(ControlError) {
        if let account { return try demand(right, on: account, rights) }
        guard !desks(rights, allowing: right).isEmpty else {
            throw .notPermitted("this asks for the role \(right.role), and you have it on no account")
        }
    }

    private func demand(_ right: Right, on id: IntentID, _ rights: Rights) throws(ControlError) {
        // What the journal does not know is answered as ever.
        guard let account = try known(id)?.account else { return }
        guard rights.sees(account) else { throw .unknownOrder("no intent \(id) in this journal") }
        try demand(right, on: account, rights)
    }

    private func demand(_ right: Right, on id: ClientOrderID, _ rights: Rights, missing: String? = nil) throws(ControlError) {
        guard let account = try find(id)?.account else { return }
        guard rights.sees(account) else { throw .unknownOrder(missing ?? "this journal never held an order \(id)") }
        try demand(right, on: account, rights)
    }
}
