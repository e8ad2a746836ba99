import OMSCore
import Wire

// What the venues' public pages have in common; each dialect gives it its own names.

extension Call {
    /// A whole number of the query within bounds; `otherwise` where it is absent, nil where it is none.
    func count(_ name: String, in bounds: ClosedRange<Int>, otherwise: Int) -> Int? {
        guard let text = parameter(name), !text.isEmpty else { return otherwise }
        guard let number = Int(text), number >= bounds.lowerBound else { return nil }
        return min(number, bounds.upperBound)
    }

    /// Milliseconds since 1970, told by the query.
    func moment(_ name: String) -> Int64? { parameter(name).flatMap { Int64($0) }.flatMap { (0...9_999_999_999_999).contains($0) ? $0 : nil } }
}

/// The minutes of an interval as the venues write it: a number and a unit (`1m`, `5min`, `4h`, `1Dutc`), or minutes alone.
///
/// - Returns: nil for what is no interval, or one that is no whole number of the same minutes each time: months and weeks begin where a calendar says.
func minutes(ofInterval text: String) -> Int64? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits), (1...1_440).contains(number) else { return nil }
    switch text.dropFirst(digits.count).lowercased() {
    case "", "m", "min": return number
    case "h", "hutc": return number * 60
    case "d", "dutc": return number * 1_440
    default: return nil
    }
}

extension JSONWriter {
    /// `[price, quantity]` for each level, as texts.
    mutating func levels(_ levels: [PublicMarket.Level]) {
        beginArray()
        for level in levels { texts([level.price.description, level.quantity.description]) }
        endArray()
    }

    mutating func texts(_ values: [String]) {
        beginArray()
        for value in values { string(value) }
        endArray()
    }

    mutating func members(_ pairs: [(String, String)]) {
        for (name, value) in pairs { member(name, value) }
    }
}

/// The change of a day as a fraction of its opening, four places.
func changeFraction(_ day: PublicMarket.Candle) -> String {
    guard let change = day.close.subtracting(day.open)?.dividedRoundingDown(by: day.open), let places = Decimal(decimalPlaces: 4) else { return "0" }
    // Cut towards zero.
    return Decimal(units: change.units / places.units * places.units).description
}

/// The coins of some markets, each once, in the order of their names.
func coins(of instruments: [SimInstrument]) -> [String] { Set(instruments.flatMap { [$0.base, $0.quote] }).sorted() }
