import Wire

/// One venue's private stream: how it lets clients in, what they may say, and in which words it tells of orders. A second reading of the venue's page, written
/// apart from the adapter.
///
/// Pure: no socket, clock or thread; ``VenueWorld`` brings upgrades, messages and what happened at the exchange, and takes what goes back. The state of one
/// connection is a ``StreamSession``; what concerns all of them (switches, tokens) is the gateway's own.
package protocol StreamGateway: AnyObject {
    var rules: StreamRules { get }
    /// What the venue counts of streams, beside ``Dialect/budgets``: at least `stream:connect`, `stream:login`, `stream:subscribe` and `stream:message`.
    var budgets: [BudgetRule] { get }

    /// Whether streams live at that path. The first venue that says yes is asked to let the client in.
    func claims(_ path: Substring) -> Bool
    /// Lets a client in, or answers its wish otherwise. Credentials that come with the upgrade are judged here.
    ///
    /// - Returns: nil when it is let in.
    func refusal(of upgrade: HTTPRequest, _ session: inout StreamSession, _ scene: StreamScene) -> HTTPResponse?
    /// The words that follow the upgrade.
    func greeting(_ session: StreamSession, _ scene: StreamScene) -> [[UInt8]]
    /// Answers a text message. It has been counted as a message already.
    func hear(_ text: [UInt8], _ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer]
    /// What a message is called in fault rules: `ping`, `login`, `subscribe`, `unsubscribe`, else `other`.
    func name(of text: [UInt8]) -> String
    /// The answer to a client that sent too much; nil: it is cut.
    func rateAnswer() -> [UInt8]?
    /// What the venue does each ``StreamRules/beatMs`` by itself.
    func beat(_ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer]
    /// The announcement of a cut to come; nil: the venue has none.
    func notice(_ session: StreamSession, _ scene: StreamScene) -> [UInt8]?

    /// What is told of an event to a client with these subscriptions, in the order of the venue.
    func pushes(of news: ExchangeNews, to session: StreamSession, at: Int64) -> [StreamPush]
    /// A push as text, as it leaves at a moment of the venue's clock (microseconds).
    func text(of push: StreamPush, to session: StreamSession, at: Int64) -> [UInt8]

    /// The session's token or key is worth nothing any more, and nobody says so (a fault). - Returns: false where the venue has none.
    func endCredential(of session: StreamSession) -> Bool
    /// Sets a switch. - Returns: false for a name or value that it does not have.
    func set(_ name: String, to value: String) -> Bool
}

extension StreamGateway {
    package func greeting(_ session: StreamSession, _ scene: StreamScene) -> [[UInt8]] { [] }
    package func rateAnswer() -> [UInt8]? { nil }
    package func beat(_ session: inout StreamSession, _ scene: StreamScene) -> [StreamAnswer] { [] }
    package func notice(_ session: StreamSession, _ scene: StreamScene) -> [UInt8]? { nil }
    package func endCredential(of session: StreamSession) -> Bool { false }
}

/// What ends a stream, in numbers. Milliseconds; nil: the venue does not.
package struct StreamRules: Sendable {
    /// What keeps a stream alive.
    package enum Beat: Sendable {
        /// The venue's own `ping` message.
        case pings
        /// Whatever frame the client sends.
        case frames
        /// Whatever message either side sends.
        case anything
        /// ``StreamGateway/beat(_:_:)`` counts.
        case counted
    }
    /// Cut so long after the last beat.
    package var heartbeatMs: Int64?
    package var beat = Beat.pings
    /// The close code of a stream that went without.
    package var heartbeatCode = StreamOutput.abnormal
    /// How often the venue does something by itself.
    package var beatMs: Int64?
    /// The longest life of a connection.
    package var lifeMs: Int64?
    /// How long before the end of its life it is announced.
    package var noticeMs: Int64 = 0
    /// Cut when nothing is subscribed so long after the upgrade.
    package var unsubscribedMs: Int64?
    /// Open at once, from one address and of one account.
    package var openPerPeer: Int?
    package var openPerAccount: Int?

    package init() {}
}

/// What goes back to a client's message.
package enum StreamAnswer: Equatable {
    case text([UInt8])
    /// The end, with a close code (``StreamOutput/abnormal``: without), and why, for the ledger.
    case end(Int, String)

    static func text(_ text: String) -> StreamAnswer { .text(Array(text.utf8)) }
}

/// Where a client's wish is judged.
package struct StreamScene {
    /// The venue's clock, microseconds since 1970.
    package let at: Int64
    package let exchange: Exchange
    /// The account of a key, whatever its venue; nil: unknown.
    package let account: (String) -> SimAccount?
    /// Counts a permit of a budget that belongs to the session or its account. - Returns: whether it is within the limit.
    package let count: (String) -> Bool
    /// The fault that strikes the subscription of a channel; nil: none.
    package let strike: (String) -> StreamFault?
    /// The venue's other open streams.
    package let others: () -> [StreamSession]

    /// Milliseconds of the venue's clock.
    package var atMs: Int64 { at / 1_000 }
}
