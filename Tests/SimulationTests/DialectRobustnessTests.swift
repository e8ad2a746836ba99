import Containers
import Testing
import Wire

@testable import Simulator

/// Requests that a caller could have signed and no page would allow.
@Suite struct `Dialects and nonsense` {
    private static let words = [
        "0", "-1", "1e400", "9223372036854775807", "-9223372036854775808", "99999999999999999999999999", "0.0000000000000000001",
        "170141183460469231731",
        "null", "true", "[]", "{}", "\"\"", "\"-\"", "\"\\u0000\"", "\"9223372036854775807\"", "\"-9223372036854775808\"",
        "\"170141183460469231731\"",
        "\"BUY\"", "\"btc_usdt\"", "[[[[]]]]", "\"0.1\"", "\"1,2,,3\"",
    ]

    /// A body with some of its values replaced, or some of its bytes broken.
    private static func spoiled(_ body: String, _ random: inout SplitMix64) -> String {
        if random.chance(0.3) {
            var bytes = Array(body.utf8)
            for _ in 0...random.below(3) where !bytes.isEmpty { bytes[Int(random.below(UInt64(bytes.count)))] = UInt8(random.below(95) + 32) }
            return String(decoding: bytes.prefix(Int(random.below(UInt64(bytes.count)) + 1)), as: UTF8.self)
        }
        guard let json = try? JSONParser.parse(body) else { return body }
        func changed(_ json: JSON) -> JSON {
            if random.chance(0.15), let word = try? JSONParser.parse(words[Int(random.below(UInt64(words.count)))]) { return word }
            switch json {
            case .array(let items): return .array(items.map(changed))
            case .object(let members): return .object(members.map { ($0.key, changed($0.value)) })
            default: return json
            }
        }
        return String(decoding: changed(json).serialized(), as: UTF8.self)
    }

    private static func value(_ random: inout SplitMix64) -> String {
        words[Int(random.below(UInt64(words.count)))].filter { $0 != "\"" && $0 != "\\" }
    }

    @Test(arguments: 1...4)
    func `signed nonsense is answered with a status and JSON, whatever it is`(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        let xt = try XTCaller()
        let az = try AZCaller()
        let ascendex = try AscendEXCaller()
        let order = XTCaller.order("o_000017_00")
        let future = AZCaller.order("o_000018_00")
        let contracts = try XTFuturesCaller()
        let contract = XTFuturesCaller.order("o_000019_00", ["triggerStopPrice": "\"30000\""])
        let okx = try OKXCaller()
        let swap = okx.item("a1", OKXCaller.swap, px: "60000", sz: "1", #""posSide":"net","reduceOnly":false,"tag":"t","pxAmendType":"0""#)
        let change = okx.named("a1", OKXCaller.swap, #""newSz":"2","newPx":"59000","reqId":"r","cxlOnFail":true,"ordId":"1""#)
        for _ in 0..<100 {
            // Fills are told eight times a minute.
            ascendex.bench.nowMs += 8_000
            okx.wait(3_000)
            let names = [
                "orderId", "clientOrderId", "fromId", "id", "limit", "size", "page", "startTime", "endTime", "state", "symbol", "orderIds",
                "direction",
            ]
            let query = (0..<random.below(4)).map { _ in names[Int(random.below(UInt64(names.count)))] }
            let pairs = Set(query).sorted().map { ($0, Self.value(&random)) }
            let mine = Self.spoiled(ascendex.order("int000001a1"), &random)
            let bodies = [
                try xt.calm("POST", "/v4/order", body: Self.spoiled(order, &random)),
                try xt.calm("POST", "/v4/batch-order", body: Self.spoiled(XTCaller.batch([order, order]), &random)),
                try xt.calm("DELETE", "/v4/batch-order", body: Self.spoiled("{\"orderIds\":[1,2]}", &random)),
                try xt.calm("PUT", "/v4/order/1370000000000000001", body: Self.spoiled("{\"price\":\"39000\",\"quantity\":\"0.01\"}", &random)),
                try xt.calm("GET", "/v4/history-order", query: pairs), try xt.calm("GET", "/v4/trade", query: pairs),
                try xt.calm("GET", "/v4/order", query: pairs),
                try az.calm("POST", "batch", body: Self.spoiled(AZCaller.batch([future, future], ["1", "2"]), &random)),
                try az.calm(
                    "POST", "update", body: Self.spoiled("{\"orderId\":\"1370000000000000001\",\"price\":\"39000\",\"origQty\":\"20\"}", &random)),
                try az.calm("GET", "list", query: pairs), try az.calm("GET", "list-history", query: pairs),
                try az.calm("GET", "trade-list", query: pairs),
                try contracts.calm("POST", "create", body: Self.spoiled(contract, &random)),
                try contracts.calm("POST", XTFuturesCaller.batch, body: Self.spoiled("[\(contract),\(contract)]", &random)),
                try contracts.calm(
                    "POST", "update", body: Self.spoiled("{\"orderId\":\"1370000000000000001\",\"price\":\"39000\",\"origQty\":\"20\"}", &random)),
                try contracts.calm("POST", "cancel-batch", body: Self.spoiled("{\"orderIds\":\"1,2\",\"clientOrderIds\":\"a\"}", &random)),
                try contracts.calm("POST", "cancel-all", body: Self.spoiled("{\"symbol\":\"btc_usdt\"}", &random)),
                try contracts.calm("GET", "list", query: pairs), try contracts.calm("GET", "list-history", query: pairs),
                try contracts.calm("GET", "trade-list", query: pairs),
                try contracts.calm("GET", "/future/trade/v2/order/partial-canceled-orders", query: pairs),
                try ascendex.calm("POST", "order", body: mine),
                try ascendex.calm("POST", "order/batch", body: Self.spoiled(ascendex.batch([mine, mine]), &random)),
                try ascendex.calm("DELETE", "order", body: Self.spoiled(ascendex.cancel("a1"), &random)),
                try ascendex.calm("GET", "order/hist/current", query: [("n", Self.value(&random))]),
                try ascendex.calm(
                    "GET", "data/v2/order/hist", query: [("account", "cash"), ("seqNum", Self.value(&random)), ("startTime", Self.value(&random))]),
                try ascendex.calm("GET", "data/v1/cash/balance/history", query: [("sn", Self.value(&random))]),
            ]
            let asked = ["instType=SWAP", "instId=" + OKXCaller.swap, "after=" + percentEncoded(Self.value(&random)), "before=1", "begin=1", "sz=1"]
            let target = asked.filter { _ in random.chance(0.5) }.joined(separator: "&")
            let told = [
                try okx.post("trade/batch-orders", Self.spoiled("[\(swap),\(swap)]", &random), expiresMs: random.chance(0.3) ? okx.bench.nowMs : nil),
                try okx.post("trade/order", Self.spoiled(swap, &random)),
                try okx.post("trade/amend-batch-orders", Self.spoiled("[\(change),\(change)]", &random)),
                try okx.post("trade/cancel-batch-orders", Self.spoiled("[\(okx.named("a1"))]", &random)),
                try okx.post("trade/cancel-all-after", Self.spoiled(#"{"timeOut":"10","tag":"t"}"#, &random)),
                try okx.get("trade/orders-pending?" + target), try okx.get("trade/orders-history?" + target), try okx.get("trade/fills?" + target),
                try okx.get("trade/order?" + target), try okx.open("market/books?" + target), try okx.open("market/candles?" + target),
            ]
            for body in bodies + told { #expect(body.object != nil) }
        }
        #expect(try xt.calm("GET", "/v4/open-order").text("rc") == "0")
    }
}
