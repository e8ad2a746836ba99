import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `Orders at the simulated OKX` {
    @Test func `the code of an answer says all, some or none, and each item its own`() throws {
        let caller = try OKXCaller()
        let good = try caller.place([caller.item("a", OKXCaller.swap, px: "60000", sz: "1", "\"tag\":\"desk1\"")])
        #expect(good.code == "0" && good.column("tag") == ["desk1"] && good.column("ts") == [String(caller.bench.nowMs)])
        #expect(good["inTime"]?.string == String(caller.now) && good["outTime"]?.string == String(caller.now))
        let mixed = try caller.place([caller.item("b"), caller.item("a"), caller.item("c", sz: "0.001")])
        #expect(mixed.code == "2" && mixed.sCodes == ["0", "51016", "51121"] && mixed.column("clOrdId") == ["b", "a", "c"])
        #expect(mixed.column("ordId").map(\.isEmpty) == [false, true, true])
        let bad = try caller.bench.send(caller.signed("POST", "trade/order", body: caller.item("a")))
        #expect(bad.status == 200 && bad.json.code == "1" && bad.json["msg"]?.string == "All operations failed" && bad.json.sCodes == ["51016"])
    }

    @Test(arguments: [
        #""sz":1"#, #""sz":"-1""#, #""side":"BUY""#, #""ordType":"GTC""#, #""clOrdId":"a-b""#, #""clOrdId":"a_b""#,
        #""clOrdId":"\#(String(repeating: "x", count: 33))""#, #""tag":"\#(String(repeating: "x", count: 17))""#, #""px":"60000.05""#, #""odd":"1""#,
        #""reduceOnly":"true""#, #""posSide":"long""#, #""tgtCcy":"base_ccy""#, #""stpMode":"none""#, #""ccy":"USDT""#,
    ])
    func `a field that cannot be is a parameter error`(field: String) throws {
        let caller = try OKXCaller()
        #expect(try caller.place([changed(caller.item("a"), field)]).sCodes == ["51000"])
    }

    @Test(arguments: [
        (OKXCaller.swap, #""reduceOnly":true"#, "0"), (OKXCaller.swap, #""tdMode":"isolated""#, "0"), (OKXCaller.swap, #""tdMode":"cash""#, "51010"),
        (OKXCaller.swap, #""instId":"BTC-EUR""#, "51001"), (OKXCaller.swap, #""sz":"0.001""#, "51121"), (OKXCaller.swap, #""sz":"200000""#, "51101"),
        ("BTC-USDT", #""sz":"0.000001""#, "51121"), ("BTC-USDT", #""tdMode":"cross""#, "0"), ("BTC-USDT", #""reduceOnly":false"#, "51000"),
        ("BTC-USDT", #""banAmend":true"#, "0"), ("BTC-USDT", #""ordType":"optimal_limit_ioc""#, "51000"),
        ("BTC-USDT-261225", #""stpMode":"cancel_both""#, "0"), ("BTC-USD-SWAP", #""sz":"0.5""#, "51121"),
    ])
    func `a field is judged by the market`(market: String, field: String, code: String) throws {
        let caller = try OKXCaller()
        #expect(try caller.place([changed(caller.item("a", market), field)]).sCodes == [code])
    }

    private func changed(_ item: String, _ field: String) throws -> String {
        var order = try #require(try JSONParser.parse(Array(item.utf8)).object)
        let other = try #require(try JSONParser.parse(Array("{\(field)}".utf8)).object?.first)
        order.removeAll { $0.key == other.key }
        order.append(other)
        return String(decoding: JSON.object(order).serialized(), as: UTF8.self)
    }

    @Test(arguments: [("[]", "50014"), ("{}", "50002"), ("7", "50002"), ("[7]", "1")]) func `a body that is no batch is refused`(
        body: String, code: String
    ) throws {
        #expect(try OKXCaller().post("trade/batch-orders", body).code == code)
    }

    @Test func `a batch holds twenty, and one more refuses it whole`() throws {
        let caller = try OKXCaller()
        #expect(try caller.place((0...20).map { caller.item("a\($0)") }).code == "51111")
        #expect(try caller.exchange.orders.isEmpty && caller.place((0..<20).map { caller.item("b\($0)") }).code == "0")
    }

    @Test(arguments: [
        ("1", "BTC-USDT", "cash", "0"), ("1", "BTC-USDT", "cross", "51010"), ("1", OKXCaller.swap, "cross", "51010"), ("2", "BTC-USDT", "cash", "0"),
        ("2", "BTC-USDT", "isolated", "0"), ("3", "BTC-USDT", "cross", "0"), ("3", "BTC-USDT", "cash", "51010"),
        ("3", OKXCaller.swap, "isolated", "51010"),
        ("4", OKXCaller.swap, "cross", "0"),
    ])
    func `the mode of a trade fits the level of the account`(level: String, market: String, mode: String, code: String) throws {
        let caller = try OKXCaller(["account_level": level])
        #expect(try caller.place([caller.item("a", market, px: "60000", sz: "1", "\"tdMode\":\"\(mode)\"")]).sCodes == [code])
    }

    @Test func `a leveraged pair is margin at one level and spot at another`() throws {
        for (level, type) in [("2", "MARGIN"), ("3", "SPOT")] {
            let caller = try OKXCaller(["account_level": level])
            #expect(try caller.place([caller.item("a", "BTC-USDT", px: "60000", sz: "1", "\"tdMode\":\"cross\"")]).code == "0")
            caller.wait(20)
            #expect(try caller.get("trade/orders-pending?instType=\(type)").column("clOrdId") == ["a"])
            #expect(try caller.get("trade/orders-pending?instType=\(type == "SPOT" ? "MARGIN" : "SPOT")").data.isEmpty)
        }
    }

    @Test func `where positions are held apart an order for contracts says which`() throws {
        let caller = try OKXCaller(["position_mode": "long_short"])
        let items = [
            caller.item("a"), caller.item("b", OKXCaller.swap, px: "60000", sz: "1", "\"posSide\":\"long\""),
            caller.item("c", "BTC-USDT", sz: "0.01"),
        ]
        #expect(try caller.place(items).sCodes == ["51000", "0", "0"])
    }

    @Test func `in portfolio mode a batch is all or nothing, and the blameless are told so`() throws {
        let caller = try OKXCaller(["account_level": "4"])
        let answer = try caller.place([caller.item("a"), caller.item("b", sz: "0.001"), caller.item("c")])
        #expect(answer.code == "1" && answer.sCodes == ["54004", "51121", "54004"] && answer.column("ordId") == ["", "", ""])
        #expect(try caller.exchange.orders.isEmpty)
        #expect(try caller.place([caller.item("a"), caller.item("c")]).code == "0")
        #expect(try caller.place([caller.item("d"), caller.item("d")]).sCodes == ["54004", "51016"])
        #expect(try caller.exchange.orders.count == 2)
    }

    @Test func `an id is taken by pending orders alone, and once within a request`() throws {
        let caller = try OKXCaller()
        #expect(try caller.place([caller.item("a"), caller.item("a")]).sCodes == ["0", "51016"])
        #expect(try caller.place([caller.item("a")]).sCodes == ["51016"])
        caller.wait(20)
        try caller.fill("a")
        let first = try caller.order("a").id
        #expect(try caller.place([caller.item("a")]).sCodes == ["0"])
        caller.wait(20)
        // A look-up tells of the latest alone.
        let found = try caller.find("a").data
        #expect(found.count == 1 && found[0]["state"]?.string == "live" && found[0]["ordId"]?.string != first)
        #expect(try caller.get("trade/order?instId=\(OKXCaller.swap)&ordId=\(first)").column("state") == ["filled"])
        let loose = try OKXCaller(["ids_taken": "live"])
        for _ in 0..<2 { #expect(try loose.place([loose.item("a")]).sCodes == ["0"]) }
        loose.wait(20)
        #expect(try loose.place([loose.item("a")]).sCodes == ["51016"])
    }

    @Test(arguments: [("post_only", "70000", "31"), ("ioc", "50000", "14"), ("fok", "50000", "13")])
    func `what cannot be done at once ends behind a good receipt, by its source`(type: String, price: String, source: String) throws {
        let caller = try OKXCaller()
        #expect(try caller.place([caller.item("a", OKXCaller.swap, px: price, sz: "1", "\"ordType\":\"\(type)\"")]).sCodes == ["0"])
        #expect(try caller.find("a").code == "51603")
        caller.wait(20)
        let order = try #require(try caller.find("a").data.first)
        #expect(order["state"]?.string == "canceled" && order["cancelSource"]?.string == source && order["accFillSz"]?.string == "0")
    }

    @Test func `a market buy of a pair spends quote currency unless it says otherwise, and is cut to the balance unless it forbids that`() throws {
        let caller = try OKXCaller(["balance": "1000"])
        func market(_ id: String, _ sz: String, _ more: String...) -> String {
            caller.item(id, "BTC-USDT", px: nil, sz: sz, (["\"ordType\":\"market\""] + more).joined(separator: ","))
        }
        let items = [
            market("a", "610"), market("b", "0.01", #""tgtCcy":"base_ccy""#), market("c", "2440"), market("d", "2440", #""banAmend":true"#),
            market("e", "0.0001"), caller.item("f", "BTC-USDT", px: "60000", sz: "1"),
        ]
        #expect(try caller.place(items).sCodes == ["0", "0", "0", "51008", "51020", "51008"])
        caller.wait(20)
        for (id, filled, size) in [("a", "0.01", "610"), ("b", "0.01", "0.01"), ("c", "0.01639", "1000")] {
            let order = try #require(try caller.find(id, "BTC-USDT").data.first)
            #expect(order["accFillSz"]?.string == filled && order["sz"]?.string == size && order["state"]?.string == "filled", "\(order)")
        }
    }

    @Test(arguments: [
        (#""tgtCcy":"base_ccy""#, "0"), (#""tgtCcy":"quote_ccy""#, "0"), (#""tgtCcy":"""#, "0"), (#""tgtCcy":"coin""#, "51000"),
        (#""tgtCcy":"base_ccy","tdMode":"cross""#, "51000"), (#""tgtCcy":"base_ccy","tdMode":"cross","ordType":"market""#, "51000"),
    ])
    func `what a size counts may be said of a limit order of spot, where it changes nothing, and of no order on margin`(
        said: String, code: String
    ) throws {
        let caller = try OKXCaller()
        #expect(try caller.place([caller.item("a", "BTC-USDT", px: said.contains("market") ? nil : "60000", sz: "0.01", said)]).sCodes == [code])
        guard code == "0" else { return }
        caller.wait(20)
        let order = try #require(try caller.find("a", "BTC-USDT").data.first)
        #expect(["sz", "tgtCcy", "state"].map { order[$0]?.string } == ["0.01", "", "live"])
    }

    @Test func `a price beyond the band is refused, or moved to it where the order allows that`() throws {
        let caller = try OKXCaller(["band_percent": "10"])
        let items = [
            caller.item("a", px: "67100"), caller.item("b", px: "67100.1"), caller.item("c", "BTC-USDT", px: "67100.1", sz: "0.01"),
            caller.item("d", OKXCaller.swap, px: "99000", sz: "1", #""pxAmendType":"1""#),
        ]
        #expect(try caller.place(items).sCodes == ["0", "51006", "51137", "0"])
        caller.wait(20)
        #expect(try caller.find("d").column("px") == ["67100"])
    }

    @Test func `only so many orders of a market may be pending`() throws {
        let caller = try OKXCaller(["open_cap": "2"])
        #expect(try caller.place(["a", "b", "c"].map { caller.item($0) } + [caller.item("d", "BTC-USDT")]).sCodes == ["0", "0", "51174", "0"])
    }
}
