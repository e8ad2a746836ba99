import OMSCore

/// A line of the record as `v_timeline` has it, as far as it matters who is told of it, and when.
struct MemoryLine: Equatable {
    let seq: Int64
    let kind: EventKind
    let account: AccountID?
    /// It shows once all of this intent is written.
    let intent: IntentKey?

    /// As a reader of the record is handed it.
    var members: [UInt8] { Array("\"seq\":\(seq),\"kind\":\"\(kind.rawValue)\"".utf8) }

    /// nil: the record is no line.
    init?(_ record: JournalRecord) {
        switch record {
        case .intent(let row, let event): self.init(event, row.account, of: row.key)
        case .orderBorn(let order, _): self.init(order.key.number, .intended, order.account, of: order.intent)
        case .commandBorn(let command, let event): self.init(event, command.account, of: command.intent)
        case .orderChanged(let order, _, _, let event): self.init(event, order.account)
        case .commandChanged(let command, _, let event): self.init(event, command.account, of: command.intent)
        case .breakFound(let broken, let event): self.init(event, broken.account)
        case .tradingState(let row, let event): self.init(event, row.account)
        case .kill(let row, let event): self.init(event, row.account)
        case .sessionGuard(let row, let event): self.init(event, row.accounts.count == 1 ? row.accounts[0] : nil)
        case .rehearsal(let row, let event): self.init(event, row.account)
        case .identity(let pinned, let event): self.init(event, pinned.account)
        case .formulaBroken(let account, _, let event), .lookupLag(let account, _, let event), .intentDiscarded(_, _, let account, _, let event):
            self.init(event, account)
        case .note(let account, _, let event): self.init(event, account)
        // Whose these are stands in rows of other records.
        case .fill(_, _, _, _, let event), .intentSettled(_, _, let event), .breakResolved(_, _, let event),
            .breakAcknowledged(_, _, _, _, let event):
            self.init(event, nil)
        case .intentComplete, .request, .requestEnded, .position, .budget, .permit, .budgetRest, .ban, .banEnded, .unlisted, .idHighWater, .boot,
            .account:
            return nil
        }
    }

    private init(_ event: JournalEvent, _ account: AccountID?, of intent: IntentKey? = nil) {
        self.init(event.seq, event.kind, account, of: intent)
    }

    private init(_ seq: Int64, _ kind: EventKind, _ account: AccountID?, of intent: IntentKey?) {
        (self.seq, self.kind, self.account, self.intent) = (seq, kind, account, intent)
    }
}

extension EventScope {
    /// Nobody follows a virtual record whose rights are limited: what is of no account is not looked at.
    fileprivate func holds(_ line: MemoryLine) -> Bool {
        switch self {
        case .all: true
        case .account(let account): line.account == account
        case .visible(let accounts, _): line.account.map(accounts.contains) ?? false
        }
    }
}

extension MemoryJournal {
    func isVisible(_ line: MemoryLine) -> Bool { line.intent.map(isComplete) ?? true }

    /// The first number of an intent of which not all is written; nil: there is none.
    var firstHalf: Int64? { intents.keys.lazy.filter { !self.isComplete($0) }.map(\.number).min() }

    /// What a follower is told who stands behind a number: as the reader of a real journal has it.
    ///
    /// - Parameter passesOver: The mutant: the position goes past an intent that is still being written.
    func events(after seq: Int64, of scope: EventScope, limit: Int, passesOver: Bool) -> EventPage {
        let end = passesOver ? self.seq : min(self.seq, (firstHalf ?? .max) - 1)
        var (low, high) = (0, lines.count)
        while low < high {
            let middle = (low + high) / 2
            if lines[middle].seq <= seq { low = middle + 1 } else { high = middle }
        }
        var found: [EventPage.Line] = []
        for line in lines[low...] {
            guard line.seq <= end else { break }
            guard isVisible(line), scope.holds(line) else { continue }
            found.append(EventPage.Line(seq: line.seq, members: line.members))
            if found.count == limit { return EventPage(lines: found, completeTo: line.seq, isLast: false) }
        }
        return EventPage(lines: found, completeTo: max(seq, end), isLast: true)
    }
}
