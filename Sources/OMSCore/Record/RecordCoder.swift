/// What is wrong with bytes that should be records, and where.
package struct RecordError: Error, Equatable, Sendable, CustomStringConvertible {
    package let problem: String
    /// Bytes read before it.
    package let offset: Int
    package var description: String { "byte \(offset): \(problem)" }
}

/// A value with one form in bytes. One description of its parts serves writing and reading, so that the two cannot part.
package protocol RecordValue {
    /// - Parameter value: written, and handed back; nil: read.
    static func code(_ value: Self?, by coder: inout RecordCoder) throws(RecordError) -> Self
}

/// Writes values as bytes, or reads them. Every value has exactly one form: what can be read is, written again, the same bytes.
///
/// Whole numbers: seven bits a byte, the lowest first, signs folded in (0, -1, 1, -2 …), without needless bytes. Texts: their length in UTF-8 and their bytes.
/// Decimals: their canonical text. Words: their text. What may be missing: a byte 0, or 1 and the value. Lists: their length and their values.
package struct RecordCoder {
    package private(set) var bytes: [UInt8]
    private var at = 0
    private let isReading: Bool
    /// Of the form that is written or read: parts that came later are not in it.
    var version = JournalRecord.firstVersion

    /// To write.
    package init() { (bytes, isReading) = ([], false) }

    package init(reading bytes: [UInt8]) { (self.bytes, isReading) = (bytes, true) }

    package var isAtEnd: Bool { at == bytes.count }
    /// Bytes read so far.
    package var offset: Int { at }

    package func error(_ problem: String) -> RecordError { RecordError(problem: problem, offset: at) }

    // MARK: Parts of a value

    package mutating func value<Value: RecordValue>(_ value: Value?) throws(RecordError) -> Value { try Value.code(value, by: &self) }

    package mutating func optional<Value: RecordValue>(_ value: Value?) throws(RecordError) -> Value? {
        let isThere = try self.value(isReading ? nil : value != nil)
        return isThere ? try self.value(value) : nil
    }

    /// A part that came with a version: records of former ones are without it.
    mutating func optional<Value: RecordValue>(since version: UInt8, _ value: Value?) throws(RecordError) -> Value? {
        self.version >= version ? try optional(value) : nil
    }

    package mutating func list<Value: RecordValue>(_ values: [Value]?) throws(RecordError) -> [Value] {
        let count = try length(values?.count)
        var coded: [Value] = []
        for index in 0..<count { coded.append(try value(values?[index])) }
        return coded
    }

    /// Of something with at least a byte each: a length beyond the end is refused before anything is set aside for it.
    mutating func length(_ count: Int?) throws(RecordError) -> Int {
        let number = try value(count.map { Int64($0) })
        guard number >= 0, !isReading || number <= bytes.count - at else { throw error("\(number) are to follow, the end is nearer") }
        return Int(number)
    }

    // MARK: Bytes

    mutating func byte(_ value: UInt8?) throws(RecordError) -> UInt8 {
        if let value {
            bytes.append(value)
            return value
        }
        guard at < bytes.count else { throw error("it ends too early") }
        defer { at += 1 }
        return bytes[at]
    }

    mutating func write(_ number: Int64) {
        var rest = UInt64(bitPattern: number << 1 ^ number >> 63)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func number(_ value: Int64?) throws(RecordError) -> Int64 {
        if let value {
            write(value)
            return value
        }
        var folded: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte(nil)
            guard shift < 63 || next <= 1 else { throw error("a number of more than 64 bits") }
            folded |= UInt64(next & 0x7F) << shift
            guard next >= 0x80 else {
                guard next != 0 || shift == 0 else { throw error("a number with needless bytes") }
                return Int64(bitPattern: folded >> 1) ^ -Int64(bitPattern: folded & 1)
            }
            shift += 7
        }
    }

    mutating func text(_ value: String?) throws(RecordError) -> String {
        let count = try length(value?.utf8.count)
        if let value {
            bytes.append(contentsOf: value.utf8)
            return value
        }
        guard let text = String(validating: bytes[at..<at + count], as: UTF8.self) else { throw error("a text that is no UTF-8") }
        at += count
        return text
    }

    mutating func raw(_ value: [UInt8]?, count: Int) throws(RecordError) -> [UInt8] {
        if let value {
            bytes.append(contentsOf: value)
            return value
        }
        guard count <= bytes.count - at else { throw error("it ends too early") }
        defer { at += count }
        return Array(bytes[at..<at + count])
    }
}

extension Int64: RecordValue {
    package static func code(_ value: Int64?, by coder: inout RecordCoder) throws(RecordError) -> Int64 { try coder.number(value) }
}

extension Int: RecordValue {
    package static func code(_ value: Int?, by coder: inout RecordCoder) throws(RecordError) -> Int {
        Int(try coder.number(value.map { Int64($0) }))
    }
}

extension Bool: RecordValue {
    package static func code(_ value: Bool?, by coder: inout RecordCoder) throws(RecordError) -> Bool {
        let byte = try coder.byte(value.map { $0 ? 1 : 0 })
        guard byte <= 1 else { throw coder.error("\(byte) is neither yes nor no") }
        return byte == 1
    }
}

extension String: RecordValue {
    package static func code(_ value: String?, by coder: inout RecordCoder) throws(RecordError) -> String { try coder.text(value) }
}

extension Decimal: RecordValue {
    package static func code(_ value: Decimal?, by coder: inout RecordCoder) throws(RecordError) -> Decimal {
        let text = try coder.text(value?.description)
        guard let decimal = Decimal(text), decimal.description == text else { throw coder.error("a decimal that is none, or not written as we do") }
        return decimal
    }
}

extension Digest256: RecordValue {
    package static func code(_ value: Digest256?, by coder: inout RecordCoder) throws(RecordError) -> Digest256 {
        Digest256(try coder.raw(value?.bytes, count: 32))
    }
}

extension Actor: RecordValue {
    package static func code(_ value: Actor?, by coder: inout RecordCoder) throws(RecordError) -> Actor {
        let text = try coder.text(value?.text)
        guard let actor = Actor(text: text), actor.text == text else { throw coder.error("an actor that cannot be read") }
        return actor
    }
}

/// Names and numbers.
extension RecordValue where Self: TextIdentifier {
    package static func code(_ value: Self?, by coder: inout RecordCoder) throws(RecordError) -> Self { Self(try coder.text(value?.text)) }
}
extension Symbol: RecordValue {}
extension AccountID: RecordValue {}
extension IntentID: RecordValue {}
extension Tag: RecordValue {}
extension ClientOrderID: RecordValue {}
extension VenueOrderID: RecordValue {}
extension TradeID: RecordValue {}

extension RecordValue where Self: NumberIdentifier {
    package static func code(_ value: Self?, by coder: inout RecordCoder) throws(RecordError) -> Self { Self(try coder.number(value?.number)) }
}
extension OrderKey: RecordValue {}
extension IntentKey: RecordValue {}
extension CommandID: RecordValue {}
extension RequestID: RecordValue {}
extension GuardID: RecordValue {}

/// Words.
extension RecordValue where Self: RawRepresentable<String> {
    package static func code(_ value: Self?, by coder: inout RecordCoder) throws(RecordError) -> Self {
        let text = try coder.text(value?.rawValue)
        guard let word = Self(rawValue: text) else { throw coder.error("a word that is no \(Self.self)") }
        return word
    }
}
extension PositionSide: RecordValue {}
extension OrderState: RecordValue {}
extension GuardRow.OnLost: RecordValue {}
extension GuardRow.State: RecordValue {}
extension RehearsalRow.Verdict: RecordValue {}
extension Evidence: RecordValue {}
extension IntentSequence: RecordValue {}
extension CommandKind: RecordValue {}
extension CommandState: RecordValue {}
extension OnFailure: RecordValue {}
extension EventKind: RecordValue {}
extension RequestKind: RecordValue {}
extension RequestOutcome: RecordValue {}
extension BreakKind: RecordValue {}
extension TradingState: RecordValue {}
extension BudgetScope: RecordValue {}
extension KillSnapshot.CancelAll: RecordValue {}
