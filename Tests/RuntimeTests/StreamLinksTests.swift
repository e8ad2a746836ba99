import OMSCore
import Synchronization
import TestSupport
import Testing
import Venues
import Wire

@testable import Runtime

/// Keeps what it is asked to do.
private final class Doors: HTTPTransport, StreamTransport {
    let sent = Shared<[HTTPExchange]>([])
    let opened = Shared<[VenueStream]>([])
    let said = Shared<[String]>([])
    let closed = Shared<[Int64]>([])
    func send(_ exchanges: [HTTPExchange]) { sent.value.withLock { $0 += exchanges } }
    func warm(_ origin: HTTPOrigin, count: Int) {}
    func open(_ stream: VenueStream) { opened.value.withLock { $0.append(stream) } }
    func say(_ text: [UInt8], on id: Int64) { said.value.withLock { $0.append("\(id): " + String(decoding: text, as: UTF8.self)) } }
    func close(_ id: Int64, _ reason: String) { closed.value.withLock { $0.append(id) } }
}

@Suite struct StreamLinksTests {
    private let doors = Doors()
    private let inputs = Inputs()
    private let name = StreamName("xt")
    private let links: StreamLinks
    private let at = TransportTime(monotonic: 1, wall: 2)

    init() throws {
        let dialect = try #require(VenueCatalog.stream(venue: "xt-spot", product: "spot", generation: .newer))
        let link = StreamLink(
            dialects: ["spot": dialect], origin: HTTPOrigin(isTLS: true, host: "stream.example", port: 443),
            requests: HTTPOrigin(isTLS: true, host: "rest.example", port: 443),
            key: SigningKey(keyID: "key-number-one", secret: Array("a secret nobody sees".utf8), passphrase: nil), freshnessMs: 5_000)
        links = StreamLinks([name: link], transport: doors, streams: doors, clock: SystemClock(), post: { [inputs] in inputs.add($0) })
    }

    private func wish(_ attempt: Int64, _ what: StreamWish.What) -> StreamWish {
        StreamWish(name, of: AccountID("account"), RequestID(attempt), what)
    }
    private func events() -> [StreamEvent] { inputs.take().compactMap { if case .heard(_, let event) = $0 { event } else { nil } } }

    /// A token that was granted, a connection that stands; returns its stream.
    private func connect(_ attempt: Int64 = 2) throws -> VenueStream {
        links.carryOut([wish(1, .token(way: 0, timeMs: 1_700_000_000_000, PermitList([])))])
        let exchange = try #require(doors.sent.now.last)
        #expect(exchange.origin.host == "rest.example" && exchange.request.header("validate-signature") != nil)
        let body = Array("{\"rc\":0,\"mc\":\"SUCCESS\",\"ma\":[],\"result\":{\"accessToken\":\"token-that-opens\"}}".utf8)
        exchange.completion(.answered(HTTPResponse(status: 200, body: body), sentAt: at, lastByteAt: at))
        let granted = try #require(events().first)
        guard case .tokenGranted = granted.what else { throw Unexpected("no token") }
        #expect(granted.exchange == TokenExchange(sentAt: at.wall, answeredAt: at.wall, httpStatus: 200))
        links.carryOut([wish(attempt, .connect(nil, timeMs: 1_700_000_000_000))])
        let stream = try #require(doors.opened.now.last)
        stream.event(.opened(at: at))
        guard case .opened = try #require(events().first).what else { throw Unexpected("not open") }
        return stream
    }

    @Test func `a token has a row before it is asked for, in which nothing of the key stands`() throws {
        let row = try #require(links.row(of: wish(1, .token(way: 0, timeMs: 5, PermitList([]))), at: SystemClock().now()))

        #expect(row.kind == .session && row.endpoint == "POST /v4/ws-token" && row.id == RequestID(1) && row.timeMs == 5)
        #expect(links.row(of: wish(2, .connect(nil, timeMs: 5)), at: SystemClock().now()) == nil)
    }

    @Test func `what a stream tells comes to the core, and its place is given back once the core has taken it in`() throws {
        let stream = try connect()
        #expect(stream.id == 2 && stream.origin.host == "stream.example")
        links.carryOut([wish(2, .subscribe([])), wish(2, .say("ping"))])
        #expect(doors.said.now.count == 2 && doors.said.now[0].contains("token-that-opens") && doors.said.now[1] == "2: ping")

        let pong = Array("pong".utf8)
        #expect(stream.backlog.add(pong))
        stream.event(.messages([pong], at: at))

        #expect(stream.backlog.bytes > 0)
        let event = try #require(events().first)
        guard case .told([.pong]) = event.what else { throw Unexpected("\(event)") }
        links.took(event)
        #expect(stream.backlog.bytes == 0)
        // What tells nothing waits for nobody.
        let balance = Array("{\"topic\":\"balance\",\"data\":{}}".utf8)
        #expect(stream.backlog.add(balance))
        stream.event(.messages([balance], at: at))
        #expect(inputs.isEmpty && stream.backlog.bytes == 0)
    }

    @Test func `messages that came together are one input of the core, and all their places are given back with it`() throws {
        let stream = try connect()
        let texts = ["pong", "{\"topic\":\"balance\",\"data\":{}}", "ping"].map { Array($0.utf8) }
        for text in texts { #expect(stream.backlog.add(text)) }
        stream.event(.messages(texts, at: at))

        let heard = events()
        guard heard.count == 1, case .told([.pong, .ping(answer: "pong")]) = heard[0].what else { throw Unexpected("\(heard)") }
        #expect(stream.backlog.bytes > 0)
        links.took(heard[0])
        #expect(stream.backlog.bytes == 0)
    }

    @Test func `an end is heard in words, behind what the venue said to the upgrade`() throws {
        let stream = try connect()
        stream.event(.closed(.refused(.refused(HTTPResponse(status: 429))), at: at))

        let heard = events()
        guard heard.count == 2, case .told(let news) = heard[0].what, case .tooFast? = news.first, case .closed(let words) = heard[1].what else {
            throw Unexpected("\(heard)")
        }
        #expect(words == "HTTP 429 in the place of 101")
    }

    @Test func `words of a venue that repeat what it was told are heard without it`() throws {
        let stream = try connect()
        let reason = "key key-number-one by token-that-opens and nCacm49oPq3s52KIXMabcdefgh0123456789=, no more"
        stream.event(.closed(.closed(WebSocketClose(1008, reason)), at: at))

        guard case .closed(let words)? = events().last?.what else { throw Unexpected("not closed") }
        #expect(words.contains("no more"), "\(words)")
        for secret in ["key-number-one", "token-that-opens", "nCacm49o"] { #expect(!words.contains(secret), "\(words)") }
    }

    @Test func `a request for a token that was lost leaves open whether there is one`() throws {
        links.carryOut([wish(1, .token(way: 0, timeMs: 5, PermitList([])))])
        try #require(doors.sent.now.last).completion(.lost("reset", sentAt: at, resetAt: at))
        let lost = try #require(events().first)
        guard case .closed = lost.what else { throw Unexpected("not closed") }
        #expect(lost.exchange == TokenExchange(sentAt: at.wall))

        links.carryOut([wish(3, .token(way: 0, timeMs: 5, PermitList([])))])
        try #require(doors.sent.now.last).completion(.notSent("no route"))
        let unsent = try #require(events().first)
        guard case .tokenRefused(false, nil, .later, let words) = unsent.what else { throw Unexpected("not refused") }
        #expect(words == "not sent: no route" && unsent.exchange == nil)
    }

    @Test func `once the engine is made anew nothing of its connections is heard`() throws {
        let stream = try connect()

        links.endAll()
        let text = Array("pong".utf8)
        #expect(stream.backlog.add(text))
        stream.event(.messages([text], at: at))
        stream.event(.closed(.ours("x"), at: at))

        #expect(inputs.isEmpty && stream.backlog.bytes == 0)
        #expect(doors.closed.now.contains(2))
    }
}
