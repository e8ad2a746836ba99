import OMSCore
import Testing
import Venues
import Wire

@testable import Simulator

/// What listings, ids and a venue's memory are worth as proof.
extension ProofTests {
    private func sent(_ daemon: VirtualDaemon, _ intent: Intent) {
        daemon.submit(intent)
        daemon.run(forUs: .seconds(10)) { orders(daemon).allSatisfy { $0.state == .inDoubt } && !orders(daemon).isEmpty }
    }

    @Test(arguments: ["bitget-margin", "bitget-uta"])
    func `listings that lag prove nothing of many orders: each is asked for by itself before it goes out again`(venue: String) throws {
        let daemon = try House.ready(venue)
        var open = Self.fault(.staleReplica(.init(3_600_000)), .lookup)
        open.endpoint = venue == "bitget-uta" ? "unfilled-orders" : "open-orders"
        var history = open
        history.endpoint = "history-orders"
        // By listings alone: single look-ups of margin are listings, too, so that only the unified line can be told apart.
        daemon.world.setFaults([Self.fault(.loseReplyAfterExecution(.reset), .place), open, history])
        sent(daemon, try House.intent(venue, orders: 60, id: "many"))
        daemon.world.setFaults(venue == "bitget-uta" ? [open, history] : [])
        #expect(House.settled(daemon, "many"))
        let exchange = try #require(daemon.world.venue(named: venue)?.exchange)
        #expect(exchange.orders.count == 60 && daemon.world.duplicates.isEmpty)
        #expect(orders(daemon).allSatisfy { $0.attempts == 1 && $0.state.isLive })
    }

    private func parkings(_ daemon: VirtualDaemon) -> [String] {
        daemon.journal.events.filter { $0.event.kind == .parked }.map { $0.event.note ?? "" }
    }

    enum Page: String, CaseIterable { case unreadable, more, nameless }

    @Test(arguments: Page.allCases) func `an answer with a row that may be ours, or that promises more, proves nothing`(page: Page) throws {
        let daemon = try House.ready("xt-spot") {
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in
                    guard case .query(.find(let subjects, _)) = plan.content, case .orders(let rows, _, _)? = answer.query else { return }
                    switch page {
                    case .unreadable:
                        let row = UnreadableRow(clientOrderID: subjects[0].clientOrderID, problem: "price is n/a")
                        answer.query = .orders(rows, next: nil, unreadable: [row])
                    case .nameless: answer.query = .orders(rows, next: nil, unreadable: [UnreadableRow(problem: "no id")])
                    case .more: answer.query = .orders(rows, next: "2")
                    }
                })
        }
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent("xt-spot", orders: 2, id: "odd"))
        daemon.run(forUs: .seconds(200))
        #expect(orders(daemon).allSatisfy { $0.state == .inDoubt && $0.attempts == 1 && $0.parkedAt != nil })
        #expect(places(daemon) == 1)
    }

    @Test func `a stranger's unreadable row beside it does not keep an order from being proven absent`() throws {
        let daemon = try House.ready("xt-spot") {
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in
                    guard case .query(.find) = plan.content, case .orders(let rows, _, _)? = answer.query else { return }
                    answer.query = .orders(rows, next: nil, unreadable: [UnreadableRow(clientOrderID: "stranger01", problem: "price is n/a")])
                })
        }
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent("xt-spot", orders: 2, id: "odd"))
        #expect(House.settled(daemon, "odd"))
        #expect(orders(daemon).allSatisfy { $0.state.isLive && $0.attempts == 2 })
    }

    @Test(arguments: RestartTableTests.venues, [false, true])
    func `an attempt older than the venue's memory is parked, not proven absent`(venue: String, isUnfilled: Bool) throws {
        let daemon = try House.ready(venue) {
            var scripted = Scripted($0.setups[0].rules)
            scripted.profile.unfilledMemoryMs = isUnfilled ? 60_000 : nil
            $0.setups[0] = $0.setups[0].with(scripted)
            if !isUnfilled { $0.setups[0].memoryMs = 60_000 }
        }
        daemon.arm(.crashAfterCommit, countdown: 1, .kill)
        daemon.submit(try House.intent(venue, orders: 2, id: "old"))
        daemon.run(forUs: .seconds(2)) { !daemon.isUp }
        daemon.run(forUs: .seconds(70))
        try daemon.start()
        daemon.run(forUs: .seconds(120))

        #expect(orders(daemon).allSatisfy { $0.state == .inDoubt && $0.attempts == 1 && $0.parkedAt != nil })
        #expect(parkings(daemon).filter { $0.contains("older than 60 s") }.count == 2)
        #expect(places(daemon) == 0)
    }

    @Test(arguments: ["bitget-margin", "bitget-uta"], [85, 89])
    func `an attempt that a look-up's window does not hold is not proven absent by it`(venue: String, days: Int64) throws {
        let daemon = try House.ready(venue) {
            $0.world.matching.fillRatio = 1
            // Only what is asked for by itself tells: listings lag, and of the unified line the order's own page as well, so that its executions must.
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in
                    switch plan.content {
                    case .query(.history): answer.query = .orders([], next: nil)
                    case .query(.find(_, let step)) where venue == "bitget-uta" && step == 0: answer.query = .orders([], next: nil)
                    default: break
                    }
                })
        }
        daemon.world.setFaults([Self.fault(.loseReplyAfterExecution(.silence), .place, count: 1)])
        daemon.submit(try House.intent(venue, orders: 1, id: "old"))
        daemon.run(forUs: .seconds(2)) { places(daemon) == 1 }
        daemon.crash()
        daemon.run(forUs: .seconds(days * 86_400))
        try daemon.start()
        daemon.run(forUs: .seconds(200))

        let order = try #require(orders(daemon).first)
        #expect(order.attempts == 1 && places(daemon) == 1, "\(order.state) after \(order.attempts) attempts")
        #expect(order.filledQuantity.isPositive, "its executions are within the venue's memory, and found: \(order.state)")
    }

    @Test func `a doubt that nobody settles is asked about ever more rarely, and says why once`() throws {
        let daemon = try House.ready("bitget-uta") {
            $0.setups[0].memoryMs = 1_000
            $0.setups[0].reconcileIntervalMs = 600_000
            $0.turnsMax = 1_000_000
        }
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent("bitget-uta", orders: 1, id: "old"))
        daemon.run(forUs: .seconds(4 * 3_600))
        func lines() -> Int { daemon.journal.events.count { $0.event.kind != .request } }
        let (events, requests) = (lines(), daemon.journal.requests.count)
        daemon.run(forUs: .seconds(7 * 86_400))
        #expect(orders(daemon).allSatisfy { $0.state == .inDoubt && $0.parkedAt != nil })
        #expect(parkings(daemon).count == 1)
        #expect(lines() == events, "no line without news")
        #expect(daemon.journal.requests.count - requests <= 2 * 7 * 25, "two steps, an hour apart")
    }

    @Test func `five attempts end as abandoned, with words and a break of that name`() throws {
        let daemon = try House.ready("xt-spot")
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place)])
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "five"))
        #expect(House.settled(daemon, "five", withinUs: .seconds(300)))
        let order = try #require(orders(daemon).first)
        #expect(order.state == .abandoned && order.attempts == 5 && order.rejectText == "proven absent; not sent again: 5 attempts")
        #expect(breaks(daemon) == [.abandoned])
    }

    // MARK: Ids that follow no formula

    private func strange(_ how: Fault.StrangeID, count: Int? = nil) -> FaultRule { Self.fault(.strangeID(how), .place, count: count) }

    @Test func `ids seen not to follow the formula are on record, and what is in doubt after that is parked by this process and the next`() throws {
        let daemon = try House.ready("ascendex")
        daemon.world.setFaults([strange(.other, count: 1)])
        daemon.submit(try House.intent("ascendex", orders: 1, id: "odd"))
        daemon.run(forUs: .seconds(20))
        #expect(breaks(daemon).contains(.assumption))
        daemon.crash()
        try daemon.start()
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent("ascendex", orders: 1, id: "lost"))
        daemon.run(forUs: .seconds(200))
        let order = try #require(orders(daemon).last)
        #expect(order.state == .inDoubt && order.parkedAt != nil && order.attempts == 1)
        #expect(parkings(daemon).contains { $0.contains("formula") })
        #expect(breaks(daemon).filter { $0 == .assumption }.count == 1)
    }

    @Test(arguments: [false, true]) func `an order whose reply is lost is found by the end of its id where the formula fails`(fills: Bool) throws {
        let daemon = try House.ready("ascendex") { $0.world.matching.fillRatio = fills ? 1 : 0 }
        daemon.world.setFaults([
            Self.fault(.loseReplyAfterExecution(.reset), .place, count: 1)
        ])
        let exchange = try #require(daemon.world.venue(named: "ascendex")?.exchange)
        // As if the venue had taken it under an id with another time: the one it was computed for is nobody's.
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        sent(daemon, try House.intent("ascendex", orders: 1, id: "renamed"))
        let order = try #require(orders(daemon).first)
        let predicted = try #require(order.predictedIDs.first?.text)
        let taken = try external("a" + Self.later(predicted, byMs: 1_234) + predicted.dropFirst(12), in: daemon)
        if fills { exchange.fill(taken, at: daemon.world.now) }
        #expect(House.settled(daemon, "renamed"))
        daemon.run(forUs: .seconds(60))
        let found = try #require(orders(daemon).first)
        #expect(found.attempts == 1 && found.venueOrderID?.text == taken.id && found.state == (fills ? .filled : .working), "\(found.state)")
        #expect(breaks(daemon) == [.assumption] && exchange.orders.count == 1)
    }

    @Test(arguments: ["price", "quantity", "side", "symbol", "time"])
    func `a stranger whose id ends like that of an order in doubt is not that order`(what: String) throws {
        let daemon = try House.ready("ascendex")
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        sent(daemon, try House.intent("ascendex", orders: 1, id: "mine"))
        let predicted = try #require(orders(daemon).first?.predictedIDs.first?.text)
        let id = "a" + Self.later(predicted, byMs: what == "time" ? 86_400_000 : 1_234) + predicted.dropFirst(12)
        let stranger = try external(id, in: daemon, what)
        #expect(House.settled(daemon, "mine"))
        let order = try #require(orders(daemon).first)
        #expect(order.state.isLive && order.attempts == 2 && order.venueOrderID?.text != stranger.id)
        daemon.run(forUs: .seconds(30))
        #expect(breaks(daemon).contains(.externalOrder) && !breaks(daemon).contains(.assumption))
    }

    private static func later(_ id: String, byMs delta: Int64) -> String {
        let time = (Int64(id.dropFirst().prefix(11), radix: 16) ?? 0) + delta
        let digits = String(time, radix: 16)
        return String(repeating: "0", count: max(0, 11 - digits.utf8.count)) + digits
    }

    private func external(_ id: String, in daemon: VirtualDaemon, _ other: String = "") throws -> SimOrder {
        let sample = try House.sample("ascendex")
        let market = sample.markets[0]
        let exchange = try #require(daemon.world.venue(named: "ascendex")?.exchange)
        let uid = try #require(daemon.world.accounts(of: "ascendex").first { $0.products.contains(sample.product) }?.uid)
        var ticket = Ticket(
            symbol: other == "symbol" ? "ETH/USDT" : market.symbol.text, side: other == "side" ? .sell : .buy,
            quantity: other == "quantity" ? try #require(Decimal("0.02")) : market.quantity, clientID: "", product: sample.product)
        ticket.price = other == "price" ? Decimal(38_000) : other == "symbol" ? Decimal(1_900) : other == "side" ? Decimal(99_000) : market.price
        ticket.id = id
        return exchange.placeExternally(ticket, uid: uid, at: daemon.world.now)
    }
}
