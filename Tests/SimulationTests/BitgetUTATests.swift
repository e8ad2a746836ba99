import OMSCore
import Testing
import Wire

@testable import Simulator

@Suite struct `Bitget's unified account at the simulator` {
    private static let modify = "/api/v3/trade/batch-modify-order"

    @Test func `who signs as the page says is let in, and every flaw has its code`() throws {
        let client = try BitgetClient("bitget-uta", "spot")
        let target = "/api/v3/account/assets"
        let ms = client.now / 1000
        #expect(try client.get(target).json.code == "00000")
        #expect(try client.answer(client.signed("GET", target, secret: "other")).json.code == "40009")
        #expect(try client.answer(client.signed("GET", target, stampMs: ms - 30_000)).json.code == "00000")
        #expect(try client.answer(client.signed("GET", target, stampMs: ms - 30_001)).json.code == "40008")
        #expect(try client.answer(client.signed("GET", target, stampMs: ms + 30_001)).json.code == "40008")
        for (name, code) in [("ACCESS-KEY", "40037"), ("ACCESS-PASSPHRASE", "40012"), ("ACCESS-TIMESTAMP", "40005")] {
            var request = client.signed("GET", target)
            request.headers = request.headers.map { $0.name == name ? HTTPHeader(name, "wrong") : $0 }
            let (status, json) = try client.answer(request)
            #expect(status == 400 && json.code == code, "\(name)")
        }
        #expect(try client.get("/api/v2/margin/isolated/account/assets").json.code == "40085")
        #expect(try BitgetClient("bitget-margin", "isolated").get(target).json.code == "40084")
        #expect(try client.get("/api/v3/trade/countdown-cancel-all").status == 404)
    }

    @Test func `a shorter freshness window can be asked for`() throws {
        var options = WorldOptions()
        options.freshnessMs = 3000
        let client = try BitgetClient("bitget-uta", "spot", options)
        #expect(try client.answer(client.signed("GET", "/api/v3/account/assets", stampMs: client.now / 1000 - 3001)).json.code == "40008")
    }

    @Test func `items of a batch succeed and fail on their own`() throws {
        let client = try BitgetClient("bitget-uta", "spot")
        let body =
            "[\(BitgetClient.item("a")),\(BitgetClient.item("b", qty: "0.0000001")),\(BitgetClient.item("a")),\(BitgetClient.item("d", price: "60000.001"))]"

        let (status, json) = try client.post("/api/v3/trade/place-batch", body)

        #expect(status == 200 && json.code == "00000")
        #expect(json["data"]?.array?.map { $0["code"]?.string ?? "ok" } == ["ok", "25207", "25212", "25244"])
        #expect(json.at("data", "1", "orderId")?.string == "")
        #expect(try client.find("a").at("data", "orderStatus")?.string == "new")
        #expect(try client.find("b").code == "25204")
    }

    @Test(arguments: [
        ("more than the ceiling", (0...20).map { BitgetClient.item("x\($0)") }, "25200"),
        ("two categories", [BitgetClient.item("x"), BitgetClient.item("y").replacing("SPOT", with: "MARGIN")], "25200"), ("nothing", [], "40017"),
    ])
    func `a batch is refused whole for`(_ what: String, _ items: [String], _ code: String) throws {
        let client = try BitgetClient("bitget-uta", "spot")
        let (status, json) = try client.post("/api/v3/trade/place-batch", "[" + items.joined(separator: ",") + "]")
        #expect(status == 400 && json.code == code)
        #expect(client.world.venue(named: "bitget-uta")?.exchange.orders.isEmpty == true)
    }

    @Test(arguments: [#","reduceOnly":"yes""#, #","takeProfit":"1""#, #","surprise":"1""#, #","posSide":"long""#])
    func `fields that a batch item does not know are refused, not dropped`(_ more: String) throws {
        let client = try BitgetClient("bitget-uta", "spot")
        let json = try client.post("/api/v3/trade/place-batch", "[\(BitgetClient.item("a", more: more))]").json
        #expect(json.at("data", "0", "code")?.string == "40017")
    }

    @Test func `the engine closes what may not rest, after a success`() throws {
        let client = try BitgetClient("bitget-uta", "spot")
        func outcome(_ id: String, _ force: String, _ price: String) throws -> [String?] {
            let item = BitgetClient.item(id, price: price).replacing("gtc", with: force)
            #expect(try client.post("/api/v3/trade/place-order", item).json.code == "00000")
            let order = try client.find(id)["data"]
            return [order?["orderStatus"]?.string, order?["cancelReason"]?.string]
        }
        #expect(try outcome("a", "ioc", "60000") == ["cancelled", "ioc_not_full_cancel"])
        #expect(try outcome("b", "fok", "60000") == ["cancelled", "fok_not_full_cancel"])
        #expect(try outcome("c", "post_only", "62000") == ["cancelled", "post_only_fill_cancel"])
        #expect(try outcome("d", "ioc", "62000") == ["filled", ""])
        #expect(try outcome("e", "gtc", "62000") == ["new", ""])
    }

    @Test func `modifications are receipts that the engine applies one after the other, five at most`() throws {
        var client = try BitgetClient("bitget-uta", "spot")
        _ = try client.place("m")
        func change(_ price: String) throws -> String? {
            try client.post(Self.modify, "[{\"clientOid\":\"m\",\"category\":\"SPOT\",\"symbol\":\"BTCUSDT\",\"price\":\"\(price)\"}]").json.at(
                "data", "0")?["code"]?
                .string ?? "ok"
        }
        #expect(try change("60000.01") == "25571")
        for step in 1...5 { #expect(try change("5900\(step)") == "ok") }
        #expect(try change("59006") == "25572")
        #expect(try client.find("m").at("data", "price")?.string == "60000.01")
        client.now += 50_000
        #expect(try client.find("m").at("data", "price")?.string == "59001")
        #expect(try client.post("/api/v3/trade/modify-order", "{\"clientOid\":\"m\",\"price\":\"58000\"}").json.code == "25114")
        client.now += 200_000
        #expect(try client.find("m").at("data", "price")?.string == "59005")
    }

    @Test func `an order twice in a modify batch refuses the whole, by whichever ids it is named`() throws {
        let client = try BitgetClient("bitget-uta", "spot")
        let id = try #require(try client.place("m").at("data", "0", "orderId")?.string)
        let json = try client.post(Self.modify, "[{\"clientOid\":\"m\",\"price\":\"59000\"},{\"orderId\":\"\(id)\",\"qty\":\"0.002\"}]").json
        #expect(json.code == "25200" && json["data"]?.isNull == true)
    }

    @Test func `a filled order cannot be modified, an unknown one is not there`() throws {
        let client = try BitgetClient("bitget-uta", "spot")
        _ = try client.place("m")
        let exchange = try #require(client.world.venue(named: "bitget-uta")?.exchange)
        exchange.fill(exchange.orders[0], at: client.now)
        let json = try client.post(Self.modify, "[{\"clientOid\":\"m\",\"price\":\"59000\"},{\"clientOid\":\"n\",\"price\":\"59000\"}]").json
        #expect(json["data"]?.array?.map { $0["code"]?.string } == ["25568", "25204"])
    }

    @Test func `a change that comes too late cancels the order only if asked to`() throws {
        var client = try BitgetClient("bitget-uta", "spot")
        _ = try client.place("keep", "drop")
        for (id, flag) in [("keep", "no"), ("drop", "yes")] {
            _ = try client.post(Self.modify, "[{\"clientOid\":\"\(id)\",\"qty\":\"0.0005\",\"autoCancel\":\"\(flag)\"}]")
        }
        let exchange = try #require(client.world.venue(named: "bitget-uta")?.exchange)
        for order in exchange.orders { exchange.fill(order, quantity: Decimal(6).dividedRoundingDown(by: Decimal(10_000)), at: client.now) }
        client.now += 100_000
        #expect(try client.find("keep").at("data", "orderStatus")?.string == "partially_filled")
        #expect(try client.find("drop").at("data", "orderStatus")?.string == "cancelled")
    }

    @Test func `cancels by batch and by symbol reach what is meant and nothing else`() throws {
        let client = try BitgetClient("bitget-uta", "spot")
        _ = try client.place("a", "b", "c")
        let json = try client.post(
            "/api/v3/trade/cancel-batch",
            "[{\"clientOid\":\"a\",\"category\":\"SPOT\",\"symbol\":\"BTCUSDT\"},{\"clientOid\":\"z\",\"category\":\"SPOT\",\"symbol\":\"BTCUSDT\"}]"
        ).json
        #expect(json["data"]?.array?.map { $0["code"]?.string } == [nil, "25204"])
        let open = try client.get("/api/v3/trade/unfilled-orders?category=SPOT&limit=1").json
        #expect(open.at("data", "list", "0", "clientOid")?.string == "c")
        let cursor = try #require(open.at("data", "cursor")?.string)
        #expect(
            try client.get("/api/v3/trade/unfilled-orders?category=SPOT&cursor=\(cursor)").json.at("data", "list")?.array?.map {
                $0["clientOid"]?.string
            } == ["b"])
        #expect(
            try client.post("/api/v3/trade/cancel-symbol-order", "{\"category\":\"SPOT\",\"symbol\":\"ETHUSDT\"}").json.at("data", "list")?.array?
                .isEmpty == true)
        #expect(try client.post("/api/v3/trade/cancel-symbol-order", "{\"category\":\"SPOT\"}").json.at("data", "list")?.array?.count == 2)
        #expect(try client.get("/api/v3/trade/history-orders?category=SPOT").json.at("data", "list")?.array?.count == 3)
    }

    @Test func `a partial fill shows in the order and in the fills`() throws {
        let client = try BitgetClient("bitget-uta", "spot")
        _ = try client.place("p")
        let fill = HTTPRequest("POST", "/_sim/fill", body: Array("{\"venue\":\"bitget-uta\",\"client_order_id\":\"p\",\"quantity\":\"0.0004\"}".utf8))
        #expect(try client.answer(fill).json["filled"]?.string == "0.0004")
        let order = try client.find("p")["data"]
        #expect(order?["orderStatus"]?.string == "partially_filled" && order?["cumExecValue"]?.string == "24.000004")
        let fills = try client.get("/api/v3/trade/fills?category=SPOT").json
        #expect(fills.at("data", "list", "0", "execQty")?.string == "0.0004" && fills.at("data", "list", "0", "clientOid")?.string == "p")
    }

    @Test func `switches change status, ceilings, caps and words`() throws {
        var options = WorldOptions()
        options.switches = ["business_status=200", "batch_max=2", "open_cap=3", "open_state=live", "modify_ms=0"].map { text in
            let parts = text.split(separator: "=")
            return ("bitget-uta/\(parts[0])", String(parts[1]))
        }
        let client = try BitgetClient("bitget-uta", "spot", options)
        let refused = try client.post("/api/v3/trade/place-batch", "[\(["a", "b", "c"].map { BitgetClient.item($0) }.joined(separator: ","))]")
        #expect(refused.status == 200 && refused.json.code == "25200")
        _ = try client.place("a", "b")
        #expect(try client.place("c", "d")["data"]?.array?.map { $0["code"]?.string } == [nil, "25211"])
        #expect(try client.find("a").at("data", "orderStatus")?.string == "live")
        _ = try client.post(Self.modify, "[{\"clientOid\":\"a\",\"price\":\"59000\"}]")
        #expect(try client.find("a").at("data", "price")?.string == "59000")
    }

    @Test func `a window wider than the venue allows is refused`() throws {
        let client = try BitgetClient("bitget-uta", "spot")
        let day: Int64 = 86_400_000
        let now = client.now / 1000
        for path in ["history-orders", "fills"] {
            #expect(try client.get("/api/v3/trade/\(path)?category=SPOT&startTime=\(now - 30 * day)").json.code == "00000")
            #expect(try client.get("/api/v3/trade/\(path)?category=SPOT&startTime=\(now - 32 * day)").json.code == "00001")
            #expect(try client.get("/api/v3/trade/\(path)?category=SPOT&startTime=\(now - 100 * day)&endTime=\(now - 90 * day)").json.code == "00001")
            #expect(try client.get("/api/v3/trade/\(path)?category=SPOT&limit=101").json.code == "40017")
        }
    }
}
