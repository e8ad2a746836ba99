import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `What a stream tells of orders` {
    /// Rows of the pushes, whatever is around them.
    private func rows(_ messages: [JSON]) -> [JSON] { messages.compactMap { $0["data"] }.flatMap { $0.array ?? [$0] } }

    @Test func `the unified account: two words when placed, then order and fill, totals on one and single amounts on the other`() throws {
        let bench = try StreamBench()
        let id = try bench.unified()
        let order = try bench.place("bitget-uta", "spot", "BTCUSDT")
        let placed = try bench.messages(id)
        #expect(rows(placed).map { $0["orderStatus"]?.string } == ["live", "new"])
        #expect(placed[0]["action"]?.string == "snapshot" && placed[0].at("arg", "instType")?.string == "UTA")
        #expect(Set(rows(placed).map { $0["updatedTime"]?.string }).count == 1, "two words of one moment")
        bench.wait(5)
        try bench.fill(order, "4", at: "bitget-uta")
        bench.wait(5)
        try bench.fill(order, at: "bitget-uta")
        let messages = try bench.messages(id, after: 20)
        #expect(messages.map { $0.at("arg", "topic")?.string } == ["order", "fill", "order", "fill"])
        let all = rows(messages)
        #expect(all[0]["orderStatus"]?.string == "partially_filled" && all[0]["cumExecQty"]?.string == "4" && all[1]["execQty"]?.string == "4")
        #expect(all[2]["orderStatus"]?.string == "filled" && all[2]["cumExecQty"]?.string == "10" && all[3]["execQty"]?.string == "6")
        #expect(all[1]["execId"]?.string == order.fills[0].id && all[3]["execId"]?.string == order.fills[1].id)
        #expect(all.allSatisfy { $0["orderId"]?.string == order.id && $0["clientOid"]?.string == "o1" && $0["category"]?.string == "spot" })
        #expect(all[3].at("feeDetail", "0", "fee")?.string == "0.6" && all[2].at("feeDetail", "0", "fee")?.string == "1")
    }

    @Test func `fast fills are an object without a fee, before the fill`() throws {
        let bench = try StreamBench()
        let id = try bench.unified(#"{"op":"subscribe","args":[{"instType":"UTA","topic":"fill"},{"instType":"UTA","topic":"fast-fill"}]}"#)
        let order = try bench.place("bitget-uta", "spot", "BTCUSDT")
        try bench.fill(order, at: "bitget-uta")
        let messages = try bench.messages(id)
        #expect(messages.map { $0.at("arg", "topic")?.string } == ["fast-fill", "fill"] && messages[0]["action"]?.string == "update")
        #expect(messages[0]["data"]?.object != nil && messages[0].at("data", "feeDetail") == nil && messages[1]["data"]?.array?.count == 1)
    }

    @Test func `margin: the symbol stands in arg alone, no time of change, no trade id, and other symbols are not told of`() throws {
        let bench = try StreamBench()
        let id = try bench.stream("bitget-margin")
        let order = try bench.place("bitget-margin", "isolated", "BTCUSDT")
        _ = try bench.place("bitget-margin", "isolated", "ETHUSDT", "o2")
        _ = try bench.place("bitget-margin", "crossed", "BTCUSDT", "o3")
        try bench.fill(order, "4", at: "bitget-margin")
        let messages = try bench.messages(id)
        #expect(messages.count == 2 && messages.allSatisfy { $0.at("arg", "instId")?.string == "BTCUSDT" })
        let row = try #require(rows(messages).last)
        #expect(row["baseVolume"]?.string == "4" && row["fillPrice"]?.string == "100" && row["status"]?.string == "partially_filled")
        for name in ["symbol", "uTime", "tradeId", "instId"] { #expect(row[name] == nil, "\(name)") }
    }

    @Test func `XT: a new order lacks time, client id and average; a trade has numbers for ids and neither fee nor client id`() throws {
        let bench = try StreamBench()
        let id = try bench.stream("xt-spot")
        let order = try bench.place("xt-spot", "spot", "btc_usdt")
        try bench.fill(order, "4", at: "xt-spot")
        let all = rows(try bench.messages(id))
        #expect(all.count == 3 && all[0]["st"]?.string == "NEW" && all[0]["i"]?.string == order.id)
        for name in ["t", "ci", "ap"] { #expect(all[0][name] == nil && all[1][name] != nil, "\(name)") }
        #expect(all[1]["st"]?.string == "PARTIALLY_FILLED" && all[1]["eq"]?.string == "4" && all[1]["lq"]?.string == "6")
        #expect(all[2]["i"] == .number(order.fills[0].id) && all[2]["oi"] == .number(order.id) && all[2]["tm"]?.integer == 2)
        for name in ["ci", "f"] { #expect(all[2][name] == nil, "\(name)") }
    }

    @Test func `AZ newer counts base coins where listings count contracts; the older one counts contracts and names a stranger`() throws {
        for (venue, quantity, filled) in [("az-futures", "0.001", "0.0004"), ("az-futures older", "10", "4")] {
            let bench = try StreamBench(venue == "az-futures older" ? ["az-futures/stream": "older"] : [:])
            let id = try bench.stream(venue)
            let order = try bench.place("az-futures", "usdt", "btc_usdt")
            try bench.fill(order, "4", at: "az-futures")
            let messages = try bench.messages(id)
            let all = rows(messages)
            #expect(all[1]["origQty"]?.string == quantity && all[1]["executedQty"]?.string == filled && all[2]["quantity"]?.string == filled)
            #expect(all[1]["lastTradeId"] == all[2]["id"] && all[2]["id"]?.string != order.fills[0].id)
            let isOlder = venue != "az-futures"
            #expect((all[2]["oppositeUserId"] != nil) == isOlder && (all[2]["fee"]?.string == nil) == isOlder)
            #expect(isOlder ? messages[1]["event"]?.string?.hasPrefix("order@") == true : messages[1]["ch"]?.string == "order")
        }
    }

    @Test func `AZ newer converts nothing where listings count base coins already`() throws {
        let bench = try StreamBench(["az-futures/quantity_unit": "base"])
        let id = try bench.stream("az-futures")
        _ = try bench.place("az-futures", "usdt", "btc_usdt", quantity: "0.5")
        #expect(rows(try bench.messages(id)).first?["origQty"]?.string == "0.5")
    }

    @Test func `AscendEX: numbers rise, no client id; a cancel too late looks like a rejection of its order`() throws {
        let bench = try StreamBench()
        let id = try bench.stream("ascendex")
        let order = try bench.place("ascendex", "cash", "BTC/USDT")
        try bench.fill(order, at: "ascendex")
        try bench.bench.exchange("ascendex").tellFailure(
            of: order.id, uid: order.uid, product: "cash", symbol: "BTC/USDT", error: "NoOpenForCancel", at: bench.bench.nowMs * 1_000)
        let all = rows(try bench.messages(id))
        #expect(all.map { $0["st"]?.string } == ["New", "Filled", "Rejected"])
        let numbers = all.compactMap { $0["sn"]?.integer }
        #expect(numbers == numbers.sorted() && Set(numbers).count == 3)
        #expect(all[2]["orderId"]?.string == order.id && all[2]["ot"]?.string == "NULL_VAL" && all[2]["err"]?.string == "NoOpenForCancel")
        #expect(all.allSatisfy { $0["id"] == nil })
    }

    @Test(arguments: ["bitget-uta", "bitget-margin", "xt-spot", "az-futures", "ascendex", "bybit", "okx"])
    func `a cancel, a change and an end by time in force are told, each once, and nothing at all of another's orders`(venue: String) throws {
        let bench = try StreamBench()
        let id = try bench.stream(venue)
        let (product, symbol) =
            [
                "bitget-uta": ("spot", "BTCUSDT"), "bitget-margin": ("isolated", "BTCUSDT"), "xt-spot": ("spot", "btc_usdt"),
                "az-futures": ("usdt", "btc_usdt"), "ascendex": ("cash", "BTC/USDT"), "bybit": ("linear", "BTCUSDT"),
                "okx": ("swap", "BTC-USDT-SWAP"),
            ][venue] ?? ("", "")
        let order = try bench.place(venue, product, symbol)
        let before = try bench.messages(id).count
        #expect(before == (venue == "bitget-uta" ? 2 : 1))
        let exchange = try bench.bench.exchange(venue)
        exchange.amend(order, price: nil, quantity: Decimal(20), at: bench.bench.nowMs * 1_000)
        #expect(try bench.messages(id).count == 1)
        exchange.cancel(order, at: bench.bench.nowMs * 1_000)
        exchange.cancel(order, at: bench.bench.nowMs * 1_000)
        let ends = rows(try bench.messages(id))
        #expect(ends.count == 1)
        let word = ["orderStatus", "status", "st", "state"].compactMap { ends.first?[$0]?.string }.first ?? ""
        #expect(word.lowercased().hasPrefix("cancel"), "\(ends)")
        var ticket = Ticket(symbol: symbol, side: .buy, quantity: Decimal(1), clientID: "x", product: product)
        ticket.price = Decimal(100)
        _ = exchange.placeExternally(ticket, uid: "another", at: bench.bench.nowMs * 1_000)
        #expect(bench.texts(id).isEmpty)
    }

    @Test func `what is told comes after the answer to the request that did it, in the order in which it happened`() throws {
        let bench = try StreamBench()
        let id = try bench.unified()
        let account = try bench.bench.account("bitget-uta", "spot")
        let client = BitgetClient(in: bench.world, account, at: bench.bench.nowMs * 1_000)
        #expect(try client.place("a", "b", "c").code == "00000")
        #expect(bench.texts(id, after: 0).isEmpty, "the answer is on its way first")
        #expect(rows(try bench.messages(id, after: 20)).map { $0["clientOid"]?.string } == ["a", "a", "b", "b", "c", "c"])
    }
}
