import OMSCore
import TestSupport
import Testing
import Wire

@testable import Store

@Suite struct `What is committed comes back` {
    @Test func `an order with every field set is read back as it was written`() throws {
        let sample = try Sample()
        let (row, accepted) = sample.intent("full", orders: 1, expiresAt: 1_795_183_999_000_000)
        var order = sample.order(row) {
            $0.postOnly = true
            $0.reduceOnly = true
            $0.quoteQuantity = Decimal("12345678901234567890.123456789012345678")
            $0.positionSide = .long
            $0.marginAction = .autoBorrowRepay
            $0.stp = .cancelBoth
            $0.takeProfit = Decimal("0.000000000000000001")
            $0.stopLoss = Decimal("-0.1")
        }
        try sample.open.commit([accepted, .orderBorn(order, actor: .peer(uid: 1000, pid: 42)), .intentComplete(row.key)])
        #expect(described(try sample.open.load().orders.first) == described(order))

        let request = sample.request()
        try sample.open.commit([.request(request), sample.submit(&order, in: request, predicted: "a16eaaaa")])
        #expect(described(try sample.open.load().orders.first) == described(order))

        _ = try { () throws in try sample.open.commit([sample.acknowledge(&order)]) }()
        #expect(described(try sample.open.load().orders.first) == described(order))

        let event = sample.event(.reported) {
            $0.evidence = .query
            $0.note = "a \"word\"\nof the venue"
        }
        order.state = .partiallyFilled
        order.evidence = .query
        order.venueState = "PARTIALLY_FILLED"
        order.price = Decimal("39001")
        order.quantity = Decimal("0.002")
        order.filledQuantity = try Decimal("0.000000000000000001").get()
        order.averagePrice = Decimal("39000.123456789")
        order.parkedAt = sample.now
        try sample.open.commit([
            .orderChanged(
                order, from: .acknowledged, fields: [.venueState, .price, .quantity, .filledQuantity, .averagePrice, .parkedAt], event)
        ])
        #expect(described(try sample.reopen().load().orders.first) == described(order))
        #expect(described(try sample.open.order(order.clientOrderID)) == described(order))
        #expect(described(try sample.open.order(account: Sample.az, venueOrderID: try order.venueOrderID.get())) == described(order))
        #expect(described(try sample.open.order(account: Sample.az, venueOrderID: "a16eaaaa")) == described(order))
        #expect(try sample.open.order(account: "asc", venueOrderID: try order.venueOrderID.get()) == nil)

        let closed = sample.event(.rejected) { $0.evidence = .query }
        order.state = .rejected
        order.rejectCode = "4003"
        order.rejectText = "zu wenig Geld ✗"
        order.closedAt = closed.at
        try sample.open.commit([
            .orderChanged(order, from: .partiallyFilled, fields: [.reject], closed), .unlisted(order.key, true),
            .intentSettled(order.intent, at: closed.at, sample.event(.intentSettled)),
        ])
        #expect(try sample.open.load().orders.isEmpty)
        #expect(described(try sample.reopen().load().unlisted.first) == described(order))
        try sample.open.commit([.unlisted(order.key, false)])
        #expect(try sample.open.load().unlisted.isEmpty)
        #expect(described(try sample.open.order(order.clientOrderID)) == described(order))
        sample.close()
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `what bars an order from being sent again, and how often it was absent, outlives the process and is in the record`() throws {
        let sample = try Sample()
        let (row, accepted) = sample.intent("barred", orders: 1)
        var order = sample.order(row)
        let request = sample.request()
        var records = [accepted, .orderBorn(order, actor: .daemon), .intentComplete(row.key), .request(request)]
        records.append(sample.submit(&order, in: request))
        let doubt = sample.event(.inDoubt) {
            $0.request = request.id
            $0.evidence = .inferred
        }
        (order.state, order.evidence, order.bars) = (.inDoubt, .inferred, [.duplicate, .refusal])
        (order.rejectCode, order.rejectText) = ("40774", "odd")
        records.append(.orderChanged(order, from: .submitted, fields: [.bars, .reject], doubt))
        records.append(.formulaBroken(Sample.az, true, sample.event(.note)))
        try sample.open.commit(records)
        #expect(described(try sample.reopen().load().orders.first) == described(order))
        #expect(try sample.open.load().formulaBroken == [Sample.az])

        let lifted = sample.event(.barred) { $0.request = request.id }
        (order.bars, order.absences) = ([.refusal], 2)
        try sample.open.commit([
            .orderChanged(order, from: .inDoubt, fields: [.bars, .absences], lifted), .formulaBroken(Sample.az, false, sample.event(.note)),
        ])
        #expect(described(try sample.reopen().load().orders.first) == described(order))
        #expect(try sample.open.load().formulaBroken.isEmpty)
        sample.close()
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
        try sample.tamper("UPDATE orders SET barred_by = NULL")
        #expect(try JournalVerifier.verify(path: sample.path).problems.contains { $0.contains("barred_by is NULL, the record says refusal") })
        #expect(Bars(text: "duplicate,nonsense") == nil && Bars(text: "") == nil)
        #expect(Bars(text: "key,identity") == [.key, .identity] && Bars([.identity, .key]).text == "key,identity")
    }

    @Test func `what a kill is about, and how far look-ups lag, is read as it was written, with what ended since`() throws {
        let sample = try Sample()
        try sample.place("before", count: 2)
        let begun = sample.seq
        let kill = KillRow(account: Sample.az, since: begun, cancelAll: .unanswered)
        try sample.open.commit([
            .kill(kill, sample.event(.note) { $0.note = "is being emptied" }), .lookupLag(Sample.az, 12_000_000, sample.event(.note)),
        ])
        var order = try sample.place("since", count: 2)[0]
        let from = order.state
        let end = sample.event(.closed) { $0.evidence = .query }
        (order.state, order.evidence, order.closedAt) = (.canceled, .query, end.at)
        try sample.open.commit([.orderChanged(order, from: from, fields: [], end)])
        var known = kill
        known.closed = 1
        var state = try sample.reopen().load()
        #expect(state.kills == [known] && state.lookupLags == [Sample.az: 12_000_000])
        let problems = try JournalVerifier.verify(path: sample.path).problems
        #expect(problems == [])

        try sample.open.commit([.kill(KillRow(account: Sample.az, since: nil, cancelAll: .confirmed), sample.event(.note))])
        state = try sample.reopen().load()
        #expect(state.kills == [KillRow(account: Sample.az, since: nil, cancelAll: .confirmed)])
        try sample.open.commit([.kill(KillRow(account: Sample.az, since: nil, cancelAll: .notAsked), sample.event(.note))])
        #expect(try sample.open.load().kills.isEmpty)
    }

    @Test func `a closed order that the venue contradicts is live again`() throws {
        let sample = try Sample()
        var order = try sample.place("one")[0]
        let closed = sample.event(.closed) { $0.evidence = .inferred }
        (order.state, order.evidence, order.closedAt) = (.abandoned, .inferred, closed.at)
        try sample.open.commit([.orderChanged(order, from: .acknowledged, fields: [], closed)])
        let found = sample.event(.reported) { $0.evidence = .query }
        (order.state, order.evidence, order.closedAt, order.venueState) = (.working, .query, nil, "NEW")
        try sample.open.commit([.orderChanged(order, from: .abandoned, fields: .venueState, found)])
        #expect(described(try sample.open.load().orders.first) == described(order))
        let filled = sample.event(.filled) { $0.evidence = .query }
        (order.state, order.closedAt, order.filledQuantity) = (.filled, filled.at - 5, try order.quantity.get())
        try sample.open.commit([
            .orderChanged(order, from: .working, fields: .filledQuantity, filled),
            .intentSettled(order.intent, at: filled.at, sample.event(.intentSettled)),
        ])
        #expect(described(try sample.open.order(order.clientOrderID)) == described(order))
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `an order that was surely not executed goes back to the queue and out again`() throws {
        let sample = try Sample()
        let (row, accepted) = sample.intent("again", orders: 1)
        var order = sample.order(row)
        let first = sample.request()
        var records = [accepted, .orderBorn(order, actor: .daemon), .intentComplete(row.key), .request(first)]
        records.append(sample.submit(&order, in: first))
        let back = sample.event(.requeued) { $0.evidence = .response }
        (order.state, order.attempts, order.evidence) = (.intended, 0, .response)
        records.append(.orderChanged(order, from: .submitted, fields: .attempts, back))
        let second = sample.request()
        records.append(.request(second))
        records.append(sample.submit(&order, in: second, predicted: "p1"))
        let doubt = sample.event(.inDoubt) { $0.evidence = .local }
        order.state = .inDoubt
        records.append(.orderChanged(order, from: .submitted, fields: [], doubt))
        let third = sample.request()
        records.append(.request(third))
        records.append(sample.submit(&order, in: third, predicted: "p2"))
        try sample.open.commit(records)
        #expect(order.attempts == 2)
        #expect(described(try sample.open.load().orders.first) == described(order))
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `commands come back while they are open and are folded when they close`() throws {
        let sample = try Sample()
        let order = try sample.place("one")[0]
        let birth = sample.event(.commandRequested)
        var cancel = OrderCommand(
            id: CommandID(birth.seq), kind: .modify, order: order.key, clientOrderID: order.clientOrderID, account: Sample.az, intent: nil,
            price: Decimal("1.5"), quantity: Decimal("7"), onFailure: .cancel, requestedAt: birth.at, sequence: .placeFirst, expiresAt: 99)
        try sample.open.commit([.commandBorn(cancel, birth)])
        #expect(described(try sample.open.load().commands.first) == described(cancel))
        let request = sample.request()
        let sent = sample.event(.commandChanged) { $0.request = request.id }
        (cancel.state, cancel.attempts, cancel.request) = (.submitted, 1, request.id)
        try sample.open.commit([.request(request), .commandChanged(cancel, from: .requested, sent)])
        #expect(described(try sample.open.load().commands.first) == described(cancel))
        let refused = sample.event(.commandChanged) { $0.evidence = .response }
        (cancel.state, cancel.evidence, cancel.rejectCode, cancel.rejectText, cancel.closedAt) = (.refused, .response, "11", "no", refused.at)
        try sample.open.commit([.commandChanged(cancel, from: .submitted, refused)])
        #expect(try sample.open.load().commands.isEmpty)
        let settled = sample.event(.commandRequested)
        var second = OrderCommand(
            id: CommandID(settled.seq), kind: .cancel, order: order.key, clientOrderID: order.clientOrderID, account: Sample.az, intent: nil,
            requestedAt: settled.at)
        (second.state, second.closedAt) = (.done, settled.at)
        try sample.open.commit([.commandBorn(second, settled)])
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
        let reader = try SQLiteJournalReader(path: sample.path)
        let timeline = try JSONParser.parse(try reader.answer(.timeline(order.clientOrderID, waitsFor: nil)).get())
        #expect(timeline["commands"]?.array?.map { $0["state"]?.string } == ["refused", "done"])
        #expect(timeline["commands"]?.array?.first?["reject_text"] == .string("no"))
    }

    @Test func `everything else that a start needs comes back too`() throws {
        let sample = try Sample()
        let tag = try sample.open.load().idTag
        #expect(tag.utf8.count == 4)
        let budget = BudgetRow(id: 1, venue: "az-futures", owner: "f00d", name: "batch-place", scope: .apikey, permits: 200, windowMs: 1_000)
        let held = PermitRow(budget: 1, slot: 0, request: 17, takenAt: 5, releasedAt: nil, isUnanswered: false)
        let freed = PermitRow(budget: 1, slot: 1, count: 80, request: nil, takenAt: 5, releasedAt: 9, isUnanswered: true)
        let halt = TradingStateRow(account: Sample.az, state: .halted, reason: "lunch", actor: .peer(uid: 0, pid: 1), at: 77)
        let halted = sample.event(.tradingState)
        let found = sample.event(.breakFound)
        let row = Break(
            id: found.seq, account: Sample.az, kind: .externalOrder, clientOrderID: nil, venueOrderID: "v9", detail: "not ours", at: found.at)
        let (intent, accepted) = sample.intent("rebalance-7", orders: 1)
        let order = sample.order(intent)
        try sample.open.commit([
            .budget(budget), .permit(held), .permit(freed), .tradingState(halt, halted), .breakFound(row, found), accepted,
            .orderBorn(order, actor: .daemon), .intentComplete(intent.key), .idHighWater(4_096), .boot(id: "boot-1"),
            .note(account: nil, nil, sample.event(.note) { $0.note = "hello" }),
        ])
        for state in [try sample.open.load(), try sample.reopen().load()] {
            #expect(state.budgets == [budget])
            #expect(state.permits == [held, freed])
            #expect(state.tradingStates.map(\.reason) == ["lunch"] && state.tradingStates.map(\.actor) == [.peer(uid: 0, pid: 1)])
            #expect(state.openBreaks.map(\.venueOrderID) == ["v9"])
            #expect(state.intents.map(\.id) == ["rebalance-7"] && state.intents.map(\.content.digest.bytes.first) == [7])
            #expect(state.idHighWater == 4_096 && state.bootID == "boot-1" && state.idTag == tag && state.seq == sample.seq)
            #expect(state.requestMax >= 17)
        }
        var expired = order
        let late = sample.event(.closed) { $0.evidence = .local }
        (expired.state, expired.closedAt) = (.expired, late.at)
        try sample.open.commit([
            .orderChanged(expired, from: .intended, fields: [], late), .breakResolved(id: row.id, at: sample.now, sample.event(.breakResolved)),
            .intentSettled(intent.key, at: sample.now, sample.event(.intentSettled)),
            .permit(PermitRow(budget: 1, slot: 0, request: nil, takenAt: 5, releasedAt: 50, isUnanswered: false)),
        ])
        let state = try sample.open.load()
        #expect(state.openBreaks.isEmpty && state.intents.isEmpty && state.permits[0].releasedAt == 50)
        #expect(try sample.open.intent("rebalance-7")?.settledAt != nil)
        #expect(try sample.open.intent("unknown") == nil)
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test(arguments: [false, true]) func `a break that a person took note of keeps who did and why, and is open no more`(isOver: Bool) throws {
        let sample = try Sample()
        let orders = try sample.place("one")
        let found = sample.event(.breakFound)
        let broken = Break(
            id: found.seq, account: Sample.az, kind: isOver ? .abandoned : .loop, clientOrderID: orders[0].clientOrderID, venueOrderID: nil,
            detail: "round and round", at: found.at)
        try sample.open.commit([.breakFound(broken, found)])
        let reader = try SQLiteJournalReader(path: sample.path)
        func list(_ change: (inout OrderFilter) -> Void) throws -> [JSON] {
            var filter = OrderFilter()
            change(&filter)
            return try JSONParser.parse(try reader.answer(.breaks(filter)).get())["breaks"]?.array ?? []
        }
        #expect(try list { $0.isOpen = true }.count == 1)
        #expect(try list { $0.breakKinds = [broken.kind] }.count == 1)
        #expect(try list { $0.breakKinds = [.externalOrder] }.isEmpty)

        let event = sample.event(.breakAcknowledged) { $0.actor = .peer(uid: 7, pid: 8) }
        try sample.open.commit([.breakAcknowledged(id: broken.id, at: event.at, reason: "seen", isOver: isOver, event)])

        #expect(try list { $0.isOpen = true }.isEmpty)
        let row = try #require(try list { $0.isOpen = false }.first)
        #expect(row["acknowledged_at"]?.integer == event.at && row["acknowledged_by"]?.string == "uid:7 pid:8" && row["reason"]?.string == "seen")
        #expect(row["resolved_at"]?.integer == (isOver ? event.at : nil))
        #expect(try JSONParser.parse(try reader.answer(.oneBreak(broken.id)).get()) == row)
        #expect(try reader.answer(.oneBreak(4_711)) == nil)
        #expect(try sample.reopen().load().openBreaks.map(\.acknowledgedAt) == (isOver ? [] : [event.at]))
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `fills are a set keyed by the venue's trade id`() throws {
        let sample = try Sample()
        let order = try sample.place("one")[0]
        let fill = Fill(
            tradeID: "t1", venueOrderID: "v1", quantity: .one, price: try Decimal("0.3").get(), fee: Decimal("-0.0001"), feeAsset: "USDT", at: 5)
        func record() -> JournalRecord { .fill(order.key, Sample.az, order.clientOrderID, fill, sample.event(.filled)) }
        try sample.open.commit([record(), record()])
        #expect(try sample.open.fills(of: order.key) == [fill])
        let reader = try SQLiteJournalReader(path: sample.path)
        let fills = try JSONParser.parse(try reader.answer(.fills(OrderFilter())).get())
        #expect(fills["fills"]?.array?.count == 1 && fills["fills"]?.array?.first?["fee"] == .string("-0.0001"))
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
    }

    @Test func `symbols ever used are known by account`() throws {
        let sample = try Sample()
        let (row, accepted) = sample.intent("two", orders: 2)
        let orders = [sample.order(row), sample.order(row) { $0.symbol = "eth_usdt" }]
        try sample.open.commit([accepted] + orders.map { .orderBorn($0, actor: .daemon) } + [.intentComplete(row.key)])
        #expect(try sample.reopen().load().symbols == [Sample.az: ["btc_usdt", "eth_usdt"]])
    }
}

@Suite struct `Intents written in slices` {
    @Test func `nobody sees a half-written intent and a crash discards it`() throws {
        let sample = try Sample()
        let whole = try sample.place("whole")[0]
        let (row, accepted) = sample.intent("half", orders: 3)
        let order = sample.order(row)
        let birth = sample.event(.commandRequested)
        let cancel = OrderCommand(
            id: CommandID(birth.seq), kind: .cancel, order: whole.key, clientOrderID: whole.clientOrderID, account: Sample.az, intent: row.key,
            requestedAt: birth.at)
        let reader = try SQLiteJournalReader(path: sample.path)
        let timeline = try reader.answer(.timeline(whole.clientOrderID, waitsFor: nil))
        let last = sample.seq
        try sample.open.commit([accepted, .orderBorn(order, actor: .daemon), .commandBorn(cancel, birth)])
        try sample.open.commit([.note(account: nil, nil, sample.event(.note))])
        // Its order ended while the rest of the intent was being written.
        var done = cancel
        let end = sample.event(.commandChanged) { $0.evidence = .query }
        (done.state, done.evidence, done.closedAt) = (.done, .query, end.at)
        try sample.open.commit([.commandChanged(done, from: .requested, end)])
        #expect(try reader.answer(.intent("half", timedOut: nil)) == nil)
        #expect(
            try reader.answer(
                .order(
                    {
                        var filter = OrderFilter(); filter.clientOrderID = order.clientOrderID; return filter
                    }())) == nil)
        #expect(try reader.answer(.timeline(whole.clientOrderID, waitsFor: nil)) == timeline)
        // Not even what came after it: a subscriber that saw it would miss what appears later.
        let events = try reader.events(after: 0, of: .all, limit: 1_000)
        #expect(events.lines.map(\.seq).max() == last - 3)
        // Nor does its position pass over them, as it did once: what is told later lies behind it.
        #expect(events.completeTo == last - 3 && events.isLast)
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])

        let state = try sample.reopen().load()
        #expect(state.seq == last + 3 && !state.orders.contains { $0.clientOrderID == order.clientOrderID } && state.commands.isEmpty)
        #expect(try !sample.open.isUsed(order.clientOrderID))
        #expect(try JournalVerifier.verify(path: sample.path).problems == [])
        // Its id is free again, and it can be written in full.
        let (again, second) = sample.intent("half", orders: 0)
        try sample.open.commit([second, .intentComplete(again.key)])
        let all = try told(reader.events(after: 0, of: .all, limit: 1_000))
        #expect(all.last?["kind"] == .string("intent") && all.last?["to_state"] == .string("open") && all.last?["intent_id"] == .string("half"))
        #expect(all.contains { $0["kind"] == .string("intent") && $0["to_state"] == .string("discarded") })
    }

    @Test func `an intent completed in a later turn becomes visible with all its orders`() throws {
        let sample = try Sample()
        let (row, accepted) = sample.intent("big", orders: 2)
        try sample.open.commit([accepted, .orderBorn(sample.order(row), actor: .daemon)])
        try sample.open.commit([.orderBorn(sample.order(row, item: 1), actor: .daemon), .intentComplete(row.key)])
        let reader = try SQLiteJournalReader(path: sample.path)
        let answer = try JSONParser.parse(try reader.answer(.intent("big", timedOut: true)).get())
        #expect(answer["counts"]?["intended"]?.integer == 2 && answer["timed_out"] == .bool(true))
        #expect(try sample.reopen().load().orders.count == 2)
    }
}
