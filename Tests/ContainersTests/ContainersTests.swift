import Containers
import Testing

@Suite struct ContainersTests {
    @Test(arguments: 1...10) func `a deque gives what a list would give`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var deque = Deque<Int>()
        var model: [Int] = []
        for step in 0..<20_000 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<50:
                deque.append(step)
                model.append(step)
            case 50..<90:
                #expect(deque.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
            case 90..<98:
                let back = (0..<Int.random(in: 0...40, using: &random)).map { -step - $0 }
                deque.prepend(back)
                model = back + model
            default:
                let divisor = Int.random(in: 2...9, using: &random)
                deque.removeAll { $0 % divisor == 0 }
                model.removeAll { $0 % divisor == 0 }
            }
            #expect(deque.count == model.count && deque.first == model.first && deque.isEmpty == model.isEmpty, "seed \(seed) step \(step)")
        }
        #expect(Array(deque.elements) == model)
    }

    @Test(arguments: 1...10) func `sorted runs hold what a sorted list would, and a walk through them shows each value once`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var runs = SortedRuns<Int>()
        var model: Set<Int> = []
        for step in 0..<8_000 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<60:
                runs.insert(step)
                model.insert(step)
            case 60..<65:
                let value = Int.random(in: 0...step, using: &random)
                runs.insert(value)
                model.insert(value)
            default:
                guard let value = Int.random(in: 0..<4, using: &random) == 0 ? step : model.randomElement(using: &random) else { continue }
                runs.remove(value)
                model.remove(value)
            }
            #expect(runs.count == model.count && runs.isEmpty == model.isEmpty, "seed \(seed) step \(step)")
        }
        let limit = Int.random(in: 1...700, using: &random)
        var (walked, last): ([Int], Int) = ([], -1)
        while true {
            let next = runs.next(after: last, limit: limit)
            guard let end = next.last else { break }
            #expect(next.count <= limit)
            walked += next
            last = end
        }
        #expect(Array(runs.elements) == walked && walked == model.sorted(), "seed \(seed), limit \(limit)")
        for value in model.sorted() { runs.remove(value) }
        #expect(runs.isEmpty && runs.next(after: -1, limit: 10).isEmpty)
    }

    @Test(arguments: 1...10) func `a timer heap gives what is due, the earliest first, and nothing before its time`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var heap = TimerHeap<Int>()
        var model: [Int: Int64] = [:]
        var now: Int64 = 0
        for step in 0..<5_000 {
            let at = now + Int64.random(in: -50...1_000, using: &random)
            heap.add(step, at: at)
            model[step] = at
            guard Int.random(in: 0..<3, using: &random) == 0 else { continue }
            now += Int64.random(in: 0...800, using: &random)
            var last = Int64.min
            while let taken = heap.popDue(at: now) {
                guard let due = model.removeValue(forKey: taken) else {
                    Issue.record("seed \(seed): \(taken) came twice")
                    return
                }
                #expect(due <= now && due >= last, "seed \(seed)")
                last = due
            }
            #expect(model.values.min() == heap.nextAt && model.values.allSatisfy { $0 > now }, "seed \(seed)")
            #expect(heap.count == model.count)
        }
    }

    @Test func `a seed gives the numbers that it always gave`() {
        // As printed by the reference implementation (https://prng.di.unimi.it/splitmix64.c) for the seed 1234567.
        var random = SplitMix64(seed: 1_234_567)
        let drawn = (0..<5).map { _ in random.next() }
        #expect(
            drawn == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ])
    }
}
