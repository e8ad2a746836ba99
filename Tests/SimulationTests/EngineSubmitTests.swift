import OMSCore
import Simulator
import Testing
import Wire

extension House {
    /// A daemon whose accounts are ready.
    static func ready(_ venue: String, adjust: (inout VirtualDaemon.Options) -> Void = { _ in }) throws -> VirtualDaemon {
        let daemon = try daemon([venue], adjust: adjust)
        try daemon.start()
        let isReady = daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        #expect(isReady, "\(daemon.engine?.snapshot().map(\.lastError) ?? [])")
        return daemon
    }

    /// The answer of a call, as JSON or error code.
    static func hear(_ ticket: OMSCore.Ticket, _ daemon: VirtualDaemon, withinUs limit: Int64 = .seconds(30)) throws -> Result<JSON, ControlError> {
        daemon.run(forUs: limit) { daemon.answers[ticket] != nil }
        return try #require(daemon.answers[ticket])
    }

    static func error(_ ticket: OMSCore.Ticket, _ daemon: VirtualDaemon) throws -> ControlError? {
        if case .failure(let error) = try hear(ticket, daemon) { error } else { nil }
    }

    static func settled(_ daemon: VirtualDaemon, _ id: IntentID, withinUs limit: Int64 = .seconds(120)) -> Bool {
        daemon.run(forUs: limit) { daemon.journal.intent(id)?.settledAt != nil }
    }
}

@Suite struct EngineSubmitTests {
    private static func change(_ intent: Intent, _ body: (inout OrderTerms) -> Void) -> Intent {
        var changed = intent
        body(&changed.place[0].terms)
        return changed
    }

    @Test func `the same intent twice is one, in one turn, later, and after a restart; other content is a conflict`() throws {
        let daemon = try House.ready("xt-spot")
        let intent = try House.intent("xt-spot", orders: 3, id: "twice")
        let tickets = [daemon.submit(intent), daemon.submit(intent)]
        let other = daemon.submit(try House.intent("xt-spot", orders: 4, id: "twice"))
        for ticket in tickets { #expect(try House.error(ticket, daemon) == nil) }
        #expect(try House.error(other, daemon)?.code == 1002)
        #expect(House.settled(daemon, "twice"))
        #expect(try House.error(daemon.submit(intent), daemon) == nil)
        daemon.crash()
        try daemon.start()
        #expect(try House.error(daemon.submit(intent), daemon) == nil)
        #expect(try House.error(daemon.submit(Self.change(intent) { $0.side = .sell }), daemon)?.code == 1002)
        daemon.run(forUs: .seconds(10))
        #expect(daemon.journal.orders.count == 3 && daemon.world.duplicates.isEmpty)
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `an intent that was accepted before an upgrade is the same one after it, and another content is a conflict`() throws {
        let daemon = try House.ready("xt-spot")
        let intent = try House.intent("xt-spot", orders: 2, id: "before")
        // Its row as 0.1.0 wrote it, of which a start of the new one reads the live and the settled alike.
        let bytes = try #require(intent.canonicalBytes(version: 1))
        daemon.journal.onWrite = nil
        let event = JournalEvent(seq: (daemon.journal.events.last?.event.seq ?? 0) + 1, at: 1, kind: .intentAccepted)
        let row = IntentRow(
            key: IntentKey(event.seq), id: "before", account: intent.account, content: IntentContent(version: 1, digest: Digest256(sha256(bytes))),
            orders: 0, commands: 0, sequence: .cancelFirst, plannedRequests: 0, acceptedAt: 1, expiresAt: nil)
        daemon.crash()
        try daemon.journal.commit([.intent(row, event), .intentComplete(row.key)], at: daemon.now.wall)
        try daemon.start()

        #expect(try House.error(daemon.submit(intent), daemon) == nil)
        #expect(daemon.journal.orders.isEmpty, "it was answered, not accepted again")
        #expect(try House.error(daemon.submit(Self.change(intent) { $0.side = .sell }), daemon)?.code == 1002)
        #expect(try House.error(daemon.submit(try House.intent("xt-spot", orders: 3, id: "before")), daemon)?.code == 1002)
    }

    @Test func `a dry run journals nothing and leaves the id free`() throws {
        let daemon = try House.ready("xt-spot")
        var intent = try House.intent("xt-spot", orders: 250, id: "dry")
        intent.dryRun = true
        let (events, orders) = (daemon.journal.events.count, daemon.journal.orders.count)
        let plan = try House.hear(daemon.submit(intent), daemon, withinUs: 1).get()
        #expect(daemon.journal.events.count == events && daemon.journal.orders.count == orders && orders == 0)
        #expect(!plan.isNull)
        intent.dryRun = false
        #expect(try House.error(daemon.submit(intent), daemon) == nil)
    }

    private static let wrongs: [(field: String, change: @Sendable (inout OrderTerms) -> Void)] = [
        ("symbol", { $0.symbol = "no_such" }), ("price", { $0.price = Decimal("39000.000000000000000001") }), ("price", { $0.price = Decimal(-1) }),
        ("price", { $0.price = .zero }), ("quantity", { $0.quantity = Decimal("0.010000000000000001") }), ("quantity", { $0.quantity = .zero }),
        ("quantity", { $0.quantity = Decimal(-1) }), ("quantity", { ($0.price, $0.quantity) = (Decimal("170000000000000000000"), Decimal(1_000)) }),
    ]

    @Test func `one wrong field refuses the whole intent, names item and field, and leaves no trace`() throws {
        let daemon = try House.ready("xt-spot")
        for (field, change) in Self.wrongs {
            var intent = try House.intent("xt-spot", orders: 3, id: "wrong")
            change(&intent.place[1].terms)
            let events = daemon.journal.events.count
            let error = try House.error(daemon.submit(intent), daemon)
            #expect(error?.code == 1003 && error?.details.first?.index == 1 && error?.details.first?.field == field, "\(field): \(error as Any)")
            #expect(daemon.journal.intent("wrong") == nil && daemon.journal.orders.isEmpty && daemon.journal.events.count >= events)
        }
    }

    @Test func `a sliced order becomes children at most one lot apart whose sum is exact, or is refused`() throws {
        let daemon = try House.ready("xt-spot")
        var intent = try House.intent("xt-spot", orders: 1, id: "slices")
        intent.place[0].terms.quantity = Decimal("1")
        intent.place[0].sliceQuantity = Decimal("0.3")
        #expect(try House.error(daemon.submit(intent), daemon) == nil)
        let sizes: [Decimal] = daemon.journal.orders.values.sorted { $0.key < $1.key }.compactMap(\.terms.quantity)
        var sum = Decimal.zero
        for size in sizes { sum = sum.adding(size) ?? sum }
        #expect(sizes.count == 4 && sum == Decimal.one, "\(sizes)")
        let (least, most) = (sizes.min() ?? .zero, sizes.max() ?? .zero)
        let (lot, slice) = (Decimal("0.01") ?? .zero, Decimal("0.3") ?? .zero)
        #expect((most.subtracting(least) ?? .one) <= lot)
        #expect(most <= slice)

        let spoils: [@Sendable (inout PlaceItem) -> Void] = [
            { $0.clientOrderID = "abcdef12" }, { $0.sliceQuantity = .zero }, { $0.sliceQuantity = Decimal(-1) },
            { $0.sliceQuantity = Decimal(units: 1) },
        ]
        for (number, spoil) in spoils.enumerated() {
            var bad = intent
            bad.id = IntentID("bad-\(number)")
            spoil(&bad.place[0])
            let error = try House.error(daemon.submit(bad), daemon)
            #expect(error?.code == 1003 && error?.details.first?.field == "slice_quantity", "\(number): \(error as Any)")
        }
    }

    @Test func `a crash amid the slices of a large intent leaves nothing of it, and nothing of it was sent`() throws {
        let daemon = try House.ready("xt-spot") { $0.sliceRows = 50 }
        daemon.submit(try House.intent("xt-spot", orders: 1_000, id: "large"))
        daemon.run(forUs: .seconds(5)) { daemon.journal.orders.count >= 200 }
        #expect(daemon.journal.orders.count < 1_000)
        #expect(daemon.world.ledger.requests.allSatisfy { $0.kind != .place })
        daemon.crash()
        try daemon.start()
        daemon.run(forUs: .seconds(10))
        #expect(daemon.journal.orders.isEmpty && daemon.journal.intent("large") == nil)
        #expect(daemon.world.ledger.requests.allSatisfy { $0.kind != .place })
    }

    @Test(arguments: [false, true]) func `a kill while an intent is being written withdraws all of it, whatever crashes then`(crashes: Bool) throws {
        let daemon = try House.ready("xt-spot") { $0.sliceRows = 50 }
        daemon.submit(try House.intent("xt-spot", orders: 1_000, id: "large"))
        daemon.run(forUs: .seconds(5)) { daemon.journal.orders.count >= 200 }
        let kill = ControlCommand.setState("xt-spot", .halted, reason: "kill", cancelOpen: true, everything: false)
        let other = OMSCore.Ticket(connection: 2, call: 1)
        daemon.step(.command(kill, from: .peer(uid: 0, pid: 2), ticket: other))
        daemon.run(forUs: 10)
        #expect(daemon.journal.commands.isEmpty || daemon.journal.orders.count == 1_000, "no command of an order that a crash would discard")
        if crashes {
            daemon.crash()
            try daemon.start()
        }
        daemon.run(forUs: .seconds(10))
        _ = try House.hear(daemon.command(.setState("xt-spot", .active, reason: "on", cancelOpen: false, everything: false)), daemon)
        daemon.run(forUs: .seconds(10))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled && $0.attempts == 0 })
        #expect(daemon.world.ledger.requests.allSatisfy { $0.kind != .place })
    }

    @Test func `halted takes cancels only, reducing what reduces, and both outlive a restart`() throws {
        let daemon = try House.ready("az-futures")
        #expect(try House.error(daemon.submit(try House.intent("az-futures", orders: 1, id: "before")), daemon) == nil)
        daemon.run(forUs: .seconds(2))
        _ = try House.hear(daemon.command(.setState("az-futures", .halted, reason: "test", cancelOpen: false, everything: false)), daemon)
        daemon.crash()
        try daemon.start()
        daemon.run(forUs: .seconds(10))
        #expect(try House.error(daemon.submit(try House.intent("az-futures", orders: 1, id: "halted")), daemon)?.code == 1004)
        var cancel = Intent(account: "az-futures", id: "cancel")
        cancel.cancel = [.matching(symbol: nil, side: nil)]
        #expect(try House.error(daemon.submit(cancel), daemon) == nil)
        #expect(House.settled(daemon, "cancel"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled })

        _ = try House.hear(daemon.command(.setState("az-futures", .reducing, reason: "test", cancelOpen: false, everything: false)), daemon)
        let opening = try House.intent("az-futures", orders: 1, id: "opening")
        #expect(try House.error(daemon.submit(opening), daemon)?.code == 1004)
        var closing = Self.change(opening) { $0.side = .sell }
        closing.id = "closing"
        #expect(try House.error(daemon.submit(closing), daemon) == nil)
    }

    @Test func `the owner's bounds refuse: notional, open orders, symbols, and a full queue`() throws {
        let daemon = try House.ready("xt-spot") {
            $0.setups[0].risk.maxOrderNotional = Decimal(500)
            $0.setups[0].risk.maxOpenOrders = 5
            $0.setups[0].queueMaxOrders = 4
        }
        let fine = try House.intent("xt-spot", orders: 1, id: "fine")
        #expect(try House.error(daemon.submit(fine), daemon) == nil)
        let dear = daemon.submit(Self.change(try House.intent("xt-spot", orders: 1, id: "dear")) { $0.quantity = Decimal("0.02") })
        #expect(try House.error(dear, daemon)?.reason == "RISK_MAX_ORDER_NOTIONAL")
        #expect(try House.error(daemon.submit(try House.intent("xt-spot", orders: 5, id: "many")), daemon)?.reason == "RISK_MAX_OPEN_ORDERS")
        let strict = try House.ready("xt-spot") {
            $0.setups[0].risk.symbols = ["eth_usdt"]
            $0.setups[0].queueMaxOrders = 4
        }
        #expect(try House.error(strict.submit(fine), strict)?.reason == "RISK_SYMBOLS")
        let narrow = try House.ready("xt-spot") { $0.setups[0].queueMaxOrders = 4 }
        #expect(try House.error(narrow.submit(try House.intent("xt-spot", orders: 5, id: "five")), narrow)?.code == 1008)
        #expect(narrow.journal.orders.isEmpty)
    }

    @Test func `an order of an unknown id refuses the intent, a closed one's cancel is done without a request`() throws {
        let daemon = try House.ready("xt-spot")
        var intent = Intent(account: "xt-spot", id: "unknown")
        intent.cancel = [.order("never1")]
        #expect(try House.error(daemon.submit(intent), daemon)?.code == 1007)
        #expect(try House.error(daemon.submit(try House.intent("xt-spot", orders: 1, id: "one")), daemon) == nil)
        #expect(House.settled(daemon, "one"))
        let order = try #require(daemon.journal.orders.values.first)
        intent.cancel = [.order(order.clientOrderID)]
        intent.id = "first"
        #expect(try House.error(daemon.submit(intent), daemon) == nil)
        #expect(House.settled(daemon, "first"))
        let requests = daemon.world.ledger.requests.count { $0.kind == .cancel }
        intent.id = "second"
        #expect(try House.error(daemon.submit(intent), daemon) == nil)
        #expect(House.settled(daemon, "second"))
        let last = try #require(daemon.journal.commands.values.max { $0.id < $1.id })
        #expect(last.state == .done && last.evidence == .local && last.attempts == 0)
        #expect(daemon.world.ledger.requests.count { $0.kind == .cancel } == requests && requests == 1)
    }
}
