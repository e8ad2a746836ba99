import OMSCore
import Wire

/// The private stream of AZ futures, of which there are two generations: AZ rebuilt it after 26 January 2026, and no page says since when which is served.
///
/// The newer takes a token at the upgrade and counts base currency; the older takes a listen key in its subscription and counts contracts. States come
/// by push, rows of executions by REST alone: `id` and `execId` of a push are called the other way round in the samples of REST, so that either may be
/// the one that a row bears. Source: AZ's API pages of 26 January 2026 and of later, its Python client (read 2026-11); docs/venues/xt.md.
package struct AZFuturesStream: StreamDialect {
    package let profile: StreamProfile
    private let generation: StreamGeneration

    private static let listenKeyPath = "/az/future/user/v1/user/listen-key"
    /// The one documented page that gives out tokens. It is spot's; futures' page says only "login token".
    private static let tokenPath = "/az/spot/ws-token"

    package init?(product: String, generation: StreamGeneration) {
        guard AZFutures(product: product) != nil else { return nil }
        self.generation = generation
        let heartbeat: StreamProfile.Heartbeat =
            switch generation {
            // 30 s apart at most, a cut after 60 without a word; before the rebuild 15 and 30.
            case .newer: .init("ping", everyMs: 20_000, answerWithinMs: 10_000)
            case .older: .init("ping", everyMs: 10_000, answerWithinMs: 5_000)
            }
        var profile = StreamProfile(
            url: "wss://f-ws.azverse.xyz", heartbeat: heartbeat, messages: XTStream.messages, budgets: XTStream.budgets,
            login: generation == .newer ? .upgrade : .subscription,
            // Whether `updatedTime` is REST's clock is not said, and samples of the older pages show seconds.
            versions: .amongPushes, fills: .announced)
        profile.demoURL = "wss://f-ws.az-qa.xyz"
        // A listen key lasts eight hours, a token a day: the shorter of the two. A connection that outlives its key may go silent without a word.
        profile.token = .init(lifeMs: XTContractPushes.listenKeyLifeMs, ways: generation == .newer ? 2 : 1, isOfTheConnection: true)
        self.profile = profile
    }

    // MARK: Tokens

    /// Newer: spot's token, then the listen key as token. Older: the listen key.
    private func isListenKey(_ way: Int) -> Bool { generation == .older || way == 1 }

    package func tokenRequest(way: Int, freshnessMs: Int64) -> HTTPRequest? {
        guard way >= 0, way < profile.token?.ways ?? 0 else { return nil }
        guard isListenKey(way) else { return XTStream.tokenRequest(Self.tokenPath, freshnessMs: freshnessMs) }
        return XTContractPushes.listenKeyRequest(Self.listenKeyPath, freshnessMs: freshnessMs)
    }

    package func signTokenRequest(_ request: inout HTTPRequest, way: Int, timeMs: Int64, with key: SigningKey) {
        XTSigning.sign(&request, timeMs: timeMs, with: key, as: isListenKey(way) ? .futures : .spot)
    }

    package func tokenAnswer(way: Int, from response: HTTPResponse) -> StreamTokenAnswer {
        isListenKey(way) ? XTStream.listenKey(from: response) : XTStream.token(fromSpot: response)
    }

    // MARK: Messages

    /// The token goes in a header: a query stands in logs.
    package func upgrade(facts: AccountFacts?, token: StreamToken?, timeMs: Int64, with key: SigningKey) -> StreamUpgrade? {
        guard let token else { return nil }
        return switch generation {
        case .newer: StreamUpgrade("/ws/account/futures", headers: [HTTPHeader("Authorization", "Bearer \(token.text)")])
        case .older: StreamUpgrade("/ws/user")
        }
    }

    /// 401: the token is missing, bad or too old, or the path is none.
    package func refusal(ofUpgrade response: HTTPResponse) -> StreamNews? {
        switch (response.status, generation) {
        case (401, .newer): .tokenRefused("HTTP 401 to the upgrade")
        case (429, _): .tooFast("HTTP 429 to the upgrade")
        default: nil
        }
    }

    package func subscriptions(_ symbols: [Symbol], token: StreamToken?) -> [StreamMessage] {
        switch generation {
        case .newer: [XTStream.subscription("SUBSCRIBE", XTStream.channels.map(\.text))]
        case .older: token.map { [XTContractPushes.subscription($0)] } ?? []
        }
    }

    package func read(_ bytes: [UInt8]) -> [StreamNews] {
        if let heartbeat = PlainHeartbeat.read(bytes) { return [heartbeat] }
        if XTStream.refusesKey(bytes) { return [.tokenRefused("the venue calls the listen key invalid")] }
        guard let message = JSON.message(bytes) else { return [.unreadable(bytes)] }
        // What stands behind the `@` of an older push's `event` is no topic, and not what was subscribed.
        let (own, other) = generation == .newer ? ("ch", "topic") : ("topic", "ch")
        guard let channel = message[own]?.string else {
            if message[other] != nil { return [.unknown("a push of the \(generation == .newer ? "older" : "newer") stream: see stream_generation")] }
            guard let code = message["code"]?.text else { return [.unknown("a message without a topic")] }
            return XTStream.acknowledged(message, code, generation == .newer ? .handshake : .listenKeys)
        }
        switch channel {
        case "order":
            return StreamNews.rows(message["data"], of: "an order's push") { row throws(Unreadable) in
                try XTContractPushes.order(row, countedIn: generation == .newer ? .base : .contracts)
            }
        case "trade": return StreamNews.rows(message["data"], of: "a trade's push", XTContractPushes.trade)
        case "balance", "position", "notify": return []
        default: return [.unknown("topic \(channel.eventForLog)")]
        }
    }
}
