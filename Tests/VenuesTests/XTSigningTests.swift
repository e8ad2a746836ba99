import OMSCore
import Testing
import Wire

@testable import Venues

@Suite struct `Signatures of XT and AZ` {
    @Test func `each vector's string to sign is made as it says, twelve of each scheme`() throws {
        for (venue, scheme) in [("xt-spot", XTSigning.Scheme.spot), ("az-futures", .futures)] {
            let vectors = try SignatureVector.all(venue)
            #expect(vectors.count == 12)
            for vector in vectors {
                let signed = XTSigning.stringToSign(
                    vector.request(headers: vector.headers), timeMs: vector.timeMs, keyID: vector.key.keyID, as: scheme)
                #expect(String(decoding: signed, as: UTF8.self) == vector.text("expected_string_to_sign"), "\(vector.name)")
            }
        }
    }

    @Test(arguments: [
        ("b=2&a=1%2C5", "a=1,5&b=2"), ("a=1", "a=1"), ("list=%5B%7B%22x%22%3A1%7D%5D", #"list=[{"x":1}]"#), ("a=100%&b=%zz", "a=100%&b=%zz"),
        ("a=%2", "a=%2"), ("symbol=%E9%BE%99%E8%99%BE_usdt&limit=1", "limit=1&symbol=龙虾_usdt"),
    ]) func `a query is signed sorted and decoded`(_ sent: String, _ signed: String) {
        #expect(XTSigning.sortedAndDecoded(Substring(sent)) == signed)
    }

    @Test(arguments: [Situation.spot, .az].map(\.venue)) func `a symbol beyond ASCII is sent encoded and signed as it is`(_ venue: String) throws {
        let situation = venue == "xt-spot" ? Situation.spot : .az
        let request = situation.adapter.request(for: situation.plan(.query(.openOrders(symbol: "币安人生_usdt", page: nil))))
        #expect(request.target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        #expect(request.target.contains("symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9F_usdt"))
        let signed = XTSigning.stringToSign(request, timeMs: 1, keyID: "k", as: venue == "xt-spot" ? .spot : .futures)
        #expect(String(decoding: signed, as: UTF8.self).contains("symbol=币安人生_usdt"))
    }

    @Test func `public paths carry no key`() {
        for situation in [Situation.spot, .az] {
            for ask in ["time", "instruments"] {
                var request = situation.adapter.request(for: situation.plan(situation.content(ask)))
                situation.adapter.sign(&request, timeMs: 1, with: SigningKey(keyID: "k", secret: [1, 2], passphrase: nil))
                #expect(request.headers.isEmpty)
            }
        }
    }

    @Test func `the time that is signed is the plan's`() {
        var request = Situation.spot.adapter.request(for: Situation.spot.plan(Situation.spot.content("open")))

        Situation.spot.adapter.sign(&request, timeMs: 1_700_000_000_100, with: SigningKey(keyID: "k", secret: [1, 2], passphrase: nil))

        #expect(request.header("validate-timestamp") == "1700000000100")
    }

    @Test(arguments: [(1, "2000"), (3_000, "3000"), (5_000, "5000"), (60_000, "5000")])
    func `the window follows the configured freshness between two and five seconds`(_ freshnessMs: Int64, _ window: String) {
        for situation in [Situation.spot, .az] {
            let plan = situation.plan(situation.content("open"), freshnessMs: freshnessMs)
            #expect(situation.adapter.request(for: plan).header("validate-recvwindow") == window)
            #expect(situation.adapter.profile.fenceMs(freshnessMs: freshnessMs) >= Int64(window) ?? .max)
        }
    }
}
