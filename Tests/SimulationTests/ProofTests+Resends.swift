import OMSCore
import Testing

@testable import Simulator

/// A venue bars the resend of an order's request as long as the order stands, and no longer.
extension ProofTests {
    /// An order is executed, the reply is lost, look-ups stand still, it is sent again, and only then it shows.
    private func seenBehindItsResend(_ venue: String, lateMs: Int64) throws -> VirtualDaemon {
        let daemon = try House.ready(venue) { Self.refuseDuplicates(venue, &$0) }
        daemon.world.setFaults([
            Self.fault(.loseReplyAfterExecution(.silence), .place, count: 1), Self.fault(.staleReplica(.init(3_600_000)), .lookup),
        ])
        daemon.submit(try House.intent(venue, orders: 1, id: "one"))
        #expect(daemon.run(forUs: .seconds(120)) { orders(daemon).first?.attempts == 2 })
        #expect(places(daemon) == 1, "the resend has not arrived yet")
        daemon.world.setFaults([Self.fault(.executeLate(.init(lateMs), .silence), .place, count: 1)])
        daemon.command(.reconcile(AccountID(venue)))
        #expect(daemon.run(forUs: .seconds(2)) { orders(daemon).first?.state == .working }, "\(orders(daemon).map(\.state))")
        return daemon
    }

    enum Meanwhile: String, CaseIterable { case nothing, kill, death }

    @Test(arguments: ProofTests.duplicating, Meanwhile.allCases)
    func `an order that shows while its resend is on its way is cancelled only when that can be taken no more`(
        venue: String, meanwhile: Meanwhile
    ) throws {
        let daemon = try seenBehindItsResend(venue, lateMs: 2_500)
        if meanwhile == .kill {
            daemon.command(.setState(AccountID(venue), .halted, reason: "kill", cancelOpen: true, everything: true))
        } else {
            var intent = Intent(account: AccountID(venue), id: "out")
            intent.cancel = [.order(try #require(orders(daemon).first?.clientOrderID))]
            daemon.submit(intent)
        }
        daemon.run(forUs: 100_000)
        let id = try #require(orders(daemon).first?.clientOrderID)
        let words = daemon.engine?.waits(id) ?? "nothing"
        #expect(meanwhile == .kill || words.contains("a resend of the order's request"), "\(words)")
        if meanwhile == .death {
            // The next process has not measured the venue's clock when it takes the cancel up again.
            daemon.crash()
            daemon.run(forUs: 100_000)
            try daemon.start()
        }

        #expect(daemon.run(forUs: .seconds(30)) { orders(daemon).first?.state == .canceled }, "\(orders(daemon).map(\.state))")
        daemon.run(forUs: .seconds(60))
        let exchange = try exchange(daemon, venue)
        #expect(exchange.orders.count { $0.state != .rejected } == 1, "\(exchange.orders.map(\.state))")
        #expect(daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a machine of the venue's that was half an hour behind holds a cancel for as long as a request may be under way, and no longer`()
        throws
    {
        let daemon = try seenBehindItsResend("xt-spot", lateMs: 500)
        // Measured once by it, before the cancel is asked for.
        daemon.world.setFaults([Self.fault(.clock(offsetMs: -1_800_000, driftPpm: 0, afterMs: 0, lastsMs: 2_000), nil)])
        daemon.run(forUs: .seconds(3))
        daemon.world.setFaults([])
        var intent = Intent(account: "xt-spot", id: "out")
        intent.cancel = [.order(try #require(orders(daemon).first?.clientOrderID))]
        daemon.submit(intent)
        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).first?.state == .canceled }, "\(orders(daemon).map(\.state))")
        #expect(daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    enum End: String, CaseIterable { case filled, canceled }

    /// Whatever ends an order at its venue frees its id, also what omsd has no part in.
    @Test(arguments: End.allCases) func `a resend that is taken behind the end of its order is told as a second one, and cancelled`(end: End) throws {
        // Ids that are bound for ever, as Bitget's are, are refused behind it as well.
        let venue = "xt-spot"
        let daemon = try seenBehindItsResend(venue, lateMs: 2_500)
        let exchange = try exchange(daemon, venue)
        let first = try #require(exchange.orders.first)
        switch end {
        case .filled: exchange.fill(first, at: daemon.venueTime)
        case .canceled: exchange.cancel(first, at: daemon.venueTime)
        }
        daemon.command(.reconcile(AccountID(venue)))
        #expect(daemon.run(forUs: .seconds(3)) { orders(daemon).first?.state.isTerminal == true }, "\(orders(daemon).map(\.state))")
        let known = try #require(orders(daemon).first)
        #expect(exchange.orders.count == 1, "the resend is still on its way")

        #expect(
            daemon.run(forUs: .seconds(120)) { exchange.orders.count == 2 && exchange.orders[1].state == .canceled },
            "\(exchange.orders.map(\.state))")
        #expect(breaks(daemon).contains(.duplicateID), "\(breaks(daemon))")
        let order = try #require(orders(daemon).first)
        #expect(order.state == known.state && order.venueOrderID == known.venueOrderID && order.filledQuantity == known.filledQuantity)
    }

    /// Words that leave open whether a request will still be worked off say no more than silence.
    @Test(arguments: ProofTests.duplicating) func `a resend that the venue answers with "try later" holds its order's cancel as one that is lost`(
        venue: String
    ) throws {
        let daemon = try House.ready(venue) {
            Self.refuseDuplicates(venue, &$0)
            $0.setups[0] = $0.setups[0].with(
                Scripted($0.setups[0].rules) { plan, answer in
                    guard case .place(let tickets, _) = plan.content else { return }
                    answer.places = tickets.map { _ in .refusedUnlessFound(code: "T", text: "timeout, try later") }
                })
        }
        daemon.world.setFaults([
            Self.fault(.loseReplyAfterExecution(.silence), .place, count: 1), Self.fault(.staleReplica(.init(3_600_000)), .lookup),
        ])
        daemon.submit(try House.intent(venue, orders: 1, id: "one"))
        #expect(daemon.run(forUs: .seconds(120)) { orders(daemon).first?.attempts == 2 })
        // It is answered before it is known to be there, and the order shows behind that.
        daemon.world.setFaults([
            Self.fault(.serverError(status: 500, body: .json, executes: false), .place), Self.fault(.staleReplica(.init(3_600_000)), .lookup),
        ])
        #expect(daemon.run(forUs: .seconds(2)) { orders(daemon).first?.state == .inDoubt }, "\(orders(daemon).map(\.state))")
        daemon.world.setFaults([])
        daemon.command(.reconcile(AccountID(venue)))
        #expect(daemon.run(forUs: .seconds(2)) { orders(daemon).first?.state == .working }, "\(orders(daemon).map(\.state))")
        var intent = Intent(account: AccountID(venue), id: "out")
        let id = try #require(orders(daemon).first?.clientOrderID)
        intent.cancel = [.order(id)]
        daemon.submit(intent)
        daemon.run(forUs: 100_000)
        let words = daemon.engine?.waits(id) ?? "nothing"
        #expect(words.contains("a resend of the order's request"), "\(words)")
        #expect(daemon.run(forUs: .seconds(60)) { orders(daemon).first?.state == .canceled }, "\(orders(daemon).map(\.state))")
    }
}
