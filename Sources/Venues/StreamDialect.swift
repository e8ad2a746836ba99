import OMSCore
import Wire

/// The private stream of one venue and product, both directions of its messages. Pure: values in, values out; what orders a conversation stands in
/// ``StreamProfile``, and who follows it is the session.
///
/// A conversation: a token, where `profile.token` asks for one; the upgrade to ``upgrade(facts:token:timeMs:with:)``; the greeting, where `profile.greets`;
/// the login, where there is one, until it is accepted; the subscriptions, until each of their channels is acknowledged.
/// Accounts that share a key and a stream share one connection: channels of the same name are subscribed once, and news name the product they are of.
package protocol StreamDialect: StreamRules {
    // MARK: Tokens

    /// The request for a token, unsigned; nil for a way that there is not (`0..<profile.token.ways`).
    func tokenRequest(way: Int, freshnessMs: Int64) -> HTTPRequest?
    /// Adds what the signature of a ``tokenRequest(way:freshnessMs:)`` needs.
    func signTokenRequest(_ request: inout HTTPRequest, way: Int, timeMs: Int64, with key: SigningKey)
    func tokenAnswer(way: Int, from response: HTTPResponse) -> StreamTokenAnswer

    // MARK: What we say

    /// Target and headers of the upgrade, beside those of every WebSocket; nil while what it names (the account's group, a token) is not known.
    func upgrade(facts: AccountFacts?, token: StreamToken?, timeMs: Int64, with key: SigningKey) -> StreamUpgrade?
    /// The message that says who we are, signed for `timeMs`, milliseconds of the venue's clock; nil: none is needed.
    func login(timeMs: Int64, with key: SigningKey) -> StreamMessage?
    /// Messages to send, each a subscribe of the venue's budget. `symbols` count only where `profile.isBySymbol`: none, no message.
    func subscriptions(_ symbols: [Symbol], token: StreamToken?) -> [StreamMessage]

    // MARK: What the venue says

    /// What a whole text message tells. No bytes trap, and what is not understood is ``StreamNews/unknown(_:)``.
    func read(_ bytes: [UInt8]) -> [StreamNews]
    /// What an answer to the upgrade other than 101 tells; nil: nothing beside the failure itself.
    func refusal(ofUpgrade response: HTTPResponse) -> StreamNews?
}

/// The request that opens a stream. It prints without the values of its headers.
package struct StreamUpgrade: Sendable, Equatable {
    /// Path and query; no token stands in it.
    package let target: String
    package let headers: [HTTPHeader]
    package init(_ target: String, headers: [HTTPHeader] = []) { (self.target, self.headers) = (target, headers) }
}

/// A text message of ours. It may hold a signature or a token, so that it prints as its channels.
package struct StreamMessage: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    package let bytes: [UInt8]
    /// What its acknowledgements will name; none for a login.
    package let channels: [StreamChannel]
    package init(_ bytes: [UInt8], channels: [StreamChannel] = []) { (self.bytes, self.channels) = (bytes, channels) }
    package var description: String { "message(\(channels.map(\.text).joined(separator: ", ")))" }
    package var customMirror: Mirror { Mirror(self, children: ["channels": channels]) }
}

/// What came of asking for a token.
package enum StreamTokenAnswer: Sendable, Equatable {
    case granted(StreamToken)
    case refused(StreamRefusal, code: String, text: String)
    /// `retryAfterMs`: the venue's own word, if it gave one.
    case tooFast(retryAfterMs: Int64?)
    /// There is no such page, or not for this key: the next way, if there is one.
    case noSuchWay(String)
    /// Not understood.
    case failed(String)
}

/// Which of a venue's streams, where it had several and no page tells since when which is served.
package enum StreamGeneration: String, Sendable, CaseIterable { case newer, older }

// Streams without tokens, whose upgrades need no key.
extension StreamDialect {
    package func tokenRequest(way: Int, freshnessMs: Int64) -> HTTPRequest? { nil }
    package func signTokenRequest(_ request: inout HTTPRequest, way: Int, timeMs: Int64, with key: SigningKey) {}
    package func tokenAnswer(way: Int, from response: HTTPResponse) -> StreamTokenAnswer { .failed("no token was asked for") }
    package func login(timeMs: Int64, with key: SigningKey) -> StreamMessage? { nil }
    /// A channel is named without the token that its message may hold: any stands for one here.
    package func channels(for symbols: [Symbol]) -> [[StreamChannel]] {
        subscriptions(symbols, token: profile.token == nil ? nil : StreamToken("-")).map(\.channels)
    }
    package func refusal(ofUpgrade response: HTTPResponse) -> StreamNews? {
        response.status == 429 ? .tooFast("HTTP 429 to the upgrade") : nil
    }
}
