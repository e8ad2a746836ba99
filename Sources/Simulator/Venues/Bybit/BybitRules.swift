import OMSCore
import Wire

/// What an order may be, by category, and what its ids look like. Source: docs/venues/bybit.md, 3 and 5.
enum BybitRules {
    /// By what a market is counted and settled in.
    static func isTraded(_ instrument: SimInstrument, in category: String) -> Bool {
        switch category {
        case "spot": instrument.quote == "USDT"
        case "linear": instrument.quote != "USD"
        default: instrument.quote == "USD"
        }
    }

    /// The coin in which a contract is settled; spot has none.
    static func settleCoin(of instrument: SimInstrument, in category: String) -> String? {
        switch category {
        case "spot": nil
        case "linear": instrument.quote
        default: instrument.base
        }
    }

    /// Far above what anybody tries: a million of the least, or a hundred thousand at the market.
    static func mostQuantity(of instrument: SimInstrument, isMarket: Bool) -> Decimal {
        let lots = Decimal(isMarket ? 100_000 : 1_000_000)
        return (instrument.minQuantity.multiplied(by: lots, roundingDown: true) ?? lots).roundedDown(to: instrument.lot)
    }

    static func check(price: Decimal, _ instrument: SimInstrument, _ category: String) throws(BybitProblem) {
        guard price.isMultiple(of: instrument.tick) else {
            throw BybitProblem(category == "spot" ? 170_134 : 10_001, "The price is no multiple of the tick.")
        }
    }

    static func check(quantity: Decimal, _ instrument: SimInstrument, _ category: String) throws(BybitProblem) {
        guard quantity.isMultiple(of: instrument.lot) else {
            throw BybitProblem(category == "spot" ? 170_137 : 10_001, "The quantity is no multiple of the step.")
        }
        // Spot's least quantity is listed and checked no more: its least amount is.
        guard category == "spot" || quantity >= instrument.minQuantity else { throw BybitProblem(10_001, "The quantity is below the minimum.") }
    }

    /// - Parameter notional: nil: too large to be told.
    static func check(notional: Decimal?, _ instrument: SimInstrument, _ category: String) throws(BybitProblem) {
        guard let notional, notional >= instrument.minNotional else {
            throw BybitProblem(category == "spot" ? 170_140 : 110_094, "Order value is below the lower limit.")
        }
    }

    /// 1 to 36 of letters, digits, `-` and `_`.
    static func isClientID(_ id: String) -> Bool {
        (1...36).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// Orders for contracts are named by UUIDs.
    static func derivativeID(_ sequence: Int) -> String {
        let digits = Array(hex(sha256(Array("bybit order \(sequence)".utf8))))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }
}

/// What of a Bybit order is under way in the engine.
final class BybitNotes {
    var isChanging = false
    var isCanceling = false

    static func of(_ order: SimOrder) -> BybitNotes {
        if let notes = order.scratch as? BybitNotes { return notes }
        let notes = BybitNotes()
        order.scratch = notes
        return notes
    }
}
