/// One connection of a private stream, as configurations, inputs and what is wanted of it name it. It serves all accounts of one key and host, and holds neither.
package struct StreamName: TextIdentifier {
    package let text: String
    package init(_ text: String) { self.text = text }
}

/// A market that is wanted of a stream whose subscriptions name one each: of which of the products behind the connection.
package struct StreamMarket: Hashable, Comparable, Sendable {
    package let product: String
    package let symbol: Symbol
    package init(_ product: String, _ symbol: Symbol) { (self.product, self.symbol) = (product, symbol) }
    package static func < (a: Self, b: Self) -> Bool { (a.product, a.symbol) < (b.product, b.symbol) }
}

/// The pure rules of one product's private stream that the engine asks. `Venues` implements it, with the wire format beside it.
package protocol StreamRules: Sendable {
    var profile: StreamProfile { get }

    /// What is subscribed, by message: each is a subscribe of the venue's budget. `symbols` count only where `profile.isBySymbol`.
    func channels(for symbols: [Symbol]) -> [[StreamChannel]]
}

extension [String: any StreamRules] {
    /// What the products behind one connection subscribe, by message: one that several of them have is sent once.
    package func channels(for markets: [StreamMarket]) -> [[StreamChannel]] {
        var messages: [[StreamChannel]] = []
        for (product, rules) in sorted(by: { $0.key < $1.key }) {
            for message in rules.channels(for: markets.symbols(of: product)) where !messages.contains(message) { messages.append(message) }
        }
        return messages
    }
}

extension [StreamMarket] {
    package func symbols(of product: String) -> [Symbol] { filter { $0.product == product }.map(\.symbol) }
}

/// An account's private stream.
package struct StreamSetup: Sendable {
    /// Accounts for which it is the same share a connection.
    package let name: StreamName
    package let rules: any StreamRules
    package init(name: StreamName, rules: any StreamRules) { (self.name, self.rules) = (name, rules) }
    package var profile: StreamProfile { rules.profile }
}

/// What became of what was wanted of a stream, and what it told. `attempt` is that of the ``StreamWish`` it belongs to: what comes of an older one is not heard.
package struct StreamEvent: Sendable {
    package enum What: Sendable {
        /// A token is there, and kept where it is used.
        case tokenGranted
        /// None is: whether this way of getting one will never do, how long the venue wants us to wait (nil: it does not say), and its words.
        case tokenRefused(isNoWay: Bool, retryAfterMs: Int64?, StreamRefusal, words: String)
        /// The connection stands.
        case opened
        /// It does not, or no more; why, in words. Nothing that was on its way will come.
        case closed(String)
        /// What the messages told that one read of the socket brought, or the answer to an upgrade. At least one.
        case told([StreamNews])
    }
    package let attempt: RequestID
    package let what: What
    /// Of a request for a token that left: when, and what was answered.
    package let exchange: TokenExchange?
    package init(_ attempt: RequestID, _ what: What, exchange: TokenExchange? = nil) {
        (self.attempt, self.what, self.exchange) = (attempt, what, exchange)
    }
}

/// One request for a token on its way, by the wall clock: microseconds since 1970 UTC.
package struct TokenExchange: Sendable, Equatable {
    package let sentAt: Int64
    /// nil: no complete answer came.
    package let answeredAt: Int64?
    package let httpStatus: Int?
    package init(sentAt: Int64, answeredAt: Int64? = nil, httpStatus: Int? = nil) {
        (self.sentAt, self.answeredAt, self.httpStatus) = (sentAt, answeredAt, httpStatus)
    }
}

/// What an engine wants done with a stream. Nothing of it is done before the turn's records are durable.
package struct StreamWish: Sendable {
    package enum What: Sendable, Equatable {
        /// A token, by one of the ways that the venue has; it has a row of kind `session`.
        case token(way: Int, timeMs: Int64, PermitList)
        /// A connection. `facts`: the account's own, where paths hold some.
        case connect(AccountFacts?, timeMs: Int64)
        case login(timeMs: Int64)
        /// What is not subscribed yet: these markets, where subscriptions name one each; else all that the products behind the connection have.
        case subscribe([StreamMarket])
        /// A text message: a heartbeat, or an answer to the venue's.
        case say(String)
        case close(String)
    }
    package let stream: StreamName
    /// One of the accounts that it serves: the first.
    package let account: AccountID
    /// The number of the token's request, or of the connection.
    package let attempt: RequestID
    package let what: What
    package init(_ stream: StreamName, of account: AccountID, _ attempt: RequestID, _ what: What) {
        (self.stream, self.account, self.attempt, self.what) = (stream, account, attempt, what)
    }
}

/// What a request took of each budget.
package struct PermitList: Sendable, Equatable {
    package let permits: [PermitCount]
    package init(_ permits: [PermitCount]) { self.permits = permits }
}

/// How an account's stream stands.
package struct StreamFigures: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        /// Open, subscribed, and nothing was missed since the last reconciliation.
        case live
        /// On its way there for the first time.
        case connecting
        /// Open or on its way again; what it may have missed is being looked for.
        case gap
        /// Lost, and not tried again yet.
        case down
        /// Not configured, or the venue has none.
        case off
    }
    package var state = State.off
    /// Since when it is so, and when it told something of an order last: microseconds since 1970 UTC. nil: it is off; it never did.
    package var since: Int64?
    package var lastPushAt: Int64?
    /// How often it was lost, and how often a poll learned of a fill or an end that no push told of, since the daemon started.
    package var gaps = 0
    package var late = 0
    /// Messages, and rows of them, that were not understood, since then.
    package var unknown = 0
    package var lastError: String?
    package init() {}
}
