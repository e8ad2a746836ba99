import Kernel
import OMSCore
import Wire

/// Every method, in the order in which the documents list them.
package enum MethodTable {
    package static let all: [Method] = intents + orders + accounts + limits + others
    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    package static func method(named name: String) -> Method? { byName[name] }
    static func suggestion(for name: String) -> String? { closest(to: name, among: all.map(\.name)) }

    private static let account = Field.optional("account", .text(.account), "only this account")
    private static let symbol = Field.optional("symbol", .text(.symbol), "only this symbol, in the venue's form")
    private static let intentID = Field.required("intent_id", .text(.intentID), "the intent")
    private static let clientOrderID = Field.required("client_order_id", .text(.clientOrderID), "the order")
    private static let states = Field.optional("states", .words(OrderState.allCases.map(\.rawValue)), "only orders in one of these states")
    private static let reason = Field.required("reason", .text(.freeText), "why, for the record")
    private static let page = [
        Field.optional("after", .integer(0...Int64.max), "the `next` of the page before"),
        Field.optional("limit", .integer(1...1000), "rows a page; default 100"),
    ]

    private static let intents = [
        Method(
            "intent.submit", .trader, "Places, modifies and cancels, journaled as one and answered once durable.", fields: IntentFields.intent,
            result: "{intent_id, duplicate, accepted_at, orders:[client_order_id…], planned_requests}; with dry_run the plan", isMutating: true
        ) { parameters throws(ControlError) in try IntentDecoder.command(parameters) },
        Method(
            "intent.get", .viewer, "One intent, the count of its orders by state, and why cancels or modifies of it were refused.",
            fields: [intentID],
            result: "{v_intents columns, counts:{state:n}, refusals:[{commands, code, text, sent}…]}"
        ) { parameters throws(ControlError) in .intentGet(IntentID(try parameters.requiredText("intent_id"))) },
        Method(
            "intent.list", .viewer, "Intents, oldest first.", fields: [account] + page, result: "{intents:[…], next}"
        ) { parameters throws(ControlError) in .intentList(account: parameters.account, after: parameters.integer("after"), limit: parameters.limit)
        },
        Method(
            "intent.wait", .viewer, "Answers when the intent got so far, or with timed_out:true.",
            fields: [
                intentID, .optional("until", .word(["acknowledged", "settled"]), "default settled"),
                .optional("timeout_ms", .integer(0...3_600_000), "default 30000"),
            ],
            result: "as intent.get, plus timed_out"
        ) { parameters throws(ControlError) in
            .intentWait(
                IntentID(try parameters.requiredText("intent_id")), untilSettled: parameters.text("until") != "acknowledged",
                timeoutMs: parameters.integer("timeout_ms") ?? 30_000)
        },
        Method(
            "intent.cancel", .trader, "Withdraws what is unsent of the intent and cancels what is live; intent.wait then waits for that too.",
            fields: [intentID],
            result: "{intent_id, withdrawn, cancels}", isMutating: true
        ) { parameters throws(ControlError) in .intentCancel(IntentID(try parameters.requiredText("intent_id"))) },
    ]

    private static let orders = [
        Method(
            "order.get", .viewer, "One order, by client_order_id, or by account and venue_order_id.",
            fields: [
                .optional("client_order_id", .text(.clientOrderID), "alone"), .optional("account", .text(.account), "with venue_order_id"),
                .optional("venue_order_id", .text(.venueOrderID), "with account"),
            ],
            result: "{v_orders columns}"
        ) { parameters throws(ControlError) in
            var filter = OrderFilter()
            filter.clientOrderID = parameters.text("client_order_id").map { ClientOrderID($0) }
            filter.venueOrderID = parameters.text("venue_order_id").map { VenueOrderID($0) }
            filter.account = parameters.account
            let isByClientID = filter.clientOrderID != nil && filter.account == nil && filter.venueOrderID == nil
            let isByVenueID = filter.clientOrderID == nil && filter.account != nil && filter.venueOrderID != nil
            guard isByClientID || isByVenueID else {
                throw .invalidParams("params: name either client_order_id alone, or account and venue_order_id")
            }
            return .orderGet(filter)
        },
        Method(
            "order.list", .viewer, "Orders, oldest first.",
            fields: [account, symbol, states, .optional("intent_id", .text(.intentID), "only orders of this intent")] + page,
            result: "{orders:[…], next}"
        ) { parameters throws(ControlError) in .orderList(parameters.orderFilter) },
        Method(
            "order.timeline", .viewer, "Every event, request and verdict of one order, in order, and what it waits for just now.",
            fields: [clientOrderID], result: "{client_order_id, events:[v_timeline…], requests:[v_requests…], commands:[v_commands…], waits_for}"
        ) { parameters throws(ControlError) in .orderTimeline(ClientOrderID(try parameters.requiredText("client_order_id"))) },
        Method(
            "order.resolve", .operator, "A person's verdict on an order in doubt: absent abandons it for good, placed acknowledges it.",
            fields: [clientOrderID, .required("verdict", .word(["absent", "placed"]), "what was found at the venue"), reason],
            result: "{v_orders columns}", isMutating: true
        ) { parameters throws(ControlError) in
            .orderResolve(
                ClientOrderID(try parameters.requiredText("client_order_id")), isPlaced: try parameters.requiredText("verdict") == "placed",
                reason: try parameters.requiredText("reason"))
        },
        Method(
            "fill.list", .viewer, "Executions, oldest first.",
            fields: [
                account, symbol, states, .optional("intent_id", .text(.intentID), "only fills of this intent's orders"),
                .optional("client_order_id", .text(.clientOrderID), "only fills of this order"),
            ] + page,
            result: "{fills:[v_fills…], next}"
        ) { parameters throws(ControlError) in .fillList(parameters.orderFilter) },
        Method(
            "break.list", .viewer, "Where the record and a venue disagreed.",
            fields: [
                .optional("open", .bool, "true: only those that neither ended nor were acknowledged; false: only the others"),
                .optional("kinds", .words(BreakKind.allCases.map(\.rawValue)), "only these kinds"),
                account, symbol, states, .optional("intent_id", .text(.intentID), "only breaks of this intent's orders"),
                .optional("client_order_id", .text(.clientOrderID), "only breaks of this order"),
            ] + page,
            result: "{breaks:[v_breaks…], next}"
        ) { parameters throws(ControlError) in .breakList(parameters.orderFilter) },
        Method(
            "break.acknowledge", .operator,
            "A person took note of a break: it is listed as open no more. One whose reason nothing can end (abandoned, contradiction, …) is over with it.",
            fields: [.required("break_id", .integer(0...Int64.max), "as break.list names it"), reason],
            result: "{v_breaks columns}", isMutating: true
        ) { parameters throws(ControlError) in
            .breakAcknowledge(try parameters.requiredInteger("break_id"), reason: try parameters.requiredText("reason"))
        },
        Method(
            "instrument.list", .viewer, "The markets' rules, as the venues publish them.", fields: [account, symbol] + page,
            result: "{instruments:[{account, symbol, tick, lot, min_quantity, max_quantity, min_notional, tradable}…], next}"
        ) { parameters throws(ControlError) in
            .instrumentList(
                account: parameters.account, symbol: parameters.symbol, after: parameters.integer("after"), limit: parameters.limit)
        },
    ]

    private static let accounts = [
        Method(
            "account.list", .viewer, "Every account and how it stands.",
            result:
                "{accounts:[{account, venue, product, uid, state, ready, reason, last_answer_at, queue:{by lane}, in_flight, requests, "
                + "counts:{state:n}, open, in_doubt, clock_offset_ms, last_reconcile_at, last_error, last_error_at, parked, oldest_doubt_at, breaks}…]}"
        ) { _ throws(ControlError) in .accountList },
        Method(
            "account.set_state", .operator, "Opens or closes trading; durable before the answer.",
            fields: [
                .required("account", .text(.account), "an account, or `*` for all"),
                .required("state", .word(TradingState.allCases.map(\.rawValue)), "halted: only cancels; reducing: only what closes"), reason,
                .optional("cancel_open", .bool, "also withdraw what is unsent and cancel what is live, by id; with halted: account.kill_status"),
                .optional(
                    "everything", .bool,
                    "with cancel_open: also the venue's own cancel-all, which takes others' orders; asked for until it is answered"),
            ],
            result: "{accounts:[{account, state, reason, at}…], cancels}", isMutating: true
        ) { parameters throws(ControlError) in
            let account = try parameters.requiredText("account")
            guard let state = TradingState(rawValue: try parameters.requiredText("state")) else {
                throw .invalidParams("params.state: is missing")
            }
            let (cancelOpen, everything) = (parameters.bool("cancel_open"), parameters.bool("everything"))
            guard cancelOpen || !everything else { throw .invalidParams("params.everything: goes with cancel_open only") }
            guard !cancelOpen || state != .active else { throw .invalidParams("params.cancel_open: goes with halted or reducing only") }
            return .setState(
                account == "*" ? nil : AccountID(account), state, reason: try parameters.requiredText("reason"), cancelOpen: cancelOpen,
                everything: everything)
        },
        Method(
            "account.kill_status", .viewer, "How far the emptying of accounts has come that set_state halted with cancel_open began.",
            fields: [.optional("account", .text(.account), "an account; absent or `*`: all")],
            result:
                "{accounts:[{account, state, confirmed_closed, cancel_taken, live_or_unknown, foreign, listed, cancel_all, cancels_foreign, last_error}…]}"
        ) { parameters throws(ControlError) in
            let account = parameters.account
            return .killStatus(account == "*" ? nil : account)
        },
        Method(
            "account.reconcile", .trader, "Compares the account with its venue now; answers when done.",
            fields: [.required("account", .text(.account), "which account")],
            result: "{venue_open, journal_open, adopted, resolved, complete, error, breaks:[…]}; "
                + "complete:false: error says what could not be compared",
            isMutating: true
        ) { parameters throws(ControlError) in .reconcile(AccountID(try parameters.requiredText("account"))) },
    ]

    private static let limits = [
        Method(
            "limit.list", .viewer, "Every budget and how much of it is taken.",
            result: "{budgets:[{account, venue, budget, scope, owner, permits, window_ms, in_use, share, reserved, next_free_at, busiest_window}…]}"
        ) { _ throws(ControlError) in .limitList },
        Method(
            "limit.take", .trader, "Permits of a budget for another program of this host, journaled before the grant.",
            fields: [
                .required("account", .text(.account), "whose budget"), .required("budget", .text(.budget), "its name, as limit.list says"),
                .required("permits", .integer(1...100_000), "how many"),
                .optional("hold_ms", .integer(1...3_600_000), "after which they count as an unanswered request; default 30000"),
            ],
            result: "{permit_id, granted_at}", isMutating: true
        ) { parameters throws(ControlError) in
            .limitTake(
                AccountID(try parameters.requiredText("account")), budget: try parameters.requiredText("budget"),
                permits: Int(try parameters.requiredInteger("permits")), holdMs: parameters.integer("hold_ms") ?? 30_000)
        },
        Method(
            "limit.release", .trader, "The answer came: the permits are freed one window later.",
            fields: [.required("permit_id", .integer(0...Int64.max), "as limit.take answered")], result: "{permit_id, released}", isMutating: true
        ) { parameters throws(ControlError) in .limitRelease(permitID: try parameters.requiredInteger("permit_id")) },
    ]

    private static let others = [
        Method(
            "event.subscribe", .viewer, "Notifications `event`, gap-free from the journal, then live.",
            fields: [.optional("after_seq", .integer(0...Int64.max), "the last one known; absent: from now on"), account],
            result: "{subscription}, then notifications event {subscription, seq, at, kind, …}"
        ) { parameters throws(ControlError) in .subscribe(afterSeq: parameters.integer("after_seq"), account: parameters.account) },
        Method(
            "event.unsubscribe", .viewer, "Ends a subscription of this connection.",
            fields: [.required("subscription", .integer(0...Int64.max), "as event.subscribe answered")], result: "{subscription}"
        ) { parameters throws(ControlError) in .unsubscribe(subscription: try parameters.requiredInteger("subscription")) },
        Method(
            "stats.get", .viewer, "How requests and fills went over a stretch of time, in equal steps: at most \(StatsQuery.pointsMax) points.",
            fields: [
                account, .required("from", .integer(0...Int64.max), "microseconds since 1970 UTC"),
                .required("to", .integer(0...Int64.max), "the first microsecond that does not count"),
                .required("step_ms", .integer(1_000...86_400_000), "of each point"),
            ],
            result: "{points:[{at, requests, request_p50_us, request_p99_us, fills, fill_p50_us, fill_p99_us, doubts, refusals}…], sampled}: "
                + "requests by when they were signed, of those doubts and refusals (in whole or in part); fills by when they were recorded; "
                + "times are null where nothing was measured; sampled: there was too much to read all of it, and counts are estimates"
        ) { parameters throws(ControlError) in
            let (from, to) = (try parameters.requiredInteger("from"), try parameters.requiredInteger("to"))
            let step = try parameters.requiredInteger("step_ms")
            guard from < to else { throw .invalidParams("params.to: should be behind from") }
            guard let query = StatsQuery(account: parameters.account, from: from, to: to, stepUs: step * 1_000) else {
                throw .invalidParams("params.step_ms: makes more than \(StatsQuery.pointsMax) points")
            }
            return .stats(query)
        },
        Method(
            "daemon.status", .viewer, "Version, uptime, journal position, readiness, a summary of each account.",
            result: "{version, uptime_us, seq, ready, accounts:[…], sqlite_version, …}"
        ) { _ throws(ControlError) in .status },
        Method("rpc.discover", .viewer, "The OpenRPC document of all this.", result: "OpenRPC 1.3 document", command: nil),
    ]
}
