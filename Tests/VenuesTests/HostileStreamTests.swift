import Containers
import OMSCore
import Testing
import Wire

@testable import Venues

/// Bytes of every stream that no venue should send, and what one day one does.
@Suite struct `Hostile bytes of every stream` {
    @Test(arguments: Stream.all) func `random messages tell of no order`(_ stream: Stream) {
        var random = SplitMix64(seed: 0x57AE)
        for _ in 0..<1_000 {
            let message = random.next() % 2 == 0 ? random.bytes() : random.json(depth: 4).serialized()
            for news in stream.dialect.read(message) {
                guard case .unknown(let text) = news else {
                    Issue.record("\(news.line): \(String(decoding: message, as: UTF8.self).escapedForLog)")
                    continue
                }
                Self.expectFitForLogs(text)
            }
        }
    }

    @Test(arguments: Stream.all) func `a message cut anywhere tells of no order`(_ stream: Stream) {
        for fixture in stream.fixtures where fixture.message.first == UInt8(ascii: "{") {
            for length in 0..<fixture.message.count {
                let news = stream.dialect.read(Array(fixture.message.prefix(length)))
                #expect(news == [.unreadable(Array(fixture.message.prefix(length)))], "\(fixture.sentence) cut at \(length): \(told(news))")
            }
        }
    }

    @Test(arguments: Stream.all) func `a message with any byte changed never traps, and what it tells is fit for a log`(_ stream: Stream) {
        var random = SplitMix64(seed: 0xF00D)
        for fixture in stream.fixtures {
            for _ in 0..<100 {
                var changed = fixture.message
                for _ in 0...(random.next() % 3) { changed[Int(random.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: random.next()) }
                for news in stream.dialect.read(changed) { Self.expectSound(news) }
            }
        }
    }

    @Test(arguments: Stream.all) func `a value of any other kind in any place never traps, and no amount is out of its range`(_ stream: Stream) {
        let hostile = EveryVenueTests.hostile + [.string("a\nb\u{1b}[2J")]
        var random = SplitMix64(seed: 0xBEE)
        for fixture in stream.fixtures {
            guard let json = try? JSONParser.parse(fixture.message) else { continue }
            for place in 0..<min(json.places, 60) {
                for _ in 0..<5 {
                    let value = hostile[Int(random.next() % UInt64(hostile.count))]
                    for news in stream.dialect.read(json.replacing(place: place, with: value).serialized()) { Self.expectSound(news) }
                }
            }
            let place = Int(random.next() % UInt64(json.places))
            let endless = json.replacing(place: place, with: .string(String(repeating: "9", count: 100_000)))
            for news in stream.dialect.read(endless.serialized()) { Self.expectSound(news) }
        }
    }

    /// A venue, or who sits between, may print a token of ours wherever it likes.
    @Test(arguments: Stream.all) func `a token in any place of a message is never told, but as a name that the venue gives`(_ stream: Stream) {
        for fixture in stream.fixtures {
            guard let json = try? JSONParser.parse(fixture.message) else { continue }
            for place in 0..<json.places {
                for news in stream.dialect.read(json.replacing(place: place, with: .string(Stream.token.text)).serialized()) {
                    switch news {
                    case .order, .fill, .fillsDue: Self.expectSound(news)
                    // A market's channel bears the market's name, and such venues take no tokens.
                    case .subscribed where stream.dialect.profile.isBySymbol, .subscribeRefused where stream.dialect.profile.isBySymbol: break
                    default: #expect(!news.line.contains(Stream.token.text), "\(fixture.sentence): \(news.line)")
                    }
                }
            }
            let bare = Array("\(Stream.token.text)@\(Stream.token.text) invalid".utf8)
            #expect(stream.dialect.read(bare) == [.unreadable(bare)])
        }
    }

    @Test(arguments: Stream.all) func `other people's ids are in nothing that is told`(_ stream: Stream) {
        for fixture in stream.fixtures {
            for line in told(stream.dialect.read(fixture.message)) { #expect(!line.contains("7777777") && !line.contains("8888888"), "\(line)") }
        }
    }

    @Test func `a fixture names other people's ids`() {
        #expect(StreamFixture.all.contains { String(decoding: $0.message, as: UTF8.self).contains("oppositeOrderId") })
    }

    @Test(arguments: [
        ("plain words stay", "plain words stay"), ("order@invalid_listen_key", "order@invalid_listen_key"),
        ("key 00000000-1111-2222-3333-444455556666!", "key …!"), ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"), ("eyJhbGciOiJIUzI1NiJ9.e30.x", "…"),
        (String(repeating: "x", count: 31), String(repeating: "x", count: 31)), (String(repeating: "x", count: 32), "…"),
    ]) func `words are told without what looks like a token`(_ said: String, _ told: String) {
        #expect(said.maskedForLog == told)
    }

    // MARK: What is sound

    private static func expectFitForLogs(_ text: String) {
        let isFit = text.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) || $0 == "…" } && text.utf8.count < 1_200
        #expect(isFit, "\(text.prefix(400).escapedForLog)")
    }

    private static func expectSound(_ news: StreamNews) {
        expectFitForLogs(news.line)
        switch news {
        case .order(let heard):
            let report = heard.report
            #expect(report.venueOrderID != nil && report.filledQuantity.map { !$0.isNegative } ?? true && report.price.map(\.isPositive) ?? true)
            #expect(report.quantity.map(\.isPositive) ?? true)
        case .fill(let heard): #expect(heard.fill.quantity.isPositive && heard.fill.price.isPositive && !heard.fill.tradeID.text.isEmpty)
        case .fillsDue(let heard): #expect(heard.venueOrderID != nil || heard.clientOrderID != nil)
        case .pong, .ping, .greeting, .loginAccepted, .loginRefused, .subscribed, .subscribeRefused, .goingAway, .tooFast, .tokenRefused, .unknown:
            break
        }
    }
}
