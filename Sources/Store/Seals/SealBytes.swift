import CSQLite
import Wire

/// Rows as bytes, and their hash. A value is its kind and what it holds: 0 for NULL; 1 and eight bytes for a number; 2 for a text or 3 for bytes, each behind its
/// length in four bytes; the highest byte first. Values follow each other as columns do, behind the mark of their table.
///
/// Bytes go from SQLite's page to the hash by way of one buffer: at nineteen thousand orders a second nothing may be made for a row (docs/decisions/0014-seals.md).
final class SealBytes {
    private let digest: RunningDigest
    private let room: UnsafeMutableRawBufferPointer
    private let capacity: Int
    private var used = 0
    /// What was added is handed out as it is, and goes to no hash.
    private let isCapturing: Bool
    private var captured: [UInt8] = []

    convenience init() { self.init(RunningDigest(), capacity: 1 << 16) }

    /// Rows one by one, to be put in order with those of other files first.
    static func capturing() -> SealBytes { SealBytes(RunningDigest(), capacity: 1 << 12, isCapturing: true) }

    private init(_ digest: RunningDigest, capacity: Int, isCapturing: Bool = false) {
        (self.digest, self.capacity, self.isCapturing) = (digest, capacity, isCapturing)
        room = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit { room.deallocate() }

    /// What was added so far, and what is still to come.
    func copy() -> SealBytes {
        flush()
        // A few numbers are all that comes yet.
        return SealBytes(digest.copy(), capacity: 256)
    }

    /// Of all that was added.
    func finish() -> [UInt8] {
        flush()
        return digest.finish()
    }

    /// What was captured since the last time.
    func takeCaptured() -> [UInt8] {
        flush()
        defer { captured.removeAll() }
        return captured
    }

    private func flush() {
        guard used > 0 else { return }
        pass(UnsafeRawBufferPointer(rebasing: room[..<used]))
        used = 0
    }

    private func pass(_ bytes: UnsafeRawBufferPointer) { if isCapturing { captured.append(contentsOf: bytes) } else { digest.add(bytes) } }

    private func makeRoom(_ count: Int) { if used + count > capacity { flush() } }

    func add(mark: UInt8) {
        makeRoom(1)
        room[used] = mark
        used += 1
    }

    func add(_ number: Int64) {
        makeRoom(9)
        room[used] = 1
        room.storeBytes(of: number.bigEndian, toByteOffset: used + 1, as: Int64.self)
        used += 9
    }

    /// As it is, without a length.
    func add(raw bytes: [UInt8]) {
        flush()
        digest.add(bytes)
    }

    private func add(kind: UInt8, _ start: UnsafeRawPointer?, _ count: Int) {
        makeRoom(5)
        room[used] = kind
        room.storeBytes(of: UInt32(truncatingIfNeeded: count).bigEndian, toByteOffset: used + 1, as: UInt32.self)
        used += 5
        guard let start, count > 0 else { return }
        makeRoom(count)
        guard count <= capacity else { return pass(UnsafeRawBufferPointer(start: start, count: count)) }
        UnsafeMutableRawBufferPointer(rebasing: room[used..<used + count]).copyMemory(from: UnsafeRawBufferPointer(start: start, count: count))
        used += count
    }

    /// A row's values.
    func add(mark: UInt8, _ values: UnsafeMutablePointer<OpaquePointer?>, _ columns: Int) {
        add(mark: mark)
        for column in 0..<columns {
            let value = values[column]
            switch sqlite3_value_type(value) {
            case SQLITE_INTEGER: add(sqlite3_value_int64(value))
            // A text's bytes as they lie in the page: `sqlite3_value_text` would copy it to end it with a zero.
            case SQLITE_TEXT: add(kind: 2, sqlite3_value_blob(value), Int(sqlite3_value_bytes(value)))
            case SQLITE_BLOB: add(kind: 3, sqlite3_value_blob(value), Int(sqlite3_value_bytes(value)))
            case SQLITE_NULL: add(mark: 0)
            // No omsd writes one.
            default: add(kind: 4, sqlite3_value_text(value), Int(sqlite3_value_bytes(value)))
            }
        }
    }
}
