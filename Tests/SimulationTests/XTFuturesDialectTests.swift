import TestSupport
import Testing
import Wire

@testable import Simulator

@Suite struct `XT futures at the gateway` {
    private static func vectors() throws -> [JSON] {
        let here = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let own = try #require(readBytes(here + "/Fixtures/xt-futures-sign.json"))
        return try #require(try JSONParser.parse(own).array)
    }

    @Test func `every vector's request is signed as the door reads it`() throws {
        let vectors = try Self.vectors()
        #expect(vectors.count == 14)
        for vector in vectors {
            let account = SimAccount(
                venue: "xt-futures", products: ["usdt"], uid: "1", key: vector.text("key") ?? "", secret: vector.text("secret") ?? "", name: "x")
            let bench = try DialectBench(accounts: [account], dialects: [XTFuturesDialect()])
            bench.nowMs = try #require(Int64(vector.text("timestamp") ?? ""))
            let path = vector.text("path") ?? ""
            let query = vector.text("query").flatMap { $0.isEmpty ? nil : "?" + $0 } ?? ""
            let headers = (vector["headers"]?.object ?? []).map { HTTPHeader($0.key, $0.value.string ?? "") }
            let request = HTTPRequest(vector.text("method") ?? "", path + query, headers: headers, body: Array((vector.text("body") ?? "").utf8))
            #expect(try bench.send(request).status == 200, "\(vector.text("name") ?? "")")
            var other = request
            other.headers = headers.map { $0.name == "validate-signature" ? HTTPHeader($0.name, String($0.value.reversed())) : $0 }
            #expect(try bench.send(other).status == 403, "\(vector.text("name") ?? "")")
        }
    }

    @Test(arguments: ["validate-", "xt-validate-"], [false, true])
    func `takes both header names and both hex cases, and neither window nor algorithm`(prefix: String, isUpperCase: Bool) throws {
        let caller = try XTFuturesCaller()
        var how = XTSigning()
        (how.prefix, how.isUpperCase, how.window, how.drops) = (prefix, isUpperCase, nil, prefix + "algorithms")
        #expect(try caller.calm("POST", "create", body: XTFuturesCaller.order("o_000018_00"), how).failure == nil)
    }

    @Test(
        arguments: [
            ("validate-appkey", nil, 400), ("validate-timestamp", nil, 400), ("validate-signature", nil, 400), ("validate-appkey", "nobody", 403),
            ("validate-signature", "00", 403), ("validate-recvwindow", "1999", 400), ("validate-recvwindow", "60001", 400),
            ("validate-timestamp", "1", 403),
        ] as [(String, String?, Int)])
    func `key, signature and window are refused alike, headers otherwise`(name: String, value: String?, status: Int) throws {
        let caller = try XTFuturesCaller()
        var how = XTSigning()
        if let value { how.replaces = (name, value) } else { how.drops = name }
        let answer = try caller.send("POST", "create", body: XTFuturesCaller.order("o_000018_00"), how)
        #expect(answer.status == status)
        #expect(answer.json.failure == String(status))
        #expect(try caller.exchange.orders.isEmpty)
    }

    @Test(arguments: [("words", 403, "403"), ("none", 403, nil), ("html", 403, nil), ("code", 200, "403")] as [(String, Int, String?)])
    func `the gateway says no with a status, in words, without, as a page, or by the code alone`(mode: String, status: Int, code: String?) throws {
        var how = XTSigning()
        how.skewMs = -5_000
        let answer = try XTFuturesCaller(["gate": mode]).send("GET", "detail", query: [("orderId", "17")], how)
        #expect(answer.status == status)
        #expect(answer.json.failure == code)
        #expect(String(decoding: answer.body, as: UTF8.self).hasPrefix("<html>") == (mode == "html"))
    }

    @Test(
        arguments: [
            (-4_999, "5000", "honoured", 200), (-5_000, "5000", "honoured", 403), (-5_000, nil, "honoured", 403), (-5_000, "6000", "honoured", 200),
            (1_000, nil, "honoured", 200), (1_001, nil, "honoured", 403), (-59_999, "5000", "ignored", 200), (-60_000, "5000", "ignored", 403),
            (1_001, "5000", "ignored", 403), (0, "1", "ignored", 200),
        ] as [(Int64, String?, String, Int)])
    func `a stamp is judged by the window, or by the ceiling where windows are ignored`(
        skew: Int64, window: String?, mode: String, status: Int
    ) throws {
        let caller = try XTFuturesCaller(["recvwindow": mode])
        var how = XTSigning()
        (how.skewMs, how.window) = (skew, window)
        #expect(try caller.send("GET", "list", query: [("state", "UNFINISHED")], how).status == status)
    }

    @Test func `a world's own window is shorter than both`() throws {
        for mode in ["honoured", "ignored"] {
            let caller = try XTFuturesCaller(["recvwindow": mode], freshnessMs: 500)
            for (skew, status) in [(Int64(-499), 200), (-500, 403)] {
                var how = XTSigning()
                how.skewMs = skew
                #expect(try caller.send("GET", "list", how).status == status)
            }
        }
    }

    @Test func `takes parameters as JSON, as a form or in the query`() throws {
        let caller = try XTFuturesCaller()
        let pairs = [
            ("clientOrderId", "o_000018_01"), ("symbol", "btc_usdt"), ("orderSide", "BUY"), ("orderType", "LIMIT"), ("origQty", "10"),
            ("price", "39000"), ("positionSide", "LONG"),
        ]
        #expect(try caller.calm("POST", "create", query: pairs).failure == nil)
        var form = XTSigning()
        form.contentType = "application/x-www-form-urlencoded"
        #expect(try caller.calm("POST", "create", body: pairs.map { "\($0.0)=\($0.1)" }.joined(separator: "&"), form).failure == nil)
        #expect(try caller.exchange.orders.map(\.clientID) == ["o_000018_01", "o_000018_01"])
        #expect(try caller.calm("POST", "cancel", query: [("orderId", "17")], body: "{\"orderId\":\"17\"}").failure == "invalid_params")
        #expect(try caller.calm("GET", "detail", query: [("orderId", "17")], body: "{}").failure == "invalid_params")
    }

    @Test func `open orders are asked for by POST only`() throws {
        let caller = try XTFuturesCaller()
        #expect(try caller.send("GET", "list-open-order").status == 405)
        #expect(try caller.send("POST", "list-open-order", body: "{}").status == 200)
        #expect(try caller.send("GET", "nothing").status == 404)
        #expect(throws: SimulatorInputError.self) { try XTFuturesCaller(["batch": "atomic"]) }
    }

    @Test(arguments: [
        ("POST", "create", 10), ("POST", XTFuturesCaller.batch, 10), ("POST", "update", 10), ("POST", "cancel", 10), ("POST", "cancel-batch", 10),
        ("GET", "list", 10), ("POST", "list-open-order", 10), ("GET", "/future/user/v1/account/info", 3),
        ("GET", "/future/user/v1/user/listen-key", 10),
    ])
    func `answers 429 from the first request over a limit until the window has passed`(method: String, path: String, permits: Int) throws {
        let caller = try XTFuturesCaller()
        for _ in 0..<permits { #expect(try caller.send(method, path).status == 200) }
        #expect(try caller.send(method, path).status == 429)
        // Another key's are its own.
        #expect(try caller.other("coin").send(method, path).status == 200)
        caller.bench.nowMs += 1_000
        #expect(try caller.send(method, path).status == 200)
    }

    @Test func `an address is served a thousand times a minute, whatever it asks`() throws {
        let caller = try XTFuturesCaller(["retry_after": "7"])
        for _ in 0..<1_000 { #expect(try caller.bench.send(HTTPRequest("GET", "/future/market/v1/public/time")).status == 200) }
        let answer = try caller.send("GET", "list")
        #expect(answer.status == 429 && answer.header("Retry-After") == "7")
        caller.bench.nowMs += 60_000
        #expect(try caller.send("GET", "list").status == 200)
    }

    @Test func `a key that goes on over its limit is locked for ten minutes`() throws {
        let caller = try XTFuturesCaller(["lock_after": "2"])
        for _ in 0..<12 { _ = try caller.send("GET", "list") }
        caller.bench.nowMs += 599_999
        #expect(try caller.send("GET", "detail", query: [("orderId", "17")]).status == 429)
        #expect(caller.bench.world.ledger.requests.last?.refusal == "locked")
        caller.bench.nowMs += 1
        #expect(try caller.send("GET", "detail", query: [("orderId", "17")]).status == 200)
    }

    // MARK: Markets and account

    @Test func `time and symbols need no signature, and each host lists its own line`() throws {
        let bench = try XTFuturesCaller().bench
        #expect(try bench.send(HTTPRequest("GET", "/future/market/v1/public/time")).json.text("result") == String(bench.nowMs))
        func symbols(_ host: String, _ version: String = "v3") throws -> [JSON] {
            let request = HTTPRequest("GET", "/future/market/\(version)/public/symbol/list", headers: [HTTPHeader("Host", host)])
            return try bench.send(request).json.at("result").array ?? []
        }
        #expect(try symbols("127.0.0.1:8899").count == XTFuturesMarkets.all.count)
        #expect(try symbols("fapi.xt.com").allSatisfy { $0.text("underlyingType") == "U_BASED" && $0.text("quoteCoin") == "usdt" })
        #expect(try symbols("dapi.xt.com").compactMap { $0.text("symbol") } == ["btc_usd", "eth_usd"])
        #expect(try symbols("fapi.xt.com") == symbols("fapi.xt.com", "v1"))
        let row = try #require(try symbols("fapi.xt.com").first)
        #expect(
            [
                row.text("symbol"), row.text("contractSize"), row.text("minQty"), row.text("quantityPrecision"), row.text("minStepPrice"),
                row.text("state"),
            ]
                == ["btc_usdt", "0.0001", "1", "0", "0.1", "0"])
        #expect(row.at("tradeSwitch").bool == true && row.at("openSwitch").bool == true && row.at("isOpenApi").bool == true)
        let detail = try bench.send(HTTPRequest("GET", "/future/market/v1/public/symbol/detail?symbol=btc_usd")).json
        #expect(detail.text("result.contractSize") == "100" && detail.text("result.underlyingType") == "COIN_BASED")
        let none = try bench.send(HTTPRequest("GET", "/future/market/v1/public/symbol/detail?symbol=doge_usdt")).json
        #expect(none.failure == "invalid_symbol")
        let wrapped = try XTFuturesCaller(["symbol_list": "object"]).bench.send(HTTPRequest("GET", "/future/market/v3/public/symbol/list")).json
        #expect(wrapped.at("result.symbols").array?.count == XTFuturesMarkets.all.count)
    }

    @Test(
        arguments: [
            ("open", "LONG", nil, "true", "true"), ("no_trading", "LONG", "user_can_not_trade", "false", "false"),
            ("no_opening", "LONG", "user_can_not_open_position", "true", "false"), ("no_opening", "SHORT", nil, "true", "false"),
            ("not_opened", "LONG", "contract_not_open", nil, nil),
        ] as [(String, String, String?, String?, String?)])
    func `an account says what it may do, and may not do more`(
        standing: String, side: String, code: String?, mayTrade: String?, mayOpen: String?
    ) throws {
        let caller = try XTFuturesCaller(["account": standing])
        // Buying short closes.
        let answer = try caller.calm("POST", "create", body: XTFuturesCaller.order("o_000018_00", ["positionSide": "\"\(side)\""]))
        #expect(answer.failure == code)
        let account = try caller.calm("GET", "/future/user/v1/account/info")
        #expect(account.at("result.allowTrade").bool.map(String.init(describing:)) == mayTrade)
        #expect(account.at("result.allowOpenPosition").bool.map(String.init(describing:)) == mayOpen)
    }

    @Test func `balances are of the line's coins, and no position is kept`() throws {
        let caller = try XTFuturesCaller(["balance": "12.5"])
        for path in ["balance/list", "compat/balance/list"] {
            let answer = try caller.calm("GET", "/future/user/v1/" + path)
            #expect(answer.text("result.0.coin") == "usdt" && answer.text("result.0.availableBalance") == "12.5")
        }
        #expect(try caller.other("coin").calm("GET", "/future/user/v1/balance/list").text("result.0.coin") == "btc")
        #expect(try caller.calm("GET", "/future/user/v1/position/list", query: [("symbol", "btc_usdt")]).at("result").array?.isEmpty == true)
        #expect(try caller.calm("GET", "quant/list-history").failure == "not_quantification_account")
    }

    @Test func `the lines have books of their own: neither knows the other's markets or orders`() throws {
        let caller = try XTFuturesCaller()
        let coin = caller.other("coin")
        #expect(try caller.calm("POST", "create", body: XTFuturesCaller.coinOrder("o_000018_00")).failure == "invalid_symbol")
        #expect(try coin.calm("POST", "create", body: XTFuturesCaller.order("o_000018_00")).failure == "invalid_symbol")
        let id = try #require(try coin.calm("POST", "create", body: XTFuturesCaller.coinOrder("o_000018_00")).text("result"))
        #expect(try coin.calm("GET", "detail", query: [("orderId", id)]).text("result.contractSize") == "100")
        #expect(try caller.calm("GET", "detail", query: [("orderId", id)])["result"] == .null)
        #expect(try caller.calm("POST", "cancel-all", body: #"{"symbol":"btc_usd"}"#).failure == "invalid_symbol")
    }
}
