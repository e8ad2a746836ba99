import OMSCore
import Wire

/// The private stream of XT spot: `order` with a state and totals, `trade` with single executions.
///
/// One connection serves spot and margin. `trade` names neither our id nor a fee, and whether its `i` is REST's `tradeId` nobody has shown: its rows are
/// asked for, not booked. Source: as `XTStream.swift`, pages of spot; docs/venues/xt.md.
package struct XTSpotStream: StreamDialect {
    package let profile: StreamProfile

    package init?(product: String) {
        guard XTSpot(product: product) != nil else { return nil }
        var profile = StreamProfile(
            url: "wss://stream.xt.com",
            // At most 20 s apart, by an SDK, which waits 5 s for the answer; without one for a minute the server cuts.
            heartbeat: .init("ping", everyMs: 15_000, answerWithinMs: 5_000), messages: XTStream.messages, budgets: XTStream.budgets,
            // Whether `t` and REST's `updatedTime` are one instant is not said.
            login: .subscription, versions: .amongPushes, fills: .announced)
        // Two days, and a further call begins the term anew; whether it returns the same token is not said.
        profile.token = .init(lifeMs: 2 * 86_400_000, isOfTheConnection: false)
        self.profile = profile
    }

    // MARK: Tokens

    package func tokenRequest(way: Int, freshnessMs: Int64) -> HTTPRequest? {
        way == 0 ? XTStream.tokenRequest("/v4/ws-token", freshnessMs: freshnessMs) : nil
    }

    package func signTokenRequest(_ request: inout HTTPRequest, way: Int, timeMs: Int64, with key: SigningKey) {
        XTSigning.sign(&request, timeMs: timeMs, with: key, as: .spot)
    }

    package func tokenAnswer(way: Int, from response: HTTPResponse) -> StreamTokenAnswer { XTStream.token(fromSpot: response) }

    // MARK: Messages

    package func upgrade(facts: AccountFacts?, token: StreamToken?, timeMs: Int64, with key: SigningKey) -> StreamUpgrade? {
        token == nil ? nil : StreamUpgrade("/private")
    }

    package func subscriptions(_ symbols: [Symbol], token: StreamToken?) -> [StreamMessage] {
        guard let token else { return [] }
        return [XTStream.subscription("subscribe", XTStream.channels.map(\.text), listenKey: token.text)]
    }

    package func read(_ bytes: [UInt8]) -> [StreamNews] {
        if let heartbeat = PlainHeartbeat.read(bytes) { return [heartbeat] }
        if XTStream.refusesKey(bytes) { return [.tokenRefused("the venue calls the listen key invalid")] }
        guard let message = JSON.message(bytes) else { return [.unreadable(bytes)] }
        switch message["topic"]?.string {
        case "order": return StreamNews.rows(message["data"], of: "an order's push", Self.order)
        case "trade": return StreamNews.rows(message["data"], of: "a trade's push", Self.trade)
        case "balance": return []
        case let topic?: return [.unknown("topic \(topic.eventForLog)")]
        case nil:
            guard let code = message["code"]?.text else { return [.unknown("a message without a topic")] }
            return XTStream.acknowledged(message, code, .listenKeys)
        }
    }

    /// Which product `bt` stands for; nil where it is missing, as in older captures.
    private static func product(_ row: AnswerRow) throws(Unreadable) -> String? {
        switch try row.id("bt")?.uppercased() {
        case nil: nil
        case "SPOT": "spot"
        case "LEVER": "margin"
        case let other?: other.lowercased()
        }
    }

    /// Seen without `t`, `ci` and `ap`.
    private static func order(_ row: AnswerRow) throws(Unreadable) -> StreamNews {
        let word = try row.word("st")
        var report = OrderReport(status: xtStatus(word), venueState: word)
        report.venueOrderID = VenueOrderID(try row.requiredID("i"))
        report.clientOrderID = try row.clientOrderID("ci")
        report.symbol = try row.market("s")
        report.side = try row.side("sd")
        report.price = try row.amount("p")
        report.quantity = try row.amount("oq")
        report.filledQuantity = try row.filled("eq")
        report.averagePrice = row.bound("ap")
        var heard = HeardOrder(report, product: try product(row))
        heard.pushedVersion = row.pushedTime("t")
        return .order(heard)
    }

    /// Two ids of 19 digits as JSON numbers.
    private static func trade(_ row: AnswerRow) throws(Unreadable) -> StreamNews {
        var due = HeardExecution(venueOrderID: VenueOrderID(try row.requiredID("oi")), clientOrderID: nil, product: try product(row))
        due.symbol = try row.market("s")
        due.calls = ((try? row.id("i")) ?? nil).map { "i \($0)" }
        return .fillsDue(due)
    }
}
