/// Things that will happen, by time and, at one time, in the order they were planned. A binary heap.
struct EventQueue {
    private struct Event {
        let at: Int64
        let number: Int
        let action: (Int64) -> Void

        func isBefore(_ other: Event) -> Bool { (at, number) < (other.at, other.number) }
    }

    private var heap: [Event] = []
    private var count = 0

    /// When the next one is due; nil: nothing planned.
    var nextAt: Int64? { heap.first?.at }

    mutating func add(at: Int64, _ action: @escaping (Int64) -> Void) {
        count += 1
        heap.append(Event(at: at, number: count, action: action))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes the earliest event that is due at `now`.
    mutating func takeDue(at now: Int64) -> (at: Int64, action: (Int64) -> Void)? {
        guard let first = heap.first, first.at <= now else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return (first.at, first.action) }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].isBefore(heap[least]) { least = child }
            guard least != parent else { break }
            heap.swapAt(parent, least)
            parent = least
        }
        return (first.at, first.action)
    }
}
