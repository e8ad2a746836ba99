import ControlAPI
import OMSCore

/// The members of one kind of object that callers write, each with where it goes: documents and bytes are read by this one table.
///
/// Names, rules and words are those of ControlAPI. A name that nothing is done with ends the first use of its table.
final class ItemTable<Draft>: Sendable {
    /// Where a value goes. Words are looked up before: only those of the field come here.
    enum Put: Sendable {
        case text(@Sendable (inout Draft, String) -> Void)
        case decimal(@Sendable (inout Draft, Decimal) -> Void)
        case flag(@Sendable (inout Draft, Bool) -> Void)
        /// It is read in a way of its own, from bytes alone.
        case scanned(@Sendable (inout IntentScanner, inout Draft) throws(IntentScanner.Unusual) -> Void)
    }

    let fields: [Field]
    let puts: [Put]
    /// What is looked for in every line, without a text or a box around it.
    private let names: [PackedName]
    let rules: [TextRule]
    /// Of a member that is a word, the words it may be; else empty.
    private let words: [[(packed: PackedName, text: String)]]

    init(_ fields: [Field], _ put: (_ name: String) -> Put?) {
        self.fields = fields
        puts = fields.map { field in
            guard let found = put(field.name) else { preconditionFailure("nothing is done with \(field.name)") }
            return found
        }
        names = fields.map { PackedName($0.name) }
        rules = fields.map { field in if case .text(let rule) = field.type { rule } else { .freeText } }
        words = fields.map { field in if case .word(let words) = field.type { words.map { (PackedName($0), $0) } } else { [] } }
    }

    @inline(__always)
    func index(of name: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let packed = PackedName(name) else { return nil }
        for index in 0..<names.count where names[index] == packed { return index }
        return nil
    }

    func isWord(_ index: Int) -> Bool { !words[index].isEmpty }

    @inline(__always)
    func word(_ bytes: UnsafeBufferPointer<UInt8>, of index: Int) -> String? {
        guard let packed = PackedName(bytes) else { return nil }
        for entry in words[index] where entry.packed == packed { return entry.text }
        return nil
    }
}

/// A name of at most 24 bytes, none of which is zero, compared as three numbers.
struct PackedName: Equatable, Sendable {
    private var (first, second, third): (UInt64, UInt64, UInt64) = (0, 0, 0)

    init(_ name: String) {
        var name = name
        guard let packed = name.withUTF8({ PackedName($0) }) else { preconditionFailure("\(name) is longer than 24 bytes") }
        self = packed
    }

    /// nil: it is longer, and so none of ours.
    @inline(__always)
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count <= 24 else { return nil }
        first = Self.part(bytes, 0)
        if bytes.count > 8 { second = Self.part(bytes, 8) }
        if bytes.count > 16 { third = Self.part(bytes, 16) }
    }

    @inline(__always)
    private static func part(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt64 {
        var part: UInt64 = 0
        for index in start..<min(bytes.count, start + 8) { part = part << 8 | UInt64(bytes[index]) }
        return part
    }
}
