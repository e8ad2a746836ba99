/// A queue that gives from its front in constant time and takes back there.
package struct Deque<Element: Sendable>: Sendable {
    private var items: [Element] = []
    private var head = 0

    package init() {}

    package var count: Int { items.count - head }
    package var isEmpty: Bool { head == items.count }
    package var first: Element? { isEmpty ? nil : items[head] }
    package var elements: ArraySlice<Element> { items[head...] }

    package mutating func append(_ element: Element) { items.append(element) }

    /// Puts back in front, in the order given.
    package mutating func prepend(_ elements: [Element]) {
        if elements.count <= head {
            head -= elements.count
            for (index, element) in elements.enumerated() { items[head + index] = element }
        } else {
            items.replaceSubrange(0..<head, with: elements)
            head = 0
        }
    }

    package mutating func popFirst() -> Element? {
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

    package mutating func removeAll(where matches: (Element) -> Bool) {
        items.removeFirst(head)
        head = 0
        items.removeAll(where: matches)
    }
}
