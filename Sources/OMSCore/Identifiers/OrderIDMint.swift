/// Makes client order ids: `o`, the journal's four letters, and nine that count microseconds in base 62.
///
/// Fourteen of `[0-9A-Za-z]`: they sort by time within a journal, the last nine alone never repeat (AscendEX reads no more of them), and a restart goes
/// on above what the journal reserved, so that a clock set back repeats nothing.
package struct OrderIDMint: Sendable {
    private let prefix: String
    private var last: Int64
    private var reserved: Int64
    private var isReservationNew = false

    /// How far ahead ids are reserved, in microseconds' worth of ids: one row of the journal every ten seconds of work.
    static let reservation: Int64 = 10_000_000

    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    static let length = 14

    package init(tag: String, usedBelow: Int64) {
        prefix = "o" + tag
        (last, reserved) = (usedBelow, usedBelow)
    }

    package mutating func next(wall: Int64) -> ClientOrderID {
        last = max(last + 1, wall)
        if last >= reserved { (reserved, isReservationNew) = (last + Self.reservation, true) }
        return ClientOrderID(prefix + Self.text(last))
    }

    /// What must become durable with the ids handed out since the last call; nil: nothing new.
    package mutating func takeReservation() -> Int64? {
        defer { isReservationNew = false }
        return isReservationNew ? reserved : nil
    }

    private static func text(_ number: Int64) -> String {
        var rest = UInt64(number)
        return String(unsafeUninitializedCapacity: 9) { buffer in
            for index in (0..<9).reversed() {
                buffer[index] = digits[Int(rest % 62)]
                rest /= 62
            }
            return 9
        }
    }

    /// Whether an id looks like one of ours, of this journal or a lost one.
    package static func looksOurs(_ id: ClientOrderID) -> Bool {
        let bytes = id.text.utf8
        return bytes.count == length && bytes.first == UInt8(ascii: "o") && bytes.allSatisfy { digits.contains($0) }
    }
}
