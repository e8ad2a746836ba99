import Simulator
import Testing

@testable import OMSCore

/// Positions as orders trade, get lost and come back, and `max_position`, which asks for them.
@Suite struct EnginePositionTests {
    private static func one() throws -> (symbol: Symbol, quantity: Decimal) {
        let sample = try House.sample("xt-spot").order
        return (sample.symbol, try #require(sample.quantity))
    }

    private static func times(_ count: Int) throws -> Decimal {
        let quantity = try one().quantity
        return try #require(quantity.multiplied(by: Decimal(count)))
    }

    private static func limited(to count: Int, _ change: @escaping (inout PositionLimit) -> Void = { _ in }) throws -> VirtualDaemon {
        var limit = PositionLimit(max: try times(count))
        change(&limit)
        let symbol = try one().symbol
        return try House.ready("xt-spot") { [limit] in $0.setups[0].risk.maxPosition = [symbol: limit] }
    }

    private static func submit(_ orders: Int, _ id: String, _ side: Side = .buy, to daemon: VirtualDaemon) throws -> ControlError? {
        var intent = try House.intent("xt-spot", orders: orders, id: id)
        for index in intent.place.indices { intent.place[index].terms.side = side }
        return try House.error(daemon.submit(intent), daemon)
    }

    /// In what the market's quantities are in.
    private static func fee(_ fill: Fill, _ symbol: Symbol) -> Decimal {
        let base = symbol.text.prefix { $0 != "_" }
        return fill.feeAsset?.lowercased() == base.lowercased() ? fill.fee ?? .zero : .zero
    }

    /// What the orders and executions in the journal come to.
    private static func expected(_ journal: MemoryJournal) -> (position: Decimal, fills: Int) {
        var (position, count) = (Decimal.zero, 0)
        for order in journal.orders.values {
            let fills = journal.fills(of: order.key)
            let booked = fills.reduce(Decimal.zero) { $0.adding($1.quantity) ?? $0 }
            let executed = max(order.filledQuantity, booked)
            position = (order.terms.side == .buy ? position.adding(executed) : position.subtracting(executed)) ?? position
            for fill in fills { position = position.subtracting(Self.fee(fill, order.terms.symbol)) ?? position }
            count += fills.count
        }
        return (position, count)
    }

    @Test func `open orders, those in doubt and those under way count for max_position, and the other way is free`() throws {
        let daemon = try Self.limited(to: 5)
        #expect(try Self.submit(3, "three", to: daemon) == nil)
        let more = try Self.submit(3, "more", to: daemon)
        #expect(more?.reason == "RISK_MAX_POSITION", "\(String(describing: more))")
        let words = more?.message ?? ""
        let (limit, figure) = (try Self.times(5), try Self.times(6))
        #expect(words.contains("the limit is \(limit)") && words.contains("would have been \(figure)"), "\(words)")
        #expect(try Self.submit(6, "short", .sell, to: daemon)?.reason == "RISK_MAX_POSITION")
        #expect(try Self.submit(5, "sold", .sell, to: daemon) == nil)
        #expect(House.settled(daemon, "three") && House.settled(daemon, "sold"))
        daemon.world.setFaults([EngineCancelTests.fault(.loseReplyAfterExecution(.silence), .place)])
        #expect(try Self.submit(2, "lost", to: daemon) == nil)
        daemon.run(forUs: .milliseconds(500))
        #expect(try Self.submit(1, "over", to: daemon)?.reason == "RISK_MAX_POSITION")
    }

    @Test func `a short opening amount leaves room to buy, and one since a time that is ahead lets nothing in`() throws {
        let short = try Self.times(-5)
        let daemon = try Self.limited(to: 5) { ($0.opening, $0.since) = (short, 1) }
        #expect(try Self.submit(1, "shorter", .sell, to: daemon)?.reason == "RISK_MAX_POSITION")
        #expect(try Self.submit(10, "long", to: daemon) == nil)
        #expect(try Self.submit(1, "longer", to: daemon)?.reason == "RISK_MAX_POSITION")
        let ahead = try Self.limited(to: 5) { $0.since = .max / 2 }
        let refusal = try Self.submit(1, "one", to: ahead)
        #expect(refusal?.reason == "RISK_MAX_POSITION" && refusal?.message.contains("is ahead") == true, "\(String(describing: refusal))")
    }

    @Test func `an execution heard in the turn of a reload counts since the time that the reload names`() throws {
        let daemon = try Self.limited(to: 9)
        #expect(try Self.submit(1, "one", to: daemon) == nil)
        #expect(House.settled(daemon, "one"))
        let engine = try #require(daemon.engine)
        let desk = try #require(engine.desk("xt-spot"))
        let live = try #require(desk.book.all.first)
        let (quantity, since) = (try Self.one().quantity, daemon.now.wall - 10)
        // Before the time, at it, and behind it: each is in no journal yet when the limit is read again.
        #expect(engine.recallFills(of: live, on: desk))
        for (index, at) in [since - 1, since, since + 5].enumerated() {
            let part = try #require(quantity.dividedRoundingDown(by: Decimal(4)))
            let fill = Fill(
                tradeID: TradeID("t\(index)"), venueOrderID: try #require(live.order.venueOrderID), quantity: part, price: .one, fee: nil,
                feeAsset: nil,
                at: at)
            #expect(engine.book(fill, of: live, on: desk, evidence: .stream, request: nil))
        }
        var setups = daemon.setups
        setups[0].risk.maxPosition = [try Self.one().symbol: PositionLimit(max: try Self.times(9), opening: .zero, since: since)]
        daemon.step(.reload(setups, changes: [], by: .daemon))
        let row = try #require(desk.book.positions.all.first)
        let half = try #require(quantity.dividedRoundingDown(by: Decimal(2)))
        #expect(row.since == since && row.fills == 3 && row.positionSince == half, "\(row)")
    }

    @Test func `a time that a reload named is counted from, also where the disk had no space for the turn that heard of it`() throws {
        let daemon = try House.ready("xt-spot") { $0.world.matching.fillRatio = 0.9 }
        #expect(try Self.submit(4, "buy", to: daemon) == nil)
        daemon.run(forUs: .seconds(60))
        let former = try #require(daemon.engine)
        var setups = daemon.setups
        setups[0].risk.maxPosition = [try Self.one().symbol: PositionLimit(max: try Self.times(9), opening: .zero, since: 1)]
        daemon.setDisk(full: true)
        daemon.step(.reload(setups, changes: [], by: .daemon))
        daemon.run(forUs: .seconds(5)) { daemon.engine !== former }
        let engine = try #require(daemon.engine)
        #expect(engine !== former, "the turn was written")
        let row = try #require(engine.desk("xt-spot")?.book.positions.all.first)
        #expect(row.since == 1 && row.fills > 0 && row.positionSince == row.position, "\(row)")
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `positions are what orders and executions on record come to, over lost replies, partial fills and kills, and a start reads them`(
        seed: UInt64
    ) throws {
        let daemon = try House.ready("xt-spot") {
            $0.seed = seed
            var lost = FaultRule(.loseReplyAfterExecution(.silence))
            lost.kind = .place
            lost.count = 2
            $0.world.faults = [lost]
            ($0.world.matching.fillRatio, $0.world.seed) = (0.7, seed)
        }
        for round in 0..<4 {
            #expect(try Self.submit(4, "buy-\(round)", to: daemon) == nil)
            #expect(try Self.submit(2, "sell-\(round)", .sell, to: daemon) == nil)
            daemon.run(forUs: .seconds(3))
            if round % 2 == 1 {
                daemon.crash()
                try daemon.start()
            }
        }
        daemon.run(forUs: .seconds(120))
        let known = daemon.journal.positions["xt-spot"]?.values.map { $0 } ?? []
        let expected = Self.expected(daemon.journal)
        #expect(expected.fills > 0, "seed \(seed): nothing traded")
        #expect(known.map(\.position) == [expected.position] && known.map(\.fills) == [expected.fills], "seed \(seed): \(known)")
        #expect(daemon.violations.isEmpty)
    }
}
