import OMSCore
import Testing
import Venues

@testable import Simulator

/// A cancel that the venue took is over once the venue shows the order's end. How long that is looked for, and what is said where it shows nothing.
@Suite struct ConfirmationTests {
    private func row(_ daemon: VirtualDaemon, _ account: AccountID) throws -> (taken: Int64?, unknown: Int64?, words: String) {
        let answer = try House.hear(daemon.command(.killStatus(account)), daemon).get()
        let row = try #require(answer["accounts"]?.array?.first)
        return (row["cancel_taken"]?.integer, row["live_or_unknown"]?.integer, row["last_error"]?.string ?? "")
    }

    /// One order whose cancel the venue took, at a venue whose look-ups then know no such order.
    private func vanished(_ venue: String, memoryMs: Int64? = nil, restsForUs: Int64 = .seconds(1)) throws -> VirtualDaemon {
        let daemon = try EngineCancelTests.placed(venue, orders: 1) { $0.setups[0].memoryMs = memoryMs }
        daemon.run(forUs: restsForUs)
        daemon.world.setFaults([EngineCancelTests.fault(.staleReplica(.init(3_600_000)), .lookup)])
        daemon.command(.setState(AccountID(venue), .halted, reason: "kill", cancelOpen: true, everything: false))
        let isTaken = daemon.run(forUs: .seconds(5)) {
            daemon.journal.commands.values.contains { $0.kind == .cancel && $0.state == .acknowledged }
        }
        #expect(isTaken, "\(daemon.journal.commands.values.map(\.state))")
        return daemon
    }

    @Test(arguments: House.venues)
    func `a cancel that was taken and shows nowhere is told as unknown after two rounds, and confirmed once it shows`(venue: String) throws {
        let daemon = try vanished(venue)
        let account = AccountID(venue)
        // Two rounds of every way to look it up, the visibility delay apart.
        let visibility = Int64.milliseconds(max(250, try House.profile(venue).visibilityDelayMs))
        let isTold = daemon.run(forUs: .seconds(5) + 2 * visibility) {
            daemon.engine?.snapshot().first?.lastError?.contains("is not confirmed") ?? false
        }
        let id = try #require(daemon.journal.orders.values.first).clientOrderID
        let told = try row(daemon, account)
        #expect(isTold && told.taken == 0 && told.unknown == 1, "\(told)")
        #expect(told.words == "\(id) is not confirmed: the venue took its cancel and shows it nowhere", "\(told)")
        #expect(daemon.journal.breaks.values.contains { $0.kind == .missingThere && $0.clientOrderID == id })
        // Nobody took it for closed meanwhile.
        daemon.run(forUs: .seconds(120))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive } && daemon.journal.commands.values.allSatisfy(\.state.isOpen))

        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(120)) { daemon.journal.orders.values.allSatisfy { $0.state == .canceled } })
        let after = try row(daemon, account)
        #expect(after.taken == 0 && after.unknown == 0 && after.words.isEmpty, "\(after)")
        #expect(daemon.journal.commands.values.allSatisfy { !$0.state.isOpen } && daemon.journal.breaks.isEmpty && daemon.violations.isEmpty)
    }

    @Test(arguments: House.venues)
    func `of an order older than the venue's memory it is said that the venue may have forgotten it`(venue: String) throws {
        let daemon = try vanished(venue, memoryMs: 30_000, restsForUs: .seconds(60))
        daemon.run(forUs: .seconds(20)) { daemon.engine?.snapshot().first?.lastError?.contains("is not confirmed") ?? false }
        let told = try row(daemon, AccountID(venue))
        #expect(told.unknown == 1 && told.words.contains("older than 30 s: the venue may have forgotten"), "\(told)")
    }

    @Test(arguments: [50, 300])
    func `history is read to confirm many cancels for as many pages as there are cancels, and for few that are left over`(orders: Int) throws {
        let venue = "az-futures"
        let daemon = try EngineCancelTests.placed(venue, orders: orders) { $0.turnsMax = 500_000 }
        let (exchange, sample) = (try #require(daemon.world.venue(named: venue)?.exchange), try House.sample(venue))
        let uid = daemon.setups[0].uid
        // What somebody else did since fills history for longer than that.
        let strangers = 40_000
        for _ in 0..<strangers {
            var ticket = Simulator.Ticket(
                symbol: sample.markets[0].symbol.text, side: .buy, quantity: sample.markets[0].quantity, clientID: "", product: sample.product)
            ticket.price = sample.markets[0].price
            exchange.cancel(exchange.placeExternally(ticket, uid: uid, at: daemon.venueTime), reason: "by_hand", at: daemon.venueTime)
        }
        let known = daemon.world.ledger.requests.count
        daemon.submit(EngineCancelTests.cancelAll(venue, "gone"))
        #expect(House.settled(daemon, "gone", withinUs: .seconds(300)))
        let asked = daemon.world.ledger.requests.dropFirst(known)
        let pages = asked.count { $0.endpoint.contains("history") }
        // A listing of all of it would be four hundred pages, and there is more than one listing.
        #expect(pages > 0 && pages <= orders + 2 * 41, "\(pages) pages of history")
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .canceled } && daemon.violations.isEmpty, "\(daemon.violations)")
    }
}
