import OMSCore
import Simulator
import Testing

/// Pushes that cannot be so, under ids of ours: a stream is positive evidence, and what contradicts itself is none.
@Suite struct StreamOddTests {
    private static let venue = "bitget-uta"
    private let daemon: VirtualDaemon
    private var ours: Order { get throws { try #require(daemon.journal.orders.values.first) } }

    init() throws {
        daemon = try House.daemon([Self.venue]) { options in options.streams = StreamWeather() }
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(60)) { daemon.engine?.snapshot().allSatisfy { $0.isReady && $0.stream.state == .live } ?? false })
        daemon.submit(try House.intent(Self.venue, orders: 1, id: "one"))
        #expect(House.settled(daemon, "one"))
        daemon.run(forUs: .seconds(5))
    }

    /// A state under the order's ids, as it was asked for but for what `change` does.
    private func push(_ status: OMSCore.OrderReport.Status, _ change: (inout OMSCore.OrderReport) -> Void = { _ in }) throws {
        let order = try ours
        var report = OMSCore.OrderReport(status: status, venueState: "odd")
        (report.venueOrderID, report.clientOrderID, report.symbol, report.side) = (
            order.venueOrderID, order.clientOrderID, order.terms.symbol, order.terms.side
        )
        (report.quantity, report.price) = (order.quantity, order.price)
        change(&report)
        daemon.invent(.order(HeardOrder(report)))
        daemon.run(forUs: .seconds(2))
    }

    private func push(_ quantity: Decimal, trade: TradeID, _ change: (inout HeardFill) -> Void = { _ in }) throws {
        let order = try ours
        let id = try #require(order.venueOrderID)
        var heard = HeardFill(Fill(tradeID: trade, venueOrderID: id, quantity: quantity, price: .one, fee: nil, feeAsset: nil, at: daemon.venueTime))
        (heard.clientOrderID, heard.symbol, heard.side) = (order.clientOrderID, order.terms.symbol, order.terms.side)
        change(&heard)
        daemon.invent(.fill(heard))
        daemon.run(forUs: .seconds(2))
    }

    private func expectUntouched(_ words: String) throws {
        #expect(try ours.state == .working && ours.filledQuantity.isZero)
        #expect(daemon.journal.fills.isEmpty)
        #expect(daemon.journal.breaks.values.contains { $0.kind == .contradiction && $0.detail.contains(words) }, "\(daemon.journal.breaks)")
        daemon.run(forUs: .seconds(30))
        #expect(daemon.violations == [] && daemon.auditor.disagreements() == [])
    }

    @Test func `an order of which an execution was pushed is never sent again, though look-ups do not show it`() throws {
        daemon.world.setFaults([EngineCancelTests.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent(Self.venue, orders: 1, id: "lost"))
        #expect(daemon.run(forUs: .seconds(5)) { daemon.journal.orders.values.contains { $0.state == .inDoubt } })
        let lost = try #require(daemon.journal.orders.values.first { $0.state == .inDoubt })
        var execution = HeardExecution(venueOrderID: "777", clientOrderID: lost.clientOrderID)
        execution.symbol = lost.terms.symbol
        daemon.invent(.fillsDue(execution))
        daemon.run(forUs: .seconds(300))
        let now = try #require(daemon.journal.orders[lost.key])
        #expect(now.state == .acknowledged && now.attempts == 1 && now.venueOrderID == "777", "\(now.state), \(now.attempts) attempts")
        #expect(daemon.world.venue(named: Self.venue)?.exchange.orders.count == 1, "it was sent again")
        #expect(daemon.journal.breaks.values.contains { $0.kind == .missingThere && $0.clientOrderID == lost.clientOrderID })
    }

    @Test(arguments: ["side", "market", "more than all", "execution"])
    func `an order in doubt of which a push tells what cannot be is there all the same, and never sent again`(what: String) throws {
        daemon.world.setFaults([EngineCancelTests.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        daemon.submit(try House.intent(Self.venue, orders: 1, id: "lost"))
        #expect(daemon.run(forUs: .seconds(5)) { daemon.journal.orders.values.contains { $0.state == .inDoubt } })
        let lost = try #require(daemon.journal.orders.values.first { $0.state == .inDoubt })
        if what == "execution" {
            let fill = Fill(tradeID: "t", venueOrderID: "777", quantity: .one, price: .one, fee: nil, feeAsset: nil, at: daemon.venueTime)
            var heard = HeardFill(fill)
            (heard.clientOrderID, heard.symbol) = (lost.clientOrderID, "ODDUSDT")
            daemon.invent(.fill(heard))
        } else {
            var report = OMSCore.OrderReport(status: .open, venueState: "odd")
            (report.clientOrderID, report.symbol, report.side) = (lost.clientOrderID, lost.terms.symbol, lost.terms.side)
            if what == "side" { report.side = lost.terms.side == .buy ? .sell : .buy }
            if what == "market" { report.symbol = "ODDUSDT" }
            if what == "more than all" { report.filledQuantity = lost.quantity?.adding(.one) }
            daemon.invent(.order(HeardOrder(report)))
        }
        daemon.run(forUs: .seconds(1))
        // On record: the next process holds to it, too.
        daemon.crash()
        try daemon.start()
        daemon.run(forUs: .seconds(300))
        let now = try #require(daemon.journal.orders[lost.key])
        #expect(now.state == .acknowledged && now.attempts == 1, "\(now.state), \(now.attempts) attempts")
        #expect(now.filledQuantity.isZero && now.venueOrderID == nil)
        #expect(daemon.world.venue(named: Self.venue)?.exchange.orders.count == 1, "it was sent again")
        #expect(daemon.journal.breaks.values.contains { $0.kind == .missingThere && $0.clientOrderID == lost.clientOrderID })
    }

    @Test func `what a look-up learns that a push made due is not late`() throws {
        let order = try #require(daemon.world.venue(named: Self.venue)?.exchange.orders.first)
        var weather = StreamWeather()
        weather.isMute = true
        daemon.setStreams(weather)
        daemon.world.venue(named: Self.venue)?.exchange.cancel(order, reason: "normal_cancel", at: daemon.venueTime)
        try push(.canceled) { $0.venueOrderID = "another" }
        daemon.run(forUs: .seconds(10))
        #expect(try ours.state == .canceled && ours.evidence == .query)
        #expect(daemon.engine?.snapshot().first?.stream.late == 0)
    }

    @Test func `more executed than there is of an order moves nothing`() throws {
        let whole = try #require(try ours.quantity)
        let more = try #require(whole.adding(.one))
        try push(.filled) { $0.filledQuantity = more }
        try expectUntouched("executed of")
    }

    @Test(arguments: [true, false]) func `another market or side under an order's ids moves nothing`(isSide: Bool) throws {
        try push(.filled) { report in
            report.filledQuantity = report.quantity
            if isSide { report.side = report.side == .buy ? .sell : .buy } else { report.symbol = "ODDUSDT" }
        }
        try expectUntouched(isSide ? " order under an id" : "an order in ODDUSDT")
    }

    @Test(arguments: [0, 1, 2]) func `an execution of another market, side, or more than all of the order is not booked`(which: Int) throws {
        let whole = try #require(try ours.quantity)
        try push(which == 0 ? try #require(whole.adding(.one)) : whole, trade: "t") { heard in
            if which == 1 { heard.symbol = "ODDUSDT" }
            if which == 2 { heard.side = heard.side == .buy ? .sell : .buy }
        }
        try expectUntouched("a push shows")
    }

    @Test func `an order that a push alone calls canceled and the venue lists as open is not taken for gone by who empties the account`() throws {
        try push(.canceled)
        #expect(try ours.state == .canceled && ours.evidence == .stream)
        let account = try #require(daemon.engine?.snapshot().first?.account)
        daemon.command(.setState(account, .halted, reason: "kill", cancelOpen: true, everything: false))
        var seen: [Int64] = []
        for _ in 0..<60 {
            daemon.run(forUs: .seconds(1))
            let kill = try House.hear(daemon.command(.killStatus(account)), daemon).get()["accounts"]?.array?.first
            if let left = kill?["live_or_unknown"]?.integer { seen.append(left) }
        }
        #expect(seen.contains(1), "it was never told that one may rest there")
        let order = try #require(daemon.world.venue(named: Self.venue)?.exchange.orders.first)
        #expect(!order.state.isLive, "nobody asked for its end")
        #expect(seen.last == 0)
    }
}
