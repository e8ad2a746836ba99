// Containers: values that hold other values and know nothing of what they hold, pure as the core that they serve. Standard library only; no clock, no lock,
// no system call (that is Kernel), no word of orders or venues. Everything is inlinable and public: a generic that is not is slow in the module that uses it,
// and what is merely `package` is not made for its element there, whatever the attribute says (swiftc 6.3.1).

/// A queue that gives from its front in constant time and takes back there.
public struct Deque<Element: Sendable>: Sendable {
    @usableFromInline var items: [Element] = []
    @usableFromInline var head = 0

    @inlinable public init() {}

    @inlinable public var count: Int { items.count - head }
    @inlinable public var isEmpty: Bool { head == items.count }
    @inlinable public var first: Element? { isEmpty ? nil : items[head] }
    @inlinable public var elements: ArraySlice<Element> { items[head...] }

    @inlinable public mutating func append(_ element: Element) { items.append(element) }

    /// Puts back in front, in the order given.
    @inlinable public mutating func prepend(_ elements: [Element]) {
        guard !elements.isEmpty else { return }
        if elements.count <= head {
            head -= elements.count
            for (index, element) in elements.enumerated() { items[head + index] = element }
        } else {
            items.replaceSubrange(0..<head, with: elements)
            head = 0
        }
    }

    @inlinable public mutating func popFirst() -> Element? {
        guard head < items.count else { return nil }
        let element = items[head]
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: items.capacity < 4096)
            head = 0
        } else if head > 1024, head * 2 > items.count {
            items.removeFirst(head)
            head = 0
        }
        return element
    }

    @inlinable public mutating func removeAll(where matches: (Element) -> Bool) {
        items.removeFirst(head)
        head = 0
        items.removeAll(where: matches)
    }
}
