/// Things due at a time, the earliest first. Entries are never removed early: whoever takes one checks that it still holds.
public struct TimerHeap<Payload: Sendable>: Sendable {
    @usableFromInline var entries: [(at: Int64, payload: Payload)] = []

    @inlinable public init() {}

    @inlinable public var nextAt: Int64? { entries.first?.at }
    @inlinable public var count: Int { entries.count }

    @inlinable public mutating func add(_ payload: Payload, at: Int64) {
        entries.append((at, payload))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].at < entries[parent].at else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    @inlinable public func forEach(_ body: (Payload, _ at: Int64) -> Void) {
        for entry in entries { body(entry.payload, entry.at) }
    }

    /// The earliest payload due at `now`.
    @inlinable public mutating func popDue(at now: Int64) -> Payload? {
        guard let first = entries.first, first.at <= now else { return nil }
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count && entries[child].at < entries[least].at { least = child }
            guard least != parent else { break }
            entries.swapAt(parent, least)
            parent = least
        }
        return first.payload
    }
}
