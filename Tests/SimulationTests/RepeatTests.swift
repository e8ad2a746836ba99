import CLinux
import OMSCore
import Simulator
import Testing

/// Commands that a venue refuses for ever while it lists their orders as live: what they cost, what they leave to others, and what is said of them.
@Suite struct RepeatTests {
    /// A code that no table knows.
    private static let refusal = Fault.itemError(code: "98765", message: "not just now", share: 1)

    private static func house(_ venue: String, orders: Int) throws -> VirtualDaemon {
        try EngineCancelTests.placed(venue, orders: orders) {
            $0.turnsMax = 2_000_000
            $0.setups[0].reconcileIntervalMs = 10_000
        }
    }

    private static func refuse(_ daemon: VirtualDaemon, _ kind: Route.Kind) {
        daemon.world.setFaults([EngineCancelTests.fault(refusal, kind), EngineCancelTests.fault(refusal, .mixed)])
    }

    /// Requests since so many, by what they are.
    private static func use(_ daemon: VirtualDaemon, since known: Int) -> [String: Int] {
        Dictionary(grouping: daemon.world.ledger.requests.dropFirst(known)) { "\($0.kind.map { "\($0)" } ?? "-") \($0.endpoint)" }.mapValues(\.count)
    }

    /// Permits that requests of these kinds took since so many: one each, or one an item where the venue counts those.
    private static func taken(_ daemon: VirtualDaemon, _ kinds: [Route.Kind], countsItems: Bool, since known: Int) -> Int {
        let requests = daemon.world.ledger.requests.dropFirst(known).filter { $0.kind.map(kinds.contains) ?? false }
        return countsItems ? requests.reduce(0) { $0 + $1.items } : requests.count
    }

    /// Cancels and modifies of two of the house's orders: a request of its market, whatever that is.
    private static func cancels(of daemon: VirtualDaemon) -> [CancelTicket] {
        daemon.journal.orders.values.prefix(2).map {
            CancelTicket(command: 1, order: $0.key, clientOrderID: $0.clientOrderID, venueOrderID: $0.venueOrderID, terms: $0.terms)
        }
    }

    private static func modifies(of daemon: VirtualDaemon) -> [ModifyTicket] {
        daemon.journal.orders.values.prefix(2).map {
            ModifyTicket(
                command: 1, order: $0.key, clientOrderID: $0.clientOrderID, venueOrderID: $0.venueOrderID, terms: $0.terms, price: Decimal(38_000),
                quantity: nil, onFailure: .keep)
        }
    }

    /// Permits that a batch takes with so many orders in all, if each goes out once.
    private static func once(_ orders: Int, inBatchesOf most: Int, countsItems: Bool) -> Int { countsItems ? orders : orders / most }

    /// How many orders at most: 2,000 at each venue take minutes in a debug build.
    private static let most = getenv("OMSD_SOAK_REPEATS").flatMap { Int(String(cString: $0)) } ?? 200

    private static func tell(_ daemon: VirtualDaemon, _ what: String, _ use: [String: Int]) -> String {
        let breaks = daemon.journal.breaks.values.map { "\($0.kind.rawValue): \($0.detail)" }
        let requests = use.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return "\(what): \(requests); \(breaks.count) breaks \(breaks.prefix(2))"
    }

    @Test(arguments: House.venues, Set([200, most]).sorted())
    func `cancels that are refused for ever take a fifth of any budget at most, and are one break in the venue's words`(
        venue: String, orders: Int
    ) throws {
        let daemon = try Self.house(venue, orders: orders)
        Self.refuse(daemon, .cancel)
        let known = daemon.world.ledger.requests.count
        daemon.submit(EngineCancelTests.cancelAll(venue, "gone"))
        daemon.run(forUs: .seconds(60))
        let use = Self.use(daemon, since: known)
        print(Self.tell(daemon, "\(venue) \(orders)", use))
        let rules = try #require(daemon.setups.first).rules
        let profile = rules.profile
        // Each order's cancel once, as anywhere, and a fifth of the time after that.
        let countsItems = !profile.mixesPlaceAndCancel && rules.charges(of: .cancel(Self.cancels(of: daemon))).contains { $0.perItem > 0 }
        let cancels = Self.taken(daemon, [.cancel, .mixed], countsItems: countsItems, since: known)
        let permits = profile.budgets.first { $0.name == "batch-cancel" }?.permits ?? 200
        let once = Self.once(2 * orders, inBatchesOf: profile.cancelMax, countsItems: countsItems)
        #expect(cancels <= once + 60 * permits / 5, "\(cancels) cancels")
        // XT takes a cancel as a whole, and shows the order as before; AZ has a number instead of words.
        let words = ["xt-spot": "still shows the orders", "az-futures": "98765"][venue] ?? "not just now"
        let breaks = Array(daemon.journal.breaks.values)
        #expect(breaks.count == 1 && breaks.allSatisfy { $0.detail.contains(words) && $0.clientOrderID == nil }, "\(breaks)")
        #expect(daemon.engine?.snapshot().first?.lastError?.contains(words) == true)
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")

        // A doubt that arises meanwhile does not wait for them.
        let lost = try House.intent(venue, orders: 1, id: "lost")
        let loss = Fault.loseReplyAfterExecution(.reset)
        daemon.world.setFaults([
            EngineCancelTests.fault(loss, .place, count: 1), EngineCancelTests.fault(loss, .mixed, count: 1),
            EngineCancelTests.fault(Self.refusal, .cancel),
        ])
        daemon.submit(lost)
        let start = daemon.time
        daemon.run(forUs: .seconds(10)) { daemon.journal.orders.values.contains { $0.intentID == "lost" && $0.state == .working } }
        #expect(daemon.time - start < 3_000_000, "\(daemon.time - start) us until a lost order was found")
    }

    @Test(arguments: ["bitget-uta", "xt-spot", "az-futures", "bybit", "okx"])
    func `modifies that are refused for ever take a fifth of any budget at most, and are one break in the venue's words`(venue: String) throws {
        let daemon = try Self.house(venue, orders: 200)
        Self.refuse(daemon, .modify)
        let known = daemon.world.ledger.requests.count
        var change = Intent(account: AccountID(venue), id: "change")
        change.modify = daemon.journal.orders.values.sorted { $0.key < $1.key }.map {
            ModifyItem(clientOrderID: $0.clientOrderID, price: Decimal(38_000), quantity: nil)
        }
        daemon.submit(change)
        daemon.run(forUs: .seconds(120))
        let use = Self.use(daemon, since: known)
        print(Self.tell(daemon, "\(venue) modifies", use))
        let rules = try #require(daemon.setups.first).rules
        // Of two orders: one alone may be charged elsewhere.
        let charge = try #require(rules.charges(of: .modify(Self.modifies(of: daemon))).first)
        let budget = try #require(rules.profile.budgets.first { $0.name == charge.budget })
        let modifies = Self.taken(daemon, [.modify], countsItems: charge.perItem > 0, since: known)
        let once = Self.once(200, inBatchesOf: rules.profile.modifyMax, countsItems: charge.perItem > 0)
        #expect(modifies <= once + 120 * budget.permits / 5, "\(modifies) modifies")
        let breaks = daemon.journal.breaks.values.map { "\($0.kind.rawValue) \($0.clientOrderID?.text ?? "of all"): \($0.detail)" }
        #expect(breaks.count == 1 && breaks[0].hasPrefix("loop of all: modifies of many orders") && breaks[0].contains("98765"), "\(breaks)")
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a cancel-all that the venue has not answered is asked for by the next process, which knows what ended since the halt`() throws {
        let daemon = try Self.house("xt-spot", orders: 5)
        daemon.world.setFaults([EngineCancelTests.fault(.serverError(status: 503, body: .html, executes: false), nil)])
        let kill = ControlCommand.setState("xt-spot", .halted, reason: "kill", cancelOpen: true, everything: true)
        daemon.command(kill)
        daemon.run(forUs: .seconds(2))
        daemon.crash()
        daemon.world.setFaults([])
        try daemon.start()
        let known = daemon.world.ledger.requests.count
        daemon.run(forUs: .seconds(30))
        #expect(daemon.world.ledger.requests.count > known)
        for _ in 0..<2 {
            let left = try House.hear(daemon.command(.killStatus("xt-spot")), daemon).get()["accounts"]?.array?.first
            #expect(left?["cancel_all"]?.string == "confirmed" && left?["confirmed_closed"]?.integer == 5, "\(left as Any)")
            daemon.crash()
            try daemon.start()
            daemon.run(forUs: .seconds(10))
        }
        _ = try House.hear(daemon.command(.setState("xt-spot", .active, reason: "on", cancelOpen: false, everything: false)), daemon)
        daemon.crash()
        try daemon.start()
        let left = try House.hear(daemon.command(.killStatus("xt-spot")), daemon).get()["accounts"]?.array?.first
        #expect(left?["cancel_all"]?.string == "not_asked" && left?["confirmed_closed"]?.integer == 0, "\(left as Any)")
    }
}
