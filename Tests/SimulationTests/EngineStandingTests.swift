import OMSCore
import Simulator
import Testing
import Venues
import Wire

/// Keys that are refused, venues that shut us out, a clock that nobody set: when nothing may leave, over hours of virtual time.
@Suite struct EngineStandingTests {
    private static func fault(_ fault: Fault, _ kind: Route.Kind? = nil, account: String? = nil, count: Int? = nil) -> FaultRule {
        var rule = FaultRule(fault)
        (rule.kind, rule.account, rule.count) = (kind, account, count)
        return rule
    }

    @Test(arguments: House.venues)
    func `a key that stays refused is tried about twice a minute, and reads on by itself once it is taken`(
        venue: String
    ) throws {
        let daemon = try House.ready(venue)
        let uid = try #require(daemon.world.accounts(of: venue).first?.uid)
        daemon.world.setFaults([Self.fault(.wrongAccount, account: uid)])
        let before = daemon.world.ledger.requests.count
        daemon.submit(try House.intent(venue, orders: 5, id: "kept"))
        daemon.run(forUs: .seconds(1_200))
        let signed = daemon.world.ledger.requests.dropFirst(before).filter { $0.account != nil }
        // Twenty minutes: a handful at first, then one each half minute.
        #expect((40...60).contains(signed.count), "\(signed.count)")
        #expect(signed.count { $0.kind == .place || $0.kind == .mixed } == 1)
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .intended })
        #expect(daemon.engine?.snapshot().first?.state == .halted)

        daemon.world.setFaults([])
        let healedAt = daemon.now.wall
        daemon.run(forUs: .seconds(60)) { (daemon.engine?.snapshot().first?.lastReconcileAt ?? 0) > healedAt }
        #expect((daemon.engine?.snapshot().first?.lastReconcileAt ?? 0) > healedAt)
        _ = try House.hear(daemon.command(.setState(AccountID(venue), .active, reason: "", cancelOpen: false, everything: false)), daemon)
        #expect(House.settled(daemon, "kept"))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive })
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a refusal of one endpoint alone delays nobody`() throws {
        let daemon = try House.ready("bitget-uta")
        var fills = FaultRule(.wrongAccount)
        fills.endpoint = "fills"
        daemon.world.setFaults([fills])
        let exchange = try #require(daemon.world.venue(named: "bitget-uta")?.exchange)
        for round in 0..<20 {
            daemon.submit(try House.intent("bitget-uta", orders: 1, id: "round-\(round)"))
            #expect(House.settled(daemon, IntentID("round-\(round)"), withinUs: .seconds(2)), "round \(round)")
            for order in exchange.orders where order.state.isLive { exchange.fill(order, at: daemon.venueTime) }
            daemon.run(forUs: .seconds(3))
        }
        // The last fill is seen between two refusals at the latest.
        daemon.run(forUs: .seconds(4))
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .filled })
        #expect(daemon.world.ledger.requests.contains { $0.endpoint == "fills" && $0.outcome == .refused })
        #expect(daemon.engine?.snapshot().first?.state == .active)
    }

    @Test(arguments: [nil, VenueWords(code: "BAN_7", text: "this key may not trade")])
    func `an account that is refused item by item is halted, not tried again each second`(said: VenueWords?) throws {
        let daemon = try House.ready("xt-spot") { options in
            options.setups[0] = options.setups[0].with(
                Scripted(options.setups[0].rules) { plan, answer in
                    guard case .place = plan.content else { return }
                    answer.disposition = .answered
                    answer.places = answer.places.map { _ in .notExecuted(.halted, said: said) }
                })
        }
        daemon.world.setFaults([Self.fault(.serverError(status: 502, body: .empty, executes: false), .place)])
        daemon.submit(try House.intent("xt-spot", orders: 3, id: "kept"))
        daemon.run(forUs: .seconds(60))
        #expect(daemon.world.ledger.requests.count { $0.kind == .place } == 1)
        #expect(daemon.journal.orders.values.allSatisfy { $0.state == .intended })
        let account = try #require(daemon.engine?.snapshot().first)
        #expect(account.state == .halted && account.lastError?.contains(said?.code ?? "may not trade") == true, "\(account.lastError ?? "-")")
    }

    @Test(arguments: [("bybit", true), ("bitget-uta", false)])
    func `orders refused one by one for the rate rest the limit that counts them, and are a break`(venue: String, countsOrders: Bool) throws {
        let words = VenueWords(code: "R_1", text: "too many orders")
        let daemon = try House.ready(venue) { options in
            options.setups[0] = options.setups[0].with(
                Scripted(options.setups[0].rules) { plan, answer in
                    guard case .place = plan.content, answer.httpStatus == 502 else { return }
                    answer.disposition = .answered
                    answer.places = answer.places.map { _ in .notExecuted(.rateLimited, said: words) }
                })
        }
        daemon.world.setFaults([Self.fault(.serverError(status: 502, body: .empty, executes: false), .place, count: 1)])
        daemon.submit(try House.intent(venue, orders: 3, id: "put-back"))
        #expect(daemon.run(forUs: .seconds(5)) { daemon.world.ledger.requests.contains { $0.status == 502 } })
        daemon.run(forUs: .milliseconds(100))
        let state = try daemon.journal.load()
        let resting = Set(state.rests.filter { !$0.isOver }.map(\.budget))
        let names = state.budgets.filter { resting.contains($0.id) }.map(\.name)
        // Where requests are counted no limit of ours was passed: the orders only go back.
        #expect(names == (countsOrders ? ["batch-place"] : []), "\(names)")
        #expect(daemon.journal.breaks.values.map(\.kind) == (countsOrders ? [.limit] : []))
        #expect(!countsOrders || daemon.journal.events.contains { $0.event.note?.contains("R_1 too many orders") == true })
        #expect(House.settled(daemon, "put-back"))
        daemon.run(forUs: .seconds(600))
        #expect(daemon.journal.breaks.isEmpty && daemon.journal.rests.isEmpty && daemon.world.duplicates.isEmpty)
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive } && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `behind a shut-out the limits by address grow back slowly`() throws {
        let daemon = try House.ready("bybit")
        daemon.world.setFaults([Self.fault(.ban(status: 418, lasts: .init(60_000), saysWhen: true), .place, count: 1)])
        daemon.submit(try House.intent("bybit", orders: 1, id: "straw"))
        #expect(daemon.run(forUs: .seconds(5)) { !daemon.journal.rests.isEmpty })
        let state = try daemon.journal.load()
        for budget in state.budgets where budget.scope == .ip {
            let rest = try #require(state.rests.first { $0.budget == budget.id }, "\(budget.name) does not rest")
            #expect(rest.usableShare < budget.permits, "\(budget.name): \(rest.usableShare) of \(budget.permits)")
        }
        #expect(state.budgets.contains { $0.scope == .ip })
        #expect(House.settled(daemon, "straw"))
        daemon.run(forUs: .seconds(600))
        #expect(daemon.journal.rests.isEmpty && daemon.journal.breaks.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a limit of a minute by address does not hold up what is in doubt once a shut-out of seconds is over`() throws {
        for venue in ["bitget-margin", "bybit"] {
            let daemon = try House.ready(venue)
            daemon.world.setFaults([Self.fault(.ban(status: 418, lasts: .init(6_000), saysWhen: true), .place, count: 1)])
            daemon.submit(try House.intent(venue, orders: 3, id: "straw"))
            #expect(daemon.run(forUs: .seconds(5)) { !daemon.journal.rests.isEmpty }, "\(venue)")
            #expect(daemon.run(forUs: .seconds(45)) { House.settled(daemon, "straw") }, "\(venue)")
        }
    }

    @Test(arguments: [(418, true, 3_600), (403, true, 3_600), (418, false, 100)])
    func `who is shut out keeps silence until the time is over, with all accounts of the venue`(status: Int, saysWhen: Bool, seconds: Int64) throws {
        let daemon = try House.daemon(["bitget-margin", "bitget-uta"])
        try daemon.start()
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        let ban = Fault.ban(status: status, lasts: .init(seconds * 1_000), saysWhen: saysWhen)
        daemon.world.setFaults([Self.fault(ban, .place, count: 1)])
        daemon.submit(try House.intent("bitget-margin", orders: 2, id: "straw"))
        daemon.run(forUs: .seconds(5)) { daemon.world.ledger.requests.contains { $0.fault == "ban" } }
        let began = try #require(daemon.world.ledger.requests.last { $0.fault == "ban" }?.at)
        daemon.run(forUs: .seconds(1))
        let met = daemon.world.ledger.requests.count { $0.fault == "ban" }
        daemon.submit(try House.intent("bitget-uta", orders: 2, id: "other"))

        #expect(House.settled(daemon, "straw", withinUs: .seconds(seconds + 60)))
        #expect(House.settled(daemon, "other"))
        #expect(daemon.world.ledger.requests.count { $0.fault == "ban" } == met, "somebody knocked while the door was shut")
        let next = daemon.world.ledger.requests.first { $0.at > began && $0.fault == nil }?.at ?? 0
        #expect(next >= began + seconds * 1_000_000 && next < began + (seconds + 30) * 1_000_000, "\((next - began) / 1_000_000) s")
        #expect(daemon.journal.orders.values.allSatisfy { $0.state.isLive })
        #expect(daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: [VirtualDaemon.Death.kill, .reboot])
    func `a restart is no reason to knock: who is shut out keeps silence over it, whatever the wall clock does`(death: VirtualDaemon.Death) throws {
        let daemon = try House.daemon(["bitget-margin", "bitget-uta"])
        try daemon.start()
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        daemon.world.setFaults([Self.fault(.ban(status: 418, lasts: .init(3_600_000), saysWhen: true), .place, count: 1)])
        daemon.submit(try House.intent("bitget-margin", orders: 2, id: "straw"))
        daemon.run(forUs: .seconds(5)) { daemon.world.ledger.requests.contains { $0.fault == "ban" } }
        let began = try #require(daemon.world.ledger.requests.last { $0.fault == "ban" }?.at)
        daemon.run(forUs: .seconds(1))
        let sent = daemon.world.ledger.requests.count

        for step in [Int64.seconds(7_200), -Int64.seconds(7_200), .seconds(0)] {
            daemon.run(forUs: .seconds(300))
            daemon.crash(death)
            daemon.stepWall(by: step)
            if !daemon.isUp { try daemon.start() }
            daemon.run(forUs: .seconds(300))
            #expect(daemon.world.ledger.requests.count == sent, "somebody knocked")
            #expect(daemon.engine?.snapshot().allSatisfy { $0.lastError?.contains("shut out") == true } == true)
        }
        #expect(daemon.journal.breaks.values.map(\.kind) == [.limit])
        #expect(House.settled(daemon, "straw", withinUs: .seconds(20_000)))
        let next = daemon.world.ledger.requests.first { $0.at > began && $0.fault == nil }?.at ?? 0
        #expect(next >= began + 3_600 * 1_000_000, "\((next - began) / 1_000_000) s")
        if case .kill = death { #expect(next < began + 3_630 * 1_000_000, "\((next - began) / 1_000_000) s") }
        daemon.run(forUs: .seconds(600))
        #expect(daemon.journal.breaks.isEmpty && daemon.journal.bans.isEmpty && daemon.journal.rests.isEmpty, "over, and on record as over")
        #expect(daemon.world.duplicates.isEmpty && daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test(arguments: [VirtualDaemon.Death.kill, .reboot])
    func `a halved share and the rest after a 429 outlive the process`(death: VirtualDaemon.Death) throws {
        var slow = LimitSetting(budget: "batch-place")
        slow.penaltyMs = 600_000
        let daemon = try House.ready("bitget-uta") { $0.setups[0].limits = [slow] }
        daemon.world.setFaults([Self.fault(.rateLimited, .place, count: 1)])
        daemon.submit(try House.intent("bitget-uta", orders: 1, id: "early"))
        daemon.run(forUs: .seconds(2))
        let met = try #require(daemon.world.ledger.requests.last { $0.kind == .place }?.at)
        let rest = try #require(daemon.journal.rests.values.first)
        daemon.crash(death)
        if !daemon.isUp { try daemon.start() }
        daemon.run(forUs: .seconds(500))
        #expect(daemon.world.ledger.requests.count { $0.kind == .place } == 1)
        #expect(daemon.journal.rests.values.first?.usableShare == rest.usableShare)
        #expect(House.settled(daemon, "early", withinUs: .seconds(900)))
        let next = try #require(daemon.world.ledger.requests.last { $0.kind == .place }?.at)
        #expect(next >= met + .seconds(600))
        daemon.run(forUs: .seconds(600))
        #expect(daemon.journal.rests.isEmpty && daemon.journal.breaks.isEmpty)
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }

    @Test func `a start under a clock before 2020 sends nothing, however long it takes, and a later step back is no such start`() throws {
        let daemon = try House.daemon(["xt-spot"])
        let century: Int64 = .seconds(50 * 365 * 86_400)
        daemon.stepWall(by: -century)
        try daemon.start()
        daemon.run(forUs: .seconds(3_600))
        #expect(daemon.world.ledger.requests.isEmpty)
        #expect(daemon.engine?.snapshot().first?.lastError?.contains("before 2020") == true)
        let refused = try House.error(daemon.submit(try House.intent("xt-spot", orders: 1, id: "early")), daemon)
        #expect(refused?.code == 1009)

        daemon.stepWall(by: century)
        daemon.run(forUs: .seconds(30)) { daemon.engine?.snapshot().first?.isReady ?? false }
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "on-time"))
        #expect(House.settled(daemon, "on-time"))
        daemon.stepWall(by: -century)
        daemon.setDisk(full: true)
        _ = try House.error(daemon.submit(try House.intent("xt-spot", orders: 1, id: "full")), daemon)
        daemon.setDisk(full: false)
        daemon.run(forUs: .seconds(5))
        daemon.submit(try House.intent("xt-spot", orders: 1, id: "behind"))
        #expect(House.settled(daemon, "behind"))
        #expect(daemon.violations.isEmpty, "\(daemon.violations)")
    }
}

extension AccountSetup {
    func with(_ rules: any VenueRules) -> AccountSetup {
        var setup = AccountSetup(id: id, uid: uid, keyFingerprint: keyFingerprint, rules: rules)
        (setup.freshnessMs, setup.holdUnansweredMs, setup.reconcileIntervalMs) = (freshnessMs, holdUnansweredMs, reconcileIntervalMs)
        return setup
    }
}
