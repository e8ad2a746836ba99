import OMSCore
import Simulator
import Testing
import Venues

/// Many orders in doubt after a crash are settled in bulk: listings first, single look-ups for what they leave, all within the look-ups' own budgets.
@Suite struct BulkDoubtTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let venue: String
        let orders: Int
        /// Single look-ups that prove one order absent: two rounds of the venue's steps, none where two listings prove it.
        let findsPerAbsent: Int
        /// On a page of a listing.
        let rows: Int
        var testDescription: String { "\(venue), \(orders) orders" }
    }

    /// Where they are not a hundred or more.
    private static let pageRows = ["bybit": 50]
    /// What one round of an order's look-up asks where its steps go through listings to their end, an empty page: at OKX eleven, of which six are pages of the
    /// market's pending orders; and a quarter more, for rounds that begin anew.
    private static let walks = ["okx": 14]
    /// Where it is not 500. AZ's: all 200 permits of a second, 100 orders each: as many as one crash can leave in doubt.
    private static let orders = ["az-futures": 20_000, "xt-spot": 2_500, "bitget-margin": 1_500, "bitget-uta": 1_500]

    static let cases = House.venues.map { venue in
        let profile = try? House.profile(venue)
        let finds = profile.map { $0.listingProvesAbsence ? 0 : (2 * (walks[venue] ?? $0.findSteps) + $0.findMax - 1) / $0.findMax }
        return Case(venue: venue, orders: orders[venue] ?? 500, findsPerAbsent: finds ?? 0, rows: pageRows[venue] ?? 100)
    }

    /// The last orders in doubt, too few for a listing, are looked up one by one: forty, each after 0.2, 0.4, 0.8, 1.6, 3.2 and then every 5 s until the
    /// longest fence (30 s) and two rounds are over, in up to two steps.
    private static let findsOfTheLast = 40 * 12 * 2

    private static func fault(_ fault: Fault, _ kind: Route.Kind, every: Int? = nil) -> FaultRule {
        var rule = FaultRule(fault)
        (rule.kind, rule.every) = (kind, every)
        return rule
    }

    /// Every answer to a place request gets lost, one request in ten before the venue executes it; look-ups fail.
    private static let outage =
        [Route.Kind.place, .mixed].flatMap {
            [fault(.loseReplyBeforeExecution(.silence), $0, every: 10), fault(.loseReplyAfterExecution(.silence), $0)]
        } + [fault(.serverError(status: 502, body: .html, executes: false), .lookup)]

    /// A daemon that sent all these orders, heard of none and died.
    private func dead(_ of: Case) throws -> VirtualDaemon {
        let daemon = try House.ready(of.venue) {
            $0.setups[0].maxInFlight = 256
            $0.setups[0].reconcileIntervalMs = 10_000
            ($0.setups[0].freshnessMs, $0.world.freshnessMs) = (nil, nil)
            $0.turnsMax = 100_000
        }
        daemon.world.setFaults(Self.outage)
        daemon.submit(try House.intent(of.venue, orders: of.orders, id: "all"))
        var requests = 0
        let isSent = daemon.run(forUs: .seconds(300)) {
            guard daemon.journal.requests.count > requests else { return false }
            requests = daemon.journal.requests.count
            return daemon.journal.orders.count == of.orders && daemon.journal.orders.values.allSatisfy { $0.attempts == 1 }
        }
        try #require(isSent)
        daemon.run(forUs: .milliseconds(100))
        daemon.crash()
        daemon.world.setFaults([])
        daemon.run(forUs: .seconds(1))
        return daemon
    }

    /// Runs until a condition holds that takes too long to ask each turn.
    private func run(_ daemon: VirtualDaemon, until isDone: () -> Bool) -> Bool {
        var next = Int64.min
        return daemon.run(forUs: .seconds(300)) {
            guard daemon.time >= next else { return false }
            next = daemon.time + .milliseconds(100)
            return isDone()
        }
    }

    @Test(arguments: cases) func `orders in doubt at a restart are settled by listings, and by single look-ups for what those leave`(of: Case) throws
    {
        let daemon = try dead(of)
        let exchange = try #require(daemon.world.venue(named: of.venue)?.exchange)
        daemon.world.advance(to: daemon.now.wall)
        for (index, order) in exchange.orders.enumerated() {
            if index % 20 == 3 { exchange.fill(order, at: daemon.world.now) }
            if index % 20 == 8 { exchange.cancel(order, at: daemon.world.now) }
        }
        let absent = of.orders - exchange.orders.count
        try #require(absent >= of.orders / 20 && absent <= of.orders / 5)
        let (arrivals, last, start) = (daemon.world.ledger.requests.count, daemon.journal.requests.keys.max(), daemon.time)

        let profile = try House.profile(of.venue)
        let fence = try #require(daemon.journal.orders.values.compactMap(\.wireTime).min()) + profile.fenceMs(freshnessMs: profile.freshnessMs)

        try daemon.start()
        let isSettled = run(daemon) { daemon.engine?.snapshot()[0].inDoubt == 0 && daemon.journal.intent("all")?.settledAt != nil }
        let seconds = Double(daemon.time - start) / 1_000_000
        let requests = daemon.world.ledger.requests.dropFirst(arrivals).filter { $0.kind == .lookup }
        let asked = daemon.journal.requests.values.filter { $0.kind == .lookup && $0.items > 0 && $0.id > last ?? 0 }
        let finds = asked.count

        #expect(isSettled)
        #expect(run(daemon) { daemon.auditor.disagreements().isEmpty }, "every fate is the venue's, every execution on record")
        #expect(daemon.journal.orders.values.count { $0.attempts == 2 } == absent, "what was absent went out once more, and nothing else")
        #expect(exchange.orders.count == of.orders && daemon.world.duplicates.isEmpty)
        #expect(daemon.violations.isEmpty && daemon.world.limitCounts.allSatisfy { $0.violations == 0 }, "\(daemon.violations)")
        let filled = exchange.orders.count { !$0.fills.isEmpty }
        let others = requests.count - finds
        print(
            "\(of.testDescription) in doubt, \(absent) absent, \(filled) filled: settled after \(seconds) s,"
                + " \(finds) single look-ups, \(others) pages of orders and executions")
        #expect(finds <= of.findsPerAbsent * absent + Self.findsOfTheLast)
        #expect(asked.allSatisfy { $0.signedAt >= .milliseconds(fence) }, "before the first fence no absence could be proven")
        // A pass has 100 rows a page, and one or two pages that are not full: one pass at the start, one when all must be visible, two that prove
        // absence, and the regular ones. Then a page of executions for each filled order.
        let passes = 4 + Int(seconds) / 5
        #expect(others <= passes * (of.orders / 100 + 4) + filled)
        // Two steps, twice, for one order in ten that is absent; a third step comes on top.
        let third = max(0, of.findsPerAbsent - 4) * absent
        #expect(finds + others * of.rows / 100 < of.orders / 2 + third, "far fewer than one look-up for each, pages counted by the hundred rows")
    }
}
