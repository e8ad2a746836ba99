import OMSCore
import Wire

/// The private stream of AscendEX: signed headers at the upgrade, one channel a product, and a sequence that is REST's.
///
/// `sn` grows with gaps, for balances share it: it orders, and reveals no loss. There is no client id, and no execution: totals alone.
/// Source: AscendEX API documentation, "WebSocket" (last published 2025-10-29, read 2026-11); docs/venues/ascendex.md.
package struct AscendEXStream: StreamDialect {
    package let profile: StreamProfile
    private let product: String

    /// The ids of the subscriptions, which their acknowledgements echo: `ch` of an acknowledgement names an account's number.
    private static let messageIDs = ["s1": "cash", "s2": "margin"]

    package init?(product: String) {
        guard AscendEX(product: product) != nil else { return nil }
        self.product = product
        var profile = StreamProfile(
            url: "wss://ascendex.com",
            // Every 15 s; two that are missed and the server cuts.
            heartbeat: .init(#"{"op":"ping"}"#, everyMs: 15_000, answerWithinMs: 10_000),
            // No page has figures: little.
            messages: .init(5, perMs: 1_000),
            budgets: [
                BudgetRule("stream:connect", 60, perMs: 300_000, scope: .ip, reserve: 0),
                BudgetRule("stream:subscribe", 60, perMs: 300_000, scope: .apikey, reserve: 0),
            ],
            login: .upgrade, versions: .asREST, fills: .none)
        profile.greets = true
        self.profile = profile
    }

    private static func channel(_ product: String) -> StreamChannel { StreamChannel("order:\(product)") }

    /// `base64(HMAC-SHA256(secret, milliseconds + "+stream"))`. Without the account's group in the path there is public data only.
    package func upgrade(facts: AccountFacts?, token: StreamToken?, timeMs: Int64, with key: SigningKey) -> StreamUpgrade? {
        guard let group = facts?.group else { return nil }
        return StreamUpgrade(
            "/\(percentEncoded(group))/api/pro/v1/stream",
            headers: [
                HTTPHeader("x-auth-key", key.keyID), HTTPHeader("x-auth-timestamp", String(timeMs)),
                HTTPHeader("x-auth-signature", base64(key.hmacSHA256(Array("\(timeMs)+stream".utf8)))),
            ])
    }

    package func refusal(ofUpgrade response: HTTPResponse) -> StreamNews? {
        if let json = response.json, let code = json["code"]?.text, !code.isEmpty, code != "0" {
            return Self.refusal(code, (json["message"] ?? json["reason"])?.text ?? "")
                ?? .loginRefused(
                    .later, code: code.maskedForLog, text: ((json["message"] ?? json["reason"])?.text ?? "").maskedForLog)
        }
        switch response.status {
        // Without words it is the key or the time: the time can be put right.
        case 401: return .loginRefused(.clock, code: "HTTP 401", text: "the upgrade was refused without words")
        case 429: return .tooFast("HTTP 429 to the upgrade")
        case 403 where Self.isEdgePage(response.body): return .tooFast("HTTP 403 of the edge")
        case 403: return .loginRefused(.later, code: "HTTP 403", text: "the upgrade was refused without words")
        default: return nil
        }
    }

    private static func isEdgePage(_ body: [UInt8]) -> Bool { AscendEX.isEdgePage(String(decoding: body.prefix(65_536), as: UTF8.self)) }

    package func subscriptions(_ symbols: [Symbol], token: StreamToken?) -> [StreamMessage] {
        guard let id = Self.messageIDs.first(where: { $0.value == product })?.key else { return [] }
        var json = JSONWriter(reserving: 64)
        json.beginObject()
        json.member("op", "sub")
        json.member("id", id)
        json.member("ch", Self.channel(product).text)
        json.endObject()
        return [StreamMessage(json.bytes, channels: [Self.channel(product)])]
    }

    package func read(_ bytes: [UInt8]) -> [StreamNews] {
        guard let message = JSON.message(bytes) else { return [.unreadable(bytes)] }
        // The greeting's kind stands under `op` in the documentation and under `m` in captures.
        guard let kind = (message["m"] ?? message["op"])?.string else { return [.unknown("a message without a kind")] }
        let code = message["code"]?.text ?? ""
        let text = ["err", "reason", "message", "msg"].lazy.compactMap { message[$0]?.text }.first { !$0.isEmpty } ?? ""
        switch kind {
        case "connected":
            switch message["type"]?.string {
            case "auth": return [.greeting(isAuthorized: true)]
            case "unauth": return [.greeting(isAuthorized: false)]
            default: return [.unknown("a greeting that does not say whom it greets")]
            }
        case "pong": return [code.isEmpty || code == "0" ? .pong : Self.refusal(code, text) ?? .unknown("a pong with code \(code.maskedForLog)")]
        case "ping": return [.ping(answer: #"{"op":"pong"}"#)]
        case "sub", "unsub": return [Self.subscription(message, kind, code, text)]
        case "auth":
            if code == "0" { return [.loginAccepted] }
            return [Self.refusal(code, text) ?? .loginRefused(.later, code: code.maskedForLog, text: text.maskedForLog)]
        case "disconnected": return [Self.refusal(code, text) ?? .goingAway("\(code.maskedForLog): \(text.maskedForLog)")]
        case "error":
            if let news = Self.refusal(code, text) { return [news] }
            guard let product = message["id"]?.text.flatMap({ Self.messageIDs[$0] }) else {
                return [.unknown("error \(code.maskedForLog): \(text.maskedForLog)")]
            }
            return [.subscribeRefused(Self.channel(product), code: code.maskedForLog, text: text.maskedForLog)]
        case "order":
            // An answer to a request made over the socket has `info`: nobody makes any.
            guard message["data"] != nil else { return [.unknown("an answer to an order's request that nobody made")] }
            return StreamNews.rows(message["data"], of: "an order's push") { row throws(Unreadable) in
                try Self.order(row, product: try AnswerRow(message).id("ac")?.lowercased())
            }
        // It comes along with orders.
        case "balance": return []
        default: return [.unknown("kind \(kind.eventForLog)")]
        }
    }

    private static func subscription(_ message: JSON, _ kind: String, _ code: String, _ text: String) -> StreamNews {
        guard let product = message["id"]?.text.flatMap({ messageIDs[$0] }) else { return .unknown("a subscription that was not asked for") }
        // Never asked for: what was subscribed is no more.
        guard kind == "sub" else { return .subscribeRefused(channel(product), code: kind, text: "the venue ended the subscription") }
        if code == "0" { return .subscribed(channel(product)) }
        return refusal(code, text) ?? .subscribeRefused(channel(product), code: code.maskedForLog, text: text.maskedForLog)
    }

    /// What a code says of us and not of what was asked; nil: it does not.
    private static func refusal(_ code: String, _ text: String) -> StreamNews? {
        switch AscendEXCode.known(code) {
        case .clock: .loginRefused(.clock, code: code, text: text.maskedForLog)
        case .halted: .loginRefused(.configuration, code: code, text: text.maskedForLog)
        case .rateLimited: .tooFast("\(code): \(text.maskedForLog)")
        case nil, .final, .unlessFound, .unclear, .duplicate, .inDoubt, .notOpen, .batch, .noData: nil
        }
    }

    private static func order(_ row: AnswerRow, product: String?) throws(Unreadable) -> StreamNews {
        let word = try row.word("st")
        let error = try row.text("err").flatMap { $0 == "NULL_VAL" ? nil : $0 }
        let (type, side) = (try row.text("ot") ?? "", try row.text("sd") ?? "")
        var report = OrderReport(status: AscendEX.status(word), venueState: word)
        report.venueOrderID = VenueOrderID(try row.requiredID("orderId"))
        report.symbol = try row.market("s")
        report.reason = error?.maskedForLog
        // A cancel that failed comes as a refusal under its target's id, all zeros, mostly where the order has just filled: it says nothing of the order.
        // Nor does a refusal without a reason, which a second attempt under one id would leave, too.
        let speaksOfAnother = error.map { AscendEXCode.namesNoState.contains($0) } ?? false || [type, side].contains("NULL_VAL")
        guard !speaksOfAnother, report.status != .rejected || error != nil else {
            report.status = .unknown
            return .order(HeardOrder(report, product: product))
        }
        report.side = try row.side("sd")
        // A market order's price is a limit that the venue set to protect it.
        if !type.lowercased().hasSuffix("market") { report.price = try row.amount("p") }
        report.quantity = try row.amount("q")
        report.filledQuantity = try row.filled("cfq")
        report.averagePrice = row.bound("ap")
        report.version = try? row.integer("sn")
        return .order(HeardOrder(report, product: product))
    }
}
