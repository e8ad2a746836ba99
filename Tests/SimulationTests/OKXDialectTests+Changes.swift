import Testing
import Wire

import struct OMSCore.Decimal

@testable import Simulator

@Suite struct `Changes at the simulated OKX` {
    private let swap = OKXCaller.swap

    @Test func `an amend is a receipt for a new total, and one at or below the fills ends the order as filled`() throws {
        let caller = try OKXCaller()
        try caller.rest("a", "b")
        try caller.fill("a", "0.4")
        let answer = try caller.amend([
            caller.named("a", swap, #""newSz":"0.4""#, #""reqId":"r1""#), caller.named("b", swap, #""newPx":"59000.1""#, #""newSz":"3""#),
        ])
        #expect(answer.code == "0" && answer.column("reqId") == ["r1", ""] && answer.column("clOrdId") == ["a", "b"])
        #expect(try answer.column("ordId") == [caller.order("a").id, caller.order("b").id])
        #expect(try caller.state("a") == "partially_filled", "a receipt changes nothing yet")
        caller.wait(20)
        #expect(try caller.state("a") == "filled")
        let other = try #require(try caller.find("b").data.first)
        #expect(other["px"]?.string == "59000.1" && other["sz"]?.string == "3" && other["state"]?.string == "live")
    }

    @Test func `amends are refused for what they ask and for what became of the order`() throws {
        let caller = try OKXCaller()
        try caller.rest("a", "b")
        func code(_ id: String, _ fields: String...) throws -> [String] {
            try caller.amend([caller.named(id, swap, fields.joined(separator: ","))]).sCodes
        }
        #expect(try caller.amend([caller.named("a")]).sCodes == ["51500"])
        #expect(try code("a", #""newPx":"59000.05""#) == ["51000"] && code("a", #""newSz":"1.001""#) == ["51121"])
        #expect(try code("a", #""reqId":"a-b""#, #""newSz":"2""#) == ["51000"] && code("x", #""newSz":"2""#) == ["51503"])
        try caller.fill("b")
        #expect(try code("b", #""newSz":"2""#) == ["51503"])
        // Three may be under way.
        for size in 2...4 { #expect(try code("a", "\"newSz\":\"\(size)\"") == ["0"]) }
        #expect(try code("a", #""newSz":"5""#) == ["51513"])
        caller.wait(20)
        #expect(try code("a", #""newSz":"5""#) == ["0"])
        let named = #"{"instId":"\#(swap)","ordId":"\#(try caller.order("a").id)","newSz":"7"}"#
        let twice = try caller.amend([caller.named("a", swap, #""newSz":"6""#), named])
        #expect(twice.code == "51512" && twice.data.isEmpty)
    }

    @Test func `a post-only is not amended into the book's other side; who asked for it has the order canceled`() throws {
        let caller = try OKXCaller()
        #expect(try caller.place(["a", "b"].map { caller.item($0, swap, px: "60000", sz: "1", #""ordType":"post_only""#) }).code == "0")
        caller.wait(20)
        let wishes = [caller.named("a", swap, #""newPx":"70000""#), caller.named("b", swap, #""newPx":"70000""#, #""cxlOnFail":true"#)]
        #expect(try caller.amend(wishes).sCodes == ["51511", "51511"])
        caller.wait(20)
        #expect(try caller.state("a") == "live" && caller.state("b") == "canceled")
    }

    @Test func `one code for a cancel says filled, canceled and unknown, another that one is under way`() throws {
        let caller = try OKXCaller()
        try caller.rest("a", "b", "c")
        try caller.fill("a")
        let answer = try caller.cancel(["a", "b", "b", "x"].map { caller.named($0) })
        #expect(answer.code == "2" && answer.sCodes == ["51400", "0", "51410", "51400"] && answer.column("clOrdId") == ["a", "b", "b", "x"])
        #expect(try caller.state("b") == "live", "a receipt cancels nothing yet")
        caller.wait(20)
        #expect(try caller.state("b") == "canceled" && caller.find("b").column("cancelSource") == ["1"])
        #expect(try caller.cancel([caller.named("b")]).sCodes == ["51400"])
        // By the venue's id the client's comes back empty; another market names nothing.
        let named = #"{"instId":"\#(swap)","ordId":"\#(try caller.order("c").id)"}"#
        let byID = try caller.cancel([named, caller.named("c", "ETH-USDT-SWAP"), caller.named("c", "BTC-EUR")])
        #expect(byID.sCodes == ["0", "51400", "51001"] && byID.column("clOrdId") == ["", "c", "c"])
    }

    @Test func `an order that is filled under way to its cancel stays filled`() throws {
        let caller = try OKXCaller()
        try caller.rest("a")
        #expect(try caller.cancel([caller.named("a")]).sCodes == ["0"])
        try caller.fill("a")
        caller.wait(20)
        #expect(try caller.state("a") == "filled")
    }

    @Test func `in portfolio mode amends go one by one unless the switch binds them`() throws {
        for binds in [false, true] {
            let caller = try OKXCaller(["account_level": "4", "atomic_amends": binds ? "on" : "off"])
            try caller.rest("a", "b")
            let answer = try caller.amend([caller.named("a", swap, #""newSz":"2""#), caller.named("b")])
            #expect(answer.sCodes == [binds ? "54004" : "0", "51500"])
            caller.wait(20)
            #expect(try caller.find("a").column("sz") == [binds ? "1" : "2"])
        }
    }

    // MARK: The dead man's switch

    @Test func `the dead man's switch takes what bears its tag, one by one, unless it is held in time`() throws {
        let caller = try OKXCaller()
        let tagged = ["a", "b"].map { caller.item($0, swap, px: "60000", sz: "1", #""tag":"desk1""#) }
        _ = try caller.place(tagged + [caller.item("c")])
        caller.wait(20)
        func arm(_ seconds: String, _ tag: String = "desk1") throws -> JSON {
            try caller.post("trade/cancel-all-after", "{\"timeOut\":\"\(seconds)\",\"tag\":\"\(tag)\"}")
        }
        #expect(try arm("10").column("triggerTime") == [String(caller.bench.nowMs + 10_000)])
        #expect(try arm("10").code == "50011", "one a second of each tag")
        caller.wait(9_000)
        #expect(try arm("10").code == "0")
        caller.wait(9_000)
        #expect(try caller.state("a") == "live")
        caller.wait(1_010)
        #expect(try caller.state("a") == "canceled" && caller.state("b") == "live")
        caller.wait(50)
        #expect(try caller.state("b") == "canceled" && caller.find("b").column("cancelSource") == ["20"] && caller.state("c") == "live")
        #expect(try ["9", "121", "x"].map { seconds in try arm(seconds, "other" + seconds).code } == ["51000", "51000", "51000"])
        // Without a tag it is everybody's.
        #expect(try caller.post("trade/cancel-all-after", #"{"timeOut":"10"}"#).code == "0")
        caller.wait(10_100)
        #expect(try caller.state("c") == "canceled")
    }

    @Test func `nothing is canceled when the switch is taken off`() throws {
        let caller = try OKXCaller()
        try caller.rest("a")
        #expect(try caller.post("trade/cancel-all-after", #"{"timeOut":"10"}"#).code == "0")
        caller.wait(2_000)
        #expect(try caller.post("trade/cancel-all-after", #"{"timeOut":"0"}"#).column("triggerTime") == ["0"])
        caller.wait(20_000)
        #expect(try caller.state("a") == "live")
    }
}
