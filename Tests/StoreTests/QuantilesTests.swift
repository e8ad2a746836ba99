import OMSCore
import TestSupport
import Testing

@testable import Store

@Suite struct QuantilesTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a quantile is never told too low, nor too high by more than one part in 64`(seed: UInt64) {
        var random = XorShift(seed: seed)
        var (quantiles, durations) = (Quantiles(), [Int64]())
        for _ in 0..<5_000 {
            let duration = Int64(random.next() >> (1 + random.next() % 60))
            durations.append(duration)
            quantiles.add(duration)
        }
        durations.sort()
        for share in [1, 10, 500, 900, 990, 1_000] {
            let exact = durations[(durations.count * share + 999) / 1_000 - 1]
            guard let told = quantiles.quantile(perMille: share) else {
                Issue.record("nothing is told")
                continue
            }
            #expect(told >= exact && told - exact <= exact / 64, "seed \(seed), \(share): \(told), exactly \(exact)")
        }
        #expect(quantiles.longest == durations.last && quantiles.quantile(perMille: 1_000) == durations.last)
    }

    @Test func `two lots together are as one`() {
        var (one, other, both) = (Quantiles(), Quantiles(), Quantiles())
        for number in 0..<1_000 as Range<Int64> {
            if number % 3 == 0 { one.add(number * number) } else { other.add(number * number) }
            both.add(number * number)
        }
        one.add(other)
        #expect(one == both)
    }

    @Test func `what a clock that was set back made negative counts as none, and without any there is no quantile`() {
        var quantiles = Quantiles()
        quantiles.add(-1)
        #expect(quantiles.count == 0 && quantiles.quantile(perMille: 500) == nil)
        quantiles.add(.max)
        #expect(quantiles.quantile(perMille: 500) == .max)
    }
}

@Suite struct FiguresTests {
    @Test func `a journal to which nothing was ever written has a report of nothing`() throws {
        let sample = try Sample()
        sample.close()
        let figures = try FiguresReader.read(path: sample.path)
        #expect(figures.total.all == 0 && figures.seq == 0 && figures.period.isEmpty && figures.steps.isEmpty)
        #expect(figures.accounts.map(\.name) == ["asc", "mm-az"])
    }

    @Test func `a long list is cut, what stands is kept, and what is left out is counted`() throws {
        let sample = try Sample()
        for number in 0..<12 {
            var orders = try sample.place(IntentID("many-\(number)"), count: 50)
            // All are lost again; of the last intent they stay so.
            var records: [JournalRecord] = []
            for index in orders.indices {
                let from = orders[index].state
                let event = sample.event(.inDoubt) { $0.evidence = .inferred }
                orders[index].state = .inDoubt
                records.append(.orderChanged(orders[index], from: from, fields: [], event))
                guard number < 11 else { continue }
                let found = sample.event(.reported) { $0.evidence = .query }
                orders[index].state = .working
                records.append(.orderChanged(orders[index], from: .inDoubt, fields: [], found))
            }
            try sample.open.commit(records)
        }
        sample.close()
        let figures = try FiguresReader.read(path: sample.path)
        #expect(figures.doubts.count == 600 && figures.doubts.rows.count == 500 && figures.doubts.left == 100)
        #expect(figures.doubts.rows.prefix(50).allSatisfy { $0.until == nil && $0.how == .open } && figures.doubts.rows[50].until != nil)
        #expect(figures.endings.map { "\($0.how.rawValue) \($0.lasted.count)" } == ["found 550", "open 50"])
        #expect(figures.total[.inDoubt] == 50 && figures.total.all == 600)
    }

    @Test func `what is not a journal of this omsd is refused in words`() throws {
        let folder = ScratchDirectory()
        #expect(throws: JournalError.self) { try FiguresReader.read(path: folder.file("none.db")) }
        try writeText("no database", to: folder.file("text.db"))
        #expect(throws: JournalError.self) { try FiguresReader.read(path: folder.file("text.db")) }
    }
}
