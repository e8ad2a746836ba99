import Containers
import OMSCore
import Venues

/// What histories of the second version are struck by beside all of the first: scenes that came back from outside.
extension Scenario {
    /// Seeds from here on draw the second version, unless they are asked for as another.
    package static let secondVersionFrom: UInt64 = 7_000_000
    /// And from here on the third: all of the second, deaths between any two slices of an intent, and callers who subscribe.
    package static let thirdVersionFrom: UInt64 = 8_000_000
    /// And from here on the fourth: all of the third, with private streams.
    package static let fourthVersionFrom: UInt64 = 9_000_000
    /// And from here on the fifth: the same, of Bybit as well; those before draw the five venues that stood when they were made.
    package static let fifthVersionFrom: UInt64 = 10_000_000
    /// And from here on the sixth: the same, of OKX as well.
    package static let sixthVersionFrom: UInt64 = 11_000_000
    /// And from here on the seventh: the same, with clients who hold guards.
    package static let seventhVersionFrom: UInt64 = 12_000_000
    package static let versions = 1...7
    package static func version(of seed: UInt64) -> Int {
        1 + [secondVersionFrom, thirdVersionFrom, fourthVersionFrom, fifthVersionFrom, sixthVersionFrom, seventhVersionFrom].count { seed >= $0 }
    }

    /// Codes that no table of ours knows.
    static let unknownCodes = ["98765", "987654"]

    /// Faults that a run of the second version must have met, by name.
    package static let scenes = [
        "ban", "clock", "contradicting_page", "giant_answer", "item_error", "late_effect", "missing_market", "mixed_products", "null_market",
        "odd_number", "stale_replica", "strange_id", "unknown_endpoint", "venue_error",
    ]

    mutating func addScenes(seed: UInt64) {
        var random = SplitMix64(seed: mixedSeed(seed, "scenes"))
        for _ in 0..<random.between(1, 3) { options.world.faults.insert(scene(&random), at: 0) }
        if random.chance(0.25) { addClockSteps(&random) }
        if random.chance(0.1) { addBelyingPages(&random) }
        if random.chance(0.15) { addRefusedCancels(&random) }
        if random.chance(0.1) { addDuplicates(&random) }
        for index in options.setups.indices where random.chance(0.3) {
            options.setups[index].risk.maxOpenOrders = Int(random.between(2, 12))
        }
        for index in options.setups.indices where random.chance(0.1) {
            options.setups[index].memoryMs = random.between(20_000, 40_000)
        }
        addKeys()
        // Where stamps of the future are taken, nothing but a measurement tells of the step.
        let isTolerant = lines.contains { DialectCatalog.line($0.venue)?.takesFutureStamps ?? false }
        if random.chance(isTolerant ? 0.2 : 0.05), !answersDuplicates { addLateArrivals(&random) }
    }

    /// Intents are written in slices more often than not, so that much can happen between two of them.
    mutating func addSlices(seed: UInt64) {
        var random = SplitMix64(seed: mixedSeed(seed, "slices"))
        if random.chance(0.6) { options.sliceRows = Int(random.between(1, 4)) }
        options.strikesAnySlice = true
    }

    private func scene(_ random: inout SplitMix64) -> FaultRule {
        let code = Self.unknownCodes[Int(random.below(2))]
        // Assumption: look-ups know an order once the venue's delay of visibility is over.
        let visibilityMs = options.setups.map(\.rules.profile.visibilityDelayMs).min() ?? 0
        var rule: FaultRule
        switch random.below(15) {
        case 0, 1: rule = FaultRule(.staleReplica(.init(10, max(11, visibilityMs - 100))))
        case 2, 3: rule = FaultRule(.contradictingPage([.empty, .empty, .short, .null, .absent, .repeated][Int(random.below(6))]))
        case 4, 5: rule = FaultRule(.oddNumber(oddNumber(&random)))
        case 6: rule = FaultRule(.mixedProducts)
        case 7: rule = FaultRule(random.chance(0.5) ? .nullMarket(symbol: nil) : .missingMarket(symbol: nil))
        case 8: rule = FaultRule(.giantAnswer(bytes: 5_000_000))
        case 9:
            rule = FaultRule(.itemError(code: code, message: "a word of no table", share: [0.3, 1][Int(random.below(2))]))
            rule.kind = [.place, .mixed, .cancel, .modify][Int(random.below(4))]
        case 10:
            rule = FaultRule(
                .venueError(code: code, message: "a word of no table", status: [0, 400, 403, 409][Int(random.below(4))], executes: false))
            rule.kind = [.place, .mixed, .cancel, .modify, .lookup][Int(random.below(5))]
        case 11: rule = FaultRule(.lateEffect(.init(100, 4_000)))
        case 12:
            rule = FaultRule(.strangeID(.time))
            rule.kind = .place
        case 13:
            rule = FaultRule(.unknownEndpoint)
            // What venues without cancel-all say of it.
            let endpoints = drawn.cancelAllEndpoints
            rule.endpoint = endpoints[Int(random.below(UInt64(endpoints.count)))]
        default: rule = FaultRule(.ban(status: [403, 418, 429][Int(random.below(3))], lasts: .init(500, 8_000), saysWhen: random.chance(0.7)))
        }
        switch rule.fault {
        case .staleReplica, .contradictingPage, .mixedProducts: rule.kind = .lookup
        case .giantAnswer, .oddNumber: rule.kind = random.chance(0.8) ? .lookup : .public
        case .nullMarket, .missingMarket: rule.kind = .public
        default: break
        }
        if case .ban = rule.fault {
            (rule.after, rule.first) = (Int(random.below(40)), 1)
        } else if rule.kind == .public || rule.endpoint != nil || random.chance(0.5) {
            // A table of markets is read once a start.
            rule.probability = [0.05, 0.3, 0.8][Int(random.below(3))]
        } else {
            (rule.after, rule.first) = (Int(random.below(20)), Int(random.between(1, 6)))
        }
        return rule
    }

    private func oddNumber(_ random: inout SplitMix64) -> Fault.OddNumber {
        let rows: Fault.OddNumber.Rows = [.one, .all, .strangers][Int(random.below(3))]
        let keeping: [Fault.OddNumber.Form] = [.exponent, .zeroExponent, .digits]
        let breaking: [Fault.OddNumber.Form] = [.huge, .text, .negative, .nan, .infinite]
        // Of figures that nothing rests on, whatever is there; of others, nothing that might be read as another value.
        let optional = drawn.optionalFigures
        switch random.below(3) {
        case 0: return Fault.OddNumber(keeping[Int(random.below(3))], rows: rows)
        case 1: return Fault.OddNumber(breaking[Int(random.below(5))], rows: rows)
        default:
            let form = (breaking + [.null, .empty])[Int(random.below(7))]
            return Fault.OddNumber(form, field: optional[Int(random.below(UInt64(optional.count)))], rows: rows)
        }
    }

    /// Venues whose clocks step, by less than their window or more, and perhaps back.
    private mutating func addClockSteps(_ random: inout SplitMix64) {
        let after = random.between(1_000, stormUs / 1_000)
        let lasts: Int64? = random.chance(0.5) ? random.between(500, 10_000) : nil
        let step = random.chance(0.7) ? -random.between(200, 2_800) : random.between(200, 20_000)
        for venue in random.chance(0.4) ? drawn.sharedClocks.flatMap(\.self) : drawn.ownClocks {
            var rule = FaultRule(.clock(offsetMs: step, driftPpm: 0, afterMs: after, lastsMs: lasts))
            rule.venue = venue
            options.world.faults.append(rule)
            if lines.contains(where: { $0.venue == venue }) { options.venueClockStepsAtUs.append(after * 1_000) }
        }
    }

    /// Orders whose replies are lost, and look-ups whose pages belie themselves: nothing on them says that an order is not there.
    private mutating func addBelyingPages(_ random: inout SplitMix64) {
        var (lost, pages) = (FaultRule(.loseReplyAfterExecution(.reset)), FaultRule(.contradictingPage(.empty)))
        (lost.probability, lost.kind) = (0.6, random.chance(0.5) ? .place : .mixed)
        (pages.probability, pages.kind) = (0.85, .lookup)
        options.world.faults.insert(contentsOf: [lost, pages], at: 0)
        stormUs = max(stormUs, .milliseconds(random.between(12_000, 20_000)))
    }

    /// Orders that arrive late, at a venue whose clock steps back while they are under way: it takes them longer than a clock measured before would say.
    private mutating func addLateArrivals(_ random: inout SplitMix64) {
        stepAtPlaceMs = -random.between(8_000, 20_000)
        // Nothing else: what comes between would only give the orders time.
        (options.world.faults, options.weather, options.latencyUs) = ([], Weather(), 1_000...20_000)
        for kind in [Route.Kind.place, .mixed] {
            var late = FaultRule(.executeLate(.init(7_000, 20_000), .reset))
            (late.kind, late.first) = (kind, Int(random.between(1, 4)))
            options.world.faults.append(late)
        }
        // What the network adds on the way there stays within the hold.
        for index in options.setups.indices { options.setups[index].holdUnansweredMs = 24_000 }
        stormUs = max(stormUs, .milliseconds(random.between(25_000, 35_000)))
    }

    /// Cancels that are refused as long as the storm lasts and a minute of calm after it, though their orders live.
    private mutating func addRefusedCancels(_ random: inout SplitMix64) {
        for kind in [Route.Kind.cancel, .mixed] where kind == .cancel || random.chance(0.5) {
            var rule = FaultRule(.itemError(code: Self.unknownCodes[0], message: "not now", share: 1))
            rule.kind = kind
            lingering.append(rule)
        }
        options.world.faults.insert(contentsOf: lingering, at: 0)
    }

    /// A venue answers that an id is taken while its replicas do not know the order, which trades meanwhile.
    private mutating func addDuplicates(_ random: inout SplitMix64) {
        let refusing = drawn.refusingTakenIDs
        guard lines.contains(where: { refusing.contains($0.venue) }) else { return }
        answersDuplicates = true
        options.world.matching = Matching()
        for venue in refusing {
            var (lost, stale) = (FaultRule(.loseReplyAfterExecution(.reset)), FaultRule(.staleReplica(.init(60_000))))
            (lost.venue, lost.kind, lost.first) = (venue, .place, Int(random.between(1, 3)))
            (stale.venue, stale.kind) = (venue, .lookup)
            options.world.faults.insert(contentsOf: [lost, stale], at: 0)
        }
        stormUs = max(stormUs, .milliseconds(random.between(15_000, 25_000)))
    }

    /// A second key of each owner, and for each a key of somebody else's.
    private mutating func addKeys() {
        for account in options.world.accounts {
            func other(_ name: String, uid: String) -> SimAccount {
                SimAccount(
                    venue: account.venue, products: account.products, uid: uid, key: account.key + name, secret: account.secret,
                    passphrase: account.passphrase, mode: account.mode, group: account.group, name: account.name + name)
            }
            let (second, foreign) = (other("-second", uid: account.uid), other("-foreign", uid: "U9" + account.uid.dropFirst(2)))
            options.world.accounts += [second, foreign]
            for line in lines where line.uid == account.uid && line.venue == account.venue {
                secondKeys[line.account] = second
                foreignKeys[line.account] = foreign
            }
        }
    }
}
