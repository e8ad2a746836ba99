import Containers
import Testing
import Transport
import Wire

@testable import Simulator

/// Signed noise: what gets past the signature must be answered, whatever it says.
@Suite struct `Noise at the Bitget dialects` {
    private static let unifiedPosts = [
        ("/api/v3/trade/place-batch", "[\(BitgetClient.item("n1")),\(BitgetClient.item("n2"))]"),
        ("/api/v3/trade/place-order", BitgetClient.item("n3")),
        (
            "/api/v3/trade/batch-modify-order",
            #"[{"clientOid":"n1","category":"SPOT","symbol":"BTCUSDT","price":"59000","qty":"0.002","autoCancel":"no"}]"#
        ),
        ("/api/v3/trade/cancel-batch", #"[{"clientOid":"n1","category":"SPOT","symbol":"BTCUSDT"}]"#),
        ("/api/v3/trade/cancel-symbol-order", #"{"category":"SPOT","symbol":"BTCUSDT"}"#),
        ("/_sim/fill", #"{"venue":"bitget-uta","client_order_id":"n1"}"#),
        ("/_sim/place", #"{"venue":"bitget-uta","symbol":"BTCUSDT","side":"buy","quantity":"1","price":"2"}"#),
        ("/_sim/faults", #"[{kind:"place",every:2,fault:{type:"delay",delay_ms:[1,2]}}]"#),
    ]
    private static let unifiedGets = [
        "/api/v3/trade/order-info?clientOid=n1",
        "/api/v3/trade/history-orders?category=SPOT&startTime=1795183000000&endTime=1795183200000&limit=5&cursor=1370",
        "/api/v3/trade/fills?category=SPOT&orderId=1370000000000000001&cursor=5", "/api/v3/market/instruments?category=SPOT",
    ]
    private static let marginPosts = [
        (
            "/api/v2/margin/isolated/batch-place-order",
            #"{"symbol":"BTCUSDT","orderList":[{"side":"buy","orderType":"limit","force":"gtc","price":"60000.01","baseSize":"0.001","loanType":"normal","clientOid":"n1"}]}"#
        ),
        (
            "/api/v2/margin/isolated/place-order",
            #"{"symbol":"BTCUSDT","side":"buy","orderType":"market","loanType":"normal","quoteSize":"122","clientOid":"n2"}"#
        ),
        ("/api/v2/margin/isolated/batch-cancel-order", #"{"symbol":"BTCUSDT","orderIdList":[{"clientOid":"n1"},{"orderId":"1370000000000000001"}]}"#),
        ("/api/v2/margin/isolated/cancel-order", #"{"symbol":"BTCUSDT","clientOid":"n1"}"#),
    ]
    private static let marginGets = [
        "/api/v2/margin/isolated/open-orders?clientOid=n1&startTime=1795183000000&symbol=BTCUSDT",
        "/api/v2/margin/isolated/history-orders?endTime=1795183200000&idLessThan=1370000000000000009&limit=5&startTime=1795183000000&symbol=BTCUSDT",
        "/api/v2/margin/isolated/fills?idLessThan=1470000000000000009&orderId=1&startTime=1795183000000&symbol=BTCUSDT", "/api/v2/margin/currencies",
        "/api/v2/margin/isolated/account/assets",
    ]
    private static let words = [
        "", "0", "-1", "1e5", "99999999999999999999999999999999999999", "170141183460469231731.687303715884105727", "9223372036854775807",
        "-9223372036854775808", "null", "{}", "[", "\"", "%", "%ff", "&", "=", "\u{0}", "ä", "nan", "true",
    ]

    @Test(arguments: ["bitget-uta", "bitget-margin"], 1...4 as ClosedRange<UInt64>)
    func `every signed request is answered, whatever it says`(_ venue: String, _ seed: UInt64) throws {
        let (posts, gets) = venue == "bitget-uta" ? (Self.unifiedPosts, Self.unifiedGets) : (Self.marginPosts, Self.marginGets)
        var options = WorldOptions()
        options.matching = Matching(fillRatio: 0.5, crosses: true)
        options.limits = DialectCatalog.dialects().flatMap { dialect in dialect.budgets.map { ("\(dialect.venue)/\($0.name)", nil) } }
        var client = try BitgetClient(venue, venue == "bitget-uta" ? "spot" : "isolated", options)
        var random = SplitMix64(seed: seed)
        var answered = 0
        for _ in 0..<600 {
            client.now += random.between(0, 200_000)
            let request: HTTPRequest
            if random.chance(0.7) {
                let (target, body) = posts[Int(random.below(UInt64(posts.count)))]
                request = client.signed("POST", target, body: mutated(body, &random))
            } else {
                request = client.signed("GET", mutated(gets[Int(random.below(UInt64(gets.count)))], &random))
            }
            if case .response(let response, _) = client.reply(request) {
                answered += (100...599).contains(response.status) ? 1 : 0
            }
        }
        #expect(answered == 600, "seed \(seed)")
        #expect(throws: Never.self) { try JSONParser.parse(client.world.ledgerJSON()) }
    }

    /// Now and then as it is; else a piece cut out, doubled, or replaced by a word.
    private func mutated(_ text: String, _ random: inout SplitMix64) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<random.below(3) {
            guard !bytes.isEmpty else { break }
            let start = Int(random.below(UInt64(bytes.count)))
            let end = min(bytes.count, start + Int(random.below(12)))
            switch random.below(3) {
            case 0: bytes.removeSubrange(start..<end)
            case 1: bytes.insert(contentsOf: bytes[start..<end], at: start)
            default: bytes.replaceSubrange(start..<end, with: Array(Self.words[Int(random.below(UInt64(Self.words.count)))].utf8))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
