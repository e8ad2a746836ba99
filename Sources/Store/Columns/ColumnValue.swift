import OMSCore

/// What a column holds, in the core's own types.
protocol ColumnValue {
    /// Binds it to the statement's next parameter.
    func bind(to statement: borrowing Statement) throws(JournalError)
    /// - Throws: `.damaged` for a text that is no such value.
    static func read(from row: borrowing Statement, at column: Int32) throws(JournalError) -> Self
}

extension Optional: ColumnValue where Wrapped: ColumnValue {
    func bind(to statement: borrowing Statement) throws(JournalError) {
        if let self { try self.bind(to: statement) } else { try statement.bindNull() }
    }
    static func read(from row: borrowing Statement, at column: Int32) throws(JournalError) -> Wrapped? {
        row.isNull(column) ? nil : try Wrapped.read(from: row, at: column)
    }
}

extension Int64: ColumnValue {
    func bind(to statement: borrowing Statement) throws(JournalError) { try statement.bind(number: self) }
    static func read(from row: borrowing Statement, at column: Int32) -> Int64 { row.integer(column) }
}

extension Int: ColumnValue {
    func bind(to statement: borrowing Statement) throws(JournalError) { try statement.bind(number: Int64(self)) }
    static func read(from row: borrowing Statement, at column: Int32) -> Int { Int(row.integer(column)) }
}

extension Bool: ColumnValue {
    func bind(to statement: borrowing Statement) throws(JournalError) { try statement.bind(number: self ? 1 : 0) }
    static func read(from row: borrowing Statement, at column: Int32) -> Bool { row.integer(column) != 0 }
}

extension String: ColumnValue {
    func bind(to statement: borrowing Statement) throws(JournalError) { try statement.bind(text: self) }
    static func read(from row: borrowing Statement, at column: Int32) -> String { row.text(column) }
}

extension Decimal: ColumnValue {
    func bind(to statement: borrowing Statement) throws(JournalError) { try statement.bind(text: description) }
    static func read(from row: borrowing Statement, at column: Int32) throws(JournalError) -> Decimal {
        guard let value = Decimal(row.text(column)) else { throw row.damage("a decimal that cannot be read") }
        return value
    }
}

extension Digest256: ColumnValue {
    func bind(to statement: borrowing Statement) throws(JournalError) { try statement.bind(blob: bytes) }
    static func read(from row: borrowing Statement, at column: Int32) throws(JournalError) -> Digest256 {
        let bytes = row.bytes(column)
        guard bytes.count == 32 else { throw row.damage("a digest is not 32 bytes") }
        return Digest256(bytes)
    }
}

/// Bytes of ours.
extension [UInt8]: ColumnValue {
    func bind(to statement: borrowing Statement) throws(JournalError) { try statement.bind(blob: self) }
    static func read(from row: borrowing Statement, at column: Int32) -> [UInt8] { row.bytes(column) }
}

extension Actor: ColumnValue {
    func bind(to statement: borrowing Statement) throws(JournalError) { try statement.bind(text: text) }
    static func read(from row: borrowing Statement, at column: Int32) throws(JournalError) -> Actor {
        guard let actor = Actor(text: row.text(column)) else { throw row.damage("an actor that cannot be read") }
        return actor
    }
}

/// Names and numbers of the core.
extension ColumnValue where Self: TextIdentifier {
    func bind(to statement: borrowing Statement) throws(JournalError) { try statement.bind(text: text) }
    static func read(from row: borrowing Statement, at column: Int32) throws(JournalError) -> Self { Self(row.text(column)) }
}
extension AccountID: ColumnValue {}
extension IntentID: ColumnValue {}
extension Tag: ColumnValue {}
extension ClientOrderID: ColumnValue {}
extension VenueOrderID: ColumnValue {}
extension TradeID: ColumnValue {}
extension Symbol: ColumnValue {}

extension ColumnValue where Self: NumberIdentifier {
    func bind(to statement: borrowing Statement) throws(JournalError) { try statement.bind(number: number) }
    static func read(from row: borrowing Statement, at column: Int32) throws(JournalError) -> Self { Self(row.integer(column)) }
}
extension OrderKey: ColumnValue {}
extension IntentKey: ColumnValue {}
extension CommandID: ColumnValue {}
extension RequestID: ColumnValue {}
extension GuardID: ColumnValue {}

/// Words of the core.
extension ColumnValue where Self: RawRepresentable, RawValue == String {
    func bind(to statement: borrowing Statement) throws(JournalError) { try statement.bind(text: rawValue) }
    static func read(from row: borrowing Statement, at column: Int32) throws(JournalError) -> Self {
        guard let word = Self(rawValue: row.text(column)) else { throw row.damage("a word that is no \(Self.self)") }
        return word
    }
}
extension Side: ColumnValue {}
extension PositionSide: ColumnValue {}
extension OrderState: ColumnValue {}
extension Evidence: ColumnValue {}
extension IntentSequence: ColumnValue {}
extension CommandKind: ColumnValue {}
extension CommandState: ColumnValue {}
extension OnFailure: ColumnValue {}
extension EventKind: ColumnValue {}
extension RequestKind: ColumnValue {}
extension RequestOutcome: ColumnValue {}
extension BreakKind: ColumnValue {}
extension TradingState: ColumnValue {}
extension BudgetScope: ColumnValue {}
extension KillSnapshot.CancelAll: ColumnValue {}
extension GuardRow.OnLost: ColumnValue {}
extension GuardRow.State: ColumnValue {}
