import OMSCore
import Testing
import Venues

@testable import Simulator

/// What was proven absent and was not sent again yet, when the look-ups that this rests on are shown to be wrong.
extension ProofTests {
    private static let takenBack = "its absence counts no more"

    private func doubtedAnew(_ daemon: VirtualDaemon) -> [OrderKey] {
        daemon.journal.events.filter { $0.event.kind == .inDoubt && $0.event.note?.hasPrefix(Self.takenBack) ?? false }.compactMap(\.order)
    }

    @Test(arguments: ProofTests.duplicating, [false, true])
    func `what was proven absent and waits to be sent again is in doubt again, on record, before it leaves`(venue: String, dies: Bool) throws {
        let daemon = try blind(venue, waits: true)
        #expect(daemon.run(forUs: .seconds(5)) { places(daemon) == 1 })
        // Three at a time are sent again.
        daemon.crash()
        daemon.setups[0].batchMax = 3
        try daemon.start()
        var waiting: Set<OrderKey> = []
        daemon.onRecord = { record in
            guard waiting.isEmpty, case .orderChanged(let order, _, _, _) = record, order.bars == .duplicate else { return }
            waiting = Set(orders(daemon).filter { $0.state == .intended && $0.absences > 0 }.map(\.key))
        }
        #expect(daemon.run(forUs: .seconds(120)) { isBarred(daemon) })
        #expect(waiting.count >= 3, "\(waiting.count) wait")
        #expect(waiting.allSatisfy { daemon.journal.orders[$0]?.state == .inDoubt })
        #expect(Set(doubtedAnew(daemon)).isSuperset(of: waiting))

        // From here on the venue would take each id anew.
        let sent = places(daemon)
        fillAll(try exchange(daemon, venue), daemon)
        if dies {
            daemon.crash()
            daemon.run(forUs: .seconds(1))
            try daemon.start()
        }
        daemon.run(forUs: .seconds(300))
        #expect(places(daemon) == sent && daemon.world.duplicates.isEmpty, "\(places(daemon) - sent) more")
        #expect(waiting.allSatisfy { daemon.journal.orders[$0].map { $0.attempts == 1 && $0.parkedAt != nil } ?? false })

        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(4_000)) { orders(daemon).allSatisfy { $0.state == .filled } }, "\(orders(daemon).map(\.state))")
        #expect(daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `what was proven absent and waits is not sent again by a process whose account says never`() throws {
        let daemon = try House.ready("xt-spot") { $0.setups[0].batchMax = 3 }
        var rule = FaultRule(.loseReplyBeforeExecution(.reset))
        rule.kind = .place
        daemon.world.setFaults([rule])
        daemon.submit(try House.intent("xt-spot", orders: 60, id: "lost"))
        func isWaiting(_ order: Order) -> Bool { order.state == .intended && order.absences > 0 }
        #expect(daemon.run(forUs: .seconds(300)) { orders(daemon).contains(where: isWaiting) })
        let waiting = orders(daemon).filter(isWaiting).map(\.key)
        daemon.crash()
        daemon.world.setFaults([])
        daemon.setups[0].resendsAfterProof = false
        try daemon.start()
        #expect(daemon.run(forUs: .seconds(300)) { orders(daemon).allSatisfy(\.state.isTerminal) || House.settled(daemon, "lost") })
        let left = try waiting.map { try #require(daemon.journal.orders[$0]) }
        #expect(left.allSatisfy { $0.state == .abandoned && $0.attempts == 1 }, "\(left.map(\.state))")
        #expect(left.allSatisfy { $0.rejectText?.contains("resend is never") ?? false } && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: ProofTests.duplicating, [0, 1, 2])
    func `an order that surely was not executed while look-ups were shown to be wrong is in doubt again (in the same answer)`(
        venue: String, at place: Int
    ) throws {
        let others: [NotExecuted] = [.rateLimited, .sibling(offenderNamed: true), .maintenance]
        let daemon = try blind(venue, placed: 3, waits: true) { tickets in
            tickets.indices.map { $0 == place ? .duplicate(code: "D", text: "taken") : .notExecuted(others[$0]) }
        }
        #expect(daemon.run(forUs: .seconds(120)) { isBarred(daemon) })
        #expect(orders(daemon).allSatisfy { $0.state == .inDoubt && $0.attempts == 2 }, "\(orders(daemon).map(\.state))")
        #expect(doubtedAnew(daemon).count == 2)
        daemon.run(forUs: .seconds(300))
        #expect(places(daemon) == 2 && orders(daemon).allSatisfy { $0.attempts == 2 && $0.parkedAt != nil })
    }

    @Test(arguments: ProofTests.duplicating, [1, 2])
    func `an order that surely was not executed while look-ups were shown to be wrong is in doubt again (in another answer)`(
        venue: String, taken: Int
    ) throws {
        let turns = Turns()
        let daemon = try blind(venue, placed: 2, in: 2, waits: true) { tickets in
            let isTaken = turns.next() == taken
            return tickets.map { _ in isTaken ? .duplicate(code: "D", text: "taken") : .notExecuted(.rateLimited) }
        }
        #expect(daemon.run(forUs: .seconds(120)) { isBarred(daemon) })
        daemon.run(forUs: .seconds(300))
        #expect(places(daemon) == 4 && orders(daemon).allSatisfy { $0.state == .inDoubt && $0.parkedAt != nil }, "\(places(daemon))")
        #expect(doubtedAnew(daemon).count == 1)
    }

    // MARK: Two accounts of one user

    /// Two product lines of one user; their ids are their products'. The first has another name as well, under which it is not configured yet.
    private func pair(_ venue: String, configured: [Int] = [0, 1]) throws -> VirtualDaemon {
        let daemon = try House.daemon([]) { options in
            Self.refuseDuplicates(venue, &options)
            var accounts = [SimAccount].standard.filter { $0.venue == venue }
            accounts[0].products = accounts.prefix(2).flatMap(\.products)
            options.world.accounts = [accounts[0]]
            for product in accounts[0].products {
                guard let adapter = VenueCatalog.adapter(venue: venue, product: product) else { continue }
                var setup = AccountSetup(id: AccountID(product), uid: accounts[0].uid, keyFingerprint: "f-\(venue)", rules: adapter)
                (setup.freshnessMs, setup.holdUnansweredMs, setup.reconcileIntervalMs) = (3_000, 2_000, 2_000)
                options.setups.append(setup)
            }
            let first = options.setups[0]
            var renamed = AccountSetup(id: AccountID("\(first.id)-renamed"), uid: first.uid, keyFingerprint: first.keyFingerprint, rules: first.rules)
            (renamed.freshnessMs, renamed.holdUnansweredMs, renamed.reconcileIntervalMs) = (3_000, 2_000, 2_000)
            options.setups.append(renamed)
        }
        daemon.configured = Set(configured.map { daemon.setups[$0].id })
        try daemon.start()
        try ready(daemon)
        return daemon
    }

    private func ready(_ daemon: VirtualDaemon) throws {
        let isReady = daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        #expect(isReady, "\(daemon.engine?.snapshot().map(\.lastError) ?? [])")
    }

    /// Another configuration.
    private func configure(_ daemon: VirtualDaemon, _ accounts: [AccountID]) throws {
        daemon.crash()
        daemon.configured = Set(accounts)
        try daemon.start()
    }

    private func lose(_ venue: String, _ daemon: VirtualDaemon, _ account: AccountID, id: String) throws -> OrderKey {
        daemon.world.setFaults([
            Self.fault(.loseReplyAfterExecution(.reset), .place, count: 1), Self.fault(.staleReplica(.init(3_600_000)), .lookup),
        ])
        let sample = try #require(VenueCatalog.sample(venue: venue, product: account.text))
        var intent = Intent(account: account, id: IntentID(id))
        intent.place = [PlaceItem(terms: sample.order)]
        daemon.submit(intent)
        #expect(daemon.run(forUs: .seconds(20)) { daemon.journal.orders.values.contains { $0.intentID == intent.id && $0.state == .inDoubt } })
        return try #require(orders(daemon).first { $0.intentID == intent.id }).key
    }

    enum Away: String, CaseIterable { case removed, renamed, rebound }

    @Test(arguments: ProofTests.duplicating, Away.allCases)
    func `an order that the venue hides bars proofs of its user's other accounts, also while its own is not configured, renamed or elsewhere`(
        venue: String, away: Away
    ) throws {
        let daemon = try pair(venue)
        let (one, other) = (daemon.setups[0].id, daemon.setups[1].id)
        let hidden = try lose(venue, daemon, one, id: "hidden")
        #expect(daemon.run(forUs: .seconds(120)) { isBarred(daemon) })
        if away == .rebound {
            let rebinding = Rebinding(account: one, uid: nil, origin: nil, reason: "it is another", isSame: false, actor: .daemon)
            let known = try #require(daemon.journal.identities[one])
            daemon.crash()
            try daemon.journal.commit(rebinding.outcome(of: daemon.journal.load(), known: known, at: daemon.now.wall).records, at: daemon.now.wall)
            try daemon.start()
        } else {
            try configure(daemon, away == .removed ? [other] : [daemon.setups[2].id, other])
        }
        try ready(daemon)
        let lost = try lose(venue, daemon, other, id: "lost")
        fillAll(try exchange(daemon, venue), daemon)
        daemon.run(forUs: .seconds(300))
        let order = try #require(daemon.journal.orders[lost])
        #expect(order.state == .inDoubt && order.attempts == 1 && order.parkedAt != nil)
        let id = try #require(daemon.journal.orders[hidden]).clientOrderID
        let words = daemon.journal.events.filter { $0.order == lost && $0.event.kind == .parked }.compactMap(\.event.note)
        let how = away == .rebound ? "a duplicate and does not show it" : "its account is not configured"
        #expect(words.contains { $0.contains(id.text) && $0.contains(how) }, "\(words)")
        #expect(daemon.world.duplicates.isEmpty)

        if away == .rebound {
            // Nobody but a person can tell what became of it.
            _ = try House.hear(daemon.command(.orderResolve(id, isPlaced: false, reason: "it filled")), daemon)
        } else {
            try configure(daemon, [one, other])
        }
        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(4_000)) { daemon.journal.orders[lost]?.state == .filled }, "\(orders(daemon).map(\.state))")
        #expect(daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: ["bitget-margin", "bitget-uta"])
    func `what waits to be sent again is in doubt when its account comes back, for another of its user may know that look-ups were wrong`(
        venue: String
    ) throws {
        let daemon = try pair(venue)
        let (one, other) = (daemon.setups[0].id, daemon.setups[1].id)
        // One permit in ten minutes: what is proven absent has to wait.
        let limits = Self.scarce(daemon.setups[1].rules.profile, permits: 1, forMs: 600_000)
        for index in daemon.setups.indices { daemon.setups[index].limits = limits }
        try configure(daemon, [other])
        try ready(daemon)
        let waits = try lose(venue, daemon, other, id: "waits")
        #expect(daemon.run(forUs: .seconds(60)) { daemon.journal.orders[waits]?.state == .intended })
        for index in daemon.setups.indices { daemon.setups[index].limits = [] }
        try configure(daemon, [one])
        try ready(daemon)
        _ = try lose(venue, daemon, one, id: "taken")
        #expect(daemon.run(forUs: .seconds(120)) { isBarred(daemon) })
        fillAll(try exchange(daemon, venue), daemon)
        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(4_000)) { orders(daemon).contains { $0.state == .filled } })
        #expect(daemon.journal.orders[waits]?.state == .intended)

        try configure(daemon, [one, other])
        daemon.run(forUs: .seconds(1)) { daemon.journal.orders[waits]?.state == .inDoubt }
        #expect(daemon.journal.orders[waits].map { $0.state == .inDoubt && $0.attempts == 1 } ?? false)
        #expect(daemon.run(forUs: .seconds(4_000)) { orders(daemon).allSatisfy { $0.state == .filled } }, "\(orders(daemon).map(\.state))")
        #expect(daemon.journal.orders[waits]?.attempts == 1 && daemon.world.duplicates.isEmpty && daemon.violations.isEmpty)
    }

    @Test(arguments: [1, 2])
    func `how far look-ups were seen to lag holds for all accounts of their user, also for one that is new or renamed`(next: Int) throws {
        let daemon = try pair("bitget-uta", configured: [0])
        let (one, other) = (daemon.setups[0].id, daemon.setups[next].id)
        _ = try lose("bitget-uta", daemon, one, id: "taken")
        #expect(daemon.run(forUs: .seconds(120)) { isBarred(daemon) })
        daemon.run(forUs: .seconds(20))
        daemon.world.setFaults([])
        #expect(daemon.run(forUs: .seconds(120)) { orders(daemon).allSatisfy { $0.state == .working } })
        let lag = try #require(try daemon.journal.load().lookupLags[one])
        #expect(lag > .seconds(20))

        try configure(daemon, [other])
        try ready(daemon)
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        let sample = try #require(VenueCatalog.sample(venue: "bitget-uta", product: daemon.setups[next].rules.profile.product))
        var intent = Intent(account: other, id: "lost")
        intent.place = [PlaceItem(terms: sample.order)]
        daemon.submit(intent)
        #expect(House.settled(daemon, "lost", withinUs: .seconds(300)))
        let lost = try #require(orders(daemon).last)
        let times = daemon.journal.events.filter { $0.order == lost.key && [.submitted, .requeued].contains($0.event.kind) }.map(\.event.at)
        #expect(lost.attempts == 2 && times.count == 3 && times[1] - times[0] > lag, "\(times)")
    }

    @Test(arguments: [1, 2], [false, true])
    func `ids seen not to follow the formula are believed for no account of that user any more (another one, a new name; by the next process too)`(
        next: Int, dies: Bool
    ) throws {
        let daemon = try pair("ascendex", configured: next == 1 ? [0, 1] : [0])
        let (one, other) = (daemon.setups[0], daemon.setups[next])
        daemon.world.setFaults([Self.fault(.strangeID(.other), .place, count: 1)])
        var odd = Intent(account: one.id, id: "odd")
        odd.place = [PlaceItem(terms: try #require(VenueCatalog.sample(venue: "ascendex", product: one.rules.profile.product)).order)]
        daemon.submit(odd)
        daemon.run(forUs: .seconds(20))
        #expect(breaks(daemon).contains(.assumption))
        if dies || next == 2 {
            try configure(daemon, [other.id])
            try ready(daemon)
        }
        daemon.world.setFaults([Self.fault(.loseReplyBeforeExecution(.reset), .place, count: 1)])
        var intent = Intent(account: other.id, id: "lost")
        intent.place = [PlaceItem(terms: try #require(VenueCatalog.sample(venue: "ascendex", product: other.rules.profile.product)).order)]
        daemon.submit(intent)
        daemon.run(forUs: .seconds(200))
        let order = try #require(orders(daemon).last)
        #expect(order.account == other.id && order.state == .inDoubt && order.parkedAt != nil && order.attempts == 1)
        let words = daemon.journal.events.filter { $0.order == order.key && $0.event.kind == .parked }.compactMap(\.event.note)
        #expect(words.contains { $0.contains("formula") }, "\(words)")
    }
}

/// How often something was asked. One thread.
private final class Turns: @unchecked Sendable {
    private var count = 0
    func next() -> Int {
        count += 1
        return count
    }
}
