import OMSCore
import Wire

/// What the streams of XT's and AZ's futures push, whatever it travels in: totals of an order, and executions whose rows REST has to tell.
enum XTContractPushes {
    static let listenKeyLifeMs: Int64 = 8 * 3_600_000

    /// `GET …/listen-key`, signed as any question of futures.
    static func listenKeyRequest(_ path: String, freshnessMs: Int64) -> HTTPRequest {
        HTTPRequest("GET", path, headers: [XTWindow.header(freshnessMs: freshnessMs)])
    }

    /// The subscription of a stream whose channels bear the listen key in their names.
    static func subscription(_ listenKey: StreamToken) -> StreamMessage {
        XTStream.subscription("SUBSCRIBE", XTStream.channels.map { "\($0.text)@\(listenKey.text)" })
    }

    /// Both products of a key come over one connection, and a market's name ends in what it is margined by; nil: this one says nothing.
    private static func product(of symbol: Symbol?) -> String? {
        guard let text = symbol?.text.lowercased() else { return nil }
        if text.hasSuffix("_usdt") { return "usdt" }
        return text.hasSuffix("_usd") ? "coin" : nil
    }

    /// - Parameter unit: what quantities count, where that may differ from what REST counts; nil: the same.
    static func order(_ row: AnswerRow, countedIn unit: QuantityUnit?) throws(Unreadable) -> StreamNews {
        let word = try row.word("state")
        var report = OrderReport(status: xtStatus(word), venueState: word)
        report.venueOrderID = VenueOrderID(try row.requiredID("orderId"))
        report.clientOrderID = try row.clientOrderID("clientOrderId")
        report.symbol = try row.market("symbol")
        report.side = try row.side("orderSide")
        report.price = try row.amount("price")
        report.quantity = try row.amount("origQty")
        report.filledQuantity = try row.filled("executedQty")
        report.averagePrice = row.bound("avgPrice")
        var heard = HeardOrder(report, product: product(of: report.symbol))
        heard.unit = unit
        // Ten digits are seconds, which order nothing within one.
        heard.pushedVersion = row.pushedTime("updatedTime").flatMap { $0 < 100_000_000_000 ? nil : $0 }
        return .order(heard)
    }

    /// `oppositeUserId` and `oppositeOrderId` are other people's: never looked at.
    static func trade(_ row: AnswerRow) throws(Unreadable) -> StreamNews {
        let (venue, client) = (try row.id("orderId"), try row.clientOrderID("clientOrderId"))
        guard venue != nil || client != nil else { throw Unreadable("it names no order") }
        var due = HeardExecution(venueOrderID: venue.map { VenueOrderID($0) }, clientOrderID: client)
        due.symbol = try row.market("symbol")
        due.product = product(of: due.symbol)
        let names = ["id", "execId"].compactMap { key in ((try? row.id(key)) ?? nil).map { "\(key) \($0)" } }
        due.calls = names.isEmpty ? nil : names.joined(separator: ", ")
        return .fillsDue(due)
    }
}
