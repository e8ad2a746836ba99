import OMSCore
import Testing

@testable import Venues

/// The part of a rehearsal in which something executes, as values.
@Suite struct FillingRehearsalTests {
    private static let market = Instrument(symbol: "S", tradable: true)
    private static let batch: [ClientOrderID] = ["rh1", "rh2", "rh3"]

    private static func profile(_ venue: String) throws -> VenueProfile {
        let line = try #require(VenueCatalog.line(venue))
        return try #require(line.adapter(line.products[0])).profile
    }

    private static func stream(_ venue: String) throws -> StreamProfile {
        let line = try #require(VenueCatalog.line(venue))
        return try #require(line.stream(line.products[0])).profile
    }

    private static func order() throws -> SmallestOrder { try #require(SmallestOrder(in: market, at: Decimal(100))) }

    /// A venue, and the daemon in front of it.
    private struct Venue {
        /// What becomes of the three.
        var batch: [(RehearsedOrder.Fate, String, String?)] = [
            (.open, "working", nil), (.closed, "rejected", "9 would take"), (.open, "working", nil),
        ]
        var cancels = RehearsedOrder.Fate.closed
        /// How the order that is bought stands, and what of it executed; behind a cancel, too.
        var bought: [(RehearsedOrder.Fate, String, String)] = [(.closed, "filled", "1")]
        var rows: [String]? = ["1"]
        var isShown = true
        var version: Int64? = 30
        var pushes: [StreamNews]
        /// The connection ends behind them.
        var isCut = false
        init(_ pushes: [StreamNews]) { self.pushes = pushes }
    }

    private static func pushed(_ status: OrderReport.Status, filled: Int, version: Int64, _ mode: StreamProfile.Versions) -> StreamNews {
        var report = OrderReport(status: status, venueState: "x")
        (report.clientOrderID, report.filledQuantity, report.quantity) = ("rhbuy", Decimal(filled), Decimal(1))
        var heard = HeardOrder(report)
        if mode == .asREST { heard.report.version = version } else { heard.pushedVersion = version }
        return .order(heard)
    }

    /// What a stream tells of it that is as its page says.
    private static func good(_ stream: StreamProfile) -> [StreamNews] {
        let states = [pushed(.open, filled: 0, version: 20, stream.versions), pushed(.filled, filled: 1, version: 30, stream.versions)]
        switch stream.fills {
        case .none: return states
        case .announced: return states + [.fillsDue(HeardExecution(venueOrderID: "v1", clientOrderID: "rhbuy"))]
        case .pushed: return states + [.fill(HeardFill(fill("1")))]
        }
    }

    private static func fill(_ id: String, _ quantity: String = "1") -> Fill {
        Fill(
            tradeID: TradeID(id), venueOrderID: "v1", quantity: Decimal(quantity) ?? .one, price: Decimal(99), fee: Decimal("0.1"), feeAsset: "USDT",
            at: 1)
    }

    private static func run(_ venue: String, _ change: (inout Venue) -> Void = { _ in }, isHeard: Bool = true) throws -> (
        FillingRehearsal, steps: [FillingRehearsal.Step]
    ) {
        let stream = try stream(venue)
        var filling = FillingRehearsal(
            try profile(venue), stream: isHeard ? stream : nil, batch: batch, id: "rhbuy", order: try order(), in: market)
        var there = Venue(good(stream))
        change(&there)
        var (now, steps): (Int64, [FillingRehearsal.Step]) = (0, [])
        while let step = filling.next() {
            steps.append(step)
            now += 50_000
            switch step {
            case .placeBatch(let ids):
                filling.heard(
                    .batch(
                        zip(ids, there.batch).map { id, stands in
                            var order = RehearsedOrder(id, stands.0, state: stands.1)
                            order.refusal = stands.2
                            return order
                        }), at: now)
            case .cancel(let id) where id != "rhbuy": filling.heard(.order(RehearsedOrder(id, there.cancels, state: "s")), at: now)
            case .buy(let id), .cancel(let id):
                let stands = there.bought.count > 1 ? there.bought.removeFirst() : there.bought[0]
                var order = RehearsedOrder(id, stands.0, state: stands.1)
                (order.filled, order.venueOrderID, order.averagePrice) = (Decimal(stands.2) ?? .zero, "v1", Decimal(99))
                filling.heard(.order(order), at: now)
            case .look(let id, _, _, let afterMs):
                now += afterMs * 1_000
                var report = OrderReport(status: .filled, venueState: "x")
                (report.clientOrderID, report.filledQuantity, report.version) = (id, filling.bought?.filled, there.version)
                filling.heard(.shown(there.isShown ? [report] : []), at: now)
            case .list(_, _, let afterMs):
                now += afterMs * 1_000
                filling.heard(there.rows.map { .listed($0.enumerated().map { fill("\($0 + 1)", $1) }) } ?? .nothing("no page"), at: now)
            case .hear(let forMs):
                now += forMs * 1_000
                let news = there.pushes.map { HeardPush($0, at: now) }
                filling.heard(news.isEmpty && there.isCut ? .nothing("it ended") : .told(news), at: now)
                there.pushes = []
            }
            #expect(steps.count < 2_000)
        }
        return (filling, steps)
    }

    private static func verdicts(_ filling: FillingRehearsal) -> [String: RehearsalRow.Verdict] {
        Dictionary(filling.seen.map { ($0.name, $0.verdict) }) { $0 == .contradicts ? $0 : $1 }
    }

    @Test(arguments: VenueCatalog.all.map(\.venue)) func `one order executes, once, and what its pushes and rows say of each other holds`(
        _ venue: String
    ) throws {
        let (filling, steps) = try Self.run(venue)
        let verdicts = Self.verdicts(filling)
        #expect(verdicts["batch_items"] == .holds && verdicts["stream:fills"] == .holds && verdicts["stream:versions"] == .holds, "\(filling.seen)")
        let lists = try Self.profile(venue).listsFills
        #expect((verdicts["fills"] == .holds) == lists && (verdicts["lists_fills"] == .holds) == lists)
        #expect(steps.count { $0 == .buy("rhbuy") } == 1 && steps.count { $0 == .placeBatch(Self.batch) } == 1)
        // What rests is cancelled before anything is bought.
        #expect(steps.prefix(4) == [.placeBatch(Self.batch), .cancel("rh1"), .cancel("rh3"), .buy("rhbuy")])
        #expect(filling.placed == 4 && filling.surprises == [])
        let bill = try #require(filling.bill)
        #expect(bill.hasPrefix("bought 1 S at 99 by rhbuy") && bill.contains("fee 0.1 USDT") == lists, "\(bill)")
    }

    @Test(arguments: VenueCatalog.all.map(\.venue)) func `pushes that tell nothing, or the wrong order of things, contradict`(_ venue: String) throws
    {
        let stream = try Self.stream(venue)
        let silent = try Self.run(venue) { $0.pushes = [] }.0
        #expect(Self.verdicts(silent)["stream:fills"] == .contradicts && Self.verdicts(silent)["stream:versions"] == .notSeen, "\(silent.seen)")
        let turned = try Self.run(venue) { there in
            there.pushes = Self.good(stream).map { news in
                guard case .order(let heard) = news, heard.report.status == .filled else { return news }
                return Self.pushed(.filled, filled: 1, version: 10, stream.versions)
            }
        }.0
        #expect(Self.verdicts(turned)["stream:versions"] == .contradicts && Self.verdicts(turned)["stream:fills"] == .holds, "\(turned.seen)")
        let deaf = try Self.run(venue, isHeard: false)
        #expect(Self.verdicts(deaf.0)["stream:fills"] == nil && deaf.steps.allSatisfy { if case .hear = $0 { false } else { true } })
    }

    @Test(arguments: VenueCatalog.all.map(\.venue)) func `a stream that is cut shows nothing, but what it told before`(_ venue: String) throws {
        for pushes in [0, 1] {
            let filling = try Self.run(venue) { ($0.pushes, $0.isCut) = (Array($0.pushes.prefix(pushes)), true) }.0
            #expect(Self.verdicts(filling)["stream:fills"] == .notSeen && Self.verdicts(filling)["stream:versions"] == .notSeen, "\(filling.seen)")
        }
        #expect(Self.verdicts(try Self.run(venue) { $0.isCut = true }.0)["stream:fills"] == .holds)
    }

    @Test func `an execution that is pushed under another id than it is listed under is a contradiction`() throws {
        let filling = try Self.run("bitget-uta") { there in
            there.pushes.removeLast()
            there.pushes.append(.fill(HeardFill(Self.fill("77"))))
        }.0
        #expect(Self.verdicts(filling)["stream:fills"] == .contradicts)
        #expect(filling.seen.contains { $0.seen == "pushed as 77, listed as 1" }, "\(filling.seen)")
    }

    @Test func `executions that are not listed, or do not come to what executed, contradict`() throws {
        let none = Self.verdicts(try Self.run("okx") { $0.rows = [] }.0)
        #expect(none["lists_fills"] == .contradicts && none["fills"] == nil)
        #expect(Self.verdicts(try Self.run("okx") { $0.rows = nil }.0)["lists_fills"] == .contradicts)
        #expect(Self.verdicts(try Self.run("okx") { $0.rows = ["0.4", "0.5"] }.0)["fills"] == .contradicts)
        #expect(Self.verdicts(try Self.run("okx") { $0.rows = ["0.4", "0.6"] }.0)["fills"] == .holds)
        #expect(Self.verdicts(try Self.run("okx") { $0.isShown = false }.0)["find_steps"] == .contradicts)
    }

    @Test func `a market without room, a part, and an order that never ends are told and contradict nothing`() throws {
        for (bought, words, bill) in [
            ([(.closed, "expired", "0")], "nothing executed at 100 or below (it is expired)", nil),
            ([(.closed, "canceled", "0.4")], "0.4 of 1 executed", "bought 0.4 S"),
            ([(.open, "working", "0"), (.closed, "canceled", "0")], "rests, though it was to execute at once", nil),
            ([(.open, "working", "0"), (.closed, "canceled", "0.4")], "rests, though it was to execute at once", "bought 0.4 S"),
            ([(.unknown, "in_doubt", "0"), (.unknown, "in_doubt", "0")], "may still be open: it is in_doubt", nil),
        ] as [([(RehearsedOrder.Fate, String, String)], String, String?)] {
            let (filling, steps) = try Self.run("bybit") { there in
                there.bought = bought
                there.rows = ["0.4"]
                // Nobody tells of what did not happen.
                there.pushes = []
            }
            #expect(filling.surprises.contains { $0.contains(words) }, "\(filling.surprises)")
            #expect(filling.bill.map { $0.hasPrefix(bill ?? "-") } ?? (bill == nil))
            #expect(Self.verdicts(filling).allSatisfy { $0.value != .contradicts || ($0.key == "stream:fills" && bill != nil) }, "\(filling.seen)")
            #expect(steps.count { $0 == .buy("rhbuy") } == 1)
        }
    }

    @Test func `an order of the batch that falls with another is a contradiction, and what is not known ends it before anything is bought`() throws {
        let whole = try Self.run("okx") {
            $0.batch = [(.closed, "rejected", "9 no"), (.closed, "rejected", "9 no"), (.closed, "rejected", "9 no")]
        }.0
        #expect(Self.verdicts(whole)["batch_items"] == .contradicts)
        let rests = try Self.run("okx") { $0.batch[1] = (.open, "working", nil) }
        #expect(Self.verdicts(rests.0)["batch_items"] == .notSeen && rests.steps.contains(.cancel("rh2")))
        for change in [{ $0.batch[0] = (.unknown, "in_doubt", nil) }, { $0.cancels = .unknown }] as [(inout Venue) -> Void] {
            let (filling, steps) = try Self.run("okx", change)
            #expect(!steps.contains(.buy("rhbuy")) && !filling.surprises.isEmpty && filling.bill == nil, "\(filling.surprises)")
        }
    }

    @Test func `it is never as cheap as what rests, and never without a price`() throws {
        let line = try #require(VenueCatalog.line("bybit"))
        let adapter = try #require(line.adapter("spot"))
        let subject = Rehearsal.Subject(
            account: "a", uid: "U1", isTLS: true, isDemo: false, freshnessMs: nil, symbol: "S", unusedIDs: ["rhx"])
        let rehearsal = Rehearsal(adapter, subject, assumptions: try line.assumptions("spot"), hasStream: false)
        let resting = try Self.order()
        #expect(
            rehearsal.plannedFill(in: Self.market, atMost: nil, above: resting)
                == .refused("no order of the account shows a price of S: --at-most P says how dear it may be"))
        guard case .refused(let words) = rehearsal.plannedFill(in: Self.market, atMost: Decimal(100), above: resting) else {
            Issue.record("it is planned")
            return
        }
        #expect(words.contains("is no higher than the price of what is to rest"))
        guard case .order(let order, _) = rehearsal.plannedFill(in: Self.market, atMost: Decimal(120), above: resting) else {
            Issue.record("it is not planned")
            return
        }
        #expect(order.price == Decimal(120) && order.quantity == .one)
    }
}
