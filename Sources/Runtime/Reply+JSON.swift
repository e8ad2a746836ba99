import OMSCore
import Wire

extension Reply {
    /// The JSON text of `result` in the answer.
    func json(engine: Engine, facts: DaemonFacts, wal: WALWatch, now: Moment) -> [UInt8] {
        var out = JSONWriter(reserving: 256)
        out.beginObject()
        switch self {
        case .submitted(let id, let acceptedAt, let orders, let plannedRequests):
            out.member("intent_id", id.text)
            out.member("duplicate", false)
            out.member("accepted_at", acceptedAt)
            out.key("orders")
            out.beginArray()
            for order in orders { out.string(order.text) }
            out.endArray()
            out.member("planned_requests", plannedRequests)
        case .plan(let id, let orders, let requests):
            out.member("intent_id", id?.text)
            out.member("dry_run", true)
            out.member("orders", orders)
            out.member("planned_requests", requests.count)
            out.key("requests")
            out.beginArray()
            for request in requests {
                out.beginObject()
                out.member("kind", request.kind.rawValue)
                out.member("items", request.items)
                out.endObject()
            }
            out.endArray()
        case .accounts(let accounts): out.accounts(accounts)
        case .budgets(let budgets): out.budgets(budgets)
        case .instruments(let instruments, let next): out.instruments(instruments, next: next)
        case .tradingState(let rows, let cancels):
            out.key("accounts")
            out.beginArray()
            for row in rows {
                out.beginObject()
                out.member("account", row.account.text)
                out.member("state", row.state.rawValue)
                out.member("reason", row.reason)
                out.member("at", row.at)
                out.endObject()
            }
            out.endArray()
            out.member("cancels", cancels)
        case .kills(let kills): out.kills(kills)
        case .reconciled(let summary): out.reconciled(summary)
        case .canceled(let id, let withdrawn, let commands):
            out.member("intent_id", id.text)
            out.member("withdrawn", withdrawn)
            out.member("cancels", commands)
        case .granted(let id, let at):
            out.member("permit_id", id)
            out.member("granted_at", at)
        case .released(let id):
            out.member("permit_id", id)
            out.member("released", true)
        case .status:
            out.member("version", facts.version)
            out.member("uptime_us", now.wall - facts.startedAt)
            out.member("started_at", facts.startedAt)
            out.member("seq", engine.journalSeq)
            let accounts = engine.snapshot()
            out.member("ready", accounts.allSatisfy(\.isReady))
            out.member("journal", engine.isJournalFull ? "full" : wal.isHeld ? "wal_held" : "ok")
            out.member("wal_bytes", wal.bytes)
            out.accounts(accounts)
            out.key("unconfigured")
            out.beginArray()
            for account in engine.unconfigured {
                out.beginObject()
                out.member("account", account.account.text)
                out.member("orders", account.orders)
                out.member("unsent", account.unsent)
                out.member("intents", account.intents)
                out.endObject()
            }
            out.endArray()
            out.member("sqlite_version", facts.sqliteVersion)
        case .query, .subscribe, .unsubscribe: preconditionFailure("answered by the read service")
        }
        out.endObject()
        return out.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func kills(_ kills: [KillSnapshot]) {
        key("accounts")
        beginArray()
        for kill in kills {
            beginObject()
            member("account", kill.account.text)
            member("state", kill.state.rawValue)
            member("confirmed_closed", kill.confirmedClosed)
            member("cancel_taken", kill.cancelTaken)
            member("live_or_unknown", kill.liveOrUnknown)
            member("foreign", kill.foreign)
            member("listed", kill.isListed)
            member("cancel_all", kill.cancelAll.rawValue)
            member("cancels_foreign", kill.cancelsForeign)
            member("last_error", kill.lastError)
            endObject()
        }
        endArray()
    }

    fileprivate mutating func accounts(_ accounts: [AccountSnapshot]) {
        key("accounts")
        beginArray()
        for account in accounts {
            beginObject()
            member("account", account.account.text)
            member("venue", account.venue)
            member("product", account.product)
            member("uid", account.uid)
            member("state", account.state.rawValue)
            member("ready", account.isReady)
            member("reason", account.reason)
            member("last_answer_at", account.lastAnswerAt)
            key("queue")
            beginObject()
            member("cancel", account.queueCancel)
            member("lookup", account.queueLookup)
            member("modify", account.queueModify)
            member("place", account.queuePlace)
            endObject()
            member("in_flight", account.inFlight)
            member("requests", account.requests)
            key("counts")
            beginObject()
            for state in OrderCounts.states where account.counts[state] > 0 { member(state.rawValue, account.counts[state]) }
            endObject()
            member("open", account.open)
            member("in_doubt", account.inDoubt)
            member("clock_offset_ms", account.clockOffsetMs)
            member("last_reconcile_at", account.lastReconcileAt)
            member("last_error", account.lastError)
            member("last_error_at", account.lastErrorAt)
            member("parked", account.parked)
            member("oldest_doubt_at", account.oldestDoubtAt)
            member("breaks", account.openBreaks)
            endObject()
        }
        endArray()
    }

    fileprivate mutating func budgets(_ budgets: [BudgetSnapshot]) {
        key("budgets")
        beginArray()
        for budget in budgets {
            beginObject()
            member("account", budget.account.text)
            member("venue", budget.row.venue)
            member("budget", budget.row.name)
            member("scope", budget.row.scope.rawValue)
            member("owner", budget.row.owner)
            member("permits", budget.row.permits)
            member("window_ms", budget.row.windowMs)
            member("in_use", budget.inUse)
            member("share", budget.share)
            member("reserved", budget.reserve)
            member("next_free_at", budget.nextFreeAt)
            member("busiest_window", budget.busiestWindow)
            endObject()
        }
        endArray()
    }

    fileprivate mutating func instruments(_ instruments: [(AccountID, Instrument)], next: Int64?) {
        key("instruments")
        beginArray()
        for (account, instrument) in instruments {
            beginObject()
            member("account", account.text)
            member("symbol", instrument.symbol.text)
            member("tick", instrument.tick?.description)
            member("lot", instrument.lot?.description)
            member("min_quantity", instrument.minQuantity?.description)
            member("max_quantity", instrument.maxQuantity?.description)
            member("min_notional", instrument.minNotional?.description)
            member("tradable", instrument.tradable)
            endObject()
        }
        endArray()
        member("next", next)
    }

    fileprivate mutating func reconciled(_ summary: ReconcileSummary) {
        member("account", summary.account.text)
        member("venue_open", summary.venueOpen)
        member("journal_open", summary.journalOpen)
        member("adopted", summary.adopted)
        member("resolved", summary.resolved)
        member("complete", summary.error == nil)
        member("error", summary.error)
        key("breaks")
        beginArray()
        for broken in summary.breaks {
            beginObject()
            member("break_id", broken.id)
            member("account", broken.account.text)
            member("kind", broken.kind.rawValue)
            member("client_order_id", broken.clientOrderID?.text)
            member("venue_order_id", broken.venueOrderID?.text)
            member("detail", broken.detail)
            member("at", broken.at)
            member("acknowledged_at", broken.acknowledgedAt)
            endObject()
        }
        endArray()
    }
}
