import OMSCore
import Testing
import Wire

@testable import Venues

@Suite struct BitgetSigningTests {
    struct Vector: CustomTestStringConvertible {
        let name: String
        let json: JSON
        var testDescription: String { name }
        func text(_ key: String) -> String { json[key]?.text ?? "" }
    }

    static func vectors() throws -> [Vector] {
        let file = try JSONParser.parse(BitgetFixtures.bytes("bitget-sign.json", folder: "Vectors"))
        return try #require(file.array).map { Vector(name: $0["name"]?.text ?? "", json: $0) }
    }

    @Test func `there are the thirteen vectors`() throws {
        #expect(try Self.vectors().count == 13)
    }

    @Test(arguments: try vectors()) func `each vector is signed as it says`(_ vector: Vector) throws {
        let query = vector.text("query_on_wire")
        let target = vector.text("path") + (query.isEmpty ? "" : "?" + query)
        var request = HTTPRequest(vector.text("method"), target, headers: Bitget.headers, body: Array(vector.text("body").utf8))
        let key = SigningKey(keyID: vector.text("key"), secret: Array(vector.text("secret").utf8), passphrase: vector.text("passphrase"))
        let adapter: any VenueAdapter = try BitgetFixtures.unified()

        #expect(String(decoding: Bitget.prehash(of: request, timestamp: vector.text("timestamp")), as: UTF8.self) == vector.text("expected_prehash"))
        adapter.sign(&request, timeMs: try #require(Int64(vector.text("timestamp"))), with: key)

        #expect(request.header("ACCESS-SIGN") == vector.text("expected_signature"))
        #expect(request.target == target)
        for header in vector.json["headers"]?.object ?? [] { #expect(request.header(header.key) == header.value.text, "\(header.key)") }
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
