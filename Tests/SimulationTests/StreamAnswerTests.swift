import OMSCore
import Testing

@testable import Simulator

/// What a stream tells beside what answers tell of the same: orders, executions, and cancels that came too late.
@Suite struct StreamAnswerTests {
    private static let venue = "bitget-uta"

    private static func ready(_ adjust: (inout VirtualDaemon.Options) -> Void = { _ in }) throws -> VirtualDaemon {
        let daemon = try House.daemon([venue]) { options in
            options.streams = StreamWeather()
            adjust(&options)
        }
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().allSatisfy { $0.isReady && $0.stream.state == .live } ?? false })
        return daemon
    }

    private static func resting(orders: Int = 1) throws -> VirtualDaemon {
        let daemon = try ready()
        daemon.submit(try House.intent(venue, orders: orders, id: "one"))
        #expect(House.settled(daemon, "one"))
        daemon.run(forUs: .seconds(5))
        return daemon
    }

    private static func mute(_ daemon: VirtualDaemon) {
        var weather = StreamWeather()
        weather.isMute = true
        daemon.setStreams(weather)
    }

    private static func execution(_ fill: SimFill, of order: Order, fee: Decimal?) throws -> HeardFill {
        let id = try #require(order.venueOrderID)
        var heard = HeardFill(
            Fill(
                tradeID: TradeID(fill.id), venueOrderID: id, quantity: fill.quantity, price: fill.price, fee: fee,
                feeAsset: fee == nil ? nil : "USDT",
                at: fill.at))
        (heard.clientOrderID, heard.symbol, heard.side) = (order.clientOrderID, order.terms.symbol, order.terms.side)
        return heard
    }

    // MARK: Answers behind pushes

    @Test(arguments: ["another id", "refused", "not executed"], [false, true])
    func `an answer that does not go with what was pushed before it is a break, also where the order has ended by then`(
        answer: String, hasEnded: Bool
    ) throws {
        let daemon = try Self.ready { $0.latencyUs = 300_000...300_000 }
        switch answer {
        case "refused": daemon.world.setFaults([EngineCancelTests.fault(.itemError(code: "40762", message: "no funds", share: 1), .place, count: 1)])
        case "not executed": daemon.world.setFaults([EngineCancelTests.fault(.rateLimited, .place, count: 1)])
        default: break
        }
        daemon.submit(try House.intent(Self.venue, orders: 1, id: "one"))
        #expect(daemon.run(forUs: .milliseconds(100)) { daemon.journal.orders.values.first?.state == .submitted })
        let order = try #require(daemon.journal.orders.values.first)
        var report = OMSCore.OrderReport(status: hasEnded ? .canceled : .open, venueState: "early")
        (report.venueOrderID, report.clientOrderID, report.symbol, report.side) = ("777", order.clientOrderID, order.terms.symbol, order.terms.side)
        (report.quantity, report.price) = (order.quantity, order.price)
        daemon.invent(.order(HeardOrder(report)))
        daemon.run(forUs: .milliseconds(200))
        #expect(daemon.journal.orders.values.first?.state == (hasEnded ? .canceled : .working))

        daemon.run(forUs: .seconds(2))
        let words = answer == "another id" ? "it is known as 777" : "the answer said \(answer)"
        let breaks = daemon.journal.breaks.values.filter { $0.clientOrderID == order.clientOrderID }
        #expect(breaks.contains { $0.kind == .contradiction && $0.detail.contains(words) }, "\(breaks)")
        #expect(daemon.journal.orders.values.first?.attempts == 1)
    }

    @Test func `an answer that says what a push said before it is no break`() throws {
        let daemon = try Self.ready()
        daemon.world.setFaults([EngineCancelTests.fault(.earlyPush(.init(300)), .place)])
        daemon.submit(try House.intent(Self.venue, orders: 3, id: "one"))
        #expect(House.settled(daemon, "one"))
        daemon.run(forUs: .seconds(5))
        #expect(daemon.journal.breaks.isEmpty && daemon.journal.orders.values.allSatisfy { $0.state == .working })
    }

    // MARK: Executions

    @Test(arguments: [true, false]) func `an execution that is pushed without its fee is on record with it`(comesAgain: Bool) throws {
        let daemon = try Self.resting()
        Self.mute(daemon)
        let there = try #require(daemon.world.venue(named: Self.venue)?.exchange)
        let resting = try #require(there.orders.first)
        let fill = try #require(there.fill(resting, at: daemon.venueTime))
        let order = try #require(daemon.journal.orders.values.first)
        daemon.invent(.fill(try Self.execution(fill, of: order, fee: nil)))
        if comesAgain {
            daemon.run(forUs: .milliseconds(20))
            daemon.invent(.fill(try Self.execution(fill, of: order, fee: fill.fee)))
            daemon.run(forUs: .milliseconds(20))
        } else {
            daemon.run(forUs: .seconds(10))
        }
        let rows = daemon.journal.fills[order.key] ?? [:]
        #expect(rows.count == 1 && rows[TradeID(fill.id)]?.fee == fill.fee, "\(rows)")
        daemon.run(forUs: .seconds(90))
        #expect(daemon.violations == [] && daemon.auditor.disagreements() == [])
    }

    /// No venue's page says that the two sides of a trade with oneself bear ids of their own: an execution is of its order.
    @Test(arguments: [true, false])
    func `both sides of a trade with oneself are on record, each of its order, though they bear one id`(isPushed: Bool) throws {
        let daemon = try Self.resting(orders: 2)
        if !isPushed { Self.mute(daemon) }
        let there = try #require(daemon.world.venue(named: Self.venue)?.exchange)
        let first = try #require(there.fill(there.orders[0], at: daemon.venueTime))
        there.fill(there.orders[1], tradeID: first.id, at: daemon.venueTime)
        daemon.run(forUs: .seconds(90))
        for order in daemon.journal.orders.values {
            let rows = daemon.journal.fills[order.key] ?? [:]
            #expect(order.state == .filled && rows.count == 1 && rows[TradeID(first.id)]?.quantity == order.quantity, "\(rows)")
        }
        #expect(daemon.journal.breaks.isEmpty)
    }

    // MARK: Cancels that came too late

    @Test(arguments: [true, false])
    func `a cancel whose order was filled before it is refused, with the order's end, whoever tells of it first`(isPushed: Bool) throws {
        let daemon = try Self.resting()
        if !isPushed { Self.mute(daemon) }
        let there = try #require(daemon.world.venue(named: Self.venue)?.exchange)
        // Taken, and without effect for so long that the fill comes first.
        daemon.world.setFaults([EngineCancelTests.fault(.lateEffect(.init(60_000)), .cancel)])
        daemon.submit(EngineCancelTests.cancelAll(Self.venue, "late"))
        #expect(daemon.run(forUs: .seconds(5)) { daemon.journal.commands.values.first?.state == .acknowledged })
        there.fill(try #require(there.orders.first), at: daemon.venueTime)
        #expect(House.settled(daemon, "late", withinUs: .seconds(90)))
        let command = try #require(daemon.journal.commands.values.first)
        #expect(daemon.journal.orders.values.first?.state == .filled)
        #expect(command.state == .refused && command.rejectText == "the order is filled" && command.evidence == (isPushed ? .stream : .query))
    }

    @Test func `a cancel whose order ended otherwise is done`() throws {
        let daemon = try Self.resting()
        let there = try #require(daemon.world.venue(named: Self.venue)?.exchange)
        daemon.world.setFaults([EngineCancelTests.fault(.loseReplyBeforeExecution(.reset), .cancel, count: 1)])
        daemon.submit(EngineCancelTests.cancelAll(Self.venue, "late"))
        #expect(daemon.run(forUs: .seconds(5)) { daemon.journal.commands.values.first?.state == .inDoubt })
        there.cancel(try #require(there.orders.first), at: daemon.venueTime)
        #expect(House.settled(daemon, "late", withinUs: .seconds(90)))
        #expect(daemon.journal.commands.values.first?.state == .done && daemon.journal.orders.values.first?.state == .canceled)
    }
}
