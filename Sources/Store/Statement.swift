import CSQLite
import OMSCore

/// One prepared statement, kept for the life of its connection.
///
/// Texts are copied into a buffer of the statement's own and bound from there: SQLite neither copies nor frees them. Rows are read between
/// `step()` and `reset()`. Not shared between threads.
struct Statement: ~Copyable {
    private let handle: OpaquePointer?
    private let sql: String
    private let scratch: UnsafeMutablePointer<UInt8>
    private let used: UnsafeMutablePointer<Int>

    /// Longer rows fall back to a copy by SQLite.
    private static let scratchBytes = 2_048

    init(_ sql: String, on connection: OpaquePointer) throws(JournalError) {
        var failure: JournalError?
        self.init(sql, on: connection, failure: &failure)
        if let failure { throw failure }
    }

    /// As above for a set of statements prepared together: a value that cannot be copied cannot be left half made by a throw.
    ///
    /// - Parameter failure: Set by the first that fails; none of the set may be used then.
    init(_ sql: String, on connection: OpaquePointer, failure: inout JournalError?) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        if code != SQLITE_OK || handle == nil, failure == nil { failure = JournalError(sqlite: code, of: connection, running: sql) }
        (self.handle, self.sql) = (handle, sql)
        scratch = .allocate(capacity: Self.scratchBytes)
        used = .allocate(capacity: 1)
        used.initialize(to: 0)
    }

    deinit {
        sqlite3_finalize(handle)
        scratch.deallocate()
        used.deallocate()
    }

    private func check(_ code: Int32) throws(JournalError) {
        guard code == SQLITE_OK else { throw JournalError(sqlite: code, of: sqlite3_db_handle(handle), running: sql) }
    }

    /// Binds to the 1-based parameter `index`.
    func bind(_ text: String, at index: Int32) throws(JournalError) {
        let count = text.utf8.count
        let start = used.pointee
        var text = text
        guard start + count <= Self.scratchBytes else {
            try check(text.withUTF8 { omsd_bind_text(handle, index, $0.baseAddress, Int32(clamping: count)) })
            return
        }
        let place = scratch + start
        text.withUTF8 { if let base = $0.baseAddress { place.update(from: base, count: count) } }
        used.pointee = start + count
        try place.withMemoryRebound(to: CChar.self, capacity: count) { pointer throws(JournalError) in
            try check(sqlite3_bind_text(handle, index, pointer, Int32(count), nil))
        }
    }

    func bind(_ text: String?, at index: Int32) throws(JournalError) {
        if let text { try bind(text, at: index) } else { try bindNull(at: index) }
    }

    /// UTF-8 text made by us.
    func bind(utf8 bytes: [UInt8], at index: Int32) throws(JournalError) {
        let count = bytes.count
        let start = used.pointee
        guard start + count <= Self.scratchBytes else {
            let code = bytes.withUnsafeBytes {
                omsd_bind_text(handle, index, $0.bindMemory(to: CChar.self).baseAddress, Int32(clamping: count))
            }
            try check(code)
            return
        }
        let place = scratch + start
        bytes.withUnsafeBufferPointer { if let base = $0.baseAddress { place.update(from: base, count: count) } }
        used.pointee = start + count
        try place.withMemoryRebound(to: CChar.self, capacity: count) { pointer throws(JournalError) in
            try check(sqlite3_bind_text(handle, index, pointer, Int32(count), nil))
        }
    }

    func bind(_ number: Int64, at index: Int32) throws(JournalError) { try check(sqlite3_bind_int64(handle, index, number)) }
    func bind(_ number: Int, at index: Int32) throws(JournalError) { try check(sqlite3_bind_int64(handle, index, Int64(number))) }
    func bind(_ flag: Bool, at index: Int32) throws(JournalError) { try check(sqlite3_bind_int64(handle, index, flag ? 1 : 0)) }
    func bindNull(at index: Int32) throws(JournalError) { try check(sqlite3_bind_null(handle, index)) }
    func bind(_ number: Int64?, at index: Int32) throws(JournalError) {
        if let number { try bind(number, at: index) } else { try bindNull(at: index) }
    }
    func bind(_ decimal: Decimal?, at index: Int32) throws(JournalError) {
        if let decimal { try bind(decimal.description, at: index) } else { try bindNull(at: index) }
    }

    /// Exactly 32 bytes.
    func bind(_ digest: Digest256, at index: Int32) throws(JournalError) {
        let start = used.pointee
        precondition(start + 32 <= Self.scratchBytes, "bind digests before long texts")
        let place = scratch + start
        digest.bytes.withUnsafeBufferPointer { if let base = $0.baseAddress { place.update(from: base, count: 32) } }
        used.pointee = start + 32
        try check(sqlite3_bind_blob(handle, index, place, 32, nil))
    }

    /// The highest parameter number it has.
    var parameters: Int32 { sqlite3_bind_parameter_count(handle) }

    /// Runs to the end and resets; every parameter must be bound.
    func run() throws(JournalError) {
        let code = sqlite3_step(handle)
        guard code == SQLITE_DONE || code == SQLITE_ROW else {
            let error = JournalError(sqlite: code, of: sqlite3_db_handle(handle), running: sql)
            reset()
            throw error
        }
        reset()
    }

    /// True: a row is there to be read.
    func step() throws(JournalError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw JournalError(sqlite: code, of: sqlite3_db_handle(handle), running: sql)
        }
    }

    /// Ends a run. Its result repeats the error of the last step, which was thrown there.
    func reset() {
        _ = sqlite3_reset(handle)
        used.pointee = 0
    }

    var columns: Int32 { sqlite3_column_count(handle) }
    func name(of column: Int32) -> String { sqlite3_column_name(handle, column).map { String(cString: $0) } ?? "" }
    func isInteger(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_INTEGER }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(handle, column) else { return "" }
        return String(decoding: UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))), as: UTF8.self)
    }
    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }
    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    func decimal(_ column: Int32) throws(JournalError) -> Decimal {
        let text = text(column)
        guard let value = Decimal(text) else { throw JournalError(.damaged, "a decimal that cannot be read, in: \(sql.prefix(120))") }
        return value
    }
    func optionalDecimal(_ column: Int32) throws(JournalError) -> Decimal? { isNull(column) ? nil : try decimal(column) }

    /// A word of one of our enums.
    func word<Word: RawRepresentable>(_ column: Int32, as type: Word.Type) throws(JournalError) -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: text(column)) else {
            throw JournalError(.damaged, "a word that is no \(type), in: \(sql.prefix(120))")
        }
        return word
    }
    func optionalWord<Word: RawRepresentable>(_ column: Int32, as type: Word.Type) throws(JournalError) -> Word? where Word.RawValue == String {
        isNull(column) ? nil : try word(column, as: type)
    }
}
