import OMSCore
import Wire

/// What came of one history.
package struct HistoryResult: Sendable {
    package let seed: UInt64
    package var version = 1
    package var violations: [String] = []
    package var turns = 0
    package var crashes = 0
    package var requests = 0
    package var orders = 0
    /// Virtual microseconds.
    package var time: Int64 = 0
    package var faults: [String: Int] = [:]
    package var reached: [FaultPoint: Int] = [:]
    /// How orders ended.
    package var states: [OrderState: Int] = [:]
    /// How often an order came to be in a state.
    package var seen: [OrderState: Int] = [:]
    package var events: [EventKind: Int] = [:]
    package var refusals: [String: Int] = [:]
    /// Over everything that was recorded, sent and answered.
    package var hash: UInt64 = 0
}

/// Runs one seed: a storm, then calm, then the reckoning.
package struct Explorer: Sendable {
    package var mutant: Mutant?
    package var venues: [String]?
    /// What seeds draw; nil: as each seed's number says.
    package var version: Int?
    package init(mutant: Mutant? = nil, venues: [String]? = nil, version: Int? = nil) {
        (self.mutant, self.venues, self.version) = (mutant, venues, version)
    }

    /// How long order must return after the last fault, microseconds of virtual time.
    static let calmUs: Int64 = .seconds(600)

    package func run(seed: UInt64, trace: ((String) -> Void)? = nil) throws -> HistoryResult {
        let scenario = Scenario(seed: seed, version: version, mutant: mutant, venues: venues)
        let daemon = try VirtualDaemon(scenario.options)
        daemon.trace = trace
        if trace != nil { describe(scenario, daemon) }
        try daemon.start()
        let workload = Workload(daemon, scenario)
        // Most histories begin at a daemon that is ready; some with a first start that fails.
        if seed % 4 != 0 { daemon.run(forUs: .seconds(5)) { daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false } }
        daemon.auditor.looksUpStale = scenario.answersDuplicates
        workload.plan()
        daemon.run(forUs: scenario.stormUs)
        if scenario.version > 1 { calm(daemon, scenario, workload) } else { daemon.calm() }
        settle(daemon, scenario)
        if !daemon.auditor.isBroken {
            daemon.auditor.close()
            daemon.hearOut()
        }
        var result = result(seed, daemon)
        result.version = scenario.version
        return result
    }

    /// Everything must come to rest, be answered, and agree with the venues.
    private func settle(_ daemon: VirtualDaemon, _ scenario: Scenario) {
        daemon.run(forUs: .seconds(20)) { daemon.isUp && daemon.engine?.isStopping == false && daemon.engine?.isJournalFull == false }
        // Answers of the storm that are still under way may halt an account: who resumes it does so behind them.
        daemon.run(forUs: .seconds(15))
        daemon.command(.setState(nil, .active, reason: "calm", cancelOpen: false, everything: false))
        for line in scenario.lines { daemon.command(.reconcile(line.account)) }
        let begun = daemon.time
        var checkedAt = Int64.min
        var left: [String] = []
        // Who was shut out without a word of when hears nothing for as long as the venue's page says.
        let silentMs = scenario.options.setups.flatMap(\.rules.profile.shutOuts).map(\.forMs).max() ?? 0
        let isAtRest = daemon.run(forUs: Self.calmUs + .milliseconds(silentMs)) {
            guard daemon.time >= checkedAt + 500_000 else { return false }
            checkedAt = daemon.time
            left = unsettled(daemon)
            if scenario.version > 1, !left.isEmpty, daemon.time > begun + 60_000_000 { resolveParked(daemon) }
            return left.isEmpty
        }
        if !isAtRest, !daemon.auditor.isBroken {
            daemon.auditor.broken("not at rest ten minutes after the last fault: \(left.joined(separator: "; "))")
        }
    }

    /// The faults end; what lingers does so for a minute more, in which nobody may run in circles.
    private func calm(_ daemon: VirtualDaemon, _ scenario: Scenario, _ workload: Workload) {
        daemon.calm(keeping: scenario.lingering)
        workload.restore()
        guard !scenario.lingering.isEmpty else { return }
        daemon.note(.lingering)
        daemon.run(forUs: .seconds(20)) { daemon.isUp && daemon.engine?.snapshot().allSatisfy(\.isReady) ?? false }
        // Orders of others count as well: policy may want them gone. So do those that are born, or come to their end, meanwhile.
        let live = daemon.world.venues.reduce(0) { $0 + $1.exchange.orders.count { order in !order.state.isClosed } }
        let open = Set(daemon.journal.orders.values.lazy.filter { !$0.state.isTerminal }.map(\.key))
        let (requests, events) = (daemon.world.ledger.requests.count, daemon.journal.events.count)
        daemon.run(forUs: .seconds(60))
        let orders = max(live, open.union(daemon.journal.events.dropFirst(events).compactMap(\.order)).count)
        daemon.auditor.expectPauses(from: requests, events: events, orders: orders, minutes: 1)
        daemon.calm(keeping: [])
    }

    /// What a person would do who looks at the venue: orders that look-ups cannot settle are told as they are.
    private func resolveParked(_ daemon: VirtualDaemon) {
        for order in daemon.journal.orders.values.filter({ $0.state == .inDoubt && $0.parkedAt != nil }).sorted(by: { $0.key < $1.key }) {
            guard let setup = daemon.setups.first(where: { $0.id == order.account }),
                let exchange = daemon.world.venue(named: setup.rules.profile.venue)?.exchange
            else { continue }
            var isThere = false
            if let there = exchange.order(clientID: order.clientOrderID.text, uid: setup.uid, at: nil) {
                isThere = !setup.rules.profile.looksUpByVenueID || order.predictedIDs.contains { $0.text == there.id }
                // Under an id by which nobody here could ever ask for it: whoever looks at it does away with it there.
                if !isThere { exchange.cancel(there, reason: Auditor.byHand, at: daemon.venueTime) }
            }
            daemon.note(.resolvedByHand)
            daemon.command(.orderResolve(order.clientOrderID, isPlaced: isThere, reason: "seen at the venue"))
        }
    }

    private func unsettled(_ daemon: VirtualDaemon) -> [String] {
        let journal = daemon.journal
        var left = journal.orders.values.filter { $0.state.isUnsettled }.map { "\($0.account) \($0.clientOrderID) is \($0.state.rawValue)" }
        left += journal.commands.values.filter { $0.state.isOpen }.map { "\($0.kind.rawValue) of \($0.clientOrderID) is \($0.state.rawValue)" }
        left += journal.intents.values.filter { $0.settledAt == nil && journal.isComplete($0.key) }.map { "intent \($0.id) is open" }
        left += daemon.owed.map { "call \($0.call) is unanswered" }
        return left.isEmpty ? daemon.auditor.disagreements() + daemon.streamsAmiss() : left.sorted()
    }

    private func result(_ seed: UInt64, _ daemon: VirtualDaemon) -> HistoryResult {
        var result = HistoryResult(seed: seed)
        (result.violations, result.turns, result.crashes) = (daemon.violations, daemon.turns, daemon.crashes)
        result.seen = daemon.auditor.seen
        (result.requests, result.orders, result.time) = (daemon.world.ledger.requests.count, daemon.journal.orders.count, daemon.time)
        result.reached = daemon.reached
        var hash = Fingerprint()
        for request in daemon.world.ledger.requests {
            if let fault = request.fault { result.faults[fault, default: 0] += 1 }
            hash.add(request.at)
            hash.add(request.endpoint)
            hash.add(Int64(request.status))
            for id in request.clientIDs { hash.add(id) }
        }
        for order in daemon.journal.orders.values { result.states[order.state, default: 0] += 1 }
        for (event, order) in daemon.journal.events {
            result.events[event.kind, default: 0] += 1
            hash.add(event.seq)
            hash.add(event.at)
            hash.add(event.kind.rawValue)
            hash.add(event.note ?? "")
            hash.add(order?.number ?? 0)
        }
        for (ticket, answer) in daemon.answers.sorted(by: { $0.key.call < $1.key.call }) {
            hash.add(Int64(clamping: ticket.call))
            if case .failure(let error) = answer {
                result.refusals["\(error.code) \(error.reason)", default: 0] += 1
                hash.add(error.message)
            }
        }
        hash.add(daemon.time)
        result.hash = hash.value
        return result
    }

    private func describe(_ scenario: Scenario, _ daemon: VirtualDaemon) {
        for (setup, line) in zip(scenario.options.setups, scenario.lines) {
            let limits = setup.limits.map { "\($0.budget) \($0.permits ?? 0)" }.joined(separator: ", ")
            daemon.tell(
                "account \(setup.id) uid \(line.uid) timeout \(setup.requestTimeoutMs) ms hold \(setup.holdUnansweredMs) ms"
                    + " resend \(setup.resendsAfterProof) limits \(limits.isEmpty ? "the venue's" : limits)")
        }
        daemon.tell("draws version \(scenario.version)")
        for rule in scenario.options.world.faults { daemon.tell("fault \(rule)") }
        daemon.tell("weather \(scenario.options.weather), storm of \(scenario.stormUs) us")
    }
}

/// FNV-1a, 64 bits: the same on every machine and in every run.
struct Fingerprint {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ text: String) {
        for byte in text.utf8 { mix(byte) }
        mix(0)
    }
    mutating func add(_ number: Int64) {
        for shift in stride(from: 0, to: 64, by: 8) { mix(UInt8(truncatingIfNeeded: number >> Int64(shift))) }
    }
    private mutating func mix(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
}
