import OMSCore
import Wire

/// How each record becomes rows.
extension SQLiteJournal {
    func write(_ records: [JournalRecord]) throws(JournalError) {
        // By index: iterating would copy each record, and with it every text of an order.
        var rows: Set<RequestID> = []
        var complete: Set<IntentKey> = []
        for index in records.indices {
            if case .request(let row) = records[index] { rows.insert(row.id) }
            if case .intentComplete(let key) = records[index] { complete.insert(key) }
        }
        var born: Set<IntentKey> = []
        for index in records.indices {
            switch records[index] {
            case .intent(let row, let event):
                // Whole in this transaction: never invisible, and one update less.
                if complete.contains(row.key) { born.insert(row.key) }
                try write(row, isComplete: complete.contains(row.key), event)
            case .intentComplete(let key):
                guard !born.contains(key) else { continue }
                try statements.completeIntent.bind(key.number, at: 1)
                try statements.completeIntent.run()
                try expectOneRow("intent \(key)")
            case .intentSettled(let key, let at, let event):
                try statements.settleIntent.bind(key.number, at: 1)
                try statements.settleIntent.bind(at, at: 2)
                try statements.settleIntent.run()
                try expectOneRow("intent \(key)")
                var detail = EventDetail()
                detail.add("intent_key", key.number)
                if at != event.at { detail.add("settled_at", at) }
                detail.addNote(of: event)
                try write(event, account: try intentAccount(key), detail: detail)
            case .orderBorn(let order, let actor): try write(order, actor)
            case .orderChanged(let order, let from, let fields, let event): try write(order, from: from, fields, event)
            case .commandBorn(let command, let event): try write(command, event)
            case .commandChanged(let command, let from, let event): try write(command, from: from, event)
            case .request(let row): try write(row)
            case .requestEnded(let end): try write(end)
            case .fill(let order, let account, _, let fill, let event): try write(fill, of: order, account, event)
            case .breakFound(let row, let event): try write(row, event)
            case .breakResolved(let id, let at, let event): try resolveBreak(id, at: at, event)
            case .breakAcknowledged(let id, let at, let reason, let isOver, let event):
                try acknowledgeBreak(id, at: at, reason: reason, isOver: isOver, event)
            case .tradingState(let row, let event): try write(row, event)
            case .kill(let row, let event):
                try setMeta(JournalLoader.killSince + row.account.text, row.since ?? 0)
                try setMeta(JournalLoader.cancelAll + row.account.text, row.cancelAll.rawValue)
                try write(note: event, account: row.account, order: nil)
            case .budget(let row): try write(row)
            case .permit(let row): try write(row, hasRow: row.request.map { rows.contains($0) } ?? false)
            case .unlisted(let order, let isUnlisted): try write(order, isUnlisted: isUnlisted)
            case .idHighWater(let value): try setMeta("id_high_water", value)
            case .boot(let id): try setMeta("boot_id", id)
            case .formulaBroken(let account, let isBroken, let event):
                try setMeta(JournalLoader.formulaBroken + account.text, isBroken ? 1 : 0)
                try write(note: event, account: account, order: nil)
            case .lookupLag(let account, let lag, let event):
                try setMeta(JournalLoader.lookupLag + account.text, lag)
                try write(note: event, account: account, order: nil)
            case .identity(let pinned, let event): try write(pinned, event)
            case .budgetRest(let rest): try write(rest)
            case .ban(let ban): try write(ban)
            case .banEnded(let family):
                try statements.endBan.bind(family, at: 1)
                try statements.endBan.run()
            case .note(let account, let order, let event): try write(note: event, account: account, order: order)
            }
        }
    }

    func key(of account: AccountID) throws(JournalError) -> Int64 {
        guard let key = accountKeys[account] else { throw JournalError(.damaged, "account \(account) was not named when the journal was opened") }
        return key
    }

    /// A change of a row that is not there means that memory and file have parted.
    func expectOneRow(_ what: String) throws(JournalError) {
        guard connection.changes == 1 else { throw JournalError(.damaged, "\(what) is not in the journal") }
    }

    func write(note event: JournalEvent, account: AccountID?, order: OrderKey?) throws(JournalError) {
        var detail = EventDetail()
        detail.addFacts(of: event)
        detail.addNote(of: event)
        try write(
            event, account: try account.map { account throws(JournalError) in try key(of: account) }, order: order?.number, to: event.state,
            detail: detail)
    }

    private func setMeta(_ name: String, _ value: String) throws(JournalError) {
        try statements.setMeta.bind(name, at: 1)
        try statements.setMeta.bind(value, at: 2)
        try statements.setMeta.run()
    }

    private func setMeta(_ name: String, _ value: Int64) throws(JournalError) {
        try statements.setMeta.bind(name, at: 1)
        try statements.setMeta.bind(value, at: 2)
        try statements.setMeta.run()
    }

    func write(
        _ event: JournalEvent, account: Int64?, order: Int64? = nil, command: Int64? = nil, from: String? = nil, to: String? = nil,
        evidence: Evidence? = nil, detail: EventDetail
    ) throws(JournalError) {
        try statements.insertEvent.bind(event.seq, at: 1)
        try statements.insertEvent.bind(event.at, at: 2)
        try statements.insertEvent.bind(event.kind.rawValue, at: 3)
        try statements.insertEvent.bind(account, at: 4)
        try statements.insertEvent.bind(order, at: 5)
        try statements.insertEvent.bind(command, at: 6)
        try statements.insertEvent.bind(from, at: 7)
        try statements.insertEvent.bind(to, at: 8)
        try statements.insertEvent.bind((evidence ?? event.evidence)?.rawValue, at: 9)
        try statements.insertEvent.bind(event.request?.number, at: 10)
        try statements.insertEvent.bind(event.actor == .daemon ? nil : event.actor.text, at: 11)
        if let bytes = detail.bytes {
            try statements.insertEvent.bind(utf8: bytes, at: 12)
        } else {
            try statements.insertEvent.bindNull(at: 12)
        }
        try statements.insertEvent.run()
    }

    // MARK: Intents

    private func write(_ row: IntentRow, isComplete: Bool, _ event: JournalEvent) throws(JournalError) {
        let account = try key(of: row.account)
        try statements.insertIntent.bind(row.content, at: 4)
        try statements.insertIntent.bind(row.key.number, at: 1)
        try statements.insertIntent.bind(row.id.text, at: 2)
        try statements.insertIntent.bind(account, at: 3)
        try statements.insertIntent.bind(row.orders, at: 5)
        try statements.insertIntent.bind(row.commands, at: 6)
        try statements.insertIntent.bind(row.sequence.rawValue, at: 7)
        try statements.insertIntent.bind(row.plannedRequests, at: 8)
        try statements.insertIntent.bind(row.acceptedAt, at: 9)
        try statements.insertIntent.bind(row.expiresAt, at: 10)
        try statements.insertIntent.bind(event.actor == .daemon ? nil : event.actor.text, at: 11)
        try statements.insertIntent.bind(isComplete, at: 12)
        try statements.insertIntent.run()
        lastIntent = (row.key, event.actor)
        var detail = EventDetail()
        detail.add("intent_id", row.id.text)
        detail.addNote(of: event)
        try write(event, account: account, detail: detail)
    }

    func intentAccount(_ key: IntentKey) throws(JournalError) -> Int64? {
        try connection.integer("SELECT account_key FROM intents WHERE intent_key = \(key.number)")
    }

    // MARK: Requests and limits

    private func write(_ row: RequestRow) throws(JournalError) {
        try statements.insertRequest.bind(row.bodySHA256, at: 8)
        try statements.insertRequest.bind(row.id.number, at: 1)
        try statements.insertRequest.bind(try key(of: row.account), at: 2)
        try statements.insertRequest.bind(row.endpoint, at: 3)
        try statements.insertRequest.bind(row.kind.rawValue, at: 4)
        try statements.insertRequest.bind(row.items, at: 5)
        try statements.insertRequest.bind(row.timeMs, at: 6)
        try statements.insertRequest.bind(row.signedAt, at: 7)
        var budgets = JSONWriter(reserving: 16)
        budgets.beginArray()
        for budget in row.budgets { budgets.integer(budget) }
        budgets.endArray()
        try statements.insertRequest.bind(utf8: budgets.bytes, at: 9)
        try statements.insertRequest.run()
        try reserve(row.id)
        // A look-up whose row came late was counted by its permits when it left.
        guard countedWithoutRow.remove(row.id.number) == nil else { return }
        for budget in row.budgets { try count(budget: budget, at: row.signedAt) }
    }

    /// A look-up without a row has nothing to complete.
    private func write(_ end: RequestEnd) throws(JournalError) {
        try statements.endRequest.bind(end.id.number, at: 1)
        try statements.endRequest.bind(end.sentAt, at: 2)
        try statements.endRequest.bind(end.answeredAt, at: 3)
        try statements.endRequest.bind(end.outcome.rawValue, at: 4)
        try statements.endRequest.bind(end.httpStatus.map { Int64($0) }, at: 5)
        try statements.endRequest.bind(end.venueCode, at: 6)
        try statements.endRequest.run()
    }

    private func write(_ row: BudgetRow) throws(JournalError) {
        try statements.setBudget.bind(row.id, at: 1)
        try statements.setBudget.bind(row.venue, at: 2)
        try statements.setBudget.bind(row.owner, at: 3)
        try statements.setBudget.bind(row.name, at: 4)
        try statements.setBudget.bind(row.scope.rawValue, at: 5)
        try statements.setBudget.bind(row.permits, at: 6)
        try statements.setBudget.bind(row.windowMs, at: 7)
        try statements.setBudget.run()
        rate.define(budget: row.id, windowMs: row.windowMs)
    }

    private func write(_ row: PermitRow, hasRow: Bool) throws(JournalError) {
        try statements.setPermit.bind(row.budget, at: 1)
        try statements.setPermit.bind(row.slot, at: 2)
        try statements.setPermit.bind(row.request?.number, at: 3)
        try statements.setPermit.bind(row.takenAt, at: 4)
        try statements.setPermit.bind(row.releasedAt, at: 5)
        try statements.setPermit.bind(row.isUnanswered, at: 6)
        try statements.setPermit.run()
        guard let request = row.request, row.releasedAt == nil else { return }
        if request.number > 0 { try reserve(request) }
        // Each taking counts once: by its request's row where there is one, else here.
        let slot = PermitSlot(budget: row.budget, slot: row.slot)
        guard countedPermits.updateValue(request.number, forKey: slot) != request.number else { return }
        guard !hasRow else { return }
        if countedWithoutRow.count > 65_536 { countedWithoutRow.removeAll() }
        countedWithoutRow.insert(request.number)
        try count(budget: row.budget, at: wallClock())
    }

    private func count(budget: Int64, at: Int64) throws(JournalError) {
        let inside = rate.count(budget: budget, at: at)
        try statements.countRate.bind(budget, at: 1)
        try statements.countRate.bind(at / 1_000_000, at: 2)
        try statements.countRate.bind(inside, at: 3)
        try statements.countRate.run()
    }

    /// Request ids never repeat, though most look-ups leave no row: they are set aside a thousand at a time.
    func reserve(_ id: RequestID) throws(JournalError) {
        guard id.number > requestReserve else { return }
        try setMeta("request_max", id.number + 1_000)
        requestReserve = id.number + 1_000
    }

    // MARK: The rest

    private func write(_ fill: Fill, of order: OrderKey, _ account: AccountID, _ event: JournalEvent) throws(JournalError) {
        let account = try key(of: account)
        try statements.insertFill.bind(event.seq, at: 1)
        try statements.insertFill.bind(order.number, at: 2)
        try statements.insertFill.bind(account, at: 3)
        try statements.insertFill.bind(fill.tradeID.text, at: 4)
        try statements.insertFill.bind(fill.venueOrderID.text, at: 5)
        try statements.insertFill.bind(fill.quantity, at: 6)
        try statements.insertFill.bind(fill.price, at: 7)
        try statements.insertFill.bind(fill.fee, at: 8)
        try statements.insertFill.bind(fill.feeAsset, at: 9)
        try statements.insertFill.bind(fill.at, at: 10)
        try statements.insertFill.run()
        var detail = EventDetail()
        detail.add("trade_id", fill.tradeID.text)
        detail.add("quantity", fill.quantity)
        detail.add("price", fill.price)
        if let fee = fill.fee { detail.add("fee", fee) }
        if let asset = fill.feeAsset { detail.add("fee_asset", asset) }
        detail.add("filled_at", fill.at)
        detail.addNote(of: event)
        try write(event, account: account, order: order.number, detail: detail)
    }

    private func write(_ order: OrderKey, isUnlisted: Bool) throws(JournalError) {
        if isUnlisted {
            try statements.addUnlisted.bind(order.number, at: 1)
            try statements.addUnlisted.run()
        } else {
            try statements.dropUnlisted.bind(order.number, at: 1)
            try statements.dropUnlisted.run()
        }
    }

    private func write(_ row: Break, _ event: JournalEvent) throws(JournalError) {
        let account = try key(of: row.account)
        try statements.insertBreak.bind(row.id, at: 1)
        try statements.insertBreak.bind(account, at: 2)
        try statements.insertBreak.bind(row.kind.rawValue, at: 3)
        try statements.insertBreak.bind(row.clientOrderID?.text, at: 4)
        try statements.insertBreak.bind(row.venueOrderID?.text, at: 5)
        try statements.insertBreak.bind(row.detail, at: 6)
        try statements.insertBreak.bind(row.at, at: 7)
        try statements.insertBreak.run()
        var detail = EventDetail()
        detail.add("break_id", row.id)
        detail.add("break", row.kind.rawValue)
        if let id = row.venueOrderID { detail.add("venue_order_id", id.text) }
        detail.add("text", row.detail)
        detail.addNote(of: event)
        try write(event, account: account, order: try orderKey(of: row.clientOrderID), detail: detail)
    }

    private func resolveBreak(_ id: Int64, at: Int64, _ event: JournalEvent) throws(JournalError) {
        try statements.resolveBreak.bind(id, at: 1)
        try statements.resolveBreak.bind(at, at: 2)
        var account: Int64?
        var order: ClientOrderID?
        do {
            defer { statements.resolveBreak.reset() }
            guard try statements.resolveBreak.step() else { throw JournalError(.damaged, "break \(id) is not in the journal") }
            account = statements.resolveBreak.integer(0)
            order = statements.resolveBreak.optionalText(1).map { ClientOrderID($0) }
        }
        var detail = EventDetail()
        detail.add("break_id", id)
        detail.addNote(of: event)
        try write(event, account: account, order: try orderKey(of: order), detail: detail)
    }

    private func acknowledgeBreak(_ id: Int64, at: Int64, reason: String, isOver: Bool, _ event: JournalEvent) throws(JournalError) {
        try statements.acknowledgeBreak.bind(id, at: 1)
        try statements.acknowledgeBreak.bind(at, at: 2)
        try statements.acknowledgeBreak.bind(event.actor.text, at: 3)
        try statements.acknowledgeBreak.bind(reason, at: 4)
        try statements.acknowledgeBreak.bind(isOver ? at : nil, at: 5)
        var account: Int64?
        var order: ClientOrderID?
        do {
            defer { statements.acknowledgeBreak.reset() }
            guard try statements.acknowledgeBreak.step() else { throw JournalError(.damaged, "break \(id) is not in the journal") }
            account = statements.acknowledgeBreak.integer(0)
            order = statements.acknowledgeBreak.optionalText(1).map { ClientOrderID($0) }
        }
        var detail = EventDetail()
        detail.add("break_id", id)
        detail.add("reason", reason)
        if isOver { detail.add("resolved_at", at) }
        detail.addNote(of: event)
        try write(event, account: account, order: try orderKey(of: order), detail: detail)
    }

    func orderKey(of id: ClientOrderID?) throws(JournalError) -> Int64? {
        guard let id else { return nil }
        return try order(id)?.key.number
    }

    private func write(_ row: TradingStateRow, _ event: JournalEvent) throws(JournalError) {
        let account = try key(of: row.account)
        try statements.setTradingState.bind(account, at: 1)
        try statements.setTradingState.bind(row.state.rawValue, at: 2)
        try statements.setTradingState.bind(row.reason, at: 3)
        try statements.setTradingState.bind(row.actor.text, at: 4)
        try statements.setTradingState.bind(row.at, at: 5)
        try statements.setTradingState.run()
        var detail = EventDetail()
        detail.add("reason", row.reason)
        detail.addNote(of: event)
        try write(event, account: account, to: row.state.rawValue, detail: detail)
    }
}
