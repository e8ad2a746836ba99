import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `Look-ups at the simulated OKX` {
    private static let hourMs: Int64 = 3_600_000
    private let swap = OKXCaller.swap

    @Test func `what ended without a trade is forgotten after two hours, and never in the archive`() throws {
        let caller = try OKXCaller()
        try caller.rest("a", "b")
        try caller.fill("b", "0.3")
        _ = try caller.cancel([caller.named("a"), caller.named("b")])
        caller.wait(20)
        func history(_ page: String = "orders-history") throws -> [String] { try caller.get("trade/\(page)?instType=SWAP").column("clOrdId") }
        #expect(try history() == ["b", "a"] && history("orders-history-archive") == ["b"] && caller.state("a") == "canceled")
        caller.wait(2 * Self.hourMs)
        #expect(try history() == ["b"] && caller.find("a").code == "51603" && caller.state("b") == "canceled")
        caller.wait(7 * 24 * Self.hourMs)
        #expect(try history().isEmpty && history("orders-history-archive") == ["b"])
    }

    @Test func `a look-up of a market that is gone says so of the market, and history tells of the order still`() throws {
        let caller = try OKXCaller()
        let market = "BTC-USDT-261225"
        try caller.rest("a", market: market)
        #expect(try caller.state("a", market) == "live" && caller.find("a", "ETH-USDT-SWAP").code == "51603")
        try caller.exchange.delist(market, at: caller.now)
        #expect(try caller.find("a", market).code == "51001" && caller.place([caller.item("b", market)]).sCodes == ["51001"])
        let row = try #require(try caller.get("trade/orders-history?instType=FUTURES").data.first)
        #expect(row["clOrdId"]?.string == "a" && row["state"]?.string == "canceled" && row["cancelSource"]?.string == "7")
    }

    @Test func `pages hold a hundred, newest first, and go on behind an id; a full one is followed by an empty one`() throws {
        let caller = try OKXCaller()
        for part in 0..<10 { #expect(try caller.place((0..<20).map { caller.item("a\(part)x\($0)") }).code == "0") }
        caller.wait(20)
        var (seen, after): ([String], String?) = ([], nil)
        var sizes: [Int] = []
        repeat {
            let page = try caller.get("trade/orders-pending?instType=SWAP" + (after.map { "&after=" + $0 } ?? ""))
            seen += page.column("clOrdId")
            sizes.append(page.data.count)
            after = page.column("ordId").last
        } while after != nil && sizes.count < 9
        #expect(sizes == [100, 100, 0] && seen == (0..<200).reversed().map { "a\($0 / 20)x\($0 % 20)" })
        let id = try caller.order("a9x17").id
        #expect(try caller.get("trade/orders-pending?before=\(id)").column("clOrdId") == ["a9x19", "a9x18"])
        #expect(try caller.get("trade/orders-pending?limit=3&state=live").data.count == 3)
        #expect(try caller.get("trade/orders-pending?limit=0").code == "51000")
        #expect(try caller.get("trade/orders-pending?clOrdId=a9x17").code == "51000", "no list is asked for by the client's id")
    }

    @Test func `history wants a line of business and shows none of another, nor what is open, nor what was born at another time`() throws {
        let caller = try OKXCaller()
        try caller.rest("a", "b")
        try caller.fill("a")
        #expect(try caller.get("trade/orders-history").code == "50014" && caller.get("trade/orders-history?instType=SPOT").data.isEmpty)
        #expect(try caller.get("trade/orders-history?instType=SWAP").column("clOrdId") == ["a"])
        let born = try caller.order("a").createdAt / 1_000
        #expect(try caller.get("trade/orders-history?instType=SWAP&begin=\(born)&end=\(born)").data.count == 1)
        for beside in ["begin=\(born + 1)", "end=\(born - 1)"] {
            #expect(try caller.get("trade/orders-history?instType=SWAP&" + beside).data.isEmpty)
        }
        #expect(try caller.get("trade/orders-history?instType=SWAP&begin=\(born)&end=\(born - 1)").code == "51000")
    }

    @Test func `a row tells totals, and the last execution beside them`() throws {
        let caller = try OKXCaller()
        try caller.rest("a", market: "BTC-USDT")
        let bare = try #require(try caller.find("a", "BTC-USDT").data.first)
        #expect(bare["avgPx"]?.string == "" && bare["accFillSz"]?.string == "0" && bare["tradeId"]?.string == "" && bare["fee"]?.string == "0")
        try caller.fill("a", "0.4")
        try caller.fill("a", "0.5")
        let order = try #require(try caller.find("a", "BTC-USDT").data.first)
        #expect(order["accFillSz"]?.string == "0.9" && order["fillSz"]?.string == "0.5" && order["avgPx"]?.string == "60000")
        // What was paid is less than nothing.
        #expect(order["fee"]?.string == "-54" && order["feeCcy"]?.string == "USDT" && order["instType"]?.string == "SPOT")
    }

    @Test(arguments: [(OKXCaller.swap, "-0.6", "USDT"), ("BTC-USD-SWAP", "-0.000001666666666666", "BTC")])
    func `fees of contracts are a share of what a contract is worth`(market: String, fee: String, coin: String) throws {
        let caller = try OKXCaller()
        try caller.rest("a", market: market)
        try caller.fill("a")
        let type = "SWAP"
        let row = try #require(try caller.get("trade/fills?instType=\(type)&instId=\(market)").data.first)
        #expect(row["fee"]?.string == fee && row["feeCcy"]?.string == coin && row["execType"]?.string == "M", "\(row)")
    }

    @Test func `executions are listed for three days, and page by page by their bills`() throws {
        let caller = try OKXCaller()
        try caller.rest("a", "b")
        for _ in 0..<3 { try caller.fill("a", "0.1") }
        try caller.fill("b")
        let id = try caller.order("a").id
        let page = try caller.get("trade/fills?ordId=\(id)&limit=2")
        let rest = try caller.get("trade/fills?ordId=\(id)&limit=2&after=\(page.column("billId").last ?? "")")
        #expect(page.data.count == 2 && rest.data.count == 1 && Set(page.column("tradeId") + rest.column("tradeId")).count == 3)
        #expect(page.column("clOrdId") == ["a", "a"] && page.column("fillSz") == ["0.1", "0.1"])
        #expect(try caller.get("trade/fills-history").code == "50014")
        caller.wait(3 * 24 * Self.hourMs)
        #expect(try caller.get("trade/fills").data.isEmpty && caller.get("trade/fills-history?instType=SWAP").data.count == 4)
    }

    @Test func `by a switch the numbers of executions begin anew in each market`() throws {
        for (switches, isShared) in [([:], false), (["trade_ids": "shared"], true)] {
            let caller = try OKXCaller(switches)
            try caller.rest("a")
            try caller.rest("b", market: "BTC-USDT")
            try caller.fill("a")
            try caller.fill("b")
            let numbers = try caller.get("trade/fills").column("tradeId")
            #expect(Set(numbers).count == (isShared ? 1 : 2))
            #expect(try caller.find("a").column("tradeId") == [numbers[1]])
        }
    }

    @Test func `faults know the rows of this venue by its own names`() throws {
        let caller = try OKXCaller()
        func strike(_ rule: String) throws { caller.bench.world.setFaults(try FaultPlan.read(Array("[\(rule)]".utf8)).rules) }
        try strike(#"{fault: {type: "missing_market", symbol: "ETH-USDT"}}"#)
        #expect(try caller.open("public/instruments?instType=SPOT").column("instId") == ["BTC-USDT", "SOL-USDT"])
        try strike(#"{fault: {type: "null_market", symbol: "ETH-USDT"}}"#)
        #expect(try caller.open("public/instruments?instType=SPOT").data.map { $0["instId"]?.isNull } == [false, true, false, false])
        try strike("")
        try caller.rest("a")
        let ticket = Ticket(symbol: swap, side: .buy, quantity: Decimal(3), clientID: "", product: "swap")
        var limit = ticket
        limit.price = Decimal(50_000)
        _ = try caller.exchange.placeExternally(limit, uid: caller.account.uid, at: caller.now)
        try strike(#"{fault: {type: "odd_number", form: "null", field: "sz", rows: "strangers"}}"#)
        #expect(try caller.get("trade/orders-pending").data.map { $0["sz"]?.isNull } == [true, false])
    }
}
