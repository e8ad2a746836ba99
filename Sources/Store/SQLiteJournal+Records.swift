import OMSCore
import Wire

/// How each record becomes rows.
extension SQLiteJournal {
    func write(_ records: [JournalRecord]) throws(JournalError) {
        // By index: iterating would copy each record, and with it every text of an order.
        var rows: Set<RequestID> = []
        var complete: Set<IntentKey> = []
        var events = 0
        var births = 0
        for index in records.indices {
            switch records[index] {
            case .request(let row): rows.insert(row.id)
            case .intentComplete(let key): complete.insert(key)
            case .orderBorn: births += 1
            default: if records[index].seq != nil { events += 1 }
            }
        }
        var sendings = births == 0 ? [:] : Self.sendings(among: records, births: births)
        statements.insertEvent.expect(events)
        var born: Set<IntentKey> = []
        var birthsToCome = 0
        for index in records.indices {
            switch records[index] {
            case .intent(let row, let event):
                // Whole in this transaction: never invisible, and one update less.
                if complete.contains(row.key) { born.insert(row.key) }
                try write(row, isComplete: complete.contains(row.key), event)
            case .intentComplete(let key):
                guard !born.contains(key) else { continue }
                try statements.completeIntent.run(key)
                try expectOneRow("intent \(key)")
            case .intentSettled(let key, let at, let event):
                try statements.settleIntent.run(at, key)
                try expectOneRow("intent \(key)")
                var detail = EventDetail()
                detail.add("intent_key", key.number)
                if at != event.at { detail.add("settled_at", at) }
                detail.addNote(of: event)
                try write(event, account: try intentAccount(key), detail: detail)
            case .orderBorn(let order, let actor):
                // Only those that follow each other: what comes between may change their rows.
                if birthsToCome == 0 {
                    while index + birthsToCome < records.count, case .orderBorn = records[index + birthsToCome] { birthsToCome += 1 }
                    statements.insertOrder.expect(birthsToCome)
                    statements.insertUsedID.expect(birthsToCome)
                }
                birthsToCome -= 1
                try write(order, actor, sending: sendings[order.key])
            case .orderChanged(let order, let from, let fields, let event):
                let isWritten = !sendings.isEmpty && sendings.removeValue(forKey: order.key) != nil
                try write(order, from: from, fields, event, isWritten: isWritten)
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
                let facts: [JournalEvent.Fact] = [.init("kill_since", row.since ?? 0), .init("cancel_all", row.cancelAll.rawValue)]
                try write(note: event, account: row.account, order: nil, facts: facts)
            case .sessionGuard(let row, let event): try write(row, event)
            case .position(let row): try write(row)
            case .rehearsal(let row, let event): try write(row, event)
            case .budget(let row): try write(row)
            case .permit(let row): try write(row, hasRow: row.request.map { rows.contains($0) } ?? false)
            case .unlisted(let order, let isUnlisted): try write(order, isUnlisted: isUnlisted)
            case .idHighWater(let value): try setMeta("id_high_water", value)
            case .boot(let id): try setMeta("boot_id", id)
            case .formulaBroken(let account, let isBroken, let event):
                try setMeta(JournalLoader.formulaBroken + account.text, isBroken ? 1 : 0)
                try write(note: event, account: account, order: nil, facts: [.init("formula_broken", isBroken ? 1 : 0)])
            case .lookupLag(let account, let lag, let event):
                try setMeta(JournalLoader.lookupLag + account.text, lag)
                try write(note: event, account: account, order: nil, facts: [.init("lookup_lag_us", lag)])
            case .identity(let pinned, let event): try write(pinned, event)
            case .budgetRest(let rest): try write(rest)
            case .ban(let ban): try write(ban)
            case .banEnded(let family):
                try statements.endBan.run(family)
            case .note(let account, let order, let event): try write(note: event, account: account, order: order)
            case .account(let key, let account, let venue, let product): try write(account, key: key, venue: venue, product: product)
            case .intentDiscarded(let key, let id, let account, let numbers, let event):
                try discard(key, id, account, numbers, event)
            }
        }
        try statements.insertOrder.expectNothingLeft()
        try statements.insertUsedID.expectNothingLeft()
        try statements.insertEvent.expectNothingLeft()
    }

    /// Orders that are born among these records and of which the first that happens is that they are sent.
    private static func sendings(among records: [JournalRecord], births: Int) -> [OrderKey: OrderColumns.Sending] {
        var born: Set<OrderKey> = []
        born.reserveCapacity(births)
        var sendings: [OrderKey: OrderColumns.Sending] = [:]
        for index in records.indices {
            switch records[index] {
            case .orderBorn(let order, _): born.insert(order.key)
            case .orderChanged(let order, let from, let fields, let event):
                guard born.remove(order.key) != nil, isSending(from: from, to: order.state, fields, event) else { continue }
                sendings[order.key] = OrderColumns.Sending(
                    evidence: order.evidence, attempts: order.attempts, request: order.request, at: order.submittedAt ?? event.at)
            default: break
            }
        }
        return sendings
    }

    func key(of account: AccountID) throws(JournalError) -> Int64 {
        guard let key = accountKeys[account] else { throw JournalError(.damaged, "account \(account) was not named when the journal was opened") }
        return key
    }

    /// A change of a row that is not there means that memory and file have parted.
    func expectOneRow(_ what: String) throws(JournalError) {
        guard connection.changes == 1 else { throw JournalError(.damaged, "\(what) is not in the journal") }
    }

    /// - Parameter facts: what else the line has to say of a row that it changes.
    func write(note event: JournalEvent, account: AccountID?, order: OrderKey?, facts: [JournalEvent.Fact] = []) throws(JournalError) {
        var detail = EventDetail()
        detail.add(facts)
        detail.addFacts(of: event)
        detail.addNote(of: event)
        try write(
            event, account: try account.map { account throws(JournalError) in try key(of: account) }, order: order?.number, to: event.state,
            detail: detail)
    }

    private func setMeta(_ name: String, _ value: String) throws(JournalError) {
        try statements.setMeta.run(name, value)
    }

    private func setMeta(_ name: String, _ value: Int64) throws(JournalError) {
        try statements.setMeta.run(name, value)
    }

    func write(
        _ event: JournalEvent, account: Int64?, order: Int64? = nil, command: Int64? = nil, from: String? = nil, to: String? = nil,
        evidence: Evidence? = nil, detail: EventDetail
    ) throws(JournalError) {
        try statements.insertEvent.add { row throws(JournalError) in
            try row.bind(number: event.seq)
            try row.bind(number: event.at)
            try row.bind(text: event.kind.rawValue)
            try row.bind(number: account)
            try row.bind(number: order)
            try row.bind(number: command)
            try row.bind(text: from)
            try row.bind(text: to)
            try row.bind(text: (evidence ?? event.evidence)?.rawValue)
            try row.bind(number: event.request?.number)
            try row.bind(text: event.actor == .daemon ? nil : event.actor.text)
            if let bytes = detail.bytes { try row.bind(utf8: bytes) } else { try row.bindNull() }
        }
    }

    // MARK: Intents

    private func write(_ row: IntentRow, isComplete: Bool, _ event: JournalEvent) throws(JournalError) {
        let account = try key(of: row.account)
        try statements.insertIntent.run(
            row.key, row.id, account, row.content.digest, row.orders, row.commands, row.sequence, row.plannedRequests, row.acceptedAt, row.expiresAt,
            event.actor == .daemon ? nil : event.actor, isComplete, row.content.version, row.tag)
        lastIntent = (row.key, event.actor)
        var detail = EventDetail()
        detail.add("intent_id", row.id.text)
        if let guardID = row.guardID {
            try statements.bindIntent.run(row.key, guardID)
            detail.add("guard_id", guardID.number)
        }
        detail.addNote(of: event)
        try write(event, account: account, detail: detail)
    }

    func intentAccount(_ key: IntentKey) throws(JournalError) -> Int64? {
        try connection.integer("SELECT account_key FROM intents WHERE intent_key = \(key.number)")
    }

    // MARK: Requests and limits

    private func write(_ row: RequestRow) throws(JournalError) {
        var budgets = JSONWriter(reserving: 16)
        budgets.beginArray()
        for permits in row.permits {
            if permits.count == 1 {
                budgets.integer(permits.budget)
            } else {
                budgets.beginArray()
                budgets.integer(permits.budget)
                budgets.integer(Int64(permits.count))
                budgets.endArray()
            }
        }
        budgets.endArray()
        try statements.insertRequest.bind(
            row.id, try key(of: row.account), row.endpoint, row.kind, row.items, row.timeMs, row.signedAt, row.bodySHA256)
        try statements.insertRequest.bind(utf8: budgets.bytes)
        try statements.insertRequest.run()
        try reserve(row.id)
        // A look-up whose row came late was counted by its permits when it left.
        guard countedWithoutRow.remove(row.id.number) == nil else { return }
        for permits in row.permits { try count(permits, at: row.signedAt) }
    }

    /// A look-up without a row has nothing to complete.
    private func write(_ end: RequestEnd) throws(JournalError) {
        try statements.endRequest.run(end.sentAt, end.answeredAt, end.outcome, end.httpStatus, end.venueCode, end.id)
    }

    private func write(_ row: BudgetRow) throws(JournalError) {
        try statements.setBudget.run(row.id, row.venue, row.owner, row.name, row.scope, row.permits, row.windowMs, row.shape.beginsMs, row.learned)
        rate.define(budget: row.id, windowMs: row.windowMs, row.shape)
    }

    private func write(_ row: PermitRow, hasRow: Bool) throws(JournalError) {
        try statements.setPermit.run(row.budget, row.slot, row.count, row.request, row.takenAt, row.releasedAt, row.isUnanswered)
        guard let request = row.request, row.releasedAt == nil else { return }
        if request.number > 0 { try reserve(request) }
        // Each taking counts once: by its request's row where there is one, else here.
        let slot = PermitSlot(budget: row.budget, slot: row.slot)
        guard countedPermits.updateValue(request.number, forKey: slot) != request.number else { return }
        guard !hasRow else { return }
        if countedWithoutRow.count > 65_536 { countedWithoutRow.removeAll() }
        countedWithoutRow.insert(request.number)
        try count(PermitCount(budget: row.budget, count: row.count), at: turnAt)
    }

    private func count(_ permits: PermitCount, at: Int64) throws(JournalError) {
        let inside = rate.count(permits, at: at)
        try statements.countRate.run(permits.budget, at / 1_000_000, permits.count, inside)
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
        try statements.insertFill.run(
            event.seq, order, account, fill.tradeID, fill.venueOrderID, fill.quantity, fill.price, fill.fee, fill.feeAsset, fill.at)
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
            try statements.addUnlisted.run(order)
        } else {
            try statements.dropUnlisted.run(order)
        }
    }

    private func write(_ row: Break, _ event: JournalEvent) throws(JournalError) {
        let account = try key(of: row.account)
        try statements.insertBreak.run(row.id, account, row.kind, row.clientOrderID, row.venueOrderID, row.detail, row.at)
        var detail = EventDetail()
        detail.add("break_id", row.id)
        detail.add("break", row.kind.rawValue)
        if let id = row.venueOrderID { detail.add("venue_order_id", id.text) }
        detail.add("text", row.detail)
        detail.addNote(of: event)
        try write(event, account: account, order: try orderKey(of: row.clientOrderID), detail: detail)
    }

    private func resolveBreak(_ id: Int64, at: Int64, _ event: JournalEvent) throws(JournalError) {
        try statements.resolveBreak.bind(at, id)
        var account: Int64?
        var order: ClientOrderID?
        do {
            defer { statements.resolveBreak.reset() }
            guard try statements.resolveBreak.step() else { throw JournalError(.damaged, "break \(id) is not in the journal") }
            account = try statements.resolveBreak.next()
            order = try statements.resolveBreak.next()
        }
        var detail = EventDetail()
        detail.add("break_id", id)
        if at != event.at { detail.add("resolved_at", at) }
        detail.addNote(of: event)
        try write(event, account: account, order: try orderKey(of: order), detail: detail)
    }

    private func acknowledgeBreak(_ id: Int64, at: Int64, reason: String, isOver: Bool, _ event: JournalEvent) throws(JournalError) {
        try statements.acknowledgeBreak.bind(at, event.actor, reason, isOver ? at : nil, id)
        var account: Int64?
        var order: ClientOrderID?
        do {
            defer { statements.acknowledgeBreak.reset() }
            guard try statements.acknowledgeBreak.step() else { throw JournalError(.damaged, "break \(id) is not in the journal") }
            account = try statements.acknowledgeBreak.next()
            order = try statements.acknowledgeBreak.next()
        }
        var detail = EventDetail()
        detail.add("break_id", id)
        detail.add("reason", reason)
        if at != event.at { detail.add("acknowledged_at", at) }
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
        try statements.setTradingState.run(account, row.state, row.reason, row.actor, row.at)
        var detail = EventDetail()
        detail.add("reason", row.reason)
        if row.actor != event.actor { detail.add("set_by", row.actor.text) }
        if row.at != event.at { detail.add("set_at", row.at) }
        detail.addNote(of: event)
        try write(event, account: account, to: row.state.rawValue, detail: detail)
    }
}
