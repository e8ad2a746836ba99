import OMSCore
import Wire

/// Rows that Bitget's two lines print alike, but for the names of some fields.
extension AnswerRow {
    /// The fee of one execution, paid as positive; nil where it is not said, cannot be read or is not in one currency.
    ///
    /// `feeDetail` is an object in samples and an array in tables.
    ///
    /// - Parameter amount: the field of the amount.
    func bitgetFee(_ amount: String, paidIsNegative: Bool) -> (amount: Decimal, asset: String?)? {
        var sum: Decimal?
        var asset: String?
        for detail in json["feeDetail"]?.array ?? [json["feeDetail"] ?? .null] {
            guard let row = try? AnswerRow(detail) else { return nil }
            if [nil, .null, .string("")].contains(row.json[amount]) { continue }
            guard let fee = row.figure(amount) else { return nil }
            let coin = row.json["feeCoin"]?.text.flatMap { Symbol($0).isNameable ? $0 : nil }
            if sum != nil, coin != asset { return nil }
            guard let total = (sum ?? .zero).adding(fee) else { return nil }
            (sum, asset) = (total, coin)
        }
        guard let sum, let paid = paidIsNegative ? Decimal.zero.subtracting(sum) : sum else { return nil }
        return (paid, asset)
    }

    /// The id under which an execution names its order; nil: it is another order's.
    ///
    /// - Throws: where the row may be of this order and does not say so.
    func bitgetOrder(of subject: FindSubject) throws(Unreadable) -> VenueOrderID? {
        let client = try text("clientOid")
        guard let order = try text("orderId") else { throw Unreadable("an execution of no order") }
        let isOurs = order == subject.venueOrderID?.text || client == subject.clientOrderID.text
        return isOurs ? VenueOrderID(order) : nil
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

    /// How a listing of one line is paged.
    struct Paging {
        /// The field with the cursor of the next page: an id of the page's last row.
        let cursor: String
        /// Fields that name ids of the page's rows beside it.
        var named: [String] = []
        /// Fields of a row that such an id may be of.
        let ids: [String]
        /// The most rows a page may have.
        let limit: Int
        /// An explicit null or "" under `cursor` ends the listing, however full the page is.
        var nullEnds = false
    }

    /// The next page's cursor; nil: the listing is complete.
    ///
    /// - Parameter behind: the cursor that this page was asked with. A page that leads back to it did not heed it (time windows are said to go before
    ///   cursors): the listing would never end, or end short.
    static func next(_ data: JSON, _ rows: [JSON], _ paging: Paging, behind: String?) throws(Unreadable) -> String? {
        func id(_ key: String) throws(Unreadable) -> String? {
            guard let value = data[key], !value.isNull else { return nil }
            guard let text = value.text, text.utf8.count <= 64, text.utf8.allSatisfy(isPlain) else { throw Unreadable("\(key) is no id") }
            return text.isEmpty ? nil : text
        }
        var signs = PageSigns(rows: rows.count, cursor: try id(paging.cursor), behind: behind)
        signs.held = Set(rows.flatMap { row in paging.ids.compactMap { row[$0]?.text } })
        for key in paging.named { if let id = try id(key) { signs.named.append(id) } }
        // Said to be the page's lowest id; where it is not of the ids' shape, it is what the venue likes.
        if let cursor = signs.cursor, UInt64(cursor) != nil, signs.held?.allSatisfy({ $0.utf8.count == cursor.utf8.count }) == true {
            signs.named.append(cursor)
        }
        if !paging.nullEnds || data[paging.cursor] == nil { signs.fullAt = paging.limit }
        let next = try signs.next()
        if let next, let behind, isLower(behind, than: next) { throw Unreadable("a listing that turns back") }
        return next
    }

    /// Whether one id is surely the lower number.
    static func isLower(_ id: String, than other: String) -> Bool {
        guard let number = UInt64(id), let otherNumber = UInt64(other) else { return false }
        return number < otherNumber
    }

    /// Server time, `data.serverTime`.
    static func time(_ data: JSON) -> QueryAnswer {
        guard let time = data["serverTime"]?.integer, time > 0 else { return .failed("no serverTime") }
        return .time(time)
    }
}
