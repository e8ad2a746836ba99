import OMSCore
import Simulator
import Testing
import Wire

/// What the venue lists, what it does not, and whose it is.
@Suite struct `Listings` {
    private static func external(_ daemon: VirtualDaemon, id: String, venue: String = "xt-spot") throws -> SimOrder {
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        let account = try #require(daemon.world.accounts(of: venue).first)
        let sample = try House.sample(venue)
        let market = sample.markets[0]
        var ticket = Simulator.Ticket(symbol: market.symbol.text, side: .buy, quantity: market.quantity, clientID: id, product: sample.product)
        ticket.price = market.price
        return exchange.placeExternally(ticket, uid: account.uid, at: daemon.world.now)
    }

    private static func lookups(_ fault: Fault, at endpoint: String, count: Int? = nil) -> FaultRule {
        var rule = FaultRule(fault)
        (rule.endpoint, rule.count) = (endpoint, count)
        return rule
    }

    @Test func `orders of an account that got another name are ours: a break, and not cancelled for being external`() throws {
        let daemon = try House.daemon(["xt-spot"]) { options in
            let setup = options.setups[0]
            var renamed = AccountSetup(id: "renamed", uid: setup.uid, keyFingerprint: setup.keyFingerprint, rules: setup.rules)
            (renamed.freshnessMs, renamed.reconcileIntervalMs, renamed.cancelsExternalOrders) = (3_000, 2_000, true)
            options.setups.append(renamed)
        }
        daemon.configured = ["xt-spot"]
        try daemon.start()
        daemon.submit(try House.intent("xt-spot", orders: 3, id: "ours"))
        #expect(House.settled(daemon, "ours"))
        daemon.crash()
        daemon.configured = ["renamed"]
        try daemon.start()
        let stranger = try Self.external(daemon, id: "other1")
        daemon.run(forUs: .seconds(60))
        #expect(daemon.journal.breaks.values.map(\.kind) == [.identity, .identity, .identity])
        #expect(Set(daemon.journal.breaks.values.compactMap(\.clientOrderID)) == Set(daemon.journal.orders.values.map(\.clientOrderID)))
        let live = try #require(daemon.world.venue(named: "xt-spot")?.exchange.orders.filter({ $0.state.isLive }))
        #expect(live.count == 3 && !stranger.state.isLive)
        // Under its own name again: all as before, and the breaks are over.
        daemon.crash()
        daemon.configured = ["xt-spot"]
        try daemon.start()
        daemon.run(forUs: .seconds(20))
        #expect(daemon.journal.orders.values.allSatisfy({ $0.state.isLive }) && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a listing that mixes the products of a uid cancels nothing of ours, and says so once`() throws {
        let daemon = try House.daemon(["bitget-uta"]) { options in
            let setup = options.setups[0]
            // The same market under two names: what one listing of both products looks like from either.
            var other = AccountSetup(id: "other-product", uid: setup.uid, keyFingerprint: setup.keyFingerprint, rules: setup.rules)
            (other.freshnessMs, other.reconcileIntervalMs, other.cancelsExternalOrders) = (3_000, 2_000, true)
            options.setups.append(other)
        }
        try daemon.start()
        daemon.submit(try House.intent("bitget-uta", orders: 30, id: "ours"))
        #expect(House.settled(daemon, "ours"))
        daemon.run(forUs: .seconds(60))
        #expect(daemon.journal.orders.values.allSatisfy({ $0.state.isLive }))
        let breaks = daemon.journal.breaks.values
        #expect(breaks.map(\.kind) == [.identity] && breaks.first?.account == "other-product", "\(breaks)")
        daemon.crash()
        try daemon.start()
        daemon.run(forUs: .seconds(60))
        #expect(daemon.journal.breaks.count == 1)
    }

    @Test func `a stranger's row that cannot be read is a break of its own, and the rest of the page counts`() throws {
        let daemon = try House.ready("bitget-uta")
        daemon.submit(try House.intent("bitget-uta", orders: 2, id: "ours"))
        #expect(House.settled(daemon, "ours"))
        let stranger = try Self.external(daemon, id: "other1", venue: "bitget-uta")
        daemon.world.setFaults([Self.lookups(.oddNumber(.init(.text, field: "qty", rows: .strangers)), at: "unfilled-orders")])
        let answer = try House.hear(daemon.command(.reconcile("bitget-uta")), daemon).get()
        #expect(answer["complete"] == .bool(true) && answer["breaks"]?.array?.compactMap { $0["kind"]?.string } == ["unreadable"], "\(answer)")
        #expect(daemon.engine?.snapshot().allSatisfy({ $0.isReady }) ?? false)
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .working })
        daemon.world.venue(named: "bitget-uta")?.exchange.cancel(stranger, at: daemon.world.now)
        daemon.run(forUs: .seconds(10))
        #expect(daemon.journal.breaks.isEmpty)
    }

    @Test func `what cannot be listed is looked up order by order, and after three times the account is not ready, with a break`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.submit(try House.intent("xt-spot", orders: 5, id: "ours"))
        #expect(House.settled(daemon, "ours"))
        daemon.world.setFaults([Self.lookups(.garbage(isHTTP: true), at: "open-order")])
        let start = daemon.time
        let answer = try House.hear(daemon.command(.reconcile("xt-spot")), daemon, withinUs: .seconds(60)).get()
        #expect(daemon.time - start < .seconds(40))
        daemon.run(forUs: .seconds(20))
        #expect(answer["complete"] == .bool(false) && answer["error"]?.string?.isEmpty == false, "\(answer)")
        #expect(answer["journal_open"]?.integer == 5)
        let account = try #require(daemon.engine?.snapshot().first)
        #expect(!account.isReady && account.reason?.contains("reconciliations in a row failed") ?? false, "\(account)")
        #expect(daemon.journal.breaks.values.map(\.kind) == [.unreadable])
        // Their fate is known all the same, and they can be cancelled.
        let exchange = try #require(daemon.world.venue(named: "xt-spot")?.exchange)
        for order in exchange.orders.prefix(2) { exchange.fill(order, at: daemon.world.now) }
        daemon.run(forUs: .seconds(100))
        #expect(daemon.journal.orders.values.count { $0.state == .filled } == 2)
        daemon.world.setFaults([])
        daemon.run(forUs: .seconds(60))
        #expect(daemon.engine?.snapshot().first?.isReady == true && daemon.journal.breaks.isEmpty)
        #expect(daemon.engine?.snapshot().first?.lastError == nil)
    }

    @Test func `a listing that is larger than any answer may be is no end of anything: its orders are looked up one by one`() throws {
        let venue = "xt-spot"
        let daemon = try House.ready(venue)
        daemon.submit(try House.intent(venue, orders: 5, id: "ours"))
        #expect(House.settled(daemon, "ours"))
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        daemon.world.setFaults([Self.lookups(.giantAnswer(bytes: 5_000_000), at: "open-order")])
        for order in exchange.orders.prefix(2) { exchange.fill(order, at: daemon.world.now) }
        #expect(daemon.run(forUs: .seconds(150)) { daemon.journal.orders.values.count { $0.state == .filled } == 2 })
        let account = try #require(daemon.engine?.snapshot().first)
        #expect(!account.isReady && account.reason?.contains("beyond \(HTTPLimits().bodyBytes) bytes") == true, "\(account)")
        #expect(daemon.journal.breaks.values.map(\.kind).contains(.unreadable))
        #expect(daemon.journal.orders.values.count { $0.state.isLive } == 3)
        daemon.world.setFaults([])
        daemon.run(forUs: .seconds(60))
        #expect(daemon.engine?.snapshot().first?.isReady == true && daemon.journal.breaks.isEmpty)
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a market that is missing from one answer goes on; from two, a refresh apart, it ended`() throws {
        let daemon = try House.ready("xt-spot")
        // A name that is not in the table has it read again.
        var unknown = try House.intent("xt-spot", orders: 1, id: "unknown")
        unknown.place[0].terms.symbol = "no_such"
        daemon.world.setFaults([Self.lookups(.missingMarket(symbol: "btc_usdt"), at: "symbol", count: 1)])
        #expect(try House.error(daemon.submit(unknown), daemon)?.code == 1003)
        daemon.run(forUs: .seconds(5)) { daemon.world.ledger.requests.contains { $0.fault == "missing_market" } }
        #expect(daemon.world.ledger.requests.contains { $0.fault == "missing_market" })
        let on = daemon.submit(try House.intent("xt-spot", orders: 1, id: "on"))
        #expect(try House.error(on, daemon) == nil)
        daemon.run(forUs: .seconds(20))
        #expect(try House.error(daemon.submit(try House.intent("xt-spot", orders: 1, id: "still")), daemon) == nil)

        #expect(House.settled(daemon, "still"))
        daemon.run(forUs: .seconds(60))
        daemon.world.setFaults([Self.lookups(.missingMarket(symbol: "btc_usdt"), at: "symbol")])
        #expect(try House.error(daemon.submit(unknown), daemon)?.code == 1003)
        daemon.run(forUs: .seconds(60))
        #expect(try House.error(daemon.submit(try House.intent("xt-spot", orders: 1, id: "late")), daemon)?.code == 1003)
        // What rests there is looked after as ever.
        #expect(daemon.journal.orders.values.count { $0.state.isLive } == 2 && daemon.journal.breaks.isEmpty)
    }
}

/// Whether an account is ready, and why not.
@Suite struct `Readiness` {
    private func account(_ daemon: VirtualDaemon) throws -> AccountSnapshot { try #require(daemon.engine?.snapshot().first) }

    @Test func `a venue that answers no more makes the account not ready, and takes submits and cancels all the same`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "resting"))
        #expect(House.settled(daemon, "resting"))
        daemon.weather.connectFailure = 1
        daemon.run(forUs: .seconds(60))
        let dead = try account(daemon)
        #expect(!dead.isReady && dead.reason?.contains("in a row without an answer") ?? false, "\(dead)")
        let heard = try #require(dead.lastAnswerAt)
        #expect(daemon.now.wall - heard >= .seconds(50) && dead.lastErrorAt.map { daemon.now.wall - $0 < .seconds(30) } ?? false)
        #expect(try House.error(daemon.submit(try House.intent("xt-spot", orders: 1, id: "queued")), daemon) == nil)
        var cancel = Intent(account: "xt-spot", id: "cancel")
        cancel.cancel = [.matching(symbol: "btc_usdt", side: nil)]
        #expect(try House.error(daemon.submit(cancel), daemon) == nil)
        // Whoever asks for a comparison is told that there was none.
        let answer = try House.hear(daemon.command(.reconcile("xt-spot")), daemon, withinUs: .seconds(120)).get()
        #expect(answer["complete"] == .bool(false), "\(answer)")
        daemon.weather.connectFailure = 0
        daemon.run(forUs: .seconds(60))
        let alive = try account(daemon)
        #expect(alive.isReady && alive.reason == nil && alive.lastError == nil && alive.lastErrorAt == nil, "\(alive)")
        #expect(House.settled(daemon, "queued") && House.settled(daemon, "cancel"))
    }

    @Test func `a silent venue is noticed within half a minute, whatever a request's own patience`() throws {
        let daemon = try House.ready("xt-spot") { $0.setups[0].requestTimeoutMs = 120_000 }
        var rule = FaultRule(.loseReplyBeforeExecution(.silence))
        rule.venue = "xt-spot"
        daemon.world.setFaults([rule])
        daemon.run(forUs: .seconds(34))
        let silent = try account(daemon)
        #expect(!silent.isReady, "\(silent)")
    }

    @Test func `an idle venue is asked every fifteen seconds`() throws {
        let daemon = try House.ready("xt-spot") { $0.setups[0].reconcileIntervalMs = 3_000_000 }
        daemon.run(forUs: .seconds(300))
        let times = daemon.world.ledger.requests.map(\.at)
        let gaps = zip(times.dropFirst(), times).map { $0 - $1 }
        #expect((gaps.max() ?? .max) <= 16_000_000 && daemon.engine?.snapshot().first?.isReady == true, "\(gaps)")
        daemon.weather.connectFailure = 1
        daemon.run(forUs: .seconds(60))
        let dead = try account(daemon)
        #expect(!dead.isReady, "\(dead)")
    }
}
