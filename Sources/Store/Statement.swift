import CSQLite
import OMSCore

/// One prepared statement, kept for the life of its connection.
///
/// Values are bound one after the other, in the order of the parameters in its text, and a row's columns are read one after the other: nobody counts. Texts are
/// copied into a buffer of the statement's own and bound from there: SQLite neither copies nor frees them. Rows are read between `step()` and `reset()`.
/// Not shared between threads.
struct Statement: ~Copyable {
    private let handle: OpaquePointer?
    private let sql: String
    private let parameters: Int32
    private let scratch: UnsafeMutablePointer<UInt8>
    /// Longer rows fall back to a copy by SQLite.
    private let scratchBytes: Int
    private let state: UnsafeMutablePointer<State>

    /// Where the run that is under way has come to.
    private struct State {
        /// Bytes of the buffer.
        var used = 0
        /// Parameters bound so far.
        var bound: Int32 = 0
        /// Columns of the row read so far.
        var column: Int32 = 0
    }

    init(_ sql: String, on connection: OpaquePointer) throws(JournalError) {
        var failure: JournalError?
        self.init(sql, on: connection, failure: &failure)
        if let failure { throw failure }
    }

    /// As above for a set of statements prepared together: a value that cannot be copied cannot be left half made by a throw.
    ///
    /// - Parameters:
    ///   - scratchBytes: of the buffer for what a run binds.
    ///   - failure: Set by the first that fails; none of the set may be used then.
    init(_ sql: String, on connection: OpaquePointer, scratchBytes: Int = 2_048, failure: inout JournalError?) {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        if code != SQLITE_OK || handle == nil, failure == nil { failure = JournalError(sqlite: code, of: connection, running: sql) }
        (self.handle, self.sql, parameters) = (handle, sql, sqlite3_bind_parameter_count(handle))
        self.scratchBytes = scratchBytes
        scratch = .allocate(capacity: scratchBytes)
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    deinit {
        sqlite3_finalize(handle)
        scratch.deallocate()
        state.deallocate()
    }

    private func check(_ code: Int32) throws(JournalError) {
        guard code == SQLITE_OK else { throw JournalError(sqlite: code, of: sqlite3_db_handle(handle), running: sql) }
    }

    // MARK: Parameters

    /// Binds the next parameters, runs to the end and resets.
    func run<each Value: ColumnValue>(_ values: repeat each Value) throws(JournalError) {
        repeat try (each values).bind(to: self)
        try run()
    }

    /// Binds the next parameters.
    func bind<each Value: ColumnValue>(_ values: repeat each Value) throws(JournalError) { repeat try (each values).bind(to: self) }

    private func next() -> Int32 {
        state.pointee.bound += 1
        return state.pointee.bound
    }

    func bind(text: String) throws(JournalError) {
        let index = next()
        var text = text
        try check(text.withUTF8 { bind(utf8: $0, at: index) })
    }

    /// UTF-8 text made by us.
    func bind(utf8 bytes: [UInt8]) throws(JournalError) {
        let index = next()
        try check(bytes.withUnsafeBufferPointer { bind(utf8: $0, at: index) })
    }

    private func bind(utf8 bytes: UnsafeBufferPointer<UInt8>, at index: Int32) -> Int32 {
        if let place = keep(bytes) {
            return place.withMemoryRebound(to: CChar.self, capacity: bytes.count) { sqlite3_bind_text(handle, index, $0, Int32(bytes.count), nil) }
        }
        return bytes.withMemoryRebound(to: CChar.self) { omsd_bind_text(handle, index, $0.baseAddress, Int32(clamping: $0.count)) }
    }

    func bind(blob bytes: [UInt8]) throws(JournalError) {
        let index = next()
        let code = bytes.withUnsafeBufferPointer { bytes in
            guard let place = keep(bytes) else { return omsd_bind_blob(handle, index, bytes.baseAddress, Int32(clamping: bytes.count)) }
            return sqlite3_bind_blob(handle, index, place, Int32(bytes.count), nil)
        }
        try check(code)
    }

    /// A copy in the buffer; nil where it is full.
    private func keep(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeMutablePointer<UInt8>? {
        let start = state.pointee.used
        guard start + bytes.count <= scratchBytes else { return nil }
        let place = scratch + start
        if let base = bytes.baseAddress { place.update(from: base, count: bytes.count) }
        state.pointee.used = start + bytes.count
        return place
    }

    func bind(number: Int64) throws(JournalError) { try check(sqlite3_bind_int64(handle, next(), number)) }
    func bindNull() throws(JournalError) { try check(sqlite3_bind_null(handle, next())) }
    func bind(text: String?) throws(JournalError) { if let text { try bind(text: text) } else { try bindNull() } }
    func bind(number: Int64?) throws(JournalError) { if let number { try bind(number: number) } else { try bindNull() } }

    // MARK: Running

    /// Runs to the end and resets; every parameter must be bound.
    func run() throws(JournalError) {
        precondition(state.pointee.bound == parameters, "\(state.pointee.bound) of \(parameters) parameters are bound: \(sql)")
        let code = sqlite3_step(handle)
        guard code == SQLITE_DONE || code == SQLITE_ROW else {
            let error = JournalError(sqlite: code, of: sqlite3_db_handle(handle), running: sql)
            reset()
            throw error
        }
        reset()
    }

    /// Binds the values of a row of another statement, column by column, and runs.
    func run(copying row: borrowing Statement) throws(JournalError) {
        for column in 0..<row.columns { try check(sqlite3_bind_value(handle, next(), sqlite3_column_value(row.handle, column))) }
        try run()
    }

    /// True: a row is there to be read.
    func step() throws(JournalError) -> Bool {
        state.pointee.column = 0
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw JournalError(sqlite: code, of: sqlite3_db_handle(handle), running: sql)
        }
    }

    /// Ends a run. Its result repeats the error of the last step, which was thrown there.
    func reset() {
        _ = sqlite3_reset(handle)
        state.pointee.used = 0
        state.pointee.bound = 0
    }

    // MARK: Rows

    /// The next column of the row.
    func next<Value: ColumnValue>() throws(JournalError) -> Value { try Value.read(from: self, at: nextColumn()) }

    /// As above, said where the type does not follow.
    func next<Value: ColumnValue>(_ type: Value.Type) throws(JournalError) -> Value { try next() }

    /// The place of the next column, for those that read it more than one way.
    func nextColumn() -> Int32 {
        defer { state.pointee.column += 1 }
        return state.pointee.column
    }

    var columns: Int32 { sqlite3_column_count(handle) }
    func name(of column: Int32) -> String { sqlite3_column_name(handle, column).map { String(cString: $0) } ?? "" }
    func isInteger(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_INTEGER }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(handle, column) else { return "" }
        return String(decoding: UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))), as: UTF8.self)
    }
    func bytes(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column))))
    }

    /// What a value that cannot be read is told by.
    func damage(_ what: String) -> JournalError { JournalError(.damaged, "\(what), in: \(sql.prefix(120))") }
}
