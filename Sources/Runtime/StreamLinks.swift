import Containers
import OMSCore
import Synchronization
import Venues
import Wire

/// One private stream's way to its venue: how to speak, where, and with which key.
package struct StreamLink: Sendable {
    /// Of each product behind the connection; they differ in what they subscribe, and in nothing else.
    package let dialects: [String: any StreamDialect]
    package let origin: HTTPOrigin
    /// Where tokens are asked for: the host of the accounts' other requests.
    package let requests: HTTPOrigin
    /// An object of its own, though of the same secret: those of requests sign on the transport's thread, this one on the core's.
    package let key: SigningKey
    package let freshnessMs: Int64

    /// - Parameter dialects: At least one.
    package init(dialects: [String: any StreamDialect], origin: HTTPOrigin, requests: HTTPOrigin, key: SigningKey, freshnessMs: Int64) {
        guard let first = dialects.min(by: { $0.key < $1.key }) else { preconditionFailure("a stream of no product") }
        (dialect, self.dialects) = (first.value, dialects)
        (self.origin, self.requests, self.key, self.freshnessMs) = (origin, requests, key, freshnessMs)
    }

    /// Which of them speaks for the connection.
    let dialect: any StreamDialect

    /// As `[String: any StreamRules].channels(for:)` counts them.
    func subscriptions(_ markets: [StreamMarket], token: StreamToken?) -> [StreamMessage] {
        var messages: [StreamMessage] = []
        for (product, dialect) in dialects.sorted(by: { $0.key < $1.key }) {
            for message in dialect.subscriptions(markets.symbols(of: product), token: token)
            where !messages.contains(where: { $0.channels == message.channels }) { messages.append(message) }
        }
        return messages
    }
}

/// Carries wishes to the transport, and what comes of them back to the core. Tokens are kept here, and nowhere else.
///
/// Belongs to the core's thread; what the transport's thread brings goes through ``Conversation`` and ``Shelf``.
package final class StreamLinks: StreamCarrier {
    /// Less than the engine waits for each (`Patience.streamAnswerUs`), so that it hears why.
    private static let timeoutMs: Int64 = 10_000

    private let links: [StreamName: StreamLink]
    private let transport: any HTTPTransport
    private let streams: any StreamTransport
    private let clock: any MomentSource
    private let post: @Sendable (Input) -> Void
    private let shelf = Shelf()
    /// Of attempts whose end was not taken in yet.
    private var conversations: [RequestID: Conversation] = [:]

    package init(
        _ links: [StreamName: StreamLink], transport: any HTTPTransport, streams: any StreamTransport, clock: any MomentSource,
        post: @escaping @Sendable (Input) -> Void
    ) {
        (self.links, self.transport, self.streams, self.clock, self.post) = (links, transport, streams, clock, post)
    }

    package func row(of wish: StreamWish, at now: Moment) -> RequestRow? {
        guard case .token(let way, let timeMs, let permits) = wish.what, let link = links[wish.stream],
            let request = link.dialect.tokenRequest(way: way, freshnessMs: link.freshnessMs)
        else { return nil }
        return RequestRow(
            id: wish.attempt, account: wish.account, endpoint: "\(request.method) \(request.path)", kind: .session, items: 1, timeMs: timeMs,
            signedAt: now.wall, bodySHA256: Digest256(sha256(request.body)), permits: permits.permits)
    }

    package func carryOut(_ wishes: [StreamWish]) {
        for wish in wishes {
            guard let link = links[wish.stream] else { preconditionFailure("a stream that is not configured") }
            let id = wish.attempt.number
            switch wish.what {
            case .token(let way, let timeMs, _): fetch(way, timeMs, wish, link)
            case .connect(let facts, let timeMs): connect(facts, timeMs, wish, link)
            case .login(let timeMs): if let message = link.dialect.login(timeMs: timeMs, with: link.key) { streams.say(message.bytes, on: id) }
            case .subscribe(let markets):
                for message in link.subscriptions(markets, token: shelf[wish.stream]) { streams.say(message.bytes, on: id) }
            case .say(let text): streams.say(Array(text.utf8), on: id)
            case .close(let reason): streams.close(id, reason)
            }
        }
    }

    /// Gives back the place of what the core has taken in.
    package func took(_ event: StreamEvent) {
        switch event.what {
        case .told: conversations[event.attempt]?.took()
        case .closed, .tokenGranted, .tokenRefused: conversations[event.attempt] = nil
        case .opened: break
        }
    }

    package func endAll() {
        for (id, conversation) in conversations {
            conversation.end()
            streams.close(id.number, "the engine is made anew")
        }
        conversations = [:]
    }

    // MARK: Tokens

    private func fetch(_ way: Int, _ timeMs: Int64, _ wish: StreamWish, _ link: StreamLink) {
        let conversation = begin(wish)
        guard var request = link.dialect.tokenRequest(way: way, freshnessMs: link.freshnessMs) else {
            return conversation.tell(.tokenRefused(isNoWay: true, retryAfterMs: nil, .later, words: "there is no such way to a token"))
        }
        // Here and not as it leaves: the key is this thread's.
        link.dialect.signTokenRequest(&request, way: way, timeMs: timeMs, with: link.key)
        let (dialect, shelf, name, secrets) = (link.dialect, shelf, wish.stream, secrets(of: wish.stream, link))
        let exchange = HTTPExchange(
            id: wish.attempt.number, origin: link.requests, request: request, sign: { _ in }, staleAt: clock.now().monotonic + Self.timeoutMs * 500,
            timeoutMs: Self.timeoutMs / 2,
            completion: { end in
                switch end {
                case .answered(let response, let sentAt, let lastByteAt):
                    let exchange = TokenExchange(sentAt: sentAt.wall, answeredAt: lastByteAt.wall, httpStatus: response.status)
                    func refused(_ words: String, isNoWay: Bool = false, retryAfterMs: Int64? = nil, _ refusal: StreamRefusal = .later) {
                        conversation.tell(
                            .tokenRefused(isNoWay: isNoWay, retryAfterMs: retryAfterMs, refusal, words: secrets.masked(words)), exchange: exchange)
                    }
                    switch dialect.tokenAnswer(way: way, from: response) {
                    case .granted(let token):
                        shelf[name] = token
                        conversation.tell(.tokenGranted, exchange: exchange)
                    case .refused(let refusal, let code, let text): refused("\(code) \(text)", refusal)
                    case .tooFast(let retryAfterMs): refused("asked for too often", retryAfterMs: retryAfterMs)
                    case .noSuchWay(let words): refused(words, isNoWay: true)
                    case .failed(let words): refused(words)
                    }
                case .notSent(let reason): conversation.tell(.tokenRefused(isNoWay: false, retryAfterMs: nil, .later, words: "not sent: \(reason)"))
                // Nobody knows whether there is a token now: one more is asked for in due time.
                case .lost(let reason, let sentAt, _):
                    conversation.tell(
                        .closed("no answer to the request for a token: \(reason)"), exchange: TokenExchange(sentAt: sentAt.wall))
                }
            })
        transport.send([exchange])
    }

    // MARK: Connections

    private func connect(_ facts: AccountFacts?, _ timeMs: Int64, _ wish: StreamWish, _ link: StreamLink) {
        let conversation = begin(wish)
        guard let upgrade = link.dialect.upgrade(facts: facts, token: shelf[wish.stream], timeMs: timeMs, with: link.key) else {
            return conversation.tell(.closed("what the stream's address names is not known: the account's facts, or a token"))
        }
        let (dialect, secrets) = (link.dialect, secrets(of: wish.stream, link))
        streams.open(
            VenueStream(
                id: wish.attempt.number, origin: link.origin, target: upgrade.target, headers: upgrade.headers, timeoutMs: Self.timeoutMs,
                backlog: conversation.backlog,
                event: { event in
                    switch event {
                    case .opened: conversation.tell(.opened)
                    case .messages(let texts, _):
                        conversation.tell(texts.flatMap { dialect.read($0).map { secrets.masked($0) } }, weighing: texts.map(\.count))
                    case .binary(let bytes, _): conversation.tell([.unknown("a message of \(bytes) bytes that is no text")], weighing: [bytes])
                    case .pong: break
                    case .closed(let end, _):
                        if case .refused(.refused(let response)) = end, let news = dialect.refusal(ofUpgrade: response) {
                            conversation.tell([secrets.masked(news)], weighing: [])
                        }
                        conversation.tell(.closed(secrets.masked("\(end)".escapedForLog)))
                    }
                }))
    }

    /// What was said on a stream, or will be, and a venue may repeat.
    private func secrets(of name: StreamName, _ link: StreamLink) -> StreamSecrets {
        StreamSecrets([link.key.keyID, link.key.passphrase, shelf[name]?.text].compactMap { $0 })
    }

    private func begin(_ wish: StreamWish) -> Conversation {
        let conversation = Conversation(wish.stream, wish.attempt, post)
        conversations[wish.attempt] = conversation
        return conversation
    }
}

/// The tokens, by stream: put there by the transport's thread, used by the core's.
private final class Shelf: Sendable {
    private let tokens = Mutex<[StreamName: StreamToken]>([:])
    subscript(name: StreamName) -> StreamToken? {
        get { tokens.withLock { $0[name] } }
        set { tokens.withLock { $0[name] = newValue } }
    }
}

/// One attempt, as long as somebody wants to hear of it.
private final class Conversation: Sendable {
    private struct State {
        var isOver = false
        /// What the messages behind each event weigh that the core has not taken in, in order.
        var weights = Deque<[Int]>()
    }
    let backlog = VenueStreamBacklog()
    private let name: StreamName
    private let attempt: RequestID
    private let post: @Sendable (Input) -> Void
    private let state = Mutex(State())

    init(_ name: StreamName, _ attempt: RequestID, _ post: @escaping @Sendable (Input) -> Void) {
        (self.name, self.attempt, self.post) = (name, attempt, post)
    }

    func tell(_ what: StreamEvent.What, exchange: TokenExchange? = nil) {
        if !state.withLock(\.isOver) { post(.heard(name, StreamEvent(attempt, what, exchange: exchange))) }
    }

    /// - Parameter weights: What each of the messages holds of the backlog.
    func tell(_ news: [StreamNews], weighing weights: [Int]) {
        let isHeard = state.withLock { state in
            guard !state.isOver, !news.isEmpty else { return false }
            state.weights.append(weights)
            return true
        }
        if isHeard { tell(.told(news)) } else { weights.forEach(backlog.take) }
    }

    func took() { state.withLock { $0.weights.popFirst() }?.forEach(backlog.take) }
    func end() { state.withLock { $0.isOver = true } }
}
