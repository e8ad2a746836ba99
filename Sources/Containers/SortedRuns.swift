/// Values in ascending order, each once: what a walk through all of them may leave anywhere, and take up again behind the value it came to.
///
/// They lie in runs of a few hundred, so that taking one out moves no more than its run. Most are added at the end.
public struct SortedRuns<Element: Comparable & Sendable>: Sendable {
    @usableFromInline var runs: [[Element]] = []
    @usableFromInline var size = 0

    /// How many lie in a run at most, but for one that something was put into.
    @inlinable public static var runMax: Int { 512 }

    @inlinable public init() {}

    @inlinable public var count: Int { size }
    @inlinable public var isEmpty: Bool { size == 0 }

    /// All of them, in order.
    @inlinable public var elements: FlattenSequence<[[Element]]> { runs.joined() }

    @inlinable public mutating func insert(_ element: Element) {
        guard let last = runs.last?.last, element <= last else { return append(element) }
        let run = run(of: element)
        let place = Self.place(of: element, in: runs[run])
        guard place == runs[run].count || runs[run][place] != element else { return }
        runs[run].insert(element, at: place)
        size += 1
        guard runs[run].count > 2 * Self.runMax else { return }
        let half = Array(runs[run][Self.runMax...])
        runs[run].removeLast(half.count)
        runs.insert(half, at: run + 1)
    }

    @inlinable public mutating func remove(_ element: Element) {
        guard !runs.isEmpty else { return }
        let run = run(of: element)
        let place = Self.place(of: element, in: runs[run])
        guard place < runs[run].count, runs[run][place] == element else { return }
        runs[run].remove(at: place)
        size -= 1
        // The last one stays: values that come and go one by one allocate nothing.
        if runs[run].isEmpty, runs.count > 1 { runs.remove(at: run) }
    }

    /// What stands behind a value, the nearest first: at least one where there is any, and `limit` at most (1 or more). To be asked again behind the last.
    @inlinable public func next(after element: Element, limit: Int) -> ArraySlice<Element> {
        guard !runs.isEmpty else { return [] }
        var run = run(of: element)
        var place = Self.place(of: element, in: runs[run])
        if place < runs[run].count, runs[run][place] == element { place += 1 }
        if place == runs[run].count { (run, place) = (run + 1, 0) }
        guard run < runs.count else { return [] }
        return runs[run][place..<min(runs[run].count, place + max(1, limit))]
    }

    /// Adds what is greater than all the others.
    @inlinable public mutating func append(_ element: Element) {
        size += 1
        let last = runs.count - 1
        if last >= 0, runs[last].count < Self.runMax {
            runs[last].append(element)
        } else {
            runs.append([element])
        }
    }

    /// The run that holds a value, or would: the last that does not begin behind it.
    @inlinable public func run(of element: Element) -> Int {
        var (low, high) = (0, runs.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if runs[middle][0] <= element { low = middle } else { high = middle }
        }
        return low
    }

    /// Where a value stands in a run, or would.
    @inlinable public static func place(of element: Element, in run: [Element]) -> Int {
        var (low, high) = (0, run.count)
        while low < high {
            let middle = (low + high) / 2
            if run[middle] < element { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
