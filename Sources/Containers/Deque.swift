// Containers: values that hold other values and know nothing of what they hold, pure as the core that they serve. Standard library only; no clock, no lock,
// no system call (that is Kernel), no word of orders or venues. Everything is inlinable: a generic that is not is slow in the module that uses it.

/// A queue that gives from its front in constant time and takes back there.
package struct Deque<Element: Sendable>: Sendable {
    @usableFromInline var items: [Element] = []
    @usableFromInline var head = 0

    @inlinable package init() {}

    @inlinable package var count: Int { items.count - head }
    @inlinable package var isEmpty: Bool { head == items.count }
    @inlinable package var first: Element? { isEmpty ? nil : items[head] }
    @inlinable package var elements: ArraySlice<Element> { items[head...] }

    @inlinable package mutating func append(_ element: Element) { items.append(element) }

    /// Puts back in front, in the order given.
    @inlinable package mutating func prepend(_ elements: [Element]) {
        if elements.count <= head {
            head -= elements.count
            for (index, element) in elements.enumerated() { items[head + index] = element }
        } else {
            items.replaceSubrange(0..<head, with: elements)
            head = 0
        }
    }

    @inlinable package mutating func popFirst() -> Element? {
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

    @inlinable package mutating func removeAll(where matches: (Element) -> Bool) {
        items.removeFirst(head)
        head = 0
        items.removeAll(where: matches)
    }
}
