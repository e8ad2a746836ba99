import OMSCore
import Wire

/// Bybit's private stream: `order` with REST's own fields, `execution` with single executions.
///
/// One connection serves every product of a key. That pushes bear REST's ids and instants is a guess of all who read the pages: rows of executions are asked for,
/// not booked, and times of change compare among pushes alone. Source: docs/venues/bybit.md, "Private stream".
package struct BybitStream: StreamDialect {
    package let profile: StreamProfile

    package init?(product: String) {
        guard Bybit(product: product) != nil else { return nil }
        var profile = StreamProfile(
            url: "wss://stream.bybit.com",
            // By the page; ten minutes of silence cut.
            heartbeat: .init(#"{"op":"ping"}"#, everyMs: 20_000, answerWithinMs: 10_000),
            // No page has them: little.
            messages: .init(10, perMs: 1_000),
            budgets: [
                // Of an address and domain.
                BudgetRule("stream:connect", 500, perMs: 300_000, scope: .ip, reserve: 0),
                BudgetRule("stream:subscribe", 60, perMs: 300_000, scope: .apikey, reserve: 0),
            ],
            login: .message, versions: .amongPushes, fills: .announced)
        profile.demoURL = "wss://stream-demo.bybit.com"
        self.profile = profile
    }

    // MARK: What we say

    package func upgrade(facts: AccountFacts?, token: StreamToken?, timeMs: Int64, with key: SigningKey) -> StreamUpgrade? {
        StreamUpgrade("/v5/private")
    }

    /// A login must come before a moment that it names: so long after it was written.
    private static let loginLastsMs: Int64 = 10_000

    package func login(timeMs: Int64, with key: SigningKey) -> StreamMessage? {
        let expires = timeMs + Self.loginLastsMs
        var json = JSONWriter(reserving: 192)
        json.beginObject()
        json.member("op", "auth")
        json.key("args")
        json.beginArray()
        json.string(key.keyID)
        json.integer(expires)
        json.string(hex(key.hmacSHA256(Array("GET/realtime\(expires)".utf8))))
        json.endArray()
        json.endObject()
        return StreamMessage(json.bytes)
    }

    private static let topics: [StreamChannel] = ["order", "execution"]

    /// A message for each topic, named after it: the answer says no more of which it is than that name.
    package func subscriptions(_ symbols: [Symbol], token: StreamToken?) -> [StreamMessage] {
        Self.topics.map { topic in
            var json = JSONWriter(reserving: 96)
            json.beginObject()
            json.member("req_id", topic.text)
            json.member("op", "subscribe")
            json.member("args", [topic.text])
            json.endObject()
            return StreamMessage(json.bytes, channels: [topic])
        }
    }

    // MARK: What the venue says

    package func read(_ bytes: [UInt8]) -> [StreamNews] {
        guard let message = JSON.message(bytes) else { return [.unreadable(bytes)] }
        if let topic = message["topic"]?.string {
            // A topic may bear a category behind a point: `order.linear`.
            switch topic.prefix(while: { $0 != "." }) {
            case "order": return StreamNews.rows(message["data"], of: "an order's push", Self.order)
            case "execution": return StreamNews.rows(Self.trades(message["data"]), of: "an execution's push", Self.execution)
            default: return [.unknown("a push of a topic that was not subscribed: \(topic.eventForLog)")]
            }
        }
        let isTaken = message["success"]?.bool == true
        let text = (message["ret_msg"]?.text ?? "").maskedForLog
        switch message["op"]?.string {
        // The private stream says `pong`; the public ones repeat `ping`.
        case "pong", "ping": return [.pong]
        // Without a code, and texts vary: whether it is the key or the moment, the clock is measured first.
        case "auth": return [isTaken ? .loginAccepted : .loginRefused(.clock, code: "auth", text: text)]
        case "subscribe":
            let name = message["req_id"]?.text
            let channel = Self.topics.first { $0.text == name }
            guard isTaken else { return [.subscribeRefused(channel, code: "subscribe", text: text)] }
            guard let channel else { return [.unknown("a subscription that was not asked for")] }
            return [.subscribed(channel)]
        // Never asked for: what was subscribed is no more.
        case "unsubscribe": return [.subscribeRefused(nil, code: "unsubscribe", text: "the venue ended the subscription")]
        case let op?: return [.unknown("op \(op.eventForLog)")]
        case nil: return [.unknown("a message without a topic")]
        }
    }

    /// The rows that are trades of orders; funding, deleveraging and settlement are none.
    private static func trades(_ data: JSON?) -> JSON? {
        guard let rows = data?.array else { return data }
        return .array(rows.filter { $0["execType"]?.string.map { $0 == "Trade" } ?? true })
    }

    private static func order(_ row: AnswerRow) throws(Unreadable) -> StreamNews {
        // The same fields as a look-up's, held to what an id, a name and a word may be.
        _ = try row.requiredID("orderId")
        _ = try row.id("orderLinkId")
        _ = try row.market("symbol")
        _ = try row.word("orderStatus")
        let product = try row.id("category")
        var report = try Bybit.report(row, isSpot: product == "spot")
        // A filled order that is pushed once more speaks of a cancel that came too late: its words are of that.
        report.reason = report.status == .filled ? nil : report.reason?.maskedForLog
        report.version = nil
        var heard = HeardOrder(report, product: product)
        heard.pushedVersion = row.pushedTime("updatedTime")
        return .order(heard)
    }

    private static func execution(_ row: AnswerRow) throws(Unreadable) -> StreamNews {
        var due = HeardExecution(
            venueOrderID: try row.id("orderId").map { VenueOrderID($0) }, clientOrderID: try row.clientOrderID("orderLinkId"),
            product: try row.id("category"))
        guard due.venueOrderID != nil || due.clientOrderID != nil else { throw Unreadable("it names no order") }
        due.symbol = try row.market("symbol")
        due.calls = ((try? row.id("execId")) ?? nil).map { "execId \($0)" }
        return .fillsDue(due)
    }
}
