import OMSCore
import Wire

/// The private stream of Bitget's classic margin: a channel for each market, isolated or crossed, and none for executions.
///
/// A push names the market in its `arg` alone and bears no version in any sample; its amounts are totals. Source: as `Bitget+Stream.swift`, pages of
/// the margin order channels.
package struct BitgetMarginStream: StreamDialect {
    package let profile: StreamProfile
    private let product: String

    /// Arguments of one message, by an SDK; and the bytes that it may have, by the page.
    static let groupMax = 15
    static let bytesMax = 4_096

    package init?(product: String) {
        guard BitgetMargin(product: product) != nil else { return nil }
        self.product = product
        var profile = Bitget.streamProfile(versions: .amongPushes, fills: .none)
        profile.isBySymbol = true
        self.profile = profile
    }

    package func upgrade(facts: AccountFacts?, token: StreamToken?, timeMs: Int64, with key: SigningKey) -> StreamUpgrade? {
        StreamUpgrade("/v2/ws/private")
    }

    package func login(timeMs: Int64, with key: SigningKey) -> StreamMessage? { Bitget.streamLogin(timeMs: timeMs, with: key) }

    package func subscriptions(_ symbols: [Symbol], token: StreamToken?) -> [StreamMessage] {
        var messages: [StreamMessage] = []
        var rest = symbols[...]
        while !rest.isEmpty {
            var group = rest.prefix(Self.groupMax)
            var message = subscription(to: group)
            // A message of one name is always short enough: names are 64 bytes at most.
            while message.bytes.count > Self.bytesMax, group.count > 1 {
                group = group.prefix(group.count / 2)
                message = subscription(to: group)
            }
            messages.append(message)
            rest = rest.dropFirst(group.count)
        }
        return messages
    }

    private func subscription(to symbols: ArraySlice<Symbol>) -> StreamMessage {
        var json = JSONWriter(reserving: 32 + 80 * symbols.count)
        json.beginObject()
        json.member("op", "subscribe")
        json.key("args")
        json.beginArray()
        for symbol in symbols {
            json.beginObject()
            json.member("instType", "MARGIN")
            json.member("channel", "orders-\(product)")
            json.member("instId", symbol.text)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return StreamMessage(json.bytes, channels: symbols.map { Self.channel(of: product, $0) })
    }

    private static func channel(of product: String, _ symbol: Symbol) -> StreamChannel { StreamChannel("orders-\(product):\(symbol)") }

    /// The product and market of an `arg`; nil: none of ours.
    private static func place(_ arg: JSON?) -> (product: String, symbol: Symbol)? {
        guard let arg, arg["instType"]?.text?.uppercased() == "MARGIN", let symbol = arg["instId"]?.string.map({ Symbol($0) }), symbol.isNameable
        else {
            return nil
        }
        switch arg["channel"]?.text {
        case "orders-isolated": return ("isolated", symbol)
        case "orders-crossed": return ("crossed", symbol)
        default: return nil
        }
    }

    package func read(_ bytes: [UInt8]) -> [StreamNews] {
        Bitget.readStream(
            bytes, on: .margin, channel: { arg in Self.place(arg).map { Self.channel(of: $0.product, $0.symbol) } },
            push: { arg, data in
                guard let place = Self.place(arg) else { return [] }
                return StreamNews.rows(data, of: "an order's push") { row throws(Unreadable) in
                    try Self.order(row, product: place.product, symbol: place.symbol)
                }
            })
    }

    private static func order(_ row: AnswerRow, product: String, symbol: Symbol) throws(Unreadable) -> StreamNews {
        // One table lists it, no sample shows it.
        if let named = try row.market("symbol"), named != symbol { throw Unreadable("it names another market than its channel") }
        let word = try row.word("status")
        var report = OrderReport(status: Bitget.status(word), venueState: word)
        report.venueOrderID = VenueOrderID(try row.requiredID("orderId"))
        report.clientOrderID = try row.clientOrderID("clientOid")
        report.symbol = symbol
        report.side = try row.text("side").flatMap { Bitget.side($0) }
        report.price = try row.amount("price")
        report.quantity = try row.amount("baseSize")
        report.filledQuantity = try row.filled("baseVolume")
        report.averagePrice = row.bound("fillPrice")
        var heard = HeardOrder(report, product: product)
        heard.pushedVersion = row.pushedTime("uTime")
        return .order(heard)
    }
}
