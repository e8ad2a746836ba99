import OMSCore
import Wire

/// The private stream of XT futures: `order` with a state and totals, `trade` with executions that bear no id.
///
/// One connection serves both products, whichever host gave its listen key. Rows of executions come from REST alone: a push says when to ask. Source: as
/// `XTStream.swift`, pages of futures; docs/venues/xt-futures.md.
package struct XTFuturesStream: StreamDialect {
    package let profile: StreamProfile

    package init?(product: String) {
        guard XTFutures(product: product) != nil else { return nil }
        var profile = StreamProfile(
            url: "wss://fstream.xt.com",
            // 15 s apart at most; without one for 30 s the server cuts.
            heartbeat: .init("ping", everyMs: 10_000, answerWithinMs: 5_000), messages: XTStream.messages, budgets: XTStream.budgets,
            // Whether `updatedTime`, where a push bears it, is REST's is not said, and samples show seconds.
            login: .subscription, versions: .amongPushes, fills: .announced)
        // What outlives its key may go silent without a word, and whether a new key ends the old one is not said.
        profile.token = .init(lifeMs: XTContractPushes.listenKeyLifeMs, isOfTheConnection: true)
        self.profile = profile
    }

    // MARK: Tokens

    package func tokenRequest(way: Int, freshnessMs: Int64) -> HTTPRequest? {
        way == 0 ? XTContractPushes.listenKeyRequest("/future/user/v1/user/listen-key", freshnessMs: freshnessMs) : nil
    }

    package func signTokenRequest(_ request: inout HTTPRequest, way: Int, timeMs: Int64, with key: SigningKey) {
        XTSigning.sign(&request, timeMs: timeMs, with: key, as: .futures)
    }

    package func tokenAnswer(way: Int, from response: HTTPResponse) -> StreamTokenAnswer { XTStream.listenKey(from: response) }

    // MARK: Messages

    package func upgrade(facts: AccountFacts?, token: StreamToken?, timeMs: Int64, with key: SigningKey) -> StreamUpgrade? {
        token == nil ? nil : StreamUpgrade("/ws/user")
    }

    package func subscriptions(_ symbols: [Symbol], token: StreamToken?) -> [StreamMessage] {
        token.map { [XTContractPushes.subscription($0)] } ?? []
    }

    package func read(_ bytes: [UInt8]) -> [StreamNews] {
        if let heartbeat = PlainHeartbeat.read(bytes) { return [heartbeat] }
        if XTStream.refusesKey(bytes) { return [.tokenRefused("the venue calls the listen key invalid")] }
        guard let message = JSON.message(bytes) else { return [.unreadable(bytes)] }
        // What stands behind the `@` of a push's `event` is no topic, and not what was subscribed.
        switch message["topic"]?.string {
        case "order":
            return StreamNews.rows(message["data"], of: "an order's push") { row throws(Unreadable) in
                try XTContractPushes.order(row, countedIn: nil)
            }
        case "trade": return StreamNews.rows(message["data"], of: "a trade's push", XTContractPushes.trade)
        case "balance", "position", "notify": return []
        case let topic?: return [.unknown("topic \(topic.eventForLog)")]
        case nil:
            guard let code = message["code"]?.text else { return [.unknown("a message without a topic")] }
            return XTStream.acknowledged(message, code, .listenKeys)
        }
    }
}
