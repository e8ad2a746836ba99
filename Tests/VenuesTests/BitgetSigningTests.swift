import OMSCore
import Testing
import Wire

@testable import Venues

@Suite struct BitgetSigningTests {
    @Test func `each vector's string to sign is made as it says, thirteen of them`() throws {
        let vectors = try SignatureVector.all("bitget-margin") + SignatureVector.all("bitget-uta")
        #expect(vectors.count == 13)
        for vector in vectors {
            let prehash = Bitget.prehash(of: vector.request(headers: []), timestamp: vector.text("timestamp"))
            #expect(String(decoding: prehash, as: UTF8.self) == vector.text("expected_prehash"), "\(vector.name)")
        }
    }

    @Test func `a symbol beyond ASCII travels percent-encoded in a query and raw in a body, and is signed as it reads`() throws {
        let isolated = try BitgetFixtures.isolated()
        let terms = BitgetFixtures.terms("龙虾USDT")
        let asked = isolated.request(for: BitgetFixtures.plan(.query(.openOrders(symbol: terms.symbol, page: nil))))
        #expect(asked.target.hasSuffix("&symbol=%E9%BE%99%E8%99%BEUSDT"))
        let prehash = String(decoding: Bitget.prehash(of: asked, timestamp: "1"), as: UTF8.self)
        #expect(prehash.hasPrefix("1GET/api/v2/margin/isolated/open-orders?limit=500&") && prehash.hasSuffix("&symbol=龙虾USDT"), "\(prehash)")
        let placed = isolated.request(for: BitgetFixtures.plan(.place([BitgetFixtures.place(1, terms)], isSingle: false)))
        #expect(placed.bodyText.hasPrefix(#"{"symbol":"龙虾USDT","#))
        #expect(Bitget.prehash(of: placed, timestamp: "1") == Array("1POST/api/v2/margin/isolated/batch-place-order".utf8) + placed.body)
    }

    @Test(arguments: [Query.serverTime, .instruments]) func `a public endpoint is asked without a key, whatever the clock`(_ query: Query) throws {
        let key = SigningKey(keyID: "k", secret: Array("s".utf8), passphrase: "p")
        let adapters: [any VenueAdapter] = [try BitgetFixtures.isolated(), try BitgetFixtures.unified()]
        for adapter in adapters {
            let bare = adapter.request(for: BitgetFixtures.plan(.query(query)))
            var signed = bare
            adapter.sign(&signed, timeMs: 1, with: key)
            #expect(signed == bare)
        }
    }
}
