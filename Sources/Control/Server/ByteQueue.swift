/// Bytes appended at the end and taken from the front, in one stretch of memory.
struct ByteQueue {
    private var storage: [UInt8] = []
    private var head = 0

    var count: Int { storage.count - head }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) { storage.append(contentsOf: bytes) }

    /// Lets `write` append.
    mutating func write(_ write: (inout [UInt8]) -> Void) { write(&storage) }

    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        storage.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[head...])) }
    }

    mutating func removeFirst(_ count: Int) {
        head += count
        precondition(head <= storage.count, "more taken than was there")
        if head == storage.count {
            // A rare large line must not hold its memory for the rest of the connection.
            storage.removeAll(keepingCapacity: storage.capacity <= 1 << 20)
            head = 0
        } else if head > 64 << 10, head > storage.count / 2 {
            storage.removeSubrange(..<head)
            head = 0
        }
    }

    mutating func removeAll() { (storage, head) = ([], 0) }
}
