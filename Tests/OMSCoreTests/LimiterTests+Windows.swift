import Containers
@testable import OMSCore
import Testing

/// Windows by the calendar, and windows of a day.
extension LimiterTests {
    @Test(arguments: [(0, 0), (400_000, 0), (0, 777)])
    func `a calendar limit is used up in each of its windows, and turns when the venue's clock surely has`(tripUs: Int64, beginsMs: Int64) {
        let rule = BudgetRule("b", 10, perMs: 1_000, .calendar(beginsMs: beginsMs), scope: .uid, reserve: 0)
        let row = BudgetRow(id: 1, venue: "v", owner: "u", name: "b", scope: .uid, permits: 10, windowMs: 1_000, shape: rule.shape)
        var budget = Budget(row: row, LimitTerms(rule, nil))
        // The venue's clock is 5.25 s ahead.
        let offset: Int64 = 5_250_000
        budget.tell(VenueClock(serverMs: (offset - tripUs / 2) / 1_000, sent: -tripUs, read: 0))
        var (answers, sent): (TimerHeap<Int>, [Int64]) = (TimerHeap(), [])
        var now: Int64 = 0
        while now < .seconds(100) {
            while let slot = answers.popDue(at: now) { _ = budget.release(slot: slot, readAt: now, at: now) }
            while budget.available(at: now, usesReserve: false) > 0 {
                answers.add(budget.take(by: 1, at: now).slot, at: now + 30_000)
                sent.append(now + offset - beginsMs * 1_000)
            }
            now = [answers.nextAt, budget.nextChance(at: now)].compactMap { $0 }.min() ?? .max
        }
        let windows = Dictionary(grouping: sent, by: { $0 / 1_000_000 }).mapValues(\.count)
        #expect(windows.values.allSatisfy { $0 <= 10 } && sent.count >= 990, "\(sent.count)")
        #expect(budget.busiestWindow == 10)
        // Margin and error of the measurement, on both sides of a beginning; drift adds to it.
        let early = sent.map { $0 % 1_000_000 }.min() ?? 0
        #expect(early >= 20_000 + tripUs / 2)
    }

    @Test func `where the clock is not known, or a configuration says another length, windows are held as those of any position`() {
        let rule = BudgetRule("b", 1, perMs: 1_000, .calendar(), scope: .uid)
        var setting = LimitSetting(budget: "b")
        setting.windowMs = 999
        #expect(LimitTerms(rule, setting).shape == .sliding && LimitTerms(rule, nil).shape == .calendar())
        let row = BudgetRow(id: 1, venue: "v", owner: "u", name: "b", scope: .uid, permits: 1, windowMs: 1_000, shape: rule.shape)
        var budget = Budget(row: row, LimitTerms(rule, nil))
        budget.tell(VenueClock(serverMs: 900, sent: 0, read: 0))
        budget.tell(nil)
        _ = budget.release(slot: budget.take(by: 1, at: 0).slot, readAt: 10_000, at: 10_000)
        #expect(budget.available(at: 1_030_499, usesReserve: true) == 0 && budget.available(at: 1_030_500, usesReserve: true) == 1)
    }

    /// A venue's day of 160,000 orders.
    @Test func `a limit of a day is some thousand rows, however many requests it has, and none is free before its day is over`() {
        let day = Int64.seconds(86_400)
        var budget = Self.budget(160_000, windowMs: day / 1_000)
        var (rows, sent): ([Int: PermitRow], [Int64]) = ([:], [])
        func write(_ row: PermitRow) { rows[row.slot] = row }
        for number in 0..<160_000 {
            let now = Int64(number) * day / 160_000
            let taken = budget.take(by: RequestID(Int64(number)), at: now)
            write(taken)
            let (gathered, freed) = budget.release(slot: taken.slot, readAt: now + 20_000, at: now + 20_000)
            if let gathered { write(gathered) }
            write(freed)
            sent.append(now + 20_000)
        }
        #expect(rows.count < 4_200 && rows.values.reduce(0) { $0 + $1.count } == 160_000)
        #expect(budget.available(at: day, usesReserve: true) == 0)
        // In the next run, and at any moment of the day behind it.
        var next = Self.budget(160_000, windowMs: day / 1_000)
        next.inherit(Array(rows.values), unansweredHoldUs: 0, at: day)
        for now in stride(from: day, to: 2 * day + 100_000_000, by: 3_333_333_333) {
            let surelyOver = sent.count { $0 + budget.holdUs <= now }
            #expect(budget.available(at: now, usesReserve: true) <= surelyOver && next.available(at: now, usesReserve: true) <= surelyOver)
        }
        #expect(budget.available(at: 2 * day + 100_000_000, usesReserve: true) == 160_000)
        #expect(next.available(at: 2 * day + 100_000_000, usesReserve: true) == 160_000)
    }
}
