import Containers

/// When permits of a budget were taken within the last window, and the most of them in any one: for people, nothing is decided by it.
struct Takings: Sendable {
    private struct Taking {
        let at: Int64
        var count: Int
    }

    private var earlier = Deque<Taking>()
    private var latest = Taking(at: .min, count: 0)
    private var inside = 0
    private(set) var most = 0

    /// - Parameters:
    ///   - grainUs: what was taken within the same multiple of this counts as taken together.
    ///   - overUntil: what was taken until then lies in windows that are over, `Int64.min` where windows slide.
    mutating func add(_ count: Int, at now: Int64, windowUs: Int64, grainUs: Int64, overUntil: Int64 = .min) {
        let left = max(now - windowUs, overUntil)
        while let first = earlier.first, first.at <= left {
            inside -= first.count
            _ = earlier.popFirst()
        }
        let at = grainUs > 1 ? now / grainUs * grainUs : now
        if latest.at == at {
            latest.count += count
        } else {
            if latest.at > left { earlier.append(latest) } else { inside -= latest.count }
            latest = Taking(at: at, count: count)
        }
        inside += count
        most = max(most, inside)
    }
}
