import Containers
@testable import OMSCore
import Testing

/// Requests that weigh more than one permit, and who waits for whom.
@Suite struct ChargeTests {
    private static func limiter(_ rules: [BudgetRule], settings: [LimitSetting] = []) throws -> (Limiter, [Int]) {
        var limiter = Limiter()
        var profile = PlainRules().profile
        profile.budgets = rules
        let names = limiter.register(
            profile: profile, uid: "u", keyFingerprint: "f", settings: settings, holdUnansweredUs: 0, inherited: [], permits: [:], at: 0,
            newRow: { _ in })
        return (limiter, try rules.map { try #require(names[$0.name]) })
    }

    private static func rule(_ name: String, _ permits: Int, reserve: Int = 0, heaviest: Int = 1) -> BudgetRule {
        BudgetRule(name, permits, perMs: 1_000, scope: .uid, reserve: reserve, heaviest: heaviest)
    }

    private static func name(_ account: Int, _ urgency: Claims.Urgency) -> Claims.Name { Claims.Name(account: account, urgency: urgency) }

    @Test func `an empty batch is charged as one of a single item, a full one by its items`() {
        #expect(Charge("b", items: 0, each: 3).weight == 3 && Charge("b", items: 20, each: 3).weight == 60)
        #expect(Charge("b", items: 20).perItem == 1 && Charge("b", weight: 5).perItem == 0 && Charge("b", weight: 0).weight == 1)
    }

    @Test func `all charges of a request are taken together or none of them`() throws {
        var (limiter, budgets) = try Self.limiter([Self.rule("a", 10, heaviest: 5), Self.rule("b", 4, heaviest: 4)])
        let charges = [BudgetCharge(budget: budgets[0], weight: 2), BudgetCharge(budget: budgets[1], weight: 3)]
        let wasFree = limiter.canTake(charges, at: 0, usesReserve: true)
        #expect(wasFree)
        _ = limiter.take(charges, by: 1, at: 0)
        let isFree = limiter.canTake(charges, at: 0, usesReserve: true)
        let inUse = budgets.map { limiter.inUse($0, at: 0) }
        #expect(!isFree && inUse == [2, 3], "one is short, and the other lost nothing")
    }

    @Test func `a batch holds as many items as the narrowest limit that counts them has permits`() throws {
        var (limiter, budgets) = try Self.limiter([
            Self.rule("items", 20, reserve: 5), Self.rule("requests", 3), Self.rule("weights", 30, heaviest: 4),
        ])
        let (items, requests, weights) = (budgets[0], budgets[1], budgets[2])
        let least = [BudgetCharge(budget: items, weight: 1, perItem: 1), BudgetCharge(budget: requests)]
        #expect(limiter.most(least, at: 0, usesReserve: false) == 15)
        #expect(limiter.most(least, at: 0, usesReserve: true) == 20)
        _ = limiter.take([BudgetCharge(budget: items, weight: 12, perItem: 1)], by: 1, at: 0)
        #expect(limiter.most(least, at: 0, usesReserve: false) == 3)
        #expect(limiter.most([BudgetCharge(budget: requests)], at: 0, usesReserve: false) == .max, "who counts requests sets no bound")
        #expect(limiter.most(least + [BudgetCharge(budget: weights, weight: 14, perItem: 4)], at: 0, usesReserve: true) == 5, "10 and 4 an item")
    }

    @Test func `a share that is cut, and a reserve, leave what the heaviest request takes`() throws {
        var (limiter, budgets) = try Self.limiter([Self.rule("a", 100, reserve: 60, heaviest: 80)])
        #expect(limiter.available(budgets[0], at: 0, usesReserve: false) == 80)
        for _ in 0..<5 { limiter.punish([PermitGrip(budget: budgets[0], slot: 0)], retryAfterUs: nil, at: 0) }
        #expect(limiter.available(budgets[0], at: .seconds(2), usesReserve: true) == 80)
    }

    @Test func `what repeats itself waits by what it takes`() throws {
        var (limiter, budgets) = try Self.limiter([Self.rule("a", 100, heaviest: 20)])
        limiter.repeated([BudgetCharge(budget: budgets[0], weight: 20)], at: 0)
        #expect(limiter.nextRepeat([BudgetCharge(budget: budgets[0])]) == .seconds(1), "20 of 100 in a second are a fifth")
    }

    /// One account sends a light request whenever it may, another waits for a heavy one; each asks in every turn, the light one first.
    private static func turns(_ most: Int, until isServed: (inout Limiter, Int64) -> Bool, _ light: [BudgetCharge], _ limiter: inout Limiter) -> Int?
    {
        var answers = TimerHeap<[PermitGrip]>()
        for turn in 0..<most {
            let now = Int64.milliseconds(Int64(turn) * 10)
            while let grips = answers.popDue(at: now) { _ = limiter.release(grips, readAt: now, at: now) }
            while limiter.mayTake(light, as: name(0, .last), at: now, usesReserve: true) {
                answers.add(limiter.take(light, by: 1, at: now).grips, at: now + .milliseconds(30))
            }
            if isServed(&limiter, now) { return turn }
            limiter.endTurn(Turn(now))
        }
        return nil
    }

    @Test(arguments: [Claims.Urgency.last, .changing, .asking, .due, .first])
    func `a heavy request is served within a window and a round trip, however many light ones come along`(urgency: Claims.Urgency) throws {
        var (limiter, budgets) = try Self.limiter([Self.rule("a", 10, heaviest: 8)])
        let (light, heavy) = ([BudgetCharge(budget: budgets[0])], [BudgetCharge(budget: budgets[0], weight: 8)])
        // 1,020.5 ms of hold and 30 of a round trip after the first refusal.
        let name = Self.name(1, urgency)
        let served = Self.turns(400, until: { limiter, now in limiter.mayTake(heavy, as: name, at: now, usesReserve: true) }, light, &limiter)
        #expect(try #require(served) <= 107)
        // Whoever does not save up, as if each asked anew, waits for ever: the sentence can be false.
        (limiter, budgets) = try Self.limiter([Self.rule("a", 10, heaviest: 8)])
        let never = Self.turns(400, until: { limiter, now in limiter.canTake(heavy, at: now, usesReserve: true) }, light, &limiter)
        #expect(never == nil)
    }

    @Test func `two that save up for the same two budgets do not wait for each other`() throws {
        var (limiter, budgets) = try Self.limiter([Self.rule("a", 10, heaviest: 10), Self.rule("b", 10, heaviest: 10)])
        let both = budgets.map { BudgetCharge(budget: $0, weight: 6) }
        // Each budget is short of a different one's needs in turn.
        let (held, _) = limiter.take([BudgetCharge(budget: budgets[0], weight: 5)], by: 1, at: 0)
        var (served, now): ([Int], Int64) = ([], 0)
        for turn in 0..<600 where served.count < 2 {
            now = .milliseconds(Int64(turn) * 10)
            if turn == 5 { _ = limiter.release(held, readAt: now, at: now) }
            for account in [turn % 2, 1 - turn % 2] where !served.contains(account) {
                let charges = account == 0 ? both : both.reversed()
                guard limiter.mayTake(charges, as: Self.name(account, .last), at: now, usesReserve: true) else { continue }
                _ = limiter.release(limiter.take(charges, by: 2, at: now).grips, readAt: now, at: now)
                served.append(account)
            }
            limiter.endTurn(Turn(now))
        }
        #expect(served == [0, 1] && now < .seconds(3), "first come, first served: \(served) at \(now)")
    }

    @Test func `an account's own light requests do not keep its heavy one waiting either`() throws {
        var (limiter, budgets) = try Self.limiter([Self.rule("a", 10, heaviest: 8)])
        let (light, heavy) = ([BudgetCharge(budget: budgets[0])], [BudgetCharge(budget: budgets[0], weight: 8)])
        let name = Self.name(0, .last)
        let served = Self.turns(400, until: { limiter, now in limiter.mayTake(heavy, as: name, at: now, usesReserve: true) }, light, &limiter)
        #expect(try #require(served) <= 107)
    }

    @Test func `who is more urgent passes one that saves up, and one that asks no more bars nobody`() throws {
        var (limiter, budgets) = try Self.limiter([Self.rule("a", 10, heaviest: 10)])
        let one = [BudgetCharge(budget: budgets[0])]
        _ = limiter.take([BudgetCharge(budget: budgets[0], weight: 5)], by: 1, at: 0)
        var mayPlace = limiter.mayTake([BudgetCharge(budget: budgets[0], weight: 9)], as: Self.name(0, .changing), at: 0, usesReserve: false)
        #expect(!mayPlace)
        mayPlace = limiter.mayTake(one, as: Self.name(1, .last), at: 0, usesReserve: false)
        let mayCancel = limiter.mayTake(one, as: Self.name(1, .first), at: 0, usesReserve: true)
        #expect(!mayPlace && mayCancel)
        limiter.endTurn(Turn(0))
        mayPlace = limiter.mayTake(one, as: Self.name(1, .last), at: 1, usesReserve: false)
        #expect(!mayPlace, "it asked in the last turn")
        let turn = Turn(1)
        limiter.endTurn(turn)
        #expect(turn.wakeAt == 1, "who was barred is called")
        mayPlace = limiter.mayTake(one, as: Self.name(1, .last), at: 2, usesReserve: false)
        #expect(mayPlace, "it asked no more")
    }

    @Test func `a budget that is named twice is charged for both together, and never beyond its permits`() throws {
        var (limiter, budgets) = try Self.limiter([Self.rule("a", 10, heaviest: 10), Self.rule("b", 10)])
        let twice = [
            BudgetCharge(budget: budgets[0], weight: 6, perItem: 2), BudgetCharge(budget: budgets[1]),
            BudgetCharge(budget: budgets[0], weight: 5, perItem: 1),
        ]
        let together = BudgetCharge.together(twice)
        #expect(together == [BudgetCharge(budget: budgets[0], weight: 11, perItem: 3), BudgetCharge(budget: budgets[1])])
        let isFree = limiter.canTake(together, at: 0, usesReserve: true)
        #expect(!isFree)
        let less = BudgetCharge.together([BudgetCharge(budget: budgets[0], weight: 6), BudgetCharge(budget: budgets[0], weight: 4)])
        _ = limiter.take(less, by: 1, at: 0)
        let left = limiter.available(budgets[0], at: 0, usesReserve: true)
        #expect(left == 0)
    }

    @Test func `a refusal that an earlier run heard leaves what the heaviest request takes, as one of this run does`() throws {
        let rules = [Self.rule("a", 100, heaviest: 40)]
        let (former, budgets) = try Self.limiter(rules)
        let row = former.budgets[budgets[0]].row
        // Written when nothing weighed so much.
        let rest = BudgetRest(budget: row.id, usableShare: 3, rest: Rest(until: 0, lastsUs: 0, untilWall: 0), recoversAt: .seconds(4))
        var budget = Budget(row: row, LimitTerms(rules[0], nil))
        budget.inherit(rest)
        let available = budget.available(at: .seconds(1), usesReserve: true)
        #expect(available == 40)
    }

    @Test func `one request of what repeats itself takes a fifth of what may be used, or one item`() throws {
        let (limiter, budgets) = try Self.limiter([Self.rule("a", 30, heaviest: 20), Self.rule("b", 3)])
        let (a, b) = (BudgetCharge(budget: budgets[0], weight: 1, perItem: 1), BudgetCharge(budget: budgets[1], weight: 1, perItem: 1))
        #expect(limiter.mostRepeated([a]) == 6)
        #expect(limiter.mostRepeated([a, b]) == 1)
        #expect(limiter.mostRepeated([BudgetCharge(budget: budgets[1])]) == Int.max, "who counts requests sets no bound")
    }

    @Test(arguments: 1...200)
    func `a cancel takes what is free whatever anybody saves up for, and nobody else is kept waiting for ever`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let permits = (0..<2).map { _ in Int.random(in: 2...20, using: &random) }
        var (limiter, budgets) = try Self.limiter(permits.enumerated().map { Self.rule("b\($0)", $1, heaviest: $1) })
        func charges(heavy: Bool) -> [BudgetCharge] {
            let named = Bool.random(using: &random) ? [0, 1] : [Int.random(in: 0...1, using: &random)]
            return named.map { BudgetCharge(budget: budgets[$0], weight: heavy ? Int.random(in: 1...permits[$0], using: &random) : 1) }
        }
        // Everybody wants to send all the time, but for cancels, which come for two seconds of four; each round trip takes up to 100 ms.
        let waiting: [(name: Claims.Name, charges: [BudgetCharge])] = [Claims.Urgency.last, .changing, .asking, .due].enumerated().map {
            (Self.name($0, $1), charges(heavy: true))
        }
        let cancel = charges(heavy: false)
        var answers = TimerHeap<[PermitGrip]>()
        var (served, refused, lastServed) = ([Int](repeating: 0, count: waiting.count), 0, Int64.zero)
        for turn in 0..<1_500 {
            let now = Int64.milliseconds(Int64(turn) * 10)
            while let grips = answers.popDue(at: now) { _ = limiter.release(grips, readAt: now, at: now) }
            for index in waiting.indices.shuffled(using: &random) {
                let (name, wanted) = waiting[index]
                guard limiter.mayTake(wanted, as: name, at: now, usesReserve: true) else { continue }
                answers.add(limiter.take(wanted, by: 1, at: now).grips, at: now + .milliseconds(Int64.random(in: 1...100, using: &random)))
                served[index] += 1
                lastServed = now
            }
            if turn % 7 == 0, turn % 400 < 200 {
                let isFree = limiter.canTake(cancel, at: now, usesReserve: true)
                let mayGo = limiter.mayTake(cancel, as: Self.name(9, .first), at: now, usesReserve: true)
                if isFree, !mayGo { refused += 1 }
                if mayGo { answers.add(limiter.take(cancel, by: 2, at: now).grips, at: now + .milliseconds(20)) }
            }
            limiter.endTurn(Turn(now))
        }
        #expect(refused == 0, "seed \(seed): \(refused) cancels waited beside free permits")
        // The most urgent of those that wait has its turn again and again; it wants to send without end, so that who stands behind it may not.
        #expect(served[3] > 0 && lastServed > .seconds(11), "seed \(seed): \(served), the last at \(lastServed)")
    }
}
