import OMSCore
import Wire

extension OKX {
    /// An order of a look-up, a listing or a push.
    static func report(_ row: AnswerRow) throws(Unreadable) -> OrderReport {
        let word = try row.requiredText("state")
        var report = OrderReport(status: status(word), venueState: word)
        report.venueOrderID = VenueOrderID(try row.requiredText("ordId"))
        report.clientOrderID = try row.text("clOrdId").map { ClientOrderID($0) }
        report.symbol = try row.text("instId").map { Symbol($0) }
        report.side = try row.side("side")
        report.price = try row.amount("px")
        // A market order's size may be an amount in quote currency, where coins are traded.
        let isOfCoins = Kind(rawValue: try row.text("instType") ?? "")?.isOfCoins ?? true
        if try row.text("ordType") != "market" || !isOfCoins { report.quantity = try row.amount("sz") }
        report.filledQuantity = try row.filled("accFillSz")
        report.averagePrice = row.bound("avgPx")
        report.version = try row.time("uTime")
        report.reason = report.status == .canceled ? row.json["cancelSource"]?.text.flatMap { $0.isEmpty ? nil : words(ofCancel: $0) } : nil
        return report
    }

    static func status(_ word: String) -> OrderReport.Status {
        switch word {
        case "live": .open
        case "partially_filled": .partiallyFilled
        // Also a market order that was cut to what the account had, and one changed to no more than was filled.
        case "filled": .filled
        // There is no word for a refusal by the engine: what it does not take is canceled, for a reason.
        case "canceled", "mmp_canceled": .canceled
        default: .unknown
        }
    }

    /// Who or what canceled an order.
    static func words(ofCancel source: String) -> String {
        let words: String? =
            switch source {
            case "0": "by the venue's system"
            case "1": "by the user"
            case "2", "3", "4", "6", "9", "17", "21": "by risk control, or its position is gone"
            case "7": "at delivery"
            case "13": "fok without depth"
            case "14": "what was left of ioc"
            case "15": "its price is beyond the limit"
            case "20": "by cancel-all-after"
            case "22", "23": "another reduce-only order took its place"
            case "27": "its price is beyond the band"
            case "31": "post-only, and would have taken"
            case "32": "self-trade prevention"
            case "33": "too many makers to meet"
            default: nil
            }
        return "cancelSource \(source)" + (words.map { ": \($0)" } ?? "")
    }

    /// The executions of one order on a page that may hold others'.
    static func fills(of subject: FindSubject, _ rows: [JSON]) throws(Unreadable) -> [Fill] {
        var fills: [Fill] = []
        for json in rows {
            let row = try AnswerRow(json)
            let order = try row.requiredText("ordId")
            let client = try row.text("clOrdId")
            guard order == subject.venueOrderID?.text || client == subject.clientOrderID.text else { continue }
            fills.append(
                Fill(
                    tradeID: TradeID(try row.requiredText("tradeId")), venueOrderID: VenueOrderID(order), quantity: try row.requiredAmount("fillSz"),
                    price: try row.requiredAmount("fillPx"),
                    // Negative is paid.
                    fee: row.figure("fee").flatMap { Decimal.zero.subtracting($0) }, feeAsset: try row.text("feeCcy"),
                    at: try row.requiredMicroseconds(row.text("fillTime") == nil ? "ts" : "fillTime")))
        }
        return fills
    }

    func instrument(_ symbol: Symbol, _ row: AnswerRow) throws(Unreadable) -> Instrument {
        var instrument = Instrument(symbol: symbol, tradable: try row.text("state") == "live")
        instrument.tick = try row.requiredAmount("tickSz")
        instrument.lot = try row.requiredAmount("lotSz")
        instrument.minQuantity = row.bound("minSz")
        instrument.maxQuantity = row.bound("maxLmtSz")
        // Of coins that bound is in dollars.
        guard !kind.isOfCoins else { return instrument }
        instrument.maxMarketQuantity = row.bound("maxMktSz")
        guard let size = try row.requiredAmount("ctVal").multiplied(by: row.amount("ctMult") ?? .one) else {
            throw Unreadable("ctVal is out of range")
        }
        switch try row.requiredText("ctType") {
        case "linear": instrument.contractSize = size
        case "inverse": instrument.contractValue = size
        default: throw Unreadable("ctType is neither linear nor inverse")
        }
        return instrument
    }
}
