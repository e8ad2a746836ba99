import OMSCore
import Wire

/// A row of a listing that cannot be read: the whole page is worth nothing then, for a row left out would look like an absent order.
struct BitgetUnreadable: Error, Equatable {
    let problem: String
}

/// One row of a listing, read leniently where the documentation contradicts itself and strictly where it is about money.
struct BitgetRow {
    private let row: JSON

    init(_ row: JSON) throws(BitgetUnreadable) {
        guard row.object != nil else { throw BitgetUnreadable(problem: "a row is no object") }
        self.row = row
    }

    /// A text that is there and not empty.
    func text(_ key: String) -> String? { row[key]?.text.flatMap { $0.isEmpty ? nil : $0 } }

    func required(_ key: String) throws(BitgetUnreadable) -> String {
        guard let text = text(key) else { throw BitgetUnreadable(problem: "a row has no \(key)") }
        return text
    }

    /// nil for absent, null and "", which all mean that the venue does not say.
    func decimal(_ key: String) throws(BitgetUnreadable) -> Decimal? {
        switch row[key] {
        case nil, .null: return nil
        case .string(""): return nil
        case .some(let value):
            guard let decimal = value.text.flatMap({ Decimal($0) }) else {
                throw BitgetUnreadable(problem: "\(key) is no decimal: \(String(value.text?.prefix(40) ?? "").escapedForLog)")
            }
            return decimal
        }
    }

    func requiredDecimal(_ key: String) throws(BitgetUnreadable) -> Decimal {
        guard let value = try decimal(key) else { throw BitgetUnreadable(problem: "a row has no \(key)") }
        return value
    }

    /// As `decimal`, nil for zero too: the venue's way to say "none".
    func nonZero(_ key: String) throws(BitgetUnreadable) -> Decimal? {
        guard let value = try decimal(key), !value.isZero else { return nil }
        return value
    }

    /// A computed figure for people (an average, a fee): cut to 18 places where it has more.
    func figure(_ key: String) throws(BitgetUnreadable) -> Decimal? {
        if let text = text(key), let point = text.firstIndex(of: "."), let cut = text.index(point, offsetBy: 19, limitedBy: text.endIndex),
            let decimal = Decimal(text[..<cut]), text[cut...].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        {
            return decimal
        }
        return try decimal(key)
    }

    /// Milliseconds of the venue's clock.
    func time(_ key: String) throws(BitgetUnreadable) -> Int64? {
        guard let text = text(key) else { return nil }
        guard let time = Int64(text), time >= 0 else { throw BitgetUnreadable(problem: "\(key) is no time: \(text.prefix(40).escapedForLog)") }
        return time
    }

    /// The rows under a key that is an object in samples and an array in tables; none where absent or null.
    func rows(_ key: String) throws(BitgetUnreadable) -> [BitgetRow] {
        switch row[key] {
        case nil, .null: return []
        case .string(""): return []
        case .array(let items):
            var rows: [BitgetRow] = []
            for item in items { rows.append(try BitgetRow(item)) }
            return rows
        case .some(let value): return [try BitgetRow(value)]
        }
    }

    /// The fee of one execution, as `sign` makes "paid" positive; nil where it is not said or not in one currency.
    func fee(_ amountKey: String, paidIsNegative: Bool) throws(BitgetUnreadable) -> (amount: Decimal, asset: String?)? {
        var sum: Decimal?
        var asset: String?
        for detail in try rows("feeDetail") {
            guard let amount = try detail.figure(amountKey) else { continue }
            let coin = detail.text("feeCoin")
            if sum != nil, coin != asset { return nil }
            guard let total = (sum ?? .zero).adding(amount) else { throw BitgetUnreadable(problem: "fees leave the range") }
            (sum, asset) = (total, coin)
        }
        guard let sum else { return nil }
        guard paidIsNegative else { return (sum, asset) }
        guard let paid = Decimal.zero.subtracting(sum) else { throw BitgetUnreadable(problem: "fees leave the range") }
        return (paid, asset)
    }
}

extension Bitget {
    /// What the venue's word for an order's state means: spellings of all its generations.
    static func status(_ word: String) -> OrderReport.Status {
        switch word {
        case "init", "live", "new": .open
        case "partial_fill", "partially_fill", "partially_filled": .partiallyFilled
        case "filled", "full_fill": .filled
        case "cancelled", "canceled", "cancel": .canceled
        case "reject", "rejected": .rejected
        default: .unknown
        }
    }

    /// `buy`, and the venue's own `liquidation-buy` and `systemRepay-buy`.
    static func side(_ word: String) -> Side? {
        let word = word.lowercased()
        if word == "buy" || word.hasSuffix("-buy") { return .buy }
        if word == "sell" || word.hasSuffix("-sell") { return .sell }
        return nil
    }

    /// Microseconds; a time beyond the range cannot be.
    static func microseconds(_ milliseconds: Int64) throws(BitgetUnreadable) -> Int64 {
        let (value, overflow) = milliseconds.multipliedReportingOverflow(by: 1_000)
        guard !overflow else { throw BitgetUnreadable(problem: "a time beyond the range") }
        return value
    }

    /// The array under `key`; an explicit null is an empty one. Anything else is no listing.
    static func list(_ data: JSON, _ key: String) throws(BitgetUnreadable) -> [JSON] {
        switch data[key] {
        case .array(let items): return items
        case .null: return []
        case nil, .bool, .number, .string, .object: throw BitgetUnreadable(problem: "no list of rows under \(key)")
        }
    }

    /// The next page's cursor: nil behind an empty or short page, and behind a full one whose cursor is null or empty if `emptyEnds`.
    ///
    /// `behind`: the cursor that this page was asked with. A page that leads back to it did not heed it (time windows are said to go before cursors):
    /// the listing would never end, or end short.
    ///
    /// `pageDefault`: what the venue gives when it overlooks the limit asked for; a page of exactly that length may have a next one.
    static func next(_ data: JSON, _ key: String, rows: Int, limit: Int, emptyEnds: Bool, behind: String?) throws(BitgetUnreadable)
        -> String?
    {
        let pageDefault = 100
        guard rows >= limit || rows == pageDefault else { return nil }
        let cursor = data[key]?.text ?? ""
        if cursor.isEmpty {
            guard rows < limit || (emptyEnds && data[key] != nil) else { throw BitgetUnreadable(problem: "a full page without \(key)") }
            return nil
        }
        guard cursor.utf8.count <= 64, cursor.utf8.allSatisfy(isPlain) else { throw BitgetUnreadable(problem: "\(key) is no id") }
        guard cursor != behind else { throw BitgetUnreadable(problem: "the listing does not move on") }
        return cursor
    }

    /// The markets of a table. One whose rules cannot be read is not traded; the others are.
    static func instruments(
        _ data: JSON, _ read: (Symbol, BitgetRow) throws(BitgetUnreadable) -> Instrument
    ) throws(BitgetUnreadable) -> [Instrument] {
        guard let rows = data.array else { throw BitgetUnreadable(problem: "no list of instruments") }
        return try rows.map { json throws(BitgetUnreadable) in
            let row = try BitgetRow(json)
            let symbol = Symbol(try row.required("symbol"))
            return (try? read(symbol, row)) ?? Instrument(symbol: symbol, tradable: false)
        }
    }

    /// The price or quantity grid that "n decimal places" means.
    static func step(places text: String?) -> Decimal? { text.flatMap { Int($0) }.flatMap { Decimal(decimalPlaces: $0) } }

    /// Reads what was asked for, or says why the answer is not it.
    static func reading(_ body: () throws(BitgetUnreadable) -> QueryAnswer) -> QueryAnswer {
        do throws(BitgetUnreadable) { return try body() } catch { return .failed(error.problem) }
    }

    /// Server time, `data.serverTime`.
    static func time(_ data: JSON) -> QueryAnswer {
        guard let time = data["serverTime"]?.integer, time > 0 else { return .failed("no serverTime") }
        return .time(time)
    }
}
