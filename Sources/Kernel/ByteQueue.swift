// Kernel: what the operating system gives, once, in Swift's words: waiting for sockets, threads, sockets and their addresses, errors, and the words of a
// command line. Nothing here knows an order, a venue, a protocol or a policy; who needs one of those keeps it, one floor up. C calls whose shape Swift
// cannot see are in CLinux; pure containers are in Containers.

/// Bytes appended at the end and taken from the front, in one stretch of memory.
public struct ByteQueue {
    @usableFromInline var storage: [UInt8] = []
    @usableFromInline var head = 0
    /// Bytes of memory that an empty queue keeps for what comes next.
    @usableFromInline let keepsMax: Int

    /// - Parameter keepsMax: an empty queue holds on to at most so much memory: a rare large line must not keep its own for the rest of a connection.
    @inlinable public init(keepsMax: Int = 1 << 20) { self.keepsMax = keepsMax }

    @inlinable public var count: Int { storage.count - head }
    @inlinable public var isEmpty: Bool { storage.count == head }

    @inlinable public mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) { storage.append(contentsOf: bytes) }
    @inlinable public mutating func append(_ bytes: [UInt8]) { storage.append(contentsOf: bytes) }

    /// Lets `write` append.
    @inlinable public mutating func write(_ write: (inout [UInt8]) -> Void) { write(&storage) }

    @inlinable public func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        storage.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[head...])) }
    }

    @inlinable public mutating func removeFirst(_ count: Int) {
        head += count
        precondition(head <= storage.count, "more taken than was there")
        if head == storage.count {
            storage.removeAll(keepingCapacity: storage.capacity <= keepsMax)
            head = 0
        } else if head > 64 << 10, head > storage.count / 2 {
            storage.removeSubrange(..<head)
            head = 0
        }
    }

    @inlinable public mutating func removeAll() { (storage, head) = ([], 0) }
}
