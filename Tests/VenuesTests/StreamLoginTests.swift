import OMSCore
import Testing
import Wire

@testable import Venues

/// Logins and requests for tokens, against vectors that two independent programs agree on: `Fixtures/<venue>/stream/login.json`.
@Suite struct `Logins of every stream` {
    private static func vectors(_ venue: String) throws -> [SignatureVector] {
        try #require(JSONParser.parse(fixtureBytes("\(venue)/stream/login.json")).array).map { SignatureVector(json: $0) }
    }

    @Test(arguments: ["bitget-uta", "bitget-margin"]) func `Bitget's login is signed over seconds`(_ venue: String) throws {
        for vector in try Self.vectors(venue) {
            for stream in Stream.all where stream.venue == venue {
                // Whatever part of the second has passed.
                for rest: Int64 in [0, 1, 999] {
                    let message = try #require(stream.dialect.login(timeMs: vector.timeMs * 1_000 + rest, with: vector.key))
                    #expect(String(decoding: message.bytes, as: UTF8.self) == vector.text("message"))
                }
            }
        }
    }

    @Test func `Bybit's login is signed over a moment ten seconds ahead`() throws {
        for vector in try Self.vectors("bybit") {
            for stream in Stream.all where stream.venue == "bybit" {
                let message = try #require(stream.dialect.login(timeMs: vector.timeMs, with: vector.key))
                #expect(String(decoding: message.bytes, as: UTF8.self) == vector.text("message"))
            }
        }
    }

    @Test func `OKX's login is signed over seconds`() throws {
        for vector in try Self.vectors("okx") {
            for stream in Stream.all where stream.venue == "okx" {
                for rest: Int64 in [0, 999] {
                    let message = try #require(stream.dialect.login(timeMs: vector.timeMs * 1_000 + rest, with: vector.key))
                    #expect(String(decoding: message.bytes, as: UTF8.self) == vector.text("message"))
                }
            }
        }
    }

    @Test func `AscendEX is told who comes by the headers of the upgrade, under the account's group`() throws {
        for vector in try Self.vectors("ascendex") {
            for stream in Stream.all where stream.venue == "ascendex" {
                let upgrade = try #require(
                    stream.dialect.upgrade(facts: AccountFacts(group: "4"), token: nil, timeMs: vector.timeMs, with: vector.key))
                #expect(upgrade.target == "/4/api/pro/v1/stream")
                let wanted = try #require(vector.json["upgrade_headers"]?.object)
                #expect(upgrade.headers == wanted.map { HTTPHeader($0.key, $0.value.text ?? "") })
            }
        }
    }

    @Test(arguments: ["xt-spot", "az-futures", "xt-futures"]) func `a token is asked for as its vector is signed`(_ venue: String) throws {
        let vectors = try Self.vectors(venue)
        var met: Set<String> = []
        for stream in Stream.all where stream.venue == venue {
            for way in 0..<(stream.dialect.profile.token?.ways ?? 0) {
                var request = try #require(stream.dialect.tokenRequest(way: way, freshnessMs: 5_000))
                let vector = try #require(vectors.first { $0.text("path") == request.path })
                #expect(request.method == vector.text("method") && request.query == nil && request.body.isEmpty)
                stream.dialect.signTokenRequest(&request, way: way, timeMs: vector.timeMs, with: vector.key)
                #expect(request.header("validate-signature") == vector.text("expected_signature"), "\(stream.testDescription), way \(way)")
                met.insert(vector.name)
            }
        }
        #expect(met == Set(vectors.map(\.name)))
    }

    @Test func `AZ's newer stream takes the token in a header, its older one in each channel's name`() throws {
        let newer = try #require(VenueCatalog.stream(venue: "az-futures", product: "usdt"))
        let older = try #require(VenueCatalog.stream(venue: "az-futures", product: "usdt", generation: .older))
        let header = HTTPHeader("Authorization", "Bearer \(Stream.token.text)")

        let upgrades = [newer, older].map { $0.upgrade(facts: nil, token: Stream.token, timeMs: 1, with: Stream.key) }
        #expect(upgrades == [StreamUpgrade("/ws/account/futures", headers: [header]), StreamUpgrade("/ws/user")])
        let messages = [newer, older].map { $0.subscriptions([], token: Stream.token).map { String(decoding: $0.bytes, as: UTF8.self) } }
        #expect(messages[0] == [#"{"method":"SUBSCRIBE","params":["order","trade"],"id":"1"}"#])
        #expect(messages[1] == [#"{"method":"SUBSCRIBE","params":["order@\#(Stream.token.text)","trade@\#(Stream.token.text)"],"id":"1"}"#])
    }

    @Test func `the other subscriptions are the bytes that the pages show`() throws {
        func bytes(_ venue: String, _ product: String, _ symbols: [Symbol]) throws -> [String] {
            try #require(VenueCatalog.stream(venue: venue, product: product)).subscriptions(symbols, token: Stream.token).map {
                String(decoding: $0.bytes, as: UTF8.self)
            }
        }
        #expect(
            try bytes("bitget-uta", "margin", []) == [
                #"{"op":"subscribe","args":[{"instType":"UTA","topic":"order"},{"instType":"UTA","topic":"fill"}]}"#
            ])
        #expect(
            try bytes("bitget-margin", "crossed", ["ETHUSDT", "BTCUSDT"]) == [
                #"{"op":"subscribe","args":[{"instType":"MARGIN","channel":"orders-crossed","instId":"ETHUSDT"},"#
                    + #"{"instType":"MARGIN","channel":"orders-crossed","instId":"BTCUSDT"}]}"#
            ])
        #expect(
            try bytes("xt-spot", "spot", []) == [
                #"{"method":"subscribe","params":["order","trade"],"listenKey":"\#(Stream.token.text)","id":"1"}"#
            ])
        #expect(
            try bytes("bybit", "inverse", []) == [
                #"{"req_id":"order","op":"subscribe","args":["order"]}"#, #"{"req_id":"execution","op":"subscribe","args":["execution"]}"#,
            ])
        #expect(try bytes("ascendex", "margin", []) == [#"{"op":"sub","id":"s2","ch":"order:margin"}"#])
    }

    @Test func `a market's name of any length fits into a message of margin's limit`() throws {
        let stream = try #require(VenueCatalog.stream(venue: "bitget-margin", product: "isolated"))
        // 64 bytes of letters that each are escaped or encoded longer than one byte.
        let symbols = (0..<100).map { Symbol(String(repeating: "币", count: 20) + String($0)) }
        let messages = stream.subscriptions(symbols, token: nil)
        #expect(messages.allSatisfy { $0.bytes.count <= 4_096 && $0.channels.count <= 15 })
        #expect(messages.flatMap(\.channels) == symbols.map { StreamChannel("orders-isolated:\($0)") })
    }
}
