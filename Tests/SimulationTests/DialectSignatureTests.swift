import Glibc
import TestSupport
import Testing
import Wire

@testable import Simulator

/// The signature vectors of a venue, published or computed by two independent programs.
private func vectors(_ name: String) throws -> [JSON] {
    var folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
    folder += "/VenuesTests/Fixtures/"
    let bytes = try #require(readBytes(folder + name))
    return try #require(try JSONParser.parse(bytes).array)
}

private func request(of vector: JSON, query: String?) -> HTTPRequest {
    let headers = (vector["headers"]?.object ?? []).map { HTTPHeader($0.key, $0.value.string ?? "") }
    let path = vector["path"]?.string ?? ""
    return HTTPRequest(
        vector["method"]?.string ?? "", query.map { path + "?" + $0 } ?? path, headers: headers, body: Array((vector["body"]?.string ?? "").utf8))
}

@Suite struct `Dialect signatures` {
    @Test func `XT reads the documented string and signature out of every vector`() throws {
        let all = try vectors("xt-spot/sign.json") + vectors("az-futures/sign.json")
        #expect(all.count == 24)
        for vector in all {
            let query = vector["query"]?.string.flatMap { $0.isEmpty ? nil : $0 }
            let style: XTStamp.Style = vector["product"]?.string == "futures" ? .futures : .spot
            let stamp = try XTStamp(request(of: vector, query: query), style: style)
            let key = SigningKey(keyID: stamp.keyID, secret: Array((vector["secret"]?.string ?? "").utf8), passphrase: nil)
            #expect(String(decoding: stamp.message, as: UTF8.self) == vector["expected_string_to_sign"]?.string)
            #expect(throws: Never.self) { try stamp.check(key, now: stamp.timestamp + 10) }
        }
    }

    @Test func `AscendEX signs only the timestamp and the end of the path`() throws {
        var checked = 0
        for vector in try vectors("ascendex/sign.json") {
            guard vector["method"]?.string != "WS", let path = vector["path"]?.string, let expected = vector["expected_signature"]?.string,
                let timestamp = vector["timestamp"]?.text
            else { continue }
            // The page's exception: `spot/fee` signs as `fee`; no order goes there and the dialect does not serve it.
            guard vector["api_path"]?.string != "fee" else { continue }
            let key = SigningKey(keyID: "k", secret: Array((vector["secret"]?.string ?? "").utf8), passphrase: nil)
            let signed = try #require(AscendEXIdentity.signedPath(of: path))
            #expect(signed == vector["api_path"]?.string)
            #expect(AscendEXIdentity.signature(timestamp: timestamp, path: signed, key: key) == expected)
            checked += 1
        }
        #expect(checked >= 14)
    }

    @Test(arguments: [
        (1_613_878_579_169, "sampleRequestId2", "a177c2a8cfe1U0123456789equestId2"),
        (1_700_000_000_100, "int000001a1", "a18bcfe56864U0123456789t000001a1"),
        (1_700_000_000_100, "int000001a2", "a18bcfe56864U0123456789t000001a2"),
        (1_700_000_000_100, "short", "a18bcfe56864U0123456789#########"),
        (1_700_000_000_100, "has_an_underscore", "a18bcfe56864U0123456789#########"),
    ])
    func `an AscendEX order id is a function of time, user and the end of the id`(time: Int, id: String, expected: String) {
        let made = AscendEXIdentity.orderID(time: Int64(time), uid: "U0123456789", id: id) { "#########" }
        #expect(made == expected)
        #expect(made.utf8.count == 32)
    }

    @Test func `XT pairs are signed decoded and sorted, and broken ones are not read`() {
        #expect(XTPairs("b=2&a=x%2Cy")?.signed == "a=x,y&b=2")
        #expect(XTPairs("a=1&a=2") == nil)
        #expect(XTPairs("a=%2") == nil)
        #expect(XTPairs("a=%FF") == nil)
        #expect(XTPairs("a") == nil)
        #expect(XTPairs("")?.signed == "")
    }
}

@Suite struct `Dialect lock-outs` {
    @Test func `a key that goes on over its limit is locked until the time is over`() throws {
        let xt = try XTCaller(["lock_after": "2"])
        for _ in 0..<12 { _ = try xt.send("GET", "/v4/trade") }
        xt.bench.nowMs += 599_999
        #expect(try xt.send("GET", "/v4/balances").status == 429)
        #expect(xt.bench.world.ledger.requests.last?.refusal == "locked")
        xt.bench.nowMs += 1
        #expect(try xt.send("GET", "/v4/balances").status == 200)

        let az = try AZCaller(["lock_after": "1"])
        for _ in 0..<11 { _ = try az.send("POST", "list-open-order") }
        az.bench.nowMs += 599_999
        #expect(try az.send("GET", "list").status == 429)

        let ascendex = try AscendEXCaller(["lock_after": "1"])
        for _ in 0..<11 { _ = try ascendex.send("GET", "info") }
        ascendex.bench.nowMs += 899_999
        #expect(try ascendex.send("GET", "info").status == 429)
        ascendex.bench.nowMs += 1
        #expect(try ascendex.send("GET", "info").status == 200)
    }
}
