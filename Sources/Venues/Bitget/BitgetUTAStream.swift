import OMSCore
import Wire

/// The private stream of Bitget's unified account: `order` and `fill`, which name all that REST names.
///
/// One connection serves every product of a key. Nothing is pushed at the subscription; which of an execution's two pushes comes first is not said, and
/// states between may be left out. Source: as `Bitget+Stream.swift`, pages of the unified account's topics.
package struct BitgetUTAStream: StreamDialect {
    /// `updatedTime` is REST's, of the same clock; `execId` is REST's.
    package let profile = Bitget.streamProfile(versions: .asREST, fills: .pushed)

    package init?(product: String) {
        guard BitgetUTA(product: product) != nil else { return nil }
    }

    package func upgrade(facts: AccountFacts?, token: StreamToken?, timeMs: Int64, with key: SigningKey) -> StreamUpgrade? {
        StreamUpgrade("/v3/ws/private")
    }

    package func login(timeMs: Int64, with key: SigningKey) -> StreamMessage? { Bitget.streamLogin(timeMs: timeMs, with: key) }

    private static let topics = ["order", "fill"]

    package func subscriptions(_ symbols: [Symbol], token: StreamToken?) -> [StreamMessage] {
        var json = JSONWriter(reserving: 128)
        json.beginObject()
        json.member("op", "subscribe")
        json.key("args")
        json.beginArray()
        for topic in Self.topics {
            json.beginObject()
            json.member("instType", "UTA")
            json.member("topic", topic)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return [StreamMessage(json.bytes, channels: Self.topics.map { StreamChannel($0) })]
    }

    package func read(_ bytes: [UInt8]) -> [StreamNews] {
        Bitget.readStream(bytes, on: .uta, channel: Self.channel) { arg, data in
            switch arg["topic"]?.text {
            case "order": StreamNews.rows(data, of: "an order's push", Self.order)
            // `fast-fill` is not asked for; it tells the same without the fee.
            default: StreamNews.rows(data, of: "a fill's push", Self.fill)
            }
        }
    }

    private static func channel(_ arg: JSON?) -> StreamChannel? {
        guard let arg, arg["instType"]?.text?.uppercased() == "UTA", let topic = arg["topic"]?.text, (topics + ["fast-fill"]).contains(topic) else {
            return nil
        }
        return StreamChannel(topic)
    }

    /// Upper case in one page, lower in others.
    private static func product(_ row: AnswerRow) throws(Unreadable) -> String? { try row.id("category")?.lowercased() }

    private static func order(_ row: AnswerRow) throws(Unreadable) -> StreamNews {
        // The same fields as a look-up's, held to what an id, a name and a word may be.
        _ = try row.requiredID("orderId")
        _ = try row.id("clientOid")
        _ = try row.market("symbol")
        _ = try row.word("orderStatus")
        var report = try BitgetUTA.report(row)
        report.reason = report.reason?.maskedForLog
        return .order(HeardOrder(report, product: try product(row)))
    }

    private static func fill(_ row: AnswerRow) throws(Unreadable) -> StreamNews {
        var ids = HeardExecution(
            venueOrderID: try row.id("orderId").map { VenueOrderID($0) }, clientOrderID: try row.clientOrderID("clientOid"),
            product: try product(row))
        ids.symbol = try row.market("symbol")
        return try StreamNews.execution(of: ids) { order throws(Unreadable) in
            let fee = row.bitgetFee("fee", paidIsNegative: false)
            var heard = HeardFill(
                Fill(
                    tradeID: TradeID(try row.requiredID("execId")), venueOrderID: order, quantity: try row.requiredAmount("execQty"),
                    price: try row.requiredAmount("execPrice"), fee: fee?.amount, feeAsset: fee?.asset,
                    at: try row.requiredMicroseconds("execTime")),
                product: ids.product)
            (heard.clientOrderID, heard.symbol) = (ids.clientOrderID, ids.symbol)
            heard.side = try row.text("side").flatMap { Bitget.side($0) }
            return heard
        }
    }
}
