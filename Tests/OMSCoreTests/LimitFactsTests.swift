@testable import OMSCore
import Testing

/// What venues' profiles and answers may say of limits, by venues that do not exist.
@Suite struct LimitFactsTests {
    private static func profile(_ venue: String, _ rules: [BudgetRule]) -> VenueProfile {
        var profile = PlainRules().profile
        (profile.venue, profile.budgets) = (venue, rules)
        return profile
    }

    private static func register(
        _ limiter: inout Limiter, _ profile: VenueProfile, settings: [LimitSetting] = [], rows: [BudgetRow] = [], permits: [PermitRow] = [],
        at now: Int64 = 0
    ) -> (names: [String: Int], rows: [BudgetRow]) {
        let owner = BudgetOwner(profile: profile, uid: "7", keyFingerprint: "k")
        let former = LimitInheritance(budgets: rows, permits: permits, rests: [], of: [(owner, settings)])
        var known = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
        let names = limiter.register(owner, settings: settings, holdUnansweredUs: .seconds(1), from: former, at: now) { known[$0.id] = $0 }
        return (names, known.values.sorted { $0.id < $1.id })
    }

    // MARK: What accounts that share a limit say of it

    @Test(arguments: [false, true]) func `of a limit that accounts share the strictest of what they say holds, whoever comes first`(
        isTurned: Bool
    ) throws {
        func profile(_ venue: String, _ permits: Int) -> VenueProfile {
            Self.profile(venue, [BudgetRule("look", permits, perMs: 1_000, scope: .ip, reserve: 2)])
        }
        var slower = LimitSetting(budget: "look")
        (slower.windowMs, slower.marginMs, slower.share) = (2_000, 50, 15)
        var accounts: [(owner: BudgetOwner, settings: [LimitSetting])] = [
            (BudgetOwner(profile: profile("v-spot", 10), uid: "7", keyFingerprint: "k"), []),
            (BudgetOwner(profile: profile("v-swap", 20), uid: "8", keyFingerprint: "l"), [slower]),
        ]
        if isTurned { accounts.reverse() }
        var limiter = Limiter()
        let turn = Turn(0)
        func say(_ settings: [[LimitSetting]]) {
            for index in accounts.indices { accounts[index].settings = settings[index] }
            limiter.agree(on: accounts)
        }
        limiter.agree(on: accounts)
        let indexes = try accounts.map { account in
            try #require(
                limiter.register(account.owner, settings: account.settings, holdUnansweredUs: 0, from: .none, in: turn)["look"])
        }
        #expect(Set(indexes).count == 1)
        let index = indexes[0]
        #expect(limiter.budgets[index].row.permits == 10 && limiter.budgets[index].row.windowMs == 2_000 && limiter.budgets[index].share == 10)
        #expect(turn.records.count == 1, "it is on record once, as it holds")
        say([[], []])
        for (owner, _) in accounts {
            limiter.adjust(index, of: owner, to: nil, rule: owner.profile.budgets[0], in: turn)
            #expect(limiter.budgets[index].row.permits == 10 && limiter.budgets[index].row.windowMs == 1_000, "after a reload too")
        }
    }

    // MARK: What answers say

    @Test func `what a venue says is left, or was used, is believed of the limit that it names`() throws {
        var limiter = Limiter()
        let rules = [BudgetRule("place", 10, perMs: 1_000, scope: .uid, reserve: 0), BudgetRule("weight", 100, perMs: 1_000, scope: .ip, reserve: 0)]
        let (names, _) = Self.register(&limiter, Self.profile("v", rules))
        let budgets = try rules.map { try #require(names[$0.name]) }
        let (grips, _) = limiter.take(budgets, by: 1, at: 0)
        func left() -> [Int] { budgets.map { limiter.available($0, at: 0, usesReserve: true) } }
        #expect(left() == [9, 99])
        _ = limiter.believe(LimitWord("weight", remaining: 60), of: grips, in: Turn(0))
        #expect(left() == [9, 60])
        _ = limiter.believe(LimitWord("weight", used: 75), of: grips, in: Turn(0))
        #expect(left() == [9, 25], "75 of 100 are used")
        _ = limiter.believe(LimitWord(remaining: 3), of: grips, in: Turn(0))
        #expect(left() == [3, 25], "without a name it is the first")
        for word in [LimitWord("weight", remaining: 90), LimitWord("weight", used: -5), LimitWord("none", remaining: 2)] {
            _ = limiter.believe(word, of: grips, in: Turn(0))
        }
        #expect(left() == [3, 25], "more is not believed, and nothing of a limit that the request was not charged for")
    }

    @Test func `a venue that has fewer permits than configured is believed at once and over a restart, and none raises them beyond`() throws {
        let rules = [BudgetRule("place", 20, perMs: 1_000, scope: .uid, reserve: 0, heaviest: 2)]
        var limiter = Limiter()
        var (names, rows) = Self.register(&limiter, Self.profile("v", rules))
        let index = try #require(names["place"])
        let (grips, _) = limiter.take([index], by: 1, at: 0)
        func hear(_ permits: Int) -> BudgetRow? { limiter.believe(LimitWord(permits: permits), of: grips, in: Turn(0)) }
        func available(_ limiter: inout Limiter, _ index: Int) -> Int { limiter.available(index, at: .seconds(9), usesReserve: true) }
        _ = limiter.release(grips, readAt: 0, at: 0)

        #expect(hear(20) == nil && hear(0) == nil && hear(500) == nil)
        let lowered = try #require(hear(8))
        #expect(lowered.learned == 8 && lowered.permits == 20 && available(&limiter, index) == 8)
        #expect(hear(8) == nil, "it is told once")

        rows = rows.map { $0.id == lowered.id ? lowered : $0 }
        var next = Limiter()
        let again = try #require(Self.register(&next, Self.profile("v", rules), rows: rows).names["place"])
        #expect(available(&next, again) == 8)
        var setting = LimitSetting(budget: "place")
        setting.permits = 12
        var other = Limiter()
        let fresh = try #require(Self.register(&other, Self.profile("v", rules), settings: [setting], rows: rows).names["place"])
        #expect(available(&other, fresh) == 12, "whoever configures another number knows better")

        _ = hear(15)
        #expect(available(&limiter, index) == 15)
        _ = hear(30)
        #expect(available(&limiter, index) == 20)
        _ = hear(1)
        #expect(available(&limiter, index) == 2, "one request has to fit")
        #expect(limiter.adjust(index, to: setting, rule: rules[0]).learned == nil && available(&limiter, index) == 12)
    }

    @Test func `items that are refused for the rate rest the limits that count items, and no other`() throws {
        let rules = [("orders", 1_000), ("requests", 500)].map { BudgetRule($0.0, 10, perMs: $0.1, scope: .uid, reserve: 0) }
        var limiter = Limiter()
        let (names, _) = Self.register(&limiter, Self.profile("v", rules))
        let (orders, requests) = (try #require(names["orders"]), try #require(names["requests"]))
        let charges = [BudgetCharge(budget: orders, weight: 5, perItem: 1), BudgetCharge(budget: requests)]
        let (grips, _) = limiter.take(charges, by: 1, at: 0)
        limiter.punishItems(grips, charges, at: Moment(monotonic: 0, wall: 0))
        #expect(limiter.isPunished([orders]) && !limiter.isPunished([requests]))
        let (plain, _) = limiter.take([requests], by: 2, at: 0)
        limiter.punishItems(plain, [BudgetCharge(budget: requests)], at: Moment(monotonic: 0, wall: 0))
        #expect(!limiter.isPunished([requests]), "who counts requests refuses requests")
    }

    // MARK: Markets that are counted apart

    @Test func `a limit of each market is one for each, over restarts and reloads, and as configured`() throws {
        let rule = BudgetRule("place", 3, perMs: 1_000, scope: .uid, reserve: 0, isDivided: true)
        let owner = BudgetOwner(profile: Self.profile("v", [rule]), uid: "7", keyFingerprint: "k")
        var limiter = Limiter()
        var (names, rows) = Self.register(&limiter, Self.profile("v", [rule]))
        #expect(names.isEmpty, "none is known before it is charged for")
        let turn = Turn(0)
        let parts = ["BTC", "ETH"].map { limiter.register(rule.name(of: $0), of: rule, owner, nil, in: turn) }
        #expect(parts[0] != parts[1] && limiter.register("place/BTC", of: rule, owner, nil, in: turn) == parts[0])
        let (_, permits) = limiter.take([parts[0], parts[1], parts[0]].map { BudgetCharge(budget: $0) }, by: 1, at: 0)
        #expect(parts.map { limiter.available($0, at: 0, usesReserve: true) } == [1, 2])

        for case .budget(let row) in turn.records { rows.append(row) }
        #expect(rows.map(\.name) == ["place/BTC", "place/ETH"])
        var setting = LimitSetting(budget: "place")
        setting.permits = 2
        for settings in [[], [setting]] {
            var next = Limiter()
            names = Self.register(&next, Self.profile("v", [rule]), settings: settings, rows: rows, permits: permits).names
            let all = settings.isEmpty ? 3 : 2
            #expect(names.keys.sorted() == ["place/BTC", "place/ETH"])
            #expect(try next.available(#require(names["place/BTC"]), at: 0, usesReserve: true) == all - 2)
            #expect(try next.available(#require(names["place/ETH"]), at: 0, usesReserve: true) == all - 1)
        }
        #expect(rule.covers("place/BTC") && rule.covers("place") && !rule.covers("places") && !rule.covers("place/"))
    }

    @Test func `products whose endpoints bear one name share limits by user, others do not, and what all share they share`() {
        func key(_ endpoints: String?, _ budget: String, _ scope: BudgetScope = .uid) -> String {
            var profile = Self.profile(
                "house", [BudgetRule("place", 3, perMs: 1_000, scope: .uid), BudgetRule("asks", 3, perMs: 1_000, scope: .uid)])
            (profile.endpoints, profile.sharedBudgets) = (endpoints, ["asks"])
            return BudgetOwner(profile: profile, uid: "7", keyFingerprint: "k").key(budget, scope)
        }
        #expect(key("derivatives", "place") == key("derivatives", "place"))
        #expect(Set([key("derivatives", "place"), key("spot", "place"), key(nil, "place")]).count == 3)
        #expect(Set([key("derivatives", "asks"), key("spot", "asks"), key(nil, "asks")]).count == 1)
        #expect(key("derivatives", "place", .ip) == key("spot", "place", .ip), "an address is one for all")
    }

    // MARK: Whom an address is counted with

    @Test func `hosts of one house that count addresses apart do not share those limits, nor inherit them`() throws {
        let rules = [BudgetRule("weight", 10, perMs: 60_000, scope: .ip, reserve: 0)]
        var (spot, futures) = (Self.profile("house-spot", rules), Self.profile("house-futures", rules))
        #expect(spot.addressFamily == "house" && futures.addressFamily == "house")
        var limiter = Limiter()
        #expect(Self.register(&limiter, spot).names == Self.register(&limiter, futures).names)

        (spot.ownAddressFamily, futures.ownAddressFamily) = ("house.spot", "house.futures")
        limiter = Limiter()
        let (mine, rows) = Self.register(&limiter, spot)
        let theirs = Self.register(&limiter, futures, rows: rows).names
        #expect(mine != theirs && rows.map(\.venue) == ["house.spot"])
        let (_, permits) = limiter.take([try #require(mine["weight"])], by: 1, at: 0)

        var next = Limiter()
        let again = Self.register(&next, spot, rows: rows, permits: permits).names
        let other = Self.register(&next, futures, rows: rows, permits: permits).names
        #expect(try next.available(#require(again["weight"]), at: 0, usesReserve: true) == 9)
        #expect(try next.available(#require(other["weight"]), at: 0, usesReserve: true) == 10)
    }
}
