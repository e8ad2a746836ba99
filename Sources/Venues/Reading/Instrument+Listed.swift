import OMSCore
import Wire

extension Instrument {
    /// The markets of a table, each as `read` says: one row that cannot be read costs no other market.
    ///
    /// - Parameters:
    ///   - key: of the field that names a market.
    ///   - skipped: is told, in words, which rows were left out (no symbol) or cannot be traded here (no readable rules).
    /// - Throws: where no row names a market: that is no table of them.
    static func listed(
        _ rows: [JSON], named key: String = "symbol", skipped: inout [String], _ read: (Symbol, AnswerRow) throws(Unreadable) -> Instrument
    ) throws(Unreadable) -> [Instrument] {
        var markets: [Instrument] = []
        for (index, json) in rows.enumerated() {
            do throws(Unreadable) {
                let row = try AnswerRow(json)
                let symbol = Symbol(try row.requiredText(key))
                do throws(Unreadable) {
                    guard symbol.isNameable else { throw Unreadable("no order can name it") }
                    markets.append(try read(symbol, row))
                } catch {
                    var market = Instrument(symbol: symbol, tradable: false)
                    market.problem = error.what
                    markets.append(market)
                    skipped.append("\(symbol.text.prefix(40).escapedForLog): \(error.what)")
                }
            } catch {
                skipped.append("row \(index): \(error.what)")
            }
        }
        if markets.isEmpty, let first = skipped.first { throw Unreadable("no market can be read; \(first)") }
        return markets
    }
}
