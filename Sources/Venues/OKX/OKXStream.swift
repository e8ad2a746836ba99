import OMSCore
import Wire

/// OKX's private stream: `orders`, which tells states and, in the same messages, single executions.
///
/// One connection tells of every kind of market of a key. Whether an execution that takes at several prices comes as one message or as several is not said:
/// rows of executions are asked for, not booked, and times of change compare among pushes alone. Source: docs/venues/okx.md, "Private stream".
package struct OKXStream: StreamDialect {
    package let profile: StreamProfile

    package init?(product: String) {
        guard OKX(product: product) != nil else { return nil }
        var profile = StreamProfile(
            url: "wss://ws.okx.com:8443",
            // Thirty seconds without a message of either side cut.
            heartbeat: .init("ping", everyMs: 20_000, answerWithinMs: 8_000),
            // No page has them: little.
            messages: .init(10, perMs: 1_000),
            budgets: [
                BudgetRule("stream:connect", 3, perMs: 1_000, scope: .ip, reserve: 0),
                // Half of what a connection may, for logins count as well.
                BudgetRule("stream:subscribe", 240, perMs: 3_600_000, scope: .apikey, reserve: 0),
            ],
            login: .message, versions: .amongPushes, fills: .announced)
        profile.demoURL = "wss://wspap.okx.com:8443"
        self.profile = profile
    }

    // MARK: What we say

    package func upgrade(facts: AccountFacts?, token: StreamToken?, timeMs: Int64, with key: SigningKey) -> StreamUpgrade? {
        StreamUpgrade("/ws/v5/private")
    }

    /// Signed over seconds, not over the text that REST wants.
    package func login(timeMs: Int64, with key: SigningKey) -> StreamMessage? {
        let seconds = String(timeMs / 1_000)
        var json = JSONWriter(reserving: 256)
        json.beginObject()
        json.member("op", "login")
        json.key("args")
        json.beginArray()
        json.beginObject()
        json.member("apiKey", key.keyID)
        json.member("passphrase", key.passphrase ?? "")
        json.member("timestamp", seconds)
        json.member("sign", base64(key.hmacSHA256(Array("\(seconds)GET/users/self/verify".utf8))))
        json.endObject()
        json.endArray()
        json.endObject()
        return StreamMessage(json.bytes)
    }

    private static let channel: StreamChannel = "orders"

    package func subscriptions(_ symbols: [Symbol], token: StreamToken?) -> [StreamMessage] {
        var json = JSONWriter(reserving: 96)
        json.beginObject()
        json.member("id", Self.channel.text)
        json.member("op", "subscribe")
        json.key("args")
        json.beginArray()
        json.beginObject()
        json.member("channel", Self.channel.text)
        json.member("instType", "ANY")
        json.endObject()
        json.endArray()
        json.endObject()
        return [StreamMessage(json.bytes, channels: [Self.channel])]
    }

    // MARK: What the venue says

    package func read(_ bytes: [UInt8]) -> [StreamNews] {
        if let heartbeat = PlainHeartbeat.read(bytes) { return [heartbeat] }
        guard let message = JSON.message(bytes) else { return [.unreadable(bytes)] }
        let arg = message["arg"]
        guard let event = message["event"] else {
            guard Self.isOrders(arg) else {
                return [.unknown("a push of a channel that was not subscribed: \(arg?["channel"]?.text?.eventForLog ?? "none")")]
            }
            return StreamNews.rows(message["data"], of: "an order's push", Self.order) + Self.executions(message["data"])
        }
        let code = (message["code"]?.text ?? "").maskedForLog
        let text = (message["msg"]?.text ?? "").maskedForLog
        switch event.string {
        case "login": return [code == "0" ? .loginAccepted : Self.refusal(code, text, of: nil, isLogin: true)]
        case "subscribe":
            return [Self.isOrders(arg) ? .subscribed(Self.channel) : .unknown("a subscription that was not asked for")]
        // Never asked for: what was subscribed is no more.
        case "unsubscribe":
            return [.subscribeRefused(Self.isOrders(arg) ? Self.channel : nil, code: "unsubscribe", text: "the venue ended the subscription")]
        case "error": return [Self.refusal(code, text, of: Self.isOrders(arg) ? Self.channel : nil, isLogin: false)]
        // How many connections hear the channel.
        case "channel-conn-count": return []
        // One too many: it was acknowledged, and tells nothing.
        case "channel-conn-count-error":
            let name = message["channel"]?.text ?? arg?["channel"]?.text
            return [
                .subscribeRefused(
                    name == nil || name == Self.channel.text ? Self.channel : nil, code: "channel-conn-count-error",
                    text: "too many connections of this account hear the channel")
            ]
        case "notice":
            return [code == "64008" ? .goingAway("\(code): \(text)") : .unknown("notice \(code): \(text)")]
        default: return [.unknown("event \(event.text?.eventForLog ?? "…")")]
        }
    }

    private static func isOrders(_ arg: JSON?) -> Bool {
        guard let arg, arg["channel"]?.text == channel.text else { return false }
        // Asked for in one, for every kind of market.
        return arg["instType"]?.text.map { $0.uppercased() == "ANY" } ?? true
    }

    /// What an error's code says. Codes of REST come here, too.
    private static func refusal(_ code: String, _ text: String, of channel: StreamChannel?, isLogin: Bool) -> StreamNews {
        switch code {
        // Key, signature, passphrase, a key of elsewhere.
        case "60005", "60007", "60024", "60032": return .loginRefused(.configuration, code: code, text: text)
        // The stamp; and a login that failed without a reason.
        case "60004", "60006", "60009": return .loginRefused(.clock, code: code, text: text)
        case "60011": return .loginRefused(.later, code: code, text: text)
        case "60014", "60023": return .tooFast("\(code): \(text)")
        case "64008": return .goingAway("\(code): \(text)")
        // All that is sent beside a login and a heartbeat is a subscription.
        case "60012", "60013", "60018", "60019": return .subscribeRefused(channel, code: code, text: text)
        default: break
        }
        switch OKX.classify(code) {
        case .halted: return .loginRefused(.configuration, code: code, text: text)
        case .clock: return .loginRefused(.clock, code: code, text: text)
        case .rateLimited: return .tooFast("\(code): \(text)")
        case .success, .ambiguous, .maintenance, .refused, .duplicate, .notFound, .notOpen, .noMarket, .changed, .sibling, .unknown:
            if isLogin { return .loginRefused(.later, code: code, text: text) }
            return channel.map { .subscribeRefused($0, code: code, text: text) } ?? .unknown("error \(code): \(text)")
        }
    }

    private static func order(_ row: AnswerRow) throws(Unreadable) -> StreamNews {
        // The same fields as a look-up's, held to what an id, a name and a word may be.
        _ = try row.requiredID("ordId")
        _ = try row.id("clOrdId")
        _ = try row.market("instId")
        _ = try row.word("state")
        let product = try row.id("instType")?.lowercased()
        var report = try OKX.report(row)
        report.reason = report.reason?.maskedForLog
        // The same state may come again, with another moment of change.
        report.version = nil
        var heard = HeardOrder(report, product: product)
        heard.pushedVersion = row.pushedTime("uTime")
        return .order(heard)
    }

    /// Those rows that a trade caused. What cannot be read of them was told with their states.
    private static func executions(_ data: JSON?) -> [StreamNews] {
        (data?.array ?? data.map { [$0] } ?? []).compactMap { json in
            guard let row = try? AnswerRow(json), let trade = try? row.id("tradeId"), trade != "0", let order = try? row.id("ordId") else {
                return nil
            }
            var due = HeardExecution(
                venueOrderID: VenueOrderID(order), clientOrderID: (try? row.clientOrderID("clOrdId")) ?? nil,
                product: ((try? row.id("instType")) ?? nil)?.lowercased())
            due.symbol = (try? row.market("instId")) ?? nil
            due.calls = "tradeId \(trade)"
            return .fillsDue(due)
        }
    }
}
