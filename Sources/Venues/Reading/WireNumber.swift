import OMSCore

/// A venue's text of a number, read digit by digit: plain notation or with an exponent, as long as it may be.
///
/// The one reader of decimal text of all venues. Linear in the text's length, and no text traps it.
enum WireNumber: Equatable, Sendable {
    case exact(Decimal)
    /// Finer than 18 decimal places: cut towards zero.
    case cut(Decimal)
    /// Beyond the range of `Decimal`, about 1.7e20 either way.
    case beyond

    /// An optional `-`, digits, optionally a point with digits on both sides, optionally `e` or `E` with an exponent. nil: no number.
    init?(_ text: String) {
        var text = text
        guard let number = text.withUTF8({ Self.read($0) }) else { return nil }
        self = number
    }

    private static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> WireNumber? {
        var at = 0
        /// Goes past digits; where they stood.
        func digits() -> Range<Int> {
            let start = at
            while at < bytes.count, bytes[at].digit != nil { at += 1 }
            return start..<at
        }
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative { at = 1 }
        let whole = digits()
        guard !whole.isEmpty else { return nil }
        var fraction = at..<at
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            at += 1
            fraction = digits()
            guard !fraction.isEmpty else { return nil }
        }
        var exponent = 0
        if at < bytes.count, bytes[at] == UInt8(ascii: "e") || bytes[at] == UInt8(ascii: "E") {
            at += 1
            let sign = at < bytes.count ? bytes[at] : 0
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { at += 1 }
            let places = digits()
            guard !places.isEmpty else { return nil }
            // Farther than any text of digits can reach back.
            for place in places { exponent = min(exponent * 10 + (bytes[place].digit ?? 0), 1_000_000_000) }
            if sign == UInt8(ascii: "-") { exponent = -exponent }
        }
        guard at == bytes.count else { return nil }

        // The digit at place i of both runs counts 10 to the power of (last - i) units of 10^-18.
        let last = whole.count - 1 + exponent + Decimal.scale
        var units: Int128 = 0
        var isCut = false
        var place = 0
        for run in [whole, fraction] {
            for index in run {
                defer { place += 1 }
                let digit = bytes[index].digit ?? 0
                guard place <= last else {
                    isCut = isCut || digit != 0
                    continue
                }
                guard let next = tenfold(units, adding: digit) else { return .beyond }
                units = next
            }
        }
        if units != 0 {
            while place <= last {
                guard let next = tenfold(units, adding: 0) else { return .beyond }
                units = next
                place += 1
            }
        }
        let value = Decimal(units: isNegative ? -units : units)
        return isCut ? .cut(value) : .exact(value)
    }

    private static func tenfold(_ units: Int128, adding digit: Int) -> Int128? {
        let (scaled, overflow) = units.multipliedReportingOverflow(by: 10)
        let (sum, overflowed) = scaled.addingReportingOverflow(Int128(digit))
        return overflow || overflowed ? nil : sum
    }
}

extension UInt8 {
    /// The value of an ASCII digit.
    fileprivate var digit: Int? { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) ? Int(self - UInt8(ascii: "0")) : nil }
}

extension Decimal {
    /// What venues print, exactly: plain notation, or an exponent as Java's numbers have it (`1E-8`, `0E-8`). nil for what is no number, too fine or too large.
    init?(wireText text: String) {
        guard case .exact(let value) = WireNumber(text) else { return nil }
        self = value
    }
}
