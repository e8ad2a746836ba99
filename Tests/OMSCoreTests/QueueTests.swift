import Containers
import OMSCore
import Testing

@Suite struct QueueTests {
    private static func all(_ key: OrderKey) -> PlaceQueue.Verdict { .take }
    private static func uncapped(_ key: OrderKey) -> Int { Int.max }

    @Test func `intents give one order each in turn, and an intent's items keep their order`() throws {
        let queue = PlaceQueue()
        for key in 1...6 { queue.append(OrderKey(Int64(key)), of: 1, group: PlaceGroup()) }
        for key in 11...12 { queue.append(OrderKey(Int64(key)), of: 2, group: PlaceGroup()) }
        let batch = try #require(queue.takeBatch(max: 5, verdict: Self.all, cap: Self.uncapped))
        #expect(batch.orders == [1, 11, 2, 12, 3])
        #expect(queue.takeBatch(max: 5, verdict: Self.all, cap: Self.uncapped)?.orders == [4, 5, 6])
        #expect(queue.takeBatch(max: 5, verdict: Self.all, cap: Self.uncapped) == nil)
        #expect(queue.isEmpty)
    }

    @Test func `a small intent behind a large one is whole in the next two batches`() throws {
        let queue = PlaceQueue()
        for key in 1...1_000 { queue.append(OrderKey(Int64(key)), of: 1, group: PlaceGroup()) }
        _ = queue.takeBatch(max: 20, verdict: Self.all, cap: Self.uncapped)
        for key in 2_001...2_020 { queue.append(OrderKey(Int64(key)), of: 2, group: PlaceGroup()) }
        let next = (0..<2).compactMap { _ in queue.takeBatch(max: 20, verdict: Self.all, cap: Self.uncapped)?.orders }.joined()
        #expect(next.count { $0 > 2_000 } == 20)
    }

    @Test func `orders of different groups never share a batch, and a single goes alone`() throws {
        let queue = PlaceQueue()
        queue.append(1, of: 1, group: PlaceGroup(key: "a"))
        queue.append(2, of: 1, group: PlaceGroup(key: "b"))
        queue.append(3, of: 1, group: PlaceGroup(key: "a", isSingle: true))
        queue.append(4, of: 2, group: PlaceGroup(key: "a"))
        queue.append(5, of: 1, group: PlaceGroup(key: "a", isSingle: true))
        var batches: [[OrderKey]] = []
        while let batch = queue.takeBatch(max: 10, verdict: Self.all, cap: Self.uncapped) {
            if batch.group.isSingle { #expect(batch.orders.count == 1) }
            batches.append(batch.orders)
        }
        #expect(batches == [[1, 4], [2], [3], [5]])
    }

    @Test func `no batch is larger than the cap of any order in it`() {
        let queue = PlaceQueue()
        let caps: [OrderKey: Int] = [1: 100, 2: 100, 3: 2, 4: 1, 5: 100]
        for key in caps.keys.sorted() { queue.append(key, of: 1, group: PlaceGroup()) }
        var sizes: [[OrderKey]] = []
        while let batch = queue.takeBatch(max: 10, verdict: Self.all, cap: { caps[$0] ?? 1 }) { sizes.append(batch.orders) }
        for batch in sizes { for key in batch { #expect(batch.count <= caps[key] ?? 0, "\(sizes)") } }
        #expect(sizes.flatMap { $0 } == [1, 2, 3, 4, 5])
    }

    @Test func `what is put back leaves first`() {
        let queue = PlaceQueue()
        for key in 1...6 { queue.append(OrderKey(Int64(key)), of: 1, group: PlaceGroup()) }
        _ = queue.takeBatch(max: 3, verdict: Self.all, cap: Self.uncapped)
        queue.putBack([1, 2, 3], of: 1, group: PlaceGroup())
        #expect(queue.takeBatch(max: 4, verdict: Self.all, cap: Self.uncapped)?.orders == [1, 2, 3, 4])
    }

    /// Against a bag: whatever happens, each order leaves exactly once, in its intent's order, in batches that obey every rule.
    @Test(arguments: 1...60) func `nothing is lost, repeated or overtaken, whatever is put back, dropped and waited for`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let queue = PlaceQueue()
        var waiting: [OrderKey: (intent: IntentKey, group: PlaceGroup, cap: Int)] = [:]
        var dropped: Set<OrderKey> = []
        var next: Int64 = 1
        let groups = [PlaceGroup(), PlaceGroup(key: "a"), PlaceGroup(key: "b", isSingle: true)]
        func check(_ batch: (group: PlaceGroup, orders: [OrderKey]), max most: Int, waits: IntentKey?) {
            #expect(!batch.orders.isEmpty && batch.orders.count <= (batch.group.isSingle ? 1 : most), "seed \(seed)")
            for key in batch.orders {
                guard let entry = waiting[key] else {
                    Issue.record("seed \(seed): \(key) left twice, or never came")
                    return
                }
                #expect(entry.group == batch.group && batch.orders.count <= Swift.max(1, entry.cap) && entry.intent != waits, "seed \(seed)")
                let overtaken = waiting.contains { other, known in
                    other < key && known.intent == entry.intent && known.group == entry.group && !batch.orders.contains(other)
                        && !dropped.contains(other)
                }
                #expect(!overtaken, "seed \(seed): \(key) overtook")
            }
        }
        for _ in 0..<400 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3:
                let intent = IntentKey(Int64.random(in: 1...5, using: &random))
                for _ in 0..<Int.random(in: 1...12, using: &random) {
                    let group = groups[Int.random(in: 0..<3, using: &random)]
                    let cap = Int.random(in: 0..<10, using: &random) == 0 ? Int.random(in: 1...3, using: &random) : Int.max
                    waiting[OrderKey(next)] = (intent, group, cap)
                    queue.append(OrderKey(next), of: intent, group: group)
                    next += 1
                }
            case 3:
                if let key = waiting.keys.sorted().randomElement(using: &random) { dropped.insert(key) }
            default:
                let most = Int.random(in: 1...8, using: &random)
                let waits = Int.random(in: 0..<4, using: &random) == 0 ? IntentKey(Int64.random(in: 1...5, using: &random)) : nil
                let taken = queue.takeBatch(
                    max: most,
                    verdict: { key in
                        if dropped.contains(key) { return .drop }
                        return waiting[key]?.intent == waits ? .wait : .take
                    }, cap: { waiting[$0]?.cap ?? Int.max })
                guard let taken else {
                    let left = waiting.contains { !dropped.contains($0.key) && $0.value.intent != waits }
                    #expect(!left, "seed \(seed): something could have left")
                    continue
                }
                check(taken, max: most, waits: waits)
                if Int.random(in: 0..<3, using: &random) == 0 {
                    let byIntent = Dictionary(grouping: taken.orders, by: { waiting[$0]?.intent ?? 0 })
                    for (intent, orders) in byIntent { queue.putBack(orders.sorted(), of: intent, group: taken.group) }
                } else {
                    for key in taken.orders { waiting[key] = nil }
                }
            }
        }
        while let taken = queue.takeBatch(max: 8, verdict: { dropped.contains($0) ? .drop : .take }, cap: { waiting[$0]?.cap ?? Int.max }) {
            check(taken, max: 8, waits: nil)
            for key in taken.orders { waiting[key] = nil }
        }
        #expect(waiting.keys.allSatisfy { dropped.contains($0) }, "seed \(seed): lost \(waiting.count)")
        #expect(queue.isEmpty)
    }
}
