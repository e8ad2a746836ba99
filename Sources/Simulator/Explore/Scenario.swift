import Containers
import OMSCore
import Venues

/// What one seed sets up: accounts, their limits, what goes wrong and for how long.
package struct Scenario {
    /// What is drawn: 1 as when seeds were first named, 2 with the scenes that came back from outside, 3 with deaths within an intent and subscribers,
    /// 4 with private streams, 5 and 6 with venues that came later, 7 with guards.
    package let version: Int
    let drawn: DrawnVenues
    package internal(set) var options = VirtualDaemon.Options()
    package private(set) var lines: [Line] = []
    /// How long things go wrong, microseconds.
    package internal(set) var stormUs: Int64
    package private(set) var actions: Int
    /// Faults that outlast the storm by a minute.
    package internal(set) var lingering: [FaultRule] = []
    /// Orders whose ids a venue calls taken trade, or are canceled, right then.
    var answersDuplicates = false
    /// By how much a venue's clock steps when the first order is on its way to it; 0: it does not.
    var stepAtPlaceMs: Int64 = 0
    /// Another key of the same owner, and one of somebody else's.
    var secondKeys: [AccountID: SimAccount] = [:]
    var foreignKeys: [AccountID: SimAccount] = [:]

    /// One account, and what can be traded with it.
    package struct Line: Sendable {
        package let account: AccountID
        package let venue: String
        package let product: String
        package let uid: String
        package let sample: Sample
        package var markets: [Sample.Market] { sample.markets }
    }

    /// Which venues may be drawn; nil: all.
    package init(seed: UInt64, version: Int? = nil, mutant: Mutant? = nil, venues: [String]? = nil) {
        self.version = version ?? Self.version(of: seed)
        drawn = DrawnVenues(version: self.version, named: venues)
        var random = SplitMix64(seed: mixedSeed(seed, "scenario"))
        options.seed = seed
        options.mutant = mutant
        options.world.seed = seed
        options.world.freshnessMs = 3_000
        stormUs = .milliseconds(random.between(3_000, 15_000))
        actions = Int(random.between(3, 12))
        let wanted = [1, 1, 1, 1, 1, 2, 2, 2, 3, 4, 5][Int(random.below(11))]
        var pool = [SimAccount].standard.filter { account in venues?.contains(account.venue) ?? drawn.holds(account.venue) }
        var accounts: [SimAccount] = []
        while accounts.count < wanted, !pool.isEmpty {
            var account = pool.remove(at: Int(random.below(UInt64(pool.count))))
            // Two product lines of one owner and key.
            if accounts.count + 1 < wanted, random.chance(0.5), let twin = pool.firstIndex(where: { $0.venue == account.venue }) {
                account.products += pool.remove(at: twin).products
            }
            accounts.append(account)
        }
        options.world.accounts = accounts
        options.world.matching = Matching(fillRatio: [0, 0, 0.3][Int(random.below(3))], crosses: random.chance(0.3))
        let low = random.between(200, 5_000)
        options.latencyUs = low...(low + random.between(1_000, [20_000, 200_000, 900_000][Int(random.below(3))]))
        options.restartsAfterUs = 1_000...random.between(2_000, 3_000_000)
        options.ballastRecords = [5, 60, 400][Int(random.below(3))]
        if random.chance(0.2) { options.sliceRows = Int(random.between(1, 3)) }
        let hasTightLimits = random.chance(0.5)
        for account in accounts { addSetups(of: account, hasTightLimits: hasTightLimits, random: &random) }
        addFaults(&random)
        options.weather = Self.weather(&random)
        if self.version > 1 { addScenes(seed: seed) }
        if self.version > 2 { addSlices(seed: seed) }
        if self.version > 3 { addStreams(seed: seed) }
    }

    private mutating func addSetups(of account: SimAccount, hasTightLimits: Bool, random: inout SplitMix64) {
        for product in account.products {
            guard let plain = VenueCatalog.adapter(venue: account.venue, product: product),
                let sample = VenueCatalog.sample(venue: account.venue, product: product)
            else { preconditionFailure("\(account.venue) \(product) is not in the catalogue") }
            let adapter = options.mutant?.spoil(plain) ?? plain
            let id = AccountID("\(account.venue)-\(product)")
            var setup = AccountSetup(id: id, uid: account.uid, keyFingerprint: "f-\(account.key)", rules: adapter)
            setup.freshnessMs = options.mutant == .resendWithoutProof ? 1 : 3_000
            setup.holdUnansweredMs = random.between(1_000, 4_000)
            setup.requestTimeoutMs = random.between(600, 2_500)
            setup.reconcileIntervalMs = random.between(1_000, 8_000)
            setup.cancelsExternalOrders = random.chance(0.2)
            setup.resendsAfterProof = !random.chance(0.1)
            if random.chance(0.15) { setup.maxIntentAgeMs = random.between(2_000, 30_000) }
            if random.chance(0.3) { setup.batchMax = Int(random.between(1, 4)) }
            if random.chance(0.3) { setup.maxInFlight = Int(random.between(1, 4)) }
            if hasTightLimits { tighten(&setup, account, plain.profile, random: &random) }
            options.setups.append(setup)
            lines.append(Line(account: id, venue: account.venue, product: product, uid: account.uid, sample: sample))
        }
    }

    /// Few permits, for the venue and the daemon alike, so that a small workload meets them. Accounts of one venue must agree.
    private mutating func tighten(_ setup: inout AccountSetup, _ account: SimAccount, _ profile: VenueProfile, random: inout SplitMix64) {
        let known = options.setups.first { $0.rules.profile.venue == profile.venue }
        let counted = Set(DialectCatalog.line(account.venue)?.make().budgets.map(\.name) ?? [])
        for rule in profile.budgets where rule.scope != .ip && !rule.isOffByDefault && counted.contains(rule.name) {
            var setting = LimitSetting(budget: rule.name)
            if let given = known?.limits.first(where: { $0.budget == rule.name }) {
                setting = given
            } else {
                setting.permits = Int(random.between(2, 5))
                setting.reserve = rule.reserve == 0 ? 0 : 1
                options.world.limits.append(("\(account.venue)/\(rule.name)", setting.permits))
            }
            setup.limits.append(setting)
        }
    }

    private mutating func addFaults(_ random: inout SplitMix64) {
        for _ in 0..<random.below(5) {
            var rule = FaultRule(Self.fault(&random, visibilityMs: options.setups.map(\.rules.profile.visibilityDelayMs).min() ?? 0))
            if random.chance(0.5) { rule.kind = [.place, .cancel, .mixed, .modify, .lookup][Int(random.below(5))] }
            if random.chance(0.3) { rule.venue = lines[Int(random.below(UInt64(lines.count)))].venue }
            switch random.below(3) {
            case 0: rule.probability = 0.03
            case 1: rule.probability = 0.3
            default: (rule.after, rule.first) = (Int(random.below(20)), Int(random.between(1, 3)))
            }
            options.world.faults.append(rule)
        }
        if random.chance(0.12) { addBlindness(&random) }
        if random.chance(0.25) { addRefusals(&random) }
        guard random.chance(0.3) else { return }
        let shared = drawn.sharedClocks
        for venue in Set(lines.map(\.venue)).sorted() where !shared.contains(where: { $0.contains(venue) }) {
            var rule = FaultRule(.clock(offsetMs: random.between(-20_000, 20_000), driftPpm: random.between(-200, 200)))
            rule.venue = venue
            options.world.faults.append(rule)
        }
        for venues in shared {
            let offset = random.between(-20_000, 20_000)
            for venue in venues {
                var rule = FaultRule(.clock(offsetMs: offset, driftPpm: 0))
                rule.venue = venue
                options.world.faults.append(rule)
            }
        }
    }

    /// A venue whose look-ups fail for long while its orders go through, trade, and lose their replies.
    private mutating func addBlindness(_ random: inout SplitMix64) {
        var lookups = FaultRule(.serverError(status: 503, body: .html, executes: false))
        (lookups.kind, lookups.probability) = (.lookup, 0.7)
        var places = FaultRule(.loseReplyAfterExecution(.reset))
        (places.kind, places.probability) = (.place, 0.5)
        options.world.faults.insert(contentsOf: [lookups, places], at: 0)
        options.world.matching = Matching(fillRatio: 0.8)
        stormUs = .milliseconds(random.between(12_000, 25_000))
    }

    /// Venues that take only so many orders, and refuse the rest one by one.
    private mutating func addRefusals(_ random: inout SplitMix64) {
        let most = String(random.between(1, 4))
        for venue in Set(lines.map(\.venue)).sorted() {
            if let name = DialectCatalog.line(venue)?.openOrdersSwitch { options.world.switches.append(("\(venue)/\(name)", most)) }
        }
    }

    private static func fault(_ random: inout SplitMix64, visibilityMs: Int64) -> Fault {
        let lost: Fault.LostReply = random.chance(0.5) ? .reset : .silence
        let body: Fault.ServerErrorBody = [.html, .json, .empty][Int(random.below(3))]
        switch random.below(18) {
        case 0: return .loseReplyBeforeExecution(lost)
        case 1, 2, 3: return .loseReplyAfterExecution(lost)
        case 4: return .delay(.init(10, 4_000))
        case 5: return .reset
        case 6, 7: return .serverError(status: [500, 502, 503, 504][Int(random.below(4))], body: body, executes: random.chance(0.5))
        case 8: return .rateLimited
        case 9: return .truncate
        case 10: return .garbage(isHTTP: random.chance(0.5))
        case 11: return .missingItem
        case 12: return .repeatedItem
        case 13: return .reorderedItems
        case 14, 15: return .lateVisibility(.init(10, max(11, visibilityMs - 100)))
        case 16: return .maintenance
        default: return .wrongAccount
        }
    }

    private static func weather(_ random: inout SplitMix64) -> Weather {
        var weather = Weather()
        func sometimes(_ most: Double) -> Double { random.chance(0.35) ? most * Double(random.below(100)) / 100 : 0 }
        weather.connectFailure = sometimes(0.3)
        weather.late = sometimes(0.4)
        weather.resetThenLate = sometimes(0.4)
        weather.slowDiskUs = random.chance(0.15) ? random.between(10_000, 1_500_000) : 0
        return weather
    }
}
