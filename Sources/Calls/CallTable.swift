import ControlAPI
import Kernel
import OMSCore
import Wire

/// What a call of each method asks of the core.
package enum CallTable {
    /// A method, and how its checked parameters become a command.
    package struct Line: Sendable {
        package let name: String
        package let role: Role
        let isMutating: Bool
        let fields: [Field]
        /// nil: the server answers it by itself.
        let command: (@Sendable (JSON) throws(ControlError) -> ControlCommand)?
        /// The role that a call with these parameters asks for, where that hangs on them.
        let roleAsked: (@Sendable (JSON) -> Role)?

        init<M: Method>(_ method: M.Type, _ command: @escaping @Sendable (M.Parameters) throws(ControlError) -> ControlCommand) {
            self.init(method, roleAsked: nil) { (json: JSON) throws(ControlError) in try command(M.Parameters(json) ?? M.Parameters()) }
        }

        init<M: Method>(
            _ method: M.Type, asks role: @escaping @Sendable (M.Parameters) -> Role,
            _ command: @escaping @Sendable (M.Parameters) throws(ControlError) -> ControlCommand
        ) {
            self.init(method, roleAsked: { role(M.Parameters($0) ?? M.Parameters()) }) { (json: JSON) throws(ControlError) in
                try command(M.Parameters(json) ?? M.Parameters())
            }
        }

        init<M: Method>(answeredByServer method: M.Type) { self.init(method, roleAsked: nil, nil) }

        private init<M: Method>(
            _ method: M.Type, roleAsked: (@Sendable (JSON) -> Role)?, _ command: (@Sendable (JSON) throws(ControlError) -> ControlCommand)?
        ) {
            (name, role, isMutating, fields) = (method.name, method.role, method.isMutating, method.fields)
            (self.command, self.roleAsked) = (command, roleAsked)
        }
    }

    package static let all: [Line] = intents + orders + accounts + guards + others
    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    static func line(named name: String) -> Line? { byName[name] }
    static func suggestion(for name: String) -> String? { closest(to: name, among: all.map(\.name)) }

    private static let intents: [Line] = [
        Line(IntentSubmit.self) { asked throws(ControlError) in try IntentDecoder.command(asked) },
        Line(IntentGet.self) { asked throws(ControlError) in .intentGet(IntentID(asked.intentID)) },
        Line(IntentList.self) { asked throws(ControlError) in
            .intentList(account: asked.account.map { AccountID($0) }, tag: asked.tag.map { Tag($0) }, after: asked.page.after, limit: asked.page.rows)
        },
        Line(IntentWait.self) { asked throws(ControlError) in
            .intentWait(IntentID(asked.intentID), untilSettled: asked.until != "acknowledged", timeoutMs: asked.timeoutMs ?? 30_000)
        },
        Line(IntentCancel.self) { asked throws(ControlError) in
            switch (asked.intentID, asked.tag) {
            case (let id?, nil) where asked.account == nil: return .intentCancel(IntentID(id))
            case (nil, let tag?): return .intentCancelTagged(Tag(tag), account: asked.account.map { AccountID($0) })
            default: throw .invalidParams("params: name either intent_id alone, or tag, with account or without")
            }
        },
    ]

    private static let orders: [Line] = [
        Line(OrderGet.self) { asked throws(ControlError) in
            let isByClientID = asked.clientOrderID != nil && asked.account == nil && asked.venueOrderID == nil
            let isByVenueID = asked.clientOrderID == nil && asked.account != nil && asked.venueOrderID != nil
            guard isByClientID || isByVenueID else {
                throw .invalidParams("params: name either client_order_id alone, or account and venue_order_id")
            }
            var filter = OrderFilter()
            filter.clientOrderID = asked.clientOrderID.map { ClientOrderID($0) }
            filter.venueOrderID = asked.venueOrderID.map { VenueOrderID($0) }
            filter.account = asked.account.map { AccountID($0) }
            return .orderGet(filter)
        },
        Line(OrderList.self) { asked throws(ControlError) in
            .orderList(OrderFilter(asked.selection, intent: asked.intentID, tag: asked.tag, order: nil, asked.page))
        },
        Line(OrderTimeline.self) { asked throws(ControlError) in .orderTimeline(ClientOrderID(asked.clientOrderID)) },
        Line(OrderResolve.self) { asked throws(ControlError) in
            .orderResolve(ClientOrderID(asked.clientOrderID), isPlaced: asked.verdict == "placed", reason: asked.reason)
        },
        Line(FillList.self) { asked throws(ControlError) in
            .fillList(OrderFilter(asked.selection, intent: asked.intentID, tag: asked.tag, order: asked.clientOrderID, asked.page))
        },
        Line(BreakList.self) { asked throws(ControlError) in
            var filter = OrderFilter(asked.selection, intent: asked.intentID, order: asked.clientOrderID, asked.page)
            filter.isOpen = asked.isOpen
            filter.breakKinds = asked.kinds?.compactMap { BreakKind(rawValue: $0) }
            return .breakList(filter)
        },
        Line(BreakAcknowledge.self) { asked throws(ControlError) in .breakAcknowledge(asked.breakID, reason: asked.reason) },
        Line(InstrumentList.self) { asked throws(ControlError) in
            .instrumentList(
                account: asked.account.map { AccountID($0) }, symbol: asked.symbol.map { Symbol($0) }, after: asked.page.after,
                limit: asked.page.rows)
        },
    ]

    private static let accounts: [Line] = [
        Line(AccountList.self) { _ throws(ControlError) in .accountList },
        Line(AccountSetState.self) { asked throws(ControlError) in
            guard let state = TradingState(rawValue: asked.state) else { throw .invalidParams("params.state: is missing") }
            let (cancelOpen, everything) = (asked.cancelOpen ?? false, asked.everything ?? false)
            guard cancelOpen || !everything else { throw .invalidParams("params.everything: goes with cancel_open only") }
            guard !cancelOpen || state != .active else { throw .invalidParams("params.cancel_open: goes with halted or reducing only") }
            return .setState(
                asked.account == "*" ? nil : AccountID(asked.account), state, reason: asked.reason, cancelOpen: cancelOpen, everything: everything)
        },
        Line(AccountKillStatus.self) { asked throws(ControlError) in
            .killStatus(asked.account == "*" ? nil : asked.account.map { AccountID($0) })
        },
        Line(AccountReconcile.self) { asked throws(ControlError) in .reconcile(AccountID(asked.account)) },
        Line(LimitList.self) { _ throws(ControlError) in .limitList },
        Line(LimitTake.self) { asked throws(ControlError) in
            .limitTake(AccountID(asked.account), budget: asked.budget, permits: Int(asked.permits), holdMs: asked.holdMs ?? 30_000)
        },
        Line(LimitRelease.self) { asked throws(ControlError) in .limitRelease(permitID: asked.permitID) },
        Line(PositionList.self) { asked throws(ControlError) in
            .positionList(
                account: asked.account.map { AccountID($0) }, symbol: asked.symbol.map { Symbol($0) }, after: asked.page.after,
                limit: asked.page.rows)
        },
        Line(RiskGet.self) { asked throws(ControlError) in .riskGet(asked.account.map { AccountID($0) }) },
    ]

    private static let guards: [Line] = [
        Line(SessionGuard.self, asks: { $0.onLost == GuardRow.OnLost.halt.rawValue ? .operator : SessionGuard.role }) { asked throws(ControlError) in
            if let token = asked.resume {
                guard asked.accounts == nil, asked.onLost == nil, asked.heartbeatMs == nil, asked.graceMs == nil else {
                    throw .invalidParams("params.resume: stands alone; what the guard was told when it began holds on")
                }
                return .guardResume(presented: Digest256(sha256(Array(token.utf8))), token: nil)
            }
            guard let onLost = asked.onLost.flatMap({ GuardRow.OnLost(rawValue: $0) }) else { throw .invalidParams("params.on_lost: is missing") }
            guard let graceMs = asked.graceMs else { throw .invalidParams("params.grace_ms: is missing") }
            var accounts: [AccountID] = []
            for name in asked.accounts ?? [] where !accounts.contains(AccountID(name)) { accounts.append(AccountID(name)) }
            guard onLost != .halt || !accounts.isEmpty else { throw .invalidParams("params.accounts: halt names the accounts that it halts") }
            return .guardBegin(GuardTerms(accounts: accounts, onLost: onLost, heartbeatMs: asked.heartbeatMs, graceMs: graceMs), token: nil)
        },
        Line(SessionRelease.self) { asked throws(ControlError) in .guardRelease(GuardID(asked.guardID)) },
        Line(GuardList.self) { _ throws(ControlError) in .guardList },
        Line(RehearsalRecord.self) { asked throws(ControlError) in .rehearsalRecord(try RehearsalRow(asked)) },
    ]

    private static let others: [Line] = [
        Line(EventSubscribe.self) { asked throws(ControlError) in
            .subscribe(afterSeq: asked.afterSeq, account: asked.account.map { AccountID($0) })
        },
        Line(EventUnsubscribe.self) { asked throws(ControlError) in .unsubscribe(subscription: asked.subscription) },
        Line(StatsGet.self) { asked throws(ControlError) in
            guard asked.from < asked.to else { throw .invalidParams("params.to: should be behind from") }
            let account = asked.account.map { AccountID($0) }
            guard let query = StatsQuery(account: account, from: asked.from, to: asked.to, stepUs: asked.stepMs * 1_000) else {
                throw .invalidParams("params.step_ms: makes more than \(StatsQuery.pointsMax) points")
            }
            return .stats(query)
        },
        Line(SealGet.self) { _ throws(ControlError) in .seal },
        Line(DaemonStatus.self) { _ throws(ControlError) in .status },
        Line(answeredByServer: RPCDiscover.self),
    ]
}

extension Page {
    /// Rows a page, 100 unless asked otherwise.
    fileprivate var rows: Int { limit.map { Int($0) } ?? 100 }
}

extension OrderFilter {
    fileprivate init(_ selection: Selection, intent: String?, tag: String? = nil, order: String?, _ page: Page) {
        self.init()
        account = selection.account.map { AccountID($0) }
        symbol = selection.symbol.map { Symbol($0) }
        states = selection.states?.compactMap { OrderState(rawValue: $0) }
        intentID = intent.map { IntentID($0) }
        self.tag = tag.map { Tag($0) }
        clientOrderID = order.map { ClientOrderID($0) }
        (after, limit) = (page.after, page.rows)
    }
}

// MARK: Answers

extension Reply {
    /// The JSON text of `result` in the answer; nil: it is read from the record, or from the daemon around the engine.
    package var json: [UInt8]? {
        switch self {
        case .submitted(let id, let acceptedAt, let orders, let plannedRequests):
            IntentSubmit.Result(id, acceptedAt: acceptedAt, orders, plannedRequests: plannedRequests).serialized()
        case .plan(let id, let orders, let requests): IntentPlan(id, orders: orders, requests).serialized()
        case .accounts(let accounts): AccountList.Result(accounts).serialized()
        case .budgets(let budgets): LimitList.Result(budgets).serialized()
        case .positions(let rows, let next): PositionList.Result(rows, next: next).serialized()
        case .rules(let rules): RiskGet.Result(rules).serialized()
        case .instruments(let instruments, let next): InstrumentList.Result(instruments, next: next).serialized()
        case .tradingState(let rows, let cancels): AccountSetState.Result(rows, cancels: cancels).serialized()
        case .kills(let kills): AccountKillStatus.Result(kills).serialized()
        case .reconciled(let summary): AccountReconcile.Result(summary).serialized()
        case .canceled(let intents, let withdrawn, let cancels): IntentCancel.Result(intents, withdrawn: withdrawn, cancels: cancels).serialized()
        case .granted(let id, let at): LimitTake.Result(id, grantedAt: at).serialized()
        case .released(let id): LimitRelease.Result(id).serialized()
        case .guarded(let row, let token): SessionGuard.Result(row, token: token).serialized()
        case .guardReleased(let row): ShownGuard(GuardSnapshot(row: row, live: 0, tripsAt: nil)).serialized()
        case .guards(let guards): GuardList.Result(guards).serialized()
        case .rehearsed(let row): RehearsalRecord.Result(row).serialized(reserving: 8_192)
        case .query, .subscribe, .unsubscribe, .status: nil
        }
    }
}

extension IntentSubmit.Result {
    fileprivate init(_ id: IntentID, acceptedAt: Int64, _ orders: [ClientOrderID], plannedRequests: Int) {
        self.init()
        (intentID, self.acceptedAt, self.plannedRequests) = (id.text, acceptedAt, Int64(plannedRequests))
        self.orders = orders.map { ShownOrderID($0.text) }
    }
}

extension IntentPlan {
    fileprivate init(_ id: IntentID?, orders: Int, _ requests: [(kind: RequestKind, items: Int)]) {
        self.init()
        (intentID, self.orders, plannedRequests) = (id?.text, Int64(orders), Int64(requests.count))
        self.requests = requests.map { kind, items in
            var request = Request()
            (request.kind, request.items) = (kind.rawValue, Int64(items))
            return request
        }
    }
}

extension IntentCancel.Result {
    fileprivate init(_ intents: Int, withdrawn: Int, cancels: Int) {
        self.init()
        (self.intents, self.withdrawn, self.cancels) = (Int64(intents), Int64(withdrawn), Int64(cancels))
    }
}

extension ShownAccount {
    package init(_ snapshot: AccountSnapshot) {
        self.init()
        (account, venue, product, uid) = (snapshot.account.text, snapshot.venue, snapshot.product, snapshot.uid)
        (origin, key) = (snapshot.origin, snapshot.keyFingerprint)
        (state, isReady, reason) = (snapshot.state.rawValue, snapshot.isReady, snapshot.reason)
        // Who never was anything but active was made so by nobody.
        if snapshot.state != .active {
            (stateBy, stateReason, stateAt) = (snapshot.trading.actor.text, snapshot.trading.reason, snapshot.trading.at)
        }
        lastAnswerAt = snapshot.lastAnswerAt
        (queue.cancel, queue.lookup) = (Int64(snapshot.queueCancel), Int64(snapshot.queueLookup))
        (queue.modify, queue.place) = (Int64(snapshot.queueModify), Int64(snapshot.queuePlace))
        (inFlight, requests) = (Int64(snapshot.inFlight), Int64(snapshot.requests))
        counts = Counts(
            OrderCounts.states.compactMap { state in
                snapshot.counts[state] > 0 ? .init(word: state.rawValue, count: Int64(snapshot.counts[state])) : nil
            })
        (open, inDoubt) = (Int64(snapshot.open), Int64(snapshot.inDoubt))
        (clockOffsetMs, lastReconcileAt) = (snapshot.clockOffsetMs, snapshot.lastReconcileAt)
        (lastError, lastErrorAt) = (snapshot.lastError, snapshot.lastErrorAt)
        (parked, oldestDoubtAt, breaks) = (Int64(snapshot.parked), snapshot.oldestDoubtAt, Int64(snapshot.openBreaks))
        rehearsal = snapshot.rehearsal.map { Rehearsal($0) }
        let figures = snapshot.stream
        (stream.state, stream.since, stream.lastPushAt) = (figures.state.rawValue, figures.since, figures.lastPushAt)
        (stream.gaps, stream.late, stream.lastError) = (Int64(figures.gaps), Int64(figures.late), figures.lastError)
    }
}

extension AccountList.Result {
    fileprivate init(_ snapshots: [AccountSnapshot]) {
        self.init()
        accounts = snapshots.map { ShownAccount($0) }
    }
}

extension LimitList.Result {
    fileprivate init(_ snapshots: [BudgetSnapshot]) {
        self.init()
        budgets = snapshots.map { snapshot in
            let row = snapshot.row
            var budget = ShownBudget()
            (budget.account, budget.venue, budget.budget) = (snapshot.account.text, snapshot.venue, row.name)
            budget.product = snapshot.product
            (budget.scope, budget.owner) = (row.scope.rawValue, row.owner)
            (budget.permits, budget.windowMs) = (Int64(row.permits), Int64(row.windowMs))
            (budget.inUse, budget.share, budget.reserved) = (Int64(snapshot.inUse), Int64(snapshot.share), Int64(snapshot.reserve))
            (budget.nextFreeAt, budget.busiestWindow) = (snapshot.nextFreeAt, Int64(snapshot.busiestWindow))
            return budget
        }
    }
}

extension InstrumentList.Result {
    fileprivate init(_ all: [(AccountID, Instrument)], next: Int64?) {
        self.init()
        self.next = next
        instruments = all.map { account, instrument in
            var shown = ShownInstrument()
            (shown.account, shown.symbol, shown.isTradable) = (account.text, instrument.symbol.text, instrument.tradable)
            (shown.tick, shown.lot) = (instrument.tick?.description, instrument.lot?.description)
            (shown.minQuantity, shown.maxQuantity) = (instrument.minQuantity?.description, instrument.maxQuantity?.description)
            shown.minNotional = instrument.minNotional?.description
            return shown
        }
    }
}

extension AccountSetState.Result {
    fileprivate init(_ rows: [TradingStateRow], cancels: Int) {
        self.init()
        self.cancels = Int64(cancels)
        accounts = rows.map { row in
            var account = AccountSetState.Account()
            (account.account, account.state, account.reason, account.at) = (row.account.text, row.state.rawValue, row.reason, row.at)
            return account
        }
    }
}

extension AccountKillStatus.Result {
    fileprivate init(_ kills: [KillSnapshot]) {
        self.init()
        accounts = kills.map { kill in
            var account = AccountKillStatus.Account()
            (account.account, account.state) = (kill.account.text, kill.state.rawValue)
            (account.confirmedClosed, account.cancelTaken) = (Int64(kill.confirmedClosed), Int64(kill.cancelTaken))
            (account.liveOrUnknown, account.foreign, account.isListed) = (Int64(kill.liveOrUnknown), Int64(kill.foreign), kill.isListed)
            (account.cancelAll, account.cancelsForeign, account.lastError) = (kill.cancelAll.rawValue, kill.cancelsForeign, kill.lastError)
            return account
        }
    }
}

extension AccountReconcile.Result {
    fileprivate init(_ summary: ReconcileSummary) {
        self.init()
        account = summary.account.text
        (venueOpen, journalOpen) = (Int64(summary.venueOpen), Int64(summary.journalOpen))
        (adopted, resolved) = (Int64(summary.adopted), Int64(summary.resolved))
        (isComplete, error) = (summary.error == nil, summary.error)
        breaks = summary.breaks.map { broken in
            var shown = AccountReconcile.Break()
            (shown.breakID, shown.account, shown.kind) = (broken.id, broken.account.text, broken.kind.rawValue)
            (shown.clientOrderID, shown.venueOrderID) = (broken.clientOrderID?.text, broken.venueOrderID?.text)
            (shown.detail, shown.at, shown.acknowledgedAt) = (broken.detail, broken.at, broken.acknowledgedAt)
            return shown
        }
    }
}

extension LimitTake.Result {
    fileprivate init(_ permitID: Int64, grantedAt: Int64) {
        self.init()
        (self.permitID, self.grantedAt) = (permitID, grantedAt)
    }
}

extension SessionGuard.Result {
    fileprivate init(_ row: GuardRow, token: String) {
        self.init()
        (guardID, self.token) = (row.id.number, token)
        accounts = row.accounts.isEmpty ? nil : row.accounts.map(\.text)
        (onLost, heartbeatMs, graceMs) = (row.onLost.rawValue, row.heartbeatMs, row.graceMs)
    }
}

extension ShownGuard {
    fileprivate init(_ snapshot: GuardSnapshot) {
        self.init()
        let row = snapshot.row
        (guardID, user) = (row.id.number, Int64(row.user))
        accounts = row.accounts.isEmpty ? nil : row.accounts.map(\.text)
        (onLost, heartbeatMs, graceMs) = (row.onLost.rawValue, row.heartbeatMs, row.graceMs)
        (openedAt, state, since, reason) = (row.openedAt, row.state.rawValue, row.since, row.reason)
        (live, tripsAt) = (Int64(snapshot.live), snapshot.tripsAt)
    }
}

extension GuardList.Result {
    fileprivate init(_ snapshots: [GuardSnapshot]) {
        self.init()
        guards = snapshots.map { ShownGuard($0) }
    }
}

extension LimitRelease.Result {
    fileprivate init(_ permitID: Int64) {
        self.init()
        self.permitID = permitID
    }
}
