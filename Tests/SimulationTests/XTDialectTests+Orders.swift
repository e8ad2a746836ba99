import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `XT spot orders` {
    @Test func `an order rests and is found by id and by client id`() throws {
        let caller = try XTCaller()
        let id = try caller.place("o_000017_00")
        let byID = try caller.calm("GET", "/v4/order/\(id)")
        let byClient = try caller.calm("GET", "/v4/order", query: [("clientOrderId", "o_000017_00")])
        #expect(byID == byClient)
        #expect(byID == (try caller.calm("GET", "/v4/order", query: [("orderId", id)])))
        #expect(byID.text("result.state") == "NEW")
        #expect(byID.text("result.price") == "39000.50")
        #expect(byID.text("result.origQty") == "0.010000")
        #expect(byID.text("result.origQuoteQty") == "390.005")
        for name in ["executedQty", "leavingQty", "tradeBase", "tradeQuote", "avgPrice", "fee", "updatedTime"] {
            #expect(byID.at("result." + name).isNull, "\(name)")
        }
        #expect(byID.at("result.closed").bool == false)
    }

    @Test(
        arguments: [
            (["symbol": "\"doge_usdt\""], "SYMBOL_001"), (["symbol": nil], "SYMBOL_001"), (["clientOrderId": "\"abc\""], "ORDER_001"),
            (["clientOrderId": "\"abcdefghij0123456789xyz\""], "ORDER_001"), (["clientOrderId": "\"has-hyphen\""], "ORDER_001"),
            (["side": "\"buy\""], "ORDER_001"), (["side": nil], "ORDER_001"), (["type": "\"STOP\""], "ORDER_001"),
            (["timeInForce": nil], "ORDER_001"), (["timeInForce": "\"GTD\""], "ORDER_001"), (["bizType": nil], "ORDER_001"),
            (["bizType": "\"LEVER\""], "ORDER_004"), (["price": nil], "ORDER_001"), (["quantity": nil], "ORDER_001"),
            (["quoteQty": "\"390\""], "ORDER_001"), (["price": "\"39000.123\""], "ORDER_008"), (["price": "\"3e4\""], "ORDER_008"),
            (["price": "\"0\""], "ORDER_F0101"), (["quantity": "\"0.0000001\""], "ORDER_008"), (["quantity": "\"0\""], "ORDER_F0201"),
            (["quantity": "\"0.00002\""], "ORDER_F0301"), (["quantity": "\"1000000\""], "ORDER_002"), (["priority": "1"], "ORDER_001"),
            (["type": "\"MARKET\""], "ORDER_001"), (["type": "\"MARKET\"", "price": nil], "ORDER_001"),
            (["type": "\"MARKET\"", "price": nil, "quantity": nil, "quoteQty": "\"0.5\""], "ORDER_F0301"),
            (["type": "\"MARKET\"", "price": nil, "side": "\"SELL\"", "quoteQty": "\"10\""], "ORDER_001"),
            (["type": "\"MARKET\"", "price": nil, "side": "\"SELL\"", "timeInForce": "\"GTX\""], "ORDER_001"),
        ] as [([String: String?], String)])
    func `an order that breaks a rule is refused with that rule's code`(changes: [String: String?], code: String) throws {
        let caller = try XTCaller()
        let answer = try caller.send("POST", "/v4/order", body: XTCaller.order("o_000017_00", changes))
        #expect(answer.status == 200)
        #expect(answer.json.text("mc") == code)
        #expect(try caller.bench.exchange("xt-spot").orders.isEmpty)
        #expect(caller.bench.world.ledger.requests.last?.refusal == code)
    }

    @Test func `prices and quantities may be numbers, and absent ones null`() throws {
        let caller = try XTCaller()
        _ = try caller.place("o_000017_00", ["price": "39000.5", "quantity": "0.01", "quoteQty": "null"])
        #expect(try caller.bench.order("xt-spot", clientID: "o_000017_00").price == Decimal("39000.5"))
    }

    @Test func `market orders fill, and time in force ends what cannot`() throws {
        let caller = try XTCaller()
        func state(_ id: String, _ changes: [String: String?]) throws -> String? {
            _ = try caller.place(id, changes)
            return try caller.calm("GET", "/v4/order", query: [("clientOrderId", id)]).text("result.state")
        }
        #expect(try state("market_buy", ["type": "\"MARKET\"", "price": nil, "quantity": nil, "quoteQty": "\"100\""]) == "FILLED")
        #expect(try state("market_sell", ["type": "\"MARKET\"", "price": nil, "side": "\"SELL\"", "timeInForce": "\"FOK\""]) == "FILLED")
        #expect(try state("ioc_buy", ["timeInForce": "\"IOC\""]) == "EXPIRED")
        #expect(try state("fok_buy", ["timeInForce": "\"FOK\"", "price": "\"41000\""]) == "FILLED")
        #expect(try state("gtx_buy", ["timeInForce": "\"GTX\"", "price": "\"41000\""]) == "EXPIRED")
        #expect(try state("gtx_rests", ["timeInForce": "\"GTX\""]) == "NEW")
    }

    @Test func `a margin key trades LEVER and nothing else`() throws {
        let caller = try XTCaller(product: "margin")
        _ = try caller.place("o_000017_00", ["bizType": "\"LEVER\""])
        #expect(try caller.calm("POST", "/v4/order", body: XTCaller.order("o_000017_01")).text("mc") == "ORDER_004")
        #expect(try caller.calm("GET", "/v4/open-order", query: [("bizType", "SPOT")]).at("result").array?.isEmpty == true)
        #expect(try caller.calm("GET", "/v4/open-order", query: [("bizType", "LEVER")]).at("result").array?.count == 1)
    }

    @Test(arguments: ["full_string", "full_bool", "bare_list", "ids_only"])
    func `a mixed batch is answered item by item, in the shape asked for`(shape: String) throws {
        let caller = try XTCaller(["batch_shape": shape])
        let bodies = [
            XTCaller.order("good_0"), XTCaller.order("bad__1", ["price": "\"39000.123\""]), XTCaller.order("good_2", ["symbol": "\"eth_usdt\""]),
        ]
        let answer = try caller.calm("POST", "/v4/batch-order", body: XTCaller.batch(bodies))
        #expect(answer.text("rc") == "0")
        let items = try #require((shape == "bare_list" ? answer.at("result") : answer.at("result.items")).array)
        #expect(items.count == 3)
        #expect(items.map { $0["orderId"]?.isNull == false } == [true, false, true])
        #expect((answer.at("result.batchId").text != nil) == shape.hasPrefix("full"))
        let ids = try ["good_0", "good_2"].map { try caller.bench.order("xt-spot", clientID: $0).id }
        #expect([items[0], items[2]].map { $0["orderId"]?.string } == ids)
        switch shape {
        case "full_string":
            #expect(items.map { $0["index"]?.string } == ["0", "1", "2"])
            #expect(items.map { $0["reject"]?.string } == ["false", "true", "false"])
        case "ids_only": #expect(items.allSatisfy { $0.object?.count == 1 })
        default:
            #expect(items.map { $0["index"]?.integer } == [0, 1, 2])
            #expect(items.map { $0["rejected"]?.bool } == [false, true, false])
            #expect(items[1]["reason"]?.string == "invalid price precision")
        }
        #expect(caller.bench.world.ledger.requests.last?.outcome == .partial)
        #expect(caller.bench.world.ledger.requests.last?.clientIDs == ["good_0", "bad__1", "good_2"])
    }

    @Test func `shuffled items keep their index and client id, and reasons may be codes`() throws {
        let caller = try XTCaller(["item_order": "shuffled", "reasons": "code"])
        let orders = (0..<50).map { XTCaller.order("order_\($0)", $0 % 2 == 0 ? [:] : ["quantity": "\"0\""]) }
        let items = try #require(try caller.calm("POST", "/v4/batch-order", body: XTCaller.batch(orders)).at("result.items").array)
        #expect(items.count == 50)
        #expect(items.map { $0["index"]?.text } != (0..<50).map { String($0) })
        for item in items {
            #expect(item["clientOrderId"]?.text == "order_\(item["index"]?.text ?? "")")
            #expect(item["reason"]?.text == (item["reject"]?.text == "true" ? "ORDER_F0201" : nil))
        }
    }

    @Test(arguments: [
        "{\"items\":[]}", "{}", "{\"items\":{}}", "{\"items\":[1]}", "{\"items\":[{}],\"more\":1}", "[{}]", "{\"items\":",
        "{\"clientBatchId\":\"x\",\"items\":[{}]}",
    ])
    func `a batch that cannot be read fails as a whole`(body: String) throws {
        let caller = try XTCaller()
        let answer = try caller.calm("POST", "/v4/batch-order", body: body)
        #expect(answer.text("rc") == "1")
        #expect(answer.text("mc") == "ORDER_001")
    }

    @Test func `a batch of 100 is taken, of 101 is not, and neither is one that is no JSON`() throws {
        let caller = try XTCaller()
        let orders = (0...100).map { XTCaller.order("order_\($0)") }
        #expect(try caller.calm("POST", "/v4/batch-order", body: XTCaller.batch(orders)).text("rc") == "1")
        #expect(try caller.bench.exchange("xt-spot").orders.isEmpty)
        #expect(try caller.calm("POST", "/v4/batch-order", body: XTCaller.batch(orders.dropLast())).text("rc") == "0")
        #expect(try caller.bench.exchange("xt-spot").orders.count == 100)
        var how = XTSigning()
        how.contentType = "text/plain"
        #expect(try caller.send("POST", "/v4/order", body: orders[0], how).json.text("rc") == "1")
    }

    @Test func `a repeated client id makes a second order, unless the venue is told to check`() throws {
        let accepting = try XTCaller()
        #expect(try accepting.place("o_000017_00") != accepting.place("o_000017_00"))

        let rejecting = try XTCaller(["duplicate_client_id": "reject"])
        let id = try rejecting.place("o_000017_00")
        #expect(try rejecting.calm("POST", "/v4/order", body: XTCaller.order("o_000017_00")).text("mc") == "ORDER_001")
        _ = try rejecting.calm("DELETE", "/v4/order/\(id)")
        #expect(try rejecting.calm("POST", "/v4/order", body: XTCaller.order("o_000017_00")).text("mc") == "ORDER_001")

        let returning = try XTCaller(["duplicate_client_id": "existing", "duplicate_scope": "open"])
        let first = try returning.place("o_000017_00")
        #expect(try returning.place("o_000017_00") == first)
        _ = try returning.calm("DELETE", "/v4/order/\(first)")
        #expect(try returning.place("o_000017_00") != first)
    }

    @Test func `a rejected item may show up later as an order in state REJECTED`() throws {
        let caller = try XTCaller(["keep_rejected": "true"])
        _ = try caller.calm("POST", "/v4/batch-order", body: XTCaller.batch([XTCaller.order("bad__1", ["price": "\"39000.123\""])]))
        let found = try caller.calm("GET", "/v4/order", query: [("clientOrderId", "bad__1")])
        #expect(found.text("result.state") == "REJECTED")
        #expect(found.at("result.closed").bool == true)
    }

    // MARK: Change and cancel

    @Test func `a limit order changes price and quantity and keeps its id`() throws {
        let caller = try XTCaller()
        let id = try caller.place("o_000017_00")
        let answer = try caller.calm("PUT", "/v4/order/\(id)", body: "{\"price\":\"39100\",\"quantity\":\"0.02\"}")
        #expect(answer.text("result.orderId") == id)
        #expect(answer.text("result.modifyId") != nil)
        let order = try caller.calm("GET", "/v4/order/\(id)")
        #expect(order.text("result.price") == "39100.00")
        #expect(order.text("result.origQty") == "0.020000")
    }

    @Test(arguments: [
        ("{\"price\":\"39100\"}", "ORDER_001"), ("{\"quantity\":\"0.02\"}", "ORDER_001"), ("{\"price\":\"1.001\",\"quantity\":\"1\"}", "ORDER_008"),
        ("{\"price\":\"1\",\"quantity\":\"0.5\"}", "ORDER_F0301"), ("{\"price\":\"39100\",\"quantity\":\"0.005\"}", "ORDER_001"),
        ("{\"price\":\"39100\",\"quantity\":\"0.02\",\"side\":\"BUY\"}", "ORDER_001"),
    ])
    func `a change that breaks a rule changes nothing`(body: String, code: String) throws {
        let caller = try XTCaller()
        let id = try caller.place("o_000017_00")
        try caller.fill("o_000017_00", "0.005")
        #expect(try caller.calm("PUT", "/v4/order/\(id)", body: body).text("mc") == code)
        #expect(try caller.bench.order("xt-spot", clientID: "o_000017_00").price == Decimal("39000.5"))
    }

    @Test func `finished and unknown orders can be neither changed nor cancelled`() throws {
        let caller = try XTCaller()
        let id = try caller.place("o_000017_00")
        #expect(try caller.calm("DELETE", "/v4/order/\(id)").text("result.cancelId") == id)
        for id in [id, "17"] {
            #expect(try caller.calm("DELETE", "/v4/order/\(id)").text("mc") == "ORDER_005")
            #expect(try caller.calm("PUT", "/v4/order/\(id)", body: "{\"price\":\"39100\",\"quantity\":\"0.02\"}").text("mc") == "ORDER_005")
        }
        #expect(try caller.calm("GET", "/v4/order/\(id)").text("result.state") == "CANCELED")
    }

    @Test func `a batch cancel tells nothing of its orders and takes fewer than 300`() throws {
        let caller = try XTCaller()
        let ids = try (0..<3).map { try caller.place("order_\($0)") }
        let body = "{\"clientBatchId\":\"b_000018\",\"orderIds\":[\(ids[0]),\"\(ids[1])\",17]}"
        let answer = try caller.calm("DELETE", "/v4/batch-order", body: body)
        #expect(answer.at("result") == .object([]))
        #expect(try (0..<3).map { try caller.bench.order("xt-spot", clientID: "order_\($0)").state } == [.canceled, .canceled, .open])
        #expect(caller.bench.world.ledger.requests.last?.outcome == .partial)
        let many = (0..<300).map(String.init).joined(separator: ",")
        #expect(try caller.calm("DELETE", "/v4/batch-order", body: "{\"orderIds\":[\(many)]}").text("mc") == "ORDER_001")
        #expect(try caller.calm("DELETE", "/v4/batch-order", body: "{\"orderIds\":[]}").text("mc") == "ORDER_001")
        #expect(try caller.calm("DELETE", "/v4/batch-order", body: "{\"orderIds\":[\"x\"]}").text("mc") == "ORDER_001")
    }

    @Test func `cancel all goes by kind, symbol and side`() throws {
        let caller = try XTCaller()
        _ = try caller.place("buy_btc")
        _ = try caller.place("sell_btc", ["side": "\"SELL\"", "price": "\"41000\""])
        _ = try caller.place("buy_eth", ["symbol": "\"eth_usdt\"", "price": "\"1900\""])
        func live() throws -> [String] { try caller.bench.exchange("xt-spot").orders.filter(\.state.isLive).map(\.clientID) }
        #expect(try caller.calm("DELETE", "/v4/open-order", body: "{\"symbol\":\"btc_usdt\"}").text("mc") == "ORDER_001")
        _ = try caller.calm("DELETE", "/v4/open-order", body: "{\"symbol\":\"btc_usdt\",\"bizType\":\"SPOT\",\"side\":\"BUY\"}")
        #expect(try live() == ["sell_btc", "buy_eth"])
        _ = try caller.calm("DELETE", "/v4/open-order", body: "{\"bizType\":\"SPOT\"}")
        #expect(try live().isEmpty)
    }
}
