import OMSCore
import Testing
import Wire

@testable import Store

/// `stats.get`: what plots of the last hour are made of.
@Suite struct StatsTests {
    private static let second: Int64 = 1_000_000
    private static let begin: Int64 = 1_795_183_200_000_000

    private struct Point: Equatable {
        var (requests, p50, p99): (Int, Int?, Int?) = (0, nil, nil)
        var (fills, fillP50, fillP99): (Int, Int?, Int?) = (0, nil, nil)
        var (doubts, refusals) = (0, 0)
    }

    private static func stats(
        _ sample: Sample, from: Int64 = 0, to: Int64 = 3_600, step: Int64 = 600, account: AccountID? = nil
    ) throws -> (points: [Point], isSampled: Bool) {
        let query = try #require(StatsQuery(account: account, from: begin + from * second, to: begin + to * second, stepUs: step * second))
        let reader = try SQLiteJournalReader(path: sample.path)
        let answer = try JSONParser.parse(try reader.answer(.stats(query)).get())
        let rows = try #require(answer["points"]?.array)
        let times = rows.compactMap { $0["at"]?.integer }
        #expect(times == (0..<query.points).map { query.from + Int64($0) * query.stepUs })
        func number(_ row: JSON, _ name: String) -> Int? { row[name]?.integer.map { Int($0) } }
        let points = rows.map { row in
            var point = Point()
            (point.requests, point.p50, point.p99) = (number(row, "requests") ?? -1, number(row, "request_p50_us"), number(row, "request_p99_us"))
            (point.fills, point.fillP50, point.fillP99) = (number(row, "fills") ?? -1, number(row, "fill_p50_us"), number(row, "fill_p99_us"))
            (point.doubts, point.refusals) = (number(row, "doubts") ?? -1, number(row, "refusals") ?? -1)
            return point
        }
        return (points, answer["sampled"] == .bool(true))
    }

    /// Requests with ids `every` apart, a row each `gapUs` from `from` on, each answered after its number in the step of `times` microseconds.
    private static func add(
        _ sample: Sample, _ count: Int, from: Int64, gapUs: Int64, firstID: Int64, every: Int64 = 1, outcome: String, account: Int = 1
    ) throws {
        try sample.tamper(
            """
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < \(count))
            INSERT INTO requests SELECT \(firstID) + i * \(every), \(account), 'e', 'place', 1, 0, \(begin + from * second) + i * \(gapUs), zeroblob(32), '[]',
                \(begin + from * second) + i * \(gapUs), \(begin + from * second) + i * \(gapUs) + 1000 + i % 100, '\(outcome)', 200, NULL FROM n
            """)
    }

    @Test func `a journal without requests has points all the same, of nothing`() throws {
        let (points, isSampled) = try Self.stats(try Sample())
        #expect(points == Array(repeating: Point(), count: 6))
        #expect(!isSampled)
    }

    @Test func `requests count in the step that they were signed in, with medians, and doubts and refusals among them`() throws {
        let sample = try Sample()
        try Self.add(sample, 100, from: 0, gapUs: 1_000, firstID: 10, outcome: "acknowledged")
        // On the edge: the first of the next step.
        try Self.add(sample, 1, from: 600, gapUs: 1, firstID: 500, outcome: "in_doubt")
        try Self.add(sample, 3, from: 1_199, gapUs: 100_000, firstID: 600, every: 7, outcome: "refused")
        try Self.add(sample, 2, from: 1_200, gapUs: 1, firstID: 700, outcome: "partial", account: 2)
        // Before and behind what is asked for.
        try Self.add(sample, 5, from: -10, gapUs: 1, firstID: 1, outcome: "refused")
        try Self.add(sample, 5, from: 3_600, gapUs: 1, firstID: 800, outcome: "refused")
        var points = Array(repeating: Point(), count: 6)
        (points[0].requests, points[0].p50, points[0].p99) = (100, 1_049, 1_098)
        (points[1].requests, points[1].p50, points[1].p99, points[1].doubts, points[1].refusals) = (4, 1_000, 1_002, 1, 3)
        (points[2].requests, points[2].p50, points[2].p99, points[2].refusals) = (2, 1_000, 1_001, 2)
        let all = try Self.stats(sample)
        #expect(all.points == points && !all.isSampled)
        let second = try Self.stats(sample, account: "asc").points
        #expect(second.map(\.requests) == [0, 0, 2, 0, 0, 0])
        #expect(try Self.stats(sample, account: "nobody").points.allSatisfy { $0.requests == 0 })
        // A last step that is shorter.
        #expect(try Self.stats(sample, to: 1_200, step: 700).points.map(\.requests) == [101, 3])
    }

    @Test func `fills count when they were recorded, and take as long as the venue's time was before that`() throws {
        let sample = try Sample()
        let order = try sample.place("one")[0]
        for (index, late) in [40, 10, 30, -5].enumerated() {
            let seq = 1_000 + index
            let at = Self.begin + Int64(index) * Self.second
            try sample.tamper(
                """
                INSERT INTO events (seq, at, kind, account_key, order_key) VALUES (\(seq), \(at), 'filled', 1, \(order.key.number));
                INSERT INTO fills VALUES (\(seq), \(order.key.number), 1, 't\(index)', 'v', '1', '1', NULL, NULL, \(at - Int64(late)))
                """)
        }
        let point = try #require(try Self.stats(sample).points.first)
        #expect(point.fills == 4 && point.fillP50 == 10 && point.fillP99 == 40)
    }

    @Test func `fills that lie in the archive count as before, and one that came back counts once`() throws {
        let sample = try Sample()
        let orders = try sample.trade("one", count: 3)
        try sample.seal()
        let (begin, end) = (sample.now - 60 * Self.second - Self.begin, sample.now + 60 * Self.second - Self.begin)
        func fills() throws -> [Point] {
            try Self.stats(sample, from: begin / Self.second, to: end / Self.second + 1, step: 600, account: Sample.az).points
        }
        let before = try fills()
        #expect(before.map(\.fills).reduce(0, +) == 3)
        try sample.archive()
        #expect(try sample.open.connection.integer("SELECT count(*) FROM fills") == 0)
        #expect(try fills() == before)
        try sample.open.commit([.note(account: Sample.az, orders[1].key, sample.event(.note) { $0.note = "back" })])
        #expect(try sample.open.connection.integer("SELECT count(*) FROM fills") == 1)
        #expect(try fills() == before)
    }

    @Test(arguments: [1, 5] as [Int64]) func `of more than can be read a part is read, and counts are what it comes to`(every: Int64) throws {
        let sample = try Sample()
        // 400,000 in the first step, 100 in the last.
        try Self.add(sample, 400_000, from: 0, gapUs: 1_000, firstID: 1, every: every, outcome: "in_doubt")
        try Self.add(sample, 100, from: 3_000, gapUs: 1_000, firstID: 10_000_000, outcome: "acknowledged")
        let (points, isSampled) = try Self.stats(sample)
        #expect(isSampled)
        #expect((396_000...404_000).contains(points[0].requests) && points[0].doubts == points[0].requests)
        #expect((1_047...1_051).contains(points[0].p50 ?? 0) && (1_096...1_099).contains(points[0].p99 ?? 0))
        #expect(points[5].requests == 100 && points[5].doubts == 0)
        #expect(points[1...4].allSatisfy { $0 == Point() })
    }

    @Test func `a stretch that ends before it begins, or has too many points, is none`() {
        #expect(StatsQuery(account: nil, from: 5, to: 5, stepUs: 1) == nil)
        #expect(StatsQuery(account: nil, from: 6, to: 5, stepUs: 1) == nil)
        #expect(StatsQuery(account: nil, from: 0, to: 1_440, stepUs: 1)?.points == 1_440)
        #expect(StatsQuery(account: nil, from: 0, to: 1_441, stepUs: 1) == nil)
        #expect(StatsQuery(account: nil, from: 0, to: .max, stepUs: 1) == nil)
        #expect(StatsQuery(account: nil, from: 0, to: 10, stepUs: 7)?.points == 2)
    }
}
