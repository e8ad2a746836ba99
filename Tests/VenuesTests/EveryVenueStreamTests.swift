import Containers
import OMSCore
import Testing
import Wire

@testable import Venues

/// A stream of the catalogue: a venue, a product, and which of the venue's streams.
struct Stream: Sendable, CustomTestStringConvertible {
    let venue: String
    let product: String
    let generation: StreamGeneration
    let dialect: any StreamDialect
    var testDescription: String { "\(venue) \(product) \(generation)" }

    static let all: [Stream] = WaitingVenues.known.flatMap { line in
        line.products.flatMap { product in
            line.streams.compactMap { generation in
                line.stream(product, generation: generation).map {
                    Stream(venue: line.venue, product: product, generation: generation, dialect: $0)
                }
            }
        }
    }

    var fixtures: [StreamFixture] { StreamFixture.of(venue, generation) }

    static let timeMs: Int64 = 1_763_640_000_123
    static let facts = AccountFacts(group: "6", uid: "U0866943712")
    static let token = StreamToken("tOkEn-0123456789.abcdef_XYZ")
    static let secret = "sEcReT0123456789"
    static let passphrase = "pAsSpHrAsE"
    static var key: SigningKey { SigningKey(keyID: "kEyId", secret: Array(secret.utf8), passphrase: passphrase) }
    static let symbols = (1...40).map { Symbol("COIN\($0)USDT") }

    var upgrade: StreamUpgrade? { dialect.upgrade(facts: Self.facts, token: Self.token, timeMs: Self.timeMs, with: Self.key) }
    var messages: [StreamMessage] {
        [dialect.login(timeMs: Self.timeMs, with: Self.key)].compactMap { $0 } + dialect.subscriptions(Self.symbols, token: Self.token)
    }
}

/// What holds for every private stream of the catalogue, whatever its messages.
@Suite struct EveryVenueStreamTests {
    @Test func `a venue with a stream has one for each product, and for no other name`() {
        for line in VenueCatalog.all {
            for generation in line.streams {
                #expect(line.products.allSatisfy { line.stream($0, generation: generation) != nil }, "\(line.venue)")
                #expect(line.stream("futures-of-nothing", generation: generation) == nil, "\(line.venue)")
            }
        }
        #expect(VenueCatalog.stream(venue: "bitget-uta", product: "spot") != nil && VenueCatalog.stream(venue: "bourse", product: "spot") == nil)
        #expect(!Stream.all.isEmpty)
    }

    @Test(arguments: Stream.all) func `a stream's profile is sound`(_ stream: Stream) throws {
        let profile = stream.dialect.profile
        for url in [profile.url, profile.demoURL].compactMap({ $0 }) {
            // An origin and no more, encrypted: the same rules as of base_url.
            #expect(url.hasPrefix("wss://") && HTTPOrigin("https" + url.dropFirst(3))?.isTLS == true, "\(url)")
        }
        let beat = profile.heartbeat
        #expect(!beat.text.isEmpty && beat.answerWithinMs > 0 && beat.answerWithinMs < beat.everyMs)
        #expect(profile.messages.count > 0 && profile.messages.windowMs > 0 && beat.everyMs >= profile.messages.windowMs)
        #expect(profile.lifeMs.map { $0 > 10 * beat.everyMs } ?? true)
        let names = profile.budgets.map(\.name)
        #expect(Set(names) == Set(["stream:connect", "stream:subscribe"] + (profile.token == nil ? [] : ["lookup:ws-token"])))
        #expect(Set(names).count == names.count && profile.budgets.allSatisfy { $0.permits > 0 && $0.windowMs > 0 && $0.reserve == 0 })
        let own = try #require(WaitingVenues.line(stream.venue)?.adapter(stream.product)).profile.budgets.map(\.name)
        #expect(Set(own).isDisjoint(with: names), "a budget of requests bears a stream's name")
        if let token = profile.token {
            #expect(token.lifeMs > 60_000 && token.ways > 0 && stream.dialect.tokenRequest(way: token.ways, freshnessMs: 5_000) == nil)
        }
        #expect((stream.dialect.login(timeMs: Stream.timeMs, with: Stream.key) != nil) == (profile.login == .message))
        #expect(profile.login != .subscription || profile.token != nil)
    }

    @Test(arguments: Stream.all) func `nothing is opened or subscribed without the token or the group that it takes`(_ stream: Stream) throws {
        let dialect = stream.dialect
        let upgrade = try #require(stream.upgrade)
        #expect(upgrade.target.hasPrefix("/") && upgrade.target.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !upgrade.target.contains("?"))
        let bare = dialect.upgrade(facts: nil, token: nil, timeMs: Stream.timeMs, with: Stream.key)
        // Where the path names the account's group.
        let elsewhere = dialect.upgrade(
            facts: AccountFacts(group: "7", uid: "U0866943712"), token: Stream.token, timeMs: Stream.timeMs, with: Stream.key)
        #expect((bare == nil) == (dialect.profile.token != nil || elsewhere?.target != upgrade.target))
        let subscriptions = dialect.subscriptions(Stream.symbols, token: nil)
        #expect(subscriptions.isEmpty == (dialect.profile.login == .subscription))
    }

    @Test(arguments: Stream.all) func `each channel is subscribed once, in messages that the venue takes and rates allow`(_ stream: Stream) throws {
        let messages = stream.dialect.subscriptions(Stream.symbols, token: Stream.token)
        let channels = messages.flatMap(\.channels)
        #expect(!channels.isEmpty && Set(channels).count == channels.count)
        for message in stream.messages {
            #expect(message.bytes.count <= 4_096 && (try? JSONParser.parse(message.bytes))?.object != nil)
        }
        let budget = try #require(stream.dialect.profile.budgets.first { $0.name == "stream:subscribe" })
        #expect(messages.count <= budget.permits)
        #expect(messages == stream.dialect.subscriptions(Stream.symbols, token: Stream.token))
        #expect(stream.dialect.channels(for: Stream.symbols) == messages.map(\.channels), "the engine counts the messages that are sent")
        if stream.dialect.profile.isBySymbol {
            #expect(stream.dialect.subscriptions([], token: Stream.token).isEmpty && channels.count == Stream.symbols.count)
        } else {
            #expect(stream.dialect.subscriptions([], token: Stream.token) == messages)
        }
    }

    @Test(arguments: Stream.all) func `no secret, passphrase or token shows in what could be logged`(_ stream: Stream) {
        let upgrade = stream.upgrade
        let secrets = [Stream.secret, Stream.passphrase, Stream.token.text]
        #expect(!secrets.contains { upgrade?.target.contains($0) == true })
        for message in stream.messages { #expect(!String(decoding: message.bytes, as: UTF8.self).contains(Stream.secret)) }
        var texts = ["\(String(describing: upgrade))", String(reflecting: upgrade), "\(Stream.token)", String(reflecting: Stream.token)]
        texts += ["\(stream.messages)", String(reflecting: stream.messages), "\(stream.dialect)", "\(StreamTokenAnswer.granted(Stream.token))"]
        for value: Any in [upgrade as Any, stream.messages, Stream.token, StreamTokenAnswer.granted(Stream.token)] {
            var dumped = ""
            dump(value, to: &dumped)
            texts.append(dumped)
        }
        for text in texts { #expect(!secrets.contains { text.contains($0) }, "\(text)") }
    }

    @Test(arguments: Stream.all.filter { $0.dialect.profile.token != nil })
    func `a token is granted, refused for what it is refused, and never guessed`(_ stream: Stream) throws {
        let dialect = stream.dialect
        for way in 0..<(dialect.profile.token?.ways ?? 0) {
            var request = try #require(dialect.tokenRequest(way: way, freshnessMs: 5_000))
            let bare = request
            dialect.signTokenRequest(&request, way: way, timeMs: Stream.timeMs, with: Stream.key)
            #expect(request.headers != bare.headers && request.target == bare.target && request.body == bare.body)
            func read(_ status: Int, _ body: String) -> StreamTokenAnswer {
                dialect.tokenAnswer(way: way, from: HTTPResponse(status: status, body: Array(body.utf8)))
            }
            let isSpot = bare.path.hasSuffix("ws-token")
            func success(_ token: String) -> String {
                isSpot
                    ? #"{"rc":0,"mc":"SUCCESS","ma":[],"result":{"accessToken":\#(token),"refreshToken":"r"}}"#
                    : #"{"returnCode":0,"msgInfo":"success","error":null,"result":\#(token)}"#
            }
            func failure(_ code: String, _ text: String) -> String {
                isSpot
                    ? #"{"rc":1,"mc":"\#(code)","ma":["\#(text)"],"result":null}"#
                    : #"{"returnCode":1,"msgInfo":"failure","error":{"code":"\#(code)","msg":"\#(text)"},"result":null}"#
            }
            #expect(read(200, success(#""\#(Stream.token.text)""#)) == .granted(Stream.token))
            for odd in [#""""#, "null", "7", #""two words""#, #""line\nbreak""#, "[]", #""\#(String(repeating: "x", count: 5_000))""#] {
                guard case .failed = read(200, success(odd)) else {
                    Issue.record("\(odd.prefix(20)): \(read(200, success(odd)))")
                    continue
                }
            }
            for (status, body) in [(200, ""), (200, "<html>"), (500, success("\"t\"")), (502, ""), (302, success("\"t\"")), (-1, "{}")] {
                guard case .failed = read(status, body) else {
                    Issue.record("\(status) \(body): \(read(status, body))")
                    continue
                }
            }
            guard case .tooFast = read(429, "") else { Issue.record("\(read(429, ""))"); continue }
            guard case .noSuchWay = read(404, "<html>not found</html>") else { Issue.record("\(read(404, ""))"); continue }
            if isSpot {
                guard case .refused(.clock, _, _) = read(200, failure("AUTH_105", "")) else { Issue.record("clock"); continue }
                guard case .refused(.configuration, _, _) = read(200, failure("AUTH_001", "")) else { Issue.record("key"); continue }
            }
            let told = read(200, failure("odd_code", "because \(Stream.token.text) says so"))
            guard case .refused(.later, code: "odd_code", text: "because … says so") = told else {
                Issue.record("\(read(200, failure("odd_code", "x")))"); continue
            }
        }
    }

    @Test(arguments: Stream.all) func `a refused upgrade is the token's, the key's or the rate's where the venue says so`(_ stream: Stream) {
        func refusal(_ status: Int, _ body: String = "") -> StreamNews? {
            stream.dialect.refusal(ofUpgrade: HTTPResponse(status: status, body: Array(body.utf8)))
        }
        guard case .tooFast = refusal(429) else { Issue.record("\(String(describing: refusal(429)))"); return }
        for status in [200, 302, 500, 502, 503] { #expect(refusal(status) == nil) }
        switch (stream.venue, stream.generation) {
        case ("az-futures", .newer): #expect(refusal(401) == .tokenRefused("HTTP 401 to the upgrade"))
        case ("ascendex", _):
            #expect(refusal(401) == .loginRefused(.clock, code: "HTTP 401", text: "the upgrade was refused without words"))
            #expect(
                refusal(401, #"{"code":200006,"message":"AUTHENTICATION_FAILED"}"#)
                    == .loginRefused(.configuration, code: "200006", text: "AUTHENTICATION_FAILED"))
        default: #expect(refusal(401) == nil)
        }
    }

    @Test(arguments: Stream.all) func `a push tells the same to every product behind the connection`(_ stream: Stream) {
        for fixture in stream.fixtures { #expect(told(stream.dialect.read(fixture.message)) == fixture.expected, "\(fixture.sentence)") }
    }
}
