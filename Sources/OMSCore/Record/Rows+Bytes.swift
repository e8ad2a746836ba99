/// The rows that records carry, in bytes: their parts in the order of these lists.
extension JournalEvent: RecordValue {
    package static func code(_ value: JournalEvent?, by coder: inout RecordCoder) throws(RecordError) -> JournalEvent {
        var event = JournalEvent(seq: try coder.value(value?.seq), at: try coder.value(value?.at), kind: try coder.value(value?.kind))
        event.evidence = try coder.optional(value?.evidence)
        event.request = try coder.optional(value?.request)
        event.actor = try coder.value(value?.actor)
        event.note = try coder.optional(value?.note)
        event.state = try coder.optional(value?.state)
        event.facts = try coder.list(value?.facts)
        return event
    }
}

extension JournalEvent.Fact: RecordValue {
    package static func code(_ value: JournalEvent.Fact?, by coder: inout RecordCoder) throws(RecordError) -> JournalEvent.Fact {
        let name: String = try coder.value(value?.name)
        var (text, number): (String?, Int64?)
        switch value?.value {
        case .text(let words): text = words
        case .number(let count): number = count
        case nil: break
        }
        let isText = try coder.value(value.map { _ in text != nil })
        return isText ? JournalEvent.Fact(name, try coder.value(text)) : JournalEvent.Fact(name, try coder.value(number))
    }
}

extension NumberRange: RecordValue {
    package static func code(_ value: NumberRange?, by coder: inout RecordCoder) throws(RecordError) -> NumberRange {
        let range = NumberRange(try coder.value(value?.first), try coder.value(value?.last))
        guard range.first <= range.last else { throw coder.error("numbers \(range.first) to \(range.last)") }
        return range
    }
}

extension IntentContent: RecordValue {
    package static func code(_ value: IntentContent?, by coder: inout RecordCoder) throws(RecordError) -> IntentContent {
        IntentContent(version: try coder.value(value?.version), digest: try coder.value(value?.digest))
    }
}

extension IntentRow: RecordValue {
    package static func code(_ value: IntentRow?, by coder: inout RecordCoder) throws(RecordError) -> IntentRow {
        var row = IntentRow(
            key: try coder.value(value?.key), id: try coder.value(value?.id), account: try coder.value(value?.account),
            content: try coder.value(value?.content), orders: try coder.value(value?.orders), commands: try coder.value(value?.commands),
            sequence: try coder.value(value?.sequence), plannedRequests: try coder.value(value?.plannedRequests),
            acceptedAt: try coder.value(value?.acceptedAt), expiresAt: try coder.optional(value?.expiresAt),
            tag: try coder.optional(since: JournalRecord.versionOfTags, value?.tag))
        row.settledAt = try coder.optional(value?.settledAt)
        row.guardID = try coder.optional(value?.guardID)
        return row
    }
}

extension Order: RecordValue {
    /// Of terms and of what is known, only what is not as it is at birth: by the numbers of their tables, ended by a 0.
    package static func code(_ value: Order?, by coder: inout RecordCoder) throws(RecordError) -> Order {
        let (key, id, account): (OrderKey, ClientOrderID, AccountID) =
            (try coder.value(value?.key), try coder.value(value?.clientOrderID), try coder.value(value?.account))
        let (intent, intentID): (IntentKey, IntentID) = (try coder.value(value?.intent), try coder.value(value?.intentID))
        let tag = try coder.optional(since: JournalRecord.versionOfTags, value?.tag)
        let item: Int = try coder.value(value?.item)
        let bareTerms = OrderTerms(symbol: "", side: .buy, type: .limit)
        let terms = try coder.fields(of: value?.terms, OrderTerms.fields, from: bareTerms, "an order's terms")
        let newborn = Order(
            key: key, clientOrderID: id, account: account, intent: intent, intentID: intentID, tag: tag, item: item, terms: terms,
            intendedAt: try coder.value(value?.intendedAt), expiresAt: try coder.optional(value?.expiresAt),
            sequence: try coder.value(value?.sequence))
        var order = try coder.fields(of: value, Order.known, from: newborn, "what is known of an order")
        order.wireTime = try coder.optional(value?.wireTime)
        order.predictedIDs = try coder.list(value?.predictedIDs)
        return order
    }
}

extension RecordCoder {
    /// The fields that differ from those of `base`, by their numbers.
    fileprivate mutating func fields<Root>(
        of root: Root?, _ table: [RecordField<Root>], from base: Root, _ what: String
    ) throws(RecordError) -> Root {
        if let root {
            for field in table {
                let value = field.get(root)
                if value == field.get(base) { continue }
                _ = try byte(field.number)
                _ = try self.value(of: field, value)
            }
            _ = try byte(0)
            return root
        }
        var root = base
        var last: UInt8 = 0
        while true {
            let number = try byte(nil)
            if number == 0 { return root }
            guard number > last else { throw error("field \(number) behind field \(last) in \(what)") }
            guard let field = table.first(where: { $0.number == number }) else { throw error("field \(number) in \(what) is not known here") }
            last = number
            let value = try self.value(of: field, nil)
            guard value != field.get(base) else { throw error("\(field.name) is said, and it is as it was") }
            guard field.set(&root, value), field.get(root) == value else { throw error("no value of \(field.name)") }
        }
    }

    private mutating func value<Root>(of field: RecordField<Root>, _ value: FieldValue?) throws(RecordError) -> FieldValue {
        guard try self.value(value.map { $0 != .none }) else { return .none }
        switch (field.kind, value) {
        case (.text, .text(let text)): return .text(try self.value(text))
        case (.text, _): return .text(try self.value(nil))
        case (.decimal, .decimal(let decimal)): return .decimal(try self.value(decimal))
        case (.decimal, _): return .decimal(try self.value(nil))
        case (.number, .number(let number)): return .number(try self.value(number))
        case (.number, _): return .number(try self.value(nil))
        case (.flag, .flag(let flag)): return .flag(try self.value(flag))
        case (.flag, _): return .flag(try self.value(nil))
        }
    }
}

extension OrderCommand: RecordValue {
    package static func code(_ value: OrderCommand?, by coder: inout RecordCoder) throws(RecordError) -> OrderCommand {
        var command = OrderCommand(
            id: try coder.value(value?.id), kind: try coder.value(value?.kind), order: try coder.value(value?.order),
            clientOrderID: try coder.value(value?.clientOrderID), account: try coder.value(value?.account),
            intent: try coder.optional(value?.intent), price: try coder.optional(value?.price), quantity: try coder.optional(value?.quantity),
            onFailure: try coder.value(value?.onFailure), requestedAt: try coder.value(value?.requestedAt),
            sequence: try coder.value(value?.sequence), expiresAt: try coder.optional(value?.expiresAt))
        command.state = try coder.value(value?.state)
        command.attempts = try coder.value(value?.attempts)
        command.request = try coder.optional(value?.request)
        command.closedAt = try coder.optional(value?.closedAt)
        command.evidence = try coder.value(value?.evidence)
        command.rejectCode = try coder.optional(value?.rejectCode)
        command.rejectText = try coder.optional(value?.rejectText)
        return command
    }
}

extension RequestRow: RecordValue {
    package static func code(_ value: RequestRow?, by coder: inout RecordCoder) throws(RecordError) -> RequestRow {
        RequestRow(
            id: try coder.value(value?.id), account: try coder.value(value?.account), endpoint: try coder.value(value?.endpoint),
            kind: try coder.value(value?.kind), items: try coder.value(value?.items), timeMs: try coder.value(value?.timeMs),
            signedAt: try coder.value(value?.signedAt), bodySHA256: try coder.value(value?.bodySHA256), permits: try coder.list(value?.permits))
    }
}

extension RequestEnd: RecordValue {
    package static func code(_ value: RequestEnd?, by coder: inout RecordCoder) throws(RecordError) -> RequestEnd {
        var end = RequestEnd(id: try coder.value(value?.id), outcome: try coder.value(value?.outcome))
        end.sentAt = try coder.optional(value?.sentAt)
        end.answeredAt = try coder.optional(value?.answeredAt)
        end.httpStatus = try coder.optional(value?.httpStatus)
        end.venueCode = try coder.optional(value?.venueCode)
        return end
    }
}

extension Fill: RecordValue {
    package static func code(_ value: Fill?, by coder: inout RecordCoder) throws(RecordError) -> Fill {
        Fill(
            tradeID: try coder.value(value?.tradeID), venueOrderID: try coder.value(value?.venueOrderID),
            quantity: try coder.value(value?.quantity), price: try coder.value(value?.price), fee: try coder.optional(value?.fee),
            feeAsset: try coder.optional(value?.feeAsset), at: try coder.value(value?.at))
    }
}

extension Break: RecordValue {
    package static func code(_ value: Break?, by coder: inout RecordCoder) throws(RecordError) -> Break {
        var broken = Break(
            id: try coder.value(value?.id), account: try coder.value(value?.account), kind: try coder.value(value?.kind),
            clientOrderID: try coder.optional(value?.clientOrderID), venueOrderID: try coder.optional(value?.venueOrderID),
            detail: try coder.value(value?.detail), at: try coder.value(value?.at))
        broken.acknowledgedAt = try coder.optional(value?.acknowledgedAt)
        return broken
    }
}

extension TradingStateRow: RecordValue {
    package static func code(_ value: TradingStateRow?, by coder: inout RecordCoder) throws(RecordError) -> TradingStateRow {
        TradingStateRow(
            account: try coder.value(value?.account), state: try coder.value(value?.state), reason: try coder.value(value?.reason),
            actor: try coder.value(value?.actor), at: try coder.value(value?.at))
    }
}

extension BudgetRow: RecordValue {
    package static func code(_ value: BudgetRow?, by coder: inout RecordCoder) throws(RecordError) -> BudgetRow {
        BudgetRow(
            id: try coder.value(value?.id), venue: try coder.value(value?.venue), owner: try coder.value(value?.owner),
            name: try coder.value(value?.name), scope: try coder.value(value?.scope), permits: try coder.value(value?.permits),
            windowMs: try coder.value(value?.windowMs), shape: WindowShape(beginsMs: try coder.optional(value?.shape.beginsMs)),
            learned: try coder.optional(value?.learned))
    }
}

extension PermitCount: RecordValue {
    package static func code(_ value: PermitCount?, by coder: inout RecordCoder) throws(RecordError) -> PermitCount {
        PermitCount(budget: try coder.value(value?.budget), count: try coder.value(value?.count))
    }
}

extension PermitRow: RecordValue {
    package static func code(_ value: PermitRow?, by coder: inout RecordCoder) throws(RecordError) -> PermitRow {
        PermitRow(
            budget: try coder.value(value?.budget), slot: try coder.value(value?.slot), count: try coder.value(value?.count),
            request: try coder.optional(value?.request),
            takenAt: try coder.value(value?.takenAt), releasedAt: try coder.optional(value?.releasedAt),
            isUnanswered: try coder.value(value?.isUnanswered))
    }
}

extension PositionRow: RecordValue {
    package static func code(_ value: PositionRow?, by coder: inout RecordCoder) throws(RecordError) -> PositionRow {
        let account: AccountID = try coder.value(value?.account)
        let key = PositionKey(symbol: try coder.value(value?.key.symbol), positionSide: try coder.optional(value?.key.positionSide))
        var row = PositionRow(account: account, key: key)
        row.bought = try coder.optional(value?.bought)
        row.sold = try coder.optional(value?.sold)
        row.listedBought = try coder.optional(value?.listedBought)
        row.listedSold = try coder.optional(value?.listedSold)
        row.feesInBase = try coder.optional(value?.feesInBase)
        row.fills = try coder.value(value?.fills)
        row.lastFillAt = try coder.optional(value?.lastFillAt)
        row.since = try coder.value(value?.since)
        row.before = try coder.optional(value?.before)
        return row
    }
}

extension PinnedIdentity: RecordValue {
    package static func code(_ value: PinnedIdentity?, by coder: inout RecordCoder) throws(RecordError) -> PinnedIdentity {
        var pinned = PinnedIdentity(
            account: try coder.value(value?.account), venue: try coder.value(value?.venue), product: try coder.value(value?.product),
            uid: try coder.optional(value?.uid), origin: try coder.optional(value?.origin), keyInUse: try coder.optional(value?.keyInUse), keys: [])
        let keys = try coder.list(value?.keys.sorted())
        pinned.keys = Set(keys)
        guard keys == pinned.keys.sorted() else { throw coder.error("keys that are not in order, or twice") }
        pinned.former = try coder.list(value?.former)
        pinned.streamOrigin = try coder.optional(value?.streamOrigin)
        return pinned
    }
}

extension FormerPlace: RecordValue {
    package static func code(_ value: FormerPlace?, by coder: inout RecordCoder) throws(RecordError) -> FormerPlace {
        FormerPlace(
            since: try coder.value(value?.since), until: try coder.value(value?.until), uid: try coder.optional(value?.uid),
            origin: try coder.optional(value?.origin))
    }
}

extension KillRow: RecordValue {
    package static func code(_ value: KillRow?, by coder: inout RecordCoder) throws(RecordError) -> KillRow {
        var row = KillRow(
            account: try coder.value(value?.account), since: try coder.optional(value?.since), cancelAll: try coder.value(value?.cancelAll))
        row.closed = try coder.value(value?.closed)
        return row
    }
}

extension GuardRow: RecordValue {
    package static func code(_ value: GuardRow?, by coder: inout RecordCoder) throws(RecordError) -> GuardRow {
        let user = try coder.value(value.map { Int64($0.user) })
        guard let user = UInt32(exactly: user) else { throw coder.error("no user has the number \(user)") }
        var row = GuardRow(
            id: try coder.value(value?.id), user: user, accounts: try coder.list(value?.accounts), onLost: try coder.value(value?.onLost),
            heartbeatMs: try coder.optional(value?.heartbeatMs), graceMs: try coder.value(value?.graceMs),
            openedAt: try coder.value(value?.openedAt), token: try coder.value(value?.token), reason: try coder.value(value?.reason))
        row.state = try coder.value(value?.state)
        row.since = try coder.value(value?.since)
        return row
    }
}

extension RehearsalRow: RecordValue {
    package static func code(_ value: RehearsalRow?, by coder: inout RecordCoder) throws(RecordError) -> RehearsalRow {
        RehearsalRow(
            id: try coder.value(value?.id), account: try coder.value(value?.account), at: try coder.value(value?.at),
            orders: try coder.value(value?.orders), assumptions: try coder.list(value?.assumptions), standing: try coder.list(value?.standing))
    }
}

extension RehearsalRow.Seen: RecordValue {
    package static func code(_ value: RehearsalRow.Seen?, by coder: inout RecordCoder) throws(RecordError) -> RehearsalRow.Seen {
        RehearsalRow.Seen(
            name: try coder.value(value?.name), assumed: try coder.value(value?.assumed), seen: try coder.value(value?.seen),
            verdict: try coder.value(value?.verdict), bears: try coder.optional(value?.bears))
    }
}

extension Rest: RecordValue {
    package static func code(_ value: Rest?, by coder: inout RecordCoder) throws(RecordError) -> Rest {
        Rest(until: try coder.value(value?.until), lastsUs: try coder.value(value?.lastsUs), untilWall: try coder.value(value?.untilWall))
    }
}

extension BudgetRest: RecordValue {
    package static func code(_ value: BudgetRest?, by coder: inout RecordCoder) throws(RecordError) -> BudgetRest {
        BudgetRest(
            budget: try coder.value(value?.budget), usableShare: try coder.value(value?.usableShare), rest: try coder.value(value?.rest),
            recoversAt: try coder.value(value?.recoversAt))
    }
}

extension VenueBan: RecordValue {
    package static func code(_ value: VenueBan?, by coder: inout RecordCoder) throws(RecordError) -> VenueBan {
        VenueBan(family: try coder.value(value?.family), rest: try coder.value(value?.rest), words: try coder.value(value?.words))
    }
}
