import Containers
@testable import OMSCore
import Testing

@Suite struct LimiterTests {
    /// docs/LIMITS.md has the argument; this tries to break it.
    @Test(arguments: 1...40) func `no window of any position at the venue ever holds more requests than it allows`(block: UInt64) {
        var (sent, crashes) = (0, 0)
        for seed in (block * 50)..<(block * 50 + 50) {
            var history = LimiterHistory(seed: seed)
            history.play(untilUs: .seconds(15))
            let overruns = history.overruns()
            #expect(overruns.isEmpty, "seed \(seed): \(overruns.prefix(3))")
            (sent, crashes) = (sent + history.sent, crashes + history.crashes)
        }
        #expect(sent > 1_000 && crashes > 20, "the histories do something: \(sent) requests, \(crashes) crashes")
    }

    /// A hundred times as slow: windows so long that holds are gathered.
    @Test(arguments: 1...10) func `nor of any window of minutes`(block: UInt64) {
        for seed in (block * 40)..<(block * 40 + 40) {
            var history = LimiterHistory(seed: seed, scale: 100)
            history.play(untilUs: .seconds(1_500))
            let overruns = history.overruns()
            #expect(overruns.isEmpty, "seed \(seed): \(overruns.prefix(3))")
        }
    }

    @Test func `who waits for one limit is not woken for another that has permits`() throws {
        var limiter = Limiter()
        let rules = [BudgetRule("slow", 1, perMs: 60_000, scope: .uid, reserve: 0), BudgetRule("fast", 9, perMs: 100, scope: .uid, reserve: 0)]
        let profile = Self.profile("v", rules)
        let names = limiter.register(
            profile: profile, uid: "u", keyFingerprint: "f", settings: [], holdUnansweredUs: 0, inherited: [], permits: [:], at: 0,
            newRow: { _ in })
        let both = rules.compactMap { names[$0.name] }
        let taken = limiter.take(both, by: 1, at: 0)
        _ = limiter.release(taken.grips, readAt: 0, at: 0)
        let now = Int64.seconds(1)
        let isFree = limiter.canTake(both, at: now, usesReserve: true)
        let next = limiter.nextChance(both, at: now, usesReserve: true)
        #expect(!isFree && next == limiter.budgets[both[0]].holdUs)
    }

    @Test func `after a loss of the record no permit is free until the last request of the lost part can count no more, also over a restart`() throws
    {
        let profile = Self.profile("v", [BudgetRule("b", 5, perMs: 1_000, scope: .uid, reserve: 0)])
        func registered(_ limiter: inout Limiter, _ inherited: [BudgetRow], _ rows: [PermitRow], at now: Int64) throws -> Int {
            let names = limiter.register(
                profile: profile, uid: "u", keyFingerprint: "f", settings: [], holdUnansweredUs: .seconds(30), inherited: inherited,
                permits: Dictionary(grouping: rows, by: \.budget), at: now, newRow: { _ in })
            return try #require(names["b"])
        }
        var limiter = Limiter()
        let index = try registered(&limiter, [], [], at: 0)

        let rows = limiter.holdAll(unansweredHoldUs: .seconds(30), at: 0)

        let end = limiter.budgets[index].holdUs + .seconds(30) + .seconds(30) * Budget.driftPPM / 1_000_000
        var next = Limiter()
        let again = try registered(&next, [limiter.budgets[index].row], rows, at: .seconds(3))
        for (isFree, at) in [(false, end - 1), (true, end)] {
            #expect(limiter.canTake([index], at: at, usesReserve: true) == isFree)
            #expect(next.canTake([again], at: at, usesReserve: true) == isFree)
        }
        #expect(limiter.available(index, at: end, usesReserve: true) == 5 && next.available(again, at: end, usesReserve: true) == 5)
    }

    private static func profile(_ venue: String, _ rules: [BudgetRule]) -> VenueProfile {
        VenueProfile(
            venue: venue, product: "p", baseURL: "", budgets: rules, placeMax: 1, cancelMax: 1, modifyMax: 0, cancelsByClientID: true,
            clientIDs: ClientIDRule(lengths: 1...36, alsoAllowed: ""), freshnessMs: 1, stampMarginMs: 0, visibilityDelayMs: 1, findSteps: 1,
            listsFills: false)
    }

    static func budget(_ permits: Int, windowMs: Int64 = 1_000, share: Int? = nil, reserve: Int = 0, marginMs: Int64 = 20) -> Budget {
        let row = BudgetRow(id: 1, venue: "v", owner: "u", name: "b", scope: .uid, permits: permits, windowMs: windowMs)
        var setting = LimitSetting(budget: "b")
        (setting.share, setting.reserve, setting.marginMs) = (share, reserve, marginMs)
        return Budget(row: row, LimitTerms(BudgetRule("b", permits, perMs: windowMs, scope: .uid), setting))
    }

    @Test(arguments: [(1, 50, 1), (10, 50, 1), (10, 1, 5), (50, 200, 1), (50, 200, 10), (200, 20, 1), (7, 333, 1), (7, 333, 3), (1_200, 40, 80)])
    func `a saturated limit gives 99 of 100 of what the proof leaves`(permits: Int, roundTripMs: Int64, weight: Int) {
        var budget = Self.budget(permits)
        var answers = TimerHeap<Int>()
        var (now, sent): (Int64, Int) = (0, 0)
        let end = Int64.seconds(100)
        while now < end {
            while let slot = answers.popDue(at: now) { _ = budget.release(slot: slot, readAt: now, at: now) }
            while budget.available(at: now, usesReserve: false) >= weight {
                answers.add(budget.take(weight, by: 1, at: now).slot, at: now + .milliseconds(roundTripMs))
                sent += 1
            }
            now = [answers.nextAt, budget.nextChance(at: now)].compactMap { $0 }.min() ?? end
        }
        let possible = Int64(permits / weight) * end / (budget.holdUs + .milliseconds(roundTripMs))
        #expect(Int64(sent) * 100 >= possible * 99, "\(sent) of \(possible)")
    }

    @Test func `the reserve is kept from places and given to cancels`() {
        var budget = Self.budget(10, reserve: 3)
        for _ in 0..<7 { _ = budget.take(by: 1, at: 0) }
        #expect(budget.available(at: 0, usesReserve: false) == 0)
        #expect(budget.available(at: 0, usesReserve: true) == 3)
    }

    @Test func `a share of a limit is never passed, and its reserve comes out of the share`() {
        var budget = Self.budget(10, share: 4, reserve: 1)
        #expect(budget.available(at: 0, usesReserve: true) == 4)
        #expect(budget.available(at: 0, usesReserve: false) == 3)
        for _ in 0..<4 { _ = budget.take(by: 1, at: 0) }
        #expect(budget.available(at: 0, usesReserve: true) == 0)
    }

    @Test func `a request that never left gives its permit back at once, an answered one after the window, a lost one after the hold`() {
        var budget = Self.budget(1)
        #expect(budget.holdUs == 1_020_500)
        var slot = budget.take(by: 1, at: 0).slot
        _ = budget.release(slot: slot, readAt: nil, at: 5)
        #expect(budget.available(at: 5, usesReserve: true) == 1)
        slot = budget.take(by: 2, at: 5).slot
        _ = budget.release(slot: slot, readAt: 100, at: 300)
        #expect(budget.available(at: 100 + 1_020_499, usesReserve: true) == 0)
        #expect(budget.available(at: 100 + 1_020_500, usesReserve: true) == 1)
        slot = budget.take(by: 3, at: 2_000_000).slot
        _ = budget.abandon(slot: slot, resetAt: 2_000_000, holdUs: .seconds(30), at: 2_000_000)
        #expect(budget.available(at: 2_000_000 + 31_035_499, usesReserve: true) == 0)
        #expect(budget.available(at: 2_000_000 + 31_035_500, usesReserve: true) == 1)
    }

    @Test func `fewer requests left than we count are believed for a window, more are not`() {
        var budget = Self.budget(10)
        #expect(budget.believe(remaining: 12, at: 0) == nil)
        #expect(budget.available(at: 0, usesReserve: true) == 10)
        let row = budget.believe(remaining: 3, at: 0)
        #expect(row?.count == 7 && row?.releasedAt == 0, "on record: a restart believes it, too")
        #expect(budget.available(at: 0, usesReserve: true) == 3)
        #expect(budget.available(at: 1_020_499, usesReserve: true) == 3)
        #expect(budget.available(at: 1_020_500, usesReserve: true) == 10)
    }

    @Test func `a 429 rests the limit with the shortest window, and a wider one only when it was nearly used up`() throws {
        let rules = [
            BudgetRule("place", 10, perMs: 1_000, scope: .uid, reserve: 0), BudgetRule("overall", 20, perMs: 60_000, scope: .ip, reserve: 0),
        ]
        for used in [1, 19] {
            var limiter = Limiter()
            let indexes = limiter.register(
                profile: Self.profile("bitget-uta", rules), uid: "u", keyFingerprint: "f", settings: [], holdUnansweredUs: .seconds(1),
                inherited: [], permits: [:], at: 0, newRow: { _ in })
            let (place, overall) = (try #require(indexes["place"]), try #require(indexes["overall"]))
            for number in 1..<used { _ = limiter.take([overall], by: RequestID(Int64(number)), at: 0) }
            let taken = limiter.take([place, overall], by: 100, at: 0)
            limiter.punish(taken.grips, retryAfterUs: nil, at: 0)
            #expect(limiter.available(place, at: 0, usesReserve: true) == 0)
            #expect((limiter.available(overall, at: 0, usesReserve: true) > 0) == (used == 1))
        }
    }

    @Test func `a permit that is out frees itself never`() {
        var budget = Self.budget(1)
        _ = budget.take(by: 1, at: 0)
        #expect(budget.available(at: .seconds(1_000_000), usesReserve: true) == 0)
        #expect(budget.nextChance(at: 0) == nil)
    }

    @Test func `a refusal for the rate freezes the budget, halves the share, and lets it grow back`() throws {
        var budget = Self.budget(10)
        budget.punish(retryAfterUs: nil, at: 0)
        #expect(budget.available(at: 999_999, usesReserve: true) == 0)
        #expect(budget.available(at: 1_000_000, usesReserve: true) == 5)
        budget.recover(at: .seconds(4))
        #expect(budget.available(at: .seconds(4), usesReserve: true) == 5)
        budget.recover(at: .seconds(5))
        #expect(budget.available(at: .seconds(5), usesReserve: true) == 6)
        budget.recover(at: .seconds(21))
        #expect(budget.available(at: .seconds(21), usesReserve: true) == 10)
        for _ in 0..<9 { budget.punish(retryAfterUs: .seconds(3), at: .seconds(30)) }
        #expect(budget.available(at: .seconds(33) - 1, usesReserve: true) == 0)
        #expect(budget.available(at: .seconds(33), usesReserve: true) == 1, "never to nothing")
        budget.punish(retryAfterUs: .seconds(86_400), at: .seconds(40))
        #expect(budget.frozenUntil == .seconds(940), "a venue's word is heeded up to a quarter of an hour")
    }

    @Test func `a place that waits gets at least one grant in ten`() {
        var budget = Self.budget(10)
        var grants: [Bool] = []
        for _ in 0..<1_000 {
            let isPlace = budget.owesPlace
            budget.served(place: isPlace, whilePlaceWaits: true)
            grants.append(isPlace)
        }
        for start in 0...990 { #expect(grants[start..<start + 10].contains(true)) }
    }

    @Test func `grants to an account without places take no turn from another's that wait`() {
        var budget = Self.budget(10)
        for _ in 0..<9 {
            budget.served(place: false, whilePlaceWaits: true)
            budget.served(place: false, whilePlaceWaits: false)
        }
        #expect(budget.owesPlace)
    }

    @Test func `two accounts of one uid share their budgets, two of one venue do not, and address limits join a venue's family`() {
        var limiter = Limiter()
        func register(_ venue: String, _ uid: String) -> [String: Int] {
            let rules = [BudgetRule("place", 5, perMs: 1_000, scope: .uid), BudgetRule("overall", 50, perMs: 1_000, scope: .ip)]
            let profile = Self.profile(venue, rules)
            return limiter.register(
                profile: profile, uid: uid, keyFingerprint: uid, settings: [], holdUnansweredUs: 0, inherited: [], permits: [:], at: 0,
                newRow: { _ in })
        }
        let first = register("bitget-margin", "u1")
        #expect(register("bitget-margin", "u1") == first)
        let other = register("bitget-margin", "u2")
        #expect(other["place"] != first["place"] && other["overall"] == first["overall"])
        let sister = register("bitget-uta", "u1")
        #expect(sister["place"] != first["place"] && sister["overall"] == first["overall"])
        #expect(register("xt-spot", "u1")["overall"] != first["overall"])
    }

    @Test func `a limit by address is inherited whichever account of the venue's family comes first`() throws {
        let rules = [BudgetRule("overall", 2, perMs: 1_000, scope: .ip, reserve: 0)]
        var (before, after) = (Limiter(), Limiter())
        var rows: [BudgetRow] = []
        let old = before.register(
            profile: Self.profile("bitget-margin", rules), uid: "u", keyFingerprint: "f", settings: [], holdUnansweredUs: .seconds(1),
            inherited: [], permits: [:], at: 0, newRow: { rows.append($0) })
        let out = before.take([try #require(old["overall"])], by: 1, at: 0)
        let new = after.register(
            profile: Self.profile("bitget-uta", rules), uid: "u", keyFingerprint: "f", settings: [], holdUnansweredUs: .seconds(1),
            inherited: rows, permits: [rows[0].id: out.rows], at: 0, newRow: { _ in })
        let index = try #require(new["overall"])
        let left = after.available(index, at: 2_020_999, usesReserve: false)
        let later = after.available(index, at: 2_021_000, usesReserve: false)
        #expect((left, later) == (1, 2))
    }

    /// What a former run knew an account's budget by, and what it is known by now.
    struct Respelling: Sendable, CustomTestStringConvertible {
        let name: String
        var venue = "bitget-margin"
        var formerProduct = "isolated"
        var formerUID = "7"
        var key = "k"
        var scope: BudgetScope?
        var formerScope: BudgetScope?
        var isSeen = true
        var testDescription: String { name }
    }

    static let respellings = [
        Respelling(name: "as it was"), Respelling(name: "the uid's spelling", formerUID: "U7"),
        Respelling(name: "the product", formerProduct: "crossed"),
        Respelling(name: "the scope", scope: .apikey), Respelling(name: "the scope, to the address", scope: .ip),
        Respelling(name: "the scope, from the address", formerScope: .ip),
        Respelling(name: "the key", key: "k2", scope: .apikey, formerScope: .apikey),
        Respelling(name: "another venue", venue: "xt-spot", isSeen: false),
    ]

    @Test(arguments: respellings) func `permits follow the venue's count, however we spell whose they are`(_ now: Respelling) throws {
        func setting(_ scope: BudgetScope?) -> [LimitSetting] {
            var setting = LimitSetting(budget: "b")
            setting.scope = scope
            return scope == nil ? [] : [setting]
        }
        func owner(_ venue: String, _ product: String, _ uid: String, _ key: String) -> BudgetOwner {
            var profile = Self.profile(venue, [BudgetRule("b", 5, perMs: 1_000, scope: .uid, reserve: 0)])
            (profile.product, profile.endpoints) = (product, product)
            return BudgetOwner(profile: profile, uid: uid, keyFingerprint: key)
        }
        var before = Limiter()
        var rows: [BudgetRow] = []
        let former = before.register(
            owner("bitget-margin", now.formerProduct, now.formerUID, "k"), settings: setting(now.formerScope),
            holdUnansweredUs: .seconds(1),
            from: .none, at: 0, newRow: { rows.append($0) })
        let index = try #require(former["b"])
        var permits: [PermitRow] = []
        for number in 1...4 { permits += before.take([index], by: RequestID(Int64(number)), at: 0).rows }
        before.punish([PermitGrip(budget: index, slot: 0)], retryAfterUs: .seconds(9), at: 0)
        let rests = before.takeNews()
        #expect(rests.count == 1)

        var after = Limiter()
        let mine = owner(now.venue, "isolated", "7", now.key)
        let names = after.register(
            mine, settings: setting(now.scope), holdUnansweredUs: .seconds(1),
            from: LimitInheritance(budgets: rows, permits: permits, rests: rests, of: [(mine, setting(now.scope))]), at: .seconds(1), newRow: { _ in }
        )
        let fresh = try #require(names["b"])
        #expect(after.available(fresh, at: .seconds(1), usesReserve: true) == (now.isSeen ? 0 : 5))
        #expect(after.budgets[fresh].isPunished == now.isSeen, "a rest follows, too")
        #expect(after.available(fresh, at: .seconds(9), usesReserve: true) == (now.isSeen ? 2 : 5), "half a share behind the rest")
        #expect(after.supersededRests == (now.isSeen && now.name != "as it was" ? [rows[0].id] : []))
        // Until the hold ends, and not longer.
        after.recover(at: .seconds(1_000))
        #expect(after.available(fresh, at: .seconds(1_000), usesReserve: true) == 5)
    }

    @Test func `an account that is another's no more does not hold up who was never mistaken for it`() throws {
        var before = Limiter()
        var rows: [BudgetRow] = []
        let profile = Self.profile("xt-spot", [BudgetRule("b", 2, perMs: 1_000, scope: .uid, reserve: 0)])
        let (one, two) = (BudgetOwner(profile: profile, uid: "1", keyFingerprint: "a"), BudgetOwner(profile: profile, uid: "2", keyFingerprint: "b"))
        let index = try #require(
            before.register(one, settings: [], holdUnansweredUs: 0, from: .none, at: 0, newRow: { rows.append($0) })["b"])
        let permits = before.take([index], by: 1, at: 0).rows
        // Both are configured: each row has its owner.
        let former = LimitInheritance(budgets: rows, permits: permits, rests: [], of: [(one, []), (two, [])])
        var after = Limiter()
        let mine = try #require(after.register(two, settings: [], holdUnansweredUs: 0, from: former, at: 0, newRow: { _ in })["b"])
        let theirs = try #require(after.register(one, settings: [], holdUnansweredUs: 0, from: former, at: 0, newRow: { _ in })["b"])
        #expect(after.available(mine, at: 0, usesReserve: true) == 2)
        #expect(after.available(theirs, at: 0, usesReserve: true) == 1)
    }

    @Test func `a rest goes on over a restart and begins anew with another boot, whatever the wall clock says`() {
        var budget = Self.budget(10)
        budget.punish(retryAfterUs: .seconds(100), at: Moment(monotonic: .seconds(50), wall: .seconds(5_000)))
        let rest = budget.rest
        var same = Self.budget(10)
        same.inherit(rest)
        #expect(same.available(at: .seconds(150) - 1, usesReserve: true) == 0 && same.available(at: .seconds(150), usesReserve: true) == 5)
        for wall: Int64 in [5_000, 5_090, 9_999_999, 4_900, 0, -9_999_999] {
            // Another boot, three seconds old.
            let anew = rest.countedAnew(at: Moment(monotonic: .seconds(3), wall: .seconds(wall)))
            #expect(anew.rest.until == .seconds(103), "by a wall clock of \(wall)")
        }
        // Grown back: on record once, then no more.
        #expect(same.takeNews() == nil, "it is as the journal has it")
        same.recover(at: .seconds(1_000))
        #expect(same.takeNews()?.isOver == true && same.takeNews() == nil)
    }

    @Test func `no number that a venue, a file or a clock may say ends the limiter`() {
        for number in [Int64.min, -1, 0, 1, .max] {
            var budget = Self.budget(3)
            budget.punish(retryAfterUs: number, at: Moment(monotonic: 5, wall: number / 4))
            _ = budget.believe(remaining: Int(clamping: number), at: 5)
            budget.inherit(
                [PermitRow(budget: 1, slot: 2, request: nil, takenAt: number, releasedAt: number, isUnanswered: true)], unansweredHoldUs: 5, at: 5)
            _ = budget.rest.countedAnew(at: Moment(monotonic: 5, wall: number / 4))
            #expect(Int64.milliseconds(number).magnitude <= Int64.farthest.magnitude && Int64.seconds(number).magnitude <= Int64.farthest.magnitude)
        }
    }
}
