import Testing
import Wire

@testable import Venues

/// The answers of all fixtures, changed.
@Suite struct `Answers of every venue` {
    private static let situations = WaitingVenues.known.map { Situation($0.venue) }

    @Test func `an answer cut anywhere refuses nothing, finds nothing absent and acknowledges nothing`() {
        for situation in Self.situations {
            for fixture in AnswerFixture.all(situation.venue) where fixture.response.status == 200 && fixture.response.body.count < 3_000 {
                let plan = situation.plan(situation.content(fixture.ask))
                for length in stride(from: 0, to: fixture.response.body.count, by: 7) {
                    let cut = HTTPResponse(status: 200, body: Array(fixture.response.body.prefix(length)))
                    let answer = situation.adapter.answer(to: plan, from: cut)
                    let lines = situation.told(answer).dropFirst()
                    #expect(lines.allSatisfy { $0.hasSuffix("in doubt") || $0 == "failed" }, "\(fixture.testDescription) cut at \(length)")
                }
            }
        }
    }

    @Test func `every item has one outcome, whatever kind of JSON answers`() {
        let bodies = [
            "null", "[]", "{}", "7", "\"\"", #"{"rc":0,"result":7}"#, #"{"returnCode":0,"result":[[]]}"#, #"{"code":0,"data":[7]}"#,
            #"{"code":0,"data":{"info":7}}"#,
        ]
        for situation in Self.situations {
            for ask in ["place", "cancel", "time", "account", "instruments", "find", "open", "history", "fills"] {
                for body in bodies {
                    for status in [200, 400, 403, 404, 500] {
                        let answer = situation.adapter.answer(
                            to: situation.plan(situation.content(ask)), from: HTTPResponse(status: status, body: Array(body.utf8)))
                        #expect(answer.places.count == (ask == "place" ? 2 : 0))
                        #expect(answer.cancels.count == (ask == "cancel" ? 2 : 0))
                        #expect((answer.query == nil) == ["place", "cancel"].contains(ask))
                    }
                }
            }
        }
    }

    @Test func `no write is refused by a status that tells nothing`() {
        for situation in Self.situations {
            for status in [301, 403, 404, 408, 418, 500, 502, 503, 504, 520, 524] {
                let answer = situation.adapter.answer(
                    to: situation.plan(situation.content("place")), from: HTTPResponse(status: status, body: Array("<html>".utf8)))
                #expect(answer.places.allSatisfy { if case .inDoubt = $0 { true } else { false } }, "\(situation.venue) \(status)")
            }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func `garbled answers trap nowhere, and every item keeps one outcome`(_ seed: UInt64) {
        var state = seed
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let bytes = Array("{}[]\",:0123456789eE-+.ntf\\u".utf8) + [0, 0x7F, 0xC3, 0xFF]
        for situation in Self.situations {
            for fixture in AnswerFixture.all(situation.venue) where !fixture.response.body.isEmpty && fixture.response.body.count < 3_000 {
                let plan = situation.plan(situation.content(fixture.ask))
                let whole = situation.adapter.answer(to: plan, from: fixture.response)
                for _ in 0..<20 {
                    var garbled = fixture.response
                    for _ in 0...random(3) { garbled.body[random(garbled.body.count)] = bytes[random(bytes.count)] }
                    let answer = situation.adapter.answer(to: plan, from: garbled)
                    #expect(answer.places.count == whole.places.count, "\(fixture.testDescription)")
                    #expect(answer.cancels.count == whole.cancels.count && answer.modifies.count == whole.modifies.count)
                    #expect((answer.query == nil) == (whole.query == nil))
                }
            }
        }
    }
}
