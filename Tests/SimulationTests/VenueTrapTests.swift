import OMSCore
import Simulator
import Testing

/// What venues do that a straightforward daemon would take for something else. The pages: docs/venues/, "Traps" and "Open questions".
@Suite struct `Traps of venues` {
    private static func placed(_ venue: String, orders: Int, switches: [(String, String)] = []) throws -> VirtualDaemon {
        let daemon = try House.ready(venue) { $0.world.switches += switches.map { ("\(venue)/\($0.0)", $0.1) } }
        daemon.submit(try House.intent(venue, orders: orders, id: "old"))
        #expect(House.settled(daemon, "old"))
        return daemon
    }

    @Test func `a stale stamp refused without a word has the clock measured again`() throws {
        let daemon = try House.ready("az-futures") { $0.world.switches.append(("az-futures/gate_body", "none")) }
        var rule = FaultRule(.clock(offsetMs: 60_000, driftPpm: 0))
        rule.venue = "az-futures"
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent("az-futures", orders: 2, id: "clock"))
        #expect(House.settled(daemon, "clock"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive && $0.rejectCode == nil })
    }

    @Test(arguments: ["id", "number"]) func `executions are read to the last, however they are paged`(pages: String) throws {
        let daemon = try Self.placed("az-futures", orders: 1, switches: [("trade_pages", pages)])
        let exchange = try #require(daemon.world.venue(named: "az-futures")?.exchange)
        var intent = try House.intent("az-futures", orders: 1, id: "many")
        intent.place[0].terms.quantity = Decimal(230)
        daemon.submit(intent)
        #expect(House.settled(daemon, "many"))
        let order = try #require(exchange.orders.last)
        for _ in 0..<230 { _ = exchange.fill(order, quantity: .one, at: daemon.world.now) }
        let isListed = daemon.run(forUs: .seconds(60)) { daemon.journal.fills.values.reduce(0) { $0 + $1.count } == 230 }
        #expect(isListed, "\(daemon.journal.fills.values.map(\.count))")
    }
}
