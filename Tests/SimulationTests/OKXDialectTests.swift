import Testing
import Wire

@testable import Simulator

@Suite struct `OKX at the simulator` {
    @Test func `who signs stamp, method, path and body as sent is let in, and every flaw has its code`() throws {
        let caller = try OKXCaller()
        func answer(_ how: OKXCaller.Signing) throws -> HTTPResponse { try caller.bench.send(caller.signed("GET", "account/config", how)) }
        #expect(try answer(.init()).json.code == "0")
        for (name, code) in [
            ("OK-ACCESS-KEY", "50103"), ("OK-ACCESS-PASSPHRASE", "50104"), ("OK-ACCESS-SIGN", "50106"), ("OK-ACCESS-TIMESTAMP", "50107"),
        ] {
            let refused = try answer(.init(drops: name))
            #expect(refused.status == 401 && refused.json.code == code && refused.json["data"] == nil, "\(name)")
            caller.wait(2_000)
        }
        #expect(try answer(.init(secret: "other")).json.code == "50113")
        for stamp in ["1700000000000", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20.000", "2023-13-14T22:13:20.000Z", "2023-11-14 22:13:20.000Z"] {
            #expect(try answer(.init(stamp: stamp)).json.code == "50112", "\(stamp)")
            caller.wait(1_000)
        }
        func other(_ name: String, _ value: String) throws -> JSON {
            var request = caller.signed("GET", "account/config")
            request.headers = request.headers.map { $0.name == name ? HTTPHeader(name, value) : $0 }
            caller.wait(2_000)
            return try caller.bench.send(request).json
        }
        // A key of another region looks like one that is none.
        #expect(try other("OK-ACCESS-KEY", "nobody").code == "50119")
        #expect(try other("OK-ACCESS-PASSPHRASE", "wrong").code == "50105")
        func post(_ body: String, type: String = "application/json") throws -> HTTPResponse {
            var request = caller.signed("POST", "trade/order", body: body)
            request.headers = request.headers.map { $0.name == "Content-Type" ? HTTPHeader($0.name, type) : $0 }
            return try caller.bench.send(request)
        }
        #expect(try post("{}", type: "text/plain").json.code == "50006" && post("").json.code == "50000" && post("{").json.code == "50002")
        let nowhere = try caller.bench.send(caller.signed("GET", "nowhere"))
        #expect(nowhere.status == 404 && nowhere.json["code"]?.integer == 404 && nowhere.json["data"]?.object?.isEmpty == true)
    }

    /// Of page 2: two independent programs agree on them.
    @Test(arguments: [
        ("GET", "account/config", "", "KkhXKeKe7DRTG/Y5b10B9qlJIh63MD9/Wx+Bd5WrB58="),
        ("GET", "trade/order?instId=BTC-USDT-SWAP&clOrdId=oms01JD5ZK0Q20001", "", "vOoO/BNtkPKIZmmWrNDHzshHHw5gDwfraOKg82OjF68="),
        (
            "POST", "trade/cancel-batch-orders",
            #"[{"instId":"BTC-USDT","ordId":"1752588852617379840"},{"instId":"ETH-USDT","clOrdId":"oms01JD5ZK0Q20002"}]"#,
            "k6YoYI8hjvpwubS4NHx3mhfz6d0LBDyvEqU15otmFt4="
        ),
    ])
    func `a published signature is the one that the door takes`(method: String, target: String, body: String, sign: String) throws {
        let caller = try OKXCaller()
        caller.bench.nowMs = 1_763_640_000_123
        let headers = [
            HTTPHeader("OK-ACCESS-KEY", "ok_dummy_key_0001"), HTTPHeader("OK-ACCESS-SIGN", sign),
            HTTPHeader("OK-ACCESS-TIMESTAMP", "2025-11-20T12:00:00.123Z"), HTTPHeader("OK-ACCESS-PASSPHRASE", "dummyPass1"),
            HTTPHeader("Content-Type", "application/json"),
        ]
        let request = HTTPRequest(method, "/api/v5/" + target, headers: headers, body: Array(body.utf8))
        #expect(try ["0", "1", "51603"].contains(caller.bench.send(request).json.code))
    }

    @Test(arguments: [(Int64(-30_000), "0"), (-30_001, "50102"), (30_000, "0"), (30_001, "50102")])
    func `a stamp is taken half a minute behind and ahead`(skewMs: Int64, code: String) throws {
        let caller = try OKXCaller()
        #expect(try caller.bench.send(caller.signed("GET", "account/config", .init(skewMs: skewMs))).json.code == code)
        let strict = try OKXCaller(freshnessMs: 500)
        #expect(try strict.bench.send(strict.signed("GET", "account/config", .init(skewMs: -501))).json.code == "50102")
    }

    @Test func `demo and live know each other's keys by a header, and a key that may only read places nothing`() throws {
        let mark = [HTTPHeader("x-simulated-trading", "1")]
        for (demo, headers, code) in [("off", [], "0"), ("off", mark, "50101"), ("on", mark, "0"), ("on", [], "50101")] {
            let caller = try OKXCaller(["demo": demo])
            #expect(try caller.bench.send(caller.signed("GET", "account/config", .init(more: headers))).json.code == code)
        }
        let reader = try OKXCaller(["permissions": "read_only"])
        #expect(try reader.place([reader.item("a")]).code == "50120" && reader.get("trade/orders-pending").code == "0")
    }

    // MARK: Deadlines

    @Test func `behind its deadline no place or amend is processed; cancels and look-ups know none`() throws {
        let caller = try OKXCaller()
        let now = caller.bench.nowMs
        #expect(try caller.place([caller.item("a")], expiresMs: now).sCodes == ["0"])
        let late = try caller.place([caller.item("b")], expiresMs: now - 1)
        #expect(late.code == "50036" && late.data.isEmpty)
        let vague = OKXCaller.Signing(more: [HTTPHeader("expTime", "soon")])
        #expect(try caller.bench.send(caller.signed("POST", "trade/order", body: caller.item("b"), vague)).json.code == "51000")
        caller.wait(20)
        let change = caller.named("a", OKXCaller.swap, "\"newSz\":\"2\"")
        #expect(try caller.post("trade/amend-batch-orders", "[\(change)]", expiresMs: now - 1).code == "50036")
        #expect(try caller.post("trade/cancel-batch-orders", "[\(caller.named("a"))]", expiresMs: now - 1).sCodes == ["0"])
    }

    @Test func `orders of a batch are placed in turn, and by a switch each is held against the deadline`() throws {
        for checks in [false, true] {
            let caller = try OKXCaller(["item_ms": "100", "exp_time_items": checks ? "on" : "off"])
            let answer = try caller.place(["a", "b", "c"].map { caller.item($0) }, expiresMs: caller.bench.nowMs + 150)
            #expect(answer.sCodes == ["0", "0", checks ? "50037" : "0"] && answer.code == (checks ? "2" : "0"))
            caller.wait(15)
            #expect(try caller.state("a") == "live" && caller.state("c") == nil)
            caller.wait(200)
            #expect(try caller.state("c") == (checks ? nil : "live"))
        }
    }

    // MARK: Limits

    private func batch(_ caller: OKXCaller, _ count: Int, _ name: String) throws -> JSON {
        try caller.place((0..<count).map { caller.item("\(name)\($0)", "BTC-USDT", sz: "0.01") })
    }

    @Test func `three hundred orders of a market in two seconds are a batch's most, market by market`() throws {
        let caller = try OKXCaller()
        for number in 0..<15 { #expect(try batch(caller, 20, "a\(number)x").code == "0") }
        let two = ["b", "c"].map { caller.item($0, "BTC-USDT", sz: "0.01") }.joined(separator: ",")
        let over = try caller.bench.send(caller.signed("POST", "trade/batch-orders", body: "[\(two)]"))
        #expect(over.status == 429 && over.json.code == "50011" && over.json.data.isEmpty)
        // Another market has its own, in the same request as well.
        let others = ["e", "f"].map { caller.item($0, "ETH-USDT", px: "3800", sz: "0.1") }
        let mixed = try caller.place([caller.item("d", "BTC-USDT", sz: "0.01")] + others)
        #expect(mixed.code == "2" && mixed.sCodes == ["50011", "0", "0"] && mixed.column("clOrdId") == ["d", "e", "f"])
        #expect(mixed.column("ordId").map(\.isEmpty) == [true, false, false])
        // Cancels, and a single order, have limits of their own.
        #expect(try caller.cancel([caller.named("a0x0", "BTC-USDT"), caller.named("a0x1", "BTC-USDT")]).code == "0")
        #expect(try caller.post("trade/order", caller.item("g", "BTC-USDT", sz: "0.01")).code == "0")
        caller.wait(2_001)
        #expect(try batch(caller, 2, "h").code == "0")
    }

    @Test func `a batch with one order is charged as a single one; one of a market among others by either reading`() throws {
        let caller = try OKXCaller()
        for number in 0..<60 { #expect(try batch(caller, 1, "a\(number)x").code == "0") }
        #expect(try batch(caller, 1, "b").code == "50011")
        #expect(try batch(caller, 2, "c").code == "0")
        func counts(_ oneOrder: String) throws -> [String: Int] {
            let caller = try OKXCaller(["one_order": oneOrder])
            let pair = ["a", "b"].map { caller.item($0, "BTC-USDT", sz: "0.01") }
            #expect(try caller.place(pair + [caller.item("c", "ETH-USDT", px: "3800", sz: "0.1")]).code == "0")
            let limits = caller.bench.world.limitCounts.filter { $0.arrivals > 0 && $0.rule.name.hasSuffix("place") }
                .map { ($0.rule.name + "/" + String($0.owner.split(separator: "/").last ?? ""), $0.arrivals) }
            return Dictionary(limits, uniquingKeysWith: +)
        }
        #expect(try counts("both") == ["batch-place/BTC-USDT": 2, "batch-place/ETH-USDT": 1, "place/ETH-USDT": 1])
        #expect(try counts("request") == ["batch-place/BTC-USDT": 2, "batch-place/ETH-USDT": 1])
        #expect(try counts("instrument") == ["batch-place/BTC-USDT": 2, "place/ETH-USDT": 1])
    }

    @Test func `an account's places and amends of contracts are counted together, pairs and cancels not`() throws {
        let caller = try OKXCaller(["account_limit": "5"])
        #expect(try caller.get("trade/account-rate-limit").column("accRateLimit") == ["5"])
        #expect(try caller.place(["a", "b", "c"].map { caller.item($0) }).code == "0")
        #expect(try batch(caller, 20, "p").code == "0")
        caller.wait(20)
        #expect(try caller.cancel([caller.named("a"), caller.named("b")]).code == "0")
        #expect(try caller.amend([caller.named("c", OKXCaller.swap, "\"newSz\":\"2\"")]).code == "0")
        let over = try caller.place(["d", "e"].map { caller.item($0) })
        #expect(over.code == "2" && over.sCodes == ["0", "50061"])
        let none = try caller.bench.send(caller.signed("POST", "trade/order", body: caller.item("f")))
        #expect(none.status == 200 && none.json.code == "50061")
        try caller.bench.world.setLimit("okx/account-orders", permits: 7)
        caller.wait(1_000)
        #expect(try caller.get("trade/account-rate-limit").column("accRateLimit") == ["7"])
    }

    @Test func `by a switch a request beyond a limit is refused whole`() throws {
        let caller = try OKXCaller(["rate_refusals": "request", "account_limit": "1"])
        let answer = try caller.place(["a", "b"].map { caller.item($0) })
        #expect(answer.code == "50061" && answer.data.isEmpty)
        #expect(try caller.exchange.orders.isEmpty)
    }

    @Test func `look-ups of an order are counted by the market, markets by their kind`() throws {
        let caller = try OKXCaller()
        for _ in 0..<60 { #expect(try caller.find("x").code == "51603") }
        #expect(try caller.find("x").code == "50011" && caller.find("x", "ETH-USDT").code == "51603")
        for _ in 0..<20 { #expect(try caller.open("public/instruments?instType=SPOT").code == "0") }
        #expect(try caller.open("public/instruments?instType=SPOT").code == "50011" && caller.open("public/instruments?instType=SWAP").code == "0")
    }

    @Test func `429 has two meanings, and the code tells them apart`() throws {
        for executes in [false, true] {
            let caller = try OKXCaller()
            var rule = FaultRule(.venueError(code: "50013", message: "Systems are busy", status: 0, executes: executes))
            (rule.kind, rule.first) = (.place, 1)
            caller.bench.world.setFaults([rule])
            let busy = try caller.bench.send(caller.signed("POST", "trade/order", body: caller.item("a")))
            #expect(busy.status == 429 && busy.json.code == "50013")
            #expect(try caller.exchange.orders.count == (executes ? 1 : 0))
        }
    }

    // MARK: The account and its markets

    @Test func `the account tells its level, its positions and what its key may`() throws {
        let caller = try OKXCaller(["account_level": "3", "position_mode": "long_short", "spot_borrow": "on"])
        let config = try #require(try caller.get("account/config").data.first)
        #expect(config["uid"]?.string == "44705892343619584" && config["acctLv"]?.string == "3" && config["posMode"]?.string == "long_short_mode")
        #expect(config["enableSpotBorrow"]?.bool == true && config["autoLoan"]?.bool == false && config["perm"]?.string == "read_only,trade")
        for page in ["account/balance", "account/trade-fee?instType=SPOT"] { #expect(try caller.get(page).data.count == 1, "\(page)") }
        #expect(try caller.get("account/positions").code == "0")
        #expect(try caller.get("asset/currencies").column("ccy") == ["BTC", "ETH", "SOL", "USDT"])
        #expect(try caller.get("asset/currencies?ccy=BTC,USDT").column("chain") == ["BTC-BTC", "USDT-USDT"])
        #expect(try caller.get("asset/currencies?coin=BTC").code == "51000" && caller.open("asset/currencies").code == "50103")
    }

    @Test func `markets stand under their kind, pairs under two, and contracts with what one is worth`() throws {
        let caller = try OKXCaller()
        #expect(try caller.open("public/instruments?instType=SPOT").column("instId") == ["BTC-USDT", "ETH-USDT", "SOL-USDT"])
        #expect(try caller.get("account/instruments?instType=MARGIN").column("instType") == ["MARGIN", "MARGIN", "MARGIN"])
        let swaps = try caller.open("public/instruments?instType=SWAP&instFamily=BTC-USD").data
        #expect(swaps.map { row in ["ctVal", "ctType", "settleCcy"].map { row[$0]?.string } } == [["100", "inverse", "BTC"]])
        let dated = try caller.open("public/instruments?instType=FUTURES&instId=BTC-USDT-261225").data
        // Eight in the morning of Christmas Day.
        #expect(dated.map { row in ["expTime", "ctVal", "lotSz"].map { row[$0]?.string } } == [["1798185600000", "0.01", "0.01"]])
        #expect(try caller.open("public/instruments?instType=OPTION").data.isEmpty && caller.open("public/instruments").code == "50014")
        #expect(try caller.open("public/time").column("ts") == [String(caller.bench.nowMs)])
        let plain = try OKXCaller(["account_level": "1"])
        #expect(try plain.get("account/instruments?instType=SWAP").data.isEmpty && plain.get("account/instruments?instType=SPOT").data.count == 3)
    }

    @Test(arguments: [
        ("market/tickers?instType=SWAP", 5), ("market/ticker?instId=BTC-USDT", 1), ("market/books?instId=BTC-USDT&sz=5", 1),
        ("market/candles?instId=BTC-USDT-SWAP&bar=1H&limit=3", 3), ("market/trades?instId=ETH-USDT&limit=4", 4),
    ])
    func `prices are public`(target: String, rows: Int) throws {
        let answer = try OKXCaller().open(target)
        #expect(answer.code == "0" && (answer["data"]?.array?.count ?? 0) == rows, "\(answer)")
    }
}
